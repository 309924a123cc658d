//! The options of relying parties and providers.

use super::allowed::Allowed;
use super::association::AssociationKind;

/// The options of a relying party or a provider, for
/// [`RelyingParty::new`](super::RelyingParty::new) and
/// [`Provider::new`](super::server::Provider::new).
///
/// ```
/// use oauth_proto::openid2::{Options, RelyingParty};
///
/// let party = RelyingParty::new("https://rp.example/", Options::default())?;
///
/// let mut options = Options::default();
/// options.allow_openid1 = true;
/// let lenient = RelyingParty::new("https://rp.example/", options)?;
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The kinds of associations, the best first. A relying party requests them in this order, and
    /// a provider grants them. Kinds without encryption are left out if the provider's endpoint has
    /// no TLS. Default: `None`. Then a relying party requests
    /// [`DhSha256`](AssociationKind::DhSha256) and then [`DhSha1`](AssociationKind::DhSha1), and a
    /// provider grants all kinds.
    pub associations: Option<Vec<AssociationKind>>,
    /// If `true`, OpenID 1.1 (§14) is spoken with providers or relying parties that do not support
    /// version 2.0. Default: `false`.
    ///
    /// # Security
    /// In OpenID 1.1, the signature does not cover the provider and the time. A relying party can
    /// recognize a replay only by the pending value. Signatures are HMAC-SHA1.
    pub allow_openid1: bool,
    /// If `true`, a relying party accepts http for identifiers, providers and its realm, and a
    /// provider accepts http for its endpoint and for relying parties. Default: `false`. Then only
    /// https is accepted, and http on this machine.
    ///
    /// # Security
    /// Without TLS, an attacker on the network can choose the provider of an identifier, and so
    /// sign in as its user. An attacker can also take a response on its way to the relying party,
    /// and sign in with it.
    pub dangerous_allow_http: bool,
    /// If `true`, a relying party accepts identifiers and providers on this machine and in this
    /// machine's network, and a provider accepts such relying parties and their documents. These
    /// hosts do not need TLS. Default: `false`.
    ///
    /// # Security
    /// Any user can then make your server send requests to hosts in your server's network (SSRF).
    /// This crate does not resolve names. So, with and without this option, your HTTP client has to
    /// refuse names that resolve to such hosts.
    pub dangerous_allow_internal_hosts: bool,
}

impl Options {
    /// Returns the rules for fetching and trusting URLs.
    pub(super) fn allowed(&self) -> Allowed {
        Allowed {
            plain_http: self.dangerous_allow_http,
            internal_hosts: self.dangerous_allow_internal_hosts,
            openid1: self.allow_openid1,
        }
    }

    /// Returns the kinds of associations, or the default kinds.
    pub(super) fn kinds_or(self, default: &[AssociationKind]) -> Vec<AssociationKind> {
        self.associations.unwrap_or_else(|| default.to_vec())
    }
}
