//! A client of OAuth 1.0a or OAuth 2.0.

use crate::core::callback::Leniency;
use crate::core::event::Observer;
use crate::wire::without_secrets;
use crate::{Error, Unsupported, oauth1, oauth2};

/// A client of OAuth 1.0a or OAuth 2.0, for [`SignIn::custom`](super::SignIn::custom). Both types
/// of clients convert into it.
///
/// ```
/// use oauth_proto::oauth2;
/// use oauth_proto::services::{Client, LINEAR};
///
/// let client: Client =
///     oauth2::Client::new(LINEAR.authorization_server(None)?, "client id").into();
/// assert!(matches!(client, Client::Oauth2(_)));
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is only one value for each service")]
pub enum Client {
    /// A client of OAuth 1.0a.
    Oauth1(oauth1::Client),
    /// A client of OAuth 2.0.
    Oauth2(oauth2::Client),
}

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
    /// Returns the identifier of the client.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Oauth1(client) => client.client_id(),
            Self::Oauth2(client) => client.client_id(),
        }
    }

    /// Returns the protocol, and the endpoint to which codes and verifiers are sent.
    pub(super) fn endpoint(&self) -> (&'static str, String) {
        match self {
            Self::Oauth1(client) => ("oauth1", client.server().token.to_string()),
            Self::Oauth2(client) => ("oauth2", client.token_endpoint()),
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

    /// Returns the client with the sign-in's options for callbacks.
    pub(super) fn with_place(self, place: Leniency) -> Self {
        match self {
            Self::Oauth1(client) => Self::Oauth1(client.with_place(place)),
            Self::Oauth2(client) => Self::Oauth2(client.with_place(place)),
        }
    }

    /// Returns the client with another issuer of its OAuth 2.0 server. With `None`, an issuer in
    /// the callback is not checked if the server's issuer is not known.
    pub(super) fn with_issuer(self, issuer: Option<String>) -> Self {
        match self {
            Self::Oauth2(client) => Self::Oauth2(client.with_issuer(issuer)),
            Self::Oauth1(client) => Self::Oauth1(client),
        }
    }

    /// Returns the client with a redirect_uri.
    pub(super) fn returning_to(self, callback: &str) -> Result<Self, Error> {
        match self {
            Self::Oauth2(client) => Ok(Self::Oauth2(client.redirect_uri(callback)?)),
            Self::Oauth1(_) if url::Url::parse(callback).is_err() => Err(Unsupported::Url {
                url: without_secrets(callback),
                reason: "a callback must be an absolute URI",
            }
            .into()),
            Self::Oauth1(client) => Ok(Self::Oauth1(client)),
        }
    }
}
