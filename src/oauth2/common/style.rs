//! Where things go that RFC 6749 lets a server choose, or that servers chose for themselves.

/// Where a client's shared secret goes (RFC 6749 §2.3.1).
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
    /// differs from the RFC's form where one of them holds a reserved character.
    AllowRawBasic,
    /// In the body, as `client_id` and `client_secret`.
    Body,
}

/// How a request reaches the token endpoint.
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
    /// Secrets, codes and refresh tokens stand in the logs of whoever is on the way.
    AllowPostQuery,
    /// GET with everything in the query.
    ///
    /// # Security
    /// As with [`AllowPostQuery`](Self::AllowPostQuery).
    AllowGet,
}

/// Where a request carries its token (RFC 6750 §2).
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
    /// A header of the server's own, holding nothing but the token.
    Header(&'static str),
    /// A parameter of the form body (§2.2); the RFC's name is `access_token`.
    Form(&'static str),
    /// A parameter of the query (§2.3); the RFC's name is `access_token`.
    ///
    /// # Security
    /// The token stands in logs, histories and `Referer` headers.
    ///
    /// Where the transport's errors name the URL, as those of some HTTP clients do, the token
    /// stands in the text of [`DriveError::Transport`](crate::DriveError::Transport), too.
    AllowQuery(&'static str),
    /// In `Authorization: Bearer`, and as a parameter too: of the form where the request has one or
    /// has no body, else of the query. What Slack's older methods ask for.
    ///
    /// # Security
    /// As with [`AllowQuery`](Self::AllowQuery).
    AllowBearerAndParameter(&'static str),
}

/// What a server does with a proof key for code exchange (RFC 7636).
///
/// ```
/// use oauth_proto::oauth2::PkceSupport;
///
/// assert_eq!(PkceSupport::default(), PkceSupport::Supported);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PkceSupport {
    /// It must be there.
    Required,
    /// It is checked where it is there; or it is ignored, which does no harm.
    #[default]
    Supported,
    /// Requests with one are refused.
    Refused,
}
