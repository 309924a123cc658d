//! What a resource owner has granted, RFC 5849 §2.2.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
#[non_exhaustive]
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
