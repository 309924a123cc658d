//! Attribute exchange, OpenID Attribute Exchange 1.0: fetching attributes, one value each or several.

use std::collections::{BTreeMap, BTreeSet};

use super::{Extension, field, joined};

/// The extension's namespace (§2).
pub const NAMESPACE: &str = "http://openid.net/srv/ax/1.0";

/// An email address. Whether it is verified is between the provider and whoever trusts it.
pub const EMAIL: &str = "http://axschema.org/contact/email";
/// The full name.
pub const FULL_NAME: &str = "http://axschema.org/namePerson";
/// The given name.
pub const FIRST_NAME: &str = "http://axschema.org/namePerson/first";
/// The family name.
pub const LAST_NAME: &str = "http://axschema.org/namePerson/last";
/// The name that the user goes by.
pub const USERNAME: &str = "http://axschema.org/namePerson/friendly";
/// The language that the user prefers.
pub const LANGUAGE: &str = "http://axschema.org/pref/language";

/// How many values of an attribute are wanted (§5.1).
///
/// ```
/// use oauth_proto::openid2::ax::Count;
///
/// assert_eq!(Count::default(), Count::AtMost(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// No more than that; never zero.
    AtMost(u32),
    /// As many as there are.
    Unlimited,
}

impl Default for Count {
    fn default() -> Self {
        Self::AtMost(1)
    }
}

/// An attribute that is asked for.
///
/// ```
/// use oauth_proto::openid2::ax::{self, Attribute, Count};
///
/// let attribute = Attribute::new("email", ax::EMAIL).count(Count::Unlimited);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute {
    /// What it is called in the messages: without commas, periods, colons and newlines, and no two alike. One that cannot
    /// stand there is replaced.
    pub alias: String,
    /// The URI of its type.
    pub type_uri: String,
    /// How many values are wanted.
    pub count: Count,
    /// Whether it is required; if not, it is taken if available.
    pub required: bool,
}

impl Attribute {
    /// An attribute that is taken if available.
    pub fn new(alias: impl Into<String>, type_uri: impl Into<String>) -> Self {
        Self { alias: alias.into(), type_uri: type_uri.into(), count: Count::default(), required: false }
    }

    /// How many values are wanted.
    pub fn count(mut self, count: Count) -> Self {
        self.count = count;
        self
    }
}

/// Asks for attributes (§5.1).
///
/// ```
/// use oauth_proto::openid2::ax::{self, Attribute, Count, FetchRequest};
/// use oauth_proto::openid2::Authenticate;
///
/// let fetch = FetchRequest::default()
///     .required(Attribute::new("email", ax::EMAIL))
///     .if_available(Attribute::new("movie", "http://example.com/schema/favourite_movie").count(Count::AtMost(3)));
/// let authenticate = Authenticate::new("https://rp.example/openid").extension(fetch);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchRequest {
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// Where the provider may post the values again when they change. It must lie in the realm.
    pub update_url: Option<String>,
}

impl FetchRequest {
    /// An attribute that the relying party needs for something.
    pub fn required(mut self, attribute: Attribute) -> Self {
        self.attributes.push(Attribute { required: true, ..attribute });
        self
    }

    /// An attribute that it can do without.
    pub fn if_available(mut self, attribute: Attribute) -> Self {
        self.attributes.push(Attribute { required: false, ..attribute });
        self
    }

    /// Where the provider may post the values again when they change. What comes there is read by
    /// [`RelyingParty::dangerous_verify_unsolicited`](crate::openid2::RelyingParty::dangerous_verify_unsolicited).
    pub fn update_url(mut self, url: impl Into<String>) -> Self {
        self.update_url = Some(url.into());
        self
    }

