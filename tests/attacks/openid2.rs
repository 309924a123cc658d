//! OpenID 2.0: what must be refused of an assertion, of what is discovered, and of those who ask a provider.

#[path = "../common/openid2.rs"]
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use oauth_proto::openid2::ax::{self, Attribute, FetchRequest};
use oauth_proto::openid2::server::{Approval, Dispatched, Provider, RejectReason};
use oauth_proto::openid2::sreg::{self, Field};
use oauth_proto::openid2::{
    Assertion, Association, AssociationKind, Authorize, Discovered, Extension, Options, Pending, RelyingParty, Store,
    oauth, pape, user_links,
};
use oauth_proto::{Error, Expired, Forged, Misbehaved, Response, Step, Timestamp, Unsupported};
use world::*;

const JOHN: &str = "https://op.example/id/john";
/// A page that knows nothing newer than OpenID 1.1.
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

/// What verifying comes to when the callback is changed, with an association and without.
fn with_change(change: impl Fn(&mut BTreeMap<String, String>)) -> Vec<Error> {
    let both = [true, false].into_iter().map(|association| {
        let world = World::default();
        let (pending, callback) = world.callback("https://jane.example/", association);
        let kept = stored(&pending);
        let error = world.verify(pending, &changed(&callback, &change)).unwrap_err();
        // Nothing is spent by what was refused.
        assert!(world.verify(kept, &callback).is_ok(), "{error}");
        error
    });
    both.collect()
}

/// What verifying comes to when the signature is not what is wrong: what was changed is signed with the association's key,
/// or confirmed by a provider that confirms everything.
fn with_signed_change(
    world: impl Fn() -> World,
    identifier: &str,
    change: impl Fn(&mut BTreeMap<String, String>),
) -> Vec<Result<Assertion, Error>> {
    let both = [true, false].into_iter().map(|association| {
        let world = world();
        let (pending, callback) = world.callback(identifier, association);
        let mut callback = changed(&callback, &change);
        if association {
            callback = signed(world.associations.borrow().last().unwrap(), &callback);
        } else {
            confirming(&world, ENDPOINT);
        }
        world.verify(pending, &callback)
    });
    both.collect()
}

/// A provider at that endpoint that confirms whatever it is asked about.
fn confirming(world: &World, endpoint: &str) {
    let yes = b"ns:http://specs.openid.net/auth/2.0\nis_valid:true\n".to_vec();
    world.page(endpoint, Response::new(yes));
}

/// A provider and a site that speak OpenID 1.1 too (§14).
fn first_version() -> World {
    let world = World::new(Options::allow_openid1, Options::allow_openid1);
    let links = format!("<link rel=openid.server href={ENDPOINT}><link rel=openid.delegate href={JANE}>");
    world.page(OLD, html(&format!("<head>{links}</head>")));
    world
}

fn unlisted(fields: &mut BTreeMap<String, String>, field: &str) {
    let signed = fields["openid.signed"].split(',').filter(|own| *own != field).collect::<Vec<_>>().join(",");
    fields.insert("openid.signed".into(), signed);
}

/// §10.1: a short list is signed validly, and says nothing of what it leaves out.
#[test]
fn unsigned_field() {
    for field in ["claimed_id", "identity", "return_to", "op_endpoint", "response_nonce", "assoc_handle"] {
        for result in with_signed_change(World::default, "https://jane.example/", |fields| unlisted(fields, field)) {
            assert_eq!(forged(result.unwrap_err()), Forged::Unsigned { field });
        }
    }
    for field in ["identity", "return_to"] {
        for result in with_signed_change(first_version, OLD, |fields| unlisted(fields, field)) {
            assert_eq!(forged(result.unwrap_err()), Forged::Unsigned { field });
        }
    }
    // What need not be signed may be left out.
    for result in with_signed_change(World::default, JANE, |fields| unlisted(fields, "ns")) {
        assert_eq!(result.unwrap().claimed_id.as_deref(), Some(JANE));
    }
}

/// §7.3.1: what stands for any identifier is nobody's.
#[test]
fn select_asserted() {
    // Somebody serves a document there too, and who takes identifiers without TLS would find it.
    for (claimed_id, identity) in
        [(IDENTIFIER_SELECT, IDENTIFIER_SELECT), (IDENTIFIER_SELECT, JANE), (JANE, IDENTIFIER_SELECT)]
    {
        let world = || {
            let world = World::new(Options::dangerous_allow_http, |options| options);
            world.page(claimed_id, xrds(&user_document(ENDPOINT, Some(identity), &[])));
            world
        };
        for result in with_signed_change(world, "https://op.example/", |fields| {
            fields.insert("openid.claimed_id".into(), claimed_id.into());
            fields.insert("openid.identity".into(), identity.into());
        }) {
            assert_eq!(forged(result.unwrap_err()), Forged::ParameterInvalid { name: "openid.claimed_id" });
        }
    }
}

#[test]
fn field_missing() {
    for field in
        ["claimed_id", "identity", "return_to", "op_endpoint", "response_nonce", "assoc_handle", "sig", "signed"]
    {
        for error in with_change(|fields| drop(fields.remove(&format!("openid.{field}")))) {
            let missing = matches!(forged(error), Forged::ParameterMissing { name } if name.starts_with("openid."));
            assert!(missing, "{field}");
        }
    }
    // Both at once: an answer about nobody, where somebody was asked for.
    for error in with_change(|fields| {
        fields.remove("openid.claimed_id");
        fields.remove("openid.identity");
    }) {
        assert_eq!(forged(error), Forged::ParameterMissing { name: "openid.claimed_id" });
    }
}

#[test]
fn changed_value() {
    for error in with_change(|fields| drop(fields.insert("openid.sig".into(), "AAAA".into()))) {
        assert_eq!(forged(error), Forged::Signature);
    }
    for error in with_change(|fields| drop(fields.insert("openid.claimed_id".into(), "https://john.example/".into()))) {
        assert_eq!(forged(error), Forged::Signature);
    }
    for error in with_change(|fields| drop(fields.insert("openid.claimed_id".into(), "=jane".into()))) {
        assert_eq!(forged(error), Forged::ParameterInvalid { name: "openid.claimed_id" });
    }
    for error in with_change(|fields| drop(fields.insert("openid.ns".into(), "http://openid.net/signon/1.1".into()))) {
        assert_eq!(forged(error), Forged::VersionMismatch);
    }
    for error in with_change(|fields| drop(fields.remove("openid.ns"))) {
        assert_eq!(forged(error), Forged::VersionMismatch);
    }
}

#[test]
fn field_twice() {
    let world = World::default();
    let (pending, callback) = world.callback("https://jane.example/", true);
    for twice in ["openid.claimed_id=https%3A%2F%2Fjohn.example%2F", "openid.ns.x=a&openid.ns.y=a", "openid.ns.mode=a"]
    {
        let error = world.verify(stored(&pending), &format!("{callback}&{twice}")).unwrap_err();
        assert!(matches!(forged(error), Forged::FieldsUnclear { .. }), "{twice}");
    }
    world.verify(pending, &callback).unwrap();
}

fn approved_with_extensions(world: &World, association: bool) -> (Pending, String) {
    let discovered = world.discover(JANE).unwrap();
    let association = association.then(|| world.associate(&discovered).unwrap()).flatten();
    let fetch = FetchRequest { required: vec![Attribute::new("email", ax::EMAIL)], ..FetchRequest::default() };
    let authorize = Authorize::new(&discovered, RETURN_TO).association(association).extension(fetch);
    let authorization = world.party.authorize(authorize, world.moment()).unwrap();
    let callback = world.approve(&authorization.url().unwrap(), |approval| {
        approval
            .extension(ax::FetchResponse::default().attribute(ax::USERNAME, ["jane"]))
            .extension(sreg::Response::default().value(Field::Nickname, "jane"))
    });
    (authorization.pending, callback)
}

