//! The request with which the user's browser comes back: OpenID Authentication 2.0 §5.2 and §11.1.

use std::borrow::Cow;

use url::Url;

use super::super::identifier::absolute;
use super::super::message::{Malformed, Message};
use crate::core::error::openid2::AssertionError;
use crate::wire::{form, without_secrets};
use crate::{Callback, Forged};

impl Callback<'_> {
    /// Returns the message. If there is a form, the query is ignored (§4.1.2).
    pub(super) fn message(&self) -> Result<Message, Forged> {
        let text = match self.form {
            Some(form) => std::str::from_utf8(form).map_err(|_| Malformed::NotText),
            None => Ok(self.query()),
        };
        text.and_then(Message::parse).map_err(|malformed| {
            Forged::OpenId2(AssertionError::FieldsUnclear {
                field: match malformed {
                    Malformed::Twice(field) => crate::wire::truncated(&field),
                    Malformed::NotText | Malformed::TooLarge => String::new(),
                },
            })
        })
    }

    /// Returns the values of a name in the query.
    pub(super) fn arguments(&self, name: &str) -> Vec<Option<String>> {
        values(self.query(), name)
    }

    fn without_fragment(&self) -> &str {
        self.url.split('#').next().unwrap_or_default()
    }

    /// Returns whether the callback is a URL or a path, and not only a query.
    fn has_path(&self) -> bool {
        let url = self.without_fragment();
        let scheme = url.split(['?', '=', '&', '/']).next().unwrap_or_default();
        url.starts_with('/') || scheme.ends_with(':')
    }

    fn query(&self) -> &str {
        let url = self.without_fragment();
        match url.split_once('?') {
            Some((_, query)) if self.has_path() || url.starts_with('?') => query,
            _ if self.has_path() => "",
            _ => url,
        }
    }

    /// Checks that the user arrived at `return_to` (§11.1): scheme, host, port and path are the
    /// same, and the callback has each argument of its query with the same values.
    pub(super) fn check_return_to(&self, return_to: &str) -> Result<(), Forged> {
        let mismatch = || {
            Forged::OpenId2(AssertionError::ReturnToMismatch {
                expected: without_secrets(return_to),
                received: without_secrets(&self.url),
            })
        };
        let expected = absolute(return_to).ok_or_else(mismatch)?;
        if self.has_path() {
            // The query can be too long for `absolute`, and is compared below.
            let url = self.without_fragment().split('?').next().unwrap_or_default();
            let received = if url.starts_with('/') {
                // Concatenated, not joined: a path with two slashes would name a host.
                let origin = &expected[..url::Position::BeforePath];
                absolute(&format!("{origin}{url}"))
            } else {
                absolute(url)
            };
            let place = |url: &Url| url[..url::Position::AfterPath].to_owned();
            if received.is_none_or(|received| place(&received) != place(&expected)) {
                return Err(mismatch());
            }
        }
        let query = return_to.split_once('?').map_or("", |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        for (name, _) in form::text_pairs(query) {
            let name = name.ok_or_else(mismatch)?;
            if values(query, &name) != self.arguments(&name) {
                return Err(mismatch());
            }
        }
        Ok(())
    }
}

fn values(query: &str, name: &str) -> Vec<Option<String>> {
    let own = form::text_pairs(query).filter(|(own, _)| own.as_deref() == Some(name));
    own.map(|(_, value)| value.map(Cow::into_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETURN_TO: &str = "https://rp.example/openid?a=1&b=%2F&a=2&rp_state=s";

    fn came(url: &str) -> bool {
        Callback::from(url).check_return_to(RETURN_TO).is_ok()
    }

    #[test]
    fn every_form_of_callback_is_compared() {
        for url in [
            "https://rp.example/openid?a=1&b=%2F&a=2&rp_state=s&openid.mode=id_res",
            "https://RP.example:443/openid?rp_state=s&b=/&x=y&a=1&a=2#f",
            "/openid?a=1&a=2&b=/&rp_state=s",
            "?a=1&a=2&b=/&rp_state=s",
            "a=1&a=2&b=/&rp_state=s&openid.return_to=https://rp.example/openid?x",
        ] {
            assert!(came(url), "{url}");
        }
    }

    #[test]
    fn an_answer_may_be_long() {
        let long = format!(
            "https://rp.example/openid?a=1&b=/&a=2&rp_state=s&openid.x={}",
            "x".repeat(10_000)
        );
        assert!(came(&long));
    }

    #[test]
    fn a_different_place_or_argument_is_a_mismatch() {
        let query = "a=1&a=2&b=/&rp_state=s";
        for place in [
            "http://rp.example/openid",
            "https://rp.example:444/openid",
            "https://evil.example/openid",
            "https://rp.example/openid/",
            "https://rp.example/other",
            "https://me@rp.example/openid",
            "//rp.example/openid",
            "/Openid",
            "/openid/../other",
            "ftp://rp.example/openid",
            "rp.example:443/openid",
        ] {
            assert!(!came(&format!("{place}?{query}")), "{place}");
        }
        for query in [
            "",
            "a=1&b=/&rp_state=s",
            "a=2&a=1&b=/&rp_state=s",
            "a=1&a=2&b=x&rp_state=s",
            "a=1&a=2&b=/&rp_state=s&rp_state=s",
        ] {
            assert!(!came(&format!("https://rp.example/openid?{query}")), "{query}");
        }
    }

    #[test]
    fn the_query_of_a_posted_form_is_ignored() {
        let callback = Callback::posted("/cb?openid.mode=id_res", b"openid.mode=cancel");
        assert_eq!(callback.message().unwrap().get("mode"), Some("cancel"));
        assert!(Callback::posted("/cb", b"openid.mode=\xff").message().is_err());
    }
}
