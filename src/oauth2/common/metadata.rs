//! The metadata that authorization servers and protected resources publish, RFC 8414 §2, RFC 9728
//! §2.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::wire::{lenient, points_into_private_network};

/// The metadata of an authorization server or OpenID provider (RFC 8414 §2). Members without a
/// field here are in [`extra`](field@Self::extra).
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
    /// The issuer identifier. It is `None` only if an option of
    /// [`Discovery`](crate::oauth2::Discovery) allows this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The endpoint to which users are sent to grant access.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub authorization_endpoint: Option<String>,
    /// The endpoint that issues tokens.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub token_endpoint: Option<String>,
    /// The URL of the server's public keys.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub jwks_uri: Option<String>,
    /// The endpoint at which clients register (RFC 7591).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub registration_endpoint: Option<String>,
    /// The scopes that the server supports. The list may be incomplete.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub scopes_supported: Option<Vec<String>>,
    /// The response types that the server supports.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub response_types_supported: Option<Vec<String>>,
    /// The response modes that the server supports.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub response_modes_supported: Option<Vec<String>>,
    /// The grant types that the server supports.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub grant_types_supported: Option<Vec<String>>,
    /// The methods by which clients may authenticate at the token endpoint.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// The endpoint that revokes tokens (RFC 7009).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub revocation_endpoint: Option<String>,
    /// The methods by which clients may authenticate at the revocation endpoint. `None` means
    /// `client_secret_basic` (RFC 8414 §2).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub revocation_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// The endpoint that introspects tokens (RFC 7662).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub introspection_endpoint: Option<String>,
    /// The methods by which clients and APIs may authenticate at the introspection endpoint.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub introspection_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// The PKCE methods that the server supports (RFC 7636), such as `S256`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// The endpoint at which devices request a user code (RFC 8628).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub device_authorization_endpoint: Option<String>,
    /// The endpoint that accepts pushed authorization requests (RFC 9126).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub pushed_authorization_request_endpoint: Option<String>,
    /// Whether the server accepts only authorization requests that were pushed (RFC 9126).
    #[serde(
        skip_serializing_if = "std::ops::Not::not",
        deserialize_with = "lenient::optional_flag"
    )]
    pub require_pushed_authorization_requests: bool,
    /// Whether the server names itself in every callback (`iss`, RFC 9207).
    #[serde(
        skip_serializing_if = "std::ops::Not::not",
        deserialize_with = "lenient::optional_flag"
    )]
    pub authorization_response_iss_parameter_supported: bool,
    /// The endpoint at which an OpenID provider returns claims about the user.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub userinfo_endpoint: Option<String>,
    /// The endpoint at which an OpenID provider signs the user out.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::url")]
    pub end_session_endpoint: Option<String>,
    /// All other members, by their names.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Metadata {
    /// Returns an endpoint that is on a more internal host than the issuer, so the metadata must
    /// not contain it.
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
        // RFC 8705 §5: the same endpoints for clients with a certificate.
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

/// The metadata of a protected resource (RFC 9728 §2).
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
    /// The resource identifier: the URL of the protected resource.
    pub resource: String,
    /// The issuer identifiers of the authorization servers whose tokens the resource accepts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_servers: Vec<String>,
    /// The scopes that the resource uses. The list may be incomplete.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub scopes_supported: Option<Vec<String>>,
    /// The places at which the resource accepts tokens: `header`, `body`, `query`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::list")]
    pub bearer_methods_supported: Option<Vec<String>>,
    /// The resource's name, for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// All other members, by their names.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
