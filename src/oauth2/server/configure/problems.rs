//! Checks of a server's configuration. All problems are found at once.

use std::fmt;

use super::builder::ProviderBuilder;
use super::generator::{NewToken, is_token};
use super::grant_type::{self, GrantType};
use super::provider::Provider;
use super::registration_policy::RegistrationPolicy;
use crate::oauth2::Scope;
use crate::oauth2::common::names::{
    AUTHORIZATION_CODE, CLIENT_CREDENTIALS, DEVICE_CODE, IMPLICIT, PASSWORD, REFRESH_TOKEN,
    TOKEN_EXCHANGE,
};
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::store::extend_response::ResponseKind;
use crate::oauth2::server::store::optional::{NotSupported, OptionalQuery};
use crate::oauth2::server::store::records::grant_record::{GrantId, GrantRecord};
use crate::oauth2::server::store::records::secret_hasher::SHORTEST;
use crate::oauth2::server::store::records::token_record::TokenKind;
use crate::wire::{is_ascii, is_request_path, truncated, without_secrets};
use crate::{Secret, Timestamp, Unsupported};

/// The error of [`ProviderBuilder::build`]: all problems of a configuration.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::{ConfigurationProblem, GrantType, Provider};
///
/// let twice = Provider::builder("https://auth.example.com/?tenant=7").build().unwrap_err();
/// assert!(matches!(
///     twice.problems(),
///     [ConfigurationProblem::Issuer(_), ConfigurationProblem::NoGrantType]
/// ));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidConfiguration {
    problems: Vec<ConfigurationProblem>,
}

impl InvalidConfiguration {
    pub(crate) fn unless_empty(problems: Vec<ConfigurationProblem>) -> Option<Self> {
        (!problems.is_empty()).then_some(Self { problems })
    }

    /// Returns the problems, at least one.
    pub fn problems(&self) -> &[ConfigurationProblem] {
        &self.problems
    }
}

