//! What a user allows.

use serde_json::Value;

use super::grant_record::GrantRecord;
use crate::oauth2::common::scope::Scope;

/// What somebody grants to a client: who it is, what the client may do, and whatever the application keeps with it.
///
/// ```
/// use oauth_proto::oauth2::server::Approval;
///
/// let approval = Approval::new("jane") // may do all that was asked
///     .scope("photos.read") // or only this
///     .data(serde_json::json!({ "tenant": 7 })); // for the application, with every token that comes of it
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approval {
    pub(crate) user: Option<String>,
    pub(crate) scope: Option<Scope>,
    pub(crate) data: Value,
}

impl Approval {
    /// Granted by that user, as the application identifies them.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..Self::default() }
    }

    /// Granted by nobody in particular, as python-oauth2's site adapters may do.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// Grants what was granted before, for the same user and with the same data: the answer to
    /// [`GrantCredential::Refresh`](crate::oauth2::server::GrantCredential::Refresh).
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::{GrantCredential, Decision, Approval};
    ///
    /// fn decide(credential: &GrantCredential) -> Decision {
    ///     match credential {
    ///         GrantCredential::Refresh(grant) if grant.user.as_deref() != Some("mallory") => Decision::Granted(Approval::of(grant)),
    ///         _ => Decision::Denied,
    ///     }
    /// }
    /// ```
    pub fn of(record: &GrantRecord) -> Self {
        Self { user: record.user.clone(), scope: None, data: record.data.clone() }
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
