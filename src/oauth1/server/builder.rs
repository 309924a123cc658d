//! The options of a [`Provider`], RFC 5849 §2.

use std::sync::Arc;
use std::time::Duration;

use super::endpoint::{Endpoint, Paths};
use super::provider::{Config, Provider};
use super::verifier::Verifier;
use crate::{Error, Unsupported};

/// Builds a [`Provider`]: [`Provider::builder`] begins, [`build`](Self::build) ends.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use oauth_proto::oauth1::server::{Endpoint, Provider, Verifier};
///
/// let mut builder = Provider::builder(Verifier::new("https://photos.example.net")?)
///     .path(Endpoint::TemporaryCredentials, "/oauth/request_token")
///     .path(Endpoint::Authorization, "/oauth/authorize")
///     .path(Endpoint::TokenCredentials, "/oauth/access_token");
/// builder.token_lifetime = Some(Duration::from_secs(30 * 24 * 3600));
/// let provider = builder.build()?;
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
#[non_exhaustive]
pub struct ProviderBuilder {
    verifier: Verifier,
    paths: Paths,
    /// The time that the resource owner may take. Default: one hour.
    pub temporary_lifetime: Duration,
    /// The lifetime of tokens. Default: they do not expire.
    pub token_lifetime: Option<Duration>,
    /// Accepts GET as well as POST, for clients such as Tornado's (RFC 5849 §2.1 lets a server
    /// choose). Default: POST alone.
    ///
    /// # Security
    /// Proxies and logs between the client and the server may keep the URL of a GET, with the
    /// parameters in it.
    pub allow_get: bool,
    /// Accepts origins of the verifier that have no TLS. Default: [`build`](Self::build) fails.
    ///
    /// # Security
    /// An attacker on the network reads the secret of every token that is issued.
    pub dangerous_allow_http: bool,
}

impl Provider {
    /// Returns a builder of endpoints whose requests are checked by that verifier.
    pub fn builder(verifier: Verifier) -> ProviderBuilder {
        ProviderBuilder {
            verifier,
            paths: Paths::default(),
            temporary_lifetime: Duration::from_secs(3600),
            token_lifetime: None,
            allow_get: false,
            dangerous_allow_http: false,
        }
    }
}

impl ProviderBuilder {
    /// Sets the path of an endpoint, which [`Provider::dispatch`] recognizes it by. See
    /// [`Endpoint`] for the defaults.
    pub fn path(mut self, endpoint: Endpoint, path: impl Into<String>) -> Self {
        self.paths.set(endpoint, path.into());
        self
    }

    /// Returns the provider.
    ///
    /// # Errors
    /// [`Unsupported::PlainHttp`] when one of the verifier's origins is neither https nor this
    /// machine: the responses hold secrets (RFC 5849 §2.1). [`Unsupported::Configuration`] when a
    /// path cannot be the path of a URL, or is that of two endpoints.
    pub fn build(self) -> Result<Provider, Error> {
        let Self {
            verifier,
            paths,
            temporary_lifetime,
            token_lifetime,
            allow_get,
            dangerous_allow_http,
        } = self;
        if !dangerous_allow_http && !verifier.is_secure() {
            let option = Some("ProviderBuilder::dangerous_allow_http");
            return Err(Unsupported::PlainHttp { url: "the origin".to_owned(), option }.into());
        }
        let problems = paths.problems();
        if !problems.is_empty() {
            return Err(Unsupported::Configuration { problems }.into());
        }
        Ok(Provider(Arc::new(Config {
            verifier,
            paths,
            temporary_lifetime,
            token_lifetime,
            get: allow_get,
        })))
    }
}
