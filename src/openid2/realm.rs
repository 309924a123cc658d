//! Realms: the URLs that a user is asked to trust, OpenID Authentication 2.0 §9.2.

use url::{Host, Url};

use super::identifier::absolute;

/// A realm: a URL, or a URL with a wildcard at the beginning of its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Realm {
    text: String,
    /// The URL without the wildcard.
    url: Url,
    wildcard: bool,
}

impl Realm {
    /// Reads a realm. Returns `None` if it is not an http or https URL, has a fragment or user
    /// information, or has a wildcard that is not at the beginning of its host.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // The text is shown to the user, so it must not have characters that reverse the text
        // around them.
        let (scheme, rest) = Some(text)
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))?
            .split_once("://")?;
        let without = rest.strip_prefix("*.");
        let url = absolute(&format!("{scheme}://{}", without.unwrap_or(rest)))?;
        let named = matches!(url.host(), Some(Host::Domain(_)));
        let stars = url
            .host_str()
            .is_none_or(|host| host.contains('*') || host.starts_with('.') || host.contains(".."));
        let sound = url.fragment().is_none() && !stars && (without.is_none() || named);
        sound.then(|| Self { text: text.to_owned(), url, wildcard: without.is_some() })
    }

    /// Returns the text of the realm, for the user.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether a URL is in the realm: it has the same scheme and port, the same host or one
    /// that the wildcard covers, and the same path or one below it.
    pub(crate) fn contains(&self, url: &str) -> bool {
        let Some(url) = absolute(url) else { return false };
        let same_place = url.scheme() == self.url.scheme()
            && url.port_or_known_default() == self.url.port_or_known_default();
        let (Some(host), Some(own)) = (url.host_str(), self.url.host_str()) else { return false };
        let below =
            || host.strip_suffix(own).is_some_and(|begin| begin.is_empty() || begin.ends_with('.'));
        let host_fits = if self.wildcard { below() } else { host == own };
        same_place && host_fits && self.holds_path(&url)
    }

    fn holds_path(&self, url: &Url) -> bool {
        // If the realm has a query, the URL must have the same path, and its query must begin with
        // that of the realm.
        if let Some(query) = self.url.query() {
            let goes_on = |own: &str| {
                own.strip_prefix(query).is_some_and(|rest| rest.is_empty() || rest.starts_with('&'))
            };
            return url.path() == self.url.path() && url.query().is_some_and(goes_on);
        }
        let below = url.path().strip_prefix(self.url.path());
        below.is_some_and(|below| {
            below.is_empty() || self.url.path().ends_with('/') || below.starts_with('/')
        })
    }

    /// Returns the domain after the wildcard, if there is a wildcard: `example.com` for
    /// `https://*.example.com/`.
    pub(crate) fn wildcard_host(&self) -> Option<&str> {
        self.url.host_str().filter(|_| self.wildcard)
    }

    /// Returns the URL at which discovery of the relying party begins, with `www` instead of the
    /// wildcard (§9.2.1).
    pub(crate) fn discovery_url(&self) -> Option<Url> {
        let host = self.url.host_str().filter(|_| self.wildcard).map(|host| format!("www.{host}"));
        let mut url = self.url.clone();
        if let Some(host) = host {
            url.set_host(Some(&host)).ok()?;
        }
        Some(url)
    }
}

