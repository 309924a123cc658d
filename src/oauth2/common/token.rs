//! Access tokens as they were granted, RFC 6749 §5.1, and as they are stored.

use std::fmt;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::scope::Scope;
use crate::{Secret, Timestamp};

/// An access token with its refresh token, its lifetime, its scope, and every other member of the
/// server's answer.
///
/// Store it with serde; the stored form is an object with the RFC's names and `expires_at`, and it
/// holds the secrets. Tokens that requests-oauthlib has stored can be read, too: `expires_at` as a
/// fraction or a text, `scope` as a list, `expires_in` alone (see
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
    /// The access token.
    pub access_token: Secret,
    /// The way in which requests present the token.
    pub token_type: TokenType,
    /// The refresh token that renews it.
    pub refresh_token: Option<Secret>,
    /// The time at which it expires, if the server said so.
    pub expires_at: Option<Timestamp>,
    /// The scope that was granted: the scope of the server's answer or, if the answer has none, the
    /// one that was asked for (RFC 6749 §5.1).
    pub scope: Option<Scope>,
    /// The scope that was asked for, if that is known.
    pub requested_scope: Option<Scope>,
    /// The ID token of OpenID Connect, which came with it. It has not been checked.
    pub id_token: Option<Secret>,
    /// The key that the token is bound to (RFC 7800, `cnf`); `None` for bearer tokens.
    pub confirmation: Option<Value>,
    /// Every other member of the answer: `issued_token_type`, `team`, …
    pub extra: Map<String, Value>,
}

/// The way in which requests present a token (RFC 6749 §7.1).
///
/// ```
/// use oauth_proto::oauth2::TokenType;
///
/// assert_eq!(TokenType::from("BEARER"), TokenType::Bearer);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// As it is (RFC 6750).
    #[default]
    Bearer,
    /// Not at all: a token exchange issued it, and it is not an access token (`N_A`, RFC 8693
    /// §2.2.1).
    NotApplicable,
    /// In a way that this crate does not know. Only stored tokens have it; answers with it are
    /// refused.
    Other(String),
}

impl TokenType {
    /// Returns the name on the wire.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Bearer => "Bearer",
            Self::NotApplicable => "N_A",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for TokenType {
    /// Writes the name as it is on the wire.
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
    /// Makes a bearer token of an access token that did not come from a flow, without any other
    /// members.
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

    /// Returns whether the token has expired at the time `now`. A token whose end is not known has
    /// not expired.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Returns the words of the scope that were asked for and not granted.
    pub fn scope_refused(&self) -> impl Iterator<Item = &str> {
        let scopes = self.requested_scope.as_ref().zip(self.scope.as_ref());
        scopes.into_iter().flat_map(|(asked, granted)| asked.missing_from(granted))
    }

    /// Returns a stored token that holds `expires_in` and no `expires_at` with its lifetime counted
    /// from the time `now`, as requests-oauthlib does when it loads a token. Other tokens stay as
    /// they are.
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
            // A whole number of seconds, towards the past.
            self.expires_at = Some(match whole(lifetime) {
                Some(lifetime) => now.after(Duration::from_secs(lifetime)),
                None => now,
            });
        }
        self
    }
}

/// Reads a number, or a text that is a number.
fn seconds(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    number.filter(|number| number.is_finite())
}

/// Returns a number of seconds since a point in time; `None` if it is negative.
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

#[derive(Serialize, Deserialize)]
struct Stored {
    access_token: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    /// Every other member. `expires_at`, `requested_scope`, `id_token` and `cnf` are here, too, if
    /// the server uses them in a form that is not ours: a member that cannot be read, or is null,
    /// stays here as it is.
    #[serde(flatten)]
    extra: Map<String, Value>,
}

impl Token {
    /// Takes the ID token and the confirmation out of the other members of an answer.
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

    /// Returns a point in time as servers and other libraries write it; `None` if it is not a
    /// number of seconds.
    pub(crate) fn time(value: &Value) -> Option<u64> {
        value.as_u64().or_else(|| seconds(value).map(|time| whole(time).unwrap_or(0)))
    }

    /// Returns the members to store beside those of [`Stored`]. A member of the token replaces an
    /// extra member of the same name, since a name that occurs twice could not be read again.
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
            // It says the same, from another point in time.
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
    fn a_lifetime_without_its_beginning_is_counted_when_the_caller_says_so() {
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
    fn what_is_no_token_is_not_read() {
        for stored in ["{}", r#"{"access_token": ""}"#, r#"{"access_token": 5}"#, "[]"] {
            serde_json::from_str::<Token>(stored).unwrap_err();
        }
    }

    #[test]
    fn differences_in_scope_are_told_apart() {
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
    fn an_id_token_and_a_confirmation_have_places_of_their_own_and_survive_being_stored() {
        let token = read(
            r#"{"access_token": "a", "id_token": "e.y.J", "cnf": {"jkt": "0ZcO"}, "team": 1}"#,
        );
        assert_eq!(token.id_token.as_ref().map(Secret::expose), Some("e.y.J"));
        assert_eq!(token.confirmation, Some(serde_json::json!({ "jkt": "0ZcO" })));
        assert_eq!(token.extra.len(), 1);
        assert_eq!(read(&serde_json::to_string(&token).unwrap()), token);
    }

    #[test]
    fn a_member_that_is_null_or_in_a_form_of_the_servers_own_survives_being_stored() {
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
