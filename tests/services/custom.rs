//! Signing in with a client that the caller has configured, for OAuth 1.0a or 2.0, and with two
//! functions of the caller.

use crate::common::oauth2::{bearer, get, json, moment, pairs, query, response};
use crate::common::services::*;
use crate::common::with::With;
use oauth_proto::oauth1::{
    Callbacks, ClientCredentials, Method, ParameterPlacement, RemoteSignatureMethod, Scheme, Server,
};
use oauth_proto::oauth2::{AuthorizationServer, TokenPlacement, Transmission};
use oauth_proto::services::{self, Client, LINEAR, SignIn, Tokens, User};
use oauth_proto::{
    ApiRequest, BoxError, Error, Forged, Misbehaved, Moment, Purpose, Request, Step, Unsupported,
    oauth1, oauth2,
};
use serde_json::Value;

fn viewer(answer: &Value, tokens: Tokens) -> Option<User> {
    let viewer = answer.pointer("/data/viewer")?;
    let mut user = User::new(viewer["id"].as_str()?, tokens);
    user.name = viewer["name"].as_str().map(str::to_owned);
    Some(user)
}

fn linear_client() -> oauth2::Client {
    oauth2::Client::new(LINEAR.authorization_server(None).unwrap(), "id").secret("secret")
}

fn linear() -> SignIn {
    let request = |_: &Tokens| {
        let query = serde_json::json!({ "query": "{ viewer { id name } }" });
        ApiRequest::new("https://api.linear.app/graphql")?
            .post([("form", "")])
            .json(&query)
            .request()
    };
    SignIn::custom(linear_client(), CALLBACK, request, viewer).unwrap().scope("read")
}

