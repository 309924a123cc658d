//! The values that are computed once per set of credentials, and the hot path that uses them.

use std::borrow::Cow;

use super::base_string;
use super::key::{Key, ROOM, Signature};
use super::mac::MacOutput;
use super::method::signing_key;
use super::request_target::RequestTarget;
use super::scheme::Scheme;
use super::stamp::StampText;
use crate::Error;
use crate::oauth1::credentials::{ClientCredentials, TokenCredentials};
use crate::oauth1::names::{
    CONSUMER_KEY, NONCE, SIGNATURE, SIGNATURE_METHOD, TIMESTAMP, TOKEN, VERSION,
};
use crate::wire::{form, percent};

/// The key with its schedule, and all texts around nonce, timestamp and signature.
#[derive(Clone)]
pub(super) struct Prepared {
    key: Key,
    consumer_key: String,
    method: String,
    token: Option<String>,
    version: bool,
    /// The texts of the base string: before the nonce, between nonce and timestamp, and after the
    /// timestamp.
    base: [Box<[u8]>; 3],
    /// The texts of the header: before the nonce, between signature and timestamp, and after the
    /// timestamp.
    header: [Box<str>; 3],
    has_realm: bool,
}

impl Prepared {
    pub(super) fn new(
        scheme: &Scheme,
        client: &ClientCredentials,
        token: Option<&TokenCredentials>,
    ) -> Self {
        let method = scheme.method.name();
        let key = signing_key(
            &client.secret,
            token.map(|token| &token.secret),
            scheme.key_encoding.unwrap_or_default(),
        );
        let token = token.map(|token| token.token.clone());

        let twice = |text: &str| percent::encode(percent::encode(text));
        let mut base = [
            format!("{CONSUMER_KEY}%3D{}%26{NONCE}%3D", twice(&client.key)),
            format!("%26{SIGNATURE_METHOD}%3D{}%26{TIMESTAMP}%3D", twice(method)),
            String::new(),
        ];
        let realm = scheme.realm.as_deref().map(quoted).unwrap_or_default();
        let mut header = [
            format!(
                "{SCHEME}{realm}{CONSUMER_KEY}=\"{}\", {NONCE}=\"",
                percent::encode(&client.key)
            ),
            format!("\", {SIGNATURE_METHOD}=\"{}\", {TIMESTAMP}=\"", percent::encode(method)),
            "\"".to_owned(),
        ];
        if let Some(token) = &token {
            base[2] += &format!("%26{TOKEN}%3D{}", twice(token));
            header[2] += &format!(", {TOKEN}=\"{}\"", percent::encode(token));
        }
        if !scheme.omit_version {
            base[2] += &format!("%26{VERSION}%3D1.0");
            header[2] += &format!(", {VERSION}=\"1.0\"");
        }
        Self {
            key: Key::new(&scheme.method, key),
            consumer_key: client.key.clone(),
            method: method.to_owned(),
            token,
            version: !scheme.omit_version,
            base: base.map(|text| text.into_bytes().into()),
            header: header.map(Into::into),
            has_realm: !realm.is_empty(),
        }
    }

