//! The paths of a server's endpoints.

use http::Uri;

use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::wire::Origin;

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
pub(crate) struct Paths {
    origin: String,
    paths: Vec<(Endpoint, String)>,
}

impl Paths {
    /// Returns the default paths, which are below the path of the issuer. Only the path of the
    /// metadata ends with the path of the issuer (RFC 8414 §3.1).
    pub(crate) fn of(issuer: &Uri) -> Self {
        let base = issuer.path().trim_end_matches('/');
        let path = |(endpoint, path): (Endpoint, &str)| match endpoint {
            Endpoint::Metadata => (endpoint, format!("{path}{base}")),
            _ => (endpoint, format!("{base}{path}")),
        };
        let origin = Origin::of(issuer).map(|origin| origin.to_string()).unwrap_or_default();
        Self { origin, paths: DEFAULTS.into_iter().map(path).collect() }
    }

    pub(crate) fn set(&mut self, endpoint: Endpoint, path: String) {
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        self.paths
            .iter_mut()
            .filter(|(own, _)| *own == endpoint)
            .for_each(|(_, own)| own.clone_from(&path));
    }

    pub(crate) fn get(&self, endpoint: Endpoint) -> &str {
        self.paths.iter().find(|(own, _)| *own == endpoint).map_or("/", |(_, path)| path)
    }

    /// Returns all endpoints with their paths.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Endpoint, &str)> {
        self.paths.iter().map(|(endpoint, path)| (*endpoint, path.as_str()))
    }

    /// Returns the URL of an endpoint.
    pub(crate) fn url(&self, endpoint: Endpoint) -> String {
        format!("{}{}", self.origin, self.get(endpoint))
    }

    /// Returns the endpoint that has a path. Every path below the path of [`Endpoint::Register`]
    /// belongs to that endpoint, too.
    pub(crate) fn find(&self, path: &str) -> Option<Endpoint> {
        let below = |own: &str| path.strip_prefix(own).is_some_and(|rest| rest.starts_with('/'));
        let found = self
            .paths
            .iter()
            .find(|(endpoint, own)| own == path || (*endpoint == Endpoint::Register && below(own)));
        found.map(|(endpoint, _)| *endpoint)
    }
}
