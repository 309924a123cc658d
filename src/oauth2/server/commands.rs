//! What a server asks of storage, each a step that happens as a whole or not at all; and what it asks the application.

use std::sync::Arc;

use super::client_record::ClientRecord;
use super::records::{Grant, GrantId, Ticket, TokenRecord};
use super::token_hash::TokenHash;
use crate::oauth2::Scope;
use crate::{Command, Secret, Timestamp};

/// Finds a client.
///
/// ```
/// let question = oauth_proto::oauth2::server::FindClient { client_id: "s6BhdRkqt3".into() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindClient {
    /// Its identifier.
    pub client_id: String,
}

impl Command for FindClient {
    type Answer = Option<Arc<ClientRecord>>;
}

/// Keeps a client under its identifier: a new one, which must not be there yet; or in place of one that is there and has that
/// registration access token (RFC 7592). Answers whether it was kept.
///
/// ```
/// # use oauth_proto::oauth2::server::SaveClient;
/// fn is_new(question: &SaveClient) -> bool {
///     question.replaces.is_none()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveClient {
    /// The client.
    pub record: Arc<ClientRecord>,
    /// The registration access token's hash in the record that this one replaces.
    pub replaces: Option<TokenHash>,
}

impl Command for SaveClient {
    type Answer = bool;
}

/// Removes a client that has that registration access token, with all its tickets and tokens. Answers whether it was there.
///
/// ```
/// # use oauth_proto::oauth2::server::{RemoveClient, TokenHash};
/// let question = RemoveClient { client_id: "s6BhdRkqt3".into(), registration: TokenHash::of("this.is.a.token") };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveClient {
    /// Its identifier.
    pub client_id: String,
    /// The registration access token's hash in its record.
    pub registration: TokenHash,
}

impl Command for RemoveClient {
    type Answer = bool;
}

/// Keeps a new ticket. Answers whether it was kept: not where a living ticket has that alias, which happens to user codes, since
/// they are short.
///
/// ```
/// # use oauth_proto::oauth2::server::SaveTicket;
/// fn is_a_devices(question: &SaveTicket) -> bool {
///     question.alias.is_some()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveTicket {
    /// The hash under which it is kept.
    pub key: TokenHash,
    /// The hash by which it is found, too.
    pub alias: Option<TokenHash>,
    /// The ticket.
    pub ticket: Arc<Ticket>,
    /// The time. What has expired by then may be dropped.
    pub now: Timestamp,
}

impl Command for SaveTicket {
    type Answer = bool;
}

/// Finds a ticket by its key, or by its alias.
///
/// ```
/// # use oauth_proto::oauth2::server::{FindTicket, TokenHash};
/// let question = FindTicket { key: TokenHash::of("SplxlOBeZQQYbYS6WxSbIA") };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindTicket {
    /// The hash of its value, or its alias.
    pub key: TokenHash,
}

/// A ticket that is kept, also when it has expired and was not dropped yet.
///
/// ```
/// # use oauth_proto::oauth2::server::FoundTicket;
/// fn was_used(found: &FoundTicket) -> bool {
///     found.spent
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundTicket {
    /// Its key.
    pub key: TokenHash,
    /// How often it was replaced.
    pub version: u64,
    /// Whether it has been redeemed.
    pub spent: bool,
    /// The ticket.
    pub ticket: Arc<Ticket>,
}

impl Command for FindTicket {
    type Answer = Option<FoundTicket>;
}

/// Puts a ticket in place of one that is there, is not spent and has that version, which goes up by one. Answers whether it did.
///
/// ```
/// # use oauth_proto::oauth2::server::ReplaceTicket;
/// /// UPDATE tickets SET …, version = version + 1 WHERE key = ? AND version = ? AND NOT spent
/// fn key_and_version(question: &ReplaceTicket) -> (String, u64) {
///     (question.key.to_string(), question.version)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaceTicket {
    /// Its key.
    pub key: TokenHash,
    /// The version that was found.
    pub version: u64,
    /// What is kept instead. Its expiry and its grant are as before.
    pub ticket: Arc<Ticket>,
}

impl Command for ReplaceTicket {
    type Answer = bool;
}

