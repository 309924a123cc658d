//! Requests of a client other than for tokens: introspection, revocation, discovery and
//! registration. Also challenges.

use crate::common::oauth2::*;
use oauth_proto::oauth2::CallbackError;
use oauth_proto::oauth2::RequestError;
use oauth_proto::oauth2::{
    AuthorizationServer, BearerChallenge, BearerError, ClientMetadata, ClientRegistration,
    Discovery, HintedToken, Metadata, ResourceDiscovery, ResourceMetadata,
};
use oauth_proto::{
    Error, Expired, Forged, Misbehaved, Refused, Response, Step, Timestamp, Unsupported,
};

/// RFC 7662 §2.1 and §2.2.
#[test]
fn a_token_is_introspected() {
    let ask = || {
        sent(
            client()
                .introspect(HintedToken::AccessToken("mF_9.B5f-4.1JqM".into()), moment())
                .unwrap(),
        )
    };
    let (request, sent_on) = ask();
    assert_eq!(request.uri().path(), "/introspect");
    assert_eq!(parameter(request.body(), "token"), "mF_9.B5f-4.1JqM");
    assert_eq!(parameter(request.body(), "token_type_hint"), "access_token");
    assert!(request.headers().contains_key("authorization"));
    let body = r#"{"active":true,"client_id":"l238j323ds-23ij4","username":"jdoe",
        "scope":"read write dolphin","sub":"Z5O3upPC88QrAjx00dis",
        "aud":["https://protected.example.net/resource"],"iss":"https://server.example.com/",
        "exp":1419356238,"iat":1419350238,"extension_field":"twenty-seven"}"#;
    let token = done(sent_on.receive(json(body), moment()).unwrap());
    assert!(token.active && token.scope.as_ref().is_some_and(|scope| scope.contains("dolphin")));
    assert_eq!(token.exp, Some(Timestamp::from_secs(1_419_356_238)));
    assert_eq!(token.extra["extension_field"], "twenty-seven");
    assert!(!format!("{token:?}").contains("twenty-seven"));
    let inactive = done(ask().1.receive(json(r#"{"active":false}"#), moment()).unwrap());
    assert!(!inactive.active);
    for body in ["{}", "[]", r#"{"active":"yes"}"#, r#"{"active":true,"active":false}"#] {
        assert!(
            matches!(ask().1.receive(json(body), moment()), Err(Error::Misbehaved(_))),
            "{body}"
        );
    }
}

/// RFC 7009 §2.1 and §2.2.
#[test]
fn a_token_is_revoked() {
    let (request, sent_on) = sent(client().revoke_grant(&token(), moment()).unwrap());
    assert_eq!(parameter(request.body(), "token"), "tGzv3JOkF0XG5Qx2TlKWIA");
    assert_eq!(parameter(request.body(), "token_type_hint"), "refresh_token");
    done(sent_on.receive(response(200, &[], ""), moment()).unwrap());
    let (_, sent_on) = sent(client().revoke("x", moment()).unwrap());
    let error = sent_on.receive(response(503, &[("retry-after", "5")], ""), moment()).unwrap_err();
    assert!(matches!(error, Error::Refused(Refused::Status(_))), "{error}");
    let bare = client_of(AuthorizationServer::new("https://auth.example.com/token").unwrap());
    let error = bare.revoke("x", moment()).unwrap_err();
    assert_eq!(error, Unsupported::NoEndpoint { endpoint: "revocation" }.into());
}

#[test]
fn metadata_are_searched_at_every_well_known_place() {
    let metadata =
        format!(r#"{{"issuer":"{ISSUER}/t","token_endpoint":"{ISSUER}/token","extra":1}}"#);
    let html = || response(200, &[("content-type", "text/html")], "<html>");
    let (request, sent_on) =
        sent(Discovery::new("https://auth.example.com/t").unwrap().start().unwrap());
    assert_eq!(request.uri(), "https://auth.example.com/.well-known/oauth-authorization-server/t");
    let (request, sent_on) = sent(sent_on.receive(refusal("Unable to find"), moment()).unwrap());
    assert_eq!(request.uri(), "https://auth.example.com/t/.well-known/openid-configuration");
    let (request, sent_on) = sent(sent_on.receive(html(), moment()).unwrap());
    assert_eq!(request.uri(), "https://auth.example.com/.well-known/openid-configuration/t");
    let found = done(sent_on.receive(json(&metadata), moment()).unwrap());
    assert_eq!(found.extra["extra"], 1);

    let nowhere = Discovery::new(ISSUER).unwrap().with(|discovery| {
        discovery.metadata_url = Some("https://elsewhere.example/m".into());
    });
    let (request, sent_on) = sent(nowhere.start().unwrap());
    assert_eq!(request.uri(), "https://elsewhere.example/m");
    assert!(matches!(
        sent_on.receive(html(), moment()),
        Err(Error::Misbehaved(Misbehaved::WrongFormat { .. }))
    ));
}

#[test]
fn a_server_is_made_of_its_metadata() {
    let mut metadata: Metadata = serde_json::from_str(&format!(
        r#"{{"issuer":"{ISSUER}","token_endpoint":"{ISSUER}/token",
        "authorization_endpoint":"{ISSUER}/a",
        "token_endpoint_auth_methods_supported":["client_secret_post","private_key_jwt"]}}"#
    ))
    .unwrap();
    let server = AuthorizationServer::from_metadata(&metadata).unwrap();
    let (request, _) = sent(
        client_of(server)
            .request_token(oauth_proto::oauth2::Grant::client_credentials(), moment())
            .unwrap(),
    );
    assert_eq!(parameter(request.body(), "client_secret"), SECRET);
    metadata.token_endpoint = Some("http://127.0.0.1:8080/token".into());
    AuthorizationServer::from_metadata(&metadata).unwrap_err();
    metadata.token_endpoint = None;
    AuthorizationServer::from_metadata(&metadata).unwrap_err();
    metadata.token_endpoint = Some("token".into());
    let error = AuthorizationServer::from_metadata(&metadata).unwrap_err();
    assert!(error.to_string().contains(r#""token_endpoint" is "token""#), "{error}");
    metadata.token_endpoint = Some(format!("{ISSUER}/token"));
    metadata.introspection_endpoint = Some("/introspect".into());
    let error = AuthorizationServer::from_metadata(&metadata).unwrap_err();
    assert!(error.to_string().contains("introspection_endpoint"), "{error}");
}

/// RFC 9728 §5.1 and §3.3.
#[test]
fn a_401_leads_to_the_protected_resources_metadata() {
    let challenge = |url: &str| {
        let header = format!(r#"Bearer resource_metadata="{url}""#);
        let response = response(401, &[("www-authenticate", &header)], "");
        ResourceDiscovery::new("https://resource.example.com/a")
            .unwrap()
            .challenged(response.headers())
    };
    let discovery =
        || challenge("https://resource.example.com/.well-known/oauth-protected-resource");
    let answer = |resource: &str| {
        json(&format!(r#"{{"resource":"{resource}","authorization_servers":["{ISSUER}"]}}"#))
    };
    let ask = |discovery: ResourceDiscovery, resource: &str| {
        let (request, sent_on) = sent(discovery.start().unwrap());
        assert_eq!(request.uri().path(), "/.well-known/oauth-protected-resource");
        sent_on.receive(answer(resource), moment()).map(done)
    };
    assert_eq!(
        ask(discovery(), "https://resource.example.com/a").unwrap().authorization_servers,
        [ISSUER]
    );
    let error = ask(discovery(), "https://resource.example.com").unwrap_err();
    assert!(
        matches!(error, Error::Forged(Forged::OAuth2(CallbackError::ResourceMismatch { .. }))),
        "{error}"
    );
    ask(
        discovery().with(|discovery| discovery.allow_covering_resource = true),
        "https://resource.example.com",
    )
    .unwrap();
    ask(
        discovery().with(|discovery| discovery.allow_covering_resource = true),
        "https://resource.example.co",
    )
    .unwrap_err();
    challenge("http://127.0.0.1/m").start().unwrap_err();
    challenge("https://localhost/m").start().unwrap_err();
    let unsaid = ResourceDiscovery::new("https://resource.example.com/a").unwrap();
    let (request, _) = sent(unsaid.start().unwrap());
    assert_eq!(
        request.uri(),
        "https://resource.example.com/.well-known/oauth-protected-resource/a"
    );
}

/// RFC 9470 §3, RFC 6750 §3.
#[test]
fn a_bearer_challenge_is_read_into_its_fields() {
    let of = |values: &[&str]| {
        let headers: Vec<_> = values.iter().map(|value| ("www-authenticate", *value)).collect();
        BearerChallenge::of(response(401, &headers, "").headers())
    };
    let step_up = of(&[
        "Basic realm=\"x\"",
        r#"Bearer error="insufficient_user_authentication",
        error_description="A different authentication level is required",
        acr_values="myACR", max_age="5""#
            .replace('\n', "")
            .as_str(),
    ])
    .unwrap();
    assert_eq!(step_up.error, Some(BearerError::InsufficientUserAuthentication));
    assert_eq!(step_up.acr_values.as_deref(), Some("myACR"));
    assert_eq!(step_up.max_age, Some(std::time::Duration::from_secs(5)));
    let bare = of(&["bearer"]).unwrap();
    assert_eq!(bare, BearerChallenge::default());
    assert_eq!(of(&["Basic realm=x", "DPoP error=invalid_token"]), None);
    assert_eq!(of(&[]), None);
}

/// Some servers send challenges without commas, or without other parts of the grammar.
#[test]
fn challenges_with_white_space_instead_of_commas_are_read_too() {
    let of = |header: &str| {
        BearerChallenge::of(response(401, &[("www-authenticate", header)], "").headers()).unwrap()
    };
    let place = "https://r.example/.well-known/oauth-protected-resource/mcp";
    let found = of(&format!(r#"Bearer resource_metadata="{place}" scope="files:read""#));
    assert_eq!(
        (found.resource_metadata.as_deref(), found.scope),
        (Some(place), Some("files:read".into()))
    );
    for (header, error) in [
        (
            r#"Bearer realm="api" error="insufficient_scope" scope="files:write""#,
            BearerError::InsufficientScope,
        ),
        (r#"Basic realm="x" Bearer error="invalid_token""#, BearerError::InvalidToken),
        (r#"Bearer realm=my realm, error="invalid_token""#, BearerError::InvalidToken),
        (
            r#"Bearer error="invalid_token", error_description="The token "abc" is old""#,
            BearerError::InvalidToken,
        ),
    ] {
        assert_eq!(of(header).error, Some(error), "{header}");
    }
}

/// RFC 7591 §3.1 and §3.2.1.
const REGISTERED: &str = r#"{"client_id":"s6BhdRkqt3",
    "client_secret":"cf136dc3c1fc93f31185e5885805d","client_id_issued_at":2893256800,
    "client_secret_expires_at":2893276800,"redirect_uris":["https://client.example.org/cb"],
    "grant_types":["authorization_code","refresh_token"],"client_name":"My Example Client",
    "client_name#ja-Jpan-JP":"x","token_endpoint_auth_method":"client_secret_basic",
    "registration_access_token":"this.is.an.access.token.value.ffx83",
    "registration_client_uri":"https://auth.example.com/register/s6BhdRkqt3"}"#;

fn registered() -> ClientRegistration {
    serde_json::from_str(REGISTERED).unwrap()
}

#[test]
fn a_client_is_registered() {
    let metadata = ClientMetadata::new(["https://client.example.org/cb"]);
    let initial = "initial".into();
    let (request, sent_on) = sent(server().register(&metadata, Some(&initial)).unwrap());
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/register"));
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(bearer(&request), Some("initial"));
    assert_eq!(request.body(), br#"{"redirect_uris":["https://client.example.org/cb"]}"#);
    let answer = response(201, &[("content-type", "application/json")], REGISTERED);
    let registration = done(sent_on.receive(answer, moment()).unwrap());
    assert_eq!(registration, registered());
    assert_eq!(registration.metadata.extra["client_name#ja-Jpan-JP"], "x");
    let shown = format!("{registration:?}");
    assert!(!shown.contains("cf136dc3") && !shown.contains("ffx83"), "{shown}");
    let stored = serde_json::to_string(&registration).unwrap();
    assert_eq!(serde_json::from_str::<ClientRegistration>(&stored).unwrap(), registration);

    let (_, sent_on) = sent(server().register(&metadata, None).unwrap());
    assert_eq!(
        sent_on.receive(refusal("invalid_redirect_uri"), moment()).unwrap_err().code(),
        Some("invalid_redirect_uri")
    );
    for body in ["{}", r#"{"client_id":""}"#, r#"{"client_id":"a","client_id":"b"}"#] {
        let (_, sent_on) = sent(server().register(&metadata, None).unwrap());
        assert!(
            matches!(sent_on.receive(json(body), moment()), Err(Error::Misbehaved(_))),
            "{body}"
        );
    }
}

#[test]
fn a_registration_makes_a_client() {
    let of = |change: &dyn Fn(&mut ClientRegistration)| {
        let mut registration = registered();
        change(&mut registration);
        let client = registration.client(server(), Timestamp::from_secs(2_893_256_801)).unwrap();
        sent(
            client
                .request_token(oauth_proto::oauth2::Grant::client_credentials(), moment())
                .unwrap(),
        )
        .0
    };
    assert!(of(&|_| {}).headers().contains_key("authorization"));
    let post = of(&|registration| {
        registration.metadata.token_endpoint_auth_method = Some("client_secret_post".into());
    });
    assert_eq!(parameter(post.body(), "client_secret"), "cf136dc3c1fc93f31185e5885805d");
    let none =
        of(&|registration| registration.metadata.token_endpoint_auth_method = Some("none".into()));
    assert!(!none.headers().contains_key("authorization"));
    let mut keyed = registered();
    keyed.metadata.token_endpoint_auth_method = Some("client_secret_jwt".into());
    let client = keyed.client(server(), Timestamp::from_secs(2_893_256_801)).unwrap();
    let error = client
        .request_token(oauth_proto::oauth2::Grant::client_credentials(), moment())
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unsupported(Unsupported::OAuth2(RequestError::ClientAuthentication { .. }))
        ),
        "{error}"
    );
    let url =
        done(client.authorize(oauth_proto::oauth2::Authorize::default(), moment()).unwrap()).url;
    assert_eq!(parameter(query(&url), "redirect_uri"), "https://client.example.org/cb");
    let expired = registered().client(server(), Timestamp::from_secs(2_893_276_800)).unwrap_err();
    assert_eq!(expired, Expired::ClientSecret.into());
    let never = REGISTERED.replace("2893276800", "0");
    let never: ClientRegistration = serde_json::from_str(&never).unwrap();
    assert_eq!(never.client_secret_expires_at, None);
}

/// RFC 7592 §2.
#[test]
fn a_registration_is_read_changed_and_ended() {
    let (request, sent_on) = sent(registered().read().unwrap());
    assert_eq!((request.method().as_str(), request.uri().path()), ("GET", "/register/s6BhdRkqt3"));
    assert_eq!(bearer(&request), Some("this.is.an.access.token.value.ffx83"));
    // Members that are missing in the response keep their values, and the others are replaced.
    let answer = concat!(
        r#"{"client_id":"s6BhdRkqt3","registration_access_token":"rotated","#,
        r#""redirect_uris":["https://new.example/"]}"#,
    );
    let read = done(sent_on.receive(json(answer), moment()).unwrap());
    assert_eq!(read.client_secret, registered().client_secret);
    assert_eq!(read.registration_client_uri, registered().registration_client_uri);
    assert_eq!(read.registration_access_token.unwrap().expose(), "rotated");
    assert_eq!(read.metadata.redirect_uris, ["https://new.example/"]);

    let (request, sent_on) = sent(registered().update(&registered().metadata).unwrap());
    assert_eq!(request.method(), "PUT");
    let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(
        (&body["client_id"], &body["client_secret"]),
        (&"s6BhdRkqt3".into(), &"cf136dc3c1fc93f31185e5885805d".into())
    );
    for name in [
        "registration_access_token",
        "registration_client_uri",
        "client_id_issued_at",
        "client_secret_expires_at",
    ] {
        assert!(body.get(name).is_none(), "{name}");
    }
    let other = sent_on.receive(json(r#"{"client_id":"other"}"#), moment()).unwrap_err();
    assert!(
        matches!(other, Error::Misbehaved(Misbehaved::FieldInvalid { field: "client_id", .. })),
        "{other}"
    );

    let (request, sent_on) = sent(registered().delete().unwrap());
    assert_eq!(request.method(), "DELETE");
    done(sent_on.receive(response(204, &[], ""), moment()).unwrap());
    let (_, sent_on) = sent(registered().read().unwrap());
    let nowhere = sent_on
        .receive(json(r#"{"client_id":"s6BhdRkqt3","registration_client_uri":"t0ken"}"#), moment());
    let nowhere = nowhere.unwrap_err();
    let expected = matches!(nowhere, Error::Misbehaved(Misbehaved::FieldInvalid { .. }));
    assert!(expected && !nowhere.to_string().contains("t0ken"), "{nowhere}");
    let mut unmanaged = registered();
    unmanaged.registration_access_token = None;
    unmanaged.read().unwrap_err();
    let mut clear = registered();
    clear.registration_client_uri = Some("http://auth.example.com/r".into());
    clear.delete().unwrap_err();
}

/// Runs discovery with one document for each well-known URL, in their order. Returns the result and
/// the number of requests.
fn discovered(documents: &[Response]) -> (Result<Metadata, Error>, usize) {
    let (mut step, mut asked) = (Discovery::new(ISSUER).unwrap().start(), 0);
    loop {
        step = match step {
            Ok(Step::Send(_, sent)) => {
                let document =
                    documents.get(asked).cloned().unwrap_or_else(|| response(404, &[], ""));
                asked += 1;
                sent.receive(document, moment())
            }
            Ok(step) => return (Ok(done(step)), asked),
            Err(error) => return (Err(error), asked),
        }
    }
}

fn metadata(more: &str) -> Response {
    json(&format!(
        r#"{{"issuer":"{ISSUER}","token_endpoint":"https://auth.example.com/token"{more}}}"#
    ))
}

#[test]
fn a_member_of_metadata_that_is_odd_is_read_or_named() {
    for more in [
        r#","require_pushed_authorization_requests":null"#,
        r#","authorization_response_iss_parameter_supported":null"#,
        r#","registration_endpoint":"""#,
        r#","token_endpoint_auth_methods_supported":"client_secret_post""#,
    ] {
        let metadata = discovered(&[metadata(more)]).0.unwrap();
        AuthorizationServer::from_metadata(&metadata).unwrap();
    }
    // The quoted value `"true"` is read like `true`.
    let promised = metadata(r#","authorization_response_iss_parameter_supported":"true""#);
    assert!(discovered(&[promised]).0.unwrap().authorization_response_iss_parameter_supported);
    for (member, value) in [
        ("require_pushed_authorization_requests", "1"),
        ("authorization_response_iss_parameter_supported", "\"\""),
        ("code_challenge_methods_supported", "[1]"),
        ("revocation_endpoint", "7"),
    ] {
        let error = discovered(&[metadata(&format!(r#","{member}":{value}"#))]).0.unwrap_err();
        assert!(
            matches!(
                &error,
                Error::Misbehaved(Misbehaved::MemberInvalid { member: own, .. }) if own == member
            ),
            "{error}"
        );
    }
}

#[test]
fn discovery_continues_after_a_document_without_metadata_and_reports_the_first_error() {
    for status in [503, 429, 403] {
        let error = discovered(&[response(status, &[], "")]).0.unwrap_err();
        assert_eq!(error.response().unwrap().status, status);
    }
    let error = discovered(&[response(404, &[], ""), response(503, &[], "")]).0.unwrap_err();
    assert_eq!(error.response().unwrap().status, 503);
    for nothing in [json(r#"{"error":"not_found"}"#), json("{}"), json(r#"{"message":"hello"}"#)] {
        let (found, asked) = discovered(&[nothing, metadata("")]);
        assert_eq!((found.unwrap().issuer.as_deref(), asked), (Some(ISSUER), 2));
    }
    // The error about a document without an issuer is reported rather than an error 404, and an
    // error 503 rather than both.
    let unnamed = || json(r#"{"token_endpoint":"https://auth.example.com/token"}"#);
    let error = discovered(&[unnamed()]).0.unwrap_err();
    assert!(error.to_string().contains("Discovery::allow_missing_issuer`"), "{error}");
    for documents in [[unnamed(), response(503, &[], "")], [response(503, &[], ""), unnamed()]] {
        assert_eq!(
            discovered(&documents).0.unwrap_err().response().map(|answer| answer.status.as_u16()),
            Some(503)
        );
    }
    // The metadata of another issuer ends discovery.
    let (found, asked) = discovered(&[json(r#"{"issuer":"https://evil.example"}"#), metadata("")]);
    assert!(matches!(found, Err(Error::Forged(_))) && asked == 1, "{found:?}");
}

#[test]
fn the_times_of_a_registration_may_be_quoted_and_the_client_id_is_required() {
    let registered = |answer: &str| {
        let (_, sent) =
            sent(server().register(&ClientMetadata::new(["https://c.example/cb"]), None).unwrap());
        sent.receive(response(201, &[("content-type", "application/json")], answer), moment())
            .map(done)
    };
    let registration = registered(concat!(
        r#"{"client_id":"c","client_secret":"s","client_id_issued_at":"1795650324","#,
        r#""client_secret_expires_at":"0"}"#,
    ));
    let registration = registration.unwrap();
    assert_eq!(registration.client_id_issued_at, Some(Timestamp::from_secs(1_795_650_324)));
    assert_eq!(registration.client_secret_expires_at, None);
    for answer in [r#"{"client_id":["c"],"client_secret":"s"}"#, r#"{"client_secret":"s"}"#] {
        let error = registered(answer).unwrap_err();
        assert!(error.to_string().contains("client_id"), "{error}");
    }
    assert_eq!(
        registered(r#"{"error":"invalid_client"}"#).unwrap_err().code(),
        Some("invalid_client")
    );
}

/// Lenient reading removes no check: a quoted time is read as a time, and an `active` that is
/// neither true nor false is an error.
#[test]
fn an_introspection_answer_is_read_leniently_or_its_member_is_named() {
    let introspected = |answer: &str| {
        let (_, sent) = sent(client().introspect("token", moment()).unwrap());
        sent.receive(json(answer), moment()).map(done)
    };
    let read =
        introspected(r#"{"active":"true","exp":"1700000100","nbf":1.7e9,"aud":null}"#).unwrap();
    assert!(read.active && read.aud.is_empty());
    assert_eq!(
        (read.exp, read.nbf),
        (Some(Timestamp::from_secs(1_700_000_100)), Some(Timestamp::from_secs(1_700_000_000)))
    );
    assert!(!introspected(r#"{"active":"False"}"#).unwrap().active);
    for (member, value) in [
        ("active", "1"),
        ("active", "\"\""),
        ("active", "null"),
        ("exp", "\"\""),
        ("exp", "\"soon\""),
        ("aud", "[1]"),
    ] {
        let others = if member == "active" { "" } else { r#""active":true,"# };
        let error = introspected(&format!(r#"{{{others}"{member}":{value}}}"#)).unwrap_err();
        assert!(error.to_string().contains(member), "{member} {value}: {error}");
    }
    let error = introspected(r#"{"scope":"read"}"#).unwrap_err();
    assert!(
        matches!(error, Error::Misbehaved(Misbehaved::FieldMissing { field: "active", .. })),
        "{error}"
    );
    assert_eq!(
        introspected(r#"{"error":"invalid_client"}"#).unwrap_err().code(),
        Some("invalid_client")
    );
}

/// Requests a resource's metadata, with the hint of a 401 if there is one. Returns the requested
/// URLs and the result.
fn resource_metadata(
    discovery: ResourceDiscovery,
    hint: Option<&str>,
    pages: &[(&str, Response)],
) -> (Vec<String>, Result<ResourceMetadata, Error>) {
    let header = hint.map(|hint| format!("Bearer resource_metadata={hint}"));
    let headers: Vec<_> =
        header.iter().map(|header| ("www-authenticate", header.as_str())).collect();
    let discovery = discovery.challenged(response(401, &headers, "").headers());
    let (mut step, mut asked) = (discovery.start(), Vec::new());
    loop {
        step = match step {
            Ok(Step::Send(request, sent)) => {
                let url = request.uri().to_string();
                let page =
                    pages.iter().find(|(place, _)| *place == url).map(|(_, page)| page.clone());
                asked.push(url);
                sent.receive(page.unwrap_or_else(|| response(404, &[], "")), moment())
            }
            Ok(step) => return (asked, Ok(done(step))),
            Err(error) => return (asked, Err(error)),
        }
    }
}

/// The well-known URL of `https://r.example`.
const RESOURCE: &str = "https://r.example/.well-known/oauth-protected-resource";

fn resource(name: &str) -> Response {
    json(&format!(r#"{{"resource":"{name}","authorization_servers":["{ISSUER}"]}}"#))
}

/// RFC 3986 §6.2.3: an empty path is equal to `/`, and the default port is equal to no port.
#[test]
fn a_resource_in_an_equivalent_spelling_is_accepted_and_no_other() {
    let ask = |own: &str, said: &str| {
        let mut step = ResourceDiscovery::new(own).unwrap().start().unwrap();
        loop {
            step = match step {
                Step::Send(_, sent) => sent.receive(resource(said), moment())?,
                step => return Ok::<_, Error>(done(step)),
            }
        }
    };
    for (own, said) in [
        ("https://r.example", "https://r.example/"),
        ("https://r.example/", "https://r.example"),
        ("https://r.example:443/mcp", "https://r.example/mcp"),
        ("https://r.example/mcp?x=1", "https://R.example:443/mcp?x=1"),
    ] {
        assert_eq!(ask(own, said).unwrap().resource, said, "{own}");
    }
    for (own, said) in [
        ("https://r.example/mcp", "https://r.example/mcp/"),
        ("https://r.example/mcp", "https://r.example/MCP"),
        ("https://r.example/mcp", "https://r.example:444/mcp"),
        ("https://r.example/mcp", "http://r.example/mcp"),
        ("https://r.example/mcp", "https://me@r.example/mcp"),
        ("https://r.example/mcp", "https://r.example/mcp?"),
        ("https://r.example/mcp", "https://r.example/mcp#"),
        ("https://r.example/mcp?x", "https://r.example/mcp"),
        ("https://r.example/mcp", "https://r.example"),
        ("https://r.example", "https://s.example/"),
    ] {
        let error = ask(own, said).unwrap_err();
        assert!(
            matches!(error, Error::Forged(Forged::OAuth2(CallbackError::ResourceMismatch { .. }))),
            "{own} {said}: {error}"
        );
    }
}

#[test]
fn the_metadata_of_the_root_is_read_if_it_may_cover_the_resource() {
    let own = || ResourceDiscovery::new("https://r.example/mcp").unwrap();
    let place = format!("{RESOURCE}/mcp");
    let (asked, end) = resource_metadata(
        own().with(|discovery| discovery.allow_covering_resource = true),
        None,
        &[(RESOURCE, resource("https://r.example/"))],
    );
    assert_eq!(end.unwrap().resource, "https://r.example/");
    assert_eq!(asked, [&place, RESOURCE]);
    let slash = [(place.as_str(), resource("https://r.example/mcp/"))];
    resource_metadata(
        own().with(|discovery| discovery.allow_covering_resource = true),
        None,
        &slash,
    )
    .1
    .unwrap();
    let other = [(RESOURCE, resource("https://r.example/other"))];
    let (_, end) = resource_metadata(
        own().with(|discovery| discovery.allow_covering_resource = true),
        None,
        &other,
    );
    assert!(
        matches!(end, Err(Error::Forged(Forged::OAuth2(CallbackError::ResourceMismatch { .. })))),
        "{end:?}"
    );
    // Without the option, no request is sent to the well-known URL of the root.
    let (asked, end) = resource_metadata(own(), None, &[(RESOURCE, resource("https://r.example"))]);
    assert!(end.is_err() && asked == [place.as_str()], "{asked:?} {end:?}");
    // If the first URL fails and the second has no document, the error of the first is reported.
    let trouble = [(place.as_str(), response(503, &[], ""))];
    let (_, end) = resource_metadata(
        own().with(|discovery| discovery.allow_covering_resource = true),
        None,
        &trouble,
    );
    assert_eq!(end.unwrap_err().response().unwrap().status, 503);
}

/// RFC 9728 §5.1: the resource controls the hint and the well-known URL, so either may be used.
#[test]
fn the_well_known_place_is_used_if_the_hint_fails() {
    let own = || ResourceDiscovery::new("https://r.example/mcp").unwrap();
    let place = format!("{RESOURCE}/mcp");
    let good = || (place.as_str(), resource("https://r.example/mcp"));
    for unusable in [
        "\"http://r.example/.well-known/oauth-protected-resource/mcp\"",
        "'https://r.example/.well-known/oauth-protected-resource/mcp'",
        "\"undefined\"",
        "\"\"",
        "\"/relative\"",
        "\"ftp://r.example/m\"",
        "\"https://me@r.example/m\"",
    ] {
        let (asked, end) = resource_metadata(own(), Some(unusable), &[good()]);
        assert_eq!(
            (asked, end.unwrap().authorization_servers),
            (vec![place.clone()], vec![ISSUER.to_owned()])
        );
    }
    let page = response(200, &[("content-type", "text/html")], "<html>");
    for nothing in
        [response(404, &[], ""), page, json("{}"), response(302, &[("location", "/login")], "")]
    {
        let pages = [("https://r.example/m", nothing), good()];
        let (asked, end) = resource_metadata(own(), Some("\"https://r.example/m\""), &pages);
        assert_eq!((asked.len(), end.unwrap().resource.as_str()), (2, "https://r.example/mcp"));
    }
    // The metadata of another resource ends discovery. No URL is requested twice.
    let pages = [("https://r.example/m", resource("https://evil.example")), good()];
    let (asked, end) = resource_metadata(own(), Some("\"https://r.example/m\""), &pages);
    assert!(
        matches!(end, Err(Error::Forged(Forged::OAuth2(CallbackError::ResourceMismatch { .. }))))
            && asked.len() == 1,
        "{end:?}"
    );
    let (asked, end) = resource_metadata(own(), Some(&format!("\"{place}\"")), &[]);
    assert!(end.is_err() && asked.len() == 1, "{asked:?}");
}

/// RFC 8414 §3.3 requires the identical issuer. If the issuer differs by a slash, the caller has to
/// pass the other spelling.
#[test]
fn another_spelling_of_an_issuer_is_accepted_only_if_the_caller_names_it() {
    let discovered = |discovery: Discovery, issuer: &str| {
        let (_, sent) = sent(discovery.start().unwrap());
        let document =
            format!(r#"{{"issuer":"{issuer}","token_endpoint":"https://auth.example.com/token"}}"#);
        sent.receive(json(&document), moment()).map(done)
    };
    let discovery = || Discovery::new(ISSUER).unwrap();
    let slash = "https://auth.example.com/";
    let error = discovered(discovery(), slash).unwrap_err();
    assert!(
        matches!(error, Error::Forged(Forged::OAuth2(CallbackError::IssuerMismatch { .. }))),
        "{error}"
    );
    for word in [slash, ISSUER, "Discovery::allow_issuer`"] {
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
    let found = discovered(
        discovery().with(|discovery| discovery.allow_issuer = Some(slash.into())),
        slash,
    )
    .unwrap();
    assert_eq!(found.issuer.as_deref(), Some(slash));
    assert_eq!(
        discovered(
            discovery().with(|discovery| discovery.allow_issuer = Some(slash.into())),
            ISSUER
        )
        .unwrap()
        .issuer
        .as_deref(),
        Some(ISSUER)
    );
    for other in [
        "https://auth.example.com//",
        "https://auth.example.com:443/",
        "https://Auth.example.com/",
        "",
    ] {
        let error = discovered(
            discovery().with(|discovery| discovery.allow_issuer = Some(slash.into())),
            other,
        )
        .unwrap_err();
        assert!(
            matches!(error, Error::Forged(Forged::OAuth2(CallbackError::IssuerMismatch { .. }))),
            "{other}: {error}"
        );
    }
    let alone = discovery()
        .with(|discovery| discovery.metadata_url = Some("https://auth.example.com/m".into()));
    let missing = discovered(alone, "").unwrap_err();
    assert!(missing.to_string().contains("Discovery::allow_missing_issuer`"), "{missing}");
}

#[test]
fn a_first_registration_keeps_the_client_despite_odd_members() {
    let answered = |answer: &str| {
        let (_, sent) =
            sent(server().register(&ClientMetadata::new(["https://c.example/cb"]), None).unwrap());
        sent.receive(response(201, &[("content-type", "application/json")], answer), moment())
            .map(done)
            .unwrap()
    };
    for unusable in [
        "/register/c",
        "t0ken",
        "",
        "https://me@auth.example.com/c",
        "https://auth.example.com/c#x",
    ] {
        let registration = answered(&format!(
            r#"{{"client_id":"c","registration_access_token":"t",
            "registration_client_uri":"{unusable}"}}"#
        ));
        assert_eq!(
            (registration.client_id.as_str(), &registration.registration_client_uri),
            ("c", &None)
        );
        assert!(matches!(
            registration.read(),
            Err(Error::Unsupported(Unsupported::NoEndpoint { .. }))
        ));
        // In a later response, the value is an error.
        let body =
            format!(r#"{{"client_id":"s6BhdRkqt3","registration_client_uri":"{unusable}"}}"#);
        let (_, sent) = sent(registered().read().unwrap());
        let error = sent.receive(json(&body), moment()).unwrap_err();
        assert!(
            matches!(error, Error::Misbehaved(Misbehaved::FieldInvalid { .. })),
            "{unusable}: {error}"
        );
    }
    let request = |registration: &ClientRegistration| {
        let client = registration.client(server(), now()).unwrap();
        sent(
            client
                .request_token(oauth_proto::oauth2::Grant::client_credentials(), moment())
                .unwrap(),
        )
        .0
    };
    let unnamed =
        answered(r#"{"client_id":"c","client_secret":"s","token_endpoint_auth_method":""}"#);
    assert_eq!(unnamed.metadata.token_endpoint_auth_method, None);
    assert!(request(&unnamed).headers().contains_key("authorization"));
    let empty = r#"{"client_id":"c","client_secret":"","registration_access_token":""}"#;
    let public = answered(empty);
    assert!(public.client_secret.is_none() && public.registration_access_token.is_none());
    // A registration that earlier versions have stored is read in the same way.
    for registration in [public, serde_json::from_str(empty).unwrap()] {
        let request = request(&registration);
        assert!(!request.headers().contains_key("authorization"));
        assert_eq!(parameter(request.body(), "client_id"), "c");
        registration.read().unwrap_err();
    }
    // An empty secret in a later response does not replace the secret.
    let (_, sent) = sent(registered().read().unwrap());
    let read = done(
        sent.receive(json(r#"{"client_id":"s6BhdRkqt3","client_secret":""}"#), moment()).unwrap(),
    );
    assert_eq!(read.client_secret, registered().client_secret);
}

#[test]
fn an_error_about_plain_http_names_an_option_only_if_there_is_one() {
    let mut clear = registered();
    clear.registration_client_uri = Some("http://auth.example.com/r?t=7Fjfp0ZBr1K".into());
    for error in [clear.read().unwrap_err(), clear.delete().unwrap_err()] {
        let said = error.to_string();
        assert!(said.contains("http://auth.example.com/r") && said.contains("https"), "{said}");
        assert!(!said.contains("dangerous_") && !said.contains("7Fjfp0ZBr1K"), "{said}");
    }
    let plain = || ResourceDiscovery::new("http://r.example/mcp").unwrap();
    let error = plain().start().unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::PlainHttp { .. })), "{error}");
    assert!(error.to_string().contains("dangerous_"), "{error}");
    let pages = [("http://r.example/m", resource("http://r.example/mcp"))];
    let hint = "\"http://r.example/m\"";
    let (asked, end) = resource_metadata(
        plain().with(|discovery| discovery.dangerous_allow_http = true),
        Some(hint),
        &pages,
    );
    assert_eq!(
        (asked, end.unwrap().resource.as_str()),
        (vec!["http://r.example/m".to_owned()], "http://r.example/mcp")
    );
    // On this machine the option is not needed.
    let (request, _) =
        sent(ResourceDiscovery::new("http://127.0.0.1:3000").unwrap().start().unwrap());
    assert_eq!(request.uri(), "http://127.0.0.1:3000/.well-known/oauth-protected-resource");
}

/// RFC 8414 §2: each of the three endpoints has its own list of methods.
#[test]
fn a_secret_is_placed_by_the_list_of_each_endpoint() {
    const POST: &str = r#"["client_secret_post"]"#;
    const BOTH: &str = r#"["client_secret_post","client_secret_basic"]"#;
    let server = |lists: &[(&str, &str)]| {
        let lists: String = lists
            .iter()
            .map(|(name, list)| format!(r#","{name}_auth_methods_supported":{list}"#))
            .collect();
        let metadata: Metadata = serde_json::from_str(&format!(
            r#"{{"issuer":"{ISSUER}","token_endpoint":"{ISSUER}/token",
            "revocation_endpoint":"{ISSUER}/revoke",
            "introspection_endpoint":"{ISSUER}/introspect"{lists}}}"#
        ))
        .unwrap();
        AuthorizationServer::from_metadata(&metadata).unwrap()
    };
    // Returns whether the secret is in the body of a token request, a revocation and an
    // introspection.
    let in_body = |client: &oauth_proto::oauth2::Client| {
        let token = sent(
            client
                .request_token(oauth_proto::oauth2::Grant::client_credentials(), moment())
                .unwrap(),
        )
        .0;
        let revocation = sent(client.revoke("x", moment()).unwrap()).0;
        let introspection = sent(client.introspect("x", moment()).unwrap()).0;
        [token, revocation, introspection].map(|request| {
            let in_body = pairs(request.body())
                .iter()
                .any(|(name, value)| name == "client_secret" && value == SECRET);
            assert_ne!(in_body, request.headers().contains_key("authorization"));
            in_body
        })
    };
    let (token, revocation) = ("token_endpoint", "revocation_endpoint");
    let introspection = "introspection_endpoint";
    for (lists, expected) in [
        (&[][..], [false; 3]),
        // Without a list, revocation uses the default, and introspection uses the list of the token
        // endpoint.
        (&[(token, POST)], [true, false, true]),
        (&[(token, POST), (revocation, POST), (introspection, BOTH)], [true, true, false]),
        (&[(token, BOTH), (revocation, POST), (introspection, POST)], [false, true, true]),
        (&[(revocation, BOTH), (introspection, r#"["private_key_jwt"]"#)], [false; 3]),
    ] {
        assert_eq!(in_body(&client_of(server(lists))), expected, "{lists:?}");
    }
    // A method that the caller sets is used at every endpoint.
    let everywhere = server(&[(token, BOTH), (revocation, POST), (introspection, POST)]);
    let basic = client_of(everywhere.clone())
        .authentication(oauth_proto::oauth2::ClientAuthentication::Basic(SECRET.into()));
    assert_eq!(in_body(&basic), [false; 3]);
    let mut placed = everywhere;
    placed.secret_placement = Some(oauth_proto::oauth2::SecretPlacement::Basic);
    assert_eq!(in_body(&client_of(placed)), [false; 3]);
    let mut by_hand = crate::common::oauth2::server();
    by_hand.secret_placement = Some(oauth_proto::oauth2::SecretPlacement::Body);
    assert_eq!(in_body(&client_of(by_hand)), [true; 3]);
}

/// The server has already registered the client, and only this response contains the client id and
/// the secret.
#[test]
fn a_registration_keeps_its_client_despite_odd_members() {
    let register = |odd: &str| {
        let (_, on) = sent(server().register(&ClientMetadata::new([REDIRECT]), None).unwrap());
        let body = format!(r#"{{"client_id":"c","client_secret":"s3cret",{odd}}}"#);
        let answer = response(201, &[("content-type", "application/json")], &body);
        let registration = done(on.receive(answer, moment()).unwrap());
        let stored = serde_json::to_string(&registration).unwrap();
        assert_eq!(
            serde_json::from_str::<ClientRegistration>(&stored).unwrap(),
            registration,
            "{odd}"
        );
        assert_eq!(registration.client_id, "c");
        registration
    };
    for odd in [
        r#""redirect_uris":7"#,
        r#""client_id_issued_at":"2026-01-01T00:00:00Z""#,
        r#""client_name":{"en":"x"}"#,
        r#""contacts":[null]"#,
        r#""registration_client_uri":7"#,
        r#""registration_access_token":{}"#,
        r#""logo_uri":false"#,
        r#""redirect_uris":null"#,
    ] {
        register(odd).client(server(), now()).unwrap();
    }
    assert_eq!(
        register(r#""redirect_uris":"https://c.example/cb""#).metadata.redirect_uris,
        ["https://c.example/cb"]
    );
    assert_eq!(register(r#""logo_uri":false"#).metadata.extra["logo_uri"], false);
    // If such a member were ignored, more would be allowed. So an unreadable value is an error when
    // the client is created.
    for (member, odd) in [
        ("client_secret_expires_at", r#""client_secret_expires_at":"soon""#),
        ("token_endpoint_auth_method", r#""token_endpoint_auth_method":["none"]"#),
    ] {
        let error = register(odd).client(server(), now()).unwrap_err();
        assert!(error.to_string().contains(&format!("{member:?}")), "{error}");
    }
}

#[test]
fn an_odd_answer_to_an_update_keeps_the_secret_and_the_client_manageable() {
    let stored = r#"{"client_id":"c","client_secret":"s3cret","registration_access_token":"t0ken",
        "registration_client_uri":"https://auth.example.com/register/c"}"#;
    let before: ClientRegistration = serde_json::from_str(stored).unwrap();
    for odd in [
        r#""client_secret":false"#,
        r#""client_secret_expires_at":"soon""#,
        r#""registration_access_token":{}"#,
        r#""registration_client_uri":7"#,
    ] {
        let (_, on) = sent(before.read().unwrap());
        let after =
            done(on.receive(json(&format!(r#"{{"client_id":"c",{odd}}}"#)), moment()).unwrap());
        let stored = serde_json::to_string(&after).unwrap();
        assert_eq!(serde_json::from_str::<ClientRegistration>(&stored).unwrap(), after, "{odd}");
        assert_eq!(after.registration_access_token, before.registration_access_token, "{odd}");
        assert_eq!(after.registration_client_uri, before.registration_client_uri, "{odd}");
        assert_eq!(after.client_secret, before.client_secret, "{odd}");
        let _ = after.read().unwrap();
        // Without its expiry, the secret could be used for too long.
        assert_eq!(
            after.client(server(), now()).is_err(),
            odd.starts_with("\"client_secret_expires_at"),
            "{odd}"
        );
    }
}
