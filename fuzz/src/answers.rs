//! Responses of servers, valid and invalid: JSON and forms that are nearly right, and arbitrary
//! bytes.

use arbitrary::Arbitrary;
use oauth_proto::Response;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::reference;

/// The texts from which the responses for one target are made.
pub struct Words<'a> {
    /// Names of members that the target reads.
    pub names: &'a [&'a str],
    /// Values that are special for the target.
    pub values: &'a [&'a str],
    /// The members of a valid response.
    pub good: &'a [(&'a str, &'a str)],
}

#[derive(Arbitrary, Clone, Debug)]
pub struct Answer {
    status: Status,
    content_type: ContentType,
    members: Vec<Member>,
    escaped: bool,
    oddity: Oddity,
    location: Option<String>,
    retry_after: Option<u8>,
}

/// The fault of a response. Most responses have none.
#[derive(Arbitrary, Clone, Debug)]
enum Oddity {
    None,
    Nothing,
    AlsoNothing,
    SecondType(ContentType),
    Tail(u8),
    Bytes(Vec<u8>),
    /// A size near the limit for responses.
    Large(bool),
    /// A form with the content type of JSON, or JSON with that of a form.
    OtherFormat,
    /// Without the members of a valid response.
    NotGood,
}

#[derive(Arbitrary, Clone, Debug)]
enum Status {
    Ok,
    Created,
    Refused,
    Unauthorized,
    Busy,
    Any(u16),
}

#[derive(Arbitrary, Clone, Debug)]
enum ContentType {
    Json,
    Charset,
    Structured,
    Form,
    Plain,
    None,
    Any(Vec<u8>),
}

#[derive(Arbitrary, Clone, Debug)]
pub struct Member {
    name: Name,
    known: u8,
    /// A value instead of a known one.
    other: Option<Content>,
}

#[derive(Arbitrary, Clone, Debug)]
enum Name {
    Known(u8),
    Any(String),
}

#[derive(Arbitrary, Clone, Debug)]
pub enum Content {
    Known(u8),
    Text(String),
    Null,
    Number(i32),
    /// A number from 0 to 3.
    Few(u8),
    Long(u64),
    Fraction(f64),
    Bool(bool),
    List(Vec<u8>),
    Object(u8, u8),
}

impl Answer {
    pub fn response(&self, words: &Words<'_>) -> Option<Response> {
        let status = match self.status {
            Status::Ok => 200,
            Status::Created => 201,
            Status::Refused => 400,
            Status::Unauthorized => 401,
            Status::Busy => 503,
            Status::Any(status) => 100 + status % 900,
        };
        let mut builder = http::Response::builder().status(status);
        let second = if let Oddity::SecondType(content_type) = &self.oddity {
            Some(content_type)
        } else {
            None
        };
        for content_type in [Some(&self.content_type), second].into_iter().flatten() {
            if let Some(value) = content_type.value() {
                builder = builder.header("content-type", value);
            }
        }
        if let Some(location) = &self.location {
            builder = builder.header("location", location.as_bytes());
        }
        if let Some(seconds) = self.retry_after {
            builder = builder.header("retry-after", seconds.to_string());
        }
        builder.body(self.body(words)).ok()
    }

    fn body(&self, words: &Words<'_>) -> Vec<u8> {
        let good = words.good.iter().filter(|_| !matches!(self.oddity, Oddity::NotGood));
        let mut members: Vec<_> =
            good.map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        members.extend(
            self.members.iter().map(|member| (member.name.text(words), member.value(words))),
        );
        let is_form = matches!(self.content_type, ContentType::Form | ContentType::Plain);
        let mut body = match is_form != matches!(self.oddity, Oddity::OtherFormat) {
            true => form(members),
            false => json(&members, self.escaped),
        };
        match &self.oddity {
            Oddity::Bytes(bytes) => return bytes.clone(),
            Oddity::Tail(byte) => body.push(*byte),
            Oddity::Large(more) => body.resize(64 * 1024 + usize::from(*more), b' '),
            _ => {}
        }
        body
    }
}