#[test]
fn two_functions_may_do_what_a_table_cannot() {
    let (user, sent) =
        finish(&linear(), vec![json(r#"{"data":{"viewer":{"id":"l1","name":"Jane"}}}"#)]);
    assert_eq!(place(&sent[1]), "POST https://api.linear.app/graphql");
    assert_eq!(bearer(&sent[1]), Some("at-5f3a"));
    assert_eq!(sent[1].headers()["content-type"], "application/json");
    assert_eq!(sent[1].body(), br#"{"query":"{ viewer { id name } }"}"#);
    let user = user.unwrap();
    assert_eq!(
        (user.id.as_str(), user.name.as_deref(), user.session_expires),
        ("l1", Some("Jane"), Some(3600))
    );
    assert_eq!(user.raw["data"]["viewer"]["id"], "l1");
    assert_eq!(argument(&begin(&linear()).0.url, "scope"), "read");
    assert!(linear().client().is_ok() && linear().request("/x").is_err());
    assert!(!format!("{:?} {:?}", linear(), Client::from(linear_client())).contains("secret\""));
}

#[test]
fn a_profile_that_the_function_cannot_map_is_an_error() {
    for profile in [r#"{"data":null}"#, r#"{"data":{"viewer":{"id":""}}}"#, "[]"] {
        let error = error(&linear(), json(profile));
        assert!(
            matches!(error, Error::Misbehaved(Misbehaved::WrongFormat { .. })),
            "{profile}: {error}"
        );
    }
    let said = error(&linear(), json(r#"{"error":"forbidden"}"#));
    assert_eq!(said.code(), Some("forbidden"));
    let said =
        error(&linear(), json(r#"{"errors":[{"message":"not authenticated"}],"data":null}"#));
    assert!(matches!(said, Error::Refused(_)), "{said}");
}

#[test]
fn an_oauth_2_client_keeps_the_options_that_it_was_given() {
    let mut server = AuthorizationServer::new("https://id.example/token").unwrap();
    server.authorization_endpoint = Some("https://id.example/authorize".into());
    let server = server
        .with(|server| {
            server.transmission = Transmission::AllowPostQuery;
            server.token_placement = TokenPlacement::AllowQuery("auth");
        })
        .authorization_parameter("audience", "api");
    let client =
        oauth2::Client::new(server, "id").redirect_uri("https://elsewhere.example/").unwrap();
    let request = |tokens: &Tokens| {
        let token = tokens.oauth2().unwrap();
        assert_eq!(token.access_token.expose(), "at-5f3a");
        Ok(get("https://api.example/me?v=2"))
    };
    let map = |answer: &Value, tokens| Some(User::new(answer["me"].as_str()?, tokens));
    let sign_in = SignIn::custom(client, CALLBACK, request, map).unwrap();
    let url = begin(&sign_in).0.url;
    assert_eq!(["redirect_uri", "audience"].map(|name| argument(&url, name)), [CALLBACK, "api"]);
    let (user, sent) = finish(&sign_in, vec![json(r#"{"me":"u1"}"#)]);
    assert_eq!(user.unwrap().id, "u1");
    assert_eq!(argument(&sent[0].uri().to_string(), "redirect_uri"), CALLBACK);
    assert!(sent[0].body().is_empty());
    assert_eq!(sent[1].uri(), "https://api.example/me?v=2&auth=at-5f3a");
}

/// Returns the endpoints of a wiki whose URL is known only at run time.
fn service(base: &str) -> Server {
    let [request, authorize, token] =
        ["initiate?title=x", "authorize", "token"].map(|path| format!("{base}/oauth/{path}"));
    Server::new(&request, &authorize, &token).unwrap()
}

fn wiki_at(service: Server, profile: &'static str) -> SignIn {
    let client = oauth1::Client::new(service, ClientCredentials::new("key", "secret"));
    let map = |answer: &Value, tokens: Tokens| {
        assert!(tokens.oauth1().is_some());
        let mut user = User::new(answer["sub"].as_u64()?.to_string(), tokens);
        user.username =
            answer["username"].as_str().filter(|name| *name != "blocked").map(str::to_owned);
        user.username.is_some().then_some(user)
    };
    SignIn::custom(client, CALLBACK, move |_: &Tokens| Ok(get(profile)), map).unwrap()
}

fn wiki(options: impl FnOnce(Server) -> Server) -> SignIn {
    wiki_at(options(service("https://wiki.example")), "https://wiki.example/whoami?v=1")
}

const WHOAMI: &str = r#"{"sub":4711,"username":"Jane"}"#;

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    let header = request.headers()["authorization"].to_str().unwrap();
    let value =
        header.split(&format!("{name}=\"")).nth(1).unwrap_or_else(|| panic!("{name} in {header}"));
    value.split('"').next().unwrap()
}

#[test]
fn three_legs_at_a_service_that_is_known_at_run_time() {
    let sign_in = wiki(|service| service).parameter("lang", "de");
    let (authorization, sent) = begin(&sign_in);
    // The query of the endpoint is kept and signed.
    assert_eq!(sent[0].uri(), "https://wiki.example/oauth/initiate?title=x");
    assert_eq!(header(&sent[0], "oauth_callback"), "https%3A%2F%2Fapp.example%2Fcallback");
    assert_eq!(authorization.url, "https://wiki.example/oauth/authorize?lang=de&oauth_token=rqt");

    let (user, sent) = finish(&sign_in, vec![json(WHOAMI)]);
    assert_eq!(
        sent.iter().map(place).collect::<Vec<_>>(),
        ["POST https://wiki.example/oauth/token", "GET https://wiki.example/whoami"]
    );
    assert_eq!(
        (header(&sent[0], "oauth_token"), header(&sent[0], "oauth_verifier")),
        ("rqt", "v1")
    );
    assert_eq!(header(&sent[1], "oauth_token"), "at-5f3a");
    let user = user.unwrap();
    assert_eq!(
        (user.id.as_str(), user.username.as_deref(), user.session_expires),
        ("4711", Some("Jane"), None)
    );
    assert_eq!(user.tokens.oauth1().unwrap().extra["user_id"], "38895958");
    assert_eq!(user.raw["sub"], 4711);
    assert!(sign_in.oauth1().is_some() && sign_in.oauth2().is_none());
}

/// A signature method whose key is in a key service.
struct KeyService;

impl RemoteSignatureMethod for KeyService {
    fn name(&self) -> &str {
        "RSA-SHA256"
    }

    fn sign(&self, base_string: Vec<u8>, _: Moment) -> Result<Step<Vec<u8>>, BoxError> {
        let request = http::Request::post("https://keys.example/sign").body(base_string)?;
        Ok(Step::exchange(request, Purpose::CallingKeyService, |response| {
            Ok(response.body().clone())
        }))
    }
}

#[test]
fn a_user_signs_in_although_a_key_service_signs_each_request() {
    let sign_in = wiki(|service| {
        service.with(|service| {
            service.scheme = Scheme::new(Method::Remote(std::sync::Arc::new(KeyService)));
        })
    });
    let signature = || response(200, &[], "signature");
    let (authorization, _) =
        drive(sign_in.authorize(moment()), vec![signature(), form(REQUEST_TOKEN)]);
    let pending = authorization.unwrap().pending;
    let uri = callback(&pending, true);
    let answers = vec![signature(), form(ACCESS_TOKEN), signature(), json(WHOAMI)];
    let (user, sent) = drive(sign_in.redeem(pending, &uri, moment()), answers);
    assert_eq!(user.unwrap().id, "4711");
    let places: Vec<_> = sent.iter().map(place).collect();
    let [key, token, whoami] = [
        "POST https://keys.example/sign",
        "POST https://wiki.example/oauth/token",
        "GET https://wiki.example/whoami",
    ];
    assert_eq!(places, [key, token, key, whoami]);
    assert_eq!(header(&sent[3], "oauth_signature"), "c2lnbmF0dXJl");
}

#[test]
fn a_profile_that_the_function_refuses_is_an_error_of_oauth_1_too() {
    for profile in [r#"{"sub":4711,"username":"blocked"}"#, r#"{"username":"Jane"}"#, "[]"] {
        let error = error(&wiki(|service| service), json(profile));
        assert!(
            matches!(error, Error::Misbehaved(Misbehaved::WrongFormat { .. })),
            "{profile}: {error}"
        );
    }
    let said = error(&wiki(|service| service), response(401, &[], "oauth_problem=token_revoked"));
    assert_eq!(said.code(), Some("token_revoked"));
}

#[test]
fn a_registered_callback_is_not_sent() {
    let sign_in = wiki(|service| service.with(|it| it.callbacks = Some(Callbacks::Registered)));
    // The server does not confirm a callback that it has not received.
    let (authorization, sent) =
        drive(sign_in.authorize(moment()), vec![form("oauth_token=rqt&oauth_token_secret=rqs")]);
    let authorization = authorization.unwrap();
    assert!(!sent[0].headers()["authorization"].to_str().unwrap().contains("oauth_callback"));
    assert_eq!(authorization.url, "https://wiki.example/oauth/authorize?oauth_token=rqt");
    let uri = callback(&authorization.pending, true);
    let (user, _) = drive(
        sign_in.redeem(authorization.pending, &uri, moment()),
        vec![form(ACCESS_TOKEN), json(WHOAMI)],
    );
    assert_eq!(user.unwrap().id, "4711");
}

#[test]
fn signatures_are_placed_by_the_clients_scheme() {
    let scheme =
        Scheme::new(Method::HmacSha256).with(|it| it.placement = ParameterPlacement::Query);
    let sign_in = wiki(|service| {
        service.with(|it| {
            it.scheme = scheme;
            it.by_get = true;
        })
    });
    let (_, first) = begin(&sign_in);
    let (user, sent) = finish(&sign_in, vec![json(WHOAMI)]);
    user.unwrap();
    for (request, path) in
        first.iter().chain(&sent).zip(["/oauth/initiate", "/oauth/token", "/whoami"])
    {
        assert_eq!(place(request), format!("GET https://wiki.example{path}"));
        let url = request.uri().to_string();
        assert_eq!(argument(&url, "oauth_signature_method"), "HMAC-SHA256");
        assert!(
            !argument(&url, "oauth_signature").is_empty()
                && !request.headers().contains_key("authorization")
        );
    }
    let url = sent[1].uri().to_string();
    assert_eq!(
        (argument(&url, "v"), argument(&url, "oauth_token")),
        ("1".into(), "at-5f3a".into())
    );
    assert_eq!(pairs(query(&url)).len(), 8);
}

#[test]
fn the_options_of_the_client_decide_about_json_and_a_missing_verifier() {
    let sign_in = wiki(|service| {
        service.with(|it| {
            it.allow_json_answers = true;
            it.allow_missing_verifier = true;
        })
    });
    let token =
        |more: &str| json(&format!(r#"{{"oauth_token":"rqt","oauth_token_secret":"rqs"{more}}}"#));
    let (authorization, _) =
        drive(sign_in.authorize(moment()), vec![token(r#","oauth_callback_confirmed":true"#)]);
    let uri = format!("{CALLBACK}?oauth_token=rqt");
    let (user, _) = drive(
        sign_in.redeem(authorization.unwrap().pending, &uri, moment()),
        vec![token(""), json(WHOAMI)],
    );
    assert_eq!(user.unwrap().id, "4711");

    let (authorization, _) = begin(&wiki(|service| service));
    let error = wiki(|service| service).redeem(authorization.pending, &uri, moment()).unwrap_err();
    assert_eq!(error, Forged::ParameterMissing { name: "oauth_verifier" }.into());
}

#[test]
fn the_version_of_2007_gets_the_callback_with_the_user() {
    let version_2007 = |service: Server| service.with(|it| it.dangerous_version_1_0 = true);
    let own_page = |service: Server| {
        service.authentication("https://wiki.example/oauth/authenticate").unwrap()
    };
    let unconfirmed = || vec![form("oauth_token=rqt&oauth_token_secret=rqs")];
    // Also with an authentication endpoint, which does not accept a callback.
    for sign_in in [wiki(version_2007), wiki(|service| own_page(version_2007(service)))] {
        let (authorization, sent) = drive(sign_in.authorize(moment()), unconfirmed());
        let authorization = authorization.unwrap();
        assert!(!sent[0].headers()["authorization"].to_str().unwrap().contains("oauth_callback"));
        assert_eq!(
            authorization.url.split('?').next().unwrap(),
            "https://wiki.example/oauth/authorize"
        );
        assert_eq!(argument(&authorization.url, "oauth_callback"), CALLBACK);
        let step = sign_in.redeem(authorization.pending, "/callback?oauth_token=rqt", moment());
        assert_eq!(drive(step, vec![form(ACCESS_TOKEN), json(WHOAMI)]).0.unwrap().id, "4711");
    }
    let page = |sign_in: SignIn| begin(&sign_in).0.url;
    assert_eq!(page(wiki(own_page)), "https://wiki.example/oauth/authenticate?oauth_token=rqt");
    assert_eq!(
        page(wiki(own_page).with(|it| it.always_authorize = true)),
        "https://wiki.example/oauth/authorize?oauth_token=rqt"
    );
}

#[test]
fn the_urls_of_a_client_cannot_be_replaced() {
    for sign_in in [linear(), wiki(|service| service)] {
        for moved in [
            sign_in.clone().instance("https://x.example"),
            sign_in.base_url("http://127.0.0.1:8080"),
        ] {
            let error = moved.unwrap_err();
            let Error::Unsupported(Unsupported::Url { reason, .. }) = error else {
                panic!("{error}")
            };
            assert!(reason.contains("client"), "{reason}");
        }
    }
}

#[test]
fn a_callback_that_is_not_a_url_is_refused_at_construction() {
    let client = || {
        oauth1::Client::new(
            service("https://wiki.example"),
            ClientCredentials::new("key", "secret"),
        )
    };
    for callback in ["callback", "", "/callback"] {
        let request = |_: &Tokens| Ok(get("https://wiki.example/whoami"));
        for client in [Client::from(client()), linear_client().into()] {
            let error = SignIn::custom(client, callback, request, viewer).unwrap_err();
            assert!(
                matches!(error, Error::Unsupported(Unsupported::Url { .. })),
                "{callback}: {error}"
            );
        }
    }
}

#[test]
fn a_custom_request_that_cannot_have_the_token_is_refused() {
    let at = |url: &'static str| {
        SignIn::custom(linear_client(), CALLBACK, move |_: &Tokens| Ok(get(url)), viewer)
    };
    let wiki_at = |url| wiki_at(service("https://wiki.example"), url);
    let sign_ins = |url| [at(url).unwrap(), wiki_at(url)];
    for sign_in in sign_ins("http://api.linear.app/graphql") {
        let (user, sent) = finish(&sign_in, vec![]);
        assert!(matches!(user, Err(Error::Unsupported(Unsupported::PlainHttp { .. }))), "{user:?}");
        assert_eq!(sent.len(), 1);
    }
    for url in ["https://me@wiki.example/whoami", "/whoami"] {
        for sign_in in sign_ins(url) {
            let (user, sent) = finish(&sign_in, vec![]);
            assert!(matches!(user, Err(Error::Unsupported(_))), "{url}: {user:?}");
            assert_eq!(sent.len(), 1);
        }
    }
    // With another `Host` header, the signature would be for that host.
    for sign_in in sign_ins("https://wiki.example/whoami") {
        let elsewhere = sign_in.clone().with(|it| {
            drop(it.profile_headers.insert("host", http::HeaderValue::from_static("evil.example")));
        });
        let (user, _) = finish(&elsewhere, vec![]);
        assert!(matches!(user, Err(Error::Unsupported(Unsupported::Url { .. }))), "{user:?}");
        let named = sign_in.with(|it| {
            drop(it.profile_headers.insert("host", http::HeaderValue::from_static("wiki.example")));
        });
        let (_, sent) = finish(&named, vec![json("{}")]);
        assert_eq!(sent.len(), 2);
    }
    // The error of the caller's function is returned.
    let refused = |_: &Tokens| Err(Unsupported::NoToken.into());
    let sign_in = SignIn::custom(linear_client(), CALLBACK, refused, viewer).unwrap();
    assert_eq!(finish(&sign_in, vec![]).0.unwrap_err(), Unsupported::NoToken.into());
}

#[test]
fn a_client_with_the_option_works_without_tls() {
    let plain = service("http://wiki.example").with(|it| it.dangerous_allow_http = true);
    let (user, sent) = finish(&wiki_at(plain, "http://wiki.example/whoami"), vec![json(WHOAMI)]);
    assert_eq!((user.unwrap().id.as_str(), sent[1].uri().scheme_str()), ("4711", Some("http")));
    let error = wiki_at(service("http://wiki.example"), "http://wiki.example/whoami")
        .authorize(moment())
        .unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::PlainHttp { .. })), "{error}");
}

#[test]
fn an_error_about_a_callback_without_tls_names_the_option_of_the_callers_client() {
    let callback = "http://app.example/callback";
    let custom = SignIn::custom(
        linear_client(),
        callback,
        |_: &Tokens| Ok(get("https://a.example/")),
        viewer,
    );
    for (error, promises) in [
        (custom.unwrap_err(), true),
        (SignIn::new(&services::GOOGLE, "id", "s", callback).unwrap_err(), false),
    ] {
        let said = error.to_string();
        assert!(said.contains("http://app.example/callback") && said.contains("https"), "{said}");
        assert_eq!(
            said.contains("`AuthorizationServer::dangerous_allow_http` allows this"),
            promises,
            "{said}"
        );
    }
}
