//! Associations: keys that the relying party and the provider share.

use crate::pair::*;
use oauth_proto::Timestamp;
use oauth_proto::openid2::{Association, AssociationKind, Authorize, Options, RelyingParty};

#[test]
fn an_association_verifies_answers_without_a_request() {
    let pair = OpenIdPair::default();
    for kind in [
        AssociationKind::DhSha256,
        AssociationKind::DhSha1,
        AssociationKind::NoEncryptionSha256,
        AssociationKind::NoEncryptionSha1,
    ] {
        let party = RelyingParty::new(
            REALM,
            Options::default().with(|it| it.associations = Some([kind].into())),
        )
        .unwrap();
        let discovered = pair.discover("https://jane.example/").unwrap();
        let association = pair.run(party.associate(&discovered, pair.moment())).unwrap().unwrap();
        let short = matches!(kind, AssociationKind::DhSha1 | AssociationKind::NoEncryptionSha1);
        assert_eq!((signs_with(&association) == "HMAC-SHA1"), short);
        assert_eq!(association.expires_at, Timestamp::from_secs(NOW + 24 * 3600));
        let stored: Association =
            serde_json::from_str(&serde_json::to_string(&association).unwrap()).unwrap();
        assert_eq!(association, stored);
        pair.associations.borrow_mut().push(association);

        let authorize =
            Authorize::new(&discovered, RETURN_TO).with(|it| it.association = Some(stored));
        let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
        let callback = pair.approve(&authorization.url().unwrap(), |approval| approval);
        pair.sent.borrow_mut().clear();
        pair.verify(authorization.pending, &callback).unwrap();
        assert!(pair.sent.borrow().is_empty(), "{kind:?}");
    }
}

#[test]
fn a_provider_names_the_kind_that_it_grants() {
    let sha1 = AssociationKind::DhSha1;
    let pair = OpenIdPair::new(
        |options| options,
        |options| options.with(|it| it.associations = Some([sha1].into())),
    );
    let discovered = pair.discover(JANE).unwrap();
    let association = pair.associate(&discovered).unwrap().unwrap();
    assert_eq!(signs_with(&association), "HMAC-SHA1");
    assert_eq!(pair.sent.borrow().iter().filter(|sent| sent.starts_with("POST")).count(), 2);

    let none = OpenIdPair::new(
        |options| options,
        |options| options.with(|it| it.associations = Some([].into())),
    );
    assert_eq!(none.associate(&none.discover(JANE).unwrap()).unwrap(), None);
    none.sign_in(JANE).unwrap();
}

#[test]
fn an_expired_association_is_replaced_by_a_request_to_the_provider() {
    let pair = OpenIdPair::default();
    let discovered = pair.discover(JANE).unwrap();
    let association = pair.associate(&discovered).unwrap().unwrap();
    let handle = association.handle.clone();
    let authorize = Authorize::new(&discovered, RETURN_TO).with(|it| {
        it.association = association.into();
        it.lifetime = std::time::Duration::from_secs(1 << 20);
    });
    let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
    pair.now.set(NOW + 24 * 3600);
    let callback = pair.approve(&authorization.url().unwrap(), |approval| approval);
    let assertion = pair.verify(authorization.pending, &callback).unwrap();
    assert_eq!(assertion.invalidated_handle.as_deref(), Some(handle.as_str()));
}
