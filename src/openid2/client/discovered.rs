//! The result of discovery, OpenID Authentication 2.0 §7.3.1.

use serde::{Deserialize, Serialize};

use super::super::message::Version;
use super::super::xrds_document::SERVER;
use crate::Error;

/// The result of discovery for an identifier: the provider that may speak for it.
///
/// It is serde, so that it can be kept for a while.
/// [`RelyingParty::discover`](super::RelyingParty::discover) finds it;
/// [`Discovered::known_provider`] is for a site with one provider.
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
    /// Never empty; the best first.
    pub(super) endpoints: Vec<String>,
    /// The identifier that the user claims; `None` where it is an OP identifier, and the provider
    /// is to say who the user is.
    pub claimed_id: Option<String>,
    /// The identifier of the user at the provider, if it is not the claimed identifier.
    pub local_id: Option<String>,
    /// The type URIs of the provider's service, among them those of the extensions that its
    /// document says it knows. Of a [known provider](Self::known_provider) no extensions are known.
    pub types: Vec<String>,
}

impl Discovered {
    /// Returns the local identifier that the provider asserts: the claimed one where no other is
    /// named. `None` where the user chooses an identifier at the provider.
    pub(super) fn asserted_local_id(&self) -> Option<&String> {
        self.claimed_id.as_ref().map(|claimed_id| self.local_id.as_ref().unwrap_or(claimed_id))
    }

    /// Returns a provider whose endpoint is known: every user is sent there, and the provider asks
    /// for the identity.
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) when that is not an absolute http or https
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

    /// Returns the provider's endpoint.
    pub fn endpoint(&self) -> &str {
        self.endpoints.first().map_or("", String::as_str)
    }
}
