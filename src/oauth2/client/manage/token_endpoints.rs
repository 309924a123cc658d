//! Introspection, RFC 7662, and revocation, RFC 7009.

use zeroize::Zeroizing;

use crate::core::step::Receive;
use crate::oauth2::client::client::Client;
use crate::oauth2::client::request::server_request::ServerRequest;
use crate::oauth2::client::server::CheckedUrl;
use crate::oauth2::client::token_response;
use crate::oauth2::{Introspection, SecretPlacement, Token};
use crate::wire::form;
use crate::{Error, Moment, Purpose, Response, Secret, Step};

/// A token with a hint about its kind, so the server finds the token faster (`token_type_hint`, RFC
/// 7009 §2.1). A string becomes a token without a hint.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::{Client, HintedToken, Introspection};
/// use oauth_proto::{Error, Moment, Step};
///
/// fn ask(client: &Client, token: &str, moment: Moment) -> Result<Step<Introspection>, Error> {
///     client.introspect(HintedToken::AccessToken(token.into()), moment)
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum HintedToken {
    /// An access token.
    AccessToken(Secret),
    /// A refresh token.
    RefreshToken(Secret),
    /// A token without a hint.
    Unknown(Secret),
}

impl From<Secret> for HintedToken {
    fn from(token: Secret) -> Self {
        Self::Unknown(token)
    }
}

impl From<&Secret> for HintedToken {
    fn from(token: &Secret) -> Self {
        token.clone().into()
    }
}

impl From<&str> for HintedToken {
    fn from(token: &str) -> Self {
        Secret::new(token).into()
    }
}

impl From<String> for HintedToken {
    fn from(token: String) -> Self {
        Secret::new(token).into()
    }
}

impl Client {
    /// Introspects a token at the server (RFC 7662 §2). A token that the server does not recognize
    /// is not an error: its [`active`](field@Introspection::active) is `false`.
    ///
    /// # Errors
    /// - [`Unsupported::NoEndpoint`](crate::Unsupported::NoEndpoint) if the server has no
    ///   introspection endpoint.
    /// - [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) if the endpoint is an http URL
    ///   whose host is not this machine.
    ///
    /// Errors in the server's response are returned later, by the step.
    pub fn introspect(
        &self,
        token: impl Into<HintedToken>,
        moment: Moment,
    ) -> Result<Step<Introspection>, Error> {
        let endpoint = self.inner.endpoints.introspection.as_ref();
        let listed = self.inner.server.listed.introspection;
        let state = AwaitIntrospection { client: self.clone() };
        self.ask_about(&token.into(), endpoint, "introspection", listed, &moment, state)
    }

    /// Revokes a token (RFC 7009 §2). If it is a refresh token, servers usually revoke its access
    /// tokens, too. A token that the server does not recognize counts as revoked.
    ///
    /// # Errors
    /// - [`Unsupported::NoEndpoint`](crate::Unsupported::NoEndpoint) if the server has no
    ///   revocation endpoint.
    /// - [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) if the endpoint is an http URL
    ///   whose host is not this machine.
    ///
    /// Errors in the server's response are returned later, by the step. After
    /// [`Refused::Status`](crate::Refused::Status) with 503, the token is still valid: try again
    /// later (§2.2.1).
    pub fn revoke(&self, token: impl Into<HintedToken>, moment: Moment) -> Result<Step<()>, Error> {
        let endpoint = self.inner.endpoints.revocation.as_ref();
        let listed = self.inner.server.listed.revocation;
        let state = AwaitRevocation { client: self.clone() };
        self.ask_about(&token.into(), endpoint, "revocation", listed, &moment, state)
    }

    /// Revokes the refresh token of `token` or, if it has none, the access token.
    ///
    /// # Errors
    /// - [`Unsupported::NoEndpoint`](crate::Unsupported::NoEndpoint) if the server has no
    ///   revocation endpoint.
    /// - [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) if the endpoint is an http URL
    ///   whose host is not this machine.
    ///
    /// Errors in the server's response are returned later, by the step. After
    /// [`Refused::Status`](crate::Refused::Status) with 503, the token is still valid: try again
    /// later (RFC 7009 §2.2.1).
    pub fn revoke_grant(&self, token: &Token, moment: Moment) -> Result<Step<()>, Error> {
        match &token.refresh_token {
            Some(refresh) => self.revoke(HintedToken::RefreshToken(refresh.clone()), moment),
            None => self.revoke(HintedToken::AccessToken(token.access_token.clone()), moment),
        }
    }

    /// Sends a token to the introspection or revocation endpoint. `listed` is the place for the
    /// client's secret at that endpoint, from the server's metadata.
    fn ask_about<T: 'static>(
        &self,
        token: &HintedToken,
        endpoint: Option<&CheckedUrl>,
        name: &'static str,
        listed: Option<SecretPlacement>,
        moment: &Moment,
        state: impl Receive<T> + 'static,
    ) -> Result<Step<T>, Error> {
        let server = &self.inner.server;
        let endpoint = server.secure_endpoint(endpoint, name)?;
        let (token, hint) = match token {
            HintedToken::AccessToken(token) => (token, Some("access_token")),
            HintedToken::RefreshToken(token) => (token, Some("refresh_token")),
            HintedToken::Unknown(token) => (token, None),
        };
        let mut form = Zeroizing::new(String::new());
        form::push_text(&mut form, "token", token.expose());
        if let Some(hint) = hint {
            form::push_text(&mut form, "token_type_hint", hint);
        }
        let client = self.with_secret_in(server.secret_placement.or(listed));
        client.send(ServerRequest::new(endpoint, form), moment, state)
    }
}

impl token_response::Document for Introspection {
    const EXPECTED: &'static str = "an introspection answer in JSON";
    const NEEDED: (&'static str, &'static str) = ("active", "false");
}

struct AwaitIntrospection {
    client: Client,
}

impl Receive<Introspection> for AwaitIntrospection {
    fn receive(
        self: Box<Self>,
        response: Response,
        _: Moment,
    ) -> Result<Step<Introspection>, Error> {
        token_response::document(&response, self.client.inner.server.quirks).map(Step::Done)
    }

    fn purpose(&self) -> Purpose {
        Purpose::IntrospectingToken
    }
}

struct AwaitRevocation {
    client: Client,
}

impl Receive<()> for AwaitRevocation {
    fn receive(self: Box<Self>, response: Response, _: Moment) -> Result<Step<()>, Error> {
        token_response::success(&response, self.client.inner.server.quirks)?;
        Ok(Step::Done(()))
    }

    fn purpose(&self) -> Purpose {
        Purpose::RevokingToken
    }
}
