//! Sessions, which sign requests with stored credentials, and sign them again after a redirect.

use std::borrow::Cow;

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, LOCATION,
    PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use http::{Method as HttpMethod, Request, Response, StatusCode, Uri};

use super::client::Client;
use super::token::Token;
use crate::core::event::Observer;
use crate::oauth1::credentials::ClientCredentials;
use crate::oauth1::names::is_protocol;
use crate::oauth1::signing::{
    ParameterPlacement, Parameters, Scheme, Signer, Stamp, remove_oauth_header,
};
use crate::wire::{Origin, form, without_query};
use crate::{Error, Moment, Step, Unsupported};

/// Signs requests for one user, or for the client without a user.
///
/// ```
/// use oauth_proto::Moment;
/// use oauth_proto::oauth1::{ClientCredentials, Scheme, Session, TokenCredentials};
///
/// let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
/// let stored = TokenCredentials::new("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00");
/// let session = Session::from_credentials(&Scheme::default(), &client, Some(stored.into()));
/// assert!(session.is_authorized());
///
/// let mut request =
///     http::Request::get("https://photos.example.net/photos").body(Vec::new())?;
/// session.sign(&mut request, Moment::from_os())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    signer: Signer,
    token: Option<Token>,
    observer: Observer,
}

impl Session {
    /// Makes a session with a user's token, from [`Client::redeem`] or from your database.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth1::{Client, Session, Token};
    ///
    /// fn session(client: &Client, stored: Token) -> Session {
    ///     Session::new(client, stored)
    /// }
    /// ```
    pub fn new(client: &Client, token: impl Into<Token>) -> Self {
        Self::of(client, Some(token.into()))
    }

    /// Makes a session without a token, for services without users ("two-legged").
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth1::{Client, Session};
    ///
    /// fn session(client: &Client) -> Session {
    ///     Session::two_legged(client)
    /// }
    /// ```
    pub fn two_legged(client: &Client) -> Self {
        Self::of(client, None)
    }

    fn of(client: &Client, token: Option<Token>) -> Self {
        Self::from_credentials(&client.server.signing_scheme(), &client.credentials, token)
            .observed_by(&client.observer)
    }

    /// Makes a session from credentials, without a [`Client`]. Use it if you do not need the
    /// endpoints. Without a token, the session signs for the client without a user.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth1::{ClientCredentials, Scheme, Session};
    ///
    /// let session = Session::from_credentials(
    ///     &Scheme::default(),
    ///     &ClientCredentials::new("key", "secret"),
    ///     None,
    /// );
    /// assert!(!session.is_authorized());
    /// ```
    pub fn from_credentials(
        scheme: &Scheme,
        client: &ClientCredentials,
        token: Option<Token>,
    ) -> Self {
        let signer = Signer::new(scheme, client, token.as_ref().map(|token| &token.credentials));
        let observer = Observer::of_client(&client.key);
        Self { signer, token, observer }
    }

    fn observed_by(mut self, observer: &Observer) -> Self {
        self.observer = observer.clone();
        self
    }

    pub(super) fn observer(&self) -> &Observer {
        &self.observer
    }

    /// Returns whether the session has a token and the keys of its signature method. If not, the
    /// user has to grant access first.
    pub fn is_authorized(&self) -> bool {
        self.signer.is_authorized()
    }

