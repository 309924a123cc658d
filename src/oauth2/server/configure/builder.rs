//! The configuration of an authorization server, before it is checked as a whole.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::client_source::{Authentications, ClientSource};
use super::generator::{RandomTokens, TokenGenerator};
use super::grant_type::GrantType;
use super::paths::Paths;
use super::registration_policy::RegistrationPolicy;
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::store::records::client_record::AnyPort;
use crate::oauth2::server::store::records::secret_hasher::{SecretHasher, Sha256Secrets};
use crate::{Secret, Timestamp};

/// The options of an authorization server. [`build`](Self::build) checks them all and makes the
/// [`Provider`](crate::oauth2::server::Provider).
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
/// let mut wrong = Provider::builder("http://auth.example.com");
/// (wrong.only_basic, wrong.only_body) = (true, true);
/// assert_eq!(wrong.build().unwrap_err().problems().len(), 3);
/// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
#[non_exhaustive]
pub struct ProviderBuilder {
    /// The time for which a code is valid. Default: one minute; RFC 6749 §4.1.2 recommends ten at
    /// most.
    pub code_lifetime: Duration,
    /// The time for which a device can wait for its user. Default: ten minutes.
    pub device_lifetime: Duration,
    /// The time that a device has to wait between two token requests. Default: five seconds.
    pub device_interval: Duration,
    /// The time for which a pushed request can be loaded. Default: one minute.
    pub pushed_request_lifetime: Duration,
    /// The character between scopes in requests and responses. Default: a space.
    pub scope_separator: char,
    /// The policy that says which clients may register (RFC 7591). Default:
    /// [`RegistrationPolicy::Off`].
    pub registration: RegistrationPolicy,
    /// Accepts clients' secrets in HTTP Basic alone. By default they are accepted there and in the
    /// body.
    pub only_basic: bool,
    /// Accepts clients' secrets in the body alone. By default they are accepted there and in HTTP
    /// Basic.
    pub only_body: bool,
    /// Accepts name and secret in HTTP Basic also as they are, for clients that do not encode them
    /// as RFC 6749 §2.3.1 says: curl, and half of the client libraries. Both readings are tried for
    /// every client, so that one server has clients of both kinds. Default: `false`.
    ///
    /// # Security
    /// It gives no secret away, and costs some work: credentials with `%` or `+` need two checks,
    /// and two queries if the names differ.
    pub allow_raw_basic: bool,
    /// Demands proof keys from confidential clients, too, as OAuth 2.1 does. Public ones always
    /// need them. Default: `false`.
    pub require_pkce: bool,
    /// Accepts proof keys of the method `plain`. Default: `false`.
    ///
    /// # Security
    /// An attacker who reads the authorization request can redeem the code.
    pub allow_plain_pkce: bool,
    /// Refuses authorization requests that were not pushed (RFC 9126). Default: `false`.
    pub require_pushed_requests: bool,
    /// The resources that tokens may be asked for, by their URIs (RFC 8707). Every other resource
    /// is refused. Default: no resources.
    pub resources: Vec<String>,
    /// Issues tokens only for resources that a request names (RFC 8707), so that no token is good
    /// for all of them. A request without one is refused with `invalid_target`. By default a token
    /// without a resource is good for each of them, unless that one [requires its
    /// name](crate::oauth2::resource::ResourceServerBuilder::require_audience).
    pub require_resource: bool,
    /// Asks the application at every token answer which members it adds: see
    /// [`ExtendResponse`](crate::oauth2::server::ExtendResponse) and
    /// [`Serve::extend_response`](crate::oauth2::server::Serve::extend_response). The tokens of the
    /// implicit grant, which travel in a URL, bring none. Default: `false`.
    pub extend_token_responses: bool,
    /// Asks the application at every introspection of an active token which members it adds: see
    /// [`ExtendResponse`](crate::oauth2::server::ExtendResponse) and
    /// [`Serve::extend_response`](crate::oauth2::server::Serve::extend_response). Default: `false`.
    pub extend_introspection: bool,
    /// The members of the application's data
    /// ([`Approval::data`](crate::oauth2::server::Approval::data)) that introspection tells. A
    /// guard with [`RemoteTokens`](crate::oauth2::resource::RemoteTokens) reads them by
    /// [`Access::data`](crate::oauth2::resource::Access::data), as a guard at the store does.
    /// Default: no members.
    ///
    /// # Security
    /// The client to which the token was issued can introspect it, too, and reads these members.
    pub introspect_data: Vec<String>,
    /// Lets clients register a redirect_uri of any private scheme, such as the `cursor:` and
    /// `vscode:` of editors. By default such a scheme is a domain name in reverse, like
    /// `com.example.app:`. Schemes that a browser or an operating system acts on (`javascript:`,
    /// `data:`, `file:`, `intent:`, `ftp:`, `mailto:` and their like) stay refused, and so does
    /// http to another machine.
    ///
    /// # Security
    /// A scheme that is not a domain name has no owner: any app can claim it (RFC 8252 §7.1, §8.4).
    /// Codes go to whichever app the user's system starts; without the proof key or secret that app
    /// cannot redeem them. With [`RegistrationPolicy::AllowAnyone`], an attacker can make users'
    /// browsers start any app that has a scheme, with parameters behind it that the registrant
    /// chose.
    pub allow_any_private_scheme: bool,
    /// Accepts any port of `localhost` if a client registered a redirect_uri there, as the server
    /// always does for `127.0.0.1` and `[::1]` (RFC 8252 §7.3): many programs listen on a free
    /// port, and name `localhost`. Default: `false`.
    ///
    /// # Security
    /// The name may lead elsewhere. A user's system may resolve `localhost` to another interface or
    /// host, and a program that listens there may take the code (§8.3); without the proof key or
    /// secret it cannot redeem it.
    pub allow_localhost_ports: bool,
    /// Sends devices a `verification_uri_complete`, a link that has the user code in it, for QR
    /// codes (RFC 8628 §3.3.1). By default a user types the code.
    ///
    /// # Security
    /// An attacker who starts a device can send its link to a user, who then needs only one click
    /// to let that device in (RFC 8628 §5.4). The page has to ask whether the code is the one that
    /// the user's own device shows.
    pub allow_verification_uri_complete: bool,
    /// Accepts keys of reusable tokens that are shorter than 22 bytes. Default: `false`.
    ///
    /// # Security
    /// An attacker who reads the store can try keys, and opens the access tokens in it with the one
    /// that fits.
    pub dangerous_allow_short_keys: bool,
    /// Accepts an issuer that is neither https nor on this machine. Default: `false`.
    ///
    /// # Security
    /// An attacker on the network reads every secret, code and token.
    pub dangerous_allow_http: bool,
    /// Members that are added to the metadata (RFC 8414 §2), such as `service_documentation`, or
    /// that have another value there: `token_endpoint_auth_methods_supported`, if a
    /// [`ClientSource`] knows further methods. [`build`](Self::build) refuses a value that such a
    /// member cannot have. Default: empty.
    pub metadata: Map<String, Value>,
    /// Makes the tokens of the grants `authorization_code` and `password` reusable: see
    /// [`GrantType::reuse_access_tokens`]. Default: `false`.
    pub reuse_access_tokens: bool,
    pub(crate) issuer: String,
    pub(crate) paths: Paths,
    /// Paths in place of the usual ones.
    pub(crate) moved: Vec<(Endpoint, String)>,
    pub(crate) grant_types: Vec<GrantType>,
    pub(crate) authentications: Authentications,
    pub(crate) generator: Arc<dyn TokenGenerator>,
    pub(crate) token_reuse_keys: Vec<ReuseKey>,
}