#[test]
fn unsigned_extension() {
    for association in [true, false] {
        let world = World::default();
        let (pending, callback) = approved_with_extensions(&world, association);
        let added = changed(&callback, |fields| {
            for (name, value) in [
                ("openid.ax.type.evil", ax::EMAIL),
                ("openid.ax.value.evil", "boss@example.com"),
                ("openid.sreg.email", "boss@example.com"),
                ("openid.ns.more", "http://specs.openid.net/extensions/pape/1.0"),
                ("openid.more.auth_policies", "http://schemas.openid.net/pape/policies/2007/06/multi-factor"),
                ("openid.ns.o", "http://specs.openid.net/extensions/oauth/1.0"),
                ("openid.o.request_token", "evil"),
            ] {
                fields.insert(name.into(), value.into());
            }
        });
        let assertion = world.verify(pending, &added).unwrap();
        let attributes = assertion.extension::<ax::FetchResponse>().unwrap();
        assert_eq!((attributes.first(ax::USERNAME), attributes.first(ax::EMAIL)), (Some("jane"), None));
        let registration = assertion.extension::<sreg::Response>().unwrap();
        assert_eq!((registration.get(Field::Nickname), registration.get(Field::Email)), (Some("jane"), None));
        assert_eq!(assertion.extension::<pape::Response>(), None);
        assert_eq!(assertion.extension::<oauth::Response>(), None);
        assert_eq!(assertion.profile().email, None);
        assert_eq!(assertion.raw_extension(pape::NAMESPACE), None);
    }
}

#[test]
fn unsigned_namespace() {
    // Signed values under an alias that somebody else gave a meaning.
    let world = World::default();
    let authorization = world.begin(world.asking(JANE));
    let extension = Extension::new("http://e.example/", "x")
        .field("mode", "fetch_response")
        .field("type.a", ax::EMAIL)
        .field("value.a", "boss@example.com");
    let callback = world.approve(&authorization.url().unwrap(), |approval| approval.extension(extension));
    let error = world
        .verify(
            stored(&authorization.pending),
            &changed(&callback, |fields| drop(fields.insert("openid.ns.x".into(), ax::NAMESPACE.into()))),
        )
        .unwrap_err();
    assert_eq!(forged(error), Forged::Signature);
    assert_eq!(world.verify(authorization.pending, &callback).unwrap().extension::<ax::FetchResponse>(), None);
}

#[test]
fn return_to_mismatch() {
    let world = World::default();
    let (pending, callback) = world.callback("https://jane.example/", true);
    for (from, to) in [
        ("https://rp.example/", "http://rp.example/"),
        ("https://rp.example/", "https://evil.example/"),
        ("https://rp.example/", "https://rp.example:8443/"),
        ("/back?", "/other?"),
        ("?x=1&", "?x=2&"),
        ("?x=1&", "?"),
        ("?x=1&", "?x=1&x=1&"),
    ] {
        let elsewhere = callback.replacen(from, to, 1);
        assert_ne!(elsewhere, callback);
        let error = world.verify(stored(&pending), &elsewhere).unwrap_err();
        assert!(matches!(forged(error), Forged::ReturnToMismatch { .. }), "{elsewhere}");
    }
    // The assertion's own return_to, for another session of this site.
    let (_, other) = world.callback("https://jane.example/", true);
    let state = fields(&callback)["rp_state"].clone();
    let spliced = changed(&other, |fields| drop(fields.insert("rp_state".into(), state)));
    assert!(matches!(forged(world.verify(stored(&pending), &spliced).unwrap_err()), Forged::ReturnToMismatch { .. }));
    world.verify(pending, &callback).unwrap();
}

#[test]
fn other_session() {
    let world = World::default();
    let (pending, _) = world.callback("https://jane.example/", true);
    let (_, other) = world.callback("https://jane.example/", true);
    assert_eq!(forged(world.verify(stored(&pending), &other).unwrap_err()), Forged::StateMismatch);
    let without = changed(&other, |fields| drop(fields.remove("rp_state")));
    assert_eq!(
        forged(world.verify(stored(&pending), &without).unwrap_err()),
        Forged::ParameterMissing { name: "rp_state" }
    );
    // A refusal that was not meant for this user is none.
    let cancelled = format!("{RETURN_TO}&openid.mode=cancel");
    let missing = Forged::ParameterMissing { name: "rp_state" };
    assert_eq!(forged(world.verify(pending, &cancelled).unwrap_err()), missing);
    let mut other_site = World::default();
    other_site.party = RelyingParty::new("https://rp.example/back", Options::default()).unwrap();
    let (pending, callback) = world.callback("https://jane.example/", true);
    assert_eq!(forged(other_site.verify(pending, &callback).unwrap_err()), Forged::OtherClient);
}

#[test]
fn nonce_replay() {
    let world = World::default();
    for association in [true, false] {
        let (pending, callback) = world.callback("https://jane.example/", association);
        let again = stored(&pending);
        world.verify(pending, &callback).unwrap();
        let error = forged(world.verify(again, &callback).unwrap_err());
        // Without an association it is the provider that confirms nothing twice.
        assert_eq!(error, if association { Forged::Replayed } else { Forged::Signature });
    }
    // Where it does, the answer comes twice all the same.
    let (pending, callback) = world.callback("https://jane.example/", false);
    confirming(&world, ENDPOINT);
    world.verify(stored(&pending), &callback).unwrap();
    assert_eq!(forged(world.verify(pending, &callback).unwrap_err()), Forged::Replayed);
}

/// §14: without a nonce it is the state that comes once, for as long as a stored copy of the pending value counts.
#[test]
fn first_version_replay() {
    let world = first_version();
    let discovered = world.discover(OLD).unwrap();
    let association = world.associate(&discovered).unwrap();
    let authorize = Authorize::new(&discovered, RETURN_TO).association(association).lifetime(Duration::from_secs(900));
    let authorization = world.party.authorize(authorize, world.moment()).unwrap();
    let callback = world.approve(&authorization.url().unwrap(), |approval| approval);
    let pending = || stored(&authorization.pending);

    let step = world.party.redeem(
        pending().association(world.associations.borrow().last().cloned()),
        &callback,
        world.moment(),
    );
    let checked = world.run(step).unwrap();
    // A request that is judged in time may be late when it comes to the store.
    assert!(checked.query().until > pending().expires_at());
    let Ok(one_time_use) = world.nonces.remember_nonce(checked.query());
    checked.answer(one_time_use).unwrap();
    for later in [1, 450, 899] {
        world.now.set(NOW + later);
        assert_eq!(forged(world.verify(pending(), &callback).unwrap_err()), Forged::Replayed, "{later}");
    }
    world.now.set(NOW + 900);
    assert_eq!(world.verify(pending(), &callback).unwrap_err(), Expired::Pending.into());
}

#[test]
fn nonce_old() {
    let world = World::default();
    let (pending, callback) = world.callback("https://jane.example/", true);
    for now in [NOW + 301, NOW - 301] {
        world.now.set(now);
        assert_eq!(forged(world.verify(stored(&pending), &callback).unwrap_err()), Forged::NonceTime);
    }
    world.now.set(NOW + 300);
    let checked = world
        .run(world.party.redeem(
            stored(&pending).association(world.associations.borrow().last().cloned()),
            &callback,
            world.moment(),
        ))
        .unwrap();
    // It is remembered for as long as its time is good.
    assert!(checked.query().until > Timestamp::from_secs(NOW + 300));
    for error in with_change(|fields| drop(fields.insert("openid.response_nonce".into(), "unique".into()))) {
        assert_eq!(forged(error), Forged::NonceTime);
    }
}