impl fmt::Display for InvalidConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the authorization server's configuration is invalid: ")?;
        for (at, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidConfiguration {}

/// Converts the problems to one error, for functions that return [`Error`](crate::Error).
impl From<InvalidConfiguration> for crate::Error {
    fn from(invalid: InvalidConfiguration) -> Self {
        Unsupported::Configuration { problems: invalid.to_string() }.into()
    }
}

/// A problem of a configuration. Its text names the option.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::ConfigurationProblem;
///
/// let problem = ConfigurationProblem::TokenReuseKeyMissing { grant_type: "password".into() };
/// assert!(problem.to_string().contains("`ProviderBuilder::token_reuse_key`"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationProblem {
    /// The issuer is not a valid issuer identifier (RFC 8414 §2).
    #[error("the issuer: {0}")]
    Issuer(Unsupported),
    /// The server offers no grant type except refresh tokens, so clients cannot get a first token.
    #[error(
        "none of the grant types gives a client its first token: expected at least one grant type \
         beside \"refresh_token\", so add one with `ProviderBuilder::add_grant_type`"
    )]
    NoGrantType,
    /// The name of an extension grant is not an absolute URI (RFC 6749 §4.5), or it is the name of
    /// a grant type that this crate implements.
    #[error(
        "{name:?} cannot be the name of an extension grant: expected an absolute URI that no other \
         grant has (RFC 6749 §4.5)"
    )]
    ExtensionName {
        /// The name of the extension grant.
        name: String,
    },
    /// A scope has a character that is not allowed (RFC 6749 §3.3), or contains the scope
    /// separator.
    #[error(
        "the scope {scope:?} of the grant {grant_type:?} has a character that no scope can have \
         (RFC 6749 §3.3), or the scope separator"
    )]
    Scope {
        /// The name of the grant type.
        grant_type: String,
        /// The scope with the character.
        scope: String,
    },
    /// [`scope_separator`](ProviderBuilder::scope_separator) cannot separate scopes. The value is
    /// the separator.
    #[error(
        "`ProviderBuilder::scope_separator` is {0:?}: expected a space, or a printable character \
         of ASCII that is not a letter or digit"
    )]
    ScopeSeparator(char),
    /// A grant type has reusable tokens, but [`token_reuse_key`](ProviderBuilder::token_reuse_key)
    /// is not set.
    #[error(
        "the grant {grant_type:?} has reusable tokens, which need a key: set \
         `ProviderBuilder::token_reuse_key`"
    )]
    TokenReuseKeyMissing {
        /// The name of the grant type.
        grant_type: String,
    },
    /// A key of reusable tokens is so short that an attacker can guess it.
    #[error(
        "the key of `ProviderBuilder::{option}` has {length} bytes: expected at least {SHORTEST}, \
         which hold 128 random bits in base64url; a test can use \
         `ProviderBuilder::dangerous_allow_short_keys`"
    )]
    TokenReuseKeyShort {
        /// The name of the option with the key.
        option: &'static str,
        /// The length of the key, in bytes.
        length: usize,
    },
    /// [`token_reuse_key_until`](ProviderBuilder::token_reuse_key_until) is set, but
    /// [`token_reuse_key`](ProviderBuilder::token_reuse_key) is not. The server would have no key
    /// after that time.
    #[error(
        "`ProviderBuilder::token_reuse_key_until` sets only the old key: set the new key with \
         `ProviderBuilder::token_reuse_key`, too"
    )]
    TokenReuseKeyEnds,
    /// The default scope of a grant type has a scope that the grant type does not have.
    #[error(
        "`GrantType::default_scope` of {grant_type:?} has {scope:?}, which is not among \
         `GrantType::scopes`"
    )]
    DefaultScope {
        /// The name of the grant type.
        grant_type: String,
        /// The scope that is missing in [`GrantType::scopes`].
        scope: String,
    },
    /// An option of [`ProviderBuilder`] has no effect in combination with the other options.
    #[error("`ProviderBuilder::{option}` has no effect: {why}")]
    OptionWithoutEffect {
        /// The name of the option.
        option: &'static str,
        /// The reason, and the option to set.
        why: &'static str,
    },
    /// An option of [`GrantType`] has no effect on the grant type for which it is set.
    #[error("`GrantType::{option}` has no effect on the grant {grant_type:?}: {why}")]
    WithoutEffect {
        /// The name of the grant type.
        grant_type: String,
        /// The name of the option.
        option: &'static str,
        /// The reason, or the condition under which the option has an effect.
        why: &'static str,
    },
    /// The token generator returns a text that cannot be a token or code (RFC 6750 §2.1).
    #[error(
        "`ProviderBuilder::token_generator` made {what} that cannot be sent: expected 22 to 4096 \
         letters, digits or `-._~+/=`"
    )]
    Generator {
        /// The kind of the text, such as "a code".
        what: &'static str,
    },
    /// The token generator returns the same text for different random values, so all clients would
    /// get the same token.
    #[error(
        "`ProviderBuilder::token_generator` made the same text for {what} from different random \
         values"
    )]
    GeneratorRepeats {
        /// The kind of the text, such as "a code".
        what: &'static str,
    },
    /// The secret hasher refuses the secret that it has hashed, or accepts another secret.
    #[error(
        "`ProviderBuilder::secret_hasher` refuses the secret that it hashed, or accepts another one"
    )]
    SecretHasher,
    /// Clients cannot authenticate: [`only_basic`](ProviderBuilder::only_basic) and
    /// [`only_body`](ProviderBuilder::only_body) are both set, without a
    /// [`client_source`](ProviderBuilder::client_source).
    #[error(
        "`only_basic` and `only_body` are both set, so no client can send its secret, and \
         `client_source` is not set"
    )]
    NoWayToAuthenticate,
    /// The path of an endpoint cannot be the path of a URL.
    #[error(
        "`ProviderBuilder::path` of {endpoint:?} is {path:?}: expected a path without query, \
         fragment or white space"
    )]
    Path {
        /// The endpoint with the path.
        endpoint: Endpoint,
        /// The path that cannot be used.
        path: String,
    },
    /// Two endpoints have the same path, or an endpoint is below the path of
    /// [`Endpoint::Register`], where clients manage their registrations.
    #[error(
        "`ProviderBuilder::path`: {one:?} and {other:?} share {path:?}: expected a different path \
         for each endpoint, and no endpoint below the path of Register, where clients manage \
         their registrations"
    )]
    PathTwice {
        /// The first endpoint.
        one: Endpoint,
        /// The second endpoint.
        other: Endpoint,
        /// The path of the second endpoint.
        path: String,
    },
    /// A lifetime or an interval is shorter than one second.
    #[error(
        "`{option}`{} is less than a second: expected at least one second",
        grant_type.as_ref().map(|name| format!(" of {name:?}")).unwrap_or_default()
    )]
    Lifetime {
        /// The name of the option.
        option: &'static str,
        /// The name of the grant type, if the option belongs to a [`GrantType`].
        grant_type: Option<String>,
    },
    /// [`device_interval`](ProviderBuilder::device_interval) is not shorter than
    /// [`device_lifetime`](ProviderBuilder::device_lifetime), so a device code would expire before
    /// the second request.
    #[error(
        "`ProviderBuilder::device_interval` is not shorter than `ProviderBuilder::device_lifetime`"
    )]
    DeviceInterval,
    /// A resource is not an absolute URI without fragment (RFC 8707 §2).
    #[error(
        "`ProviderBuilder::resources` of {uri:?}: expected an absolute URI without fragment \
         (RFC 8707 §2)"
    )]
    Resource {
        /// The resource, without its query.
        uri: String,
    },
    /// [`introspect_data`](ProviderBuilder::introspect_data) has the name of a member that the
    /// server sets itself in introspection responses (RFC 7662 §2.2).
    #[error(
        "`ProviderBuilder::introspect_data` of {name:?}: the server writes this member itself \
         (RFC 7662 §2.2)"
    )]
    IntrospectedMember {
        /// The name of the member.
        name: String,
    },
    /// The store does not support a query that an option needs.
    #[error("`ProviderBuilder::{option}` cannot work: {error}, or set `{instead}`")]
    QueryNotSupported {
        /// The name of the option that needs the query.
        option: &'static str,
        /// The error that says what to implement.
        error: NotSupported,
        /// The option with which the server does not need the query.
        instead: &'static str,
    },
    /// A member in [`metadata`](ProviderBuilder::metadata) has a value of a wrong type, or is an
    /// `issuer` that differs from the issuer of the server. Clients compare the two.
    #[error(
        "`ProviderBuilder::metadata` of {name:?}: the member cannot have that value (RFC 8414 §2)"
    )]
    MetadataMember {
        /// The name of the member.
        name: String,
    },
}

