//! Simple registration, nine common fields of a user's profile: OpenID Simple Registration
//! Extension 1.0 and 1.1.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::super::extension::{
    Extension, ReadExtension, RequestExtension, ResponseExtension, field, joined,
};

/// The extension's namespace in version 1.1.
pub(in crate::openid2) const NAMESPACE: &str = "http://openid.net/extensions/sreg/1.1";
/// The namespace of version 1.0, which some providers use.
pub(in crate::openid2) const NAMESPACE_1_0: &str = "http://openid.net/sreg/1.0";
/// The prefix of the fields in OpenID 1.1, which has no namespaces.
const ALIAS: &str = "sreg";

/// A field that can be requested (§4). `to_string` returns the name of the field in messages.
///
/// ```
/// use oauth_proto::openid2::sreg::Field;
///
/// assert_eq!(Field::Fullname.to_string(), "fullname");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The user's nickname.
    Nickname,
    /// The user's email address. The provider may not have verified it.
    Email,
    /// The user's full name.
    Fullname,
    /// The user's date of birth as `YYYY-MM-DD`, with zeros for parts that the user does not
    /// reveal.
    Dob,
    /// The user's gender, `M` or `F`.
    Gender,
    /// The user's postcode.
    Postcode,
    /// The user's country (ISO 3166).
    Country,
    /// The user's language (ISO 639).
    Language,
    /// The user's time zone, such as `Europe/Paris`.
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

    /// Returns the name of the field in messages.
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

    /// Returns the field with this name.
    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request for fields (§3).
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
    /// The fields that the relying party requires. It has to ask the user for those that are
    /// missing.
    pub required: Vec<Field>,
    /// The fields that the relying party uses if it gets them.
    pub optional: Vec<Field>,
    /// The URL of the relying party's privacy policy.
    pub policy_url: Option<String>,
}

impl RequestExtension for Request {}

impl ReadExtension for Request {
    const NAMESPACES: &'static [&'static str] = &[NAMESPACE, NAMESPACE_1_0];
    const ALIAS_1_1: Option<&'static str> = Some(ALIAS);

    /// Names that the specification does not define are left out.
    fn read(extension: &Extension) -> Option<Self> {
        // Each field is read once.
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
    /// There are no fields if nothing is requested.
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

/// A response with the values of fields (§4).
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
    /// Returns the response with only the fields that were requested.
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
