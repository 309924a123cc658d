//! The query for the temporary credentials that the resource owner decides about, RFC 5849 §2.2.

use super::temporary_record::TemporaryRecord;
use crate::ServerQuery;

/// Finds temporary credentials for the page where the resource owner decides.
///
/// ```
/// let query = oauth_proto::oauth1::server::store::FindTemporary { token: "hh5s93j4hdidpola".into() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindTemporary {
    /// Their identifier.
    pub token: String,
}

impl ServerQuery for FindTemporary {
    type Output = Option<TemporaryRecord>;
}
