//! The values that are stored while the user is away, and the checks of a callback before anything
//! is sent, RFC 6749 §4.1.2, RFC 9207.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::callback::{CallbackParts, Leniency};
use crate::core::client_fingerprint::ClientFingerprint;
use crate::core::error::oauth2::CallbackError;
use crate::core::secret::same;
use crate::oauth2::common::pkce::{CodeVerifier, Unguessable};
use crate::oauth2::{ResponseMode, Scope};
use crate::wire::{form, printable_code, printable_text, truncated};
use crate::{Callback, Error, Expired, Forged, PendingId, Refused, Timestamp};

/// A code grant that waits until its user comes back.
///
/// Store it where only this user's browser can use it: in an encrypted cookie (it has a few hundred
/// bytes), or in the user's session on your server. The type implements `Serialize` and
/// `Deserialize`. A pending value belongs to one client at one server, and other clients refuse it.
///
/// [`Client::redeem`](crate::oauth2::Client::redeem) consumes it, and it is not `Clone`. But a
/// callback may arrive twice: by a second click, a prefetch, or an attacker. Your application has
/// to make sure that each pending value is used only once:
///
/// - In a session on your server, remove the value in the same operation in which you read it.
/// - A deleted cookie can still be sent again, since copies of it can exist. So before you redeem,
///   insert [`id`](Self::id) into your database if it is absent, and go on only if it was inserted.
///   If your application has only one process, you can use
///   [`UsedPendingIds`](crate::UsedPendingIds). Keep the entry until
///   [`expires_at`](Self::expires_at).
///
/// If the transport fails while the code is redeemed, you can call `redeem` again with a stored
/// copy, without inserting the id a second time. Without a copy, the user has to start again.
///
/// ```no_run
/// # use oauth_proto::oauth2::Pending;
/// # fn insert_if_absent(_: &str, _: u64) -> bool { true }
/// // INSERT INTO used (id, until) VALUES ($1, $2) ON CONFLICT DO NOTHING; returns whether it
/// // has inserted a row.
/// fn is_first(pending: &Pending) -> bool {
///     insert_if_absent(&pending.id().to_string(), pending.expires_at().as_secs())
/// }
/// ```
///
/// ```no_run
/// # use oauth_proto::oauth2::Pending;
/// # fn cookie() -> String { String::new() }
/// let pending: Pending = serde_json::from_str(&cookie())?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct Pending {
    #[serde(rename = "v")]
    version: u64,
    #[serde(flatten)]
    pub(crate) common: PendingCommon,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verifier: Option<CodeVerifier>,
}

/// An implicit grant that waits until its user comes back. It has the methods of [`Pending`]. Store
/// it in the same way.
///
/// ```no_run
/// # use oauth_proto::oauth2::PendingImplicit;
/// # fn cookie() -> String { String::new() }
/// let pending: PendingImplicit = serde_json::from_str(&cookie())?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Deserialize)]
#[serde(from = "StoredImplicit<PendingCommon>")]
pub struct PendingImplicit(Pending);

/// The stored form of an implicit grant.
#[derive(Serialize, Deserialize)]
struct StoredImplicit<C> {
    /// The stored name differs from the one in a code grant, so neither grant can be read as the
    /// other.
    #[serde(rename = "implicit")]
    version: u64,
    #[serde(flatten)]
    common: C,
}

impl From<StoredImplicit<PendingCommon>> for PendingImplicit {
    fn from(stored: StoredImplicit<PendingCommon>) -> Self {
        Self(Pending { version: stored.version, common: stored.common, verifier: None })
    }
}

impl Serialize for PendingImplicit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        StoredImplicit { version: self.0.version, common: &self.0.common }.serialize(serializer)
    }
}

/// The `state` of an authorization request. It passes through the browser, so it need not be wiped
/// from memory. But only the browser and this application should see it.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(crate) enum State {
    /// Random bits, without an allocation.
    Own(Unguessable),
    /// The caller's text, or a text that was stored.
    Given(String),
}

impl State {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Own(own) => own.as_str(),
            Self::Given(given) => given,
        }
    }
}

impl From<String> for State {
    fn from(given: String) -> Self {
        Self::Given(given)
    }
}

