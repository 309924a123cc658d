//! Any change to a provider's answer: what is reported of the user afterwards was signed, or nothing is; and the answer as
//! it was is always accepted, once.

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use oauth_proto::openid::{Assertion, Callback, Pending, ax, sreg};

use crate::openid_world::{BIO, CLAIMED, ENDPOINT, JANE, World};

#[derive(Arbitrary, Debug)]
pub struct Input {
    select: bool,
    association: bool,
    changes: Vec<Change>,
    path: Path,
    posted: bool,
    raw: Option<String>,
}

#[derive(Arbitrary, Debug)]
enum Change {
    Remove(Name),
    Set(Name, Value),
    /// The same once more, or with another value.
    Twice(Name, Value),
    /// Out of the list of what is signed, or into it.
    Unsign(Name),
    Sign(Name),
    Swap(Name, Name),
}

#[derive(Arbitrary, Clone, Debug)]
enum Name {
    Known(u8),
    Any(String),
}

#[derive(Arbitrary, Clone, Debug)]
enum Value {
    Known(u8),
    Any(String),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Path {
    Whole,
    Place,
    Query,
    Other,
}

const NAMES: &[&str] = &[
    "openid.claimed_id",
    "openid.identity",
    "openid.op_endpoint",
    "openid.return_to",
    "openid.response_nonce",
    "openid.assoc_handle",
    "openid.invalidate_handle",
    "openid.signed",
    "openid.sig",
    "openid.mode",
    "openid.ns",
    "openid.ns.ax",
    "openid.ns.sreg",
    "openid.ns.evil",
    "openid.ax.value.a0",
    "openid.ax.type.a0",
    "openid.ax.type.a1",
    "openid.ax.type.evil",
    "openid.ax.value.evil",
    "openid.ax.count.a1",
    "openid.ax.mode",
    "openid.evil.mode",
    "openid.sreg.email",
    "openid.sreg.nickname",
    "openid.evil.email",
    "rp_state",
    "x",
];

const VALUES: &[&str] = &[
    "",
    "true",
    "id_res",
    "cancel",
    "setup_needed",
    "error",
    "check_authentication",
    "boss@example.com",
    "https://john.example/",
    "https://jane.example/#2",
    "https://other.example/openid",
    "http://specs.openid.net/auth/2.0",
    "http://openid.net/signon/1.1",
    "http://openid.net/srv/ax/1.0",
    "http://openid.net/extensions/sreg/1.1",
    "http://axschema.org/contact/email",
    "https://rp.example/back?x=1",
    "fetch_response",
    "a\nb:c",
    "1",
];

impl Name {
    fn text(&self) -> String {
        match self {
            Self::Known(at) => NAMES[usize::from(*at) % NAMES.len()].to_owned(),
            Self::Any(name) => name.clone(),
        }
    }
}

impl Value {
    fn text(&self) -> String {
        match self {
            Self::Known(at) => VALUES[usize::from(*at) % VALUES.len()].to_owned(),
            Self::Any(value) => value.clone(),
        }
    }
}

pub fn run(input: Input) {
    let world = World::new(false);
    let discovered = world.discovered(input.select);
    let association = if input.association { world.associated(&discovered) } else { None };
    let authentication = world.begun(&discovered, association.clone());
    let genuine = world.answered(&authentication);
    let stored = serde_json::to_string(&authentication.pending).unwrap();
    let pending = || -> Pending { serde_json::from_str(&stored).unwrap() };

    let mut fields = genuine.clone();
    let mut more = Vec::new();
    for change in &input.changes {
        change.apply(&mut fields, &mut more);
    }
    let pairs = fields.iter().map(|(name, value)| (name.clone(), value.clone())).chain(more);
    let mut query = oauth_proto::wire::form::encode(pairs);
    query.extend(input.raw.iter().flat_map(|raw| ["&", raw.as_str()]));
    let changed = query != oauth_proto::wire::form::encode(&genuine);
    let before = match input.path {
        Path::Whole => "https://rp.example/back?",
        Path::Place => "/back?",
        Path::Query => "",
        Path::Other => "https://rp.example/other?",
    };
    let result = if input.posted {
        let state = fields.get("rp_state").cloned().unwrap_or_default();
        let url = format!("{before}x=1&rp_state={}", oauth_proto::wire::percent::encode(state));
        let callback = Callback::posted(&url, query.as_bytes());
        world.run(world.party.verify(pending(), association.as_ref(), callback, world.moment())).map(drop)
    } else {
        match world.verified(pending(), association.as_ref(), &format!("{before}{query}")) {
            Ok(assertion) => {
                honest(&assertion, &genuine);
                assert!(!matches!(input.path, Path::Other));
                // Spent: the same does not come again.
                assert!(world.verified(pending(), association.as_ref(), &format!("{before}{query}")).is_err());
                return;
            }
            Err(error) => Err(error),
        }
    };
    let Err(error) = result else { return };
    let intact = !changed && !matches!(input.path, Path::Other);
    assert!(!intact, "the provider's own answer is refused: {error}");
    // A refusal before the provider was asked spends nothing; after it, the provider has confirmed for the last time.
    if input.association {
        let query = oauth_proto::wire::form::encode(&genuine);
        let assertion =
            world.verified(pending(), association.as_ref(), &format!("https://rp.example/back?{query}")).unwrap();
        honest(&assertion, &genuine);
    }
}

impl Change {
    fn apply(&self, fields: &mut BTreeMap<String, String>, more: &mut Vec<(String, String)>) {
        let bare = |name: &Name| name.text().trim_start_matches("openid.").to_owned();
        let signed = |fields: &BTreeMap<String, String>| fields.get("openid.signed").cloned().unwrap_or_default();
        match self {
            Self::Remove(name) => drop(fields.remove(&name.text())),
            Self::Set(name, value) => drop(fields.insert(name.text(), value.text())),
            Self::Twice(name, value) => more.push((name.text(), value.text())),
            Self::Unsign(name) => {
                let list: Vec<_> =
                    signed(fields).split(',').filter(|own| *own != bare(name)).map(str::to_owned).collect();
                fields.insert("openid.signed".into(), list.join(","));
            }
            Self::Sign(name) => {
                let list = format!("{},{}", signed(fields), bare(name));
                fields.insert("openid.signed".into(), list);
            }
            Self::Swap(one, other) => {
                let (a, b) = (fields.remove(&one.text()), fields.remove(&other.text()));
                fields.extend(a.map(|value| (other.text(), value)));
                fields.extend(b.map(|value| (one.text(), value)));
            }
        }
    }
}

/// Nothing is said of the user but what the provider signed.
fn honest(assertion: &Assertion, genuine: &BTreeMap<String, String>) {
    assert_eq!(assertion.endpoint(), ENDPOINT);
    assert_eq!(assertion.local_id(), Some(JANE));
    assert!(matches!(assertion.claimed_id(), Some(CLAIMED | JANE)));
    assert_eq!(assertion.claimed_id(), genuine.get("openid.claimed_id").map(String::as_str));
    for (type_uri, values) in assertion.attributes().unwrap_or_default().iter() {
        match type_uri {
            ax::EMAIL => assert_eq!(values, ["jane@example.com"]),
            BIO => assert_eq!(values, ["a", "b"]),
            other => panic!("{other} was never signed"),
        }
    }
    for (field, value) in assertion.registration().unwrap_or_default().iter() {
        assert_eq!((field, value), (sreg::Field::Email, "jane@example.com"));
    }
    assert_eq!(assertion.approved_token(), None);
    assert_eq!(assertion.authenticated_how(), None);
}
