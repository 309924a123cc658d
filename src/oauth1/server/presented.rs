//! What a request presents, taken apart: RFC 5849 §3.1 and §3.5, and the rules of §3.2 that need no storage.

use std::collections::BTreeMap;

use http::Request;

use super::rejected::Reason;
use crate::oauth1::base_string;
use crate::oauth1::parameters::{
    BODY_HASH, CALLBACK, CONSUMER_KEY, NONCE, Parameters, SIGNATURE, SIGNATURE_METHOD, TIMESTAMP, TOKEN, VERIFIER,
    VERSION, is_oauth,
};
use crate::wire::form::Pair;
use crate::wire::{Site, form};

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
    pub(super) fn of<B: AsRef<[u8]>>(request: &Request<B>, site: Site<'_>) -> Result<Self, Reason> {
        let (uri, headers) = (request.uri(), request.headers());
        let parameters = Parameters::of(uri, headers, request.body().as_ref()).map_err(|_| Reason::Malformed)?;
        let mut protocol = protocol(&parameters)?;
        if protocol.is_empty() {
            return Err(Reason::Unsigned);
        }
        let mut take = |name: &'static str| match protocol.remove(name) {
            Some(value) => value.filter(|value| value.len() <= LONGEST).map(Some).ok_or(Reason::ParameterInvalid(name)),
            None => Ok(None),
        };
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
            own: own(&parameters),
            is_form: form::is_form(headers) == Some(true),
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

/// Every `oauth_` parameter by name, `None` where the value is not UTF-8. They must stand in one place, each of them
/// once (RFC 5849 §3.1, item 2, and §3.5).
fn protocol(parameters: &Parameters<'_>) -> Result<BTreeMap<String, Option<String>>, Reason> {
    let places = [&parameters.header, &parameters.query, &parameters.form];
    let has_any = |place: &&&Vec<Pair<'_>>| place.iter().any(|(name, _)| is_oauth(name));
    if places.iter().filter(has_any).count() > 1 {
        return Err(Reason::ParametersMixed);
    }
    let mut protocol = BTreeMap::new();
    for (name, value) in parameters.all().filter(|(name, _)| is_oauth(name)) {
        let name = String::from_utf8_lossy(name).into_owned();
        if protocol.insert(name.clone(), String::from_utf8(value.to_vec()).ok()).is_some() {
            return Err(Reason::ParameterTwice(name.chars().take(100).collect()));
        }
    }
    Ok(protocol)
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
