//! The messages of the OpenID provider.

use std::collections::BTreeMap;

use crate::pair::*;
use oauth_proto::openid2::server::store::MemoryStore;
use oauth_proto::openid2::server::{
    Approval, Dispatched, Provider, RejectReason, ServerStep, serve,
};
use oauth_proto::openid2::{ExtensionType, Options, ui};
use oauth_proto::{Response, Secret};

const NS: &str = "http://specs.openid.net/auth/2.0";

fn message(fields: &[(&str, &str)]) -> oauth_proto::Request {
    post(&oauth_proto::wire::form::encode(
        fields.iter().map(|(name, value)| (format!("openid.{name}"), value)),
    ))
}

fn read(response: &Response) -> BTreeMap<String, String> {
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "no-store");
    key_value(response.body())
}

fn answer(pair: &OpenIdPair, fields: &[(&str, &str)]) -> (u16, BTreeMap<String, String>) {
    let response = match pair.dispatch(&message(fields)) {
        Ok(Dispatched::Respond(response)) => response,
        Ok(Dispatched::CheckIdRequest(_)) => panic!("a question"),
        Err(rejected) => rejected.response(),
    };
    (response.status().as_u16(), read(&response))
}

#[test]
fn an_association_is_granted_or_another_kind_named() {
    let pair = OpenIdPair::default();
    let kind = |association: &str, session: &str| {
        answer(
            &pair,
            &[
                ("ns", NS),
                ("mode", "associate"),
                ("assoc_type", association),
                ("session_type", session),
            ],
        )
    };
    let (status, granted) = kind("HMAC-SHA256", "no-encryption");
    assert_eq!(
        (status, granted["ns"].as_str(), granted["expires_in"].as_str()),
        (200, NS, "86400")
    );
    assert_eq!(
        (granted["assoc_type"].as_str(), granted["session_type"].as_str()),
        ("HMAC-SHA256", "no-encryption")
    );
    for (association, session) in
        [("HMAC-SHA1", "DH-SHA256"), ("HMAC-MD5", "DH-SHA1"), ("HMAC-SHA256", "none")]
    {
        let (status, refused) = kind(association, session);
        assert_eq!((status, refused["error_code"].as_str()), (400, "unsupported-type"));
        assert_eq!(
            (refused["assoc_type"].as_str(), refused["session_type"].as_str()),
            ("HMAC-SHA256", "DH-SHA256")
        );
    }
    let (status, refused) = kind("HMAC-SHA256", "DH-SHA256");
    assert_eq!(
        (status, refused["error"].as_str()),
        (400, "the field \"dh_consumer_public\" is missing")
    );
}

/// §8.1.2: a request with a generator but without a modulus uses the default modulus.
#[test]
fn a_generator_may_come_without_a_modulus() {
    let pair = OpenIdPair::default();
    let with = |generator: &str| {
        let fields = [
            ("ns", NS),
            ("mode", "associate"),
            ("assoc_type", "HMAC-SHA256"),
            ("session_type", "DH-SHA256"),
            ("dh_gen", generator),
            ("dh_consumer_public", "BQ=="),
        ];
        answer(&pair, &fields).0
    };
    assert_eq!((with("BQ=="), with("AQ==")), (200, 400));
}

#[test]
fn a_group_is_checked_before_it_is_worked_with() {
    use base64::Engine;
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let pair = OpenIdPair::default();
    let with = |modulus: &[u8], generator: &[u8], public: &[u8]| {
        let (modulus, generator, public) = (base64(modulus), base64(generator), base64(public));
        let fields = [
            ("ns", NS),
            ("mode", "associate"),
            ("assoc_type", "HMAC-SHA256"),
            ("session_type", "DH-SHA256"),
            ("dh_modulus", &modulus),
            ("dh_gen", &generator),
            ("dh_consumer_public", &public),
        ];
        answer(&pair, &fields).0
    };
    let own = [vec![0xff; 127], vec![0x61]].concat();
    assert_eq!(with(&own, &[3], &[9; 100]), 200);
    for (modulus, generator, public) in [
        (&[7][..], &[3][..], &[4][..]),
        (&[0xff; 1000], &[3], &[9; 100]),
        (&[0xfe; 128], &[3], &[9; 100]),
        (&own, &[1], &[9; 100]),
        (&own, &[3], &[1]),
        (&own, &[3], &[]),
    ] {
        assert_eq!(with(modulus, generator, public), 400);
    }
}

