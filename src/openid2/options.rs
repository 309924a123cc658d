//! What a relying party and a provider accept beyond the default, and the associations that they agree on.

use super::allowed::Allowed;
use super::association::AssociationKind;

/// What a relying party or a provider accepts beyond the default, and the associations that it agrees on.
/// [`RelyingParty::new`](super::RelyingParty::new) and [`Provider::new`](super::server::Provider::new) take it.
///
/// ```
/// use oauth_proto::openid2::{Options, RelyingParty};
///
/// let party = RelyingParty::new("https://rp.example/", Options::default())?;
/// let lenient = RelyingParty::new("https://rp.example/", Options::default().allow_openid1())?;
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(super) allowed: Allowed,
    associations: Option<Vec<AssociationKind>>,
}

impl Options {
    /// Sets the kinds of associations, the best first: a relying party asks for them in that order, a provider grants them.
    /// By default a relying party asks for [`DhSha256`](AssociationKind::DhSha256) and then for
    /// [`DhSha1`](AssociationKind::DhSha1), and a provider grants all kinds. Kinds without encryption are left out where the
    /// provider's endpoint has no TLS.
    ///
    /// ```
    /// use oauth_proto::openid2::{AssociationKind, Options};
    ///
    /// let without_sha1 = Options::default().associations([AssociationKind::DhSha256]);
    /// ```
    pub fn associations(mut self, kinds: impl IntoIterator<Item = AssociationKind>) -> Self {
        self.associations = Some(kinds.into_iter().collect());
        self
    }

    /// Speaks OpenID 1.1 too (§14): a relying party to providers that know nothing newer, a provider to relying parties that
    /// do.
    ///
    /// # Security
    /// Nothing that is signed says which provider answered and when, so that a relying party knows a replay by its pending
    /// value alone. Signatures are HMAC-SHA1.
    pub fn allow_openid1(mut self) -> Self {
        self.allowed.openid1 = true;
        self
    }

    /// Allows plain http: for a relying party at identifiers, at providers and in its realm; for a provider at its endpoint
    /// and at relying parties.
    ///
    /// # Security
    /// Whoever is on the way can say who speaks for an identifier and answer in the provider's place, and can take an answer
    /// to a relying party and sign in with it.
    pub fn dangerous_allow_http(mut self) -> Self {
        self.allowed.plain_http = true;
        self
    }

    /// Allows hosts on this machine or in its network, also without TLS: for a relying party identifiers and providers
    /// there, for a provider relying parties and their documents.
    ///
    /// # Security
    /// Anybody can have this server send requests to hosts that only it can reach. Where names resolve to such hosts is in
    /// any case for your HTTP client to refuse.
    pub fn dangerous_allow_internal_hosts(mut self) -> Self {
        self.allowed.internal_hosts = true;
        self
    }

    /// The kinds of associations, or the default ones.
    pub(super) fn kinds_or(&self, default: &[AssociationKind]) -> Vec<AssociationKind> {
        self.associations.clone().unwrap_or_else(|| default.to_vec())
    }
}
