//! The grants that a server offers, each with its scopes and lifetimes.

use std::sync::Arc;
use std::time::Duration;

use super::extension::ExtensionGrant;
use crate::oauth2::Scope;
use crate::oauth2::common::names::{
    AUTHORIZATION_CODE, CLIENT_CREDENTIALS, DEVICE_CODE, IMPLICIT, PASSWORD, REFRESH_TOKEN,
    TOKEN_EXCHANGE,
};
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::wire::truncated;

/// No honest request asks for more words than this.
const MOST_WORDS: usize = 256;

/// The time within which a client that lost the answer to a refresh may ask again.
const GRACE: Duration = Duration::from_secs(10);

const HOUR: Duration = Duration::from_secs(3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

/// A grant that a server offers.
///
/// ```
/// use oauth_proto::oauth2::server::{GrantType, Provider};
/// use std::time::Duration;
///
/// let mut codes = GrantType::authorization_code().scopes("photos.read photos.write");
/// codes.default_scope = Some("photos.read".into());
/// let mut stats = GrantType::client_credentials().scopes("stats");
/// stats.expires_in = Duration::from_secs(600);
///
/// let provider = Provider::builder("https://auth.example.com")
///     .add_grant_type(codes)
///     .add_grant_type(stats)
///     .add_grant_type(GrantType::refresh_token())
///     .build()?;
/// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GrantType {
    /// The scope of a request that names none: some of [`scopes`](Self::scopes). Default: `None`,
    /// so that such a request is refused if the grant has scopes.
    pub default_scope: Option<Scope>,
    /// The treatment of scopes that the grant does not have. Default: [`UnknownScope::Refuse`].
    pub unknown_scope: UnknownScope,
    /// The lifetime of its tokens: of access tokens, or of refresh tokens at
    /// [`refresh_token`](Self::refresh_token). Default: an hour for access tokens and 30 days for
    /// refresh tokens.
    pub expires_in: Duration,
    /// Issues tokens that never expire, whatever [`expires_in`](Self::expires_in) says. Default:
    /// `false`.
    ///
    /// # Security
    /// A token that leaked stays valid until the leak is noticed, and its record stays in the
    /// store.
    pub dangerous_never_expires: bool,
    /// Whether refresh tokens come with its access tokens, if the server offers
    /// [`refresh_token`](Self::refresh_token) and the client may use it. By default they come with
    /// those of `authorization_code`, `password` and devices. They never come with a token for
    /// which another token was exchanged.
    pub with_refresh_token: bool,
    /// The lifetime of a grant: every token of a grant ends at the latest when this time has passed
    /// since the grant was made. The user, or the application, then has to grant again. The shorter
    /// one counts where [`refresh_token`](Self::refresh_token) has this option, too. By default a
    /// grant lives as long as its refresh tokens are used.
    pub grants_end_after: Option<Duration>,
    /// A request by the same client for the same user, scope, resources and data of the application
    /// gets the access token that it already has, and its refresh token, while that lives. For the
    /// grants `authorization_code` and `password`, and for confidential clients. It needs
    /// [`ProviderBuilder::token_reuse_key`], and the user's name in every
    /// [`Approval`](crate::oauth2::server::Approval). The refresh tokens are kept when they are
    /// used, since several hands may have them. Default: `false`.
    ///
    /// [`ProviderBuilder::token_reuse_key`]:
    /// crate::oauth2::server::ProviderBuilder::token_reuse_key
    pub reuse_access_tokens: bool,
    /// Keeps refresh tokens when they are used, rather than replacing them. Those of public clients
    /// are still replaced, as OAuth 2.1 demands (§4.3.1). Default: `false`.
    ///
    /// # Security
    /// A refresh token that was stolen stays valid beside the client's use of it, and nothing shows
    /// the theft.
    pub allow_refresh_token_reuse: bool,
    /// Asks the application at every refresh whether the grant continues: a user may be disabled,
    /// or have other rights. See
    /// [`GrantCredential::Refresh`](crate::oauth2::server::GrantCredential::Refresh), and
    /// [`Serve::decide_grant`](crate::oauth2::server::Serve::decide_grant) for how the application
    /// answers. By default a refresh token gives all that was granted.
    pub decide_at_refresh: bool,
    /// The time for which a refresh token that was replaced gets the same successor once more, for
    /// clients that lost the answer: a browser tab that was closed, a connection that broke. It
    /// works until the client uses the new refresh token; afterwards, and when the time is over,
    /// the old one counts as stolen. Default: 10 seconds (`None`); with a duration of zero, a
    /// client that loses the answer to a refresh loses the grant. Each such use makes an event at
    /// level `warn`.
    ///
    /// # Security
    /// Within that time a copy of the token in the wrong hands gets the same successor, too. The
    /// theft is noticed when the second party uses the successor.
    pub rotation_grace: Option<Duration>,
    pub(crate) name: String,
    pub(crate) scopes: Option<Scope>,
    pub(crate) is_extension: bool,
    pub(crate) handler: Option<Arc<dyn ExtensionGrant>>,
}

