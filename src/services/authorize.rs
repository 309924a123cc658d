//! The first leg: where to send the user, and what to remember meanwhile.

use std::fmt;

use super::client::Client;
use super::pending::{Pending, PendingLeg};
use super::profile::ProfileMapping;
use super::sign_in::{Parts, SignIn};
use super::then::{divided, then};
use crate::oauth1::Callbacks;
use crate::oauth2::Authorize;
use crate::wire::without_secrets;
use crate::{Error, Moment, Step, oauth1};

/// Where to send the user, and what to remember meanwhile.
///
/// ```no_run
/// # use oauth_proto::services::Authorization;
/// # fn set_cookie(_: &str) {}
/// # fn redirect(_: &str) {}
/// fn send_away(authorization: &Authorization) -> Result<(), serde_json::Error> {
///     set_cookie(&serde_json::to_string(&authorization.pending)?); // encrypted, and for this browser alone
///     redirect(&authorization.url);
///     Ok(())
/// }
/// ```
#[non_exhaustive]
pub struct Authorization {
    /// Where to send the user's browser.
    pub url: String,
    /// What to remember, for this user's browser alone, until it comes back.
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
    /// Begins: ends in the URL to send the user to. At an OAuth 2.0 service that sends nothing, at an OAuth 1.0 service
    /// it asks for a request token.
    ///
    /// # Errors
    /// [`Unsupported`](crate::Unsupported) when the request cannot be made as it is configured. What the answer comes
    /// to is reported by the step.
    pub fn authorize(&self, moment: Moment) -> Result<Step<Authorization>, Error> {
        let parts = self.0.clone();
        let (moment, next) = divided(moment);
        let step = match self.0.client()? {
            Client::Oauth2(client) => {
                let step = client.authorize(parts.request(), moment)?;
                then(step, next, move |authorization, _| {
                    let pending = parts.pending(PendingLeg::Oauth2(authorization.pending));
                    Ok(Step::Done(Authorization { url: authorization.url, pending }))
                })
            }
            Client::Oauth1(client) => {
                let authorize = match client.service().when_told() {
                    Callbacks::Registered => oauth1::Authorize::registered_as(&parts.redirect_uri),
                    _ => oauth1::Authorize::callback(&parts.redirect_uri),
                };
                let step = client.authorize(authorize, moment)?;
                let client = client.clone();
                then(step, next, move |pending, _| {
                    let url = parts.oauth1_url(&client, &pending)?;
                    Ok(Step::Done(Authorization { url, pending: parts.pending(PendingLeg::Oauth1(pending)) }))
                })
            }
        }?;
        Ok(step.observed_by(self.0.observer()))
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

    fn request(&self) -> Authorize {
        let rows = self.mapping().map_or("", |mapping| mapping.scope);
        let scope = self.scope.clone().unwrap_or_else(|| rows.into());
        self.all_parameters().into_iter().fold(Authorize::scope(scope), |authorize, (name, value)| match name {
            "login_hint" => authorize.login_hint(value),
            name => authorize.parameter(name, value),
        })
    }

    fn oauth1_url(&self, client: &oauth1::Client, pending: &oauth1::Pending) -> Result<String, Error> {
        let service = client.service();
        // The page for signing in is not told the callback, which the version of 2007 has told nowhere else.
        let told = service.when_told() != Callbacks::WithAuthorization;
        if service.authentication.is_some() && told && !self.always_authorize {
            client.authentication_url(pending, &self.all_parameters())
        } else {
            client.authorization_url(pending, &self.all_parameters())
        }
    }
}