    /// Reads what a request asks for. `None` where it asks for nothing, for something twice or without a type, or by an
    /// alias or with a count that is none.
    pub fn of(extension: &Extension) -> Option<Self> {
        if extension.get("mode") != Some("fetch_request") {
            return None;
        }
        let mut seen = BTreeSet::new();
        let mut fetch = Self { update_url: extension.get("update_url").map(str::to_owned), ..Self::default() };
        for (list, required) in [("required", true), ("if_available", false)] {
            for alias in extension.list(list) {
                if !is_alias(alias) || !seen.insert(alias) {
                    return None;
                }
                let type_uri = extension.get(&format!("type.{alias}"))?.to_owned();
                let count = match extension.get(&format!("count.{alias}")) {
                    None => Count::default(),
                    Some("unlimited") => Count::Unlimited,
                    Some(count) => Count::AtMost(count.parse().ok().filter(|count| *count > 0)?),
                };
                fetch.attributes.push(Attribute { alias: alias.to_owned(), type_uri, count, required });
            }
        }
        (!fetch.attributes.is_empty()).then_some(fetch)
    }
}

impl From<FetchRequest> for Extension {
    /// Nothing where no attributes are asked for.
    fn from(fetch: FetchRequest) -> Self {
        if fetch.attributes.is_empty() {
            return Self::new(NAMESPACE, "ax", []);
        }
        let aliases = aliases(fetch.attributes.iter().map(|attribute| Some(attribute.alias.as_str())));
        let attributes = || aliases.iter().zip(&fetch.attributes);
        let names = |required| {
            let wanted = attributes().filter(|(_, attribute)| attribute.required == required);
            wanted.map(|(alias, _)| alias.clone()).collect::<Vec<_>>()
        };
        let mut fields = vec![("mode".to_owned(), "fetch_request".to_owned())];
        for (alias, Attribute { type_uri, count, .. }) in attributes() {
            fields.push((format!("type.{alias}"), type_uri.clone()));
            match count {
                Count::AtMost(1) => {}
                Count::AtMost(count) => fields.push((format!("count.{alias}"), count.to_string())),
                Count::Unlimited => fields.push((format!("count.{alias}"), "unlimited".to_owned())),
            }
        }
        fields.extend(joined("required", &names(true)));
        fields.extend(joined("if_available", &names(false)));
        fields.extend(field("update_url", fetch.update_url));
        Self::new(NAMESPACE, "ax", fields)
    }
}

/// Attributes with their values (§5.2).
///
/// ```
/// use oauth_proto::openid2::ax::{self, FetchResponse};
///
/// let values = FetchResponse::default().with(ax::EMAIL, ["jane@example.com"]);
/// assert_eq!(values.first(ax::EMAIL), Some("jane@example.com"));
/// assert!(values.all(ax::LANGUAGE).is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchResponse {
    values: BTreeMap<String, Vec<String>>,
    update_url: Option<String>,
    /// What the request calls them, by the URI of the type.
    aliases: BTreeMap<String, String>,
}

impl FetchResponse {
    /// With the values of an attribute, by the URI of its type.
    pub fn with<V: Into<String>>(mut self, type_uri: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.values.insert(type_uri.to_owned(), values.into_iter().map(Into::into).collect());
        self
    }

    /// Says that changes will be posted to the URL that the request named.
    pub fn update_url(mut self, url: impl Into<String>) -> Self {
        self.update_url = Some(url.into());
        self
    }

    /// An attribute's first value.
    pub fn first(&self, type_uri: &str) -> Option<&str> {
        self.all(type_uri).first().map(String::as_str)
    }

    /// An attribute's values. None where the provider has none, or keeps them back.
    pub fn all(&self, type_uri: &str) -> &[String] {
        self.values.get(type_uri).map(Vec::as_slice).unwrap_or_default()
    }

