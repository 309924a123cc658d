//! What a server keeps: clients, tokens, temporary credentials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::queries::{Redeem, Redemption};
use super::schedules::Schedules;
use super::verifier::hex;
use crate::oauth1::Method;
use crate::{Error, Secret, Timestamp, Unsupported};

/// A client as the server knows it.
///
/// ```
/// use oauth_proto::oauth1::server::ClientRecord;
///
/// let client = ClientRecord::with_secret("kd94hf93k423kf44")?.add_callback("https://printer.example.com/ready");
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientRecord {
    pub(super) secret: Option<Secret>,
    pub(super) keys: Vec<Method>,
    pub(super) callbacks: Vec<String>,
    pub(super) schedules: Schedules,
}

impl ClientRecord {
    /// Returns the record of a client that signs with a shared secret. HMAC needs the secret itself, so it cannot be stored as
    /// a hash (RFC 5849 §4.5).
    ///
    /// # Errors
    /// [`Unsupported::ShortSecret`] when it is empty: whoever knows the client's identifier could sign for it.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth1::server::ClientRecord;
    ///
    /// assert!(ClientRecord::with_secret("kd94hf93k423kf44").is_ok());
    /// assert!(ClientRecord::with_secret("").is_err());
    /// ```
    pub fn with_secret(secret: impl Into<Secret>) -> Result<Self, Error> {
        let secret = secret.into();
        if secret.is_empty() {
            return Err(Unsupported::ShortSecret { length: 0, least: 1 }.into());
        }
        Ok(Self { secret: Some(secret), keys: Vec::new(), callbacks: Vec::new(), schedules: Schedules::default() })
    }

    /// A client that signs with a private key. `key` is the method with its public key; only that method is accepted.
    pub fn with_key(key: Method) -> Self {
        Self { secret: None, keys: vec![key], callbacks: Vec::new(), schedules: Schedules::default() }
    }

    /// Registers a callback. Once there is one, callbacks must equal a registered one, byte for byte; before, the
    /// client, which signs it, may name any.
    pub fn add_callback(mut self, uri: impl Into<String>) -> Self {
        self.callbacks.push(uri.into());
        self
    }
}

/// What a resource owner has granted: who it was, and whatever the application wants to keep with it.
///
/// ```
/// use oauth_proto::oauth1::server::Approval;
///
/// let approval = Approval::new("jane")
///     .data(serde_json::json!({ "albums": ["vacation"] })) // for the application, at every request
///     .response_parameter("screen_name", "jane_d"); // for the client, with the token
/// assert_eq!(approval.user, "jane");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The resource owner.
    pub user: String,
    /// The application's own: scope, duration, what it likes.
    #[serde(default)]
    pub data: serde_json::Value,
    /// What the client is told with the token: `user_id`, `screen_name`, …
    #[serde(default)]
    pub response_parameters: BTreeMap<String, String>,
}

impl Approval {
    /// Returns an approval by that user.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: user.into(), data: serde_json::Value::Null, response_parameters: BTreeMap::new() }
    }

    /// A further field of the answer that brings the client its token. Names that begin with `oauth_` are left out there.
    pub fn response_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.response_parameters.insert(name.into(), value.into());
        self
    }

    /// With data of the application's.
    pub fn data(mut self, data: serde_json::Value) -> Self {
        self.data = data;
        self
    }
}

/// Token credentials as the server keeps them, under the token's identifier.
///
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth1::server::{Approval, TokenRecord};
///
/// let mut record = TokenRecord::new("pfkkdhi9sl3r4s00", "dpf43f3p2l4k3l03", Approval::new("jane"));
/// record.expires_at = Some(Timestamp::from_secs(137_134_800));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// The token's shared secret.
    pub secret: Secret,
    /// The client that it was issued to.
    pub client_key: String,
    /// When it expires, if ever. The store may drop it then.
    pub expires_at: Option<Timestamp>,
    /// What was granted.
    pub approval: Approval,
    #[serde(skip)]
    pub(super) schedules: Schedules,
}

impl TokenRecord {
    /// Returns the record of a token that does not expire.
    ///
    /// ```
    /// use oauth_proto::oauth1::server::{Approval, TokenRecord};
    ///
    /// let record = TokenRecord::new("pfkkdhi9sl3r4s00", "dpf43f3p2l4k3l03", Approval::new("jane"));
    /// assert_eq!(record.expires_at, None);
    /// ```
    pub fn new(secret: impl Into<Secret>, client: impl Into<String>, grant: Approval) -> Self {
        Self {
            secret: secret.into(),
            client_key: client.into(),
            expires_at: None,
            approval: grant,
            schedules: Schedules::default(),
        }
    }
}

/// Temporary credentials as the server keeps them, under their identifier.
///
/// ```
/// use oauth_proto::oauth1::server::TemporaryRecord;
///
/// fn may_be_dropped(record: &TemporaryRecord, now: oauth_proto::Timestamp) -> bool {
///     record.expires_at <= now
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemporaryRecord {
    /// The credentials' shared secret.
    pub secret: Secret,
    /// The client that they were issued to.
    pub client_key: String,
    /// The callback, or `oob`.
    pub callback: String,
    /// The realm that the client asked for.
    pub realm: Option<String>,
    /// Parameters of the application's own that the client sent along.
    pub parameters: BTreeMap<String, String>,
    /// When they expire. The store may drop them then.
    pub expires_at: Timestamp,
    /// How far the resource owner is.
    pub stage: Stage,
}

/// How far temporary credentials have come.
///
/// ```
/// use oauth_proto::oauth1::server::Stage;
///
/// assert_ne!(Stage::Waiting, Stage::Granted { verifier: "hash".into(), approval: oauth_proto::oauth1::server::Approval::new("jane") });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The resource owner has not decided.
    Waiting,
    /// The resource owner has granted access.
    Granted {
        /// The hash of the verifier.
        verifier: String,
        /// What was granted.
        approval: Approval,
    },
}

impl TemporaryRecord {
    /// The token that a redemption yields, if these credentials, which the store has just removed, are worth one: for
    /// stores to call inside [`Redeem`].
    pub fn redeem(self, query: &Redeem) -> Redemption {
        let Stage::Granted { verifier, approval: grant } = self.stage else {
            return Redemption::Refused;
        };
        let right = verifier.as_bytes().ct_eq(query.verifier.as_bytes());
        if !bool::from(right) || self.client_key != query.client_key || self.expires_at <= query.now {
            return Redemption::Refused;
        }
        let record = TokenRecord::new(&query.secret, self.client_key, grant);
        Redemption::Redeemed(TokenRecord { expires_at: query.expires_at, ..record })
    }
}

/// The hash under which a verifier is kept. People copy some of them by hand, so upper and lower case are the same; none
/// of ours says more by its case.
pub(super) fn hashed(verifier: &str) -> String {
    hex(&Sha256::digest(verifier.to_ascii_lowercase()))
}