/// The treatment of a scope that a grant does not have, or that the client may not ask for.
///
/// ```
/// use oauth_proto::oauth2::server::{GrantType, UnknownScope};
///
/// let mut lenient = GrantType::authorization_code().scopes("read");
/// lenient.unknown_scope = UnknownScope::Drop;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownScope {
    /// The request is refused with `invalid_scope`.
    #[default]
    Refuse,
    /// It is left out; the answer tells what is granted. If no scope is left, the request is
    /// refused.
    Drop,
    /// It is left out, and if no scope is left, the default scope is granted; as python-oauth2
    /// does.
    Default,
}

/// Whether a grant's tokens come with refresh tokens by default.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RefreshTokens {
    Issued,
    NotIssued,
}

impl GrantType {
    fn new(name: impl Into<String>, refresh_tokens: RefreshTokens) -> Self {
        Self {
            default_scope: None,
            unknown_scope: UnknownScope::default(),
            expires_in: HOUR,
            dangerous_never_expires: false,
            with_refresh_token: refresh_tokens == RefreshTokens::Issued,
            grants_end_after: None,
            reuse_access_tokens: false,
            allow_refresh_token_reuse: false,
            decide_at_refresh: false,
            rotation_grace: None,
            handler: None,
            name: name.into(),
            scopes: None,
            is_extension: false,
        }
    }

    /// Returns how long its tokens live; `None` if they never expire.
    pub(crate) fn lifetime(&self) -> Option<Duration> {
        (!self.dangerous_never_expires).then_some(self.expires_in)
    }

    /// Returns for how long a refresh token that was replaced gets its successor once more.
    pub(crate) fn grace(&self) -> Duration {
        self.rotation_grace.unwrap_or(GRACE)
    }

    /// Returns the authorization code grant (RFC 6749 §4.1).
    pub fn authorization_code() -> Self {
        Self::new(AUTHORIZATION_CODE, RefreshTokens::Issued)
    }

    /// Returns the implicit grant (RFC 6749 §4.2), for clients that know no other, whose record has
    /// to name `implicit`. OAuth 2.1 has none.
    ///
    /// # Security
    /// Tokens are part of URLs, from which they leak, and nothing proves who takes them.
    pub fn dangerous_implicit() -> Self {
        Self::new(IMPLICIT, RefreshTokens::NotIssued)
    }

    /// Returns the grant by the resource owner's password (RFC 6749 §4.3), for clients that know no
    /// other, whose record has to name `password`. OAuth 2.1 has none. The application checks it:
    /// see [`GrantCredential::Password`](crate::oauth2::server::GrantCredential::Password).
    ///
    /// # Security
    /// The client sees the password, and people learn to type theirs anywhere.
    pub fn dangerous_password() -> Self {
        Self::new(PASSWORD, RefreshTokens::Issued)
    }

    /// Returns the grant to the client for itself (RFC 6749 §4.4), if its record names
    /// `client_credentials`. There is no refresh token: it can ask again.
    pub fn client_credentials() -> Self {
        Self::new(CLIENT_CREDENTIALS, RefreshTokens::NotIssued)
    }

    /// Returns the grant by refresh tokens (RFC 6749 §6), which live for 30 days each unless
    /// [`expires_in`](Self::expires_in) sets another time. With this one, codes, passwords and
    /// devices bring refresh tokens, if the client may use it; for any other grant see
    /// [`with_refresh_token`](Self::with_refresh_token). A refresh token is replaced whenever it is
    /// used. If it is used again, all tokens of its grant are revoked.
    pub fn refresh_token() -> Self {
        Self { expires_in: MONTH, ..Self::new(REFRESH_TOKEN, RefreshTokens::NotIssued) }
    }

    /// Devices without a browser (RFC 8628).
    pub fn device_code() -> Self {
        Self::new(DEVICE_CODE, RefreshTokens::Issued)
    }

    /// Returns the exchange of one token for another (RFC 8693). The application decides: see
    /// [`GrantCredential::Exchange`](crate::oauth2::server::GrantCredential::Exchange).
    pub fn token_exchange() -> Self {
        Self::new(TOKEN_EXCHANGE, RefreshTokens::NotIssued)
    }

    /// Returns another grant, by its URI (RFC 6749 §4.5). The application decides: see
    /// [`GrantCredential::Extension`](crate::oauth2::server::GrantCredential::Extension).
    pub fn extension(grant_type: impl Into<String>) -> Self {
        Self { is_extension: true, ..Self::new(grant_type, RefreshTokens::NotIssued) }
    }

    /// Returns another grant that can be judged from the request alone.
    pub fn extension_with_handler(
        grant_type: impl Into<String>,
        handler: impl ExtensionGrant + 'static,
    ) -> Self {
        Self { handler: Some(Arc::new(handler)), ..Self::extension(grant_type) }
    }

