//! Simple registration, OpenID Simple Request Extension 1.0 and 1.1: eight things that sites ask new users for, and
//! one more.

use std::collections::{BTreeMap, BTreeSet};

use super::{Extension, field, joined};

/// The extension's namespace in version 1.1.
pub const NAMESPACE: &str = "http://openid.net/extensions/sreg/1.1";
/// That of version 1.0, which some providers list and answer with.
pub const NAMESPACE_1_0: &str = "http://openid.net/sreg/1.0";
/// What its fields begin with in OpenID 1.1, which declared no namespaces.
pub(crate) const ALIAS: &str = "sreg";

/// What can be asked for (§4).
///
/// ```
/// use oauth_proto::openid2::sreg::Field;
///
/// assert_eq!(Field::Fullname.name(), "fullname");
/// assert_eq!(Field::of("dob"), Some(Field::Dob));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// A nickname.
    Nickname,
    /// An email address. Nobody says that it is verified.
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
    /// All of them.
    pub const ALL: [Self; 9] = [
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
    pub const fn name(self) -> &'static str {
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
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// Asks for some of them (§3).
///
/// ```
/// use oauth_proto::openid2::sreg::{Field, Request};
/// use oauth_proto::openid2::Authenticate;
///
/// let registration = Request::default().required(Field::Email).optional(Field::Nickname);
/// let authenticate = Authenticate::new("https://rp.example/openid").extension(registration);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// What the relying party would have to ask for itself if it did not come.
    pub required: Vec<Field>,
    /// What it can do without.
    pub optional: Vec<Field>,
    /// Where the user can read what will be done with it.
    pub policy_url: Option<String>,
}

impl Request {
    /// Something that is needed.
    pub fn required(mut self, field: Field) -> Self {
        self.required.push(field);
        self
    }

    /// Something that would be nice to have.
    pub fn optional(mut self, field: Field) -> Self {
        self.optional.push(field);
        self
    }

    /// Where the user can read what will be done with it.
    pub fn policy_url(mut self, url: impl Into<String>) -> Self {
        self.policy_url = Some(url.into());
        self
    }

    /// Whether that was asked for.
    pub fn asks_for(&self, field: Field) -> bool {
        self.required.contains(&field) || self.optional.contains(&field)
    }

    /// Reads what a request asks for. Names that are none of the specification's are left out.
    pub fn of(extension: &Extension) -> Self {
        // Each once, however often it is named.
        let fields = |name| {
            let named: BTreeSet<_> = extension.list(name).filter_map(Field::of).collect();
            named.into_iter().collect()
        };
        Self {
            required: fields("required"),
            optional: fields("optional"),
            policy_url: extension.get("policy_url").map(str::to_owned),
        }
    }
}

impl From<Request> for Extension {
    /// Nothing where nothing is asked for.
    fn from(registration: Request) -> Self {
        if registration.required.is_empty() && registration.optional.is_empty() {
            return Self::new(NAMESPACE, ALIAS, []);
        }
        let names = |fields: &[Field]| fields.iter().map(|field| field.name().to_owned()).collect::<Vec<_>>();
        let fields = [
            joined("required", &names(&registration.required)),
            joined("optional", &names(&registration.optional)),
            field("policy_url", registration.policy_url),
        ];
        Self::new(NAMESPACE, ALIAS, fields.into_iter().flatten())
    }
}

/// What a provider says of the user (§4).
///
/// ```
/// use oauth_proto::openid2::sreg::{Field, Response};
///
/// let values = Response::default().with(Field::Email, "jane@example.com");
/// assert_eq!(values.get(Field::Email), Some("jane@example.com"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response(BTreeMap<Field, String>);

impl Response {
    /// With a value for a field.
    pub fn with(mut self, field: Field, value: impl Into<String>) -> Self {
        self.0.insert(field, value.into());
        self
    }

    /// The value of a field.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.0.get(&field).map(String::as_str)
    }

    /// All that there are.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter().map(|(field, value)| (*field, value.as_str()))
    }

    /// Without what was not asked for.
    pub fn only(mut self, registration: &Request) -> Self {
        self.0.retain(|field, _| registration.asks_for(*field));
        self
    }

    /// Reads an answer. Names that are none of the specification's are left out.
    pub fn of(extension: &Extension) -> Self {
        let known = extension.fields.iter().filter_map(|(name, value)| Some((Field::of(name)?, value.clone())));
        Self(known.collect())
    }
}

impl From<Response> for Extension {
    fn from(values: Response) -> Self {
        let fields = values.0.into_iter().map(|(field, value)| (field.name().to_owned(), value));
        Self::new(NAMESPACE, ALIAS, fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_are_read_as_they_were_written() {
        let registration = Request::default()
            .required(Field::Email)
            .optional(Field::Dob)
            .optional(Field::Timezone)
            .policy_url("https://rp.example/privacy");
        let extension = Extension::from(registration.clone());
        assert_eq!(extension.get("optional"), Some("dob,timezone"));
        assert_eq!(Request::of(&extension), registration);

        let values = Response::default().with(Field::Email, "a@b.example").with(Field::Gender, "F");
        assert_eq!(Response::of(&values.clone().into()), values);
        assert_eq!(values.only(&registration).iter().count(), 1);
    }

    #[test]
    fn unknown_names_are_left_out() {
        let extension = Extension::new(NAMESPACE, ALIAS, [("required".into(), "email,shoe_size,,".into())]);
        assert_eq!(Request::of(&extension).required, [Field::Email]);
    }
}
