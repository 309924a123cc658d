//! Associations that must be refused, and keys that must not be disclosed.

use crate::common::with::With;
use std::collections::BTreeMap;
use std::time::Duration;

use super::pair::*;
use super::*;
use oauth_proto::openid2::AssertionError;
use oauth_proto::openid2::server::Provider;
use oauth_proto::openid2::server::store::Store;
use oauth_proto::openid2::{
    Association, AssociationKind, Authorize, Discovered, Options, Pending, RelyingParty,
};
use oauth_proto::{Error, Forged, Misbehaved, Response, Step, Timestamp, Unsupported};

/// §8.2.1: an attacker who has found the key of an expired association cannot use it.
///
/// Row `expired-association`.
#[test]
fn an_association_is_not_used_after_its_time() {
    let mut pair = OpenIdPair::default();
    pair.provider = pair.provider.with(|it| it.association_lifetime = Duration::from_secs(60));
    let (pending, callback) = pair.callback(JANE, true);
    pair.now.set(NOW + 60);
    pair.sent.borrow_mut().clear();
    // The relying party asks the provider to confirm the assertion. The provider has dropped the
    // association, so it does not confirm it.
    assert_eq!(
        forged(pair.verify(stored(&pending), &callback).unwrap_err()),
        Forged::OpenId2(AssertionError::Signature)
    );
    assert_eq!(pair.sent.borrow().as_slice(), [format!("POST {ENDPOINT}")]);
    pair.now.set(NOW + 59);
    pair.verify(pending, &callback).unwrap();
}

/// §11.4.2.2: a valid association is not dropped because of an unsigned field, or because of a
/// response about another association.
///
/// Row `good-handle-invalidated`.
#[test]
fn a_good_association_is_not_invalidated_by_an_unsigned_field() {
    let pair = OpenIdPair::default();
    // The provider has lost the association with the handle `lost`.
    let discovered = pair.discover(JANE).unwrap();
    let good = pair.associate(&discovered).unwrap().unwrap();
    let mut lost = serde_json::to_value(&good).unwrap();
    lost["handle"] = "lost".into();
    let lost: Association = serde_json::from_value(lost).unwrap();
    let begin = |association: Option<&Association>| {
        let authorize =
            Authorize::new(&discovered, RETURN_TO).with(|it| it.association = association.cloned());
        let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
        let callback = pair.approve(&authorization.url().unwrap(), |approval| approval);
        (authorization.pending, callback)
    };
    let invalidated = |pending: Pending, callback: &str| {
        let step = pair.party.redeem(
            pending.with(|it| it.association = Some(lost.clone())),
            callback,
            pair.moment(),
        );
        let checked = pair.run(step).unwrap();
        let Ok(one_time_use) = pair.nonces.remember_once(&checked.query);
        checked.answer(one_time_use).unwrap().invalidated_handle
    };
    let (pending, callback) = begin(Some(&lost));
    assert_eq!(fields(&callback)["openid.invalidate_handle"], "lost");
    assert_eq!(invalidated(pending, &callback).as_deref(), Some("lost"));
    // The callback contains `invalidate_handle`, but the provider does not confirm it.
    let (pending, callback) = begin(None);
    let named = changed(&callback, |fields| {
        drop(fields.insert("openid.invalidate_handle".into(), good.handle.to_owned()));
    });
    assert_eq!(invalidated(pending, &named), None);
    // In the second case, the provider invalidates another handle. In the third case, the callback
    // contained no `invalidate_handle`.
    for (asked, said, expected) in
        [(Some(&lost), "lost", Some("lost")), (Some(&lost), "other", None), (None, "lost", None)]
    {
        let (pending, callback) = begin(asked);
        pair.page(
            ENDPOINT,
            Response::new(format!("is_valid:true\ninvalidate_handle:{said}\n").into_bytes()),
        );
        assert_eq!(invalidated(pending, &callback).as_deref(), expected, "{said}");
        pair.pages.borrow_mut().remove(ENDPOINT);
    }
}

/// Row `poisoned-handle`.
#[test]
fn an_association_of_another_provider_is_not_used() {
    // The association is with another provider, and the attacker has its key.
    let pair = OpenIdPair::default();
    let elsewhere = OpenIdPair::default();
    let foreign = {
        let mut association =
            serde_json::to_value(elsewhere.associate(&elsewhere.discover(JANE).unwrap()).unwrap())
                .unwrap();
        association["endpoint"] = "https://evil.example/openid".into();
        serde_json::from_value(association).unwrap()
    };
    let discovered = pair.discover(JANE).unwrap();
    let authorize =
        Authorize::new(&discovered, RETURN_TO).with(|it| it.association = Some(foreign));
    let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
    assert!(!authorization.url().unwrap().contains("assoc_handle"));
    // An association with another provider is not used to verify the response either.
    let (pending, callback) = pair.callback(JANE, true);
    let mut kept = serde_json::to_value(pair.associations.borrow().last()).unwrap();
    kept["endpoint"] = "https://evil.example/openid".into();
    *pair.associations.borrow_mut() = vec![serde_json::from_value(kept).unwrap()];
    let error = pair.verify(pending, &callback).unwrap_err();
    assert_eq!(
        forged(error),
        Forged::OpenId2(AssertionError::Signature),
        "the provider confirms nothing that a shared key signed"
    );
}

