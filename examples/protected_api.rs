//! An API that accepts tokens of another authorization server, and asks that server about each
//! token (RFC 6750, RFC 7662). If the API has the server's store, `ResourceServer::check` asks the
//! store.
//!
//! The last line that it prints: 401 without a token, 403 without the scope, 200 with both

mod loopback;

use loopback::{API_ID, API_SECRET, net};
use oauth_proto::oauth2::resource::{RemoteTokens, ResourceServer};
use oauth_proto::oauth2::{AuthorizationServer, Client, Discovery, Grant, Session, SharedSession};
use oauth_proto::{BoxError, Request, Response, run};

/// Answers a request. The response of a refusal has the challenge for the client.
fn frames(api: &ResourceServer, tokens: &RemoteTokens, request: &Request) -> Response {
    if request.uri().path() == api.metadata_path() {
        return api.metadata_response(); // tells clients where to get tokens (RFC 9728)
    }
    let scope = if request.method() == http::Method::GET { "albums" } else { "prints" };
    match api.admit(request, scope, tokens, loopback::transport()) {
        Ok(access) => net::text(200, format_args!("hello, {:?}", access.client_id())),
        Err(not_admitted) => not_admitted.response(),
    }
}

fn main() -> Result<(), BoxError> {
    let photos = loopback::photo_service()?;
    let mut send = loopback::transport();

    // The API is a client of the authorization server, which lets it ask about all tokens.
    let metadata = run(Discovery::new(&photos.origin)?.start()?, &mut send)?;
    let server = AuthorizationServer::from_metadata(&metadata)?;
    let tokens = RemoteTokens::new(Client::new(server, API_ID).secret(API_SECRET));
    let api = loopback::Server::start(|origin| {
        let api =
            ResourceServer::builder(origin).add_authorization_server(&photos.origin).build()?;
        Ok(move |request: &Request| frames(&api, &tokens, request))
    })?;

    // A client tries it: without a token, with a token that lacks the scope, and with the right
    // one.
    let request =
        |method| http::Request::builder().method(method).uri(&api.origin).body(Vec::new());
    let stranger = send(request("GET")?)?;
    println!("{}", stranger.headers()["www-authenticate"].to_str()?);

    let mut session = Session::new(&loopback::client(&photos.origin)?, &api.origin, None)?;
    session.grant = Some(Grant::client_credentials().scope("albums"));
    let session = SharedSession::builder(session).build()?;
    let print = session.fetch(request("POST")?, &mut send)?;
    let look = session.fetch(request("GET")?, &mut send)?;
    println!(
        "{} without a token, {} without the scope, {} with both",
        stranger.status().as_u16(),
        print.status().as_u16(),
        look.status().as_u16()
    );
    Ok(())
}