    /// Signs a request. Its own parameters, decoded, are `pair(0)` to `pair(count - 1)`. `names`
    /// says whether any of their names begins with `oauth_`.
    pub(super) fn sign<'p, 'd>(
        &self,
        place: RequestTarget<'_>,
        count: usize,
        pair: impl Fn(usize) -> (&'p [u8], &'p [u8]),
        stamp: StampText<'_>,
        names: OwnNames,
        digits: &'d mut MacOutput,
    ) -> Result<Signature<'d>, Error> {
        self.key.sign(&self.method, stamp.randomness, digits, |writer| {
            base_string::write_place(writer, place);
            if stamp.extra.is_empty() && names == OwnNames::Others {
                // The usual case: the protocol's parameters are one block of prepared text among
                // the others.
                let [before_nonce, before_timestamp, after_timestamp] = &self.base;
                base_string::write_parameters(writer, count, pair, |writer| {
                    writer.prepared(before_nonce);
                    if stamp.plain {
                        writer.prepared(stamp.nonce.as_bytes());
                    } else {
                        writer.twice(stamp.nonce.as_bytes());
                    }
                    writer.prepared(before_timestamp);
                    writer.prepared(stamp.timestamp.as_bytes());
                    writer.prepared(after_timestamp);
                });
            } else {
                let protocol = self.protocol(stamp);
                let mut all: Vec<(&[u8], &[u8])> = Vec::with_capacity(count + protocol.len());
                all.extend((0..count).map(|at| -> (&[u8], &[u8]) { pair(at) }));
                all.extend(
                    protocol.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())),
                );
                base_string::write_all(writer, &all);
            }
        })
    }

    /// Returns the value of the `Authorization` header.
    pub(super) fn header(
        &self,
        realm: Option<&str>,
        stamp: StampText<'_>,
        signature: &Signature<'_>,
    ) -> String {
        let [before_nonce, before_timestamp, after_timestamp] = self.header.each_ref();
        // The realm of the scheme is in the prepared text. A realm of the request is rare.
        let before_nonce: Cow<'_, str> = match realm.filter(|_| !self.has_realm) {
            None => before_nonce.as_ref().into(),
            Some(realm) => [SCHEME, &quoted(realm), &before_nonce[SCHEME.len()..]].concat().into(),
        };
        let nonce =
            if stamp.plain { stamp.nonce.into() } else { Cow::Owned(percent::encode(stamp.nonce)) };
        let mut room = ROOM;
        let signature = signature.encoded(&mut room);
        let mut rest = String::new();
        for (name, value) in stamp.extra {
            rest += ", ";
            percent::encode_into(&mut rest, name.as_bytes());
            rest += "=\"";
            percent::encode_into(&mut rest, value.as_bytes());
            rest.push('"');
        }
        let prepared = before_nonce.len()
            + BEFORE_SIGNATURE.len()
            + before_timestamp.len()
            + after_timestamp.len();
        let written = nonce.len() + signature.len() + stamp.timestamp.len() + rest.len();
        // The capacity is exact, since a header value with unused capacity is allocated twice.
        let mut header = String::with_capacity(prepared + written);
        header.push_str(&before_nonce);
        header.push_str(&nonce);
        header.push_str(BEFORE_SIGNATURE);
        header.push_str(&signature);
        header.push_str(before_timestamp);
        header.push_str(stamp.timestamp);
        header.push_str(after_timestamp);
        if !rest.is_empty() {
            header.push_str(&rest);
        }
        header
    }

    /// Returns the protocol parameters as pairs of a form or a query.
    pub(super) fn form(&self, stamp: StampText<'_>, signature: &Signature<'_>) -> String {
        let mut protocol = self.protocol(stamp);
        let signature = signature.value();
        protocol.push((SIGNATURE, &signature));
        form::encode(protocol)
    }

    /// Returns the protocol parameters except the signature.
    fn protocol<'a>(&'a self, stamp: StampText<'a>) -> Vec<(&'a str, &'a str)> {
        let always = [
            (CONSUMER_KEY, self.consumer_key.as_str()),
            (NONCE, stamp.nonce),
            (SIGNATURE_METHOD, &self.method),
            (TIMESTAMP, stamp.timestamp),
        ];
        let token = self.token.as_deref().map(|token| (TOKEN, token));
        let version = self.version.then_some((VERSION, "1.0"));
        let extra = stamp.extra.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        always.into_iter().chain(token).chain(version).chain(extra).collect()
    }
}

/// Whether names of a request's own parameters begin with `oauth_`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnNames {
    Others,
    WithOAuth,
}

/// The text between the nonce and the signature in the header.
const BEFORE_SIGNATURE: &str = "\", oauth_signature=\"";

/// The beginning of the header.
const SCHEME: &str = "OAuth ";

/// Returns a realm as a quoted parameter of the header, with the separator after it (RFC 9110
/// §5.6.4).
fn quoted(realm: &str) -> String {
    format!("realm=\"{}\", ", realm.replace('\\', "\\\\").replace('"', "\\\""))
}
