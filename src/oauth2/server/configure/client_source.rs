//! Client authentication with secrets, and with further methods of the application: RFC 6749 §2.3.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::secret_hasher::SecretHasher;

/// Authenticates clients with a method of the application, such as mutual TLS (RFC 8705), an
/// assertion (RFC 7523) or the header of a gateway.
///
/// ```
/// use http::request::Parts;
/// use oauth_proto::oauth2::server::{IdentifiedClient, ClientSource, GrantType, Provider};
///
/// /// The certificate that the TLS layer has verified. The web server puts it into the
/// /// extensions of the request.
/// #[derive(Clone)]
/// struct Certificate { thumbprint: String }
///
/// #[derive(Debug)]
/// struct MutualTls;
///
/// impl ClientSource for MutualTls {
///     fn find(&self, request: &Parts, parameters: &[(&str, &str)]) -> Option<IdentifiedClient> {
///         let shown = request.extensions.get::<Certificate>()?.thumbprint.clone();
///         let (_, client_id) = parameters.iter().find(|(name, _)| *name == "client_id")?;
///         Some(IdentifiedClient::new(*client_id, move |record| {
///             record.metadata.extra.get("certificate").is_some_and(|known| *known == *shown)
///         }))
///     }
/// }
///
/// let provider = Provider::builder("https://auth.example.com")
///     .add_grant_type(GrantType::client_credentials().scopes("stats"))
///     .client_source(MutualTls)
///     .build()?;
/// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
/// ```
pub trait ClientSource: fmt::Debug + Send + Sync {
    /// Returns the client id in the request, and the check of the credential. Return `None` if the
    /// request has no credential of this method, because a request that authenticates with two
    /// methods is refused. `parameters` are the parameters of the body.
    fn find(&self, request: &Parts, parameters: &[(&str, &str)]) -> Option<IdentifiedClient>;

    /// Returns the record with which the check runs if the client is unknown. An attacker then
    /// cannot find out by the response time which clients exist. Return a record with a key or
    /// certificate like those of your clients. The unknown client is refused even if the check
    /// returns `true`. Default: a record without a key.
    fn stand_in(&self) -> ClientRecord {
        ClientRecord::authenticated_by("", "stand-in")
    }
}

/// The client id in a request, and the check of the client's credential. The server calls the check
/// with the record of the client.
///
/// ```
/// use oauth_proto::oauth2::server::IdentifiedClient;
///
/// let claimed = IdentifiedClient::new("printer", |client| !client.is_public());
/// ```
pub struct IdentifiedClient {
    pub(crate) client_id: String,
    pub(crate) check: Check,
}

pub(crate) type Check = Box<dyn FnOnce(&ClientRecord) -> bool + Send>;

impl IdentifiedClient {
    /// Returns an identified client. `check` returns `true` if the credential of the request
    /// belongs to the client of the record.
    pub fn new(
        client_id: impl Into<String>,
        check: impl FnOnce(&ClientRecord) -> bool + Send + 'static,
    ) -> Self {
        Self { client_id: client_id.into(), check: Box::new(check) }
    }
}

impl fmt::Debug for IdentifiedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentifiedClient")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// The methods of client authentication that a provider accepts.
#[derive(Clone, Debug)]
pub(crate) struct Authentications {
    pub(crate) hasher: Arc<dyn SecretHasher>,
    /// A hash that belongs to no client. With it the check of an unknown client takes as long as
    /// the check of a known client.
    pub(crate) stand_in: Arc<str>,
    pub(crate) source: Option<Arc<dyn ClientSource>>,
    pub(crate) basic: bool,
    pub(crate) body: bool,
    pub(crate) raw_basic: bool,
}
