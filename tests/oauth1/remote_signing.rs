//! Signing with a key in a key service: `Method::Remote`.

use std::sync::{Arc, Mutex};

use http::Request;
use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth1::server::{RejectReason, Verifier, serve};
use oauth_proto::oauth1::{
    Authorize, Client, ClientCredentials, Method, ParameterPlacement, RemoteSignatureMethod,
    RequestError, Scheme, Server, Session, SignatureMethod, Signer, TokenCredentials,
};
use oauth_proto::wire::form;
use oauth_proto::{
    ApiRequest, BoxError, Error, Expired, Misbehaved, Moment, Purpose, Refused, Response, Step,
    Timestamp, Unsupported, run_with,
};
use sha2::{Digest, Sha256};

use crate::common::with::With;

fn moment() -> Moment {
    Moment::new(Timestamp::from_secs(1_700_000_000), [7; 32])
}

/// A key service whose signature is the hash of the base string.
struct KeyService;

impl RemoteSignatureMethod for KeyService {
    fn name(&self) -> &str {
        "RSA-SHA256"
    }

    fn sign(&self, base_string: Vec<u8>, moment: Moment) -> Result<Step<Vec<u8>>, BoxError> {
        assert_ne!(moment.entropy, [7; 32], "the step has a moment of its own");
        let request = Request::post("https://keys.example.com/sign").body(base_string)?;
        Ok(Step::exchange(request, Purpose::CallingKeyService, |response| {
            Ok(response.body().clone())
        }))
    }
}

fn key_service(request: &oauth_proto::Request) -> Response {
    assert_eq!(request.uri(), "https://keys.example.com/sign");
    Response::new(Sha256::digest(request.body()).to_vec())
}

/// The same signature, computed without the key service.
struct Local;

impl SignatureMethod for Local {
    fn name(&self) -> &str {
        "RSA-SHA256"
    }

    fn sign(
        &self,
        base_string: &[u8],
        _: &[u8],
        randomness: Option<&[u8; 16]>,
    ) -> Result<Vec<u8>, String> {
        let randomness = randomness.ok_or("a moment has randomness for the method")?;
        let shown = String::from_utf8_lossy(base_string).into_owned();
        let hex: String = randomness[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!shown.contains(&hex), "the nonce shows the randomness");
        Ok(Sha256::digest(base_string).to_vec())
    }
}

fn signer(scheme: &Scheme) -> Signer {
    let token = TokenCredentials::new("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00");
    Signer::new(scheme, &ClientCredentials::new("dpf43f3p2l4k3l03", ""), Some(&token))
}

fn remote() -> Method {
    Method::Remote(Arc::new(KeyService))
}

/// Drives a step. The key service responds to its requests, `other` to all others.
fn driven<T>(
    step: Step<T>,
    mut other: impl FnMut(&oauth_proto::Request) -> Response,
) -> Result<T, Error> {
    let mut keys = 0;
    let send = |request: oauth_proto::Request| {
        let is_key = request.uri().host() == Some("keys.example.com");
        keys += usize::from(is_key);
        Ok::<_, std::io::Error>(if is_key { key_service(&request) } else { other(&request) })
    };
    let ended = run_with(step, send, moment, |_| {});
    assert_eq!(keys, 1, "the key service is asked once");
    ended.map_err(|error| error.protocol().expect("an error of the protocol").clone())
}

fn no_other(request: &oauth_proto::Request) -> Response {
    panic!("nothing else is asked, but {} was", request.uri())
}

#[test]
fn a_request_that_is_signed_remotely_equals_one_that_is_signed_locally() {
    let photo = || {
        Request::get("https://photos.example.net/photos?size=original&b=%20x")
            .body(Vec::new())
            .unwrap()
    };
    let form = || {
        let body = form::encode([("status", "Hello Ladies + Gentlemen")]).into_bytes();
        Request::post("https://photos.example.net/update")
            .header("content-type", form::MEDIA_TYPE)
            .body(body)
            .unwrap()
    };
    let json = || Request::put("https://photos.example.net/photo").body(b"{}".to_vec()).unwrap();
    let with_realm = || {
        Request::get("https://photos.example.net/")
            .header("authorization", "OAuth realm=\"a\", x=\"y\"")
    };
    for placement in
        [ParameterPlacement::Header, ParameterPlacement::Query, ParameterPlacement::Body]
    {
        for request in [&photo as &dyn Fn() -> Request<Vec<u8>>, &form, &json, &|| {
            with_realm().body(vec![]).unwrap()
        }] {
            let scheme = |method| {
                Scheme::new(method).with(|scheme| {
                    scheme.placement = placement;
                    scheme.body_hash = true;
                    scheme.realm = Some("Photos".into());
                })
            };
            let mut here = request();
            let signed_here =
                signer(&scheme(Method::Custom(Arc::new(Local)))).sign(&mut here, moment());
            let there = signer(&scheme(remote())).sign_remotely(request(), moment());
            match signed_here {
                Err(error) => assert_eq!(there.map(drop).unwrap_err(), error),
                Ok(()) => {
                    let there = driven(there.unwrap(), no_other).unwrap();
                    assert_eq!(format!("{there:?}"), format!("{here:?}"));
                    assert_eq!(
                        there.headers().get("authorization"),
                        here.headers().get("authorization")
                    );
                }
            }
        }
    }
}

