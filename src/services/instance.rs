//! The installation of a service: the values for `{base}` and `{name}` in its URLs, and the rules
//! for them.

use http::Uri;
use url::Url;

use crate::wire::{OriginRef, without_secrets};
use crate::{Error, Unsupported};

/// The installation of a service, by the value for `{…}` in its URLs.
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
    /// Nothing: there is one such service.
    Fixed,
    /// `{base}` is the URL of an installation, `https://gitlab.example.com`; the default, if there
    /// is one, is the service that its makers run.
    Base {
        /// Without a closing slash.
        default: Option<&'static str>,
    },
    /// `{name}` is a name: a tenant, a shop, a realm.
    Name {
        /// Its name in the documentation.
        name: &'static str,
        /// A value that serves everybody (`common`).
        default: Option<&'static str>,
    },
}

/// The place of a service: its instance, and the base URL of a replacement for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Location {
    pub(super) instance: Option<String>,
    /// The URL below which all endpoints are instead, each with its own path.
    pub(super) base_url: Option<String>,
}

impl Location {
    pub(super) fn of(instance: Option<&str>) -> Self {
        Self { instance: instance.map(str::to_owned), base_url: None }
    }
}

impl Instance {
    /// Returns a template with that instance, or else the default one, in it.
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

/// Returns the instance that is given.
fn given<'a>(instance: Option<&'a str>, template: &str) -> Result<&'a str, Error> {
    instance.map_or_else(|| refused(template, "this service has many instances: set one"), Ok)
}

/// Returns the URL of an installation without its closing slashes.
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

/// Whether what is sent to that URL stays secret on the way; `None` where it is not a plain URL.
fn is_secure(base: &str) -> Option<bool> {
    let uri: Uri = base.parse().ok().filter(|_| !base.contains(['?', '#']))?;
    let site = OriginRef::of(&uri)?;
    let has_user = uri.authority()?.as_str().contains('@');
    // Another parser, that of browsers, must read the same: they differ about backslashes, dots as
    // segments, and numbers as hosts.
    let url = Url::parse(base).ok()?;
    let same = url.host_str()?.eq_ignore_ascii_case(site.host) && url.path() == uri.path();
    (same && !has_user).then_some(site.is_secure())
}

/// A name, which can end neither the host nor the segment of the path that it is written into.
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
