//! The configuration of an authorization server, before it is checked as a whole.

use std::sync::Arc;
use std::time::Duration;

use super::client_source::{Authentications, ClientSource};
use super::config::{Config, PrivateSchemes, ReuseKey};
use super::generator::{RandomTokens, TokenGenerator};
use super::grant_type::GrantType;
use super::paths::Paths;
use super::problems::{ConfigurationProblem, InvalidConfiguration, problems};
use super::provider::Provider;
use super::registration_policy::RegistrationPolicy;
use crate::core::endpoint::{check_secure, endpoint};
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::store::records::client_record::AnyPort;
use crate::oauth2::server::store::records::secret_hasher::{SecretHasher, Sha256Secrets};
use crate::wire::without_secrets;
use crate::{Secret, Timestamp, Unsupported};

/// The options of an authorization server. [`build`](Self::build) checks them all and makes the [`Provider`].
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::{GrantType, Provider};
///
/// let provider = Provider::builder("https://auth.example.com")
///     .add_grant_type(GrantType::authorization_code().scopes("photos.read photos.write"))
///     .add_grant_type(GrantType::refresh_token())
///     .build()?;
///
/// // All that is wrong is said at once.
/// let wrong = Provider::builder("http://auth.example.com").only_basic().only_body().build().unwrap_err();
/// assert_eq!(wrong.problems().len(), 3);
/// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ProviderBuilder {
    pub(crate) config: Config,
    /// Paths in place of the usual ones.
    pub(crate) moved: Vec<(Endpoint, String)>,
    over_http: bool,
}

impl Provider {
    /// Returns a builder of a server with that issuer identifier (RFC 8414 §2): an https URL without query and fragment, to which
    /// the paths of its endpoints belong. It offers no grant yet.
    pub fn builder(issuer: impl Into<String>) -> ProviderBuilder {
        ProviderBuilder::new(issuer.into())
    }
}

impl ProviderBuilder {
    pub(crate) fn new(issuer: String) -> Self {
        let hasher: Arc<dyn SecretHasher> = Arc::new(Sha256Secrets);
        let config = Config {
            issuer,
            paths: Paths::default(),
            grant_types: Vec::new(),
            authentications: Authentications {
                stand_in: hasher.stand_in().into(),
                hasher,
                source: None,
                basic: true,
                body: true,
                raw_basic: false,
            },
            generator: Arc::new(RandomTokens::default()),
            token_reuse_keys: Vec::new(),
            dangerous_short_keys: false,
            reuse_all: false,
            scope_separator: ' ',
            resources: Vec::new(),
            resource_required: false,
            pkce_for_all: false,
            plain_pkce: false,
            only_pushed: false,
            code_lifetime: Duration::from_secs(60),
            device_lifetime: Duration::from_secs(600),
            device_interval: Duration::from_secs(5),
            complete_uri: false,
            pushed_lifetime: Duration::from_secs(60),
            registration: RegistrationPolicy::Off,
            extends_tokens: false,
            extends_introspection: false,
            introspected: Vec::new(),
            private_schemes: PrivateSchemes::default(),
            any_port: AnyPort::default(),
            metadata: serde_json::Map::new(),
        };
        Self { config, moved: Vec::new(), over_http: false }
    }

    /// Checks the configuration as a whole, and returns the server.
    ///
    /// # Errors
    /// [`InvalidConfiguration`] with every problem that was found, each of which names the option.
    pub fn build(mut self) -> Result<Provider, InvalidConfiguration> {
        let mut found = Vec::new();
        match self.check_issuer() {
            Ok(uri) => self.config.paths = Paths::of(&uri),
            Err(why) => found.push(ConfigurationProblem::Issuer(why)),
        }
        for (endpoint, path) in std::mem::take(&mut self.moved) {
            self.config.paths.set(endpoint, path);
        }
        let provider = Provider(Arc::new(self.config));
        found.extend(problems(&provider));
        InvalidConfiguration::unless_empty(found).map_or(Ok(provider), Err)
    }

