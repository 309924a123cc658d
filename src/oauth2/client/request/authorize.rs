//! The authorization request of the code and the implicit grant, RFC 6749 §4.1.1 and §4.2.1, RFC
//! 7636 §4.3, RFC 9126.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use zeroize::Zeroizing;

use super::server_request::{ClientIdParameter, ServerRequest};
use crate::core::error::oauth2::RequestError;
use crate::core::step::Receive;
use crate::oauth2::client::callback::pending::{Pending, PendingCommon, PendingImplicit, State};
use crate::oauth2::client::client::Client;
use crate::oauth2::client::token_response;
use crate::oauth2::common::names::AUTHORIZATION_PARAMETERS;
use crate::oauth2::common::pkce::{CodeVerifier, Unguessable};
use crate::oauth2::common::redirect_uri::{PlainHttp, check_redirect_uri};
use crate::oauth2::{PkceSupport, ResponseMode, Scope};
use crate::wire::{form, without_secrets};
use crate::{Error, Misbehaved, Moment, Purpose, Response, ResponseExcerpt, Step, Unsupported};

/// The default of [`Authorize::lifetime`].
const LIFETIME: Duration = Duration::from_secs(3600);

/// The parameters of an authorization request, which asks a user to grant access.
///
/// ```
/// use oauth_proto::oauth2::{Authorize, ResponseMode};
///
/// let mut authorize = Authorize::scope(["openid", "email"])
///     .parameter("login_hint", "jane@example.com")
///     .parameter("prompt", "select_account");
/// authorize.nonce = true;
/// authorize.response_mode = ResponseMode::FormPost;
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Authorize {
    /// The URI to which the server sends the user back, if it differs from the client's
    /// [`redirect_uri`](Client::redirect_uri). An app that listens on a random port needs this, for
    /// example. Default: `None`, so the client's redirect_uri is used.
    pub redirect_uri: Option<String>,
    /// The way in which the server returns the authorization response. Default:
    /// [`ResponseMode::Query`].
    pub response_mode: ResponseMode,
    /// If `true`, the request has a new `nonce`, which the server copies into the ID token. Compare
    /// the ID token's `nonce` with [`Pending::nonce`]. Default: `false`.
    pub nonce: bool,
    /// If `true`, the client first pushes the request to the server, so the parameters do not pass
    /// through the browser (RFC 9126). The client does this in any case if the server's metadata
    /// demands it. Default: `false`.
    pub pushed: bool,
    /// The time after which the client no longer accepts the callback. Default: one hour.
    pub lifetime: Duration,
    /// A custom `state`. To remember data of your application, store it together with the
    /// [`Pending`] instead. Default: `None`, so the state is 256 random bits.
    ///
    /// # Security
    /// If an attacker can guess the state, or if it is used twice, the client accepts forged
    /// callbacks: an attacker can sign a user in with the attacker's account (RFC 6749 §10.12).
    pub dangerous_state: Option<String>,
    /// If `true`, the PKCE challenge is the verifier itself (`plain`, RFC 7636 §4.2). Default:
    /// `false`, so the challenge is a hash of the verifier (`S256`).
    ///
    /// # Security
    /// An attacker who has read the authorization request has the PKCE verifier, and can redeem a
    /// stolen code.
    pub allow_plain_pkce: bool,
    /// If `true`, the authorization request has no PKCE challenge. If a server refuses every
    /// request with a challenge, set
    /// [`AuthorizationServer::pkce`](crate::oauth2::AuthorizationServer::pkce) instead. Default:
    /// `false`.
    ///
    /// # Security
    /// Without PKCE, an attacker who has stolen a code can redeem it, or insert it into another
    /// user's session.
    pub allow_missing_pkce: bool,
    scope: Option<Scope>,
    /// The resources and custom parameters, form-encoded.
    parameters: Zeroizing<String>,
    refused: Option<String>,
}

impl Default for Authorize {
    /// Makes a request without a scope, so the server decides which scope it grants.
    fn default() -> Self {
        Self {
            redirect_uri: None,
            response_mode: ResponseMode::default(),
            nonce: false,
            pushed: false,
            lifetime: LIFETIME,
            dangerous_state: None,
            allow_plain_pkce: false,
            allow_missing_pkce: false,
            scope: None,
            parameters: Zeroizing::default(),
            refused: None,
        }
    }
}

/// The PKCE challenge of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pkce {
    S256,
    Plain,
    Missing,
}

/// The URL to which to send the user, and the value to store until the user comes back.
///
/// ```no_run
/// # use oauth_proto::oauth2::{Authorize, Client};
/// # use oauth_proto::{DriveError, Moment, Request, Response, run};
/// # fn remember(_: &oauth_proto::oauth2::Pending) {}
/// # fn send(_: Request) -> Result<Response, std::io::Error> { unimplemented!() }
/// fn start(client: &Client) -> Result<String, DriveError> {
///     let authorization =
///         run(client.authorize(Authorize::scope("photos"), Moment::from_os())?, send)?;
///     remember(&authorization.pending);
///     Ok(authorization.url)
/// }
/// ```
#[non_exhaustive]
pub struct Authorization<P = Pending> {
    /// The URL to which to redirect the user's browser.
    pub url: String,
    /// The value to store until the callback arrives, where only this user's browser can use it.
    pub pending: P,
}