/// Tokens that are to be kept.
///
/// ```
/// # use oauth_proto::oauth2::server::NewTokens;
/// fn rows(tokens: &NewTokens) -> usize {
///     1 + usize::from(tokens.refresh.is_some())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewTokens {
    /// The access token's hash and record. Where the record has a [`unique`](TokenRecord::unique) key and a living access token
    /// with that key is there, nothing is kept, and the answer is that one.
    pub access: (TokenHash, Arc<TokenRecord>),
    /// The refresh token's.
    pub refresh: Option<(TokenHash, Arc<TokenRecord>)>,
    /// The time. What has expired by then may be dropped.
    pub now: Timestamp,
}

/// Spends a ticket for tokens, once: marks it as spent, and keeps the tokens. A spent ticket stays until it expires, so that
/// the second attempt is known for what it is. Without tokens it is only spent.
///
/// ```
/// # use oauth_proto::oauth2::server::Redeem;
/// /// UPDATE tickets SET spent = TRUE WHERE key = ? AND NOT spent; if that was one row, INSERT the tokens: one transaction.
/// fn key(question: &Redeem) -> String {
///     question.key.to_string()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeem {
    /// Its key.
    pub key: TokenHash,
    /// What is kept.
    pub tokens: Option<NewTokens>,
}

/// The answer to [`Redeem`].
///
/// ```
/// use oauth_proto::oauth2::server::Redemption;
///
/// assert_ne!(Redemption::Redeemed, Redemption::Unknown);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// It is spent now, and the tokens are kept.
    Redeemed,
    /// It is spent now, and a unique token was there already, of whose grant it now is: its hash and record.
    Existing(TokenHash, Arc<TokenRecord>),
    /// It had been spent before.
    Replayed,
    /// There is none, or it has been revoked.
    Unknown,
}

impl Command for Redeem {
    type Answer = Redemption;
}

/// Keeps tokens; where they come of another token, only if that one is still there.
///
/// ```
/// # use oauth_proto::oauth2::server::SaveTokens;
/// fn come_of_nothing(question: &SaveTokens) -> bool {
///     question.parent.is_none()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveTokens {
    /// What is kept.
    pub tokens: NewTokens,
    /// The token that they come of.
    pub parent: Option<TokenHash>,
}

/// The answer to [`SaveTokens`].
///
/// ```
/// use oauth_proto::oauth2::server::Saved;
///
/// assert_ne!(Saved::New, Saved::ParentGone);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// They are kept.
    New,
    /// A unique token was there already: its hash and record.
    Existing(TokenHash, Arc<TokenRecord>),
    /// What they come of has been revoked.
    ParentGone,
}

impl Command for SaveTokens {
    type Answer = Saved;
}

/// Finds a token, of either kind.
///
/// ```
/// # use oauth_proto::oauth2::server::{FindToken, TokenHash};
/// let question = FindToken { key: TokenHash::of("2YotnFZFEjr1zCsicMWpAA") };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindToken {
    /// The hash of its value.
    pub key: TokenHash,
}

impl Command for FindToken {
    type Answer = Option<Arc<TokenRecord>>;
}

/// Replaces a refresh token, once: where it is there and has not been replaced, puts `replaced` in its place, and keeps the new
/// tokens.
///
/// ```
/// # use oauth_proto::oauth2::server::Rotate;
/// /// UPDATE tokens SET … WHERE key = ? AND NOT replaced; if that was one row, INSERT the new ones: one transaction.
/// fn key(question: &Rotate) -> String {
///     question.key.to_string()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotate {
    /// The hash of the old refresh token.
    pub key: TokenHash,
    /// Its record from now on.
    pub replaced: Arc<TokenRecord>,
    /// The new ones.
    pub tokens: NewTokens,
}

/// The answer to [`Rotate`].
///
/// ```
/// use oauth_proto::oauth2::server::Rotation;
///
/// assert_ne!(Rotation::Rotated, Rotation::Unknown);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It is replaced now.
    Rotated,
    /// It had been replaced before: its record.
    Replaced(Arc<TokenRecord>),
    /// There is none, or it has been revoked.
    Unknown,
}

