//! OAuth 1.0a verifier and provider.

use http::{HeaderValue, Request, Uri};
use oauth_proto::oauth1::server::{
    ClientRecord, Grant, Reason, Redeem, Redemption, Rejected, Stage, TemporaryRecord, serve,
};
use oauth_proto::oauth1::{
    Authorize, ClientCredentials, Method, Placement, Scheme, Service, Signer, Stamp, TokenCredentials,
};
use oauth_proto::{Step, Timestamp};

use crate::common::{CALLBACK, NOW, ORIGIN, World, fields};

/// The request is refused with a 401, for that reason, and would have been accepted without the attack.
fn refused(attack: impl FnOnce(&mut Request<Vec<u8>>)) -> Rejected {
    let world = World::default();
    let mut request = world.signed();
    attack(&mut request);
    let rejected = world.verify(&request).unwrap_err();
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

#[test]
fn nonce_replay() {
    let world = World::default();
    let request = world.signed();
    assert!(world.verify(&request).is_ok());
    let rejected = world.verify(&request).unwrap_err();
    assert_eq!((rejected.response().status().as_u16(), &rejected.reason), (401, &Reason::NonceUsed));
    assert_eq!(fields(&rejected.response())["oauth_problem"], "nonce_used");
}

#[test]
fn nonce_replay_in_a_race() {
    for _ in 0..50 {
        let world = World::default();
        let request = world.signed();
        let (verifier, store) = (world.provider.verifier(), &world.store);
        let moments: Vec<_> = (0..4).map(|_| world.moment()).collect();
        let won: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = moments
                .into_iter()
                .map(|moment| scope.spawn(|| serve(verifier.verify(&request, moment), store).is_ok()))
                .collect();
            tries.into_iter().map(|attempt| usize::from(attempt.join().unwrap())).sum()
        });
        assert_eq!(won, 1);
    }
}

/// The nonce is remembered for exactly as long as the timestamp is accepted.
#[test]
fn nonce_replay_at_the_end_of_the_window() {
    let world = World::default();
    let mut request = world.signed();
    let token = TokenCredentials::new("t", "s");
    let grant = Grant::new("jane");
    let record = oauth_proto::oauth1::server::TokenRecord::new(&token.secret, "dpf43f3p2l4k3l03", grant);
    world.store.add_token("t", record);
    request.headers_mut().remove("authorization");
    let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
    let ahead = Stamp::new(Timestamp::from_secs(NOW + 300), "n");
    Signer::new(&Scheme::default(), &client, Some(&token)).sign(&mut request, ahead).unwrap();
    assert!(world.verify(&request).is_ok());
    for later in [1, 300, 599, 600] {
        world.now.set(NOW + later);
        // A request in between makes the store forget what it may.
        world.begin(Authorize::callback(CALLBACK)).unwrap();
        assert_eq!(world.verify(&request).unwrap_err().reason, Reason::NonceUsed, "{later} s later");
    }
    world.now.set(NOW + 601);
    assert!(matches!(world.verify(&request).unwrap_err().reason, Reason::TimestampRefused { .. }));
}

fn at(later: i64) -> Result<(), Rejected> {
    let world = World::default();
    let request = world.signed();
    world.now.set(NOW.checked_add_signed(later).unwrap());
    world.verify(&request).map(drop)
}

#[test]
fn timestamp_old() {
    assert!(at(300).is_ok());
    let rejected = at(301).unwrap_err();
    assert_eq!(rejected.response().status(), 401);
    let fields = fields(&rejected.response());
    assert_eq!(fields["oauth_problem"], "timestamp_refused");
    assert_eq!(fields["oauth_acceptable_timestamps"], format!("{}-{}", NOW + 1, NOW + 601));
}

#[test]
fn timestamp_future() {
    assert!(at(-300).is_ok());
    let rejected = at(-301).unwrap_err();
    assert!(matches!(rejected.reason, Reason::TimestampRefused { timestamp: NOW, .. }), "{}", rejected.reason);
}

