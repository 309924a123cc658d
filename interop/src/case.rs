//! Random requests with all unusual inputs that a peer accepts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::message::{FORM, Message};
use crate::random::Random;

/// A request, and the parameters with which it is signed.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// The unsigned request.
    pub message: Message,
    /// The name of the signature method.
    pub signature_method: &'static str,
    /// The placement of the protocol parameters: `header`, `query` or `body`.
    pub placement: &'static str,
    /// The `oauth_consumer_key`.
    pub client: String,
    /// The client secret.
    pub client_secret: String,
    /// The token, if there is one.
    pub token: Option<String>,
    /// The token secret.
    pub token_secret: String,
    /// The nonce.
    pub nonce: String,
    /// The time of signing.
    pub timestamp: u64,
    /// The realm of the header.
    pub realm: Option<String>,
}

/// The unusual inputs that a peer accepts.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Whether identifiers and the nonce may hold `%` and two hexadecimal digits.
    pub escapes_in_identifiers: bool,
    /// Whether secrets may hold characters that have to be escaped.
    pub escapes_in_secrets: bool,
    /// Whether `charset` may follow the media type of a form.
    pub charset: bool,
}

/// The pieces of random texts: unreserved characters, characters that encoders treat differently,
/// and texts that look encoded. All are UTF-8, since oauthlib replaces other bytes.
const PIECES: [&str; 46] = [
    "a", "b", "Z", "0", "9", "-", ".", "_", "~", " ", "+", "%", "%41", "%zz", "%2", "&", "=", ";",
    ",", "\"", "'", "\\", "/", "?", "#", "[", "]", "(", ")", "!", "*", "$", "@", ":", "<", "|",
    "^", "`", "{", "\u{7f}", "\n", "é", "e\u{301}", "☃", "🦀", "\u{202e}",
];

/// Names whose order changes by encoding, and names that begin with another of them. `realm` is
/// left out: if the header has a realm, oauthlib takes every parameter of this name for the realm.
const NAMES: [&str; 16] = [
    "a", "a1", "a-", "a%", "a b", "a~", "a+", "a=", "aé", "a[", "A", "s[p]", "s[]", "", "OAUTH_a",
    "xoauth_a",
];

/// Paths. None of them ends with `;`, which oauthlib drops.
const PATHS: [&str; 16] = [
    "",
    "/",
    "/a",
    "/a%20b/%C3%BC",
    "/a%2fb%2F",
    "/~u/(x)",
    "/a;v=1",
    "/a;v=1/b;w",
    "//a",
    "/a/../b/./",
    "/%7Eu/%7eu",
    "/x:y@z",
    "/a+b",
    "/a,b!$&'*=c",
    "/A/a/",
    "/a%25b",
];

/// Hosts. IPv6 addresses are in canonical form except for the case, since oauthlib shortens other
/// forms.
const HOSTS: [&str; 8] = [
    "photos.example.net",
    "Photos.EXAMPLE.net",
    "xn--bcher-kva.example",
    "a-b.example.",
    "10.0.0.1",
    "[2001:DB8::1]",
    "[::1]",
    "localhost",
];

const PORTS: [&str; 7] = ["", "", ":80", ":443", ":8080", ":65535", ":0443"];

/// Returns a text of up to six pieces.
pub fn text(random: &mut Random) -> String {
    let count = random.below(7);
    (0..count).map(|_| random.pick(&PIECES)).collect()
}

/// Returns up to seven parameters. Names may repeat, and values may be empty.
pub fn pairs(random: &mut Random) -> Vec<(String, String)> {
    let count = random.below(8);
    let mut pairs: Vec<(String, String)> = Vec::new();
    for _ in 0..count {
        let name = match random.below(4) {
            0 => text(random),
            1 if !pairs.is_empty() => pairs[random.below(pairs.len())].0.clone(),
            _ => random.pick(&NAMES).to_owned(),
        };
        pairs.push((name, text(random)));
    }
    pairs
}

impl Case {
    /// Returns a random case within the limits.
    pub fn new(
        random: &mut Random,
        signature_method: &'static str,
        placement: &'static str,
        limits: Limits,
    ) -> Self {
        let token = random.below(4) > 0;
        Self {
            message: message(random, signature_method, placement, limits),
            signature_method,
            placement,
            client: identifier(random, limits),
            // Our side refuses an empty secret, so it begins with `s`.
            client_secret: secret(random, limits, "s"),
            token: token.then(|| identifier(random, limits)),
            token_secret: if token { secret(random, limits, "") } else { String::new() },
            nonce: identifier(random, limits),
            timestamp: 1_700_000_000 + random.number() % 100_000_000,
            realm: (placement == "header" && random.once_in(2))
                .then(|| random.pick(&["Photos", "a, b=c", "x%20y"]).to_owned()),
        }
    }
}

