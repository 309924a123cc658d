//! What the operator of a server has decided, as its endpoints read it.

use std::sync::Arc;
use std::time::Duration;

use super::client_source::Authentications;
use super::generator::TokenGenerator;
use super::grant_type::GrantType;
use super::paths::Paths;
use super::registration_policy::RegistrationPolicy;
use crate::oauth2::server::store::records::client_record::AnyPort;
use crate::{Secret, Timestamp};

#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) issuer: String,
    pub(crate) paths: Paths,
    pub(crate) grant_types: Vec<GrantType>,
    pub(crate) authentications: Authentications,
    pub(crate) generator: Arc<dyn TokenGenerator>,
    pub(crate) token_reuse_keys: Vec<ReuseKey>,
    pub(crate) dangerous_short_keys: bool,
    pub(crate) reuse_all: bool,
    pub(crate) scope_separator: char,
    pub(crate) resources: Vec<String>,
    pub(crate) resource_required: bool,
    pub(crate) pkce_for_all: bool,
    pub(crate) plain_pkce: bool,
    pub(crate) only_pushed: bool,
    pub(crate) code_lifetime: Duration,
    pub(crate) device_lifetime: Duration,
    pub(crate) device_interval: Duration,
    pub(crate) complete_uri: bool,
    pub(crate) pushed_lifetime: Duration,
    pub(crate) registration: RegistrationPolicy,
    /// Whether the application is asked about token answers, and about those of introspection.
    pub(crate) extends_tokens: bool,
    pub(crate) extends_introspection: bool,
    /// Members of grants' data that introspection tells.
    pub(crate) introspected: Vec<String>,
    pub(crate) private_schemes: PrivateSchemes,
    pub(crate) any_port: AnyPort,
    pub(crate) metadata: serde_json::Map<String, serde_json::Value>,
}

/// A key of reusable tokens, and when the next one takes its place.
#[derive(Clone, Debug)]
pub(crate) struct ReuseKey {
    pub(crate) key: Secret,
    pub(crate) ends_at: Option<Timestamp>,
}

/// Which schemes of their own clients may register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PrivateSchemes {
    /// A domain name in reverse, which has a dot (RFC 8252 §7.1).
    #[default]
    Reversed,
    Any,
}
