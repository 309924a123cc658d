//! The policy for the registration of clients, RFC 7591 §1.2.

use crate::oauth2::common::token_hash::TokenHash;
use crate::oauth2::server::store::records::client_record::Registrant;
use crate::oauth2::server::store::records::secret_hasher::SHORTEST;
use crate::{Error, Unsupported};

/// The policy that says which clients may register.
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
    /// Registration is off.
    #[default]
    Off,
    /// A client may register with an initial access token, of which this is the hash. Such a client
    /// may take any grant that is offered.
    Token(TokenHash),
    /// Every client may register. Such a client may take `authorization_code`, the device grant and
    /// `refresh_token` alone. One that names no grant gets `authorization_code` (RFC 7591 §2), and
    /// so no refresh tokens.
    ///
    /// # Security
    /// An attacker can fill the store with clients, under any name that may mislead a user.
    AllowAnyone,
}

impl RegistrationPolicy {
    /// Lets a client register if it has this initial access token: at least 128 bits that an
    /// attacker cannot guess, which are 22 characters of base64url. If you have only the hash, use
    /// [`Token`](Self::Token).
    ///
    /// # Errors
    /// [`Unsupported::ShortSecret`](crate::Unsupported::ShortSecret) if it has fewer than 22 bytes.
    pub fn with_token(token: &str) -> Result<Self, Error> {
        let (length, least) = (token.len(), SHORTEST);
        if length < least {
            return Err(Unsupported::ShortSecret { length, least }.into());
        }
        Ok(Self::Token(TokenHash::of(token)))
    }

    /// Returns as whom it takes those that it lets register.
    pub(crate) fn registrant(&self) -> Registrant {
        match self {
            Self::Token(_) => Registrant::Trusted,
            Self::Off | Self::AllowAnyone => Registrant::Anyone,
        }
    }
}
