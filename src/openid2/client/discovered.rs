//! The result of discovery, OpenID Authentication 2.0 §7.3.1.

use serde::{Deserialize, Serialize};

use super::super::message::Version;
use super::super::xrds_document::SERVER;
use crate::Error;

/// The result of discovery for an identifier: its provider.
///
/// [`RelyingParty::discover`](super::RelyingParty::discover) returns it, and
/// [`Discovered::known_provider`] makes it for a site with one provider. The type implements
/// serde's `Serialize` and `Deserialize`, so you can store it for a while.
///
/// ```
/// use oauth_proto::openid2::Discovered;
///
/// let steam = Discovered::known_provider("https://steamcommunity.com/openid/login")?;
/// assert_eq!(steam.endpoint(), "https://steamcommunity.com/openid/login");
/// assert_eq!(steam.claimed_id, None);
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Discovered {
    /// The version of the protocol that the provider speaks.
    pub version: Version,
    /// The endpoints, the best first. Never empty.
    pub(super) endpoints: Vec<String>,
    /// The identifier that the user claims. `None` if the user typed the identifier of a provider
    /// (an OP identifier), so the provider chooses the user's identifier.
    pub claimed_id: Option<String>,
    /// The identifier of the user at the provider, if it is not the claimed identifier.
    pub local_id: Option<String>,
    /// The type URIs of the provider's service, with those of the extensions that its document
    /// lists. For a [known provider](Self::known_provider) there are no extensions.
    pub types: Vec<String>,
}

impl Discovered {
    /// Returns the local identifier that the provider asserts. It is the claimed identifier if the
    /// document names no other. `None` if the user chooses an identifier at the provider.
    pub(super) fn asserted_local_id(&self) -> Option<&String> {
        self.claimed_id.as_ref().map(|claimed_id| self.local_id.as_ref().unwrap_or(claimed_id))
    }

    /// Makes the result for a provider with a known endpoint, without discovery. Every user is sent
    /// there and chooses an identifier at the provider.
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) if `endpoint` is not an absolute http or https
    /// URL.
    pub fn known_provider(endpoint: &str) -> Result<Self, Error> {
        crate::core::endpoint::endpoint(endpoint)?;
        Ok(Self {
            version: Version::V2_0,
            endpoints: vec![endpoint.to_owned()],
            claimed_id: None,
            local_id: None,
            types: vec![SERVER.to_owned()],
        })
    }

    /// Returns the endpoint of the provider.
    pub fn endpoint(&self) -> &str {
        self.endpoints.first().map_or("", String::as_str)
    }
}
