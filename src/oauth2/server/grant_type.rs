//! The grants that a server offers, each with its scopes and lifetimes.

use std::sync::Arc;
use std::time::Duration;

use super::extension::ExtensionGrant;
use super::rejected::Reason;
use crate::oauth2::Scope;

pub(super) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(super) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// What a client may use of which nothing was said: a user decides on a page of the server's.
pub(super) const BY_DEFAULT: [&str; 3] = ["authorization_code", "refresh_token", DEVICE_CODE];

/// No honest request asks for more words than this.
const MOST_WORDS: usize = 256;

const HOUR: Duration = Duration::from_secs(3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

/// A grant that a server offers.
///
/// ```
/// use std::time::Duration;
/// use oauth_proto::oauth2::server::{GrantType, Provider};
///
/// let provider = Provider::new("https://auth.example.com")?
///     .grant_type(GrantType::authorization_code().scopes("photos.read photos.write").default_scope("photos.read"))
///     .grant_type(GrantType::client_credentials().scopes("stats").expires_in(Duration::from_secs(600)))
///     .grant_type(GrantType::refresh_token());
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GrantType {
    pub(super) name: String,
    pub(super) scopes: Option<Scope>,
    pub(super) default_scope: Option<Scope>,
    pub(super) unknown_scope: UnknownScope,
    pub(super) expires_in: Option<Duration>,
    pub(super) unique: bool,
    pub(super) with_refresh: bool,
    pub(super) keep: bool,
    pub(super) grace: Duration,
    pub(super) judge: Option<Arc<dyn ExtensionGrant>>,
}

/// What happens to a scope that a grant does not have, or the client may not ask for.
///
/// ```
/// use oauth_proto::oauth2::server::{GrantType, UnknownScope};
///
/// let lenient = GrantType::authorization_code().scopes("read").unknown_scope(UnknownScope::Drop);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownScope {
    /// The request is refused with `invalid_scope`.
    #[default]
    Refuse,
    /// It is left out; the answer tells what is granted. Where nothing is left, the request is refused.
    Drop,
    /// It is left out, and where nothing is left, the default scope is granted; as python-oauth2 does.
    Default,
}

impl GrantType {
    fn new(name: impl Into<String>, with_refresh: bool) -> Self {
        Self {
            name: name.into(),
            scopes: None,
            default_scope: None,
            unknown_scope: UnknownScope::default(),
            expires_in: Some(HOUR),
            unique: false,
            with_refresh,
            keep: false,
            grace: Duration::ZERO,
            judge: None,
        }
    }

    /// The authorization code (RFC 6749 §4.1).
    pub fn authorization_code() -> Self {
        Self::new("authorization_code", true)
    }

    /// The implicit grant (RFC 6749 §4.2), for clients that know no other, whose record has to name `implicit`. OAuth 2.1 has
    /// none.
    ///
    /// What this gives away: tokens stand in URLs, from which they leak, and nothing proves who takes them.
    pub fn implicit() -> Self {
        Self::new("implicit", false)
    }

    /// The resource owner's password (RFC 6749 §4.3), for clients that know no other, whose record has to name `password`. OAuth
    /// 2.1 has none. The application checks it: see [`Claim::Password`](super::Claim::Password).
    ///
    /// What this gives away: the client sees the password, and people learn to type theirs anywhere.
    pub fn password() -> Self {
        Self::new("password", true)
    }

    /// The client for itself (RFC 6749 §4.4), if its record names `client_credentials`. There is no refresh token: it can ask
    /// again.
    pub fn client_credentials() -> Self {
        Self::new("client_credentials", false)
    }

    /// Refresh tokens (RFC 6749 §6), which live for 30 days each unless [`expires_in`](Self::expires_in) says otherwise. With
    /// this one, codes, passwords and devices bring refresh tokens, if the client may use it; for any other grant see
    /// [`with_refresh_token`](Self::with_refresh_token). A refresh token
    /// is replaced whenever it is used, and all that came of its grant is revoked when it is used again.
    pub fn refresh_token() -> Self {
        Self { expires_in: Some(MONTH), ..Self::new("refresh_token", false) }
    }

    /// Devices without a browser (RFC 8628).
    pub fn device_code() -> Self {
        Self::new(DEVICE_CODE, true)
    }

