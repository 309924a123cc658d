//! A second implementation of the base string (RFC 5849 §3.4.1) for comparison, slow and simple.

/// A request in pieces, which this crate has not encoded or parsed.
pub struct Pieces<'a> {
    pub method: &'a str,
    pub https: bool,
    pub host: &'a str,
    pub port: Option<u16>,
    pub path: &'a str,
    pub query: Option<&'a [u8]>,
    /// The decoded parameters of the `Authorization` header.
    pub header: &'a [(Vec<u8>, Vec<u8>)],
    /// The body, if it is a form.
    pub form: Option<&'a [u8]>,
}

/// Returns the base string of a request (§3.4.1.1).
pub fn base_string(pieces: &Pieces<'_>) -> String {
    let mut parameters: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    parameters.extend(decode_form(pieces.query.unwrap_or_default()));
    parameters.extend(pieces.header.iter().cloned());
    parameters.extend(decode_form(pieces.form.unwrap_or_default()));
    parameters.retain(|(name, _)| name != b"oauth_signature");

    let mut encoded: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    encoded.sort();
    let pairs: Vec<String> =
        encoded.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let normalized = pairs.join("&");

    let mut method = String::new();
    for c in pieces.method.chars() {
        method.push(c.to_ascii_uppercase());
    }
    let all = [
        encode(method.as_bytes()),
        encode(base_uri(pieces).as_bytes()),
        encode(normalized.as_bytes()),
    ];
    all.join("&")
}

/// Returns the base string URI (§3.4.1.2).
fn base_uri(pieces: &Pieces<'_>) -> String {
    let scheme = if pieces.https { "https" } else { "http" };
    let default = if pieces.https { 443 } else { 80 };
    let host = pieces.host.to_ascii_lowercase();
    let port = match pieces.port {
        None => String::new(),
        Some(port) if port == default => String::new(),
        Some(port) => format!(":{port}"),
    };
    let path = if pieces.path.is_empty() { "/" } else { pieces.path };
    format!("{scheme}://{host}{port}{path}")
}

/// Percent-encodes bytes (§3.6).
fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        let c = char::from(*byte);
        if c.is_ascii_alphabetic()
            || c.is_ascii_digit()
            || c == '-'
            || c == '.'
            || c == '_'
            || c == '~'
        {
            out.push(c);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Decodes a form (HTML 4.01 §17.13.4).
pub fn decode_form(form: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut pairs = Vec::new();
    let mut pieces: Vec<Vec<u8>> = vec![Vec::new()];
    for byte in form {
        if *byte == b'&' {
            pieces.push(Vec::new());
        } else {
            pieces.last_mut().unwrap().push(*byte);
        }
    }
    for piece in pieces {
        if piece.is_empty() {
            continue;
        }
        let mut name = Vec::new();
        let mut value = Vec::new();
        let mut in_value = false;
        for byte in piece {
            if byte == b'=' && !in_value {
                in_value = true;
            } else if in_value {
                value.push(byte);
            } else {
                name.push(byte);
            }
        }
        pairs.push((unescape(&name), unescape(&value)));
    }
    pairs
}

fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let digits =
            bytes.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        match (bytes[at], digits) {
            (b'%', Some(digits)) => {
                let text = std::str::from_utf8(digits).unwrap();
                out.push(u8::from_str_radix(text, 16).unwrap());
                at += 3;
            }
            (b'+', _) => {
                out.push(b' ');
                at += 1;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// Returns whether a path or a URL is that of `uri`. The origin is compared as browsers parse it,
/// and the path byte by byte. `uri` must not have escapes.
pub fn is_place(place: &str, uri: &str) -> bool {
    let uri = url::Url::parse(uri).expect("a URI");
    if place.starts_with('/') {
        return place == uri.path();
    }
    let Ok(place_url) = url::Url::parse(place) else { return false };
    let origin = |url: &url::Url| {
        let host = url.host_str().unwrap_or_default().to_owned();
        (url.scheme().to_owned(), host, url.port_or_known_default())
    };
    origin(&place_url) == origin(&uri)
        && place_url.username().is_empty()
        && place.ends_with(uri.path())
}
