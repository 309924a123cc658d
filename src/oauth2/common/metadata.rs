//! The metadata that authorization servers and protected resources publish about themselves: RFC
//! 8414 §2, RFC 9728 §2.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::wire::{lenient, points_into_private_network};

/// An authorization server's metadata, or an OpenID provider's. Members without a field here are in
/// `extra`.
///
/// ```
/// use oauth_proto::oauth2::{AuthorizationServer, Metadata};
///
/// let metadata: Metadata = serde_json::from_str(
///     r#"{"issuer": "https://auth.example.com",
///         "token_endpoint": "https://auth.example.com/token"}"#,
/// )?;
/// let server = AuthorizationServer::from_metadata(&metadata)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Metadata {
    /// The issuer identifier. `None` only if a [`Discovery`](crate::oauth2::Discovery) was allowed
    /// to do without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The endpoint at which users grant access.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub authorization_endpoint: Option<String>,
    /// The endpoint that issues tokens.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub token_endpoint: Option<String>,
    /// The server's public keys.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub jwks_uri: Option<String>,
    /// The endpoint at which clients register (RFC 7591).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub registration_endpoint: Option<String>,
    /// Scopes that it knows, as far as it tells.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub scopes_supported: Option<Vec<String>>,
    /// Response types that it knows.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub response_types_supported: Option<Vec<String>>,
    /// Response modes that it knows.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub response_modes_supported: Option<Vec<String>>,
    /// Grants that it knows.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub grant_types_supported: Option<Vec<String>>,
    /// The methods by which clients may authenticate at the token endpoint.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// The endpoint that revokes tokens (RFC 7009).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub revocation_endpoint: Option<String>,
    /// The methods by which clients may authenticate there. If the list is missing:
    /// `client_secret_basic` (RFC 8414 §2).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub revocation_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// The endpoint that introspects tokens (RFC 7662).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub introspection_endpoint: Option<String>,
    /// The methods by which callers may authenticate there.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub introspection_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Methods of proof keys that it knows (RFC 7636).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// The endpoint at which devices ask for a user code (RFC 8628).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub device_authorization_endpoint: Option<String>,
    /// The endpoint that takes pushed authorization requests (RFC 9126).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub pushed_authorization_request_endpoint: Option<String>,
    /// Whether authorization requests must be pushed.
    #[serde(
        skip_serializing_if = "std::ops::Not::not",
        deserialize_with = "lenient::optional_flag"
    )]
    pub require_pushed_authorization_requests: bool,
    /// Whether the server names itself in every callback (RFC 9207).
    #[serde(
        skip_serializing_if = "std::ops::Not::not",
        deserialize_with = "lenient::optional_flag"
    )]
    pub authorization_response_iss_parameter_supported: bool,
    /// The endpoint at which an OpenID provider returns claims about the user.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub userinfo_endpoint: Option<String>,
    /// The endpoint at which an OpenID provider ends a session.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub end_session_endpoint: Option<String>,
    /// Every other member.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Metadata {
    /// Returns an endpoint that is further inside this network than that issuer, so that the issuer
    /// must not name it.
    pub(crate) fn inside(&self, issuer: &str) -> Option<&str> {
        self.endpoints().find(|url| points_into_private_network(issuer, url))
    }

    /// Returns the URLs to which a client sends requests, secrets or its user.
    fn endpoints(&self) -> impl Iterator<Item = &str> {
        let endpoints = [
            &self.authorization_endpoint,
            &self.token_endpoint,
            &self.jwks_uri,
            &self.registration_endpoint,
            &self.revocation_endpoint,
            &self.introspection_endpoint,
            &self.device_authorization_endpoint,
            &self.pushed_authorization_request_endpoint,
            &self.userinfo_endpoint,
            &self.end_session_endpoint,
        ];
        // RFC 8705 §5: the same endpoints for clients that show a certificate.
        let aliases = self
            .extra
            .get("mtls_endpoint_aliases")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let aliases = aliases.filter_map(|(_, url)| url.as_str());
        endpoints.into_iter().filter_map(Option::as_deref).chain(aliases)
    }
}

/// A protected resource's metadata (RFC 9728 §2).
///
/// ```
/// use oauth_proto::oauth2::ResourceMetadata;
///
/// let metadata: ResourceMetadata = serde_json::from_str(
///     r#"{"resource": "https://photos.example.com",
///         "authorization_servers": ["https://auth.example.com"]}"#,
/// )?;
/// assert_eq!(metadata.authorization_servers, ["https://auth.example.com"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceMetadata {
    /// The resource identifier.
    pub resource: String,
    /// Issuers whose tokens it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_servers: Vec<String>,
    /// Scopes that it knows, as far as it tells.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub scopes_supported: Option<Vec<String>>,
    /// The places at which it takes tokens: `header`, `body`, `query`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub bearer_methods_supported: Option<Vec<String>>,
    /// Its name, for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// Every other member.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
