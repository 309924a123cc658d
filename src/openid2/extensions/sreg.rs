//! Simple registration, OpenID Simple Registration Extension 1.0 and 1.1: eight things that sites
//! ask new users for, and one more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::super::extension::{
    Extension, ReadExtension, RequestExtension, ResponseExtension, field, joined,
};

/// The extension's namespace in version 1.1.
pub(in crate::openid2) const NAMESPACE: &str = "http://openid.net/extensions/sreg/1.1";
/// That of version 1.0, which some providers list and answer with.
pub(in crate::openid2) const NAMESPACE_1_0: &str = "http://openid.net/sreg/1.0";
/// The prefix of its fields in OpenID 1.1, which declared no namespaces.
const ALIAS: &str = "sreg";

/// The fields that can be requested (§4). `to_string` gives its name in messages.
///
/// ```
/// use oauth_proto::openid2::sreg::Field;
///
/// assert_eq!(Field::Fullname.to_string(), "fullname");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// A nickname.
    Nickname,
    /// An email address. It may not have been verified.
    Email,
    /// The full name.
    Fullname,
    /// The date of birth as `YYYY-MM-DD`, with zeros for what the user keeps back.
    Dob,
    /// `M` or `F`.
    Gender,
    /// The postcode.
    Postcode,
    /// The country, ISO 3166.
    Country,
    /// The language, ISO 639.
    Language,
    /// The time zone, such as `Europe/Paris`.
    Timezone,
}

impl Field {
    const ALL: [Self; 9] = [
        Self::Nickname,
        Self::Email,
        Self::Fullname,
        Self::Dob,
        Self::Gender,
        Self::Postcode,
        Self::Country,
        Self::Language,
        Self::Timezone,
    ];

    /// Its name in messages.
    const fn name(self) -> &'static str {
        match self {
            Self::Nickname => "nickname",
            Self::Email => "email",
            Self::Fullname => "fullname",
            Self::Dob => "dob",
            Self::Gender => "gender",
            Self::Postcode => "postcode",
            Self::Country => "country",
            Self::Language => "language",
            Self::Timezone => "timezone",
        }
    }

    /// The field of that name.
    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Asks for some of them (§3).
///
/// ```
/// use oauth_proto::openid2::{Authorize, Discovered, sreg};
///
/// let registration =
///     sreg::Request { required: vec![sreg::Field::Email], ..sreg::Request::default() };
/// # let provider = Discovered::known_provider("https://op.example/openid")?;
/// let authorize =
///     Authorize::new(&provider, "https://rp.example/openid").extension(registration);
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The fields that the relying party would have to ask the user for if they were missing.
    pub required: Vec<Field>,
    /// The fields that it can do without.
    pub optional: Vec<Field>,
    /// The URL of the privacy policy.
    pub policy_url: Option<String>,
}

impl RequestExtension for Request {}

impl ReadExtension for Request {
    const NAMESPACES: &'static [&'static str] = &[NAMESPACE, NAMESPACE_1_0];
    const ALIAS_1_1: Option<&'static str> = Some(ALIAS);

    /// Names that the specification does not define are left out.
    fn read(extension: &Extension) -> Option<Self> {
        // Each once, however often it is named.
        let fields = |name| {
            let named: BTreeSet<_> = extension.list(name).filter_map(Field::of).collect();
            named.into_iter().collect()
        };
        Some(Self {
            required: fields("required"),
            optional: fields("optional"),
            policy_url: extension.get("policy_url").map(str::to_owned),
        })
    }
}

impl From<Request> for Extension {
    /// Nothing where nothing is asked for.
    fn from(registration: Request) -> Self {
        if registration.required.is_empty() && registration.optional.is_empty() {
            return Self::new(NAMESPACE, ALIAS);
        }
        let names = |fields: &[Field]| {
            fields.iter().map(|field| field.name().to_owned()).collect::<Vec<_>>()
        };
        let fields = [
            joined("required", &names(&registration.required)),
            joined("optional", &names(&registration.optional)),
            field("policy_url", registration.policy_url),
        ];
        Self::of_fields(NAMESPACE, ALIAS, fields.into_iter().flatten())
    }
}

/// The provider's statements about the user (§4).
///
/// ```
/// use oauth_proto::openid2::sreg::{Field, Response};
///
/// let response = Response { values: [(Field::Email, "jane@example.com".into())].into() };
/// assert_eq!(response.values.get(&Field::Nickname), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The values of the fields.
    pub values: BTreeMap<Field, String>,
}

impl Response {
    /// Leaves out what was not asked for.
    pub fn only(mut self, request: &Request) -> Self {
        self.values.retain(|field, _| {
            request.required.contains(field) || request.optional.contains(field)
        });
        self
    }
}

impl ResponseExtension for Response {}

impl ReadExtension for Response {
    const NAMESPACES: &'static [&'static str] = &[NAMESPACE, NAMESPACE_1_0];
    const ALIAS_1_1: Option<&'static str> = Some(ALIAS);

    /// Names that the specification does not define are left out.
    fn read(extension: &Extension) -> Option<Self> {
        let known = extension
            .fields()
            .filter_map(|(name, value)| Some((Field::of(name)?, value.to_owned())));
        Some(Self { values: known.collect() })
    }
}

impl From<Response> for Extension {
    fn from(response: Response) -> Self {
        let fields =
            response.values.into_iter().map(|(field, value)| (field.name().to_owned(), value));
        Self::of_fields(NAMESPACE, ALIAS, fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_are_read_as_they_were_written() {
        let registration = Request {
            required: vec![Field::Email],
            optional: vec![Field::Dob, Field::Timezone],
            policy_url: Some("https://rp.example/privacy".to_owned()),
        };
        let extension = Extension::from(registration.clone());
        assert_eq!(extension.get("optional"), Some("dob,timezone"));
        assert_eq!(Request::read(&extension).unwrap(), registration);

        let response = Response {
            values: [(Field::Email, "a@b.example".into()), (Field::Gender, "F".into())].into(),
        };
        assert_eq!(Response::read(&response.clone().into()).unwrap(), response);
        assert_eq!(response.only(&registration).values.len(), 1);
    }

    #[test]
    fn unknown_names_are_left_out() {
        let extension = Extension::new(NAMESPACE, ALIAS).field("required", "email,shoe_size,,");
        assert_eq!(Request::read(&extension).unwrap().required, [Field::Email]);
    }

    #[test]
    fn a_field_is_identified_by_its_name() {
        assert!(Field::ALL.into_iter().all(|field| Field::of(field.name()) == Some(field)));
        assert_eq!(Field::of("dob"), Some(Field::Dob));
    }
}
