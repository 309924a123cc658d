//! The record of a client: RFC 6749 §2, with the metadata of RFC 7591 §2.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::client_secret::ClientSecret;
use crate::core::record_format::RecordFormat;
use crate::core::token_hash::TokenHash;
use crate::oauth2::common::names::{
    AUTHORIZATION_CODE, CLIENT_CREDENTIALS, DEVICE_CODE, IMPLICIT, NO_SECRET, REFRESH_TOKEN,
};
use crate::oauth2::{ClientMetadata, Scope};
use crate::{Error, Secret, Timestamp};

/// The grants that a client may use if its record names none: those in which a user decides on a
/// page of the server.
const BY_DEFAULT: [&str; 3] = [AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE];

/// The party that registered a client at the registration endpoint. This limits what the client can
/// write into its registration, now and in every later change. The variants are ordered from the
/// fewest rights to the most.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::{ClientRecord, Registrant};
///
/// assert!(Registrant::Anyone < Registrant::Trusted);
/// assert_eq!(ClientRecord::public("app").registrant, Registrant::Anyone);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Registrant {
    /// An unknown party, under
    /// [`RegistrationPolicy::AllowAnyone`](crate::oauth2::server::RegistrationPolicy::AllowAnyone).
    /// Also for records that do not have this field.
    #[default]
    Anyone,
    /// A party with an initial access token.
    Trusted,
}

impl Registrant {
    fn is_anyone(&self) -> bool {
        *self == Self::Anyone
    }
}

/// The record of a client: its secret, its metadata and its rights.
///
/// A client whose record names no grant types may use those in which a user decides on a page of
/// the server (codes and devices), and refresh tokens. Other grants must be named. This includes
/// `client_credentials`, since a server's scopes for programs are not for every client that signs
/// users in.
///
/// ```
/// use oauth_proto::oauth2::server::store::ClientRecord;
///
/// // An app on a phone, a web server with a secret, and a machine. A secret is kept as its hash.
/// let app = ClientRecord::public("printer-app").add_redirect_uri("com.example.printer:/cb");
/// let site = ClientRecord::confidential("printer", "7Fjfp0ZBr1KtDRbnfVdmIw")?
///     .add_redirect_uri("https://printer.example.com/ready")
///     .scope("photos.read photos.write");
/// let machine = ClientRecord::confidential("stats", "b8K0dP4rQ7eF1gL6xN9yWz")?
///     .grant_types(["client_credentials"]);
/// assert!(
///     app.is_public() && !site.is_public() && !machine.may_use_grant_type("authorization_code")
/// );
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientRecord {
    /// The version of the stored form.
    #[serde(default, rename = "v")]
    pub(crate) format: RecordFormat,
    /// The client id.
    pub client_id: String,
    /// The client secret. `None` for a public client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<ClientSecret>,
    /// The former secret, which is accepted until it expires: see
    /// [`replace_secret`](Self::replace_secret).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_secret: Option<ClientSecret>,
    /// The time at which the client was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Timestamp>,
    /// The hash of the registration access token (RFC 7592).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<TokenHash>,
    /// The party that registered the client. A client that is managed with `registration` never
    /// gets more than this registrant may have, even if the policy changes. Ignored for a client
    /// without `registration`, which the operator added.
    #[serde(default, skip_serializing_if = "Registrant::is_anyone")]
    pub registrant: Registrant,
    /// If `true`, the client may introspect the access tokens of all clients, like a resource
    /// server. Default: `false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub introspects_all: bool,
    /// The registered metadata: redirect_uris, grant types, scope, name. For the meaning of missing
    /// members, see [`may_use_grant_type`](Self::may_use_grant_type) and
    /// [`may_use_response_type`](Self::may_use_response_type).
    pub metadata: ClientMetadata,
}

impl fmt::Debug for ClientRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRecord")
            .field("client_id", &self.client_id)
            .field("is_public", &self.is_public())
            .field("introspects_all", &self.introspects_all)
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

impl ClientRecord {
    fn new(client_id: impl Into<String>, secret: Option<ClientSecret>) -> Self {
        Self {
            format: RecordFormat,
            client_id: client_id.into(),
            secret,
            previous_secret: None,
            issued_at: None,
            registration: None,
            registrant: Registrant::Anyone,
            introspects_all: false,
            metadata: ClientMetadata::default(),
        }
    }