#[test]
fn timestamp_odd() {
    for odd in ["0", "-1", "+5", "1e9", "", "99999999999999999999", "１２"] {
        let world = World::default();
        let mut request = world.signed();
        let odd = oauth_proto::wire::percent::encode(odd);
        header(&mut request, |value| value.replace(&format!("\"{NOW}\""), &format!("\"{odd}\"")));
        assert_eq!(world.verify(&request).unwrap_err().response().status(), 400, "{odd}");
    }
}

#[test]
fn signature_wrong() {
    for wrong in ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D", "not base64!"] {
        let rejected = refused(|request| {
            header(request, |value| {
                let (before, rest) = value.split_once("oauth_signature=\"").unwrap();
                let (_, after) = rest.split_once('"').unwrap();
                format!("{before}oauth_signature=\"{wrong}\"{after}")
            });
        });
        assert_eq!(rejected.reason, Reason::WrongSignature);
        assert_eq!(fields(&rejected.response())["oauth_problem"], "signature_invalid");
        assert_eq!(
            rejected.response().headers()["www-authenticate"],
            "OAuth realm=\"Photos\", oauth_problem=\"signature_invalid\""
        );
    }
}

#[test]
fn method_swapped() {
    assert_eq!(refused(|request| *request.method_mut() = http::Method::PUT).reason, Reason::WrongSignature);
    let hash = |request: &mut _| header(request, |value| value.replace("HMAC-SHA1", "HMAC-SHA256"));
    assert_eq!(refused(hash).reason, Reason::WrongSignature);
}

/// A client that has only a public key with us must not be able to, or be impersonated by, an HMAC with an empty secret.
#[test]
fn method_swapped_to_one_without_a_key() {
    let world = World::default();
    world.store.add_client("dpf43f3p2l4k3l03", ClientRecord::with_key(Method::dangerous_plaintext()));
    let client = ClientCredentials::without_secret("dpf43f3p2l4k3l03");
    let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
    Signer::new(&Scheme::default(), &client, None).sign(&mut request, world.moment()).unwrap();
    let verifier = world.provider.verifier().clone().allow_two_legged();
    let rejected = serve(verifier.verify(&request, world.moment()), &world.store).unwrap_err();
    assert_eq!(rejected.reason, Reason::UnknownClient("dpf43f3p2l4k3l03".into()));
    world.store.add_client("dpf43f3p2l4k3l03", ClientRecord::with_secret(""));
    let rejected = serve(verifier.verify(&request, world.moment()), &world.store).unwrap_err();
    assert_eq!(rejected.response().status(), 401);
}

#[test]
fn host_swapped() {
    let swapped = refused(|request| uri(request, "photos.example.net", "evil.example"));
    assert_eq!(swapped.reason, Reason::WrongHost);
    // A request to another of the service's own origins is not this one.
    let world = World::default();
    let mut request = world.signed();
    uri(&mut request, "photos.example.net", "other.example.net");
    let verifier = world.provider.verifier().clone().origin("https://other.example.net").unwrap();
    let rejected = serve(verifier.verify(&request, world.moment()), &world.store).unwrap_err();
    assert_eq!(rejected.reason, Reason::WrongSignature);
}

#[test]
fn host_swapped_in_the_header() {
    let relative = |host: &'static str| {
        let world = World::default();
        let mut request = world.signed();
        let target = request.uri().path_and_query().unwrap().to_string();
        *request.uri_mut() = target.parse().unwrap();
        request.headers_mut().insert("host", HeaderValue::from_static(host));
        world.verify(&request).map(drop).map_err(|rejected| rejected.reason)
    };
    assert_eq!(relative("Photos.Example.Net:443"), Ok(()));
    assert_eq!(relative("evil.example"), Err(Reason::WrongHost));
    assert_eq!(relative("photos.example.net:8443"), Err(Reason::WrongHost));
    assert_eq!(relative(""), Err(Reason::WrongHost));
}

