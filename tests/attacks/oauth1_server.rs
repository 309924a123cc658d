//! Attacks on the OAuth 1.0a verifier and provider.

use crate::common::with::With;
use http::{HeaderValue, Request, Uri};
use oauth_proto::oauth1::server::store::{
    ClientRecord, Redeem, Redemption, Stage, TemporaryRecord,
};
use oauth_proto::oauth1::server::{Approval, RejectReason, Rejected, serve};
use oauth_proto::oauth1::{
    Authorization, Authorize, ClientCredentials, Method, ParameterPlacement, Scheme, Server,
    Session, Signer, Stamp, TokenCredentials,
};
use oauth_proto::{Error, Step, Timestamp, Unsupported};

use crate::common::{CALLBACK, NOW, OAuth1Pair, ORIGIN, fields, response};

/// Asserts that a valid request is refused with a 401 after the attack has changed it. Returns the
/// refusal.
fn refused(attack: impl FnOnce(&mut Request<Vec<u8>>)) -> Rejected {
    let pair = OAuth1Pair::default();
    let mut request = pair.signed();
    attack(&mut request);
    let rejected = pair.verify(&request).unwrap_err();
    assert_eq!(rejected.response().status(), 401, "{}", rejected.reason);
    assert_eq!(rejected.response().headers()["cache-control"], "no-store");
    rejected
}

fn header(request: &mut Request<Vec<u8>>, change: impl FnOnce(String) -> String) {
    let value = request.headers()["authorization"].to_str().unwrap().to_owned();
    request.headers_mut().insert("authorization", HeaderValue::try_from(change(value)).unwrap());
}

fn uri(request: &mut Request<Vec<u8>>, from: &str, to: &str) {
    let changed = request.uri().to_string().replace(from, to);
    assert_ne!(changed, request.uri().to_string());
    *request.uri_mut() = changed.parse().unwrap();
}

/// Row `nonce-replay`: RFC 5849 §3.3.
#[test]
fn a_request_that_was_accepted_is_refused_the_second_time() {
    let pair = OAuth1Pair::default();
    let request = pair.signed();
    assert!(pair.verify(&request).is_ok());
    let rejected = pair.verify(&request).unwrap_err();
    assert_eq!(
        (rejected.response().status().as_u16(), &rejected.reason),
        (401, &RejectReason::NonceUsed)
    );
    assert_eq!(fields(&rejected.response())["oauth_problem"], "nonce_used");
}

/// Row `nonce-replay`: the copies of the request arrive at the same time.
#[test]
fn only_one_of_several_simultaneous_copies_of_a_request_is_accepted() {
    for _ in 0..50 {
        let pair = OAuth1Pair::default();
        let request = pair.signed();
        let (verifier, store) = (pair.provider.verifier(), &pair.store);
        let moments: Vec<_> = (0..4).map(|_| pair.moment()).collect();
        let won: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = moments
                .into_iter()
                .map(|moment| {
                    scope.spawn(|| serve(verifier.verify(&request, moment), store).is_ok())
                })
                .collect();
            tries.into_iter().map(|attempt| usize::from(attempt.join().unwrap())).sum()
        });
        assert_eq!(won, 1);
    }
}

/// Row `nonce-replay`: client, token, timestamp and nonce together are unique, so a request uses up
/// no nonce of another one (RFC 5849 §3.3).
#[test]
fn requests_with_one_nonce_meet_only_if_client_token_and_timestamp_are_equal() {
    let pair = OAuth1Pair::default();
    let printer = ClientRecord::with_secret("kd94hf93k423kf44").unwrap();
    pair.store.add_client("printer", printer);
    let tokens = [pair.token().credentials, pair.token().credentials];
    let verify = |client: &str, token, seconds, nonce: &str| {
        let client = ClientCredentials::new(client, "kd94hf93k423kf44");
        let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
        let stamp = Stamp::new(Timestamp::from_secs(seconds), nonce);
        Signer::new(&Scheme::default(), &client, token).sign(&mut request, stamp).unwrap();
        let verifier = pair.provider.verifier().clone();
        let verifier = verifier.with(|it| it.allow_two_legged = true);
        serve(verifier.verify(&request, pair.moment()), &pair.store)
            .map(drop)
            .map_err(|rejected| rejected.reason)
    };
    let all = [
        ("dpf43f3p2l4k3l03", Some(&tokens[0]), NOW, "a"),
        ("dpf43f3p2l4k3l03", Some(&tokens[1]), NOW, "a"),
        ("dpf43f3p2l4k3l03", None, NOW, "a"),
        ("printer", None, NOW, "a"),
        ("printer", None, NOW + 1, "a"),
        ("printer", None, NOW, "b"),
    ];
    for expected in [Ok(()), Err(RejectReason::NonceUsed)] {
        for (client, token, seconds, nonce) in all {
            assert_eq!(verify(client, token, seconds, nonce), expected, "{client} {nonce}");
        }
    }
}

/// Row `nonce-replay`: the nonce is remembered for exactly as long as the timestamp is accepted.
#[test]
fn a_nonce_is_remembered_until_the_end_of_its_window() {
    let pair = OAuth1Pair::default();
    let mut request = pair.signed();
    let token = TokenCredentials::new("t", "s");
    let grant = Approval::new("jane");
    let record = oauth_proto::oauth1::server::store::TokenRecord::new(
        &token.secret,
        "dpf43f3p2l4k3l03",
        grant,
    );
    pair.store.add_token("t", record);
    request.headers_mut().remove("authorization");
    let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
    let ahead = Stamp::new(Timestamp::from_secs(NOW + 300), "n");
    Signer::new(&Scheme::default(), &client, Some(&token)).sign(&mut request, ahead).unwrap();
    assert!(pair.verify(&request).is_ok());
    for later in [1, 300, 599, 600] {
        pair.now.set(NOW + later);
        // A request in between lets the store forget expired nonces.
        pair.begin(Authorize::callback(CALLBACK)).unwrap();
        assert_eq!(
            pair.verify(&request).unwrap_err().reason,
            RejectReason::NonceUsed,
            "{later} s later"
        );
    }
    pair.now.set(NOW + 601);
    assert!(matches!(
        pair.verify(&request).unwrap_err().reason,
        RejectReason::TimestampRefused { .. }
    ));
}

fn at(later: i64) -> Result<(), Rejected> {
    let pair = OAuth1Pair::default();
    let request = pair.signed();
    pair.now.set(NOW.checked_add_signed(later).unwrap());
    pair.verify(&request).map(drop)
}