/// A key of reusable tokens, and when the next one takes its place.
#[derive(Clone, Debug)]
pub(crate) struct ReuseKey {
    pub(crate) key: Secret,
    pub(crate) ends_at: Option<Timestamp>,
}

impl ProviderBuilder {
    pub(crate) fn new(issuer: String) -> Self {
        let hasher: Arc<dyn SecretHasher> = Arc::new(Sha256Secrets);
        Self {
            code_lifetime: Duration::from_secs(60),
            device_lifetime: Duration::from_secs(600),
            device_interval: Duration::from_secs(5),
            pushed_request_lifetime: Duration::from_secs(60),
            scope_separator: ' ',
            registration: RegistrationPolicy::Off,
            only_basic: false,
            only_body: false,
            allow_raw_basic: false,
            require_pkce: false,
            allow_plain_pkce: false,
            require_pushed_requests: false,
            resources: Vec::new(),
            require_resource: false,
            extend_token_responses: false,
            extend_introspection: false,
            introspect_data: Vec::new(),
            allow_any_private_scheme: false,
            allow_localhost_ports: false,
            allow_verification_uri_complete: false,
            dangerous_allow_short_keys: false,
            dangerous_allow_http: false,
            metadata: Map::new(),
            reuse_access_tokens: false,
            issuer,
            paths: Paths::default(),
            moved: Vec::new(),
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
        }
    }