/// Finds all problems except those of the issuer.
pub(crate) fn find_problems(provider: &Provider) -> Vec<ConfigurationProblem> {
    let config = &*provider.0;
    let mut found = Vec::new();
    if config.grant_types.iter().all(|own| own.name == REFRESH_TOKEN) {
        found.push(ConfigurationProblem::NoGrantType);
    }
    if !is_separator(config.scope_separator) {
        found.push(ConfigurationProblem::ScopeSeparator(config.scope_separator));
    }
    for grant_type in &config.grant_types {
        check_grant_type(config, grant_type, &mut found);
    }
    check_keys(config, &mut found);
    check_effects(config, &mut found);
    check_generator(config, &mut found);
    check_authentication(config, &mut found);
    check_paths(config, &mut found);
    check_lifetimes(config, &mut found);
    for uri in &config.resources {
        if uri.contains('#') || !is_uri(uri) {
            found.push(ConfigurationProblem::Resource { uri: without_secrets(uri) });
        }
    }
    check_metadata(provider, &mut found);
    let counts = !config.dangerous_allow_unlimited_attempts;
    if counts && config.missing_queries.contains(&OptionalQuery::CountAttempt) {
        found.push(ConfigurationProblem::QueryNotSupported {
            option: "user_code_attempts",
            error: NotSupported::new(OptionalQuery::CountAttempt),
            instead: "ProviderBuilder::dangerous_allow_unlimited_attempts",
        });
    }
    let reserved =
        config.introspect_data.iter().filter(|member| ResponseKind::Introspection.reserves(member));
    found.extend(
        reserved.map(|member| ConfigurationProblem::IntrospectedMember { name: member.clone() }),
    );
    found
}

