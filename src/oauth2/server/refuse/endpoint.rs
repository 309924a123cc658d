//! The endpoints of an authorization server, by name.

/// An endpoint of an authorization server.
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
    /// Where the user decides (RFC 6749 §3.1): `/authorize`.
    Authorize,
    /// Where tokens are given out (RFC 6749 §3.2): `/token`.
    Token,
    /// Where tokens are explained (RFC 7662): `/introspect`.
    Introspect,
    /// Where tokens are revoked (RFC 7009): `/revoke`.
    Revoke,
    /// Where devices begin (RFC 8628 §3.1): `/device_authorization`.
    DeviceAuthorization,
    /// Where users enter a device's code (RFC 8628 §3.3): `/device`.
    Device,
    /// Where authorization requests are pushed to (RFC 9126): `/par`.
    PushedRequest,
    /// Where clients register and are managed (RFC 7591, RFC 7592): `/register`, and paths below
    /// it.
    Register,
    /// Where the server tells about itself (RFC 8414 §3):
    /// `/.well-known/oauth-authorization-server`.
    Metadata,
}
