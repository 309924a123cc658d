//! Signing in where no row will do: with a client that the caller has configured, and two functions.

use std::sync::Arc;

use http::Uri;
use serde_json::Value;

use super::client::Profile;
use super::{SignIn, Tokens, User};
use crate::callback::Leniency;
use crate::event::Observer;
use crate::oauth2::Known;
use crate::wire::bare;
use crate::{Error, Request, Unsupported, oauth1, oauth2};

/// A client of either protocol, as [`SignIn::custom`] takes it. It is made of one by `into`.
///
/// ```
/// use oauth_proto::oauth2;
/// use oauth_proto::services::LINEAR;
/// use oauth_proto::sign_in::Client;
///
/// let client: Client = oauth2::Client::new(LINEAR.authorization_server(None)?, "client id").into();
/// assert!(matches!(client, Client::Oauth2(_)));
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one for each service")]
pub enum Client {
    /// Of OAuth 1.0.
    Oauth1(oauth1::Client),
    /// Of OAuth 2.0.
    Oauth2(oauth2::Client),
}

/// The caller's functions.
#[derive(Clone)]
pub(super) struct Custom {
    pub(super) request: MakeRequest,
    pub(super) map: Map,
}

type MakeRequest = Arc<dyn Fn(&Tokens) -> Result<Request, Error> + Send + Sync>;
type Map = Arc<dyn Fn(&Value, Tokens) -> Option<User> + Send + Sync>;

impl From<oauth1::Client> for Client {
    fn from(client: oauth1::Client) -> Self {
        Self::Oauth1(client)
    }
}

impl From<oauth2::Client> for Client {
    fn from(client: oauth2::Client) -> Self {
        Self::Oauth2(client)
    }
}

impl Client {
    /// Its identifier.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Oauth1(client) => client.client_id(),
            Self::Oauth2(client) => client.client_id(),
        }
    }

    /// The protocol, and where codes and verifiers go.
    pub(super) fn endpoint(&self) -> (&'static str, &Uri) {
        match self {
            Self::Oauth1(client) => ("oauth1", &client.service().token),
            Self::Oauth2(client) => ("oauth2", &client.server().token),
        }
    }

    pub(super) fn observer(&self) -> &Observer {
        match self {
            Self::Oauth1(client) => client.observer(),
            Self::Oauth2(client) => client.observer(),
        }
    }

    pub(super) fn with_observer(self, observer: Observer) -> Self {
        match self {
            Self::Oauth1(client) => Self::Oauth1(client.with_observer(observer)),
            Self::Oauth2(client) => Self::Oauth2(client.with_observer(observer)),
        }
    }

    /// Takes callbacks as the sign-in was told to.
    pub(super) fn with_place(self, place: Leniency) -> Self {
        match self {
            Self::Oauth1(client) => Self::Oauth1(client.with_place(place)),
            Self::Oauth2(client) => Self::Oauth2(client.with_place(place)),
        }
    }

    /// Knows an OAuth 2.0 server by that issuer.
    pub(super) fn with_issuer(self, issuer: Known) -> Self {
        match self {
            Self::Oauth2(client) => Self::Oauth2(client.with_issuer(issuer)),
            Self::Oauth1(client) => Self::Oauth1(client),
        }
    }

    /// With the URL that users come back to.
    pub(super) fn returning_to(self, callback: &str) -> Result<Self, Error> {
        match self {
            Self::Oauth2(client) => Ok(Self::Oauth2(client.redirect_uri(callback)?)),
            Self::Oauth1(_) if url::Url::parse(callback).is_err() => {
                Err(Unsupported::Url { url: bare(callback), reason: "a callback is an absolute URI" }.into())
            }
            Self::Oauth1(client) => Ok(Self::Oauth1(client)),
        }
    }
}