#[test]
fn a_request_that_is_not_an_openid_message_is_refused_with_the_reason() {
    let pair = OpenIdPair::default();
    let reason = |request: &oauth_proto::Request| pair.dispatch(request).unwrap_err().reason;
    assert_eq!(reason(&get(ENDPOINT)), RejectReason::NotOpenid);
    assert_eq!(reason(&message(&[("ns", NS), ("mode", "dance")])), RejectReason::Mode);
    assert_eq!(reason(&message(&[("mode", "associate")])), RejectReason::Version);
    assert_eq!(
        reason(&message(&[("ns", "http://x.example/"), ("mode", "associate")])),
        RejectReason::Version
    );
    let by_get = get(&format!("{ENDPOINT}?openid.ns={NS}&openid.mode=associate"));
    assert_eq!(reason(&by_get), RejectReason::HttpMethod(http::Method::GET));
    let put = http::Request::put(ENDPOINT).body(Vec::new()).unwrap();
    assert_eq!(pair.dispatch(&put).unwrap_err().response().status(), 405);
    let mut json = message(&[("ns", NS), ("mode", "associate")]);
    json.headers_mut().insert("content-type", "application/json".parse().unwrap());
    assert_eq!(reason(&json), RejectReason::NotAForm);
    // The query of a POST request is ignored (§4.1.2).
    let mut split = message(&[]);
    *split.uri_mut() =
        format!("{ENDPOINT}?openid.ns={NS}&openid.mode=checkid_setup").parse().unwrap();
    assert_eq!(reason(&split), RejectReason::NotOpenid);
}

/// §5.1.2.2, §5.2.3: the error is an OpenID message to the relying party.
#[test]
fn an_error_is_sent_to_the_return_to_if_there_is_one() {
    let pair = OpenIdPair::default();
    let rejected = |request: &oauth_proto::Request| pair.dispatch(request).unwrap_err();
    let back = "openid.return_to=https%3A%2F%2Frp.example%2Fback";
    for (broken, ns) in [
        ("openid.ns=http://specs.openid.net/auth/2.0&openid.mode=dance", true),
        (
            "openid.ns=http://specs.openid.net/auth/2.0&openid.mode=checkid_setup&openid.x=1\
             &openid.x=1",
            true,
        ),
        (
            "openid.ns=http://specs.openid.net/auth/2.0&openid.mode=checkid_setup&openid.ns.mode=x",
            true,
        ),
        ("openid.ns=http://specs.openid.net/auth/3.0&openid.mode=checkid_setup", true),
        ("openid.ns=http://specs.openid.net/auth/2.0", true),
        // OpenID 1.1, which this provider does not allow. Its messages have no namespace.
        ("openid.mode=checkid_setup", false),
    ] {
        for request in
            [get(&format!("{ENDPOINT}?{broken}&{back}")), post(&format!("{broken}&{back}"))]
        {
            let answer = fields(&location(&rejected(&request).response()));
            assert_eq!(answer["openid.mode"], "error", "{broken}");
            assert_eq!(answer.contains_key("openid.ns"), ns, "{broken}");
        }
        // With no `return_to`, with two, or with one that is not a web page, the response is a
        // page.
        for nowhere in
            [String::new(), format!("&{back}&{back}"), "&openid.return_to=javascript:x".to_owned()]
        {
            let page = rejected(&get(&format!("{ENDPOINT}?{broken}{nowhere}"))).response();
            assert_eq!(page.status(), 400);
            assert!(page.body().starts_with(b"This is an OpenID endpoint"));
        }
    }
    // The response to a server's request is in Key-Value form, even if the request has a
    // `return_to`.
    for broken in
        ["mode=associate&openid.x=1&openid.x=2", "mode=check_authentication&openid.ns.mode=x"]
    {
        let request =
            post(&format!("openid.ns=http://specs.openid.net/auth/2.0&openid.{broken}&{back}"));
        let response = rejected(&request).response();
        assert_eq!(response.status(), 400);
        assert_eq!(
            read(&response)["error"],
            "a field occurs more than once or is not UTF-8, or there are too many fields"
        );
    }
}

