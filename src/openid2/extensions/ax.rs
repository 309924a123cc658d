//! Attribute exchange: requests for a user's attributes, and responses with their values. OpenID
//! Attribute Exchange 1.0.

use std::collections::{BTreeMap, BTreeSet};

use super::super::extension::{
    Extension, ReadExtension, RequestExtension, ResponseExtension, field, joined,
};
use crate::openid2::allowed::is_internal_url;
use crate::openid2::identifier::absolute;
use crate::openid2::realm::Realm;

/// The extension's namespace (§2).
pub(in crate::openid2) const NAMESPACE: &str = "http://openid.net/srv/ax/1.0";

/// The types of common attributes. Each converts into the URI of its type.
///
/// ```
/// use oauth_proto::openid2::ax::AttributeType;
///
/// assert_eq!(AttributeType::Email.as_ref(), "http://axschema.org/contact/email");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttributeType {
    /// The email address. Only the provider knows whether it was verified.
    Email,
    /// The user's full name.
    FullName,
    /// The user's first name.
    FirstName,
    /// The user's last name.
    LastName,
    /// The user's name at the provider, a nickname.
    Username,
    /// The user's preferred language.
    Language,
}

impl AsRef<str> for AttributeType {
    fn as_ref(&self) -> &str {
        match self {
            Self::Email => "http://axschema.org/contact/email",
            Self::FullName => "http://axschema.org/namePerson",
            Self::FirstName => "http://axschema.org/namePerson/first",
            Self::LastName => "http://axschema.org/namePerson/last",
            Self::Username => "http://axschema.org/namePerson/friendly",
            Self::Language => "http://axschema.org/pref/language",
        }
    }
}

impl From<AttributeType> for String {
    fn from(attribute: AttributeType) -> Self {
        attribute.as_ref().to_owned()
    }
}

/// An attribute that a relying party requests.
///
/// ```
/// use oauth_proto::openid2::ax::{self, Attribute};
///
/// let one = Attribute::new("email", ax::AttributeType::Email);
/// let all = Attribute { count: None, ..Attribute::new("email", ax::AttributeType::Email) };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The name of the attribute in messages. It must be unique, and have no commas, periods,
    /// colons and newlines. An alias that is not allowed is replaced.
    pub alias: String,
    /// The URI of the attribute's type.
    pub type_uri: String,
    /// The largest number of values that the relying party wants (§5.1), at least one. `None` for
    /// all values. Default: one.
    pub count: Option<u32>,
}

impl Attribute {
    /// Makes a request for one value of an attribute.
    pub fn new(alias: impl Into<String>, type_uri: impl Into<String>) -> Self {
        Self { alias: alias.into(), type_uri: type_uri.into(), count: Some(1) }
    }

    /// Reads the attribute with an alias. Returns `None` if it has no type, or a count that is not
    /// a number.
    fn read(extension: &Extension, alias: &str) -> Option<Self> {
        let type_uri = extension.get(&format!("type.{alias}"))?;
        let count = match extension.get(&format!("count.{alias}")) {
            None => Some(1),
            Some("unlimited") => None,
            Some(count) => Some(count.parse().ok().filter(|count| *count > 0)?),
        };
        Some(Self { count, ..Self::new(alias, type_uri) })
    }
}

/// A request for attributes (§5.1).
///
/// ```
/// use oauth_proto::openid2::ax::{self, Attribute, FetchRequest};
/// use oauth_proto::openid2::{Authorize, Discovered};
///
/// let movie = Attribute::new("movie", "http://example.com/schema/favourite_movie");
/// let fetch = FetchRequest {
///     required: vec![Attribute::new("email", ax::AttributeType::Email)],
///     if_available: vec![Attribute { count: Some(3), ..movie }],
///     ..FetchRequest::default()
/// };
/// # let provider = Discovered::known_provider("https://op.example/openid")?;
/// let authorize = Authorize::new(&provider, "https://rp.example/openid").extension(fetch);
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchRequest {
    /// The attributes that the relying party requires. Default: empty.
    pub required: Vec<Attribute>,
    /// The attributes that are optional for the relying party. Default: empty.
    pub if_available: Vec<Attribute>,
    /// The URL to which the provider can post the values again when they change. It must be in the
    /// realm. [`RelyingParty::dangerous_redeem_unsolicited`] reads these posts. Default: `None`.
    ///
    /// [`RelyingParty::dangerous_redeem_unsolicited`]:
    /// crate::openid2::RelyingParty::dangerous_redeem_unsolicited
    pub update_url: Option<String>,
}

