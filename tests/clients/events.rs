//! Events of clients, sessions and guards, by hooks and by the feature `tracing`. Each outcome is
//! reported once, with the facts that an operator needs and without secrets.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex};

use crate::common::oauth2::*;
use oauth_proto::oauth1::{self, ClientCredentials, Server};
use oauth_proto::oauth2::resource::{RemoteTokens, ResourceServer};
use oauth_proto::oauth2::server::serve;
use oauth_proto::oauth2::server::store::MemoryStore;
use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, AuthorizeDevice, Client, ClientMetadata, ClientRegistration,
    ConditionalWrite, Discovery, Grant, PendingDevice, ResourceDiscovery, Session, SharedSession,
    StoredToken, Token, TokenPlacement, WriteOutcome,
};
use oauth_proto::services::{self, SignIn};
use oauth_proto::{
    ApiRequest, BoxError, DriveError, Error, Event, Purpose, Request, Response, Step, Timestamp,
    run_with,
};

/// The beginning of every secret in these tests, except secrets that are derived from a moment.
const MARK: &str = "hunter2";
const ID: &str = "s6BhdRkqt3";
const TOKEN_ENDPOINT: &str = "https://auth.example.com/token";
const GRANTED: &str = concat!(
    r#"{"access_token":"hunter2-at","token_type":"Bearer","expires_in":3600,"#,
    r#""refresh_token":"hunter2-rt"}"#,
);

/// The events that a hook has received.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Line>>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    kind: &'static str,
    purpose: Option<Purpose>,
    endpoint: Option<String>,
    client_id: Option<String>,
    cause: Option<&'static str>,
    text: String,
}

impl Heard {
    fn hook(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let lines = self.0.clone();
        move |event| {
            let kind = match event {
                Event::Answered { .. } => "answered",
                Event::Continued { .. } => "continued",
                Event::Failed { .. } => "failed",
                Event::Unsent { .. } => "unsent",
                Event::Resent { .. } => "resent",
                Event::RenewalPutOff { .. } => "put off",
                Event::StorageFailed { .. } => "storage",
                Event::TokenLoaded { .. } => "loaded",
                Event::GrantEnded { .. } => "ended",
                Event::Rejected { .. } => "rejected",
                _ => "unknown",
            };
            lines.lock().unwrap().push(Line {
                kind,
                purpose: event.purpose(),
                endpoint: event.leg().map(|leg| leg.endpoint.clone()),
                client_id: event.client_id().map(str::to_owned),
                cause: event.cause(),
                text: format!("{event} {event:?}"),
            });
        }
    }

    fn lines(&self) -> Vec<Line> {
        self.0.lock().unwrap().clone()
    }

    /// Returns the kinds of the events and the purposes of the requests.
    fn kinds(&self) -> Vec<(&'static str, Option<Purpose>)> {
        self.lines().iter().map(|line| (line.kind, line.purpose)).collect()
    }
}

type Exchanged = Result<Response, BoxError>;
type Run = dyn Fn(&Heard, &mut dyn FnMut(Request) -> Exchanged) -> Result<(), DriveError>;

/// A call, and the members of its event.
struct Call {
    purpose: Purpose,
    endpoint: &'static str,
    client_id: Option<&'static str>,
    /// The responses to the earlier requests of the call.
    before: Vec<Response>,
    good: Response,
    run: Box<Run>,
    /// Whether the call succeeds without the response.
    may_fail: bool,
    /// Whether other requests follow a good response.
    goes_on: bool,
}

impl Call {
    fn new<T: 'static>(
        purpose: Purpose,
        endpoint: &'static str,
        good: Response,
        step: impl Fn(&Heard) -> Result<Step<T>, Error> + 'static,
    ) -> Self {
        let run = move |heard: &Heard, send: &mut dyn FnMut(Request) -> Exchanged| {
            let mut time = NOW;
            let moments = || {
                time += 5;
                at(time)
            };
            run_with(step(heard)?, send, moments, |_| ()).map(drop)
        };
        Self {
            purpose,
            endpoint,
            client_id: Some(ID),
            before: Vec::new(),
            good,
            run: Box::new(run),
            may_fail: false,
            goes_on: false,
        }
    }

    fn of(mut self, client_id: Option<&'static str>) -> Self {
        self.client_id = client_id;
        self
    }

    fn after(mut self, answers: impl IntoIterator<Item = Response>) -> Self {
        self.before = answers.into_iter().collect();
        self
    }

    /// Runs the call with `last` as the response to its last request. Returns the number of
    /// requests.
    fn meets(
        &self,
        heard: &Heard,
        last: &dyn Fn(&Request) -> Exchanged,
    ) -> (usize, Result<(), DriveError>) {
        let (mut before, mut count) = (self.before.iter(), 0);
        let ended = (self.run)(heard, &mut |request| {
            count += 1;
            before.next().map_or_else(|| last(&request), |answer| Ok(answer.clone()))
        });
        (count, ended)
    }
}

