//! Our relying party at python3-openid's provider: the identifier and the attributes of the user,
//! and refusals.

use interop::loopback::Loopback;
use interop::openid2_site::{REALM, RETURN_TO, Site, options};
use interop::their_openid2_provider::TheirProvider;
use interop::with::With;
use oauth_proto::openid2::ProviderError;
use oauth_proto::openid2::ax::{self, Attribute, FetchRequest};
use oauth_proto::openid2::sreg::{self, Field};
use oauth_proto::openid2::{
    Assertion, Authorize, Discovered, ProfileField, RelyingParty, Version, XrdsDocument,
};
use oauth_proto::wire::form;
use oauth_proto::{Error, Refused, Request, Response};
use serde_json::json;

const BIOGRAPHY: &str = "http://axschema.org/media/biography";
const NICKNAMES: &str = "http://axschema.org/no/such/thing";

fn all_wishes() -> FetchRequest {
    FetchRequest {
        required: vec![
            Attribute { count: None, ..Attribute::new("email", ax::AttributeType::Email) },
            Attribute::new("name", ax::AttributeType::FullName),
        ],
        if_available: vec![
            Attribute { count: Some(2), ..Attribute::new("lang", ax::AttributeType::Language) },
            Attribute::new("none", NICKNAMES),
        ],
        update_url: None,
    }
}

fn has_all_wishes(assertion: &Assertion) {
    let attributes = assertion.extension::<ax::FetchResponse>().expect("attributes");
    let emails = ["jane@example.com", "jane+2@example.com", "a=&\"'<%41>@example.com"];
    assert_eq!(attributes.values[ax::AttributeType::Email.as_ref()], emails);
    assert_eq!(attributes.values[ax::AttributeType::FullName.as_ref()], ["Jane Doe é ☃"]);
    assert_eq!(attributes.values[ax::AttributeType::Language.as_ref()], ["da"]);
    assert_eq!(attributes.first(NICKNAMES), None);
    // Attributes that were not requested are missing.
    assert_eq!(attributes.first(ax::AttributeType::Username), None);
}

#[test]
fn a_user_is_sent_to_the_provider_by_a_redirect_or_a_form() {
    let mut op = TheirProvider::start();
    let site = Site::default();
    let found = site.discover(&op.jane("/delegated")).unwrap();
    for method in ["GET", "POST"] {
        op.asked();
        let authorization = site.ask(Authorize::new(&found, RETURN_TO).extension(all_wishes()));
        let visit = match method {
            "GET" => site.follow(authorization, ""),
            _ => site.submit(authorization, ""),
        };
        assert!(visit.url().starts_with(&format!("{RETURN_TO}&rp_state=")), "{}", visit.url());
        let assertion = site.verify(&visit).unwrap();
        assert_eq!(assertion.claimed_id.as_deref(), Some(&*op.jane("/delegated")));
        has_all_wishes(&assertion);
        let asked = op.change(&json!({}));
        assert_eq!((asked[0].method.as_str(), asked[0].openid["realm"].as_str()), (method, REALM));
    }
}

#[test]
fn a_long_answer_is_received_as_a_form() {
    let op = TheirProvider::start();
    let site = Site::default();
    let found = site.discover(&op.jane("")).unwrap();
    for key in [site.associate(&found).unwrap(), None] {
        let mut fetch = all_wishes();
        fetch.required.push(Attribute::new("life", BIOGRAPHY));
        let visit = site.visit(
            Authorize::new(&found, RETURN_TO).with(|it| it.association = key).extension(fetch),
            "",
        );
        assert!(
            visit.is_by_form() && visit.url().starts_with(&format!("{RETURN_TO}&rp_state=")),
            "{}",
            visit.url()
        );
        let assertion = site.verify(&visit).unwrap();
        has_all_wishes(&assertion);
        let told = assertion
            .extension::<ax::FetchResponse>()
            .and_then(|told| told.first(BIOGRAPHY).map(str::to_owned));
        assert_eq!(told, Some("All of it. ".repeat(300)));
    }
}

