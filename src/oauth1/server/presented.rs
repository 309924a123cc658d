//! What a request presents, taken apart: RFC 5849 §3.1 and §3.5, and the rules of §3.2 that need no storage.

use std::collections::{BTreeMap, BTreeSet};

use http::Request;

use super::rejected::Reason;
use crate::oauth1::base_string;
use crate::oauth1::parameters::{
    BODY_HASH, CALLBACK, CONSUMER_KEY, NONCE, PROTOCOL, Parameters, SIGNATURE, SIGNATURE_METHOD, TIMESTAMP, TOKEN,
    VERIFIER, VERSION, is_oauth,
};
use crate::wire::Site;
use crate::wire::form::Pair;

/// Longer ones are refused, so that a nonce that is remembered takes a bounded place.
const LONGEST_NONCE: usize = 256;

/// Longer values of the protocol are refused before they reach storage or a log.
const LONGEST: usize = 4096;

/// The protocol parameters of a request, each of them once, and its base string.
#[derive(Debug)]
pub(super) struct Presented {
    pub(super) client: String,
    pub(super) token: Option<String>,
    pub(super) method: String,
    pub(super) signature: String,
    pub(super) timestamp: Option<u64>,
    pub(super) nonce: Option<String>,
    pub(super) callback: Option<String>,
    pub(super) verifier: Option<String>,
    pub(super) body_hash: Option<String>,
    pub(super) realm: Option<String>,
    /// The request's own parameters, as far as they are texts, the last of each name.
    pub(super) own: BTreeMap<String, String>,
    pub(super) is_form: bool,
    pub(super) base_string: Vec<u8>,
}

impl Presented {
    /// Takes a request apart; its own parameters only where somebody `wants_own`.
    pub(super) fn of<B: AsRef<[u8]>>(request: &Request<B>, site: Site<'_>, wants_own: bool) -> Result<Self, Reason> {
        let (uri, headers) = (request.uri(), request.headers());
        let parameters = Parameters::of(uri, headers, request.body().as_ref()).map_err(|_| Reason::Malformed)?;
        let protocol = Protocol::of(&parameters)?;
        let take = |name: &'static str| protocol.text(name);
        let required = |name, value: Option<String>| value.ok_or(Reason::ParameterMissing(name));
        let presented = Self {
            client: required(CONSUMER_KEY, take(CONSUMER_KEY)?)?,
            // RFC 5849 §2.1: an empty token is none.
            token: take(TOKEN)?.filter(|token| !token.is_empty()),
            method: required(SIGNATURE_METHOD, take(SIGNATURE_METHOD)?)?,
            signature: required(SIGNATURE, take(SIGNATURE)?)?,
            timestamp: take(TIMESTAMP)?.map(|text| timestamp(&text)).transpose()?,
            nonce: take(NONCE)?,
            callback: take(CALLBACK)?,
            verifier: take(VERIFIER)?,
            body_hash: take(BODY_HASH)?,
            realm: parameters.realm.as_deref().map(|realm| String::from_utf8_lossy(realm).into_owned()),
            own: if wants_own { own(&parameters) } else { BTreeMap::new() },
            is_form: parameters.is_form,
            base_string: base_string::collect((request.method(), site, uri), &parameters),
        };
        if take(VERSION)?.is_some_and(|version| version != "1.0") {
            return Err(Reason::VersionUnknown);
        }
        if presented.nonce.as_ref().is_some_and(|nonce| nonce.is_empty() || nonce.len() > LONGEST_NONCE) {
            return Err(Reason::ParameterInvalid(NONCE));
        }
        Ok(presented)
    }
}

/// The values of the protocol's parameters, in the order of [`PROTOCOL`].
struct Protocol<'p>([Option<&'p [u8]>; PROTOCOL.len()]);

impl<'p> Protocol<'p> {
    /// They must stand in one place, each of them once (RFC 5849 §3.1, item 2, and §3.5), and so must all others whose names
    /// begin with `oauth_`.
    fn of(parameters: &'p Parameters<'_>) -> Result<Self, Reason> {
        let places = [&parameters.header, &parameters.query, &parameters.form];
        let has_any = |place: &&&Vec<Pair<'_>>| place.iter().any(|(name, _)| is_oauth(name));
        match places.iter().filter(has_any).count() {
            0 => return Err(Reason::Unsigned),
            1 => {}
            _ => return Err(Reason::ParametersMixed),
        }
        let mut protocol = Self([None; _]);
        let mut others = BTreeSet::new();
        for (name, value) in parameters.all().filter(|(name, _)| is_oauth(name)) {
            let is_new = match PROTOCOL.iter().position(|known| *known.as_bytes() == **name) {
                Some(at) => protocol.0[at].replace(value).is_none(),
                None => others.insert(&**name),
            };
            if !is_new {
                return Err(Reason::ParameterTwice(String::from_utf8_lossy(name).chars().take(100).collect()));
            }
        }
        Ok(protocol)
    }

    fn text(&self, name: &'static str) -> Result<Option<String>, Reason> {
        let value = PROTOCOL.iter().position(|known| *known == name).and_then(|at| self.0[at]);
        let text = |value: &[u8]| std::str::from_utf8(value).ok().map(str::to_owned);
        match value {
            Some(value) if value.len() <= LONGEST => text(value).map(Some).ok_or(Reason::ParameterInvalid(name)),
            Some(_) => Err(Reason::ParameterInvalid(name)),
            None => Ok(None),
        }
    }
}

fn own(parameters: &Parameters<'_>) -> BTreeMap<String, String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let own = parameters.all().filter(|(name, _)| !is_oauth(name));
    own.filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}

/// A positive integer (RFC 5849 §3.3).
fn timestamp(text: &str) -> Result<u64, Reason> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let timestamp = text.parse().ok().filter(|timestamp| digits && *timestamp > 0);
    timestamp.ok_or(Reason::ParameterInvalid(TIMESTAMP))
}
