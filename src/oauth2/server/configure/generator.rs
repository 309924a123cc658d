//! Generators of tokens and codes: random text, a UUID, or a generator of the application.

use std::fmt;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use sha2::{Digest, Sha256};

use crate::oauth2::common::pkce::Unguessable;
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::records::secret_hasher;
use crate::oauth2::server::store::records::token_record::TokenKind;
use crate::wire::auth_param;
use crate::{Error, Timestamp, Unsupported};

/// Generates access tokens, refresh tokens and authorization codes.
///
/// ```
/// use oauth_proto::oauth2::server::{
///     GrantType, NewToken, Provider, RandomTokens, TokenGenerator,
/// };
///
/// /// Tokens with a prefix by which scanners for leaked secrets recognize them.
/// #[derive(Debug)]
/// struct Marked;
///
/// impl TokenGenerator for Marked {
///     fn generate(&self, token: &NewToken<'_>, random: [u8; 32]) -> String {
///         format!("example_{}", RandomTokens::default().generate(token, random))
///     }
/// }
///
/// let provider = Provider::builder("https://auth.example.com")
///     .add_grant_type(GrantType::client_credentials().scopes("stats"))
///     .token_generator(Marked)
///     .build()?;
/// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
/// ```
pub trait TokenGenerator: fmt::Debug + Send + Sync {
    /// Returns the text of a token or code: at most 4096 letters, digits and `-._~+/=` (RFC 6750
    /// §2.1). The argument `random` has 256 random bits that are used only for this text. Keep at
    /// least 128 of them in the text, so that an attacker cannot guess it.
    fn generate(&self, token: &NewToken<'_>, random: [u8; 32]) -> String;
}

/// The properties of a token whose text is generated.
///
/// ```
/// use oauth_proto::oauth2::server::NewToken;
///
/// fn subject<'t>(token: &NewToken<'t>) -> Option<&'t str> {
///     token.grant.user.as_deref()
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NewToken<'t> {
    /// The kind of the token. `None` for an authorization code.
    pub kind: Option<TokenKind>,
    /// The grant for which the token is issued, with the client, the user, the scope and the
    /// application's data.
    pub grant: &'t GrantRecord,
    /// The time at which the token is issued.
    pub issued_at: Timestamp,
    /// The time at which the token expires. `None` if it never expires.
    pub expires_at: Option<Timestamp>,
}

/// Generates random tokens of letters, digits, `-` and `_`.
///
/// ```
/// use oauth_proto::oauth2::server::RandomTokens;
///
/// let tokens = RandomTokens::of_length(40)?;
/// RandomTokens::of_length(21).unwrap_err(); // less than 128 bits
///     
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomTokens {
    length: usize,
}

impl RandomTokens {
    /// Returns a generator of tokens with `length` characters, from 22 to 1024. Each character has
    /// 6 random bits, up to 256 bits in total.
    ///
    /// # Errors
    /// [`Unsupported::Unsendable`] if `length` is less than 22 or greater than 1024.
    pub fn of_length(length: usize) -> Result<Self, Error> {
        if !(22..=1024).contains(&length) {
            let reason = "expected a length from 22 characters, which have 128 bits, to 1024";
            return Err(Unsupported::Unsendable { what: "a token", reason }.into());
        }
        Ok(Self { length })
    }
}

impl Default for RandomTokens {
    /// Returns a generator of tokens with 43 characters, which have 256 bits.
    fn default() -> Self {
        Self { length: 43 }
    }
}

impl TokenGenerator for RandomTokens {
    fn generate(&self, _: &NewToken<'_>, random: [u8; 32]) -> String {
        if self.length <= 43 {
            return Unguessable::of(random).as_str()[..self.length].to_owned();
        }
        // 256 bits give only 43 characters. Longer tokens consist of blocks. Each block is the hash
        // of a counter and the random bits (NIST SP 800-56C §4.1).
        let block = |counter: u32| {
            Sha256::new().chain_update(counter.to_be_bytes()).chain_update(random).finalize()
        };
        let bytes: Vec<u8> = (1..).flat_map(block).take(self.length * 3 / 4 + 3).collect();
        let mut token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        token.truncate(self.length);
        token
    }
}

/// Generates UUIDs of version 4 (RFC 9562 §5.4): 36 characters with 122 random bits. RFC 6749
/// §10.10 requires 128 bits, so use UUIDs only if your database has columns of this type.
///
/// ```
/// use oauth_proto::oauth2::server::{GrantType, Provider, Uuid4};
///
/// let provider = Provider::builder("https://auth.example.com")
///     .add_grant_type(GrantType::client_credentials().scopes("stats"))
///     .token_generator(Uuid4)
///     .build()?;
/// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uuid4;

impl TokenGenerator for Uuid4 {
    fn generate(&self, _: &NewToken<'_>, random: [u8; 32]) -> String {
        let [mut bytes, _] = secret_hasher::split(random);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let id = u128::from_be_bytes(bytes);
        let part = |shift: u32, digits: usize| {
            format!("{:0digits$x}", (id >> shift) & ((1 << (4 * digits)) - 1))
        };
        [part(96, 8), part(80, 4), part(64, 4), part(48, 4), part(0, 12)].join("-")
    }
}

/// Returns whether a text can be sent as a token.
pub(crate) fn is_token(text: &str) -> bool {
    text.len() <= 4096 && auth_param::is_bearer(text.as_bytes())
}
