//! A web application gets access to a user's photos: the authorization code grant with PKCE (RFC
//! 6749 §4.1, RFC 7636), and an API call whose token is renewed when that is due.
//!
//! The last line that it prints: jane has the albums Holiday and Ice

mod loopback;

use std::convert::Infallible;
use std::future::ready;

use loopback::{CLIENT_ID, CLIENT_SECRET, REDIRECT_URI};
use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, Client, Discovery, Pending, Session, SharedSession, Token,
};
use oauth_proto::{BoxError, Moment, run};

fn main() -> Result<(), BoxError> {
    let photos = loopback::photo_service()?;
    let mut send = loopback::transport();

    // At the start of the program: read the server's metadata (RFC 8414).
    let metadata = run(Discovery::new(&photos.origin)?.start()?, &mut send)?;
    let client = Client::new(AuthorizationServer::from_metadata(&metadata)?, CLIENT_ID)
        .secret(CLIENT_SECRET)
        .redirect_uri(REDIRECT_URI)?;

    // The user wants to print photos: store the pending value in the user's session at your site,
    // and redirect the browser to the URL. (The example `sign_in` shows how to accept a callback
    // only once.)
    let authorization =
        run(client.authorize(Authorize::scope("albums"), Moment::from_os())?, &mut send)?;
    let stored = serde_json::to_string(&authorization.pending)?;
    println!("go to {}", authorization.url);

    // The user has said yes, and the browser is back at the redirect URI.
    let callback = loopback::browser(&authorization.url)?;
    let pending: Pending = serde_json::from_str(&stored)?;
    let token = run(client.redeem(pending, &callback, Moment::from_os())?, &mut send)?;
    save(&token)?;

    // Call the API. The session renews the token, and saves the new one before it uses it.
    let session = Session::new(&client, &photos.origin, token)?;
    let session = SharedSession::builder(session).save(|token| ready(save(&token))).build()?;
    let request = http::Request::get(format!("{}/albums", photos.origin)).body(Vec::new())?;
    let response = session.fetch(request, &mut send)?;
    let answer: serde_json::Value = serde_json::from_slice(response.body())?;
    let albums: Vec<_> = answer["albums"].as_array().into_iter().flatten().collect();
    let names: Vec<_> = albums.iter().filter_map(|album| album.as_str()).collect();
    println!(
        "{} has the albums {}",
        answer["user"]["id"].as_str().unwrap_or("a user"),
        names.join(" and ")
    );
    Ok(())
}

/// Saves the token. Write it to your database: it can be serialized. Encrypt it.
fn save(_: &Token) -> Result<(), Infallible> {
    Ok(())
}