    /// One token for another (RFC 8693). The application decides: see [`Claim::Exchange`](super::Claim::Exchange).
    pub fn token_exchange() -> Self {
        Self::new(TOKEN_EXCHANGE, false)
    }

    /// Another grant, by its URI (RFC 6749 §4.5). The application decides: see [`Claim::Extension`](super::Claim::Extension).
    pub fn extension(grant_type: impl Into<String>) -> Self {
        Self::new(grant_type, false)
    }

    /// Another grant, that needs nothing but the request to be judged.
    pub fn judged(grant_type: impl Into<String>, judge: impl ExtensionGrant + 'static) -> Self {
        Self { judge: Some(Arc::new(judge)), ..Self::extension(grant_type) }
    }

    /// The scopes that it has. Without this it has none, and every scope is unknown.
    pub fn scopes(mut self, scopes: impl Into<Scope>) -> Self {
        self.scopes = Some(scopes.into());
        self
    }

    /// What is meant by a request that names no scope. Without this such a request is refused, if the grant has scopes.
    pub fn default_scope(mut self, scope: impl Into<Scope>) -> Self {
        self.default_scope = Some(scope.into());
        self
    }

    /// What happens to other scopes. They are refused unless said otherwise.
    pub fn unknown_scope(mut self, policy: UnknownScope) -> Self {
        self.unknown_scope = policy;
        self
    }

    /// How long its tokens live: access tokens, or refresh tokens at [`refresh_token`](Self::refresh_token). An hour, or 30 days,
    /// unless said otherwise.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expires_in = Some(lifetime);
        self
    }

    /// Its tokens never expire.
    ///
    /// What this gives away: a token that leaked is good until somebody notices; and what is stored for them stays.
    pub fn dangerous_never_expires(mut self) -> Self {
        self.expires_in = None;
        self
    }

    /// Whether refresh tokens come with its access tokens: unless said otherwise with those of `authorization_code`, `password` and
    /// devices, and not with those of any other grant; never with those for which another token was exchanged. It takes effect
    /// where there is [`refresh_token`](Self::refresh_token) and the client
    /// may use it.
    pub fn with_refresh_token(mut self, with_refresh: bool) -> Self {
        self.with_refresh = with_refresh;
        self
    }

    /// A request by the same client for the same user, scope and resources gets the access token that it already has, and its
    /// refresh token, while that lives. For the grants `authorization_code` and `password`, and for confidential clients. It
    /// needs [`Provider::unique_tokens_key`](super::Provider::unique_tokens_key), and the user's name in every
    /// [`Grant`](super::Grant). The refresh tokens are kept when they are used, since several hands may have them.
    pub fn unique_tokens(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Refresh tokens are kept when they are used, rather than replaced; those of public clients are replaced all the same, as
    /// OAuth 2.1 demands (§4.3.1).
    pub fn keep_refresh_tokens(mut self) -> Self {
        self.keep = true;
        self
    }

    /// For how long a refresh token that was replaced gets the same successor once more, for clients that lost the answer; at
    /// most until that successor is used. Not at all unless said otherwise.
    pub fn allow_lost_answers(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Whether a scope is one that a request could have been for.
    pub(super) fn may_have(&self, scope: &Scope, allowed: Option<&Scope>) -> bool {
        let has = |own: &Option<Scope>, word| own.as_ref().is_some_and(|own| own.contains(word));
        let may = |word| has(&self.scopes, word) || has(&self.default_scope, word);
        scope.iter().all(|word| may(word) && allowed.is_none_or(|allowed| allowed.contains(word)))
    }

    /// The scope that a request is for, of what the grant has and the client may ask for.
    pub(super) fn scope_of(&self, asked: Option<Scope>, allowed: Option<&Scope>) -> Result<Scope, Reason> {
        let may = |word: &str| {
            self.scopes.as_ref().is_some_and(|own| own.contains(word))
                && allowed.is_none_or(|allowed| allowed.contains(word))
        };
        let default = || {
            let default = self.default_scope.as_ref()?;
            Some(Scope::from_iter(default.iter().filter(|word| allowed.is_none_or(|allowed| allowed.contains(word)))))
        };
        let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
            return match default() {
                Some(default) => Ok(default),
                None if self.scopes.as_ref().is_none_or(Scope::is_empty) => Ok(Scope::default()),
                // It can name none.
                None if allowed.is_some_and(Scope::is_empty) => Ok(Scope::default()),
                None => Err(Reason::ScopeMissing),
            };
        };
        if asked.iter().nth(MOST_WORDS).is_some() {
            return Err(Reason::ScopeRefused(crate::wire::shortened(asked.as_str())));
        }
        // What is asked is mostly what may be had.
        if asked.iter().all(may) && is_plain(&asked) {
            return Ok(asked);
        }
        let mut words: Vec<&str> = Vec::new();
        for word in asked.iter() {
            if !may(word) {
                if self.unknown_scope == UnknownScope::Refuse {
                    return Err(Reason::ScopeRefused(crate::wire::shortened(word)));
                }
            } else if !words.contains(&word) {
                words.push(word);
            }
        }
        match (words.is_empty(), self.unknown_scope) {
            (false, _) => Ok(Scope::from(words)),
            // A grant without scopes has nothing to leave.
            (true, UnknownScope::Drop | UnknownScope::Default) if self.scopes.is_none() => {
                Ok(default().unwrap_or_default())
            }
            (true, UnknownScope::Default) => {
                default().ok_or_else(|| Reason::ScopeRefused(crate::wire::shortened(asked.as_str())))
            }
            (true, _) => Err(Reason::ScopeRefused(crate::wire::shortened(asked.as_str()))),
        }
    }
}

