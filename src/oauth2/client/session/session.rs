//! Calls of an API with a token, RFC 6750 §2, and the renewal of the token, RFC 6749 §6.
//!
//! ```text
//!   attach_token ----> SentToken ----> the request is sent ----> check_response ----> Done
//!     |                                                              |-----------> Retry
//!     |  Expired::Token                                              |-----------> Renew
//!     +----> renew ----> store ----> set_token                       +-----------> Reauthorize
//! ```
//!
//! - Done: the caller uses the response.
//! - Retry: the session has a newer token. Send the request again with it: `retry`.
//! - Renew: `renew`, store the new token, `set_token`, `retry`.
//! - Reauthorize: the user has to grant access again.
//!
//! Renewal is a separate step, because the new token must be stored before it is used: a server
//! that rotates refresh tokens has already invalidated the old one.
//! [`SharedSession`](crate::oauth2::SharedSession) does all of this automatically.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::retry::{Action, NextAction, ProtectedResponse, Retry, SentToken, WithholdToken};
use crate::core::endpoint::{endpoint, origin_of_request};
use crate::core::error::oauth2::RequestError;
use crate::core::event::Observer;
use crate::oauth2::client::attach_token::ProtectedRequest;
use crate::oauth2::client::client::Client;
use crate::oauth2::client::grant::Grant;
use crate::oauth2::{BearerChallenge, BearerError, Token, TokenPlacement, TokenType};
use crate::wire::Origin;
use crate::{Error, Expired, Moment, Request, Step, Timestamp, Unsupported};

/// The default of [`Session::leeway`]: a request takes a while to arrive.
const LEEWAY: Duration = Duration::from_secs(10);

/// A token, the origins to which it is sent, and the settings of its renewal.
///
/// ```no_run
/// use oauth_proto::oauth2::{Client, Session, Token, NextAction};
/// use oauth_proto::{Error, Expired, Moment, run};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
/// #     unimplemented!()
/// # }
/// # fn store(_: &Token) {}
///
/// # fn example(client: Client, token: Token) -> Result<(), Box<dyn std::error::Error>> {
/// let mut session = Session::new(&client, "https://photos.example.com", token)?;
///
/// let mut request = http::Request::get("https://photos.example.com/albums").body(Vec::new())?;
/// let sent_token = match session.attach_token(&mut request, Moment::from_os().now) {
///     Err(Error::Expired(Expired::Token)) => {
///         let renewed = run(session.renew(Moment::from_os())?, &mut send)?;
///         store(&renewed); // before it is used: the server may have invalidated the old one
///         session.set_token(renewed);
///         session.attach_renewed_token(&mut request)?
///     }
///     signed => signed?,
/// };
/// let response = send(request.clone())?;
/// if let NextAction::Renew(renewal, again) =
///     session.check_response(sent_token, &response, Moment::from_os())?
/// {
///     let renewed = run(renewal, &mut send)?;
///     store(&renewed);
///     session.set_token(renewed);
///     session.retry(&mut request, again)?;
///     let response = send(request)?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Session {
    /// The grant with which the session gets each token, usually [`Grant::client_credentials`].
    /// Default: `None`, so the session renews the token with its refresh token.
    pub grant: Option<Grant>,
    /// The place at which requests contain the token. Default: the server's
    /// [`token_placement`](field@crate::oauth2::AuthorizationServer::token_placement).
    pub token_placement: TokenPlacement,
    /// A token counts as expired this long before its expiry. Default: 10 seconds.
    pub leeway: Duration,
    /// The lifetime that a renewed token gets if the server's response does not contain one. With
    /// zero, each request gets a new token. Default: `None`, so the session uses such a token until
    /// an API responds with 401.
    pub unknown_lifetime: Option<Duration>,
    /// The resources that each renewal requests (RFC 8707 §2.2), so a new token is valid for the
    /// same resources as the old one. Default: empty.
    pub resources: Vec<String>,
    /// If `true`, the session never renews the token. An expired token then causes
    /// [`Expired::Token`]. After a 401, [`check_response`](Self::check_response) returns
    /// [`NextAction::Reauthorize`], and
    /// [`SharedSession::fetch`](crate::oauth2::SharedSession::fetch) returns the 401 like any other
    /// response, except if the storage has a newer token: then it sends the request again with that
    /// token. Default: `false`.
    pub without_renewal: bool,
    /// If `true`, the session renews the token only when the token expires, and never because of
    /// a 401. Default: `false`.
    pub without_renewal_on_401: bool,
    /// If `true`, [`SharedSession::fetch`](crate::oauth2::SharedSession::fetch) stops after each
    /// renewal with [`DriveError::Renewed`](crate::DriveError::Renewed). Read the new token from
    /// [`SharedSession::session`](crate::oauth2::SharedSession::session), store it, and fetch
    /// again. The next fetch uses the new token, stored or not. Default: `false`.
    pub return_renewals: bool,
    /// If `true`, the session attaches the token to requests for every origin, and not only for the
    /// session's origins. A request for an http URL still fails with [`Unsupported::PlainHttp`],
    /// unless its host is this machine, or
    /// [`dangerous_allow_http`](field@crate::oauth2::AuthorizationServer::dangerous_allow_http) is
    /// set. Default: `false`.
    ///
    /// # Security
    /// If an attacker can choose a URL that the application requests, the attacker gets the token.
    pub dangerous_allow_any_origin: bool,
    client: Client,
    token: Option<Token>,
    /// The number of tokens that the session has had, so a late 401 for an old token does not cause
    /// a renewal.
    generation: u64,
    origins: Vec<Origin>,
    shape: Option<Arc<dyn Fn(Grant) -> Grant + Send + Sync>>,
    refused_when: Option<IsRefused>,
}

