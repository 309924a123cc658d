//! The device grant, RFC 8628: the user enters a code on another device, and the client polls until
//! the user has done so.
//!
//! ```text
//!   client                                     authorization server          another device
//!     |  Client::authorize_device                   |                              |
//!     |---- device authorization request ---------->|                              |
//!     |<--- device_code, user_code, uri ------------|                              |
//!     |  PendingDevice is displayed                 |<---- user_code, consent -----|
//!     |  Client::poll: waits, then polls            |                              |
//!     |---- device_code --------------------------->|                              |
//!     |<--- authorization_pending ------------------|                              |
//!     |  waits, then polls …                        |                              |
//!     |<--- token ----------------------------------|                              |
//! ```

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::server_request::{ClientIdParameter, ServerRequest};
use crate::core::client_fingerprint::ClientFingerprint;
use crate::core::endpoint::endpoint;
use crate::core::step::{Receive, Wake};
use crate::core::wiped::Wiped;
use crate::oauth2::client::client::Client;
use crate::oauth2::client::grant::{self, Grant, Kind};
use crate::oauth2::client::token_response::{self, Expected};
use crate::oauth2::common::names::DEVICE_CODE;
use crate::oauth2::{Scope, Token};
use crate::wire::uri::UriParts;
use crate::wire::{RetryAfter, form, lenient};
use crate::{
    Error, Expired, Misbehaved, Moment, Purpose, Refused, Response, ResponseExcerpt, Secret, Step,
    Timestamp, Unsupported,
};

/// The interval if the response has none (§3.2), and the time by which each `slow_down` extends the
/// interval (§3.5).
const INTERVAL: Duration = Duration::from_secs(5);

/// The shortest interval between two polls.
const SHORTEST: Duration = Duration::from_secs(1);

/// The longest lifetime of a code.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

const VERSION: u64 = 2;

/// A device authorization that waits until the user has entered the user code.
///
/// Display [`user_code`](Self::user_code) and [`verification_uri`](Self::verification_uri) to the
/// user, then [poll](Client::poll). The type implements `Serialize` and `Deserialize`, so you can
/// store the value and go on after a restart of the device. The value contains a secret.
///
/// ```no_run
/// use oauth_proto::oauth2::{AuthorizeDevice, Client, Token};
/// use oauth_proto::{DriveError, Moment, Request, Response, run};
///
/// fn sign_in(
///     client: &Client,
///     mut send: impl FnMut(Request) -> Result<Response, std::io::Error>,
/// ) -> Result<Token, DriveError> {
///     let pending = run(
///         client.authorize_device(AuthorizeDevice::scope("photos"), Moment::from_os())?,
///         &mut send,
///     )?;
///     println!("enter {} at {}", pending.user_code, pending.verification_uri);
///     run(client.poll(&pending, Moment::from_os())?, &mut send)
/// }
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PendingDevice {
    /// The fingerprint of the client and its server.
    #[serde(rename = "for")]
    fingerprint: ClientFingerprint,
    /// The version of the stored form. The first version did not have this member, and its
    /// fingerprint had 53 bits.
    #[serde(rename = "v", default)]
    version: u64,
    device_code: Secret,
    /// The code that the user has to enter.
    pub user_code: String,
    /// The URI of the page on which the user enters the code. It is short enough to be typed.
    pub verification_uri: String,
    /// The URI of the same page with the user code in it, for a QR code; `None` if the server does
    /// not send one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_uri_complete: Option<String>,
    /// The time at which the user code expires.
    pub expires_at: Timestamp,
    /// The time to wait between two polls.
    interval: Duration,
    /// The time before which the first poll must not be sent.
    not_before: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
}

/// The parameters of a device authorization request (RFC 8628 §3.1). By default it has no scope, so
/// the server decides.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::AuthorizeDevice;
///
/// let authorize = AuthorizeDevice::scope("photos").parameter("device_name", "living room");
/// ```
#[derive(Clone, Debug, Default)]
pub struct AuthorizeDevice {
    scope: Option<Scope>,
    parameters: Vec<(String, String)>,
}