/// Row `timestamp-old`: RFC 5849 §3.3.
#[test]
fn a_timestamp_older_than_the_window_is_refused_and_the_answer_has_the_window() {
    assert!(at(300).is_ok());
    let rejected = at(301).unwrap_err();
    assert_eq!(rejected.response().status(), 401);
    let fields = fields(&rejected.response());
    assert_eq!(fields["oauth_problem"], "timestamp_refused");
    assert_eq!(fields["oauth_acceptable_timestamps"], format!("{}-{}", NOW + 1, NOW + 601));
}

/// Row `timestamp-future`: the nonce of such a request would have to be remembered for longer.
#[test]
fn a_timestamp_ahead_of_the_window_is_refused() {
    assert!(at(-300).is_ok());
    let rejected = at(-301).unwrap_err();
    assert!(
        matches!(rejected.reason, RejectReason::TimestampRefused { timestamp: NOW, .. }),
        "{}",
        rejected.reason
    );
    assert_eq!(rejected.response().status(), 401);
    let fields = fields(&rejected.response());
    assert_eq!(fields["oauth_acceptable_timestamps"], format!("{}-{}", NOW - 601, NOW - 1));
}

/// Row `timestamp-odd`: RFC 5849 §3.3.
#[test]
fn a_timestamp_that_is_not_a_positive_whole_number_is_malformed() {
    for odd in ["0", "-1", "+5", "1e9", "", "99999999999999999999", "１２"] {
        let pair = OAuth1Pair::default();
        let mut request = pair.signed();
        let odd = percent_encoding::utf8_percent_encode(odd, percent_encoding::NON_ALPHANUMERIC)
            .to_string();
        header(&mut request, |value| value.replace(&format!("\"{NOW}\""), &format!("\"{odd}\"")));
        assert_eq!(pair.verify(&request).unwrap_err().response().status(), 400, "{odd}");
    }
}

/// Row `signature-wrong`: RFC 5849 §3.2.
#[test]
fn a_wrong_signature_is_refused_and_the_response_says_no_more() {
    for wrong in ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D", "not base64!"] {
        let rejected = refused(|request| {
            header(request, |value| {
                let (before, rest) = value.split_once("oauth_signature=\"").unwrap();
                let (_, after) = rest.split_once('"').unwrap();
                format!("{before}oauth_signature=\"{wrong}\"{after}")
            });
        });
        assert_eq!(rejected.reason, RejectReason::WrongSignature);
        assert_eq!(fields(&rejected.response())["oauth_problem"], "signature_invalid");
        assert_eq!(
            rejected.response().headers()["www-authenticate"],
            "OAuth realm=\"Photos\", oauth_problem=\"signature_invalid\""
        );
    }
}

/// Row `method-swapped`: both the HTTP method and the signature method are signed.
#[test]
fn a_request_with_another_method_than_the_signed_one_is_refused() {
    assert_eq!(
        refused(|request| *request.method_mut() = http::Method::PUT).reason,
        RejectReason::WrongSignature
    );
    let hash = |request: &mut _| header(request, |value| value.replace("HMAC-SHA1", "HMAC-SHA256"));
    assert_eq!(refused(hash).reason, RejectReason::WrongSignature);
}

/// Row `empty-secret`: the server has only a public key of the client. An attacker must not be able
/// to impersonate the client with an HMAC with an empty secret.
#[test]
fn hmac_with_an_empty_secret_is_refused_for_a_client_with_a_public_key() {
    let pair = OAuth1Pair::default();
    pair.store.add_client("dpf43f3p2l4k3l03", ClientRecord::with_key(Method::DangerousPlaintext));
    let client = ClientCredentials::new("dpf43f3p2l4k3l03", "");
    let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
    Signer::new(&Scheme::default(), &client, None).sign(&mut request, pair.moment()).unwrap();
    let verifier = pair.provider.verifier().clone().with(|it| it.allow_two_legged = true);
    let rejected = serve(verifier.verify(&request, pair.moment()), &pair.store).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::UnknownClient("dpf43f3p2l4k3l03".into()));
    let empty = ClientRecord::with_secret("").unwrap_err();
    assert!(
        matches!(empty, Error::Unsupported(Unsupported::ShortSecret { length: 0, least: 1 })),
        "{empty}"
    );
}

/// Row `host-swapped`: RFC 5849 §3.4.1.2.
#[test]
fn a_request_signed_for_another_host_is_refused() {
    let swapped = refused(|request| uri(request, "photos.example.net", "evil.example"));
    assert_eq!(swapped.reason, RejectReason::WrongHost);
    // A request for one origin of the service is not valid at another origin.
    let pair = OAuth1Pair::default();
    let mut request = pair.signed();
    uri(&mut request, "photos.example.net", "other.example.net");
    let verifier =
        pair.provider.verifier().clone().add_origin("https://other.example.net").unwrap();
    let rejected = serve(verifier.verify(&request, pair.moment()), &pair.store).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::WrongSignature);
}

/// A host with TLS and the same host without TLS are two origins. A request is signed for one of
/// them.
#[test]
fn a_request_is_verified_for_the_origin_whose_scheme_it_names() {
    use oauth_proto::oauth1::server::Verifier;
    let pair = OAuth1Pair::default();
    let plain = "http://photos.example.net";
    for (first, second) in [(ORIGIN, plain), (plain, ORIGIN)] {
        let verifier = Verifier::new(first)
            .unwrap()
            .add_origin(second)
            .unwrap()
            .with(|it| it.allow_two_legged = true);
        for origin in [first, second] {
            let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
            let mut request = Request::get(format!("{origin}/photos")).body(Vec::new()).unwrap();
            Signer::new(&Scheme::default(), &client, None)
                .sign(&mut request, pair.moment())
                .unwrap();
            assert!(
                serve(verifier.verify(&request, pair.moment()), &pair.store).is_ok(),
                "{first} {origin}"
            );
        }
    }
}

