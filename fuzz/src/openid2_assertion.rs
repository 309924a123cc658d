//! Any change to an assertion: only signed values of the user are reported, or the assertion is
//! refused. The unchanged assertion is always accepted, once.

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use oauth_proto::Callback;
use oauth_proto::openid2::{Assertion, Pending, Version, ax, oauth, pape, sreg};

use crate::openid2_pair::{ANYBODY, BIO, CLAIMED, ENDPOINT, JANE, OLD, OpenIdPair};

#[derive(Arbitrary, Debug)]
pub struct Input {
    asked: Asked,
    /// Whether both sides allow OpenID 1.1, even if the request does not need it.
    openid1: bool,
    association: bool,
    changes: Vec<Change>,
    path: Path,
    posted: bool,
    /// Whether the relying party treats the assertion as unsolicited.
    unsolicited: bool,
    raw: Option<String>,
}

/// The identifier in the request.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Claimed,
    Anybody,
    /// An identifier with OpenID 1.1.
    First,
}

#[derive(Arbitrary, Debug)]
enum Change {
    Remove(Name),
    Set(Name, Value),
    /// Repeats a field, with this value.
    Twice(Name, Value),
    /// Removes a name from the list of signed fields.
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
    let asked = input.asked;
    let pair = OpenIdPair::new(input.openid1 || asked == Asked::First);
    let discovered = pair.discovered(asked.identifier());
    let association = if input.association { pair.associated(&discovered) } else { None };
    let authorization = pair.begun(&discovered, association.clone());
    let genuine = pair.answered(&authorization);
    let stored = serde_json::to_string(&authorization.pending).unwrap();
    let pending = || -> Pending { serde_json::from_str(&stored).unwrap() };

    let mut fields = genuine.clone();
    let mut more = Vec::new();
    for change in &input.changes {
        change.apply(&mut fields, &mut more);
    }
    let pairs = fields.iter().map(|(name, value)| (name.clone(), value.clone())).chain(more);
    let mut query = oauth_proto::wire::form::encode(pairs);
    query.extend(input.raw.iter().flat_map(|raw| ["&", raw.as_str()]));
    let before = match input.path {
        Path::Whole => "https://rp.example/back?",
        Path::Place => "/back?",
        Path::Query => "",
        Path::Other => "https://rp.example/other?",
    };
    let state = fields.get("rp_state").cloned().unwrap_or_default();
    let state = crate::percent::encoded(state);
    let url = if input.posted {
        format!("{before}x=1&rp_state={state}")
    } else {
        format!("{before}{query}")
    };
    let callback = || {
        if input.posted {
            Callback::posted(&url, query.as_bytes())
        } else {
            Callback::from(url.as_str())
        }
    };
    let verify = || {
        if input.unsolicited {
            pair.verified_unsolicited(&genuine["openid.return_to"], callback())
        } else {
            pair.verified(pending(), association.as_ref(), callback())
        }
    };
    // An unsolicited assertion is accepted only without an association and in version 2.0.
    let fits = !input.unsolicited || (association.is_none() && asked != Asked::First);
    let fits = fits && !matches!(input.path, Path::Other);
    match verify() {
        Ok(assertion) => {
            asked.honest(&assertion);
            assert!(fits);
            // A second use of the same assertion is refused.
            assert!(verify().is_err());
        }
        Err(error) => {
            let intact = query == oauth_proto::wire::form::encode(&genuine);
            assert!(!intact || !fits, "the provider's own answer is refused: {error}");
            // With an association, a refused assertion does not use up the nonce, so the original
            // is still accepted. Without an association, the provider confirms only once.
            if input.association {
                let query = oauth_proto::wire::form::encode(&genuine);
                let callback = format!("https://rp.example/back?{query}");
                asked.honest(&pair.verified(pending(), association.as_ref(), &callback).unwrap());
            }
        }
    }
}

impl Change {
    fn apply(&self, fields: &mut BTreeMap<String, String>, more: &mut Vec<(String, String)>) {
        let bare = |name: &Name| name.text().trim_start_matches("openid.").to_owned();
        let signed = |fields: &BTreeMap<String, String>| {
            fields.get("openid.signed").cloned().unwrap_or_default()
        };
        match self {
            Self::Remove(name) => drop(fields.remove(&name.text())),
            Self::Set(name, value) => drop(fields.insert(name.text(), value.text())),
            Self::Twice(name, value) => more.push((name.text(), value.text())),
            Self::Unsign(name) => {
                let list: Vec<_> = signed(fields)
                    .split(',')
                    .filter(|own| *own != bare(name))
                    .map(str::to_owned)
                    .collect();
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

impl Asked {
    fn identifier(self) -> &'static str {
        match self {
            Self::Claimed => CLAIMED,
            Self::Anybody => ANYBODY,
            Self::First => OLD,
        }
    }

    /// Asserts that the assertion contains only values that the provider signed or that were
    /// discovered.
    fn honest(self, assertion: &Assertion) {
        let (version, claimed_id) = match self {
            Self::Claimed => (Version::V2_0, CLAIMED),
            Self::Anybody => (Version::V2_0, JANE),
            Self::First => (Version::V1_1, OLD),
        };
        assert_eq!((assertion.version, assertion.endpoint.as_str()), (version, ENDPOINT));
        assert_eq!(
            (assertion.claimed_id.as_deref(), assertion.local_id.as_deref()),
            (Some(claimed_id), Some(JANE))
        );
        for (type_uri, values) in
            assertion.extension::<ax::FetchResponse>().unwrap_or_default().values
        {
            match type_uri.as_str() {
                email if email == ax::AttributeType::Email.as_ref() => {
                    assert_eq!(values, ["jane@example.com"])
                }
                BIO => assert_eq!(values, ["a", "b"]),
                other => panic!("{other} was never signed"),
            }
        }
        for (field, value) in assertion.extension::<sreg::Response>().unwrap_or_default().values {
            assert_eq!((field, value.as_str()), (sreg::Field::Email, "jane@example.com"));
        }
        assert_eq!(assertion.extension::<oauth::Response>(), None);
        assert_eq!(assertion.extension::<pape::Response>(), None);
    }
}