impl Serialize for State {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The members that both kinds of pending values have.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PendingCommon {
    /// The fingerprint of the client and its server.
    #[serde(rename = "for")]
    pub(crate) fingerprint: ClientFingerprint,
    pub(crate) state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) redirect_uri: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<Scope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    #[serde(default)]
    pub(crate) mode: ResponseMode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) issuer: Option<String>,
    #[serde(rename = "until")]
    pub(crate) expires_at: Timestamp,
}

/// The version of the stored form. Version 1 had a fingerprint of 53 bits.
const VERSION: u64 = 2;

impl Pending {
    pub(crate) fn new(common: PendingCommon, verifier: Option<CodeVerifier>) -> Self {
        Self { version: VERSION, common, verifier }
    }

    /// Returns the `state` that the callback will contain. You can use this text as the key under
    /// which you store the pending value, if you also bind the stored value to the user's browser.
    pub fn state(&self) -> &str {
        self.common.state.as_str()
    }

    /// Returns the id of this value. Insert this id into your store, and redeem only if it was
    /// absent there.
    pub fn id(&self) -> PendingId {
        self.common.fingerprint.id(self.state())
    }

    /// Returns the nonce that the ID token must contain; `None` if the request had no nonce.
    pub fn nonce(&self) -> Option<&str> {
        self.common.nonce.as_deref()
    }

    /// Returns the time from which on the client refuses the callback.
    pub fn expires_at(&self) -> Timestamp {
        self.common.expires_at
    }

    pub(crate) fn check(
        &self,
        fingerprint: &ClientFingerprint,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.common.check(self.version, fingerprint, now)
    }
}

impl PendingImplicit {
    pub(crate) fn new(common: PendingCommon) -> Self {
        Self(Pending::new(common, None))
    }

    pub(crate) fn into_pending(self) -> Pending {
        self.0
    }
}

impl Deref for PendingImplicit {
    type Target = Pending;

    fn deref(&self) -> &Pending {
        &self.0
    }
}

impl PendingCommon {
    fn check(
        &self,
        version: u64,
        fingerprint: &ClientFingerprint,
        now: Timestamp,
    ) -> Result<(), Error> {
        if version != VERSION {
            return Err(Expired::Outdated.into());
        }
        self.fingerprint.check(fingerprint)?;
        if self.expires_at <= now {
            return Err(Expired::Pending.into());
        }
        Ok(())
    }

    /// Returns the parameters of a callback, after checking that it belongs to this authorization
    /// and has no error.
    pub(crate) fn accept<'c>(
        &self,
        callback: &'c Callback<'_>,
        rules: Rules,
    ) -> Result<CallbackParameters<'c>, Error> {
        let parts = callback.parts();
        let mut answer = CallbackParameters {
            pairs: part(callback, &parts, self.mode)?,
            ..CallbackParameters::default()
        };
        answer.read()?;
        // RFC 6749 §4.1.2.1: a code has one character at least.
        answer.error = answer.error.filter(|error| !error.is_empty());
        let Some(state) = answer.state.as_deref() else {
            // Some servers omit the state when the user denies access. But an attacker may have
            // sent this callback. The error contains the code for the log.
            let code =
                answer.error.as_deref().filter(|code| answer.code.is_none() && is_usual_code(code));
            return Err(match code {
                Some(code) => CallbackError::ErrorAlone { code: code.to_owned() }.into(),
                None => Forged::ParameterMissing { name: "state" }.into(),
            });
        };
        if !same(self.state.as_str().as_bytes(), state.as_bytes()) {
            return Err(Forged::StateMismatch.into());
        }
        let mut place = rules.place;
        match (&self.issuer, &answer.iss) {
            (Some(expected), Some(received)) if *expected != **received => {
                let (expected, received) = (truncated(expected), truncated(received));
                return Err(CallbackError::IssuerMismatch { expected, received }.into());
            }
            // The server names itself, so the URI is not needed to tell servers apart.
            (Some(_), Some(_)) => place.no_place = true,
            (None, Some(received)) if !rules.unknown_iss => {
                return Err(CallbackError::IssuerUnknown { received: truncated(received) }.into());
            }
            (_, None) if rules.promises_iss => {
                return Err(Forged::ParameterMissing { name: "iss" }.into());
            }
            _ => {}
        }
        if let Some(redirect_uri) = &self.redirect_uri {
            place.check(&parts, redirect_uri)?;
        }
        if let Some(code) = answer.error.as_deref().map(printable_code) {
            let description = answer.error_description.as_deref().map(printable_text);
            let refused = if code == "access_denied" {
                Refused::Denied { problem: Some(code), advice: description, response: None }
            } else {
                Refused::Authorization {
                    code,
                    description,
                    uri: answer.error_uri.as_deref().map(truncated),
                }
            };
            return Err(refused.into());
        }
        Ok(answer)
    }
}

