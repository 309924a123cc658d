//! The approval of a resource owner, RFC 5849 §2.2.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The approval of a resource owner: the user, and data that the application keeps with it.
///
/// ```
/// use oauth_proto::oauth1::server::Approval;
///
/// let mut approval = Approval::new("jane");
/// // For the application, at every request.
/// approval.data = serde_json::json!({ "albums": ["vacation"] });
/// // For the client, with the token.
/// approval.response_parameters.insert("screen_name".into(), "jane_d".into());
/// assert_eq!(approval.user, "jane");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Approval {
    /// The resource owner.
    pub user: String,
    /// The application's own: scope, duration, what it likes. Default: null.
    #[serde(default)]
    pub data: serde_json::Value,
    /// Parameters that the client receives with the token: `user_id`, `screen_name`, … Names that
    /// begin with `oauth_` are left out there. Default: empty.
    #[serde(default)]
    pub response_parameters: BTreeMap<String, String>,
}

impl Approval {
    /// Returns an approval by that user.
    pub fn new(user: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            data: serde_json::Value::Null,
            response_parameters: BTreeMap::new(),
        }
    }
}
