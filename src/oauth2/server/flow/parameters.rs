//! The parameters of a request, each at most once: RFC 6749 §3.1 and §3.2.

use std::borrow::Cow;

use http::Request;

use crate::oauth2::Scope;
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::wire::{form, percent, truncated, without_secrets};

/// The largest number of parameters in a request.
const MOST: usize = 64;

/// The largest size of a body, in bytes.
const LARGEST: usize = 64 * 1024;

/// The parameters that can be repeated (RFC 8707 §2, RFC 8693 §2.1).
const REPEATED: [&str; 2] = ["resource", "audience"];

/// The parameters in their order. Empty ones count as absent (§3.1).
#[derive(Clone, Debug)]
pub(crate) struct Parameters<'r> {
    pairs: Vec<(Cow<'r, str>, Cow<'r, str>)>,
    /// If `true`, all names and values that were not decoded are printable ASCII.
    is_printable: bool,
}

impl<'r> Parameters<'r> {
    /// Returns the parameters of a form in the body.
    pub(crate) fn of_body<B: AsRef<[u8]>>(request: &'r Request<B>) -> Result<Self, RejectReason> {
        Self::parse(form_of(request)?)
    }

    pub(crate) fn parse(form: &'r str) -> Result<Self, RejectReason> {
        let parameters = Self::parse_doubtful(form)?;
        parameters.check()?;
        Ok(parameters)
    }

    /// Parses as [`parse`](Self::parse) does, without [`check`](Self::check).
    pub(crate) fn parse_doubtful(form: &'r str) -> Result<Self, RejectReason> {
        let mut parameters = Vec::with_capacity(8);
        for (name, value) in form::text_pairs(form) {
            let text = name.zip(value);
            let not_text = RejectReason::ParameterInvalid {
                name: "(one of them)",
                why: "its name or value is not UTF-8",
            };
            let (name, value) = text.ok_or(not_text)?;
            if parameters.len() == MOST {
                return Err(RejectReason::ParametersTooMany(MOST));
            }
            parameters.push((name, value));
        }
        Ok(Self { pairs: parameters, is_printable: percent::is_printable(form.as_bytes()) })
    }

    /// Checks that no parameter occurs twice, and that the values have only allowed characters.
    pub(crate) fn check(&self) -> Result<(), RejectReason> {
        for (at, (name, value)) in self.pairs.iter().enumerate() {
            if !self.is_printable
                || matches!((name, value), (Cow::Owned(_), _) | (_, Cow::Owned(_)))
            {
                check_value(name, value)?;
            }
            if self.pairs[..at].iter().any(|(other, _)| other == name)
                && !REPEATED.contains(&&**name)
            {
                return Err(RejectReason::ParameterTwice(truncated(name)));
            }
        }
        Ok(())
    }

    /// Returns the value of a parameter. `None` if it is missing or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Returns the value of a required parameter.
    pub(crate) fn need(&self, name: &'static str) -> Result<&str, RejectReason> {
        self.get(name).ok_or(RejectReason::ParameterMissing(name))
    }

    /// Removes and returns a value.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let (_, value) =
            self.pairs.iter_mut().find(|(own, value)| own == name && !value.is_empty())?;
        Some(std::mem::take(value).into_owned())
    }

    /// Returns whether a parameter occurs more than once.
    pub(crate) fn is_twice(&self, name: &str) -> bool {
        self.pairs.iter().filter(|(own, _)| own == name).count() > 1
    }

    /// Returns all values of a parameter except empty ones.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(own, _)| *own == name).map(|(_, value)| value)
    }

    /// Returns the requested resources, each once (RFC 8707 §2).
    pub(crate) fn resources(&self) -> Vec<String> {
        let mut resources: Vec<String> = Vec::new();
        for resource in self.all("resource") {
            if !resources.iter().any(|known| known == resource) {
                resources.push(resource.to_owned());
            }
        }
        resources
    }

    /// Returns the requested scope, split at the scope separator of the server.
    pub(crate) fn scope(&self, separator: char) -> Option<Scope> {
        self.get("scope").map(|scope| Scope::separated(scope.to_owned(), separator))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .filter(|(_, value)| !value.is_empty())
    }
}

/// Returns the text of a form in the body.
pub(crate) fn form_of<B: AsRef<[u8]>>(request: &Request<B>) -> Result<&str, RejectReason> {
    if form::is_form(request.headers()) != Some(true) {
        return Err(RejectReason::ContentType("a form (application/x-www-form-urlencoded)"));
    }
    let body = request.body().as_ref();
    if body.len() > LARGEST {
        return Err(RejectReason::TooLarge);
    }
    std::str::from_utf8(body).map_err(|_| RejectReason::ContentType("a form in UTF-8"))
}

