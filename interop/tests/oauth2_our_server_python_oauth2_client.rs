//! The client in python-oauth2's chapter on Tornado at our authorization server: no PKCE, no state,
//! and the secret in the body.

use interop::authorization_server::OurServer;
use interop::browser::text;
use interop::exchange::Http;
use interop::peer::Peer;
use oauth_proto::Response;
use oauth_proto::oauth2::server::store::ClientRecord;
use serde::Deserialize;
use serde_json::{Value, json};

const CLIENT: &str = "abc";
const SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";
/// The most redirects of the visit.
const HOPS: usize = 8;

#[derive(Deserialize)]
struct Started {
    port: u16,
}

/// Opens the site as the user and follows each redirect. The site uses this secret.
fn visit(user: &str, secret: &str) -> Response {
    let server = OurServer::start();
    let mut site = Peer::run("python_oauth2_client.py");
    let told = json!({
        "issuer": server.issuer(),
        "client": CLIENT,
        "client_secret": secret,
        "user": user,
    });
    let Started { port } = site.ask(&told);
    let site = format!("http://localhost:{port}");
    server.add_client(
        ClientRecord::confidential(CLIENT, SECRET)
            .unwrap()
            .add_redirect_uri(format!("{site}/callback")),
    );
    let http = Http::default();
    let mut url = format!("{site}/app");
    for _ in 0..HOPS {
        let response = http.get(&url);
        let Some(location) = response.headers().get("location") else { return response };
        let location = location.to_str().unwrap();
        url = if location.starts_with('/') {
            format!("{site}{location}")
        } else {
            location.to_owned()
        };
    }
    panic!("it ends at {url}");
}

#[test]
fn a_user_signs_in() {
    let page = visit("jane", SECRET);
    let photos: Value =
        serde_json::from_slice(page.body()).unwrap_or_else(|_| panic!("{}", text(&page)));
    // The client requests no scope, so the server grants the default scope.
    assert_eq!(photos, json!({ "user": "jane", "client": CLIENT, "scope": "photos.read" }));
}

#[test]
fn a_user_who_denies_is_not_signed_in() {
    assert_eq!(text(&visit("nobody", SECRET)), "access_denied");
}

#[test]
fn a_wrong_secret_is_refused() {
    assert_eq!(text(&visit("jane", "xyzzy")), "invalid_client");
}
