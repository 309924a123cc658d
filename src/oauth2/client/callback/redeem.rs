//! Redeeming the callback of the code and the implicit grant, RFC 6749 §4.1.3 and §4.2.2.

use http::HeaderValue;
use http::header::CONTENT_TYPE;

use super::pending::{Pending, PendingImplicit, Rules};
use crate::core::error::oauth2::CallbackError;
use crate::core::error::oauth2::RequestError;
use crate::core::wiped::Wiped;
use crate::oauth2::client::client::Client;
use crate::oauth2::client::grant::{Grant, Kind};
use crate::oauth2::client::token_response::{self, Expected};
use crate::oauth2::common::names::AUTHORIZATION_CODE;
use crate::oauth2::{Quirks, Token};
use crate::wire::form;
use crate::{Callback, Error, Forged, Moment, Purpose, Response, Step, Timestamp};

impl Client {
    /// Checks a callback and exchanges its code for a token. This is [`accept`](Self::accept) and
    /// [`request_token`](Self::request_token) in one call.
    ///
    /// `callback` is the URI that the user's browser requested: path and query as your framework
    /// has them (axum's `OriginalUri`), or the whole URI. The client compares it with the
    /// redirect_uri. With another [`ResponseMode`](crate::oauth2::ResponseMode), `callback` is the
    /// URI with its fragment, or [`Callback::posted`] with the form.
    ///
    /// A callback may arrive twice. This call consumes `pending`, but not a stored copy of it. So
    /// first store [`pending.id()`](Pending::id) in your database, or use
    /// [`UsedPendingIds`](crate::UsedPendingIds).
    ///
    /// ```
    /// # use oauth_proto::oauth2::{Client, Pending, Token};
    /// # use oauth_proto::{Callback, Error, Moment, Step};
    /// fn by_get(
    ///     client: &Client,
    ///     pending: Pending,
    ///     path_and_query: &str,
    /// ) -> Result<Step<Token>, Error> {
    ///     client.redeem(pending, path_and_query, Moment::from_os())
    /// }
    ///
    /// // After `authorize.response_mode = ResponseMode::FormPost`.
    /// fn by_post(
    ///     client: &Client,
    ///     pending: Pending,
    ///     uri: &str,
    ///     body: &[u8],
    /// ) -> Result<Step<Token>, Error> {
    ///     client.redeem(pending, Callback::posted(uri, body), Moment::from_os())
    /// }
    /// ```
    ///
    /// # Errors
    /// - [`Refused::Denied`](crate::Refused::Denied) if the user has denied access.
    /// - [`Refused::Authorization`](crate::Refused::Authorization) if the callback contains another
    ///   error.
    /// - [`Forged`] if the callback does not belong to `pending`, or `pending` belongs to another
    ///   client.
    /// - [`Expired`](crate::Expired) if the user took too long, or another version of this crate
    ///   stored `pending`.
    ///
    /// In these cases nothing was sent. Errors in the server's response are returned later, by the
    /// step.
    ///
    /// # Security
    /// If you have several servers, each with its own redirect_uri, the URI at which a callback
    /// arrived tells which server it belongs to (RFC 9700 §4.4.2.2). A query or a form alone does
    /// not contain that URI. The client accepts such a callback only if the server names itself in
    /// it with its known issuer (RFC 9207), or if
    /// [`allow_callback_without_place`](field@Self::allow_callback_without_place) is set.
    pub fn redeem<'a>(
        &self,
        pending: Pending,
        callback: impl Into<Callback<'a>>,
        moment: Moment,
    ) -> Result<Step<Token>, Error> {
        let grant = self.grant_of(pending, &callback.into(), moment.now)?;
        self.request_token(grant, moment)
    }

    /// Checks a callback, and returns the grant of its code. Use it to add parameters to the token
    /// request.
    ///
    /// ```
    /// # use oauth_proto::oauth2::{Client, Pending, Token};
    /// # use oauth_proto::{Error, Moment, Step};
    /// fn redeem(client: &Client, pending: Pending, uri: &str) -> Result<Step<Token>, Error> {
    ///     let moment = Moment::from_os();
    ///     let grant =
    ///         client.accept(pending, uri, moment.now)?.resource("https://photos.example.com/");
    ///     client.request_token(grant, moment)
    /// }
    /// ```
    ///
    /// # Errors
    /// - [`Refused::Denied`](crate::Refused::Denied) if the user has denied access.
    /// - [`Refused::Authorization`](crate::Refused::Authorization) if the callback contains another
    ///   error.
    /// - [`Forged`] if the callback does not belong to `pending`, or `pending` belongs to another
    ///   client.
    /// - [`Expired`](crate::Expired) if the user took too long, or another version of this crate
    ///   stored `pending`.
    pub fn accept<'a>(
        &self,
        pending: Pending,
        callback: impl Into<Callback<'a>>,
        now: Timestamp,
    ) -> Result<Grant, Error> {
        self.grant_of(pending, &callback.into(), now)
    }

    fn grant_of(
        &self,
        pending: Pending,
        callback: &Callback<'_>,
        now: Timestamp,
    ) -> Result<Grant, Error> {
        pending.check(&self.inner.fingerprint, now)?;
        let answer = pending.common.accept(callback, self.rules())?;
        for (name, token) in
            [("access_token", &answer.access_token), ("id_token", &answer.id_token)]
        {
            if token.is_some() {
                return Err(CallbackError::TokenInCallback { name }.into());
            }
        }
        match answer.code.filter(|code| !code.is_empty()) {
            Some(code) => Ok(self.code_grant(pending, &code)),
            None => Err(Forged::ParameterMissing { name: "code" }.into()),
        }
    }

    fn rules(&self) -> Rules {
        let server = &self.inner.server;
        Rules {
            promises_iss: server.promises_issuer,
            unknown_iss: server.allow_unknown_issuer,
            place: self.place(),
        }
    }

    /// Exchanges a code that the user has copied from the server's page. Some servers display it
    /// for the redirect_uri `urn:ietf:wg:oauth:2.0:oob`. White space around the code is removed.
    ///
    /// # Security
    /// The client gets the code without a callback, so it cannot check the state, and cannot tell
    /// who requested the code. If the authorization request had a PKCE challenge, the server still
    /// refuses codes that do not belong to `pending`. Without PKCE, an attacker can make a user
    /// enter the attacker's code.
    ///
    /// # Errors
    /// - [`Expired`](crate::Expired) if the user took too long, or another version of this crate
    ///   stored `pending`.
    /// - [`Forged::OtherClient`] if `pending` belongs to another client.
    ///
    /// In these cases nothing was sent. Errors in the server's response are returned later, by the
    /// step.
    pub fn dangerous_redeem_code(
        &self,
        pending: Pending,
        code: &str,
        moment: Moment,
    ) -> Result<Step<Token>, Error> {
        pending.check(&self.inner.fingerprint, moment.now)?;
        let grant = self.code_grant(pending, code.trim());
        self.request_token(grant, moment)
    }

    fn code_grant(&self, pending: Pending, code: &str) -> Grant {
        let mut grant = Grant::new(AUTHORIZATION_CODE, Kind::Code);
        grant.push("code", code);
        if let Some(uri) =
            pending.common.redirect_uri.as_deref().filter(|_| !self.inner.server.oauth_2_1)
        {
            match &self.inner.redirect_uri {
                Some(own) if *own.text == *uri => grant.push_encoded("redirect_uri", &own.encoded),
                _ => grant.push("redirect_uri", uri),
            }
        }
        if let Some(verifier) = &pending.verifier {
            grant.push_encoded("code_verifier", verifier.as_str());
        }
        grant.without_sending_scope(pending.common.scope)
    }

    /// Returns the token in the fragment of an implicit grant's callback.
    ///
    /// `callback` is the whole URI with its fragment (`location.href`), which only a script in the
    /// page can read. If the script posts the fragment to your server, `callback` is
    /// [`Callback::posted`] with the URI of the page and the fragment.
    ///
    /// # Errors
    /// - [`Refused::Denied`](crate::Refused::Denied) if the user has denied access.
    /// - [`Refused::Authorization`](crate::Refused::Authorization) if the callback contains another
    ///   error.
    /// - [`Forged`] if the callback does not belong to `pending`, or `pending` belongs to another
    ///   client.
    /// - [`Expired`](crate::Expired) if the user took too long, or another version of this crate
    ///   stored `pending`.
    /// - [`Misbehaved`](crate::Misbehaved) if the fragment is not a valid token response.
    /// - [`RequestError::NotInOauth21`] if the server keeps to OAuth 2.1.
    pub fn token_from_fragment<'a>(
        &self,
        pending: PendingImplicit,
        callback: impl Into<Callback<'a>>,
        now: Timestamp,
    ) -> Result<Token, Error> {
        let server = &self.inner.server;
        if server.oauth_2_1 {
            return Err(RequestError::NotInOauth21 { what: "implicit grant" }.into());
        }
        let pending = pending.into_pending();
        pending.check(&self.inner.fingerprint, now)?;
        let callback = callback.into();
        let answer = pending.common.accept(&callback, self.rules())?;
        // The fragment has the members of a token response (§4.2.2), as a form.
        let members =
            form::retain(answer.pairs.as_bytes(), |name| name != b"state" && name != b"iss");
        let mut response = Wiped(Response::new(members));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
        self.inner.hooks.token_response(Purpose::RequestingToken, &mut response);
        let expected = Expected { scope: pending.common.scope, ..Expected::default() };
        let quirks = Quirks { allow_form_answer: true, ..server.quirks };
        token_response::token(&response, expected, quirks, server.scope_separator, now)
    }
}