/// User Interface Extension §5.1.
#[test]
fn a_popup_may_have_its_answer_in_the_fragment() {
    let pair = OpenIdPair::default();
    let interface = ui::Request { mode: Some("popup".into()), ..ui::Request::default() };
    let url = pair.begin(pair.asking(JANE).extension(interface)).url().unwrap();
    for (return_to, begin) in [
        ("https://rp.example/back#", "https://rp.example/back#?openid."),
        ("https://rp.example/back?x=1#", "https://rp.example/back?x=1#&openid."),
        ("https://rp.example/back", "https://rp.example/back?openid."),
    ] {
        let asked = changed(&url, |fields| {
            drop(fields.insert("openid.return_to".into(), return_to.into()));
        });
        let check_id = pair.check_id(&asked).unwrap();
        let approval = Approval::new(JANE);
        let answer = location(&pair.approve_request(check_id.clone(), approval).unwrap());
        assert!(answer.starts_with(begin), "{answer}");
        assert!(location(&pair.deny_request(check_id)).starts_with(begin));
        // Without a request for a popup, the parameters are put in the query.
        let plain = changed(&asked, |fields| fields.retain(|name, _| !name.contains("ui")));
        let answer = location(&pair.deny_request(pair.check_id(&plain).unwrap()));
        assert!(answer.contains("?openid.") || answer.contains("x=1&openid."), "{answer}");
    }
}

#[test]
fn simple_registration_is_answered_in_its_own_version() {
    use oauth_proto::openid2::sreg::{self, Field};
    let pair = OpenIdPair::default();
    let registration = sreg::Request { required: vec![Field::Email], ..sreg::Request::default() };
    let authorization = pair.begin(pair.asking(JANE).extension(registration));
    let url = authorization.url().unwrap();
    let (old, new) = ("http://openid.net/sreg/1.0", ExtensionType::SimpleRegistration.as_ref());
    for (asked, answered) in
        [(vec![new], new), (vec![old], old), (vec![new, old], new), (vec![], new)]
    {
        let url = changed(&url, |fields| {
            fields.remove("openid.ns.sreg");
            fields.extend(
                asked
                    .iter()
                    .enumerate()
                    .map(|(at, name)| (format!("openid.ns.s{at}"), (*name).into())),
            );
        });
        let values = sreg::Response { values: [(Field::Email, "jane@example.com".into())].into() };
        let answer = fields(&pair.approve(&url, |approval| approval.extension(values)));
        assert_eq!(answer["openid.ns.sreg"], answered);
        assert_eq!(answer["openid.sreg.email"], "jane@example.com");
    }
}

/// §9.2: a realm with a wildcard must not cover a public suffix.
#[test]
fn the_application_says_which_suffixes_no_realm_may_cover() {
    let mut pair = OpenIdPair::default();
    pair.provider = pair.provider.public_suffixes(|host| host == "github.io");
    let url = pair.begin(pair.asking(JANE)).url().unwrap();
    for (realm, return_to, is_good) in [
        ("https://*.github.io/", "https://jane.github.io/", false),
        ("https://*.github.io./", "https://jane.github.io./", false),
        ("https://jane.github.io/", "https://jane.github.io/", true),
        ("https://*.jane.github.io/", "https://www.jane.github.io/", true),
        ("https://*.bmw.de/", "https://www.bmw.de/", true),
    ] {
        let asked = changed(&url, |fields| {
            fields.insert("openid.realm".into(), realm.into());
            fields.insert("openid.return_to".into(), return_to.into());
        });
        assert_eq!(pair.check_id(&asked).is_ok(), is_good, "{realm}");
    }
}