/// The settings of a client and its server for callbacks.
#[derive(Clone, Copy, Default)]
pub(crate) struct Rules {
    pub(crate) promises_iss: bool,
    pub(crate) unknown_iss: bool,
    pub(crate) place: Leniency,
}

/// Returns whether an error code looks like the codes of the specification. The code is written to
/// logs, and an attacker may have chosen it.
fn is_usual_code(code: &str) -> bool {
    code.len() <= 40 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The parameters of a callback.
#[derive(Default)]
pub(crate) struct CallbackParameters<'c> {
    /// All parameters, still encoded.
    pub(crate) pairs: &'c str,
    pub(crate) code: Option<Cow<'c, str>>,
    pub(crate) access_token: Option<Cow<'c, str>>,
    pub(crate) id_token: Option<Cow<'c, str>>,
    state: Option<Cow<'c, str>>,
    iss: Option<Cow<'c, str>>,
    error: Option<Cow<'c, str>>,
    error_description: Option<Cow<'c, str>>,
    error_uri: Option<Cow<'c, str>>,
}

impl<'c> CallbackParameters<'c> {
    /// Finds the parameters of the protocol among the pairs.
    fn read(&mut self) -> Result<(), Forged> {
        for (name, value) in form::text_pairs(self.pairs) {
            let (name, slot) = match name.as_deref() {
                Some("code") => ("code", &mut self.code),
                Some("state") => ("state", &mut self.state),
                Some("iss") => ("iss", &mut self.iss),
                Some("error") => ("error", &mut self.error),
                Some("error_description") => ("error_description", &mut self.error_description),
                Some("error_uri") => ("error_uri", &mut self.error_uri),
                Some("access_token") => ("access_token", &mut self.access_token),
                Some("id_token") => ("id_token", &mut self.id_token),
                _ => continue,
            };
            // `ok_or` would make and drop an error for each parameter.
            let Some(value) = value else {
                return Err(Forged::ParameterInvalid { name });
            };
            if slot.replace(value).is_some() {
                return Err(Forged::ParameterTwice { name });
            }
        }
        Ok(())
    }
}

