//! Members that the application adds to responses, requirements of a resource for tokens, and
//! responses when storage fails.

use std::cell::RefCell;
use std::convert::Infallible;

use crate::common::oauth2_pair::{ISSUER, NOW, OAuth2Pair, REDIRECT, SECRET, provider, reusing};
use oauth_proto::oauth2::resource::{self, RemoteTokens, ResourceServer};
use oauth_proto::oauth2::server::store::{ClientRecord, NextQuery, Store};
use oauth_proto::oauth2::server::{
    Approval, DecideGrant, Decision, Dispatched, ExtendResponse, GrantCredential, GrantType,
    RegistrationPolicy, Rejected, ResponseKind, Serve, ServerStep, serve,
};
use oauth_proto::oauth2::{Authorize, Client};
use oauth_proto::{Request, Response, Timestamp};
use serde_json::{Value, json};

use crate::common::with::With;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const API: &str = "https://api.example.com";

fn post(path: &str, parameters: &[(&str, &str)]) -> Request {
    let own = [("client_id", "printer"), ("client_secret", SECRET)];
    let form = oauth_proto::wire::form::encode(own.iter().chain(parameters).copied());
    http::Request::post(format!("{ISSUER}{path}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.into_bytes())
        .unwrap()
}

fn read(response: &Response) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}

/// Sends a request to a server whose application adds these members. Returns the response and the
/// queries to the application.
fn extended(
    pair: &OAuth2Pair,
    request: &Request,
    members: &Value,
) -> (Response, Vec<ExtendResponse>) {
    let asked = RefCell::new(Vec::new());
    let decide = |question: DecideGrant| {
        Ok::<_, Infallible>(match question.credential {
            GrantCredential::Password { username, .. } => {
                Decision::Granted(Approval::new(username).data(json!({ "tenant": 7 })))
            }
            _ => Decision::Granted(Approval::new("jane")),
        })
    };
    let extend = |question: ExtendResponse| {
        asked.borrow_mut().push(question);
        members.as_object().cloned().ok_or("the application's database is down")
    };
    let response = match Serve::new(&pair.store)
        .decide_grant(decide)
        .extend_response(extend)
        .run(pair.provider.dispatch(request, pair.moment()))
    {
        Ok(Dispatched::Respond(response)) => response,
        Ok(end) => panic!("{end:?}"),
        Err(rejected) => rejected.response(),
    };
    (response, asked.into_inner())
}

fn extending() -> OAuth2Pair {
    let exchange = GrantType::token_exchange().scopes("read write");
    let pair = OAuth2Pair::new(
        provider()
            .add_grant_type(exchange)
            .with(|options| options.extend_token_responses = true)
            .with(|options| options.extend_introspection = true),
    );
    let client = ClientRecord::confidential("printer", SECRET).unwrap().add_redirect_uri(REDIRECT);
    pair.store.add_client(
        ["client_credentials", "password", EXCHANGE]
            .into_iter()
            .fold(client, ClientRecord::add_grant_type),
    );
    pair
}

#[test]
fn the_application_adds_members_to_every_token_answer() {
    let pair = extending();
    let members = json!({ "user_id": "u-7", "nested": { "a": [1, "\"é\""] } });
    let token = |parameters: &[(&str, &str)]| {
        let (response, asked) = extended(&pair, &post("/token", parameters), &members);
        let answer = read(&response);
        assert_eq!(response.status(), 200, "{answer}");
        assert_eq!(
            (&answer["user_id"], &answer["nested"]),
            (&members["user_id"], &members["nested"]),
            "{answer}"
        );
        let [asked] = <[_; 1]>::try_from(asked).unwrap();
        assert_eq!((asked.kind, asked.client.client_id.as_str()), (ResponseKind::Token, "printer"));
        assert_eq!(
            (asked.confirmation.as_ref(), asked.expires_at),
            (None, Some(Timestamp::from_secs(NOW + 3600)))
        );
        (answer, asked)
    };
    let (_, asked) = token(&[("grant_type", "client_credentials"), ("scope", "stats")]);
    assert_eq!((asked.grant.user.as_deref(), asked.scope.as_str()), (None, "stats"));
    let password = [
        ("grant_type", "password"),
        ("username", "jane"),
        ("password", "x"),
        ("scope", "read write"),
    ];
    let (answer, asked) = token(&password);
    assert_eq!(
        (asked.grant.user.as_deref(), &asked.grant.data["tenant"]),
        (Some("jane"), &json!(7))
    );
    // For a refresh with a narrower scope, the query contains the scope of the token, even if the
    // response was lost and the refresh is repeated.
    let refresh_token = answer["refresh_token"].as_str().unwrap();
    let refresh =
        [("grant_type", "refresh_token"), ("refresh_token", refresh_token), ("scope", "read")];
    for _ in 0..2 {
        let (_, asked) = token(&refresh);
        assert_eq!((asked.scope.as_str(), asked.grant.scope.as_str()), ("read", "read write"));
    }
    let subject = answer["access_token"].as_str().unwrap();
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    let (answer, _) = token(&[
        ("grant_type", EXCHANGE),
        ("subject_token", subject),
        ("subject_token_type", kind),
        ("scope", "read"),
    ]);
    assert_eq!(answer["issued_token_type"], kind);
    let (response, asked) =
        extended(&pair, &post("/device_authorization", &[("scope", "read")]), &members);
    let device = read(&response);
    assert_eq!((asked.len(), device.get("user_id")), (0, None));
    let waiting = pair.provider.find_device(
        device["user_code"].as_str().unwrap(),
        "jane",
        Timestamp::from_secs(NOW),
    );
    let waiting = serve(waiting, &pair.store).unwrap();
    serve(pair.provider.approve_device(waiting, Approval::new("jane"), pair.moment()), &pair.store)
        .unwrap();
    token(&[("grant_type", DEVICE), ("device_code", device["device_code"].as_str().unwrap())]);
}

fn code(pair: &OAuth2Pair) -> String {
    let query = oauth_proto::wire::form::encode([
        ("response_type", "code"),
        ("client_id", "printer"),
        ("redirect_uri", REDIRECT),
        ("scope", "read"),
    ]);
    let consent = pair.consent(&format!("{ISSUER}/authorize?{query}"));
    let response =
        serve(pair.provider.approve(consent, Approval::new("jane"), pair.moment()), &pair.store)
            .unwrap();
    let url = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

/// If the application fails, the code stays valid.
#[test]
fn a_failing_application_spends_nothing() {
    let pair = extending();
    let code = code(&pair);
    let redeem = post(
        "/token",
        &[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)],
    );
    let (response, _) = extended(&pair, &redeem, &Value::Null);
    assert_eq!(
        (response.status().as_u16(), &read(&response)["error"]),
        (503, &json!("temporarily_unavailable"))
    );
    // If the server has no hook for the option, the error says so.
    let rejected =
        serve(pair.provider.dispatch(&redeem, pair.moment()), &pair.store).map(drop).unwrap_err();
    assert!(rejected.to_string().contains("`Serve::extend_response`"), "{rejected}");
    // The application cannot replace the members of the server.
    for member in [
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "scope",
        "issued_token_type",
        "error",
    ] {
        let (response, _) = extended(&pair, &redeem, &json!({ member: "x" }));
        assert_eq!(
            (response.status().as_u16(), &read(&response)["error"]),
            (500, &json!("server_error")),
            "{member}"
        );
    }
    let (response, _) = extended(&pair, &redeem, &json!({ "tenant": 7 }));
    assert_eq!((response.status().as_u16(), &read(&response)["tenant"]), (200, &json!(7)));
}

#[test]
fn a_reused_token_has_the_members_of_its_request() {
    let pair =
        OAuth2Pair::new(reusing(provider()).with(|options| options.extend_token_responses = true));
    let password = post(
        "/token",
        &[("grant_type", "password"), ("username", "jane"), ("password", "x"), ("scope", "read")],
    );
    let (first, asked) = extended(&pair, &password, &json!({ "n": 1 }));
    assert_eq!(asked.len(), 1);
    pair.now.set(NOW + 100);
    let (second, asked) = extended(&pair, &password, &json!({ "n": 2 }));
    // The first of the two queries is about a token that is not issued, because the old one is
    // reused.
    let told = asked.last().unwrap();
    assert_eq!((asked.len(), told.expires_at), (2, Some(Timestamp::from_secs(NOW + 3600))));
    let (first, second) = (read(&first), read(&second));
    assert_eq!(first["access_token"], second["access_token"]);
    assert_eq!((&first["n"], &second["n"]), (&json!(1), &json!(2)));
}

#[test]
fn introspection_has_the_members_that_the_operator_names_and_the_application_adds() {
    let pair = extending();
    let password = post(
        "/token",
        &[("grant_type", "password"), ("username", "jane"), ("password", "x"), ("scope", "read")],
    );
    let token = read(&extended(&pair, &password, &json!({})).0)["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let introspect = post("/introspect", &[("token", &token)]);
    let (response, asked) =
        extended(&pair, &introspect, &json!({ "username": "jane@example.com" }));
    let answer = read(&response);
    assert_eq!(
        (&answer["active"], &answer["username"]),
        (&json!(true), &json!("jane@example.com"))
    );
    assert_eq!((&answer["iat"], &answer["exp"]), (&json!(NOW), &json!(NOW + 3600)));
    assert_eq!(answer["iss"], ISSUER);
    assert_eq!(
        (asked[0].kind, asked[0].grant.user.as_deref()),
        (ResponseKind::Introspection, Some("jane"))
    );
    for member in [
        "active",
        "scope",
        "client_id",
        "token_type",
        "exp",
        "iat",
        "nbf",
        "sub",
        "aud",
        "iss",
        "cnf",
    ] {
        assert_eq!(
            extended(&pair, &introspect, &json!({ member: false })).0.status(),
            500,
            "{member}"
        );
    }
    // The response about an inactive token has no other members, and the application is not asked.
    let (response, asked) =
        extended(&pair, &post("/introspect", &[("token", "unknown")]), &json!({ "username": "x" }));
    assert_eq!((read(&response), asked.len()), (json!({ "active": false }), 0));
}

/// A guard reads the same data from the store and from an introspection response.
#[test]
fn a_guard_reads_the_applications_data_from_every_source() {
    for told in [true, false] {
        let builder = if told {
            provider().with(|options| {
                options.introspect_data = ["tenant", "absent"].map(Into::into).into();
            })
        } else {
            provider()
        };
        let pair = OAuth2Pair::new(builder);
        pair.store
            .add_client(ClientRecord::confidential("api", SECRET).unwrap().may_introspect_all());
        let client = pair.client();
        let authorization =
            pair.run(client.authorize(Authorize::scope("read"), pair.moment())).unwrap();
        let consent = pair.consent(&authorization.url);
        let grant = Approval::new("jane").data(json!({ "tenant": { "id": 7 }, "secret": "x" }));
        let response =
            serve(pair.provider.approve(consent, grant, pair.moment()), &pair.store).unwrap();
        let callback = response.headers()["location"].to_str().unwrap().to_owned();
        let token =
            pair.run(client.redeem(authorization.pending, &callback, pair.moment())).unwrap();
        let api = ResourceServer::builder(API).build().unwrap();
        let request = http::Request::get(format!("{API}/x"))
            .header("authorization", format!("Bearer {}", token.access_token.expose()))
            .body(Vec::new())
            .unwrap();
        let by_store = serve(api.check(&request, "read", Timestamp::from_secs(NOW)), &pair.store)
            .unwrap()
            .into_result()
            .unwrap();
        assert_eq!(by_store.data("tenant"), Some(&json!({ "id": 7 })));
        let remote = RemoteTokens::new(Client::new(pair.server(), "api").secret(SECRET));
        let send = |request: Request| Ok::<_, Infallible>(pair.send(request));
        let by_introspection =
            api.admit_with(&request, "read", &remote, send, || pair.moment()).unwrap();
        let expected = told.then(|| json!({ "id": 7 }));
        assert_eq!(by_introspection.data("tenant"), expected.as_ref());
        assert_eq!(
            (by_introspection.data("secret"), by_introspection.data("absent")),
            (None, None)
        );
    }
}

/// Row `audience-missing`.
#[test]
fn a_token_without_an_audience_is_refused_if_one_is_required() {
    let pair = OAuth2Pair::new(provider().with(|options| options.resources.push(API.into())));
    let api = ResourceServer::builder(API).build().unwrap();
    let strict = ResourceServer::builder(API)
        .with(|options| options.require_audience = true)
        .build()
        .unwrap();
    let token = |resource: &[(&str, &str)]| {
        let parameters =
            [&[("grant_type", "client_credentials"), ("scope", "stats")], resource].concat();
        read(&pair.send(post("/token", &parameters)))["access_token"].as_str().unwrap().to_owned()
    };
    let check = |api: &ResourceServer, token: &str| {
        let request = http::Request::get(format!("{API}/x"))
            .header("authorization", format!("Bearer {token}"));
        let request = request.body(Vec::new()).unwrap();
        serve(api.check(&request, "stats", Timestamp::from_secs(NOW)), &pair.store)
            .unwrap()
            .into_result()
    };
    let (bare, named) = (token(&[]), token(&[("resource", API)]));
    check(&api, &bare).unwrap();
    check(&api, &named).unwrap();
    check(&strict, &named).unwrap();
    let rejected = check(&strict, &bare).unwrap_err();
    assert_eq!(
        rejected.reason,
        resource::RejectReason::TokenAudience {
            received: Vec::new(),
            expected: vec![API.to_owned()]
        }
    );
    assert_eq!(rejected.response().status(), 401);
    // The same applies to introspected tokens.
    pair.store.add_client(ClientRecord::confidential("api", SECRET).unwrap().may_introspect_all());
    let remote = RemoteTokens::new(Client::new(pair.server(), "api").secret(SECRET));
    for (token, is_in) in [(&bare, false), (&named, true)] {
        let request = http::Request::get(format!("{API}/x"))
            .header("authorization", format!("Bearer {token}"));
        let send = |request: Request| Ok::<_, Infallible>(pair.send(request));
        let request = request.body(Vec::new()).unwrap();
        let admitted = strict.admit_with(&request, "stats", &remote, send, || pair.moment());
        assert_eq!(admitted.is_ok(), is_in);
    }
}

#[test]
fn a_server_that_requires_resources_issues_no_token_without_one() {
    let pair = OAuth2Pair::new(
        provider()
            .with(|options| options.resources.push(API.into()))
            .with(|options| options.require_resource = true),
    );
    let refused = |path: &str, parameters: &[(&str, &str)]| {
        let response = pair.send(post(path, parameters));
        assert_eq!(
            (response.status().as_u16(), &read(&response)["error"]),
            (400, &json!("invalid_target")),
            "{path}"
        );
    };
    let credentials = [("grant_type", "client_credentials"), ("scope", "stats")];
    refused("/token", &credentials);
    refused(
        "/token",
        &[
            ("grant_type", "password"),
            ("username", "jane"),
            ("password", "A3ddj3w"),
            ("scope", "read"),
        ],
    );
    refused("/device_authorization", &[("scope", "read")]);
    let asking = [("response_type", "code"), ("redirect_uri", REDIRECT), ("scope", "read")];
    refused("/par", &asking);
    let named = [&credentials[..], &[("resource", API)]].concat();
    assert_eq!(pair.send(post("/token", &named)).status(), 200);
    assert_eq!(
        pair.send(post("/par", &[&asking[..], &[("resource", API)]].concat())).status(),
        201
    );
    // A code and a refresh token for a resource are redeemed without repeating the resource.
    let client = pair.client();
    let token = pair.sign_in(&client, Authorize::scope("read").resource(API)).unwrap();
    let grant = oauth_proto::oauth2::Grant::refresh_token(token.refresh_token.unwrap());
    let token = pair.run(client.request_token(grant, pair.moment())).unwrap();
    let introspection =
        pair.run(client.introspect(token.access_token.expose(), pair.moment())).unwrap();
    assert_eq!(introspection.aud, [API]);
}

/// Row `resource-withdrawn`: a resource that the server has lost is in no new token. If no resource
/// is left, the refresh is refused, because a token without resources would be valid for all.
#[test]
fn a_withdrawn_resource_is_not_in_new_tokens() {
    let mail = "https://mail.example.com";
    let mut pair = OAuth2Pair::new(
        provider()
            .with(|options| options.resources.push(API.into()))
            .with(|options| options.resources.push(mail.into())),
    );
    let client = pair.client();
    let both =
        pair.sign_in(&client, Authorize::scope("read").resource(API).resource(mail)).unwrap();
    let one = pair.sign_in(&client, Authorize::scope("read").resource(mail)).unwrap();
    pair.provider = provider().with(|options| options.resources.push(API.into())).build().unwrap();
    let refresh = |token: &oauth_proto::oauth2::Token| {
        let grant = oauth_proto::oauth2::Grant::refresh_token(token.refresh_token.clone().unwrap());
        pair.run(client.request_token(grant, pair.moment()))
    };
    let token = refresh(&both).unwrap();
    let introspection =
        pair.run(client.introspect(token.access_token.expose(), pair.moment())).unwrap();
    assert_eq!(introspection.aud, [API]);
    assert_eq!(refresh(&one).unwrap_err().code(), Some("invalid_target"));
}

/// Answers the first queries from the store, and lets the next query fail.
fn failing(pair: &OAuth2Pair, request: &Request, answered: u32) -> Option<Rejected> {
    let mut step = pair.provider.dispatch(request, pair.moment());
    for _ in 0..answered {
        step = match step {
            ServerStep::Query(NextQuery::Find(pending)) => {
                let found = pair.store.find(pending.query()).unwrap();
                pending.answer(found)
            }
            ServerStep::Query(NextQuery::FindClient(pending)) => {
                let found = pair.store.find_client(pending.query()).unwrap();
                pending.answer(found)
            }
            ServerStep::Query(NextQuery::FindOneTimeRecord(pending)) => {
                let found = pair.store.find_one_time_record(pending.query()).unwrap();
                pending.answer(found)
            }
            ServerStep::Query(NextQuery::FindToken(pending)) => {
                let found = pair.store.find_token(pending.query()).unwrap();
                pending.answer(found)
            }
            _ => return None,
        };
    }
    let down = "the database is down";
    match step {
        ServerStep::Query(NextQuery::Find(pending)) => step = pending.unavailable(down),
        ServerStep::Query(NextQuery::FindClient(pending)) => step = pending.unavailable(down),
        ServerStep::Query(NextQuery::FindOneTimeRecord(pending)) => {
            step = pending.unavailable(down);
        }
        ServerStep::Query(NextQuery::FindToken(pending)) => step = pending.unavailable(down),
        ServerStep::Query(NextQuery::SaveOneTimeRecord(pending)) => {
            step = pending.unavailable(down);
        }
        ServerStep::Query(NextQuery::SaveTokens(pending)) => step = pending.unavailable(down),
        ServerStep::Query(NextQuery::SaveClient(pending)) => step = pending.unavailable(down),
        ServerStep::Query(NextQuery::Redeem(pending)) => step = pending.unavailable(down),
        ServerStep::Query(NextQuery::Rotate(pending)) => step = pending.unavailable(down),
        ServerStep::Query(NextQuery::Revoke(pending)) => step = pending.unavailable(down),
        _ => return None,
    }
    match step {
        ServerStep::Reject(rejected) => Some(rejected),
        _ => panic!("a question that storage did not answer has to end the request"),
    }
}

/// Every endpoint sends the status of RFC 9110 §15.6.4. If the redirect_uri was already checked,
/// the error is sent by a redirect (RFC 6749 §4.1.2.1).
#[test]
fn an_answer_has_retry_after_if_storage_fails() {
    let pair = OAuth2Pair::new(
        provider().with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    );
    let tokens = pair.sign_in(&pair.client(), Authorize::scope("read")).unwrap();
    let refresh_token = tokens.refresh_token.unwrap();
    let code = code(&pair);
    let asking = [("response_type", "code"), ("redirect_uri", REDIRECT), ("scope", "read")];
    let query =
        oauth_proto::wire::form::encode([&asking[..], &[("client_id", "printer")]].concat());
    let register = http::Request::post(format!("{ISSUER}/register"))
        .header("content-type", "application/json")
        .body(br#"{"redirect_uris":["https://new.example.com/cb"]}"#.to_vec())
        .unwrap();
    let requests = [
        post(
            "/token",
            &[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)],
        ),
        post(
            "/token",
            &[("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())],
        ),
        post("/token", &[("grant_type", "client_credentials"), ("scope", "stats")]),
        post("/introspect", &[("token", tokens.access_token.expose())]),
        post("/revoke", &[("token", tokens.access_token.expose())]),
        post("/par", &asking),
        post("/device_authorization", &[("scope", "read")]),
        http::Request::get(format!("{ISSUER}/authorize?{query}")).body(Vec::new()).unwrap(),
        register,
    ];
    for request in requests {
        let mut failed = 0;
        for answered in 0..4 {
            let Some(rejected) = failing(&pair, &request, answered) else { break };
            failed += 1;
            let response = rejected.response();
            assert_eq!(response.status(), 503, "{}", request.uri());
            assert_eq!(response.headers()["retry-after"], "5", "{}", request.uri());
            assert!(
                !String::from_utf8_lossy(response.body()).contains("database"),
                "{}",
                request.uri()
            );
            assert!(rejected.endpoint().is_some(), "{}", request.uri());
        }
        assert!(failed > 0, "{}", request.uri());
    }
    let consent = pair.consent(&format!("{ISSUER}/authorize?{query}"));
    let step = pair.provider.approve(consent, Approval::new("jane"), pair.moment());
    let ServerStep::Query(NextQuery::FindClient(pending)) = step else { panic!() };
    let found = pair.store.find_client(pending.query()).unwrap();
    let ServerStep::Query(NextQuery::SaveOneTimeRecord(pending)) = pending.answer(found) else {
        panic!()
    };
    let ServerStep::Reject(rejected) = pending.unavailable("down") else { panic!() };
    let response = rejected.response();
    assert_eq!(response.status(), 303);
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.contains("error=temporarily_unavailable"), "{location}");
    assert_eq!(rejected.client_id(), Some("printer"));
}

/// The description helps the client's developer if it discloses no secret.
#[test]
fn refusals_say_what_was_received() {
    let pair = OAuth2Pair::new(provider());
    let said = |path: &str, parameters: &[(&str, &str)]| {
        let answer = read(&pair.send(post(path, parameters)));
        answer["error_description"].as_str().unwrap_or_default().to_owned()
    };
    let token = |parameters: &[(&str, &str)]| said("/token", parameters);
    let scope = token(&[("grant_type", "client_credentials"), ("scope", "stats admin root")]);
    assert!(scope.contains("admin root") && !scope.contains("stats"), "{scope}");
    assert!(
        token(&[("grant_type", DEVICE), ("device_code", "x")]).contains("device code is unknown")
    );
    assert!(token(&[("grant_type", "magic")]).contains("'magic'"));
    pair.store.add_client(
        ClientRecord::confidential("printer", SECRET).unwrap().grant_types(["password"]),
    );
    assert!(token(&[("grant_type", "client_credentials")]).contains("'client_credentials'"));
    assert!(said("/tokens", &[]).contains("'/tokens'"));
    let json =
        http::Request::post(format!("{ISSUER}/token")).header("content-type", "application/json");
    let answer = read(&pair.send(json.body(b"{}".to_vec()).unwrap()));
    assert!(
        answer["error_description"].as_str().unwrap().contains("application/x-www-form-urlencoded"),
        "{answer}"
    );
    // A description that would help an attacker guess credentials is omitted.
    for wrong in [("client_id", "nobody"), ("client_secret", "wrong")] {
        let mut parameters = vec![
            ("client_id", "printer"),
            ("client_secret", SECRET),
            ("grant_type", "client_credentials"),
        ];
        parameters.iter_mut().filter(|(name, _)| *name == wrong.0).for_each(|pair| *pair = wrong);
        let form = oauth_proto::wire::form::encode(parameters);
        let request = http::Request::post(format!("{ISSUER}/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.into_bytes())
            .unwrap();
        assert_eq!(read(&pair.send(request)), json!({ "error": "invalid_client" }));
    }
}

#[test]
fn a_link_with_the_user_code_is_sent_only_with_the_option() {
    for (builder, has) in [
        (provider(), false),
        (provider().with(|options| options.allow_verification_uri_complete = true), true),
    ] {
        let answer = read(
            &OAuth2Pair::new(builder).send(post("/device_authorization", &[("scope", "read")])),
        );
        let link = answer.get("verification_uri_complete").and_then(Value::as_str);
        let expected =
            format!("{ISSUER}/device?user_code={}", answer["user_code"].as_str().unwrap());
        assert_eq!(link, has.then_some(expected.as_str()));
    }
}
