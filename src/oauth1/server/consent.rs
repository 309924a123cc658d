//! The question for the resource owner, and the result of the decision: RFC 5849 §2.2.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::store::TemporaryRecord;
use crate::{Response, Secret, Timestamp};

/// A client's request for access, on which the resource owner has to decide.
///
/// The type has everything that your consent page shows. The type implements serde's `Serialize`
/// and `Deserialize`, so you can store it while the user signs in. If it is sent through the
/// browser, sign or encrypt it. Protect the form of the page against CSRF, since an attacker who
/// makes the user's browser submit the form decides for the user. Pass the decision to
/// [`Provider::approve`](super::Provider::approve) or [`Provider::deny`](super::Provider::deny).
///
/// ```
/// use oauth_proto::oauth1::server::Consent;
///
/// fn question(consent: &Consent) -> String {
///     format!("May {} see your photos?", consent.client_key)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Consent {
    /// The identifier of the temporary credentials.
    pub token: String,
    /// The identifier of the client. Show the name from your own records, since the client's
    /// parameters are not verified.
    pub client_key: String,
    /// The URI to which the resource owner is redirected after the decision. `None` if your page
    /// shows the verifier instead.
    pub callback: Option<String>,
    /// The realm to which the client requests access.
    pub realm: Option<String>,
    /// Further parameters of the client's request.
    pub parameters: BTreeMap<String, String>,
    /// The time at which the temporary credentials expire.
    pub expires_at: Timestamp,
}

/// The result of a decision.
///
/// ```
/// use oauth_proto::oauth1::server::AfterConsent;
///
/// fn respond(decision: AfterConsent) -> oauth_proto::Response {
///     match decision {
///         AfterConsent::Redirect(response) => response,
///         AfterConsent::ShowVerifier(code) => {
///             http::Response::new(format!("Enter {}", code.expose()).into_bytes())
///         }
///         AfterConsent::ShowDenied => http::Response::new(b"Access was denied.".to_vec()),
///     }
/// }
/// ```
#[derive(Clone)]
pub enum AfterConsent {
    /// Send this response to the browser. It redirects to the client's callback.
    Redirect(Response),
    /// Show this verifier to the resource owner, who types it into the client (RFC 5849 §2.2).
    ShowVerifier(Secret),
    /// Show that access was denied. The client has no callback to redirect to.
    ShowDenied,
}

impl fmt::Debug for AfterConsent {
    /// The redirect has the verifier in it, too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redirect(_) => "Redirect([redacted])",
            Self::ShowVerifier(_) => "ShowVerifier([redacted])",
            Self::ShowDenied => "ShowDenied",
        })
    }
}

impl Consent {
    pub(super) fn new(token: String, record: TemporaryRecord) -> Self {
        let TemporaryRecord { client_key, callback, realm, parameters, expires_at, .. } = record;
        let callback = Some(callback).filter(|callback| callback != "oob");
        Self { token, client_key, callback, realm, parameters, expires_at }
    }
}
