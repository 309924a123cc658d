//! Errors of each call of the clients: the error says the purpose and the endpoint of the request,
//! and whether to try again later or to sign in again.

use std::collections::BTreeSet;

use crate::common::oauth2::*;
use crate::unsigned_assertion::{self, CLAIMED_ID};
use oauth_proto::oauth1::{self, ClientCredentials, Server};
use oauth_proto::oauth2::resource::{RemoteTokens, ResourceServer};
use oauth_proto::oauth2::{
    Authorize, AuthorizeDevice, ClientMetadata, ClientRegistration, Discovery, Grant,
    PendingDevice, ResourceDiscovery,
};
use oauth_proto::openid2::{self, Options, RelyingParty};
use oauth_proto::services::{self, SignIn};
use oauth_proto::{
    ApiRequest, BoxError, DriveError, Error, Purpose, Request, Response, Step, run_with,
};

type Send<'a> = &'a mut dyn FnMut(Request) -> Result<Response, BoxError>;
type Run = dyn Fn(Send<'_>) -> Result<(), DriveError>;

/// A call of the client.
struct Call {
    purpose: Purpose,
    endpoint: &'static str,
    /// The responses to the earlier requests of the call.
    before: Vec<Response>,
    run: Box<Run>,
    manner: Manner,
}

/// The behaviour of a call after an unexpected response.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Reports,
    /// The call succeeds on status 200, whatever the body is.
    IgnoresBody,
    /// The call expects a page, so an HTML page is not a reason to try again.
    ReadsPages,
    /// The call sends the request again if the server is down.
    AsksAgain,
    /// The call succeeds without the response.
    GoesOn,
}

impl Call {
    fn new<T: 'static>(
        purpose: Purpose,
        endpoint: &'static str,
        step: impl Fn() -> Result<Step<T>, Error> + 'static,
    ) -> Self {
        let run = move |send: Send<'_>| {
            let mut time = NOW;
            let moments = || {
                time += 5;
                at(time)
            };
            run_with(step()?, send, moments, |_| ()).map(drop)
        };
        Self { purpose, endpoint, before: Vec::new(), run: Box::new(run), manner: Manner::Reports }
    }

    fn with(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }

    fn after(mut self, answers: impl IntoIterator<Item = Response>) -> Self {
        self.before = answers.into_iter().collect();
        self
    }

    /// Returns an error response of the protocol.
    fn refusal(&self) -> Response {
        match self.purpose {
            Purpose::VerifyingAssertion => {
                response(400, &[("content-type", "text/plain")], "error:no\n")
            }
            _ => response(400, &[("content-type", "application/json")], r#"{"error":"no"}"#),
        }
    }

    /// Runs the call with `trouble` as the response to its last request.
    fn meets(
        &self,
        mut trouble: impl FnMut() -> Result<Response, BoxError>,
    ) -> Result<(), DriveError> {
        let mut before = self.before.iter();
        (self.run)(&mut |_| before.next().map_or_else(&mut trouble, |answer| Ok(answer.clone())))
    }
}

fn pending_device() -> PendingDevice {
    let codes = concat!(
        r#"{"device_code":"d","user_code":"u","verification_uri":"https://example.com/device","#,
        r#""expires_in":1800}"#,
    );
    let (_, on) = sent(client().authorize_device(AuthorizeDevice::default(), moment()).unwrap());
    done(on.receive(json(codes), moment()).unwrap())
}

fn registration() -> ClientRegistration {
    let answer = concat!(
        r#"{"client_id":"c","registration_access_token":"t","#,
        r#""registration_client_uri":"https://auth.example.com/register/c"}"#,
    );
    let (_, on) = sent(server().register(&ClientMetadata::new([REDIRECT]), None).unwrap());
    done(on.receive(json(answer), moment()).unwrap())
}

fn oauth1_client() -> oauth1::Client {
    let [temporary, authorization, token] =
        ["initiate", "authorize", "token"].map(|path| format!("https://photos.example.net/{path}"));
    let service = Server::new(&temporary, &authorization, &token).unwrap();
    oauth1::Client::new(service, ClientCredentials::new("key", "secret"))
}

fn oauth1_pending() -> oauth1::Pending {
    let authorize = oauth1::Authorize::callback("https://printer.example.com/ready");
    let (_, on) = sent(oauth1_client().authorize(authorize, moment()).unwrap());
    done(
        on.receive(crate::common::services::form(crate::common::services::REQUEST_TOKEN), moment())
            .unwrap(),
    )
    .pending
}

fn oauth1_token() -> oauth1::Token {
    let answer = "oauth_token=t&oauth_token_secret=s&oauth_session_handle=h";
    let callback = "https://printer.example.com/ready?oauth_token=rqt&oauth_verifier=v";
    let (_, on) = sent(oauth1_client().redeem(oauth1_pending(), callback, moment()).unwrap());
    done(on.receive(crate::common::services::form(answer), moment()).unwrap())
}

