//! The pending authorization: temporary credentials while the user is away, RFC 5849 §2.1 to §2.2.

use serde::{Deserialize, Serialize};

use crate::core::callback::{CallbackParts, Leniency};
use crate::core::client_fingerprint::ClientFingerprint;
use crate::core::error::oauth1::CallbackError;
use crate::oauth1::credentials::TokenCredentials;
use crate::oauth1::names::{TOKEN, VERIFIER};
use crate::wire::{form, printable_code, printable_text, truncated};
use crate::{Callback, Error, Expired, Forged, PendingId, Refused, Timestamp};

/// An authorization that waits for its user to come back.
///
/// Keep it where only this user's browser gets at it: an encrypted cookie (it is a few hundred
/// bytes), or the server's session. It belongs to one client of one service, and another refuses
/// it. It is consumed when it is redeemed, and not `Clone`; a stored copy serves for another try
/// when the transport failed.
///
/// A callback may arrive twice: by a second click, a prefetch, or an attacker. What counts once is
/// what you make count once. In a server's session, take the value out in the same step in which
/// you read it. Nothing can be taken out of a cookie, which browsers and attackers keep copies of:
/// note [`id`](Self::id) in your database before you redeem, if it is absent, and go on only then;
/// or in [`UsedPendingIds`](crate::UsedPendingIds), if there is one process. Keep a note until
/// [`expires_at`](Self::expires_at).
///
/// ```no_run
/// # use oauth_proto::oauth1::Pending;
/// # fn insert_if_absent(_: &str, _: u64) -> bool { true }
/// // INSERT INTO used (id, until) VALUES ($1, $2) ON CONFLICT DO NOTHING, and whether that
/// // inserted a row.
/// fn is_first(pending: &Pending) -> bool {
///     insert_if_absent(&pending.id().to_string(), pending.expires_at().as_secs())
/// }
/// ```
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
    fingerprint: ClientFingerprint,
    #[serde(flatten)]
    pub(super) credentials: TokenCredentials,
    /// The place that the user comes back to, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    returns_to: Option<String>,
    #[serde(rename = "until")]
    expires_at: Timestamp,
}

/// The first form had no fingerprint, and the second did not know where the user comes back to.
const VERSION: u64 = 3;

impl Pending {
    pub(super) fn new(
        fingerprint: ClientFingerprint,
        credentials: TokenCredentials,
        returns_to: Option<String>,
        expires_at: Timestamp,
    ) -> Self {
        Self { version: VERSION, fingerprint, credentials, returns_to, expires_at }
    }

    /// Returns the identifier of the temporary credentials: the `oauth_token` that the callback
    /// will have. It can be the key under which this value is stored.
    pub fn token(&self) -> &str {
        &self.credentials.token
    }

    /// Returns the identifier of this pending authorization. Store it before you redeem, and go on
    /// only if it was not stored yet.
    pub fn id(&self) -> PendingId {
        self.fingerprint.id(self.token())
    }

    /// Returns the time from which it cannot be redeemed any more.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether this belongs to the client with that fingerprint, and can still be redeemed.
    pub(super) fn check(
        &self,
        fingerprint: &ClientFingerprint,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.version != VERSION {
            return Err(Expired::Outdated.into());
        }
        self.fingerprint.check(fingerprint)?;
        if self.expires_at <= now {
            return Err(Expired::Pending.into());
        }
        Ok(())
    }

    /// The verifier that a callback brings, when the callback belongs to this authorization and
    /// grants access.
    pub(super) fn verifier(
        &self,
        callback: &Callback<'_>,
        place: Leniency,
    ) -> Result<Option<String>, Error> {
        let parts = callback.parts();
        let answer = CallbackParameters::of(&parts)?;
        let token = answer.token.as_ref().or(answer.denied.as_ref());
        if let Some(token) = token.filter(|token| **token != self.credentials.token) {
            let (expected, received) = (truncated(&self.credentials.token), truncated(token));
            return Err(CallbackError::TokenMismatch { expected, received }.into());
        }
        if let Some(returns_to) = &self.returns_to {
            place.check(&parts, returns_to)?;
        }
        let refused = answer.denied.is_some() || answer.not_approved.as_deref() == Some("true");
        // An empty code says nothing.
        let code = |text: Option<String>| {
            text.filter(|text| !text.is_empty()).map(|text| printable_code(&text))
        };
        let advice = |text: Option<String>| {
            text.filter(|text| !text.is_empty()).map(|text| printable_text(&text))
        };
        let (problem, advice) = match (code(answer.problem), code(answer.error)) {
            (Some(problem), _) => (Some(problem), advice(answer.problem_advice)),
            (None, error) => (error, advice(answer.error_description)),
        };
        if refused || problem.is_some() {
            return Err(Refused::Denied { problem, advice, response: None }.into());
        }
        if token.is_none() {
            return Err(Forged::ParameterMissing { name: TOKEN }.into());
        }
        Ok(answer.verifier.filter(|verifier| !verifier.is_empty()))
    }
}