fn message(
    random: &mut Random,
    signature_method: &str,
    placement: &str,
    limits: Limits,
) -> Message {
    let form = placement == "body" || random.once_in(3);
    let other = !form && random.once_in(3);
    // oauthlib does not sign a GET request with a form.
    let method = match form || other {
        true => random.pick(&["POST", "PUT", "PATCH"]),
        false => random.pick(&["GET", "DELETE", "POST"]),
    };
    let mut headers = BTreeMap::new();
    if form {
        let charset = if limits.charset && random.once_in(4) { "; charset=UTF-8" } else { "" };
        headers.insert("Content-Type".to_owned(), format!("{FORM}{charset}"));
    } else if other {
        headers.insert("Content-Type".to_owned(), "application/json".to_owned());
    }
    // A request that is sent to one address, with another host in its `Host` header.
    if random.once_in(5) {
        headers.insert("Host".to_owned(), authority(random));
    }
    // PLAINTEXT is sent over TLS.
    let scheme = if signature_method == "PLAINTEXT" {
        "https"
    } else {
        random.pick(&["http", "https", "HTTP"])
    };
    let query = match random.below(8) {
        0 => String::new(),
        1 => "?".to_owned(),
        _ => format!("?{}", encode(&pairs(random), random)),
    };
    let body = (form || other).then(|| match form {
        true => encode(&pairs(random), random),
        // The JSON is an object, since oauthlib takes a single number for a form.
        false => serde_json::json!({ "text": text(random) }).to_string(),
    });
    let uri = format!("{scheme}://{}{}{query}", authority(random), random.pick(&PATHS));
    Message { method: method.to_owned(), uri, headers, body }
}

fn authority(random: &mut Random) -> String {
    format!("{}{}", random.pick(&HOSTS), random.pick(&PORTS))
}

/// Encodes parameters. The spelling of each character is chosen at random.
fn encode(pairs: &[(String, String)], random: &mut Random) -> String {
    let mut wire = String::new();
    for (name, value) in pairs {
        // An empty piece between two separators is not a parameter.
        wire += random.pick(&["", "", "", "&"]);
        encode_text(&mut wire, name, ";:,*@!()/?'$~", random);
        if !value.is_empty() || name.is_empty() || random.once_in(2) {
            wire.push('=');
        }
        encode_text(&mut wire, value, ";:,*@!()/?'$~=", random);
        wire.push('&');
    }
    if random.once_in(2) && wire.ends_with('&') {
        wire.pop();
    }
    wire
}

/// Appends the encoded text. `raw` has the characters that may be left unencoded: the ones that a
/// URI may hold and oauthlib accepts.
fn encode_text(wire: &mut String, text: &str, raw: &str, random: &mut Random) {
    for character in text.chars() {
        let plain = character.is_ascii_alphanumeric() || "-._".contains(character);
        match character {
            ' ' if random.once_in(2) => wire.push('+'),
            _ if plain && !random.once_in(8) => wire.push(character),
            _ if raw.contains(character) && random.once_in(2) => wire.push(character),
            _ if random.once_in(4) => escape(wire, character, |byte| format!("%{byte:02x}")),
            _ => escape(wire, character, |byte| format!("%{byte:02X}")),
        }
    }
}

fn escape(wire: &mut String, character: char, escaped: impl Fn(u8) -> String) {
    wire.extend(character.encode_utf8(&mut [0; 4]).bytes().map(escaped));
}

/// Returns a text for a client, a token or a nonce. It is not empty and has no control characters,
/// since services issue no such identifiers.
fn identifier(random: &mut Random, limits: Limits) -> String {
    loop {
        let text = text(random);
        let is_one = !text.is_empty() && !text.contains(char::is_control);
        if is_one && (limits.escapes_in_identifiers || !holds_escape(&text)) {
            return text;
        }
    }
}

/// Returns whether the text has a `%` with two hexadecimal digits after it.
fn holds_escape(text: &str) -> bool {
    text.as_bytes().windows(3).any(|at| at[0] == b'%' && at[1..].iter().all(u8::is_ascii_hexdigit))
}

fn secret(random: &mut Random, limits: Limits, first: &str) -> String {
    let rest = if limits.escapes_in_secrets {
        text(random)
    } else {
        random.pick(&["", "kd94-hf93_k423.kf44~"]).to_owned()
    };
    first.to_owned() + &rest
}
