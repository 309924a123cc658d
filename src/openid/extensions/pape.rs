//! Provider Authentication Policy Extension 1.0: how the user is to be authenticated, and how that was done.

use std::time::Duration;

use super::{Extension, field};
use crate::Timestamp;
use crate::openid::nonce;

/// The extension's namespace.
pub const NAMESPACE: &str = "http://specs.openid.net/extensions/pape/1.0";
/// A policy: what the user shows cannot be given to a site that only looks like the provider (§4).
pub const PHISHING_RESISTANT: &str = "http://schemas.openid.net/pape/policies/2007/06/phishing-resistant";
/// A policy: more than one factor.
pub const MULTI_FACTOR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
/// A policy: more than one factor, one of which is a thing.
pub const MULTI_FACTOR_PHYSICAL: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor-physical";
/// What an answer says where no policy was heeded (§5.2).
pub const NONE: &str = "http://schemas.openid.net/pape/policies/2007/06/none";

/// How a relying party wants its user to be authenticated (§5.1). What comes of it is in the answer, and up to the provider.
///
/// ```
/// use std::time::Duration;
///
/// use oauth_proto::openid::{Authenticate, pape};
///
/// let policy = pape::Policy::default().prefer(pape::MULTI_FACTOR).max_age(Duration::from_secs(600));
/// let authenticate = Authenticate::new("https://rp.example/openid").extension(policy);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Policies that the provider should heed.
    pub preferred: Vec<String>,
    /// How long ago the user may have been authenticated; longer, and the provider should do it again.
    pub max_age: Option<Duration>,
}

impl Policy {
    /// A policy that the provider should heed.
    pub fn prefer(mut self, policy: impl Into<String>) -> Self {
        self.preferred.push(policy.into());
        self
    }

    /// How long ago the user may have been authenticated.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Reads what a request asks for.
    pub fn of(extension: &Extension) -> Self {
        let max_age = extension.get("max_auth_age").and_then(|age| age.parse().ok()).map(Duration::from_secs);
        Self { preferred: policies(extension, "preferred_auth_policies"), max_age }
    }
}

impl From<Policy> for Extension {
    fn from(policy: Policy) -> Self {
        // The list must be there, and may be empty.
        let fields = [
            field("preferred_auth_policies", Some(policy.preferred.join(" "))),
            field("max_auth_age", policy.max_age.map(|age| age.as_secs().to_string())),
        ];
        Self::new(NAMESPACE, "pape", fields.into_iter().flatten())
    }
}

/// How the user was authenticated, by the provider's word (§5.2).
///
/// ```
/// use oauth_proto::openid::{Assertion, pape};
///
/// fn is_strong(assertion: &Assertion) -> bool {
///     assertion.authenticated_how().is_some_and(|how| how.policies.iter().any(|policy| policy == pape::MULTI_FACTOR))
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authenticated {
    /// The policies that were heeded. Empty where none was.
    pub policies: Vec<String>,
    /// When the user was authenticated.
    pub at: Option<Timestamp>,
    /// The level of assurance of NIST SP 800-63 (§5.2), if the provider gives one: `0` to `4`.
    pub nist_level: Option<u8>,
}

impl Authenticated {
    /// A policy that was heeded.
    pub fn policy(mut self, policy: impl Into<String>) -> Self {
        self.policies.push(policy.into());
        self
    }

    /// When the user was authenticated.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.at = Some(time);
        self
    }

    /// Reads an answer.
    pub fn of(extension: &Extension) -> Self {
        let mut policies = policies(extension, "auth_policies");
        policies.retain(|policy| policy != NONE);
        let level = extension.fields.iter().find_map(|(name, value)| {
            let alias = name.strip_prefix("auth_level.")?;
            let names_nist = extension.get(&format!("auth_level.ns.{alias}")) == Some(NIST);
            names_nist.then_some(value)
        });
        Self {
            policies,
            at: extension.get("auth_time").and_then(nonce::time),
            nist_level: level.and_then(|level| level.parse().ok()).filter(|level| *level <= 4),
        }
    }
}

/// The name of the levels of NIST SP 800-63.
const NIST: &str = "http://csrc.nist.gov/publications/nistpubs/800-63/SP800-63V1_0_2.pdf";

impl From<Authenticated> for Extension {
    fn from(authenticated: Authenticated) -> Self {
        let none = || NONE.to_owned();
        let policies = if authenticated.policies.is_empty() { none() } else { authenticated.policies.join(" ") };
        let level = authenticated.nist_level;
        let fields = [
            field("auth_policies", Some(policies)),
            field("auth_time", authenticated.at.map(nonce::format)),
            field("auth_level.ns.nist", level.map(|_| NIST)),
            field("auth_level.nist", level.map(|level| level.to_string())),
        ];
        Self::new(NAMESPACE, "pape", fields.into_iter().flatten())
    }
}

fn policies(extension: &Extension, name: &str) -> Vec<String> {
    extension.get(name).unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_are_read_as_they_were_written() {
        let policy = Policy::default().prefer(MULTI_FACTOR).prefer(PHISHING_RESISTANT).max_age(Duration::from_secs(60));
        assert_eq!(Policy::of(&policy.clone().into()), policy);
        let mut how = Authenticated::default().policy(MULTI_FACTOR).at(Timestamp::from_secs(1_116_177_111));
        how.nist_level = Some(2);
        assert_eq!(Authenticated::of(&how.clone().into()), how);
        let extension = Extension::from(how);
        assert_eq!(extension.get("auth_time"), Some("2005-05-15T17:11:51Z"));
    }

    #[test]
    fn no_policy_is_said_so_and_read_as_none() {
        let extension = Extension::from(Authenticated::default());
        assert_eq!(extension.get("auth_policies"), Some(NONE));
        assert_eq!(Authenticated::of(&extension), Authenticated::default());
    }
}
