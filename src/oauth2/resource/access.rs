//! What a token gives access to.

use std::sync::Arc;

use serde_json::Value;

use crate::oauth2::server::TokenRecord;
use crate::oauth2::{Introspection, Scope};

/// A request whose token is good for what it asks: who grants access to whom, and what for.
///
/// ```
/// use oauth_proto::oauth2::resource::Access;
///
/// fn albums(access: &Access) -> String {
///     match access.user() {
///         Some(user) => format!("the albums of {user}"),
///         None => "what belongs to no user".into(),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Access(Source);

#[derive(Clone, Debug)]
enum Source {
    Stored(Arc<TokenRecord>),
    Told(Arc<Introspection>),
}

/// A token about which nobody says what it may do may do nothing.
static NOTHING: std::sync::LazyLock<Scope> = std::sync::LazyLock::new(Scope::default);

impl Access {
    pub(super) fn stored(record: Arc<TokenRecord>) -> Self {
        Self(Source::Stored(record))
    }

    pub(super) fn introspected(introspection: Arc<Introspection>) -> Self {
        Self(Source::Told(introspection))
    }

    /// The user who granted access; `None` where a client acts for itself.
    pub fn user(&self) -> Option<&str> {
        match &self.0 {
            Source::Stored(record) => record.grant.user.as_deref(),
            Source::Told(introspection) => introspection.sub.as_deref(),
        }
    }

    /// The client that shows the token.
    pub fn client_id(&self) -> Option<&str> {
        match &self.0 {
            Source::Stored(record) => Some(&record.grant.client_id),
            Source::Told(introspection) => introspection.client_id.as_deref(),
        }
    }

    /// What the token may do.
    pub fn scope(&self) -> &Scope {
        match &self.0 {
            Source::Stored(record) => record.scope(),
            Source::Told(introspection) => introspection.scope.as_ref().unwrap_or(&NOTHING),
        }
    }

    /// Returns a member of the application's own data that were granted with the token, where the token is in the store; for a
    /// token of another server, a further member of its introspection answer. The authorization server of this crate tells there what
    /// [`introspect_data`](crate::oauth2::server::ProviderBuilder::introspect_data) names.
    pub fn data(&self, member: &str) -> Option<&Value> {
        match &self.0 {
            Source::Stored(record) => record.grant.data.get(member),
            Source::Told(introspection) => introspection.extra.get(member),
        }
    }

    /// The token's record, where it is in the store.
    pub fn record(&self) -> Option<&TokenRecord> {
        match &self.0 {
            Source::Stored(record) => Some(record),
            Source::Told(_) => None,
        }
    }
}