    /// Returns which loopback redirect_uris of a client match at any port.
    pub(crate) fn any_port(&self) -> AnyPort {
        if self.allow_localhost_ports { AnyPort::OfLocalhost } else { AnyPort::default() }
    }

    /// Offers a grant, in place of one of the same name.
    pub fn add_grant_type(mut self, grant_type: GrantType) -> Self {
        self.grant_types.retain(|own| own.name != grant_type.name);
        self.grant_types.push(grant_type);
        self
    }

    /// Sets the key with which reusable tokens are sealed in the store, so that an equal request
    /// can get them again. The key must not lie in the store. It has at least 128 bits that an
    /// attacker cannot guess: 22 characters of base64url or more.
    ///
    /// With another key, equal requests get new tokens; those that were issued before live on until
    /// they expire. To change the key, set the one that was used so far by
    /// [`token_reuse_key_until`](Self::token_reuse_key_until). Default: no key.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::Timestamp;
    /// use oauth_proto::oauth2::server::{GrantType, Provider};
    ///
    /// let mut codes = GrantType::authorization_code().scopes("read");
    /// codes.reuse_access_tokens = true;
    /// let provider = Provider::builder("https://auth.example.com")
    ///     .add_grant_type(codes)
    ///     .token_reuse_key("Hq3nY1mJX0cC8sZ2vT5wUa")
    ///     // The key of last year is used until the end of January, by every process at the same
    ///     // time.
    ///     .token_reuse_key_until("b8K0dP4rQ7eF1gL6xN9yWz", Timestamp::from_secs(1_801_440_000))
    ///     .build()?;
    /// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
    /// ```
    pub fn token_reuse_key(mut self, key: impl Into<Secret>) -> Self {
        self.token_reuse_keys.retain(|own| own.ends_at.is_some());
        self.token_reuse_keys.push(ReuseKey { key: key.into(), ends_at: None });
        self
    }

    /// Sets the key of reusable tokens that is used until that time; after it, the one of
    /// [`token_reuse_key`](Self::token_reuse_key) is.
    ///
    /// To change the key: put the new one into `token_reuse_key` and the old one here, with a time
    /// by which every process has the new configuration. All of them change to the new key at that
    /// time. Remove the old one afterwards. Default: no such key.
    pub fn token_reuse_key_until(mut self, key: impl Into<Secret>, ends_at: Timestamp) -> Self {
        self.token_reuse_keys.retain(|own| own.ends_at.is_none());
        self.token_reuse_keys.push(ReuseKey { key: key.into(), ends_at: Some(ends_at) });
        self
    }

    /// Sets the path of an endpoint, from the root of the host. By default the paths are those of
    /// [`Endpoint`] below the issuer's own path: with the issuer `https://example.com/oauth2` the
    /// token endpoint is `/oauth2/token`.
    pub fn path(mut self, endpoint: Endpoint, path: impl Into<String>) -> Self {
        self.moved.push((endpoint, path.into()));
        self
    }

    /// Sets how tokens and codes are made. Default: 43 random characters.
    pub fn token_generator(mut self, generator: impl TokenGenerator + 'static) -> Self {
        self.generator = Arc::new(generator);
        self
    }

    /// Sets how clients' secrets are hashed. Default: SHA-256, which is for generated secrets.
    pub fn secret_hasher(mut self, hasher: impl SecretHasher + 'static) -> Self {
        self.authentications.stand_in = hasher.stand_in().into();
        self.authentications.hasher = Arc::new(hasher);
        self
    }

    /// Sets a further way in which clients show who they are. Default: no further way.
    pub fn client_source(mut self, source: impl ClientSource + 'static) -> Self {
        self.authentications.source = Some(Arc::new(source));
        self
    }
}
