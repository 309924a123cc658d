//! Provider Authentication Policy Extension 1.0: the requested and the actual way of the user's
//! authentication.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::extension::{
    Extension, ReadExtension, RequestExtension, ResponseExtension, field,
};
use crate::Timestamp;
use crate::openid2::nonce_time;

/// The extension's namespace.
pub(in crate::openid2) const NAMESPACE: &str = "http://specs.openid.net/extensions/pape/1.0";
/// The policies of the specification (§4). Each converts into its URI.
///
/// ```
/// use oauth_proto::openid2::pape::Policy;
///
/// let policy = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
/// assert_eq!(Policy::MultiFactor.as_ref(), policy);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// Phishing-resistant authentication: a site that imitates the provider cannot get the user's
    /// credentials.
    PhishingResistant,
    /// Multi-factor authentication.
    MultiFactor,
    /// Multi-factor authentication with a physical factor.
    MultiFactorPhysical,
}

impl AsRef<str> for Policy {
    fn as_ref(&self) -> &str {
        match self {
            Self::PhishingResistant => {
                "http://schemas.openid.net/pape/policies/2007/06/phishing-resistant"
            }
            Self::MultiFactor => "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
            Self::MultiFactorPhysical => {
                "http://schemas.openid.net/pape/policies/2007/06/multi-factor-physical"
            }
        }
    }
}

impl From<Policy> for String {
    fn from(policy: Policy) -> Self {
        policy.as_ref().to_owned()
    }
}

/// The value of a response if no policy was followed (§5.2).
const NONE: &str = "http://schemas.openid.net/pape/policies/2007/06/none";

/// A relying party's requirements for the authentication of the user (§5.1). The provider decides,
/// and the response says what it did.
///
/// ```
/// use std::time::Duration;
///
/// use oauth_proto::openid2::{Authorize, Discovered, pape};
///
/// let policy = pape::Request {
///     preferred: vec![pape::Policy::MultiFactor.into()],
///     max_age: Some(Duration::from_secs(600)),
///     ..pape::Request::default()
/// };
/// # let provider = Discovered::known_provider("https://op.example/openid")?;
/// let authorize = Authorize::new(&provider, "https://rp.example/openid").extension(policy);
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The URIs of the policies that the provider should follow.
    pub preferred: Vec<String>,
    /// The maximum age of the user's last authentication. If that authentication is older, the
    /// provider should authenticate the user again.
    pub max_age: Option<Duration>,
    /// The names of scales for the level of assurance, the best first. The name of the scale of
    /// NIST SP 800-63 is `http://csrc.nist.gov/publications/nistpubs/800-63/SP800-63V1_0_2.pdf`
    /// (§5.2).
    pub preferred_levels: Vec<String>,
}

impl RequestExtension for Request {}

impl ReadExtension for Request {
    const NAMESPACES: &'static [&'static str] = &[NAMESPACE];

    /// Each scale is read once. Scales without a name are left out.
    fn read(extension: &Extension) -> Option<Self> {
        let max_age =
            extension.get("max_auth_age").and_then(|age| age.parse().ok()).map(Duration::from_secs);
        let scales = names(extension);
        let mut seen = BTreeSet::new();
        let aliases = words(extension, "preferred_auth_level_types");
        let aliases = aliases.iter().filter(|alias| seen.insert(alias.as_str()));
        let preferred_levels = aliases.filter_map(|alias| scales.get(alias.as_str()).copied());
        Some(Self {
            preferred: words(extension, "preferred_auth_policies"),
            max_age,
            preferred_levels: preferred_levels.map(str::to_owned).collect(),
        })
    }
}

impl From<Request> for Extension {
    fn from(policy: Request) -> Self {
        let aliases: Vec<_> = (0..policy.preferred_levels.len()).map(alias).collect();
        let levels = (!aliases.is_empty()).then(|| aliases.join(" "));
        // The list of policies is required, and can be empty.
        let fields = [
            field("preferred_auth_policies", Some(policy.preferred.join(" "))),
            field("max_auth_age", policy.max_age.map(|age| age.as_secs().to_string())),
            field("preferred_auth_level_types", levels),
        ];
        let scales = aliases
            .iter()
            .map(|alias| format!("auth_level.ns.{alias}"))
            .zip(policy.preferred_levels);
        Self::of_fields(NAMESPACE, "pape", fields.into_iter().flatten().chain(scales))
    }
}

