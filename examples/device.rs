//! A television or a command line, where the user cannot sign in, gets access: the device
//! authorization grant (RFC 8628). The user enters a code on another device.
//!
//! The last line that it prints: connected, with the scope albums

mod loopback;

use loopback::{CLIENT_ID, CLIENT_SECRET};
use oauth_proto::oauth2::{AuthorizationServer, AuthorizeDevice, Client, Discovery};
use oauth_proto::{BoxError, Moment, Request, run};

fn main() -> Result<(), BoxError> {
    let photos = loopback::photo_service()?;
    let mut send = loopback::transport();

    let metadata = run(Discovery::new(&photos.origin)?.start()?, &mut send)?;
    let client = Client::new(AuthorizationServer::from_metadata(&metadata)?, CLIENT_ID)
        .secret(CLIENT_SECRET);

    let authorize = AuthorizeDevice::scope("albums");
    let pending = run(client.authorize_device(authorize, Moment::from_os())?, &mut send)?;
    println!("open {} and enter {}", pending.verification_uri, pending.user_code);
    // A device with a screen shows this URI as a QR code.
    let page = pending.verification_uri_complete.clone().ok_or("the server has no such URI")?;

    // The driver polls as often as the server allows, and sleeps in between. In this example the
    // user says yes after the first poll.
    let mut polls = 0;
    let token = run(client.poll(&pending, Moment::from_os())?, |request: Request| {
        let response = send(request)?;
        polls += 1;
        println!("poll {polls}: {}", response.status());
        if polls == 1 {
            send(http::Request::get(&page).body(Vec::new())?)?;
        }
        Ok::<_, BoxError>(response)
    })?;
    println!("connected, with the scope {}", token.scope.ok_or("the token has no scope")?);
    Ok(())
}
