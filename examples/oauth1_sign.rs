//! A program signs one request with its own key and secret (RFC 5849 §3), for an API that needs no
//! user.
//!
//! The last line that it prints: the server believes that photo-printer sent it

mod loopback;

use loopback::{CLIENT_ID, CLIENT_SECRET};
use oauth_proto::oauth1::{ClientCredentials, Method, Scheme, Signer};
use oauth_proto::{BoxError, Moment};

fn main() -> Result<(), BoxError> {
    let photos = loopback::oauth1_photo_service()?;
    let mut send = loopback::transport();

    // Make the signer once, and use it for every request. A user's token would be the last
    // argument.
    let credentials = ClientCredentials::new(CLIENT_ID, CLIENT_SECRET);
    let signer = Signer::new(&Scheme::new(Method::HmacSha1), &credentials, None);

    // The query is signed, and a form in the body, too.
    let url = format!("{}/albums?size=original&title=C%C3%B4te%20d%27Azur", photos.origin);
    let mut request = http::Request::get(url).body(Vec::new())?;
    signer.sign(&mut request, Moment::from_os())?;
    println!("{} {}", request.method(), request.uri());
    println!("authorization: {}", request.headers()["authorization"].to_str()?);

    let response = send(request)?;
    let answer: serde_json::Value = serde_json::from_slice(response.body())?;
    println!("the server believes that {} sent it", answer["client"].as_str().unwrap_or("nobody"));
    Ok(())
}
