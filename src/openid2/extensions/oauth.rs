//! Signing in and authorizing in one step: the response has an approved request token. OpenID OAuth
//! Extension, draft of 2009.

use std::fmt;

use super::super::extension::{
    Extension, ReadExtension, RequestExtension, ResponseExtension, field,
};

/// The extension's namespace (§5).
pub(in crate::openid2) const NAMESPACE: &str = "http://specs.openid.net/extensions/oauth/1.0";

/// A request for an approved request token in the response (§8).
///
/// ```
/// use oauth_proto::openid2::{Authorize, Discovered, oauth};
///
/// let access = oauth::Request {
///     consumer: "rp.example".into(),
///     scope: Some("http://docs.example/feeds/".into()),
/// };
/// # let provider = Discovered::known_provider("https://op.example/openid")?;
/// let authorize = Authorize::new(&provider, "https://rp.example/openid").extension(access);
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The consumer key of the relying party at the provider's OAuth service.
    pub consumer: String,
    /// The scope, in the format of the provider.
    pub scope: Option<String>,
}

impl RequestExtension for Request {}

impl ReadExtension for Request {
    const NAMESPACES: &'static [&'static str] = &[NAMESPACE];

    /// `None` if the request has no consumer.
    fn read(extension: &Extension) -> Option<Self> {
        let consumer = extension.get("consumer").filter(|consumer| !consumer.is_empty())?;
        Some(Self {
            consumer: consumer.to_owned(),
            scope: extension.get("scope").map(str::to_owned),
        })
    }
}

impl From<Request> for Extension {
    fn from(access: Request) -> Self {
        let fields = [field("consumer", Some(access.consumer)), field("scope", access.scope)];
        Self::of_fields(NAMESPACE, "oauth", fields.into_iter().flatten())
    }
}

/// A request token that the user has approved (§10).
/// [`Client::redeem_approved`](crate::oauth1::Client::redeem_approved) exchanges it for an access
/// token.
///
/// ```
/// use oauth_proto::oauth1::Client;
/// use oauth_proto::openid2::{self, Assertion};
/// use oauth_proto::{DriveError, Moment, Request, Response, run};
///
/// fn token(
///     assertion: &Assertion,
///     client: &Client,
///     send: impl FnMut(Request) -> Result<Response, std::io::Error>,
/// ) -> Result<Option<oauth_proto::oauth1::Token>, DriveError> {
///     let Some(approved) = assertion.extension::<openid2::oauth::Response>() else {
///         return Ok(None);
///     };
///     run(client.redeem_approved(&approved.request_token, Moment::from_os())?, send).map(Some)
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The request token. Its secret is the empty text.
    pub request_token: String,
    /// The scope of the token, if the provider returns it.
    pub scope: Option<String>,
}

impl fmt::Debug for Response {
    /// The token's secret is the empty text, so the token itself is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl ResponseExtension for Response {}

impl ReadExtension for Response {
    const NAMESPACES: &'static [&'static str] = &[NAMESPACE];

    /// `None` if the user approved no access (§10).
    fn read(extension: &Extension) -> Option<Self> {
        let request_token = extension.get("request_token").filter(|token| !token.is_empty())?;
        Some(Self {
            request_token: request_token.to_owned(),
            scope: extension.get("scope").map(str::to_owned),
        })
    }
}

impl From<Response> for Extension {
    fn from(approved: Response) -> Self {
        let fields =
            [field("request_token", Some(approved.request_token)), field("scope", approved.scope)];
        Self::of_fields(NAMESPACE, "oauth", fields.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declined_request_has_no_token() {
        assert_eq!(Response::read(&Extension::new(NAMESPACE, "oauth")), None);
        let approved =
            Response { request_token: "hdk48Djdsa".to_owned(), scope: Some("feeds".to_owned()) };
        assert_eq!(Response::read(&approved.clone().into()), Some(approved));
    }
}
