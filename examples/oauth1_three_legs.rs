//! A web application gets access to a user's photos at a service that speaks OAuth 1.0a (RFC 5849
//! §2): temporary credentials, the user's decision, token credentials; then a signed API call.
//!
//! The last line that it prints: photo-printer may see the photos of jane

mod loopback;

use loopback::{CLIENT_ID, CLIENT_SECRET, REDIRECT_URI};
use oauth_proto::oauth1::{Authorize, Client, ClientCredentials, Pending, Server, Session};
use oauth_proto::{ApiRequest, BoxError, Moment, run};

fn main() -> Result<(), BoxError> {
    let photos = loopback::oauth1_photo_service()?;
    let mut send = loopback::transport();

    let endpoint = |path: &str| format!("{}/{path}", photos.origin);
    let server = Server::new(&endpoint("initiate"), &endpoint("authorize"), &endpoint("token"))?;
    let client = Client::new(server, ClientCredentials::new(CLIENT_ID, CLIENT_SECRET));

    // First leg: temporary credentials. Keep the pending value in the user's session at your site.
    let authorize = Authorize::callback(REDIRECT_URI);
    let authorization = run(client.authorize(authorize, Moment::from_os())?, &mut send)?;
    let stored = serde_json::to_string(&authorization.pending)?;

    // Second leg: the user decides at the service, and comes back to the callback.
    println!("go to {}", authorization.url);
    let callback = loopback::browser(&authorization.url)?;

    // Third leg: token credentials. They do not expire. Keep them encrypted in your database.
    let pending: Pending = serde_json::from_str(&stored)?;
    let token = run(client.redeem(pending, &callback, Moment::from_os())?, &mut send)?;

    // Every request is signed with the client's secret and the token's.
    let session = Session::new(&client, token);
    let request = ApiRequest::new(&endpoint("albums"))?;
    let answer = run(session.call(&request, Moment::from_os())?, &mut send)?;
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    println!("{} may see the photos of {}", text("client"), text("user"));
    Ok(())
}
