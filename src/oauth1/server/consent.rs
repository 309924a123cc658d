//! The question to the resource owner, and what to show after the decision, RFC 5849 §2.2.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::store::TemporaryRecord;
use crate::{Response, Secret, Timestamp};

/// A client that asks for access, while the resource owner decides.
///
/// Everything that a page needs is here. It is serde, so that it survives a login page; where it
/// travels through the browser, sign or encrypt it. The page's form needs the application's usual
/// protection against forged posts, since an attacker who can make the user's browser post it
/// decides in the user's place. The application answers with
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
    /// The temporary credentials' identifier.
    pub token: String,
    /// The client that asks. Look up its name; nothing that it sent along is verified.
    pub client_key: String,
    /// The URI that the resource owner is sent to afterwards; `None` if the verifier is shown
    /// instead.
    pub callback: Option<String>,
    /// The realm that the client asked for.
    pub realm: Option<String>,
    /// Parameters of the application's own that the client sent along.
    pub parameters: BTreeMap<String, String>,
    /// Until when the decision is awaited.
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
    /// Send this response to the browser: it leads back to the client.
    Redirect(Response),
    /// Show this verifier, for the resource owner to give to the client (RFC 5849 §2.2).
    ShowVerifier(Secret),
    /// Show that nothing was granted; the client has no callback that could be told.
    ShowDenied,
}

impl fmt::Debug for AfterConsent {
    /// The verifier is in the redirect, too.
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
