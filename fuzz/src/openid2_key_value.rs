//! Key-Value form: any response to a request to confirm a signature has the result that a second,
//! simple implementation finds.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use oauth_proto::openid2::AssertionError;
use oauth_proto::openid2::Pending;
use oauth_proto::openid2::ProviderError;
use oauth_proto::{Error, Misbehaved, Refused, Response, Step};

use crate::openid2_pair::{CLAIMED, OpenIdPair};

pub fn run(body: &[u8]) {
    let pair = OpenIdPair::new(false);
    let (pending, callback) = begun();
    let pending: Pending = serde_json::from_str(pending).unwrap();
    let Ok(Step::Send(_, sent)) = pair.party.redeem(pending, callback, pair.moment()) else {
        panic!("expected a request to the provider")
    };
    let end = sent.receive(Response::new(body.to_vec()), pair.moment());
    match read(body) {
        None => assert!(
            matches!(end, Err(Error::Misbehaved(Misbehaved::WrongFormat { .. }))),
            "{end:?}"
        ),
        Some(message) if message.contains_key("error") => {
            assert!(
                matches!(end, Err(Error::Refused(Refused::OpenId2(ProviderError::Failed { .. })))),
                "{end:?}"
            );
        }
        Some(message) if message.get("is_valid").is_some_and(|valid| valid == "true") => {
            assert!(matches!(end, Ok(Step::Done(_))), "{end:?}");
        }
        Some(_) => assert_eq!(end.unwrap_err(), AssertionError::Signature.into()),
    }
}

/// Returns a stored pending value, and a callback whose signature the provider has to confirm.
fn begun() -> (&'static str, &'static str) {
    static BEGUN: OnceLock<(String, String)> = OnceLock::new();
    let (pending, callback) = BEGUN.get_or_init(|| {
        let pair = OpenIdPair::new(false);
        let authorization = pair.begun(&pair.discovered(CLAIMED), None);
        let query = oauth_proto::wire::form::encode(pair.answered(&authorization));
        let pending = serde_json::to_string(&authorization.pending).unwrap();
        (pending, format!("https://rp.example/back?{query}"))
    });
    (pending, callback)
}

/// Reads a message by the specification (§4.1.1).
pub fn read(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut message = BTreeMap::new();
    let mut rest = body.to_vec();
    if rest.last() != Some(&b'\n') {
        rest.push(b'\n');
    }
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = rest.drain(..=end).collect();
        let colon = line.iter().position(|byte| *byte == b':')?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let (key, value) = (text(&line[..colon])?, text(&line[colon + 1..end])?);
        if message.insert(key, value).is_some() {
            return None;
        }
    }
    Some(message)
}