impl FetchRequest {
    /// Returns all requested attributes.
    fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.required.iter().chain(&self.if_available)
    }
}

impl RequestExtension for FetchRequest {}

impl ReadExtension for FetchRequest {
    const NAMESPACES: &'static [&'static str] = &[NAMESPACE];

    /// Returns `None` if the request has no attributes, has an attribute twice or without a type,
    /// or has an alias or a count that is not valid.
    fn read(extension: &Extension) -> Option<Self> {
        if extension.get("mode") != Some("fetch_request") {
            return None;
        }
        let mut seen = BTreeSet::new();
        let mut fetch =
            Self { update_url: extension.get("update_url").map(str::to_owned), ..Self::default() };
        for (list, attributes) in
            [("required", &mut fetch.required), ("if_available", &mut fetch.if_available)]
        {
            for alias in extension.list(list) {
                if !is_alias(alias) || !seen.insert(alias) {
                    return None;
                }
                attributes.push(Attribute::read(extension, alias)?);
            }
        }
        (!seen.is_empty()).then_some(fetch)
    }

    /// Drops an `update_url` that is outside the realm, that is on a host in the provider's
    /// network, or that has no TLS.
    fn within(mut self, realm: &str) -> Self {
        let realm = Realm::parse(realm);
        let far = |url: &str| {
            absolute(url).is_some_and(|url| url.scheme() == "https" && !is_internal_url(&url))
        };
        self.update_url = self
            .update_url
            .filter(|url| far(url) && realm.is_some_and(|realm| realm.contains(url)));
        self
    }
}

impl From<FetchRequest> for Extension {
    /// There are no fields if no attributes are requested.
    fn from(fetch: FetchRequest) -> Self {
        let aliases = aliases(fetch.attributes().map(|attribute| Some(attribute.alias.as_str())));
        if aliases.is_empty() {
            return Self::new(NAMESPACE, "ax");
        }
        let mut fields = vec![("mode".to_owned(), "fetch_request".to_owned())];
        for (alias, Attribute { type_uri, count, .. }) in aliases.iter().zip(fetch.attributes()) {
            fields.push((format!("type.{alias}"), type_uri.clone()));
            match count {
                Some(1) => {}
                Some(count) => fields.push((format!("count.{alias}"), count.to_string())),
                None => fields.push((format!("count.{alias}"), "unlimited".to_owned())),
            }
        }
        let (required, if_available) = aliases.split_at(fetch.required.len());
        fields.extend(joined("required", required));
        fields.extend(joined("if_available", if_available));
        fields.extend(field("update_url", fetch.update_url.as_deref()));
        Self::of_fields(NAMESPACE, "ax", fields)
    }
}

/// A response with attributes and their values (§5.2).
///
/// ```
/// use oauth_proto::openid2::ax::{AttributeType, FetchResponse};
///
/// let response =
///     FetchResponse::default().attribute(AttributeType::Email, ["jane@example.com"]);
/// assert_eq!(response.first(AttributeType::Email), Some("jane@example.com"));
/// assert!(!response.values.contains_key(AttributeType::Language.as_ref()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchResponse {
    /// The values of the attributes, by the URI of the type. A missing attribute is one that the
    /// provider does not have or does not return.
    pub values: BTreeMap<String, Vec<String>>,
    /// The `update_url` of the request, if the provider will post changes to it.
    pub update_url: Option<String>,
    /// The aliases of the request, by the URI of the type.
    aliases: BTreeMap<String, String>,
}

impl FetchResponse {
    /// Sets the values of an attribute, by the URI of its type.
    pub fn attribute<V: Into<String>>(
        mut self,
        type_uri: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.values.insert(type_uri.into(), values.into_iter().map(Into::into).collect());
        self
    }

    /// Returns the first value of an attribute.
    pub fn first(&self, type_uri: impl AsRef<str>) -> Option<&str> {
        self.values.get(type_uri.as_ref())?.first().map(String::as_str)
    }

