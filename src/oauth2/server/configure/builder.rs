//! The options of an authorization server, before [`build`](ProviderBuilder::build) checks them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::client_source::{Authentications, ClientSource};
use super::generator::{RandomTokens, TokenGenerator};
use super::grant_type::GrantType;
use super::paths::Paths;
use super::registration_policy::RegistrationPolicy;
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::store::optional::OptionalQuery;
use crate::oauth2::server::store::records::client_record::AnyPort;
use crate::oauth2::server::store::records::secret_hasher::{SecretHasher, Sha256Secrets};
use crate::{Secret, Timestamp};

/// The options of an authorization server. [`build`](Self::build) checks all options and returns
/// the [`Provider`](crate::oauth2::server::Provider).
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
/// // The error has all problems at once.
/// let mut wrong = Provider::builder("http://auth.example.com");
/// (wrong.only_basic, wrong.only_body) = (true, true);
/// assert_eq!(wrong.build().unwrap_err().problems().len(), 3);
/// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
#[non_exhaustive]
pub struct ProviderBuilder {
    /// The lifetime of authorization codes. Default: one minute. RFC 6749 §4.1.2 recommends at most
    /// ten minutes.
    pub code_lifetime: Duration,
    /// The lifetime of device codes and user codes, in which the user must decide (RFC 8628 §3.2).
    /// Default: ten minutes.
    pub device_lifetime: Duration,
    /// The time that a device must wait between two token requests (RFC 8628 §3.5). Default: five
    /// seconds.
    pub device_interval: Duration,
    /// The time for which the `request_uri` of a pushed request works (RFC 9126 §2.2). Default: one
    /// minute.
    pub pushed_request_lifetime: Duration,
    /// The character that separates scopes in requests and responses. Default: a space.
    pub scope_separator: char,
    /// The clients that can register themselves (RFC 7591). Default: [`RegistrationPolicy::Off`].
    pub registration: RegistrationPolicy,
    /// If `true`, client secrets are accepted only in HTTP Basic. Default: `false`, they are
    /// accepted in HTTP Basic and in the body.
    pub only_basic: bool,
    /// If `true`, client secrets are accepted only in the body. Default: `false`, they are accepted
    /// in HTTP Basic and in the body.
    pub only_body: bool,
    /// If `true`, the client id and secret in HTTP Basic are also accepted without the encoding of
    /// RFC 6749 §2.3.1. curl and half of the client libraries do not encode them. The server tries
    /// both readings for every client. Default: `false`.
    ///
    /// # Security
    /// The option does not disclose secrets, but it costs time. Credentials with `%` or `+` need
    /// two checks, and the store must find two clients if the client ids differ.
    pub allow_raw_basic: bool,
    /// If `true`, confidential clients must use PKCE, too, as OAuth 2.1 requires. Public clients
    /// must always use PKCE. Default: `false`.
    pub require_pkce: bool,
    /// If `true`, PKCE challenges with the method `plain` are accepted. Default: `false`, only
    /// `S256`.
    ///
    /// # Security
    /// With `plain`, an attacker who has read the authorization request and stolen the code can
    /// redeem it.
    pub allow_plain_pkce: bool,
    /// If `true`, authorization requests that were not pushed are refused (RFC 9126). Default:
    /// `false`.
    pub require_pushed_requests: bool,
    /// The URIs of the resources for which clients can request tokens (RFC 8707). Requests for
    /// other resources are refused. Default: no resources.
    pub resources: Vec<String>,
    /// If `true`, requests without a `resource` are refused with `invalid_target` (RFC 8707), so
    /// every token is only valid for the resources in the request. Default: `false`: a token
    /// without a resource is valid at every resource server, except those with
    /// [`require_audience`](crate::oauth2::resource::ResourceServerBuilder::require_audience).
    pub require_resource: bool,
    /// If `true`, the application can add members to every token response: see
    /// [`ExtendResponse`](crate::oauth2::server::ExtendResponse) and
    /// [`Serve::extend_response`](crate::oauth2::server::Serve::extend_response). Without this
    /// function, a token request that would succeed gets the status 503. The option has no effect
    /// on the implicit grant, whose response is a URL. Default: `false`.
    pub extend_token_responses: bool,
    /// If `true`, the application can add members to every introspection response about an active
    /// token: see [`ExtendResponse`](crate::oauth2::server::ExtendResponse) and
    /// [`Serve::extend_response`](crate::oauth2::server::Serve::extend_response). Without this
    /// function, introspections of active tokens get the status 503. Default: `false`.
    pub extend_introspection: bool,
    /// The members of [`Approval::data`](crate::oauth2::server::Approval::data) that introspection
    /// responses contain. A resource server with
    /// [`RemoteTokens`](crate::oauth2::resource::RemoteTokens) reads them with
    /// [`Access::data`](crate::oauth2::resource::Access::data). Default: no members.
    ///
    /// # Security
    /// The client to which a token was issued can introspect the token, too, so this client can
    /// read these members.
    pub introspect_data: Vec<String>,
    /// If `true`, clients can register a redirect_uri with any private scheme, such as `cursor:`
    /// and `vscode:` of editors. Default: `false`: a private scheme must have a dot, such as
    /// `com.example.app:`. Schemes on which a browser or an operating system acts are always
    /// refused, such as `javascript:`, `data:`, `file:`, `intent:`, `ftp:` and `mailto:`. http to
    /// another machine is always refused, too.
    ///
    /// # Security
    /// Any app can claim a scheme that is not a domain name (RFC 8252 §7.1, §8.4). If an attacker's
    /// app has claimed the scheme, the user's system can send codes to this app. The app cannot
    /// redeem them without the PKCE verifier or the client secret. With
    /// [`RegistrationPolicy::AllowAnyone`], an attacker can register a redirect_uri with which
    /// users' browsers start any app that has a scheme. The attacker chooses the parameters.
    pub allow_any_private_scheme: bool,
    /// If `true`, a redirect_uri with the host `localhost` can have another port than the
    /// registered one. Many programs listen on a free port of `localhost`. For `127.0.0.1` and
    /// `[::1]` every port is always accepted (RFC 8252 §7.3). Default: `false`.
    ///
    /// # Security
    /// If a user's system resolves `localhost` to another interface or host, a program that listens
    /// there can receive the code (§8.3). The program cannot redeem the code without the PKCE
    /// verifier or the client secret.
    pub allow_localhost_ports: bool,
    /// If `true`, responses to devices contain `verification_uri_complete`, a link with the user
    /// code in it, for QR codes (RFC 8628 §3.3.1). Default: `false`, the user types the code.
    ///
    /// # Security
    /// With the link, one click of a user grants access to a device. An attacker can start the flow
    /// on the attacker's device, and send the link to a user (RFC 8628 §5.4). Your page must show
    /// the code, and ask whether the user's device shows the same code.
    pub allow_verification_uri_complete: bool,
    /// The number of user codes that one caller can try in a window, at
    /// [`Provider::find_device`](crate::oauth2::server::Provider::find_device) (RFC 8628 §5.1).
    /// Correct codes count, too. Default: 5. With 5 attempts, a caller guesses the code of one
    /// given device with a probability of less than 2⁻³².
    pub user_code_attempts: u32,
    /// The number of wrong secrets with which one caller can try to authenticate as one client in a
    /// window, if requests have a [`Caller`](crate::oauth2::server::Caller). Further requests of
    /// the caller for this client are refused until the window ends, even with the correct secret.
    /// Default: 20.
    pub client_secret_attempts: u32,
    /// The number of wrong passwords that one caller can try for one user in a window, if requests
    /// have a [`Caller`](crate::oauth2::server::Caller). A password is wrong if the application
    /// answers [`Decision::Denied`](crate::oauth2::server::Decision::Denied). Names that differ
    /// only in case or in blanks around them count as one user. If your application ignores more
    /// differences, the server counts each spelling apart. Default: 10.
    pub password_attempts: u32,
    /// The number of registrations that one caller can send in a window (RFC 7591), if requests
    /// have a [`Caller`](crate::oauth2::server::Caller). Refused registrations count, too. Default:
    /// 10.
    pub registration_attempts: u32,
    /// The number of unknown tokens that one client can introspect for one caller in a window (RFC
    /// 7662 §4), if requests have a [`Caller`](crate::oauth2::server::Caller). Clients with
    /// [`may_introspect_all`](crate::oauth2::server::store::ClientRecord::may_introspect_all) have
    /// no limit, since they also introspect the wrong tokens that their own callers send. Default:
    /// 1,000.
    pub introspection_attempts: u32,
    /// The length of the window in which attempts are counted. The first attempt begins it.
    /// Default: ten minutes.
    ///
    /// # Security
    /// Wrong secrets, passwords and introspected tokens are counted after they were judged.
    /// Requests at the same time can exceed a limit by their number, so limit the connections of a
    /// caller, too. User codes and registrations are counted before, so their limits are exact.
    pub attempt_window: Duration,
    /// If `true`, attempts are not counted and not limited, and a store need not support
    /// [`CountAttempt`](crate::oauth2::server::store::CountAttempt). Default: `false`.
    ///
    /// # Security
    /// An attacker who is signed in can try user codes until one is that of another user's device,
    /// and gets access for this device. Set it only if another part of the application limits the
    /// attempts.
    pub dangerous_allow_unlimited_attempts: bool,
    /// If `true`, [`token_reuse_key`](Self::token_reuse_key) accepts keys that are shorter than 22
    /// bytes. Default: `false`.
    ///
    /// # Security
    /// With a short key, an attacker who has read the store can guess the key and decrypt the
    /// access tokens in the store.
    pub dangerous_allow_short_keys: bool,
    /// If `true`, the issuer can also be an http URL whose host is not this machine. Default:
    /// `false`.
    ///
    /// # Security
    /// Without TLS, an attacker on the network reads every secret, code and token.
    pub dangerous_allow_http: bool,
    /// Further members of the metadata (RFC 8414 §2), such as `service_documentation`. A member
    /// replaces the one that the server sets: set `token_endpoint_auth_methods_supported` if a
    /// [`ClientSource`] has further methods. [`build`](Self::build) refuses values of a wrong type.
    /// Default: empty.
    pub metadata: Map<String, Value>,
    /// If `true`, [`GrantType::reuse_access_tokens`] is set on the grant types `authorization_code`
    /// and `password`. Default: `false`.
    pub reuse_access_tokens: bool,
    pub(crate) issuer: String,
    pub(crate) paths: Paths,
    /// The paths that replace the defaults.
    pub(crate) moved: Vec<(Endpoint, String)>,
    pub(crate) grant_types: Vec<GrantType>,
    pub(crate) authentications: Authentications,
    pub(crate) generator: Arc<dyn TokenGenerator>,
    pub(crate) token_reuse_keys: Vec<ReuseKey>,
    /// The optional queries that the store does not support, if the store was checked.
    pub(crate) missing_queries: Vec<OptionalQuery>,
}

