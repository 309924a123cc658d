//! Requests that a provider must refuse.

use super::pair::*;
use super::*;
use crate::common::with::With;
use oauth_proto::Error;
use oauth_proto::openid2::ax::{self, Attribute, FetchRequest};
use oauth_proto::openid2::server::{Approval, Dispatched, RejectReason};
use oauth_proto::openid2::sreg::{self, Field};

/// Row `update-url-inside`.
#[test]
fn an_update_url_cannot_be_on_an_internal_host() {
    let pair =
        OpenIdPair::new(|options| options, |it| it.with(|it| it.dangerous_allow_http = true));
    let inside = ["http://127.0.0.1/admin", "https://169.254.169.254/", "http://rp.example/update"];
    for (update_url, kept) in
        inside.map(|url| (url, false)).into_iter().chain([("https://rp.example/update", true)])
    {
        let origin = url::Url::parse(update_url).unwrap().origin().ascii_serialization() + "/";
        let fetch = FetchRequest {
            required: vec![Attribute::new("email", ax::AttributeType::Email)],
            ..FetchRequest::default()
        };
        let authorization = pair.begin(pair.asking(JANE).extension(fetch));
        let url = changed(&authorization.url().unwrap(), |fields| {
            fields.insert("openid.ax.update_url".into(), update_url.into());
            fields.insert("openid.realm".into(), origin.clone());
            fields.insert("openid.return_to".into(), origin.clone());
        });
        let seen = pair.check_id(&url).unwrap().extension::<FetchRequest>().unwrap().update_url;
        assert_eq!(seen.as_deref(), kept.then_some(update_url));
    }
}

/// Row `tampered-question`.
#[test]
fn a_changed_request_does_not_redirect_elsewhere() {
    // The application stored the request in the browser, which returns it with a `return_to` that
    // the provider has not checked.
    let pair = OpenIdPair::default();
    let authorization = pair.begin(pair.asking(JANE));
    let check_id = pair.check_id(&authorization.url().unwrap()).unwrap();
    for return_to in
        ["javascript:alert(1)//", "https://evil.example/", "https://rp.example\\@evil.example/"]
    {
        let mut kept = serde_json::to_value(&check_id).unwrap();
        kept["return_to"] = return_to.into();
        let tampered: oauth_proto::openid2::server::CheckIdRequest =
            serde_json::from_value(kept).unwrap();
        let long = sreg::Response { values: [(Field::Fullname, "x".repeat(3000))].into() };
        let approval = Approval::new(JANE).extension(long);
        for response in
            [pair.approve_request(tampered.clone(), approval).unwrap(), pair.deny_request(tampered)]
        {
            assert_eq!(
                (response.status().as_u16(), response.body().len()),
                (204, 0),
                "{return_to}"
            );
        }
    }
}

/// Row `two-readings`.
#[test]
fn a_return_to_that_can_be_read_in_two_ways_is_refused() {
    // Parsers disagree about which host these URLs name.
    let pair = OpenIdPair::default();
    for return_to in [
        "https://rp.example\\@evil.example/",
        "https:///rp.example/",
        "https://rp.example/\tx",
        "https://rp.example/%%32e%%32e/x",
    ] {
        let authorization = pair.begin(pair.asking(JANE));
        let url = changed(&authorization.url().unwrap(), |fields| {
            drop(fields.insert("openid.return_to".into(), return_to.into()));
        });
        assert!(pair.check_id(&url).is_err(), "{return_to}");
    }
}

/// Row `shared-handle-confirmed`.
#[test]
fn a_signature_by_a_shared_key_is_not_confirmed() {
    // Everyone who shares the key with the provider could have made the signature, so the provider
    // does not confirm it.
    let pair = OpenIdPair::default();
    let (_, callback) = pair.callback(JANE, true);
    let query = callback
        .split_once('?')
        .unwrap()
        .1
        .replace("openid.mode=id_res", "openid.mode=check_authentication");
    let Ok(Dispatched::Respond(response)) = pair.dispatch(&post(&query)) else { panic!() };
    assert!(String::from_utf8(response.into_body()).unwrap().contains("is_valid:false\n"));
}

