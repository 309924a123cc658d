//! The ways in which clients authenticate: by secrets, and by a custom source of the application.
//! RFC 6749 §2.3.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::secret_hasher::SecretHasher;

/// A custom source of the application that identifies clients: by mutual TLS (RFC 8705), an
/// assertion (RFC 7523), a gateway's header.
///
/// ```
/// use http::request::Parts;
/// use oauth_proto::oauth2::server::{IdentifiedClient, ClientSource, GrantType, Provider};
///
/// /// The certificate that the TLS layer has verified, put into the request's extensions by the
/// /// web server.
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
    /// Returns the client that the request claims to be from, if the request shows something that
    /// this source can check; `None` for clients that authenticate in another way, since a second
    /// way is refused. The parameters are those of the body.
    fn find(&self, request: &Parts, parameters: &[(&str, &str)]) -> Option<IdentifiedClient>;

    /// Returns the record that is checked in the place of a client that is not known, so that the
    /// time does not tell which clients there are: one with a key or a certificate of the kind that
    /// the clients have. Whatever the check says, such a client is refused. By default it is a
    /// record without any.
    fn stand_in(&self) -> ClientRecord {
        ClientRecord::authenticated_by("", "none of its own")
    }
}

/// The client that a request claims to be from, and the check of that claim once the client is
/// known.
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
    /// Makes an identified client from a claim and its check.
    pub fn new(
        client_id: impl Into<String>,
        check: impl FnOnce(&ClientRecord) -> bool + Send + 'static,
    ) -> Self {
        Self { client_id: client_id.into(), check: Box::new(check) }
    }
}

impl fmt::Debug for IdentifiedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimedClient").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// The way in which a provider checks clients' secrets.
#[derive(Clone, Debug)]
pub(crate) struct Authentications {
    pub(crate) hasher: Arc<dyn SecretHasher>,
    /// A hash that belongs to no client, so that the check of an unknown client takes as long as
    /// that of a known one.
    pub(crate) stand_in: Arc<str>,
    pub(crate) source: Option<Arc<dyn ClientSource>>,
    pub(crate) basic: bool,
    pub(crate) body: bool,
    pub(crate) raw_basic: bool,
}
