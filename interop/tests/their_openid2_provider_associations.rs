//! Our relying party at python3-openid's provider, with and without associations.

use interop::with::With;
use std::time::Duration;

use interop::exchange::Clock;
use interop::openid2_site::{RETURN_TO, Site, Visit, options, signs_with};
use interop::their_openid2_provider::TheirProvider;
use oauth_proto::Moment;
use oauth_proto::openid2::{Association, AssociationKind, Authorize, Discovered, Version};
use serde_json::json;

const SHA1: AssociationKind = AssociationKind::DhSha1;
const SHA256: AssociationKind = AssociationKind::DhSha256;
const PLAIN_SHA1: AssociationKind = AssociationKind::NoEncryptionSha1;
const PLAIN_SHA256: AssociationKind = AssociationKind::NoEncryptionSha256;

/// The number of associations.
const TIMES: usize = 20;

/// Sends a user to the provider, with or without an association.
fn visit(site: &Site, found: &Discovered, key: Option<&Association>) -> Visit {
    site.visit(Authorize::new(found, RETURN_TO).with(|it| it.association = key.cloned()), "")
}

#[test]
fn each_kind_of_key_verifies_answers_without_a_request() {
    let mut op = TheirProvider::start();
    for kind in [SHA256, SHA1, PLAIN_SHA256, PLAIN_SHA1] {
        let site = Site::new(options().with(|it| it.associations = Some([kind].into())));
        let found = site.discover(&op.jane("")).unwrap();
        let key = site.associate(&found).unwrap().expect("an association");
        let short = matches!(kind, SHA1 | PLAIN_SHA1);
        assert_eq!((signs_with(&key) == "HMAC-SHA1"), short);
        assert_eq!(key.endpoint, op.endpoint());
        let other = site.discover(&op.jane("/link")).unwrap();
        op.asked();
        // One association is valid for all users of a provider.
        for (found, way) in [(&found, ""), (&other, "/link"), (&found, "")] {
            let visit = visit(&site, found, Some(&key));
            assert_eq!(visit.field("assoc_handle").as_deref(), Some(&*key.handle), "{kind:?}");
            let assertion = site.verify(&visit).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
            assert_eq!(
                (assertion.claimed_id.as_deref(), assertion.invalidated_handle.as_deref()),
                (Some(&*op.jane(way)), None),
                "{kind:?}"
            );
        }
        assert_eq!(op.asked(), ["checkid_setup"; 3], "{kind:?}");
    }
}

/// Repeated, since random numbers may begin with a zero byte, or with a bit that could be read as a
/// sign.
#[test]
fn both_sides_compute_the_same_key_for_all_numbers() {
    let op = TheirProvider::start();
    for kind in [SHA256, SHA1] {
        let site = Site::new(options().with(|it| it.associations = Some([kind].into())));
        let found = site.discover(&op.jane("")).unwrap();
        for _ in 0..TIMES {
            let key = site.associate(&found).unwrap().expect("an association");
            assert!(site.verify(&visit(&site, &found, Some(&key))).is_ok(), "{kind:?}");
        }
    }
}

#[test]
fn the_best_kind_is_requested_by_default() {
    let op = TheirProvider::start();
    let site = Site::default();
    let key =
        site.associate(&site.discover(&op.jane("")).unwrap()).unwrap().expect("an association");
    assert_eq!(signs_with(&key), "HMAC-SHA256");
}

#[test]
fn the_kind_that_the_provider_names_is_requested_once() {
    // The specification requires status 400, and the library sends 200.
    for status in [200, 400] {
        let mut op = TheirProvider::with(&json!({
            "associations": [["HMAC-SHA1", "DH-SHA1"]], "unsupported_status": status,
        }));
        let site = Site::default();
        let found = site.discover(&op.jane("")).unwrap();
        let key = site.associate(&found).unwrap().expect("an association");
        assert_eq!(signs_with(&key), "HMAC-SHA1", "{status}");
        assert!(site.verify(&visit(&site, &found, Some(&key))).is_ok(), "{status}");
        assert_eq!(op.asked(), ["/id/jane", "associate", "associate", "checkid_setup"], "{status}");
    }
}

#[test]
fn a_kind_that_is_not_wanted_is_refused() {
    for status in [200, 400] {
        let mut op = TheirProvider::with(&json!({
            "associations": [["HMAC-SHA1", "DH-SHA1"]], "unsupported_status": status,
        }));
        let site = Site::new(options().with(|it| it.associations = Some([SHA256].into())));
        let found = site.discover(&op.jane("")).unwrap();
        assert_eq!(site.associate(&found).unwrap(), None, "{status}");
        assert_eq!(op.asked(), ["/id/jane", "associate"], "{status}");
    }
}

#[test]
fn without_an_association_the_provider_is_asked() {
    for status in [200, 400] {
        let mut op =
            TheirProvider::with(&json!({ "associations": [], "unsupported_status": status }));
        let site = Site::default();
        let found = site.discover(&op.jane("")).unwrap();
        let key = site.associate(&found).unwrap();
        assert_eq!(key, None, "{status}");
        let assertion = site.verify(&visit(&site, &found, key.as_ref())).unwrap();
        assert_eq!(assertion.claimed_id.as_deref(), Some(&*op.jane("")), "{status}");
        assert_eq!(
            op.asked(),
            ["/id/jane", "associate", "checkid_setup", "check_authentication"],
            "{status}"
        );
    }
}

