//! The endpoints of an OAuth 1.0a service and their paths, RFC 5849 §2.

use crate::wire::is_request_path;

/// An endpoint of an OAuth 1.0a service (RFC 5849 §2).
///
/// # Examples
/// ```
/// use oauth_proto::oauth1::server::{Endpoint, Provider, Verifier};
///
/// let provider = Provider::builder(Verifier::new("https://photos.example.net")?)
///     .path(Endpoint::Authorization, "/oauth/authorize")
///     .build()?;
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// The endpoint for temporary credentials (RFC 5849 §2.1). Default: `/initiate`.
    TemporaryCredentials,
    /// The endpoint where the resource owner decides (RFC 5849 §2.2). Default: `/authorize`.
    Authorization,
    /// The endpoint for token credentials (RFC 5849 §2.3). Default: `/token`.
    TokenCredentials,
}

/// The path of each endpoint. The defaults are those of RFC 5849 §1.2.
#[derive(Clone, Debug)]
pub(super) struct Paths([(Endpoint, String); 3]);

impl Default for Paths {
    fn default() -> Self {
        Self([
            (Endpoint::TemporaryCredentials, "/initiate".to_owned()),
            (Endpoint::Authorization, "/authorize".to_owned()),
            (Endpoint::TokenCredentials, "/token".to_owned()),
        ])
    }
}

impl Paths {
    pub(super) fn set(&mut self, endpoint: Endpoint, path: String) {
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        self.0
            .iter_mut()
            .filter(|(own, _)| *own == endpoint)
            .for_each(|(_, own)| own.clone_from(&path));
    }

    /// Returns the endpoint with this path.
    pub(super) fn find(&self, path: &str) -> Option<Endpoint> {
        self.0.iter().find(|(_, own)| own == path).map(|(endpoint, _)| *endpoint)
    }

    /// Returns the paths of all endpoints, for an error.
    pub(super) fn list(&self) -> Vec<String> {
        self.0.iter().map(|(_, path)| path.clone()).collect()
    }

    /// Returns what is wrong with the paths, or an empty text.
    pub(super) fn problems(&self) -> String {
        let mut problems = Vec::new();
        for (at, (endpoint, path)) in self.0.iter().enumerate() {
            if !is_request_path(path) {
                problems.push(format!(
                    "the path {path:?} of {endpoint:?} is not the path of a URL: \
                        expected it to begin with a slash and to have no query, fragment or white \
                        space"
                ));
            }
            for (other, _) in self.0[..at].iter().filter(|(_, other)| other == path) {
                problems.push(format!("{other:?} and {endpoint:?} have the same path {path:?}"));
            }
        }
        let option =
            if problems.is_empty() { "" } else { "; set paths by `ProviderBuilder::path`" };
        problems.join("; ") + option
    }
}