#[test]
fn a_local_method_signs_at_once() {
    let mut here = Request::get("https://photos.example.net/").body(Vec::new()).unwrap();
    let there = here.clone();
    let signer = signer(&Scheme::default());
    signer.sign(&mut here, moment()).unwrap();
    let Step::Done(there) = signer.sign_remotely(there, moment()).unwrap() else {
        panic!("nothing has to be asked")
    };
    assert_eq!(there.headers()["authorization"], here.headers()["authorization"]);
}

#[test]
fn every_call_that_cannot_wait_refuses_a_remote_key_and_names_the_call_that_can() {
    let signer = signer(&Scheme::new(remote()));
    let mut request = Request::get("https://photos.example.net/").body(Vec::new()).unwrap();
    let uri = request.uri().clone();
    let session =
        Session::from_credentials(&Scheme::new(remote()), &ClientCredentials::new("key", ""), None);
    for error in [
        signer.sign(&mut request, moment()).unwrap_err(),
        signer.sign_head(&mut request, b"", moment()).unwrap_err(),
        signer.authorization::<&str, &str>(&http::Method::GET, &uri, &[], moment()).unwrap_err(),
        session.sign(&mut request, moment()).unwrap_err(),
    ] {
        let kind = Error::from(RequestError::KeyElsewhere { method: "RSA-SHA256".into() });
        assert_eq!(error, kind);
        assert!(error.to_string().contains("sign_remotely"), "{error}");
    }
    assert!(request.headers().is_empty(), "nothing was added");
}

/// The three legs, an API call and a redirect. Only the key service has the key.
#[test]
fn a_client_with_a_remote_key_completes_all_legs() {
    let endpoint = |path: &str| format!("https://photos.example.net/{path}");
    let server =
        Server::new(&endpoint("initiate"), &endpoint("authorize"), &endpoint("token")).unwrap();
    let server = server.with(|server| server.scheme = Scheme::new(remote()));
    let client = Client::new(server, ClientCredentials::new("dpf43f3p2l4k3l03", ""));
    let authorize = Authorize::callback("https://printer.example.com/ready");
    let answer = |body: &str| Response::new(body.as_bytes().to_vec());
    let signed = |request: &oauth_proto::Request| {
        request.headers()["authorization"]
            .to_str()
            .unwrap()
            .contains("oauth_signature_method=\"RSA-SHA256\"")
    };
    let authorization = driven(client.authorize(authorize, moment()).unwrap(), |request| {
        assert!(request.uri() == "https://photos.example.net/initiate" && signed(request));
        answer(
            "oauth_token=hh5s93j4hdidpola&oauth_token_secret=hdhd0244k9j7ao03\
             &oauth_callback_confirmed=true",
        )
    });
    let callback = "https://printer.example.com/ready?oauth_token=hh5s93j4hdidpola\
        &oauth_verifier=hfdp7dh39dks9884";
    let redeeming = client.redeem(authorization.unwrap().pending, callback, moment()).unwrap();
    let token = driven(redeeming, |request| {
        assert!(request.uri() == "https://photos.example.net/token" && signed(request));
        answer("oauth_token=nnch734d00sl2jdk&oauth_token_secret=pfkkdhi9sl3r4s00")
    });
    let session = Session::new(&client, token.unwrap());
    let call = ApiRequest::new("https://photos.example.net/photos").unwrap();
    let photos = driven(session.call(&call, moment()).unwrap(), |request| {
        assert!(signed(request));
        answer("[\"vacation.jpg\"]")
    });
    assert_eq!(photos.unwrap()[0], "vacation.jpg");

    let request = Request::get(endpoint("a")).body(Vec::new()).unwrap();
    let request = driven(session.sign_remotely(request, moment()).unwrap(), no_other).unwrap();
    let redirect =
        |to: &str| http::Response::builder().status(302).header("location", to).body(()).unwrap();
    let next = session.follow_remotely(&request, &redirect("/b"), moment()).unwrap().unwrap();
    assert!(signed(&driven(next, no_other).unwrap()));
    let next = session
        .follow_remotely(&request, &redirect("https://elsewhere.example/"), moment())
        .unwrap()
        .unwrap();
    let Step::Done(next) = next else {
        panic!("the key service is not asked to sign for another origin")
    };
    assert!(!next.headers().contains_key("authorization"));
}

