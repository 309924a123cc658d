//! The approval of a user.

use serde_json::Value;

use crate::Timestamp;
use crate::oauth2::common::scope::Scope;

/// The approval of a user to a client: the user, the scope that the client gets, and the data that
/// the application keeps with it.
///
/// ```
/// use oauth_proto::oauth2::server::Approval;
///
/// let approval = Approval::new("jane")
///     // The scope that the client gets. Without this line: all that it asked for.
///     .scope("photos.read")
///     // For the application, with every token of the grant.
///     .data(serde_json::json!({ "tenant": 7 }));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Approval {
    /// The user, as the application identifies them. Default: `None`, a user without a name, as
    /// python-oauth2's site adapters allow it.
    pub user: Option<String>,
    /// The scope that the client gets, if that is less than it asked for. Default: `None`, which
    /// means all that it asked for.
    pub scope: Option<Scope>,
    /// The user's session at the server. Default: `None`.
    pub session_id: Option<String>,
    /// The time at which the user was authenticated. Default: `None`.
    pub auth_time: Option<Timestamp>,
    /// The way in which the user was authenticated: an authentication context class. Default:
    /// `None`.
    pub acr: Option<String>,
    /// Data of the application, which are kept with the code and with every token. No client sees
    /// them. Default: `null`.
    pub data: Value,
}

impl Approval {
    /// Makes an approval by that user, as the application identifies them.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..Self::default() }
    }

    /// Sets a scope that is less than what was asked.
    pub fn scope(mut self, scope: impl Into<Scope>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Sets data of the application, which are kept with the code and with every token. No client
    /// sees them.
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }
}
