//! Access tokens, RFC 6749 §5.1, and their stored form.

use std::fmt;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::scope::Scope;
use crate::{Secret, Timestamp};

/// An access token with its refresh token, lifetime and scope, and with all other members of the
/// server's response.
///
/// The type implements `Serialize` and `Deserialize`. The serialized form has the secrets in it, so
/// store it in a safe place. The stored form is a JSON object with the names of the RFC and with
/// `expires_at`. Tokens that requests-oauthlib has stored can be read, too: with `expires_at` as a
/// fraction or a text, with `scope` as a list, and with `expires_in` alone (see
/// [`counted_from`](Self::counted_from)).
///
/// ```
/// use oauth_proto::oauth2::{Scope, Token};
///
/// let stored = r#"{"access_token": "2YotnFZFEjr1zCsicMWpAA", "token_type": "Bearer",
///     "expires_in": 3600, "expires_at": 1700003600.25, "scope": ["photos", "profile"],
///     "team": {"id": "T1"}}"#;
/// let token: Token = serde_json::from_str(stored)?;
/// assert_eq!(token.expires_at.map(|time| time.as_secs()), Some(1_700_003_600));
/// assert_eq!(token.scope, Some(Scope::from("photos profile")));
/// assert_eq!(token.extra["team"]["id"], "T1");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Token {
    /// The access token, which requests to APIs contain.
    pub access_token: Secret,
    /// The way in which requests contain the token.
    pub token_type: TokenType,
    /// The refresh token, with which a client gets a new access token; `None` if the server has not
    /// issued one.
    pub refresh_token: Option<Secret>,
    /// The time at which the access token expires; `None` if the server has not sent it.
    pub expires_at: Option<Timestamp>,
    /// The scope that the server has granted. If the response has no scope, it is the requested
    /// scope (RFC 6749 §5.1).
    pub scope: Option<Scope>,
    /// The scope that the client has requested; `None` if it is not known.
    pub requested_scope: Option<Scope>,
    /// The ID token of OpenID Connect in the same response. This crate has not checked it.
    pub id_token: Option<Secret>,
    /// The key to which the token is bound (`cnf`, RFC 7800); `None` for bearer tokens.
    pub confirmation: Option<Value>,
    /// All other members of the response, by their names, such as `issued_token_type` or `team`.
    pub extra: Map<String, Value>,
}

/// The way in which requests contain a token (RFC 6749 §7.1).
///
/// ```
/// use oauth_proto::oauth2::TokenType;
///
/// assert_eq!(TokenType::from("BEARER"), TokenType::Bearer);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// A bearer token: requests contain the token itself (RFC 6750).
    #[default]
    Bearer,
    /// Not an access token: a token exchange has issued it, and requests do not contain it (`N_A`,
    /// RFC 8693 §2.2.1).
    NotApplicable,
    /// A type that this crate does not support. The client refuses responses with such a token, so
    /// only stored tokens have it.
    Other(String),
}

impl TokenType {
    /// Returns the value of `token_type`.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Bearer => "Bearer",
            Self::NotApplicable => "N_A",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for TokenType {
    /// Writes the value of `token_type`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&str> for TokenType {
    fn from(name: &str) -> Self {
        if name.eq_ignore_ascii_case("bearer") {
            Self::Bearer
        } else if name.eq_ignore_ascii_case("n_a") {
            Self::NotApplicable
        } else {
            Self::Other(name.to_owned())
        }
    }
}

impl Token {
    /// Makes a bearer token from an access token that you have from another source. All other
    /// fields are empty.
    pub fn bearer(access_token: impl Into<Secret>) -> Self {
        Self {
            access_token: access_token.into(),
            token_type: TokenType::Bearer,
            refresh_token: None,
            expires_at: None,
            scope: None,
            requested_scope: None,
            id_token: None,
            confirmation: None,
            extra: Map::new(),
        }
    }

    /// Returns whether the token has expired at the time `now`. A token without
    /// [`expires_at`](field@Self::expires_at) never counts as expired.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Returns the words of the requested scope that the server has not granted.
    pub fn scope_refused(&self) -> impl Iterator<Item = &str> {
        let scopes = self.requested_scope.as_ref().zip(self.scope.as_ref());
        scopes.into_iter().flat_map(|(asked, granted)| asked.missing_from(granted))
    }

