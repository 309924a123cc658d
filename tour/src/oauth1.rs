//! OAuth 1.0a: Jane lets a printing service see her photos (RFC 5849 §1.2).

use std::sync::Arc;

use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth1::server::{
    AfterConsent, Approval, Dispatched, Provider, Rejected, Verifier, serve,
};
use oauth_proto::oauth1::{Authorize, Client, ClientCredentials, Server, Session};
use oauth_proto::{Moment, Request, Response, run};

use crate::{net, show};

type Outcome<T> = Result<T, oauth_proto::BoxError>;

pub fn chapter() -> Outcome<()> {
    show::title("OAuth 1.0a: a printing service wants to see Jane's photos");

    let store = Arc::new(MemoryStore::default());
    store.add_client("printer", ClientRecord::with_secret("kd94hf93k423kf44")?);
    let server = net::Server::start(|origin| {
        let mut verifier = Verifier::new(origin)?;
        verifier.realm = Some("Photos".into());
        let provider = Provider::builder(verifier).build()?;
        let store = store.clone();
        Ok(move |request: &Request| {
            handle(&provider, &store, request).unwrap_or_else(|rejected| rejected.response())
        })
    })?;
    show::note(format_args!(
        "a photo service, built on oauth_proto::oauth1::server, listens at {}",
        server.origin
    ));

    let endpoint = |path: &str| format!("{}/{path}", server.origin);
    let server = Server::new(&endpoint("initiate"), &endpoint("authorize"), &endpoint("token"))?;
    let client = Client::new(server, ClientCredentials::new("printer", "kd94hf93k423kf44"));
    let mut send = show::transport();

    show::title(
        "1. The printing service asks for temporary credentials, signed with its own secret",
    );
    let authorize = Authorize::callback("https://printer.example.com/ready");
    let authorization = run(client.authorize(authorize, Moment::from_os())?, &mut send)?;
    show::note(format_args!(
        "it remembers, in Jane's session: {} bytes",
        serde_json::to_string(&authorization.pending)?.len()
    ));

    show::title(
        "2. Jane's browser is sent to the photo service, where she is asked, and grants access",
    );
    let url = authorization.url;
    send(http::Request::get(&url).body(Vec::new())?)?;
    let granted = send(http::Request::post(&url).body(b"decision=grant".to_vec())?)?;
    let callback =
        granted.headers().get("location").ok_or("expected a redirect")?.to_str()?.to_owned();

    show::title(
        "3. Her browser is back, and the printing service exchanges the verifier for a token",
    );
    let token =
        run(client.redeem(authorization.pending, &callback, Moment::from_os())?, &mut send)?;

    show::title("4. It signs requests with the token, on Jane's behalf");
    let session = Session::new(&client, token);
    let mut photos =
        http::Request::get(endpoint("photos?file=vacation.jpg&size=original")).body(Vec::new())?;
    session.sign(&mut photos, Moment::from_os())?;
    send(photos.clone())?;

    show::title("5. An attacker who overheard the request sends it again");
    send(photos)?;

    show::title("What happened");
    show::note(
        "The client's secret and the token's secret never travelled with a request, only \
         signatures did;",
    );
    show::note(
        "Jane's password was sent only to the photo service; an overheard request is refused the \
         second time.",
    );
    Ok(())
}

/// Handles a request to the photo service.
fn handle(
    provider: &Provider,
    store: &MemoryStore,
    request: &Request,
) -> Result<Response, Rejected> {
    let moment = Moment::from_os();
    if request.uri().path() == "/photos" {
        let verified = serve(provider.verifier().verify(request, moment), store)?;
        let user = verified.approval.map(|approval| approval.user).unwrap_or_default();
        return Ok(net::text(
            200,
            format_args!("here are {user}'s photos, as asked for by \"{}\"", verified.client_key),
        ));
    }
    match serve(provider.dispatch(request, moment), store)? {
        Dispatched::Respond(response) => Ok(response),
        Dispatched::Consent(consent) => {
            // A real service would first ask Jane to sign in.
            if request.method() == http::Method::GET {
                return Ok(net::text(
                    200,
                    format_args!(
                        "Jane, may \"{}\" see your photos? [grant] [deny]",
                        consent.client_key
                    ),
                ));
            }
            let decision = if request.body() == b"decision=grant" {
                provider.approve(consent, Approval::new("jane"), Moment::from_os())
            } else {
                provider.deny(consent, Moment::from_os())
            };
            Ok(match serve(decision, store)? {
                AfterConsent::Redirect(response) => response,
                AfterConsent::ShowVerifier(code) => {
                    net::text(200, format_args!("Enter {} at the client", code.expose()))
                }
                AfterConsent::ShowDenied => net::text(200, "Access was denied"),
            })
        }
        _ => Ok(net::text(404, "no such page")),
    }
}
