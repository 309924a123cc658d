//! Extension grants that are decided without a query to the application: RFC 6749 §4.5.

use std::fmt;

use crate::oauth2::server::store::decide_grant::{DecideGrant, Decision};

/// Decides on requests for an extension grant without I/O, for example by the signature of an
/// assertion. If a decision needs storage or another service, use
/// [`GrantType::extension`](crate::oauth2::server::GrantType::extension) instead.
///
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth2::server::{
///     Approval, DecideGrant, Decision, ExtensionGrant, GrantCredential, GrantType, Provider,
/// };
///
/// #[derive(Debug)]
/// struct Voucher;
///
/// impl ExtensionGrant for Voucher {
///     fn handle(&self, query: &DecideGrant, _now: Timestamp) -> Decision {
///         let GrantCredential::Extension { parameters, .. } = &query.credential else {
///             return Decision::Denied;
///         };
///         match parameters.iter().find(|(name, _)| name == "voucher") {
///             Some((_, voucher)) if is_genuine(voucher.expose()) => {
///                 Decision::Granted(Approval::new("guest"))
///             }
///             _ => Decision::Denied,
///         }
///     }
/// }
/// # fn is_genuine(_: &str) -> bool { false }
///
/// let provider = Provider::builder("https://auth.example.com")
///     .add_grant_type(GrantType::extension_with_handler(
///         "https://auth.example.com/grants/voucher",
///         Voucher,
///     ))
///     .build()?;
/// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
/// ```
pub trait ExtensionGrant: fmt::Debug + Send + Sync {
    /// Returns the decision on a request.
    fn handle(&self, query: &DecideGrant, now: crate::Timestamp) -> Decision;
}
