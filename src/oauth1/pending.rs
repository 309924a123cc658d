//! What is remembered while the user is away: temporary credentials, RFC 5849 §2.1 to §2.2.

use serde::{Deserialize, Serialize};

use super::TokenCredentials;
use super::parameters::{TOKEN, VERIFIER};
use crate::wire::{form, shortened};
use crate::{Error, Expired, Forged, Refused, Timestamp};

/// An authorization that waits for its user to come back.
///
/// Keep it where only this user's browser gets at it: an encrypted cookie (it is a few hundred bytes), or the server's
/// session. It belongs to one client of one service, and another refuses it. It is consumed when it is redeemed, and not
/// `Clone`. A stored copy serves for another try when the transport
/// failed; it must be deleted once the service has answered, so that a callback cannot be played twice.
///
/// ```no_run
/// # use oauth_proto::oauth1::Pending;
/// # fn cookie() -> String { String::new() }
/// let pending: Pending = serde_json::from_str(&cookie())?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct Pending {
    /// The form that the others are stored in.
    #[serde(rename = "v")]
    version: u64,
    /// The client at its service.
    #[serde(rename = "for", default)]
    mark: String,
    #[serde(flatten)]
    pub(super) credentials: TokenCredentials,
    /// The callback, where the authorization URL is to carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) callback: Option<String>,
    #[serde(rename = "until")]
    expires_at: Timestamp,
}

/// The first form had no mark.
const VERSION: u64 = 2;

impl Pending {
    pub(super) fn new(
        mark: String,
        credentials: TokenCredentials,
        callback: Option<String>,
        expires_at: Timestamp,
    ) -> Self {
        Self { version: VERSION, mark, credentials, callback, expires_at }
    }

    /// The temporary credentials' identifier: the `oauth_token` that the callback will carry. It may serve as the key
    /// under which this is stored.
    pub fn token(&self) -> &str {
        &self.credentials.token
    }

    /// When it can no longer be redeemed.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether this belongs to the client with that mark, and can still be redeemed.
    pub(super) fn check(&self, mark: &str, now: Timestamp) -> Result<(), Error> {
        self.belongs_to(mark)?;
        if self.expires_at <= now {
            return Err(Expired::Pending.into());
        }
        Ok(())
    }

    /// Whether this belongs to the client with that mark.
    pub(super) fn belongs_to(&self, mark: &str) -> Result<(), Error> {
        if self.version != VERSION {
            return Err(Expired::Outdated.into());
        }
        if self.mark != mark {
            return Err(Forged::OtherClient.into());
        }
        Ok(())
    }

    /// The verifier that a callback brings, when the callback belongs to this authorization and grants access.
    pub(super) fn verifier(&self, callback: &str) -> Result<Option<String>, Error> {
        let callback = Callback::parse(callback)?;
        let token = callback.token.as_ref().or(callback.denied.as_ref());
        if let Some(token) = token.filter(|token| **token != self.credentials.token) {
            let (expected, received) = (shortened(&self.credentials.token), shortened(token));
            return Err(Forged::TokenMismatch { expected, received }.into());
        }
        let refused = callback.denied.is_some() || callback.not_approved.as_deref() == Some("true");
        // An empty code says nothing.
        let said = |text: Option<String>| text.filter(|text| !text.is_empty()).map(|text| shortened(&text));
        let (problem, advice) = match (said(callback.problem), said(callback.error)) {
            (Some(problem), _) => (Some(problem), said(callback.problem_advice)),
            (None, error) => (error, said(callback.error_description)),
        };
        if refused || problem.is_some() {
            return Err(Refused::Denied { problem, advice, answer: None }.into());
        }
        if token.is_none() {
            return Err(Forged::ParameterMissing { name: TOKEN }.into());
        }
        Ok(callback.verifier.filter(|verifier| !verifier.is_empty()))
    }
}

/// What the callback's query says.
#[derive(Default)]
struct Callback {
    token: Option<String>,
    verifier: Option<String>,
    /// The Problem Reporting extension's.
    problem: Option<String>,
    problem_advice: Option<String>,
    /// Twitter's: the refused token.
    denied: Option<String>,
    /// Dropbox's.
    not_approved: Option<String>,
    /// Those of services which took them over from OAuth 2.0.
    error: Option<String>,
    error_description: Option<String>,
}

