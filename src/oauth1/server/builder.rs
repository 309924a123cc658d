//! The options of a [`Provider`], RFC 5849 §2.

use std::sync::Arc;
use std::time::Duration;

use super::endpoint::{Endpoint, Paths};
use super::provider::{Config, Provider};
use super::verifier::Verifier;
use crate::{Error, Unsupported};

/// Builds a [`Provider`]. [`Provider::builder`] makes it, and [`build`](Self::build) returns the
/// provider.
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
    /// The lifetime of temporary credentials, in which the resource owner must decide. Default: one
    /// hour.
    pub temporary_lifetime: Duration,
    /// The lifetime of tokens. Default: `None`, tokens do not expire.
    pub token_lifetime: Option<Duration>,
    /// If `true`, GET is accepted in addition to POST, for clients such as Tornado's. RFC 5849 §2.1
    /// lets the server choose. Default: `false`.
    ///
    /// # Security
    /// Proxies and logs can keep the URL of a GET request, with the parameters in it.
    pub allow_get: bool,
    /// If `true`, the verifier can also have http origins whose host is not this machine. Default:
    /// `false`, [`build`](Self::build) refuses them.
    ///
    /// # Security
    /// Without TLS, an attacker on the network reads the secret of every token that is issued.
    pub dangerous_allow_http: bool,
}

impl Provider {
    /// Returns a builder of a provider whose requests are checked by `verifier`.
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
    /// Sets the path of an endpoint, for [`Provider::dispatch`]. See [`Endpoint`] for the defaults.
    pub fn path(mut self, endpoint: Endpoint, path: impl Into<String>) -> Self {
        self.paths.set(endpoint, path.into());
        self
    }

    /// Checks the options, and returns the provider.
    ///
    /// # Errors
    /// [`Unsupported::PlainHttp`] if an origin of the verifier is neither https nor this machine,
    /// since the responses have secrets (RFC 5849 §2.1). [`Unsupported::Configuration`] if a path
    /// cannot be the path of a URL, or if two endpoints have the same path.
    pub fn build(self) -> Result<Provider, Error> {
        let Self {
            verifier,
            paths,
            temporary_lifetime,
            token_lifetime,
            allow_get,
            dangerous_allow_http,
        } = self;
        if let Some(origin) = verifier.insecure_origin().filter(|_| !dangerous_allow_http) {
            let option = Some("ProviderBuilder::dangerous_allow_http");
            return Err(Unsupported::PlainHttp { url: origin.to_string(), option }.into());
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
