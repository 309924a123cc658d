//! The scheme of signed requests: the signature method, and the place of the parameters.

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

/// The scheme of signed requests at a service: the signature method, the place of the parameters,
/// and related options.
///
/// The default is HMAC-SHA1 in the `Authorization` header with `oauth_version=1.0`, which nearly
/// every service accepts.
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
    /// The `realm` of the `Authorization` header. The signature does not cover it. Default: `None`.
    pub realm: Option<String>,
    /// The encoding of the secrets in the signing key. Default: `None`, which is
    /// [`KeyEncoding::Encoded`], and in the version of 2007 [`KeyEncoding::Raw`].
    pub key_encoding: Option<KeyEncoding>,
    /// If `true`, requests have no `oauth_version`, which is optional (RFC 5849 §3.1). Default:
    /// `false`, requests have `oauth_version=1.0`.
    pub omit_version: bool,
    /// If `true`, bodies that are not forms are signed, too, by their hash in `oauth_body_hash`
    /// (OAuth Request Body Hash 1.0, draft 4). The hash function is that of the signature method.
    /// Default: `false`.
    pub body_hash: bool,
    /// If `true`, bodies are signed like with [`body_hash`](field@Self::body_hash), but by their
    /// SHA-1 hash with every signature method, like in oauthlib's clients. Default: `false`.
    pub sha1_body_hash: bool,
    /// If `true`, every body is signed. A form is signed as usual. A body without `Content-Type`
    /// that looks like a form gets the content type of a form, and is signed as one. All other
    /// bodies are signed by [their hash](field@Self::body_hash). requests-oauthlib has the same
    /// option. Default: `false`.
    pub force_include_body: bool,
}

impl Default for Scheme {
    fn default() -> Self {
        Self::new(Method::HmacSha1)
    }
}

impl Scheme {
    /// Makes a scheme that signs with this method and sends the protocol parameters in the
    /// `Authorization` header. Set the other fields afterwards.
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
