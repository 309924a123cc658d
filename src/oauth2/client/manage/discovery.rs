//! Finding out about authorization servers: RFC 8414 §3, and OpenID Connect Discovery §4.

use http::Uri;

use super::metadata_search::{AwaitDocument, MetadataSearch, inserted, rebuilt};
use crate::core::endpoint::{check_secure, endpoint};
use crate::core::error::oauth2::CallbackError;
use crate::oauth2::Metadata;
use crate::oauth2::client::token_response;
use crate::wire::{truncated, without_secrets};
use crate::{Error, Purpose, Step, Unsupported};

/// Fetches an authorization server's metadata by its issuer identifier.
///
/// RFC 8414's place is tried first, then OpenID Connect's. The metadata must name the very issuer
/// that was asked for.
///
/// ```no_run
/// use oauth_proto::oauth2::{AuthorizationServer, Discovery};
/// use oauth_proto::run;
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
/// #     unimplemented!()
/// # }
///
/// let metadata = run(Discovery::new("https://auth.example.com")?.start()?, &mut send)?;
/// let server = AuthorizationServer::from_metadata(&metadata)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Discovery {
    /// The URL of the document, if it is the only place to look. Default: the well-known places.
    pub metadata_url: Option<String>,
    /// Takes metadata that names the issuer as this text, too. Write it exactly as the document
    /// does, if that differs by a slash or a port from the issuer that was given to
    /// [`new`](Self::new). [`Metadata::issuer`] is then as the document writes it, and callbacks
    /// are compared with that. Default: none.
    ///
    /// ```
    /// use oauth_proto::oauth2::Discovery;
    ///
    /// // Its metadata names the issuer "https://tenant.auth.example.com/".
    /// let mut discovery = Discovery::new("https://tenant.auth.example.com")?;
    /// discovery.allow_issuer = Some("https://tenant.auth.example.com/".into());
    /// let step = discovery.start()?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Security
    /// This is safe if both names belong to one server. Otherwise the client accepts the other
    /// server's callbacks as this server's.
    pub allow_issuer: Option<String>,
    /// Takes metadata that names this issuer instead, including the braces:
    /// `https://login.microsoftonline.com/{tenantid}/v2.0`, which Microsoft's endpoints for several
    /// tenants name. Default: none.
    ///
    /// # Security
    /// Callbacks are not tied to an issuer, since the issuer of the user's tenant is not known yet
    /// ([`Metadata::issuer`] is `None`). The tenant must be checked in the ID token.
    pub allow_issuer_template: Option<String>,
    /// Takes metadata that names no issuer. Default: refuses it.
    ///
    /// # Security
    /// If an attacker puts another server's metadata in this place, the client does not notice it.
    pub allow_missing_issuer: bool,
    /// Fetches without TLS from other machines. Default: refuses to.
    ///
    /// # Security
    /// An attacker on the network can choose the endpoints, and gets every code and secret.
    pub dangerous_allow_http: bool,
    /// Takes metadata of a server elsewhere with endpoints on this machine or in its network, by
    /// name or address. Without it, a document must not name endpoints further inside the network
    /// than its own server: only an issuer that is in this network itself has endpoints there, and
    /// only one on this machine has endpoints on this machine.
    /// [`AuthorizationServer::dangerous_from_metadata_of_internal_hosts`] makes a server of such
    /// metadata. Default: refuses it.
    ///
    /// # Security
    /// The author of the document can have this machine send requests, secrets among them, to hosts
    /// that only this machine can reach, and so read, change and delete something there. If names
    /// resolve to such hosts, only your HTTP client can refuse: use
    /// [`is_internal_address`](crate::wire::is_internal_address) as the rule.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::Discovery;
    ///
    /// // Its token endpoint is at "https://keycloak.internal:8443".
    /// let mut discovery = Discovery::new("https://auth.example.com")?;
    /// discovery.dangerous_allow_internal_hosts = true;
    /// let step = discovery.start()?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// [`AuthorizationServer::dangerous_from_metadata_of_internal_hosts`]:
    /// crate::oauth2::AuthorizationServer::dangerous_from_metadata_of_internal_hosts
    pub dangerous_allow_internal_hosts: bool,
    issuer: String,
    /// The well-known places.
    places: Vec<Uri>,
}

impl Discovery {
    /// Looks for the metadata of an issuer.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when the issuer is not an absolute http or https URL, or has a query or
    /// a fragment. That it is https is checked by [`start`](Self::start).
    pub fn new(issuer: &str) -> Result<Self, Error> {
        let uri = identifier(issuer)?;
        let mut places = vec![inserted(&uri, "oauth-authorization-server")?, appended(&uri)?];
        if uri.path().trim_end_matches('/').len() > 1 {
            places.push(inserted(&uri, "openid-configuration")?);
        }
        Ok(Self {
            metadata_url: None,
            issuer: issuer.to_owned(),
            places,
            allow_issuer: None,
            allow_issuer_template: None,
            allow_missing_issuer: false,
            dangerous_allow_http: false,
            dangerous_allow_internal_hosts: false,
        })
    }

