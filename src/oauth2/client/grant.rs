//! Grants: what a client shows to get a token, RFC 6749 §1.3, as the parameters of a token request.

use std::fmt;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::token_response::Expected;
use crate::oauth2::common::names::{
    CLIENT_CREDENTIALS, JWT_BEARER, PASSWORD, REFRESH_TOKEN, TOKEN_EXCHANGE,
};
use crate::oauth2::{Scope, Token};
use crate::wire::form;
use crate::{Error, Secret, Unsupported};

/// What [`Client::request_token`](crate::oauth2::Client::request_token) exchanges for a token, with
/// what is asked of it.
///
/// ```
/// use oauth_proto::oauth2::Grant;
///
/// let grant = Grant::client_credentials()
///     .scope(["photos.read"])
///     .resource("https://photos.example.com/");
/// ```
#[derive(Clone)]
pub struct Grant {
    parameters: Zeroizing<String>,
    scope: Option<Scope>,
    /// Whether the scope is sent, or was already asked for.
    sends_scope: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
    previous: Option<Box<Token>>,
    accepts_any_token_type: bool,
    unknown_lifetime: Option<Duration>,
    pub(crate) kind: Kind,
    refused: Option<String>,
}

/// A grant on its way: the form, the headers, and what the answer is read against.
pub(crate) struct GrantParts {
    pub(crate) parameters: Zeroizing<String>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) expected: Expected,
}

/// What the client has to know about a grant besides its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Code,
    Refresh,
    Password,
    Other,
}

impl Grant {
    #[inline]
    pub(crate) fn new(grant_type: &str, kind: Kind) -> Self {
        // Room for what follows in an ordinary request.
        let mut parameters = Zeroizing::new(String::with_capacity(384));
        form::push_text(&mut parameters, "grant_type", grant_type);
        Self {
            parameters,
            scope: None,
            sends_scope: true,
            headers: Vec::new(),
            previous: None,
            accepts_any_token_type: false,
            unknown_lifetime: None,
            kind,
            refused: None,
        }
    }

    /// Nothing but the client itself (RFC 6749 §4.4).
    pub fn client_credentials() -> Self {
        Self::new(CLIENT_CREDENTIALS, Kind::Other)
    }

    /// Returns the grant of the resource owner's name and password (RFC 6749 §4.3). OAuth 2.1 has
    /// left it out.
    ///
    /// # Security
    /// The application sees the user's password, and users learn to type it in other places than
    /// their server's page.
    pub fn dangerous_password(username: &str, password: &str) -> Self {
        let mut grant = Self::new(PASSWORD, Kind::Password);
        grant.push("username", username);
        grant.push("password", password);
        grant
    }

    /// The token's refresh token (§6). What the answer does not replace is kept: the refresh token,
    /// the scope, the extra members. The scope is sent only where [`scope`](Self::scope) sets one.
    ///
    /// # Errors
    /// [`Unsupported::NotRenewable`] when the token came without one.
    pub fn refresh(token: &Token) -> Result<Self, Error> {
        let refresh_token = token.refresh_token.as_ref().ok_or(Unsupported::NotRenewable)?;
        let mut grant = Self::new(REFRESH_TOKEN, Kind::Refresh);
        grant.push("refresh_token", refresh_token.expose());
        grant.previous = Some(Box::new(token.clone()));
        Ok(grant)
    }

    /// A refresh token that is all that was stored (§6). Where a whole [`Token`] was,
    /// [`refresh`](Self::refresh) keeps what the answer does not replace.
    pub fn refresh_token(refresh_token: impl Into<Secret>) -> Self {
        let refresh_token = refresh_token.into();
        let mut grant = Self::new(REFRESH_TOKEN, Kind::Refresh);
        grant.push("refresh_token", refresh_token.expose());
        let mut before = Token::bearer("");
        before.refresh_token = Some(refresh_token);
        grant.previous = Some(Box::new(before));
        grant
    }

    /// A JWT that the caller made and signed (RFC 7523 §2.1).
    pub fn jwt_bearer(assertion: &str) -> Self {
        let mut grant = Self::extension(JWT_BEARER);
        grant.push("assertion", assertion);
        grant
    }

