//! Decides by the options of a relying party or a provider which URLs may be fetched, and which are
//! trusted.

use url::Url;

use super::identifier::absolute;
use crate::wire::uri::Host;
use crate::wire::{is_internal, without_secrets};
use crate::{Error, Unsupported};

/// The reason why a host is not contacted.
pub(super) const NOT_FAR: &str =
    "its host is not on the internet (`dangerous_allow_internal_hosts` accepts it)";

/// Returns whether the host of a URL is in this machine's network, judged by its spelling.
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
    /// Returns whether a URL may be fetched. A user's identifier is not on a host in this machine's
    /// network.
    pub(super) fn may_fetch(self, url: &Url) -> bool {
        self.internal_hosts || !is_internal_url(url)
    }

    /// Returns whether the URL is https, or allowed without TLS.
    pub(super) fn trusts(self, url: &Url) -> bool {
        self.may_fetch(url) && (self.plain_http || url.scheme() == "https" || is_internal_url(url))
    }

    /// Returns whether responses may be sent to a relying party's URL.
    pub(super) fn trusts_party(self, url: &Url) -> bool {
        // A relying party under development runs on the developer's machine. Only the user's
        // browser is sent there.
        let near = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        self.plain_http
            || url.scheme() == "https"
            || near
            || (self.internal_hosts && is_internal_url(url))
    }

    /// Checks that a URL can be the endpoint of a provider. The error has the reason.
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

    /// Returns whether a URL can be the endpoint of a provider.
    pub(super) fn takes_endpoint(self, url: &str) -> bool {
        self.check_endpoint(url).is_ok()
    }
}