    /// Sets [`expires_at`](field@Self::expires_at) of a stored token that has only `expires_in`:
    /// the lifetime counts from the time `now`, as in requests-oauthlib. Other tokens are not
    /// changed.
    ///
    /// ```
    /// use oauth_proto::oauth2::Token;
    /// use oauth_proto::Timestamp;
    ///
    /// let stored = r#"{"access_token": "eswfld123kjhnlv5423",
    ///     "refresh_token": "asdfkljh23490sdf", "expires_in": "-30"}"#;
    /// let now = Timestamp::from_secs(1_700_000_000);
    /// let token = serde_json::from_str::<Token>(stored)?.counted_from(now);
    /// assert!(token.is_expired(now));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn counted_from(mut self, now: Timestamp) -> Self {
        if self.expires_at.is_none()
            && let Some(lifetime) = self.extra.remove("expires_in").as_ref().and_then(seconds)
        {
            // Rounded down to whole seconds.
            self.expires_at = Some(match whole(lifetime) {
                Some(lifetime) => now.after(Duration::from_secs(lifetime)),
                None => now,
            });
        }
        self
    }
}

/// Reads a number, or a text with a number.
fn seconds(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    number.filter(|number| number.is_finite())
}

/// Returns the whole seconds; `None` if the number is negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "fractions are dropped on purpose, and the cast saturates"
)]
fn whole(seconds: f64) -> Option<u64> {
    (seconds >= 0.0).then_some(seconds as u64)
}

impl fmt::Debug for Token {
    /// Shows only the names of the extra members: their values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("access_token", &self.access_token)
            .field("token_type", &self.token_type)
            .field("refresh_token", &self.refresh_token)
            .field("expires_at", &self.expires_at)
            .field("scope", &self.scope)
            .field("requested_scope", &self.requested_scope)
            .field("id_token", &self.id_token)
            .field("confirmation", &self.confirmation)
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// The stored form of a token.
#[derive(Serialize, Deserialize)]
struct Stored {
    access_token: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    /// All other members, and `expires_at`, `requested_scope`, `id_token` and `cnf`. If one of
    /// these four is null or cannot be read, it stays here unchanged.
    #[serde(flatten)]
    extra: Map<String, Value>,
}

impl Token {
    /// Moves the ID token and the confirmation out of the other members of a response.
    #[inline]
    pub(crate) fn take_extra(&mut self, mut extra: Map<String, Value>) {
        if extra.is_empty() {
            return;
        }
        if extra.get("id_token").is_some_and(Value::is_string)
            && let Some(Value::String(token)) = extra.remove("id_token")
        {
            self.id_token = Some(Secret::new(token));
        }
        if extra.get("cnf").is_some_and(Value::is_object) {
            self.confirmation = extra.remove("cnf");
        }
        self.extra = extra;
    }

    /// Reads a point in time in the forms that servers and other libraries use; `None` if it is not
    /// a number of seconds.
    pub(crate) fn time(value: &Value) -> Option<u64> {
        value.as_u64().or_else(|| seconds(value).map(|time| whole(time).unwrap_or(0)))
    }

    /// Returns the members to store besides those of [`Stored`]. A field of the token replaces an
    /// extra member of the same name, because a JSON object with a duplicate name could not be read
    /// again.
    fn extra_to_store(&self) -> Map<String, Value> {
        let mut extra = self.extra.clone();
        for (name, is_taken) in [
            ("access_token", true),
            ("token_type", true),
            ("refresh_token", self.refresh_token.is_some()),
            ("scope", self.scope.is_some()),
        ] {
            if is_taken {
                extra.remove(name);
            }
        }
        for (name, value) in [
            ("expires_at", self.expires_at.map(|time| time.as_secs().into())),
            (
                "requested_scope",
                self.requested_scope.as_ref().map(|scope| scope.to_string().into()),
            ),
            ("id_token", self.id_token.as_ref().map(|token| token.expose().into())),
            ("cnf", self.confirmation.clone()),
        ] {
            extra.extend(value.map(|value| (name.to_owned(), value)));
        }
        extra
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = Stored {
            access_token: self.access_token.clone(),
            token_type: Some(self.token_type.as_str().to_owned()),
            refresh_token: self.refresh_token.clone(),
            scope: self.scope.clone(),
            extra: self.extra_to_store(),
        };
        stored.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        let Stored { access_token, token_type, refresh_token, scope, mut extra } = stored;
        if access_token.is_empty() {
            return Err(D::Error::custom("the access token is empty"));
        }
        let expires_at = extra.get("expires_at").and_then(Self::time).map(Timestamp::from_secs);
        if expires_at.is_some() {
            extra.remove("expires_at");
            // `expires_in` is the same fact, counted from another time.
            extra.remove("expires_in");
        }
        let requested_scope =
            extra.get("requested_scope").and_then(|value| Scope::deserialize(value).ok());
        if requested_scope.is_some() {
            extra.remove("requested_scope");
        }
        let mut token = Self {
            access_token,
            token_type: token_type.as_deref().map_or(TokenType::Bearer, TokenType::from),
            refresh_token,
            expires_at,
            scope,
            requested_scope,
            id_token: None,
            confirmation: None,
            extra: Map::new(),
        };
        token.take_extra(extra);
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stored: &str) -> Token {
        serde_json::from_str(stored).unwrap()
    }

