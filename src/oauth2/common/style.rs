//! The places for secrets and tokens in requests, and other choices that RFC 6749 leaves to the
//! server, or that servers make against it.

/// The place for a client's shared secret in a request (RFC 6749 §2.3.1).
///
/// ```
/// use oauth_proto::oauth2::SecretPlacement;
///
/// assert_eq!(SecretPlacement::default(), SecretPlacement::Basic);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretPlacement {
    /// In `Authorization: Basic`, identifier and secret encoded as in forms first, as the RFC says.
    #[default]
    Basic,
    /// In `Authorization: Basic`, identifier and secret as they are, which many servers expect. It
    /// differs from the RFC's form if one of them contains a reserved character.
    AllowRawBasic,
    /// In the body, as `client_id` and `client_secret`.
    Body,
}

/// The way in which a request is sent to the token endpoint.
///
/// ```
/// use oauth_proto::oauth2::Transmission;
///
/// assert_eq!(Transmission::default(), Transmission::Post);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transmission {
    /// POST with a form (RFC 6749 §3.2).
    #[default]
    Post,
    /// POST with everything in the query.
    ///
    /// # Security
    /// Secrets, codes and refresh tokens get into the logs of servers and proxies on the way.
    AllowPostQuery,
    /// GET with everything in the query.
    ///
    /// # Security
    /// As with [`AllowPostQuery`](Self::AllowPostQuery).
    AllowGet,
}

/// The place at which a request carries its token (RFC 6750 §2).
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
    /// `Authorization` with another scheme, such as `OAuth` or `token`.
    Scheme(&'static str),
    /// A custom header of the server that holds nothing but the token.
    Header(&'static str),
    /// A parameter of the form body (§2.2); the RFC's name is `access_token`.
    Form(&'static str),
    /// A parameter of the query (§2.3); the RFC's name is `access_token`.
    ///
    /// # Security
    /// The token gets into logs, histories and `Referer` headers.
    ///
    /// If the transport's errors name the URL, as those of some HTTP clients do, the token is in
    /// the text of [`DriveError::Transport`](crate::DriveError::Transport), too.
    AllowQuery(&'static str),
    /// In `Authorization: Bearer`, and as a parameter too: of the form if the request has one or
    /// has no body, else of the query. Slack's older methods require this.
    ///
    /// # Security
    /// As with [`AllowQuery`](Self::AllowQuery).
    AllowBearerAndParameter(&'static str),
}

/// A server's support of proof keys for code exchange (RFC 7636).
///
/// ```
/// use oauth_proto::oauth2::PkceSupport;
///
/// assert_eq!(PkceSupport::default(), PkceSupport::Supported);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PkceSupport {
    /// Requests must have one.
    Required,
    /// The server checks it if a request has one, or ignores it, which does no harm.
    #[default]
    Supported,
    /// Requests with one are refused.
    Refused,
}