/// The provider's statement on the way in which the user was authenticated (§5.2).
///
/// ```
/// use oauth_proto::openid2::{Assertion, pape};
///
/// fn is_strong(assertion: &Assertion) -> bool {
///     let how = assertion.extension::<pape::Response>().unwrap_or_default();
///     how.policies.iter().any(|policy| policy == pape::Policy::MultiFactor.as_ref())
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The URIs of the policies that were followed. Empty if no policy was followed.
    pub policies: Vec<String>,
    /// The time at which the user was authenticated.
    pub at: Option<Timestamp>,
    /// The levels of assurance, by the names of their scales. The scale of NIST has the levels `0`
    /// to `4`.
    pub levels: BTreeMap<String, String>,
}

impl ResponseExtension for Response {}

impl ReadExtension for Response {
    const NAMESPACES: &'static [&'static str] = &[NAMESPACE];

    /// Levels of scales without a name are left out.
    fn read(extension: &Extension) -> Option<Self> {
        let mut policies = words(extension, "auth_policies");
        policies.retain(|policy| policy != NONE);
        let scales = names(extension);
        let levels = extension.fields().filter_map(|(name, level)| {
            let scale = scales.get(name.strip_prefix("auth_level.")?)?;
            Some(((*scale).to_owned(), level.to_owned()))
        });
        Some(Self {
            policies,
            at: extension.get("auth_time").and_then(nonce_time::time),
            levels: levels.collect(),
        })
    }
}

impl From<Response> for Extension {
    fn from(authenticated: Response) -> Self {
        let none = || NONE.to_owned();
        let policies = if authenticated.policies.is_empty() {
            none()
        } else {
            authenticated.policies.join(" ")
        };
        let fields = [
            field("auth_policies", Some(policies)),
            field("auth_time", authenticated.at.map(nonce_time::format)),
        ];
        let levels =
            authenticated.levels.into_iter().enumerate().flat_map(|(at, (scale, level))| {
                let alias = alias(at);
                [(format!("auth_level.ns.{alias}"), scale), (format!("auth_level.{alias}"), level)]
            });
        Self::of_fields(NAMESPACE, "pape", fields.into_iter().flatten().chain(levels))
    }
}

fn words(extension: &Extension, name: &str) -> Vec<String> {
    extension.get(name).unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect()
}

/// Returns the alias of a scale in a message.
fn alias(at: usize) -> String {
    format!("level{at}")
}

/// Returns the names of scales, by their aliases in a message.
fn names(extension: &Extension) -> BTreeMap<&str, &str> {
    let names = extension.fields();
    names.filter_map(|(name, scale)| Some((name.strip_prefix("auth_level.ns.")?, scale))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIST: &str = "http://csrc.nist.gov/publications/nistpubs/800-63/SP800-63V1_0_2.pdf";

    #[test]
    fn both_directions_are_read_as_they_were_written() {
        const OWN: &str = "http://example.com/levels";
        let policy = Request {
            preferred: vec![Policy::MultiFactor.into(), Policy::PhishingResistant.into()],
            max_age: Some(Duration::from_secs(60)),
            preferred_levels: vec![NIST.to_owned(), OWN.to_owned()],
        };
        assert_eq!(Request::read(&policy.clone().into()), Some(policy));
        let levels =
            [(NIST, "2"), (OWN, "gold")].map(|(scale, level)| (scale.to_owned(), level.to_owned()));
        let how = Response {
            policies: vec![Policy::MultiFactor.into()],
            at: Some(Timestamp::from_secs(1_116_177_111)),
            levels: levels.into(),
        };
        assert_eq!(Response::read(&how.clone().into()).as_ref(), Some(&how));
        assert_eq!(how.levels[NIST], "2");
        let extension = Extension::from(how);
        assert_eq!(extension.get("auth_time"), Some("2005-05-15T17:11:51Z"));
    }

    #[test]
    fn the_absence_of_a_policy_is_written_and_read() {
        let extension = Extension::from(Response::default());
        assert_eq!(extension.get("auth_policies"), Some(NONE));
        assert_eq!(Response::read(&extension), Some(Response::default()));
    }
}