    #[test]
    fn expiry_is_read_in_every_form_that_was_ever_stored() {
        for (stored, expected) in [
            (r#""expires_at": 1700003600"#, Some(1_700_003_600)),
            (r#""expires_at": 1700003600.9"#, Some(1_700_003_600)),
            (r#""expires_at": "1700003600""#, Some(1_700_003_600)),
            (r#""expires_at": null"#, None),
            (r#""expires_at": -5"#, Some(0)),
            (r#""expires_at": "2019-05-01T00:00:00Z""#, None),
            (r#""token_type": "bearer""#, None),
        ] {
            let token = read(&format!(r#"{{"access_token": "a", {stored}}}"#));
            assert_eq!(token.expires_at, expected.map(Timestamp::from_secs), "{stored}");
        }
    }

    #[test]
    fn a_lifetime_without_a_start_is_counted_from_the_given_time() {
        let now = Timestamp::from_secs(1000);
        for (stored, expected) in
            [("3600", 4600), ("\"3600\"", 4600), ("-30", 1000), ("\"-30\"", 1000), ("0", 1000)]
        {
            let token = read(&format!(r#"{{"access_token": "a", "expires_in": {stored}}}"#));
            assert_eq!(token.expires_at, None);
            assert_eq!(
                token.counted_from(now).expires_at,
                Some(Timestamp::from_secs(expected)),
                "{stored}"
            );
        }
        let token =
            read(r#"{"access_token": "a", "expires_in": 3600, "expires_at": 5}"#).counted_from(now);
        assert_eq!((token.expires_at, token.extra.len()), (Some(Timestamp::from_secs(5)), 0));
    }

    #[test]
    fn an_invalid_token_is_not_read() {
        for stored in ["{}", r#"{"access_token": ""}"#, r#"{"access_token": 5}"#, "[]"] {
            serde_json::from_str::<Token>(stored).unwrap_err();
        }
    }

    #[test]
    fn differences_in_scope_are_distinguished() {
        let mut token = Token::bearer("a");
        token.requested_scope = Some("a b".into());
        token.scope = Some("b c".into());
        assert_eq!(token.scope_refused().collect::<Vec<_>>(), ["a"]);
        assert_eq!(
            token
                .scope
                .as_ref()
                .unwrap()
                .missing_from(token.requested_scope.as_ref().unwrap())
                .collect::<Vec<_>>(),
            ["c"]
        );
    }

    #[test]
    fn debug_shows_no_secret_and_no_extra_value() {
        let mut token = Token::bearer("access-secret");
        token.refresh_token = Some("refresh-secret".into());
        token.extra.insert("id_token".into(), "id-secret".into());
        let shown = format!("{token:?}");
        assert!(!shown.contains("-secret") && shown.contains("id_token"), "{shown}");
    }

    proptest::proptest! {
        #[test]
        fn storing_loses_nothing(
            access in ".+",
            refresh: Option<String>,
            at: Option<u32>,
            scope: Option<Vec<String>>,
            extra: String,
        ) {
            let mut token = Token::bearer(access);
            token.refresh_token = refresh.map(Secret::new);
            token.expires_at = at.map(|at| Timestamp::from_secs(at.into()));
            token.scope = scope.map(Scope::from);
            token.extra.insert("x".into(), extra.into());
            let stored = serde_json::to_string(&token).unwrap();
            proptest::prop_assert_eq!(serde_json::from_str::<Token>(&stored).unwrap(), token);
        }
    }

    #[test]
    fn an_id_token_and_a_confirmation_have_their_own_fields_and_survive_storage() {
        let token = read(
            r#"{"access_token": "a", "id_token": "e.y.J", "cnf": {"jkt": "0ZcO"}, "team": 1}"#,
        );
        assert_eq!(token.id_token.as_ref().map(Secret::expose), Some("e.y.J"));
        assert_eq!(token.confirmation, Some(serde_json::json!({ "jkt": "0ZcO" })));
        assert_eq!(token.extra.len(), 1);
        assert_eq!(read(&serde_json::to_string(&token).unwrap()), token);
    }

    #[test]
    fn a_null_member_and_a_member_of_an_unusual_form_survive_storage() {
        for name in ["id_token", "cnf", "expires_at", "requested_scope"] {
            for value in ["null", "true", "{}", "[[]]"] {
                // A confirmation may be any object.
                if (name, value) == ("cnf", "{}") {
                    continue;
                }
                let token = read(&format!(r#"{{"access_token": "a", "{name}": {value}}}"#));
                assert_eq!(
                    token.extra.get(name),
                    Some(&serde_json::from_str(value).unwrap()),
                    "{name} {value}"
                );
                assert_eq!(read(&serde_json::to_string(&token).unwrap()), token, "{name} {value}");
            }
        }
    }
}