#[test]
fn foreign_op() {
    let world = World::default();
    // The provider that was asked speaks for an identifier that names another one.
    world.page("https://john.example/", xrds(&user_document("https://other.example/openid", None, &[])));
    for association in [true, false] {
        let discovered = world.discover("https://op.example/").unwrap();
        let association = association.then(|| world.associate(&discovered).unwrap()).flatten();
        let authorize = Authorize::new(&discovered, RETURN_TO).association(association);
        let authorization = world.party.authorize(authorize, world.moment()).unwrap();
        let url = authorization.url().unwrap();
        let callback = world.approve(&url, |approval| approval.claimed_id("https://john.example/"));
        let expected = Forged::NotDiscovered { claimed_id: "https://john.example/".into(), endpoint: ENDPOINT.into() };
        assert_eq!(forged(world.verify(authorization.pending, &callback).unwrap_err()), expected);
    }
    // An OP identifier is nobody's claimed one, whatever the provider calls the user.
    let authorization = world.begin(world.asking("https://op.example/"));
    let check_id = world.check_id(&authorization.url().unwrap()).unwrap();
    let approval = Approval::new("https://op.example/");
    let callback = location(&world.approve_request(check_id, approval).unwrap());
    let error = forged(world.verify(authorization.pending, &callback).unwrap_err());
    assert!(matches!(error, Forged::NotDiscovered { .. }), "{error}");
    // Nor is it where its document names a user's provider beside.
    let both = user_document(ENDPOINT, Some(JANE), &[]);
    let server =
        "<Service><Type>http://specs.openid.net/auth/2.0/server</Type><URI>https://op.example/openid</URI></Service>";
    world.page("https://both.example/", xrds(&both.replace("</XRD>", &format!("{server}</XRD>"))));
    // And an identifier that only leads to another is not that one.
    world.page("https://moved.example/", redirect(JANE));
    world.page("https://delegated.example/", xrds(&user_document(ENDPOINT, Some(JOHN), &[])));
    for claimed in ["https://both.example/", "https://moved.example/", "https://delegated.example/"] {
        let authorization = world.begin(world.asking("https://op.example/"));
        let callback = world.approve(&authorization.url().unwrap(), |approval| approval.claimed_id(claimed));
        let error = forged(world.verify(authorization.pending, &callback).unwrap_err());
        assert!(matches!(error, Forged::NotDiscovered { .. }), "{claimed}: {error}");
    }
}

#[test]
fn other_local_id() {
    // John has an account at Jane's provider too, and has it speak of her identifier as his.
    for association in [true, false] {
        let world = World::default();
        let discovered = world.discover("https://jane.example/").unwrap();
        let association = association.then(|| world.associate(&discovered).unwrap()).flatten();
        let authorize = Authorize::new(&discovered, RETURN_TO).association(association);
        let authorization = world.party.authorize(authorize, world.moment()).unwrap();
        let anybody = changed(&authorization.url().unwrap(), |fields| {
            for name in ["openid.claimed_id", "openid.identity"] {
                fields.insert(name.into(), "http://specs.openid.net/auth/2.0/identifier_select".into());
            }
        });
        let check_id = world.check_id(&anybody).unwrap();
        let approval = Approval::new(JOHN).claimed_id("https://jane.example/");
        let callback = location(&world.approve_request(check_id, approval).unwrap());
        let error = forged(world.verify(authorization.pending, &callback).unwrap_err());
        assert!(matches!(error, Forged::NotDiscovered { .. }), "{error}");
    }
}

/// §14.2.1: the identifier that was asked about is the one that the answer is about.
#[test]
fn first_version_other_identity() {
    // John has an account at Jane's provider too, and has it answer her question about himself.
    for association in [true, false] {
        let world = first_version();
        let discovered = world.discover(OLD).unwrap();
        let association = association.then(|| world.associate(&discovered).unwrap()).flatten();
        let authorize = Authorize::new(&discovered, RETURN_TO).association(association);
        let authorization = world.party.authorize(authorize, world.moment()).unwrap();
        let url = authorization.url().unwrap();
        let about_john = changed(&url, |fields| drop(fields.insert("openid.identity".into(), JOHN.into())));
        let callback = world.approve(&about_john, |approval| approval);
        let error = forged(world.verify(stored(&authorization.pending), &callback).unwrap_err());
        assert!(matches!(error, Forged::NotDiscovered { .. }), "{error}");
        let callback = world.approve(&url, |approval| approval);
        assert_eq!(world.verify(authorization.pending, &callback).unwrap().claimed_id.as_deref(), Some(OLD));
    }
}

/// §11.2: a document that names a provider for OpenID 1 alone lets it say nothing in version 2.0, where anybody may be asked
/// for.
#[test]
fn other_version_discovered() {
    for (rel, accepted) in [("openid.server", false), ("openid2.provider", true)] {
        for association in [true, false] {
            let world = first_version();
            let links = format!(
                "<link rel={rel} href={ENDPOINT}><link rel=openid.delegate href={JANE}>\
                <link rel=openid2.local_id href={JANE}>"
            );
            world.page(OLD, html(&format!("<head>{links}</head>")));
            let discovered = world.discover("https://op.example/").unwrap();
            let association = association.then(|| world.associate(&discovered).unwrap()).flatten();
            let authorize = Authorize::new(&discovered, RETURN_TO).association(association);
            let authorization = world.party.authorize(authorize, world.moment()).unwrap();
            let callback = world.approve(&authorization.url().unwrap(), |approval| approval.claimed_id(OLD));
            match world.verify(authorization.pending, &callback) {
                Ok(assertion) => assert!(accepted && assertion.claimed_id.as_deref() == Some(OLD)),
                Err(error) => assert!(!accepted && matches!(forged(error), Forged::NotDiscovered { .. })),
            }
        }
    }
}

#[test]
fn check_authentication_forged() {
    // Whoever names a provider of their own in the answer is not believed, and nobody asks that provider.
    let world = World::default();
    confirming(&world, "https://evil.example/openid");
    let (pending, callback) = world.callback("https://jane.example/", false);
    let answer = changed(&callback, |fields| {
        fields.insert("openid.op_endpoint".into(), "https://evil.example/openid".into());
        fields.insert("openid.assoc_handle".into(), "evil".into());
    });
    world.sent.borrow_mut().clear();
    let error = forged(world.verify(pending, &answer).unwrap_err());
    assert!(matches!(error, Forged::ForeignProvider { .. }), "{error}");
    assert!(world.sent.borrow().is_empty());

    // Unasked, the identifier says whom to ask.
    let answer = changed(&answer, |fields| drop(fields.insert("openid.return_to".into(), RETURN_TO.into())));
    let step = world.party.dangerous_redeem_unsolicited(RETURN_TO, &answer, world.moment());
    assert!(matches!(forged(world.run(step).unwrap_err()), Forged::NotDiscovered { .. }));
    assert_eq!(world.sent.borrow().as_slice(), ["GET https://jane.example/"]);
}

/// §11.2: what an answer names as its provider's endpoint is looked at before anything is asked for.
#[test]
fn unsolicited_inside() {
    let verify = |endpoint: &str| {
        let world = World::default();
        let (_, callback) = world.callback(JANE, false);
        world.page(JANE, xrds(&user_document(endpoint, None, &[])));
        confirming(&world, endpoint);
        let answer = changed(&callback, |fields| {
            fields.insert("openid.op_endpoint".into(), endpoint.into());
            fields.insert("openid.return_to".into(), RETURN_TO.into());
        });
        world.sent.borrow_mut().clear();
        let result = world.run(world.party.dangerous_redeem_unsolicited(RETURN_TO, &answer, world.moment()));
        (result.map(drop), world.sent.take())
    };
    for endpoint in [
        "http://op.example/openid",
        "https://localhost/openid",
        "https://127.0.0.1/openid",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/openid",
        "https://router/openid",
        "ftp://op.example/openid",
        "/openid",
    ] {
        let (result, sent) = verify(endpoint);
        assert!(matches!(forged(result.unwrap_err()), Forged::ForeignProvider { .. }), "{endpoint}");
        assert!(sent.is_empty(), "{endpoint}: {sent:?}");
    }
    let (result, sent) = verify("https://other.example/openid");
    assert_eq!((result, sent.len()), (Ok(()), 2));
}