/// Row `host-swapped`: the host is in the `Host` header.
#[test]
fn a_request_whose_host_header_names_another_host_is_refused() {
    let relative = |host: &'static str| {
        let pair = OAuth1Pair::default();
        let mut request = pair.signed();
        let target = request.uri().path_and_query().unwrap().to_string();
        *request.uri_mut() = target.parse().unwrap();
        request.headers_mut().insert("host", HeaderValue::from_static(host));
        pair.verify(&request).map(drop).map_err(|rejected| rejected.reason)
    };
    assert_eq!(relative("Photos.Example.Net:443"), Ok(()));
    assert_eq!(relative("evil.example"), Err(RejectReason::WrongHost));
    assert_eq!(relative("photos.example.net:8443"), Err(RejectReason::WrongHost));
    assert_eq!(relative(""), Err(RejectReason::WrongHost));
}

/// Row `parameter-added`: the test adds it to the query, the form and the header.
#[test]
fn a_parameter_that_was_added_breaks_the_signature() {
    refused(|request| uri(request, "size=original", "size=original&admin=1"));
    refused(|request| request.body_mut().extend_from_slice(b"&admin=1"));
    refused(|request| header(request, |value| value + ", admin=\"1\""));
}

/// Row `parameter-removed`: the test removes one from the query and one from the form.
#[test]
fn a_parameter_that_was_removed_breaks_the_signature() {
    refused(|request| uri(request, "size=original&", ""));
    refused(|request| request.body_mut().clear());
}

/// Row `parameter-moved`: RFC 5849 §3.4.1.3 signs a parameter in the query like one in the form, so
/// that move cannot be detected. A move into another parameter, or into an unsigned part, is
/// detected.
#[test]
fn a_parameter_that_was_moved_into_another_breaks_the_signature() {
    refused(|request| {
        uri(request, "size=original&file=vacation.jpg", "size=original%26file=vacation.jpg");
    });
    refused(|request| uri(request, "size=original", "original=size"));
    refused(|request| {
        request.headers_mut().insert("content-type", HeaderValue::from_static("text/plain"));
    });
}

/// Row `path-changed`: an equivalent path is refused, too.
#[test]
fn another_path_than_the_signed_one_breaks_the_signature() {
    refused(|request| uri(request, "/photos", "/photos/"));
    refused(|request| uri(request, "/photos", "/x/../photos"));
}

fn status(request: &Request<Vec<u8>>, pair: &OAuth1Pair) -> (u16, RejectReason) {
    let rejected = pair.verify(request).unwrap_err();
    (rejected.response().status().as_u16(), rejected.reason)
}

/// Row `parameter-sources-mixed`: RFC 5849 §3.5.
#[test]
fn protocol_parameters_in_two_places_are_refused() {
    let pair = OAuth1Pair::default();
    let mut request = pair.signed();
    uri(&mut request, "?", "?oauth_verifier=x&");
    assert_eq!(status(&request, &pair), (400, RejectReason::ParametersMixed));
    let mut request = pair.signed();
    request.body_mut().extend_from_slice(b"&oauth_token=x");
    assert_eq!(status(&request, &pair), (400, RejectReason::ParametersMixed));
}

/// Row `parameter-twice`: RFC 5849 §3.1.
#[test]
fn a_repeated_protocol_parameter_is_refused() {
    let pair = OAuth1Pair::default();
    let mut request = pair.signed();
    header(&mut request, |value| value + ", oauth_nonce=\"again\"");
    assert_eq!(status(&request, &pair), (400, RejectReason::ParameterTwice("oauth_nonce".into())));
}

