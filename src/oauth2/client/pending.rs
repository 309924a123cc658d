//! What is remembered while the user is away, and what is checked of a callback before anything is sent, RFC 6749 §4.1.2,
//! RFC 9207.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ResponseMode;
use crate::oauth2::Scope;
use crate::oauth2::pkce::{CodeVerifier, Unguessable};
use crate::secret::same;
use crate::wire::{form, shortened};
use crate::{Error, Expired, Forged, Refused, Timestamp};

/// A code grant that waits for its user to come back.
///
/// Keep it where only this user's browser gets at it: an encrypted cookie (it is a few hundred bytes), or the server's
/// session. It belongs to one client of one server, and another refuses it. It is consumed when it is redeemed, and not `Clone`. A stored copy serves for another try when the
/// transport failed; delete it once the server has answered, so that a callback cannot be played twice.
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
    pub(super) saved: Saved,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) verifier: Option<CodeVerifier>,
}

/// An implicit grant that waits for its user to come back. Keep it as a [`Pending`].
///
/// ```no_run
/// # use oauth_proto::oauth2::PendingImplicit;
/// # fn cookie() -> String { String::new() }
/// let pending: PendingImplicit = serde_json::from_str(&cookie())?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct PendingImplicit {
    /// Another member than a code grant's, so that neither is taken for the other.
    #[serde(rename = "implicit")]
    version: u64,
    #[serde(flatten)]
    pub(super) saved: Saved,
}

/// A value that passes through the browser and need not be wiped from memory, but that nobody else should see.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(super) enum State {
    /// Fresh bits, in place.
    Own(Unguessable),
    /// The caller's own, or one that was stored.
    Given(String),
}

impl State {
    pub(super) fn as_str(&self) -> &str {
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

/// What both kinds remember.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    /// The client at its server.
    #[serde(rename = "for")]
    pub(super) mark: u64,
    pub(super) state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) redirect_uri: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<Scope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<String>,
    #[serde(default)]
    pub(super) mode: ResponseMode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) issuer: Option<String>,
    #[serde(rename = "until")]
    pub(super) expires_at: Timestamp,
}

const VERSION: u64 = 1;

impl Pending {
    pub(super) fn new(saved: Saved, verifier: Option<CodeVerifier>) -> Self {
        Self { version: VERSION, saved, verifier }
    }

    /// The state that the callback will carry. It may serve as the key under which this is stored, as long as what finds it
    /// is bound to the user's browser too.
    pub fn state(&self) -> &str {
        self.saved.state.as_str()
    }

    /// The nonce that an ID token has to carry, where one was asked for.
    pub fn nonce(&self) -> Option<&str> {
        self.saved.nonce.as_deref()
    }

    /// When it can no longer be redeemed.
    pub fn expires_at(&self) -> Timestamp {
        self.saved.expires_at
    }

    pub(super) fn check(&self, mark: u64, now: Timestamp) -> Result<(), Error> {
        self.saved.check(self.version, mark, now)
    }
}

impl PendingImplicit {
    pub(super) fn new(saved: Saved) -> Self {
        Self { version: VERSION, saved }
    }

    /// The state that the callback will carry.
    pub fn state(&self) -> &str {
        self.saved.state.as_str()
    }

    /// The nonce that an ID token has to carry, where one was asked for.
    pub fn nonce(&self) -> Option<&str> {
        self.saved.nonce.as_deref()
    }

    /// When it can no longer be used.
    pub fn expires_at(&self) -> Timestamp {
        self.saved.expires_at
    }

    pub(super) fn check(&self, mark: u64, now: Timestamp) -> Result<(), Error> {
        self.saved.check(self.version, mark, now)
    }
}

impl Saved {
    fn check(&self, version: u64, mark: u64, now: Timestamp) -> Result<(), Error> {
        if version != VERSION {
            return Err(Expired::Outdated.into());
        }
        if self.mark != mark {
            return Err(Forged::OtherClient.into());
        }
        if self.expires_at <= now {
            return Err(Expired::Pending.into());
        }
        Ok(())
    }

    /// The callback, once it is known to belong to this authorization and to bring no error.
    pub(super) fn accept<'c>(&self, callback: &'c str, promises_iss: bool) -> Result<Callback<'c>, Error> {
        let mut callback = Callback { pairs: part(callback, self.mode), ..Callback::default() };
        callback.read()?;
        // RFC 6749 §4.1.2.1: a code has one character at least.
        callback.error = callback.error.filter(|error| !error.is_empty());
        let Some(state) = callback.state.as_deref() else {
            // Some servers leave the state out when the user says no. Anybody may have sent this, but what it says is kept.
            let code = callback.error.as_deref().filter(|code| callback.code.is_none() && is_usual_code(code));
            return Err(code
                .map_or(Forged::ParameterMissing { name: "state" }, |code| Forged::ErrorAlone { code: code.to_owned() })
                .into());
        };
        if !same(self.state.as_str().as_bytes(), state.as_bytes()) {
            return Err(Forged::StateMismatch.into());
        }
        match (&self.issuer, &callback.iss) {
            (Some(expected), Some(received)) if *expected != **received => {
                let (expected, received) = (shortened(expected), shortened(received));
                return Err(Forged::IssuerMismatch { expected, received }.into());
            }
            (None, Some(received)) if promises_iss => {
                let (expected, received) = (String::new(), shortened(received));
                return Err(Forged::IssuerMismatch { expected, received }.into());
            }
            (_, None) if promises_iss => return Err(Forged::ParameterMissing { name: "iss" }.into()),
            _ => {}
        }
        if let Some(code) = callback.error.as_deref().map(shortened) {
            let description = callback.error_description.as_deref().map(shortened);
            let refused = if code == "access_denied" {
                Refused::Denied { problem: Some(code), advice: description, answer: None }
            } else {
                Refused::Authorization { code, description, uri: callback.error_uri.as_deref().map(shortened) }
            };
            return Err(refused.into());
        }
        Ok(callback)
    }
}