    fn check_issuer(&self) -> Result<http::Uri, Unsupported> {
        let issuer = &self.config.issuer;
        let reason = "an issuer is an absolute https URL without user information, query and fragment";
        let no_issuer = |_| Unsupported::Url { url: without_secrets(issuer), reason };
        let uri = endpoint(issuer).map_err(no_issuer)?;
        let is_normal = url::Url::parse(issuer).is_ok_and(|url| url.path() == uri.path());
        if issuer.contains(['?', '#']) || !issuer.is_ascii() || !is_normal {
            return Err(Unsupported::Url { url: without_secrets(issuer), reason });
        }
        if !self.over_http {
            check_secure(&uri, Some("ProviderBuilder::dangerous_allow_http"))?;
        }
        Ok(uri)
    }

    /// Accepts an issuer that is neither https nor on this machine.
    ///
    /// # Security
    /// Anybody on the way reads every secret, code and token.
    pub fn dangerous_allow_http(mut self) -> Self {
        self.over_http = true;
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Offers a grant, in place of one of the same name.
    pub fn add_grant_type(self, mut grant_type: GrantType) -> Self {
        self.with(|config| {
            config.grant_types.retain(|own| own.name != grant_type.name);
            if config.reuse_all {
                reuse_tokens_of(&mut grant_type);
            }
            config.grant_types.push(grant_type);
        })
    }

    /// Makes the tokens of the grants `authorization_code` and `password` reusable: see [`GrantType::reuse_access_tokens`]. The key is that of
    /// [`token_reuse_key`](Self::token_reuse_key).
    pub fn reuse_access_tokens(self, key: impl Into<Secret>) -> Self {
        self.token_reuse_key(key).with(|config| {
            config.reuse_all = true;
            config.grant_types.iter_mut().for_each(reuse_tokens_of);
        })
    }

    /// Sets the key with which reusable tokens are sealed in the store, so that an equal request can have them again. The key must not
    /// lie in the store. It has at least 128 bits that nobody can guess: 22 characters of base64url or more.
    ///
    /// With another key, equal requests get new tokens; those that were issued before live on until they expire. To change the
    /// key, set the one that was used so far by [`token_reuse_key_until`](Self::token_reuse_key_until).
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::Timestamp;
    /// use oauth_proto::oauth2::server::{GrantType, Provider};
    ///
    /// let provider = Provider::builder("https://auth.example.com")
    ///     .add_grant_type(GrantType::authorization_code().scopes("read").reuse_access_tokens())
    ///     .token_reuse_key("Hq3nY1mJX0cC8sZ2vT5wUa")
    ///     // The key of last year is used until the end of January, by every process at the same time.
    ///     .token_reuse_key_until("b8K0dP4rQ7eF1gL6xN9yWz", Timestamp::from_secs(1_801_440_000))
    ///     .build()?;
    /// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
    /// ```
    pub fn token_reuse_key(self, key: impl Into<Secret>) -> Self {
        self.with(|config| {
            config.token_reuse_keys.retain(|own| own.ends_at.is_some());
            config.token_reuse_keys.push(ReuseKey { key: key.into(), ends_at: None });
        })
    }

    /// Sets the key of reusable tokens that is used until that time; after it, the one of [`token_reuse_key`](Self::token_reuse_key) is.
    ///
    /// To change the key: put the new one into `token_reuse_key` and the old one here, with a time by which every process has the new
    /// configuration. All of them change to the new key at that time. Remove the old one afterwards.
    pub fn token_reuse_key_until(self, key: impl Into<Secret>, ends_at: Timestamp) -> Self {
        self.with(|config| {
            config.token_reuse_keys.retain(|own| own.ends_at.is_none());
            config.token_reuse_keys.push(ReuseKey { key: key.into(), ends_at: Some(ends_at) });
        })
    }

    /// Accepts keys of reusable tokens that are shorter than 22 bytes.
    ///
    /// # Security
    /// Who reads the store can try keys, and opens the access tokens in it with the one that fits.
    pub fn dangerous_allow_short_keys(self) -> Self {
        self.with(|config| config.dangerous_short_keys = true)
    }

    /// Sets the path of an endpoint, from the root of the host. By default the paths are those of [`Endpoint`] below the issuer's
    /// own path: with the issuer `https://example.com/oauth2` the token endpoint is `/oauth2/token`.
    pub fn path(mut self, endpoint: Endpoint, path: impl Into<String>) -> Self {
        self.moved.push((endpoint, path.into()));
        self
    }

    /// Sets how tokens and codes are made. The default is 43 random characters.
    pub fn token_generator(self, generator: impl TokenGenerator + 'static) -> Self {
        self.with(|config| config.generator = Arc::new(generator))
    }

    /// Sets how clients' secrets are hashed. The default is SHA-256, which is for generated secrets.
    pub fn secret_hasher(self, hasher: impl SecretHasher + 'static) -> Self {
        self.with(|config| {
            config.authentications.stand_in = hasher.stand_in().into();
            config.authentications.hasher = Arc::new(hasher);
        })
    }

    /// Sets a further way in which clients show who they are.
    pub fn client_source(self, source: impl ClientSource + 'static) -> Self {
        self.with(|config| config.authentications.source = Some(Arc::new(source)))
    }

    /// Accepts clients' secrets in HTTP Basic alone. By default they are accepted there and in the body.
    pub fn only_basic(self) -> Self {
        self.with(|config| config.authentications.body = false)
    }

    /// Accepts clients' secrets in the body alone. By default they are accepted there and in HTTP Basic.
    pub fn only_body(self) -> Self {
        self.with(|config| config.authentications.basic = false)
    }

    /// Accepts name and secret in HTTP Basic also as they are, for clients that do not encode them as RFC 6749 §2.3.1 says: curl, and half
    /// of the client libraries. Both readings are tried for every client, so that one server has clients of both kinds.
    ///
    /// # Security
    /// It gives nothing away but work: credentials with `%` or `+` cost two checks, and two queries where the names differ.
    pub fn allow_raw_basic(self) -> Self {
        self.with(|config| config.authentications.raw_basic = true)
    }

    /// Separates scopes in requests and answers by another character than a space.
    pub fn scope_separator(self, separator: char) -> Self {
        self.with(|config| config.scope_separator = separator)
    }

    /// A resource that tokens may be asked for by its URI (RFC 8707). Every other is refused.
    pub fn add_resource(self, uri: impl Into<String>) -> Self {
        self.with(|config| config.resources.push(uri.into()))
    }

    /// Issues tokens only for resources that a request names (RFC 8707), so that no token is good for all of them. A request without
    /// one is refused with `invalid_target`. By default a token without a resource is good for each of them, unless that one
    /// [requires its name](crate::oauth2::resource::ResourceServerBuilder::require_audience).
    pub fn require_resource(self) -> Self {
        self.with(|config| config.resource_required = true)
    }

    /// Demands proof keys from confidential clients, too, as OAuth 2.1 does. Public ones always need them.
    pub fn require_pkce(self) -> Self {
        self.with(|config| config.pkce_for_all = true)
    }

    /// Takes proof keys of the method `plain`.
    ///
    /// # Security
    /// Who reads the authorization request can redeem the code.
    pub fn allow_plain_pkce(self) -> Self {
        self.with(|config| config.plain_pkce = true)
    }

    /// Takes no authorization request that was not pushed (RFC 9126).
    pub fn require_pushed_requests(self) -> Self {
        self.with(|config| config.only_pushed = true)
    }

    /// Sets how long a code lives. The default is one minute; RFC 6749 §4.1.2 recommends ten at most.
    pub fn code_lifetime(self, lifetime: Duration) -> Self {
        self.with(|config| config.code_lifetime = lifetime)
    }

    /// Sets how long a device waits for its user. The default is ten minutes.
    pub fn device_lifetime(self, lifetime: Duration) -> Self {
        self.with(|config| config.device_lifetime = lifetime)
    }

    /// Sets how long a device has to wait between two token requests. The default is five seconds.
    pub fn device_interval(self, interval: Duration) -> Self {
        self.with(|config| config.device_interval = interval)
    }

    /// Sends devices a `verification_uri_complete`, a link that has the user code in it, for QR codes (RFC 8628 §3.3.1). By default a user
    /// types the code.
    ///
    /// # Security
    /// Somebody who starts a device of their own can send its link to a user, who then needs no more than one click to let that device in
    /// (RFC 8628 §5.4). The page has to ask whether the code is the one that the user's own device shows.
    pub fn allow_verification_uri_complete(self) -> Self {
        self.with(|config| config.complete_uri = true)
    }

    /// Sets how long a pushed request can be loaded. The default is one minute.
    pub fn pushed_request_lifetime(self, lifetime: Duration) -> Self {
        self.with(|config| config.pushed_lifetime = lifetime)
    }

    /// Sets who may register clients (RFC 7591). By default nobody may.
    pub fn registration(self, policy: RegistrationPolicy) -> Self {
        self.with(|config| config.registration = policy)
    }

    /// Lets clients register a redirect_uri of any scheme of their own, such as the `cursor:` and `vscode:` of editors. By
    /// default such a scheme is a domain name in reverse, like `com.example.app:`. Schemes that a browser or an operating system
    /// acts on (`javascript:`, `data:`, `file:`, `intent:`, `ftp:`, `mailto:` and their like) stay refused, and so does http to another
    /// machine.
    ///
    /// # Security
    /// A scheme that is no domain name has no owner: any app can claim it (RFC 8252 §7.1, §8.4). Codes go to whichever app the
    /// user's system starts; without the proof key or secret that app cannot redeem them. With [`RegistrationPolicy::AllowAnyone`],
    /// anyone can have users' browsers start any app that has a scheme, with parameters behind it that the registrant chose.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::{GrantType, Provider, RegistrationPolicy};
    ///
    /// let provider = Provider::builder("https://auth.example.com")
    ///     .add_grant_type(GrantType::authorization_code().scopes("photos.read"))
    ///     .registration(RegistrationPolicy::AllowAnyone)
    ///     .allow_any_private_scheme()
    ///     .build()?;
    /// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
    /// ```
    pub fn allow_any_private_scheme(self) -> Self {
        self.with(|config| config.private_schemes = PrivateSchemes::Any)
    }

    /// Takes any port of `localhost` where a client registered a redirect_uri there, as it always does of `127.0.0.1` and `[::1]` (RFC
    /// 8252 §7.3): many programs listen on a free port, and name `localhost`.
    ///
    /// # Security
    /// The name may lead elsewhere. A user's system may resolve `localhost` to another interface or host, and a
    /// program that listens there may take the code (§8.3); without the proof key or secret it cannot redeem it.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::{GrantType, Provider};
    /// use oauth_proto::oauth2::server::store::ClientRecord;
    ///
    /// let provider = Provider::builder("https://auth.example.com")
    ///     .add_grant_type(GrantType::authorization_code().scopes("photos.read"))
    ///     .allow_localhost_ports()
    ///     .build()?;
    /// // May be sent back to http://localhost:51004/cb, too.
    /// let tool = ClientRecord::public("tool").add_redirect_uri("http://localhost/cb");
    /// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
    /// ```
    pub fn allow_localhost_ports(self) -> Self {
        self.with(|config| config.any_port = AnyPort::OfLocalhost)
    }

    /// Asks the application at every token answer which members it adds: see [`ExtendResponse`](crate::oauth2::server::ExtendResponse) and
    /// [`Serve::extend_response`](crate::oauth2::server::Serve::extend_response). The tokens of the implicit grant, which travel in a URL, bring none.
    pub fn extend_token_responses(self) -> Self {
        self.with(|config| config.extends_tokens = true)
    }

    /// Asks the application at every introspection of an active token which members it adds: see
    /// [`ExtendResponse`](crate::oauth2::server::ExtendResponse) and [`Serve::extend_response`](crate::oauth2::server::Serve::extend_response).
    pub fn extend_introspection(self) -> Self {
        self.with(|config| config.extends_introspection = true)
    }

    /// Tells these members of the application's data ([`Approval::data`](crate::oauth2::server::Approval::data)) at introspection. A guard with
    /// [`RemoteTokens`](crate::oauth2::resource::RemoteTokens) reads them by [`Access::data`](crate::oauth2::resource::Access::data), as
    /// a guard at the store does. By default introspection tells none.
    ///
    /// # Security
    /// The client to which the token was issued can introspect it, too, and reads these members.
    pub fn introspect_data<S: Into<String>>(self, members: impl IntoIterator<Item = S>) -> Self {
        self.with(|config| config.introspected = members.into_iter().map(Into::into).collect())
    }

    /// Adds a member to the metadata (RFC 8414 §2), such as `service_documentation`, or gives another value to one that is there:
    /// `token_endpoint_auth_methods_supported`, where a [`ClientSource`] knows further methods. [`build`](Self::build) refuses a value
    /// that such a member cannot have.
    pub fn add_metadata_member(self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        self.with(|config| drop(config.metadata.insert(name.into(), value.into())))
    }
}

/// Makes the tokens of the grants reusable for which that is possible.
fn reuse_tokens_of(grant_type: &mut GrantType) {
    grant_type.reuse |= grant_type.may_reuse_tokens();
}