/// Returns a signed request with this form.
fn signed_form(
    pair: &OAuth1Pair,
    placement: ParameterPlacement,
    form: Vec<u8>,
) -> Request<Vec<u8>> {
    let mut request = Request::post(format!("{ORIGIN}/photos?size=original&file=vacation.jpg"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .unwrap();
    let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
    let scheme = Scheme::default().with(|it| it.placement = placement);
    let signer = Signer::new(&scheme, &client, Some(&pair.token().credentials));
    signer.sign(&mut request, pair.moment()).unwrap();
    request
}

/// Row `oauth1-form-flood`: an unknown client sends millions of parameters in four mebibytes.
/// `tests/allocations/oauth1.rs` measures the memory.
#[test]
fn a_flood_of_parameters_is_refused_before_it_is_collected_and_before_storage_is_asked() {
    use oauth_proto::oauth1::server::ServerStep;
    let pair = OAuth1Pair::default();
    let refused = |request: &Request<Vec<u8>>| match pair
        .provider
        .verifier()
        .verify(request, pair.moment())
    {
        ServerStep::Reject(rejected) => (rejected.response().status().as_u16(), rejected.reason),
        step => panic!("{step:?}"),
    };
    let mut request = pair.signed();
    header(&mut request, |value| value.replace("dpf43f3p2l4k3l03", "nobody"));
    *request.body_mut() = b"a&".repeat(2 << 20);
    let too_large = RejectReason::FormTooLarge { length: 4 << 20, limit: 1 << 20 };
    assert!(too_large.to_string().contains("Verifier::max_form_len"));
    assert_eq!(refused(&request), (413, too_large));
    let rejected = pair.verify(&request).unwrap_err();
    assert_eq!(fields(&rejected.response())["oauth_problem"], "parameter_rejected");
    request.body_mut().truncate(1 << 20);
    let too_many = RejectReason::TooManyParameters { limit: 1000 };
    assert!(too_many.to_string().contains("Verifier::max_parameters"));
    assert_eq!(refused(&request), (400, too_many));

    // A body that is not a form is not read.
    let mut request =
        Request::post(format!("{ORIGIN}/photos")).body(b"a&".repeat(2 << 20)).unwrap();
    Session::new(&pair.client, pair.token()).sign(&mut request, pair.moment()).unwrap();
    assert!(pair.verify(&request).is_ok());
}

/// Row `oauth1-form-flood`: the limit applies to the parameters of the header, the query and the
/// form together.
#[test]
fn as_many_parameters_and_as_large_a_form_as_the_operator_allows_are_verified() {
    let pair = OAuth1Pair::default();
    for (placement, own) in [
        (ParameterPlacement::Header, 7),
        (ParameterPlacement::Query, 7),
        (ParameterPlacement::Body, 7),
    ] {
        let form = |number: usize| b"a=1&".repeat(number - own - 2);
        let verify = |request: &Request<Vec<u8>>| {
            pair.verify(request).map(drop).map_err(|rejected| rejected.reason)
        };
        assert_eq!(verify(&signed_form(&pair, placement, form(1000))), Ok(()), "{placement:?}");
        let one_more = signed_form(&pair, placement, form(1001));
        assert_eq!(
            verify(&one_more),
            Err(RejectReason::TooManyParameters { limit: 1000 }),
            "{placement:?}"
        );
        let verifier = pair.provider.verifier().clone().with(|it| it.max_parameters = 1001);
        assert!(serve(verifier.verify(&one_more, pair.moment()), &pair.store).is_ok());
    }
    let request = signed_form(&pair, ParameterPlacement::Header, vec![b'a'; 100]);
    let verifier = |bytes| pair.provider.verifier().clone().with(|it| it.max_form_len = bytes);
    assert!(serve(verifier(100).verify(&request, pair.moment()), &pair.store).is_ok());
    let rejected = serve(verifier(99).verify(&request, pair.moment()), &pair.store).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::FormTooLarge { length: 100, limit: 99 });
}

/// Row `oauth1-form-flood`: the parameters in the header or the query are checked first, so the
/// form of a refused request is not read.
#[test]
fn the_protocols_parameters_are_judged_before_a_form_is_read() {
    let pair = OAuth1Pair::default();
    for placement in [ParameterPlacement::Header, ParameterPlacement::Query] {
        for (from, to, reason) in [
            ("oauth_timestamp", "oauth_timestamp=1&x", None),
            ("HMAC-SHA1", "X-UNKNOWN", Some(RejectReason::MethodUnsupported("X-UNKNOWN".into()))),
            (
                "oauth_version",
                "oauth_version=2.0&x",
                Some(RejectReason::VersionUnknown("2.0".into())),
            ),
            ("oauth_nonce", "oauth_nonce=&x", Some(RejectReason::ParameterInvalid("oauth_nonce"))),
            ("oauth_token", "x", Some(RejectReason::ParameterMissing("oauth_token"))),
            ("oauth_signature=", "x=", Some(RejectReason::ParameterMissing("oauth_signature"))),
            ("oauth_consumer_key", "x", Some(RejectReason::ParameterMissing("oauth_consumer_key"))),
        ] {
            let mut request = signed_form(&pair, placement, Vec::new());
            if placement == ParameterPlacement::Header {
                let to =
                    to.replace('&', "\", ").replacen('=', "=\"", usize::from(to.contains('&')));
                header(&mut request, |value| value.replacen(from, &to, 1));
            } else {
                uri(&mut request, from, to);
            }
            *request.body_mut() = b"a&".repeat(2 << 20);
            let refused = pair.verify(&request).unwrap_err().reason;
            match reason {
                Some(reason) => assert_eq!(refused, reason, "{placement:?}"),
                None => assert!(
                    matches!(refused, RejectReason::TimestampRefused { timestamp: 1, .. }),
                    "{refused}"
                ),
            }
        }
    }
    // The same rules apply to parameters in the form, after the form was read.
    let mut request = signed_form(&pair, ParameterPlacement::Body, Vec::new());
    let form = String::from_utf8(request.body().clone()).unwrap();
    *request.body_mut() =
        form.replace(&format!("oauth_timestamp={NOW}"), "oauth_timestamp=1").into_bytes();
    let refused = pair.verify(&request).unwrap_err().reason;
    assert!(matches!(refused, RejectReason::TimestampRefused { timestamp: 1, .. }), "{refused}");
}

/// Row `parameter-absent`: RFC 5849 §3.1.
#[test]
fn the_answer_to_a_request_without_a_protocol_parameter_names_it() {
    for name in [
        "oauth_consumer_key",
        "oauth_token",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_nonce",
        "oauth_signature",
    ] {
        let pair = OAuth1Pair::default();
        let mut request = pair.signed();
        header(&mut request, |value| value.replacen(&format!("{name}="), "x=", 1));
        let rejected = pair.verify(&request).unwrap_err();
        assert_eq!(rejected.response().status(), 400);
        assert_eq!(fields(&rejected.response())["oauth_parameters_absent"], name);
    }
}

/// Row `content-type-odd`: the application could read such a body as a form, although the verifier
/// has not.
#[test]
fn a_content_type_that_only_resembles_a_forms_is_refused() {
    for content_type in
        ["application/x-www-form-urlencoded1", "application/x-www-form-urlencoded, text/plain"]
    {
        let pair = OAuth1Pair::default();
        let mut request = pair.signed();
        request.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
        assert_eq!(status(&request, &pair), (400, RejectReason::Malformed), "{content_type}");
    }
    let pair = OAuth1Pair::default();
    let mut request = pair.signed();
    request.headers_mut().append("content-type", HeaderValue::from_static("text/plain"));
    assert_eq!(status(&request, &pair), (400, RejectReason::Malformed));
}

/// Row `nonce-replay`: the replay is verified in the last second of its window, but reaches the
/// store later. Meanwhile, another request has let the store forget expired nonces.
#[test]
fn a_used_nonce_is_refused_when_it_was_overtaken_or_the_clock_steps_back() {
    use oauth_proto::oauth1::server::ServerStep;
    use oauth_proto::oauth1::server::store::{NextQuery, Store};
    let pair = OAuth1Pair::default();
    let request = pair.signed();
    assert!(pair.verify(&request).is_ok());
    pair.now.set(NOW + 300);
    let ServerStep::Query(NextQuery::FindCredentials(pending)) =
        pair.provider.verifier().verify(&request, pair.moment())
    else {
        panic!("expected the query FindCredentials")
    };
    let found = pair.store.find_credentials(pending.query()).unwrap();
    let late = pending.answer(found);
    pair.now.set(NOW + 1000);
    pair.begin(Authorize::callback(CALLBACK)).unwrap();
    assert_eq!(serve(late, &pair.store).unwrap_err().reason, RejectReason::NonceUsed);
    pair.now.set(NOW + 300);
    assert_eq!(pair.verify(&request).unwrap_err().reason, RejectReason::NonceUsed);
}

/// Row `nonce-replay`: the window is the largest possible.
#[test]
fn a_window_and_lifetimes_without_end_accept_a_request_once() {
    let for_ever = std::time::Duration::MAX;
    let pair = OAuth1Pair::new(
        |server| server,
        |provider| {
            provider.with(|it| {
                it.token_lifetime = Some(for_ever);
                it.temporary_lifetime = for_ever;
            })
        },
    );
    let request = pair.signed();
    let verifier = pair.provider.verifier().clone().with(|it| it.window = for_ever);
    assert!(serve(verifier.verify(&request, pair.moment()), &pair.store).is_ok());
    assert!(serve(verifier.verify(&request, pair.moment()), &pair.store).is_err());
}

/// Row `method-of-another-kind`: the client has a shared secret, so a method that does not use
/// secrets is refused. A custom method with the name PLAINTEXT is refused, too.
#[test]
fn a_method_on_one_key_for_all_or_with_the_name_of_plaintext_is_refused() {
    struct Odd(&'static str, bool);
    impl oauth_proto::oauth1::SignatureMethod for Odd {
        fn name(&self) -> &str {
            self.0
        }
        fn sign(&self, _: &[u8], _: &[u8], _: Option<&[u8; 16]>) -> Result<Vec<u8>, String> {
            Ok(b"anything".to_vec())
        }
        fn uses_secrets(&self) -> bool {
            self.1
        }
    }
    for (name, uses_secrets) in [("X-ONE-KEY", false), ("PLAINTEXT", true)] {
        let pair = OAuth1Pair::default();
        let method = || Method::Custom(std::sync::Arc::new(Odd(name, uses_secrets)));
        let session = Session::from_credentials(
            &Scheme::new(method()),
            &ClientCredentials::new("dpf43f3p2l4k3l03", "unknown"),
            Some(pair.token()),
        );
        let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
        session.sign(&mut request, pair.moment()).unwrap();
        let verifier = pair.provider.verifier().clone().with(|it| it.methods = [method()].into());
        let rejected = serve(verifier.verify(&request, pair.moment()), &pair.store).unwrap_err();
        assert_eq!(rejected.reason, RejectReason::MethodUnsupported(name.into()));
    }
}

/// Row `consent-swapped`: the client in the consent was changed while the user decided.
#[test]
fn a_consent_that_names_another_client_decides_nothing() {
    let pair = OAuth1Pair::default();
    let url = pair.begin(Authorize::callback(CALLBACK)).unwrap().url;
    let consent = pair.consent(&url).unwrap();
    let mut stored = serde_json::to_value(&consent).unwrap();
    stored["client_key"] = "Trusted Bank".into();
    let swapped: oauth_proto::oauth1::server::Consent = serde_json::from_value(stored).unwrap();
    let grant = Approval::new("jane");
    let refused = serve(pair.provider.approve(swapped, grant.clone(), pair.moment()), &pair.store)
        .unwrap_err();
    assert_eq!(refused.reason, RejectReason::NothingPending);
    assert!(serve(pair.provider.approve(consent, grant, pair.moment()), &pair.store).is_ok());
}

/// Row `hosts-that-disagree`: the application could read another one of the hosts than the
/// verifier.
#[test]
fn a_request_whose_hosts_disagree_is_refused() {
    let pair = OAuth1Pair::default();
    let mut request = pair.signed();
    request.headers_mut().insert("host", HeaderValue::from_static("evil.example"));
    assert_eq!(status(&request, &pair).1, RejectReason::WrongHost);
    request.headers_mut().insert("host", HeaderValue::from_static("photos.example.net"));
    request.headers_mut().append("host", HeaderValue::from_static("evil.example"));
    assert_eq!(status(&request, &pair).1, RejectReason::WrongHost);
}

/// Row `oversized-parameter`: the value is not in the log either.
#[test]
fn a_consumer_key_of_a_mebibyte_is_refused_and_not_repeated() {
    let pair = OAuth1Pair::default();
    let mut request = pair.signed();
    header(&mut request, |value| value.replace("dpf43f3p2l4k3l03", &"k".repeat(1 << 20)));
    let (status, reason) = status(&request, &pair);
    assert_eq!((status, &reason), (400, &RejectReason::ParameterInvalid("oauth_consumer_key")));
}

/// Row `unsigned`: the application can let the middleware of another scheme check such a request.
#[test]
fn a_request_without_a_signature_is_challenged() {
    let pair = OAuth1Pair::default();
    let mut request = pair.signed();
    request.headers_mut().insert("authorization", HeaderValue::from_static("Bearer abc"));
    let rejected = pair.verify(&request).unwrap_err();
    assert_eq!(
        (rejected.response().status().as_u16(), &rejected.reason),
        (401, &RejectReason::Unsigned)
    );
    assert!(rejected.response().headers().contains_key("www-authenticate"));
}

/// Row `version-unknown`: RFC 5849 §3.1.
#[test]
fn another_version_than_1_0_is_refused() {
    let pair = OAuth1Pair::default();
    let mut request = pair.signed();
    header(&mut request, |value| value.replace("oauth_version=\"1.0\"", "oauth_version=\"2.0\""));
    assert_eq!(status(&request, &pair), (400, RejectReason::VersionUnknown("2.0".into())));
    // An empty version, and versions that are similar to 1.0 and 1.0a.
    for other in ["", "1.0b", "1.0A ", "1.0aa", "1"] {
        let encoded =
            percent_encoding::utf8_percent_encode(other, percent_encoding::NON_ALPHANUMERIC)
                .to_string();
        header(&mut request, |value| {
            let (before, _) = value.split_once("oauth_version").unwrap();
            format!("{before}oauth_version=\"{encoded}\"")
        });
        let verifier = pair.provider.verifier().clone().with(|it| it.allow_version_1_0a = true);
        let rejected = serve(verifier.verify(&request, pair.moment()), &pair.store).unwrap_err();
        assert_eq!(rejected.reason, RejectReason::VersionUnknown(other.into()));
        assert!(!rejected.to_string().contains("allow_"), "{rejected}");
        assert_eq!(fields(&rejected.response())["oauth_acceptable_versions"], "1.0-1.0");
    }
}

/// Row `version-unknown`: the documentation of npm's `oauth` recommends the value `1.0A`. It is
/// signed like any other value.
#[test]
fn the_version_1_0a_is_refused_by_the_name_of_its_option_and_verified_with_it() {
    use base64::Engine;
    use hmac::{KeyInit, Mac};
    let pair = OAuth1Pair::default();
    let allowing = pair.provider.verifier().clone().with(|it| it.allow_version_1_0a = true);
    for version in ["1.0a", "1.0A"] {
        let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
        let token = pair.token().credentials;
        let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
        Signer::new(&Scheme::default(), &client, Some(&token))
            .sign(&mut request, pair.moment())
            .unwrap();
        header(&mut request, |value| {
            value.replace("oauth_version=\"1.0\"", &format!("oauth_version=\"{version}\""))
        });
        let verify = |request: &Request<Vec<u8>>| {
            serve(allowing.verify(request, pair.moment()), &pair.store)
        };
        assert_eq!(verify(&request).unwrap_err().reason, RejectReason::WrongSignature);

        let key = format!("kd94hf93k423kf44&{}", token.secret.expose());
        let mut mac = hmac::Hmac::<sha1::Sha1>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(&oauth_proto::oauth1::base_string(&request).unwrap());
        let signature =
            base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        header(&mut request, |value| {
            let (before, rest) = value.split_once("oauth_signature=\"").unwrap();
            let (_, after) = rest.split_once('"').unwrap();
            format!(
                "{before}oauth_signature=\"{}\"{after}",
                percent_encoding::utf8_percent_encode(
                    &signature,
                    percent_encoding::NON_ALPHANUMERIC
                )
            )
        });
        let rejected = pair.verify(&request).unwrap_err();
        assert_eq!(rejected.reason, RejectReason::VersionUnknown(version.into()));
        assert!(rejected.to_string().contains(version), "{rejected}");
        assert!(rejected.to_string().contains("Verifier::allow_version_1_0a"), "{rejected}");
        assert!(verify(&request).is_ok());
    }
}

/// Row `plaintext-default`: RFC 5849 §3.4.4.
#[test]
fn plaintext_is_refused_unless_it_is_allowed_and_never_without_tls() {
    let plaintext =
        |server: Server| server.with(|it| it.scheme = Scheme::new(Method::DangerousPlaintext));
    let pair = OAuth1Pair::new(plaintext, |provider| provider);
    let Step::Send(request, _) =
        pair.client.authorize(Authorize::callback(CALLBACK), pair.moment()).unwrap()
    else {
        panic!("expected a request")
    };
    let rejected =
        serve(pair.provider.dispatch(&request, pair.moment()).map(response), &pair.store)
            .unwrap_err();
    assert_eq!(rejected.reason, RejectReason::MethodUnsupported("PLAINTEXT".into()));
    assert_eq!(rejected.response().status(), 400);

    // With the opt-in it is accepted, but not without TLS.
    let verifier = pair.provider.verifier().clone().with(|it| it.dangerous_allow_plaintext = true);
    let provider = oauth_proto::oauth1::server::Provider::builder(verifier).build().unwrap();
    assert!(serve(provider.dispatch(&request, pair.moment()).map(response), &pair.store).is_ok());

    let http = oauth_proto::oauth1::server::Verifier::new("http://photos.example.net").unwrap();
    let verifier = http.with(|it| it.dangerous_allow_plaintext = true);
    let provider = oauth_proto::oauth1::server::Provider::builder(verifier)
        .with(|it| it.dangerous_allow_http = true)
        .build()
        .unwrap();
    let mut request = request;
    *request.uri_mut() = Uri::from_static("http://photos.example.net/initiate");
    let rejected =
        serve(provider.dispatch(&request, pair.moment()).map(response), &pair.store).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::PlaintextWithoutTls);
}

/// Row `plaintext-default`: RFC 5849 §3.4.4. A request without TLS has disclosed its secrets,
/// except on this machine, even if the configured origin has TLS.
#[test]
fn plaintext_is_judged_by_the_origin_and_by_how_the_request_came() {
    use oauth_proto::oauth1::server::Verifier;
    let pair = OAuth1Pair::default();
    let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
    let verify = |origin: &str, uri: &str| {
        let mut request = Request::get(uri).body(Vec::new()).unwrap();
        if request.uri().authority().is_none() {
            let host = origin.split_once("://").unwrap().1;
            request.headers_mut().insert("host", HeaderValue::from_str(host).unwrap());
        }
        // The header for PLAINTEXT is the same for every URL.
        let signer = Signer::new(&Scheme::new(Method::DangerousPlaintext), &client, None);
        let at = format!("{ORIGIN}/photos").parse().unwrap();
        let value =
            signer.authorization::<&str, &str>(request.method(), &at, &[], pair.moment()).unwrap();
        request.headers_mut().insert("authorization", HeaderValue::try_from(value).unwrap());
        let verifier = Verifier::new(origin).unwrap().with(|it| {
            it.dangerous_allow_plaintext = true;
            it.allow_two_legged = true;
        });
        serve(verifier.verify(&request, pair.moment()), &pair.store)
            .map(drop)
            .map_err(|rejected| rejected.reason)
    };
    let (near, plain) = ("http://localhost:8080", "http://photos.example.net");
    for (origin, uri) in [
        (ORIGIN, "/photos"),
        (ORIGIN, &format!("{ORIGIN}/photos")),
        (near, "/photos"),
        (near, &format!("{near}/photos")),
    ] {
        assert_eq!(verify(origin, uri), Ok(()), "{origin} {uri}");
    }
    for (origin, uri) in [
        (ORIGIN, &format!("{plain}/photos")),
        (plain, &format!("{plain}/photos")),
        (plain, &"/photos".to_owned()),
    ] {
        assert_eq!(verify(origin, uri), Err(RejectReason::PlaintextWithoutTls), "{origin} {uri}");
    }
}

/// Row `provider-without-tls`: the responses contain secrets (RFC 5849 §2.1).
#[test]
fn a_provider_without_tls_is_refused_except_on_this_machine_or_with_the_dangerous_option() {
    use oauth_proto::oauth1::server::{Provider, Verifier};
    let verifier = |origin: &str| Verifier::new(origin).unwrap();
    let option = Some("ProviderBuilder::dangerous_allow_http");
    for (refused, origin) in [
        (verifier("http://photos.example.net"), "http://photos.example.net"),
        (
            verifier(ORIGIN).add_origin("http://photos.example.net").unwrap(),
            "http://photos.example.net",
        ),
        (verifier("http://10.0.0.1"), "http://10.0.0.1"),
    ] {
        let error = Provider::builder(refused.clone()).build().unwrap_err();
        let expected = Unsupported::PlainHttp { url: origin.into(), option };
        assert_eq!(error, expected.into());
        assert!(
            Provider::builder(refused).with(|it| it.dangerous_allow_http = true).build().is_ok()
        );
    }
    for near in [ORIGIN, "http://localhost:8080", "http://127.0.0.1", "http://[::1]"] {
        assert!(Provider::builder(verifier(near)).build().is_ok(), "{near}");
    }
}

/// Row `plaintext-default`: PLAINTEXT in the list of methods does not replace the option.
#[test]
fn plaintext_cannot_be_listed_as_a_method() {
    let pair = OAuth1Pair::default();
    let verifier = pair.provider.verifier().clone().with(|it| {
        it.methods = [Method::DangerousPlaintext].into();
        it.allow_two_legged = true;
    });
    let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
    let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
    Signer::new(&Scheme::new(Method::DangerousPlaintext), &client, None)
        .sign(&mut request, pair.moment())
        .unwrap();
    let rejected = serve(verifier.verify(&request, pair.moment()), &pair.store).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::MethodUnsupported("PLAINTEXT".into()));
}

