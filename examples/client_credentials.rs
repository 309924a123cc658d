//! A program without a user calls an API: the client credentials grant (RFC 6749 §4.4). The session
//! gets a token when it needs one, and another when that expires or is refused.
//!
//! The last line that it prints: after the token was revoked: 200 OK

mod loopback;

use loopback::{CLIENT_ID, CLIENT_SECRET};
use oauth_proto::oauth2::{AuthorizationServer, Client, Discovery, Grant, Session, SharedSession};
use oauth_proto::{BoxError, Moment, run};

fn main() -> Result<(), BoxError> {
    let photos = loopback::photo_service()?;
    let mut send = loopback::transport();

    let metadata = run(Discovery::new(&photos.origin)?.start()?, &mut send)?;
    let client = Client::new(AuthorizationServer::from_metadata(&metadata)?, CLIENT_ID)
        .secret(CLIENT_SECRET);

    // A session for the API's origin: it sends the token nowhere else. Threads and tasks can share
    // it; one of them gets a token for all.
    let mut session = Session::new(&client, &photos.origin, None)?;
    session.grant = Some(Grant::client_credentials().scope("albums"));
    let session = SharedSession::builder(session).build()?;

    let request = || http::Request::get(format!("{}/albums", photos.origin)).body(Vec::new());
    let response = session.fetch(request()?, &mut send)?;
    println!("the first request: {}", response.status());

    // The token is revoked (RFC 7009). The API answers 401, the session gets a new token and
    // sends the request once more.
    let token = session.session().token().cloned().ok_or("the session has no token")?;
    run(client.revoke_grant(&token, Moment::from_os())?, &mut send)?;
    let response = session.fetch(request()?, &mut send)?;
    println!("after the token was revoked: {}", response.status());
    Ok(())
}