fn check_keys(config: &ProviderBuilder, found: &mut Vec<ConfigurationProblem>) {
    let keys = &config.token_reuse_keys;
    if !keys.is_empty() && keys.iter().all(|key| key.ends_at.is_some()) {
        found.push(ConfigurationProblem::TokenReuseKeyEnds);
    }
    for key in keys.iter().filter(|_| !config.dangerous_allow_short_keys) {
        let length = key.key.expose().len();
        let option =
            if key.ends_at.is_some() { "token_reuse_key_until" } else { "token_reuse_key" };
        if length < SHORTEST {
            found.push(ConfigurationProblem::TokenReuseKeyShort { option, length });
        }
    }
}

/// Finds options that have no effect in combination with the other options.
fn check_effects(config: &ProviderBuilder, found: &mut Vec<ConfigurationProblem>) {
    let authentications = &config.authentications;
    let registers = config.registration != RegistrationPolicy::Off;
    let is_reusable =
        config.reuse_access_tokens || config.grant_types.iter().any(|own| own.reuse_access_tokens);
    let without_effect = [
        (
            authentications.raw_basic && !authentications.basic,
            "allow_raw_basic",
            "`only_body` refuses HTTP Basic",
        ),
        (
            config.allow_any_private_scheme && !registers,
            "allow_any_private_scheme",
            "registration is off: set `ProviderBuilder::registration`",
        ),
        (
            !config.token_reuse_keys.is_empty() && !is_reusable,
            "token_reuse_key",
            "no grant has reusable tokens: set `GrantType::reuse_access_tokens`",
        ),
        (
            config.require_resource && config.resources.is_empty(),
            "require_resource",
            "there is no resource, so every request would be refused: add one to \
             `ProviderBuilder::resources`",
        ),
    ];
    let without_effect = without_effect.into_iter().filter(|(is, ..)| *is);
    found.extend(
        without_effect
            .map(|(_, option, why)| ConfigurationProblem::OptionWithoutEffect { option, why }),
    );
}

/// Returns whether a text is an absolute URI in ASCII.
fn is_uri(text: &str) -> bool {
    is_ascii(text) && url::Url::parse(text).is_ok()
}

fn is_separator(separator: char) -> bool {
    separator == ' ' || separator.is_ascii_punctuation()
}

