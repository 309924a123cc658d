//! The configuration of a provider.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::super::allowed::Allowed;
use super::super::association::AssociationKind;
use super::super::options::Options;
use super::super::realm::{Realm, is_too_wide};
use super::association_handle::HandleKeys;
use crate::core::endpoint::{check_secure, endpoint};
use crate::wire::is_secure;
use crate::{Error, Secret, Unsupported};

/// The shortest accepted secret, in bytes.
const SECRET: usize = 32;

/// The default lifetime of an association.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// An OpenID provider.
///
/// ```
/// use oauth_proto::openid2::Options;
/// use oauth_proto::openid2::server::store::MemoryStore;
/// use oauth_proto::openid2::server::{Dispatched, Provider, serve};
/// use oauth_proto::{Moment, Request, Response, Secret};
///
/// # fn main() -> Result<(), oauth_proto::Error> {
/// // The output of `openssl rand -hex 32`. Keep it: all processes need the same secret.
/// let secret = Secret::new("4f1c…, sixty-four digits of hexadecimal that nobody has seen");
/// let provider = Provider::new("https://op.example/openid", &secret, Options::default())?;
///
/// fn respond(provider: &Provider, store: &MemoryStore, request: &Request) -> Response {
///     let response = match serve(provider.dispatch(request, Moment::from_os()), store) {
///         Ok(Dispatched::Respond(response)) => Ok(response),
///         // The user must not be asked. Call `approve` if the user is signed in and consented
///         // before, and `deny` otherwise.
///         Ok(Dispatched::CheckIdRequest(request)) if request.immediate => {
///             serve(provider.deny(*request), store)
///         }
///         // Serialize the request into the session, sign the user in, and ask whether the realm
///         // may know the user. Then call `approve` or `deny`: see `CheckIdRequest`.
///         Ok(Dispatched::CheckIdRequest(request)) => Ok(ask_the_user(*request)),
///         Err(rejected) => Err(rejected),
///     };
///     response.unwrap_or_else(|rejected| rejected.response())
/// }
/// # fn ask_the_user(_: oauth_proto::openid2::server::CheckIdRequest) -> Response {
/// #     Response::default()
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Provider {
    pub(super) endpoint: String,
    pub(super) handles: HandleKeys,
    pub(super) kinds: Vec<AssociationKind>,
    pub(super) allowed: Allowed,
    /// Whether the endpoint is https, or on this machine.
    pub(super) is_secure: bool,
    is_public_suffix: Option<IsPublicSuffix>,
    /// The lifetime of associations. Default: one day.
    pub association_lifetime: Duration,
}

type IsPublicSuffix = Arc<dyn Fn(&str) -> bool + Send + Sync>;

impl Provider {
    /// Makes a provider with an endpoint, which is https or on this machine. `secret` is a random
    /// text of at least 32 bytes, such as 64 hexadecimal digits. All processes of the provider have
    /// the same secret.
    ///
    /// # Errors
    /// [`Unsupported::Url`] if the endpoint is not an absolute URL. [`Unsupported::PlainHttp`] if
    /// it has no TLS and [`Options::dangerous_allow_http`](field@Options::dangerous_allow_http) is
    /// not set. [`Unsupported::ShortSecret`] if the secret has fewer than 32 bytes.
    pub fn new(endpoint_url: &str, secret: &Secret, options: Options) -> Result<Self, Error> {
        let uri = endpoint(endpoint_url)?;
        if !options.dangerous_allow_http {
            check_secure(&uri, Some("Options::dangerous_allow_http"))?;
        }
        Ok(Self {
            endpoint: endpoint_url.to_owned(),
            handles: HandleKeys::new(checked(secret)?, endpoint_url),
            allowed: options.allowed(),
            kinds: options.kinds_or(&AssociationKind::ALL),
            is_secure: is_secure(&uri),
            is_public_suffix: None,
            association_lifetime: LIFETIME,
        })
    }

    /// Adds a former secret. Associations that were made with it stay valid until they expire.
    ///
    /// # Errors
    /// [`Unsupported::ShortSecret`] if the secret has fewer than 32 bytes.
    pub fn former_secret(mut self, secret: &Secret) -> Result<Self, Error> {
        self.handles.also(checked(secret)?, &self.endpoint);
        Ok(self)
    }

    /// Sets the list of public suffixes. A realm with a wildcard directly below such a suffix is
    /// refused (§9.2). The function gets hosts in lower case and Punycode. Default: a rule of thumb
    /// that refuses `*.com` and `*.co.uk`.
    ///
    /// ```
    /// use oauth_proto::openid2::server::Provider;
    ///
    /// # fn example(provider: Provider) {
    /// // In production, look into the public suffix list.
    /// let provider =
    ///     provider.public_suffixes(|host| matches!(host, "com" | "co.uk" | "github.io"));
    /// # }
    /// ```
    pub fn public_suffixes(
        mut self,
        is_one: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.is_public_suffix = Some(Arc::new(is_one));
        self
    }

    /// Returns whether a realm covers the sites of many owners.
    pub(super) fn is_too_wide(&self, realm: &Realm) -> bool {
        let host = realm.wildcard_host().map(|host| host.trim_end_matches('.'));
        host.is_some_and(|host| match &self.is_public_suffix {
            Some(is_one) => is_one(host),
            None => is_too_wide(host),
        })
    }
}

fn checked(secret: &Secret) -> Result<&[u8], Error> {
    let bytes = secret.expose().as_bytes();
    if bytes.len() < SECRET {
        return Err(Unsupported::ShortSecret { length: bytes.len(), least: SECRET }.into());
    }
    Ok(bytes)
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
