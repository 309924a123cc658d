//! The way in which a service wants its requests signed: the signature method, and the place of the
//! parameters.

use super::method::{KeyEncoding, Method};

/// The place of the protocol parameters, RFC 5849 §3.5.
///
/// ```
/// use oauth_proto::oauth1::{ParameterPlacement, Scheme};
///
/// let mut scheme = Scheme::default();
/// scheme.placement = ParameterPlacement::Query;
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

/// The way in which requests are signed: everything that a service's documentation says about it,
/// except the credentials.
///
/// The default is HMAC-SHA1 in the `Authorization` header with `oauth_version=1.0`, which nearly
/// every service takes.
///
/// ```
/// use oauth_proto::oauth1::{Method, Scheme};
///
/// let mut scheme = Scheme::new(Method::HmacSha256);
/// scheme.realm = Some("Photos".into());
/// scheme.body_hash = true;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scheme {
    /// The signature method. Default: HMAC-SHA1.
    pub method: Method,
    /// The place of the protocol parameters. Default: the `Authorization` header.
    pub placement: ParameterPlacement,
    /// The realm in the header, which is not signed. Default: none.
    pub realm: Option<String>,
    /// The encoding of the secrets in the signing key. Default: as the version of the protocol has
    /// it, which is [`KeyEncoding::Encoded`] except in the version of 2007.
    pub key_encoding: Option<KeyEncoding>,
    /// Leaves out `oauth_version`, which RFC 5849 §3.1 makes optional. Default: sends `1.0`.
    pub omit_version: bool,
    /// Signs bodies that are not forms too, by their hash in `oauth_body_hash` (OAuth Request Body
    /// Hash 1.0, draft 4). The hash function is the signature method's. Default: such bodies are
    /// not signed.
    pub body_hash: bool,
    /// Signs bodies as [`body_hash`](field@Self::body_hash) does, but by their SHA-1 with every
    /// signature method: what oauthlib's clients and some servers do. Default: `false`.
    pub sha1_body_hash: bool,
    /// Signs every body: a body without `Content-Type` that reads as a form is labelled and signed
    /// as one, every other one is signed by [its hash](field@Self::body_hash). requests-oauthlib's
    /// option of this name. Default: `false`.
    pub force_include_body: bool,
}

impl Default for Scheme {
    fn default() -> Self {
        Self::new(Method::HmacSha1)
    }
}

impl Scheme {
    /// Makes a scheme of that method, with the parameters in the `Authorization` header. The other
    /// fields are there to be set.
    pub const fn new(method: Method) -> Self {
        Self {
            method,
            placement: ParameterPlacement::Header,
            realm: None,
            key_encoding: None,
            omit_version: false,
            body_hash: false,
            sha1_body_hash: false,
            force_include_body: false,
        }
    }

    /// Returns whether bodies that are not forms are signed by their hash.
    pub(super) fn hashes_bodies(&self) -> bool {
        self.body_hash || self.sha1_body_hash || self.force_include_body
    }
}