    /// Makes a client from its registered metadata.
    pub(crate) fn with_metadata(client_id: String, metadata: ClientMetadata) -> Self {
        Self { metadata, ..Self::new(client_id, None) }
    }

    /// Makes the record of a public client, which cannot keep a secret: a native app, or a page in
    /// a browser.
    pub fn public(client_id: impl Into<String>) -> Self {
        let mut record = Self::new(client_id, None);
        record.metadata.token_endpoint_auth_method = Some(NO_SECRET.to_owned());
        record
    }

    /// Makes the record of a confidential client with a generated secret, which
    /// [`ClientSecret::new`] hashes.
    ///
    /// # Errors
    /// [`Unsupported::ShortSecret`](crate::Unsupported::ShortSecret) if the secret has fewer than
    /// 22 bytes.
    pub fn confidential(
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
    ) -> Result<Self, Error> {
        Ok(Self::with_secret(client_id, ClientSecret::new(secret)?))
    }

    /// Makes the record of a confidential client with a secret that was hashed in another way, or
    /// that is short: see [`ClientSecret`].
    pub fn with_secret(client_id: impl Into<String>, secret: ClientSecret) -> Self {
        Self::new(client_id, Some(secret))
    }

    /// Replaces the client secret. The former secret is accepted until `previous_until`, or until
    /// it expires, so the client can change over without an interruption. An earlier secret is not
    /// accepted any more.
    pub fn replace_secret(mut self, secret: ClientSecret, previous_until: Timestamp) -> Self {
        self.previous_secret = self.secret.take().map(|before| ClientSecret {
            expires_at: before.expires_at.into_iter().chain([previous_until]).min(),
            ..before
        });
        self.secret = Some(secret);
        // A client with a secret is not public.
        self.metadata.token_endpoint_auth_method.take_if(|method| method == NO_SECRET);
        self
    }

    /// Returns whether the client registered itself without an initial access token.
    pub(crate) fn registered_itself(&self) -> bool {
        self.registration.is_some() && self.registrant == Registrant::Anyone
    }

    /// Returns the client's secrets, the newer one first.
    pub(crate) fn secrets(&self) -> [Option<&ClientSecret>; 2] {
        [self.secret.as_ref(), self.previous_secret.as_ref()]
    }

    /// Makes the record of a confidential client that is authenticated in another way, such as
    /// mutual TLS or an assertion. See [`ClientSource`](crate::oauth2::server::ClientSource).
    pub fn authenticated_by(client_id: impl Into<String>, method: impl Into<String>) -> Self {
        let mut record = Self::new(client_id, None);
        record.metadata.token_endpoint_auth_method = Some(method.into());
        record
    }

