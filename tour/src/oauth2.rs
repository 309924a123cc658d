//! OAuth 2.0: the code grant with PKCE, a client that requests tokens when needed, and a device
//! without a browser.

use std::convert::Infallible;
use std::future::ready;
use std::time::Duration;

use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, AuthorizeDevice, Client, Discovery, Grant, Session,
    SharedSession, Token,
};
use oauth_proto::{Moment, Request, Response, Timestamp, run};

use crate::oauth2_server::{CLIENT, CLIENT_SECRET, Photos};
use crate::{net, show};

type Failure = oauth_proto::BoxError;

pub fn chapters() -> Result<(), Failure> {
    let redirect_uri = "http://127.0.0.1:51004/cb";
    let server = net::Server::start(|origin| {
        let photos = Photos::new(origin, redirect_uri)?;
        Ok(move |request: &Request| photos.handle_at_once(request))
    })?;
    let origin = server.origin.as_str();
    let mut send = show::transport();

    show::title(
        "OAuth 2.0: a photo service, built on oauth_proto::oauth2::server, shows its metadata",
    );
    let metadata = run(Discovery::new(origin)?.start()?, &mut send)?;
    let description = AuthorizationServer::from_metadata(&metadata)?;
    let client =
        Client::new(description, CLIENT).secret(CLIENT_SECRET).redirect_uri(redirect_uri)?;

    code(origin, &client, &mut send)?;
    supplied(origin, &client, &mut send)?;
    device(&client, &mut send)
}

type Send<'a> = &'a mut dyn FnMut(Request) -> Result<Response, ureq::Error>;

fn code(origin: &str, client: &Client, send: Send<'_>) -> Result<(), Failure> {
    show::title("OAuth 2.0: a code, with a proof key");
    show::note("the client makes a URL, and keeps a pending value");
    let authorization =
        run(client.authorize(Authorize::scope("albums"), Moment::from_os())?, &mut *send)?;
    let stored = serde_json::to_string(&authorization.pending)?;
    show::note(format_args!("the pending value, kept for this user, has {} bytes", stored.len()));

    show::note("the user's browser goes there, the user says yes, and is sent back");
    let response = send(http::Request::get(&authorization.url).body(Vec::new())?)?;
    let callback =
        response.headers().get("location").ok_or("expected a redirect")?.to_str()?.to_owned();

    show::note("the code is exchanged for a token");
    let pending = serde_json::from_str(&stored)?;
    let token = run(client.redeem(pending, &callback, Moment::from_os())?, &mut *send)?;
    show::note(format_args!("{token:?}"));

    show::note("a callback with a wrong state is refused before anything is sent");
    let callback = callback.replace("state=", "state=x");
    let forged = client.redeem(serde_json::from_str(&stored)?, &callback, Moment::from_os());
    show::note(forged.err().ok_or("a callback with a wrong state was accepted")?);

    show::note(
        "an hour later the token has expired: it is renewed and saved before the request is sent",
    );
    let later = || {
        Moment::new(
            Timestamp::from_os().after(Duration::from_secs(3600)),
            Moment::from_os().entropy,
        )
    };
    let shared = SharedSession::builder_with(Session::new(client, origin, token)?, later);
    let shared = shared.save(|token| ready(save(token))).build()?;
    let request = http::Request::get(format!("{origin}/albums")).body(Vec::new())?;
    shared.fetch(request, send)?;
    Ok(())
}

fn supplied(origin: &str, client: &Client, send: Send<'_>) -> Result<(), Failure> {
    show::title("OAuth 2.0: a client that gets its own tokens");
    let mut session = Session::new(client, origin, None)?;
    session.grant = Some(Grant::client_credentials());
    let shared = SharedSession::builder(session).save(|token| ready(save(token))).build()?;
    let request = || http::Request::get(format!("{origin}/albums")).body(Vec::new());
    show::note("before the first request it gets a token");
    shared.fetch(request()?, &mut *send)?;
    show::note("the next one uses it");
    shared.fetch(request()?, &mut *send)?;
    show::note("its token is revoked, so it may be shown now");
    let token = shared.session().token().cloned().ok_or("the session has no token")?;
    run(client.revoke_grant(&token, Moment::from_os())?, &mut *send)?;
    show::note("a 401, a new token, and the request once more");
    let response = shared.fetch(request()?, &mut *send)?;
    show::note(format_args!("supplied again: {}", String::from_utf8_lossy(response.body())));
    Ok(())
}

fn device(client: &Client, send: Send<'_>) -> Result<(), Failure> {
    show::title("OAuth 2.0: a device without a browser");
    let pending = run(
        client.authorize_device(AuthorizeDevice::scope("albums"), Moment::from_os())?,
        &mut *send,
    )?;
    show::note(format_args!("enter {} at {}", pending.user_code, pending.verification_uri));
    show::note("the device polls until Jane has entered the code");
    let page = pending.verification_uri_complete.clone().unwrap_or_default();
    let mut entered = false;
    let token = run(client.poll(&pending, Moment::from_os())?, |request| {
        let answer = send(request)?;
        if !std::mem::replace(&mut entered, true) {
            send(http::Request::get(&page).body(Vec::new())?)?;
        }
        Ok::<_, ureq::Error>(answer)
    })?;
    show::note(format_args!("the device has a token: {token:?}"));
    Ok(())
}

/// Prints the token. An application would write it to its database.
fn save(token: Token) -> Result<(), Infallible> {
    show::note(format_args!("saved: {token:?}"));
    Ok(())
}
