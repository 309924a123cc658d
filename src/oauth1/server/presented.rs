//! What a request presents, taken apart: RFC 5849 §3.1 and §3.5, and the rules of §3.2 that need no storage.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use http::Request;

use super::rejected::Reason;
use crate::oauth1::base_string;
use crate::oauth1::parameters::{
    BODY_HASH, CALLBACK, CONSUMER_KEY, NONCE, Parameters, SIGNATURE, SIGNATURE_METHOD, TIMESTAMP, TOKEN, VERIFIER,
    VERSION, is_oauth, is_protocol,
};
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
    /// Takes a request apart, and returns with the rest the name of its signature method. Its own parameters are kept only
    /// if the caller `wants_own`.
    pub(super) fn of<'r, B: AsRef<[u8]>>(
        request: &'r Request<B>,
        site: Site<'_>,
        wants_own: bool,
    ) -> Result<(Self, Cow<'r, str>), Reason> {
        let (uri, headers) = (request.uri(), request.headers());
        let parameters = Parameters::of(uri, headers, request.body().as_ref()).map_err(|_| Reason::Malformed)?;
        check_places(&parameters)?;
        let base_string = base_string::collect((request.method(), site, uri), &parameters);
        let own = if wants_own { own(&parameters) } else { BTreeMap::new() };
        let [body_hash, callback, client, nonce, _, signature, method, time, token, _, verifier, version] =
            parameters.protocol;
        let client = required(CONSUMER_KEY, owned(CONSUMER_KEY, client)?)?;
        // RFC 5849 §2.1: an empty token counts as absent.
        let token = owned(TOKEN, token)?.filter(|token| !token.is_empty());
        let method = required(SIGNATURE_METHOD, text(SIGNATURE_METHOD, method)?)?;
        let presented = Self {
            client,
            token,
            signature: required(SIGNATURE, owned(SIGNATURE, signature)?)?,
            timestamp: time.map(|time| timestamp(&time)).transpose()?,
            nonce: owned(NONCE, nonce)?,
            callback: owned(CALLBACK, callback)?,
            verifier: owned(VERIFIER, verifier)?,
            body_hash: owned(BODY_HASH, body_hash)?,
            realm: parameters.realm.as_deref().map(|realm| String::from_utf8_lossy(realm).into_owned()),
            own,
            is_form: parameters.is_form,
            base_string,
        };
        if text(VERSION, version)?.is_some_and(|version| version != "1.0") {
            return Err(Reason::VersionUnknown);
        }
        if presented.nonce.as_ref().is_some_and(|nonce| nonce.is_empty() || nonce.len() > LONGEST_NONCE) {
            return Err(Reason::ParameterInvalid(NONCE));
        }
        Ok((presented, method))
    }
}

/// Checks that the protocol's parameters stand in one place, each of them once (RFC 5849 §3.1, item 2, and §3.5), and so do all
/// others whose names begin with `oauth_`.
fn check_places(parameters: &Parameters<'_>) -> Result<(), Reason> {
    match parameters.oauth_places {
        0 => return Err(Reason::Unsigned),
        1 => {}
        _ => return Err(Reason::ParametersMixed),
    }
    let mut names = BTreeSet::new();
    for (name, _) in parameters.others.iter().filter(|(name, _)| is_oauth(name)) {
        if is_protocol(name) || !names.insert(name) {
            return Err(Reason::ParameterTwice(String::from_utf8_lossy(name).chars().take(100).collect()));
        }
    }
    Ok(())
}

fn required<T>(name: &'static str, value: Option<T>) -> Result<T, Reason> {
    match value {
        Some(value) => Ok(value),
        None => Err(Reason::ParameterMissing(name)),
    }
}

/// Returns a value as a text.
fn text<'r>(name: &'static str, value: Option<Cow<'r, [u8]>>) -> Result<Option<Cow<'r, str>>, Reason> {
    let Some(value) = value else {
        return Ok(None);
    };
    let text = if value.len() <= LONGEST { form::text(value) } else { None };
    if text.is_some() { Ok(text) } else { Err(Reason::ParameterInvalid(name)) }
}

/// Returns a value as a text that outlives the request.
fn owned(name: &'static str, value: Option<Cow<'_, [u8]>>) -> Result<Option<String>, Reason> {
    Ok(text(name, value)?.map(Cow::into_owned))
}

fn own(parameters: &Parameters<'_>) -> BTreeMap<String, String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let own = parameters.others.iter().filter(|(name, _)| !is_oauth(name));
    own.filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}

/// Reads a positive integer (RFC 5849 §3.3).
fn timestamp(text: &[u8]) -> Result<u64, Reason> {
    let add = |number: u64, digit: &u8| {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 { None } else { number.checked_mul(10)?.checked_add(digit.into()) }
    };
    let number = if text.len() <= LONGEST { text.iter().try_fold(0, add) } else { None };
    match number {
        Some(number) if number > 0 => Ok(number),
        _ => Err(Reason::ParameterInvalid(TIMESTAMP)),
    }
}
