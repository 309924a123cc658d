//! Departures of real providers from the specifications: the compliance fixes of requests-oauthlib,
//! with the table of services.

use crate::common::oauth2::*;
use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, Client, ClientMetadata, Discovery, Grant, Metadata, Quirks,
    ResourceDiscovery, Session, Token, TokenPlacement,
};
use oauth_proto::services::{
    DOUBAN, EBAY, FACEBOOK, FITBIT, GITHUB, INSTAGRAM, LINKEDIN, MAILCHIMP, PLENTYMARKETS,
    SLACK_LEGACY, Service, TWITCH, WEIBO,
};
use oauth_proto::{ApiRequest, Error, Misbehaved, Purpose, Refused, Response, Step, Timestamp};

fn of(service: &Service) -> Client {
    let instance = (service.name == PLENTYMARKETS.name).then_some("https://shop.example");
    let server = service.authorization_server(instance).unwrap();
    Client::new(server, "id").secret("secret").redirect_uri(REDIRECT).unwrap()
}

fn read(service: &Service, answer: Response) -> Result<Token, Error> {
    token_of(&of(service), answer)
}

/// Asserts that a strict client refuses a response. Returns the token that a client with the
/// service's quirks reads from it.
fn only(service: &Service, answer: &Response) -> Token {
    let strict = token_of(&client(), answer.clone());
    assert!(strict.is_err(), "{}: {strict:?}", service.name);
    read(service, answer.clone()).unwrap()
}

fn form(body: &str) -> Response {
    response(200, &[("content-type", "text/plain;charset=UTF-8")], body)
}

#[test]
fn facebook_answers_in_plain_text_with_expires() {
    let token = only(&FACEBOOK, &form("access_token=urlencoded&expires=5183999"));
    assert_eq!(token.access_token.expose(), "urlencoded");
    assert_eq!(token.expires_at, Some(Timestamp::from_secs(NOW + 5_183_999)));
    let error =
        r#"{"error":{"message":"Invalid verification code","type":"OAuthException","code":100}}"#;
    let Err(Error::Refused(Refused::Problem { code, advice, .. })) =
        read(&FACEBOOK, response(400, &[], error))
    else {
        panic!()
    };
    assert_eq!(
        (code.as_str(), advice.as_deref()),
        ("OAuthException", Some("Invalid verification code"))
    );
}

#[test]
fn fitbit_lists_its_errors() {
    let body = concat!(
        r#"{"errors":[{"errorType":"invalid_grant","message":"Authorization code invalid"}],"#,
        r#""success":false}"#,
    );
    for status in [200, 400] {
        let answer = response(status, &[("content-type", "application/json")], body);
        assert_eq!(read(&FITBIT, answer.clone()).unwrap_err().code(), Some("invalid_grant"));
        assert_eq!(token_of(&client(), answer).unwrap_err().code(), None);
    }
}

#[test]
fn the_member_error_has_priority_over_a_list_of_errors() {
    let list = r#""errors":[{"errorType":"expired","message":"too late"}]"#;
    let error = r#""error":"invalid_grant","error_description":"unknown""#;
    for body in [format!("{{{error},{list}}}"), format!("{{{list},{error}}}")] {
        let answer = response(400, &[("content-type", "application/json")], &body);
        let refused = read(&FITBIT, answer).unwrap_err();
        assert_eq!(refused.code(), Some("invalid_grant"), "{body}");
        assert!(refused.to_string().contains("unknown"), "{refused}");
    }
}