    /// Another token (RFC 8693 §2.1), with the kind that it is:
    /// `urn:ietf:params:oauth:token-type:access_token`, …
    ///
    /// What is issued need not be an access token: its kind stands in the extra member
    /// `issued_token_type`. Who acts on behalf of the subject, and the kind that is wanted, are
    /// [parameters](Self::parameter): `actor_token` with `actor_token_type`, and
    /// `requested_token_type`.
    pub fn token_exchange(subject_token: &str, subject_token_type: &str) -> Self {
        let mut grant = Self::extension(TOKEN_EXCHANGE);
        grant.push("subject_token", subject_token);
        grant.push("subject_token_type", subject_token_type);
        grant.accepts_any_token_type = true;
        grant
    }

    /// A grant that another specification defines, by its URI (RFC 6749 §4.5). Its parameters
    /// follow by [`parameter`](Self::parameter).
    ///
    /// ```
    /// use oauth_proto::oauth2::Grant;
    ///
    /// // A SAML 2.0 assertion, in base64url (RFC 7522 §2.1).
    /// let grant = Grant::extension("urn:ietf:params:oauth:grant-type:saml2-bearer")
    ///     .parameter("assertion", "PHNhbWxwOl");
    /// ```
    pub fn extension(grant_type: &str) -> Self {
        let kind = match grant_type {
            PASSWORD => Kind::Password,
            _ => Kind::Other,
        };
        Self::new(grant_type, kind)
    }

    /// The scope to ask for.
    pub fn scope(mut self, scope: impl Into<Scope>) -> Self {
        self.scope = Some(scope.into()).filter(|scope: &Scope| !scope.is_empty());
        self
    }

    /// Where the token will be used (RFC 8707 §2). May be said more than once.
    pub fn resource(mut self, uri: &str) -> Self {
        self.push("resource", uri);
        self
    }

    /// Adds a parameter of the server's own, or of an extension, such as `audience` (RFC 8693 §2.1)
    /// or `authorization_details` (RFC 9396 §2). What the grant has already is refused when it is
    /// used, unless it may be there more than once (`audience`, `resource`), and so are the
    /// client's credentials and the scope, which have places of their own.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        const TYPED: [&str; 6] = [
            "grant_type",
            "scope",
            "client_id",
            "client_secret",
            "client_assertion",
            "client_assertion_type",
        ];
        const REPEATED: [&str; 2] = ["audience", "resource"];
        let taken = |(own, _): (std::borrow::Cow<'_, [u8]>, _)| *own == *name.as_bytes();
        let is_twice =
            || !REPEATED.contains(&name) && form::pairs(self.parameters.as_bytes()).any(taken);
        if TYPED.contains(&name) || is_twice() {
            self.refused = Some(name.to_owned());
        } else {
            form::push_pair(&mut self.parameters, name.as_bytes(), value.as_bytes());
        }
        self
    }

    /// A header for this one request.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn push(&mut self, name: &str, value: &str) {
        form::push_text(&mut self.parameters, name, value);
    }

    /// As [`push`](Self::push), for what is encoded already.
    pub(crate) fn push_encoded(&mut self, name: &str, value: &str) {
        form::push_encoded(&mut self.parameters, name, value);
    }

    /// The scope that was asked for earlier, so that it is not sent again.
    pub(crate) fn without_sending_scope(mut self, scope: Option<Scope>) -> Self {
        self.scope = scope;
        self.sends_scope = false;
        self
    }

    /// How long a token lives whose answer does not say it.
    pub(crate) fn unknown_lifetime(mut self, lifetime: Option<Duration>) -> Self {
        self.unknown_lifetime = lifetime;
        self
    }

    /// What is sent, and what the answer is read against.
    pub(crate) fn into_parts(mut self, separator: char) -> Result<GrantParts, Error> {
        if let Some(name) = self.refused {
            return Err(Unsupported::ReservedParameter { name }.into());
        }
        if let Some(scope) = self.scope.as_ref().filter(|_| self.sends_scope) {
            let scope = scope.joined(separator);
            form::push_text(&mut self.parameters, "scope", &scope);
        }
        let Self { scope, previous, accepts_any_token_type, unknown_lifetime, .. } = self;
        let expected = Expected { scope, previous, accepts_any_token_type, unknown_lifetime };
        Ok(GrantParts { parameters: self.parameters, headers: self.headers, expected })
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = form::pairs(self.parameters.as_bytes());
        let names: Vec<_> =
            pairs.map(|(name, _)| String::from_utf8_lossy(&name).into_owned()).collect();
        f.debug_struct("Grant").field("parameters", &names).field("scope", &self.scope).finish()
    }
}
