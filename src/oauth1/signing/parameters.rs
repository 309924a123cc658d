//! The parameters of a request and their places, RFC 5849 §3.4.1.3.1 and §3.5.

use std::borrow::Cow;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Uri};

use crate::oauth1::names::{PROTOCOL, SIGNATURE, is_oauth, place};
use crate::wire::auth_param::{self, Malformed};
use crate::wire::form::{self, Pair};
use crate::wire::percent;

/// All parameters of a request.
#[derive(Debug, Default)]
pub(crate) struct Parameters<'r> {
    /// The first value of each of the protocol's parameters, in the order of [`PROTOCOL`].
    pub(crate) protocol: [Option<Cow<'r, [u8]>>; PROTOCOL.len()],
    /// All other parameters: first those of the header, then those of the query and of the form.
    /// Further values of the protocol's parameters are here, too.
    pub(crate) others: Vec<Pair<'r>>,
    /// Whether a name in `others` begins with `oauth_`.
    pub(crate) others_have_oauth: bool,
    /// The number of places with names that begin with `oauth_`. The places are header, query and
    /// form.
    pub(crate) oauth_places: usize,
    /// The realm of the `Authorization: OAuth` header. It is not signed.
    pub(crate) realm: Option<Cow<'r, [u8]>>,
    /// Whether the body is a form by its media type. If not, it has no parameters.
    pub(crate) is_form: bool,
    /// The number of parameters that may still be collected.
    room: usize,
}

/// The reason why the parameters of a request were not collected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// The parameters cannot be read, or can be read in two ways.
    Malformed,
    /// There are more parameters than the limit.
    TooMany,
}

impl From<Malformed> for Unread {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl<'r> Parameters<'r> {
    /// Collects all parameters, without a limit. `body` is read only if the media type says that it
    /// is a form.
    pub(crate) fn of(uri: &'r Uri, headers: &'r HeaderMap, body: &'r [u8]) -> Result<Self, Unread> {
        let mut parameters = Self::of_head(uri, headers, usize::MAX)?;
        parameters.add_form(body)?;
        Ok(parameters)
    }

    /// Collects the parameters of header and query. `most` is the limit for these and the
    /// parameters of the form together.
    #[inline]
    pub(crate) fn of_head(
        uri: &'r Uri,
        headers: &'r HeaderMap,
        most: usize,
    ) -> Result<Self, Unread> {
        let is_form = form::is_form(headers).ok_or(Unread::Malformed)?;
        let mut parameters = Self { is_form, room: most, ..Self::default() };
        parameters.read_header(headers)?;
        parameters.add_place(query(uri))?;
        Ok(parameters)
    }

    /// Collects the parameters of the body, if it is a form.
    #[inline]
    pub(crate) fn add_form(&mut self, body: &'r [u8]) -> Result<(), Unread> {
        if self.is_form { self.add_place(form::pairs(body)) } else { Ok(()) }
    }

    fn read_header(&mut self, headers: &'r HeaderMap) -> Result<(), Unread> {
        let mut lists = oauth_headers(headers);
        let Some(list) = lists.next() else {
            return Ok(());
        };
        if lists.next().is_some() {
            return Err(Unread::Malformed);
        }
        let mut has_oauth = false;
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
            has_oauth |= self.add((percent::decode(name), value))?;
        }
        self.oauth_places += usize::from(has_oauth);
        Ok(())
    }

    #[inline]
    fn add_place(&mut self, pairs: impl Iterator<Item = Pair<'r>>) -> Result<(), Unread> {
        let mut has_oauth = false;
        for pair in pairs {
            has_oauth |= self.add(pair)?;
        }
        self.oauth_places += usize::from(has_oauth);
        Ok(())
    }

    /// Adds a parameter and returns whether its name begins with `oauth_`.
    fn add(&mut self, (name, value): Pair<'r>) -> Result<bool, Unread> {
        self.room = self.room.checked_sub(1).ok_or(Unread::TooMany)?;
        let is_oauth = is_oauth(&name);
        let slot = if is_oauth { place(&name).map(|at| &mut self.protocol[at]) } else { None };
        match slot {
            Some(slot @ None) => *slot = Some(value),
            _ => {
                self.others_have_oauth |= is_oauth;
                self.others.push((name, value));
            }
        }
        Ok(is_oauth)
    }

    /// Returns the protocol's parameters except the signature, in their order.
    pub(super) fn signed_protocol(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let pairs = PROTOCOL.iter().zip(&self.protocol).filter(|(name, _)| **name != SIGNATURE);
        pairs.filter_map(|(name, value)| Some((name.as_bytes(), value.as_deref()?)))
    }

    /// Returns all parameters that are signed, unsorted.
    pub(super) fn signed(&self) -> Vec<(&[u8], &[u8])> {
        let others = self.others.iter().filter(|(name, _)| **name != *SIGNATURE.as_bytes());
        let others = others.map(|(name, value)| (name.as_ref(), value.as_ref()));
        self.signed_protocol().chain(others).collect()
    }

    /// Returns whether the request has a signature.
    pub(crate) fn has_signature(&self) -> bool {
        PROTOCOL
            .iter()
            .zip(&self.protocol)
            .any(|(name, value)| *name == SIGNATURE && value.is_some())
    }
}

/// Returns the decoded pairs of the query.
pub(crate) fn query(uri: &Uri) -> impl Iterator<Item = Pair<'_>> {
    form::pairs(uri.query().unwrap_or_default().as_bytes())
}

/// Returns the text after the scheme in each `Authorization: OAuth` header.
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
    fn header_parameters_are_percent_decoded_once_and_the_realm_is_separate() {
        let headers = headers(r#"oauth Realm="a%20b", oauth_token="%2541%20+""#);
        let uri = Uri::default();
        let parameters = Parameters::of(&uri, &headers, b"").unwrap();
        assert_eq!(parameters.realm.as_deref(), Some(&b"a%20b"[..]));
        assert_eq!(
            parameters.protocol[place(b"oauth_token").unwrap()].as_deref(),
            Some(&b"%41 +"[..])
        );
        assert!(parameters.others.is_empty());
    }

    #[test]
    fn two_oauth_headers_are_malformed_and_other_schemes_are_ignored() {
        let mut headers = headers("Bearer x");
        assert!(Parameters::of(&Uri::default(), &headers, b"").unwrap().others.is_empty());
        headers.append(AUTHORIZATION, HeaderValue::from_static("OAuth a=1"));
        assert_eq!(Parameters::of(&Uri::default(), &headers, b"").unwrap().others.len(), 1);
        headers.append(AUTHORIZATION, HeaderValue::from_static("OAuth b=1"));
        assert!(Parameters::of(&Uri::default(), &headers, b"").is_err());
    }

    #[test]
    fn a_body_is_read_only_if_it_is_a_form() {
        let mut headers = HeaderMap::new();
        assert!(Parameters::of(&Uri::default(), &headers, b"a=1").unwrap().others.is_empty());
        headers.insert(
            "content-type",
            HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"),
        );
        assert_eq!(Parameters::of(&Uri::default(), &headers, b"a=1").unwrap().others.len(), 1);
    }
}
