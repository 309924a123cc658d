//! The query that exchanges temporary credentials for a token: RFC 5849 §2.3.

use subtle::ConstantTimeEq;

use super::temporary_record::{Stage, TemporaryRecord};
use super::token_record::TokenRecord;
use crate::core::query::ServerQuery;
use crate::{Secret, Timestamp};

/// The query that exchanges temporary credentials for a token. Remove the record in any case, call
/// [`TemporaryRecord::redeem`] on it, and store the token that it returns.
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
    /// The identifier of the temporary credentials.
    pub temporary: String,
    /// The identifier of the client that sent the request.
    pub client_key: String,
    /// The hash of the verifier in the request.
    pub verifier: String,
    /// The identifier of the new token.
    pub token: String,
    /// The secret of the new token.
    pub secret: Secret,
    /// The time at which the new token expires. `None` if it does not expire.
    pub expires_at: Option<Timestamp>,
    /// The current time.
    pub now: Timestamp,
}

impl Redeem {
    /// Makes the query for temporary credentials of a client, for tests of a store. The other
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

/// The output of [`Redeem`].
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
    /// The token is stored under its identifier.
    Redeemed(TokenRecord),
    /// The temporary credentials are unknown, not approved, expired or another client's, or the
    /// verifier is wrong. The temporary credentials cannot be used any more.
    Refused,
}

impl ServerQuery for Redeem {
    type Output = Redemption;
}

impl TemporaryRecord {
    /// Returns the result for temporary credentials that the store has just removed. A store calls
    /// it in its implementation of [`Redeem`].
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