impl AuthorizeDevice {
    /// Makes a request for a scope.
    pub fn scope(scope: impl Into<Scope>) -> Self {
        Self { scope: Some(scope.into()), parameters: Vec::new() }
    }

    /// Adds a parameter that the server defines. [`Client::authorize_device`] fails with
    /// [`Unsupported::ReservedParameter`] for `scope`, `client_id` and `client_secret`.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }
}

impl Client {
    /// Begins the device grant (RFC 8628 §3.1): requests a user code.
    ///
    /// # Errors
    /// - [`Unsupported::NoEndpoint`] if the server has no device authorization endpoint.
    /// - [`Unsupported::ReservedParameter`] if the protocol itself uses a custom parameter.
    /// - [`RequestError::NotInOauth21`](crate::oauth2::RequestError::NotInOauth21) if [`oauth_2_1`]
    ///   is set, and [`transmission`] puts the parameters of the polls into the query.
    ///
    /// Errors in the server's response are returned later, by the step.
    ///
    /// [`oauth_2_1`]: field@crate::oauth2::AuthorizationServer::oauth_2_1
    /// [`transmission`]: field@crate::oauth2::AuthorizationServer::transmission
    pub fn authorize_device(
        &self,
        authorize: AuthorizeDevice,
        moment: Moment,
    ) -> Result<Step<PendingDevice>, Error> {
        let AuthorizeDevice { scope, parameters } = authorize;
        let server = &self.inner.server;
        // The user is not asked to enter a code for which no token could be requested.
        server.token_transmission()?;
        let endpoint = server.secure_endpoint(
            self.inner.endpoints.device_authorization.as_ref(),
            "device authorization",
        )?;
        let mut form = Zeroizing::new(String::new());
        for (name, value) in parameters {
            if ["client_id", "client_secret", "scope"].contains(&&*name) {
                return Err(Unsupported::ReservedParameter { name }.into());
            }
            form::push_pair(&mut form, name.as_bytes(), value.as_bytes());
        }
        let scope = scope.filter(|scope| !scope.is_empty());
        if let Some(scope) = &scope {
            form::push_text(&mut form, "scope", &scope.joined(server.scope_separator));
        }
        let client_id = ClientIdParameter::Always;
        let request = ServerRequest { client_id, ..ServerRequest::new(endpoint, form) };
        self.send(request, &moment, AwaitCodes { client: self.clone(), scope })
    }

    /// Polls for the token until the user has entered the code (RFC 8628 §3.4), at the interval
    /// that the server allows.
    ///
    /// The step waits before each request. A driver calls `sleep` for this, so you can display in
    /// this function that the device waits: `run_with(step, send, Moment::from_os, |pause| { … })`.
    ///
    /// The pending value is only borrowed. After a temporary error, poll again with the same value:
    /// polling always begins with a pause.
    ///
    /// ```no_run
    /// # use oauth_proto::oauth2::{Client, PendingDevice, Token};
    /// # use oauth_proto::{DriveError, Moment, Request, Response, run};
    /// fn patiently(
    ///     client: &Client,
    ///     pending: &PendingDevice,
    ///     mut send: impl FnMut(Request) -> Result<Response, std::io::Error>,
    /// ) -> Result<Token, DriveError> {
    ///     loop {
    ///         match run(client.poll(pending, Moment::from_os())?, &mut send) {
    ///             // The network or the server may work again later.
    ///             Err(error) if error.is_temporary() => {}
    ///             ended => return ended,
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// - [`Expired::Outdated`] if another version of this crate stored the pending value.
    /// - [`Forged::OtherClient`](crate::Forged::OtherClient) if another client made the pending
    ///   value.
    /// - [`Expired::DeviceCode`] if the code has expired, or will expire before the next poll is
    ///   allowed. The step can return this, too.
    /// - [`Refused::Denied`] from the step, if the user has denied access.
    ///
    /// Other errors in the server's responses are returned by the step, too.
    pub fn poll(&self, pending: &PendingDevice, moment: Moment) -> Result<Step<Token>, Error> {
        if pending.version != VERSION {
            return Err(Expired::Outdated.into());
        }
        pending.fingerprint.check(&self.inner.fingerprint)?;
        let interval = pending.interval.max(SHORTEST);
        let polling = AwaitPoll { client: self.clone(), pending: pending.clone(), interval };
        let not_before = pending.not_before.max(moment.now.after(interval));
        Ok(Box::new(polling).next(not_before, moment)?.observed_by(self.observer()))
    }
}

