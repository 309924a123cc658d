//! Builds a server from its options, after all of them are checked.

use std::sync::Arc;

use super::builder::ProviderBuilder;
use super::paths::Paths;
use super::problems::ConfigurationProblem;
use super::problems::{InvalidConfiguration, find_problems};
use super::provider::Provider;
use crate::Unsupported;
use crate::core::endpoint::check_secure;
use crate::core::endpoint::endpoint;
use crate::wire::words::without_secrets;

impl Provider {
    /// Returns a builder of a server with the issuer identifier `issuer` (RFC 8414 §2): an https
    /// URL without query and fragment. The endpoints are below this URL. Add at least one grant
    /// type with [`add_grant_type`](ProviderBuilder::add_grant_type).
    pub fn builder(issuer: impl Into<String>) -> ProviderBuilder {
        ProviderBuilder::new(issuer.into())
    }
}

impl ProviderBuilder {
    /// Checks all options, and returns the server.
    ///
    /// # Errors
    /// [`InvalidConfiguration`] if an option is wrong. The error has all problems, and each problem
    /// names its option.
    pub fn build(mut self) -> Result<Provider, InvalidConfiguration> {
        let mut found = Vec::new();
        match self.check_issuer() {
            Ok(uri) => self.paths = Paths::of(&uri),
            Err(why) => found.push(ConfigurationProblem::Issuer(why)),
        }
        for (endpoint, path) in std::mem::take(&mut self.moved) {
            self.paths.set(endpoint, path);
        }
        let reuses = self.reuse_access_tokens;
        for grant_type in self.grant_types.iter_mut().filter(|own| reuses && own.may_reuse_tokens())
        {
            grant_type.reuse_access_tokens = true;
        }
        let authentications = &mut self.authentications;
        (authentications.basic, authentications.body) = (!self.only_body, !self.only_basic);
        authentications.raw_basic = self.allow_raw_basic;
        let provider = Provider(Arc::new(self));
        found.extend(find_problems(&provider));
        InvalidConfiguration::unless_empty(found).map_or(Ok(provider), Err)
    }

    fn check_issuer(&self) -> Result<http::Uri, Unsupported> {
        let issuer = &self.issuer;
        let reason =
            "an issuer must be an absolute https URL without user information, query or fragment";
        let no_issuer = |_| Unsupported::Url { url: without_secrets(issuer), reason };
        let uri = endpoint(issuer).map_err(no_issuer)?;
        let is_normal = url::Url::parse(issuer).is_ok_and(|url| url.path() == uri.path());
        if issuer.contains(['?', '#']) || !issuer.is_ascii() || !is_normal {
            return Err(Unsupported::Url { url: without_secrets(issuer), reason });
        }
        if !self.dangerous_allow_http {
            check_secure(&uri, Some("ProviderBuilder::dangerous_allow_http"))?;
        }
        Ok(uri)
    }
}