impl Callback {
    /// Reads the query of a URL, or a query alone.
    fn parse(url: &str) -> Result<Self, Forged> {
        let url = url.split('#').next().unwrap_or_default();
        let is_url = url.starts_with('/') || url.contains("://");
        let query = url.split_once('?').map_or(if is_url { "" } else { url }, |(_, query)| query);
        let mut callback = Self::default();
        for (name, value) in form::pairs(query.as_bytes()) {
            // Nothing depends on an explanation, so that it is read whatever it is.
            let explanation = || Some(String::from_utf8_lossy(&value).into_owned());
            let (name, slot) = match &*name {
                b"oauth_token" => (TOKEN, &mut callback.token),
                b"oauth_verifier" => (VERIFIER, &mut callback.verifier),
                b"oauth_problem" => ("oauth_problem", &mut callback.problem),
                b"denied" => ("denied", &mut callback.denied),
                b"not_approved" => ("not_approved", &mut callback.not_approved),
                b"error" => ("error", &mut callback.error),
                b"oauth_problem_advice" => {
                    callback.problem_advice = explanation();
                    continue;
                }
                b"error_description" => {
                    callback.error_description = explanation();
                    continue;
                }
                _ => continue,
            };
            let value = String::from_utf8(value.into_owned()).map_err(|_| Forged::ParameterInvalid { name })?;
            if slot.replace(value).is_some() {
                return Err(Forged::ParameterTwice { name });
            }
        }
        Ok(callback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Pending {
        Pending::new("m".into(), TokenCredentials::new("t k", "s"), None, Timestamp::from_secs(100))
    }

    #[test]
    fn the_verifier_is_found_in_whatever_a_framework_hands_over() {
        for callback in [
            "https://c.example/cb?x=1&oauth_token=t+k&oauth_verifier=v",
            "/cb?oauth_token=t%20k&oauth_verifier=v#fragment",
            "oauth_verifier=v&oauth_token=t+k",
        ] {
            assert_eq!(pending().verifier(callback).unwrap().as_deref(), Some("v"), "{callback}");
        }
        assert_eq!(pending().verifier("?oauth_token=t+k&oauth_verifier=").unwrap(), None);
    }

    #[test]
    fn every_way_of_saying_no_is_a_refusal() {
        for (callback, problem) in [
            ("?denied=t+k", None),
            ("?oauth_token=t+k&not_approved=true", None),
            ("?not_approved=true", None),
            ("?oauth_problem=user_refused&oauth_token=t+k", Some("user_refused")),
            ("?oauth_problem=user_refused", Some("user_refused")),
            ("?oauth_token=t+k&error=access_denied", Some("access_denied")),
        ] {
            let expected = Refused::Denied { problem: problem.map(str::to_owned), advice: None, answer: None };
            assert_eq!(pending().verifier(callback), Err(expected.into()), "{callback}");
        }
    }

    #[test]
    fn another_authorizations_callback_is_forged_even_when_it_refuses() {
        for callback in ["?oauth_token=x&oauth_verifier=v", "?denied=x", "?oauth_token=x&oauth_problem=user_refused"] {
            let error = pending().verifier(callback).unwrap_err();
            assert!(matches!(error, Error::Forged(Forged::TokenMismatch { .. })), "{error}");
        }
    }

    #[test]
    fn time_and_stored_form_are_checked() {
        assert_eq!(pending().check("m", Timestamp::from_secs(99)), Ok(()));
        assert_eq!(pending().check("n", Timestamp::from_secs(99)), Err(Forged::OtherClient.into()));
        assert_eq!(pending().check("m", Timestamp::from_secs(100)), Err(Expired::Pending.into()));
        let stored = serde_json::to_string(&pending()).unwrap().replace("\"v\":2", "\"v\":9");
        let outdated: Pending = serde_json::from_str(&stored).unwrap();
        assert_eq!(outdated.check("m", Timestamp::from_secs(1)), Err(Expired::Outdated.into()));
    }
}
