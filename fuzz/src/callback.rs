//! Any callback: a token is asked for only when the callback is that of the pending authorization.

use arbitrary::Arbitrary;
use oauth_proto::Step;
use oauth_proto::oauth1::{Client, ClientCredentials, Pending, Service};

use crate::reference;
use crate::requests::moment;

#[derive(Arbitrary, Debug)]
pub struct Input {
    token: String,
    callback: String,
    by_verifier: bool,
}

pub fn run(Input { token, callback, by_verifier }: Input) {
    let pending = serde_json::json!({ "v": 1, "token": token, "secret": "temporary", "until": 100 });
    let pending: Pending = serde_json::from_value(pending).unwrap();
    let service = Service::new("https://a.example/1", "https://a.example/2", "https://a.example/3").unwrap();
    let client = Client::new(service, ClientCredentials::new("key", "secret"));
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
                let query = before_fragment.split_once('?').map_or(before_fragment, |(_, query)| query);
                let pairs = reference::decode_form(query.as_bytes());
                let values = |name: &[u8]| -> Vec<_> {
                    pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone()).collect()
                };
                let tokens = values(b"oauth_token");
                assert_eq!(tokens.len(), 1);
                assert_eq!(String::from_utf8_lossy(&tokens[0]), token);
                assert_eq!(values(b"oauth_verifier").len(), 1);
                assert!(values(b"denied").is_empty() && values(b"oauth_problem").is_empty());
            }
        }
        Ok(step) => panic!("{step:?}"),
        Err(error) => assert!(!format!("{error} {error:?}").contains("temporary")),
    }
}