/// §8.2.1: an association is not used after its time, by whoever has found its key.
#[test]
fn expired_association() {
    let mut world = World::default();
    world.provider = world.provider.association_lifetime(Duration::from_secs(60));
    let (pending, callback) = world.callback(JANE, true);
    world.now.set(NOW + 60);
    world.sent.borrow_mut().clear();
    // The provider is asked, and knows it no longer.
    assert_eq!(forged(world.verify(stored(&pending), &callback).unwrap_err()), Forged::Signature);
    assert_eq!(world.sent.borrow().as_slice(), [format!("POST {ENDPOINT}")]);
    world.now.set(NOW + 59);
    world.verify(pending, &callback).unwrap();
}

/// §11.4.2.2: nobody has a good association dropped, by a field that is not signed or by an answer about another one.
#[test]
fn good_handle_invalidated() {
    let world = World::default();
    // The provider has lost what it once agreed to.
    let discovered = world.discover(JANE).unwrap();
    let good = world.associate(&discovered).unwrap().unwrap();
    let mut lost = serde_json::to_value(&good).unwrap();
    lost["handle"] = "lost".into();
    let lost: Association = serde_json::from_value(lost).unwrap();
    let begin = |association: Option<&Association>| {
        let authorize = Authorize::new(&discovered, RETURN_TO).association(association.cloned());
        let authorization = world.party.authorize(authorize, world.moment()).unwrap();
        let callback = world.approve(&authorization.url().unwrap(), |approval| approval);
        (authorization.pending, callback)
    };
    let invalidated = |pending: Pending, callback: &str| {
        let step = world.party.redeem(pending.association(lost.clone()), callback, world.moment());
        let checked = world.run(step).unwrap();
        let Ok(one_time_use) = world.nonces.remember_nonce(checked.query());
        checked.answer(one_time_use).unwrap().invalidated_handle
    };
    let (pending, callback) = begin(Some(&lost));
    assert_eq!(fields(&callback)["openid.invalidate_handle"], "lost");
    assert_eq!(invalidated(pending, &callback).as_deref(), Some("lost"));
    // The provider does not say so.
    let (pending, callback) = begin(None);
    let named = changed(&callback, |fields| {
        drop(fields.insert("openid.invalidate_handle".into(), good.handle.to_owned()));
    });
    assert_eq!(invalidated(pending, &named), None);
    // It says so of another, or of one where the answer named none.
    for (asked, said, expected) in
        [(Some(&lost), "lost", Some("lost")), (Some(&lost), "other", None), (None, "lost", None)]
    {
        let (pending, callback) = begin(asked);
        world.page(ENDPOINT, Response::new(format!("is_valid:true\ninvalidate_handle:{said}\n").into_bytes()));
        assert_eq!(invalidated(pending, &callback).as_deref(), expected, "{said}");
        world.pages.borrow_mut().remove(ENDPOINT);
    }
}

#[test]
fn poisoned_handle() {
    // A handle of another provider's, whose key the attacker knows.
    let world = World::default();
    let elsewhere = World::default();
    let foreign = {
        let mut association =
            serde_json::to_value(elsewhere.associate(&elsewhere.discover(JANE).unwrap()).unwrap()).unwrap();
        association["endpoint"] = "https://evil.example/openid".into();
        serde_json::from_value(association).unwrap()
    };
    let discovered = world.discover(JANE).unwrap();
    let authorize = Authorize::new(&discovered, RETURN_TO).association(Some(foreign));
    let authorization = world.party.authorize(authorize, world.moment()).unwrap();
    assert!(!authorization.url().unwrap().contains("assoc_handle"));
    // Nor one that comes with the answer.
    let (pending, callback) = world.callback(JANE, true);
    let mut kept = serde_json::to_value(world.associations.borrow().last()).unwrap();
    kept["endpoint"] = "https://evil.example/openid".into();
    *world.associations.borrow_mut() = vec![serde_json::from_value(kept).unwrap()];
    let error = world.verify(pending, &callback).unwrap_err();
    assert_eq!(forged(error), Forged::Signature, "the provider confirms nothing that a shared key signed");
}

#[test]
fn association_in_a_cookie() {
    // The key is that of all users: none of them has it, and an answer without it is not asked about.
    let world = World::default();
    let (pending, callback) = world.callback(JANE, true);
    let key = serde_json::to_value(world.associations.borrow().last()).unwrap()["key"].as_str().unwrap().to_owned();
    assert!(!serde_json::to_string(&pending).unwrap().contains(&key));
    world.sent.borrow_mut().clear();
    let error = world.party.redeem(pending, &callback, world.moment()).unwrap_err();
    assert_eq!(error, Unsupported::NoAssociation.into());
    // Nor with a newer one of the same provider, which has another key.
    let (pending, callback) = world.callback(JANE, true);
    let newer = world.associate(&world.discover(JANE).unwrap()).unwrap().unwrap();
    assert_eq!((pending.endpoint(), pending.association_handle() == Some(&*newer.handle)), (ENDPOINT, false));
    world.sent.borrow_mut().clear();
    let error = world.party.redeem(pending.association(newer), &callback, world.moment()).unwrap_err();
    assert_eq!(error, Unsupported::NoAssociation.into());
    assert!(world.sent.borrow().is_empty());
}

#[test]
fn is_valid_substring() {
    for body in [
        "not_is_valid:true\n",
        "ns:http://specs.openid.net/auth/2.0\nerror:is_valid:true\n",
        "ns:http://specs.openid.net/auth/2.0\nother:is_valid:true\n",
        "is_valid:false\nx:is_valid:true\n",
        "is_valid:true\nis_valid:false\n",
        "is_valid: true\n",
        "is_valid:true\r\n",
        "is_valid:True\n",
        "IS_VALID:true\n",
        "is_valid:true or not\n",
        "<pre>is_valid:true\n</pre>",
        "",
    ] {
        let world = World::default();
        let (pending, callback) = world.callback(JANE, false);
        let step = world
            .party
            .redeem(pending.association(world.associations.borrow().last().cloned()), &callback, world.moment())
            .unwrap();
        let Step::Send(_, sent) = step else { panic!() };
        let error = sent.receive(Response::new(body.as_bytes().to_vec()), world.moment()).unwrap_err();
        let no = matches!(error, Error::Forged(Forged::Signature) | Error::Misbehaved(_) | Error::Refused(_));
        assert!(no, "{body:?}: {error}");
    }
    // Nor is it one beside an error, or of a server that failed.
    for (status, body) in [(200, "is_valid:true\nerror:no\n"), (500, "is_valid:true\n"), (302, "is_valid:true\n")] {
        let world = World::default();
        let (pending, callback) = world.callback(JANE, false);
        let failed = http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap();
        world.page(ENDPOINT, failed);
        let error = world.verify(pending, &callback).unwrap_err();
        assert!(matches!(error, Error::Refused(_) | Error::Misbehaved(Misbehaved::WrongFormat { .. })), "{error}");
    }
}

/// Whether such an answer, of an identifier's, leads to a provider.
fn leads_somewhere(world: &World, answer: Response) -> Result<(), Error> {
    world.page("https://hostile.example/", answer);
    let discovered = world.discover("https://hostile.example/")?;
    assert_eq!(discovered.endpoint(), ENDPOINT);
    Ok(())
}