#[test]
fn parameter_added() {
    refused(|request| uri(request, "size=original", "size=original&admin=1"));
    refused(|request| request.body_mut().extend_from_slice(b"&admin=1"));
    refused(|request| header(request, |value| value + ", admin=\"1\""));
}

#[test]
fn parameter_removed() {
    refused(|request| uri(request, "size=original&", ""));
    refused(|request| request.body_mut().clear());
}

/// A parameter means the same in the query and in the form to RFC 5849 §3.4.1.3, so moving one as it is cannot be told;
/// moving it into another parameter, or out of what is signed, can.
#[test]
fn parameter_moved() {
    refused(|request| uri(request, "size=original&file=vacation.jpg", "size=original%26file=vacation.jpg"));
    refused(|request| uri(request, "size=original", "original=size"));
    refused(|request| {
        request.headers_mut().insert("content-type", HeaderValue::from_static("text/plain"));
    });
}

#[test]
fn path_changed() {
    refused(|request| uri(request, "/photos", "/photos/"));
    refused(|request| uri(request, "/photos", "/x/../photos"));
}

fn status(request: &Request<Vec<u8>>, world: &World) -> (u16, Reason) {
    let rejected = world.verify(request).unwrap_err();
    (rejected.response().status().as_u16(), rejected.reason)
}

#[test]
fn parameter_sources_mixed() {
    let world = World::default();
    let mut request = world.signed();
    uri(&mut request, "?", "?oauth_verifier=x&");
    assert_eq!(status(&request, &world), (400, Reason::ParametersMixed));
    let mut request = world.signed();
    request.body_mut().extend_from_slice(b"&oauth_token=x");
    assert_eq!(status(&request, &world), (400, Reason::ParametersMixed));
}

#[test]
fn parameter_twice() {
    let world = World::default();
    let mut request = world.signed();
    header(&mut request, |value| value + ", oauth_nonce=\"again\"");
    assert_eq!(status(&request, &world), (400, Reason::ParameterTwice("oauth_nonce".into())));
}

#[test]
fn parameter_absent() {
    for name in [
        "oauth_consumer_key",
        "oauth_token",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_nonce",
        "oauth_signature",
    ] {
        let world = World::default();
        let mut request = world.signed();
        header(&mut request, |value| value.replacen(&format!("{name}="), "x=", 1));
        let rejected = world.verify(&request).unwrap_err();
        assert_eq!(rejected.response().status(), 400);
        assert_eq!(fields(&rejected.response())["oauth_parameters_absent"], name);
    }
}

/// An application behind may read as a form what the verifier would not have.
#[test]
fn form_that_only_looks_like_one() {
    for content_type in ["application/x-www-form-urlencoded1", "application/x-www-form-urlencoded, text/plain"] {
        let world = World::default();
        let mut request = world.signed();
        request.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
        assert_eq!(status(&request, &world), (400, Reason::Malformed), "{content_type}");
    }
    let world = World::default();
    let mut request = world.signed();
    request.headers_mut().append("content-type", HeaderValue::from_static("text/plain"));
    assert_eq!(status(&request, &world), (400, Reason::Malformed));
}

/// Judged in the last second of its window, but late at the store: others have made the store forget by then.
#[test]
fn nonce_replay_overtaken_or_with_a_clock_that_steps_back() {
    use oauth_proto::oauth1::server::{Question, Reply, Store};
    let world = World::default();
    let request = world.signed();
    assert!(world.verify(&request).is_ok());
    world.now.set(NOW + 300);
    let Reply::Ask(Question::FindCredentials(ask)) = world.provider.verifier().verify(&request, world.moment()) else {
        panic!("no question")
    };
    let found = world.store.find_credentials(ask.command()).unwrap();
    let late = ask.answer(found);
    world.now.set(NOW + 1000);
    world.begin(Authorize::callback(CALLBACK)).unwrap();
    assert_eq!(serve(late, &world.store).unwrap_err().reason, Reason::NonceUsed);
    world.now.set(NOW + 300);
    assert_eq!(world.verify(&request).unwrap_err().reason, Reason::NonceUsed);
}