impl ContentType {
    fn value(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Json => b"application/json".to_vec(),
            Self::Charset => b"Application/JSON ; charset=UTF-8".to_vec(),
            Self::Structured => b"application/token+json".to_vec(),
            Self::Form => b"application/x-www-form-urlencoded".to_vec(),
            Self::Plain => b"text/plain;charset=utf-8".to_vec(),
            Self::None => return None,
            Self::Any(bytes) => bytes.clone(),
        })
    }
}

fn json(members: &[(String, Value)], escaped: bool) -> Vec<u8> {
    let write = |text: &str| if escaped { escape(text) } else { Value::from(text).to_string() };
    let members = members.iter().map(|(name, value)| match value {
        Value::String(text) => format!("{}:{}", write(name), write(text)),
        value => format!("{}: {value}", write(name)),
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(",")).into_bytes()
}

fn form(members: Vec<(String, Value)>) -> Vec<u8> {
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs = members.into_iter().map(|(name, value)| (name, text(value)));
    oauth_proto::wire::form::encode(pairs).into_bytes()
}

impl Member {
    fn value(&self, words: &Words<'_>) -> Value {
        self.other.as_ref().unwrap_or(&Content::Known(self.known)).json(words)
    }
}

impl Name {
    fn text(&self, words: &Words<'_>) -> String {
        match self {
            Self::Known(which) => words.names[usize::from(*which) % words.names.len()].to_owned(),
            Self::Any(name) => name.clone(),
        }
    }
}

impl Content {
    pub fn json(&self, words: &Words<'_>) -> Value {
        let known = |which: &u8| words.values[usize::from(*which) % words.values.len()];
        match self {
            Self::Known(which) => known(which).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Null => Value::Null,
            Self::Number(number) => (*number).into(),
            Self::Few(number) => (number % 4).into(),
            Self::Long(number) => (*number).into(),
            Self::Fraction(number) => (*number).into(),
            Self::Bool(value) => (*value).into(),
            Self::List(list) => list.iter().map(known).collect(),
            Self::Object(name, value) => {
                let name = words.names[usize::from(*name) % words.names.len()];
                serde_json::json!({ name: known(value) })
            }
        }
    }
}

/// Returns a JSON string in which every character is escaped.
fn escape(text: &str) -> String {
    let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    format!("\"{units}\"")
}

/// Returns the members of a JSON object in their order, including repeated names.
pub fn members(body: &[u8]) -> Option<Vec<(String, Value)>> {
    struct Members(Vec<(String, Value)>);

    impl<'de> Deserialize<'de> for Members {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Object;

            impl<'de> Visitor<'de> for Object {
                type Value = Members;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                    let mut members = Vec::new();
                    while let Some(member) = map.next_entry()? {
                        members.push(member);
                    }
                    Ok(Members(members))
                }
            }

            deserializer.deserialize_map(Object)
        }
    }

    let members: Members = serde_json::from_slice(body).ok()?;
    Some(members.0)
}

/// Returns the parameters of a form, as texts.
pub fn form_members(body: &[u8]) -> Option<Vec<(String, Value)>> {
    let pairs = reference::decode_form(body.trim_ascii()).into_iter();
    let texts = pairs.map(|(name, value)| {
        Some((String::from_utf8(name).ok()?, String::from_utf8(value).ok()?.into()))
    });
    texts.collect()
}

/// Returns the value of the only member with this name. The error is the number of members with
/// this name.
pub fn once<'a>(members: &'a [(String, Value)], name: &str) -> Result<&'a Value, usize> {
    let all: Vec<_> = members.iter().filter(|(own, _)| own == name).collect();
    if let [(_, value)] = all[..] { Ok(value) } else { Err(all.len()) }
}

/// Returns whether a value contains a number with a fraction. Such a number may lose its last
/// digits when it is stored.
pub fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(list) => list.iter().any(has_fraction),
        Value::Object(object) => object.values().any(has_fraction),
        _ => false,
    }
}
