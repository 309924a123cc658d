//! OpenID and OAuth in one, OpenID OAuth Extension draft of 2009: the answer brings a request token that is approved.

use std::fmt;

use super::{Extension, field};

/// The extension's namespace (§5).
pub const NAMESPACE: &str = "http://specs.openid.net/extensions/oauth/1.0";

/// Asks for a request token along with the user's identifier (§8).
///
/// ```
/// use oauth_proto::openid2::{Authenticate, oauth};
///
/// let authenticate = Authenticate::new("https://rp.example/openid")
///     .extension(oauth::Request::new("rp.example").scope("http://docs.example/feeds/"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The consumer key.
    pub consumer: String,
    /// What to have access to, in the provider's own words.
    pub scope: Option<String>,
}

impl Request {
    /// A request of that consumer's.
    pub fn new(consumer: impl Into<String>) -> Self {
        Self { consumer: consumer.into(), scope: None }
    }

    /// What to have access to.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Reads what a request asks for; `None` where it names no consumer.
    pub fn of(extension: &Extension) -> Option<Self> {
        let consumer = extension.get("consumer").filter(|consumer| !consumer.is_empty())?;
        Some(Self { consumer: consumer.to_owned(), scope: extension.get("scope").map(str::to_owned) })
    }
}

impl From<Request> for Extension {
    fn from(access: Request) -> Self {
        let fields = [field("consumer", Some(access.consumer)), field("scope", access.scope)];
        Self::new(NAMESPACE, "oauth", fields.into_iter().flatten())
    }
}

/// A request token that the user has approved (§10). [`Client::redeem_approved`](crate::oauth1::Client::redeem_approved)
/// exchanges it for an access token.
///
/// ```
/// use oauth_proto::oauth1::Client;
/// use oauth_proto::openid2::Assertion;
/// use oauth_proto::{DriveError, Moment, Request, Response, run};
///
/// fn token(
///     assertion: &Assertion,
///     client: &Client,
///     send: impl FnMut(Request) -> Result<Response, std::io::Error>,
/// ) -> Result<Option<oauth_proto::oauth1::Token>, DriveError> {
///     let Some(approved) = assertion.approved_token() else { return Ok(None) };
///     run(client.redeem_approved(&approved.request_token, Moment::from_os())?, send).map(Some)
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The request token. Its secret is the empty text.
    pub request_token: String,
    /// What it is good for, where the provider says so.
    pub scope: Option<String>,
}

impl fmt::Debug for Response {
    /// The token's secret is the empty text, so it is all that there is to keep.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl Response {
    /// A request token that was approved with the answer.
    pub fn new(request_token: impl Into<String>) -> Self {
        Self { request_token: request_token.into(), scope: None }
    }

    /// What it is good for.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Reads an answer; `None` where the user approved nothing (§10).
    pub fn of(extension: &Extension) -> Option<Self> {
        let request_token = extension.get("request_token").filter(|token| !token.is_empty())?;
        Some(Self { request_token: request_token.to_owned(), scope: extension.get("scope").map(str::to_owned) })
    }
}

impl From<Response> for Extension {
    fn from(approved: Response) -> Self {
        let fields = [field("request_token", Some(approved.request_token)), field("scope", approved.scope)];
        Self::new(NAMESPACE, "oauth", fields.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declined_request_has_no_token() {
        assert_eq!(Response::of(&Extension::new(NAMESPACE, "oauth", [])), None);
        let approved = Response::new("hdk48Djdsa").scope("feeds");
        assert_eq!(Response::of(&approved.clone().into()), Some(approved));
    }
}
