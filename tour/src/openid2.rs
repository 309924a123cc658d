//! OpenID 2.0: Jane signs in to a site with her identifier, and an attacker fails.

use std::sync::Arc;

use oauth_proto::openid2::ax::{self, Attribute, FetchRequest};
use oauth_proto::openid2::server::store::MemoryStore;
use oauth_proto::openid2::server::{
    Approval, CheckIdRequest, Dispatched, Identity, Provider, Rejected, serve,
};
use oauth_proto::openid2::{
    Authorize, ExtensionType, Options, Pending, RelyingParty, XrdsDocument,
};
use oauth_proto::{Moment, Request, Response, Secret, run};

use crate::{net, show};

type Outcome<T> = Result<T, oauth_proto::BoxError>;

pub fn chapter() -> Outcome<()> {
    show::title("OpenID 2.0: Jane signs in to a site with an identifier of her own");
    let store = Arc::new(MemoryStore::default());
    let op = net::Server::start(|origin| {
        let endpoint = format!("{origin}/openid");
        let secret = Secret::new("a secret for the provider of the tour");
        let provider = Provider::new(&endpoint, &secret, on_this_machine())?;
        let (origin, store) = (origin.to_owned(), store.clone());
        Ok(move |request: &Request| {
            respond(&provider, &origin, &store, request)
                .unwrap_or_else(|rejected| rejected.response())
        })
    })?;
    show::note(format_args!(
        "an OpenID provider, built on oauth_proto::openid2, listens at {}",
        op.origin
    ));

    // Both sides are on this machine, which needs the option. On the internet, use TLS and default
    // options.
    let party = RelyingParty::new("http://localhost/", on_this_machine())?;
    let nonces = MemoryStore::default();
    let mut send = show::transport();

    show::title("1. She types her identifier, and the site discovers its provider");
    let discovered = run(party.discover(&format!("{}/jane", op.origin))?, &mut send)?;
    show::note(format_args!(
        "{} is the provider of {:?}",
        discovered.endpoint(),
        discovered.claimed_id.as_deref()
    ));

    show::title("2. The site agrees on a key with the provider, which it can use again next time");
    let association = run(party.associate(&discovered, Moment::from_os())?, &mut send)?;

    show::title(
        "3. Jane's browser is sent to the provider, where she consents, and comes back with an \
         assertion",
    );
    let fetch = FetchRequest {
        required: vec![Attribute::new("email", ax::AttributeType::Email)],
        ..FetchRequest::default()
    };
    let mut authorize = Authorize::new(&discovered, "http://localhost/back").extension(fetch);
    authorize.association = association.clone();
    let authorization = party.authorize(authorize, Moment::from_os())?;
    let stored = serde_json::to_string(&authorization.pending)?;
    show::note(format_args!("the site remembers, in Jane's session: {} bytes", stored.len()));
    let answered = send(http::Request::get(authorization.url()?).body(Vec::new())?)?;
    let callback =
        answered.headers().get("location").ok_or("expected a redirect")?.to_str()?.to_owned();

    show::title("4. The site checks the assertion: no request is needed, it has the key");
    let mut pending = authorization.pending;
    pending.association = association.clone();
    let assertion =
        run(party.redeem(pending, &callback, Moment::from_os())?, &mut send)?.confirm(&nonces)?;
    let email = assertion
        .extension::<ax::FetchResponse>()
        .and_then(|attributes| attributes.first(ax::AttributeType::Email).map(str::to_owned));
    show::note(format_args!(
        "this is {:?}, whose address is {email:?}",
        assertion.claimed_id.as_deref().unwrap_or_default()
    ));

    show::title("5. An attacker sends the same assertion again");
    let again = || -> Result<Pending, serde_json::Error> {
        let mut pending: Pending = serde_json::from_str(&stored)?;
        pending.association = association.clone();
        Ok(pending)
    };
    let unconfirmed = run(party.redeem(again()?, &callback, Moment::from_os())?, &mut send)?;
    show::note(unconfirmed.confirm(&nonces).err().ok_or("a replay was accepted")?);

    show::title("6. An attacker adds an address to it, which is not signed");
    let added = format!(
        "{callback}&openid.ns.evil={}&openid.evil.value.email=boss",
        ExtensionType::AttributeExchange.as_ref()
    );
    let step = party.redeem(again()?, &added, Moment::from_os());
    show::note(
        step.err().ok_or("an assertion with two namespaces for one extension was accepted")?,
    );

    show::title("7. Without a key, the site asks the provider to confirm the assertion, once");
    let authorization =
        party.authorize(Authorize::new(&discovered, "http://localhost/back"), Moment::from_os())?;
    let answered = send(http::Request::get(authorization.url()?).body(Vec::new())?)?;
    let callback =
        answered.headers().get("location").ok_or("expected a redirect")?.to_str()?.to_owned();
    let assertion =
        run(party.redeem(authorization.pending, &callback, Moment::from_os())?, &mut send)?
            .confirm(&nonces)?;
    show::note(format_args!("confirmed: {}", assertion.claimed_id.as_deref().unwrap_or_default()));
    Ok(())
}

fn on_this_machine() -> Options {
    let mut options = Options::default();
    options.dangerous_allow_internal_hosts = true;
    options
}

fn respond(
    provider: &Provider,
    origin: &str,
    store: &MemoryStore,
    request: &Request,
) -> Result<Response, Rejected> {
    let endpoint = &*format!("{origin}/openid");
    match request.uri().path() {
        "/openid" => match serve(provider.dispatch(request, Moment::from_os()), store)? {
            Dispatched::Respond(response) => Ok(response),
            Dispatched::CheckIdRequest(check_id) => decide(provider, origin, store, *check_id),
        },
        "/jane" => Ok(document(XrdsDocument::User {
            endpoint,
            local_id: None,
            extensions: &[ExtensionType::AttributeExchange.as_ref()],
        })),
        "/" => Ok(document(XrdsDocument::Provider {
            endpoint,
            extensions: &[ExtensionType::AttributeExchange.as_ref()],
        })),
        _ => Ok(http::Response::builder().status(404).body(Vec::new()).unwrap_or_default()),
    }
}

/// Decides for Jane, who always consents. A real provider asks Jane to sign in and to decide.
fn decide(
    provider: &Provider,
    origin: &str,
    store: &MemoryStore,
    check_id: CheckIdRequest,
) -> Result<Response, Rejected> {
    let jane = format!("{origin}/jane");
    match &check_id.identity {
        Identity::Claimed { local_id, .. } if *local_id != jane => {
            return serve(provider.deny(check_id), store);
        }
        _ => {}
    }
    let mut approval = Approval::new(jane);
    if let Some(fetch) = check_id.extension::<FetchRequest>() {
        let all = ax::FetchResponse::default()
            .attribute(ax::AttributeType::Email, ["jane@example.com"])
            .attribute(ax::AttributeType::Language, ["da"]);
        approval = approval.extension(all.only(&fetch));
    }
    serve(provider.approve(check_id, approval, Moment::from_os()), store)
}

fn document(document: XrdsDocument<'_>) -> Response {
    let builder = http::Response::builder().header("content-type", "application/xrds+xml");
    builder.body(document.to_string().into_bytes()).unwrap_or_default()
}