fn sign_in_call(purpose: Purpose, endpoint: &'static str, before: &[&str]) -> Call {
    let github =
        SignIn::new(&services::GITHUB, "id", "secret", crate::common::services::CALLBACK).unwrap();
    let call = Call::new(purpose, endpoint, move || {
        let (authorization, _) = crate::common::services::begin(&github);
        let uri = crate::common::services::callback(&authorization.pending, false);
        github.redeem(authorization.pending, &uri, moment())
    });
    call.after(before.iter().map(|answer| json(answer)))
}

fn discovered() -> openid2::Discovered {
    let (_, on) = sent(party().discover(CLAIMED_ID).unwrap());
    done(on.receive(unsigned_assertion::page(), moment()).unwrap())
}

fn party() -> RelyingParty {
    RelyingParty::new("https://rp.example/", Options::default()).unwrap()
}

fn assertion() -> Result<Step<openid2::UnconfirmedAssertion>, Error> {
    let authorize = openid2::Authorize::new(&discovered(), "https://rp.example/openid");
    let authorization = party().authorize(authorize, moment())?;
    let return_to = parameter(query(&authorization.url()?), "openid.return_to");
    party().redeem(authorization.pending, &unsigned_assertion::callback(&return_to), moment())
}

fn calls() -> Vec<Call> {
    use Purpose::*;

    let renewable = || {
        let mut token = token();
        token.expires_at = Some(now());
        token
    };
    let photos = || ResourceServer::builder("https://photos.example.com").build().unwrap();
    vec![
        Call::new(
            DiscoveringServer,
            "https://auth.example.com/.well-known/oauth-authorization-server",
            || {
                let mut discovery = Discovery::new(ISSUER)?;
                discovery.metadata_url =
                    Some("https://auth.example.com/.well-known/oauth-authorization-server".into());
                discovery.start()
            },
        ),
        Call::new(
            DiscoveringResource,
            "https://photos.example.com/.well-known/oauth-protected-resource",
            || ResourceDiscovery::new("https://photos.example.com")?.start(),
        ),
        Call::new(RegisteringClient, "https://auth.example.com/register", || {
            server().register(&ClientMetadata::new([REDIRECT]), None)
        }),
        Call::new(ManagingRegistration, "https://auth.example.com/register/c", || {
            registration().read()
        }),
        Call::new(ManagingRegistration, "https://auth.example.com/register/c", || {
            registration().update(&ClientMetadata::new([REDIRECT]))
        }),
        Call::new(PushingAuthorization, "https://auth.example.com/par", || {
            client()
                .authorize(Authorize::default().with(|authorize| authorize.pushed = true), moment())
        }),
        Call::new(RequestingDeviceCode, "https://auth.example.com/device", || {
            client().authorize_device(AuthorizeDevice::default(), moment())
        }),
        Call::new(ExchangingCode, "https://auth.example.com/token", || {
            let (pending, callback) = begun(&client());
            client().redeem(
                pending,
                &format!("{callback}&code=c&iss=https://auth.example.com"),
                moment(),
            )
        }),
        Call::new(RequestingToken, "https://auth.example.com/token", || {
            client().request_token(Grant::client_credentials(), moment())
        }),
        Call::new(CallingKeyService, "https://keys.example.com/sign", || {
            with_key_service(client()).request_token(Grant::client_credentials(), moment())
        }),
        Call::new(RenewingToken, "https://auth.example.com/token", || {
            Grant::refresh(&token()).and_then(|grant| client().request_token(grant, moment()))
        }),
        Call::new(RenewingToken, "https://auth.example.com/token", move || {
            session(renewable()).renew(moment())
        }),
        Call::new(IntrospectingToken, "https://auth.example.com/introspect", || {
            client().introspect("token", moment())
        }),
        Call::new(IntrospectingToken, "https://auth.example.com/introspect", move || {
            let request = http::Request::get(API)
                .header("authorization", "Bearer x")
                .body(Vec::new())
                .unwrap();
            photos().check_remotely(&request, "", &RemoteTokens::new(client()), moment())
        }),
        Call::new(CallingApi, "https://photos.example.com/albums", || {
            session(token()).call(&ApiRequest::new(API)?, moment().now)
        }),
        Call::new(RequestingTemporaryCredentials, "https://photos.example.net/initiate", || {
            let authorize = oauth1::Authorize::callback("https://printer.example.com/ready");
            oauth1_client().authorize(authorize, moment())
        }),
        Call::new(ExchangingTemporaryCredentials, "https://photos.example.net/token", || {
            let callback = "https://printer.example.com/ready?oauth_token=rqt&oauth_verifier=v";
            oauth1_client().redeem(oauth1_pending(), callback, moment())
        }),
        Call::new(RenewingTokenCredentials, "https://photos.example.net/token", || {
            oauth1_client().renew(&oauth1_token(), moment())
        }),
        Call::new(CallingApi, "https://photos.example.net/photos", || {
            let request = ApiRequest::new("https://photos.example.net/photos")?;
            oauth1::Session::new(&oauth1_client(), oauth1_token()).call(&request, moment())
        }),
        sign_in_call(ExchangingCode, "https://github.com/login/oauth/access_token", &[]),
        sign_in_call(
            ReadingProfile,
            "https://api.github.com/user",
            &[crate::common::services::TOKEN],
        ),
        sign_in_call(
            ReadingEmails,
            "https://api.github.com/user/emails",
            &[crate::common::services::TOKEN, r#"{"id":1,"login":"monalisa"}"#],
        ),
        Call::new(DiscoveringIdentifier, "https://jane.example/", || {
            party().discover("https://jane.example/")
        })
        .with(Manner::ReadsPages),
        // Without an association, the relying party lets the provider confirm assertions.
        Call::new(Associating, "https://op.example/openid", || {
            party().associate(&discovered(), moment())
        })
        .with(Manner::GoesOn),
        Call::new(VerifyingAssertion, "https://op.example/openid", assertion),
        // RFC 7009 §2.2, RFC 7592 §2.3: the body of the response is ignored.
        Call::new(RevokingToken, "https://auth.example.com/revoke", || {
            client().revoke("token", moment())
        })
        .with(Manner::IgnoresBody),
        Call::new(ManagingRegistration, "https://auth.example.com/register/c", || {
            registration().delete()
        })
        .with(Manner::IgnoresBody),
        // RFC 8628 §3.5: the client polls again after a failure.
        Call::new(PollingForToken, "https://auth.example.com/token", || {
            client().poll(&pending_device(), moment())
        })
        .with(Manner::AsksAgain),
    ]
}

/// Asserts that the error has the purpose and the endpoint, in its text and as a value.
#[track_caller]
fn says_where(call: &Call, error: &DriveError) {
    let leg = error.leg().unwrap_or_else(|| panic!("{error}"));
    assert_eq!((leg.purpose, leg.endpoint.as_str()), (call.purpose, call.endpoint), "{error}");
    let place = format!("{} at {}", call.purpose, call.endpoint);
    assert_eq!(error.to_string().matches(&place).count(), 1, "{error}");
}

#[test]
fn an_error_says_what_the_request_was_for_and_where_it_went() {
    let page = "<html><h1>Welcome to Hotel Example</h1></html>";
    for call in &calls() {
        let error = call.meets(|| Err("connection refused".into())).unwrap_err();
        assert!(error.is_temporary() && !error.needs_sign_in(), "{error}");
        assert!(error.to_string().contains("connection refused"), "{error}");
        says_where(call, &error);

        let answered = [
            ("down", response(500, &[], "")),
            ("captive", response(200, &[("content-type", "text/html")], page)),
            ("refused", call.refusal()),
        ];
        for (trouble, answer) in answered {
            let Err(error) = call.meets(|| Ok(answer.clone())) else {
                let may_pass = call.manner == Manner::IgnoresBody && trouble == "captive";
                assert!(may_pass || call.manner == Manner::GoesOn, "{} {trouble}", call.purpose);
                continue;
            };
            if call.manner == Manner::AsksAgain && trouble == "down" {
                assert!(error.needs_sign_in(), "the code has expired meanwhile: {error}");
                continue;
            }
            let waits =
                trouble == "down" || (trouble == "captive" && call.manner != Manner::ReadsPages);
            assert_eq!(
                (error.is_temporary(), error.needs_sign_in()),
                (waits, false),
                "{trouble}: {error}"
            );
            says_where(call, &error);
        }
    }
}

/// The table of `calls` must contain every purpose.
#[test]
fn the_table_has_every_purpose() {
    let seen: BTreeSet<_> = calls().iter().map(|call| format!("{:?}", call.purpose)).collect();
    let missing: Vec<_> =
        Purpose::ALL.iter().filter(|purpose| !seen.contains(&format!("{purpose:?}"))).collect();
    // If an OpenID provider cannot read a relying party's document, the result is "not verified"
    // and not an error.
    assert_eq!(missing, [&Purpose::DiscoveringRelyingParty]);
}

/// The functions use `?` on errors of other crates.
#[test]
fn a_transport_may_report_any_type_of_error() {
    fn read(name: &str) -> Result<Vec<u8>, std::io::Error> {
        std::fs::read(name)
    }
    fn by_anyhow(_: Request) -> anyhow::Result<Response> {
        use anyhow::Context;
        Ok(Response::new(read("/no/such/socket").context("the proxy is not there")?))
    }
    fn by_box(
        _: Request,
    ) -> Result<Response, Box<dyn std::error::Error + std::marker::Send + Sync>> {
        Ok(Response::new(read("/no/such/socket")?))
    }
    fn by_io(_: Request) -> Result<Response, std::io::Error> {
        Ok(Response::new(read("/no/such/socket")?))
    }
    let step = || client().request_token(Grant::client_credentials(), moment()).unwrap();
    let error = run_with(step(), by_anyhow, moment, |_| ()).unwrap_err();
    assert!(
        error.to_string().ends_with("the request could not be sent: the proxy is not there"),
        "{error}"
    );
    for error in [run_with(step(), by_box, moment, |_| ()), run_with(step(), by_io, moment, |_| ())]
    {
        let error = error.unwrap_err();
        let source = std::error::Error::source(&error)
            .and_then(|source| source.downcast_ref::<std::io::Error>());
        assert_eq!(source.map(std::io::Error::kind), Some(std::io::ErrorKind::NotFound), "{error}");
    }
}
