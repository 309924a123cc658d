//! Any `WWW-Authenticate` header: the number of challenges is limited, and challenges are equal
//! after writing and reading.

use arbitrary::Arbitrary;
use http::{HeaderMap, HeaderValue};
use oauth_proto::oauth2::BearerChallenge;
use oauth_proto::wire::Challenge;

#[derive(Arbitrary, Debug)]
pub enum Input {
    Bytes(Vec<u8>),
    /// A sequence of pieces of challenges.
    Pieces(Vec<u8>),
}

const PIECES: [&str; 24] = [
    "Bearer ",
    "bearer ",
    "Basic, ",
    "Negotiate ",
    "YWJj==",
    ", ",
    ",",
    " ",
    "=",
    "realm=",
    "error=",
    "realm=x, ",
    "error=invalid_token, ",
    "realm=\"a, \\\"b\\\\\", ",
    "max_age=9, ",
    "DPoP, DPoP, DPoP, DPoP, DPoP, DPoP, DPoP, DPoP, DPoP, DPoP, DPoP, DPoP, DPoP, DPoP, DPoP, \
     DPoP, ",
    "\"a, b\"",
    "x",
    "\"",
    "\\",
    "9",
    "\n",
    "DPoP",
    "/",
];

pub fn run(input: Input) {
    match input {
        Input::Bytes(bytes) => read(&bytes),
        Input::Pieces(pieces) => {
            let pieces = pieces.iter().map(|piece| PIECES[usize::from(*piece) % PIECES.len()]);
            read(pieces.collect::<String>().as_bytes());
        }
    }
}

fn read(input: &[u8]) {
    let challenges = Challenge::parse(input);
    assert!(challenges.len() <= 32);
    let written = challenges.iter().map(write).collect::<Vec<_>>().join(", ");
    assert_eq!(Challenge::parse(written.as_bytes()), challenges, "{written}");

    // Each line is a header, if it is a valid value.
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append("www-authenticate", value);
        }
    }
    let challenges = Challenge::of(&headers);
    assert!(challenges.len() <= 32);
    let first = challenges.iter().find(|challenge| challenge.scheme.to_lowercase() == "bearer");
    let bearer = BearerChallenge::of(&headers);
    assert_eq!(bearer, first.map(BearerChallenge::from));
    if let (Some(bearer), Some(first)) = (bearer, first) {
        let realms: Vec<_> =
            first.parameters.iter().filter(|(name, _)| name.to_lowercase() == "realm").collect();
        let realm = (realms.len() == 1).then(|| realms[0].1.clone());
        assert_eq!(bearer.realm, realm);
        let errors =
            first.parameters.iter().filter(|(name, _)| name.to_lowercase() == "error").count();
        assert_eq!(bearer.error.is_some(), errors == 1);
    }
}

/// Writes a challenge (RFC 9110 §11.6.1), with every value in quotes.
fn write(challenge: &Challenge) -> String {
    let mut elements = Vec::new();
    elements.extend(challenge.token68.clone());
    for (name, value) in &challenge.parameters {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        elements.push(format!("{name}=\"{value}\""));
    }
    format!("{} {}", challenge.scheme, elements.join(", ")).trim_end().to_owned()
}
