//! Signing and verifying: an unchanged request is accepted once, and a changed request is refused.

use arbitrary::Arbitrary;
use http::{Request, Uri};
use oauth_proto::Moment;
use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore, TokenRecord};
use oauth_proto::oauth1::server::{Approval, RejectReason, Verifier, serve};
use oauth_proto::oauth1::{
    ClientCredentials, KeyEncoding, Method, ParameterPlacement, Scheme, Signer, TokenCredentials,
};

use crate::requests::{Sent, moment};

#[derive(Arbitrary, Debug)]
pub struct Input {
    sent: Sent,
    method: Hash,
    placement: Place,
    raw_key: bool,
    body_hash: bool,
    client: String,
    client_secret: String,
    token: Option<(String, String)>,
    change: Change,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Place {
    Header,
    Body,
    Query,
}

/// The change to the signed request.
#[derive(Arbitrary, Debug)]
enum Change {
    Nothing,
    Method,
    Path,
    Query(u8),
    Form(u8),
    ClientSecret,
    TokenSecret,
    Replay,
}

const NOW: u64 = 1_000_000;

pub fn run(input: Input) {
    let Some(mut request) = input.sent.request() else { return };
    let method = match input.method {
        Hash::Sha1 => Method::HmacSha1,
        Hash::Sha256 => Method::HmacSha256,
        Hash::Sha512 => Method::HmacSha512,
    };
    let placement = match input.placement {
        Place::Header => ParameterPlacement::Header,
        Place::Body => ParameterPlacement::Body,
        Place::Query => ParameterPlacement::Query,
    };
    let key_encoding = if input.raw_key { KeyEncoding::Raw } else { KeyEncoding::Encoded };
    let mut scheme = Scheme::new(method);
    (scheme.placement, scheme.key_encoding, scheme.body_hash) =
        (placement, Some(key_encoding), input.body_hash);
    // The prefixes avoid an empty secret, which is refused, and an empty token, which counts as
    // absent.
    let client = ClientCredentials::new(input.client, format!("s{}", input.client_secret));
    let token =
        input.token.map(|(token, secret)| TokenCredentials::new(format!("t{token}"), secret));

    let signer = Signer::new(&scheme, &client, token.as_ref());
    if signer.sign(&mut request, moment(NOW, 1)).is_err() {
        return;
    }
    let store = MemoryStore::default();
    let mut client_secret = client.secret.expose().to_owned();
    let mut token_secret = token.as_ref().map(|token| token.secret.expose().to_owned());
    let changed = change(&input.change, &mut request, &mut client_secret, &mut token_secret);

    store.add_client(client.key.clone(), ClientRecord::with_secret(client_secret).unwrap());
    if let (Some(token), Some(secret)) = (&token, token_secret) {
        let grant = Approval::new("jane");
        let record = TokenRecord::new(secret, &client.key, grant);
        store.add_token(token.token.clone(), record);
    }
    let mut verifier = Verifier::new(&input.sent.origin()).unwrap();
    (verifier.key_encoding, verifier.allow_two_legged) = (key_encoding, true);
    let verify = |moment: Moment| serve(verifier.verify(&request, moment), &store);
    // Control characters in identifiers are refused, since some stores fail for them.
    let odd = |text: &str| text.contains(char::is_control);
    let is_odd = odd(&client.key) || token.as_ref().is_some_and(|token| odd(&token.token));
    match verify(moment(NOW + 300, 2)) {
        Ok(verified) => {
            assert!(!changed, "accepted what was changed");
            assert!(!is_odd, "accepted a control character");
            assert_eq!(verified.client_key, client.key);
            assert_eq!(verified.token, token.map(|token| token.token));
            let replay = verify(moment(NOW + 300, 3)).unwrap_err();
            assert_eq!(replay.reason, RejectReason::NonceUsed);
        }
        Err(rejected) if is_odd && !changed => {
            assert!(
                matches!(rejected.reason, RejectReason::ControlCharacter(_)),
                "{}",
                rejected.reason
            );
        }
        Err(rejected) => assert!(changed, "{}", rejected.reason),
    }
}

/// Makes the change. Returns whether it has changed something that is signed.
fn change(
    change: &Change,
    request: &mut Request<Vec<u8>>,
    client_secret: &mut String,
    token_secret: &mut Option<String>,
) -> bool {
    let is_form = request.headers().contains_key("content-type");
    match change {
        Change::Nothing | Change::Replay => false,
        Change::Method => {
            *request.method_mut() = http::Method::PATCH;
            true
        }
        Change::Path => {
            let (path, query) = (request.uri().path(), request.uri().query());
            let target =
                query.map_or_else(|| format!("{path}x"), |query| format!("{path}x?{query}"));
            set_target(request, &target)
        }
        Change::Query(extra) => {
            let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
            let target = format!("{path}?{query}&added={extra}");
            set_target(request, &target)
        }
        Change::Form(extra) if is_form => {
            request.body_mut().extend_from_slice(format!("&added={extra}").as_bytes());
            true
        }
        Change::Form(_) => false,
        Change::ClientSecret => {
            client_secret.push('x');
            true
        }
        Change::TokenSecret => {
            if let Some(secret) = token_secret {
                secret.push('x');
            }
            token_secret.is_some()
        }
    }
}

fn set_target(request: &mut Request<Vec<u8>>, target: &str) -> bool {
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(target.parse().unwrap());
    *request.uri_mut() = Uri::from_parts(parts).unwrap();
    true
}
