//! Where a server's endpoints are.

use http::Uri;

use crate::wire::Origin;

/// An endpoint of an authorization server.
///
/// ```
/// use oauth_proto::oauth2::server::{Endpoint, GrantType, Provider};
///
/// let provider = Provider::builder("https://example.com")
///     .add_grant_type(GrantType::client_credentials().scopes("stats"))
///     .path(Endpoint::Token, "/oauth2/v1/token")
///     .build()?;
/// assert_eq!(provider.metadata().token_endpoint.as_deref(), Some("https://example.com/oauth2/v1/token"));
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
    /// Where clients register and are managed (RFC 7591, RFC 7592): `/register`, and paths below it.
    Register,
    /// Where the server tells about itself (RFC 8414 §3): `/.well-known/oauth-authorization-server`.
    Metadata,
}

const DEFAULTS: [(Endpoint, &str); 9] = [
    (Endpoint::Authorize, "/authorize"),
    (Endpoint::Token, "/token"),
    (Endpoint::Introspect, "/introspect"),
    (Endpoint::Revoke, "/revoke"),
    (Endpoint::DeviceAuthorization, "/device_authorization"),
    (Endpoint::Device, "/device"),
    (Endpoint::PushedRequest, "/par"),
    (Endpoint::Register, "/register"),
    (Endpoint::Metadata, "/.well-known/oauth-authorization-server"),
];

#[derive(Clone, Debug, Default)]
pub(super) struct Paths {
    origin: String,
    paths: Vec<(Endpoint, String)>,
}

impl Paths {
    /// The usual paths below an issuer's own; that of the metadata above it (RFC 8414 §3.1).
    pub(super) fn of(issuer: &Uri) -> Self {
        let base = issuer.path().trim_end_matches('/');
        let path = |(endpoint, path): (Endpoint, &str)| match endpoint {
            Endpoint::Metadata => (endpoint, format!("{path}{base}")),
            _ => (endpoint, format!("{base}{path}")),
        };
        let origin = Origin::of(issuer).map(|origin| origin.to_string()).unwrap_or_default();
        Self { origin, paths: DEFAULTS.into_iter().map(path).collect() }
    }

    pub(super) fn set(&mut self, endpoint: Endpoint, path: String) {
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        self.paths.iter_mut().filter(|(own, _)| *own == endpoint).for_each(|(_, own)| own.clone_from(&path));
    }

    pub(super) fn get(&self, endpoint: Endpoint) -> &str {
        self.paths.iter().find(|(own, _)| *own == endpoint).map_or("/", |(_, path)| path)
    }

    /// Returns all endpoints with their paths.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Endpoint, &str)> {
        self.paths.iter().map(|(endpoint, path)| (*endpoint, path.as_str()))
    }

    /// The URL of an endpoint.
    pub(super) fn url(&self, endpoint: Endpoint) -> String {
        format!("{}{}", self.origin, self.get(endpoint))
    }

    /// Whose path that is.
    pub(super) fn find(&self, path: &str) -> Option<Endpoint> {
        let below = |own: &str| path.strip_prefix(own).is_some_and(|rest| rest.starts_with('/'));
        let found =
            self.paths.iter().find(|(endpoint, own)| own == path || (*endpoint == Endpoint::Register && below(own)));
        found.map(|(endpoint, _)| *endpoint)
    }
}