type IsRefused = Arc<dyn Fn(&ProtectedResponse<'_>) -> bool + Send + Sync>;

impl Session {
    /// Makes a session that sends a token only to that origin, such as `https://api.example.com`. A
    /// path in `origin` is ignored.
    ///
    /// If the token is `None`, the session gets it later: with [`grant`](field@Self::grant), by
    /// [`set_token`](Self::set_token), or from the storage of a
    /// [`SharedSession`](crate::oauth2::SharedSession).
    ///
    /// # Errors
    /// [`Unsupported::Url`] if the origin is not an http or https URL. [`Unsupported::PlainHttp`]
    /// if it is an http URL whose host is not this machine.
    pub fn new(
        client: &Client,
        origin: &str,
        token: impl Into<Option<Token>>,
    ) -> Result<Self, Error> {
        let token = token.into();
        let session = Self {
            grant: None,
            token_placement: client.inner.server.token_placement,
            leeway: LEEWAY,
            unknown_lifetime: None,
            resources: Vec::new(),
            without_renewal: false,
            without_renewal_on_401: false,
            return_renewals: false,
            dangerous_allow_any_origin: false,
            client: client.clone(),
            generation: token.is_some().into(),
            token,
            origins: Vec::new(),
            shape: None,
            refused_when: None,
        };
        session.allow_origin(origin)
    }

    /// Attaches the token to requests for another origin, too. Default: only the origin of
    /// [`new`](Self::new).
    ///
    /// # Security
    /// The other origin can use the token at the first one.
    ///
    /// # Errors
    /// [`Unsupported::Url`] if the origin is not an http or https URL. [`Unsupported::PlainHttp`]
    /// if it is an http URL whose host is not this machine.
    pub fn allow_origin(mut self, origin: &str) -> Result<Self, Error> {
        let uri = endpoint(origin)?;
        self.client.inner.server.check_secure(&uri)?;
        self.origins.extend(Origin::of(&uri));
        Ok(self)
    }

    /// Sets a function that changes the [`Grant`] of each renewal, for example to add parameters or
    /// a scope that the server demands. Default: the grant is not changed.
    ///
    /// ```
    /// # use oauth_proto::oauth2::Session;
    /// fn with_scope(session: Session) -> Session {
    ///     session.map_renewal_grant(|grant| grant.scope("photos").parameter("tenant", "t1"))
    /// }
    /// ```
    pub fn map_renewal_grant(
        mut self,
        shape: impl Fn(Grant) -> Grant + Send + Sync + 'static,
    ) -> Self {
        self.shape = Some(Arc::new(shape));
        self
    }

    /// Sets a function that recognizes further responses in which an API refuses the token. Some
    /// APIs respond to an expired token with a 403 without a challenge, or with their own error and
    /// status 200. Default: only the responses of RFC 6750 §3.1 count.
    ///
    /// # Examples
    /// ```
    /// # use oauth_proto::oauth2::Session;
    /// // Django OAuth Toolkit's views respond with 403 to an expired token and to a missing scope.
    /// // With a missing scope, each request causes one renewal in vain.
    /// fn at_django(session: Session) -> Session {
    ///     session.token_refused_when(|response| response.status == 403)
    /// }
    /// ```
    pub fn token_refused_when(
        mut self,
        is_refused: impl Fn(&ProtectedResponse<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.refused_when = Some(Arc::new(is_refused));
        self
    }

    /// Returns the current token; `None` if the session has no token yet.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Replaces the token, after [`renew`](Self::renew). Store the new token first.
    pub fn set_token(&mut self, token: Token) {
        self.token = Some(token);
        self.generation += 1;
    }

    /// Removes the token.
    pub(crate) fn sign_out(&mut self) {
        self.token = None;
        self.generation += 1;
    }

    /// Attaches the token to a request, if the token is valid at the time `now`.
    ///
    /// # Errors
    /// - [`Expired::Token`] if the token has expired, or if the session has no token yet and
    ///   [`renew`](Self::renew) can get one.
    /// - [`RequestError::ForeignOrigin`](crate::oauth2::RequestError::ForeignOrigin) if the request
    ///   is for an origin that must not get the token.
    /// - [`Unsupported::Url`] if the origin of the request is not clear.
    /// - [`Unsupported::NoToken`] if the session has no token and cannot get one.
    /// - [`Unsupported`] if the token cannot be sent: it is not a bearer token, the request has
    ///   another `Authorization` header, or the server expects the token in a form and the body is
    ///   not one.
    pub fn attach_token(&self, request: &mut Request, now: Timestamp) -> Result<SentToken, Error> {
        self.sign_parts(request, now, |body| Some(body))
    }

    /// Attaches the token as [`attach_token`](Self::attach_token) does, to a request whose body
    /// cannot be read, such as a stream.
    ///
    /// # Errors
    /// - [`Expired::Token`] if the token has expired, or if the session has no token yet and
    ///   [`renew`](Self::renew) can get one.
    /// - [`RequestError::ForeignOrigin`](crate::oauth2::RequestError::ForeignOrigin) if the request
    ///   is for an origin that must not get the token.
    /// - [`Unsupported::Url`] if the origin of the request is not clear.
    /// - [`Unsupported::NoToken`] if the session has no token and cannot get one.
    /// - [`Unsupported::NoFormBody`] if the server expects the token in the body.
    /// - [`Unsupported`] if the token cannot be sent for another reason: it is not a bearer token,
    ///   or the request has another `Authorization` header.
    pub fn attach_token_to_head<B>(
        &self,
        request: &mut http::Request<B>,
        now: Timestamp,
    ) -> Result<SentToken, Error> {
        self.sign_parts(request, now, |_| None)
    }

    fn sign_parts<B>(
        &self,
        request: &mut http::Request<B>,
        now: Timestamp,
        body: impl FnOnce(&mut B) -> Option<&mut Vec<u8>>,
    ) -> Result<SentToken, Error> {
        if request.extensions().get::<WithholdToken>().is_some() {
            return Ok(SentToken::without_renewal(self.generation));
        }
        self.check_origin(request.uri(), request.headers())?;
        if self.is_due(now)? {
            return Err(Expired::Token.into());
        }
        self.give(request, body)?;
        Ok(SentToken::first(self.generation))
    }

    /// Attaches the token as [`attach_token`](Self::attach_token) does, without checking its
    /// expiry.
    pub(crate) fn attach_valid_token(&self, request: &mut Request) -> Result<SentToken, Error> {
        self.check_origin(request.uri(), request.headers())?;
        self.give(request, |body| Some(body))?;
        Ok(SentToken::first(self.generation))
    }

    /// Attaches the token as [`attach_token`](Self::attach_token) does, right after a renewal, even
    /// if the token counts as expired.
    ///
    /// If a server's tokens live shorter than the [`leeway`](field@Self::leeway), `attach_token`
    /// would demand one renewal after the other. A 401 to this request does not cause another
    /// renewal: a server that refuses a new token would refuse the next one, too.
    ///
    /// # Errors
    /// - [`RequestError::ForeignOrigin`](crate::oauth2::RequestError::ForeignOrigin) if the request
    ///   is for an origin that must not get the token.
    /// - [`Unsupported::Url`] if the origin of the request is not clear.
    /// - [`Unsupported::NoToken`] if the session has no token.
    /// - [`Unsupported`] if the token cannot be sent: it is not a bearer token, the request has
    ///   another `Authorization` header, or the server expects the token in a form and the body is
    ///   not one.
    pub fn attach_renewed_token(&self, request: &mut Request) -> Result<SentToken, Error> {
        if request.extensions().get::<WithholdToken>().is_none() {
            self.check_origin(request.uri(), request.headers())?;
            self.give(request, |body| Some(body))?;
        }
        Ok(SentToken::without_renewal(self.generation))
    }

    /// Attaches the current token to a request that was refused, so the caller can send it again.
    /// Pass the result to [`check_response`](Self::check_response), which permits no second retry
    /// for the same cause.
    ///
    /// # Errors
    /// - [`RequestError::ForeignOrigin`](crate::oauth2::RequestError::ForeignOrigin) if the request
    ///   is for an origin that must not get the token.
    /// - [`Unsupported::Url`] if the origin of the request is not clear.
    /// - [`Unsupported::NoToken`] if the session has no token.
    /// - [`Unsupported`] if the token cannot be sent: it is not a bearer token, the request has
    ///   another `Authorization` header, or the server expects the token in a form and the body is
    ///   not one.
    pub fn retry(&self, request: &mut Request, retry: Retry) -> Result<SentToken, Error> {
        self.check_origin(request.uri(), request.headers())?;
        self.give(request, |body| Some(body))?;
        self.observer().resent(request.uri());
        Ok(SentToken::again(self.generation, retry))
    }

    /// Returns the action that the caller has to take after a response. `moment` is used for the
    /// renewal, if there is one.
    ///
    /// A 401 causes a renewal, unless its challenge has an error that a renewal does not solve
    /// (`insufficient_scope`, `insufficient_user_authentication`, `invalid_request`). A 400 or 403
    /// causes a renewal only if its challenge has the error `invalid_token`. If a request was sent
    /// again with a newer token, its response is final.
    ///
    /// # Errors
    /// [`Unsupported`] if a renewal is due, and its request cannot be made with these settings.
    pub fn check_response<B>(
        &self,
        sent_token: SentToken,
        response: &http::Response<B>,
        moment: Moment,
    ) -> Result<NextAction, Error> {
        Ok(match self.action_for(&sent_token, &ProtectedResponse::of(response, None)) {
            Action::Nothing => NextAction::Done,
            Action::Resend => NextAction::Retry(Retry::with_newer_token(sent_token)),
            Action::Renewal if self.is_renewable() => {
                NextAction::Renew(self.renew(moment)?, Retry::with_newer_token(sent_token))
            }
            Action::Renewal | Action::User => NextAction::Reauthorize,
        })
    }

    pub(crate) fn action_for(
        &self,
        sent_token: &SentToken,
        response: &ProtectedResponse<'_>,
    ) -> Action {
        if sent_token.used.newer_token || self.without_renewal_on_401 {
            return Action::Nothing;
        }
        if self.refused_when.as_ref().is_some_and(|is_refused| is_refused(response)) {
            return self.way_on(sent_token);
        }
        let status = response.status;
        if !matches!(status.as_u16(), 400 | 401 | 403) {
            return Action::Nothing;
        }
        let error = BearerChallenge::of(response.headers).and_then(|challenge| challenge.error);
        // The error code is decisive, since RFC 6750 §3.1 only recommends the status 401. Without
        // that code, a 400 or 403 is not about the token.
        if status != StatusCode::UNAUTHORIZED && error != Some(BearerError::InvalidToken) {
            return Action::Nothing;
        }
        match error {
            Some(
                BearerError::InvalidRequest
                | BearerError::InsufficientScope
                | BearerError::InsufficientUserAuthentication,
            ) if sent_token.generation == self.generation => Action::User,
            // An unknown code may mean that the token has expired. The request is sent again only
            // once.
            _ => self.way_on(sent_token),
        }
    }

    /// Returns the action that may help a request whose token was refused.
    fn way_on(&self, sent_token: &SentToken) -> Action {
        if sent_token.generation < self.generation { Action::Resend } else { Action::Renewal }
    }

    /// Gets a new token, without the user (RFC 6749 §6 and §4.4). Store the new token, then pass it
    /// to [`set_token`](Self::set_token).
    ///
    /// # Errors
    /// - [`Unsupported::NotRenewable`] if the token has no refresh token and the session has no
    ///   grant, or if [`without_renewal`](field@Self::without_renewal) is set.
    /// - [`Unsupported::NoToken`] if the session has neither a token nor a grant.
    /// - [`Unsupported`] if the request cannot be made with these settings.
    ///
    /// Errors in the server's response are returned later, by the step.
    pub fn renew(&self, moment: Moment) -> Result<Step<Token>, Error> {
        let grant = match (&self.grant, &self.token) {
            _ if self.without_renewal => return Err(Unsupported::NotRenewable.into()),
            (Some(grant), _) => grant.clone(),
            (None, Some(token)) => Grant::refresh(token)?,
            (None, None) => return Err(Unsupported::NoToken.into()),
        };
        let grant = self.resources.iter().fold(grant, |grant, resource| grant.resource(resource));
        let grant = match &self.shape {
            Some(shape) => shape(grant),
            None => grant,
        };
        self.client.request_token(grant.unknown_lifetime(self.unknown_lifetime), moment)
    }

    /// Returns whether [`renew`](Self::renew) can get a token.
    pub(crate) fn is_renewable(&self) -> bool {
        let has_refresh_token =
            || self.token.as_ref().is_some_and(|token| token.refresh_token.is_some());
        !self.without_renewal && (self.grant.is_some() || has_refresh_token())
    }

    /// Returns whether the token is renewed with a refresh token, whose grant can end.
    pub(crate) fn refreshes(&self) -> bool {
        !self.without_renewal && self.grant.is_none()
    }

    pub(crate) fn observer(&self) -> &Observer {
        self.client.observer()
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns whether the token must be renewed first, or the session has no token yet.
    pub(crate) fn is_due(&self, now: Timestamp) -> Result<bool, Error> {
        match &self.token {
            Some(token) => Ok(token.is_expired(now.after(self.leeway))),
            None if self.is_renewable() => Ok(true),
            None => Err(Unsupported::NoToken.into()),
        }
    }

    pub(crate) fn check_origin(&self, uri: &http::Uri, headers: &HeaderMap) -> Result<(), Error> {
        let site = origin_of_request(uri, headers)?;
        if self.dangerous_allow_any_origin {
            return Ok(self.client.inner.server.check_secure(uri)?);
        }
        if self.origins.iter().any(|origin| origin.site().is(site)) {
            return Ok(());
        }
        let option = Some("Session::dangerous_allow_any_origin");
        Err(RequestError::ForeignOrigin { origin: Origin::from(site).to_string(), option }.into())
    }

    fn give<B>(
        &self,
        request: &mut http::Request<B>,
        body: impl FnOnce(&mut B) -> Option<&mut Vec<u8>>,
    ) -> Result<(), Error> {
        let token = self.token.as_ref().ok_or(Unsupported::NoToken)?;
        if token.token_type != TokenType::Bearer {
            return Err(RequestError::TokenType {
                token_type: token.token_type.as_str().to_owned(),
            }
            .into());
        }
        if self.client.inner.server.oauth_2_1
            && matches!(
                self.token_placement,
                TokenPlacement::AllowQuery(_) | TokenPlacement::AllowBearerAndParameter(_)
            )
        {
            return Err(RequestError::NotInOauth21 { what: "token in the query" }.into());
        }
        ProtectedRequest::of(request, body, token, &self.token_placement, |protected| {
            self.client.inner.hooks.protected_request(protected);
        })?;
        // A hook may have changed the origin.
        if self.client.inner.hooks.is_empty() {
            Ok(())
        } else {
            self.check_origin(request.uri(), request.headers())
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins: Vec<_> = self.origins.iter().map(ToString::to_string).collect();
        f.debug_struct("Session")
            .field("client_id", &self.client.client_id())
            .field("token", &self.token)
            .field("origins", &origins)
            .finish_non_exhaustive()
    }
}
