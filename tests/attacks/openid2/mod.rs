//! OpenID 2.0: assertions, discovered documents and requests to a provider that must be refused.

#[path = "../../common/openid2.rs"]
mod pair;

mod assertion;
mod association;
mod discovery;
mod documents;
mod provider;

use crate::common::with::With;
use std::collections::BTreeMap;

use oauth_proto::openid2::{Assertion, Pending};
use oauth_proto::{Error, Forged, Response};
use pair::*;

const JOHN: &str = "https://op.example/id/john";

/// An identifier whose page supports only OpenID 1.1.
const OLD: &str = "https://old.example/";

const IDENTIFIER_SELECT: &str = "http://specs.openid.net/auth/2.0/identifier_select";

fn stored(pending: &Pending) -> Pending {
    serde_json::from_str(&serde_json::to_string(pending).unwrap()).unwrap()
}

fn forged(error: Error) -> Forged {
    match error {
        Error::Forged(forged) => forged,
        error => panic!("{error}"),
    }
}

/// Verifies a changed callback, with and without an association, and returns the errors.
fn with_change(change: impl Fn(&mut BTreeMap<String, String>)) -> Vec<Error> {
    let both = [true, false].into_iter().map(|association| {
        let pair = OpenIdPair::default();
        let (pending, callback) = pair.callback("https://jane.example/", association);
        let kept = stored(&pending);
        let error = pair.verify(pending, &changed(&callback, &change)).unwrap_err();
        // The refused callback has used up nothing: the unchanged callback is accepted afterwards.
        assert!(pair.verify(kept, &callback).is_ok(), "{error}");
        error
    });
    both.collect()
}

/// Verifies a changed callback whose signature is valid, and returns the results. The changed
/// fields are signed with the association's key, or confirmed by a provider that confirms
/// everything.
fn with_signed_change(
    pair: impl Fn() -> OpenIdPair,
    identifier: &str,
    change: impl Fn(&mut BTreeMap<String, String>),
) -> Vec<Result<Assertion, Error>> {
    let both = [true, false].into_iter().map(|association| {
        let pair = pair();
        let (pending, callback) = pair.callback(identifier, association);
        let mut callback = changed(&callback, &change);
        if association {
            callback = signed(pair.associations.borrow().last().unwrap(), &callback);
        } else {
            confirming(&pair, ENDPOINT);
        }
        pair.verify(pending, &callback)
    });
    both.collect()
}

/// Puts a provider at an endpoint that confirms every assertion.
fn confirming(pair: &OpenIdPair, endpoint: &str) {
    let yes = b"ns:http://specs.openid.net/auth/2.0\nis_valid:true\n".to_vec();
    pair.page(endpoint, Response::new(yes));
}

/// Returns a provider and a relying party that also speak OpenID 1.1 (§14).
fn first_version() -> OpenIdPair {
    let pair = OpenIdPair::new(
        |it| it.with(|it| it.allow_openid1 = true),
        |it| it.with(|it| it.allow_openid1 = true),
    );
    let links =
        format!("<link rel=openid.server href={ENDPOINT}><link rel=openid.delegate href={JANE}>");
    pair.page(OLD, html(&format!("<head>{links}</head>")));
    pair
}

fn unlisted(fields: &mut BTreeMap<String, String>, field: &str) {
    let signed = fields["openid.signed"]
        .split(',')
        .filter(|own| *own != field)
        .collect::<Vec<_>>()
        .join(",");
    fields.insert("openid.signed".into(), signed);
}