#[test]
fn windows_and_lifetimes_without_end() {
    let for_ever = std::time::Duration::MAX;
    let world =
        World::new(|service| service, |provider| provider.token_lifetime(for_ever).temporary_lifetime(for_ever));
    let request = world.signed();
    let verifier = world.provider.verifier().clone().window(for_ever);
    assert!(serve(verifier.verify(&request, world.moment()), &world.store).is_ok());
    assert!(serve(verifier.verify(&request, world.moment()), &world.store).is_err());
}

/// A method that rests on one key for all is no method on shared secrets, and one that calls itself PLAINTEXT is not it.
#[test]
fn methods_of_the_wrong_kind() {
    struct Odd(&'static str, bool);
    impl oauth_proto::oauth1::SignatureMethod for Odd {
        fn name(&self) -> &str {
            self.0
        }
        fn sign(&self, _: &[u8], _: &[u8]) -> Result<Vec<u8>, String> {
            Ok(b"anything".to_vec())
        }
        fn uses_secrets(&self) -> bool {
            self.1
        }
    }
    for (name, uses_secrets) in [("X-ONE-KEY", false), ("PLAINTEXT", true)] {
        let world = World::default();
        let method = || Method::custom(Odd(name, uses_secrets));
        let session = oauth_proto::oauth1::Session::new(
            &Scheme::new(method()),
            &ClientCredentials::new("dpf43f3p2l4k3l03", "unknown"),
            Some(world.token()),
        );
        let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
        session.sign(&mut request, world.moment()).unwrap();
        let verifier = world.provider.verifier().clone().methods([method()]);
        let rejected = serve(verifier.verify(&request, world.moment()), &world.store).unwrap_err();
        assert_eq!(rejected.reason, Reason::MethodUnsupported(name.into()));
    }
}

/// A consent that was tampered with decides nothing for another client.
#[test]
fn consent_swapped() {
    let world = World::default();
    let pending = world.begin(Authorize::callback(CALLBACK)).unwrap();
    let consent = world.consent(&world.client.authorization_url(&pending, &[]).unwrap()).unwrap();
    let mut stored = serde_json::to_value(&consent).unwrap();
    stored["client"] = "Trusted Bank".into();
    let swapped: oauth_proto::oauth1::server::Consent = serde_json::from_value(stored).unwrap();
    let grant = Grant::new("jane");
    let refused = serve(swapped.grant(grant.clone(), world.moment()), &world.store).unwrap_err();
    assert_eq!(refused.reason, Reason::NothingPending);
    assert!(serve(consent.grant(grant, world.moment()), &world.store).is_ok());
}

#[test]
fn hosts_that_disagree() {
    let world = World::default();
    let mut request = world.signed();
    request.headers_mut().insert("host", HeaderValue::from_static("evil.example"));
    assert_eq!(status(&request, &world).1, Reason::WrongHost);
    request.headers_mut().insert("host", HeaderValue::from_static("photos.example.net"));
    request.headers_mut().append("host", HeaderValue::from_static("evil.example"));
    assert_eq!(status(&request, &world).1, Reason::WrongHost);
}

#[test]
fn values_too_long_for_a_log() {
    let world = World::default();
    let mut request = world.signed();
    header(&mut request, |value| value.replace("dpf43f3p2l4k3l03", &"k".repeat(1 << 20)));
    let (status, reason) = status(&request, &world);
    assert_eq!((status, &reason), (400, &Reason::ParameterInvalid("oauth_consumer_key")));
}

/// What another scheme's middleware may want to look at instead.
#[test]
fn unsigned() {
    let world = World::default();
    let mut request = world.signed();
    request.headers_mut().insert("authorization", HeaderValue::from_static("Bearer abc"));
    let rejected = world.verify(&request).unwrap_err();
    assert_eq!((rejected.response().status().as_u16(), &rejected.reason), (401, &Reason::Unsigned));
    assert!(rejected.response().headers().contains_key("www-authenticate"));
}

#[test]
fn version_unknown() {
    let world = World::default();
    let mut request = world.signed();
    header(&mut request, |value| value.replace("oauth_version=\"1.0\"", "oauth_version=\"2.0\""));
    assert_eq!(status(&request, &world), (400, Reason::VersionUnknown));
}

#[test]
fn plaintext_default() {
    let plaintext = |service: Service| service.scheme(Scheme::new(Method::dangerous_plaintext()));
    let world = World::new(plaintext, |provider| provider);
    let Step::Send(request, _) = world.client.authorize(Authorize::callback(CALLBACK), world.moment()).unwrap() else {
        panic!("nothing to send")
    };
    let rejected = serve(world.provider.temporary_credentials(&request, world.moment()), &world.store).unwrap_err();
    assert_eq!(rejected.reason, Reason::MethodUnsupported("PLAINTEXT".into()));
    assert_eq!(rejected.response().status(), 400);

    // With the opt-in it is accepted, but not without TLS.
    let verifier = world.provider.verifier().clone().dangerous_allow_plaintext();
    let provider = oauth_proto::oauth1::server::Provider::new(verifier).unwrap();
    assert!(serve(provider.temporary_credentials(&request, world.moment()), &world.store).is_ok());

    let http = oauth_proto::oauth1::server::Verifier::new("http://photos.example.net").unwrap();
    let verifier = http.dangerous_allow_plaintext();
    let provider = oauth_proto::oauth1::server::Provider::dangerous_over_http(verifier);
    let mut request = request;
    *request.uri_mut() = Uri::from_static("http://photos.example.net/initiate");
    let rejected = serve(provider.temporary_credentials(&request, world.moment()), &world.store).unwrap_err();
    assert_eq!(rejected.reason, Reason::PlaintextWithoutTls);
}

#[test]
fn plaintext_cannot_be_listed_as_a_method() {
    let world = World::default();
    let verifier = world.provider.verifier().clone().methods([Method::dangerous_plaintext()]).allow_two_legged();
    let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
    let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
    Signer::new(&Scheme::new(Method::dangerous_plaintext()), &client, None).sign(&mut request, world.moment()).unwrap();
    let rejected = serve(verifier.verify(&request, world.moment()), &world.store).unwrap_err();
    assert_eq!(rejected.reason, Reason::MethodUnsupported("PLAINTEXT".into()));
}

/// What the client sees, and what the store is asked, is the same for an unknown client, a wrong secret, an unknown
/// token and a token of another client.
#[test]
fn unknown_consumer() {
    let world = World::default();
    world.store.add_client("other", ClientRecord::with_secret("other secret"));
    let token = world.token();
    let outcome = |client: ClientCredentials, token: TokenCredentials| {
        let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
        Signer::new(&Scheme::default(), &client, Some(&token)).sign(&mut request, world.moment()).unwrap();
        let rejected = world.verify(&request).unwrap_err();
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
            Reason::UnknownClient("nobody".into()),
            Reason::WrongSignature,
            Reason::UnknownToken,
            Reason::WrongSignature,
            Reason::TokenOfAnotherClient("other".into()),
        ]
    );
    for (_, response) in &outcomes {
        assert_eq!(format!("{response:?}"), format!("{:?}", outcomes[0].1));
    }
}

