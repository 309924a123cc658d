//! A client of one authorization server, and how it asks for tokens, RFC 6749 §3.2.

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

/// A client of one authorization server. Cheap to clone.
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
/// // A user grants access: remember `pending`, send the user to `url`.
/// let authorization =
///     run(client.authorize(Authorize::scope("photos"), Moment::from_os())?, &mut send)?;
/// println!("go to {}", authorization.url);
///
/// // In the handler of the callback: `uri` is what the user's browser asked for.
/// # let uri = "";
/// let token = run(client.redeem(authorization.pending, uri, Moment::from_os())?, &mut send)?;
///
/// // Or the client asks for itself.
/// let token =
///     run(client.request_token(Grant::client_credentials(), Moment::from_os())?, &mut send)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Client {
    /// The condition on which requests carry `client_id` in the body. Default:
    /// [`IncludeClientId::Automatic`].
    pub include_client_id: IncludeClientId,
    /// Compares the path alone of a callback that is handed over as a whole URI: for an application
    /// behind a proxy that changes scheme and host, whose framework knows no other, such as
    /// `http://10.0.0.5:8080/cb`. If it knows path and query, hand those over instead. A prefix
    /// that the proxy removed from the path has to be put back in any case. Default: compares all
    /// of it.
    ///
    /// # Security
    /// Two servers whose redirect_uris differ by the host alone are not told apart by it.
    pub allow_callback_at_any_origin: bool,
    /// Takes callbacks that do not say at which URI the user arrived: a query alone, or a form
    /// without its URI. Default: refuses them.
    ///
    /// # Security
    /// If a server does not name itself in its callbacks, the client cannot tell another server's
    /// code from this one's. It may then send the code of an honest server to a malicious one (a
    /// mix-up, RFC 9700 §4.4). This is harmless if the application has one server.
    pub allow_callback_without_place: bool,
    pub(crate) inner: Arc<ClientInner>,
}

#[derive(Clone, Debug)]
pub(crate) struct ClientInner {
    pub(crate) server: AuthorizationServer,
    pub(crate) endpoints: Endpoints,
    pub(crate) id: String,
    /// The fingerprint in pending values of this client at this server.
    pub(crate) fingerprint: ClientFingerprint,
    pub(super) authentication: ClientAuthentication,
    /// Whether the server decides where the secret goes.
    follows_server: bool,
    /// The headers that every request to the server has, made once, with `Authorization: Basic` if
    /// the client uses that.
    pub(super) headers: Result<HeaderMap, Unsupported>,
    pub(crate) redirect_uri: Option<RedirectUri>,
    pub(crate) opened: Result<UrlPrefix, Unsupported>,
    pub(crate) hooks: Hooks,
    observer: Observer,
}

/// A redirect_uri as it is, and as it is encoded in queries and forms.
#[derive(Clone, Debug)]
pub(crate) struct RedirectUri {
    pub(crate) text: Arc<str>,
    pub(crate) encoded: String,
}

/// The beginning of a client's authorization URLs, which is always the same, and where its
/// parameters begin in it.
#[derive(Clone, Debug)]
pub(crate) struct UrlPrefix {
    /// The endpoint and the client.
    pub(crate) url: String,
    pub(crate) start: usize,
    /// The same with the response type of the code grant, and the client's redirect_uri.
    pub(crate) code: String,
}

/// Whether requests carry `client_id` in the body.
///
/// ```
/// use oauth_proto::oauth2::IncludeClientId;
///
/// assert_eq!(IncludeClientId::default(), IncludeClientId::Automatic);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IncludeClientId {
    /// If it is not in `Authorization: Basic` already.
    #[default]
    Automatic,
    /// Always, also beside `Authorization: Basic`.
    Always,
    /// Only as half of a secret in the body.
    Never,
}

impl Client {
    /// Makes a public client with that identifier: without a secret.
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

    /// Sets the client's secret, and sends it in `Authorization: Basic`, unless the server's
    /// metadata (for each endpoint by itself) or
    /// [`secret_placement`](AuthorizationServer::secret_placement) names another place.
    /// [`authentication`](Self::authentication) overrides that for this client.
    pub fn secret(self, secret: impl Into<Secret>) -> Self {
        let placement = self.inner.server.token_secret_placement();
        let mut client =
            self.authentication(ClientAuthentication::secret(secret.into(), placement));
        client.parts().follows_server = true;
        client
    }

    /// Returns the client with its secret in the place that the server wants at another endpoint.
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

    /// Sets the method by which the client is authenticated. Default:
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

    /// Sets the URI to which the server sends users back, unless
    /// [`Authorize`](crate::oauth2::Authorize) has another one: an https URL, one of this machine
    /// for a native app (`http://127.0.0.1:51004/cb`), or one of the app's own scheme
    /// (`com.example.app:/cb`, RFC 8252 §7). Default: none, so that requests name no redirect_uri
    /// unless `Authorize` does.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when it is another URI, or has a fragment; [`Unsupported::PlainHttp`].
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

    /// Returns the client with another issuer of its server; with `None`, the client accepts any
    /// issuer that the server names.
    pub(crate) fn with_issuer(mut self, issuer: Option<String>) -> Self {
        let server = &mut self.parts().server;
        match issuer {
            Some(issuer) => server.issuer = Some(issuer),
            None => server.allow_unknown_issuer = true,
        }
        self
    }

    /// Takes callbacks as a sign-in was told to, too.
    pub(crate) fn with_place(mut self, place: Leniency) -> Self {
        self.allow_callback_at_any_origin |= place.any_origin;
        self.allow_callback_without_place |= place.no_place;
        self
    }

    /// Returns the callbacks that are taken although it is not known at which URI they arrived.
    pub(super) fn place(&self) -> Leniency {
        Leniency {
            any_origin: self.allow_callback_at_any_origin,
            no_place: self.allow_callback_without_place,
        }
    }

    /// Runs a function on every answer to a token request, before it is read: for what a server
    /// does differently and no option covers. The function gets the purpose of the request:
    /// [`Purpose::RenewingToken`], [`Purpose::ExchangingCode`], [`Purpose::PollingForToken`], or
    /// else [`Purpose::RequestingToken`], which the fragment of an implicit grant is, too. Hooks
    /// run in the order in which they were registered.
    ///
    /// # Examples
    /// ```
    /// # use oauth_proto::oauth2::Client;
    /// use oauth_proto::Purpose;
    ///
    /// // The server answers a refresh with a text around the JSON.
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

    /// Runs a function on every request of a [`Session`](crate::oauth2::Session), once it has its
    /// token.
    pub fn on_protected_request(
        self,
        hook: impl Fn(&mut ProtectedRequest<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.hook(Hook::ProtectedRequest(Arc::new(hook)))
    }

    /// Runs a function on each [`Event`] of this client: on the answers to its requests and on what
    /// its sessions do. Functions run in the order in which they were registered.
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

    /// Returns the client's identifier.
    pub(crate) fn client_id(&self) -> &str {
        &self.inner.id
    }

    /// Returns the URL of the server's token endpoint.
    pub(crate) fn token_endpoint(&self) -> String {
        self.inner.endpoints.token_url(&self.inner.server)
    }

    /// Returns the parts, to be changed while a client is built.
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

/// Makes the headers of a request to the server, with the client's credentials if these are in a
/// header.
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
            // If a parameter occurs twice, it is not known which value the server takes.
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