fn check_grant_type(
    config: &ProviderBuilder,
    grant_type: &GrantType,
    found: &mut Vec<ConfigurationProblem>,
) {
    let name = grant_type.name.as_str();
    let known = [
        AUTHORIZATION_CODE,
        IMPLICIT,
        PASSWORD,
        CLIENT_CREDENTIALS,
        REFRESH_TOKEN,
        DEVICE_CODE,
        TOKEN_EXCHANGE,
    ];
    let is_own = !known.contains(&name);
    if (is_own && !is_uri(name)) || grant_type.is_extension == known.contains(&name) {
        found.push(ConfigurationProblem::ExtensionName { name: name.to_owned() });
    }
    let scopes = grant_type.scopes.iter().chain(&grant_type.default_scope).flat_map(Scope::iter);
    for scope in scopes.filter(|scope| !is_scope(scope, config.scope_separator)) {
        found.push(ConfigurationProblem::Scope {
            grant_type: name.to_owned(),
            scope: truncated(scope),
        });
    }
    if let (Some(scopes), Some(default)) = (&grant_type.scopes, &grant_type.default_scope) {
        found.extend(default.missing_from(scopes).map(|scope| {
            ConfigurationProblem::DefaultScope {
                grant_type: name.to_owned(),
                scope: truncated(scope),
            }
        }));
    }
    let may_reuse_tokens = grant_type.may_reuse_tokens();
    let is_refresh = name == REFRESH_TOKEN;
    let offers_refresh = config.grant_types.iter().any(|own| own.name == REFRESH_TOKEN);
    let without_effect = [
        (
            grant_type.reuse_access_tokens && !may_reuse_tokens,
            "reuse_access_tokens",
            "only the grants of authorization codes and passwords can have reusable tokens",
        ),
        (
            grant_type.allow_refresh_token_reuse && !is_refresh,
            "allow_refresh_token_reuse",
            "set it on `GrantType::refresh_token`",
        ),
        (
            grant_type.decide_at_refresh && !is_refresh,
            "decide_at_refresh",
            "set it on `GrantType::refresh_token`",
        ),
        (
            grant_type.rotation_grace.is_some() && !is_refresh,
            "rotation_grace",
            "set it on `GrantType::refresh_token`",
        ),
        (
            is_refresh
                && grant_type.rotation_grace.is_some()
                && !grant_type.grace().is_zero()
                && grant_type.grace().as_secs() == 0,
            "rotation_grace",
            "expected zero, or at least one second",
        ),
        (
            is_refresh && grant_type.scopes.is_some(),
            "scopes",
            "a refresh token has the scope of the grant that it was issued for",
        ),
        (
            grant_type.with_refresh_token && !grant_type.refreshes_by_default() && !offers_refresh,
            "with_refresh_token",
            "the server does not offer `GrantType::refresh_token`: add it, too",
        ),
    ];
    for (option, why) in
        without_effect.into_iter().filter_map(|(is, option, why)| is.then_some((option, why)))
    {
        found.push(ConfigurationProblem::WithoutEffect {
            grant_type: name.to_owned(),
            option,
            why,
        });
    }
    if grant_type.reuse_access_tokens && may_reuse_tokens && config.token_reuse_keys.is_empty() {
        found.push(ConfigurationProblem::TokenReuseKeyMissing { grant_type: name.to_owned() });
    }
    let too_short =
        |option| ConfigurationProblem::Lifetime { option, grant_type: Some(name.to_owned()) };
    if grant_type.expires_in.as_secs() == 0 {
        found.push(too_short("GrantType::expires_in"));
    }
    if grant_type.grants_end_after.is_some_and(|lifetime| lifetime.as_secs() == 0) {
        found.push(too_short("GrantType::grants_end_after"));
    }
}

/// Returns whether a word is a scope token (RFC 6749 §3.3) without the separator in it.
fn is_scope(word: &str, separator: char) -> bool {
    grant_type::is_scope_token(word) && !word.contains(separator)
}

