//! The first leg: temporary credentials and the authorization URL, RFC 5849 §2.1 and §2.2.

use std::time::Duration;

use http::Uri;

use super::client::{Client, CredentialsRequest};
use super::pending::Pending;
use super::server::Callbacks;
use super::token_response::{Fields, Formats};
use crate::core::client_fingerprint::ClientFingerprint;
use crate::core::endpoint::with_query;
use crate::core::error::oauth1::RequestError;
use crate::core::step::Receive;
use crate::core::wiped::Wiped;
use crate::oauth1::names::{CALLBACK, TOKEN, is_protocol};
use crate::oauth1::signing::OAuthParam;
use crate::wire::{form, without_secrets};
use crate::{Error, Misbehaved, Moment, Purpose, Response, Step, Timestamp, Unsupported};

/// The default lifetime of a pending authorization.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The options of an authorization: its callback, realm and parameters.
///
/// ```
/// use oauth_proto::oauth1::Authorize;
///
/// let mut authorize = Authorize::callback("https://printer.example.com/ready")
///     .parameter("x_auth_access_type", "read");
/// authorize.realm = Some("Photos".into());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Authorize {
    user_returns: Return,
    parameters: Vec<(String, String)>,
    url_parameters: Vec<(String, String)>,
    /// The realm to which the client requests access. Separate several realms by spaces, like
    /// requests-oauthlib. Default: the realm of the server's [`Scheme`](crate::oauth1::Scheme).
    pub realm: Option<String>,
    /// If `true`, the user is sent to the service's [authentication
    /// endpoint](super::Server::authentication) for signing in, and not to its authorization
    /// endpoint. Default: `false`.
    pub at_authentication_endpoint: bool,
    /// The time in which the user must come back. Default: one hour.
    pub lifetime: Duration,
}

/// An authorization that has begun: the URL for the user's browser, and the pending value.
///
/// # Examples
/// ```
/// use oauth_proto::oauth1::Authorization;
///
/// fn location(authorization: &Authorization) -> &str {
///     &authorization.url
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Authorization {
    /// The URL to which the application redirects the user's browser (RFC 5849 §2.2).
    pub url: String,
    /// The value that [`Client::redeem`] needs. Keep it for this browser until the callback
    /// arrives.
    pub pending: Pending,
}

#[derive(Clone, Debug)]
enum Return {
    Callback(String),
    OutOfBand,
    /// The callback is registered at the service. The caller may know its URI.
    Registered(Option<String>),
}

impl Authorize {
    fn new(user_returns: Return) -> Self {
        Self {
            user_returns,
            parameters: Vec::new(),
            url_parameters: Vec::new(),
            realm: None,
            at_authentication_endpoint: false,
            lifetime: LIFETIME,
        }
    }

    /// Makes the options for an authorization with a callback, an absolute URI.
    pub fn callback(uri: impl Into<String>) -> Self {
        Self::new(Return::Callback(uri.into()))
    }

    /// Makes the options for an authorization without a callback. The service shows the user a
    /// verifier, which the user types into the application: see [`Client::redeem_verifier`].
    pub fn out_of_band() -> Self {
        Self::new(Return::OutOfBand)
    }

    /// Makes the options for an authorization with a callback that is registered at the service and
    /// not sent. [`Client::redeem`] refuses a callback that arrives at another URI.
    ///
    /// ```
    /// use oauth_proto::oauth1::Authorize;
    ///
    /// let authorize = Authorize::registered("https://printer.example.com/ready");
    /// ```
    pub fn registered(uri: impl Into<String>) -> Self {
        Self::new(Return::Registered(Some(uri.into())))
    }

    /// Makes the options for an authorization with a callback that is registered at the service,
    /// and that the application does not know.
    ///
    /// # Security
    /// [`Client::redeem`] then cannot check the URI at which the callback arrived. The client
    /// checks only the identifier of the temporary credentials, which a malicious service can copy
    /// from an honest one. This attack is not possible if the application has only one service.
    pub fn allow_any_callback() -> Self {
        Self::new(Return::Registered(None))
    }

    /// Adds a parameter to the request for temporary credentials.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Adds a parameter to the authorization URL, such as `force_login`.
    pub fn url_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.url_parameters.push((name.into(), value.into()));
        self
    }
}