/// Returns whether a wildcard before this host covers sites of many owners, such as `*.com` and
/// `*.co.uk`. It is a rule of thumb, since only a list can distinguish `*.com.pl` from `*.bmw.de`.
/// A provider refuses such realms, unless the list of `Provider::public_suffixes` allows them.
pub(crate) fn is_too_wide(host: &str) -> bool {
    let labels: Vec<_> = host.split('.').collect();
    match labels.as_slice() {
        [_] => true,
        // Below a country there can be one more level for registrations, with a short name.
        [second, country] => country.len() == 2 && second.len() <= 3,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(realm: &str, url: &str) -> bool {
        Realm::parse(realm).unwrap().contains(url)
    }

    #[test]
    fn urls_inside_of_a_realm_are_accepted() {
        for (realm, url) in [
            ("http://example.com", "http://example.com/"),
            ("http://example.com", "http://EXAMPLE.com:80/x?y"),
            ("http://example.com/a", "http://example.com/a"),
            ("http://example.com/a", "http://example.com/a/b"),
            ("http://example.com/a", "http://example.com/a?b"),
            ("http://example.com/a/", "http://example.com/a/b"),
            ("http://example.com:8080/", "http://example.com:8080/x"),
            ("https://*.example.com/", "https://example.com/"),
            ("https://*.example.com/", "https://a.b.example.com/x"),
            ("http://example.com/?x=y", "http://example.com/?x=y&z=1"),
        ] {
            assert!(contains(realm, url), "{realm} {url}");
        }
    }

    #[test]
    fn urls_outside_of_a_realm_are_refused() {
        for (realm, url) in [
            ("http://example.com/", "https://example.com/"),
            ("http://example.com/", "http://example.com:81/"),
            ("http://example.com/", "http://www.example.com/"),
            ("http://example.com/a", "http://example.com/ab"),
            ("http://example.com/a/", "http://example.com/a"),
            ("http://example.com/a/", "http://example.com/a/../b"),
            ("http://example.com/a/", "http://example.com/a/%2e%2e/b"),
            ("https://*.example.com/", "https://notexample.com/"),
            ("https://*.example.com/", "https://example.com.evil.example/"),
            ("http://example.com/", "http://me@example.com/"),
            ("http://example.com/", "javascript:alert(1)"),
            ("http://example.com/", "//example.com/"),
            ("http://example.com/?x=y", "http://example.com/?x=z"),
            ("http://example.com/?x=y", "http://example.com/?x=yz"),
            ("http://example.com/~alice/", "http://example.com/~mallory/%%32e%%32e/~alice/cb"),
            ("http://example.com/", "http://example.com\\@evil.example/"),
            ("http://example.com/", "http:///example.com/"),
        ] {
            assert!(!contains(realm, url), "{realm} {url}");
        }
    }

    #[test]
    fn an_invalid_realm_is_refused() {
        for realm in [
            "",
            "example.com",
            "ftp://example.com/",
            "http://example.com/#x",
            "http://*example.com/",
            "http://a.*.example.com/",
            "http://*.*.example.com/",
            "http://*.127.0.0.1/",
            "http://*/",
            "http://*.",
            "http://me@example.com/",
            "https://evil.example\\.bank.example/",
            "https://*./evil.example",
            "https://*..com/",
            "https://a..com/",
            "https://bank.example\t.evil.example/",
            "https://evil.example/\u{202e}/moc",
        ] {
            assert_eq!(Realm::parse(realm), None, "{realm}");
        }
    }

    #[test]
    fn realms_that_cover_many_sites_are_recognized() {
        let wide =
            |realm: &str| Realm::parse(realm).unwrap().wildcard_host().is_some_and(is_too_wide);
        assert!(
            wide("http://*.com/")
                && wide("http://*.co.uk/")
                && wide("http://*.com.au/")
                && wide("http://*.localhost/")
        );
        assert!(
            !wide("http://*.example.com/")
                && !wide("http://*.example.co.uk/")
                && !wide("http://com/")
        );
        assert!(!wide("http://*.beispiel.de/"));
    }

    proptest::proptest! {
        /// A realm contains the URLs below it, and no URL of another host.
        #[test]
        fn a_realm_belongs_to_one_site(
            host in "[a-z]{1,8}\\.[a-z]{2,5}",
            path in "/[a-z]{0,5}",
            below in "[a-z/]{0,8}",
            other in "[a-z]{1,8}\\.[a-z]{2,5}",
        ) {
            let realm = Realm::parse(&format!("https://{host}{path}")).unwrap();
            let inside = format!("https://{host}{}/{below}", path.trim_end_matches('/'));
            proptest::prop_assert!(realm.contains(&inside), "{} {}", realm.as_str(), inside);
            proptest::prop_assume!(other != host);
            let elsewhere = format!("https://{other}{path}/{below}");
            proptest::prop_assert!(!realm.contains(&elsewhere));
        }
    }
}