/// Waits for the device code and the user code.
struct AwaitCodes {
    client: Client,
    scope: Option<Scope>,
}

impl Receive<PendingDevice> for AwaitCodes {
    fn receive(
        self: Box<Self>,
        response: Response,
        moment: Moment,
    ) -> Result<Step<PendingDevice>, Error> {
        let response = Wiped(response);
        let excerpt = || Box::new(ResponseExcerpt::of(&response));
        let members =
            token_response::object(&response, self.client.inner.server.quirks, "a JSON object")?;
        let text = |field: &'static str| match members.get(field) {
            None | Some(Value::Null) => {
                Err(Misbehaved::FieldMissing { field, option: None, response: excerpt() })
            }
            Some(Value::String(text)) if text.is_empty() => {
                Err(Misbehaved::FieldMissing { field, option: None, response: excerpt() })
            }
            Some(Value::String(text)) => Ok(text.clone()),
            // A code of digits that the server has sent as a number.
            Some(Value::Number(number)) if number.is_u64() => Ok(number.to_string()),
            Some(_) => Err(Misbehaved::FieldInvalid {
                field,
                reason: "not a string",
                option: None,
                response: excerpt(),
            }),
        };
        let seconds = |field: &'static str| match members.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let reason = "not a number of seconds";
                let seconds = lenient::seconds(value);
                seconds.map(Some).ok_or_else(|| Misbehaved::FieldInvalid {
                    field,
                    reason,
                    option: None,
                    response: excerpt(),
                })
            }
        };
        let expires_in = seconds("expires_in")?;
        let expires_in = expires_in.ok_or_else(|| Misbehaved::FieldMissing {
            field: "expires_in",
            option: None,
            response: excerpt(),
        })?;
        let expires_in = Duration::from_secs(expires_in).min(LONGEST);
        // A pause of zero is raised to the shortest one.
        let interval = seconds("interval")?
            .map_or(INTERVAL, |seconds| Duration::from_secs(seconds).max(SHORTEST));
        // Google uses the member name of a draft.
        let verification_uri = text("verification_uri")
            .or_else(|missing| text("verification_url").map_err(|_| missing))?;
        // Applications open these URLs in a browser, and print the user code on a terminal.
        let reason = "not an http or https URL";
        let invalid =
            |field| Misbehaved::FieldInvalid { field, reason, option: None, response: excerpt() };
        if !is_page(&verification_uri) {
            return Err(invalid("verification_uri").into());
        }
        // This URL is optional, since the user can type the code. But a URL of another scheme would
        // start another application.
        let verification_uri_complete = match text("verification_uri_complete").ok() {
            Some(uri) if is_page(&uri) => Some(uri),
            Some(uri) if UriParts::of(&uri).is_some() => {
                return Err(invalid("verification_uri_complete").into());
            }
            _ => None,
        };
        let user_code = text("user_code")?;
        if user_code.chars().any(char::is_control) {
            let reason = "not printable: it has control characters";
            return Err(Misbehaved::FieldInvalid {
                field: "user_code",
                reason,
                option: None,
                response: excerpt(),
            }
            .into());
        }
        Ok(Step::Done(PendingDevice {
            fingerprint: self.client.inner.fingerprint.clone(),
            version: VERSION,
            device_code: text("device_code")?.into(),
            user_code,
            verification_uri,
            verification_uri_complete,
            expires_at: moment.now.after(expires_in),
            interval,
            not_before: moment.now.after(interval),
            scope: self.scope,
        }))
    }

    fn purpose(&self) -> Purpose {
        Purpose::RequestingDeviceCode
    }
}

