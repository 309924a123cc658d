//! The form of tokens: random, a UUID, or a text that the application makes.

use std::fmt;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use sha2::{Digest, Sha256};

use crate::oauth2::common::pkce::Unguessable;
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::records::secret_hasher;
use crate::oauth2::server::store::records::token_record::TokenKind;
use crate::wire::auth_param;
use crate::{Error, Timestamp, Unsupported};

/// Makes the texts of access tokens, refresh tokens and codes.
///
/// ```
/// use oauth_proto::oauth2::server::{
///     GrantType, NewToken, Provider, RandomTokens, TokenGenerator,
/// };
///
/// /// Tokens that leak scanners recognise.
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
    /// Returns a text of letters, digits and `-._~+/=` (RFC 6750 §2.1), of at most 4096 characters.
    /// `random` is 256 bits that an attacker cannot guess and that are used for nothing else: the
    /// text must be as hard to guess, by 128 bits at least.
    fn generate(&self, token: &NewToken<'_>, random: [u8; 32]) -> String;
}

/// The facts that are known of a token when its text is made.
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
    /// The kind of the token; `None` for a code.
    pub kind: Option<TokenKind>,
    /// The grant for which it is issued: client, user, scope, the application's data.
    pub grant: &'t GrantRecord,
    /// The time at which it is issued.
    pub issued_at: Timestamp,
    /// The time at which it expires.
    pub expires_at: Option<Timestamp>,
}

/// Random letters, digits, `-` and `_`.
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
    /// Tokens of that many characters, each of which is worth 6 bits: 22 to 1024.
    ///
    /// # Errors
    /// [`Unsupported::Unsendable`] for any other length.
    pub fn of_length(length: usize) -> Result<Self, Error> {
        if !(22..=1024).contains(&length) {
            let reason = "expected a length from 22 characters, which have 128 bits, to 1024";
            return Err(Unsupported::Unsendable { what: "a token", reason }.into());
        }
        Ok(Self { length })
    }
}

impl Default for RandomTokens {
    /// Makes texts of 43 characters: 256 bits.
    fn default() -> Self {
        Self { length: 43 }
    }
}

impl TokenGenerator for RandomTokens {
    fn generate(&self, _: &NewToken<'_>, random: [u8; 32]) -> String {
        if self.length <= 43 {
            return Unguessable::of(random).as_str()[..self.length].to_owned();
        }
        // Longer ones are stretched: each block the hash of a counter and the randomness (NIST SP
        // 800-56C §4.1).
        let block = |counter: u32| {
            Sha256::new().chain_update(counter.to_be_bytes()).chain_update(random).finalize()
        };
        let bytes: Vec<u8> = (1..).flat_map(block).take(self.length * 3 / 4 + 3).collect();
        let mut token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        token.truncate(self.length);
        token
    }
}

/// UUIDs of version 4 (RFC 9562 §5.4): 36 characters, and 122 random bits, a little less than RFC
/// 6749 §10.10 demands. For servers whose columns hold nothing else.
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

/// Returns whether a text has the form of a token, whatever made it.
pub(crate) fn is_token(text: &str) -> bool {
    text.len() <= 4096 && auth_param::is_bearer(text.as_bytes())
}