    /// All attributes with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.values.iter().map(|(type_uri, values)| (type_uri.as_str(), values.as_slice()))
    }

    /// Where changes will be posted, if the provider does that.
    pub fn updates_to(&self) -> Option<&str> {
        self.update_url.as_deref()
    }

    /// Without what was not asked for, with no more values than were, and by the names that the request gave (§5.2).
    pub fn only(mut self, fetch: &FetchRequest) -> Self {
        let wanted: BTreeMap<_, _> =
            fetch.attributes.iter().map(|attribute| (attribute.type_uri.as_str(), attribute)).collect();
        self.values.retain(|type_uri, values| {
            let Some(attribute) = wanted.get(type_uri.as_str()) else { return false };
            if let Count::AtMost(count) = attribute.count {
                values.truncate(usize::try_from(count).unwrap_or(usize::MAX));
            }
            self.aliases.insert(type_uri.clone(), attribute.alias.clone());
            true
        });
        self.update_url = self.update_url.filter(|url| fetch.update_url.as_ref() == Some(url));
        self
    }

    /// Reads an answer, with one value or counted ones. One value may also be counted without a number or have a number without
    /// a count, which many providers write. An attribute whose count does not fit its values is left out, and so is one whose
    /// type stands twice.
    pub fn of(extension: &Extension) -> Option<Self> {
        if extension.get("mode") != Some("fetch_response") {
            return None;
        }
        // Looked up by name below, once for each value.
        let fields: BTreeMap<&str, &str> =
            extension.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
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

/// Returns the values of an attribute that says how many it has. They cannot be more than there are fields.
fn counted(fields: &BTreeMap<&str, &str>, alias: &str, count: &str) -> Option<Vec<String>> {
    let count: usize = count.parse().ok().filter(|count| *count <= fields.len())?;
    let values: Option<_> = (1..=count).map(|number| value(fields, alias, number)).collect();
    values.or_else(|| single(fields, alias).filter(|_| count == 1))
}

/// Returns the values that have numbers and no count: those from one on, without a gap.
fn numbered(fields: &BTreeMap<&str, &str>, alias: &str) -> Option<Vec<String>> {
    let values: Vec<_> = (1..=fields.len()).map_while(|number| value(fields, alias, number)).collect();
    (!values.is_empty()).then_some(values)
}

fn single(fields: &BTreeMap<&str, &str>, alias: &str) -> Option<Vec<String>> {
    fields.get(format!("value.{alias}").as_str()).map(|value| vec![(*value).to_owned()])
}

fn value(fields: &BTreeMap<&str, &str>, alias: &str, number: usize) -> Option<String> {
    fields.get(format!("value.{alias}.{number}").as_str()).map(|value| (*value).to_owned())
}

impl From<FetchResponse> for Extension {
    /// One value goes without a count, which is what every reader understands.
    fn from(values: FetchResponse) -> Self {
        let aliases = aliases(values.values.keys().map(|type_uri| values.aliases.get(type_uri).map(String::as_str)));
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
        Self::new(NAMESPACE, "ax", fields)
    }
}

/// Whether an attribute may be called that (§5.1).
fn is_alias(alias: &str) -> bool {
    !alias.is_empty() && !alias.contains([',', '.', ':', '\n'])
}

/// Names for attributes: those that are wanted, where they can be had, and numbers for the others.
fn aliases<'a>(wanted: impl Iterator<Item = Option<&'a str>>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let given: Vec<_> = wanted.map(|alias| alias.filter(|alias| is_alias(alias) && taken.insert(*alias))).collect();
    let mut numbered = (0..).map(|number| format!("a{number}")).filter(|alias| !taken.contains(alias.as_str()));
    given.into_iter().filter_map(|alias| alias.map(str::to_owned).or_else(|| numbered.next())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVIE: &str = "http://example.com/schema/favourite_movie";

    fn extension(fields: &[(&str, &str)]) -> Extension {
        Extension::new(NAMESPACE, "ax", fields.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    /// §5.1's example.
    #[test]
    fn a_request_is_written_and_read_as_the_specification_shows() {
        let schema = |name: &str| format!("http://example.com/schema/{name}");
        let fetch = FetchRequest::default()
            .required(Attribute::new("fname", schema("fullname")))
            .required(Attribute::new("gender", schema("gender")))
            .if_available(Attribute::new("fav_dog", schema("favourite_dog")))
            .if_available(Attribute::new("fav_movie", MOVIE).count(Count::AtMost(3)))
            .update_url("http://idconsumer.com/update?transaction_id=a6b5c41");
        let written = Extension::from(fetch.clone());
        assert_eq!(written.get("required"), Some("fname,gender"));
        assert_eq!(written.get("if_available"), Some("fav_dog,fav_movie"));
        assert_eq!(written.get("count.fav_movie"), Some("3"));
        assert_eq!(written.get("count.fname"), None);
        assert_eq!(FetchRequest::of(&written), Some(fetch));
    }

    /// §5.2's example.
    #[test]
    fn an_answer_has_single_and_counted_values() {
        let values = FetchResponse::of(&extension(&[
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
        assert_eq!(values.all(MOVIE), ["Movie1", "Movie2"]);
        assert!(values.all("http://example.com/schema/gender").is_empty());
        assert!(values.updates_to().is_some());
        assert_eq!(FetchResponse::of(&values.clone().into()), Some(values));
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        for fields in [
            [("count.x", "2"), ("value.x.1", "a"), ("value.x", "b")],
            [("count.x", "4294967295"), ("value.x.1", "a"), ("value.x.2", "b")],
            [("count.x", "-1"), ("value.x.1", "a"), ("value.x", "b")],
            [("value.x", "a"), ("type.y", MOVIE), ("value.y", "b")],
        ] {
            let fields = [&[("mode", "fetch_response"), ("type.x", MOVIE)][..], &fields].concat();
            assert!(FetchResponse::of(&extension(&fields)).unwrap().all(MOVIE).is_empty(), "{fields:?}");
        }
        for request in [
            &[("mode", "fetch_request")][..],
            &[("mode", "fetch_request"), ("required", "x")],
            &[("mode", "fetch_request"), ("required", "x,x"), ("type.x", MOVIE)],
            &[("mode", "fetch_request"), ("required", "x"), ("if_available", "x"), ("type.x", MOVIE)],
            &[("mode", "fetch_request"), ("required", "x"), ("type.x", MOVIE), ("count.x", "0")],
        ] {
            assert_eq!(FetchRequest::of(&extension(request)), None, "{request:?}");
        }
    }

    /// A count belongs to numbered values, and no count to one without a number; providers mix them up.
    #[test]
    fn values_are_read_where_count_and_number_do_not_go_together() {
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
            assert_eq!(FetchResponse::of(&extension(&fields)).unwrap().all(MOVIE), expected, "{fields:?}");
        }
    }

    #[test]
    fn nobody_gets_more_than_was_asked_for() {
        let fetch = FetchRequest::default().required(Attribute::new("m", MOVIE).count(Count::AtMost(2)));
        let values = FetchResponse::default().with(MOVIE, ["1", "2", "3"]).with(EMAIL, ["a@b.example"]).update_url("x");
        let given = Extension::from(values.only(&fetch));
        assert_eq!(FetchResponse::of(&given), Some(FetchResponse::default().with(MOVIE, ["1", "2"])));
    }

    /// §5.2: an attribute is supplied with the alias that was assigned to it.
    #[test]
    fn an_answer_calls_attributes_what_the_request_calls_them() {
        let fetch = FetchRequest::default()
            .required(Attribute::new("a0", EMAIL))
            .if_available(Attribute::new("film", MOVIE).count(Count::Unlimited));
        let values = FetchResponse::default().with(EMAIL, ["a@b.example"]).with(MOVIE, ["1", "2"]).only(&fetch);
        let written = Extension::from(values.clone().with(LANGUAGE, ["fr"]));
        assert_eq!(written.get("value.a0"), Some("a@b.example"));
        assert_eq!(written.get("value.film.2"), Some("2"));
        assert_eq!(FetchResponse::of(&written).unwrap().first(LANGUAGE), Some("fr"));
    }

    #[test]
    fn an_alias_that_cannot_stand_in_a_message_is_replaced() {
        let mut fetch = FetchRequest::default();
        for (alias, type_uri) in [("a.b", EMAIL), ("a,b", MOVIE), ("x", USERNAME), ("x", LANGUAGE), ("", FULL_NAME)] {
            fetch = fetch.required(Attribute::new(alias, type_uri));
        }
        let read = FetchRequest::of(&fetch.clone().into()).unwrap();
        let types =
            |fetch: &FetchRequest| fetch.attributes.iter().map(|each| each.type_uri.clone()).collect::<Vec<_>>();
        assert_eq!(types(&read), types(&fetch));
        let asked = [("mode", "fetch_request"), ("required", "x.y"), ("type.x.y", MOVIE)];
        assert_eq!(FetchRequest::of(&extension(&asked)), None);
    }
}