#[test]
fn an_answer_of_the_key_service_is_not_taken_for_the_servers_answer() {
    let signing = || {
        let request = Request::get("https://photos.example.net/").body(Vec::new()).unwrap();
        signer(&Scheme::new(remote())).sign_remotely(request, moment()).unwrap()
    };
    let answered = |status: u16, body: &[u8]| {
        let Step::Send(_, sent) = signing() else {
            panic!("expected a request to the key service")
        };
        let response = http::Response::builder().status(status).body(body.to_vec()).unwrap();
        sent.receive(response, moment()).map(drop).unwrap_err()
    };
    let down = answered(503, b"");
    assert!(down.is_temporary());
    assert_eq!(
        down.leg().unwrap().to_string(),
        "calling the key service at https://keys.example.com/sign"
    );
    let revoked = answered(400, br#"{"error":"token_expired"}"#);
    assert!(!revoked.needs_sign_in() && revoked.code().is_none(), "{revoked}");
    let Error::Refused(Refused::KeyService(moved)) = answered(302, b"") else {
        panic!("the key service's error")
    };
    assert!(matches!(*moved, Error::Misbehaved(Misbehaved::Redirect { .. })));
    let empty = answered(200, b"");
    assert!(
        matches!(&empty, Error::Unsupported(Unsupported::OAuth1(RequestError::Signing { .. }))),
        "{empty}"
    );
}

/// A method that fails before it sends a request: with a text, or with an error of this crate.
struct Broken(fn() -> BoxError);

impl RemoteSignatureMethod for Broken {
    fn name(&self) -> &str {
        "RSA-SHA256"
    }

    fn sign(&self, _: Vec<u8>, _: Moment) -> Result<Step<Vec<u8>>, BoxError> {
        Err((self.0)())
    }
}

#[test]
fn an_error_in_making_the_step_is_reported() {
    let error = |make: fn() -> BoxError| {
        let request = Request::get("https://photos.example.net/").body(Vec::new()).unwrap();
        let scheme = Scheme::new(Method::Remote(Arc::new(Broken(make))));
        signer(&scheme).sign_remotely(request, moment()).map(drop).unwrap_err()
    };
    assert_eq!(
        error(|| "no key for 2026".into()).to_string(),
        "cannot use RSA-SHA256: no key for 2026"
    );
    for own in [error(|| Error::from(Expired::Token).into()), error(|| Expired::Token.into())] {
        assert_eq!(own, Refused::KeyService(Box::new(Expired::Token.into())).into());
    }
}

#[test]
fn sessions_report_what_the_key_service_answers() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let server = Server::new(
        "https://photos.example.net/i",
        "https://photos.example.net/a",
        "https://photos.example.net/t",
    );
    let server = server.unwrap().with(|server| server.scheme = Scheme::new(remote()));
    let client = Client::new(server, ClientCredentials::new("key", ""));
    let hook = heard.clone();
    let client = client.on_event(move |event| hook.lock().unwrap().push(event.to_string()));
    let session = Session::new(&client, TokenCredentials::new("t", ""));
    assert!(session.is_authorized(), "a remote key does not rest on shared secrets");
    let request = || Request::get("https://photos.example.net/a").body(Vec::new()).unwrap();
    let Step::Send(_, sent) = session.sign_remotely(request(), moment()).unwrap() else {
        panic!("expected a request")
    };
    let down = http::Response::builder().status(503).body(Vec::new()).unwrap();
    sent.receive(down, moment()).map(drop).unwrap_err();
    assert_eq!(heard.lock().unwrap().len(), 1, "{heard:?}");
}

#[test]
fn a_signed_request_is_not_shown_by_its_step() {
    let scheme = Scheme::new(Method::DangerousPlaintext)
        .with(|scheme| scheme.placement = ParameterPlacement::Query);
    let signer = Signer::new(&scheme, &ClientCredentials::new("key", "hunter2"), None);
    let request = Request::get("https://photos.example.net/a").body(Vec::new()).unwrap();
    let step = signer.sign_remotely(request, moment()).unwrap();
    assert!(!format!("{step:?}").contains("hunter2"), "{step:?}");
}

#[test]
fn a_verifier_refuses_remote_methods() {
    let verifier = Verifier::new("https://photos.example.net").unwrap().with(|verifier| {
        verifier.methods.push(remote());
        verifier.keyed_methods.push(remote());
        verifier.allow_two_legged = true;
    });
    let store = MemoryStore::default();
    store.add_client("dpf43f3p2l4k3l03", ClientRecord::with_key(remote()));
    let mut request = Request::get("https://photos.example.net/photos").body(Vec::new()).unwrap();
    signer(&Scheme::new(Method::Custom(Arc::new(Local)))).sign(&mut request, moment()).unwrap();
    let rejected = serve(verifier.verify(&request, moment()), &store).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::MethodUnsupported("RSA-SHA256".into()));
}
