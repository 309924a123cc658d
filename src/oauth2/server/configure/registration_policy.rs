//! The policy for the registration of clients: RFC 7591 §1.2.

use crate::core::token_hash::TokenHash;
use crate::oauth2::server::store::records::client_record::Registrant;
use crate::oauth2::server::store::records::secret_hasher::SHORTEST;
use crate::{Error, Unsupported};

/// The clients that can register themselves (RFC 7591). Default: [`Off`](Self::Off).
///
/// ```
/// use oauth_proto::oauth2::server::{GrantType, Provider, RegistrationPolicy};
///
/// let mut options = Provider::builder("https://auth.example.com")
///     .add_grant_type(GrantType::authorization_code().scopes("photos.read"));
/// options.registration = RegistrationPolicy::with_token("q3Rf0ZBr1KtDRbnfVdmIw7")?;
/// let provider = options.build()?;
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistrationPolicy {
    /// Clients cannot register. The registration endpoint does not exist.
    #[default]
    Off,
    /// Clients can register if they send an initial access token. The value is the hash of this
    /// token. These clients can register for every grant type that the server offers.
    Token(TokenHash),
    /// Every client can register, but only for the grant types `authorization_code`,
    /// `refresh_token` and the device grant. A client that names no grant types gets only
    /// `authorization_code` (RFC 7591 §2), so it gets no refresh tokens.
    ///
    /// # Security
    /// An attacker can fill the store with clients, and can give a client a name that misleads
    /// users.
    AllowAnyone,
}

impl RegistrationPolicy {
    /// Returns the policy under which clients can register if they send this initial access token.
    /// The token needs at least 128 random bits, which are 22 characters of base64url. If you have
    /// only the hash, use [`Token`](Self::Token).
    ///
    /// # Errors
    /// [`Unsupported::ShortSecret`] if `token` has fewer than 22 bytes.
    pub fn with_token(token: &str) -> Result<Self, Error> {
        let (length, least) = (token.len(), SHORTEST);
        if length < least {
            return Err(Unsupported::ShortSecret { length, least }.into());
        }
        Ok(Self::Token(TokenHash::of(token)))
    }

    /// Returns whether clients that register under this policy are trusted.
    pub(crate) fn registrant(&self) -> Registrant {
        match self {
            Self::Token(_) => Registrant::Trusted,
            Self::Off | Self::AllowAnyone => Registrant::Anyone,
        }
    }
}
