//! The resource owner's decision, which is stored, and the redirect back to the client: RFC 5849
//! §2.2.

use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};

use super::consent::{AfterConsent, Consent};
use super::provider::Provider;
use super::refuse::rejected::RejectReason;
use super::store::approval::Approval;
use super::store::{NextQuery, RecordDecision, ServerStep, Stage};
use super::verifier_code::{hashed, readable};
use crate::core::query::PendingQuery;
use crate::oauth1::names::{TOKEN, VERIFIER};
use crate::wire::{form, hex};
use crate::{Moment, Response, Secret, Timestamp};

impl Provider {
    /// Stores that the resource owner grants access (RFC 5849 §2.2). Sign the resource owner in
    /// before you call this.
    pub fn approve(
        &self,
        consent: Consent,
        approval: Approval,
        moment: Moment,
    ) -> ServerStep<AfterConsent> {
        let code = moment.derive("oauth1 verifier");
        let verifier = if consent.callback.is_some() { hex(&code[..15]) } else { readable(&code) };
        let stage = Stage::Granted { verifier: hashed(&verifier), approval };
        let parameters = [(TOKEN, consent.token.clone()), (VERIFIER, verifier.clone())];
        self.decide(consent, Some(stage), moment.now, move |callback| match callback {
            Some(callback) => redirect(&callback, &parameters),
            None => Some(AfterConsent::ShowVerifier(Secret::new(verifier))),
        })
    }

    /// Stores that the resource owner denies access. The client gets `oauth_problem=user_refused`.
    pub fn deny(&self, consent: Consent, moment: Moment) -> ServerStep<AfterConsent> {
        let parameters =
            [(TOKEN, consent.token.clone()), ("oauth_problem", "user_refused".to_owned())];
        self.decide(consent, None, moment.now, move |callback| match callback {
            Some(callback) => redirect(&callback, &parameters),
            None => Some(AfterConsent::ShowDenied),
        })
    }

    fn decide(
        &self,
        consent: Consent,
        stage: Option<Stage>,
        now: Timestamp,
        decision: impl FnOnce(Option<String>) -> Option<AfterConsent> + Send + 'static,
    ) -> ServerStep<AfterConsent> {
        let query = RecordDecision { token: consent.token, client_key: consent.client_key, stage };
        let provider = self.clone();
        ServerStep::Query(NextQuery::RecordDecision(PendingQuery::new(query, move |before| {
            let before = match before {
                Ok(before) => before.filter(|before| before.expires_at > now),
                Err(why) => return provider.0.verifier.reject(RejectReason::StoreFailed(why)),
            };
            // The callback is read from the store, since the one in the consent can have been
            // changed.
            let decision =
                before.and_then(|before| decision(Some(before.callback).filter(|to| to != "oob")));
            match decision {
                Some(decision) => ServerStep::Done(decision),
                None => provider.0.verifier.reject(RejectReason::NothingPending),
            }
        })))
    }
}

/// Returns a redirect to the callback with parameters at the end of its query (RFC 5849 §2.2).
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
