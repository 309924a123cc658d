//! The access that a token gives.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::oauth2::{Introspection, Scope};

/// The access of a request whose token is valid for what it asks: the user, the client and the
/// scope.
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
pub struct Access(Arc<dyn AccessToken>);

/// The facts that are known of a token, whatever their source.
pub(super) trait AccessToken: Any + fmt::Debug + Send + Sync {
    fn user(&self) -> Option<&str>;
    fn client_id(&self) -> Option<&str>;
    fn scope(&self) -> &Scope;
    fn data(&self, member: &str) -> Option<&Value>;
}

/// A token whose scope is not known may do nothing.
static NOTHING: std::sync::LazyLock<Scope> = std::sync::LazyLock::new(Scope::default);

impl AccessToken for Introspection {
    fn user(&self) -> Option<&str> {
        self.sub.as_deref()
    }

    fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    fn scope(&self) -> &Scope {
        self.scope.as_ref().unwrap_or(&NOTHING)
    }

    fn data(&self, member: &str) -> Option<&Value> {
        self.extra.get(member)
    }
}

impl Access {
    pub(super) fn of(token: Arc<dyn AccessToken>) -> Self {
        Self(token)
    }

    pub(super) fn token(&self) -> &dyn AccessToken {
        &*self.0
    }

    /// Returns the user who granted access; `None` if a client acts for itself.
    pub fn user(&self) -> Option<&str> {
        self.0.user()
    }

    /// Returns the client that shows the token.
    pub fn client_id(&self) -> Option<&str> {
        self.0.client_id()
    }

    /// Returns the scope of the token.
    pub fn scope(&self) -> &Scope {
        self.0.scope()
    }

    /// Returns a member of the application's data that were granted with the token, if the token is
    /// in the store; for a token of another server, returns a further member of its introspection
    /// answer. The authorization server of this crate tells there what
    /// [`introspect_data`](crate::oauth2::server::ProviderBuilder::introspect_data) names.
    pub fn data(&self, member: &str) -> Option<&Value> {
        self.0.data(member)
    }
}
