//! What a server asks of storage.
//!
//! Every query is one atomic step. A store that does two steps for one of them can be raced: two requests with the
//! same nonce, or two exchanges of the same temporary credentials, would both succeed.

use std::sync::Arc;

use super::records::{ClientRecord, Stage, TemporaryRecord, TokenRecord};
use crate::{OneTimeUse, Secret, ServerQuery, Timestamp};

/// Finds what a signature is checked with.
///
/// ```
/// use oauth_proto::oauth1::server::FindCredentials;
///
/// let query = FindCredentials { client_key: "dpf43f3p2l4k3l03".into(), token: None, temporary: false };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindCredentials {
    /// The client's identifier.
    pub client_key: String,
    /// The token's identifier, if the request has one.
    pub token: Option<String>,
    /// Whether the token is one of temporary credentials.
    pub temporary: bool,
}

/// The answer to [`FindCredentials`]: each part `None` where there is none. Both are looked for in any case, so that
/// finding neither takes as long as finding one.
///
/// Records are shared: a store that keeps them in memory answers with the pointers that it holds, and the records keep what
/// was computed from their secrets for the next request. A store that makes them anew for each answer puts them into new
/// pointers.
///
/// ```
/// use oauth_proto::oauth1::server::{ClientRecord, FoundCredentials};
///
/// let client = ClientRecord::with_secret("secret")?;
/// let found = FoundCredentials { client: Some(client.into()), token: None, temporary: None };
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct FoundCredentials {
    /// The client.
    pub client: Option<Arc<ClientRecord>>,
    /// The token, if one was asked for.
    pub token: Option<Arc<TokenRecord>>,
    /// The temporary credentials, if they were asked for.
    pub temporary: Option<Arc<TemporaryRecord>>,
}

impl ServerQuery for FindCredentials {
    type Output = FoundCredentials;
}

/// Remembers a nonce, and tells whether it was there already: in one step.
///
/// A store that forgets nonces when their time has passed must answer [`OneTimeUse::Replay`] where `until` is not later than
/// the latest `now` that it has forgotten by: it cannot know any more. Requests overtake each other, and clocks step back.
///
/// ```
/// use oauth_proto::{Timestamp, oauth1::server::RememberNonce};
///
/// let query = RememberNonce {
///     client_key: "dpf43f3p2l4k3l03".into(),
///     token: None,
///     timestamp: Timestamp::from_secs(137131202),
///     nonce: "chapoH".into(),
///     until: Timestamp::from_secs(137131503),
///     now: Timestamp::from_secs(137131202),
/// };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberNonce {
    /// The client's identifier.
    pub client_key: String,
    /// The token's identifier.
    pub token: Option<String>,
    /// The timestamp, which is part of what must be unique (RFC 5849 §3.3).
    pub timestamp: Timestamp,
    /// The nonce.
    pub nonce: String,
    /// Until when it must be remembered. Afterwards the timestamp itself is refused.
    pub until: Timestamp,
    /// The time. What had to be remembered until then may be forgotten.
    pub now: Timestamp,
}

impl ServerQuery for RememberNonce {
    type Output = OneTimeUse;
}

/// Keeps new temporary credentials.
///
/// ```
/// fn key(query: &oauth_proto::oauth1::server::SaveTemporary) -> &str {
///     &query.token
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveTemporary {
    /// Their identifier.
    pub token: String,
    /// What is kept.
    pub record: TemporaryRecord,
    /// The time. What has expired by then may be dropped.
    pub now: Timestamp,
}

impl ServerQuery for SaveTemporary {
    type Output = ();
}

/// Finds temporary credentials for the page where the resource owner decides.
///
/// ```
/// let query = oauth_proto::oauth1::server::FindTemporary { token: "hh5s93j4hdidpola".into() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindTemporary {
    /// Their identifier.
    pub token: String,
}

impl ServerQuery for FindTemporary {
    type Output = Option<TemporaryRecord>;
}

/// Notes the resource owner's decision, if there is still one to make: where the record is [`Stage::Waiting`], replaces
/// the stage, or removes the record where `stage` is `None`. Answers with the record as it was; with `None`, and without
/// a change, where there is no such record, it is another client's, or it is past waiting.
///
/// ```
/// use oauth_proto::oauth1::server::RecordDecision;
///
/// let denial = RecordDecision { token: "hh5s93j4hdidpola".into(), client_key: "dpf43f3p2l4k3l03".into(), stage: None };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordDecision {
    /// The temporary credentials' identifier.
    pub token: String,
    /// The client that the decision is about. Where the record is another client's, nothing is decided.
    pub client_key: String,
    /// The new stage; `None` for a denial.
    pub stage: Option<Stage>,
}

impl ServerQuery for RecordDecision {
    type Output = Option<TemporaryRecord>;
}

/// Exchanges temporary credentials for a token, once: removes the record in any case, lets
/// [`TemporaryRecord::redeem`] judge it, and keeps the token that comes of it.
///
/// ```
/// use oauth_proto::oauth1::server::{Redeem, Redemption, TemporaryRecord};
///
/// fn redeem(removed: Option<TemporaryRecord>, query: &Redeem) -> Redemption {
///     removed.map_or(Redemption::Refused, |record| record.redeem(query))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeem {
    /// The temporary credentials' identifier.
    pub temporary: String,
    /// The client that asks.
    pub client_key: String,
    /// The hash of the verifier that it sent.
    pub verifier: String,
    /// The new token's identifier.
    pub token: String,
    /// The new token's secret.
    pub secret: Secret,
    /// When the new token expires.
    pub expires_at: Option<Timestamp>,
    /// The time.
    pub now: Timestamp,
}

/// The answer to [`Redeem`].
///
/// ```
/// use oauth_proto::oauth1::server::{Approval, Redemption, TokenRecord};
///
/// let record = TokenRecord::new("secret", "dpf43f3p2l4k3l03", Approval::new("jane"));
/// assert_ne!(Redemption::Refused, Redemption::Redeemed(record));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// The token is kept under its identifier.
    Redeemed(TokenRecord),
    /// Not known, not granted, expired, another client's, or with a wrong verifier. The credentials are used.
    Refused,
}

impl ServerQuery for Redeem {
    type Output = Redemption;
}