/// The contents of the callback's query.
#[derive(Default)]
struct CallbackParameters {
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

impl CallbackParameters {
    /// Reads the query of a URI, or a query alone.
    fn of(parts: &CallbackParts<'_>) -> Result<Self, Forged> {
        let query = parts.query.unwrap_or_default();
        let mut answer = Self::default();
        for (name, value) in form::pairs(query.as_bytes()) {
            // Nothing depends on an explanation, so that it is read whatever it is.
            let explanation = || Some(String::from_utf8_lossy(&value).into_owned());
            let (name, slot) = match &*name {
                b"oauth_token" => (TOKEN, &mut answer.token),
                b"oauth_verifier" => (VERIFIER, &mut answer.verifier),
                b"oauth_problem" => ("oauth_problem", &mut answer.problem),
                b"denied" => ("denied", &mut answer.denied),
                b"not_approved" => ("not_approved", &mut answer.not_approved),
                b"error" => ("error", &mut answer.error),
                b"oauth_problem_advice" => {
                    answer.problem_advice = explanation();
                    continue;
                }
                b"error_description" => {
                    answer.error_description = explanation();
                    continue;
                }
                _ => continue,
            };
            let value = String::from_utf8(value.into_owned())
                .map_err(|_| Forged::ParameterInvalid { name })?;
            if slot.replace(value).is_some() {
                return Err(Forged::ParameterTwice { name });
            }
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Pending {
        Pending::new(
            ClientFingerprint::of(&["m"]),
            TokenCredentials::new("t k", "s"),
            None,
            Timestamp::from_secs(100),
        )
    }

    fn verifier(callback: &str) -> Result<Option<String>, Error> {
        pending().verifier(&Callback::from(callback), Leniency::default())
    }

    #[test]
    fn an_explanation_shows_no_token() {
        for callback in [
            "/cb?oauth_problem=token_rejected&oauth_problem_advice=Invalid+token:+sesamopen",
            "/cb?error=bad&error_description=Invalid+token:+sesamopen",
            "/cb?error=Invalid+token:+sesamopen",
        ] {
            let error = verifier(callback).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("sesamopen"), "{error}");
            assert!(error.to_string().contains("Invalid token: …"), "{error}");
        }
    }

    #[test]
    fn the_verifier_is_found_in_whatever_a_framework_hands_over() {
        for callback in [
            "https://c.example/cb?x=1&oauth_token=t+k&oauth_verifier=v",
            "/cb?oauth_token=t%20k&oauth_verifier=v#fragment",
            "oauth_verifier=v&oauth_token=t+k",
        ] {
            assert_eq!(verifier(callback).unwrap().as_deref(), Some("v"), "{callback}");
        }
        assert_eq!(verifier("?oauth_token=t+k&oauth_verifier=").unwrap(), None);
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
            let expected = Refused::Denied {
                problem: problem.map(str::to_owned),
                advice: None,
                response: None,
            };
            assert_eq!(verifier(callback), Err(expected.into()), "{callback}");
        }
    }

    #[test]
    fn another_authorizations_callback_is_forged_even_when_it_refuses() {
        for callback in [
            "?oauth_token=x&oauth_verifier=v",
            "?denied=x",
            "?oauth_token=x&oauth_problem=user_refused",
        ] {
            let error = verifier(callback).unwrap_err();
            assert!(
                matches!(error, Error::Forged(Forged::OAuth1(CallbackError::TokenMismatch { .. }))),
                "{error}"
            );
        }
    }

    #[test]
    fn time_and_stored_form_are_checked() {
        assert_eq!(
            pending().check(&ClientFingerprint::of(&["m"]), Timestamp::from_secs(99)),
            Ok(())
        );
        assert_eq!(
            pending().check(&ClientFingerprint::of(&["n"]), Timestamp::from_secs(99)),
            Err(Forged::OtherClient.into())
        );
        assert_eq!(
            pending().check(&ClientFingerprint::of(&["m"]), Timestamp::from_secs(100)),
            Err(Expired::Pending.into())
        );
        let stored = serde_json::to_string(&pending()).unwrap().replace("\"v\":3", "\"v\":9");
        let outdated: Pending = serde_json::from_str(&stored).unwrap();
        assert_eq!(
            outdated.check(&ClientFingerprint::of(&["m"]), Timestamp::from_secs(1)),
            Err(Expired::Outdated.into())
        );
    }
}
