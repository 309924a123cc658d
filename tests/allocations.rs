//! How often signing allocates: a claim that a counting allocator checks.

use oauth_proto::oauth1::server::{
    ClientRecord, Credentials, Freshness, Grant, Question, Reply, TokenRecord, Verifier,
};
use oauth_proto::oauth1::{ClientCredentials, Method, Scheme, Signer, Stamp, TokenCredentials};
use oauth_proto::{Moment, Timestamp};

fn signer(method: Method) -> Signer {
    let client = ClientCredentials::new("xvz1evFS4wEEPTGEFPHBog", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw");
    let token = TokenCredentials::new(
        "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    );
    Signer::new(&Scheme::new(method), &client, Some(&token))
}

#[test]
fn a_signature_costs_one_allocation() {
    let uri = "https://api.twitter.com/1.1/statuses/update.json".parse().unwrap();
    let parameters = [("status", "Hello Ladies + Gentlemen, a signed OAuth request!"), ("include_entities", "true")];
    let stamp = Stamp::new(Timestamp::from_secs(1_318_622_958), "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg");
    for method in [Method::HMAC_SHA1, Method::HMAC_SHA256, Method::HMAC_SHA512] {
        let signer = signer(method);
        let mut header = String::new();
        let counted = allocation_counter::measure(|| {
            header = signer.authorization(&http::Method::POST, &uri, &parameters, stamp.clone()).unwrap();
        });
        assert_eq!(counted.count_total, 1, "{signer:?}");
        assert_eq!(counted.bytes_total, header.len() as u64, "the header is allocated at its length");
    }
}

/// The list of parameters, the percent-decoded value, and the header; the request's own tables are there already.
#[test]
fn signing_a_request_costs_a_handful() {
    let signer = signer(Method::HMAC_SHA1);
    let mut request = http::Request::post("https://api.twitter.com/1.1/statuses/update.json?include_entities=true")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(b"status=Hello%20Ladies".to_vec())
        .unwrap();
    let stamp = || Stamp::new(Timestamp::from_secs(1), "nonce");
    signer.sign(&mut request, stamp()).unwrap();
    request.headers_mut().remove("authorization");
    let counted = allocation_counter::measure(|| signer.sign(&mut request, stamp()).unwrap());
    assert!(counted.count_total <= 8, "{}", counted.count_total);
}

/// What was verified, the nonce's question, and the boxes of the two questions.
#[test]
fn verifying_a_request_costs_at_most_ten() {
    let mut request = http::Request::post("https://api.twitter.com/1.1/statuses/update.json?include_entities=true")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(b"status=Hello%20Ladies".to_vec())
        .unwrap();
    let now = Timestamp::from_secs(1_318_622_958);
    signer(Method::HMAC_SHA1)
        .sign(&mut request, Stamp::new(now, "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"))
        .unwrap();
    let token =
        TokenRecord::new("LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE", "xvz1evFS4wEEPTGEFPHBog", Grant::new("jane"));
    let found = Credentials {
        client: Some(ClientRecord::with_secret("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw").into()),
        token: Some(token.into()),
        temporary: None,
    };
    let verifier = Verifier::new("https://api.twitter.com").unwrap();
    let verify = || {
        let Reply::Ask(Question::FindCredentials(ask)) = verifier.verify(&request, Moment::new(now, [7; 32])) else {
            panic!("the credentials are asked for first")
        };
        let Reply::Ask(Question::RememberNonce(ask)) = ask.answer(found.clone()) else {
            panic!("the nonce is remembered when the signature is right")
        };
        assert!(matches!(ask.answer(Freshness::Fresh), Reply::Done(_)));
    };
    // The first time, the keys' schedules are kept with the records.
    verify();
    let counted = allocation_counter::measure(verify);
    assert!(counted.count_total <= 10, "{}", counted.count_total);
}
