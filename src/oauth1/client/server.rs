//! A service as a client sees it: three endpoints, and how it wants to be spoken to.

use http::{Method as HttpMethod, Uri};

use super::token_response::Formats;
use crate::Error;
use crate::core::endpoint::{check_secure, endpoint};
use crate::oauth1::signing::{KeyEncoding, Scheme};

/// When a service is told where to send the user back to.
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
    /// With the request for temporary credentials, signed: OAuth 1.0a (RFC 5849 §2.1).
    #[default]
    WithRequest,
    /// In the query of the authorization URL, unsigned: OAuth 1.0 of 2007.
    WithAuthorization,
    /// Both: what Tornado sends to 1.0a services.
    WithBoth,
    /// Never. The service sends every user to the URL that was registered with it.
    Registered,
}

/// A service's endpoints and its ways. Made once from what its documentation says.
///
/// The default is RFC 5849: POST, the callback signed with the first request and confirmed by its
/// answer, a verifier, answers as forms, and https, since the answers hold secrets. A field of this
/// type names each departure from that.
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
    /// The way in which requests are signed. Default: [`Scheme::default`].
    pub scheme: Scheme,
    /// When the server is told the callback. Default: [`Callbacks::WithRequest`], or what
    /// [`dangerous_version_1_0`](field@Self::dangerous_version_1_0) says.
    pub callbacks: Option<Callbacks>,
    /// Asks for credentials by GET (RFC 5849 §2.1 lets a server choose). Default: by POST.
    pub by_get: bool,
    /// Reads responses in JSON as well as forms, as requests-oauthlib does. Default: forms alone.
    ///
    /// # Security
    /// This weakens nothing: a response in which a field is there twice is still refused.
    pub allow_json_answers: bool,
    /// Accepts a callback without `oauth_verifier`, as Tornado's mixins do. Default: refuses it.
    ///
    /// # Security
    /// The proof is lost that the user who comes back is the one who granted access.
    pub allow_missing_verifier: bool,
    /// Accepts temporary credentials whose response lacks `oauth_callback_confirmed=true`. Default:
    /// refuses them.
    ///
    /// # Security
    /// A server of the old version, which ignores the callback, goes unnoticed.
    pub allow_unconfirmed_callback: bool,
    /// Sends requests to endpoints without TLS that are not on this machine. Default: refuses to.
    ///
    /// # Security
    /// An attacker on the network reads the secret of every token.
    pub dangerous_allow_http: bool,
    /// Speaks the version of 2007, OAuth Core 1.0 without "a": no callback with the first request
    /// but one in the authorization URL, none confirmed, a verifier only where the service sends
    /// one, and the secrets raw in the signing key. [`callbacks`](field@Self::callbacks) and
    /// [`Scheme::key_encoding`](field@Scheme::key_encoding) still have the last word. Default:
    /// version 1.0a.
    ///
    /// If the user does not come back but confirms by a button, call
    /// [`redeem_verifier`](super::Client::redeem_verifier) with an empty text.
    ///
    /// # Security
    /// Nothing ties the user who comes back to the one who granted access, so an attacker can have
    /// a victim grant access to the attacker's session (the session fixation of 2009). Use it where
    /// the server speaks nothing else.
    pub dangerous_version_1_0: bool,
}

impl Server {
    /// Describes a server with these endpoints (RFC 5849 §2): for temporary credentials ("request
    /// token"), for the resource owner's authorization, and for token credentials ("access token").
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) when one is not an absolute http or https URL.
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

    /// Sets a second authorization endpoint that sends users straight back who have granted access
    /// before, for signing in ("Sign in with …"). Default: none.
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) when it is not an absolute http or https URL.
    pub fn authentication(mut self, url: &str) -> Result<Self, Error> {
        self.authentication = Some(endpoint(url)?);
        Ok(self)
    }

    /// Returns how requests are signed, with the key of the version unless the scheme says which.
    pub(super) fn signing_scheme(&self) -> Scheme {
        let mut scheme = self.scheme.clone();
        if self.dangerous_version_1_0 {
            scheme.key_encoding.get_or_insert(KeyEncoding::Raw);
        }
        scheme
    }

    /// Returns when the server is told the callback.
    pub(crate) fn when_told(&self) -> Callbacks {
        let of_version = if self.dangerous_version_1_0 {
            Callbacks::WithAuthorization
        } else {
            Callbacks::default()
        };
        self.callbacks.unwrap_or(of_version)
    }

    /// Returns whether the response that brings temporary credentials must confirm the callback.
    pub(super) fn wants_confirmation(&self) -> bool {
        matches!(self.when_told(), Callbacks::WithRequest | Callbacks::WithBoth)
            && !self.allow_unconfirmed_callback
            && !self.dangerous_version_1_0
    }

    /// Returns whether a callback must bring a verifier.
    pub(super) fn wants_verifier(&self) -> bool {
        !self.allow_missing_verifier && !self.dangerous_version_1_0
    }

    /// Returns the formats of responses that hold credentials.
    pub(super) fn formats(&self) -> Formats {
        if self.allow_json_answers { Formats::FormOrJson } else { Formats::Form }
    }

    /// Returns the method of requests for credentials.
    pub(super) fn method(&self) -> HttpMethod {
        if self.by_get { HttpMethod::GET } else { HttpMethod::POST }
    }

    /// Checks that secrets may go to that place and come back from it.
    pub(crate) fn check_secure(&self, uri: &Uri) -> Result<(), Error> {
        if !self.dangerous_allow_http {
            check_secure(uri, Some("oauth1::Server::dangerous_allow_http"))?;
        }
        Ok(())
    }
}
