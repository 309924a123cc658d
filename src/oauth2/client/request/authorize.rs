//! The first leg of the code and the implicit grant: the URL to which to send the user, RFC 6749
//! §4.1.1 and §4.2.1, RFC 7636 §4.3, RFC 9126.

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

/// The time that a user may take by default.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The parameters of the request with which a user is sent to grant access.
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
    /// The URI to which the user comes back, if it is not the client's
    /// [`redirect_uri`](Client::redirect_uri): for example for an app that listens on a port that
    /// it was given just now. Default: the client's.
    pub redirect_uri: Option<String>,
    /// The way in which the answer comes back. Default: in the query.
    pub response_mode: ResponseMode,
    /// Sends a fresh `nonce`, which comes back in an ID token; [`Pending::nonce`] has it to
    /// compare. Default: none.
    pub nonce: bool,
    /// Pushes the request to the server first, so that its parameters do not pass through the
    /// browser (RFC 9126). If the metadata demands it, this is done in any case. Default: `false`.
    pub pushed: bool,
    /// The time that the user may take. Default: one hour.
    pub lifetime: Duration,
    /// A custom state, instead of 256 fresh bits. Store data that the application wants to remember
    /// beside the [`Pending`], not here. Default: the fresh bits.
    ///
    /// # Security
    /// If a state can be guessed or is used twice, an attacker can inject a callback of another
    /// user (RFC 6749 §10.12).
    pub dangerous_state: Option<String>,
    /// Sends the proof key itself as the challenge (RFC 7636 §4.2). Default: its hash.
    ///
    /// # Security
    /// An attacker who has read the authorization request knows the proof key, and can redeem a
    /// stolen code.
    pub allow_plain_pkce: bool,
    /// Sends no proof key. Servers that refuse one are better described by
    /// [`AuthorizationServer::pkce`]( crate::oauth2::AuthorizationServer::pkce). Default: sends
    /// one.
    ///
    /// # Security
    /// An attacker who has stolen a code can redeem it, or insert it into another user's session.
    pub allow_missing_pkce: bool,
    scope: Option<Scope>,
    /// Resources and custom parameters, encoded.
    parameters: Zeroizing<String>,
    refused: Option<String>,
}

impl Default for Authorize {
    /// Asks for what the server grants by default.
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

/// The proof key that a request carries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pkce {
    S256,
    Plain,
    Missing,
}

/// The URL to which to send the user, and the value to remember meanwhile.
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
    /// The URL to which to send the user's browser.
    pub url: String,
    /// The value to remember, for this user's browser alone, until it comes back.
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
    /// Shows the URL without its query, which holds the state.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("url", &without_secrets(&self.url))
            .field("pending", &self.pending)
            .finish()
    }
}

impl Authorize {
    /// Asks for that scope.
    pub fn scope(scope: impl Into<Scope>) -> Self {
        Self { scope: Some(scope.into()).filter(|scope| !scope.is_empty()), ..Self::default() }
    }

    /// Adds a resource at which the token will be used (RFC 8707 §2). May be called more than once.
    pub fn resource(self, uri: &str) -> Self {
        self.push("resource", uri)
    }

    /// Adds a parameter that the server or an extension defines: `login_hint`, `prompt`,
    /// `authorization_details`, … A parameter for which there is an option here is refused when the
    /// request is made.
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
    /// Begins the code grant (RFC 6749 §4.1): ends in the URL to send the user to. This sends
    /// something only if the request is [pushed](field@Authorize::pushed), or the server wants
    /// that. Otherwise the step is [done](Step::Done) at once.
    ///
    /// # Errors
    /// [`Unsupported`] when the request cannot be made as it is configured.
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
        // The client's authentication says who it is, and a parameter must not occur twice.
        let parameters = form::retain(&url.as_bytes()[start..], |name| name != b"client_id");
        let parameters = Zeroizing::new(String::from_utf8_lossy(&parameters).into_owned());
        let client_id = ClientIdParameter::Always;
        let request = ServerRequest { client_id, ..ServerRequest::new(endpoint, parameters) };
        self.send(request, &moment, AwaitRequestUri { client: self.clone(), pending })
    }

    /// Begins the implicit grant (RFC 6749 §4.2), for servers that do not support the code grant:
    /// the token comes back in the fragment of the redirect_uri.
    ///
    /// # Security
    /// The browser's history and every script of the page see the token, and the server cannot
    /// check that it is the client that receives it.
    ///
    /// # Errors
    /// [`RequestError::NotInOauth21`](crate::oauth2::RequestError::NotInOauth21) for a server that
    /// keeps to OAuth 2.1, and those of [`authorize`](Self::authorize).
    pub fn dangerous_authorize_implicit(
        &self,
        mut authorize: Authorize,
        moment: Moment,
    ) -> Result<Authorization<PendingImplicit>, Error> {
        if self.inner.server.oauth_2_1 {
            return Err(RequestError::NotInOauth21 { what: "implicit grant" }.into());
        }
        if authorize.response_mode == ResponseMode::Query {
            // It is the default of this grant, and servers need not know the parameter.
            authorize.response_mode = ResponseMode::Fragment;
        }
        let (url, _, common) = self.authorization_request("token", authorize, &moment, |_| {})?;
        Ok(Authorization { url, pending: PendingImplicit::new(common) })
    }

    /// Returns the URL of an authorization request, the index at which its parameters begin, and
    /// the value to remember.
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

        // Room for an ordinary request: what is sent is written once.
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

/// Returns whether encoded pairs contain a name.
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
