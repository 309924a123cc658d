//! Any callback: the token request is sent only if the callback belongs to the pending
//! authorization.

use std::time::Duration;

use arbitrary::Arbitrary;
use oauth_proto::oauth1::{Authorize, Client, ClientCredentials, Pending, Server};
use oauth_proto::wire::form;
use oauth_proto::{Response, Step};

use crate::reference;
use crate::requests::moment;

#[derive(Arbitrary, Debug)]
pub struct Input {
    token: String,
    callback: String,
    by_verifier: bool,
}

/// Returns the pending authorization after the service has returned this token. Returns `None` for
/// a token that is refused: an empty one, or a very long one.
fn pending(client: &Client, token: &str) -> Option<Pending> {
    let mut authorize = Authorize::callback("https://c.example/cb");
    authorize.lifetime = Duration::from_secs(99);
    let Ok(Step::Send(_, sent)) = client.authorize(authorize, moment(1, 2)) else {
        panic!("expected a request")
    };
    let fields = [
        ("oauth_token", token),
        ("oauth_token_secret", "temporary"),
        ("oauth_callback_confirmed", "true"),
    ];
    match sent.receive(Response::new(form::encode(fields).into_bytes()), moment(1, 3)) {
        Ok(Step::Done(authorization)) => Some(authorization.pending),
        Ok(step) => panic!("{step:?}"),
        Err(error) => {
            assert!(token.is_empty() || token.len() > 20_000, "{error}");
            None
        }
    }
}

pub fn run(Input { token, callback, by_verifier }: Input) {
    let server =
        Server::new("https://a.example/1", "https://a.example/2", "https://a.example/3").unwrap();
    let client = Client::new(server, ClientCredentials::new("key", "secret"));
    let Some(pending) = pending(&client, &token) else { return };
    let step = if by_verifier {
        client.redeem_verifier(pending, &callback, moment(99, 1))
    } else {
        client.redeem(pending, &callback, moment(99, 1))
    };
    match step {
        Ok(Step::Send(request, _)) => {
            assert_eq!(request.uri(), "https://a.example/3");
            if !by_verifier {
                let before_fragment = callback.split('#').next().unwrap();
                let (place, query) = before_fragment.split_once('?').unwrap_or_default();
                assert!(reference::is_place(place, "https://c.example/cb"), "{callback:?}");
                let pairs = reference::decode_form(query.as_bytes());
                let values = |name: &[u8]| -> Vec<_> {
                    pairs
                        .iter()
                        .filter(|(n, _)| n == name)
                        .map(|(_, value)| value.clone())
                        .collect()
                };
                let tokens = values(b"oauth_token");
                assert_eq!(tokens.len(), 1);
                assert_eq!(String::from_utf8_lossy(&tokens[0]), token);
                assert_eq!(values(b"oauth_verifier").len(), 1);
                assert!(
                    values(b"denied").is_empty()
                        && values(b"oauth_problem").iter().all(Vec::is_empty)
                );
            }
        }
        Ok(step) => panic!("{step:?}"),
        Err(error) => assert!(!format!("{error} {error:?}").contains("temporary")),
    }
}
