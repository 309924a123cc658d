//! The last leg: the exchange of temporary credentials for a token, RFC 5849 §2.3.

use std::time::Duration;

use super::client::{Client, CredentialsRequest};
use super::pending::Pending;
use super::token::Token;
use super::token_response::{Fields, Formats};
use crate::core::step::Receive;
use crate::core::wiped::Wiped;
use crate::oauth1::credentials::TokenCredentials;
use crate::oauth1::names::{SESSION_HANDLE, VERIFIER};
use crate::oauth1::signing::OAuthParam;
use crate::{Callback, Error, Forged, Moment, Purpose, Response, Secret, Step, Timestamp};

impl Client {
    /// Checks the callback, and exchanges the temporary credentials for a token (RFC 5849 §2.3).
    ///
    /// `callback` is the URI that the user's browser requested: its path and query (axum's
    /// `OriginalUri`), or the whole URI. This URI is compared with that of
    /// [`Authorize::callback`](super::Authorize::callback) or
    /// [`Authorize::registered`](super::Authorize::registered).
    ///
    /// A callback can arrive twice. Before you call this function, insert
    /// [`pending.id()`](Pending::id) into your database or into
    /// [`UsedPendingIds`](crate::UsedPendingIds). Continue only if the id was not there yet. This
    /// function consumes `pending`, but not a stored copy of it.
    ///
    /// # Errors
    /// [`Refused::Denied`](crate::Refused::Denied) if the user did not grant access: the callback
    /// has `oauth_problem`, `denied`, `not_approved=true` or `error`. Some services only leave out
    /// the verifier, which is [`Forged::ParameterMissing`]. [`Forged`] if the callback does not
    /// belong to `pending`, or `pending` does not belong to this client.
    /// [`Expired`](crate::Expired) if the user took too long, or if `pending` was stored in an
    /// older format. These errors arise before a request is sent. Errors in the service's response
    /// are returned later, by the step.
    ///
    /// # Security
    /// In OAuth 1.0a, only the URI of a callback proves from which service it came. So a callback
    /// that is only a query, without a path, is refused, unless
    /// [`allow_callback_without_place`](field@Self::allow_callback_without_place) is set.
    pub fn redeem<'a>(
        &self,
        pending: Pending,
        callback: impl Into<Callback<'a>>,
        moment: Moment,
    ) -> Result<Step<Token>, Error> {
        pending.check(&self.client_fingerprint(), moment.now)?;
        let verifier = pending.verifier(&callback.into(), self.place())?;
        self.exchange(&pending.credentials, verifier, moment)
    }

    /// Exchanges the temporary credentials for a token after
    /// [`Authorize::out_of_band`](super::Authorize::out_of_band). `verifier` is the text that the
    /// user typed. White space at its ends is removed.
    ///
    /// # Errors
    /// [`Expired`](crate::Expired) if the user took too long, or if `pending` was stored in an
    /// older format. [`Forged::OtherClient`] if `pending` belongs to another client.
    /// [`Forged::ParameterMissing`] if the text is empty and the service must return a verifier.
    /// These errors arise before a request is sent. Errors in the service's response are returned
    /// later, by the step.
    pub fn redeem_verifier(
        &self,
        pending: Pending,
        verifier: &str,
        moment: Moment,
    ) -> Result<Step<Token>, Error> {
        pending.check(&self.client_fingerprint(), moment.now)?;
        let verifier = Some(verifier.trim()).filter(|verifier| !verifier.is_empty());
        self.exchange(&pending.credentials, verifier.map(str::to_owned), moment)
    }

    fn exchange(
        &self,
        temporary: &TokenCredentials,
        verifier: Option<String>,
        moment: Moment,
    ) -> Result<Step<Token>, Error> {
        if verifier.is_none() && self.server.wants_verifier() {
            return Err(Forged::ParameterMissing { name: VERIFIER }.into());
        }
        let protocol = verifier.map(|verifier| (VERIFIER.into(), verifier.into()));
        self.token_request(temporary, protocol.into_iter().collect(), None, moment)
    }

    pub(super) fn token_request(
        &self,
        credentials: &TokenCredentials,
        protocol: Vec<OAuthParam<'static>>,
        before: Option<Token>,
        moment: Moment,
    ) -> Result<Step<Token>, Error> {
        let state = AwaitToken { before, formats: self.server.formats(), signed_at: moment.now };
        let endpoint = &self.server.token;
        let request = CredentialsRequest {
            endpoint,
            token: Some(credentials),
            realm: None,
            parameters: &[],
            protocol,
        };
        self.ask_for_credentials(request, moment, state)
    }
}

/// Waits for token credentials.
struct AwaitToken {
    /// The token to renew.
    before: Option<Token>,
    formats: Formats,
    signed_at: Timestamp,
}

impl Receive<Token> for AwaitToken {
    fn receive(self: Box<Self>, response: Response, moment: Moment) -> Result<Step<Token>, Error> {
        let response = Wiped(response);
        let mut fields = Fields::of(&response, self.formats, self.signed_at)?;
        let mut token = Token::from(fields.credentials()?);
        token.session_handle = fields.take(SESSION_HANDLE).map(Secret::new);
        let expires_in = fields.take_seconds("oauth_expires_in")?;
        token.expires_at = expires_in.map(|seconds| moment.now.after(Duration::from_secs(seconds)));
        token.extra = fields.rest();
        if let Some(mut before) = self.before {
            token.session_handle = token.session_handle.or(before.session_handle);
            before.extra.append(&mut token.extra);
            token.extra = before.extra;
        }
        Ok(Step::Done(token))
    }

    fn purpose(&self) -> Purpose {
        if self.before.is_some() {
            Purpose::RenewingTokenCredentials
        } else {
            Purpose::ExchangingTemporaryCredentials
        }
    }
}
