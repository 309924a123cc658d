//! How a service wants its requests signed: the signature method, and where the parameters go.

use super::method::{KeyEncoding, Method};

/// Where the protocol parameters are put, RFC 5849 §3.5.
///
/// ```
/// use oauth_proto::oauth1::{ParameterPlacement, Scheme};
///
/// let scheme = Scheme::default().placement(ParameterPlacement::Query);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterPlacement {
    /// The `Authorization` header (§3.5.1).
    #[default]
    Header,
    /// The form in the body (§3.5.2).
    Body,
    /// The query of the URI (§3.5.3).
    Query,
}

/// How requests are signed: what a service's documentation says about it, apart from the credentials.
///
/// The default is HMAC-SHA1 in the `Authorization` header with `oauth_version=1.0`, which nearly every service takes.
///
/// ```
/// use oauth_proto::oauth1::{Method, ParameterPlacement, Scheme};
///
/// let scheme = Scheme::new(Method::HMAC_SHA256).placement(ParameterPlacement::Header).realm("Photos").body_hash();
/// ```
#[derive(Clone, Debug)]
pub struct Scheme {
    pub(crate) method: Method,
    pub(crate) placement: ParameterPlacement,
    pub(crate) realm: Option<String>,
    /// `None` where nobody said: what the version of the protocol has.
    pub(crate) key_encoding: Option<KeyEncoding>,
    pub(super) version: bool,
    pub(super) bodies: Bodies,
    pub(super) sha1_body_hash: bool,
}

/// What the signature covers of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bodies {
    /// The parameters of forms: all that RFC 5849 knows.
    Forms,
    /// Other bodies as well, by `oauth_body_hash`.
    Hashed,
    /// Other bodies as well, and what looks like a form is made one.
    Forced,
}

impl Default for Scheme {
    fn default() -> Self {
        Self::new(Method::HMAC_SHA1)
    }
}

impl Scheme {
    /// Makes a scheme of that method, with the parameters in the `Authorization` header.
    pub const fn new(method: Method) -> Self {
        Self {
            method,
            placement: ParameterPlacement::Header,
            realm: None,
            key_encoding: None,
            version: true,
            bodies: Bodies::Forms,
            sha1_body_hash: false,
        }
    }

    /// Sets where the protocol parameters go. Default: [`ParameterPlacement::Header`].
    pub fn placement(mut self, placement: ParameterPlacement) -> Self {
        self.placement = placement;
        self
    }

    /// Sets the `realm` of the `Authorization` header (RFC 5849 §3.5.1): visible ASCII and spaces. It is not signed. Default:
    /// none.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// Sets how the secrets stand in the signing key. Default: [`KeyEncoding::Encoded`].
    pub fn key_encoding(mut self, key_encoding: KeyEncoding) -> Self {
        self.key_encoding = Some(key_encoding);
        self
    }

    /// Leaves out `oauth_version`, which RFC 5849 §3.1 makes optional. Default: sends `1.0`.
    pub fn without_version(mut self) -> Self {
        self.version = false;
        self
    }

    /// Signs bodies that are not forms too, by their hash in `oauth_body_hash` (OAuth Request Body Hash 1.0, draft 4).
    /// The hash function is the signature method's. Default: such bodies are not signed.
    pub fn body_hash(mut self) -> Self {
        self.bodies = Bodies::Hashed;
        self
    }

    /// Signs bodies by their SHA-1 in `oauth_body_hash`, also with another signature method: what oauthlib's clients and some
    /// servers do.
    pub fn sha1_body_hash(mut self) -> Self {
        self.sha1_body_hash = true;
        self.body_hash()
    }

    /// Signs every body: a body without `Content-Type` that reads as a form is labelled and signed as one,
    /// every other one is signed by [its hash](Self::body_hash). requests-oauthlib's option of this name.
    pub fn force_include_body(mut self) -> Self {
        self.bodies = Bodies::Forced;
        self
    }
}