/// §10, §11.4.2.1: the provider signs one response with a private handle, and no other response,
/// even if a relying party sends this handle.
///
/// Row `private-handle-named`.
#[test]
fn a_private_handle_signs_no_other_assertion() {
    let pair = OpenIdPair::default();
    let (pending, callback) = pair.callback(JANE, false);
    let private = fields(&callback)["openid.assoc_handle"].clone();
    let authorization = pair.begin(pair.asking("https://op.example/"));
    let asked = changed(&authorization.url().unwrap(), |fields| {
        drop(fields.insert("openid.assoc_handle".into(), private.clone()));
    });
    let other = pair.approve(&asked, |approval| approval);
    assert_ne!(fields(&other)["openid.assoc_handle"], private);
    assert_eq!(fields(&other)["openid.invalidate_handle"], private);
    // Both responses can be confirmed, because their handles differ.
    pair.verify(authorization.pending, &other).unwrap();
    pair.verify(pending, &callback).unwrap();
}

/// Row `realm-too-wide`.
#[test]
fn a_realm_that_covers_the_sites_of_many_owners_is_refused() {
    let pair = OpenIdPair::default();
    for (realm, return_to) in [
        ("https://*.com/", "https://rp.com/"),
        ("https://*.co.uk/", "https://rp.co.uk/"),
        ("http://rp.example/", "http://rp.example/"),
        ("https://rp.example/#x", "https://rp.example/"),
        ("rp.example", "https://rp.example/"),
    ] {
        let authorization = pair.begin(pair.asking(JANE));
        let url = changed(&authorization.url().unwrap(), |fields| {
            fields.insert("openid.realm".into(), realm.into());
            fields.insert("openid.return_to".into(), return_to.into());
        });
        assert!(pair.check_id(&url).is_err(), "{realm}");
    }
}

/// Row `other-user`.
#[test]
fn a_user_is_not_asserted_to_be_another() {
    // The request is about Jane, and John is signed in.
    let pair = OpenIdPair::default();
    let authorization = pair.begin(pair.asking("https://jane.example/"));
    let url = authorization.url().unwrap();
    for approval in [
        Approval::new(JOHN),
        Approval::new(JANE).with(|it| it.claimed_id = Some("https://john.example/".into())),
    ] {
        let check_id = pair.check_id(&url).unwrap();
        let rejected = pair.approve_request(check_id, approval).unwrap_err();
        let callback = location(&rejected.response());
        assert!(matches!(
            pair.verify(stored(&authorization.pending), &callback).unwrap_err(),
            Error::Refused(_)
        ));
    }
    let check_id = pair.check_id(&url).unwrap();
    // The provider asserts no text that is not the identifier of a user.
    let anybody = pair.begin(pair.asking("https://op.example/")).url().unwrap();
    for local_id in ["jane", "https://OP.example/id/jane", "https://me@op.example/", ""] {
        let check_id = pair.check_id(&anybody).unwrap();
        assert!(pair.approve_request(check_id, Approval::new(local_id)).is_err(), "{local_id}");
    }
    let newline = Approval::new(JANE).extension(
        ax::FetchResponse::default().attribute(ax::AttributeType::Email, ["a\nidentity:b"]),
    );
    assert!(pair.approve_request(check_id, newline).is_err());
}

/// Row `redirect-before-asking`: the provider does not redirect a user to a `return_to` outside of
/// the realm.
#[test]
fn a_request_with_a_bad_realm_or_without_tls_gets_a_page() {
    let pair = OpenIdPair::default();
    let url = pair.begin(pair.asking(JANE)).url().unwrap();
    let phish = "https://phish.example/login";
    for (realm, return_to, reason) in [
        (Some("https://other.example/"), phish, RejectReason::ReturnToOutside),
        (Some("https://other.example/"), "http://10.0.0.1/login", RejectReason::ReturnToOutside),
        (Some("https://phish.example/other/"), phish, RejectReason::ReturnToOutside),
        (
            Some("http://phish.example/"),
            "http://phish.example/login",
            RejectReason::Realm("expected https"),
        ),
        (None, "http://phish.example/login", RejectReason::Realm("expected https")),
        (
            Some("https://*.com/"),
            phish,
            RejectReason::Realm("it covers sites of many owners, as `*.com` does"),
        ),
        (Some("phish"), phish, RejectReason::Invalid("realm")),
        (Some("https://phish.example/#x"), phish, RejectReason::Invalid("realm")),
    ] {
        // A second problem, about which the relying party would get an error, changes nothing.
        for (field, value) in
            [("openid.x", "1"), ("openid.claimed_id", "x"), ("openid.mode", "checkid_immediate")]
        {
            let asked = changed(&url, |fields| {
                fields.insert(field.into(), value.into());
                fields.insert("openid.return_to".into(), return_to.into());
                fields.remove("openid.realm");
                fields.extend(realm.map(|realm| ("openid.realm".to_owned(), realm.to_owned())));
            });
            let rejected = pair.check_id(&asked).unwrap_err();
            assert_eq!(rejected.reason, reason, "{realm:?} {return_to}");
            let response = rejected.response();
            assert_eq!(
                (response.status().as_u16(), response.headers().get("location")),
                (400, None)
            );
            assert!(response.body().starts_with(b"This is an OpenID endpoint"));
        }
    }
    // If `return_to` is inside of the realm, the relying party gets the error.
    let asked = changed(&url, |fields| drop(fields.insert("openid.claimed_id".into(), "x".into())));
    assert!(
        location(&pair.check_id(&asked).unwrap_err().response())
            .starts_with("https://rp.example/back?x=1&")
    );
}

