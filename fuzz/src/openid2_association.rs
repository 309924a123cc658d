//! Any response to a request for an association: the stored association is consistent, and at most
//! two requests are sent.

use std::time::Duration;

use arbitrary::Arbitrary;
use oauth_proto::openid2::{AssociationKind, Discovered, Options, RelyingParty, Version};
use oauth_proto::{Response, Step, Timestamp};

use crate::openid2_key_value::read;
use crate::openid2_pair::{ENDPOINT, NOW, OpenIdPair};

#[derive(Arbitrary, Debug)]
pub struct Input {
    kinds: Vec<(bool, u8)>,
    openid1: bool,
    answers: [Answer; 2],
}

#[derive(Arbitrary, Debug)]
struct Answer {
    status: Option<u16>,
    changes: Vec<(u8, Value)>,
    /// A body instead of a meaningful one.
    body: Option<Vec<u8>>,
}

#[derive(Arbitrary, Debug)]
enum Value {
    Gone,
    Known(u8),
    Any(String),
}

const NAMES: &[&str] = &[
    "assoc_handle",
    "assoc_type",
    "session_type",
    "expires_in",
    "mac_key",
    "enc_mac_key",
    "dh_server_public",
    "error_code",
    "error",
    "ns",
];

const VALUES: &[&str] = &[
    "HMAC-SHA1",
    "HMAC-SHA256",
    "DH-SHA1",
    "DH-SHA256",
    "no-encryption",
    "",
    "unsupported-type",
    "AQ==",
    "AA==",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "3600",
    "-1",
    "18446744073709551615",
    "99999999999999999999",
];

pub fn run(input: Input) {
    let pair = OpenIdPair::new(true);
    let kinds = input.kinds.iter().filter_map(|(long, session)| match (long, session % 3) {
        (true, 0) => Some(AssociationKind::NoEncryptionSha256),
        (true, 2) => Some(AssociationKind::DhSha256),
        (false, 0) => Some(AssociationKind::NoEncryptionSha1),
        (false, 1) => Some(AssociationKind::DhSha1),
        // Other pairs do not exist: the hash that encrypts a key must have the length of the key.
        _ => None,
    });
    let mut options = Options::default();
    (options.allow_openid1, options.associations) = (true, Some(kinds.collect()));
    let party = RelyingParty::new("https://rp.example/", options).unwrap();
    let mut discovered =
        serde_json::to_value(Discovered::known_provider(ENDPOINT).unwrap()).unwrap();
    if input.openid1 {
        discovered["version"] = "1.1".into();
    }
    let discovered: Discovered = serde_json::from_value(discovered).unwrap();
    assert_eq!(discovered.version == Version::V1_1, input.openid1);
    let mut step = party.associate(&discovered, pair.moment());
    for answer in &input.answers {
        match step {
            Ok(Step::Send(request, sent)) => {
                assert_eq!(request.uri(), ENDPOINT);
                step = sent.receive(answer.response(pair.send(&request)), pair.moment());
            }
            _ => break,
        }
    }
    match step {
        Ok(Step::Done(Some(association))) => {
            assert!(association.endpoint == ENDPOINT && !association.handle.is_empty());
            let longest = Timestamp::from_secs(NOW).after(Duration::from_secs(14 * 24 * 3600));
            assert!(association.expires_at <= longest);
            let stored = serde_json::to_value(&association).unwrap();
            let key = stored["key"].as_str().unwrap();
            let length = if stored["type"] == "HMAC-SHA1" { 28 } else { 44 };
            assert_eq!(key.len(), length);
            assert!(!format!("{association:?}").contains(key));
            assert!(!input.openid1 || length == 28);
        }
        Ok(Step::Done(None)) => {}
        Ok(Step::Send(..)) => panic!("expected no third request"),
        Ok(Step::Wait(..)) => panic!("expected no wait"),
        Err(error) => {
            let touched = input
                .answers
                .iter()
                .any(|answer| !answer.changes.is_empty() || answer.body.is_some());
            assert!(touched, "{error}");
        }
    }
}

impl Answer {
    fn response(&self, genuine: Response) -> Response {
        let mut fields = read(genuine.body()).unwrap_or_default();
        for (name, value) in &self.changes {
            let name = NAMES[usize::from(*name) % NAMES.len()].to_owned();
            match value {
                Value::Gone => drop(fields.remove(&name)),
                Value::Known(at) => {
                    drop(fields.insert(name, VALUES[usize::from(*at) % VALUES.len()].to_owned()))
                }
                Value::Any(text) => drop(fields.insert(name, text.clone())),
            }
        }
        let encoded: String =
            fields.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let body = self.body.clone().unwrap_or_else(|| encoded.into_bytes());
        let status = self.status.map_or(genuine.status().as_u16(), |status| 100 + status % 900);
        http::Response::builder().status(status).body(body).unwrap()
    }
}
