//! Each grant at the authorization server, with the requests that it refuses.

use crate::common::oauth2_pair::{NOW, OAuth2Pair, REDIRECT, SECRET, provider};
use http::request::Parts;
use oauth_proto::oauth2::server::store::ClientRecord;
use oauth_proto::oauth2::server::{
    Approval, ClientSource, Consent, DecideGrant, Decision, DeviceConsent, Dispatched,
    ExtensionGrant, GrantCredential, GrantType, IdentifiedClient, Rejected, Serve, serve,
};
use oauth_proto::oauth2::{
    self, Authorize, AuthorizeDevice, Client, PendingDevice, ResponseMode, SecretPlacement, Token,
};
use oauth_proto::wire::form;
use oauth_proto::{Error, Request, Response, Timestamp};

use crate::common::with::With;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

fn code(error: &Error) -> &str {
    error.code().unwrap_or_default()
}

fn post(pair: &OAuth2Pair, parameters: &[(&str, &str)]) -> (u16, serde_json::Value) {
    let body = form::encode(
        parameters.iter().chain(&[("client_id", "printer"), ("client_secret", SECRET)]).copied(),
    );
    let request = http::Request::post("https://auth.example.com/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.into_bytes())
        .unwrap();
    let response = pair.send(request);
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

fn error(answer: &(u16, serde_json::Value)) -> &str {
    answer.1["error"].as_str().unwrap_or_default()
}

fn begin(pair: &OAuth2Pair) -> PendingDevice {
    pair.run(pair.client().authorize_device(AuthorizeDevice::scope("read"), pair.moment())).unwrap()
}

/// Opens the link with the user code as the user, and enters the code that the page has filled in.
fn enter(pair: &OAuth2Pair, user_code: &str) -> Result<DeviceConsent, Rejected> {
    let uri = format!("https://auth.example.com/device?user_code={user_code}");
    let Ok(Dispatched::Device(page)) =
        pair.dispatch(&http::Request::get(uri).body(Vec::new()).unwrap())
    else {
        panic!("no page for devices")
    };
    serve(
        pair.provider.find_device(&page.user_code.unwrap_or_default(), "jane", pair.moment().now),
        &pair.store,
    )
}

/// Polls as the device at a time, and returns the status and the error code.
fn poll(pair: &OAuth2Pair, pending: &PendingDevice, now: u64) -> (u16, String) {
    pair.now.set(now);
    let stored = serde_json::to_value(pending).unwrap();
    let device_code = stored["device_code"].as_str().unwrap();
    let answer = post(pair, &[("grant_type", DEVICE_CODE), ("device_code", device_code)]);
    (answer.0, answer.1["error"].as_str().unwrap_or("granted").to_owned())
}

/// RFC 8628 §3.5.
#[test]
fn a_device_is_told_to_wait_and_to_slow_down_and_is_granted_once() {
    let pair = OAuth2Pair::new(provider());
    let pending = begin(&pair);
    assert_eq!(pending.user_code.len(), 9);
    assert_eq!(poll(&pair, &pending, NOW), (400, "authorization_pending".into()));
    assert_eq!(poll(&pair, &pending, NOW + 5), (400, "authorization_pending".into()));
    assert_eq!(poll(&pair, &pending, NOW + 9), (400, "slow_down".into()));
    // After `slow_down`, the interval is longer.
    assert_eq!(poll(&pair, &pending, NOW + 18), (400, "slow_down".into()));
    assert_eq!(poll(&pair, &pending, NOW + 33), (400, "authorization_pending".into()));
    let device = enter(&pair, &pending.user_code.to_lowercase().replace('-', "%20")).unwrap();
    assert_eq!(device.user_code, pending.user_code);
    assert_eq!((device.client_id.as_str(), device.scope.as_str()), ("printer", "read"));
    let stored = serde_json::from_str(&serde_json::to_string(&device).unwrap()).unwrap();
    serve(pair.provider.approve_device(stored, Approval::new("jane"), pair.moment()), &pair.store)
        .unwrap();
    assert_eq!(poll(&pair, &pending, NOW + 34), (200, "granted".into()));
    // A device code gives tokens once.
    assert_eq!(poll(&pair, &pending, NOW + 60), (400, "invalid_grant".into()));
    assert_eq!(enter(&pair, &pending.user_code).unwrap_err().response().status(), 400);
    serve(pair.provider.deny_device(device, pair.moment()), &pair.store).unwrap_err();
}

#[test]
fn a_device_that_is_denied_or_too_late_gets_no_token() {
    let pair = OAuth2Pair::new(provider());
    let pending = begin(&pair);
    let device = enter(&pair, &pending.user_code.to_lowercase().replace('-', "%20")).unwrap();
    assert_eq!(device.user_code, pending.user_code);
    serve(pair.provider.deny_device(device, pair.moment()), &pair.store).unwrap();
    assert_eq!(poll(&pair, &pending, NOW + 5), (400, "access_denied".into()));
    let pending = begin(&pair);
    assert_eq!(poll(&pair, &pending, NOW + 604).1, "authorization_pending");
    assert_eq!(poll(&pair, &pending, NOW + 605).1, "expired_token");
    enter(&pair, &pending.user_code).unwrap_err();
    enter(&pair, "").unwrap_err();
}

#[test]
fn a_device_code_of_another_client_or_a_user_code_in_its_place_is_refused() {
    let pair = OAuth2Pair::new(provider());
    pair.store.add_client(ClientRecord::confidential("other", SECRET).unwrap());
    let pending = begin(&pair);
    let stored = serde_json::to_value(&pending).unwrap();
    let device_code = stored["device_code"].as_str().unwrap();
    let other = Client::new(pair.server(), "other").secret(SECRET);
    let grant = oauth2::Grant::extension(DEVICE_CODE).parameter("device_code", device_code);
    let stolen = pair.run(other.request_token(grant, pair.moment())).unwrap_err();
    assert_eq!(code(&stolen), "invalid_grant");
    let guessed = post(&pair, &[("grant_type", DEVICE_CODE), ("device_code", &pending.user_code)]);
    assert_eq!(error(&guessed), "invalid_grant");
}

fn exchange(
    pair: &OAuth2Pair,
    subject: &Token,
    more: &[(&str, &str)],
    decide: impl Fn(&DecideGrant) -> Decision,
) -> Response {
    let parameters = [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token", subject.access_token.expose()),
        ("subject_token_type", ACCESS_TOKEN),
        ("client_id", "printer"),
        ("client_secret", SECRET),
    ];
    let request: Request = http::Request::post("https://auth.example.com/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form::encode(parameters.iter().chain(more).copied()).into_bytes())
        .unwrap();
    Serve::new(&pair.store)
        .decide_grant(|query| Ok::<_, String>(decide(&query)))
        .run(pair.provider.token(&request, pair.moment()))
        .unwrap_or_else(|rejected| rejected.response())
}

/// RFC 8693.
#[test]
fn an_exchanged_token_has_no_wider_scope_and_no_longer_lifetime_than_its_grant() {
    let pair = OAuth2Pair::new(
        provider().add_grant_type(GrantType::token_exchange().scopes("read write admin")),
    );
    pair.store.add_client(
        ClientRecord::confidential("printer", SECRET)
            .unwrap()
            .add_redirect_uri(REDIRECT)
            .add_grant_type(TOKEN_EXCHANGE),
    );
    let client = pair.client();
    let subject = pair.sign_in(&client, Authorize::scope("read write")).unwrap();
    let policy = |question: &DecideGrant| match &question.credential {
        GrantCredential::Exchange(exchange) => match &exchange.subject {
            Some(subject) => {
                Decision::Granted(Approval::new(subject.grant.user.clone().unwrap_or_default()))
            }
            None => Decision::Refused {
                code: "invalid_request".into(),
                description: "not one of ours".into(),
            },
        },
        _ => Decision::Denied,
    };
    let response = exchange(&pair, &subject, &[("scope", "read")], policy);
    let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(
        (answer["issued_token_type"].as_str(), answer["scope"].as_str()),
        (Some(ACCESS_TOKEN), Some("read"))
    );
    assert!(answer.get("refresh_token").is_none());
    assert_eq!(exchange(&pair, &subject, &[("scope", "admin")], policy).status(), 400);
    assert_eq!(
        exchange(&pair, &subject, &[("requested_token_type", "urn:x")], policy).status(),
        400
    );
    assert_eq!(exchange(&pair, &subject, &[("actor_token", "x")], policy).status(), 400);
    let introspect = |token: &str| pair.run(client.introspect(token, pair.moment())).unwrap();
    let exchanged = answer["access_token"].as_str().unwrap();
    assert_eq!(introspect(exchanged).sub.as_deref(), Some("jane"));
    let refresh_token = subject.refresh_token.clone().unwrap();
    pair.run(client.revoke(refresh_token.expose(), pair.moment())).unwrap();
    assert!(!introspect(exchanged).active);
    let response = exchange(&pair, &subject, &[("scope", "read")], policy);
    assert!(String::from_utf8_lossy(response.body()).contains("not one of ours"));
    // The request is refused without a decision of the application.
    assert_eq!(
        post(
            &pair,
            &[("grant_type", TOKEN_EXCHANGE), ("subject_token", "x"), ("subject_token_type", "y")]
        )
        .0,
        400
    );
}

#[test]
fn an_extension_grant_is_decided_by_its_type_or_by_the_application() {
    #[derive(Debug)]
    struct Voucher;
    impl ExtensionGrant for Voucher {
        fn handle(&self, question: &DecideGrant, now: Timestamp) -> Decision {
            let GrantCredential::Extension { parameters, .. } = &question.credential else {
                return Decision::Denied;
            };
            assert!(!format!("{question:?}").contains("genuine") && now.as_secs() == NOW);
            match parameters
                .iter()
                .any(|(name, value)| name == "voucher" && value.expose() == "genuine")
            {
                true => Decision::Granted(Approval::new("guest").scope("read")),
                false => Decision::Denied,
            }
        }
    }
    let pair = OAuth2Pair::new(provider().add_grant_type(
        GrantType::extension_with_handler("urn:voucher", Voucher).scopes("read write"),
    ));
    let shown =
        |voucher| [("grant_type", "urn:voucher"), ("voucher", voucher), ("scope", "read write")];
    // A client needs the grant type in its record.
    assert_eq!(error(&post(&pair, &shown("genuine"))), "unauthorized_client");
    pair.store.add_client(
        ClientRecord::confidential("printer", SECRET).unwrap().add_grant_type("urn:voucher"),
    );
    let answer = post(&pair, &shown("genuine"));
    assert_eq!((answer.0, answer.1["scope"].as_str()), (200, Some("read")));
    assert_eq!(error(&post(&pair, &shown("forged"))), "invalid_grant");
    assert_eq!(error(&post(&pair, &[("grant_type", "urn:other")])), "unsupported_grant_type");
}

#[test]
fn a_client_may_authenticate_by_a_custom_method() {
    #[derive(Clone)]
    struct Certificate(&'static str);
    #[derive(Debug)]
    struct MutualTls;
    impl ClientSource for MutualTls {
        fn find(&self, request: &Parts, parameters: &[(&str, &str)]) -> Option<IdentifiedClient> {
            let Certificate(shown) = request.extensions.get::<Certificate>()?.clone();
            let (_, client_id) = parameters.iter().find(|(name, _)| *name == "client_id")?;
            Some(IdentifiedClient::new(*client_id, move |record| {
                record.metadata.software_id.as_deref() == Some(shown)
            }))
        }
    }
    let pair = OAuth2Pair::new(provider().client_source(MutualTls));
    let mut record = ClientRecord::authenticated_by("device", "tls_client_auth")
        .add_grant_type("client_credentials");
    record.metadata.software_id = Some("thumbprint".into());
    pair.store.add_client(record);
    let ask = |certificate: Option<Certificate>, more: &str| {
        let body = format!("grant_type=client_credentials&scope=stats&client_id=device{more}");
        let mut request = http::Request::post("https://auth.example.com/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.into_bytes())
            .unwrap();
        if let Some(certificate) = certificate {
            request.extensions_mut().insert(certificate);
        }
        pair.send(request).status().as_u16()
    };
    assert_eq!(ask(Some(Certificate("thumbprint")), ""), 200);
    assert_eq!(ask(Some(Certificate("other")), ""), 401);
    assert_eq!(ask(None, ""), 401);
    assert_eq!(ask(None, "&client_secret=x"), 401);
    assert_eq!(ask(Some(Certificate("thumbprint")), "&client_secret=x"), 400);
}

#[test]
fn secrets_are_accepted_only_where_the_operator_allows() {
    let grant = || oauth2::Grant::client_credentials().scope("stats");
    for (provider, placement, fits) in [
        (provider().with(|options| options.only_basic = true), SecretPlacement::Basic, true),
        (provider().with(|options| options.only_basic = true), SecretPlacement::Body, false),
        (provider().with(|options| options.only_body = true), SecretPlacement::Basic, false),
        (provider().with(|options| options.only_body = true), SecretPlacement::Body, true),
    ] {
        let pair = OAuth2Pair::new(provider);
        let client = Client::new(
            pair.server().with(|server| server.secret_placement = Some(placement)),
            "printer",
        )
        .secret(SECRET);
        assert_eq!(
            pair.run(client.request_token(grant(), pair.moment())).is_ok(),
            fits,
            "{placement:?}"
        );
    }
}

#[test]
fn an_implicit_token_is_sent_in_the_fragment_or_in_a_form() {
    let pair =
        OAuth2Pair::new(provider().add_grant_type(GrantType::dangerous_implicit().scopes("read")));
    for mode in [ResponseMode::Fragment, ResponseMode::FormPost] {
        let mut authorize = Authorize::scope("read");
        authorize.response_mode = mode;
        let authorization =
            pair.client().dangerous_authorize_implicit(authorize, pair.moment()).unwrap();
        let consent = pair.consent(&authorization.url);
        let step = pair.provider.approve(consent, Approval::new("jane"), pair.moment());
        let response = serve(step, &pair.store).unwrap();
        let callback = match mode {
            ResponseMode::FormPost => fields(std::str::from_utf8(response.body()).unwrap()),
            _ => response.headers()["location"].to_str().unwrap().to_owned(),
        };
        let token = pair
            .client()
            .token_from_fragment(authorization.pending, &callback, pair.moment().now)
            .unwrap();
        assert_eq!((token.scope, token.refresh_token), (Some("read".into()), None));
        assert_eq!(token.expires_at.unwrap().as_secs(), NOW + 3600);
    }
    let mut in_query = Authorize::scope("read");
    in_query.response_mode = ResponseMode::Query;
    if let Ok(authorization) = pair.client().dangerous_authorize_implicit(in_query, pair.moment()) {
        let url = authorization.url.replace("response_mode=fragment", "response_mode=query");
        let end = pair.dispatch(&http::Request::get(url).body(Vec::new()).unwrap());
        assert!(matches!(end, Err(_) | Ok(Dispatched::Consent(_))));
    }
}

/// Returns the form that a browser posts from a page with one form.
fn fields(page: &str) -> String {
    let fields = page.split("<input ").skip(1).map(|input| {
        let attribute = |name: &str| {
            let (_, rest) = input.split_once(&format!("{name}=\"")).unwrap();
            rest.split('"').next().unwrap().replace("&amp;", "&")
        };
        (attribute("name"), attribute("value"))
    });
    form::encode(fields)
}

#[test]
fn a_decision_survives_a_login_page_but_not_for_ever() {
    let pair = OAuth2Pair::new(provider());
    let client = pair.client();
    let authorize =
        Authorize::scope("read").parameter("login_hint", "jane").parameter("prompt", "none");
    let authorization = pair.run(client.authorize(authorize, pair.moment())).unwrap();
    let consent = pair.consent(&authorization.url);
    assert_eq!(
        (consent.parameter("login_hint"), consent.parameter("prompt")),
        (Some("jane"), Some("none"))
    );
    let stored: Consent = serde_json::from_str(&serde_json::to_string(&consent).unwrap()).unwrap();
    assert_eq!(stored, consent);
    for (response, error) in [
        (serve(pair.provider.deny(stored.clone()), &pair.store).unwrap(), "access_denied"),
        (
            serve(pair.provider.redirect_with_error(stored.clone(), "login_required"), &pair.store)
                .unwrap(),
            "login_required",
        ),
    ] {
        let callback = response.headers()["location"].to_str().unwrap();
        assert!(callback.starts_with("https://client.example.com/cb?x=1&error="), "{callback}");
        let pending =
            serde_json::from_str(&serde_json::to_string(&authorization.pending).unwrap()).unwrap();
        let refused = client.redeem(pending, callback, pair.moment()).unwrap_err();
        assert!(refused.to_string().contains(error) || code(&refused) == error, "{refused}");
    }
    pair.now.set(NOW + 3600);
    let late =
        serve(pair.provider.approve(stored, Approval::new("jane"), pair.moment()), &pair.store)
            .unwrap_err();
    assert!(
        late.response().headers()["location"].to_str().unwrap().contains("error=invalid_request")
    );
}

#[test]
fn more_than_was_requested_is_not_granted() {
    let pair = OAuth2Pair::new(provider());
    let authorization =
        pair.run(pair.client().authorize(Authorize::scope("read"), pair.moment())).unwrap();
    let consent = pair.consent(&authorization.url);
    let wider = Approval::new("jane").scope("read write");
    serve(pair.provider.approve(consent.clone(), wider, pair.moment()), &pair.store).unwrap_err();
    let narrower = Approval::new("jane").scope("");
    serve(pair.provider.approve(consent, narrower, pair.moment()), &pair.store).unwrap();
}

#[test]
fn a_failing_store_is_reported_as_an_error_of_the_protocol() {
    use oauth_proto::oauth2::server::ServerStep;
    use oauth_proto::oauth2::server::store::NextQuery;

    let pair = OAuth2Pair::new(provider());
    let body = format!(
        "grant_type=client_credentials&client_id=printer&client_secret={SECRET}&scope=stats"
    );
    let request = http::Request::post("https://auth.example.com/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.into_bytes())
        .unwrap();
    let ServerStep::Query(NextQuery::Find(pending)) = pair.provider.token(&request, pair.moment())
    else {
        panic!("expected the query Find")
    };
    let ServerStep::Reject(rejected) = pending.unavailable("disk full") else {
        panic!("it goes on")
    };
    let response = rejected.response();
    assert_eq!(response.status(), 503);
    let body = String::from_utf8_lossy(response.body()).into_owned();
    assert!(body.contains("temporarily_unavailable") && !body.contains("disk"));
    assert!(rejected.to_string().contains("disk full"));
}