#[test]
fn xrds_entities() {
    let laughs = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\"><!ENTITY u SYSTEM \"file:///etc/passwd\">]>";
    let document = user_document(ENDPOINT, None, &[]);
    let world = World::default();
    // Neither is what the document is read for.
    for hostile in [
        document.replace("?>", &format!("?>{laughs}")),
        document.replace("?>", "?><!DOCTYPE x>"),
        document.replace("<Service>", "<Other>&u;</Other><Service>"),
        document.replace("<Service>", "<Service><Other>&a;</Other>"),
    ] {
        assert_ne!(hostile, document);
        assert!(leads_somewhere(&world, xrds(&hostile)).is_err(), "{hostile}");
    }
    let harmless = document.replace("<Service>", "<Other>&amp;&#x41;</Other><Service>");
    leads_somewhere(&world, xrds(&harmless)).unwrap();
}

#[test]
fn xrds_bomb() {
    /// Larger documents are not read.
    const DOCUMENT: usize = 128 * 1024;
    let world = World::default();
    let document = user_document(ENDPOINT, None, &[]);
    let bomb = |place: &str, bomb: &str| document.replacen(place, &format!("{bomb}{place}"), 1);
    let deep = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    let comment = |size: usize| format!("<!--{}-->", "x".repeat(size - "<!---->".len()));
    // Each is a little less than what is refused, and then that.
    for (most, more) in [
        (
            bomb("<Service>", &comment(DOCUMENT - document.len())),
            bomb("<Service>", &comment(DOCUMENT + 1 - document.len())),
        ),
        // In two elements, sixteen levels of them; and in three.
        (bomb("<Service>", &deep(14)), bomb("<Service>", &deep(15))),
        (bomb("<URI>", &deep(13)), bomb("<URI>", &deep(14))),
        (bomb("<Service>", &"<Service/>".repeat(63)), bomb("<Service>", &"<Service/>".repeat(64))),
        (bomb("<Type>", &"<Type>x</Type>".repeat(63)), bomb("<Type>", &"<Type>x</Type>".repeat(64))),
        (bomb("<URI>", &"<URI>x</URI>".repeat(63)), bomb("<URI>", &"<URI>x</URI>".repeat(64))),
    ] {
        leads_somewhere(&world, xrds(&most)).unwrap();
        assert!(leads_somewhere(&world, xrds(&more)).is_err(), "{} bytes", more.len());
    }
    // Of the endpoints some are kept.
    let many = bomb("<URI>", &format!("<URI>{ENDPOINT}</URI>").repeat(50));
    world.page("https://hostile.example/", xrds(&many));
    let discovered = serde_json::to_value(world.discover("https://hostile.example/").unwrap()).unwrap();
    assert_eq!(discovered["endpoints"].as_array().unwrap().len(), 8);
}

#[test]
fn html_bomb() {
    /// Larger pages are not read.
    const PAGE: usize = 1024 * 1024;
    let world = World::default();
    let links = user_links(ENDPOINT, None);
    // What comes between never ends the head, so that it is the size alone that ends the reading.
    for (begin, unit, end) in [
        ("<head>", "<meta>", ""),
        ("<head>", "<link rel=openid2.local_id>", ""),
        ("<head>", "<!---->", ""),
        ("<head>", "</link>", ""),
        ("<head>", "<template></template>", ""),
        ("<head><template>", "<p>", "</template>"),
        ("<head><base", " a=b", ">"),
        ("<head><!--", "<!--", "-->"),
        ("<head><title>", "&amp;", "</title>"),
        ("<head><script>", "<!--<script>", "--></script></script>"),
        ("<head><meta content='", "&lt", "'>"),
    ] {
        let page = |size: usize| {
            let room = size - begin.len() - end.len() - links.len();
            format!("{begin}{}{}{end}{links}", unit.repeat(room / unit.len()), " ".repeat(room % unit.len()))
        };
        leads_somewhere(&world, html(&page(PAGE))).unwrap_or_else(|error| panic!("{begin}{unit}: {error}"));
        let error = leads_somewhere(&world, html(&page(PAGE + 1))).unwrap_err();
        assert!(error.to_string().contains("larger than any needs to be"), "{begin}{unit}: {error}");
    }
    // What follows the links without an end is read to its end.
    for unit in ["<", "<!--", "<title>", "<a b='"] {
        let page = |size: usize| format!("<head>{links}{}", unit.repeat(size / unit.len()));
        leads_somewhere(&world, html(&page(PAGE - 1024))).unwrap();
        assert!(leads_somewhere(&world, html(&page(PAGE))).is_err(), "{unit}");
    }
    let link = |attributes: usize| {
        let more: String = (2..attributes).map(|number| format!(" a{number}=b")).collect();
        format!("<head><link{more} rel=openid2.provider href={ENDPOINT}>")
    };
    leads_somewhere(&world, html(&link(32))).unwrap();
    leads_somewhere(&world, html(&link(33))).unwrap_err();
    // Links that are somebody's text.
    for page in [
        format!("<head><!--{links}--></head>"),
        format!("<head></head><body>{links}</body>"),
        format!("<head><script>{links}"),
        format!("<head><title>{links}</title></head>"),
        format!("<head><template>{links}</template></head>"),
        format!("<head><svg></svg>{links}<body></body>"),
        format!("<title>x</title><svg></svg>{links}</head>"),
    ] {
        leads_somewhere(&world, html(&page)).unwrap_err();
    }
}

#[test]
fn list_bomb() {
    // A short list that names a long field again and again.
    let world = World::default();
    let (pending, callback) = world.callback(JANE, true);
    let long = "x".repeat(20_000);
    let bomb = changed(&callback, |fields| {
        let signed = format!("{}{}", fields["openid.signed"], ",long".repeat(5_000));
        fields.insert("openid.signed".into(), signed);
        fields.insert("openid.long".into(), long.clone());
    });
    assert_eq!(forged(world.verify(stored(&pending), &bomb).unwrap_err()), Forged::Signature);
    // Nor is one that is really signed so: twice is too often.
    let with =
        |more: &str| changed(&callback, |fields| fields.entry("openid.signed".into()).or_default().push_str(more));
    let association = world.associations.borrow().last().cloned().unwrap();
    let error = world.verify(stored(&pending), &signed(&association, &with(",mode,mode"))).unwrap_err();
    assert_eq!(forged(error), Forged::Signature);
    world.verify(pending, &signed(&association, &with(",mode"))).unwrap();

    let authorization = world.begin(world.asking(JANE));
    let bomb = changed(&authorization.url().unwrap(), |fields| {
        for (name, value) in [
            ("ns.ax", ax::NAMESPACE),
            ("ax.mode", "fetch_request"),
            ("ax.type.a", &long),
            ("ax.required", &"a,".repeat(4_000)),
            ("ns.sreg", sreg::NAMESPACE),
            ("sreg.required", &"email,".repeat(2_000)),
            ("ns.pape", pape::NAMESPACE),
            ("pape.preferred_auth_level_types", &"a ".repeat(1_000)),
            ("pape.auth_level.ns.a", pape::NIST),
        ] {
            fields.insert(format!("openid.{name}"), value.to_owned());
        }
    });
    let check_id = world.check_id(&bomb).unwrap();
    assert_eq!(check_id.extension::<FetchRequest>(), None);
    assert_eq!(check_id.extension::<sreg::Request>().unwrap().required, [Field::Email]);
    assert_eq!(check_id.extension::<pape::Request>().unwrap().preferred_levels, [pape::NIST]);
}

