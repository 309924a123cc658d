//! The options of relying parties and providers, and the associations that they agree on.

use super::allowed::Allowed;
use super::association::AssociationKind;

/// The options of a relying party or a provider, and the associations that it agrees on.
/// [`RelyingParty::new`](super::RelyingParty::new) and
/// [`Provider::new`](super::server::Provider::new) take it.
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
    /// The kinds of associations, the best first: a relying party asks for them in that order, a
    /// provider grants them. Default: a relying party asks for
    /// [`DhSha256`](AssociationKind::DhSha256) and then for [`DhSha1`](AssociationKind::DhSha1),
    /// and a provider grants all kinds. Kinds without encryption are left out where the provider's
    /// endpoint has no TLS.
    pub associations: Option<Vec<AssociationKind>>,
    /// Speaks OpenID 1.1 too (§14): a relying party to providers that know nothing newer, a
    /// provider to relying parties that do. Default: version 2.0 alone.
    ///
    /// # Security
    /// Nothing that is signed says which provider answered and when, so that a relying party knows
    /// a replay by its pending value alone. Signatures are HMAC-SHA1.
    pub allow_openid1: bool,
    /// Allows plain http: for a relying party at identifiers, at providers and in its realm; for a
    /// provider at its endpoint and at relying parties. Default: https alone, except on this
    /// machine.
    ///
    /// # Security
    /// An attacker on the network can choose the provider of an identifier and answer in its place,
    /// and can take an answer to a relying party and sign in with it.
    pub dangerous_allow_http: bool,
    /// Allows hosts on this machine or in its network, also without TLS: for a relying party
    /// identifiers and providers there, for a provider relying parties and their documents.
    /// Default: hosts of the internet alone.
    ///
    /// # Security
    /// Every user can make this server send requests to hosts that only it can reach. Your HTTP
    /// client has to refuse names that resolve to such hosts in any case.
    pub dangerous_allow_internal_hosts: bool,
}

impl Options {
    /// The rules for fetching and trusting URLs.
    pub(super) fn allowed(&self) -> Allowed {
        Allowed {
            plain_http: self.dangerous_allow_http,
            internal_hosts: self.dangerous_allow_internal_hosts,
            openid1: self.allow_openid1,
        }
    }

    /// The kinds of associations, or the default ones.
    pub(super) fn kinds_or(self, default: &[AssociationKind]) -> Vec<AssociationKind> {
        self.associations.unwrap_or_else(|| default.to_vec())
    }
}
