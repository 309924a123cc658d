//! The resource owner's decision, RFC 5849 §2.2.

use std::collections::BTreeMap;
use std::fmt;

use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use super::provider::Provider;
use super::queries::RecordDecision;
use super::records::{Approval, Stage, TemporaryRecord, hashed};
use super::rejected::RejectReason;
use super::store::{NextQuery, ServerStep};
use super::verifier::hex;
use crate::oauth1::parameters::{TOKEN, VERIFIER};
use crate::wire::form;
use crate::{Moment, PendingQuery, Response, Secret, Timestamp};

/// A client that asks for access, while the resource owner decides.
///
/// Everything that a page needs is here. It is serde, so that it survives a login page; where it travels through the
/// browser, sign or encrypt it. The page's form needs the application's usual protection against forged posts, since whoever
/// can make the user's browser post it decides in the user's place. The application answers with [`Provider::approve`] or [`Provider::deny`].
///
/// ```
/// use oauth_proto::oauth1::server::Consent;
///
/// fn query(consent: &Consent) -> String {
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
    /// Where the resource owner goes afterwards; `None` where the verifier is shown instead.
    pub callback: Option<String>,
    /// The realm that the client asked for.
    pub realm: Option<String>,
    /// Parameters of the application's own that the client sent along.
    pub parameters: BTreeMap<String, String>,
    /// Until when the decision is awaited.
    pub expires_at: Timestamp,
}

/// What comes of a decision.
///
/// ```
/// use oauth_proto::oauth1::server::AfterConsent;
///
/// fn respond(decision: AfterConsent) -> oauth_proto::Response {
///     match decision {
///         AfterConsent::Redirect(response) => response,
///         AfterConsent::ShowVerifier(code) => http::Response::new(format!("Enter {}", code.expose()).into_bytes()),
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
    /// The verifier stands in the redirect, too.
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
        let TemporaryRecord { client_key: client, callback, realm, parameters, expires_at, .. } = record;
        let callback = Some(callback).filter(|callback| callback != "oob");
        Self { token, client_key: client, callback, realm, parameters, expires_at }
    }

    fn decide(
        self,
        stage: Option<Stage>,
        now: Timestamp,
        decision: impl FnOnce(Option<String>) -> Option<AfterConsent> + Send + 'static,
    ) -> ServerStep<AfterConsent> {
        let query = RecordDecision { token: self.token, client_key: self.client_key, stage };
        ServerStep::Query(NextQuery::RecordDecision(PendingQuery::new(query, move |before| {
            let before = match before {
                Ok(before) => before.filter(|before| before.expires_at > now),
                Err(why) => return ServerStep::Reject(RejectReason::StoreFailed(why).reject(None)),
            };
            // The callback is the one that was stored, whatever this value has been through.
            let decision = before.and_then(|before| decision(Some(before.callback).filter(|to| to != "oob")));
            match decision {
                Some(decision) => ServerStep::Done(decision),
                None => ServerStep::Reject(RejectReason::NothingPending.reject(None)),
            }
        })))
    }
}

impl Provider {
    /// Records that the resource owner grants access (RFC 5849 §2.2). Call it only after the application knows who that is.
    pub fn approve(&self, consent: Consent, approval: Approval, moment: Moment) -> ServerStep<AfterConsent> {
        let code = moment.derive("oauth1 verifier");
        let verifier = if consent.callback.is_some() { hex(&code[..15]) } else { readable(&code) };
        let stage = Stage::Granted { verifier: hashed(&verifier), approval };
        let parameters = [(TOKEN, consent.token.clone()), (VERIFIER, verifier.clone())];
        consent.decide(Some(stage), moment.now, move |callback| match callback {
            Some(callback) => redirect(&callback, &parameters),
            None => Some(AfterConsent::ShowVerifier(Secret::new(verifier))),
        })
    }

    /// Records that the resource owner does not grant access. The client learns it by `oauth_problem=user_refused`.
    pub fn deny(&self, consent: Consent, moment: Moment) -> ServerStep<AfterConsent> {
        let parameters = [(TOKEN, consent.token.clone()), ("oauth_problem", "user_refused".to_owned())];
        consent.decide(None, moment.now, move |callback| match callback {
            Some(callback) => redirect(&callback, &parameters),
            None => Some(AfterConsent::ShowDenied),
        })
    }
}

/// A redirect to the callback with these parameters behind those that it has (RFC 5849 §2.2).
fn redirect(callback: &str, parameters: &[(&str, String)]) -> Option<AfterConsent> {
    let mut url = url::Url::parse(callback).ok()?;
    let added = form::encode(parameters.iter().map(|(name, value)| (name, value)));
    let query = match url.query().filter(|query| !query.is_empty()) {
        Some(query) => format!("{query}&{added}"),
        None => added,
    };
    url.set_query(Some(&query));
    let mut response = Response::default();
    *response.status_mut() = StatusCode::FOUND;
    let mut location = HeaderValue::try_from(url.as_str()).ok()?;
    location.set_sensitive(true);
    response.headers_mut().insert(LOCATION, location);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(AfterConsent::Redirect(response))
}

/// Ten characters that a person can copy without mistaking one for another: 50 bits, for a code that can be tried once.
fn readable(code: &[u8; 32]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKMNPQRSTVWXYZ0123456789";
    code.iter().take(10).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}