/// Whether the words stand between single spaces, each once. Of many it is not tried: the caller's way has a cost for each.
fn is_plain(scope: &Scope) -> bool {
    let (count, length) = scope.iter().fold((0, 0), |(count, length), word| (count + 1, length + word.len()));
    let spaced = length + count == scope.as_str().len() + 1;
    let is_new = |(at, word)| scope.iter().take(at).all(|other| other != word);
    spaced && count <= 16 && scope.iter().enumerate().all(is_new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_refused_dropped_or_replaced() {
        let grant = GrantType::authorization_code().scopes("read write");
        let scope = |grant: &GrantType, asked: Option<&str>, allowed: Option<&str>| {
            grant
                .scope_of(asked.map(Scope::from), allowed.map(Scope::from).as_ref())
                .ok()
                .map(|scope| scope.to_string())
        };
        assert_eq!(scope(&grant, Some("write read"), None).as_deref(), Some("write read"));
        assert_eq!(scope(&grant, Some("read read"), None).as_deref(), Some("read"));
        assert_eq!(scope(&grant, Some("read admin"), None), None);
        assert_eq!(scope(&grant, Some("read write"), Some("read")), None);
        assert_eq!(scope(&grant, None, None), None);
        let with_default = grant.clone().default_scope("read");
        assert_eq!(scope(&with_default, None, None).as_deref(), Some("read"));
        assert_eq!(scope(&with_default, None, Some("write")).as_deref(), Some(""));
        let drop = with_default.clone().unknown_scope(UnknownScope::Drop);
        assert_eq!(scope(&drop, Some("write admin"), None).as_deref(), Some("write"));
        assert_eq!(scope(&drop, Some("admin"), None), None);
        let default = with_default.unknown_scope(UnknownScope::Default);
        assert_eq!(scope(&default, Some("admin"), None).as_deref(), Some("read"));
        let none = GrantType::client_credentials();
        assert_eq!(scope(&none, None, None).as_deref(), Some(""));
        assert_eq!(scope(&none, Some("read"), None), None);
    }

    #[test]
    fn a_client_with_an_empty_scope_may_ask_for_none_and_gets_none() {
        let plain = GrantType::authorization_code().scopes("read write");
        let with_default = plain.clone().default_scope("read");
        let nothing = Scope::default();
        for policy in [UnknownScope::Refuse, UnknownScope::Drop, UnknownScope::Default] {
            for grant in [&plain, &with_default] {
                let grant = grant.clone().unknown_scope(policy);
                for asked in [None, Some(Scope::default())] {
                    assert!(grant.scope_of(asked, Some(&nothing)).unwrap().is_empty(), "{grant:?}");
                }
                let more = grant.scope_of(Some("read".into()), Some(&nothing));
                assert!(more.is_err() || more.is_ok_and(|scope| scope.is_empty()), "{grant:?}");
                assert!(!grant.may_have(&"read".into(), Some(&nothing)));
            }
        }
    }
}
