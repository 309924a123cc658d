//! Grants (RFC 6749 §1.3): the credentials that a client exchanges for a token, and the parameters
//! of the token request in which it sends them.

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

/// A grant that [`Client::request_token`](crate::oauth2::Client::request_token) exchanges for a
/// token. It contains the scope and the other parameters of the request.
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
    /// Whether the scope is sent. It is not sent if the authorization request already had it.
    sends_scope: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
    previous: Option<Box<Token>>,
    accepts_any_token_type: bool,
    unknown_lifetime: Option<Duration>,
    pub(crate) kind: Kind,
    refused: Option<String>,
}

/// The parts of a grant for one request: the form, the headers, and the values with which the
/// response is compared.
pub(crate) struct GrantParts {
    pub(crate) parameters: Zeroizing<String>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) expected: Expected,
}

/// The kinds of grants that the client treats differently.
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
        // Room for the parameters of an ordinary request.
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

    /// Makes a grant for the client itself, which needs no other credentials than the client's
    /// authentication (RFC 6749 §4.4).
    pub fn client_credentials() -> Self {
        Self::new(CLIENT_CREDENTIALS, Kind::Other)
    }

    /// Makes a grant of a user's name and password (RFC 6749 §4.3). OAuth 2.1 does not have this
    /// grant.
    ///
    /// # Security
    /// The application learns the user's password. Users learn to type it on pages that are not
    /// pages of their server.
    pub fn dangerous_password(username: &str, password: &str) -> Self {
        let mut grant = Self::new(PASSWORD, Kind::Password);
        grant.push("username", username);
        grant.push("password", password);
        grant
    }

    /// Makes a grant of the refresh token in `token` (RFC 6749 §6).
    ///
    /// The new token keeps the refresh token, the scope and the extra members of `token`, unless
    /// the response replaces them. The scope is sent only if you set it with
    /// [`scope`](Self::scope).
    ///
    /// # Errors
    /// [`Unsupported::NotRenewable`] if the token has no refresh token.
    pub fn refresh(token: &Token) -> Result<Self, Error> {
        let refresh_token = token.refresh_token.as_ref().ok_or(Unsupported::NotRenewable)?;
        let mut grant = Self::new(REFRESH_TOKEN, Kind::Refresh);
        grant.push("refresh_token", refresh_token.expose());
        grant.previous = Some(Box::new(token.clone()));
        Ok(grant)
    }

    /// Makes a grant of a refresh token alone (RFC 6749 §6). If you have stored the whole
    /// [`Token`], use [`refresh`](Self::refresh), so the new token keeps the members that the
    /// response does not replace.
    pub fn refresh_token(refresh_token: impl Into<Secret>) -> Self {
        let refresh_token = refresh_token.into();
        let mut grant = Self::new(REFRESH_TOKEN, Kind::Refresh);
        grant.push("refresh_token", refresh_token.expose());
        let mut before = Token::bearer("");
        before.refresh_token = Some(refresh_token);
        grant.previous = Some(Box::new(before));
        grant
    }

    /// Makes a grant of a JWT that the caller has made and signed (RFC 7523 §2.1).
    pub fn jwt_bearer(assertion: &str) -> Self {
        let mut grant = Self::extension(JWT_BEARER);
        grant.push("assertion", assertion);
        grant
    }

    /// Makes a grant of another token (RFC 8693 §2.1) and of that token's type, such as
    /// `urn:ietf:params:oauth:token-type:access_token`.
    ///
    /// The server may issue another kind of token than an access token: see the extra member
    /// `issued_token_type` of the new token. To name the party that acts on behalf of the subject,
    /// add the [parameters](Self::parameter) `actor_token` and `actor_token_type`. To request a
    /// certain type of token, add `requested_token_type`.
    pub fn token_exchange(subject_token: &str, subject_token_type: &str) -> Self {
        let mut grant = Self::extension(TOKEN_EXCHANGE);
        grant.push("subject_token", subject_token);
        grant.push("subject_token_type", subject_token_type);
        grant.accepts_any_token_type = true;
        grant
    }

    /// Makes a grant that another specification defines (RFC 6749 §4.5). `grant_type` is the URI of
    /// the grant type. Add the other parameters with [`parameter`](Self::parameter).
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

    /// Sets the scope to request. Default: the request has no scope, so the server decides.
    pub fn scope(mut self, scope: impl Into<Scope>) -> Self {
        self.scope = Some(scope.into()).filter(|scope: &Scope| !scope.is_empty());
        self
    }

    /// Adds the URI of a resource at which the token will be used (RFC 8707 §2). You can call this
    /// more than once.
    pub fn resource(mut self, uri: &str) -> Self {
        self.push("resource", uri);
        self
    }

    /// Adds a parameter that the server or an extension defines, such as `audience` (RFC 8693 §2.1)
    /// or `authorization_details` (RFC 9396 §2).
    ///
    /// [`request_token`](crate::oauth2::Client::request_token) fails if the grant already has the
    /// parameter, unless it may occur more than once (`audience`, `resource`). It also fails for
    /// `scope`, `grant_type` and the client's credentials, which have their own functions.
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

    /// Adds a header to the token request.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn push(&mut self, name: &str, value: &str) {
        form::push_text(&mut self.parameters, name, value);
    }

    /// Adds a parameter whose value needs no encoding.
    pub(crate) fn push_encoded(&mut self, name: &str, value: &str) {
        form::push_encoded(&mut self.parameters, name, value);
    }

    /// Sets the scope of the authorization request, so it is known but not sent again.
    pub(crate) fn without_sending_scope(mut self, scope: Option<Scope>) -> Self {
        self.scope = scope;
        self.sends_scope = false;
        self
    }

    /// Sets the lifetime that the new token gets if the response does not contain one.
    pub(crate) fn unknown_lifetime(mut self, lifetime: Option<Duration>) -> Self {
        self.unknown_lifetime = lifetime;
        self
    }

    /// Returns the parts to send, and the values with which the response is compared.
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
