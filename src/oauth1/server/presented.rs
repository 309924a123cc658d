//! The parameters of a request (RFC 5849 §3.1 and §3.5), and the checks of §3.2 that need no
//! storage.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use http::Request;

use super::refuse::rejected::RejectReason;
use crate::oauth1::names::{
    BODY_HASH, CALLBACK, CONSUMER_KEY, NONCE, SIGNATURE, SIGNATURE_METHOD, TIMESTAMP, TOKEN,
    VERIFIER, is_oauth, is_protocol,
};
use crate::oauth1::signing::{Parameters, Unread, base_string_of};
use crate::wire::{OriginRef, form, percent};

/// The longest nonce, in bytes, so a stored nonce has a bounded size.
const LONGEST_NONCE: usize = 256;

/// The longest value of a protocol parameter, in bytes. Longer ones are refused before they reach
/// storage or a log.
const LONGEST: usize = 4096;

/// The protocol parameters of a request, and its base string.
#[derive(Debug)]
pub(super) struct PresentedRequest {
    pub(super) client: String,
    pub(super) token: Option<String>,
    pub(super) signature: String,
    pub(super) timestamp: Option<u64>,
    pub(super) nonce: Option<String>,
    pub(super) callback: Option<String>,
    pub(super) verifier: Option<String>,
    pub(super) body_hash: Option<String>,
    pub(super) realm: Option<String>,
    /// The request's other parameters that are UTF-8 text, the last one of each name.
    pub(super) own: BTreeMap<String, String>,
    pub(super) is_form: bool,
    pub(super) base_string: Vec<u8>,
}

/// The limits for the parameters of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The largest number of parameters in header, query and form together.
    pub(super) parameters: usize,
    /// The largest form, in bytes.
    pub(super) form: usize,
}

/// Whether the request's other parameters are kept.
#[derive(Clone, Copy)]
pub(super) enum OwnParameters {
    Keep,
    Drop,
}

/// The protocol parameters of a request that are checked before its other parameters are collected.
pub(super) struct Protocol<'p> {
    pub(super) method: Cow<'p, str>,
    pub(super) version: Option<&'p [u8]>,
    pub(super) timestamp: Option<u64>,
    pub(super) has_nonce: bool,
    pub(super) has_token: bool,
}

impl<'p> Protocol<'p> {
    /// Reads the parameters, and checks their syntax.
    fn of(parameters: &'p Parameters<'_>) -> Result<Self, RejectReason> {
        let [_, _, client, nonce, _, signature, method, time, token, _, _, version] =
            &parameters.protocol;
        required(CONSUMER_KEY, client.as_ref())?;
        let method = required(SIGNATURE_METHOD, method.as_deref())?;
        required(SIGNATURE, signature.as_ref())?;
        if nonce.as_ref().is_some_and(|nonce| nonce.is_empty() || nonce.len() > LONGEST_NONCE) {
            return Err(RejectReason::ParameterInvalid(NONCE));
        }
        Ok(Self {
            method: required(SIGNATURE_METHOD, text(SIGNATURE_METHOD, Some(method.into()))?)?,
            version: version.as_deref(),
            timestamp: time.as_deref().map(timestamp).transpose()?,
            has_nonce: nonce.is_some(),
            // RFC 5849 §2.1: an empty token counts as absent.
            has_token: token.as_ref().is_some_and(|token| !token.is_empty()),
        })
    }
}

impl PresentedRequest {
    /// Reads a request, and returns its parts with the result of `judge` for the protocol
    /// parameters. The other parameters of the request are kept only if `own` says so.
    ///
    /// The protocol parameters are judged before a form is collected, unless they are in the form:
    /// the client is not known yet, and collecting is expensive.
    pub(super) fn of<B: AsRef<[u8]>, J>(
        request: &Request<B>,
        site: OriginRef<'_>,
        own: OwnParameters,
        bounds: Bounds,
        judge: impl Fn(Protocol<'_>) -> Result<J, RejectReason>,
    ) -> Result<(Self, J), RejectReason> {
        let (uri, headers, body) = (request.uri(), request.headers(), request.body().as_ref());
        let unread = |unread| match unread {
            Unread::Malformed => RejectReason::Malformed,
            Unread::TooMany => RejectReason::TooManyParameters { limit: bounds.parameters },
        };
        let mut parameters =
            Parameters::of_head(uri, headers, bounds.parameters).map_err(unread)?;
        let judge = |parameters: &Parameters<'_>| {
            check_places(parameters)?;
            let protocol = Protocol::of(parameters)?;
            Ok((protocol.timestamp, judge(protocol)?))
        };
        let early = if parameters.oauth_places > 0 { Some(judge(&parameters)?) } else { None };
        if parameters.is_form && body.len() > bounds.form {
            return Err(RejectReason::FormTooLarge { length: body.len(), limit: bounds.form });
        }
        parameters.add_form(body).map_err(unread)?;
        let (timestamp, judged) = match early {
            None => judge(&parameters)?,
            Some(judged) => {
                check_places(&parameters)?;
                judged
            }
        };
        Ok((Self::collected(request, site, own, timestamp, parameters)?, judged))
    }

