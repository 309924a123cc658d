//! Signing and verifying single requests with this crate.

use crate::with::With;
use http::Request;
use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore, TokenRecord};
use oauth_proto::oauth1::server::{Approval, Rejected, Verified, Verifier, serve};
use oauth_proto::oauth1::{
    ClientCredentials, ParameterPlacement, Scheme, Signer, Stamp, TokenCredentials,
};
use oauth_proto::{Moment, Timestamp};

use crate::case::Case;
use crate::keys;
use crate::message::{Message, Tampering};

/// Returns the placement of this name.
pub fn placement(name: &str) -> ParameterPlacement {
    match name {
        "header" => ParameterPlacement::Header,
        "query" => ParameterPlacement::Query,
        "body" => ParameterPlacement::Body,
        name => panic!("no placement {name}"),
    }
}

/// Returns the signing options of a case.
pub fn scheme(case: &Case) -> Scheme {
    let mut scheme = Scheme::new(keys::method(case.signature_method, keys::CLIENT));
    scheme.placement = placement(case.placement);
    scheme.realm = case.realm.clone();
    scheme
}

/// Signs the request of a case.
pub fn sign(case: &Case, scheme: &Scheme) -> Message {
    let client = ClientCredentials::new(&case.client, case.client_secret.as_str());
    let token =
        case.token.as_ref().map(|token| TokenCredentials::new(token, case.token_secret.as_str()));
    let mut request: Request<Vec<u8>> = case.message.to_request();
    let stamp = Stamp::new(Timestamp::from_secs(case.timestamp), &case.nonce);
    let signed = Signer::new(scheme, &client, token.as_ref()).sign(&mut request, stamp);
    signed.unwrap_or_else(|error| panic!("{error} in {case:?}"));
    Message::of(request)
}

/// Returns the parameters of the `Authorization` header, sorted.
pub fn sorted_header(signed: &Message) -> Vec<&str> {
    let header = signed.headers.get("Authorization").expect("a signature in the header");
    let mut parameters: Vec<_> =
        header.strip_prefix("OAuth ").expect("the scheme").split(", ").collect();
    parameters.sort_unstable();
    parameters
}

/// Verifies an arrived request as the server that received it. `tampering` may replace one of the
/// secrets of the case.
///
/// # Errors
/// The refusal.
pub fn verify(
    case: &Case,
    arrived: &Message,
    tampering: Option<Tampering>,
) -> Result<Verified, Rejected> {
    let verifier = verifier(case, &arrived.origin());
    let answer = |message: &Message| {
        let moment = Moment::new(Timestamp::from_secs(case.timestamp), [1; 32]);
        serve(verifier.verify(&message.to_request(), moment), &store(case, tampering))
    };
    // Web servers pass the absolute URI or the origin form.
    let (absolute, origin_form) = (answer(arrived), answer(&arrived.clone().in_origin_form()));
    match (&absolute, &origin_form) {
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        (Err(one), Err(other)) => assert_eq!(one.reason, other.reason),
        _ => panic!("{absolute:?} but {origin_form:?} for {arrived:?}"),
    }
    absolute
}

fn verifier(case: &Case, origin: &str) -> Verifier {
    let verifier = Verifier::new(origin).expect("an origin").with(|it| {
        it.allow_two_legged = true;
        it.allow_sha1_body_hash = true;
    });
    match case.signature_method {
        "PLAINTEXT" => verifier.with(|it| it.dangerous_allow_plaintext = true),
        name if name.starts_with("RSA") => {
            verifier.with(|it| it.keyed_methods.push(keys::method(name, keys::STRANGER_PUBLIC)))
        }
        _ => verifier,
    }
}

fn store(case: &Case, tampering: Option<Tampering>) -> MemoryStore {
    let (mut client_secret, mut token_secret) =
        (case.client_secret.clone(), case.token_secret.clone());
    let mut public = keys::CLIENT_PUBLIC;
    match tampering {
        Some(Tampering::ClientSecret) => {
            client_secret.push('x');
            public = keys::STRANGER_PUBLIC;
        }
        Some(Tampering::TokenSecret) => token_secret.push('x'),
        _ => {}
    }
    let client = match case.signature_method {
        name if name.starts_with("RSA") => ClientRecord::with_key(keys::method(name, public)),
        _ => ClientRecord::with_secret(client_secret).unwrap(),
    };
    let store = MemoryStore::default();
    store.add_client(&case.client, client);
    if let Some(token) = &case.token {
        let (client, grant) = (case.client.clone(), Approval::new("jane"));
        store.add_token(token, TokenRecord::new(token_secret, client, grant));
    }
    store
}
