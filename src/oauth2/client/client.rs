//! A client of one authorization server, and the settings of its token requests, RFC 6749 §3.2.

use std::sync::Arc;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use percent_encoding::utf8_percent_encode;

use super::attach_token::ProtectedRequest;
use super::authentication::{self, ClientAuthentication};
use super::hooks::{Hook, Hooks};
use super::server::{AuthorizationServer, CheckedUrl, Endpoints};
use super::token_response::{self, Expected};
use crate::core::callback::Leniency;
use crate::core::client_fingerprint::ClientFingerprint;
use crate::core::event::Observer;
use crate::core::wiped::Wiped;
use crate::oauth2::common::names::AUTHORIZATION_PARAMETERS;
use crate::oauth2::common::redirect_uri::{PlainHttp, check_redirect_uri};
use crate::oauth2::{SecretPlacement, Token};
use crate::wire::form;
use crate::wire::percent::RESERVED;
use crate::{Error, Event, Moment, Purpose, Response, Secret, Unsupported};

/// A client of one authorization server. Clones are cheap.
///
/// ```no_run
/// use oauth_proto::oauth2::{AuthorizationServer, Authorize, Client, Grant};
/// use oauth_proto::{Moment, run};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
/// #     unimplemented!()
/// # }
///
/// let mut server = AuthorizationServer::new("https://auth.example.com/token")?;
/// server.authorization_endpoint = Some("https://auth.example.com/authorize".into());
/// let client = Client::new(server, "s6BhdRkqt3")
///     .secret("7Fjfp0ZBr1KtDRbnfVdmIw")
///     .redirect_uri("https://client.example.com/cb")?;
///
/// // A user grants access: store `pending`, and redirect the user's browser to `url`.
/// let authorization =
///     run(client.authorize(Authorize::scope("photos"), Moment::from_os())?, &mut send)?;
/// println!("go to {}", authorization.url);
///
/// // In the handler of the callback: `uri` is the URI that the user's browser requested.
/// # let uri = "";
/// let token = run(client.redeem(authorization.pending, uri, Moment::from_os())?, &mut send)?;
///
/// // Or the client gets a token for itself, without a user.
/// let token =
///     run(client.request_token(Grant::client_credentials(), Moment::from_os())?, &mut send)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Client {
    /// Whether requests have the parameter `client_id`. Default: [`IncludeClientId::Automatic`].
    pub include_client_id: IncludeClientId,
    /// If `true`, the client does not compare scheme, host and port of a callback with the
    /// redirect_uri, only path and query. Default: `false`.
    ///
    /// Set this if a proxy changes scheme and host, and if your framework only has the whole URI,
    /// such as `http://10.0.0.5:8080/cb`. If your framework has path and query, pass these instead,
    /// without this option. If the proxy removes a prefix from the path, put the prefix back in
    /// both cases.
    ///
    /// # Security
    /// If the redirect_uris of two servers differ only in scheme, host or port, the client cannot
    /// tell which of the two servers a callback belongs to.
    pub allow_callback_at_any_origin: bool,
    /// If `true`, the client accepts callbacks without the URI at which they arrived: a query
    /// alone, or a form without its URI. Default: `false`.
    ///
    /// # Security
    /// If a server does not name itself in its callbacks (`iss`, RFC 9207), the client cannot tell
    /// whether a code was issued by this server or by another one. It may then send the code of an
    /// honest server to a malicious one (a mix-up, RFC 9700 §4.4). An application with only one
    /// server is not at risk.
    pub allow_callback_without_place: bool,
    pub(crate) inner: Arc<ClientInner>,
}