#[test]
fn update_url_inside() {
    let world = World::new(|options| options, Options::dangerous_allow_http);
    let inside = ["http://127.0.0.1/admin", "https://169.254.169.254/", "http://rp.example/update"];
    for (update_url, kept) in inside.map(|url| (url, false)).into_iter().chain([("https://rp.example/update", true)]) {
        let origin = url::Url::parse(update_url).unwrap().origin().ascii_serialization() + "/";
        let fetch = FetchRequest { required: vec![Attribute::new("email", ax::EMAIL)], ..FetchRequest::default() };
        let authorization = world.begin(world.asking(JANE).extension(fetch));
        let url = changed(&authorization.url().unwrap(), |fields| {
            fields.insert("openid.ax.update_url".into(), update_url.into());
            fields.insert("openid.realm".into(), origin.clone());
            fields.insert("openid.return_to".into(), origin.clone());
        });
        let seen = world.check_id(&url).unwrap().extension::<FetchRequest>().unwrap().update_url;
        assert_eq!(seen.as_deref(), kept.then_some(update_url));
    }
}

#[test]
fn tampered_question() {
    // What went through the browser comes back with a return_to that was never looked at.
    let world = World::default();
    let authorization = world.begin(world.asking(JANE));
    let check_id = world.check_id(&authorization.url().unwrap()).unwrap();
    for return_to in ["javascript:alert(1)//", "https://evil.example/", "https://rp.example\\@evil.example/"] {
        let mut kept = serde_json::to_value(&check_id).unwrap();
        kept["return_to"] = return_to.into();
        let tampered: oauth_proto::openid2::server::CheckIdRequest = serde_json::from_value(kept).unwrap();
        let long = sreg::Response::default().value(Field::Fullname, "x".repeat(3000));
        let approval = Approval::new(JANE).extension(long);
        for response in [world.approve_request(tampered.clone(), approval).unwrap(), world.deny_request(tampered)] {
            assert_eq!((response.status().as_u16(), response.body().len()), (204, 0), "{return_to}");
        }
    }
}

#[test]
fn two_readings() {
    // What one parser takes for another URL than the next one.
    let world = World::default();
    for return_to in [
        "https://rp.example\\@evil.example/",
        "https:///rp.example/",
        "https://rp.example/\tx",
        "https://rp.example/%%32e%%32e/x",
    ] {
        let authorization = world.begin(world.asking(JANE));
        let url = changed(&authorization.url().unwrap(), |fields| {
            drop(fields.insert("openid.return_to".into(), return_to.into()));
        });
        assert!(world.check_id(&url).is_err(), "{return_to}");
    }
}

#[test]
fn other_page() {
    // The document does not help, and the page has moved: its links are another identifier's.
    let world = World::default();
    let links = html(&format!("<head>{}</head>", user_links(ENDPOINT, None)));
    let answers = [xrds("<x/>"), redirect("https://other.example/"), links];
    let mut step = world.party.discover("https://jane.example/");
    for answer in answers {
        let Ok(Step::Send(_, sent)) = step else { panic!() };
        step = sent.receive(answer, world.moment());
    }
    assert!(matches!(step.unwrap_err(), Error::Unsupported(Unsupported::Identifier { .. })));
}

#[test]
fn internal_host() {
    let world = World::default();
    for identifier in [
        "http://localhost/",
        "127.0.0.1:6379",
        "http://2130706433/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://[fd00::1]/",
        "http://[64:ff9b::a00:1]/",
        "http://[64:ff9b:1:a00:0:100:808:808]/",
        "http://home.arpa/",
        "http://router/",
        "http://db.internal/",
        "http://localhost.localdomain/",
        "http://kubernetes.default.svc/",
        "http://router.lan/",
        "http://0/",
        "http://192.0.0.192/",
        "http://198.18.0.1/",
        "http://240.0.0.1/",
        "http://[fec0::1]/",
        "http://[::ffff:0:7f00:1]/",
        "http://[2001:0:7f00:1::]/",
        "http://[2002:a00:1::1]/",
        "http://[100::1]/",
    ] {
        assert!(matches!(world.discover(identifier).unwrap_err(), Error::Unsupported(_)), "{identifier}");
        let host = identifier.trim_start_matches("http://");
        // From https to http is no way at all, so each goes on as it began.
        for scheme in ["http", "https"] {
            let near = format!("{scheme}://near.example/");
            world.page(&near, redirect(&format!("{scheme}://{host}")));
            assert!(world.discover(&near).is_err());
        }
        let mut page = html("<html></html>");
        page.headers_mut().insert("x-xrds-location", format!("https://{host}").parse().unwrap());
        world.page("https://near.example/", page);
        assert!(world.discover("https://near.example/").is_err());
        world.page("https://near.example/", xrds(&user_document(identifier, None, &[])));
        assert!(world.discover("https://near.example/").is_err());
    }
    let elsewhere = |sent: &String| !sent.contains("://near.example/");
    assert_eq!(world.sent.borrow().iter().find(|sent| elsewhere(sent)), None);
}

#[test]
fn no_tls() {
    let world = World::default();
    let document = user_document("http://op.example/openid", None, &[]);
    world.page("http://plain.example/", xrds(&user_document(ENDPOINT, None, &[])));
    world.page("https://tls.example/", xrds(&document));
    let error = world.discover("http://plain.example").unwrap_err();
    assert!(error.to_string().contains("no TLS"), "{error}");
    assert!(world.discover("https://tls.example/").is_err());
    let plain = Discovered::known_provider("http://op.example/").unwrap();
    assert!(world.party.authorize(Authorize::new(&plain, RETURN_TO), world.moment()).is_err());
    let plain = RelyingParty::new("http://rp.example/", Options::default()).unwrap();
    let discovered = world.discover(JANE).unwrap();
    let authorize = Authorize::new(&discovered, "http://rp.example/back");
    assert!(plain.authorize(authorize, world.moment()).is_err());
}

#[test]
fn return_to_of_the_protocol() {
    // Nobody is sent where the answer could not be told from another's.
    let world = World::default();
    let discovered = world.discover(JANE).unwrap();
    for return_to in [
        "https://other.example/back",
        "https://rp.example/back#x",
        "https://rp.example/back?rp_state=x",
        "https://rp.example/back?openid.mode=x",
        "/back",
        "https://me@rp.example/back",
    ] {
        let error = world.party.authorize(Authorize::new(&discovered, return_to), world.moment()).unwrap_err();
        assert!(matches!(error, Error::Unsupported(Unsupported::Url { .. })), "{return_to}: {error}");
    }
}

/// An association as the provider grants it, with changed fields.
fn granted(
    world: &World,
    change: impl FnOnce(&mut BTreeMap<String, String>),
) -> Result<Step<Option<Association>>, Error> {
    let discovered = world.discover(JANE).unwrap();
    let Step::Send(request, sent) = world.party.associate(&discovered, world.moment()).unwrap() else { panic!() };
    let mut fields = key_value(world.send(&request).body());
    change(&mut fields);
    let body: String = fields.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    sent.receive(Response::new(body.into_bytes()), world.moment())
}

#[test]
fn association_forged() {
    let world = World::default();
    assert!(granted(&world, |_| {}).is_ok());
    for (name, value) in [
        // 1, and 0: the key would be known to everybody.
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
        let error = granted(&world, |fields| drop(fields.insert(name.into(), value.into()))).unwrap_err();
        let named = matches!(error, Error::Misbehaved(Misbehaved::FieldInvalid { field, .. }) if field == name);
        assert!(named, "{name}: {error}");
    }
}

/// §8.2.1: a key is not used for years because a provider once said so.
#[test]
fn association_for_ever() {
    const DAY: u64 = 24 * 3600;
    let world = World::default();
    for (said, kept) in [(u64::MAX, 14 * DAY), (15 * DAY, 14 * DAY), (14 * DAY, 14 * DAY), (13 * DAY, 13 * DAY)] {
        let step = granted(&world, |fields| drop(fields.insert("expires_in".into(), said.to_string())));
        let Ok(Step::Done(Some(association))) = step else { panic!("{said}") };
        assert_eq!(association.expires_at, Timestamp::from_secs(NOW + kept), "{said}");
    }
}