    /// Returns the token, if there is one.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Signs a request like [`Signer::sign`]. If the body cannot be read, use
    /// [`Signer::sign_head`].
    ///
    /// # Errors
    /// [`Unsupported`] if the request cannot be signed: its URI is not absolute, it already has a
    /// parameter of the protocol, or its body must be a form and is not.
    /// [`RequestError::KeyElsewhere`](crate::oauth1::RequestError::KeyElsewhere) if the key is in a
    /// key service: then use [`sign_remotely`](Self::sign_remotely).
    pub fn sign<'a, B>(
        &self,
        request: &mut Request<B>,
        stamp: impl Into<Stamp<'a>>,
    ) -> Result<(), Error>
    where
        B: AsRef<[u8]> + From<Vec<u8>>,
    {
        self.signer.sign(request, stamp)
    }

    /// Signs a request in a step that can ask a key service, like [`Signer::sign_remotely`].
    ///
    /// # Errors
    /// [`Unsupported`] if the request cannot be signed: its URI is not absolute, it already has a
    /// parameter of the protocol, or its body must be a form and is not. Errors of the key service
    /// are returned here or by the step.
    pub fn sign_remotely<B>(
        &self,
        request: Request<B>,
        moment: Moment,
    ) -> Result<Step<Request<B>>, Error>
    where
        B: AsRef<[u8]> + From<Vec<u8>> + Send + Sync + 'static,
    {
        Ok(self.signer.sign_remotely(request, moment)?.observed_by(&self.observer))
    }

    /// Returns the signed request that follows a redirect. `sent` is the request as it was sent,
    /// with its signature, and `response` is its response. Returns `None` if the response is not a
    /// redirect that can be followed. If `sent` has no signature, the new request gets none.
    ///
    /// A signature is for one URL, and a nonce for one request, so the new request is signed again.
    /// If the redirect leads to another origin (another host, port or scheme), the new request has
    /// no signature, no `Authorization` and no cookies. The caller decides how many redirects to
    /// follow.
    ///
    /// Like in browsers, POST becomes GET after 301 and 302, and every method except HEAD becomes
    /// GET after 303 (RFC 9110 §15.4).
    ///
    /// ```
    /// # use oauth_proto::oauth1::{ClientCredentials, Scheme, Session};
    /// # use oauth_proto::Moment;
    /// # let session = Session::from_credentials(
    /// #     &Scheme::default(),
    /// #     &ClientCredentials::new("key", "secret"),
    /// #     None,
    /// # );
    /// let mut request = http::Request::get("https://photos.example.net/a").body(Vec::new())?;
    /// session.sign(&mut request, Moment::from_os())?;
    ///
    /// let response = http::Response::builder().status(302).header("location", "/b").body(())?;
    /// let next = session.follow(&request, &response, Moment::from_os())?.expect("a redirect");
    /// assert_eq!(next.uri(), "https://photos.example.net/b");
    /// assert_ne!(next.headers()["authorization"], request.headers()["authorization"]);
    ///
    /// let response = http::Response::builder()
    ///     .status(302)
    ///     .header("location", "https://elsewhere.example/")
    ///     .body(())?;
    /// let next = session.follow(&request, &response, Moment::from_os())?.expect("a redirect");
    /// assert!(!next.headers().contains_key("authorization"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::Url`] if the `Location` is not an http or https URL, and the errors of
    /// [`Signer::sign`].
    pub fn follow<'a, B, R>(
        &self,
        sent: &Request<B>,
        response: &Response<R>,
        stamp: impl Into<Stamp<'a>>,
    ) -> Result<Option<Request<B>>, Error>
    where
        B: AsRef<[u8]> + From<Vec<u8>>,
    {
        let Some(Redirected { mut request, signer }) = self.redirected(sent, response)? else {
            return Ok(None);
        };
        if let Some(signer) = signer {
            signer.sign(&mut request, stamp)?;
        }
        Ok(Some(request))
    }

    /// Makes the request that follows a redirect like [`follow`](Self::follow), and signs it in a
    /// step that can ask a key service.
    ///
    /// # Errors
    /// [`Unsupported::Url`] if the `Location` is not an http or https URL, and the errors of
    /// [`Signer::sign_remotely`].
    pub fn follow_remotely<B, R>(
        &self,
        sent: &Request<B>,
        response: &Response<R>,
        moment: Moment,
    ) -> Result<Option<Step<Request<B>>>, Error>
    where
        B: AsRef<[u8]> + From<Vec<u8>> + Send + Sync + 'static,
    {
        let Some(Redirected { request, signer }) = self.redirected(sent, response)? else {
            return Ok(None);
        };
        match signer {
            Some(signer) => {
                Ok(Some(signer.sign_remotely(request, moment)?.observed_by(&self.observer)))
            }
            None => Ok(Some(Step::Done(request))),
        }
    }

    /// Returns the request that follows a redirect, without a signature.
    fn redirected<B, R>(
        &self,
        sent: &Request<B>,
        response: &Response<R>,
    ) -> Result<Option<Redirected<'_, B>>, Error>
    where
        B: AsRef<[u8]> + From<Vec<u8>>,
    {
        let Some(location) = response.headers().get(LOCATION) else {
            return Ok(None);
        };
        let Some((method, keeps_body)) = next_method(sent.method(), response.status()) else {
            return Ok(None);
        };
        let target = resolve(sent.uri(), location.as_bytes())?;
        let origin = Origin::of(&target);
        let same_origin = origin.is_some() && origin == Origin::of(sent.uri());
        let was_signed = is_signed(sent);

        let mut headers = sent.headers().clone();
        let mut body = Vec::new();
        if keeps_body {
            body = sent.body().as_ref().to_vec();
            if form::is_form(&headers) == Some(true) {
                body = form::retain(&body, |name| !is_protocol(name));
                headers.remove(CONTENT_LENGTH);
            }
        } else {
            for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING] {
                headers.remove(name);
            }
        }
        remove_oauth_header(&mut headers);
        if !same_origin {
            for name in [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, HOST] {
                headers.remove(name);
            }
        }

        let mut request = Request::new(B::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = target;
        *request.headers_mut() = headers;
        // A request to another origin was not signed, and the requests that follow it must not be
        // signed, either.
        let signer = (same_origin && was_signed).then(|| {
            let scheme = self.signer.scheme();
            let bodiless = matches!(*request.method(), HttpMethod::GET | HttpMethod::HEAD);
            if scheme.placement == ParameterPlacement::Body && bodiless {
                // The body is dropped, and with it the parameters in it.
                let scheme = Scheme { placement: ParameterPlacement::Header, ..scheme.clone() };
                Cow::Owned(self.signer.with_scheme(&scheme))
            } else {
                Cow::Borrowed(&self.signer)
            }
        });
        Ok(Some(Redirected { request, signer }))
    }
}

