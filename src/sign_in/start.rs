//! The first leg: where to send the user, and what to remember meanwhile.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::SignIn;
use super::client::Parts;
use super::custom::Client;
use crate::mark::ClientFingerprint;
use crate::oauth1::Callbacks;
use crate::oauth2::Authorize;
use crate::wire::without_secrets;
use crate::{Error, Expired, Forged, Moment, PendingId, Step, Timestamp, oauth1, oauth2};

/// Where to send the user, and what to remember meanwhile.
///
/// ```no_run
/// # use oauth_proto::sign_in::Start;
/// # fn set_cookie(_: &str) {}
/// # fn redirect(_: &str) {}
/// fn send_away(start: &Start) -> Result<(), serde_json::Error> {
///     set_cookie(&serde_json::to_string(&start.pending)?); // encrypted, and for this browser alone
///     redirect(&start.url);
///     Ok(())
/// }
/// ```
#[non_exhaustive]
pub struct Start {
    /// Where to send the user's browser.
    pub url: String,
    /// What to remember, for this user's browser alone, until it comes back.
    pub pending: Pending,
}

/// A sign-in whose user is away.
///
/// Keep it where only this user's browser gets at it: an encrypted cookie (it is a few hundred bytes), or the server's
/// session. It belongs to one client of one service and the place where users come back to, and another [`SignIn`]
/// refuses it. It is consumed by [`SignIn::callback`], and not `Clone`.
///
/// A callback may arrive twice: by a second click, a prefetch, or an attacker. What counts once is what you make count once. In a
/// server's session, take the value out in the same step in which you read it. Nothing can be taken out of a cookie, which browsers
/// and attackers keep copies of: note [`id`](Self::id) in your database before you call `callback`, if it is absent, and go on only then;
/// or in [`UsedPendingIds`](crate::UsedPendingIds), if there is one process. Keep a note until [`expires_at`](Self::expires_at).
///
/// ```no_run
/// # use oauth_proto::sign_in::Pending;
/// # fn insert_if_absent(_: &str, _: u64) -> bool { true }
/// // INSERT INTO spent (id, until) VALUES ($1, $2) ON CONFLICT DO NOTHING, and whether that inserted a row.
/// fn is_first(pending: &Pending) -> bool {
///     insert_if_absent(&pending.id().to_string(), pending.expires_at().as_secs())
/// }
/// ```
///
/// ```no_run
/// # use oauth_proto::sign_in::Pending;
/// # fn cookie() -> String { String::new() }
/// let pending: Pending = serde_json::from_str(&cookie())?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct Pending {
    #[serde(rename = "sign_in")]
    version: u64,
    /// The client at its service.
    #[serde(rename = "for")]
    mark: ClientFingerprint,
    pub(super) leg: Leg,
}

/// What the protocol remembers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Leg {
    Oauth1(oauth1::Pending),
    Oauth2(oauth2::Pending),
}

/// The first form had a mark of 53 bits.
const VERSION: u64 = 2;

impl Pending {
    /// What the callback will carry: the state, or the request token. It may serve as the key under which this is stored, as
    /// long as what finds it is bound to the user's browser too.
    pub fn key(&self) -> &str {
        match &self.leg {
            Leg::Oauth1(pending) => pending.token(),
            Leg::Oauth2(pending) => pending.state(),
        }
    }

    /// What this is known by when it is spent: before it is redeemed, note this identifier, and go on only if it was not there yet.
    pub fn id(&self) -> PendingId {
        match &self.leg {
            Leg::Oauth1(pending) => pending.id(),
            Leg::Oauth2(pending) => pending.id(),
        }
    }

    /// When it can no longer be used.
    pub fn expires_at(&self) -> Timestamp {
        match &self.leg {
            Leg::Oauth1(pending) => pending.expires_at(),
            Leg::Oauth2(pending) => pending.expires_at(),
        }
    }

    /// Whether it is this client's. Its time is for the protocol to look at.
    pub(super) fn check(&self, mark: &ClientFingerprint) -> Result<(), Error> {
        if self.version != VERSION {
            return Err(Expired::Outdated.into());
        }
        if self.mark != *mark {
            return Err(Forged::OtherClient.into());
        }
        Ok(())
    }
}

impl fmt::Debug for Start {
    /// The URL is shown without its query, which holds the state.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").field("url", &without_secrets(&self.url)).field("pending", &self.pending).finish()
    }
}

impl SignIn {
    /// The first leg: ends in the URL to send the user to. At an OAuth 2.0 service that sends nothing, at an OAuth 1.0
    /// service it asks for a request token.
    ///
    /// # Errors
    /// [`Unsupported`](crate::Unsupported) when the request cannot be made as it is configured. What the answer comes to is
    /// reported by the step.
    pub fn start(&self, moment: Moment) -> Result<Step<Start>, Error> {
        let parts = self.0.clone();
        Ok(match &self.0.client {
            Client::Oauth2(client) => client.authorize(parts.authorize(), moment)?.map(move |authorization| {
                let pending = parts.pending(Leg::Oauth2(authorization.pending));
                Start { url: authorization.url, pending }
            }),
            Client::Oauth1(client) => {
                client.authorize(parts.oauth1_authorize(client), moment)?.map(move |authorization| {
                    let pending = parts.pending(Leg::Oauth1(authorization.pending));
                    Start { url: authorization.url, pending }
                })
            }
        })
    }
}

impl Parts {
    fn pending(&self, leg: Leg) -> Pending {
        Pending { version: VERSION, mark: self.mark.clone(), leg }
    }

    /// The row's parameters that the caller has not replaced, and the caller's.
    fn all_parameters(&self) -> Vec<(&str, &str)> {
        let own = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let replaced = |name: &str| self.parameters.iter().any(|(own, _)| own == name);
        let rows = self.profile.table().map_or(&[][..], |table| table.site.parameters);
        rows.iter().copied().filter(|(name, _)| !replaced(name)).chain(own).collect()
    }

    fn authorize(&self) -> Authorize {
        let rows = self.profile.table().map_or("", |table| table.site.scope);
        let scope = self.scope.clone().unwrap_or_else(|| rows.into());
        self.all_parameters().into_iter().fold(Authorize::scope(scope), |authorize, (name, value)| match name {
            "login_hint" => authorize.login_hint(value),
            name => authorize.parameter(name, value),
        })
    }

    fn oauth1_authorize(&self, client: &oauth1::Client) -> oauth1::Authorize {
        let service = client.service();
        let authorize = match service.when_told() {
            Callbacks::Registered => oauth1::Authorize::registered_as(&self.callback),
            _ => oauth1::Authorize::callback(&self.callback),
        };
        // The page for signing in is not told the callback, which the version of 2007 has told nowhere else.
        let told = service.when_told() != Callbacks::WithAuthorization;
        let authorize = match service.authentication.is_some() && told && !self.always_authorize {
            true => authorize.at_authentication_endpoint(),
            false => authorize,
        };
        self.all_parameters()
            .into_iter()
            .fold(authorize, |authorize, (name, value)| authorize.url_parameter(name, value))
    }
}
