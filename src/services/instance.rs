//! The installation of a service: the values for `{base}` and `{name}` in its URLs, and the checks
//! of them.

use http::Uri;
use url::Url;

use crate::wire::{OriginRef, without_secrets};
use crate::{Error, Unsupported};

/// The kind of value that replaces `{…}` in the URLs of a service.
///
/// ```
/// use oauth_proto::services::{GITLAB, Instance, MICROSOFT};
///
/// assert_eq!(GITLAB.instance, Instance::Base { default: Some("https://gitlab.com") });
/// assert_eq!(MICROSOFT.instance, Instance::Name { name: "tenant", default: Some("common") });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instance {
    /// No value: there is one installation of this service.
    Fixed,
    /// `{base}` is the URL of an installation, such as `https://gitlab.example.com`.
    Base {
        /// The installation that the makers of the service run, without a slash at the end. `None`
        /// if the makers run no installation.
        default: Option<&'static str>,
    },
    /// `{name}` is the name of a tenant, a shop or a realm.
    Name {
        /// The word for this name in the service's documentation, such as `tenant`.
        name: &'static str,
        /// The name for users of all tenants, such as `common`. `None` if the caller must choose a
        /// name.
        default: Option<&'static str>,
    },
}

/// The location of a service: its instance, and a base URL that replaces the one of the row.
#[derive(Clone, Debug, Default)]
pub(super) struct Location {
    pub(super) instance: Option<String>,
    /// The URL below which all endpoints are moved. Each keeps its path.
    pub(super) base_url: Option<String>,
}

impl Location {
    pub(super) fn of(instance: Option<&str>) -> Self {
        Self { instance: instance.map(str::to_owned), base_url: None }
    }
}

impl Instance {
    /// Returns a URL template with the instance in it, or with the default instance.
    pub(super) fn fill(self, template: &str, instance: Option<&str>) -> Result<String, Error> {
        match self {
            Self::Fixed => match instance {
                None => Ok(template.to_owned()),
                Some(instance) => refused(instance, "this service has no instances: set none"),
            },
            Self::Base { default } => {
                Ok(template
                    .replace("{base}", installation(given(instance.or(default), template)?)?))
            }
            Self::Name { default, .. } => {
                Ok(template.replace("{name}", name(given(instance.or(default), template)?)?))
            }
        }
    }
}

/// Returns the chosen instance.
fn given<'a>(instance: Option<&'a str>, template: &str) -> Result<&'a str, Error> {
    instance.map_or_else(|| refused(template, "this service has many instances: set one"), Ok)
}

/// Returns the URL of an installation without slashes at its end.
pub(super) fn installation(instance: &str) -> Result<&str, Error> {
    let base = instance.trim_end_matches('/');
    match is_secure(base) {
        Some(true) => Ok(base),
        Some(false) => {
            Err(Unsupported::PlainHttp { url: without_secrets(instance), option: None }.into())
        }
        None => refused(
            instance,
            "an instance or a base URL must be an absolute https URL without user information, \
             query or fragment",
        ),
    }
}

/// Returns whether the URL is https or on this machine. `None` if it has user information, a query
/// or a fragment.
fn is_secure(base: &str) -> Option<bool> {
    let uri: Uri = base.parse().ok().filter(|_| !base.contains(['?', '#']))?;
    let site = OriginRef::of(&uri)?;
    let has_user = uri.authority()?.as_str().contains('@');
    // The parser of browsers must read the same URL. The parsers differ about backslashes, dots as
    // segments, and numbers as hosts.
    let url = Url::parse(base).ok()?;
    let same = url.host_str()?.eq_ignore_ascii_case(site.host) && url.path() == uri.path();
    (same && !has_user).then_some(site.is_secure())
}

/// Checks a name: it must not have a character that ends a host or a segment of a path.
fn name(instance: &str) -> Result<&str, Error> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let dots = instance.starts_with('.') || instance.ends_with('.') || instance.contains("..");
    if instance.is_empty() || dots || !instance.bytes().all(is_plain) {
        return refused(
            instance,
            "an instance must be a name of letters, digits, '_' and '-', with '.' between them",
        );
    }
    Ok(instance)
}

fn refused<T>(url: &str, reason: &'static str) -> Result<T, Error> {
    Err(Unsupported::Url { url: without_secrets(url), reason }.into())
}