#[test]
fn a_request_that_cannot_be_shown_to_the_user_returns_with_its_error() {
    let pair = OpenIdPair::default();
    let authorization = pair.begin(pair.asking("https://jane.example/"));
    let url = authorization.url().unwrap();
    for (field, value, reason) in [
        ("openid.claimed_id", None, RejectReason::Missing("claimed_id")),
        ("openid.identity", None, RejectReason::Missing("identity")),
        ("openid.claimed_id", Some("x"), RejectReason::Invalid("claimed_id")),
    ] {
        let url = changed(&url, |fields| {
            fields.remove(field);
            fields.extend(value.map(|value| (field.to_owned(), value.to_owned())));
        });
        let rejected = pair.check_id(&url).unwrap_err();
        assert_eq!(rejected.reason, reason);
        let back = fields(&location(&rejected.response()));
        assert_eq!((back["openid.mode"].as_str(), back["openid.ns"].as_str()), ("error", NS));
        assert_eq!(back["x"], "1");
    }
    for return_to in ["javascript:alert(1)", "/relative", "https://me@rp.example/"] {
        let url = changed(&url, |fields| {
            drop(fields.insert("openid.return_to".into(), return_to.into()));
        });
        let rejected = pair.check_id(&url).unwrap_err();
        assert_eq!(rejected.reason, RejectReason::Invalid("return_to"));
        assert_eq!(rejected.response().status(), 400);
    }
}

#[test]
fn a_request_without_a_return_to_is_answered_with_status_204() {
    let pair = OpenIdPair::default();
    let url = pair.begin(pair.asking(JANE)).url().unwrap();
    let without = changed(&url, |fields| drop(fields.remove("openid.return_to")));
    let check_id = pair.check_id(&without).unwrap();
    assert_eq!(check_id.return_to, None);
    let approval = Approval::new(JANE);
    assert_eq!(pair.approve_request(check_id.clone(), approval).unwrap().status(), 204);
    assert_eq!(pair.deny_request(check_id).status(), 204);
    let neither = changed(&without, |fields| drop(fields.remove("openid.realm")));
    assert_eq!(pair.check_id(&neither).unwrap_err().reason, RejectReason::Missing("realm"));
}

#[test]
fn an_answer_is_confirmed_once_and_only_unchanged() {
    let pair = OpenIdPair::default();
    let (_, callback) = pair.callback(JANE, false);
    let query = callback
        .split_once('?')
        .unwrap()
        .1
        .replace("openid.mode=id_res", "openid.mode=check_authentication");
    let confirmed = |query: &str| {
        let Ok(Dispatched::Respond(response)) = pair.dispatch(&post(query)) else { panic!() };
        assert_eq!(response.status(), 200);
        read(&response)["is_valid"] == "true"
    };
    assert!(!confirmed(&query.replace("jane", "john")));
    assert!(!confirmed(&query.replace("openid.sig=", "openid.sig=A")));
    assert!(confirmed(&query));
    assert!(!confirmed(&query));
    // An assertion that has expired is not confirmed, even if this is the first request.
    let (_, callback) = pair.callback(JANE, false);
    let query = callback
        .split_once('?')
        .unwrap()
        .1
        .replace("openid.mode=id_res", "openid.mode=check_authentication");
    pair.now.set(NOW + 601);
    assert!(!confirmed(&query));
}

#[test]
fn a_failing_store_confirms_nothing() {
    let pair = OpenIdPair::default();
    let (_, callback) = pair.callback(JANE, false);
    let query = callback
        .split_once('?')
        .unwrap()
        .1
        .replace("openid.mode=id_res", "openid.mode=check_authentication");
    let ServerStep::Query(oauth_proto::openid2::server::store::NextQuery::RememberOnce(pending)) =
        pair.provider.dispatch(&post(&query), pair.moment())
    else {
        panic!()
    };
    let ServerStep::Reject(rejected) = pending.unavailable("disk full") else { panic!() };
    assert_eq!(rejected.reason, RejectReason::StoreFailed("disk full".into()));
    let response = rejected.response();
    assert_eq!(
        (response.status().as_u16(), response.headers()["retry-after"].as_bytes()),
        (503, &b"5"[..])
    );
    assert!(!String::from_utf8_lossy(response.body()).contains("disk"));
}

