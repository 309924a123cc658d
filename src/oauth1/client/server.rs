//! The description of a service for its clients: three endpoints, and the service's departures from
//! RFC 5849.

use http::{Method as HttpMethod, Uri};

use super::token_response::Formats;
use crate::Error;
use crate::core::endpoint::{check_secure, endpoint};
use crate::oauth1::signing::{KeyEncoding, Scheme};

/// The requests that have the callback URL in them.
///
/// ```
/// use oauth_proto::oauth1::{Callbacks, Server};
///
/// let mut server = Server::new(
///     "https://a.example/request",
///     "https://a.example/authorize",
///     "https://a.example/access",
/// )?;
/// server.callbacks = Some(Callbacks::Registered);
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Callbacks {
    /// The callback is in the signed request for temporary credentials: OAuth 1.0a (RFC 5849 §2.1).
    #[default]
    WithRequest,
    /// The callback is in the query of the authorization URL, without a signature: OAuth 1.0
    /// of 2007.
    WithAuthorization,
    /// The callback is in both, like in Tornado's requests to 1.0a services.
    WithBoth,
    /// The callback is in no request. The service uses the URL that was registered.
    Registered,
}

/// The endpoints of a service, and its departures from RFC 5849. Make it once, from the service's
/// documentation.
///
/// The default is RFC 5849: requests by POST, a callback that is signed in the first request and
/// confirmed in its response, a verifier, responses as forms, and https. Each departure is a field
/// of this type.
///
/// ```
/// use oauth_proto::oauth1::{Method, Scheme, Server};
///
/// let mut server = Server::new(
///     "https://api.twitter.com/oauth/request_token",
///     "https://api.twitter.com/oauth/authorize",
///     "https://api.twitter.com/oauth/access_token",
/// )?
/// .authentication("https://api.twitter.com/oauth/authenticate")?;
/// server.scheme = Scheme::new(Method::HmacSha256);
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Server {
    pub(super) temporary: Uri,
    pub(super) authorization: Uri,
    pub(crate) authentication: Option<Uri>,
    pub(crate) token: Uri,
    /// The signature method, and the place of the protocol's parameters. Default:
    /// [`Scheme::default`].
    pub scheme: Scheme,
    /// The requests in which the callback is sent. Default: `None`, which is
    /// [`Callbacks::WithRequest`], and with
    /// [`dangerous_version_1_0`](field@Self::dangerous_version_1_0)
    /// [`Callbacks::WithAuthorization`].
    pub callbacks: Option<Callbacks>,
    /// If `true`, credentials are requested by GET and not by POST. RFC 5849 §2.1 lets the service
    /// choose. Default: `false`.
    pub by_get: bool,
    /// If `true`, responses can be JSON and not only forms, like in requests-oauthlib. Default:
    /// `false`.
    ///
    /// # Security
    /// This option weakens nothing: a response that has a field twice is still refused.
    pub allow_json_answers: bool,
    /// If `true`, a callback without `oauth_verifier` is accepted, like in Tornado's mixins.
    /// Default: `false`.
    ///
    /// # Security
    /// Without a verifier, the client cannot tell whether the user who comes back is the user who
    /// granted access.
    pub allow_missing_verifier: bool,
    /// If `true`, temporary credentials are accepted without `oauth_callback_confirmed=true` in the
    /// response. Default: `false`.
    ///
    /// # Security
    /// A service of the version of 2007, which ignores the callback, is not detected.
    pub allow_unconfirmed_callback: bool,
    /// If `true`, requests are also sent to http endpoints whose host is not this machine. Default:
    /// `false`.
    ///
    /// # Security
    /// Without TLS, an attacker on the network reads the secret of every token.
    pub dangerous_allow_http: bool,
    /// If `true`, the client speaks the version of 2007, OAuth Core 1.0 without "a". The callback
    /// is in the authorization URL and is not confirmed, a verifier is optional, and the secrets in
    /// the signing key are not encoded. [`callbacks`](field@Self::callbacks) and
    /// [`Scheme::key_encoding`](field@Scheme::key_encoding) override this. Default: `false`.
    ///
    /// If the user confirms with a button instead of coming back, call
    /// [`redeem_verifier`](super::Client::redeem_verifier) with an empty text.
    ///
    /// # Security
    /// This version does not prove that the user who comes back is the one who granted access. So
    /// an attacker can make a victim grant access to the attacker's session (the session fixation
    /// of 2009). Use it only if the service has no other version.
    pub dangerous_version_1_0: bool,
}

impl Server {
    /// Describes a service by its three endpoints (RFC 5849 §2): for temporary credentials
    /// ("request token"), for the authorization by the user, and for token credentials ("access
    /// token").
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) if an endpoint is not an absolute http or
    /// https URL.
    pub fn new(
        temporary_credentials: &str,
        authorization: &str,
        token_credentials: &str,
    ) -> Result<Self, Error> {
        Ok(Self {
            temporary: endpoint(temporary_credentials)?,
            authorization: endpoint(authorization)?,
            authentication: None,
            token: endpoint(token_credentials)?,
            scheme: Scheme::default(),
            callbacks: None,
            by_get: false,
            allow_json_answers: false,
            allow_missing_verifier: false,
            allow_unconfirmed_callback: false,
            dangerous_allow_http: false,
            dangerous_version_1_0: false,
        })
    }

    /// Sets a second authorization endpoint for signing in ("Sign in with …"), which sends users
    /// back at once if they granted access before. Default: none.
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) if `url` is not an absolute http or https URL.
    pub fn authentication(mut self, url: &str) -> Result<Self, Error> {
        self.authentication = Some(endpoint(url)?);
        Ok(self)
    }

    /// Returns the scheme of signatures, with the key encoding of the version if the scheme has
    /// none.
    pub(super) fn signing_scheme(&self) -> Scheme {
        let mut scheme = self.scheme.clone();
        if self.dangerous_version_1_0 {
            scheme.key_encoding.get_or_insert(KeyEncoding::Raw);
        }
        scheme
    }

    /// Returns the request in which the callback is sent.
    pub(crate) fn when_told(&self) -> Callbacks {
        let of_version = if self.dangerous_version_1_0 {
            Callbacks::WithAuthorization
        } else {
            Callbacks::default()
        };
        self.callbacks.unwrap_or(of_version)
    }

    /// Returns whether the response with temporary credentials must confirm the callback.
    pub(super) fn wants_confirmation(&self) -> bool {
        matches!(self.when_told(), Callbacks::WithRequest | Callbacks::WithBoth)
            && !self.allow_unconfirmed_callback
            && !self.dangerous_version_1_0
    }

    /// Returns whether a callback must have a verifier.
    pub(super) fn wants_verifier(&self) -> bool {
        !self.allow_missing_verifier && !self.dangerous_version_1_0
    }

    /// Returns the accepted formats of responses with credentials.
    pub(super) fn formats(&self) -> Formats {
        if self.allow_json_answers { Formats::FormOrJson } else { Formats::Form }
    }

    /// Returns the method of requests for credentials.
    pub(super) fn method(&self) -> HttpMethod {
        if self.by_get { HttpMethod::GET } else { HttpMethod::POST }
    }

    /// Checks that a URL is https, on this machine, or allowed by an option.
    pub(crate) fn check_secure(&self, uri: &Uri) -> Result<(), Error> {
        if !self.dangerous_allow_http {
            check_secure(uri, Some("oauth1::Server::dangerous_allow_http"))?;
        }
        Ok(())
    }
}