#[derive(Clone, Debug)]
pub(crate) struct ClientInner {
    pub(crate) server: AuthorizationServer,
    pub(crate) endpoints: Endpoints,
    pub(crate) id: String,
    /// The fingerprint of this client at this server, which pending values hold.
    pub(crate) fingerprint: ClientFingerprint,
    pub(super) authentication: ClientAuthentication,
    /// Whether the placement of the secret follows the server's description. If not, the caller has
    /// chosen it.
    follows_server: bool,
    /// The headers of every request to the server, made once. `Authorization: Basic` is one of them
    /// if the client uses it.
    pub(super) headers: Result<HeaderMap, Unsupported>,
    pub(crate) redirect_uri: Option<RedirectUri>,
    pub(crate) opened: Result<UrlPrefix, Unsupported>,
    pub(crate) hooks: Hooks,
    observer: Observer,
}

/// A redirect_uri as a text, and encoded for queries and forms.
#[derive(Clone, Debug)]
pub(crate) struct RedirectUri {
    pub(crate) text: Arc<str>,
    pub(crate) encoded: String,
}

/// The beginning of a client's authorization URLs, which is the same for all requests.
#[derive(Clone, Debug)]
pub(crate) struct UrlPrefix {
    /// The URL of the endpoint with `client_id`.
    pub(crate) url: String,
    /// The index in `url` at which the parameters of the request begin.
    pub(crate) start: usize,
    /// `url` with the response type of the code grant, and with the client's redirect_uri.
    pub(crate) code: String,
}

/// Whether requests have the parameter `client_id`. Device authorization requests and pushed
/// authorization requests always have it. The polls of the device grant follow this setting.
///
/// ```
/// use oauth_proto::oauth2::IncludeClientId;
///
/// assert_eq!(IncludeClientId::default(), IncludeClientId::Automatic);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IncludeClientId {
    /// `client_id` is sent unless `Authorization: Basic` already contains the client id.
    #[default]
    Automatic,
    /// `client_id` is always sent, even with `Authorization: Basic`.
    Always,
    /// `client_id` is sent only if the client's secret is in the body, too.
    Never,
}

impl Client {
    /// Makes a public client (a client without a secret) with that client id.
    pub fn new(server: AuthorizationServer, client_id: impl Into<String>) -> Self {
        let id = client_id.into();
        let endpoints = Endpoints::of(&server);
        let opened = UrlPrefix::new(&server, endpoints.authorization.as_ref(), &id);
        let token = endpoints.token_url(&server);
        let inner = Arc::new(ClientInner {
            fingerprint: ClientFingerprint::of(&[&token, &id]),
            observer: Observer::of_client(&id),
            endpoints,
            server,
            id,
            opened,
            authentication: ClientAuthentication::None,
            follows_server: false,
            headers: Ok(headers(None)),
            redirect_uri: None,
            hooks: Hooks::default(),
        });
        Self {
            include_client_id: IncludeClientId::Automatic,
            allow_callback_at_any_origin: false,
            allow_callback_without_place: false,
            inner,
        }
    }

    /// Sets the client's secret.
    ///
    /// By default, the secret is sent in `Authorization: Basic`. If the server's
    /// [`secret_placement`](AuthorizationServer::secret_placement) or its metadata names another
    /// place, the secret is sent there. The metadata can name a place for each endpoint. To choose
    /// the place for this client only, call [`authentication`](Self::authentication) instead.
    pub fn secret(self, secret: impl Into<Secret>) -> Self {
        let placement = self.inner.server.token_secret_placement();
        let mut client =
            self.authentication(ClientAuthentication::secret(secret.into(), placement));
        client.parts().follows_server = true;
        client
    }

    /// Returns the client with its secret in the place that the server has chosen for another
    /// endpoint.
    pub(crate) fn with_secret_in(&self, placement: Option<SecretPlacement>) -> Self {
        let placement = placement.filter(|placement| {
            self.inner.follows_server && *placement != self.inner.server.token_secret_placement()
        });
        match (placement, &self.inner.authentication) {
            (
                Some(placement),
                ClientAuthentication::Basic(secret)
                | ClientAuthentication::AllowRawBasic(secret)
                | ClientAuthentication::Body(secret),
            ) => {
                self.clone().authentication(ClientAuthentication::secret(secret.clone(), placement))
            }
            _ => self.clone(),
        }
    }