impl fmt::Debug for Authorize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorize")
            .field("scope", &self.scope)
            .field("response_mode", &self.response_mode)
            .finish_non_exhaustive()
    }
}

impl<P: fmt::Debug> fmt::Debug for Authorization<P> {
    /// Shows the URL without its query, since the query contains the state.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("url", &without_secrets(&self.url))
            .field("pending", &self.pending)
            .finish()
    }
}

impl Authorize {
    /// Makes a request for that scope.
    pub fn scope(scope: impl Into<Scope>) -> Self {
        Self { scope: Some(scope.into()).filter(|scope| !scope.is_empty()), ..Self::default() }
    }

    /// Adds the URI of a resource at which the token will be used (RFC 8707 §2). You can call this
    /// more than once.
    pub fn resource(self, uri: &str) -> Self {
        self.push("resource", uri)
    }

    /// Adds a parameter that the server or an extension defines, such as `login_hint`, `prompt` or
    /// `authorization_details`.
    ///
    /// [`Client::authorize`] fails with [`Unsupported::ReservedParameter`] if the parameter has its
    /// own option here, or was added before.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        if AUTHORIZATION_PARAMETERS.contains(&name) || has(&self.parameters, name) {
            self.refused = Some(name.to_owned());
            return self;
        }
        self.push(name, value)
    }

    fn pkce(&self) -> Pkce {
        match (self.allow_missing_pkce, self.allow_plain_pkce) {
            (true, _) => Pkce::Missing,
            (false, true) => Pkce::Plain,
            (false, false) => Pkce::S256,
        }
    }

    fn push(mut self, name: &str, value: &str) -> Self {
        form::push_pair(&mut self.parameters, name.as_bytes(), value.as_bytes());
        self
    }
}

impl Client {
    /// Begins the code grant (RFC 6749 §4.1): returns a step whose result is the URL to which to
    /// send the user.
    ///
    /// Usually the step is [done](Step::Done) at once. The client sends a request only if the
    /// authorization request is [pushed](field@Authorize::pushed).
    ///
    /// # Errors
    /// [`Unsupported`] if the request cannot be made with these settings. Errors in the response to
    /// a pushed request are returned later, by the step.
    pub fn authorize(
        &self,
        authorize: Authorize,
        moment: Moment,
    ) -> Result<Step<Authorization>, Error> {
        let server = &self.inner.server;
        if server.lacks_s256 && !server.allow_missing_s256 && authorize.pkce() == Pkce::S256 {
            return Err(RequestError::NoPkce.into());
        }
        let pkce =
            if server.pkce == PkceSupport::Refused { Pkce::Missing } else { authorize.pkce() };
        if server.oauth_2_1 && pkce != Pkce::S256 {
            return Err(RequestError::NotInOauth21 {
                what: "authorization without a code_challenge of the method S256",
            }
            .into());
        }
        let verifier = (pkce != Pkce::Missing).then(|| CodeVerifier::new(&moment));
        let pushed = authorize.pushed || server.requires_pushed;
        let (url, start, common) =
            self.authorization_request("code", authorize, &moment, |url| {
                let Some(verifier) = &verifier else { return };
                if pkce == Pkce::Plain {
                    form::push_encoded(url, "code_challenge", verifier.as_str());
                    form::push_encoded(url, "code_challenge_method", "plain");
                } else {
                    url.push_str("&code_challenge_method=S256&code_challenge=");
                    url.push_str(verifier.challenge().as_str());
                }
            })?;
        let pending = Pending::new(common, verifier);
        if !pushed {
            return Ok(Step::Done(Authorization { url, pending }));
        }
        let endpoint = server.secure_endpoint(
            self.inner.endpoints.pushed_authorization_request.as_ref(),
            "pushed authorization request",
        )?;
        // The client's authentication may add `client_id` again, and no parameter may occur twice.
        let parameters = form::retain(&url.as_bytes()[start..], |name| name != b"client_id");
        let parameters = Zeroizing::new(String::from_utf8_lossy(&parameters).into_owned());
        let client_id = ClientIdParameter::Always;
        let request = ServerRequest { client_id, ..ServerRequest::new(endpoint, parameters) };
        self.send(request, &moment, AwaitRequestUri { client: self.clone(), pending })
    }

    /// Begins the implicit grant (RFC 6749 §4.2), for servers without the code grant. The server
    /// returns the token in the fragment of the redirect_uri.
    ///
    /// # Security
    /// The token is in the browser's history, and every script of the page can read it. The server
    /// cannot check who receives the token.
    ///
    /// # Errors
    /// - [`RequestError::NotInOauth21`](crate::oauth2::RequestError::NotInOauth21) if the server
    ///   keeps to OAuth 2.1.
    /// - [`Unsupported`] if the request cannot be made with these settings.
    pub fn dangerous_authorize_implicit(
        &self,
        mut authorize: Authorize,
        moment: Moment,
    ) -> Result<Authorization<PendingImplicit>, Error> {
        if self.inner.server.oauth_2_1 {
            return Err(RequestError::NotInOauth21 { what: "implicit grant" }.into());
        }
        if authorize.response_mode == ResponseMode::Query {
            // The fragment is the default of this grant. So `response_mode` is not sent, because a
            // server may not support this parameter.
            authorize.response_mode = ResponseMode::Fragment;
        }
        let (url, _, common) = self.authorization_request("token", authorize, &moment, |_| {})?;
        Ok(Authorization { url, pending: PendingImplicit::new(common) })
    }