/// A request that follows a redirect, without a signature.
struct Redirected<'s, B> {
    request: Request<B>,
    /// The signer for the request, if it may be signed.
    signer: Option<Cow<'s, Signer>>,
}

/// Returns the method after a redirect, and whether the body is kept. `None` if the status is not
/// that of a redirect to follow.
fn next_method(method: &HttpMethod, status: StatusCode) -> Option<(HttpMethod, bool)> {
    let keep = || Some((method.clone(), true));
    match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if *method == HttpMethod::POST => {
            Some((HttpMethod::GET, false))
        }
        StatusCode::SEE_OTHER if *method != HttpMethod::HEAD => Some((HttpMethod::GET, false)),
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => keep(),
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => keep(),
        _ => None,
    }
}

/// Returns the URL of a `Location`, without parameters of the protocol that the server echoed.
fn resolve(base: &Uri, location: &[u8]) -> Result<Uri, Error> {
    let location = String::from_utf8_lossy(location);
    let resolved = url::Url::parse(&base.to_string()).and_then(|base| base.join(&location)).ok();
    let resolved = resolved.filter(|url| matches!(url.scheme(), "http" | "https"));
    let uri = resolved.and_then(|mut url| {
        url.set_fragment(None);
        // An HTTP client could make an `Authorization` header from the user information.
        let _ = (url.set_username(""), url.set_password(None));
        if let Some(query) = url.query().map(str::to_owned) {
            let kept = form::retain(query.as_bytes(), |name| !is_protocol(name));
            let kept = String::from_utf8_lossy(&kept).into_owned();
            url.set_query(Some(&kept).filter(|kept| !kept.is_empty()).map(String::as_str));
        }
        url.as_str().parse().ok()
    });
    uri.ok_or_else(|| {
        let reason = "its Location is not an http or https URL";
        Unsupported::Url { url: without_query(base), reason }.into()
    })
}

fn is_signed<B: AsRef<[u8]>>(request: &Request<B>) -> bool {
    let parameters = Parameters::of(request.uri(), request.headers(), request.body().as_ref());
    parameters.is_ok_and(|parameters| parameters.has_signature())
}