    /// Registers a redirect_uri. Requests must have a registered one, compared byte by byte. Only
    /// the port of a loopback address can differ (RFC 8252 §7.3), and with
    /// [`ProviderBuilder::allow_localhost_ports`] that of `localhost`.
    ///
    /// [`ProviderBuilder::allow_localhost_ports`]:
    /// crate::oauth2::server::ProviderBuilder::allow_localhost_ports
    pub fn add_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.metadata.redirect_uris.push(uri.into());
        self
    }

    /// Allows another grant type.
    pub fn add_grant_type(mut self, grant_type: impl Into<String>) -> Self {
        let mut allowed = self.metadata.grant_types.take().unwrap_or_else(|| {
            let own = BY_DEFAULT.into_iter().filter(|one| self.may_use_grant_type(one));
            own.map(str::to_owned).collect()
        });
        allowed.push(grant_type.into());
        self.metadata.grant_types = Some(allowed);
        self
    }

    /// Sets the allowed grant types. Other grants are refused.
    pub fn grant_types<S: Into<String>>(mut self, allowed: impl IntoIterator<Item = S>) -> Self {
        self.metadata.grant_types = Some(allowed.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the allowed response types. Others are refused.
    pub fn response_types<S: Into<String>>(mut self, allowed: impl IntoIterator<Item = S>) -> Self {
        self.metadata.response_types = Some(allowed.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the scope that the client may request. Default: every scope that the grant type allows.
    /// A client with an empty scope cannot request a scope, and gets an empty one.
    pub fn scope(mut self, scope: impl Into<Scope>) -> Self {
        self.metadata.scope = Some(scope.into());
        self
    }

    /// Sets the name of the client, for the consent page. Default: no name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.metadata.client_name = Some(name.into());
        self
    }

    /// Lets the client introspect the access tokens of all clients, like a resource server (RFC
    /// 7662 §2.1). Other clients can introspect only their own tokens.
    pub fn may_introspect_all(mut self) -> Self {
        self.introspects_all = true;
        self
    }

    /// Returns whether the client is public, which means that it is not authenticated.
    pub fn is_public(&self) -> bool {
        match self.metadata.token_endpoint_auth_method.as_deref() {
            Some(method) => method == NO_SECRET,
            None => self.secret.is_none(),
        }
    }

    /// Returns whether the client may use a grant type. If the record names no grant types, the
    /// client may use `authorization_code`, the device grant and `refresh_token`. A public client
    /// may never use `client_credentials` (RFC 6749 §4.4).
    pub fn may_use_grant_type(&self, grant_type: &str) -> bool {
        if grant_type == CLIENT_CREDENTIALS && self.is_public() {
            return false;
        }
        match &self.metadata.grant_types {
            Some(allowed) => allowed.iter().any(|own| own == grant_type),
            None => BY_DEFAULT.contains(&grant_type),
        }
    }

    /// Returns whether the client may use a response type. If the record names no response types,
    /// the client may use those of its grant types.
    pub fn may_use_response_type(&self, response_type: &str) -> bool {
        let grant_type = if response_type == "token" { IMPLICIT } else { AUTHORIZATION_CODE };
        let allowed = self.metadata.response_types.as_ref();
        self.may_use_grant_type(grant_type)
            && allowed.is_none_or(|allowed| allowed.iter().any(|own| own == response_type))
    }

    /// Returns the redirect_uri for a request: the registered one that the request has. If the
    /// request has none, the only registered one.
    pub(crate) fn find_redirect_uri(
        &self,
        asked: Option<&str>,
        any_port: AnyPort,
    ) -> Option<String> {
        let registered = &self.metadata.redirect_uris;
        let found = match asked {
            None => match registered.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            },
            Some(asked) => registered
                .iter()
                .any(|known| known == asked || differ_in_port(known, asked, any_port))
                .then(|| asked.into()),
        };
        // A fragment would be lost, or mixed with the fragment that the server appends (RFC 6749
        // §3.1.2).
        found.filter(|uri: &String| !uri.contains('#'))
    }
}

/// The hosts of this machine at which the port of a redirect_uri may differ from the registered
/// one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AnyPort {
    /// Loopback addresses as numbers (RFC 8252 §7.3).
    #[default]
    OfAddresses,
    /// `localhost`, too.
    OfLocalhost,
}

impl AnyPort {
    fn hosts(self) -> &'static [&'static str] {
        let all = &["http://127.0.0.1", "http://[::1]", "http://localhost"];
        match self {
            Self::OfAddresses => &all[..2],
            Self::OfLocalhost => all,
        }
    }
}

