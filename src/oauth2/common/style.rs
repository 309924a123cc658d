//! The places for secrets and tokens in requests, and other properties in which servers differ.

/// The place for a client's secret in a request (RFC 6749 §2.3.1).
///
/// ```
/// use oauth_proto::oauth2::SecretPlacement;
///
/// assert_eq!(SecretPlacement::default(), SecretPlacement::Basic);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretPlacement {
    /// In `Authorization: Basic`, with client id and secret encoded as in forms, as RFC 6749
    /// demands.
    #[default]
    Basic,
    /// In `Authorization: Basic`, with client id and secret not encoded, as many servers expect.
    /// The two forms differ only if the client id or the secret contains a reserved character.
    AllowRawBasic,
    /// In the body, as the parameters `client_id` and `client_secret`.
    Body,
}

/// The way in which the client sends requests to the token endpoint.
///
/// ```
/// use oauth_proto::oauth2::Transmission;
///
/// assert_eq!(Transmission::default(), Transmission::Post);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transmission {
    /// A POST with the parameters in a form (RFC 6749 §3.2).
    #[default]
    Post,
    /// A POST with the parameters in the query.
    ///
    /// # Security
    /// Secrets, codes and refresh tokens appear in the logs of servers and proxies.
    AllowPostQuery,
    /// A GET with the parameters in the query.
    ///
    /// # Security
    /// Secrets, codes and refresh tokens appear in the logs of servers and proxies.
    AllowGet,
}

/// The place for the access token in a request (RFC 6750 §2).
///
/// ```
/// use oauth_proto::oauth2::TokenPlacement;
///
/// assert_eq!(TokenPlacement::default(), TokenPlacement::Bearer);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenPlacement {
    /// `Authorization: Bearer …` (§2.1).
    #[default]
    Bearer,
    /// The header `Authorization` with another scheme, such as `OAuth` or `token`.
    Scheme(&'static str),
    /// A header with that name, whose value is only the token.
    Header(&'static str),
    /// A parameter with that name in the form body (§2.2). RFC 6750 uses the name `access_token`.
    Form(&'static str),
    /// A parameter with that name in the query (§2.3). RFC 6750 uses the name `access_token`.
    ///
    /// # Security
    /// The token appears in logs, browser histories and `Referer` headers. If the errors of your
    /// HTTP client contain the URL, the token is in the text of
    /// [`DriveError::Transport`](crate::DriveError::Transport), too.
    AllowQuery(&'static str),
    /// In `Authorization: Bearer`, and additionally as a parameter with that name. The parameter is
    /// in the form if the request has one, or if its body is empty and its method is neither GET
    /// nor HEAD. In all other requests it is in the query. Slack's older methods demand this.
    ///
    /// # Security
    /// The token appears in logs, browser histories and `Referer` headers, as with
    /// [`AllowQuery`](Self::AllowQuery).
    AllowBearerAndParameter(&'static str),
}

/// A server's support of PKCE (Proof Key for Code Exchange, RFC 7636).
///
/// ```
/// use oauth_proto::oauth2::PkceSupport;
///
/// assert_eq!(PkceSupport::default(), PkceSupport::Supported);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PkceSupport {
    /// The server refuses authorization requests without a PKCE challenge.
    Required,
    /// The server checks the PKCE challenge if a request has one, or ignores it.
    #[default]
    Supported,
    /// The server refuses authorization requests with a PKCE challenge, so the client sends none.
    Refused,
}