#[test]
fn shared_handle_confirmed() {
    // Who shares a key with the provider could have made the signature, so the provider confirms none of those.
    let world = World::default();
    let (_, callback) = world.callback(JANE, true);
    let query = callback.split_once('?').unwrap().1.replace("openid.mode=id_res", "openid.mode=check_authentication");
    let Ok(Dispatched::Respond(response)) = world.dispatch(&post(&query)) else { panic!() };
    assert!(String::from_utf8(response.into_body()).unwrap().contains("is_valid:false\n"));
}

/// §10, §11.4.2.1: a handle that the provider made for one answer signs no other, whoever names it.
#[test]
fn private_handle_named() {
    let world = World::default();
    let (pending, callback) = world.callback(JANE, false);
    let private = fields(&callback)["openid.assoc_handle"].clone();
    let authorization = world.begin(world.asking("https://op.example/"));
    let asked = changed(&authorization.url().unwrap(), |fields| {
        drop(fields.insert("openid.assoc_handle".into(), private.clone()));
    });
    let other = world.approve(&asked, |approval| approval);
    assert_ne!(fields(&other)["openid.assoc_handle"], private);
    assert_eq!(fields(&other)["openid.invalidate_handle"], private);
    // So that neither answer's confirmation is spent on the other's.
    world.verify(authorization.pending, &other).unwrap();
    world.verify(pending, &callback).unwrap();
}

#[test]
fn realm_too_wide() {
    let world = World::default();
    for (realm, return_to) in [
        ("https://*.com/", "https://rp.com/"),
        ("https://*.co.uk/", "https://rp.co.uk/"),
        ("http://rp.example/", "http://rp.example/"),
        ("https://rp.example/#x", "https://rp.example/"),
        ("rp.example", "https://rp.example/"),
    ] {
        let authorization = world.begin(world.asking(JANE));
        let url = changed(&authorization.url().unwrap(), |fields| {
            fields.insert("openid.realm".into(), realm.into());
            fields.insert("openid.return_to".into(), return_to.into());
        });
        assert!(world.check_id(&url).is_err(), "{realm}");
    }
}

#[test]
fn other_user() {
    // The question is about Jane, and John is signed in.
    let world = World::default();
    let authorization = world.begin(world.asking("https://jane.example/"));
    let url = authorization.url().unwrap();
    for approval in [Approval::new(JOHN), Approval::new(JANE).claimed_id("https://john.example/")] {
        let check_id = world.check_id(&url).unwrap();
        let rejected = world.approve_request(check_id, approval).unwrap_err();
        let callback = location(&rejected.response());
        assert!(matches!(world.verify(stored(&authorization.pending), &callback).unwrap_err(), Error::Refused(_)));
    }
    let check_id = world.check_id(&url).unwrap();
    // What is no identifier of anybody's is asserted to nobody.
    let anybody = world.begin(world.asking("https://op.example/")).url().unwrap();
    for local_id in ["jane", "https://OP.example/id/jane", "https://me@op.example/", ""] {
        let check_id = world.check_id(&anybody).unwrap();
        assert!(world.approve_request(check_id, Approval::new(local_id)).is_err(), "{local_id}");
    }
    let newline = Approval::new(JANE).extension(ax::FetchResponse::default().attribute(ax::EMAIL, ["a\nidentity:b"]));
    assert!(world.approve_request(check_id, newline).is_err());
}

#[test]
fn plain_association() {
    // Without TLS a key is not sent in the clear, and not asked for so.
    let plain = Options::default().dangerous_allow_http().associations([AssociationKind::NoEncryptionSha256]);
    let party = RelyingParty::new(REALM, plain).unwrap();
    let discovered = Discovered::known_provider("http://op.example/openid").unwrap();
    let world = World::default();
    assert!(matches!(party.associate(&discovered, world.moment()).unwrap(), Step::Done(None)));

    let secret = oauth_proto::Secret::new("0123456789abcdef0123456789abcdef");
    assert!(Provider::new("http://op.example/openid", &secret, Options::default()).is_err());
    let provider =
        Provider::new("http://op.example/openid", &secret, Options::default().dangerous_allow_http()).unwrap();
    let form = "openid.ns=http%3A%2F%2Fspecs.openid.net%2Fauth%2F2.0&openid.mode=associate\
        &openid.assoc_type=HMAC-SHA256&openid.session_type=no-encryption";
    let oauth_proto::openid2::server::ServerStep::Reject(rejected) = provider.dispatch(&post(form), world.moment())
    else {
        panic!()
    };
    let body = String::from_utf8(rejected.response().into_body()).unwrap();
    assert!(body.contains("error_code:unsupported-type\n") && body.contains("session_type:DH-SHA256\n"), "{body}");
    assert!(!body.contains("mac_key"), "{body}");
}

#[test]
fn secret_in_debug() {
    let world = World::default();
    let discovered = world.discover(JANE).unwrap();
    let association = world.associate(&discovered).unwrap().unwrap();
    let key = serde_json::to_value(&association).unwrap()["key"].as_str().unwrap().to_owned();
    let (pending, callback) = world.callback(JANE, true);
    let state = pending.state().to_owned();
    let form = "openid.ns=http%3A%2F%2Fspecs.openid.net%2Fauth%2F2.0&openid.mode=associate\
        &openid.assoc_type=HMAC-SHA256&openid.session_type=no-encryption";
    let granted = world.dispatch(&post(form)).unwrap();
    assert!(!format!("{granted:?}").contains("mac_key"));
    let check_id = world.check_id(&world.begin(world.asking(JANE)).url().unwrap()).unwrap();
    assert!(!format!("{check_id:?}").contains("rp_state"));
    assert!(!format!("{:?}", oauth::Response { request_token: "hh5s93j4".into(), scope: None }).contains("hh5s93j4"));
    let shown = format!("{association:?} {pending:?} {:?} {:?}", world.provider, world.party);
    assert!(!shown.contains(&key) && !shown.contains(&state) && !shown.contains("0123456789abcdef"), "{shown}");
    let checked = world
        .run(world.party.redeem(
            pending.association(world.associations.borrow().last().cloned()),
            &callback,
            world.moment(),
        ))
        .unwrap();
    assert!(!format!("{checked:?}").contains(&fields(&callback)["openid.sig"]));
}

#[test]
fn an_identifier_to_be_spent_is_the_same_after_storage_and_no_others() {
    let world = World::default();
    let [(one, _), (other, _)] = [(); 2].map(|()| world.callback(JANE, true));
    assert_eq!(stored(&one).id(), one.id());
    assert_ne!(one.id(), other.id());
    assert!(!one.id().to_string().contains(one.state()));
}

/// Row `redirect-before-asking`: a link to the provider leads nobody to a site that its realm does not vouch for.
#[test]
fn a_question_whose_realm_or_tls_fails_is_answered_by_a_page() {
    let world = World::default();
    let url = world.begin(world.asking(JANE)).url().unwrap();
    let phish = "https://phish.example/login";
    for (realm, return_to, reason) in [
        (Some("https://other.example/"), phish, RejectReason::ReturnToOutside),
        (Some("https://other.example/"), "http://10.0.0.1/login", RejectReason::ReturnToOutside),
        (Some("https://phish.example/other/"), phish, RejectReason::ReturnToOutside),
        (Some("http://phish.example/"), "http://phish.example/login", RejectReason::Realm("it has no TLS")),
        (None, "http://phish.example/login", RejectReason::Realm("it has no TLS")),
        (Some("https://*.com/"), phish, RejectReason::Realm("it covers the sites of many owners")),
        (Some("phish"), phish, RejectReason::Invalid("realm")),
        (Some("https://phish.example/#x"), phish, RejectReason::Invalid("realm")),
    ] {
        // Also where something else is wrong, that a relying party would be told.
        for (field, value) in [("openid.x", "1"), ("openid.claimed_id", "x"), ("openid.mode", "checkid_immediate")] {
            let asked = changed(&url, |fields| {
                fields.insert(field.into(), value.into());
                fields.insert("openid.return_to".into(), return_to.into());
                fields.remove("openid.realm");
                fields.extend(realm.map(|realm| ("openid.realm".to_owned(), realm.to_owned())));
            });
            let rejected = world.check_id(&asked).unwrap_err();
            assert_eq!(rejected.reason, reason, "{realm:?} {return_to}");
            let response = rejected.response();
            assert_eq!((response.status().as_u16(), response.headers().get("location")), (400, None));
            assert!(response.body().starts_with(b"This is an OpenID endpoint"));
        }
    }
    // Who is the realm's own is told what is wrong with the rest.
    let asked = changed(&url, |fields| drop(fields.insert("openid.claimed_id".into(), "x".into())));
    assert!(location(&world.check_id(&asked).unwrap_err().response()).starts_with("https://rp.example/back?x=1&"));
}