    /// Returns the response with only the attributes and the number of values that were requested,
    /// under the aliases of the request (§5.2).
    pub fn only(mut self, fetch: &FetchRequest) -> Self {
        let wanted: BTreeMap<_, _> =
            fetch.attributes().map(|attribute| (attribute.type_uri.as_str(), attribute)).collect();
        self.values.retain(|type_uri, values| {
            let Some(attribute) = wanted.get(type_uri.as_str()) else { return false };
            if let Some(count) = attribute.count {
                values.truncate(usize::try_from(count).unwrap_or(usize::MAX));
            }
            self.aliases.insert(type_uri.clone(), attribute.alias.clone());
            true
        });
        self.update_url = self.update_url.filter(|url| fetch.update_url.as_ref() == Some(url));
        self
    }
}

impl ResponseExtension for FetchResponse {}

impl ReadExtension for FetchResponse {
    const NAMESPACES: &'static [&'static str] = &[NAMESPACE];

    /// Reads one value without a number, or a count and numbered values. Many providers mix these
    /// up, so a count of one with a value without a number is read, and so are numbered values
    /// without a count. An attribute is left out if its count does not match its values, or if its
    /// type occurs twice.
    fn read(extension: &Extension) -> Option<Self> {
        if extension.get("mode") != Some("fetch_response") {
            return None;
        }
        // A map, since each value is looked up by name below.
        let fields: BTreeMap<&str, &str> = extension.fields().collect();
        let mut values: BTreeMap<String, Option<Vec<String>>> = BTreeMap::new();
        for (name, type_uri) in &fields {
            let Some(alias) = name.strip_prefix("type.") else { continue };
            let found = match fields.get(format!("count.{alias}").as_str()) {
                Some(count) => counted(&fields, alias, count),
                None => single(&fields, alias).or_else(|| numbered(&fields, alias)),
            };
            let twice = values.contains_key(*type_uri);
            values.insert((*type_uri).to_owned(), found.filter(|_| !twice));
        }
        let values = values.into_iter().filter_map(|(type_uri, values)| Some((type_uri, values?)));
        let update_url = extension.get("update_url").map(str::to_owned);
        Some(Self { values: values.collect(), update_url, ..Self::default() })
    }
}

/// Returns the values of an attribute with a count. There cannot be more values than fields.
fn counted(fields: &BTreeMap<&str, &str>, alias: &str, count: &str) -> Option<Vec<String>> {
    let count: usize = count.parse().ok().filter(|count| *count <= fields.len())?;
    let values: Option<_> = (1..=count).map(|number| value(fields, alias, number)).collect();
    values.or_else(|| single(fields, alias).filter(|_| count == 1))
}

/// Returns the values of an attribute that have numbers and no count: from one on, without a gap.
fn numbered(fields: &BTreeMap<&str, &str>, alias: &str) -> Option<Vec<String>> {
    let values: Vec<_> =
        (1..=fields.len()).map_while(|number| value(fields, alias, number)).collect();
    (!values.is_empty()).then_some(values)
}

fn single(fields: &BTreeMap<&str, &str>, alias: &str) -> Option<Vec<String>> {
    fields.get(format!("value.{alias}").as_str()).map(|value| vec![(*value).to_owned()])
}

fn value(fields: &BTreeMap<&str, &str>, alias: &str, number: usize) -> Option<String> {
    fields.get(format!("value.{alias}.{number}").as_str()).map(|value| (*value).to_owned())
}

impl From<FetchResponse> for Extension {
    /// A single value is sent without a count, which every reader understands.
    fn from(values: FetchResponse) -> Self {
        let aliases = aliases(
            values.values.keys().map(|type_uri| values.aliases.get(type_uri).map(String::as_str)),
        );
        let mut fields = vec![("mode".to_owned(), "fetch_response".to_owned())];
        for (alias, (type_uri, values)) in aliases.into_iter().zip(values.values) {
            fields.push((format!("type.{alias}"), type_uri));
            if let [value] = &*values {
                fields.push((format!("value.{alias}"), value.clone()));
                continue;
            }
            fields.push((format!("count.{alias}"), values.len().to_string()));
            let numbered = values.into_iter().enumerate();
            fields.extend(numbered.map(|(at, value)| (format!("value.{alias}.{}", at + 1), value)));
        }
        fields.extend(field("update_url", values.update_url));
        Self::of_fields(NAMESPACE, "ax", fields)
    }
}