/// Returns whether two URIs differ only in the port, and have the same loopback host.
fn differ_in_port(known: &str, asked: &str, any_port: AnyPort) -> bool {
    let split = |uri: &'_ str| -> Option<(usize, usize)> {
        let host = any_port.hosts().iter().find(|host| uri.starts_with(**host))?.len();
        let port = uri[host..]
            .strip_prefix(':')
            .map_or(0, |rest| 1 + rest.bytes().take_while(u8::is_ascii_digit).count());
        // A path must follow, because the host name could continue.
        matches!(uri.as_bytes().get(host + port), Some(b'/') | None).then_some((host, host + port))
    };
    match (split(known), split(asked)) {
        (Some((known_host, known_path)), Some((host, path))) => {
            let port = asked[host..path].strip_prefix(':');
            let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
            known[..known_host] == asked[..host] && known[known_path..] == asked[path..] && is_port
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth2::common::names::TOKEN_EXCHANGE;

    #[test]
    fn only_the_port_of_a_loopback_address_may_differ() {
        for (known, asked, fits) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb", true),
            ("http://[::1]/cb?x=1", "http://[::1]:7/cb?x=1", true),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1/cb", true),
            ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1/other", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1@evil.example/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb", false),
            ("http://127.0.0.1/cb", "https://127.0.0.1:1/cb", false),
            ("http://[::1]/cb", "http://127.0.0.1/cb", false),
        ] {
            for any_port in [AnyPort::OfAddresses, AnyPort::OfLocalhost] {
                assert_eq!(differ_in_port(known, asked, any_port), fits, "{known} {asked}");
            }
        }
    }

    #[test]
    fn the_port_of_localhost_may_differ_only_with_the_option() {
        for (known, asked, fits) in [
            ("http://localhost/cb", "http://localhost:51004/cb", true),
            ("http://localhost:1/cb?x=1", "http://localhost/cb?x=1", true),
            ("http://localhost:1/cb", "http://localhost:0/cb", false),
            ("http://localhost:1/cb", "http://localhost:65536/cb", false),
            ("http://localhost:1/cb", "http://localhost:1/other", false),
            ("http://localhost/cb", "http://localhost.evil.example/cb", false),
            ("http://localhost/cb", "http://localhost:1.evil.example/cb", false),
            ("http://localhost/cb", "http://localhost:1@evil.example/cb", false),
            ("http://localhost/cb", "http://localhostevil.example/cb", false),
            ("http://localhost/cb", "http://LOCALHOST:1/cb", false),
            ("http://localhost/cb", "https://localhost:1/cb", false),
            ("https://localhost/cb", "https://localhost:1/cb", false),
            ("http://localhost/cb", "http://127.0.0.1:1/cb", false),
            ("http://127.0.0.1/cb", "http://localhost:1/cb", false),
        ] {
            assert_eq!(differ_in_port(known, asked, AnyPort::OfLocalhost), fits, "{known} {asked}");
            assert!(!differ_in_port(known, asked, AnyPort::OfAddresses), "{known} {asked}");
        }
    }

    #[test]
    fn the_default_grant_types_are_those_with_a_page() {
        let public = ClientRecord::public("a");
        let confidential = ClientRecord::confidential("b", "7Fjfp0ZBr1KtDRbnfVdmIw").unwrap();
        assert!(
            public.may_use_grant_type("authorization_code")
                && public.may_use_grant_type("refresh_token")
        );
        assert!(
            !public.may_use_grant_type("client_credentials")
                && !confidential.may_use_grant_type("client_credentials")
        );
        assert!(
            confidential
                .clone()
                .add_grant_type("client_credentials")
                .may_use_grant_type("client_credentials")
        );
        assert!(
            !public
                .clone()
                .add_grant_type("client_credentials")
                .may_use_grant_type("client_credentials")
        );
        for named in ["password", "implicit", TOKEN_EXCHANGE] {
            assert!(!confidential.may_use_grant_type(named), "{named}");
            let more = confidential.clone().add_grant_type(named);
            assert!(
                more.may_use_grant_type(named) && more.may_use_grant_type("authorization_code"),
                "{named}"
            );
        }
        let narrow = confidential.grant_types(["client_credentials"]);
        assert!(
            !narrow.may_use_grant_type("authorization_code")
                && !narrow.may_use_response_type("code")
        );
    }

    #[test]
    fn a_record_survives_storage() {
        let record = ClientRecord::confidential("b", "7Fjfp0ZBr1KtDRbnfVdmIw")
            .unwrap()
            .add_redirect_uri("https://c.example/cb");
        let stored = serde_json::to_string(&record).unwrap();
        assert!(!stored.contains("7Fjfp"));
        assert_eq!(serde_json::from_str::<ClientRecord>(&stored).unwrap(), record);
        let record = ClientRecord { registrant: Registrant::Trusted, ..record };
        let stored = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<ClientRecord>(&stored).unwrap(), record);
    }

    #[test]
    fn an_old_record_without_a_registrant_was_registered_by_anyone() {
        let stored = serde_json::to_string(&ClientRecord::public("a")).unwrap();
        assert!(!stored.contains("registrant"), "{stored}");
        assert_eq!(
            serde_json::from_str::<ClientRecord>(&stored).unwrap().registrant,
            Registrant::Anyone
        );
    }
}