/// Row `unknown-consumer`: the response and the queries to the store are the same for an unknown
/// client, a wrong secret, an unknown token and a token of another client. The script
/// `benches/instructions` compares the number of instructions.
#[test]
fn an_unknown_client_and_a_wrong_secret_get_the_same_answer() {
    use oauth_proto::oauth1::server::ServerStep;
    use oauth_proto::oauth1::server::store::{NextQuery, Store};
    let pair = OAuth1Pair::default();
    pair.store.add_client("other", ClientRecord::with_secret("other secret").unwrap());
    let token = pair.token();
    let outcome = |client: ClientCredentials, token: TokenCredentials| {
        let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
        Signer::new(&Scheme::default(), &client, Some(&token))
            .sign(&mut request, pair.moment())
            .unwrap();
        let ServerStep::Query(NextQuery::FindCredentials(pending)) =
            pair.provider.verifier().verify(&request, pair.moment())
        else {
            panic!("the credentials are not looked for")
        };
        let found = pair.store.find_credentials(pending.query()).unwrap();
        let ServerStep::Reject(rejected) = pending.answer(found) else {
            panic!("the store is asked again")
        };
        (rejected.reason.clone(), rejected.response())
    };
    let right = || ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
    let outcomes = [
        outcome(ClientCredentials::new("nobody", "kd94hf93k423kf44"), token.credentials.clone()),
        outcome(ClientCredentials::new("dpf43f3p2l4k3l03", "wrong"), token.credentials.clone()),
        outcome(right(), TokenCredentials::new("unknown", "x")),
        outcome(right(), TokenCredentials::new(token.credentials.token.clone(), "wrong")),
        outcome(ClientCredentials::new("other", "other secret"), token.credentials.clone()),
    ];
    let reasons: Vec<_> = outcomes.iter().map(|(reason, _)| reason.clone()).collect();
    assert_eq!(
        reasons,
        [
            RejectReason::UnknownClient("nobody".into()),
            RejectReason::WrongSignature,
            RejectReason::UnknownToken,
            RejectReason::WrongSignature,
            RejectReason::TokenOfAnotherClient("other".into()),
        ]
    );
    for (_, response) in &outcomes {
        assert_eq!(format!("{response:?}"), format!("{:?}", outcomes[0].1));
    }
}