impl Client {
    /// Begins an authorization: requests temporary credentials (RFC 5849 §2.1). The result of the
    /// step is the authorization URL (RFC 5849 §2.2), together with the pending value.
    ///
    /// # Errors
    /// [`Unsupported::ReservedParameter`] if a parameter has a name of the protocol.
    /// [`Unsupported::NoEndpoint`] if
    /// [`Authorize::at_authentication_endpoint`](field@Authorize::at_authentication_endpoint) is
    /// set and the service has no authentication endpoint. Other variants of [`Unsupported`] if the
    /// request or the URL cannot be made. Errors in the service's response are returned later, by
    /// the step.
    pub fn authorize(
        &self,
        authorize: Authorize,
        moment: Moment,
    ) -> Result<Step<Authorization>, Error> {
        let Authorize {
            user_returns,
            parameters,
            url_parameters,
            realm,
            at_authentication_endpoint,
            lifetime,
        } = authorize;
        let server = &self.server;
        let mut callback = self.returns_to(user_returns)?;
        let user_endpoint = if at_authentication_endpoint {
            // The authentication endpoint accepts no callback.
            callback.with_authorization = None;
            server
                .authentication
                .as_ref()
                .ok_or(Unsupported::NoEndpoint { endpoint: "authentication" })?
        } else {
            &server.authorization
        };
        if let Some((name, _)) =
            url_parameters.iter().find(|(name, _)| is_protocol(name.as_bytes()))
        {
            return Err(Unsupported::ReservedParameter { name: name.clone() }.into());
        }
        let mut protocol: Vec<OAuthParam<'_>> = Vec::new();
        if let Some(callback) = callback.with_request {
            protocol.push((CALLBACK.into(), callback.into()));
        }
        let state = AwaitTemporary {
            confirmed: server.wants_confirmation(),
            formats: server.formats(),
            fingerprint: self.client_fingerprint(),
            user_endpoint: user_endpoint.clone(),
            url_parameters,
            callback: callback.with_authorization,
            returns_to: callback.place,
            signed_at: moment.now,
            expires_at: moment.now.after(lifetime),
        };
        let endpoint = &server.temporary;
        let request =
            CredentialsRequest { endpoint, token: None, realm, parameters: &parameters, protocol };
        self.ask_for_credentials(request, moment, state)
    }

    /// Returns the callback for each request that has it.
    fn returns_to(&self, user_returns: Return) -> Result<CallbackPlacement, Error> {
        let (with_request, with_authorization) = match self.server.when_told() {
            Callbacks::WithRequest => (true, false),
            Callbacks::WithAuthorization => (false, true),
            Callbacks::WithBoth => (true, true),
            Callbacks::Registered => (false, false),
        };
        let check = |uri: &String| match url::Url::parse(uri) {
            Ok(_) => Ok(()),
            Err(_) => Err(Unsupported::Url {
                url: without_secrets(uri),
                reason: "a callback must be an absolute URI",
            }),
        };
        let place = match user_returns {
            Return::Callback(uri) => uri,
            // RFC 5849 §2.1: `oob` is also sent if the callback was set in another way.
            Return::OutOfBand | Return::Registered(_) => {
                let with_request = with_request.then(|| "oob".to_owned());
                let place = if let Return::Registered(uri) = user_returns { uri } else { None };
                place.as_ref().map_or(Ok(()), check)?;
                return Ok(CallbackPlacement { with_request, with_authorization: None, place });
            }
        };
        if !with_request && !with_authorization {
            return Err(RequestError::CallbackNotAccepted.into());
        }
        check(&place)?;
        Ok(CallbackPlacement {
            with_request: with_request.then(|| place.clone()),
            with_authorization: with_authorization.then(|| place.clone()),
            place: Some(place),
        })
    }
}

/// The callback for each request that has it, and for the later comparison.
struct CallbackPlacement {
    with_request: Option<String>,
    with_authorization: Option<String>,
    place: Option<String>,
}

/// Waits for temporary credentials.
struct AwaitTemporary {
    /// Whether the response must confirm the callback.
    confirmed: bool,
    formats: Formats,
    /// The fingerprint of the client and its service.
    fingerprint: ClientFingerprint,
    /// The endpoint to which the user is sent, and the parameters for its URL.
    user_endpoint: Uri,
    url_parameters: Vec<(String, String)>,
    callback: Option<String>,
    returns_to: Option<String>,
    signed_at: Timestamp,
    expires_at: Timestamp,
}

impl AwaitTemporary {
    /// Returns the authorization URL (RFC 5849 §2.2).
    fn url(&self, token: &str) -> Result<String, Error> {
        let own = self.url_parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let callback = self.callback.as_deref().map(|callback| (CALLBACK, callback));
        let pairs = form::encode(own.chain([(TOKEN, token)]).chain(callback));
        Ok(with_query(&self.user_endpoint, &pairs)?.to_string())
    }
}

impl Receive<Authorization> for AwaitTemporary {
    fn receive(
        self: Box<Self>,
        response: Response,
        _: Moment,
    ) -> Result<Step<Authorization>, Error> {
        let response = Wiped(response);
        let mut fields = Fields::of(&response, self.formats, self.signed_at)?;
        let credentials = fields.credentials()?;
        if self.confirmed && !fields.take_confirmation() {
            return Err(Misbehaved::CallbackUnconfirmed { response: fields.excerpt() }.into());
        }
        let url = self.url(&credentials.token)?;
        let pending = Pending::new(self.fingerprint, credentials, self.returns_to, self.expires_at);
        Ok(Step::Done(Authorization { url, pending }))
    }

    fn purpose(&self) -> Purpose {
        Purpose::RequestingTemporaryCredentials
    }
}
