//! The names of the endpoints of an authorization server.

/// An endpoint of an authorization server.
/// [`ProviderBuilder::path`](crate::oauth2::server::ProviderBuilder::path) changes the default
/// paths.
///
/// ```
/// use oauth_proto::oauth2::server::{Endpoint, GrantType, Provider};
///
/// let provider = Provider::builder("https://example.com")
///     .add_grant_type(GrantType::client_credentials().scopes("stats"))
///     .path(Endpoint::Token, "/oauth2/v1/token")
///     .build()?;
/// assert_eq!(
///     provider.metadata().token_endpoint.as_deref(),
///     Some("https://example.com/oauth2/v1/token")
/// );
/// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// The endpoint at which the user decides (RFC 6749 §3.1). Default: `/authorize`.
    Authorize,
    /// The endpoint that issues tokens (RFC 6749 §3.2). Default: `/token`.
    Token,
    /// The endpoint that returns facts about tokens (RFC 7662). Default: `/introspect`.
    Introspect,
    /// The endpoint that revokes tokens (RFC 7009). Default: `/revoke`.
    Revoke,
    /// The endpoint that issues device codes and user codes (RFC 8628 §3.1). Default:
    /// `/device_authorization`.
    DeviceAuthorization,
    /// The page at which users enter a user code (RFC 8628 §3.3). Default: `/device`.
    Device,
    /// The endpoint to which clients push authorization requests (RFC 9126). Default: `/par`.
    PushedRequest,
    /// The endpoint at which clients register and manage their registrations (RFC 7591, RFC 7592).
    /// Default: `/register` and the paths below it.
    Register,
    /// The endpoint at which the server publishes its metadata (RFC 8414 §3). Default:
    /// `/.well-known/oauth-authorization-server`, before the path of the issuer.
    Metadata,
}
