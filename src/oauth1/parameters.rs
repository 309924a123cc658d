//! The parameters of a request and where they stand, RFC 5849 §3.4.1.3.1 and §3.5.

use std::borrow::Cow;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Uri};

use crate::wire::auth_param::{self, Malformed};
use crate::wire::form::{self, Pair};
use crate::wire::percent;

pub(super) const CALLBACK: &str = "oauth_callback";
pub(super) const CALLBACK_CONFIRMED: &str = "oauth_callback_confirmed";
pub(super) const BODY_HASH: &str = "oauth_body_hash";
pub(super) const CONSUMER_KEY: &str = "oauth_consumer_key";
pub(super) const NONCE: &str = "oauth_nonce";
pub(super) const SESSION_HANDLE: &str = "oauth_session_handle";
pub(super) const SIGNATURE: &str = "oauth_signature";
pub(super) const SIGNATURE_METHOD: &str = "oauth_signature_method";
pub(super) const TIMESTAMP: &str = "oauth_timestamp";
pub(super) const TOKEN: &str = "oauth_token";
pub(super) const TOKEN_SECRET: &str = "oauth_token_secret";
pub(super) const VERIFIER: &str = "oauth_verifier";
pub(super) const VERSION: &str = "oauth_version";

/// What the parameters of a flow and of every request are called. No parameter of one's own may be called so.
pub(super) const PROTOCOL: [&str; 12] = [
    CALLBACK,
    BODY_HASH,
    CONSUMER_KEY,
    NONCE,
    SESSION_HANDLE,
    SIGNATURE,
    SIGNATURE_METHOD,
    TIMESTAMP,
    TOKEN,
    TOKEN_SECRET,
    VERIFIER,
    VERSION,
];

pub(super) fn is_protocol(name: &[u8]) -> bool {
    PROTOCOL.iter().any(|known| known.as_bytes() == name)
}

/// Whether the specification claims the name: such parameters go in one place (§3.5).
#[inline]
pub(super) fn is_oauth(name: &[u8]) -> bool {
    name.starts_with(b"oauth_")
}

/// Everything that a request says, by the place where it says it.
#[derive(Debug, Default)]
pub(super) struct Parameters<'r> {
    /// The `OAuth` Authorization header's, without the realm.
    pub(super) header: Vec<Pair<'r>>,
    pub(super) realm: Option<Cow<'r, [u8]>>,
    pub(super) query: Vec<Pair<'r>>,
    /// The body's, if it is a form by its media type.
    pub(super) form: Vec<Pair<'r>>,
    pub(super) is_form: bool,
}

impl<'r> Parameters<'r> {
    /// Collects them. `body` counts only where the media type says that it is a form.
    pub(super) fn of(uri: &'r Uri, headers: &'r HeaderMap, body: &'r [u8]) -> Result<Self, Malformed> {
        let mut parameters = Self { query: query(uri).collect(), ..Self::default() };
        parameters.is_form = form::is_form(headers).ok_or(Malformed { at: 0 })?;
        if parameters.is_form {
            parameters.form = form::pairs(body).collect();
        }
        parameters.read_header(headers)?;
        Ok(parameters)
    }

    fn read_header(&mut self, headers: &'r HeaderMap) -> Result<(), Malformed> {
        for (index, list) in oauth_headers(headers).enumerate() {
            if index > 0 {
                return Err(Malformed { at: 0 });
            }
            self.header.reserve(8);
            for param in auth_param::parse(list) {
                let (name, value) = param?;
                if name.eq_ignore_ascii_case(b"realm") {
                    self.realm = Some(value);
                    continue;
                }
                let value = match value {
                    Cow::Borrowed(value) => percent::decode(value),
                    Cow::Owned(value) => percent::decode(&value).into_owned().into(),
                };
                self.header.push((percent::decode(name), value));
            }
        }
        Ok(())
    }

    /// All of them, wherever they stand.
    pub(super) fn all(&self) -> impl Iterator<Item = &Pair<'r>> + Clone {
        self.header.iter().chain(&self.query).chain(&self.form)
    }

    /// Those that are signed: all but the signature.
    pub(super) fn signed(&self) -> Vec<(&[u8], &[u8])> {
        let mut pairs = Vec::with_capacity(self.header.len() + self.query.len() + self.form.len());
        let signed = self.all().filter(|(name, _)| **name != *SIGNATURE.as_bytes());
        pairs.extend(signed.map(|(name, value)| (name.as_ref(), value.as_ref())));
        pairs
    }
}

/// The decoded query.
pub(super) fn query(uri: &Uri) -> impl Iterator<Item = Pair<'_>> {
    form::pairs(uri.query().unwrap_or_default().as_bytes())
}

/// What stands behind the scheme in each `Authorization: OAuth` header.
pub(super) fn oauth_headers(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, list) = auth_param::scheme(value.as_bytes());
        scheme.eq_ignore_ascii_case(b"OAuth").then_some(list)
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(authorization: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(authorization))])
    }

    #[test]
    fn the_headers_parameters_are_percent_decoded_once_and_its_realm_is_apart() {
        let headers = headers(r#"oauth Realm="a%20b", oauth_token="%2541%20+""#);
        let uri = Uri::default();
        let parameters = Parameters::of(&uri, &headers, b"").unwrap();
        assert_eq!(parameters.realm.as_deref(), Some(&b"a%20b"[..]));
        assert_eq!(parameters.header, [(b"oauth_token".into(), b"%41 +".into())]);
    }

    #[test]
    fn two_oauth_headers_are_malformed_and_other_schemes_are_ignored() {
        let mut headers = headers("Bearer x");
        assert!(Parameters::of(&Uri::default(), &headers, b"").unwrap().header.is_empty());
        headers.append(AUTHORIZATION, HeaderValue::from_static("OAuth a=1"));
        assert_eq!(Parameters::of(&Uri::default(), &headers, b"").unwrap().header.len(), 1);
        headers.append(AUTHORIZATION, HeaderValue::from_static("OAuth b=1"));
        assert!(Parameters::of(&Uri::default(), &headers, b"").is_err());
    }

    #[test]
    fn a_body_counts_only_as_a_form() {
        let mut headers = HeaderMap::new();
        assert!(Parameters::of(&Uri::default(), &headers, b"a=1").unwrap().form.is_empty());
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"));
        assert_eq!(Parameters::of(&Uri::default(), &headers, b"a=1").unwrap().form.len(), 1);
    }
}
