//! The metadata that a client sends when it registers, and the registration that it gets back: RFC
//! 7591 §2 and §3.2.1.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::{Map, Value};

use super::scope::Scope;
use crate::wire::lenient;
use crate::{Secret, Timestamp};

/// A client's metadata. The server chooses the values of the members that are left out.
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
    /// The URIs to which users may be sent back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// The method by which it is authenticated: `none`, `client_secret_basic`,
    /// `client_secret_post`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// The grants that it uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// The response types that it uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_types: Option<Vec<String>>,
    /// Its name, for users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// The scope that it may ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Addresses of the people behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Vec<String>>,
    /// Its terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Its privacy policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// The URL of its public keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Its public keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// The software that it is an instance of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The software's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// A signed statement about the software (§2.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_statement: Option<String>,
    /// Every other member.
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

/// A registered client: its credentials, and its metadata as the server took it. Store it with
/// serde; it holds the secrets.
///
/// A server's answer can be used even if some of its members are odd. If a member has another type
/// than in RFC 7591, it is kept in [`extra`](ClientMetadata::extra) of the metadata, as it was
/// received; if it matters, [`client`](Self::client) returns an error that names it.
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
    /// The client's identifier.
    pub client_id: String,
    /// Its secret, if it has one.
    pub client_secret: Option<Secret>,
    /// The time at which it was registered.
    pub client_id_issued_at: Option<Timestamp>,
    /// The time at which the secret expires. `None` if it never does, which is written as 0.
    pub client_secret_expires_at: Option<Timestamp>,
    /// The token with which the registration is managed (RFC 7592).
    pub registration_access_token: Option<Secret>,
    /// The URI at which it is managed.
    pub registration_client_uri: Option<String>,
    /// The client as the server took it, which may differ from what was asked.
    pub metadata: ClientMetadata,
}

/// A registration as it is stored and sent.
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
    /// Reads the members of RFC 7591 §3.2.1, and keeps members of another type apart: the client is
    /// already registered.
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
    /// Shows nothing of the extra members: they may be secret.
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
