//! The query that exchanges temporary credentials for a token, RFC 5849 §2.3.

use subtle::ConstantTimeEq;

use super::temporary_record::{Stage, TemporaryRecord};
use super::token_record::TokenRecord;
use crate::core::query::ServerQuery;
use crate::{Secret, Timestamp};

/// Exchanges temporary credentials for a token, once: removes the record in any case, lets
/// [`TemporaryRecord::redeem`] judge it, and keeps the resulting token.
///
/// ```
/// use oauth_proto::oauth1::server::store::{Redeem, Redemption, TemporaryRecord};
///
/// fn redeem(removed: Option<TemporaryRecord>, query: &Redeem) -> Redemption {
///     removed.map_or(Redemption::Refused, |record| record.redeem(query))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

impl Redeem {
    /// Returns the query for temporary credentials of a client's, for tests of a store. The other
    /// fields are empty, and can be changed.
    pub fn new(
        temporary: impl Into<String>,
        client_key: impl Into<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            temporary: temporary.into(),
            client_key: client_key.into(),
            verifier: String::new(),
            token: String::new(),
            secret: Secret::new(""),
            expires_at: None,
            now,
        }
    }
}

/// The answer to [`Redeem`].
///
/// ```
/// use oauth_proto::oauth1::server::Approval;
/// use oauth_proto::oauth1::server::store::{Redemption, TokenRecord};
///
/// let record = TokenRecord::new("secret", "dpf43f3p2l4k3l03", Approval::new("jane"));
/// assert_ne!(Redemption::Refused, Redemption::Redeemed(record));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redemption {
    /// The token is kept under its identifier.
    Redeemed(TokenRecord),
    /// Not known, not granted, expired, another client's, or with a wrong verifier. The credentials
    /// are used up.
    Refused,
}

impl ServerQuery for Redeem {
    type Output = Redemption;
}

impl TemporaryRecord {
    /// Returns the result of redeeming these credentials, which the store has just removed. Stores
    /// call it inside [`Redeem`].
    pub fn redeem(self, query: &Redeem) -> Redemption {
        let Stage::Granted { verifier, approval } = self.stage else {
            return Redemption::Refused;
        };
        let right = verifier.as_bytes().ct_eq(query.verifier.as_bytes());
        if !bool::from(right) || self.client_key != query.client_key || self.expires_at <= query.now
        {
            return Redemption::Refused;
        }
        let record = TokenRecord::new(&query.secret, self.client_key, approval);
        Redemption::Redeemed(TokenRecord { expires_at: query.expires_at, ..record })
    }
}
