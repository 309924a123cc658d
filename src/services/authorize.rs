//! The first leg: where to send the user, and what to remember meanwhile.

use std::fmt;

use super::client::Client;
use super::pending::{Pending, PendingLeg};
use super::profile::ProfileMapping;
use super::sign_in::{Parts, SignIn};
use crate::oauth1::{self, Callbacks};
use crate::wire::without_secrets;
use crate::{Error, Moment, Step, oauth2};

/// The URL to send the user to, and the value to keep meanwhile.
///
/// ```no_run
/// # use oauth_proto::services::Authorization;
/// # fn set_cookie(_: &str) {}
/// # fn redirect(_: &str) {}
/// fn send_away(authorization: &Authorization) -> Result<(), serde_json::Error> {
///     // Encrypted, and for this browser alone.
///     set_cookie(&serde_json::to_string(&authorization.pending)?);
///     redirect(&authorization.url);
///     Ok(())
/// }
/// ```
#[non_exhaustive]
pub struct Authorization {
    /// The URL to send the user's browser to.
    pub url: String,
    /// The value to keep for this user's browser until it comes back.
    pub pending: Pending,
}

impl fmt::Debug for Authorization {
    /// The URL is shown without its query, which holds the state.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("url", &without_secrets(&self.url))
            .field("pending", &self.pending)
            .finish()
    }
}

impl SignIn {
    /// Begins a sign-in: the step ends in the URL to send the user to. At an OAuth 2.0 service that
    /// sends nothing, at an OAuth 1.0 service it asks for a request token.
    ///
    /// # Errors
    /// [`Unsupported`](crate::Unsupported) when the request cannot be made as it is configured. The
    /// step reports errors of the response.
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

    /// The row's parameters that the caller has not replaced, and the caller's.
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
        // The page for signing in is not told the callback, which the version of 2007 has told
        // nowhere else.
        let told = server.when_told() != Callbacks::WithAuthorization;
        let mut authorize = authorize;
        authorize.at_authentication_endpoint = server.authentication.is_some() && told;
        self.all_parameters()
            .into_iter()
            .fold(authorize, |authorize, (name, value)| authorize.url_parameter(name, value))
    }
}
