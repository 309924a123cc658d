//! The grant types that a server offers, each with its scopes and lifetimes.

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

/// The largest number of scopes in a request. Honest requests have fewer.
const MOST_WORDS: usize = 256;

/// The default of [`GrantType::rotation_grace`].
const GRACE: Duration = Duration::from_secs(10);

const HOUR: Duration = Duration::from_secs(3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

/// A grant type that a server offers, with its scopes and lifetimes.
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
    /// The scope that is granted if a request has no `scope`. If the grant type has
    /// [`scopes`](Self::scopes), it must be a part of them. Default: `None`: a request without
    /// `scope` is refused if the grant type has scopes and the client may request a scope.
    pub default_scope: Option<Scope>,
    /// The treatment of scopes that the grant type does not have, or that the client must not
    /// request. Default: [`UnknownScope::Refuse`].
    pub unknown_scope: UnknownScope,
    /// The lifetime of access tokens, or of refresh tokens if the grant type is
    /// [`refresh_token`](Self::refresh_token). Default: one hour for access tokens, and 30 days for
    /// refresh tokens.
    pub expires_in: Duration,
    /// If `true`, tokens do not expire, and [`expires_in`](Self::expires_in) has no effect.
    /// [`grants_end_after`](Self::grants_end_after) still ends them. Default: `false`.
    ///
    /// # Security
    /// An attacker can use a leaked token until it is revoked. The records of the tokens stay in
    /// the store.
    pub dangerous_never_expires: bool,
    /// If `true`, token responses contain a refresh token. This requires that the server offers
    /// [`refresh_token`](Self::refresh_token), and that the client may use it. Default: `true` for
    /// `authorization_code`, `password` and the device grant, and `false` for all others. The
    /// implicit grant never returns a refresh token. The token exchange grant returns no refresh
    /// token if this server issued the exchanged token.
    pub with_refresh_token: bool,
    /// The lifetime of a grant, from the decision of the user or the application. All tokens of the
    /// grant expire at its end, and the user or the application must decide again. If
    /// [`refresh_token`](Self::refresh_token) has this option, too, the shorter time counts.
    /// Default: `None`, a grant lives as long as the client uses its refresh tokens.
    pub grants_end_after: Option<Duration>,
    /// If `true`, an equal request gets the same access token and refresh token again until the
    /// access token expires. Requests are equal if they have the same grant type, client, user,
    /// scope and resources, and the same `acr`, `auth_time`, `session_id` and `data` in the
    /// [`Approval`]. Default: `false`.
    ///
    /// The option is for `authorization_code` and `password`, and has no effect for public clients.
    /// The option requires [`ProviderBuilder::token_reuse_key`], and a user in every [`Approval`].
    /// The refresh tokens of these grants are not replaced when they are used, since several
    /// processes of the client can have a copy.
    ///
    /// [`Approval`]: crate::oauth2::server::Approval
    /// [`ProviderBuilder::token_reuse_key`]:
    /// crate::oauth2::server::ProviderBuilder::token_reuse_key
    pub reuse_access_tokens: bool,
    /// If `true`, a refresh token of a confidential client stays valid when it is used. Refresh
    /// tokens of public clients are always replaced, as OAuth 2.1 requires (§4.3.1). Set it on
    /// [`refresh_token`](Self::refresh_token). Default: `false`, every use replaces the refresh
    /// token.
    ///
    /// # Security
    /// Without replacement, an attacker who has stolen a refresh token can use it as long as the
    /// client does. The server cannot detect the theft.
    pub allow_refresh_token_reuse: bool,
    /// If `true`, the application decides at every refresh whether the grant continues. Use it if
    /// users can be disabled, or if their rights can change. See
    /// [`GrantCredential::Refresh`](crate::oauth2::server::GrantCredential::Refresh) and
    /// [`Serve::decide_grant`](crate::oauth2::server::Serve::decide_grant). Set it on
    /// [`refresh_token`](Self::refresh_token). Default: `false`.
    pub decide_at_refresh: bool,
    /// The time in which a replaced refresh token returns the same new refresh token again. This
    /// helps clients that did not receive the response, for example because the connection broke.
    /// The time ends early when the client uses the new refresh token. If the old refresh token is
    /// used after that time, the server regards it as stolen, and revokes the grant.
    ///
    /// Set it on [`refresh_token`](Self::refresh_token). Default: `None`, which means 10 seconds.
    /// With zero, a client that does not receive the response to a refresh loses the grant. Each
    /// use in this time makes an event at level `warn`.
    ///
    /// # Security
    /// In this time, an attacker with a copy of the old refresh token gets the new refresh token,
    /// too. The server detects the theft when the new refresh token is used for the second time.
    pub rotation_grace: Option<Duration>,
    pub(crate) name: String,
    pub(crate) scopes: Option<Scope>,
    pub(crate) is_extension: bool,
    pub(crate) handler: Option<Arc<dyn ExtensionGrant>>,
}