    #[inline]
    fn collected<B>(
        request: &Request<B>,
        site: OriginRef<'_>,
        own: OwnParameters,
        timestamp: Option<u64>,
        parameters: Parameters<'_>,
    ) -> Result<Self, RejectReason> {
        let base_string = base_string_of((request.method(), site, request.uri()), &parameters);
        let own = match own {
            OwnParameters::Keep => own_parameters(&parameters)?,
            OwnParameters::Drop => BTreeMap::new(),
        };
        let [body_hash, callback, client, nonce, _, signature, _, _, token, _, verifier, _] =
            parameters.protocol;
        Ok(Self {
            client: required(CONSUMER_KEY, name(CONSUMER_KEY, client)?)?,
            token: name(TOKEN, token)?.filter(|token| !token.is_empty()),
            signature: required(SIGNATURE, owned(SIGNATURE, signature)?)?,
            timestamp,
            nonce: name(NONCE, nonce)?,
            callback: name(CALLBACK, callback)?,
            verifier: name(VERIFIER, verifier)?,
            body_hash: owned(BODY_HASH, body_hash)?,
            realm: parameters
                .realm
                .as_deref()
                .map(|realm| String::from_utf8_lossy(realm).into_owned()),
            own,
            is_form: parameters.is_form,
            base_string,
        })
    }
}

/// Checks that all parameters whose names begin with `oauth_` are in one place, and that each
/// protocol parameter occurs once (RFC 5849 §3.1, item 2, and §3.5).
fn check_places(parameters: &Parameters<'_>) -> Result<(), RejectReason> {
    match parameters.oauth_places {
        0 => return Err(RejectReason::Unsigned),
        1 => {}
        _ => return Err(RejectReason::ParametersMixed),
    }
    if !parameters.others_have_oauth {
        return Ok(());
    }
    let mut names = BTreeSet::new();
    for (name, _) in parameters.others.iter().filter(|(name, _)| is_oauth(name)) {
        if is_protocol(name) || !names.insert(name) {
            return Err(RejectReason::ParameterTwice(
                String::from_utf8_lossy(name).chars().take(100).collect(),
            ));
        }
    }
    Ok(())
}

#[inline]
fn required<T>(name: &'static str, value: Option<T>) -> Result<T, RejectReason> {
    match value {
        Some(value) => Ok(value),
        None => Err(RejectReason::ParameterMissing(name)),
    }
}

/// Returns a value as a text.
#[inline]
fn text<'r>(
    name: &'static str,
    value: Option<Cow<'r, [u8]>>,
) -> Result<Option<Cow<'r, str>>, RejectReason> {
    let Some(value) = value else {
        return Ok(None);
    };
    let text = if value.len() <= LONGEST { form::text(value) } else { None };
    if text.is_some() { Ok(text) } else { Err(RejectReason::ParameterInvalid(name)) }
}

/// Returns a value as a text that outlives the request.
fn owned(name: &'static str, value: Option<Cow<'_, [u8]>>) -> Result<Option<String>, RejectReason> {
    Ok(text(name, value)?.map(Cow::into_owned))
}

/// Returns a value for a query to storage. Values with control characters are refused: no server
/// issues them, and some stores fail on them.
pub(super) fn name(
    name: &'static str,
    value: Option<Cow<'_, [u8]>>,
) -> Result<Option<String>, RejectReason> {
    let Some(text) = text(name, value)? else {
        return Ok(None);
    };
    if has_control(&text) {
        return Err(RejectReason::ControlCharacter(name.to_owned()));
    }
    Ok(Some(text.into_owned()))
}

fn has_control(text: &str) -> bool {
    !percent::is_printable(text.as_bytes()) && text.contains(char::is_control)
}

/// Returns the request's other parameters that are UTF-8 text. They can have line breaks, but no
/// NUL, since some stores fail on it.
fn own_parameters(parameters: &Parameters<'_>) -> Result<BTreeMap<String, String>, RejectReason> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let own = parameters.others.iter().filter(|(name, _)| !is_oauth(name));
    let own: BTreeMap<_, _> =
        own.filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect();
    match own.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
        Some((name, _)) => Err(RejectReason::ControlCharacter(name.chars().take(100).collect())),
        None => Ok(own),
    }
}

/// Reads a positive integer (RFC 5849 §3.3).
fn timestamp(text: &[u8]) -> Result<u64, RejectReason> {
    let add = |number: u64, digit: &u8| {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 { None } else { number.checked_mul(10)?.checked_add(digit.into()) }
    };
    let number = if text.len() <= LONGEST { text.iter().try_fold(0, add) } else { None };
    match number {
        Some(number) if number > 0 => Ok(number),
        _ => Err(RejectReason::ParameterInvalid(TIMESTAMP)),
    }
}
