//! The first leg of a sign-in: the URL for the user's browser, and the pending value.

use std::fmt;

use super::client::Client;
use super::pending::{Pending, PendingLeg};
use super::profile::ProfileMapping;
use super::sign_in::{Parts, SignIn};
use crate::oauth1::{self, Callbacks};
use crate::wire::without_secrets;
use crate::{Error, Moment, Step, oauth2};

/// A sign-in that has begun: the URL for the user's browser, and the pending value.
///
/// ```no_run
/// # use oauth_proto::services::Authorization;
/// # fn set_cookie(_: &str) {}
/// # fn redirect(_: &str) {}
/// fn send_away(authorization: &Authorization) -> Result<(), serde_json::Error> {
///     // Encrypt the cookie, and send it to this browser only.
///     set_cookie(&serde_json::to_string(&authorization.pending)?);
///     redirect(&authorization.url);
///     Ok(())
/// }
/// ```
#[non_exhaustive]
pub struct Authorization {
    /// The URL to which the application redirects the user's browser.
    pub url: String,
    /// The value that [`SignIn::redeem`](super::SignIn::redeem) needs. Keep it for this browser
    /// until the callback arrives.
    pub pending: Pending,
}

impl fmt::Debug for Authorization {
    /// The URL is shown without its query, which has the state.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("url", &without_secrets(&self.url))
            .field("pending", &self.pending)
            .finish()
    }
}

impl SignIn {
    /// Begins a sign-in. The result of the step is the URL for the user's browser, together with
    /// the pending value. With OAuth 2.0 the step sends no request, and with OAuth 1.0a it requests
    /// temporary credentials.
    ///
    /// # Errors
    /// [`Unsupported`](crate::Unsupported) if the configuration does not allow the request. Errors
    /// in the service's response are returned later, by the step.
    pub fn authorize(&self, moment: Moment) -> Result<Step<Authorization>, Error> {
        let parts = self.parts.clone();
        Ok(match self.client()? {
            Client::Oauth2(client) => {
                client.authorize(parts.oauth2_authorize(), moment)?.map(move |authorization| {
                    let pending = parts.pending(PendingLeg::Oauth2(authorization.pending));
                    Authorization { url: authorization.url, pending }
                })
            }
            Client::Oauth1(client) => {
                let mut authorize = parts.oauth1_authorize(&client);
                authorize.at_authentication_endpoint &= !self.always_authorize;
                client.authorize(authorize, moment)?.map(move |authorization| {
                    let pending = parts.pending(PendingLeg::Oauth1(authorization.pending));
                    Authorization { url: authorization.url, pending }
                })
            }
        })
    }
}

impl Parts {
    fn pending(&self, leg: PendingLeg) -> Pending {
        Pending::new(self.fingerprint.clone(), leg)
    }

    fn mapping(&self) -> Option<&ProfileMapping> {
        Some(&self.application()?.mapping)
    }

    /// Returns the parameters of the row that the caller has not replaced, and those of the caller.
    fn all_parameters(&self) -> Vec<(&str, &str)> {
        let own = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let replaced = |name: &str| self.parameters.iter().any(|(own, _)| own == name);
        let rows = self.mapping().map_or(&[][..], |mapping| mapping.parameters);
        rows.iter().copied().filter(|(name, _)| !replaced(name)).chain(own).collect()
    }

    fn oauth2_authorize(&self) -> oauth2::Authorize {
        let rows = self.mapping().map_or("", |mapping| mapping.scope);
        let scope = self.scope.clone().unwrap_or_else(|| rows.into());
        self.all_parameters()
            .into_iter()
            .fold(oauth2::Authorize::scope(scope), |authorize, (name, value)| {
                authorize.parameter(name, value)
            })
    }

    fn oauth1_authorize(&self, client: &oauth1::Client) -> oauth1::Authorize {
        let server = client.server();
        let authorize = match server.when_told() {
            Callbacks::Registered => oauth1::Authorize::registered(&self.redirect_uri),
            _ => oauth1::Authorize::callback(&self.redirect_uri),
        };
        // The page for signing in does not get the callback. So it cannot be used if only the
        // authorization URL has the callback (OAuth 1.0 of 2007).
        let told = server.when_told() != Callbacks::WithAuthorization;
        let mut authorize = authorize;
        authorize.at_authentication_endpoint = server.authentication.is_some() && told;
        self.all_parameters()
            .into_iter()
            .fold(authorize, |authorize, (name, value)| authorize.url_parameter(name, value))
    }
}
