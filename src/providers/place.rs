//! What stands for `{base}` and `{name}` in a provider's URLs, and what may.

use http::Uri;
use url::Url;

use crate::wire::{OriginRef, without_secrets};
use crate::{Error, Unsupported};

/// What stands for `{…}` in a provider's URLs.
///
/// ```
/// use oauth_proto::providers::{GITLAB, MICROSOFT, Place};
///
/// assert_eq!(GITLAB.place, Place::Base { default: Some("https://gitlab.com") });
/// assert_eq!(MICROSOFT.place, Place::Name { name: "tenant", default: Some("common") });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Nothing: there is one such service.
    Fixed,
    /// `{base}` is the URL of an installation, `https://gitlab.example.com`; the default, if there is one, is the
    /// service that its makers run.
    Base {
        /// Without a closing slash.
        default: Option<&'static str>,
    },
    /// `{name}` is a name: a tenant, a shop, a realm.
    Name {
        /// What the documentation calls it.
        name: &'static str,
        /// A value that serves everybody (`common`).
        default: Option<&'static str>,
    },
}

impl Place {
    /// A template with that place, or else the default one, in it.
    pub(crate) fn fill(self, template: &str, place: Option<&str>) -> Result<String, Error> {
        match self {
            Self::Fixed => match place {
                None => Ok(template.to_owned()),
                Some(place) => refused(place, "there is one such service, and it has no place"),
            },
            Self::Base { default } => {
                Ok(template.replace("{base}", installation(given(place.or(default), template)?)?))
            }
            Self::Name { default, .. } => Ok(template.replace("{name}", name(given(place.or(default), template)?)?)),
        }
    }
}

/// The place that is there.
fn given<'a>(place: Option<&'a str>, template: &str) -> Result<&'a str, Error> {
    place.map_or_else(|| refused(template, "this service has many places, and none is given"), Ok)
}

/// The URL of an installation, without its closing slashes.
pub(crate) fn installation(place: &str) -> Result<&str, Error> {
    let base = place.trim_end_matches('/');
    match is_private(base) {
        Some(true) => Ok(base),
        Some(false) => Err(Unsupported::PlainHttp { url: without_secrets(place), option: None }.into()),
        None => refused(place, "a place is an absolute https URL without user information, query and fragment"),
    }
}

/// Whether what is sent to that URL stays secret on the way; `None` where it is not a plain URL.
fn is_private(base: &str) -> Option<bool> {
    let uri: Uri = base.parse().ok().filter(|_| !base.contains(['?', '#']))?;
    let site = OriginRef::of(&uri)?;
    let has_user = uri.authority()?.as_str().contains('@');
    // Another parser, that of browsers, must read the same: they differ about backslashes, dots as segments, and numbers
    // as hosts.
    let url = Url::parse(base).ok()?;
    let same = url.host_str()?.eq_ignore_ascii_case(site.host) && url.path() == uri.path();
    (same && !has_user).then_some(site.is_secure())
}

/// A name, which can end neither the host nor the segment of the path that it is written into.
fn name(place: &str) -> Result<&str, Error> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let dots = place.starts_with('.') || place.ends_with('.') || place.contains("..");
    if place.is_empty() || dots || !place.bytes().all(is_plain) {
        return refused(place, "a place is a name of letters, digits, '_', '-', and '.' between them");
    }
    Ok(place)
}

fn refused<T>(url: &str, reason: &'static str) -> Result<T, Error> {
    Err(Unsupported::Url { url: without_secrets(url), reason }.into())
}
