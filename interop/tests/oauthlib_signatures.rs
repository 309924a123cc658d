//! Single requests that this crate signs and oauthlib verifies, and the reverse, with every
//! signature method and placement. The requests have all unusual inputs that oauthlib accepts. Some
//! are changed after signing.

use interop::with::With;
use std::collections::BTreeMap;
use std::fmt::Debug;

use interop::case::{Case, Limits};
use interop::keys;
use interop::message::{Message, Tampering};
use interop::peer::Peer;
use interop::random::{Random, seed};
use interop::signatures::{scheme, sign, sorted_header, verify};
use oauth_proto::oauth1::server::RejectReason;
use serde::{Deserialize, Serialize};

const METHODS: [&str; 7] = [
    "HMAC-SHA1",
    "HMAC-SHA256",
    "HMAC-SHA512",
    "RSA-SHA1",
    "RSA-SHA256",
    "RSA-SHA512",
    "PLAINTEXT",
];

/// The number of requests for each signature method, placement and direction.
const REQUESTS: usize = 300;

#[derive(Serialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Question<'a> {
    Sign {
        case: &'a Case,
        rsa_key: &'a str,
    },
    Verify {
        case: &'a Case,
        message: &'a Message,
        client_secret: String,
        token_secret: String,
        rsa_key: &'a str,
    },
}

/// oauthlib's verdict on a request.
#[derive(Debug, Deserialize)]
struct Verdict {
    valid: bool,
    checks: BTreeMap<String, bool>,
}

#[test]
fn oauthlib_verifies_what_we_sign_in_the_header() {
    oauthlib_verifies_what_we_sign("header");
}

#[test]
fn oauthlib_verifies_what_we_sign_in_the_query() {
    oauthlib_verifies_what_we_sign("query");
}

#[test]
fn oauthlib_verifies_what_we_sign_in_the_body() {
    oauthlib_verifies_what_we_sign("body");
}

#[test]
fn we_verify_what_oauthlib_signs_in_the_header() {
    we_verify_what_oauthlib_signs("header");
}

#[test]
fn we_verify_what_oauthlib_signs_in_the_query() {
    we_verify_what_oauthlib_signs("query");
}

#[test]
fn we_verify_what_oauthlib_signs_in_the_body() {
    we_verify_what_oauthlib_signs("body");
}

/// oauthlib signs the hash of a JSON body, always with SHA-1. RFC 5849 has no such hash.
#[test]
fn oauthlib_and_we_sign_the_hash_of_a_body_alike() {
    let mut random = Random::new("body hash");
    let limits = Limits { escapes_in_identifiers: true, escapes_in_secrets: true, charset: false };
    let mut cases = Vec::new();
    for method in METHODS {
        let any = std::iter::repeat_with(|| Case::new(&mut random, method, "header", limits));
        cases.extend(any.filter(|case| case.message.is_json()).take(REQUESTS));
    }
    for (case, signed) in cases.iter().zip(signed_by_oauthlib(&cases)) {
        let ours = sign(case, &scheme(case).with(|it| it.sha1_body_hash = true));
        assert_eq!(sorted_header(&ours), sorted_header(&signed), "{}", report(case, &signed, &()));
        assert!(
            signed.headers["Authorization"].contains("oauth_body_hash"),
            "{}",
            report(case, &signed, &())
        );

        let mut arrived = signed.arrived();
        assert!(verify(case, &arrived, None).is_ok(), "{}", report(case, &arrived, &()));
        *arrived.body.as_mut().expect("JSON") += " ";
        let reason = verify(case, &arrived, None).map_err(|rejected| rejected.reason);
        assert_eq!(reason, Err(RejectReason::WrongBodyHash), "{}", report(case, &arrived, &()));
    }
}

