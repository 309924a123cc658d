//! Token requests, RFC 6749 §3.2: a grant is exchanged for a token.

use super::server_request::ServerRequest;
use crate::core::error::oauth2::RequestError;
use crate::core::step::Receive;
use crate::oauth2::Token;
use crate::oauth2::client::client::Client;
use crate::oauth2::client::grant::{self, Grant, Kind};
use crate::oauth2::client::token_response::Expected;
use crate::{Error, Moment, Purpose, Response, Step};

impl Client {
    /// Exchanges a grant for a token (RFC 6749 §4).
    ///
    /// # Errors
    /// [`Unsupported`](crate::Unsupported) if the request cannot be made with these settings.
    /// Errors in the server's response are returned later, by the step.
    pub fn request_token(&self, grant: Grant, moment: Moment) -> Result<Step<Token>, Error> {
        let server = &self.inner.server;
        if server.oauth_2_1 && grant.kind == Kind::Password {
            return Err(RequestError::NotInOauth21 { what: "password grant" }.into());
        }
        let transmission = server.token_transmission()?;
        let (refresh, purpose) = match grant.kind {
            Kind::Refresh => (true, Purpose::RenewingToken),
            Kind::Code => (false, Purpose::ExchangingCode),
            Kind::Password | Kind::Other => (false, Purpose::RequestingToken),
        };
        let own = self.inner.endpoints.refresh.as_ref().filter(|_| refresh);
        let endpoint =
            server.secure_endpoint(own.or(Some(&self.inner.endpoints.token)), "token")?;
        let grant::GrantParts { parameters, headers, expected } =
            grant.into_parts(server.scope_separator)?;
        let request =
            ServerRequest { headers, transmission, ..ServerRequest::new(endpoint, parameters) };
        self.send(request, &moment, AwaitToken { client: self.clone(), purpose, expected })
    }
}

/// Waits for the token response.
struct AwaitToken {
    client: Client,
    purpose: Purpose,
    expected: Expected,
}

impl Receive<Token> for AwaitToken {
    fn receive(self: Box<Self>, response: Response, moment: Moment) -> Result<Step<Token>, Error> {
        let Self { client, purpose, expected } = *self;
        client.read_token(response, purpose, expected, &moment).map(Step::Done)
    }

    fn purpose(&self) -> Purpose {
        self.purpose
    }
}
