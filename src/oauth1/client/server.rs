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
/// let server = Server::new("https://a.example/request", "https://a.example/authorize", "https://a.example/access")?
///     .callbacks(Callbacks::Registered);
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
/// The default is RFC 5849: POST, the callback signed with the first request and confirmed by its answer, a verifier,
/// answers as forms, and https, since the answers hold secrets. What departs from that is said by a method here.
///
/// ```
/// use oauth_proto::oauth1::{Method, Scheme, Server};
///
/// let server = Server::new(
///     "https://api.twitter.com/oauth/request_token",
///     "https://api.twitter.com/oauth/authorize",
///     "https://api.twitter.com/oauth/access_token",
/// )?
/// .authentication("https://api.twitter.com/oauth/authenticate")?
/// .scheme(Scheme::new(Method::HMAC_SHA256));
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) temporary: Uri,
    pub(super) authorization: Uri,
    pub(crate) authentication: Option<Uri>,
    pub(crate) token: Uri,
    pub(super) scheme: Scheme,
    pub(super) method: HttpMethod,
    /// `None` where nobody said: what the version of the protocol has.
    callbacks: Option<Callbacks>,
    version_2007: bool,
    pub(super) unconfirmed_callback: bool,
    pub(super) missing_verifier: bool,
    pub(super) formats: Formats,
    plain_http: bool,
}

impl Server {
    /// Describes a server with these endpoints (RFC 5849 §2): for temporary credentials ("request token"), for the resource
    /// owner's authorization, and for token credentials ("access token").
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) when one is not an absolute http or https URL.
    pub fn new(temporary_credentials: &str, authorization: &str, token_credentials: &str) -> Result<Self, Error> {
        Ok(Self {
            temporary: endpoint(temporary_credentials)?,
            authorization: endpoint(authorization)?,
            authentication: None,
            token: endpoint(token_credentials)?,
            scheme: Scheme::default(),
            method: HttpMethod::POST,
            callbacks: None,
            version_2007: false,
            unconfirmed_callback: false,
            missing_verifier: false,
            formats: Formats::Form,
            plain_http: false,
        })
    }

    /// Sets a second authorization endpoint that sends users straight back who have granted access before, for signing in
    /// ("Sign in with …"). Default: none.
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) when it is not an absolute http or https URL.
    pub fn authentication(mut self, url: &str) -> Result<Self, Error> {
        self.authentication = Some(endpoint(url)?);
        Ok(self)
    }

    /// Sets how requests are signed. Default: [`Scheme::default`].
    pub fn scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self.settled()
    }

    /// Sets when the server is told the callback. Default: [`Callbacks::WithRequest`].
    pub fn callbacks(mut self, callbacks: Callbacks) -> Self {
        self.callbacks = Some(callbacks);
        self
    }

    /// Asks for credentials by GET (RFC 5849 §2.1 lets a server choose). Default: by POST.
    pub fn by_get(mut self) -> Self {
        self.method = HttpMethod::GET;
        self
    }

    /// Speaks the version of 2007, OAuth Core 1.0 without "a": no callback with the first request but one in the authorization
    /// URL, none confirmed, a verifier only where the service sends one, and the secrets raw in the signing key.
    /// [`callbacks`](Self::callbacks) and [`Scheme::key_encoding`] still have the last word, wherever they stand. Default:
    /// version 1.0a.
    ///
    /// Where the user does not come back but says so by a button, call
    /// [`redeem_verifier`](super::Client::redeem_verifier) with an empty text.
    ///
    /// # Security
    /// Nothing ties the user who comes back to the one who granted access, so an attacker can have a victim grant access to
    /// the attacker's session (the session fixation of 2009). Use it where the server speaks nothing else.
    pub fn dangerous_version_1_0(mut self) -> Self {
        self.version_2007 = true;
        self.settled().allow_unconfirmed_callback().allow_missing_verifier()
    }

    /// With the key of the version, unless the scheme says which.
    fn settled(mut self) -> Self {
        if self.version_2007 {
            self.scheme.key_encoding.get_or_insert(KeyEncoding::Raw);
        }
        self
    }

    /// Returns when the server is told the callback.
    pub(crate) fn when_told(&self) -> Callbacks {
        self.callbacks.unwrap_or(if self.version_2007 { Callbacks::WithAuthorization } else { Callbacks::default() })
    }

    /// Accepts temporary credentials whose response lacks `oauth_callback_confirmed=true`. Default: refuses them.
    ///
    /// # Security
    /// A server of the old version, which ignores the callback, goes unnoticed.
    pub fn allow_unconfirmed_callback(mut self) -> Self {
        self.unconfirmed_callback = true;
        self
    }

    /// Accepts a callback without `oauth_verifier`, as Tornado's mixins do. Default: refuses it.
    ///
    /// # Security
    /// The proof is lost that the user who comes back is the one who granted access.
    pub fn allow_missing_verifier(mut self) -> Self {
        self.missing_verifier = true;
        self
    }

    /// Reads responses in JSON as well as forms, as requests-oauthlib does. Default: forms alone.
    ///
    /// # Security
    /// This gives nothing away: each field is still there once, or the response is refused.
    pub fn allow_json_answers(mut self) -> Self {
        self.formats = Formats::FormOrJson;
        self
    }

    /// Sends requests to endpoints without TLS that are not on this machine. Default: refuses to.
    ///
    /// # Security
    /// An attacker on the network reads the secret of every token.
    pub fn dangerous_allow_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Checks that secrets may go to that place and come back from it.
    pub(crate) fn check_secure(&self, uri: &Uri) -> Result<(), Error> {
        if !self.plain_http {
            check_secure(uri, Some("oauth1::Server::dangerous_allow_http"))?;
        }
        Ok(())
    }
}