fn oauthlib_verifies_what_we_sign(placement: &'static str) {
    let mut random = Random::new(&format!("we sign in the {placement}"));
    let cases = cases(placement, &mut random, |method| Limits {
        // oauthlib decodes `oauth_` values of the query and the body once too often, when it
        // verifies and when it signs.
        escapes_in_identifiers: placement == "header",
        // The extra decoding breaks PLAINTEXT signatures, which contain escapes.
        escapes_in_secrets: placement == "header" || method != "PLAINTEXT",
        charset: true,
    });
    let mut sent: Vec<(Message, Option<Tampering>)> = Vec::new();
    for case in &cases {
        let mut scheme = scheme(case);
        if random.once_in(4) {
            scheme = scheme.with(|it| it.omit_version = true);
        }
        if random.once_in(4) {
            scheme = scheme.with(|it| it.sha1_body_hash = true);
        }
        sent.push(on_the_way(case, sign(case, &scheme), &mut random));
    }
    let questions: Vec<_> = cases
        .iter()
        .zip(&sent)
        .map(|(case, (message, tampering))| to_verify(case, message, *tampering))
        .collect();
    let verdicts: Vec<Result<Verdict, String>> =
        Peer::run("oauthlib_signatures.py").ask_all(&questions);
    for ((case, sent), verdict) in cases.iter().zip(&sent).zip(verdicts) {
        let as_expected = verdict.as_ref().is_ok_and(|Verdict { valid, checks }| match sent.1 {
            None => *valid,
            Some(_) => !valid && only_the_signature_is_wrong(checks),
        });
        assert!(as_expected, "{}", report(case, sent, &verdict));
    }
}

fn we_verify_what_oauthlib_signs(placement: &'static str) {
    let mut random = Random::new(&format!("oauthlib signs in the {placement}"));
    let cases = cases(placement, &mut random, |method| Limits {
        // oauthlib decodes too often, as above. For PLAINTEXT this has no effect, since there is no
        // base string.
        escapes_in_identifiers: placement == "header" || method == "PLAINTEXT",
        escapes_in_secrets: true,
        // oauthlib does not sign a form with a `charset`.
        charset: false,
    });
    for (case, signed) in cases.iter().zip(signed_by_oauthlib(&cases)) {
        let sent = on_the_way(case, signed, &mut random);
        let verified = verify(case, &sent.0, sent.1);
        let as_expected = match (&verified, sent.1) {
            (Ok(verified), None) => {
                verified.client_key == case.client && verified.token == case.token
            }
            (Err(rejected), Some(_)) => rejected.reason == RejectReason::WrongSignature,
            _ => false,
        };
        assert!(as_expected, "{}", report(case, &sent, &verified));
    }
}

fn cases(
    placement: &'static str,
    random: &mut Random,
    limits: impl Fn(&str) -> Limits,
) -> Vec<Case> {
    let cases = METHODS.iter().flat_map(|method| std::iter::repeat_n(*method, REQUESTS));
    cases.map(|method| Case::new(random, method, placement, limits(method))).collect()
}

fn signed_by_oauthlib(cases: &[Case]) -> Vec<Message> {
    let questions: Vec<_> =
        cases.iter().map(|case| Question::Sign { case, rsa_key: keys::CLIENT }).collect();
    let signed: Vec<Result<Message, String>> =
        Peer::run("oauthlib_signatures.py").ask_all(&questions);
    let signed = cases.iter().zip(signed);
    signed
        .map(|(case, signed)| {
            signed.unwrap_or_else(|error| panic!("{}", report(case, &(), &error)))
        })
        .collect()
}

/// Returns the request as it arrives, and the change that was made to it.
fn on_the_way(case: &Case, signed: Message, random: &mut Random) -> (Message, Option<Tampering>) {
    let mut message = signed.arrived();
    let tampering = random
        .once_in(4)
        .then(|| Tampering::choose(random, case.signature_method, &message, case.token.is_some()));
    if let Some(tampering) = tampering {
        tampering.apply(&mut message, case.timestamp);
    }
    (message, tampering)
}

fn to_verify<'a>(
    case: &'a Case,
    message: &'a Message,
    tampering: Option<Tampering>,
) -> Question<'a> {
    let other = |secret: &str, when| {
        if tampering == Some(when) { format!("{secret}x") } else { secret.to_owned() }
    };
    Question::Verify {
        case,
        message,
        client_secret: other(&case.client_secret, Tampering::ClientSecret),
        token_secret: other(&case.token_secret, Tampering::TokenSecret),
        rsa_key: if tampering == Some(Tampering::ClientSecret) {
            keys::STRANGER_PUBLIC
        } else {
            keys::CLIENT_PUBLIC
        },
    }
}

fn only_the_signature_is_wrong(checks: &BTreeMap<String, bool>) -> bool {
    checks.contains_key("signature")
        && checks.iter().all(|(name, passed)| *passed == (name != "signature"))
}

fn report(case: &Case, sent: &impl Debug, answer: &impl Debug) -> String {
    format!(
        "INTEROP_SEED={}\nthe case: {case:#?}\nwhat arrived: {sent:#?}\nthe answer: {answer:#?}",
        seed()
    )
}
