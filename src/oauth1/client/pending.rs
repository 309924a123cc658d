//! The pending authorization: temporary credentials while the user is at the service, RFC 5849 §2.1
//! and §2.2.

use serde::{Deserialize, Serialize};

use crate::core::callback::{CallbackParts, Leniency};
use crate::core::client_fingerprint::ClientFingerprint;
use crate::core::error::oauth1::CallbackError;
use crate::oauth1::credentials::TokenCredentials;
use crate::oauth1::names::{TOKEN, VERIFIER};
use crate::wire::{form, printable_code, printable_text, truncated};
use crate::{Callback, Error, Expired, Forged, PendingId, Refused, Timestamp};

/// The pending value of an authorization: the part that the application keeps while the user is at
/// the service.
///
/// Keep it for this user's browser only: in an encrypted cookie (it takes a few hundred bytes), or
/// in the server's session. A pending value belongs to one client and one service; other clients
/// refuse it. [`Client::redeem`](super::Client::redeem) consumes it, and it is not `Clone`. If the
/// transport fails, you can call `redeem` again with a stored copy, without marking the id a second
/// time. Without a copy, the user has to start again.
///
/// A callback can arrive twice: by a second click, by a prefetch, or from an attacker. The
/// application must accept it once. In a server's session, read and remove the value in one step. A
/// deleted cookie can still be sent again, since copies of it can exist. So before you call
/// `redeem`, insert [`id`](Self::id) into your database, and continue only if it was absent. With
/// one process, [`UsedPendingIds`](crate::UsedPendingIds) does the same in memory. Keep the id
/// until [`expires_at`](Self::expires_at).
///
/// ```no_run
/// # use oauth_proto::oauth1::Pending;
/// # fn insert_if_absent(_: &str, _: u64) -> bool { true }
/// // INSERT INTO used (id, until) VALUES ($1, $2) ON CONFLICT DO NOTHING. Returns whether a row
/// // was inserted.
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
    /// The version of the stored format.
    #[serde(rename = "v")]
    version: u64,
    /// The fingerprint of the client and its service.
    #[serde(rename = "for", default)]
    fingerprint: ClientFingerprint,
    #[serde(flatten)]
    pub(super) credentials: TokenCredentials,
    /// The callback URI, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    returns_to: Option<String>,
    #[serde(rename = "until")]
    expires_at: Timestamp,
}

/// Version 1 had no fingerprint, and version 2 had no callback URI.
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

    /// Returns the identifier of the temporary credentials: the `oauth_token` of the callback. You
    /// can store the pending value under this key.
    pub fn token(&self) -> &str {
        &self.credentials.token
    }

    /// Returns the identifier of this pending value. Insert this identifier into your store, and
    /// call `redeem` only if it was absent there.
    pub fn id(&self) -> PendingId {
        self.fingerprint.id(self.token())
    }

    /// Returns the time at which the pending value expires.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Checks that the pending value belongs to the client with this fingerprint, and has not
    /// expired.
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

    /// Returns the verifier of a callback that belongs to this authorization and grants access.
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
        // An empty code counts as absent.
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

/// The parameters of a callback's query.
#[derive(Default)]
struct CallbackParameters {
    token: Option<String>,
    verifier: Option<String>,
    /// `oauth_problem` of the Problem Reporting extension.
    problem: Option<String>,
    problem_advice: Option<String>,
    /// Twitter's `denied`, with the refused token.
    denied: Option<String>,
    /// Dropbox's `not_approved`.
    not_approved: Option<String>,
    /// The parameters of OAuth 2.0, which some services use, too.
    error: Option<String>,
    error_description: Option<String>,
}

impl CallbackParameters {
    /// Reads the query of a URI, or a query alone.
    fn of(parts: &CallbackParts<'_>) -> Result<Self, Forged> {
        let query = parts.query.unwrap_or_default();
        let mut answer = Self::default();
        for (name, value) in form::pairs(query.as_bytes()) {
            // The explanation is only shown, so any value is read.
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
    fn the_verifier_is_found_in_every_form_of_callback() {
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
    fn every_form_of_denial_is_a_refusal() {
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
    fn another_authorizations_callback_is_refused_even_if_it_reports_an_error() {
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