/// The treatment of a scope that the grant type does not have, or that the client must not request.
/// Default: [`Refuse`](Self::Refuse).
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
    /// The unknown scope is left out, and the response contains the granted scope. If no scope is
    /// left, the request is refused. A grant type without scopes does not refuse the request.
    Drop,
    /// The unknown scope is left out. If no scope is left, the server grants the default scope, as
    /// python-oauth2 does. Without a default scope the request is refused, unless the grant type
    /// has no scopes.
    Default,
}

/// The default of [`GrantType::with_refresh_token`].
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

    /// Returns the lifetime of tokens. `None` if they never expire.
    pub(crate) fn lifetime(&self) -> Option<Duration> {
        (!self.dangerous_never_expires).then_some(self.expires_in)
    }

    /// Returns the time in which a replaced refresh token returns its successor again.
    pub(crate) fn grace(&self) -> Duration {
        self.rotation_grace.unwrap_or(GRACE)
    }

    /// Returns the authorization code grant (RFC 6749 §4.1).
    pub fn authorization_code() -> Self {
        Self::new(AUTHORIZATION_CODE, RefreshTokens::Issued)
    }

    /// Returns the implicit grant (RFC 6749 §4.2), for old clients that support no other grant.
    /// Only clients whose record names `implicit` can use it. OAuth 2.1 has removed it.
    ///
    /// # Security
    /// The URL of the redirect contains the access token, and can leak through the browser's
    /// history or scripts. An attacker who has seen the URL can use the token, since the client
    /// does not authenticate.
    pub fn dangerous_implicit() -> Self {
        Self::new(IMPLICIT, RefreshTokens::NotIssued)
    }

    /// Returns the resource owner password credentials grant (RFC 6749 §4.3), for old clients that
    /// support no other grant. Only clients whose record names `password` can use it. The
    /// application checks the password: see
    /// [`GrantCredential::Password`](crate::oauth2::server::GrantCredential::Password). OAuth 2.1
    /// has removed this grant.
    ///
    /// # Security
    /// The client receives the user's password, and a malicious client can keep it.
    pub fn dangerous_password() -> Self {
        Self::new(PASSWORD, RefreshTokens::Issued)
    }

    /// Returns the client credentials grant, in which a client gets access for itself, without a
    /// user (RFC 6749 §4.4). Only confidential clients whose record names `client_credentials` can
    /// use it. By default it returns no refresh token.
    pub fn client_credentials() -> Self {
        Self::new(CLIENT_CREDENTIALS, RefreshTokens::NotIssued)
    }

    /// Returns the refresh token grant (RFC 6749 §6). If the server offers it and the client may
    /// use it, other grant types return refresh tokens: see
    /// [`with_refresh_token`](Self::with_refresh_token). Each refresh token lives for 30 days by
    /// default, and is replaced when it is used. If the old one is used again after
    /// [`rotation_grace`](Self::rotation_grace), all tokens of its grant are revoked.
    pub fn refresh_token() -> Self {
        Self { expires_in: MONTH, ..Self::new(REFRESH_TOKEN, RefreshTokens::NotIssued) }
    }

    /// Returns the device grant, for devices without a browser (RFC 8628).
    pub fn device_code() -> Self {
        Self::new(DEVICE_CODE, RefreshTokens::Issued)
    }

    /// Returns the token exchange grant, in which a client gets a new token for an existing one
    /// (RFC 8693). The application decides on every request: see
    /// [`GrantCredential::Exchange`](crate::oauth2::server::GrantCredential::Exchange).
    pub fn token_exchange() -> Self {
        Self::new(TOKEN_EXCHANGE, RefreshTokens::NotIssued)
    }

    /// Returns an extension grant, named by an absolute URI (RFC 6749 §4.5). The application
    /// decides on every request: see
    /// [`GrantCredential::Extension`](crate::oauth2::server::GrantCredential::Extension).
    pub fn extension(grant_type: impl Into<String>) -> Self {
        Self { is_extension: true, ..Self::new(grant_type, RefreshTokens::NotIssued) }
    }

    /// Returns an extension grant on which `handler` decides without I/O (RFC 6749 §4.5).
    /// `grant_type` is an absolute URI.
    pub fn extension_with_handler(
        grant_type: impl Into<String>,
        handler: impl ExtensionGrant + 'static,
    ) -> Self {
        Self { handler: Some(Arc::new(handler)), ..Self::extension(grant_type) }
    }

    /// Sets the scopes of the grant type. Default: no scopes, so every requested scope is unknown.
    pub fn scopes(mut self, scopes: impl Into<Scope>) -> Self {
        self.scopes = Some(scopes.into());
        self
    }

    /// Returns whether the grant type can have reusable tokens. This requires that a user grants
    /// access, and that the first token request gets the tokens.
    pub(crate) fn may_reuse_tokens(&self) -> bool {
        matches!(self.name.as_str(), AUTHORIZATION_CODE | PASSWORD)
    }

    /// Returns whether the grant type returns refresh tokens by default.
    pub(crate) fn refreshes_by_default(&self) -> bool {
        matches!(self.name.as_str(), AUTHORIZATION_CODE | PASSWORD | DEVICE_CODE)
    }

    /// Returns whether a client can have this scope. `allowed` is the scope of its record.
    pub(crate) fn may_have(&self, scope: &Scope, allowed: Option<&Scope>) -> bool {
        scope.iter().all(|word| self.may_have_word(word, allowed))
    }

    /// Returns whether a client can have one scope token.
    pub(crate) fn may_have_word(&self, word: &str, allowed: Option<&Scope>) -> bool {
        let has = |own: &Option<Scope>| own.as_ref().is_some_and(|own| own.contains(word));
        (has(&self.scopes) || has(&self.default_scope))
            && allowed.is_none_or(|allowed| allowed.contains(word))
    }

    /// Returns the scope that a request gets. It has only scopes of the grant type that the client
    /// may request.
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
                // The client must not request any scope.
                None if allowed.is_some_and(Scope::is_empty) => Ok(Scope::default()),
                None => Err(RejectReason::ScopeMissing),
            };
        };
        if asked.iter().nth(MOST_WORDS).is_some() {
            return Err(RejectReason::ScopeRefused(truncated(asked.as_str())));
        }
        // Most requests have only scopes that can be granted.
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
            // A grant type without scopes leaves every scope out.
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

/// Returns whether a word has only characters of a scope token (RFC 6749 §3.3).
pub(crate) fn is_scope_token(word: &str) -> bool {
    word.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'))
}

/// Returns whether single spaces separate the words, and each word occurs once. Returns `false` for
/// more than 16 words, since the comparison of all words would be slow.
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