    /// Sets the method by which the client authenticates to the server. Default:
    /// [`ClientAuthentication::None`].
    pub fn authentication(mut self, authentication: ClientAuthentication) -> Self {
        let parts = self.parts();
        parts.headers = match &authentication {
            ClientAuthentication::Basic(secret) => {
                authentication::basic(&parts.id, secret, SecretPlacement::Basic)
                    .map(|basic| headers(Some(basic)))
            }
            ClientAuthentication::AllowRawBasic(secret) => {
                authentication::basic(&parts.id, secret, SecretPlacement::AllowRawBasic)
                    .map(|basic| headers(Some(basic)))
            }
            _ => Ok(headers(None)),
        };
        parts.authentication = authentication;
        parts.follows_server = false;
        self
    }

    /// Sets the URI to which the server sends users back.
    ///
    /// It is an https URL, an http URL of this machine for a native app
    /// (`http://127.0.0.1:51004/cb`), or a URI with the app's private scheme
    /// (`com.example.app:/cb`, RFC 8252 §7). A single request can use another one with
    /// [`Authorize::redirect_uri`](crate::oauth2::Authorize::redirect_uri). Default: requests have
    /// no `redirect_uri`.
    ///
    /// # Errors
    /// [`Unsupported::Url`] if it is any other URI, or has a fragment. [`Unsupported::PlainHttp`]
    /// if it is an http URL whose host is not this machine, unless the server has
    /// [`dangerous_allow_http`](AuthorizationServer::dangerous_allow_http).
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Result<Self, Error> {
        let uri = uri.into();
        check_redirect_uri(&uri, PlainHttp::allowed_if(self.inner.server.dangerous_allow_http))?;
        let own = RedirectUri {
            encoded: utf8_percent_encode(&uri, RESERVED).to_string(),
            text: uri.into(),
        };
        let parts = self.parts();
        if let Ok(opened) = &mut parts.opened {
            opened.code = format!("{}&response_type=code&redirect_uri={}", opened.url, own.encoded);
        }
        parts.redirect_uri = Some(own);
        Ok(self)
    }

    /// Returns the client with another issuer of its server. With `None`, the issuer stays as it
    /// is. If it is not known, the client accepts any issuer that a callback names.
    pub(crate) fn with_issuer(mut self, issuer: Option<String>) -> Self {
        let server = &mut self.parts().server;
        match issuer {
            Some(issuer) => server.issuer = Some(issuer),
            None => server.allow_unknown_issuer = true,
        }
        self
    }

    /// Also accepts the callbacks that a sign-in accepts.
    pub(crate) fn with_place(mut self, place: Leniency) -> Self {
        self.allow_callback_at_any_origin |= place.any_origin;
        self.allow_callback_without_place |= place.no_place;
        self
    }

    /// Returns the leniency with which the URI of a callback is compared with the redirect_uri.
    pub(super) fn place(&self) -> Leniency {
        Leniency {
            any_origin: self.allow_callback_at_any_origin,
            no_place: self.allow_callback_without_place,
        }
    }

    /// Runs a function on every response to a token request before this crate reads it. Use it if a
    /// server deviates from the specification in a way that no option covers.
    ///
    /// The function gets the purpose of the request: [`Purpose::RenewingToken`],
    /// [`Purpose::ExchangingCode`], [`Purpose::PollingForToken`], or [`Purpose::RequestingToken`]
    /// for every other grant. The fragment of an implicit grant is passed to the function, too,
    /// with [`Purpose::RequestingToken`]. Functions run in the order in which they were registered.
    ///
    /// # Examples
    /// ```
    /// # use oauth_proto::oauth2::Client;
    /// use oauth_proto::Purpose;
    ///
    /// // The server's responses to a refresh have white space around the JSON.
    /// fn mended(client: Client) -> Client {
    ///     client.on_token_response(|purpose, response| {
    ///         if purpose == Purpose::RenewingToken {
    ///             *response.body_mut() = response.body().trim_ascii().to_vec();
    ///         }
    ///     })
    /// }
    /// ```
    pub fn on_token_response(
        self,
        hook: impl Fn(Purpose, &mut Response) + Send + Sync + 'static,
    ) -> Self {
        self.hook(Hook::TokenResponse(Arc::new(hook)))
    }