    /// Sets the scopes that the grant has. Without this it has no scopes, and every scope is
    /// unknown.
    pub fn scopes(mut self, scopes: impl Into<Scope>) -> Self {
        self.scopes = Some(scopes.into());
        self
    }

    /// Returns whether its tokens can be reusable: those of grants that a user makes, and that are
    /// issued at once.
    pub(crate) fn may_reuse_tokens(&self) -> bool {
        matches!(self.name.as_str(), AUTHORIZATION_CODE | PASSWORD)
    }

    /// Returns whether the grant brings refresh tokens by default.
    pub(crate) fn refreshes_by_default(&self) -> bool {
        matches!(self.name.as_str(), AUTHORIZATION_CODE | PASSWORD | DEVICE_CODE)
    }

    /// Returns whether a request could have been for this scope.
    pub(crate) fn may_have(&self, scope: &Scope, allowed: Option<&Scope>) -> bool {
        scope.iter().all(|word| self.may_have_word(word, allowed))
    }

    /// Checks the same for one word.
    pub(crate) fn may_have_word(&self, word: &str, allowed: Option<&Scope>) -> bool {
        let has = |own: &Option<Scope>| own.as_ref().is_some_and(|own| own.contains(word));
        (has(&self.scopes) || has(&self.default_scope))
            && allowed.is_none_or(|allowed| allowed.contains(word))
    }

    /// Returns the scope that a request is for, of what the grant has and the client may ask for.
    pub(crate) fn scope_of(
        &self,
        asked: Option<Scope>,
        allowed: Option<&Scope>,
    ) -> Result<Scope, RejectReason> {
        let may = |word: &str| {
            self.scopes.as_ref().is_some_and(|own| own.contains(word))
                && allowed.is_none_or(|allowed| allowed.contains(word))
        };
        let default = || {
            let default = self.default_scope.as_ref()?;
            Some(Scope::from_iter(
                default.iter().filter(|word| allowed.is_none_or(|allowed| allowed.contains(word))),
            ))
        };
        let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
            return match default() {
                Some(default) => Ok(default),
                None if self.scopes.as_ref().is_none_or(Scope::is_empty) => Ok(Scope::default()),
                // The client may not name any scope.
                None if allowed.is_some_and(Scope::is_empty) => Ok(Scope::default()),
                None => Err(RejectReason::ScopeMissing),
            };
        };
        if asked.iter().nth(MOST_WORDS).is_some() {
            return Err(RejectReason::ScopeRefused(truncated(asked.as_str())));
        }
        // Most requests ask only for scopes that may be granted.
        if asked.iter().all(may) && is_plain(&asked) {
            return Ok(asked);
        }
        let mut words: Vec<&str> = Vec::new();
        for word in asked.iter() {
            if !may(word) {
                if self.unknown_scope == UnknownScope::Refuse {
                    return Err(RejectReason::scope_refused(
                        asked.iter().filter(|word| !may(word)),
                    ));
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
                default().ok_or_else(|| RejectReason::ScopeRefused(truncated(asked.as_str())))
            }
            (true, _) => Err(RejectReason::ScopeRefused(truncated(asked.as_str()))),
        }
    }
}

/// Returns whether a word has the characters of a scope alone (RFC 6749 §3.3).
pub(crate) fn is_scope_token(word: &str) -> bool {
    word.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'))
}

/// Returns whether single spaces separate the words, and each word occurs once. It is `false` for
/// more than 16 words, since each word is compared with all before it.
fn is_plain(scope: &Scope) -> bool {
    let (count, length) =
        scope.iter().fold((0, 0), |(count, length), word| (count + 1, length + word.len()));
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
        let with_default = GrantType { default_scope: Some("read".into()), ..grant.clone() };
        assert_eq!(scope(&with_default, None, None).as_deref(), Some("read"));
        assert_eq!(scope(&with_default, None, Some("write")).as_deref(), Some(""));
        let drop = GrantType { unknown_scope: UnknownScope::Drop, ..with_default.clone() };
        assert_eq!(scope(&drop, Some("write admin"), None).as_deref(), Some("write"));
        assert_eq!(scope(&drop, Some("admin"), None), None);
        let default = GrantType { unknown_scope: UnknownScope::Default, ..with_default };
        assert_eq!(scope(&default, Some("admin"), None).as_deref(), Some("read"));
        let none = GrantType::client_credentials();
        assert_eq!(scope(&none, None, None).as_deref(), Some(""));
        assert_eq!(scope(&none, Some("read"), None), None);
    }

    #[test]
    fn a_client_with_an_empty_scope_gets_no_scope() {
        let plain = GrantType::authorization_code().scopes("read write");
        let with_default = GrantType { default_scope: Some("read".into()), ..plain.clone() };
        let nothing = Scope::default();
        for policy in [UnknownScope::Refuse, UnknownScope::Drop, UnknownScope::Default] {
            for grant in [&plain, &with_default] {
                let grant = GrantType { unknown_scope: policy, ..grant.clone() };
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