/// Returns whether an error code looks like those of the specification. Anybody may have written it, and it is shown in logs.
fn is_usual_code(code: &str) -> bool {
    code.len() <= 40 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// What the callback says.
#[derive(Default)]
pub(super) struct Callback<'c> {
    /// All of it, still encoded.
    pub(super) pairs: &'c str,
    pub(super) code: Option<Cow<'c, str>>,
    pub(super) access_token: Option<Cow<'c, str>>,
    pub(super) id_token: Option<Cow<'c, str>>,
    state: Option<Cow<'c, str>>,
    iss: Option<Cow<'c, str>>,
    error: Option<Cow<'c, str>>,
    error_description: Option<Cow<'c, str>>,
    error_uri: Option<Cow<'c, str>>,
}

impl<'c> Callback<'c> {
    /// Finds what the protocol knows among the pairs.
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
            let value = value.ok_or(Forged::ParameterInvalid { name })?;
            if slot.replace(value).is_some() {
                return Err(Forged::ParameterTwice { name });
            }
        }
        Ok(())
    }
}

/// The part of a callback that holds the answer: the query or the fragment of a URL, or a form; or either alone.
fn part(callback: &str, mode: ResponseMode) -> &str {
    let (before, fragment) = split(callback, b'#');
    let is_url = before.starts_with(['/', '?']) || has_scheme(before);
    let query = if is_url { split(before, b'?').1.unwrap_or_default() } else { before };
    match mode {
        ResponseMode::Query => query,
        ResponseMode::Fragment => fragment.unwrap_or(if is_url { "" } else { query }),
        ResponseMode::FormPost if is_url => "",
        ResponseMode::FormPost => callback,
    }
}

/// Whether a text begins with a scheme (RFC 3986 §3.1). In a query alone a colon stands behind a name and its `=`.
fn has_scheme(text: &str) -> bool {
    let end = text.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-')));
    end.is_some_and(|end| end > 0 && text.as_bytes()[end] == b':')
}

/// What stands before the first such byte, and behind it.
fn split(text: &str, at: u8) -> (&str, Option<&str>) {
    match memchr::memchr(at, text.as_bytes()) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(mode: ResponseMode) -> Saved {
        Saved {
            mark: 5,
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
        saved(mode).accept(callback, false).map(|callback| callback.code.map(Cow::into_owned))
    }

    #[test]
    fn the_code_is_found_in_whatever_a_framework_hands_over() {
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
            assert_eq!(code(mode, callback).unwrap().as_deref(), Some("a b"), "{mode:?} {callback}");
        }
    }

    #[test]
    fn an_answer_in_another_place_than_was_asked_for_is_none() {
        for (mode, callback) in [
            (ResponseMode::Query, "https://c.example/cb#code=a&state=xyz"),
            (ResponseMode::Fragment, "https://c.example/cb?code=a&state=xyz"),
            (ResponseMode::FormPost, "https://c.example/cb?code=a&state=xyz"),
            (ResponseMode::Query, "https://c.example/cb"),
        ] {
            let error = code(mode, callback).unwrap_err();
            assert_eq!(error, Forged::ParameterMissing { name: "state" }.into(), "{mode:?} {callback}");
        }
    }

    #[test]
    fn a_denial_is_told_from_other_errors() {
        let denied = code(ResponseMode::Query, "?state=xyz&error=access_denied&error_description=no+way").unwrap_err();
        let expected =
            Refused::Denied { problem: Some("access_denied".into()), advice: Some("no way".into()), answer: None };
        assert_eq!(denied, expected.into());
        let other =
            code(ResponseMode::Query, "?state=xyz&error=invalid_scope&error_uri=https://a.example/e").unwrap_err();
        assert_eq!(other.code(), Some("invalid_scope"));
    }

    #[test]
    fn time_and_stored_form_are_checked() {
        let pending = || Pending::new(saved(ResponseMode::Query), None);
        assert_eq!(pending().check(5, Timestamp::from_secs(99)), Ok(()));
        assert_eq!(pending().check(6, Timestamp::from_secs(99)), Err(Forged::OtherClient.into()));
        assert_eq!(pending().check(5, Timestamp::from_secs(100)), Err(Expired::Pending.into()));
        let stored = serde_json::to_string(&pending()).unwrap();
        let outdated: Pending = serde_json::from_str(&stored.replace("\"v\":1", "\"v\":9")).unwrap();
        assert_eq!(outdated.check(5, Timestamp::from_secs(1)), Err(Expired::Outdated.into()));
        serde_json::from_str::<PendingImplicit>(&stored).unwrap_err();
    }
}
