//! The rules of the options: the URLs that may be fetched, and those that are trusted.

use url::Url;

use super::identifier::absolute;
use crate::wire::uri::Host;
use crate::wire::{is_internal, without_secrets};
use crate::{Error, Unsupported};

/// Why a host is not asked.
pub(super) const NOT_FAR: &str =
    "its host is not on the internet (`dangerous_allow_internal_hosts` accepts it)";

/// Returns whether only this network can reach a URL's host, by what is written there.
pub(super) fn is_internal_url(url: &Url) -> bool {
    url.host_str().and_then(Host::of).is_none_or(is_internal)
}

/// The rules for fetching and trusting URLs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Allowed {
    pub(super) plain_http: bool,
    pub(super) internal_hosts: bool,
    pub(super) openid1: bool,
}

impl Allowed {
    /// Returns whether a URL may be fetched at all: a host that only this network can reach is not
    /// a user's identifier.
    pub(super) fn may_fetch(self, url: &Url) -> bool {
        self.internal_hosts || !is_internal_url(url)
    }

    /// Returns whether the connection to the URL is secure, so that its contents are the host's.
    pub(super) fn trusts(self, url: &Url) -> bool {
        self.may_fetch(url) && (self.plain_http || url.scheme() == "https" || is_internal_url(url))
    }

    /// Whether a relying party's URL is one to answer to, or to look at.
    pub(super) fn trusts_party(self, url: &Url) -> bool {
        // Its own machine is where a relying party is developed, and is sent nothing but the user.
        let near = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        self.plain_http
            || url.scheme() == "https"
            || near
            || (self.internal_hosts && is_internal_url(url))
    }

    /// Checks that a URL can be a provider's endpoint. The error has the reason why it cannot.
    pub(super) fn check_endpoint(self, endpoint: &str) -> Result<(), Error> {
        let url = crate::core::endpoint::endpoint(endpoint).map(|_| absolute(endpoint))?;
        let reason = match url {
            None => "an endpoint must have at most 2048 bytes",
            Some(url) if !self.may_fetch(&url) => NOT_FAR,
            Some(url) if !self.trusts(&url) => {
                let option = Some("Options::dangerous_allow_http");
                return Err(
                    Unsupported::PlainHttp { url: without_secrets(endpoint), option }.into()
                );
            }
            Some(_) => return Ok(()),
        };
        Err(Unsupported::Url { url: without_secrets(endpoint), reason }.into())
    }

    /// Whether a URL can be a provider's endpoint.
    pub(super) fn takes_endpoint(self, url: &str) -> bool {
        self.check_endpoint(url).is_ok()
    }
}