/// A key of reusable tokens, and the time at which the next key replaces it.
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
            user_code_attempts: 5,
            client_secret_attempts: 20,
            password_attempts: 10,
            registration_attempts: 10,
            introspection_attempts: 1_000,
            attempt_window: Duration::from_secs(600),
            dangerous_allow_unlimited_attempts: false,
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
            missing_queries: Vec::new(),
        }
    }

    /// Returns the hosts of this machine for which a redirect_uri can have any port.
    pub(crate) fn any_port(&self) -> AnyPort {
        if self.allow_localhost_ports { AnyPort::OfLocalhost } else { AnyPort::default() }
    }

    /// Adds a grant type that the server offers. It replaces a grant type with the same name.
    pub fn add_grant_type(mut self, grant_type: GrantType) -> Self {
        self.grant_types.retain(|own| own.name != grant_type.name);
        self.grant_types.push(grant_type);
        self
    }

    /// Sets the key that encrypts reusable tokens in the store: see
    /// [`GrantType::reuse_access_tokens`]. Do not keep the key in the store. The key needs at least
    /// 128 random bits, which are 22 characters of base64url. Default: no key.
    ///
    /// After a change of the key, equal requests get new tokens. Tokens that were issued with the
    /// old key stay valid until they expire. To change the key in every process at the same time,
    /// see [`token_reuse_key_until`](Self::token_reuse_key_until).
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

    /// Sets the old key of reusable tokens, which is used until `ends_at`. From then on the key of
    /// [`token_reuse_key`](Self::token_reuse_key) is used. Default: no old key.
    ///
    /// To change the key, pass the new key to [`token_reuse_key`](Self::token_reuse_key) and the
    /// old key to this function. Choose a time at which every process already has the new
    /// configuration. All processes change to the new key at that time. Remove the old key
    /// afterwards.
    pub fn token_reuse_key_until(mut self, key: impl Into<Secret>, ends_at: Timestamp) -> Self {
        self.token_reuse_keys.retain(|own| own.ends_at.is_none());
        self.token_reuse_keys.push(ReuseKey { key: key.into(), ends_at: Some(ends_at) });
        self
    }

    /// Checks which optional queries the store supports, so that [`build`](Self::build) returns an
    /// error if an option needs a query that the store leaves out. Without this call, the server
    /// refuses the requests that need the query. Default: the store is not checked.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::store::{MemoryStore, Store};
    /// use oauth_proto::oauth2::server::{GrantType, Provider};
    ///
    /// let store = MemoryStore::default();
    /// let provider = Provider::builder("https://auth.example.com")
    ///     .add_grant_type(GrantType::device_code().scopes("read"))
    ///     .check_store(|query| store.supports(query))
    ///     .build()?;
    /// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
    /// ```
    pub fn check_store(mut self, supports: impl Fn(OptionalQuery) -> bool) -> Self {
        self.missing_queries =
            OptionalQuery::ALL.into_iter().filter(|query| !supports(*query)).collect();
        self
    }

    /// Sets the path of an endpoint, from the root of the host. Defaults: the paths in
    /// [`Endpoint`], below the path of the issuer. With the issuer `https://example.com/oauth2`,
    /// the token endpoint has the path `/oauth2/token`. Only the path of the metadata begins before
    /// the path of the issuer: `/.well-known/oauth-authorization-server/oauth2`.
    pub fn path(mut self, endpoint: Endpoint, path: impl Into<String>) -> Self {
        self.moved.push((endpoint, path.into()));
        self
    }

    /// Sets the generator of tokens and codes. Default: [`RandomTokens`] with 43 characters.
    pub fn token_generator(mut self, generator: impl TokenGenerator + 'static) -> Self {
        self.generator = Arc::new(generator);
        self
    }

    /// Sets the hasher of client secrets. Default: [`Sha256Secrets`], which is only safe for random
    /// secrets.
    pub fn secret_hasher(mut self, hasher: impl SecretHasher + 'static) -> Self {
        self.authentications.stand_in = hasher.stand_in().into();
        self.authentications.hasher = Arc::new(hasher);
        self
    }

    /// Sets a further method of client authentication, such as mutual TLS. Default: no further
    /// method.
    pub fn client_source(mut self, source: impl ClientSource + 'static) -> Self {
        self.authentications.source = Some(Arc::new(source));
        self
    }
}
