//! The approval of a resource owner, RFC 5849 §2.2.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The approval of a resource owner: the user, and data of the application.
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
    /// The identifier of the user in your application.
    pub user: String,
    /// Data of the application, such as a scope or a duration. Default: null.
    #[serde(default)]
    pub data: serde_json::Value,
    /// Parameters for the client in the token response, such as `user_id` and `screen_name`.
    /// Parameters whose names begin with `oauth_` are not sent. Default: empty.
    #[serde(default)]
    pub response_parameters: BTreeMap<String, String>,
}

impl Approval {
    /// Makes an approval by a user, without data and parameters. `user` is the identifier of the
    /// user in your application.
    pub fn new(user: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            data: serde_json::Value::Null,
            response_parameters: BTreeMap::new(),
        }
    }
}