#[test]
fn no_association_is_requested_if_none_is_wanted() {
    let mut op = TheirProvider::start();
    let site = Site::new(options().with(|it| it.associations = Some([].into())));
    let found = site.discover(&op.jane("")).unwrap();
    assert_eq!(site.associate(&found).unwrap(), None);
    assert_eq!(op.asked(), ["/id/jane"]);
}

#[test]
fn a_key_that_the_provider_has_forgotten_is_reported_for_removal() {
    let mut op = TheirProvider::start();
    let site = Site::default();
    let found = site.discover(&op.jane("")).unwrap();
    let key = site.associate(&found).unwrap().expect("an association");
    op.change(&json!({ "forgets": true }));

    let visit = visit(&site, &found, Some(&key));
    assert_eq!(visit.field("invalidate_handle").as_deref(), Some(&*key.handle));
    assert_ne!(visit.field("assoc_handle").as_deref(), Some(&*key.handle));
    let assertion = site.verify(&visit).unwrap();
    assert_eq!(assertion.invalidated_handle.as_deref(), Some(&*key.handle));
    assert_eq!(assertion.claimed_id.as_deref(), Some(&*op.jane("")));
    assert_eq!(op.asked(), ["checkid_setup", "check_authentication"]);
}

#[test]
fn an_attacker_cannot_cause_the_removal_of_a_valid_key() {
    let op = TheirProvider::start();
    let site = Site::default();
    let found = site.discover(&op.jane("")).unwrap();
    let key = site.associate(&found).unwrap().expect("an association");
    // An assertion that was signed without our association, with an unsigned `invalidate_handle`.
    let visit = visit(&site, &found, None).with_argument("invalidate_handle", Some(&*key.handle));
    assert_eq!(site.verify(&visit).unwrap().invalidated_handle.as_deref(), None);
}

#[test]
fn a_key_is_used_until_it_expires() {
    let mut op = TheirProvider::with(&json!({ "lifetime": 600 }));
    let site = Site::default();
    let found = site.discover(&op.jane("")).unwrap();
    let clock = Clock::default();
    let key = site.associate(&found).unwrap().expect("an association");
    let left = clock.moment().now.until(key.expires_at);
    assert!(left > Duration::from_secs(500) && left <= Duration::from_secs(660), "{left:?}");

    let asked = |moment: Moment| {
        let authorize =
            Authorize::new(&found, RETURN_TO).with(|it| it.association = key.clone().into());
        let asked = site.party.authorize(authorize, moment).unwrap();
        asked.pending.association_handle.as_ref() == Some(&key.handle)
    };
    assert!(asked(clock.moment()));
    clock.advance(Duration::from_secs(661));
    assert!(!asked(clock.moment()));
    assert_eq!(op.asked(), ["/id/jane", "associate"]);
}

#[test]
fn in_openid_1_there_is_one_kind_of_key() {
    let mut op = TheirProvider::start();
    for kinds in [vec![SHA256, SHA1], vec![PLAIN_SHA256, PLAIN_SHA1]] {
        let site = Site::new(options().with(|it| {
            it.allow_openid1 = true;
            it.associations = Some(kinds.clone());
        }));
        let found = site.discover(&op.jane("/openid1-delegated")).unwrap();
        let key = site.associate(&found).unwrap().expect("an association");
        assert_eq!((found.version, signs_with(&key)), (Version::V1_1, "HMAC-SHA1".to_owned()));
        let visit = visit(&site, &found, Some(&key));
        assert_eq!(visit.field("assoc_handle").as_deref(), Some(&*key.handle), "{kinds:?}");
        let assertion = site.verify(&visit).unwrap_or_else(|error| panic!("{kinds:?}: {error}"));
        assert_eq!(assertion.local_id.as_deref(), Some(&*op.jane("")), "{kinds:?}");
        assert_eq!(
            op.asked(),
            ["/id/jane/openid1-delegated", "associate", "checkid_setup"],
            "{kinds:?}"
        );
    }
}

#[test]
fn in_openid_1_a_provider_that_grants_no_key_is_asked() {
    let mut op = TheirProvider::with(&json!({ "associations": [] }));
    let site = Site::new(options().with(|it| it.allow_openid1 = true));
    let found = site.discover(&op.jane("/openid1")).unwrap();
    assert_eq!(site.associate(&found).unwrap(), None);
    assert!(site.verify(&visit(&site, &found, None)).is_ok());
    assert_eq!(
        op.asked(),
        ["/id/jane/openid1", "associate", "checkid_setup", "check_authentication"]
    );
}

#[test]
fn in_openid_1_too_a_key_that_the_provider_has_forgotten_is_reported_for_removal() {
    let mut op = TheirProvider::start();
    let site = Site::new(options().with(|it| it.allow_openid1 = true));
    let found = site.discover(&op.jane("/openid1")).unwrap();
    let key = site.associate(&found).unwrap().expect("an association");
    op.change(&json!({ "forgets": true }));
    let assertion = site.verify(&visit(&site, &found, Some(&key))).unwrap();
    assert_eq!(assertion.invalidated_handle.as_deref(), Some(&*key.handle));
}