fn secretive(heard: &Heard) -> Client {
    Client::new(server(), ID)
        .secret("hunter2-secret")
        .redirect_uri(REDIRECT)
        .unwrap()
        .on_event(heard.hook())
}

fn pending_device() -> PendingDevice {
    let codes = concat!(
        r#"{"device_code":"hunter2-d","user_code":"u","#,
        r#""verification_uri":"https://example.com/device","expires_in":1800}"#,
    );
    let (_, on) = sent(
        secretive(&Heard::default())
            .authorize_device(AuthorizeDevice::default(), moment())
            .unwrap(),
    );
    done(on.receive(json(codes), moment()).unwrap())
}

const REGISTERED: &str = concat!(
    r#"{"client_id":"c","client_secret":"hunter2-s","registration_access_token":"hunter2-t","#,
    r#""registration_client_uri":"https://auth.example.com/register/c"}"#,
);

fn registration() -> ClientRegistration {
    let (_, on) = sent(server().register(&ClientMetadata::new([REDIRECT]), None).unwrap());
    done(on.receive(json(REGISTERED), moment()).unwrap())
}

fn granted() -> Token {
    let mut token = Token::bearer("hunter2-at");
    token.refresh_token = Some("hunter2-rt".into());
    token
}

fn oauth1_client(heard: &Heard) -> oauth1::Client {
    let [temporary, authorization, token] =
        ["initiate", "authorize", "token"].map(|path| format!("https://photos.example.net/{path}"));
    let service = Server::new(&temporary, &authorization, &token).unwrap();
    oauth1::Client::new(service, ClientCredentials::new("key", "hunter2-secret"))
        .on_event(heard.hook())
}

const TEMPORARY: &str =
    "oauth_token=rqt&oauth_token_secret=hunter2-rqs&oauth_callback_confirmed=true";
const OAUTH1_TOKEN: &str =
    "oauth_token=hunter2-t&oauth_token_secret=hunter2-s&oauth_session_handle=hunter2-h";
const OAUTH1_CALLBACK: &str =
    "https://printer.example.com/ready?oauth_token=rqt&oauth_verifier=hunter2-v";

fn oauth1_pending() -> oauth1::Pending {
    let authorize = oauth1::Authorize::callback("https://printer.example.com/ready");
    let (_, on) = sent(oauth1_client(&Heard::default()).authorize(authorize, moment()).unwrap());
    done(on.receive(crate::common::services::form(TEMPORARY), moment()).unwrap()).pending
}

fn oauth1_token() -> oauth1::Token {
    let (_, on) = sent(
        oauth1_client(&Heard::default())
            .redeem(oauth1_pending(), OAUTH1_CALLBACK, moment())
            .unwrap(),
    );
    done(on.receive(crate::common::services::form(OAUTH1_TOKEN), moment()).unwrap())
}

fn github(heard: &Heard) -> SignIn {
    SignIn::new(&services::GITHUB, ID, "hunter2-secret", crate::common::services::CALLBACK)
        .unwrap()
        .on_event(heard.hook())
}

fn sign_in_call(purpose: Purpose, endpoint: &'static str, before: &[&str], good: &str) -> Call {
    let mut call = Call::new(purpose, endpoint, json(good), |heard| {
        let sign_in = github(heard);
        let (authorization, _) = crate::common::services::begin(&sign_in);
        let uri = format!(
            "{}?code=hunter2-c&state={}",
            crate::common::services::CALLBACK,
            authorization.pending.key()
        );
        sign_in.redeem(authorization.pending, &uri, moment())
    });
    call.goes_on = purpose != Purpose::ReadingEmails;
    call.after(before.iter().map(|answer| json(answer)))
}

fn photos() -> ResourceServer {
    ResourceServer::builder("https://photos.example.com").build().unwrap()
}

fn shown(token: &str) -> Request {
    http::Request::get(API)
        .header("authorization", format!("Bearer {token}"))
        .body(Vec::new())
        .unwrap()
}

