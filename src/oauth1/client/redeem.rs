//! The last leg: temporary credentials are exchanged for a token, RFC 5849 §2.3.

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
    /// Exchanges the temporary credentials for a token when the user is back: the last leg (RFC
    /// 5849 §2.3).
    ///
    /// `callback` is the URI that the user's browser asked for: path and query, as your framework
    /// has them (axum's `OriginalUri`), or all of it. The place of the callback is compared with
    /// the URI of [`Authorize::callback`](super::Authorize::callback) or
    /// [`Authorize::registered`](super::Authorize::registered).
    ///
    /// A callback may arrive twice. Note [`pending.id()`](Pending::id) first, in your database or
    /// in [`UsedPendingIds`](crate::UsedPendingIds): `pending` is consumed here, but a copy that
    /// was stored is not.
    ///
    /// # Errors
    /// [`Refused::Denied`](crate::Refused::Denied) when the user did not grant access, which
    /// services say by `oauth_problem`, `denied`, `not_approved=true` or `error`; some just leave
    /// out the verifier, which is [`Forged::ParameterMissing`]. [`Forged`] when the callback does
    /// not belong to `pending`, or `pending` not to this client, [`Expired`](crate::Expired) when
    /// the user took too long. Nothing has been sent then. The step reports errors of the response.
    /// In a function that returns [`DriveError`](crate::DriveError), `?` converts both.
    ///
    /// # Security
    /// OAuth 1.0 has nothing else than the place by which to tell one service's callbacks from
    /// another's, so a query alone is refused, unless by
    /// [`allow_callback_without_place`](field@Self::allow_callback_without_place).
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
    /// user copied. White space around it is removed.
    ///
    /// # Errors
    /// [`Expired`](crate::Expired) when the user took too long, or `pending` was stored in an
    /// earlier form. [`Forged::OtherClient`] when `pending` is another client's,
    /// [`Forged::ParameterMissing`] when the text is empty and the server must give a verifier.
    /// Nothing has been sent then. The step reports errors of the response.
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
    /// The token that is renewed.
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
