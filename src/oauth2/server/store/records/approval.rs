//! What a user allows.

use serde_json::Value;

use crate::Timestamp;
use crate::oauth2::common::scope::Scope;

/// What somebody grants to a client: who it is, what the client may do, and whatever the
/// application keeps with it.
///
/// ```
/// use oauth_proto::oauth2::server::Approval;
///
/// let approval = Approval::new("jane") // may do all that was asked
///     .scope("photos.read") // or only this
///     .data(serde_json::json!({ "tenant": 7 })); // for the application, with every token that comes of it
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Approval {
    /// The user, as the application identifies them. The default is `None`: a user whom nobody
    /// names, as python-oauth2's site adapters allow it.
    pub user: Option<String>,
    /// What the client may do, where that is less than it asked for. The default is `None`: all
    /// that it asked for.
    pub scope: Option<Scope>,
    /// The user's session at the server. The default is `None`.
    pub session_id: Option<String>,
    /// When the user was authenticated. The default is `None`.
    pub auth_time: Option<Timestamp>,
    /// How the user was authenticated: an authentication context class. The default is `None`.
    pub acr: Option<String>,
    /// Data of the application's, kept with the code and with every token. No client sees them. The
    /// default is `null`.
    pub data: Value,
}

impl Approval {
    /// Granted by that user, as the application identifies them.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..Self::default() }
    }

    /// Less than what was asked.
    pub fn scope(mut self, scope: impl Into<Scope>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Data of the application's, kept with the code and with every token. No client sees them.
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }
}
