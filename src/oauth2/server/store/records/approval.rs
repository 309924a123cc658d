//! The approval of a user.

use serde_json::Value;

use crate::Timestamp;
use crate::oauth2::common::scope::Scope;

/// A user's approval of a client's request: the user, the scope for the client, and data of the
/// application.
///
/// ```
/// use oauth_proto::oauth2::server::Approval;
///
/// let approval = Approval::new("jane")
///     // The scope that the client gets. Without this line: all that it asked for.
///     .scope("photos.read")
///     // This data is stored with every token of the grant.
///     .data(serde_json::json!({ "tenant": 7 }));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Approval {
    /// The identifier of the user in your application. Default: `None`, a user without an
    /// identifier, like in python-oauth2's site adapters.
    pub user: Option<String>,
    /// The scope for the client, if it is narrower than the requested scope. Default: `None`, the
    /// whole requested scope.
    pub scope: Option<Scope>,
    /// The identifier of the user's session at the server. Default: `None`.
    pub session_id: Option<String>,
    /// The time at which the user was authenticated. Default: `None`.
    pub auth_time: Option<Timestamp>,
    /// The authentication context class (`acr`), which says how the user was authenticated.
    /// Default: `None`.
    pub acr: Option<String>,
    /// Data of the application, which is stored with the code and with every token. Clients do not
    /// get it. Default: `null`.
    pub data: Value,
}

impl Approval {
    /// Makes an approval by a user. `user` is the identifier of the user in your application.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..Self::default() }
    }

    /// Sets a scope that is narrower than the requested one.
    pub fn scope(mut self, scope: impl Into<Scope>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Sets data of the application, which is stored with the code and with every token. Clients do
    /// not get it.
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }
}