/// Row `verifier-wrong`: an attacker must not be able to guess a verifier by repeated attempts.
#[test]
fn a_wrong_verifier_spends_the_temporary_credentials() {
    let pair = OAuth1Pair::default();
    let Authorization { url, pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    let stored = serde_json::to_string(&pending).unwrap();
    let callback = pair.grant(&url);
    let step = pair.client.redeem_verifier(pending, "guessed", pair.moment()).unwrap();
    let Step::Send(request, _) = step else { panic!("expected a request") };
    let rejected =
        serve(pair.provider.dispatch(&request, pair.moment()).map(response), &pair.store)
            .unwrap_err();
    assert_eq!(
        (rejected.response().status().as_u16(), rejected.reason),
        (401, RejectReason::WrongVerifier)
    );
    // The request token is used up, so the right verifier is refused now.
    assert!(pair.redeem(serde_json::from_str(&stored).unwrap(), &callback).is_err());
}

/// Row `body-hash-wrong`: OAuth Request Body Hash 1.0, draft 4.
#[test]
fn a_body_other_than_the_one_whose_hash_is_signed_is_refused() {
    let scheme = Scheme::default().with(|it| it.body_hash = true);
    let pair = OAuth1Pair::new(|server| server.with(|it| it.scheme = scheme), |provider| provider);
    let session = Session::new(&pair.client, pair.token());
    let signed = || {
        let mut request = Request::post(format!("{ORIGIN}/photos"))
            .header("content-type", "application/json")
            .body(br#"{"title":"Beach"}"#.to_vec())
            .unwrap();
        session.sign(&mut request, pair.moment()).unwrap();
        request
    };
    assert!(pair.verify(&signed()).is_ok());
    let mut changed = signed();
    changed.body_mut()[3] ^= 1;
    assert_eq!(status(&changed, &pair), (401, RejectReason::WrongBodyHash));

    let demanding = pair.provider.verifier().clone().with(|it| it.require_body_hash = true);
    assert!(serve(demanding.verify(&signed(), pair.moment()), &pair.store).is_ok());
    let mut unsigned = signed();
    Signer::new(
        &Scheme::default().with(|it| it.placement = ParameterPlacement::Query),
        &ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44"),
        Some(&session.token().unwrap().credentials),
    )
    .sign(&mut unsigned, pair.moment())
    .unwrap();
    let rejected = serve(demanding.verify(&unsigned, pair.moment()), &pair.store).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::ParameterMissing("oauth_body_hash"));
}

/// Row `token-in-log`: more people can read logs than may have the credentials.
#[test]
fn no_debug_output_of_a_server_shows_a_secret() {
    let pair = OAuth1Pair::default();
    let Authorization { url, pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    let token = pair.token();
    let secret = token.credentials.secret.expose();
    let consent = pair.consent(&url).unwrap();
    let grant = Approval::new("jane");
    let decision =
        serve(pair.provider.approve(consent, grant, pair.moment()), &pair.store).unwrap();
    assert_eq!(format!("{decision:?}"), "Redirect([redacted])");
    let done = oauth_proto::oauth1::server::ServerStep::Done(http::Response::new(
        b"oauth_token_secret=s".to_vec(),
    ));
    assert_eq!(format!("{done:?}"), "Done");
    let dispatched = oauth_proto::oauth1::server::Dispatched::Respond(http::Response::new(
        b"oauth_token_secret=s".to_vec(),
    ));
    assert_eq!(format!("{dispatched:?}"), "Respond(200)");
    let shown = format!(
        "{pending:?} {token:?} {:?} {:?} {:?} {:?}",
        pair.store,
        pair.client,
        Session::new(&pair.client, token.clone()),
        pair.provider
    );
    for secret in [secret, "kd94hf93k423kf44"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// Row `control-characters`: PostgreSQL refuses NUL, and a line break would forge a line of a log.
/// No server issues such values.
#[test]
fn control_characters_are_refused_before_storage_is_asked() {
    use oauth_proto::oauth1::server::ServerStep;
    use oauth_proto::oauth1::server::store::NextQuery;
    let pair = OAuth1Pair::default();
    for name in
        ["oauth_consumer_key", "oauth_token", "oauth_nonce", "oauth_callback", "oauth_verifier"]
    {
        for control in ["%00", "%0D%0A", "%09", "%1B", "%7F", "%C2%85"] {
            let mut request = pair.signed();
            header(&mut request, |value| {
                value.replace("OAuth ", "OAuth oauth_callback=\"oob\", oauth_verifier=\"v\", ")
            });
            header(&mut request, |value| {
                value.replacen(&format!("{name}=\""), &format!("{name}=\"a{control}"), 1)
            });
            match pair.provider.verifier().verify(&request, pair.moment()) {
                ServerStep::Reject(rejected) => {
                    assert_eq!(
                        rejected.reason,
                        RejectReason::ControlCharacter(name.into()),
                        "{control}"
                    );
                    assert_eq!(rejected.response().status(), 400);
                    assert_eq!(fields(&rejected.response())["oauth_parameters_rejected"], name);
                    assert!(rejected.to_string().contains(&format!("{name:?}")), "{rejected}");
                }
                step => panic!("{name}: {step:?}"),
            }
        }
        // A service may have issued a value with letters of any language.
        let mut request = pair.signed();
        header(&mut request, |value| {
            value.replacen(&format!("{name}=\""), &format!("{name}=\"caf%C3%A9%20%E3%81%82"), 1)
        });
        let step = pair.provider.verifier().verify(&request, pair.moment());
        assert!(
            matches!(step, ServerStep::Query(NextQuery::FindCredentials(_))),
            "{name}: {step:?}"
        );
    }
    // The page for the user looks up the token in a link.
    let page = |token: &str| {
        pair.consent(&format!("{ORIGIN}/authorize?oauth_token={token}")).unwrap_err().reason
    };
    assert_eq!(page("a%00"), RejectReason::ControlCharacter("oauth_token".into()));
    assert_eq!(page("%FF"), RejectReason::ParameterInvalid("oauth_token"));
    assert_eq!(page(&"a".repeat(4097)), RejectReason::ParameterInvalid("oauth_token"));
    assert_eq!(page(&"a".repeat(4096)), RejectReason::NothingPending);
    assert_eq!(page(""), RejectReason::NothingPending);
}

/// Row `control-characters`: parameters for the application are stored with the temporary
/// credentials.
#[test]
fn a_nul_in_an_application_parameter_is_refused_and_line_breaks_are_kept() {
    let pair = OAuth1Pair::default();
    let begin = |name: &str, value: &str| {
        let step = pair
            .client
            .authorize(Authorize::callback(CALLBACK).parameter(name, value), pair.moment())
            .unwrap();
        let Step::Send(request, _) = step else { panic!("expected a request") };
        serve(pair.provider.dispatch(&request, pair.moment()).map(response), &pair.store)
    };
    for (name, value) in [("scope", "a\0b"), ("sco\0pe", "a")] {
        let rejected = begin(name, value).unwrap_err();
        assert_eq!(
            (rejected.response().status().as_u16(), rejected.reason),
            (400, RejectReason::ControlCharacter(name.into()))
        );
    }
    assert!(begin("note", "two\nlines").is_ok());
}

/// Row `oversized-parameter`: nonces are stored, so their length is limited.
#[test]
fn a_nonce_of_256_bytes_is_accepted_and_a_longer_one_is_refused() {
    let pair = OAuth1Pair::default();
    let token = pair.token().credentials;
    let verify = |nonce: &str| {
        let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
        let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
        let stamp = Stamp::new(Timestamp::from_secs(NOW), nonce);
        Signer::new(&Scheme::default(), &client, Some(&token)).sign(&mut request, stamp).unwrap();
        pair.verify(&request).map(drop).map_err(|rejected| rejected.reason)
    };
    assert_eq!(verify("n"), Ok(()));
    assert_eq!(verify(&"n".repeat(256)), Ok(()));
    assert_eq!(verify(&"n".repeat(257)), Err(RejectReason::ParameterInvalid("oauth_nonce")));
}

/// Row `parameter-twice`: RFC 5849 §3.1, item 2, also applies to unknown names with the prefix
/// `oauth_`.
#[test]
fn an_unknown_oauth_parameter_may_occur_once() {
    let pair = OAuth1Pair::default();
    let with = |more: &str| {
        let mut request = pair.signed();
        header(&mut request, |value| value + more);
        pair.verify(&request).unwrap_err().reason
    };
    assert_eq!(with(", oauth_x=\"1\", oauth_y=\"1\""), RejectReason::WrongSignature);
    assert_eq!(
        with(", oauth_x=\"1\", oauth_x=\"1\""),
        RejectReason::ParameterTwice("oauth_x".into())
    );
}

/// Row `verifier-wrong`: a store calls `TemporaryRecord::redeem`, which checks everything itself.
#[test]
fn temporary_credentials_are_redeemed_in_time_by_their_own_client_with_their_verifier() {
    let redeemed = |granted: bool, client: &str, verifier: &str, now: u64| {
        let stage = Stage::Granted { verifier: "hash".into(), approval: Approval::new("jane") };
        let mut record =
            TemporaryRecord::new("secret", "printer", CALLBACK, Timestamp::from_secs(NOW));
        if granted {
            record.stage = stage;
        }
        let mut query = Redeem::new("temporary", client, Timestamp::from_secs(now));
        query.verifier = verifier.into();
        record.redeem(&query)
    };
    assert!(matches!(redeemed(true, "printer", "hash", NOW - 1), Redemption::Redeemed(_)));
    for (granted, client, verifier, now) in [
        (false, "printer", "hash", NOW - 1),
        (true, "scanner", "hash", NOW - 1),
        (true, "printer", "other", NOW - 1),
        (true, "printer", "hash", NOW),
    ] {
        let end = redeemed(granted, client, verifier, now);
        assert!(matches!(end, Redemption::Refused), "{granted} {client} {verifier} {now}");
    }
}
