//! The metadata that a client sends when it registers, and the registration in the response, RFC
//! 7591 §2 and §3.2.1.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::{Map, Value};

use super::scope::Scope;
use crate::wire::lenient;
use crate::{Secret, Timestamp};

/// A client's metadata (RFC 7591 §2). The server chooses the values of missing members.
///
/// ```
/// use oauth_proto::oauth2::ClientMetadata;
///
/// let mut metadata = ClientMetadata::new(["https://client.example.com/cb"]);
/// metadata.client_name = Some("Photo printer".into());
/// metadata.extra.insert("client_name#de".into(), "Fotodrucker".into());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ClientMetadata {
    /// The URIs to which the server may send users back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// The method by which the client authenticates: `none`, `client_secret_basic`,
    /// `client_secret_post`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// The grant types that the client uses, such as `authorization_code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// The response types that the client uses, such as `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_types: Option<Vec<String>>,
    /// The client's name, which the server displays to users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The URL of the client's home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// The URL of the client's logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// The scope that the client may request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Contact addresses of the client's developers, such as email addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Vec<String>>,
    /// The URL of the client's terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// The URL of the client's privacy policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// The URL of the client's public keys. Set this or [`jwks`](field@Self::jwks), not both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The client's public keys, as a JWK set (RFC 7517 §5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// The id of the client's software, which is the same for all its installations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The version of the client's software.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// A signed statement about the client's software (RFC 7591 §2.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_statement: Option<String>,
    /// All other members, by their names.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ClientMetadata {
    /// Makes the metadata of a client with these redirect URIs.
    pub fn new<S: Into<String>>(redirect_uris: impl IntoIterator<Item = S>) -> Self {
        Self {
            redirect_uris: redirect_uris.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

/// A registered client: its credentials, and the metadata that the server has registered.
///
/// The type implements `Serialize` and `Deserialize`. Store it; it contains the secrets.
///
/// A member of the server's response may have another type than in RFC 7591. Such a member is kept
/// in [`extra`](ClientMetadata::extra) of the metadata, unchanged. If the member is necessary,
/// [`client`](Self::client) returns an error that names it.
///
/// ```
/// use oauth_proto::oauth2::{AuthorizationServer, ClientRegistration};
/// use oauth_proto::Timestamp;
///
/// let stored = r#"{"client_id": "s6BhdRkqt3", "client_secret": "cf136dc3c1fc93f31185e5885805d",
///     "client_secret_expires_at": 0, "redirect_uris": ["https://client.example.org/callback"]}"#;
/// let registration: ClientRegistration = serde_json::from_str(stored)?;
/// let server = AuthorizationServer::new("https://server.example.com/token")?;
/// let client = registration.client(server, Timestamp::from_os())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientRegistration {
    /// The client id.
    pub client_id: String,
    /// The client secret; `None` for a public client.
    pub client_secret: Option<Secret>,
    /// The time at which the client was registered; `None` if the server does not return it.
    pub client_id_issued_at: Option<Timestamp>,
    /// The time at which the secret expires. `None` if it does not expire (servers then send 0).
    pub client_secret_expires_at: Option<Timestamp>,
    /// The token with which the client manages its registration (RFC 7592).
    pub registration_access_token: Option<Secret>,
    /// The URI at which the client manages its registration (RFC 7592).
    pub registration_client_uri: Option<String>,
    /// The metadata that the server has registered, which may differ from the requested metadata.
    pub metadata: ClientMetadata,
}

/// The stored form of a registration, which is also the form of the response.
#[derive(Serialize, Deserialize)]
#[serde(remote = "ClientRegistration")]
struct StoredRegistration {
    client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::time")]
    client_id_issued_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "zero_is_never")]
    client_secret_expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration_access_token: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration_client_uri: Option<String>,
    #[serde(flatten)]
    metadata: ClientMetadata,
}

impl Serialize for ClientRegistration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        StoredRegistration::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for ClientRegistration {
    /// Reads the members of RFC 7591 §3.2.1. A member of another type is not an error, since the
    /// client is already registered.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(deserializer)?;
        for list in ["redirect_uris", "grant_types", "response_types", "contacts"] {
            if let Some(value @ Value::String(_)) = members.get_mut(list) {
                *value = Value::Array(vec![value.take()]);
            }
        }
        for text in ["client_id", "client_secret"] {
            if let Some(value @ Value::Number(_)) = members.get_mut(text) {
                *value = Value::String(value.to_string());
            }
        }
        if let Ok(registration) = StoredRegistration::deserialize(&members) {
            return Ok(registration);
        }
        let needed = ("client_id".to_owned(), Value::String(String::new()));
        let odd: Vec<String> =
            lenient::odd(&members, needed, StoredRegistration::deserialize).cloned().collect();
        let odd = odd.into_iter().filter(|name| name != "client_id");
        let odd: Vec<_> = odd.filter_map(|name| members.remove_entry(&name)).collect();
        let mut registration =
            StoredRegistration::deserialize(Value::Object(members)).map_err(D::Error::custom)?;
        registration.metadata.extra.extend(odd.into_iter().filter(|(_, value)| !value.is_null()));
        Ok(registration)
    }
}

fn zero_is_never<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    Ok(lenient::time(deserializer)?.filter(|time| time.as_secs() != 0))
}

impl fmt::Debug for ClientRegistration {
    /// Omits the extra members: they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret)
            .field("client_secret_expires_at", &self.client_secret_expires_at)
            .field("registration_access_token", &self.registration_access_token)
            .field("redirect_uris", &self.metadata.redirect_uris)
            .finish_non_exhaustive()
    }
}
