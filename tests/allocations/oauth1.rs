//! Limits for the allocations of signing and verifying a request.

use oauth_proto::OneTimeUse;
use oauth_proto::oauth1::server::store::{
    ClientRecord, FoundCredentials, MemoryStore, NextQuery, TokenRecord,
};
use oauth_proto::oauth1::server::{Approval, RejectReason, ServerStep, Verified, Verifier, serve};
use oauth_proto::oauth1::{ClientCredentials, Method, Scheme, Signer, Stamp, TokenCredentials};
use oauth_proto::{Moment, Timestamp};

fn signer(method: Method) -> Signer {
    let client = ClientCredentials::new(
        "xvz1evFS4wEEPTGEFPHBog",
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    );
    let token = TokenCredentials::new(
        "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    );
    Signer::new(&Scheme::new(method), &client, Some(&token))
}

#[test]
fn a_signature_costs_one_allocation() {
    let uri = "https://api.twitter.com/1.1/statuses/update.json".parse().unwrap();
    let parameters = [
        ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
        ("include_entities", "true"),
    ];
    let stamp = Stamp::new(
        Timestamp::from_secs(1_318_622_958),
        "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
    );
    for method in [Method::HmacSha1, Method::HmacSha256, Method::HmacSha512] {
        let signer = signer(method);
        let mut header = String::new();
        let counted = allocation_counter::measure(|| {
            header = signer
                .authorization(&http::Method::POST, &uri, &parameters, stamp.clone())
                .unwrap();
        });
        assert_eq!(counted.count_total, 1, "{signer:?}");
        assert_eq!(
            counted.bytes_total,
            header.len() as u64,
            "the header is allocated at its length"
        );
    }
}

/// Signing allocates the list of parameters, the percent-decoded value, and the header. The header
/// table of the request is allocated before the measurement.
#[test]
fn signing_a_request_costs_a_handful() {
    let signer = signer(Method::HmacSha1);
    let mut request = http::Request::post(
        "https://api.twitter.com/1.1/statuses/update.json?include_entities=true",
    )
    .header("content-type", "application/x-www-form-urlencoded")
    .body(b"status=Hello%20Ladies".to_vec())
    .unwrap();
    let stamp = || Stamp::new(Timestamp::from_secs(1), "nonce");
    signer.sign(&mut request, stamp()).unwrap();
    request.headers_mut().remove("authorization");
    let counted = allocation_counter::measure(|| signer.sign(&mut request, stamp()).unwrap());
    assert!(counted.count_total <= 8, "{}", counted.count_total);
}

/// Verifying allocates the verified request, the query for the nonce, and the boxes of the two
/// queries.
#[test]
fn verifying_a_request_costs_at_most_ten() {
    let mut request = http::Request::post(
        "https://api.twitter.com/1.1/statuses/update.json?include_entities=true",
    )
    .header("content-type", "application/x-www-form-urlencoded")
    .body(b"status=Hello%20Ladies".to_vec())
    .unwrap();
    let now = Timestamp::from_secs(1_318_622_958);
    signer(Method::HmacSha1)
        .sign(&mut request, Stamp::new(now, "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"))
        .unwrap();
    let token = TokenRecord::new(
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        "xvz1evFS4wEEPTGEFPHBog",
        Approval::new("jane"),
    );
    let client = ClientRecord::with_secret("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw").unwrap();
    let found = FoundCredentials::default().client(Some(client.into())).token(Some(token.into()));
    let verifier = Verifier::new("https://api.twitter.com").unwrap();
    let verify = || {
        let ServerStep::Query(NextQuery::FindCredentials(pending)) =
            verifier.verify(&request, Moment::new(now, [7; 32]))
        else {
            panic!("expected the query FindCredentials first")
        };
        let ServerStep::Query(NextQuery::RememberOnce(pending)) = pending.answer(found.clone())
        else {
            panic!("the nonce is remembered when the signature is right")
        };
        assert!(matches!(pending.answer(OneTimeUse::First), ServerStep::Done(_)));
    };
    // The first verification stores the key schedules in the records, and is not measured.
    verify();
    let counted = allocation_counter::measure(verify);
    assert!(counted.count_total <= 10, "{}", counted.count_total);
}

/// Verifies a form that an unknown consumer sends with a well-formed header. Returns the
/// allocations and the outcome.
fn flood(
    verifier: &Verifier,
    form: Vec<u8>,
) -> (allocation_counter::AllocationInfo, Result<Verified, RejectReason>) {
    let now = Timestamp::from_secs(1_700_000_000);
    let request = http::Request::post("https://api.example/x")
        .header("content-type", "application/x-www-form-urlencoded")
        .header(
            "authorization",
            "OAuth oauth_consumer_key=\"nobody\",oauth_token=\"t\",\
             oauth_signature_method=\"HMAC-SHA1\",oauth_signature=\"x\",\
             oauth_timestamp=\"1700000000\",oauth_nonce=\"n\"",
        )
        .body(form)
        .unwrap();
    let mut outcome = None;
    let counted = allocation_counter::measure(|| {
        let step = verifier.verify(&request, Moment::new(now, [7; 32]));
        outcome = Some(serve(step, &MemoryStore::default()).map_err(|rejected| rejected.reason));
    });
    (counted, outcome.unwrap())
}

/// Row `oauth1-form-flood`: the verifier stops collecting parameters at the limit, so the cost does
/// not depend on the size of the form.
#[test]
fn a_form_of_many_parameters_costs_a_bounded_place() {
    let verifier = Verifier::new("https://api.example").unwrap();
    let (counted, outcome) = flood(&verifier, b"a&".repeat(2 << 20));
    assert!(matches!(outcome, Err(RejectReason::FormTooLarge { .. })), "{outcome:?}");
    assert!(counted.bytes_total < 2048, "{counted:?}");

    for form in [b"a&".repeat(1 << 19), b"a&".repeat(2000)] {
        let (counted, outcome) = flood(&verifier, form);
        assert_eq!(outcome, Err(RejectReason::TooManyParameters { limit: 1000 }));
        assert!(counted.bytes_max < 100_000, "{counted:?}");
    }
    // Together with the six parameters in the header, these are as many as the limit allows.
    let (counted, outcome) = flood(&verifier, b"a&".repeat(994));
    assert_eq!(outcome, Err(RejectReason::UnknownClient("nobody".into())));
    assert!(counted.bytes_max < 1000 * 200, "{counted:?}");
}

/// If the limits are raised, the allocated memory is proportional to the number of parameters and
/// bytes.
#[test]
fn a_form_within_raised_bounds_costs_in_proportion_to_its_size() {
    let mut verifier = Verifier::new("https://api.example").unwrap();
    (verifier.max_parameters, verifier.max_form_len) = (usize::MAX, usize::MAX);
    for number in [1 << 16, 1 << 18, 1 << 20] {
        let (counted, outcome) = flood(&verifier, b"a&".repeat(number));
        assert_eq!(outcome, Err(RejectReason::UnknownClient("nobody".into())));
        assert!(counted.bytes_max < 200 * number as u64, "{counted:?}");
    }
    for piece in ["\"", "%22", "a"] {
        let form = piece.repeat(1 << 18).into_bytes();
        let size = form.len() as u64;
        let (counted, _) = flood(&verifier, form);
        assert!(counted.bytes_max < 11 * size, "{piece}: {counted:?}");
    }
}
