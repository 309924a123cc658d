//! The access of a request with a valid token.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::oauth2::{Introspection, Scope};

/// The access of a request whose token is valid for it: the user, the client and the scope.
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

/// The facts about a token from a store or an introspection.
pub(super) trait AccessToken: Any + fmt::Debug + Send + Sync {
    fn user(&self) -> Option<&str>;
    fn client_id(&self) -> Option<&str>;
    fn scope(&self) -> &Scope;
    fn data(&self, member: &str) -> Option<&Value>;
}

/// The empty scope, for a token whose scope is not known.
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

    /// Returns the id of the user who granted access; `None` if the client acts for itself. If
    /// another server has issued the token, this is the `sub` of its introspection response. For a
    /// token without a user, some servers write the client id into `sub`.
    pub fn user(&self) -> Option<&str> {
        self.0.user()
    }

    /// Returns the client id of the client to which the token was issued.
    pub fn client_id(&self) -> Option<&str> {
        self.0.client_id()
    }

    /// Returns the scope of the token.
    pub fn scope(&self) -> &Scope {
        self.0.scope()
    }

    /// Returns a member of the application's data about the grant; `None` if it is missing.
    ///
    /// If the token is in the store, the result is a member of the data that the application has
    /// stored with the grant. If another server has issued the token, the result is an extra member
    /// of its introspection response. This crate's authorization server adds the members that
    /// [`introspect_data`](crate::oauth2::server::ProviderBuilder::introspect_data) names to that
    /// response.
    pub fn data(&self, member: &str) -> Option<&Value> {
        self.0.data(member)
    }
}