/// Returns the part of a callback that contains the parameters: the query, the fragment, or the
/// form.
fn part<'c>(
    callback: &'c Callback<'_>,
    parts: &CallbackParts<'c>,
    mode: ResponseMode,
) -> Result<&'c str, Forged> {
    let form = callback.form.map(|form| {
        std::str::from_utf8(form).map_err(|_| Forged::ParameterInvalid { name: "form" })
    });
    let alone =
        || if parts.place.is_some() || callback.url.starts_with('?') { None } else { parts.query };
    let part = match (mode, form.transpose()?) {
        (ResponseMode::Query, _) => parts.query,
        (ResponseMode::Fragment, Some(form)) => Some(form.strip_prefix('#').unwrap_or(form)),
        (ResponseMode::Fragment, None) => parts.fragment.or_else(alone),
        (ResponseMode::FormPost, Some(form)) => Some(form),
        (ResponseMode::FormPost, None) => alone(),
    };
    Ok(part.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(mode: ResponseMode) -> PendingCommon {
        PendingCommon {
            fingerprint: ClientFingerprint::of(&["5"]),
            state: State::Given("xyz".into()),
            redirect_uri: None,
            scope: None,
            nonce: None,
            mode,
            issuer: Some("https://a.example".into()),
            expires_at: Timestamp::from_secs(100),
        }
    }

    fn code(mode: ResponseMode, callback: &str) -> Result<Option<String>, Error> {
        let answer = Callback::from(callback);
        saved(mode).accept(&answer, Rules::default()).map(|answer| answer.code.map(Cow::into_owned))
    }

    #[test]
    fn the_code_is_found_in_every_form_of_callback() {
        for (mode, callback) in [
            (ResponseMode::Query, "https://c.example/cb?x=1&code=a+b&state=xyz"),
            (ResponseMode::Query, "/cb?code=a%20b&state=xyz#_=_"),
            (ResponseMode::Query, "?code=a+b&state=xyz"),
            (ResponseMode::Query, "code=a+b&state=xyz"),
            (ResponseMode::Query, "com.example.app:/cb?code=a+b&state=xyz"),
            (ResponseMode::Query, "https://c.example/cb/tenant=5?code=a+b&state=xyz"),
            (ResponseMode::Query, "code=a+b&state=xyz&next=/x?y=z&iss=https://a.example"),
            (ResponseMode::FormPost, "code=a+b&state=xyz&iss=https://a.example"),
            (ResponseMode::Fragment, "https://c.example/cb?x=1#code=a+b&state=xyz"),
            (ResponseMode::Fragment, "#code=a+b&state=xyz"),
            (ResponseMode::Fragment, "code=a+b&state=xyz"),
            (ResponseMode::FormPost, "code=a+b&state=xyz"),
        ] {
            assert_eq!(
                code(mode, callback).unwrap().as_deref(),
                Some("a b"),
                "{mode:?} {callback}"
            );
        }
        for (mode, url, form) in [
            (ResponseMode::FormPost, "/cb?code=y", "code=a+b&state=xyz"),
            (ResponseMode::Fragment, "https://c.example/cb#code=y", "code=a+b&state=xyz"),
            (ResponseMode::Fragment, "/cb", "#code=a+b&state=xyz"),
        ] {
            let answer = Callback::posted(url, form.as_bytes());
            let answer = saved(mode).accept(&answer, Rules::default()).unwrap();
            assert_eq!(answer.code.as_deref(), Some("a b"), "{mode:?} {url}");
        }
        let posted = Callback::posted("/cb?code=a+b&state=xyz", b"code=y&state=y");
        assert!(saved(ResponseMode::Query).accept(&posted, Rules::default()).is_ok());
    }

    #[test]
    fn an_answer_outside_of_the_requested_response_mode_is_ignored() {
        for (mode, callback) in [
            (ResponseMode::Query, "https://c.example/cb#code=a&state=xyz"),
            (ResponseMode::Fragment, "https://c.example/cb?code=a&state=xyz"),
            (ResponseMode::FormPost, "https://c.example/cb?code=a&state=xyz"),
            (ResponseMode::Query, "https://c.example/cb"),
        ] {
            let error = code(mode, callback).unwrap_err();
            assert_eq!(
                error,
                Forged::ParameterMissing { name: "state" }.into(),
                "{mode:?} {callback}"
            );
        }
    }

    #[test]
    fn a_denial_is_distinguished_from_other_errors() {
        for error in ["access_denied", "server_error"] {
            let query =
                format!("?state=xyz&error={error}&error_description=Invalid+token:+sesamopen");
            let error = code(ResponseMode::Query, &query).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("sesamopen"), "{error}");
            assert!(error.to_string().contains("Invalid token: …"), "{error}");
        }
        let denied =
            code(ResponseMode::Query, "?state=xyz&error=access_denied&error_description=no+way")
                .unwrap_err();
        let expected = Refused::Denied {
            problem: Some("access_denied".into()),
            advice: Some("no way".into()),
            response: None,
        };
        assert_eq!(denied, expected.into());
        let other = code(
            ResponseMode::Query,
            "?state=xyz&error=invalid_scope&error_uri=https://a.example/e",
        )
        .unwrap_err();
        assert_eq!(other.code(), Some("invalid_scope"));
    }

    #[test]
    fn time_and_stored_form_are_checked() {
        let pending = || Pending::new(saved(ResponseMode::Query), None);
        assert_eq!(
            pending().check(&ClientFingerprint::of(&["5"]), Timestamp::from_secs(99)),
            Ok(())
        );
        assert_eq!(
            pending().check(&ClientFingerprint::of(&["6"]), Timestamp::from_secs(99)),
            Err(Forged::OtherClient.into())
        );
        assert_eq!(
            pending().check(&ClientFingerprint::of(&["5"]), Timestamp::from_secs(100)),
            Err(Expired::Pending.into())
        );
        let stored = serde_json::to_string(&pending()).unwrap();
        let outdated: Pending =
            serde_json::from_str(&stored.replace("\"v\":2", "\"v\":9")).unwrap();
        assert_eq!(
            outdated.check(&ClientFingerprint::of(&["5"]), Timestamp::from_secs(1)),
            Err(Expired::Outdated.into())
        );
        serde_json::from_str::<PendingImplicit>(&stored).unwrap_err();
    }
}