/// Checks that a value has only allowed characters (RFC 6749 appendix A). With other characters, an
/// attacker could forge logs and headers. Some databases refuse such characters, too.
pub(crate) fn check_value(name: &str, value: &str) -> Result<(), RejectReason> {
    // Nearly all values are printable ASCII, which is allowed everywhere.
    if percent::is_printable(value.as_bytes()) && percent::is_printable(name.as_bytes()) {
        return Ok(());
    }
    let fits = match Characters::of(name) {
        Characters::Visible => false,
        Characters::Text => !value.chars().any(char::is_control),
        Characters::Typed => !value.bytes().any(|byte| byte != b'\t' && byte.is_ascii_control()),
        Characters::Any => !name.contains(char::is_control) && !value.bytes().any(is_binary),
    };
    if fits {
        Ok(())
    } else {
        Err(RejectReason::ParameterCharacters(truncated(&name.replace(char::is_control, "?"))))
    }
}

/// The characters that are allowed in a value.
enum Characters {
    /// Printable ASCII: `VSCHAR`, or a subset of it.
    Visible,
    /// Text without control characters.
    Text,
    /// Text that a user can type: `UNICODECHARNOCRLF`.
    Typed,
    /// Text for the application, which can have line breaks.
    Any,
}

impl Characters {
    fn of(name: &str) -> Self {
        match name {
            "state" => Self::Text,
            "client_secret" | "username" | "password" => Self::Typed,
            "client_id"
            | "response_type"
            | "response_mode"
            | "scope"
            | "redirect_uri"
            | "request_uri"
            | "grant_type"
            | "code"
            | "refresh_token"
            | "token"
            | "token_type_hint"
            | "device_code"
            | "code_challenge"
            | "code_challenge_method"
            | "code_verifier"
            | "resource"
            | "audience"
            | "subject_token"
            | "subject_token_type"
            | "actor_token"
            | "actor_token_type"
            | "requested_token_type"
            | "client_assertion"
            | "client_assertion_type" => Self::Visible,
            _ => Self::Any,
        }
    }
}

fn is_binary(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r')
}

impl Provider {
    /// Checks that all requested resources belong to the server, and that the request has a
    /// resource if `require_resource` is set.
    pub(crate) fn check_resources(&self, asked: &[String]) -> Result<(), RejectReason> {
        if self.0.require_resource && asked.is_empty() {
            return Err(RejectReason::ResourceMissing);
        }
        check_resources(asked, &self.0.resources)
    }
}

/// Checks that all requested resources are known (RFC 8707 §2).
pub(crate) fn check_resources(asked: &[String], known: &[String]) -> Result<(), RejectReason> {
    match asked.iter().find(|asked| !known.contains(asked)) {
        Some(other) => Err(RejectReason::ResourceRefused(without_secrets(other))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_parameter_is_refused_and_an_empty_one_is_ignored() {
        let parameters = Parameters::parse("a=1&b=&c=x%20y+z&resource=r&resource=s&d").unwrap();
        assert_eq!(parameters.get("a"), Some("1"));
        assert_eq!((parameters.get("b"), parameters.get("d")), (None, None));
        assert_eq!(parameters.get("c"), Some("x y z"));
        assert_eq!(parameters.all("resource").collect::<Vec<_>>(), ["r", "s"]);
        for twice in ["a=1&a=1", "a=1&a=", "x=1&%78=2"] {
            assert!(
                matches!(Parameters::parse(twice), Err(RejectReason::ParameterTwice(_))),
                "{twice}"
            );
        }
        Parameters::parse("a=%ff").unwrap_err();
        for bad in [
            "client_id=a%00b",
            "code=%C3%A9",
            "scope=a%0Ab",
            "state=%C2%85",
            "state=a%0D",
            "password=a%0A",
            "x=%00",
            "%00=x",
        ] {
            assert!(
                matches!(Parameters::parse(bad), Err(RejectReason::ParameterCharacters(_))),
                "{bad}"
            );
        }
        for good in [
            "state=%C3%A9%F0%9F%8E%89",
            "password=%C3%A9%09",
            "username=%E6%97%A5",
            "client_secret=%C3%A9",
            "claims=%7B%0A%7D",
        ] {
            Parameters::parse(good).unwrap();
        }
        let many: Vec<_> = (0..65).map(|at| format!("p{at}=1")).collect();
        Parameters::parse(&many.join("&")).unwrap_err();
    }
}