/// Row `redirect-before-asking`: a message of which nothing can be made leads to no place that could not ask a question either.
#[test]
fn a_message_that_is_not_understood_leads_only_to_where_a_question_could_come_from() {
    let world = World::default();
    let lax = World::new(|options| options, |options| options.dangerous_allow_http().dangerous_allow_internal_hosts());
    let old = World::new(|options| options, Options::allow_openid1);
    let ns = "openid.ns=http://specs.openid.net/auth/2.0";
    for broken in [
        &format!("{ns}&openid.mode=bogus"),
        &format!("{ns}&openid.mode=checkid_setup&openid.x=1&openid.x=1"),
        "openid.ns=http://specs.openid.net/auth/3.0&openid.mode=checkid_setup",
    ] {
        let leads = |world: &World, rest: &str| {
            let request = get(&format!("{ENDPOINT}?{broken}&{rest}"));
            let response = world.dispatch(&request).unwrap_err().response();
            response.headers().get("location").map(|to| to.to_str().unwrap().to_owned())
        };
        let to = leads(&world, "openid.return_to=https://rp.example/back").unwrap();
        assert!(to.starts_with("https://rp.example/back?openid."), "{to}");
        assert!(leads(&world, "openid.realm=https://*.rp.example/&openid.return_to=https://rp.example/back").is_some());
        for nowhere in [
            "openid.realm=https://other.example/&openid.return_to=https://phish.example/login",
            "openid.realm=https://*.com/&openid.return_to=https://phish.example/login",
            "openid.realm=x&openid.return_to=https://phish.example/login",
            "openid.return_to=http://phish.example/login",
            "openid.return_to=https://10.0.0.1/login",
            "openid.return_to=https://localhost/login",
            "openid.return_to=https://router.local/login",
        ] {
            assert_eq!(leads(&world, nowhere), None, "{broken}&{nowhere}");
        }
        for near in ["http://phish.example/login", "http://10.0.0.1/login"] {
            assert!(leads(&lax, &format!("openid.return_to={near}")).is_some(), "{near}");
        }
    }
    // OpenID 1.1 calls the realm otherwise.
    let asked = |root: &str| {
        let query = format!("openid.mode=bogus&openid.trust_root={root}&openid.return_to=https://rp.example/back");
        old.dispatch(&get(&format!("{ENDPOINT}?{query}"))).unwrap_err().response().headers().contains_key("location")
    };
    assert!(asked("https://rp.example/"));
    assert!(!asked("https://other.example/"));
}

/// Row `control-characters`: a question is kept while the user signs in, and PostgreSQL takes no NUL, in JSON neither.
#[test]
fn control_characters_in_a_question_are_refused_before_anybody_keeps_it() {
    let world = World::new(|options| options, Options::allow_openid1);
    let url = world.begin(world.asking("https://jane.example/")).url().unwrap();
    let asked = |name: &str, value: &str| {
        world.check_id(&changed(&url, |fields| drop(fields.insert(format!("openid.{name}"), value.to_owned()))))
    };
    for name in ["identity", "assoc_handle", "claimed_id"] {
        for control in ["\0", "\n", "\r", "\u{1b}", "\u{7f}", "\u{85}"] {
            let rejected = asked(name, &format!("{JANE}{control}")).unwrap_err();
            assert_eq!(rejected.reason, RejectReason::ControlCharacter(name.into()), "{control:?}");
            assert!(rejected.reason.to_string().contains(name));
            assert_eq!(fields(&location(&rejected.response()))["openid.mode"], "error");
        }
    }
    for (name, value) in [("ns.x", "https://x.example/\0"), ("x", "\0"), ("x\0", "")] {
        let rejected = asked(name, value).unwrap_err();
        assert_eq!(rejected.reason, RejectReason::ControlCharacter(name.into()));
        assert!(!rejected.reason.to_string().contains('\0'));
    }
    // Texts of extensions may have lines, and names may be of any language.
    assert!(asked("sreg.nickname", "two\nlines").is_ok());
    assert!(asked("identity", "https://op.example/id/\u{e9}").is_ok());
    // OpenID 1.1 does not look at the identifier either.
    let first = "openid.mode=checkid_setup&openid.return_to=https://rp.example/back&openid.identity=";
    assert!(world.check_id(&format!("{ENDPOINT}?{first}{JANE}")).is_ok());
    let rejected = world.check_id(&format!("{ENDPOINT}?{first}{JANE}%00")).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::ControlCharacter("identity".into()));
}

/// Row `control-characters`: what a relying party's store is asked about, or its users are known by.
#[test]
fn control_characters_in_an_assertion_are_refused_before_the_nonce_is_asked_about() {
    for control in ["\0", "\r", "\u{7f}", "\u{85}"] {
        let nonces = with_signed_change(World::default, "https://op.example/", |fields| {
            fields.get_mut("openid.response_nonce").unwrap().push_str(control);
        });
        for result in nonces {
            assert_eq!(forged(result.unwrap_err()), Forged::NonceTime);
        }
        let identities = with_signed_change(World::default, "https://op.example/", |fields| {
            fields.get_mut("openid.identity").unwrap().push_str(control);
        });
        for result in identities {
            assert_eq!(forged(result.unwrap_err()), Forged::ParameterInvalid { name: "openid.identity" });
        }
    }
}

/// Whoever compares identifiers as texts would know another user by the same URL.
#[test]
fn an_assertion_about_another_writing_of_an_identifier_is_refused() {
    for writing in ["https://OP.example/id/jane", "https://op.example:443/id/jane", "https://op.example/id/./jane"] {
        let world = || {
            let world = World::default();
            world.page(writing, xrds(&user_document(ENDPOINT, None, &[])));
            world
        };
        for result in with_signed_change(world, "https://op.example/", |fields| {
            fields.insert("openid.claimed_id".into(), writing.into());
        }) {
            assert_eq!(
                forged(result.unwrap_err()),
                Forged::ParameterInvalid { name: "openid.claimed_id" },
                "{writing}"
            );
        }
    }
}

/// Whoever is on the way to the second place would say whose identifier it is, and could lead back to one that has TLS.
#[test]
fn a_redirect_from_https_to_http_is_not_followed_wherever_it_leads_then() {
    let pages = |world: World| {
        world.page("https://moved.example/", redirect("http://moved.example/there"));
        world.page("http://moved.example/there", redirect(JANE));
        world
    };
    let world = pages(World::default());
    let error = world.discover("https://moved.example/").unwrap_err();
    assert!(error.to_string().contains("redirects to where no identifier goes"), "{error}");
    assert_eq!(*world.sent.borrow(), ["GET https://moved.example/"]);
    // A user may have typed http, and a relying party may trust it.
    assert!(world.discover("http://moved.example/there").is_ok());
    let lax = pages(World::new(Options::dangerous_allow_http, |options| options));
    assert!(lax.discover("https://moved.example/").is_ok());
}
