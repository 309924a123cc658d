//! Our relying party discovers python3-openid's provider from each kind of document at an
//! identifier, and signs in.

use http::StatusCode;
use interop::openid2_site::{RETURN_TO, Site, options};
use interop::their_openid2_provider::TheirProvider;
use interop::with::With;
use oauth_proto::openid2::{Authorize, Options, Version};
use oauth_proto::{Error, Unsupported};

/// The part of an identifier after Jane's name, the same part of the claimed and the local
/// identifier, and the requested documents.
type Way = (&'static str, &'static str, &'static str, &'static [&'static str]);

const WAYS: [Way; 9] = [
    ("", "", "", &["/id/jane"]),
    ("/header", "/header", "/header", &["/id/jane/header", "/id/jane/header?xrds"]),
    ("/meta", "/meta", "/meta", &["/id/jane/meta", "/id/jane/meta?xrds"]),
    ("/link", "/link", "/link", &["/id/jane/link"]),
    ("/both", "/both", "/both", &["/id/jane/both"]),
    ("/many", "/many", "/many", &["/id/jane/many"]),
    ("/delegated", "/delegated", "", &["/id/jane/delegated"]),
    ("/delegated-link", "/delegated-link", "", &["/id/jane/delegated-link"]),
    ("/redirect", "", "", &["/id/jane/redirect", "/id/jane"]),
];

const WAYS_OF_OPENID_1: [Way; 4] = [
    ("/openid1", "/openid1", "/openid1", &["/id/jane/openid1"]),
    ("/openid1-xrds", "/openid1-xrds", "/openid1-xrds", &["/id/jane/openid1-xrds"]),
    ("/openid1-delegated", "/openid1-delegated", "", &["/id/jane/openid1-delegated"]),
    (
        "/openid1-delegated-xrds",
        "/openid1-delegated-xrds",
        "",
        &["/id/jane/openid1-delegated-xrds"],
    ),
];

fn lead_to_the_provider(op: &mut TheirProvider, site: &Site, ways: &[Way], version: Version) {
    for (way, claimed, local, fetched) in ways {
        let found = site.discover(&op.jane(way)).unwrap_or_else(|error| panic!("{way}: {error}"));
        assert_eq!(op.asked(), *fetched, "{way}");
        assert_eq!((found.version, found.endpoint()), (version, &*op.endpoint()), "{way}");
        assert_eq!(found.claimed_id.as_deref(), Some(&*op.jane(claimed)), "{way}");
        // Without a local identifier, the claimed identifier is the local one.
        let local_id = found.local_id.as_ref().or(found.claimed_id.as_ref());
        assert_eq!(local_id, Some(&op.jane(local)), "{way}");

        let visit = site.visit(Authorize::new(&found, RETURN_TO), "");
        let assertion = site.verify(&visit).unwrap_or_else(|error| panic!("{way}: {error}"));
        assert_eq!((assertion.version, &*assertion.endpoint), (version, &*op.endpoint()), "{way}");
        assert_eq!(assertion.claimed_id.as_deref(), Some(&*op.jane(claimed)), "{way}");
        assert_eq!(assertion.local_id.as_deref(), Some(&*op.jane(local)), "{way}");
        // The identifier is not discovered again.
        assert_eq!(op.asked(), ["checkid_setup", "check_authentication"], "{way}");
    }
}

#[test]
fn every_form_of_discovery_finds_the_provider() {
    lead_to_the_provider(&mut TheirProvider::start(), &Site::default(), &WAYS, Version::V2_0);
}

#[test]
fn the_old_forms_of_discovery_work_if_openid_1_is_allowed() {
    let site = Site::new(options().with(|it| it.allow_openid1 = true));
    let mut op = TheirProvider::start();
    lead_to_the_provider(&mut op, &site, &WAYS_OF_OPENID_1, Version::V1_1);
    // OpenID 2.0 takes precedence over OpenID 1.1.
    lead_to_the_provider(&mut op, &site, &WAYS, Version::V2_0);
}

#[test]
fn an_identifier_may_be_typed_without_its_scheme() {
    let op = TheirProvider::start();
    let typed = op.jane("#top").replace("http://", " ");
    let found = Site::default().discover(&typed).unwrap();
    assert_eq!(found.claimed_id.as_deref(), Some(&*op.jane("")));
}

#[test]
fn an_op_identifier_is_discovered_without_a_claimed_identifier() {
    let mut op = TheirProvider::start();
    let found = Site::default().discover(&op.origin).unwrap();
    assert_eq!(
        (found.endpoint(), found.claimed_id.as_deref(), found.local_id.as_deref()),
        (&*op.endpoint(), None, None)
    );
    assert_eq!(op.asked(), ["/"]);
}

#[test]
fn an_identifier_without_a_provider_is_refused() {
    let op = TheirProvider::start();
    let site = Site::default();
    for way in ["/nothing", "/openid1", "/openid1-xrds"] {
        let error = site.discover(&op.jane(way)).unwrap_err();
        assert!(
            matches!(error, Error::Unsupported(Unsupported::Identifier { .. })),
            "{way}: {error}"
        );
    }
    let error = site.discover(&op.jane("/nowhere")).unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::Identifier { .. })), "{error}");
    assert_eq!(error.response().map(|answer| answer.status), Some(StatusCode::NOT_FOUND));
}

#[test]
fn nothing_is_fetched_from_this_machine_unless_it_is_allowed() {
    let mut op = TheirProvider::start();
    for options in
        [Options::default(), Options::default().with(|it| it.dangerous_allow_http = true)]
    {
        let error = Site::new(options).discover(&op.jane("")).unwrap_err();
        assert!(matches!(error, Error::Unsupported(Unsupported::Identifier { .. })), "{error}");
    }
    assert!(op.asked().is_empty());
}
