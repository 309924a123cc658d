//! Prints requests and responses: only the important parts, with shortened secrets.

use std::fmt::Display;

use oauth_proto::{Request, Response};

use crate::net;

/// Parameters whose values are shortened.
const SECRETS: [&str; 11] = [
    "oauth_signature",
    "oauth_token_secret",
    "oauth_verifier",
    "oauth_session_handle",
    "client_secret",
    "code_verifier",
    "access_token",
    "refresh_token",
    "device_code",
    "Basic ",
    "Bearer ",
];

pub fn title(text: impl Display) {
    println!("\n== {text}");
}

pub fn note(text: impl Display) {
    println!("  {text}");
}

/// Returns a transport that prints the requests and the responses.
pub fn transport() -> impl FnMut(Request) -> Result<Response, ureq::Error> {
    let mut exchange = net::transport();
    move |request| {
        self::request(&request);
        let response = exchange(request)?;
        self::response(&response);
        Ok(response)
    }
}

pub fn request(request: &Request) {
    println!("  --> {} {}", request.method(), shortened(&request.uri().to_string()));
    for name in ["authorization", "content-type"] {
        if let Some(value) = request.headers().get(name) {
            let value = shortened(&String::from_utf8_lossy(value.as_bytes()));
            println!("      {name}: {}", value.replace(", ", ",\n          "));
        }
    }
    body(request.body());
}

pub fn response(response: &Response) {
    println!("  <-- {}", response.status());
    for name in ["location", "www-authenticate", "content-type"] {
        if let Some(value) = response.headers().get(name) {
            println!("      {name}: {}", shortened(&String::from_utf8_lossy(value.as_bytes())));
        }
    }
    body(response.body());
}

fn body(body: &[u8]) {
    if !body.is_empty() {
        println!("      {}", shortened(&String::from_utf8_lossy(body)));
    }
}

/// Returns the text with only the first characters of each secret.
pub fn shortened(text: &str) -> String {
    let mut out = text.to_owned();
    for name in SECRETS {
        for opening in
            [format!("{name}="), format!("{name}=\""), format!("{name}\":\""), name.to_owned()]
        {
            let Some(start) = out.find(&opening).map(|at| at + opening.len()) else { continue };
            let length = out[start..].find(['"', '&', ',', '\n']).unwrap_or(out.len() - start);
            if length > 6 {
                out.replace_range(start + 4..start + length, "…");
            }
        }
    }
    out
}