#[test]
fn a_handle_that_is_still_valid_is_not_invalidated() {
    let pair = OpenIdPair::default();
    let discovered = pair.discover(JANE).unwrap();
    let shared = pair.associate(&discovered).unwrap().unwrap();
    let (_, callback) = pair.callback(JANE, false);
    let invalidated = |handle: &str| {
        let query = changed(&callback, |fields| {
            fields.insert("openid.mode".into(), "check_authentication".into());
            fields.insert("openid.invalidate_handle".into(), handle.into());
        });
        let Ok(Dispatched::Respond(response)) =
            pair.dispatch(&post(query.split_once('?').unwrap().1))
        else {
            panic!()
        };
        read(&response).get("invalidate_handle").cloned()
    };
    assert_eq!(invalidated("gone").as_deref(), Some("gone"));
    assert_eq!(invalidated(&shared.handle), None);
}

#[test]
fn another_process_with_the_same_secret_knows_the_associations() {
    let pair = OpenIdPair::default();
    let (pending, callback) = pair.callback(JANE, true);
    drop(pending);
    let secret = Secret::new("0123456789abcdef0123456789abcdef");
    let twin = Provider::new(ENDPOINT, &secret, Options::default()).unwrap();
    let check_id = pair.check_id(&pair.begin(pair.asking(JANE)).url().unwrap()).unwrap();
    let response =
        serve(twin.approve(check_id, Approval::new(JANE), pair.moment()), &pair.confirmed).unwrap();
    let query = location(&response)
        .split_once('?')
        .unwrap()
        .1
        .replace("openid.mode=id_res", "openid.mode=check_authentication");
    let Ok(Dispatched::Respond(response)) =
        serve(pair.provider.dispatch(&post(&query), pair.moment()), &MemoryStore::default())
    else {
        panic!()
    };
    assert_eq!(read(&response)["is_valid"], "true");
    assert!(callback.contains("openid.sig="));

    let next = Provider::new(
        ENDPOINT,
        &Secret::new("another secret of thirty-two bytes"),
        Options::default(),
    )
    .unwrap();
    let next = next.former_secret(&secret).unwrap();
    let Ok(Dispatched::Respond(response)) =
        serve(next.dispatch(&post(&query), pair.moment()), &MemoryStore::default())
    else {
        panic!()
    };
    assert_eq!(read(&response)["is_valid"], "true");
    assert!(Provider::new(ENDPOINT, &Secret::new("too short"), Options::default()).is_err());
    assert!(Provider::new("https://op.example/open\nid", &secret, Options::default()).is_err());
}

#[test]
fn a_provider_checks_the_relying_partys_document() {
    let pair = OpenIdPair::default();
    let authorization = pair.begin(pair.asking(JANE));
    let check_id = pair.check_id(&authorization.url().unwrap()).unwrap();
    let lists = || pair.run(Ok(pair.provider.verify_return_to(&check_id))).unwrap();
    assert!(!lists());
    pair.page(REALM, xrds(&relying_party_document(&["https://rp.example/back"])));
    assert!(lists());
    pair.page(
        REALM,
        xrds(&relying_party_document(&["https://rp.example/other", "https://*.example/"])),
    );
    assert!(!lists());
    pair.page(
        "https://rp.example/doc",
        xrds(&relying_party_document(&["https://rp.example/back"])),
    );
    let mut page = html("<html></html>");
    page.headers_mut().insert("x-xrds-location", "/doc".parse().unwrap());
    pair.page(REALM, page);
    assert!(lists());
    pair.page(REALM, redirect("https://rp.example/doc"));
    assert!(!lists());
}