    /// Starts the discovery.
    ///
    /// # Errors
    /// [`Unsupported::PlainHttp`], and [`Unsupported::Url`] when
    /// [`metadata_url`](field@Self::metadata_url) is not an absolute http or https URL. From the
    /// step: [`CallbackError::IssuerMismatch`](crate::oauth2::CallbackError::IssuerMismatch),
    /// [`Refused`](crate::Refused), [`Misbehaved`](crate::Misbehaved), and [`Unsupported::Url`] for
    /// an endpoint in this network.
    pub fn start(mut self) -> Result<Step<Metadata>, Error> {
        if let Some(url) = &self.metadata_url {
            self.places = vec![endpoint(url)?];
        }
        if !self.dangerous_allow_http {
            let option = Some("Discovery::dangerous_allow_http");
            self.places.iter().try_for_each(|place| check_secure(place, option))?;
        }
        let places = std::mem::take(&mut self.places);
        AwaitDocument::start(self, places)
    }

    fn mismatch(&self, issuer: Option<&str>) -> Error {
        let (expected, received) = (truncated(&self.issuer), truncated(issuer.unwrap_or_default()));
        CallbackError::IssuerMismatch { expected, received }.into()
    }
}

impl MetadataSearch for Discovery {
    type Document = Metadata;
    const PURPOSE: Purpose = Purpose::DiscoveringServer;

    /// Checks that an object names an issuer: otherwise it may be anything.
    fn recognize(&self, metadata: &Metadata) -> Result<(), Error> {
        if metadata.issuer.is_none() && !self.allow_missing_issuer {
            Err(self.mismatch(None))
        } else {
            Ok(())
        }
    }

    fn check(&self, mut metadata: Metadata) -> Result<Metadata, Error> {
        match metadata.issuer.as_deref() {
            Some(issuer)
                if issuer == self.issuer || Some(issuer) == self.allow_issuer.as_deref() => {}
            Some(issuer) if Some(issuer) == self.allow_issuer_template.as_deref() => {
                metadata.issuer = None;
            }
            None if self.allow_missing_issuer => {}
            issuer => return Err(self.mismatch(issuer)),
        }
        if !self.dangerous_allow_internal_hosts
            && let Some(url) = metadata.inside(&self.issuer)
        {
            let reason = "the issuer is elsewhere, so an endpoint on this machine or in its \
                network is not accepted (`Discovery::dangerous_allow_internal_hosts` lifts this)";
            return Err(Unsupported::Url { url: without_secrets(url), reason }.into());
        }
        Ok(metadata)
    }
}

impl token_response::Document for Metadata {
    const EXPECTED: &'static str = "a metadata document in JSON";
    const NEEDED: (&'static str, &'static str) = ("issuer", "null");
}

/// Reads an issuer identifier: a URL without query and fragment (RFC 8414 §2).
fn identifier(issuer: &str) -> Result<Uri, Error> {
    let uri = endpoint(issuer)?;
    if uri.query().is_some() {
        return Err(Unsupported::Url {
            url: without_secrets(issuer),
            reason: "an issuer must not have a query",
        }
        .into());
    }
    Ok(uri)
}

/// Returns the well-known place behind the path (OpenID Connect Discovery §4).
fn appended(uri: &Uri) -> Result<Uri, Unsupported> {
    rebuilt(uri, &format!("{}/.well-known/openid-configuration", uri.path().trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(issuer: &str) -> Vec<String> {
        Discovery::new(issuer).unwrap().places.iter().map(ToString::to_string).collect()
    }

    /// RFC 8414 §3.1 and OpenID Connect Discovery §4.1: their examples.
    #[test]
    fn well_known_places() {
        assert_eq!(
            places("https://example.com"),
            [
                "https://example.com/.well-known/oauth-authorization-server",
                "https://example.com/.well-known/openid-configuration"
            ]
        );
        assert_eq!(
            places("https://example.com/issuer1"),
            [
                "https://example.com/.well-known/oauth-authorization-server/issuer1",
                "https://example.com/issuer1/.well-known/openid-configuration",
                "https://example.com/.well-known/openid-configuration/issuer1"
            ]
        );
        assert_eq!(
            places("https://example.com/")[1],
            "https://example.com/.well-known/openid-configuration"
        );
    }

    #[test]
    fn what_is_no_issuer_is_refused() {
        for issuer in [
            "example.com",
            "https://example.com/?x",
            "https://example.com/#x",
            "https://me@example.com",
            "",
        ] {
            Discovery::new(issuer).unwrap_err();
        }
        let mut discovery = Discovery::new("http://example.com").unwrap();
        discovery.clone().start().unwrap_err();
        discovery.dangerous_allow_http = true;
        assert!(discovery.start().is_ok());
        assert!(Discovery::new("http://127.0.0.1:8080").unwrap().start().is_ok());
    }
}