#[test]
fn simple_registration_is_read_in_both_versions() {
    let op = TheirProvider::start();
    let site = Site::new(options().with(|it| it.allow_openid1 = true));
    for (way, version) in [("", Version::V2_0), ("/openid1", Version::V1_1)] {
        let optional = vec![
            Field::Nickname,
            Field::Email,
            Field::Fullname,
            Field::Dob,
            Field::Gender,
            Field::Postcode,
            Field::Country,
            Field::Language,
            Field::Timezone,
        ];
        let all = sreg::Request { optional, ..sreg::Request::default() };
        let assertion =
            site.sign_in(&op.jane(way), |authorize| authorize.extension(all), "").unwrap();
        assert_eq!(assertion.version, version);
        let registration = assertion.extension::<sreg::Response>().expect("a registration");
        let told: Vec<_> = registration
            .values
            .iter()
            .map(|(field, value)| (field.to_string(), value.as_str()))
            .collect();
        let expected = [
            ("nickname", "jane"),
            ("email", "jane@example.com"),
            ("fullname", "Jane Doe é ☃"),
            ("dob", "1970-01-01"),
            ("gender", "F"),
            ("postcode", "0000"),
            ("country", "DK"),
            ("language", "da"),
            ("timezone", "Europe/Copenhagen"),
        ];
        assert_eq!(told, expected.map(|(field, value)| (field.to_owned(), value)), "{version:?}");

        let two = sreg::Request {
            required: vec![Field::Email],
            optional: vec![Field::Dob],
            ..sreg::Request::default()
        };
        let assertion =
            site.sign_in(&op.jane(way), |authorize| authorize.extension(two), "").unwrap();
        assert_eq!(
            assertion.extension::<sreg::Response>().expect("a registration").values.len(),
            2,
            "{version:?}"
        );
    }
}

#[test]
fn attributes_that_declare_no_namespace_are_not_reported() {
    let op = TheirProvider::start();
    let site = Site::new(options().with(|it| it.allow_openid1 = true));
    let found = site.discover(&op.jane("/openid1")).unwrap();
    let visit = site.visit(Authorize::new(&found, RETURN_TO).extension(all_wishes()), "");
    // In OpenID 1, the library sends the attributes without their namespace, so they are not read.
    assert!(visit.field("ns.ax").is_none() && visit.field("ax.value.name.1").is_some());
    let assertion = site.verify(&visit).unwrap();
    assert_eq!(
        (assertion.version, assertion.extension::<ax::FetchResponse>()),
        (Version::V1_1, None)
    );
}

#[test]
fn attributes_can_be_requested_without_a_user() {
    let op = TheirProvider::start();
    let asked = |authorize: Authorize| {
        authorize.with(|it| it.without_identity = true).extension(all_wishes())
    };
    let assertion = Site::default().sign_in(&op.origin, asked, "").unwrap();
    assert_eq!((assertion.claimed_id.as_deref(), assertion.local_id.as_deref()), (None, None));
    has_all_wishes(&assertion);
}

#[test]
fn a_user_may_have_answered_before() {
    let mut op = TheirProvider::start();
    let site = Site::default();
    let assertion = site.sign_in(&op.jane(""), |it| it.with(|it| it.immediate = true), "").unwrap();
    assert_eq!(assertion.claimed_id.as_deref(), Some(&*op.jane("")));
    assert_eq!(op.asked(), ["/id/jane", "checkid_immediate", "check_authentication"]);
}

#[test]
fn a_user_who_has_to_be_asked_is_asked_again() {
    let op = TheirProvider::start();
    let site = Site::default();
    let error = site
        .sign_in(&op.jane(""), |it| it.with(|it| it.immediate = true), "jane=is_away")
        .unwrap_err();
    assert_eq!(error, ProviderError::SetupNeeded { url: None }.into());
    let assertion = site.sign_in(&op.jane(""), |authorize| authorize, "jane=is_away").unwrap();
    assert_eq!(assertion.claimed_id.as_deref(), Some(&*op.jane("")));
}

#[test]
fn in_openid_1_the_user_is_asked_at_the_url_that_the_provider_names() {
    let op = TheirProvider::start();
    let site = Site::new(options().with(|it| it.allow_openid1 = true));
    let found = site.discover(&op.jane("/openid1")).unwrap();
    let visit = site
        .visit(Authorize::new(&found, RETURN_TO).with(|it| it.immediate = true), "jane=is_away");
    // In OpenID 1, this response has the mode of an assertion, and the library signs it.
    assert!(visit.field("mode").as_deref() == Some("id_res") && visit.field("sig").is_some());
    let error = site.verify(&visit).unwrap_err();
    let Error::Refused(Refused::OpenId2(ProviderError::SetupNeeded { url: Some(url) })) = &error
    else {
        panic!("{error}")
    };
    assert!(
        url.starts_with(&format!("{}?openid.", op.endpoint()))
            && url.contains("mode=checkid_setup"),
        "{url}"
    );
}

#[test]
fn a_denial_is_a_refusal() {
    let mut op = TheirProvider::start();
    let site = Site::new(options().with(|it| it.allow_openid1 = true));
    for way in ["", "/openid1"] {
        let error = site.sign_in(&op.jane(way), |authorize| authorize, "jane=denies").unwrap_err();
        assert_eq!(
            error,
            Refused::Denied { problem: None, advice: None, response: None }.into(),
            "{way}"
        );
    }
    assert!(!op.asked().contains(&"check_authentication".to_owned()));
}

