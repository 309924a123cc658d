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
    /// The endpoint at which the user decides (RFC 6749 §3.1): `/authorize`.
    Authorize,
    /// The endpoint that gives out tokens (RFC 6749 §3.2): `/token`.
    Token,
    /// The endpoint that explains tokens (RFC 7662): `/introspect`.
    Introspect,
    /// The endpoint that revokes tokens (RFC 7009): `/revoke`.
    Revoke,
    /// The endpoint at which devices begin (RFC 8628 §3.1): `/device_authorization`.
    DeviceAuthorization,
    /// The endpoint at which users enter a device's code (RFC 8628 §3.3): `/device`.
    Device,
    /// The endpoint to which authorization requests are pushed (RFC 9126): `/par`.
    PushedRequest,
    /// The endpoint at which clients register and are managed (RFC 7591, RFC 7592): `/register`,
    /// and paths below it.
    Register,
    /// The endpoint at which the server publishes its metadata (RFC 8414 §3):
    /// `/.well-known/oauth-authorization-server`.
    Metadata,
}