#[test]
fn mailchimp_has_a_null_scope_and_no_end() {
    let token = only(
        &MAILCHIMP,
        &json(r#"{"access_token":"m","expires_in":0,"scope":null,"token_type":"bearer"}"#),
    );
    assert_eq!((token.expires_at, token.scope), (None, None));
}

#[test]
fn plentymarkets_writes_camel_case() {
    let token = only(
        &PLENTYMARKETS,
        &json(concat!(
            r#"{"accessToken":"p","expiresIn":86400,"tokenType":"Bearer","refreshToken":"r","#,
            r#""errorCode":null}"#,
        )),
    );
    assert_eq!(token.refresh_token.as_ref().map(oauth_proto::Secret::expose), Some("r"));
    assert_eq!(token.expires_at, Some(Timestamp::from_secs(NOW + 86_400)));
    assert!(token.extra.contains_key("error_code"));
}

#[test]
fn weibo_douban_and_linkedin_leave_out_the_type() {
    let answer = json(r#"{"access_token":"w","expires_in":157679999,"uid":"1404376560"}"#);
    for service in [&WEIBO, &DOUBAN, &LINKEDIN] {
        assert_eq!(only(service, &answer).extra["uid"], "1404376560");
    }
}

#[test]
fn ebay_has_its_own_token_types() {
    for kind in ["Application Access Token", "User Access Token"] {
        only(&EBAY, &json(&ANSWER.replace("Bearer", kind)));
    }
    assert!(read(&EBAY, json(&ANSWER.replace("Bearer", "Mac Access Token"))).is_err());
}

#[test]
fn twitch_lists_its_scopes() {
    let list = ANSWER.replace(
        r#""example_parameter":"example_value""#,
        r#""scope":["channel:read","user:read"]"#,
    );
    assert_eq!(only(&TWITCH, &json(&list)).scope, Some("user:read channel:read".into()));
    let nested = list.replace("\"user:read\"", "5");
    assert!(matches!(
        read(&TWITCH, json(&nested)),
        Err(Error::Misbehaved(Misbehaved::FieldInvalid { .. }))
    ));
}

#[test]
fn github_is_asked_for_json_and_sends_errors_with_status_200() {
    let (pending, callback) = begun(&of(&GITHUB));
    let (request, sent) =
        sent(of(&GITHUB).redeem(pending, &format!("{callback}&code=x"), moment()).unwrap());
    assert_eq!(request.headers()["accept"], "application/json");
    let error = sent.receive(json(r#"{"error":"bad_verification_code"}"#), moment()).unwrap_err();
    assert_eq!(error.code(), Some("bad_verification_code"));
}

fn request_of(service: &Service, url: &str) -> oauth_proto::Request {
    let session = Session::new(&of(service), url, Token::bearer("secret-token")).unwrap();
    let mut request = get(url);
    let _ = session.attach_token(&mut request, now()).unwrap();
    request
}

#[test]
fn slack_instagram_weibo_and_douban_get_the_token_in_the_query() {
    let request = request_of(&SLACK_LEGACY, "https://slack.com/api/users.list?x=1");
    assert_eq!(request.uri().query(), Some("x=1&token=secret-token"));
    assert_eq!(bearer(&request), Some("secret-token"));
    for service in [&INSTAGRAM, &WEIBO, &DOUBAN] {
        let request = request_of(service, "https://api.example.com/me");
        assert_eq!(request.uri().query(), Some("access_token=secret-token"), "{}", service.name);
    }
}

/// The caller's functions handle departures that are not in the table. Three hooks run in the order
/// of their registration.
#[test]
fn hooks_see_answers_before_they_are_read_and_requests_before_they_are_sent() {
    let client = client()
        .on_token_response(|purpose, response| {
            if purpose == Purpose::RenewingToken {
                return;
            }
            let body = String::from_utf8_lossy(response.body()).replace("authed_user", "x");
            *response.body_mut() =
                body.replace("{\"ok\":true,\"x\":", "").replace("}}", "}").into_bytes();
        })
        .on_token_response(|purpose, response| {
            if purpose == Purpose::RenewingToken {
                return;
            }
            let body = String::from_utf8_lossy(response.body())
                .replace("token_type\":\"user", "token_type\":\"Bearer");
            *response.body_mut() = body.into_bytes();
        })
        .on_token_response(|purpose, response| {
            if purpose == Purpose::RenewingToken {
                *response.body_mut() = ANSWER.into();
            }
        })
        .on_protected_request(|request| {
            request.headers.insert("client-id", http::HeaderValue::from_static("hof5g"));
            assert!(!request.token.access_token.is_empty());
        });
    let answer = r#"{"ok":true,"authed_user":{"access_token":"xoxp","token_type":"user"}}"#;
    assert_eq!(token_of(&client, json(answer)).unwrap().access_token.expose(), "xoxp");
    let (_, sent) = sent(
        Grant::refresh(&token()).and_then(|grant| client.request_token(grant, moment())).unwrap(),
    );
    assert_eq!(
        done(sent.receive(json("nonsense"), moment()).unwrap()).access_token.expose(),
        "2YotnFZFEjr1zCsicMWpAA"
    );
    let mut request = get(API);
    let _ = Session::new(&client, API, token()).unwrap().attach_token(&mut request, now()).unwrap();
    assert_eq!(request.headers()["client-id"], "hof5g");
    let straying = client.on_protected_request(|request| {
        *request.uri = http::Uri::from_static("https://evil.example/");
    });
    Session::new(&straying, API, token()).unwrap().attach_token(&mut get(API), now()).unwrap_err();
}

#[test]
fn one_hook_sees_the_answers_to_all_token_requests_in_order() {
    let client = client()
        .on_token_response(|_, response| {
            *response.body_mut() =
                String::from_utf8_lossy(response.body()).replace("first", "second").into_bytes();
        })
        .on_token_response(|_, response| {
            *response.body_mut() =
                String::from_utf8_lossy(response.body()).replace("second", "third").into_bytes();
        });
    let answer = || json(r#"{"access_token":"first","token_type":"bearer"}"#);
    assert_eq!(token_of(&client, answer()).unwrap().access_token.expose(), "third");
    let (_, sent) = sent(
        Grant::refresh(&token()).and_then(|grant| client.request_token(grant, moment())).unwrap(),
    );
    assert_eq!(done(sent.receive(answer(), moment()).unwrap()).access_token.expose(), "third");
}

#[test]
fn every_leniency_is_off_until_it_is_switched_on() {
    for answer in [
        form("access_token=a&token_type=bearer"),
        response(200, &[("content-type", "text/javascript")], ANSWER),
        json(r#"{"access_token":"a","token_type":"bearer","refresh_token":null}"#),
        json(r#"{"access_token":"a","token_type":"bearer","refresh_token":""}"#),
        json(r#"{"access_token":"a","token_type":"bearer","scope":["a"]}"#),
        json(r#"{"accessToken":"a","tokenType":"bearer"}"#),
        json(r#"{"access_token":"a"}"#),
        json(r#"{"access_token":"","token_type":"bearer"}"#),
        json(r#"{"access_token":"a\nb","token_type":"bearer"}"#),
        json(r#"{"access_token":5,"token_type":"bearer"}"#),
    ] {
        let token = token_of(&client(), answer);
        assert!(matches!(token, Err(Error::Misbehaved(_))), "{token:?}");
    }
}

/// The features of tornado.auth's `oauth2_request`: a token in the query or the header, arguments,
/// a posted form, and a response in JSON.
#[test]
fn an_api_is_called_with_arguments_or_a_form_and_answers_with_json() {
    let call =
        ApiRequest::new("https://graph.facebook.com/me").unwrap().argument("fields", "id,name");
    let facebook = Session::new(&client(), "https://graph.facebook.com", token()).unwrap();
    let (request, sent_on) = sent(facebook.call(&call, now()).unwrap());
    assert_eq!(request.uri(), "https://graph.facebook.com/me?fields=id%2Cname");
    assert_eq!(bearer(&request), Some("2YotnFZFEjr1zCsicMWpAA"));
    assert_eq!(
        done(sent_on.receive(response(200, &[], r#"{"id":"7"}"#), moment()).unwrap())["id"],
        "7"
    );

    let tornado = call.clone().post([("message", "a b")]);
    let facebook =
        facebook.with(|it| it.token_placement = TokenPlacement::AllowQuery("access_token"));
    let (request, sent_on) = sent(facebook.call(&tornado, now()).unwrap());
    assert_eq!(request.method(), "POST");
    assert_eq!(
        parameter(request.uri().query().unwrap().as_bytes(), "access_token"),
        "2YotnFZFEjr1zCsicMWpAA"
    );
    assert_eq!(parameter(request.body(), "message"), "a b");
    let error = sent_on
        .receive(response(400, &[], r#"{"error":{"type":"OAuthException"}}"#), moment())
        .unwrap_err();
    assert_eq!(error.code(), Some("OAuthException"));

    let (request, _) = sent(call.call().unwrap());
    assert!(!request.headers().contains_key("authorization"));
    let empty = ApiRequest::new("https://a.example/").unwrap().post::<&str, &str>([]);
    assert_eq!(empty.request().unwrap().method(), "POST");
    assert!(Session::new(&client(), "http://a.example/", token()).is_err());
    let session = session(token());
    assert!(session.call(&call, now()).is_err());
    let albums = ApiRequest::new(API).unwrap();
    let (request, _) = sent(session.call(&albums, now()).unwrap());
    assert!(bearer(&request).is_some());
    assert!(albums.clone().with(|it| it.limit = 1).read(&json("{}")).is_err());
    assert!(albums.read(&response(200, &[], "<html>")).is_err());
    assert!(albums.read(&response(204, &[], "")).unwrap().is_null());
}

/// RFC 6749 §5.2: an error code has at least one character.
#[test]
fn an_empty_error_is_not_a_refusal() {
    let answer =
        |members: &str| json(&format!(r#"{{"access_token":"a","token_type":"Bearer",{members}}}"#));
    token_of(&client(), answer(r#""error":"","error_description":"""#)).unwrap();
    let lenient = client_of(server().with(|server| {
        server.quirks = Quirks::default().with(|quirks| {
            quirks.allow_null_members = true;
            quirks.allow_error_list = true;
        });
    }));
    for members in
        [r#""error":null,"error_uri":null"#, r#""errors":[]"#, r#""errors":null"#, r#""error":"""#]
    {
        token_of(&lenient, answer(members)).unwrap();
    }
    let error = token_of(&client(), answer(r#""error":null"#)).unwrap_err();
    assert!(error.to_string().contains(r#"the answer's "error" is null"#), "{error}");
    for members in [
        r#""errors":["x"]"#,
        r#""errors":{"x":1}"#,
        r#""errors":true"#,
        r#""error":{}"#,
        r#""error":0"#,
    ] {
        assert!(matches!(token_of(&lenient, answer(members)), Err(Error::Refused(_))), "{members}");
    }
}

#[test]
fn a_lifetime_is_read_in_every_form_of_a_whole_number_and_in_no_other() {
    let lifetime = |value: &str| {
        token_of(
            &client(),
            json(&format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":{value}}}"#)),
        )
        .map(|token| token.expires_at)
    };
    for value in ["3600", "3600.0", "\"3600\"", "\"3600.0\"", "\" 3600 \"", "3.6e3"] {
        assert_eq!(lifetime(value).unwrap(), Some(Timestamp::from_secs(NOW + 3600)), "{value}");
    }
    for value in ["-1", "1.5", "\"1.5\"", "\"+1\"", "\"\"", "\"an hour\"", "true", "[1]"] {
        let error = lifetime(value).unwrap_err();
        assert!(error.to_string().contains("expires_in"), "{value}: {error}");
    }
}

#[test]
fn the_code_of_a_refusal_is_found_in_every_known_place() {
    let code = |body: &[u8]| {
        let mut answer = response(400, &[("content-type", "application/json")], "");
        *answer.body_mut() = body.to_vec();
        token_of(&client(), answer).unwrap_err().code().map(str::to_owned)
    };
    let grant = Some("invalid_grant".to_owned());
    // The description is in Latin-1.
    assert_eq!(
        code(b"{\"error\":\"invalid_grant\",\"error_description\":\"Jeton expir\xe9\"}"),
        grant
    );
    assert_eq!(
        code(br#"{"error":{"code":"invalid_grant","message":"The code has expired"}}"#),
        grant
    );
    assert_eq!(code("\u{feff}{\"error\":\"invalid_grant\"}".as_bytes()), grant);
}

/// Asserts that the error without an option contains its name, and that the option removes the
/// error.
#[track_caller]
fn lifted<T: std::fmt::Debug>(option: &str, without: Result<T, Error>, with: Result<T, Error>) {
    let error = without.unwrap_err();
    assert!(error.to_string().contains(&format!("`{option}`")), "{option}: {error}");
    with.unwrap_or_else(|error| panic!("{option}: {error}"));
}

/// Answers every request of a step with the same response, and returns the result.
fn answered<T>(step: Result<Step<T>, Error>, answer: &str) -> Result<T, Error> {
    match step? {
        Step::Send(_, sent) => answered(sent.receive(json(answer), moment()), answer),
        Step::Done(value) => Ok(value),
        Step::Wait(..) => panic!("a pause"),
    }
}

/// All options of `Quirks` except three that remove no error: `allow_expires` and
/// `allow_zero_expiry` change how a lifetime is read, and `allow_error_list` changes how an error
/// code is read.
#[test]
fn an_error_about_an_answer_names_the_quirk_that_accepts_it() {
    let strict = Quirks::default();
    let bearer =
        |members: &str| json(&format!(r#"{{"access_token":"a","token_type":"Bearer",{members}}}"#));
    let typed = |media_type: &str, body: &str| response(200, &[("content-type", media_type)], body);
    let as_form = "access_token=a&token_type=bearer";
    for (option, quirks, answer) in [
        (
            "allow_missing_token_type",
            strict.with(|quirks| quirks.allow_missing_token_type = true),
            json(r#"{"access_token":"a"}"#),
        ),
        (
            "allow_token_types",
            strict.with(|quirks| quirks.allow_token_types = &["own"]),
            json(r#"{"access_token":"a","token_type":"own"}"#),
        ),
        (
            "allow_scope_array",
            strict.with(|quirks| quirks.allow_scope_array = true),
            bearer(r#""scope":["a"]"#),
        ),
        ("allow_form_answer", strict.with(|quirks| quirks.allow_form_answer = true), form(as_form)),
        (
            "allow_form_answer",
            strict.with(|quirks| quirks.allow_form_answer = true),
            typed("application/x-www-form-urlencoded", as_form),
        ),
        (
            "allow_any_content_type",
            strict.with(|quirks| quirks.allow_any_content_type = true),
            typed("text/javascript", ANSWER),
        ),
        (
            "allow_any_content_type",
            strict.with(|quirks| quirks.allow_any_content_type = true),
            typed("text/plain", ANSWER),
        ),
        (
            "allow_any_content_type",
            strict.with(|quirks| quirks.allow_any_content_type = true),
            response(200, &[], ANSWER),
        ),
        (
            "allow_null_members",
            strict.with(|quirks| quirks.allow_null_members = true),
            bearer(r#""expires_in":null"#),
        ),
        (
            "allow_null_members",
            strict.with(|quirks| quirks.allow_null_members = true),
            bearer(r#""scope":null"#),
        ),
        (
            "allow_null_members",
            strict.with(|quirks| quirks.allow_null_members = true),
            bearer(r#""refresh_token":"""#),
        ),
        (
            "allow_camel_case",
            strict.with(|quirks| quirks.allow_camel_case = true),
            json(r#"{"accessToken":"a","tokenType":"Bearer"}"#),
        ),
    ] {
        let lenient = client_of(server().with(|server| server.quirks = quirks));
        lifted(
            &format!("Quirks::{option}"),
            token_of(&client(), answer.clone()),
            token_of(&lenient, answer),
        );
    }
    // If no option helps, the error contains none.
    for answer in [
        json(r#"{"access_token":null,"token_type":"Bearer"}"#),
        json(r#"{"access_token":"","token_type":"Bearer"}"#),
        json(r#"{"token_type":"Bearer"}"#),
        bearer(r#""scope":5"#),
        bearer(r#""expires_in":"soon""#),
        typed("text/html", "<html>"),
    ] {
        let error = token_of(&client(), answer).unwrap_err();
        assert!(!error.to_string().contains("allow_"), "{error}");
    }
}

/// All other options of a client, except those that remove no error of this crate:
/// `Authentication::allow_raw_basic`, `AuthorizationServer::allow_transmission`,
/// `Authorize::dangerous_state`, `Client::dangerous_redeem_code`, and the placements of
/// `TokenPlacement`.
#[test]
fn an_error_of_a_client_names_the_option_that_lifts_it() {
    let plain = || AuthorizationServer::new("http://a.example/token").unwrap();
    let asked =
        |server| Client::new(server, "id").request_token(Grant::client_credentials(), moment());
    lifted(
        "AuthorizationServer::dangerous_allow_http",
        asked(plain()),
        asked(plain().with(|server| server.dangerous_allow_http = true)),
    );
    let redirect = |server| Client::new(server, "id").redirect_uri("http://c.example/cb");
    lifted(
        "AuthorizationServer::dangerous_allow_http",
        redirect(server()),
        redirect(server().with(|server| server.dangerous_allow_http = true)),
    );

    let metadata: Metadata = serde_json::from_str(
        r#"{"issuer":"https://auth.example.com",
        "authorization_endpoint":"https://auth.example.com/a",
        "token_endpoint":"https://auth.example.com/token",
        "code_challenge_methods_supported":["plain"]}"#,
    )
    .unwrap();
    let lacking = || AuthorizationServer::from_metadata(&metadata).unwrap();
    let authorize = |server, authorize| client_of(server).authorize(authorize, moment());
    let mut lenient = lacking();
    lenient.allow_missing_s256 = true;
    let option = "AuthorizationServer::allow_missing_s256";
    lifted(
        option,
        authorize(lacking(), Authorize::default()),
        authorize(lenient, Authorize::default()),
    );
    for lenient in [
        Authorize::default().with(|authorize| authorize.allow_plain_pkce = true),
        Authorize::default().with(|authorize| authorize.allow_missing_pkce = true),
    ] {
        lifted(option, authorize(lacking(), Authorize::default()), authorize(lacking(), lenient));
    }

    let mut inside = metadata.clone();
    inside.token_endpoint = Some("https://keycloak.internal/token".into());
    lifted(
        "AuthorizationServer::dangerous_from_metadata_of_internal_hosts",
        AuthorizationServer::from_metadata(&inside),
        AuthorizationServer::dangerous_from_metadata_of_internal_hosts(&inside),
    );
    let register = |server: AuthorizationServer| {
        let step = server.register(&ClientMetadata::new([REDIRECT]), None);
        answered(
            step,
            r#"{"client_id":"c","registration_client_uri":"https://keycloak.internal/c"}"#,
        )
    };
    let option = "AuthorizationServer::dangerous_allow_internal_hosts";
    lifted(
        option,
        register(server()),
        register(server().with(|server| server.dangerous_allow_internal_hosts = true)),
    );

    let session = || session(token());
    let sign = |session: Session| {
        session.attach_token(&mut get("https://elsewhere.example/"), now()).map(|_| ())
    };
    lifted(
        "Session::dangerous_allow_any_origin",
        sign(session()),
        sign(session().with(|session| session.dangerous_allow_any_origin = true)),
    );
}

#[test]
fn an_error_of_discovery_names_the_option_that_lifts_it() {
    let own = || Discovery::new(ISSUER).unwrap();
    let start = |discovery: Discovery, members: &str| {
        answered(
            discovery.start(),
            &format!(r#"{{"token_endpoint":"https://auth.example.com/token"{members}}}"#),
        )
    };
    let slash = r#","issuer":"https://auth.example.com/""#;
    let mut lenient = own();
    lenient.allow_issuer = Some("https://auth.example.com/".into());
    lifted("Discovery::allow_issuer", start(own(), slash), start(lenient, slash));
    let template = r#","issuer":"https://auth.example.com/{tenant}""#;
    let lenient = own().with(|discovery| {
        discovery.allow_issuer_template = Some("https://auth.example.com/{tenant}".into());
    });
    lifted("Discovery::allow_issuer_template", start(own(), template), start(lenient, template));
    lifted(
        "Discovery::allow_missing_issuer",
        start(own(), ""),
        start(own().with(|discovery| discovery.allow_missing_issuer = true), ""),
    );
    let inside = r#","issuer":"https://auth.example.com","jwks_uri":"https://10.0.0.1/""#;
    let mut lenient = own();
    lenient.dangerous_allow_internal_hosts = true;
    lifted(
        "Discovery::dangerous_allow_internal_hosts",
        start(own(), inside),
        start(lenient, inside),
    );
    let plain = || Discovery::new("http://a.example").unwrap();
    lifted(
        "Discovery::dangerous_allow_http",
        plain().start(),
        plain().with(|discovery| discovery.dangerous_allow_http = true).start(),
    );

    let own = || ResourceDiscovery::new("https://r.example/mcp").unwrap();
    let start = |discovery: ResourceDiscovery, resource: &str, issuer: &str| {
        let document =
            format!(r#"{{"resource":"{resource}","authorization_servers":["{issuer}"]}}"#);
        answered(discovery.start(), &document)
    };
    for covering in ["https://r.example", "https://r.example/mcp/"] {
        let mut lenient = own();
        lenient.allow_covering_resource = true;
        let option = "ResourceDiscovery::allow_covering_resource";
        lifted(option, start(own(), covering, ISSUER), start(lenient, covering, ISSUER));
    }
    let other = start(own(), "https://r.example/other", ISSUER).unwrap_err();
    assert!(!other.to_string().contains("allow_"), "{other}");
    let inside = |discovery| start(discovery, "https://r.example/mcp", "https://login.corp");
    let option = "ResourceDiscovery::dangerous_allow_internal_hosts";
    lifted(
        option,
        inside(own()),
        inside(own().with(|discovery| discovery.dangerous_allow_internal_hosts = true)),
    );
    let plain = || ResourceDiscovery::new("http://r.example").unwrap();
    lifted(
        "ResourceDiscovery::dangerous_allow_http",
        plain().start(),
        plain().with(|discovery| discovery.dangerous_allow_http = true).start(),
    );
}

/// The error contains the explanation in an unusual response without an error code.
#[test]
fn an_error_shows_the_numbers_and_the_messages_of_a_refusal() {
    for (status, body, word) in [
        (
            401,
            r#"{"error":{"status":401,"message":"The access token expired"}}"#,
            "The access token expired",
        ),
        (200, r#"{"errcode":40029,"errmsg":"invalid code"}"#, "40029"),
        (200, r#"{"errcode":40029,"errmsg":"invalid code"}"#, "invalid code"),
        (
            400,
            r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#,
            "Timestamp out of bounds",
        ),
    ] {
        let error =
            token_of(&client(), response(status, &[("content-type", "application/json")], body))
                .unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    // A message that may contain a token is not shown.
    let error =
        token_of(&client(), json(r#"{"token_type":"Bearer","message":"your token is sesamopen"}"#))
            .unwrap_err();
    assert!(!format!("{error} {error:?}").contains("sesamopen"), "{error}");
}

#[test]
fn an_api_answer_that_has_only_an_error_is_a_refusal() {
    let called = |body: &str| ApiRequest::new(API).unwrap().read(&response(200, &[], body));
    let error = called(r#"{"ok":false,"error":"invalid_auth"}"#).unwrap_err();
    assert_eq!(error.code(), Some("invalid_auth"));
    let listed = r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#;
    for error in [
        called(listed).unwrap_err(),
        ApiRequest::new(API).unwrap().read(&response(400, &[], listed)).unwrap_err(),
    ] {
        assert_eq!(error.code(), Some("135"), "{error}");
        assert!(error.to_string().contains("Timestamp out of bounds."), "{error}");
    }
    let error =
        called(r#"{"data":null,"errors":[{"message":"The field is unknown"}]}"#).unwrap_err();
    assert!(error.to_string().contains("The field is unknown"), "{error}");
    for body in
        [r#"{"ok":true,"error":null}"#, r#"{"id":7,"status":"failed","error":"the disk is full"}"#]
    {
        called(body).unwrap();
    }
}