/// Row `association-in-a-cookie`.
#[test]
fn the_key_of_an_association_is_not_in_a_pending_value() {
    // All users share the key, so a user must not have it. Without the association, the relying
    // party does not ask the provider about the response.
    let pair = OpenIdPair::default();
    let (pending, callback) = pair.callback(JANE, true);
    let key = serde_json::to_value(pair.associations.borrow().last()).unwrap()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(!serde_json::to_string(&pending).unwrap().contains(&key));
    pair.sent.borrow_mut().clear();
    let error = pair.party.redeem(pending, &callback, pair.moment()).unwrap_err();
    assert_eq!(error, Unsupported::NoAssociation.into());
    // A newer association with the same provider has another key, so it is not used either.
    let (pending, callback) = pair.callback(JANE, true);
    let newer = pair.associate(&pair.discover(JANE).unwrap()).unwrap().unwrap();
    assert_eq!(
        (pending.endpoint(), pending.association_handle.as_deref() == Some(&*newer.handle)),
        (ENDPOINT, false)
    );
    pair.sent.borrow_mut().clear();
    let error = pair
        .party
        .redeem(pending.with(|it| it.association = Some(newer)), &callback, pair.moment())
        .unwrap_err();
    assert_eq!(error, Unsupported::NoAssociation.into());
    assert!(pair.sent.borrow().is_empty());
}

/// Requests an association, changes fields of the provider's response, and returns the result.
fn granted(
    pair: &OpenIdPair,
    change: impl FnOnce(&mut BTreeMap<String, String>),
) -> Result<Step<Option<Association>>, Error> {
    let discovered = pair.discover(JANE).unwrap();
    let Step::Send(request, sent) = pair.party.associate(&discovered, pair.moment()).unwrap()
    else {
        panic!()
    };
    let mut fields = key_value(pair.send(&request).body());
    change(&mut fields);
    let body: String = fields.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    sent.receive(Response::new(body.into_bytes()), pair.moment())
}

/// Row `association-forged`.
#[test]
fn an_inconsistent_association_is_refused() {
    let pair = OpenIdPair::default();
    assert!(granted(&pair, |_| {}).is_ok());
    for (name, value) in [
        // With the public keys 1 and 0, everyone could compute the shared key.
        ("dh_server_public", "AQ=="),
        ("dh_server_public", "AA=="),
        ("dh_server_public", ""),
        ("enc_mac_key", "AAAA"),
        ("session_type", "no-encryption"),
        ("assoc_type", "HMAC-SHA1"),
        ("assoc_handle", "with space"),
        ("expires_in", "-1"),
        ("expires_in", "soon"),
    ] {
        let error =
            granted(&pair, |fields| drop(fields.insert(name.into(), value.into()))).unwrap_err();
        let named = matches!(
            error,
            Error::Misbehaved(Misbehaved::FieldInvalid { field, .. }) if field == name
        );
        assert!(named, "{name}: {error}");
    }
}

/// §8.2.1: the lifetime of an association is limited, even if the provider sends a longer one.
///
/// Row `association-for-ever`.
#[test]
fn an_association_is_not_kept_for_ever() {
    const DAY: u64 = 24 * 3600;
    let pair = OpenIdPair::default();
    for (said, kept) in
        [(u64::MAX, 14 * DAY), (15 * DAY, 14 * DAY), (14 * DAY, 14 * DAY), (13 * DAY, 13 * DAY)]
    {
        let step =
            granted(&pair, |fields| drop(fields.insert("expires_in".into(), said.to_string())));
        let Ok(Step::Done(Some(association))) = step else { panic!("{said}") };
        assert_eq!(association.expires_at, Timestamp::from_secs(NOW + kept), "{said}");
    }
}

/// Row `plain-association`.
#[test]
fn no_key_is_sent_unencrypted_without_tls() {
    // Without TLS, the relying party does not request an unencrypted key, and the provider does not
    // send one.
    let plain = Options::default().with(|it| {
        it.dangerous_allow_http = true;
        it.associations = Some([AssociationKind::NoEncryptionSha256].into());
    });
    let party = RelyingParty::new(REALM, plain).unwrap();
    let discovered = Discovered::known_provider("http://op.example/openid").unwrap();
    let pair = OpenIdPair::default();
    assert!(matches!(party.associate(&discovered, pair.moment()).unwrap(), Step::Done(None)));

    let secret = oauth_proto::Secret::new("0123456789abcdef0123456789abcdef");
    assert!(Provider::new("http://op.example/openid", &secret, Options::default()).is_err());
    let provider = Provider::new(
        "http://op.example/openid",
        &secret,
        Options::default().with(|it| it.dangerous_allow_http = true),
    )
    .unwrap();
    let form = "openid.ns=http%3A%2F%2Fspecs.openid.net%2Fauth%2F2.0&openid.mode=associate\
        &openid.assoc_type=HMAC-SHA256&openid.session_type=no-encryption";
    let oauth_proto::openid2::server::ServerStep::Reject(rejected) =
        provider.dispatch(&post(form), pair.moment())
    else {
        panic!()
    };
    let body = String::from_utf8(rejected.response().into_body()).unwrap();
    assert!(
        body.contains("error_code:unsupported-type\n") && body.contains("session_type:DH-SHA256\n"),
        "{body}"
    );
    assert!(!body.contains("mac_key"), "{body}");
}
