//! The discovery of authorization servers, RFC 8414 §3, OpenID Connect Discovery §4.

use http::Uri;

use super::metadata_search::{AwaitDocument, MetadataSearch, inserted, rebuilt};
use crate::core::endpoint::{check_secure, endpoint};
use crate::core::error::oauth2::CallbackError;
use crate::oauth2::Metadata;
use crate::oauth2::client::token_response;
use crate::wire::{truncated, without_secrets};
use crate::{Error, Purpose, Step, Unsupported};

/// Fetches the metadata of an authorization server by its issuer identifier.
///
/// The well-known URL of RFC 8414 is tried first, then the URL of OpenID Connect Discovery. If the
/// issuer has a path, both forms of the latter are tried (RFC 8414 §5). The
/// metadata must contain exactly the requested issuer.
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
    /// The URL of the metadata, if it is not a well-known one. Only this URL is then tried.
    /// Default: `None`, so the well-known URLs are tried.
    pub metadata_url: Option<String>,
    /// Another spelling of the issuer that the metadata may contain. Set it if the issuer in the
    /// metadata and the issuer that you gave to [`new`](Self::new) differ only in a slash or a
    /// port. Copy the text exactly from the metadata: [`Metadata::issuer`] will be this text, and
    /// the client compares callbacks with it. Default: `None`.
    ///
    /// ```
    /// use oauth_proto::oauth2::Discovery;
    ///
    /// // The metadata contains the issuer "https://tenant.auth.example.com/".
    /// let mut discovery = Discovery::new("https://tenant.auth.example.com")?;
    /// discovery.allow_issuer = Some("https://tenant.auth.example.com/".into());
    /// let step = discovery.start()?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Security
    /// This is safe if both spellings belong to the same server. If not, the client accepts
    /// callbacks of the other server for this one.
    pub allow_issuer: Option<String>,
    /// A template, with its braces, that the metadata may contain instead of the issuer.
    /// Microsoft's endpoints for several tenants use
    /// `https://login.microsoftonline.com/{tenantid}/v2.0`. [`Metadata::issuer`] is then `None`.
    /// Default: `None`.
    ///
    /// # Security
    /// The issuer of the user's tenant is not known yet, so the client cannot compare the issuer of
    /// a callback with it. Check the tenant in the ID token.
    pub allow_issuer_template: Option<String>,
    /// If `true`, the metadata may lack the issuer. Default: `false`.
    ///
    /// # Security
    /// If an attacker replaces the metadata by the metadata of another server, the client does not
    /// notice.
    pub allow_missing_issuer: bool,
    /// If `true`, metadata is also fetched from http URLs whose host is not this machine. Default:
    /// `false`.
    ///
    /// # Security
    /// An attacker on the network can choose the endpoints, and gets every code and secret.
    pub dangerous_allow_http: bool,
    /// If `true`, an endpoint in the metadata can be on a host that is more internal than the host
    /// of the issuer. Default: `false`.
    ///
    /// By default, an issuer on the internet may only have endpoints on the internet. An issuer in
    /// this machine's network may also have endpoints in this network, and an issuer on this
    /// machine may have endpoints anywhere. The name or the address of the host decides where it
    /// is. To make an `AuthorizationServer` from metadata with internal endpoints, call
    /// [`AuthorizationServer::dangerous_from_metadata_of_internal_hosts`].
    ///
    /// # Security
    /// The author of the metadata can make this program send requests with secrets to hosts that
    /// only this machine can reach, and so read, change and delete data there. This crate does not
    /// resolve names. If a public name may resolve to an internal address, your HTTP client has to
    /// refuse it: use [`is_internal_address`](crate::wire::is_internal_address).
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::Discovery;
    ///
    /// // The metadata contains a token endpoint at "https://keycloak.internal:8443".
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
    /// The well-known URLs.
    places: Vec<Uri>,
}

impl Discovery {
    /// Makes a discovery of the metadata of an issuer.
    ///
    /// # Errors
    /// [`Unsupported::Url`] if the issuer is not an absolute http or https URL, or has a query or a
    /// fragment. [`start`](Self::start) checks that it is https, unless
    /// [`metadata_url`](field@Self::metadata_url) is set.
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
    /// - [`Unsupported::PlainHttp`] if the issuer is an http URL whose host is not this machine. If
    ///   [`metadata_url`](field@Self::metadata_url) is set, this URL is checked instead.
    /// - [`Unsupported::Url`] if [`metadata_url`](field@Self::metadata_url) is not an absolute http
    ///   or https URL.
    ///
    /// The returned step can fail with:
    /// - [`CallbackError::IssuerMismatch`](crate::oauth2::CallbackError::IssuerMismatch) if the
    ///   metadata has another issuer.
    /// - [`Unsupported::Url`] if an endpoint is on a more internal host than the issuer: see
    ///   [`dangerous_allow_internal_hosts`](field@Self::dangerous_allow_internal_hosts).
    /// - [`Refused`](crate::Refused) or [`Misbehaved`](crate::Misbehaved) if no URL has the
    ///   metadata.
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

    /// Checks that an object has an issuer. Without one, it may be any other document.
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
                network is not accepted (`Discovery::dangerous_allow_internal_hosts` allows this)";
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

/// Returns the well-known URL that has `/.well-known/openid-configuration` after the path (OpenID
/// Connect Discovery §4).
fn appended(uri: &Uri) -> Result<Uri, Unsupported> {
    rebuilt(uri, &format!("{}/.well-known/openid-configuration", uri.path().trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(issuer: &str) -> Vec<String> {
        Discovery::new(issuer).unwrap().places.iter().map(ToString::to_string).collect()
    }

    /// The examples of RFC 8414 §3.1 and OpenID Connect Discovery §4.1.
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
    fn an_invalid_issuer_is_refused() {
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
