//! Limits of attempts to guess a user code (RFC 8628 §5.1), a client secret (RFC 6749 §2.3.1), a
//! password (§4.3.2) or a token (RFC 7662 §4).

use std::fmt;

use super::storage::ask;
use crate::Timestamp;
use crate::core::token_hash::TokenHash;
use crate::oauth2::server::configure::builder::ProviderBuilder;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::store::attempts::{CountAttempt, FindAttempts};
use crate::oauth2::server::store::optional::NotSupported;
use crate::oauth2::server::store::records::attempt::{AttemptPurpose, Attempts};
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};

/// The sender of a request, as the application names it: the address of a connection, or a session.
/// Put it into the extensions of each request, so that the server limits the attempts of each
/// caller ([`ProviderBuilder::client_secret_attempts`] and the options after it).
///
/// The attempts of a caller are counted for each client or user. So a caller cannot lock out
/// callers with other names, and callers with the same name share the limit.
///
/// # Security
/// Use a name that an attacker cannot change, such as the address of the connection. A header such
/// as `X-Forwarded-For` is only safe if your proxy sets it. For IPv6, name the network with its
/// first 64 bits, since one customer has all addresses in it.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::Caller;
///
/// let mut request = http::Request::post("https://auth.example.com/token").body(Vec::<u8>::new())?;
/// request.extensions_mut().insert(Caller::from("203.0.113.7"));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Caller(TokenHash);

/// Makes a caller from its name. Only the hash of the name is kept.
impl From<&str> for Caller {
    fn from(name: &str) -> Self {
        Self(TokenHash::of(name))
    }
}

/// Makes a caller from its name. Only the hash of the name is kept.
impl From<&String> for Caller {
    fn from(name: &String) -> Self {
        Self::from(name.as_str())
    }
}

/// Makes a caller from its name. Only the hash of the name is kept.
impl From<String> for Caller {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Caller")
    }
}

impl ProviderBuilder {
    fn limit_of(&self, purpose: AttemptPurpose) -> u32 {
        match purpose {
            AttemptPurpose::UserCode => self.user_code_attempts,
            AttemptPurpose::ClientSecret => self.client_secret_attempts,
            AttemptPurpose::Password => self.password_attempts,
            AttemptPurpose::Registration => self.registration_attempts,
            AttemptPurpose::Introspection => self.introspection_attempts,
        }
    }

    /// Returns the query that counts an attempt of a caller. `target` is the client id or the user
    /// whose credential is tried. `None` if attempts are not limited, or if the application does
    /// not name the caller.
    pub(crate) fn attempt(
        &self,
        purpose: AttemptPurpose,
        caller: Option<&Caller>,
        target: &str,
        now: Timestamp,
    ) -> Option<CountAttempt> {
        let caller = caller.filter(|_| !self.dangerous_allow_unlimited_attempts)?;
        let (limit, window) = (self.limit_of(purpose), self.attempt_window);
        let key = TokenHash::of_all([caller.0.as_bytes().as_slice(), target.as_bytes()]);
        Some(CountAttempt { purpose, key, limit, window, now })
    }
}

impl From<NotSupported> for RejectReason {
    fn from(error: NotSupported) -> Self {
        Self::StoreFailed(error.to_string())
    }
}

impl CountAttempt {
    /// Returns the query for the count before this attempt.
    pub(crate) fn find(&self) -> FindAttempts {
        FindAttempts { purpose: self.purpose, key: self.key }
    }

    /// Refuses an attempt if there were as many as the limit before it. `found` is the output of
    /// [`find`](Self::find), `None` if the store did not answer it.
    pub(crate) fn check(&self, found: Option<Option<Attempts>>) -> Result<(), RejectReason> {
        let found = found.ok_or(RejectReason::Misconfigured(
            "the store answered `Find` without the counts of attempts that it names",
        ))?;
        let attempts = found
            .filter(|attempts| attempts.ends_at > self.now)
            .unwrap_or_else(|| Attempts::new(0, self.now.after(self.window)));
        if attempts.count >= self.limit { Err(self.too_many(attempts)) } else { Ok(()) }
    }

    fn too_many(&self, attempts: Attempts) -> RejectReason {
        RejectReason::TooManyAttempts {
            purpose: self.purpose,
            until: attempts.ends_at,
            now: self.now,
        }
    }

    /// Counts an attempt that has failed, and refuses the request with its reason. If other
    /// requests have used up the limit at the same time, refuses it for that.
    pub(crate) fn count_failed<T>(
        self,
        channel: RefusalChannel,
        reason: RejectReason,
    ) -> ServerStep<T> {
        self.count_first(channel, move || Err(reason))
    }

    /// Counts an attempt, and continues if there are not too many.
    pub(crate) fn count_first<T>(
        self,
        channel: RefusalChannel,
        next: impl FnOnce() -> Result<ServerStep<T>, RejectReason> + Send + 'static,
    ) -> ServerStep<T> {
        let query = self.clone();
        ask(NextQuery::CountAttempt, query, channel, move |counted| {
            let attempts = counted.map_err(|error| RejectReason::StoreFailed(error.to_string()))?;
            if attempts.count > self.limit { Err(self.too_many(attempts)) } else { next() }
        })
    }
}