#[test]
fn an_error_of_the_provider_is_reported() {
    let op = TheirProvider::start();
    let site = Site::default();
    let found = site.discover(&op.jane("")).unwrap();
    let authorization = site.ask(Authorize::new(&found, RETURN_TO));
    let url = authorization.url().unwrap();
    let realm = form::encode([("openid.realm", REALM)]);
    let url = url.replace(&realm, "openid.realm=https%3A%2F%2Fother.example%2F");
    let error = site.verify(&site.come_back(authorization, &url)).unwrap_err();
    let Error::Refused(Refused::OpenId2(ProviderError::Failed { message: Some(message), .. })) =
        error
    else {
        panic!("{error}")
    };
    assert!(message.contains("other.example"), "{message}");
}

#[test]
fn the_user_selects_who_they_are() {
    let mut op = TheirProvider::start();
    let site = Site::default();
    let found = site.discover(&op.origin).unwrap();
    op.asked();
    for key in [site.associate(&found).unwrap(), None] {
        for (select, claimed, local) in [
            ("", "", ""),
            ("select=/id/jane/link", "/link", "/link"),
            ("select=/id/jane/header", "/header", "/header"),
            ("select=/id/jane/delegated", "/delegated", ""),
            ("select=/id/jane/delegated-link", "/delegated-link", ""),
            // The fragment distinguishes Jane from an earlier owner of the identifier.
            ("select=/id/jane%232", "#2", ""),
        ] {
            let visit = site.visit(
                Authorize::new(&found, RETURN_TO).with(|it| it.association = key.clone()),
                select,
            );
            op.asked();
            let assertion = site.verify(&visit).unwrap_or_else(|error| panic!("{select}: {error}"));
            assert_eq!(assertion.claimed_id.as_deref(), Some(&*op.jane(claimed)), "{select}");
            assert_eq!(
                assertion.claimed_id.as_deref().and_then(|id| id.split('#').next()),
                op.jane(claimed).split('#').next(),
                "{select}"
            );
            assert_eq!(assertion.local_id.as_deref(), Some(&*op.jane(local)), "{select}");
            // The document at the identifier says whether the provider may assert it, so it is
            // requested.
            let document = format!("/id/jane{}", claimed.trim_end_matches("#2"));
            assert!(op.asked().contains(&document), "{select}");
        }
    }
}

#[test]
fn the_short_form_gives_a_profile() {
    let op = TheirProvider::start();
    let site = Site::default();
    let provider = Discovered::known_provider(&op.endpoint()).unwrap();
    let authorization = site.ask(Authorize::new(&provider, RETURN_TO).profile([
        ProfileField::Name,
        ProfileField::Email,
        ProfileField::Language,
        ProfileField::Username,
    ]));
    // The library sends values with a count, which Tornado's mixin cannot read.
    let visit = site.follow(authorization, "");
    assert_eq!(visit.field("ax.count.email").as_deref(), Some("1"));
    let assertion = site.verify(&visit).unwrap();
    let expected = json!({
        "claimed_id": op.jane(""),
        "first_name": "Jane",
        "last_name": "Doe é ☃",
        "name": "Jane Doe é ☃",
        "email": "jane@example.com",
        "locale": "da",
        "username": "jane",
    });
    assert_eq!(serde_json::to_value(assertion.profile()).unwrap(), expected);
}

#[test]
fn the_short_form_requests_the_wanted_attributes() {
    let op = TheirProvider::start();
    let site = Site::default();
    for (asked, name) in [(&[ProfileField::Email][..], Some("jane")), (&[], None)] {
        let provider = Discovered::known_provider(&op.endpoint()).unwrap();
        let authorization =
            site.ask(Authorize::new(&provider, RETURN_TO).profile(asked.iter().copied()));
        let profile = site.verify(&site.follow(authorization, "")).unwrap().profile();
        assert_eq!((profile.claimed_id, profile.name.as_deref()), (Some(op.jane("")), name));
        assert_eq!((profile.email.is_some(), profile.username), (name.is_some(), None));
    }
}

#[test]
fn a_provider_finds_our_site_by_its_document() {
    let op = TheirProvider::with(&json!({ "verifies_return_to": true }));
    let ours = Loopback::start(|origin| {
        let return_to = format!("{origin}/openid");
        let document =
            XrdsDocument::RelyingParty { return_to: &[&return_to], icons: &[] }.to_string();
        move |_: &Request| {
            let mut response = Response::new(document.clone().into_bytes());
            let media_type = "application/xrds+xml".parse().expect("a media type");
            response.headers_mut().insert("content-type", media_type);
            response
        }
    });
    let site = Site::of(RelyingParty::new(&format!("{}/", ours.origin()), options()).unwrap());
    let sign_in = |path: &str| {
        let return_to = format!("{}{path}", ours.origin());
        let discovered = site.discover(&op.jane(""))?;
        site.verify(&site.visit(Authorize::new(&discovered, return_to), "")).map(drop)
    };
    assert_eq!(sign_in("/openid?printer=2"), Ok(()));
    let denied = Refused::Denied { problem: None, advice: None, response: None };
    assert_eq!(sign_in("/other"), Err(denied.into()));
}