/// Returns whether an alias is allowed (§5.1).
fn is_alias(alias: &str) -> bool {
    !alias.is_empty() && !alias.contains([',', '.', ':', '\n'])
}

/// Returns aliases for attributes: the given ones if they are allowed, and numbers for the others.
fn aliases<'a>(wanted: impl Iterator<Item = Option<&'a str>>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let given: Vec<_> =
        wanted.map(|alias| alias.filter(|alias| is_alias(alias) && taken.insert(*alias))).collect();
    let mut numbered =
        (0..).map(|number| format!("a{number}")).filter(|alias| !taken.contains(alias.as_str()));
    given
        .into_iter()
        .filter_map(|alias| alias.map(str::to_owned).or_else(|| numbered.next()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVIE: &str = "http://example.com/schema/favourite_movie";

    fn extension(fields: &[(&str, &str)]) -> Extension {
        Extension::of_fields(
            NAMESPACE,
            "ax",
            fields.iter().map(|(name, value)| ((*name).into(), (*value).into())),
        )
    }

    /// §5.1's example.
    #[test]
    fn a_request_is_written_and_read_as_the_specification_shows() {
        let schema = |name: &str| format!("http://example.com/schema/{name}");
        let fetch = FetchRequest {
            required: vec![
                Attribute::new("fname", schema("fullname")),
                Attribute::new("gender", schema("gender")),
            ],
            if_available: vec![
                Attribute::new("fav_dog", schema("favourite_dog")),
                Attribute { count: Some(3), ..Attribute::new("fav_movie", MOVIE) },
            ],
            update_url: Some("http://idconsumer.com/update?transaction_id=a6b5c41".to_owned()),
        };
        let written = Extension::from(fetch.clone());
        assert_eq!(written.get("required"), Some("fname,gender"));
        assert_eq!(written.get("if_available"), Some("fav_dog,fav_movie"));
        assert_eq!(written.get("count.fav_movie"), Some("3"));
        assert_eq!(written.get("count.fname"), None);
        assert_eq!(FetchRequest::read(&written), Some(fetch));
    }

    /// §5.2's example.
    #[test]
    fn an_answer_has_single_and_counted_values() {
        let values = FetchResponse::read(&extension(&[
            ("mode", "fetch_response"),
            ("type.fname", "http://example.com/schema/fullname"),
            ("type.gender", "http://example.com/schema/gender"),
            ("type.fav_movie", MOVIE),
            ("value.fname", "John Smith"),
            ("count.gender", "0"),
            ("count.fav_movie", "2"),
            ("value.fav_movie.1", "Movie1"),
            ("value.fav_movie.2", "Movie2"),
            ("update_url", "http://idconsumer.com/update?transaction_id=a6b5c41"),
        ]))
        .unwrap();
        assert_eq!(values.first("http://example.com/schema/fullname"), Some("John Smith"));
        assert_eq!(values.values[MOVIE], ["Movie1", "Movie2"]);
        assert!(values.values["http://example.com/schema/gender"].is_empty());
        assert!(values.update_url.is_some());
        assert_eq!(FetchResponse::read(&values.clone().into()), Some(values));
    }

    #[test]
    fn values_that_do_not_fit_are_left_out() {
        for fields in [
            [("count.x", "2"), ("value.x.1", "a"), ("value.x", "b")],
            [("count.x", "4294967295"), ("value.x.1", "a"), ("value.x.2", "b")],
            [("count.x", "-1"), ("value.x.1", "a"), ("value.x", "b")],
            [("value.x", "a"), ("type.y", MOVIE), ("value.y", "b")],
        ] {
            let fields = [&[("mode", "fetch_response"), ("type.x", MOVIE)][..], &fields].concat();
            assert!(
                FetchResponse::read(&extension(&fields)).unwrap().first(MOVIE).is_none(),
                "{fields:?}"
            );
        }
        for request in [
            &[("mode", "fetch_request")][..],
            &[("mode", "fetch_request"), ("required", "x")],
            &[("mode", "fetch_request"), ("required", "x,x"), ("type.x", MOVIE)],
            &[
                ("mode", "fetch_request"),
                ("required", "x"),
                ("if_available", "x"),
                ("type.x", MOVIE),
            ],
            &[("mode", "fetch_request"), ("required", "x"), ("type.x", MOVIE), ("count.x", "0")],
        ] {
            assert_eq!(FetchRequest::read(&extension(request)), None, "{request:?}");
        }
    }

    /// In the specification, numbered values have a count, and a value without a number has no
    /// count. Providers mix these up.
    #[test]
    fn values_are_read_even_if_the_count_is_wrong() {
        for (fields, expected) in [
            (&[("count.x", "1"), ("value.x", "a")][..], &["a"][..]),
            (&[("count.x", "1"), ("value.x.1", "a"), ("value.x", "b")], &["a"]),
            (&[("value.x.1", "a")], &["a"]),
            (&[("value.x.1", "a"), ("value.x.2", "b")], &["a", "b"]),
            (&[("value.x", "a"), ("value.x.1", "b")], &["a"]),
            (&[("value.x.2", "a")], &[]),
            (&[("count.x", "0"), ("value.x", "a")], &[]),
            (&[("count.x", "2"), ("value.x", "a")], &[]),
            (&[("count.x", ""), ("value.x", "a")], &[]),
        ] {
            let fields = [&[("mode", "fetch_response"), ("type.x", MOVIE)][..], fields].concat();
            let read = FetchResponse::read(&extension(&fields)).unwrap();
            assert_eq!(read.values.get(MOVIE).cloned().unwrap_or_default(), expected, "{fields:?}");
        }
    }

    #[test]
    fn an_answer_has_no_more_values_than_requested() {
        let movies = Attribute { count: Some(2), ..Attribute::new("m", MOVIE) };
        let fetch = FetchRequest { required: vec![movies], ..FetchRequest::default() };
        let mut values = FetchResponse::default()
            .attribute(MOVIE, ["1", "2", "3"])
            .attribute(AttributeType::Email, ["a@b.example"]);
        values.update_url = Some("x".to_owned());
        let given = Extension::from(values.only(&fetch));
        assert_eq!(
            FetchResponse::read(&given),
            Some(FetchResponse::default().attribute(MOVIE, ["1", "2"]))
        );
    }

    /// §5.2: an attribute is supplied with the alias that was assigned to it.
    #[test]
    fn an_answer_uses_the_aliases_of_the_request() {
        let fetch = FetchRequest {
            required: vec![Attribute::new("a0", AttributeType::Email.as_ref())],
            if_available: vec![Attribute { count: None, ..Attribute::new("film", MOVIE) }],
            update_url: None,
        };
        let values = FetchResponse::default()
            .attribute(AttributeType::Email, ["a@b.example"])
            .attribute(MOVIE, ["1", "2"])
            .only(&fetch);
        let written = Extension::from(values.clone().attribute(AttributeType::Language, ["fr"]));
        assert_eq!(written.get("value.a0"), Some("a@b.example"));
        assert_eq!(written.get("value.film.2"), Some("2"));
        assert_eq!(
            FetchResponse::read(&written).unwrap().first(AttributeType::Language),
            Some("fr")
        );
    }

    #[test]
    fn an_invalid_alias_is_replaced() {
        let mut fetch = FetchRequest::default();
        for (alias, type_uri) in [
            ("a.b", AttributeType::Email.as_ref()),
            ("a,b", MOVIE),
            ("x", AttributeType::Username.as_ref()),
            ("x", AttributeType::Language.as_ref()),
            ("", AttributeType::FullName.as_ref()),
        ] {
            fetch.required.push(Attribute::new(alias, type_uri));
        }
        let read = FetchRequest::read(&fetch.clone().into()).unwrap();
        let types = |fetch: &FetchRequest| {
            fetch.attributes().map(|each| each.type_uri.clone()).collect::<Vec<_>>()
        };
        assert_eq!(types(&read), types(&fetch));
        let asked = [("mode", "fetch_request"), ("required", "x.y"), ("type.x.y", MOVIE)];
        assert_eq!(FetchRequest::read(&extension(&asked)), None);
    }
}