impl Command for Rotate {
    type Answer = Rotation;
}

/// Revokes. There is no answer: what is not there is as good as revoked.
///
/// ```
/// # use oauth_proto::oauth2::server::{Revoke, TokenHash};
/// let question = Revoke::Token(TokenHash::of("2YotnFZFEjr1zCsicMWpAA"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoke {
    /// One token.
    Token(TokenHash),
    /// A grant: all its tokens, and its tickets, too.
    Grant(GrantId),
}

impl Command for Revoke {
    type Answer = ();
}

/// A grant without a page, on which the application decides: what [`serve_with`](super::serve_with) hands to it.
///
/// ```
/// use oauth_proto::oauth2::server::{Claim, Decide, Decision, Grant};
///
/// fn decide(question: &Decide) -> Decision {
///     match &question.claim {
///         Claim::Password { username, password } if is_right(username, password.expose()) => {
///             Decision::Granted(Grant::new(username))
///         }
///         _ => Decision::Denied,
///     }
/// }
/// # fn is_right(_: &str, _: &str) -> bool { false }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decide {
    /// The client that asks, authenticated.
    pub client: Arc<ClientRecord>,
    /// The scope that it asks for, and may be granted.
    pub scope: Scope,
    /// The resources that it asks for.
    pub resource: Vec<String>,
    /// What it shows for it.
    pub claim: Claim,
}

/// What a client shows for a grant.
///
/// ```
/// use oauth_proto::oauth2::server::Claim;
///
/// assert_eq!(Claim::Password { username: "jane".into(), password: "x".into() }.grant_type(), "password");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// The resource owner's password (RFC 6749 §4.3).
    Password {
        /// Who.
        username: String,
        /// The password. Whoever checks it has to bound the attempts.
        password: Secret,
    },
    /// Another token (RFC 8693).
    Exchange(Box<Exchange>),
    /// What an extension grant has for it: the request's parameters, without those of the client's authentication.
    Extension {
        /// The grant type.
        grant_type: String,
        /// Names and values. They may be secrets, so `Debug` hides them.
        parameters: Vec<(String, Secret)>,
    },
}

impl Claim {
    /// The `grant_type` of the request.
    pub fn grant_type(&self) -> &str {
        match self {
            Self::Password { .. } => "password",
            Self::Exchange(_) => super::grant_type::TOKEN_EXCHANGE,
            Self::Extension { grant_type, .. } => grant_type,
        }
    }
}

/// A token exchange (RFC 8693 §2.1).
///
/// ```
/// use oauth_proto::oauth2::server::{Decision, Exchange, Grant};
///
/// /// Takes this server's own access tokens alone, for the user that they belong to.
/// fn policy(exchange: &Exchange) -> Decision {
///     match exchange.subject.as_ref().and_then(|subject| subject.grant.user.clone()) {
///         Some(user) if exchange.actor_token.is_none() => Decision::Granted(Grant::new(user)),
///         _ => Decision::Denied,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// Whom the new token is about.
    pub subject_token: Secret,
    /// What kind of token that is.
    pub subject_token_type: String,
    /// What is known of it, if it is a living token of this server's. What is granted then may not exceed its scope, and is
    /// revoked with it.
    pub subject: Option<Arc<TokenRecord>>,
    /// Who acts, and what kind of token that is.
    pub actor_token: Option<(Secret, String)>,
    /// Names of services that the new token is for.
    pub audience: Vec<String>,
    /// What kind of token is wanted; this server gives access tokens.
    pub requested_token_type: Option<String>,
}

/// The application's answer to [`Decide`].
///
/// ```
/// use oauth_proto::oauth2::server::Decision;
///
/// let refusal = Decision::Refused { code: "invalid_target".into(), description: "not for that service".into() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// It is granted.
    Granted(Grant),
    /// It is not: `invalid_grant`.
    Denied,
    /// It is not, and the client is told why.
    Refused {
        /// The error's code (RFC 6749 §5.2).
        code: String,
        /// For the client's developer.
        description: String,
    },
}

impl Command for Decide {
    type Answer = Decision;
}