impl SignIn {
    /// Signing in at a service that no row describes: one whose URLs are known only when the application runs, that wants to
    /// be spoken to in a way of its own, or whose profiles no table of fields fits. The client is the caller's, of either
    /// protocol, with all of its options, and `callback` is where users come back to: what an OAuth 2.0 client was told
    /// before is forgotten, and an OAuth 1.0 service of [registered callbacks](oauth1::Callbacks::Registered) is not told.
    ///
    /// `request` makes the request for the profile, and `map` makes a user of the answer, which is JSON, or `None` where
    /// it is not as it should be; one with `error` or `errors` is a refusal then. The token is put into the request where
    /// the client says, for the origin that the request goes to and over TLS alone, unless the client was told otherwise.
    /// Of OAuth 1.0 it is signed; what is to be signed must be in it. What `map` leaves open, the profile as it came and
    /// the token's lifetime, is filled in.
    ///
    /// [`profile_header`](Self::profile_header) adds to the request, and what else there is for the profile's request
    /// ([`fields`](Self::fields), [`profile_argument`](Self::profile_argument)) is for services of the table: it is `request`
    /// that has the say. [`place`](Self::place) and [`endpoints_at`](Self::endpoints_at), which move the URLs of a row, are
    /// refused.
    ///
    /// ```
    /// use oauth_proto::oauth2::{self, ApiRequest};
    /// use oauth_proto::services::LINEAR;
    /// use oauth_proto::sign_in::{SignIn, User};
    /// use serde_json::json;
    ///
    /// let client = oauth2::Client::new(LINEAR.authorization_server(None)?, "client id").secret("client secret");
    /// let sign_in = SignIn::custom(
    ///     client,
    ///     "https://app.example/callback",
    ///     |_tokens| {
    ///         let query = json!({ "query": "{ viewer { id name email } }" });
    ///         ApiRequest::new("https://api.linear.app/graphql")?.json(&query).request()
    ///     },
    ///     |answer, tokens| {
    ///         let viewer = answer.pointer("/data/viewer")?;
    ///         let mut user = User::new(viewer["id"].as_str()?, tokens);
    ///         user.name = viewer["name"].as_str().map(str::to_owned);
    ///         user.email = viewer["email"].as_str().map(str::to_owned);
    ///         Some(user)
    ///     },
    /// )?
    /// .scope("read");
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// A wiki whose URL an administrator typed, which signs people in by OAuth 1.0a:
    ///
    /// ```
    /// use oauth_proto::oauth1::{ApiRequest, Callbacks, Client, ClientCredentials, Service};
    /// use oauth_proto::sign_in::{SignIn, User};
    /// use oauth_proto::Error;
    ///
    /// fn wiki(base: &str, key: &str, secret: &str) -> Result<SignIn, Error> {
    ///     let [request, authorize, access] = ["initiate", "authorize", "token"].map(|leg| format!("{base}/oauth/{leg}"));
    ///     let service = Service::new(&request, &authorize, &access)?.by_get().callbacks(Callbacks::Registered);
    ///     let client = Client::new(service, ClientCredentials::new(key, secret));
    ///     let profile = format!("{base}/oauth/whoami");
    ///     let request = move |_: &_| ApiRequest::new(&profile)?.request();
    ///     SignIn::custom(client, "https://app.example/callback", request, |answer, tokens| {
    ///         let mut user = User::new(answer["sub"].as_u64()?.to_string(), tokens);
    ///         user.username = answer["username"].as_str().map(str::to_owned);
    ///         Some(user)
    ///     })
    /// }
    ///
    /// let sign_in = wiki("https://wiki.example", "consumer key", "consumer secret")?;
    /// assert!(sign_in.oauth1_client().is_some() && sign_in.site().is_none());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// What a client gives away that was told to by an option named `allow_` or `dangerous_`, a sign-in with it gives away:
    /// with [`Service::dangerous_version_1_0`](oauth1::Service::dangerous_version_1_0) an attacker can sign in as a user whom
    /// they had grant access, and without TLS whoever is on the way can put another user in the place of the one who comes.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when the callback is no URL for that, [`Unsupported::PlainHttp`] when it is neither https nor on
    /// this machine at an OAuth 2.0 client.
    pub fn custom(
        client: impl Into<Client>,
        callback: impl Into<String>,
        request: impl Fn(&Tokens) -> Result<Request, Error> + Send + Sync + 'static,
        map: impl Fn(&Value, Tokens) -> Option<User> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let custom = Custom { request: Arc::new(request), map: Arc::new(map) };
        Self::with(client.into(), callback.into(), Profile::Custom(custom))
    }
}