/// Row `redirect-before-asking`: the `return_to` of an invalid message has to meet the same
/// conditions as the `return_to` of a valid request.
#[test]
fn an_invalid_message_redirects_only_to_an_acceptable_return_to() {
    let pair = OpenIdPair::default();
    let lax = OpenIdPair::new(
        |options| options,
        |options| {
            options.with(|it| {
                it.dangerous_allow_http = true;
                it.dangerous_allow_internal_hosts = true;
            })
        },
    );
    let old = OpenIdPair::new(|options| options, |it| it.with(|it| it.allow_openid1 = true));
    let ns = "openid.ns=http://specs.openid.net/auth/2.0";
    for broken in [
        &format!("{ns}&openid.mode=bogus"),
        &format!("{ns}&openid.mode=checkid_setup&openid.x=1&openid.x=1"),
        "openid.ns=http://specs.openid.net/auth/3.0&openid.mode=checkid_setup",
    ] {
        let leads = |pair: &OpenIdPair, rest: &str| {
            let request = get(&format!("{ENDPOINT}?{broken}&{rest}"));
            let response = pair.dispatch(&request).unwrap_err().response();
            response.headers().get("location").map(|to| to.to_str().unwrap().to_owned())
        };
        let to = leads(&pair, "openid.return_to=https://rp.example/back").unwrap();
        assert!(to.starts_with("https://rp.example/back?openid."), "{to}");
        assert!(
            leads(
                &pair,
                "openid.realm=https://*.rp.example/&openid.return_to=https://rp.example/back"
            )
            .is_some()
        );
        for nowhere in [
            "openid.realm=https://other.example/&openid.return_to=https://phish.example/login",
            "openid.realm=https://*.com/&openid.return_to=https://phish.example/login",
            "openid.realm=x&openid.return_to=https://phish.example/login",
            "openid.return_to=http://phish.example/login",
            "openid.return_to=https://10.0.0.1/login",
            "openid.return_to=https://localhost/login",
            "openid.return_to=https://router.local/login",
        ] {
            assert_eq!(leads(&pair, nowhere), None, "{broken}&{nowhere}");
        }
        for near in ["http://phish.example/login", "http://10.0.0.1/login"] {
            assert!(leads(&lax, &format!("openid.return_to={near}")).is_some(), "{near}");
        }
    }
    // OpenID 1.1 has another name for the realm.
    let asked = |root: &str| {
        let query = format!(
            "openid.mode=bogus&openid.trust_root={root}&openid.return_to=https://rp.example/back"
        );
        old.dispatch(&get(&format!("{ENDPOINT}?{query}")))
            .unwrap_err()
            .response()
            .headers()
            .contains_key("location")
    };
    assert!(asked("https://rp.example/"));
    assert!(!asked("https://other.example/"));
}

/// Row `control-characters`: the application stores a request while the user signs in. PostgreSQL
/// accepts no NUL, not even in JSON.
#[test]
fn control_characters_in_a_request_are_refused_before_it_is_stored() {
    let pair = OpenIdPair::new(|options| options, |it| it.with(|it| it.allow_openid1 = true));
    let url = pair.begin(pair.asking("https://jane.example/")).url().unwrap();
    let asked = |name: &str, value: &str| {
        pair.check_id(&changed(&url, |fields| {
            drop(fields.insert(format!("openid.{name}"), value.to_owned()));
        }))
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
    // Values of extensions may have several lines, and identifiers may have letters of any
    // language.
    assert!(asked("sreg.nickname", "two\nlines").is_ok());
    assert!(asked("identity", "https://op.example/id/\u{e9}").is_ok());
    // OpenID 1.1 has no rules for the identifier, but control characters are refused as well.
    let first =
        "openid.mode=checkid_setup&openid.return_to=https://rp.example/back&openid.identity=";
    assert!(pair.check_id(&format!("{ENDPOINT}?{first}{JANE}")).is_ok());
    let rejected = pair.check_id(&format!("{ENDPOINT}?{first}{JANE}%00")).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::ControlCharacter("identity".into()));
}