/// Returns whether a URL is the URL of a page. Unlike an endpoint, it may have a fragment.
fn is_page(url: &str) -> bool {
    endpoint(url.split('#').next().unwrap_or_default()).is_ok()
        && !url.chars().any(char::is_control)
}

/// Waits for the token.
struct AwaitPoll {
    client: Client,
    pending: PendingDevice,
    interval: Duration,
}

impl AwaitPoll {
    /// Returns the next request, or a pause until the time for it.
    fn next(self: Box<Self>, not_before: Timestamp, moment: Moment) -> Result<Step<Token>, Error> {
        if self.pending.expires_at <= moment.now {
            return Err(Expired::DeviceCode.into());
        }
        if moment.now < not_before {
            // §3.5 forbids a poll before that time, and the code expires earlier.
            if self.pending.expires_at <= not_before {
                return Err(Expired::DeviceCode.into());
            }
            return Ok(Step::wait(not_before, AwaitInterval { polling: self, not_before }));
        }
        let client = self.client.clone();
        let server = &client.inner.server;
        let mut grant = Grant::new(DEVICE_CODE, Kind::Other);
        grant.push("device_code", self.pending.device_code.expose());
        let grant::GrantParts { parameters, headers, .. } =
            grant.into_parts(server.scope_separator)?;
        let endpoint = server.secure_endpoint(Some(&client.inner.endpoints.token), "token")?;
        let request = ServerRequest {
            headers,
            transmission: server.token_transmission()?,
            ..ServerRequest::new(endpoint, parameters)
        };
        client.send(request, &moment, *self)
    }

    fn later(
        mut self: Box<Self>,
        interval: Duration,
        retry_after: Option<Duration>,
        moment: Moment,
    ) -> Result<Step<Token>, Error> {
        self.interval = interval;
        let pause = interval.max(retry_after.unwrap_or_default());
        let not_before = moment.now.after(pause);
        self.next(not_before, moment)
    }
}

impl Receive<Token> for AwaitPoll {
    fn receive(self: Box<Self>, response: Response, moment: Moment) -> Result<Step<Token>, Error> {
        let status = response.status();
        let retry_after =
            RetryAfter::of(response.headers()).map(|retry_after| retry_after.delay(moment.now));
        let (interval, scope) = (self.interval, self.pending.scope.clone());
        let expected = Expected { scope, ..Expected::default() };
        let busy = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        match self.client.read_token(response, Purpose::PollingForToken, expected, &moment) {
            Ok(token) => Ok(Step::Done(token)),
            Err(error) => match error.code() {
                Some("authorization_pending") => self.later(interval, retry_after, moment),
                Some("slow_down") => {
                    self.later(interval.saturating_add(INTERVAL), retry_after, moment)
                }
                Some("expired_token") => Err(Expired::DeviceCode.into()),
                // §3.5 demands a longer interval when a server does not respond in time. A server
                // that is too busy is treated the same, whatever code it sends.
                _ if busy
                    && matches!(
                        error,
                        Error::Refused(Refused::Status(_) | Refused::Problem { .. })
                    ) =>
                {
                    self.later(interval.saturating_mul(2), retry_after, moment)
                }
                _ => Err(error),
            },
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::PollingForToken
    }
}

/// Waits until the next poll is allowed.
struct AwaitInterval {
    polling: Box<AwaitPoll>,
    not_before: Timestamp,
}

impl Wake<Token> for AwaitInterval {
    fn wake(self: Box<Self>, moment: Moment) -> Result<Step<Token>, Error> {
        let Self { polling, not_before } = *self;
        polling.next(not_before, moment)
    }

    fn purpose(&self) -> Purpose {
        Purpose::PollingForToken
    }
}