/// Every call that makes requests.
fn calls() -> Vec<Call> {
    use Purpose::*;

    const PROFILE: &str = r#"{"id":1,"login":"monalisa"}"#;
    let form = crate::common::services::form;
    let mut calls = vec![
        Call::new(
            DiscoveringServer,
            "https://auth.example.com/.well-known/oauth-authorization-server",
            json(r#"{"issuer":"https://auth.example.com"}"#),
            |heard| {
                let place = "https://auth.example.com/.well-known/oauth-authorization-server";
                let mut discovery = Discovery::new(ISSUER)?;
                discovery.metadata_url = Some(place.into());
                Ok(discovery.start()?.on_event(heard.hook()))
            },
        )
        .of(None),
        Call::new(
            DiscoveringResource,
            "https://photos.example.com/.well-known/oauth-protected-resource",
            json(r#"{"resource":"https://photos.example.com"}"#),
            |heard| {
                Ok(ResourceDiscovery::new("https://photos.example.com")?
                    .start()?
                    .on_event(heard.hook()))
            },
        )
        .of(None),
        Call::new(
            RegisteringClient,
            "https://auth.example.com/register",
            json(REGISTERED),
            |heard| {
                let metadata = ClientMetadata::new([REDIRECT]);
                Ok(server()
                    .register(&metadata, Some(&"hunter2-initial".into()))?
                    .on_event(heard.hook()))
            },
        )
        .of(None),
        Call::new(
            ManagingRegistration,
            "https://auth.example.com/register/c",
            json(REGISTERED),
            |heard| Ok(registration().read()?.on_event(heard.hook())),
        )
        .of(Some("c")),
        Call::new(
            ManagingRegistration,
            "https://auth.example.com/register/c",
            json(REGISTERED),
            |heard| {
                Ok(registration().update(&ClientMetadata::new([REDIRECT]))?.on_event(heard.hook()))
            },
        )
        .of(Some("c")),
        Call::new(
            ManagingRegistration,
            "https://auth.example.com/register/c",
            response(204, &[], ""),
            |heard| Ok(registration().delete()?.on_event(heard.hook())),
        )
        .of(Some("c")),
        Call::new(
            PushingAuthorization,
            "https://auth.example.com/par",
            response(
                201,
                &[("content-type", "application/json")],
                r#"{"request_uri":"urn:hunter2","expires_in":60}"#,
            ),
            |heard| {
                secretive(heard).authorize(
                    Authorize::default().with(|authorize| authorize.pushed = true),
                    moment(),
                )
            },
        ),
        Call::new(
            RequestingDeviceCode,
            "https://auth.example.com/device",
            json(concat!(
                r#"{"device_code":"hunter2-d","user_code":"u","#,
                r#""verification_uri":"https://example.com/device","expires_in":1800}"#,
            )),
            |heard| secretive(heard).authorize_device(AuthorizeDevice::default(), moment()),
        ),
        Call::new(PollingForToken, TOKEN_ENDPOINT, json(GRANTED), |heard| {
            secretive(heard).poll(&pending_device(), moment())
        }),
        Call::new(PollingForToken, TOKEN_ENDPOINT, json(GRANTED), |heard| {
            Ok(secretive(heard).poll(&pending_device(), moment())?.map(|token| token.access_token))
        }),
        Call::new(ExchangingCode, TOKEN_ENDPOINT, json(GRANTED), |heard| {
            let client = secretive(heard);
            let (pending, callback) = begun(&client);
            client.redeem(
                pending,
                &format!("{callback}&code=hunter2-c&iss=https://auth.example.com"),
                moment(),
            )
        }),
        Call::new(RequestingToken, TOKEN_ENDPOINT, json(GRANTED), |heard| {
            secretive(heard)
                .request_token(Grant::dangerous_password("jane", "hunter2-password"), moment())
        }),
        Call::new(RenewingToken, TOKEN_ENDPOINT, json(GRANTED), |heard| {
            Grant::refresh(&granted())
                .and_then(|grant| secretive(heard).request_token(grant, moment()))
        }),
        Call::new(RenewingToken, TOKEN_ENDPOINT, json(GRANTED), |heard| {
            Session::new(&secretive(heard), API, granted())?.renew(moment())
        }),
        Call::new(
            IntrospectingToken,
            "https://auth.example.com/introspect",
            json(r#"{"active":true,"scope":"photos"}"#),
            |heard| secretive(heard).introspect("hunter2-at", moment()),
        ),
        Call::new(
            IntrospectingToken,
            "https://auth.example.com/introspect",
            json(r#"{"active":true,"scope":"photos"}"#),
            |heard| {
                photos().check_remotely(
                    &shown("hunter2-at"),
                    "",
                    &RemoteTokens::new(secretive(heard)),
                    moment(),
                )
            },
        ),
        Call::new(
            RevokingToken,
            "https://auth.example.com/revoke",
            response(200, &[], ""),
            |heard| secretive(heard).revoke("hunter2-at", moment()),
        ),
        Call::new(CallingApi, API, json("{}"), |heard| {
            Ok(ApiRequest::new(API)?
                .argument("access_token", "hunter2-at")
                .call()?
                .on_event(heard.hook()))
        })
        .of(None),
        Call::new(CallingApi, API, json("{}"), |heard| {
            Session::new(&secretive(heard), API, granted())?.call(&ApiRequest::new(API)?, now())
        }),
        Call::new(
            RequestingTemporaryCredentials,
            "https://photos.example.net/initiate",
            form(TEMPORARY),
            |heard| {
                let authorize = oauth1::Authorize::callback("https://printer.example.com/ready");
                oauth1_client(heard).authorize(authorize, moment())
            },
        )
        .of(Some("key")),
        Call::new(
            ExchangingTemporaryCredentials,
            "https://photos.example.net/token",
            form(OAUTH1_TOKEN),
            |heard| oauth1_client(heard).redeem(oauth1_pending(), OAUTH1_CALLBACK, moment()),
        )
        .of(Some("key")),
        Call::new(
            RenewingTokenCredentials,
            "https://photos.example.net/token",
            form(OAUTH1_TOKEN),
            |heard| oauth1_client(heard).renew(&oauth1_token(), moment()),
        )
        .of(Some("key")),
        Call::new(CallingApi, "https://photos.example.net/photos", json("{}"), |heard| {
            let session = oauth1::Session::new(&oauth1_client(heard), oauth1_token());
            session.call(&ApiRequest::new("https://photos.example.net/photos")?, moment())
        })
        .of(Some("key")),
        sign_in_call(ExchangingCode, "https://github.com/login/oauth/access_token", &[], GRANTED),
        sign_in_call(ReadingProfile, "https://api.github.com/user", &[GRANTED], PROFILE),
        sign_in_call(
            ReadingEmails,
            "https://api.github.com/user/emails",
            &[GRANTED, PROFILE],
            "[]",
        ),
    ];
    calls.push(signing_call());
    with_openid(calls)
}

/// A token request that a key service signs first.
fn signing_call() -> Call {
    let signature = json(r#"{"signature":"hunter2-signature"}"#);
    let mut call = Call::new(
        Purpose::CallingKeyService,
        "https://keys.example.com/sign",
        signature,
        |heard| {
            with_key_service(secretive(heard)).request_token(Grant::client_credentials(), moment())
        },
    );
    call.goes_on = true;
    call
}

#[cfg(not(feature = "openid2"))]
fn with_openid(calls: Vec<Call>) -> Vec<Call> {
    calls
}

#[cfg(feature = "openid2")]
fn with_openid(mut calls: Vec<Call>) -> Vec<Call> {
    use crate::unsigned_assertion::{self, CLAIMED_ID, PROVIDER};
    use oauth_proto::openid2::{Authorize, Discovered, Options, RelyingParty};

    let party = |heard: &Heard| {
        RelyingParty::new("https://rp.example/", Options::default()).unwrap().on_event(heard.hook())
    };
    calls.push(
        Call::new(
            Purpose::DiscoveringIdentifier,
            CLAIMED_ID,
            unsigned_assertion::page(),
            move |heard| party(heard).discover(CLAIMED_ID),
        )
        .of(None),
    );
    let mut associating =
        Call::new(Purpose::Associating, PROVIDER, response(200, &[], "mode:no\n"), move |heard| {
            party(heard).associate(&Discovered::known_provider(PROVIDER)?, moment())
        });
    associating.may_fail = true;
    calls.push(associating.of(None));
    let valid = response(200, &[], "ns:http://specs.openid.net/auth/2.0\nis_valid:true\n");
    calls.push(
        Call::new(Purpose::VerifyingAssertion, PROVIDER, valid, move |heard| {
            let (_, on) = sent(party(&Heard::default()).discover(CLAIMED_ID)?);
            let discovered = done(on.receive(unsigned_assertion::page(), moment())?);
            let authorize = Authorize::new(&discovered, "https://rp.example/openid");
            let authorization = party(heard).authorize(authorize, moment())?;
            let return_to = parameter(query(&authorization.url()?), "openid.return_to");
            party(heard).redeem(
                authorization.pending,
                &unsigned_assertion::callback(&return_to),
                moment(),
            )
        })
        .of(None),
    );
    calls
}

/// Asserts that each request has one event, and that the last event is the one of the call.
#[track_caller]
fn is_reported(call: &Call, heard: &Heard, requests: usize, kind: &str, cause: Option<&str>) {
    let lines = heard.lines();
    assert_eq!(lines.len(), requests, "{} {kind}: {lines:#?}", call.purpose);
    let last = lines.last().unwrap_or_else(|| panic!("{} {kind}", call.purpose));
    assert_eq!(
        (last.kind, last.purpose, last.cause),
        (kind, Some(call.purpose), cause),
        "{last:?}"
    );
    assert_eq!(last.endpoint.as_deref(), Some(call.endpoint), "{last:?}");
    assert_eq!(last.client_id.as_deref(), call.client_id, "{last:?}");
    assert!(lines.iter().rev().skip(1).all(|line| line.kind == "answered"), "{lines:#?}");
}

#[test]
fn each_call_reports_its_success_once_with_endpoint_and_client() {
    for call in calls().iter().filter(|call| !call.goes_on) {
        let heard = Heard::default();
        let (requests, ended) = call.meets(&heard, &|_| Ok(call.good.clone()));
        ended.unwrap_or_else(|error| panic!("{}: {error}", call.purpose));
        is_reported(call, &heard, requests, "answered", None);
    }
}

#[test]
fn each_call_reports_its_failure_once_with_endpoint_client_and_cause() {
    for call in calls() {
        let heard = Heard::default();
        let (requests, ended) = call.meets(&heard, &|_| Err("connection refused".into()));
        ended.unwrap_err();
        is_reported(&call, &heard, requests, "unsent", Some("unsent"));
        if call.may_fail {
            continue;
        }

        let heard = Heard::default();
        let refusal = match call.purpose {
            Purpose::VerifyingAssertion => {
                response(400, &[], "ns:http://specs.openid.net/auth/2.0\nerror:no\n")
            }
            _ => refusal("unauthorized_client"),
        };
        let (requests, ended) = call.meets(&heard, &|_| Ok(refusal.clone()));
        ended.unwrap_err();
        let cause =
            if call.purpose == Purpose::DiscoveringIdentifier { "unsupported" } else { "refused" };
        is_reported(&call, &heard, requests, "failed", Some(cause));
    }
}

/// The table of `calls` must contain every purpose.
#[cfg(feature = "openid2")]
#[test]
fn the_table_has_every_purpose() {
    let calls = calls();
    let is_missing = |purpose: &&Purpose| !calls.iter().any(|call| call.purpose == **purpose);
    let missing: Vec<_> = Purpose::ALL.iter().filter(is_missing).collect();
    // Only OpenID providers send this request, and its failure is not an error.
    assert_eq!(missing, [&Purpose::DiscoveringRelyingParty]);
}

/// Returns the secrets that are derived from a moment and do not contain the mark.
fn made_of_moments(request: &Request) -> Vec<String> {
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let names = ["code_verifier", "state", "oauth_signature", "openid.sig"];
    [query, request.body()]
        .into_iter()
        .flat_map(pairs)
        .filter(|(name, _)| names.contains(&name.as_str()))
        .map(|(_, value)| value)
        .collect()
}

/// Runs all calls with all kinds of responses. Returns the secrets.
fn run_everything(heard: &Heard) -> Vec<String> {
    let secrets = Mutex::new(Vec::new());
    for call in calls() {
        let leak = r#"{"error":"no","access_token":"hunter2-at","hunter2":["hunter2"]}"#;
        let answers = [
            call.good.clone(),
            refusal("invalid_grant"),
            response(400, &[("content-type", "application/json")], leak),
            json(leak),
            json(r#"{"access_token":"hunter2-at","hunter2-x":1}"#),
            response(200, &[("content-type", "text/html")], "<html>hunter2-at</html>"),
            response(503, &[("www-authenticate", "Bearer realm=\"hunter2\"")], "hunter2"),
            response(302, &[("location", "https://elsewhere.example/?token=hunter2")], "hunter2"),
        ];
        for answer in answers {
            let _ = call.meets(heard, &|request| {
                secrets.lock().unwrap().extend(made_of_moments(request));
                Ok(answer.clone())
            });
        }
        // An error with the URL, like those of reqwest.
        let _ = call.meets(heard, &|request| {
            Err(format!("error sending request for url ({})", request.uri()).into())
        });
    }
    for put_off in
        [Err("timed out, see https://auth.example.com/?hunter2"), Ok(refusal("invalid_grant"))]
    {
        let session = Session::new(&secretive(heard), API, ends_in(5)).unwrap();
        let shared = SharedSession::builder_with(
            session.with(|session| {
                session.token_placement = TokenPlacement::AllowQuery("access_token");
            }),
            clock,
        )
        .build()
        .unwrap();
        let send = |request: Request| match request.uri().path() {
            "/token" => put_off.clone(),
            _ => Ok(response(401, &[], "hunter2")),
        };
        let _ = shared.fetch(get(API), send);
    }
    let guard = ResourceServer::builder("https://photos.example.com")
        .on_event(heard.hook())
        .build()
        .unwrap();
    for request in [
        shown("hunter2-at"),
        get(&format!("{API}?access_token=hunter2-at")),
        shown("hunter2 hunter2"),
    ] {
        serve(guard.check(&request, "photos", now()), &MemoryStore::default())
            .unwrap()
            .into_result()
            .unwrap_err();
    }
    let mut secrets = secrets.into_inner().unwrap();
    secrets.extend([MARK.to_owned(), "aHVudGVyMi".to_owned()]);
    let (pending, _) = begun(&client());
    secrets.push(pending.state().to_owned());
    secrets
}

/// Row `token-in-log`: events of clients and guards.
#[test]
fn no_event_holds_a_secret() {
    let heard = Heard::default();
    let secrets = run_everything(&heard);
    assert!(secrets.len() > 20, "{secrets:?}");
    let kinds: std::collections::BTreeSet<_> = heard.lines().iter().map(|line| line.kind).collect();
    let all = ["answered", "continued", "ended", "failed", "put off", "rejected", "unsent"];
    assert!(all.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    for line in heard.lines() {
        let leaked: Vec<_> =
            secrets.iter().filter(|secret| line.text.contains(secret.as_str())).collect();
        assert!(leaked.is_empty(), "{leaked:?} in {}", line.text);
    }
}

#[test]
fn an_answer_that_is_followed_by_another_request_is_reported_as_continued() {
    let heard = Heard::default();
    let mut answers = vec![json(GRANTED), response(503, &[], ""), refusal("authorization_pending")];
    let step = secretive(&heard).poll(&pending_device(), moment()).unwrap();
    let mut time = NOW;
    let moments = || {
        time += 30;
        at(time)
    };
    run_with(step, |_| Ok::<_, BoxError>(answers.pop().unwrap()), moments, |_| ()).unwrap();
    let polling = Some(Purpose::PollingForToken);
    assert_eq!(
        heard.kinds(),
        [("continued", polling), ("continued", polling), ("answered", polling)]
    );

    let heard = Heard::default();
    let mut answers =
        vec![json(r#"{"issuer":"https://auth.example.com"}"#), response(404, &[], "")];
    let step = Discovery::new(ISSUER).unwrap().start().unwrap().on_event(heard.hook());
    run_with(step, |_| Ok::<_, BoxError>(answers.pop().unwrap()), moment, |_| ()).unwrap();
    let discovering = Some(Purpose::DiscoveringServer);
    assert_eq!(heard.kinds(), [("continued", discovering), ("answered", discovering)]);
    assert_ne!(heard.lines()[0].endpoint, heard.lines()[1].endpoint);
}

/// Returns a token that expires in this number of seconds.
fn ends_in(seconds: u64) -> Token {
    let mut token = granted();
    token.expires_at = Some(Timestamp::from_secs(NOW + seconds));
    token
}

fn shared_by(heard: &Heard, token: Token) -> SharedSession {
    SharedSession::builder_with(Session::new(&secretive(heard), API, token).unwrap(), clock)
        .build()
        .unwrap()
}

/// Calls the API with these responses, in their order.
fn call(shared: &SharedSession, mut answers: Vec<Exchanged>) -> Result<Response, DriveError> {
    answers.reverse();
    shared.fetch(get(API), |_| answers.pop().unwrap())
}

#[test]
fn an_early_renewal_that_fails_is_reported_as_put_off() {
    let heard = Heard::default();
    let shared = shared_by(&heard, ends_in(5));
    call(&shared, vec![Err("timed out".into()), Ok(json("{}"))]).unwrap();
    let (renewing, calling) = (Some(Purpose::RenewingToken), Some(Purpose::CallingApi));
    assert_eq!(heard.kinds(), [("unsent", renewing), ("put off", None), ("answered", calling)]);
    let put_off = &heard.lines()[1];
    assert_eq!((put_off.client_id.as_deref(), put_off.cause), (Some(ID), Some("unsent")));
    // The next renewal is not tried yet, so it is not reported.
    call(&shared, vec![Ok(json("{}"))]).unwrap();
    assert_eq!(heard.kinds().len(), 4);
}

#[test]
fn a_request_that_is_sent_again_is_reported_with_its_client() {
    let heard = Heard::default();
    let shared = shared_by(&heard, ends_in(3600));
    call(&shared, vec![Ok(response(401, &[], "")), Ok(json(GRANTED)), Ok(json("{}"))]).unwrap();
    let (renewing, calling) = (Some(Purpose::RenewingToken), Some(Purpose::CallingApi));
    assert_eq!(
        heard.kinds(),
        [("answered", calling), ("answered", renewing), ("resent", calling), ("answered", calling)]
    );
    let resent = &heard.lines()[2];
    assert_eq!((resent.endpoint.as_deref(), resent.client_id.as_deref()), (Some(API), Some(ID)));
    assert_eq!(resent.cause, Some("token_refused"));
}

#[test]
fn an_api_request_that_cannot_be_sent_is_reported() {
    let heard = Heard::default();
    call(&shared_by(&heard, ends_in(3600)), vec![Err("connection refused".into())]).unwrap_err();
    assert_eq!(heard.kinds(), [("unsent", Some(Purpose::CallingApi))]);
}

#[test]
fn a_grant_that_has_ended_is_reported_once() {
    let heard = Heard::default();
    let shared = shared_by(&heard, ends_in(0));
    call(&shared, vec![Ok(refusal("invalid_grant"))]).unwrap_err();
    call(&shared, Vec::new()).unwrap_err();
    assert_eq!(heard.kinds(), [("failed", Some(Purpose::RenewingToken)), ("ended", None)]);
    assert!(
        heard.lines().iter().all(|line| line.cause == Some("grant_ended")),
        "{:?}",
        heard.lines()
    );
}

#[test]
fn a_storage_failure_is_reported_even_if_the_token_has_expired() {
    let heard = Heard::default();
    let save = |_| ready(Err::<(), _>("disk full"));
    let shared = SharedSession::builder_with(
        Session::new(&secretive(&heard), API, ends_in(0)).unwrap(),
        clock,
    )
    .save(save)
    .build();
    call(&shared.unwrap(), vec![Ok(json(GRANTED))]).unwrap_err();
    assert_eq!(heard.kinds(), [("answered", Some(Purpose::RenewingToken)), ("storage", None)]);
    let failed = &heard.lines()[1];
    assert_eq!((failed.client_id.as_deref(), failed.cause), (Some(ID), Some("storage")));
}

/// Returns a session whose token is stored in a row that other processes also write.
fn stored(heard: &Heard, row: &Arc<Mutex<Option<StoredToken>>>) -> SharedSession {
    let (load, store) = (row.clone(), row.clone());
    let store = move |write: ConditionalWrite| {
        *store.lock().unwrap() = Some(write.stored);
        ready(Ok::<_, BoxError>(WriteOutcome::Stored))
    };
    SharedSession::builder_with(Session::new(&secretive(heard), API, None).unwrap(), clock)
        .load(move || ready(Ok::<_, BoxError>(load.lock().unwrap().clone())))
        .store_if_unchanged(store)
        .build()
        .unwrap()
}

#[test]
fn a_token_that_another_process_has_stored_is_reported_when_it_is_loaded() {
    let heard = Heard::default();
    let row = Arc::new(Mutex::new(Some(StoredToken::new(ends_in(3600)))));
    let shared = stored(&heard, &row);
    call(&shared, vec![Ok(json("{}"))]).unwrap();
    call(&shared, vec![Ok(json("{}"))]).unwrap();
    let calling = ("answered", Some(Purpose::CallingApi));
    assert_eq!(heard.kinds(), [("loaded", None), calling, calling]);
    assert_eq!(heard.lines()[0].client_id.as_deref(), Some(ID));
}

#[test]
fn a_grant_whose_end_another_process_has_stored_is_reported_once() {
    let (first, second) = (Heard::default(), Heard::default());
    let row = Arc::new(Mutex::new(Some(StoredToken::new(ends_in(0)))));
    call(&stored(&first, &row), vec![Ok(refusal("invalid_grant"))]).unwrap_err();
    let late = stored(&second, &row);
    call(&late, Vec::new()).unwrap_err();
    call(&late, Vec::new()).unwrap_err();
    assert_eq!(second.kinds(), [("ended", None)]);
}

/// Rows `remote-exp`, `remote-nbf` and `remote-audience`: the event says which it was.
#[test]
fn a_guard_reports_each_refusal_by_its_cause() {
    let heard = Heard::default();
    let guard = ResourceServer::builder("https://photos.example.com")
        .on_event(heard.hook())
        .build()
        .unwrap();
    let store = MemoryStore::default();
    let in_query = get(&format!("{API}?access_token=hunter2-at"));
    for request in [get(API), shown("hunter2-at"), in_query, shown("hunter2 hunter2")] {
        serve(guard.check(&request, "photos", now()), &store).unwrap().into_result().unwrap_err();
    }
    // Tokens of another server: the client reports the introspection, and the guard reports the
    // refusal.
    let client = Heard::default();
    let answers = [
        r#"{"active":false}"#,
        r#"{"active":true,"exp":1}"#,
        r#"{"active":true,"nbf":1800000000}"#,
        r#"{"active":true,"aud":"mail"}"#,
        r#"{"active":true,"token_type":"DPoP"}"#,
        r#"{"active":true,"scope":"mail"}"#,
    ];
    for answer in answers {
        let tokens = RemoteTokens::new(secretive(&client));
        let send = |_| Ok::<_, BoxError>(json(answer));
        guard.admit_with(&shown("hunter2-at"), "photos", &tokens, send, moment).unwrap_err();
    }
    let tokens = RemoteTokens::new(secretive(&client));
    let (_, on) =
        sent(guard.check_remotely(&shown("hunter2-at"), "photos", &tokens, moment()).unwrap());
    done(on.receive(json(answers[0]), moment()).unwrap()).into_result().unwrap_err();
    let causes: Vec<_> = heard.lines().iter().map(|line| line.cause.unwrap()).collect();
    let expected = [
        [
            "token_missing",
            "token_unknown",
            "token_misplaced",
            "malformed",
            "token_inactive",
            "token_expired",
        ]
        .as_slice(),
        &["token_not_yet", "token_audience", "token_kind", "scope_insufficient", "token_inactive"],
    ];
    assert_eq!(causes, expected.concat());
    assert!(
        heard
            .lines()
            .iter()
            .all(|line| line.kind == "rejected" && line.text.contains("photos.example.com"))
    );
    assert_eq!(client.kinds(), [("answered", Some(Purpose::IntrospectingToken)); 7]);
}

#[test]
fn hooks_are_called_in_their_order_and_that_of_a_step_last() {
    let order: Arc<Mutex<Vec<u8>>> = Arc::default();
    let hook = |number: u8| {
        let order = order.clone();
        move |_: &Event<'_>| order.lock().unwrap().push(number)
    };
    let plain = client();
    let watched = plain.clone().on_event(hook(1)).on_event(hook(2));
    let step =
        watched.request_token(Grant::client_credentials(), moment()).unwrap().on_event(hook(3));
    run_with(step, |_| Ok::<_, BoxError>(json(GRANTED)), moment, |_| ()).unwrap();
    assert_eq!(*order.lock().unwrap(), [1, 2, 3]);
    // The hook of a step does not apply to the client, and the hooks of the client do not apply to
    // an earlier clone.
    for client in [watched, plain] {
        let (_, on) = sent(client.request_token(Grant::client_credentials(), moment()).unwrap());
        done(on.receive(json(GRANTED), moment()).unwrap());
    }
    assert_eq!(*order.lock().unwrap(), [1, 2, 3, 1, 2]);
}

#[test]
fn a_sign_in_that_is_moved_keeps_its_hooks() {
    let heard = Heard::default();
    let moved = github(&heard).base_url("https://gateway.example").unwrap();
    let _ = crate::common::services::finish(&moved, vec![response(403, &[], "")]);
    let lines = heard.lines();
    assert_eq!(
        heard.kinds(),
        [("answered", Some(Purpose::ExchangingCode)), ("failed", Some(Purpose::ReadingProfile))]
    );
    assert!(
        lines.iter().all(|line| line
            .endpoint
            .as_ref()
            .unwrap()
            .starts_with("https://gateway.example/"))
    );
    assert!(lines.iter().all(|line| line.client_id.as_deref() == Some(ID)), "{lines:?}");
}

#[test]
fn a_counter_needs_only_purpose_and_cause() {
    let counts: Arc<Mutex<BTreeMap<(String, &str), u32>>> = Arc::default();
    let counter = counts.clone();
    let server = AuthorizationServer::new(TOKEN_ENDPOINT).unwrap();
    let client = Client::new(server, ID).on_event(move |event| {
        let purpose = event.purpose().map_or_else(String::new, |purpose| purpose.to_string());
        *counter.lock().unwrap().entry((purpose, event.cause().unwrap_or("ok"))).or_default() += 1;
    });
    for answer in
        [json(GRANTED), json(GRANTED), response(503, &[], ""), refusal("invalid_grant"), json("{}")]
    {
        let step = Grant::refresh(&granted())
            .and_then(|grant| client.request_token(grant, moment()))
            .unwrap();
        let _ = run_with(step, |_| Ok::<_, BoxError>(answer.clone()), moment, |_| ());
    }
    let counts: Vec<_> = counts.lock().unwrap().clone().into_iter().collect();
    let renewing = |cause, count| (("renewing the token".to_owned(), cause), count);
    assert_eq!(
        counts,
        [
            renewing("grant_ended", 1),
            renewing("misbehaved", 1),
            renewing("ok", 2),
            renewing("temporary", 1)
        ]
    );
}

#[cfg(feature = "tracing")]
mod by_tracing {
    use tracing::Level;

    use super::*;
    use crate::common::traced::traced;

    #[test]
    fn an_event_names_purpose_endpoint_client_and_cause_without_a_hook() {
        let lines = traced(|| {
            for answer in [json(GRANTED), refusal("invalid_grant")] {
                let (_, on) = sent(
                    Grant::refresh(&token())
                        .and_then(|grant| client().request_token(grant, moment()))
                        .unwrap(),
                );
                let _ = on.receive(answer, moment());
            }
        });
        let place = concat!(
            r#" client_id="s6BhdRkqt3" purpose=renewing the token"#,
            r#" endpoint="https://auth.example.com/token""#,
        );
        assert_eq!(lines[0].0, Level::DEBUG);
        assert_eq!(lines[1].0, Level::WARN);
        assert!(
            lines
                .iter()
                .all(|(_, line)| line.starts_with("oauth_proto::client") && line.contains(place)),
            "{lines:?}"
        );
        assert!(lines[1].1.contains(r#" cause="grant_ended" code="invalid_grant""#), "{lines:?}");
        assert_eq!(lines.len(), 2, "{lines:?}");
    }

    #[test]
    fn each_event_of_a_hook_is_one_event_of_tracing() {
        let heard = Heard::default();
        let lines = traced(|| drop(run_everything(&heard)));
        let own = lines.iter().filter(|(_, line)| !line.starts_with("oauth_proto::oauth2::server"));
        // Only these kinds are compared: some calls send requests in their setup, without the hook.
        let kinds = |wanted: &str| heard.lines().iter().filter(|line| line.kind == wanted).count();
        for (kind, message) in [
            ("failed", "failed"),
            ("unsent", "unsent"),
            ("put off", "renewal put off"),
            ("ended", "grant ended"),
            ("rejected", "request refused"),
            ("continued", "continued"),
            ("resent", "sent again"),
        ] {
            let message = format!(" message={message}");
            let traced = own.clone().filter(|(_, line)| line.contains(&message)).count();
            assert_eq!(traced, kinds(kind), "{kind}");
        }
    }

    #[test]
    fn a_refusal_of_the_guards_is_reported_once_with_resource_and_reason() {
        let lines = traced(|| {
            drop(serve(photos().check(&get(API), "photos", now()), &MemoryStore::default()));
        });
        let [(level, line)] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(*level, Level::DEBUG);
        assert!(
            line.starts_with("oauth_proto::resource") && line.contains(r#" cause="token_missing""#),
            "{line}"
        );
        assert!(line.contains(r#" resource="https://photos.example.com""#), "{line}");
    }

    /// Row `token-in-log`: events by the feature `tracing`.
    #[test]
    fn no_event_of_tracing_holds_a_secret() {
        let mut secrets = Vec::new();
        let lines = traced(|| secrets = run_everything(&Heard::default()));
        assert!(lines.len() > 100 && secrets.len() > 20);
        for (_, line) in lines {
            let leaked: Vec<_> =
                secrets.iter().filter(|secret| line.contains(secret.as_str())).collect();
            assert!(leaked.is_empty(), "{leaked:?} in {line}");
        }
    }
}
