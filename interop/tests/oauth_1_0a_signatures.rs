//! The npm package oauth-1.0a and this crate make the same header for the same request.

use interop::case::{Case, Limits, pairs};
use interop::message::{FORM, Message};
use interop::peer::Peer;
use interop::random::{Random, seed};
use interop::signatures::{scheme, sign, sorted_header};
use interop::with::With;
use oauth_proto::wire::form;
use serde::Serialize;

/// The number of requests for each signature method.
const REQUESTS: usize = 300;

/// The request to sign. oauth-1.0a expects the decoded parameters of a form.
#[derive(Serialize)]
struct Question {
    case: Case,
    /// `None` if the hash of the body is signed.
    form: Option<Vec<(String, String)>>,
}

#[test]
fn oauth_1_0a_and_we_sign_alike() {
    let mut random = Random::new("oauth-1.0a");
    let methods = ["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"];
    let methods = methods.into_iter().flat_map(|method| std::iter::repeat_n(method, REQUESTS));
    let questions: Vec<_> = methods.map(|method| question(method, &mut random)).collect();
    let headers: Vec<String> = Peer::run("oauth_1_0a_signatures.js").ask_all(&questions);
    for (Question { case, form }, theirs) in questions.iter().zip(headers) {
        let scheme =
            if form.is_none() { scheme(case).with(|it| it.body_hash = true) } else { scheme(case) };
        let ours = sign(case, &scheme);
        let theirs =
            Message { headers: [("Authorization".to_owned(), theirs)].into(), ..ours.clone() };
        assert_eq!(
            sorted_header(&ours),
            sorted_header(&theirs),
            "INTEROP_SEED={}\nthe case: {case:#?}\nthe form: {form:#?}",
            seed()
        );
    }
}

fn question(signature_method: &'static str, random: &mut Random) -> Question {
    let limits = Limits { escapes_in_identifiers: true, escapes_in_secrets: true, charset: true };
    let query = query(random);
    let mut form = pairs(random);
    // oauth-1.0a lets a parameter of the query replace one of the form.
    form.retain(|(name, _)| !query.iter().any(|(taken, _)| taken == name));
    let mut case = Case::new(random, signature_method, "header", limits);
    let message = |method: &str, uri, content: Option<(&str, String)>| {
        let (content_type, body) = content.unzip();
        let headers =
            content_type.map(|content_type| ("Content-Type".to_owned(), content_type.to_owned()));
        Message { method: method.to_owned(), uri, headers: headers.into_iter().collect(), body }
    };
    let uri = uri(&query, random);
    match random.below(4) {
        0 => {
            case.message = message("GET", uri, None);
            Question { case, form: Some(Vec::new()) }
        }
        1 => {
            let json = serde_json::json!({ "text": form }).to_string();
            case.message = message("PUT", uri, Some(("application/json", json)));
            Question { case, form: None }
        }
        _ => {
            let body = form::encode(form.iter().map(|(name, value)| (name, value)));
            case.message = message("POST", uri, Some((FORM, body)));
            Question { case, form: Some(form) }
        }
    }
}

/// Returns a URI that oauth-1.0a accepts. oauth-1.0a does not normalize the URI, so the host is in
/// lower case, and there is a path but no default port. The URI has at most one `?`, no empty
/// query, and `%20` for a space.
fn uri(query: &[(String, String)], random: &mut Random) -> String {
    let host = random.pick(&[
        "photos.example.net",
        "xn--bcher-kva.example",
        "10.0.0.1",
        "[2001:db8::1]",
        "localhost",
    ]);
    let port = random.pick(&["", ":8080", ":65535"]);
    let path = random.pick(&[
        "/",
        "/a%20b/%C3%BC",
        "/a%2fb",
        "/~u/(x)",
        "/a;v=1",
        "//a",
        "/a,b!$&'*=c",
        "/A/a/",
    ]);
    let separator = if query.is_empty() { "" } else { "?" };
    let query = form::encode(query.iter().map(|(name, value)| (name, value)));
    // Our signer refuses PLAINTEXT over http.
    format!("https://{host}{port}{path}{separator}{query}")
}

/// Returns a query that oauth-1.0a accepts. oauth-1.0a does not decode names, so the names need no
/// encoding. It drops an empty value of a repeated name.
fn query(random: &mut Random) -> Vec<(String, String)> {
    let mut query: Vec<(String, String)> = Vec::new();
    for (_, value) in pairs(random) {
        let name = random.pick(&["a", "a1", "a-", "a~", "A", "b.c", "xoauth_a"]);
        let first = query.iter().find(|(taken, _)| taken == name);
        if first.is_none_or(|(_, value)| !value.is_empty()) {
            query.push((name.to_owned(), value));
        }
    }
    query
}