/// Generates two texts of each kind from different random values, and checks them. The texts for
/// real grants are checked when they are generated.
fn check_generator(config: &ProviderBuilder, found: &mut Vec<ConfigurationProblem>) {
    let now = Timestamp::from_secs(1_700_000_000);
    let grant = GrantRecord {
        id: GrantId(1),
        exchanged: None,
        client_id: "client".to_owned(),
        user: Some("user".to_owned()),
        scope: Scope::default(),
        grant_type: AUTHORIZATION_CODE.into(),
        resource: Vec::new(),
        session_id: None,
        auth_time: None,
        acr: None,
        data: serde_json::Value::Null,
        granted_at: now,
    };
    let kinds = [
        (None, "a code"),
        (Some(TokenKind::Access), "an access token"),
        (Some(TokenKind::Refresh), "a refresh token"),
    ];
    for (kind, what) in kinds {
        let token = NewToken { kind, grant: &grant, issued_at: now, expires_at: Some(now) };
        let [one, other] =
            [[1; 32], [2; 32]].map(|random| config.generator.generate(&token, random));
        if ![&one, &other].into_iter().all(|text| text.len() >= SHORTEST && is_token(text)) {
            found.push(ConfigurationProblem::Generator { what });
        } else if one == other {
            found.push(ConfigurationProblem::GeneratorRepeats { what });
        }
    }
}

fn check_authentication(config: &ProviderBuilder, found: &mut Vec<ConfigurationProblem>) {
    let authentications = &config.authentications;
    let hasher = &authentications.hasher;
    let [one, other] = ["a secret that is hashed as a test", "another secret"].map(Secret::new);
    let hash = hasher.hash(&one, [1; 16]);
    if !hasher.verify(&one, &hash) || hasher.verify(&other, &hash) {
        found.push(ConfigurationProblem::SecretHasher);
    }
    if !authentications.basic && !authentications.body && authentications.source.is_none() {
        found.push(ConfigurationProblem::NoWayToAuthenticate);
    }
}

fn check_paths(config: &ProviderBuilder, found: &mut Vec<ConfigurationProblem>) {
    let paths: Vec<_> = config.paths.iter().collect();
    for (at, (endpoint, path)) in paths.iter().enumerate() {
        if !is_request_path(path) {
            found
                .push(ConfigurationProblem::Path { endpoint: *endpoint, path: (*path).to_owned() });
        }
        for (other, other_path) in &paths[..at] {
            let below = |own: Endpoint, own_path: &str, path: &str| {
                own == Endpoint::Register
                    && path.strip_prefix(own_path).is_some_and(|rest| rest.starts_with('/'))
            };
            let shared = path == other_path
                || below(*endpoint, path, other_path)
                || below(*other, other_path, path);
            if shared {
                let (one, other, path) = (*other, *endpoint, (*path).to_owned());
                found.push(ConfigurationProblem::PathTwice { one, other, path });
            }
        }
    }
}

fn check_lifetimes(config: &ProviderBuilder, found: &mut Vec<ConfigurationProblem>) {
    let lifetimes = [
        (config.code_lifetime, "ProviderBuilder::code_lifetime"),
        (config.device_lifetime, "ProviderBuilder::device_lifetime"),
        (config.pushed_request_lifetime, "ProviderBuilder::pushed_request_lifetime"),
        (config.device_interval, "ProviderBuilder::device_interval"),
        (config.attempt_window, "ProviderBuilder::attempt_window"),
    ];
    for (_, option) in lifetimes.into_iter().filter(|(lifetime, _)| lifetime.as_secs() == 0) {
        found.push(ConfigurationProblem::Lifetime { option, grant_type: None });
    }
    if config.device_interval >= config.device_lifetime && config.device_lifetime.as_secs() > 0 {
        found.push(ConfigurationProblem::DeviceInterval);
    }
}

/// Finds members of the option `metadata` that the resulting metadata lack, or have with another
/// value.
fn check_metadata(provider: &Provider, found: &mut Vec<ConfigurationProblem>) {
    let told = serde_json::to_value(provider.metadata()).unwrap_or_default();
    for (name, value) in &provider.0.metadata {
        let is_issuer = name == "issuer" && value.as_str() != Some(&provider.0.issuer);
        // Members with the value `false` are left out if their absence means the same.
        let is_told =
            told.get(name).map_or(*value == serde_json::Value::Bool(false), |own| own == value);
        if is_issuer || !is_told {
            found.push(ConfigurationProblem::MetadataMember { name: name.clone() });
        }
    }
}
