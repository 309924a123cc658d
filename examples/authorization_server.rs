//! An authorization server that issues, renews, revokes and introspects tokens, and publishes its
//! metadata (RFC 6749, 7636, 7009, 7662, 8414).
//!
//! The last line that it prints: issued a token for jane, with the scope albums

mod loopback;

use loopback::{CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, net};
use oauth_proto::oauth2::Authorize;
use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth2::server::{Approval, Dispatched, GrantType, Provider, Rejected, serve};
use oauth_proto::{BoxError, Moment, Request, Response, run};

/// Answers a request, whatever its path is. In a web framework this is the fallback handler.
fn answer(provider: &Provider, store: &MemoryStore, request: &Request) -> Response {
    let end = serve(provider.dispatch(request, Moment::from_os()), store);
    end.and_then(|end| decide(provider, store, end)).unwrap_or_else(|rejected| {
        eprintln!("refused: {rejected}"); // for your log: it can have more than the response
        rejected.response()
    })
}

fn decide(provider: &Provider, store: &MemoryStore, end: Dispatched) -> Result<Response, Rejected> {
    match end {
        Dispatched::Respond(response) => Ok(response),
        // Sign the user in, and show a page with `consent.client_name` and `consent.scope`. Then
        // call `approve` or `deny`. In this example the user is Jane, and she says yes.
        Dispatched::Consent(consent) => {
            serve(provider.approve(consent, Approval::new("jane"), Moment::from_os()), store)
        }
        _ => Ok(net::text(404, "There is no such page.")),
    }
}

fn main() -> Result<(), BoxError> {
    // Implement `Store` on your database. It gets only hashes of client secrets and tokens.
    let store = MemoryStore::default();
    let printer = ClientRecord::confidential(CLIENT_ID, CLIENT_SECRET)?;
    store.add_client(printer.name("Photo Printer").add_redirect_uri(REDIRECT_URI));
    let server = loopback::Server::start(|origin| {
        let provider = Provider::builder(origin)
            .add_grant_type(GrantType::authorization_code().scopes("albums prints"))
            .add_grant_type(GrantType::refresh_token())
            .build()?;
        Ok(move |request: &Request| answer(&provider, &store, request))
    })?;

    // A client tries it: a user decides, and the client gets a token for the code.
    let mut send = loopback::transport();
    let client = loopback::client(&server.origin)?;
    let begin = client.authorize(Authorize::scope("albums"), Moment::from_os())?;
    let authorization = run(begin, &mut send)?;
    let callback = loopback::browser(&authorization.url)?;
    let token =
        run(client.redeem(authorization.pending, &callback, Moment::from_os())?, &mut send)?;
    let about = run(client.introspect(&token.access_token, Moment::from_os())?, &mut send)?;
    let user = about.sub.unwrap_or_default();
    println!("issued a token for {user}, with the scope {}", about.scope.unwrap_or_default());
    Ok(())
}