    /// Runs a function on every request to which a [`Session`](crate::oauth2::Session) has attached
    /// the token.
    pub fn on_protected_request(
        self,
        hook: impl Fn(&mut ProtectedRequest<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.hook(Hook::ProtectedRequest(Arc::new(hook)))
    }

    /// Runs a function on each [`Event`] of this client and of its sessions, such as a response, a
    /// failure or a renewal. Functions run in the order in which they were registered.
    ///
    /// # Examples
    /// ```
    /// # use oauth_proto::oauth2::Client;
    /// fn watched(client: Client) -> Client {
    ///     client.on_event(|event| {
    ///         if event.cause().is_some() {
    ///             eprintln!("{event}");
    ///         }
    ///     })
    /// }
    /// ```
    pub fn on_event(self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        let mut observer = self.inner.observer.clone().named(&self.inner.id);
        observer.push(hook);
        self.with_observer(observer)
    }

    pub(crate) fn with_observer(mut self, observer: Observer) -> Self {
        self.parts().observer = observer;
        self
    }

    pub(crate) fn observer(&self) -> &Observer {
        &self.inner.observer
    }

    /// Returns the client id.
    pub(crate) fn client_id(&self) -> &str {
        &self.inner.id
    }

    /// Returns the URL of the server's token endpoint.
    pub(crate) fn token_endpoint(&self) -> String {
        self.inner.endpoints.token_url(&self.inner.server)
    }

    /// Returns the settings, to change them while a client is built.
    fn parts(&mut self) -> &mut ClientInner {
        Arc::make_mut(&mut self.inner)
    }

    fn hook(mut self, hook: Hook) -> Self {
        self.parts().hooks.push(hook);
        self
    }

    pub(crate) fn read_token(
        &self,
        response: Response,
        purpose: Purpose,
        expected: Expected,
        moment: &Moment,
    ) -> Result<Token, Error> {
        let ClientInner { server, hooks, .. } = &*self.inner;
        let mut response = Wiped(response);
        hooks.token_response(purpose, &mut response);
        token_response::token(
            &response,
            expected,
            server.quirks,
            server.scope_separator,
            moment.now,
        )
    }
}

/// Makes the headers of a request to the server. `basic` holds the client's credentials if they are
/// sent in a header.
fn headers(basic: Option<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(basic) = basic {
        headers.insert(AUTHORIZATION, basic);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
    headers
}

impl UrlPrefix {
    fn new(
        server: &AuthorizationServer,
        endpoint: Option<&CheckedUrl>,
        client_id: &str,
    ) -> Result<Self, Unsupported> {
        let endpoint = server.secure_endpoint(endpoint, "authorization")?;
        let own = form::pairs(endpoint.query().unwrap_or_default().as_bytes());
        let own = own.map(|(name, _)| String::from_utf8_lossy(&name).into_owned());
        let added = server.parameters.iter().map(|(name, _)| name.clone());
        if let Some(name) =
            own.chain(added).find(|name| AUTHORIZATION_PARAMETERS.contains(&name.as_str()))
        {
            // If a parameter occurs twice, servers differ in which value they use.
            return Err(Unsupported::ReservedParameter { name });
        }
        let mut url = endpoint.to_string();
        // The endpoint may have a query (RFC 6749 §3.1).
        match endpoint.query() {
            None => url.push('?'),
            Some("") => {}
            Some(_) => url.push('&'),
        }
        let start = url.len();
        form::push_text(&mut url, "client_id", client_id);
        Ok(Self { code: format!("{url}&response_type=code"), url, start })
    }
}