    /// Returns the URL of an authorization request, the index at which its parameters begin, and
    /// the value to store.
    fn authorization_request(
        &self,
        response_type: &str,
        authorize: Authorize,
        moment: &Moment,
        proof: impl FnOnce(&mut String),
    ) -> Result<(String, usize, PendingCommon), Error> {
        let server = &self.inner.server;
        let opened = self.inner.opened.as_ref().map_err(Clone::clone)?;
        if let Some(name) = authorize.refused {
            return Err(Unsupported::ReservedParameter { name }.into());
        }
        if let Some(uri) = &authorize.redirect_uri {
            check_redirect_uri(uri, PlainHttp::allowed_if(server.dangerous_allow_http))?;
        }
        let state = match authorize.dangerous_state {
            None => State::Own(Unguessable::new(moment, "oauth2 state")),
            Some(given) => State::Given(given),
        };
        let nonce =
            authorize.nonce.then(|| Unguessable::new(moment, "oauth2 nonce").as_str().to_owned());

        // Room for an ordinary request, so the buffer does not grow.
        let mut url = String::with_capacity(opened.code.len() + authorize.parameters.len() + 320);
        let redirect_uri: Option<Arc<str>> =
            match (authorize.redirect_uri, &self.inner.redirect_uri) {
                (None, own) if response_type == "code" => {
                    url.push_str(&opened.code);
                    own.as_ref().map(|own| own.text.clone())
                }
                (uri, own) => {
                    url.push_str(&opened.url);
                    form::push_encoded(&mut url, "response_type", response_type);
                    let uri =
                        uri.map(Arc::from).or_else(|| own.as_ref().map(|own| own.text.clone()));
                    if let Some(uri) = &uri {
                        form::push_text(&mut url, "redirect_uri", uri);
                    }
                    uri
                }
            };
        let mut push = |name: &str, value: &str| form::push_text(&mut url, name, value);
        if let Some(scope) = &authorize.scope {
            match server.scope_separator {
                ' ' => push("scope", scope.as_str()),
                separator => push("scope", &scope.joined(separator)),
            }
        }
        match &state {
            State::Own(own) => form::push_encoded(&mut url, "state", own.as_str()),
            State::Given(given) => form::push_text(&mut url, "state", given),
        }
        let mut push = |name: &str, value: &str| form::push_text(&mut url, name, value);
        if let Some(nonce) = &nonce {
            push("nonce", nonce);
        }
        match (authorize.response_mode, response_type) {
            (ResponseMode::Query, "code") | (ResponseMode::Fragment, "token") => {}
            (mode, _) => push("response_mode", mode.as_str()),
        }
        for (name, value) in &server.parameters {
            if !has(&authorize.parameters, name) {
                form::push_pair(&mut url, name.as_bytes(), value.as_bytes());
            }
        }
        proof(&mut url);
        if !authorize.parameters.is_empty() {
            url.push('&');
            url.push_str(&authorize.parameters);
        }

        let common = PendingCommon {
            fingerprint: self.inner.fingerprint.clone(),
            state,
            redirect_uri,
            scope: authorize.scope,
            nonce,
            mode: authorize.response_mode,
            issuer: server.issuer.clone(),
            expires_at: moment.now.after(authorize.lifetime),
        };
        Ok((url, opened.start, common))
    }
}

/// Returns whether form-encoded pairs contain a name.
fn has(pairs: &str, name: &str) -> bool {
    form::pairs(pairs.as_bytes()).any(|(own, _)| *own == *name.as_bytes())
}

/// Waits for the reference to a pushed request (RFC 9126 §2.2).
struct AwaitRequestUri {
    client: Client,
    pending: Pending,
}

impl Receive<Authorization> for AwaitRequestUri {
    fn receive(
        self: Box<Self>,
        response: Response,
        _: Moment,
    ) -> Result<Step<Authorization>, Error> {
        let Self { client, pending } = *self;
        let server = &client.inner.server;
        let excerpt = || Box::new(ResponseExcerpt::of(&response));
        let members = token_response::object(&response, server.quirks, "a JSON object")?;
        let uri = members.get("request_uri").and_then(Value::as_str).filter(|uri| !uri.is_empty());
        let uri = uri.ok_or_else(|| Misbehaved::FieldMissing {
            field: "request_uri",
            option: None,
            response: excerpt(),
        })?;
        let mut url = client.inner.opened.clone()?.url;
        form::push_text(&mut url, "request_uri", uri);
        Ok(Step::Done(Authorization { url, pending }))
    }

    fn purpose(&self) -> Purpose {
        Purpose::PushingAuthorization
    }
}