#[test]
fn verifier_wrong() {
    let world = World::default();
    let pending = world.begin(Authorize::callback(CALLBACK)).unwrap();
    let stored = serde_json::to_string(&pending).unwrap();
    let callback = world.grant(&pending);
    let step = world.client.redeem_verifier(pending, "guessed", world.moment()).unwrap();
    let Step::Send(request, _) = step else { panic!("nothing to send") };
    let rejected = serve(world.provider.token_credentials(&request, world.moment()), &world.store).unwrap_err();
    assert_eq!((rejected.response().status().as_u16(), rejected.reason), (401, Reason::WrongVerifier));
    // The request token is spent: the right verifier comes too late.
    assert!(world.redeem(serde_json::from_str(&stored).unwrap(), &callback).is_err());
}

#[test]
fn body_hash_wrong() {
    let scheme = Scheme::default().body_hash();
    let world = World::new(|service| service.scheme(scheme), |provider| provider);
    let session = world.client.session(world.token());
    let signed = || {
        let mut request = Request::post(format!("{ORIGIN}/photos"))
            .header("content-type", "application/json")
            .body(br#"{"title":"Beach"}"#.to_vec())
            .unwrap();
        session.sign(&mut request, world.moment()).unwrap();
        request
    };
    assert!(world.verify(&signed()).is_ok());
    let mut changed = signed();
    changed.body_mut()[3] ^= 1;
    assert_eq!(status(&changed, &world), (401, Reason::WrongBodyHash));

    let demanding = world.provider.verifier().clone().require_body_hash();
    assert!(serve(demanding.verify(&signed(), world.moment()), &world.store).is_ok());
    let mut unsigned = signed();
    Signer::new(
        &Scheme::default().placement(Placement::Query),
        &ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44"),
        Some(&session.token().unwrap().credentials),
    )
    .sign(&mut unsigned, world.moment())
    .unwrap();
    let rejected = serve(demanding.verify(&unsigned, world.moment()), &world.store).unwrap_err();
    assert_eq!(rejected.reason, Reason::ParameterMissing("oauth_body_hash"));
}

#[test]
fn token_in_log() {
    let world = World::default();
    let pending = world.begin(Authorize::callback(CALLBACK)).unwrap();
    let token = world.token();
    let secret = token.credentials.secret.expose();
    let consent = world.consent(&world.client.authorization_url(&pending, &[]).unwrap()).unwrap();
    let grant = Grant::new("jane");
    let decision = serve(consent.grant(grant, world.moment()), &world.store).unwrap();
    assert_eq!(format!("{decision:?}"), "Redirect([redacted])");
    let done = oauth_proto::oauth1::server::Reply::Done(http::Response::new(b"oauth_token_secret=s".to_vec()));
    assert_eq!(format!("{done:?}"), "Done");
    let shown = format!(
        "{pending:?} {token:?} {:?} {:?} {:?} {:?}",
        world.store,
        world.client,
        world.client.session(token.clone()),
        world.provider
    );
    for secret in [secret, "kd94hf93k423kf44"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// Row `verifier-wrong`: what a store asks a record of temporary credentials, with nothing checked before.
#[test]
fn temporary_credentials_are_redeemed_in_time_by_their_own_client_with_their_verifier() {
    let redeemed = |granted: bool, client: &str, verifier: &str, now: u64| {
        let stage = Stage::Granted { verifier: "hash".into(), grant: Grant::new("jane") };
        let record = TemporaryRecord {
            secret: "secret".into(),
            client: "printer".into(),
            callback: CALLBACK.into(),
            realm: None,
            parameters: Default::default(),
            expires_at: Timestamp::from_secs(NOW),
            stage: if granted { stage } else { Stage::Waiting },
        };
        record.redeem(&Redeem {
            temporary: "temporary".into(),
            client: client.into(),
            verifier: verifier.into(),
            token: "token".into(),
            secret: "another secret".into(),
            expires_at: None,
            now: Timestamp::from_secs(now),
        })
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
