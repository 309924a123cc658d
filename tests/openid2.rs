//! OpenID 2.0 through the public API: our relying party at our provider.
#![cfg(feature = "openid2")]

#[path = "common/openid2.rs"]
mod world;

use oauth_proto::openid2::ax::{self, Attribute, Count, FetchRequest};
use oauth_proto::openid2::server::{Approval, CheckIdRequest, Dispatched, Identity, RejectReason};
use oauth_proto::openid2::sreg::{self, Field};
use oauth_proto::openid2::{
    Association, AssociationKind, AssociationType, Authorize, Callback, Discovered, Options, Pending, ProfileField,
    RelyingParty, Version, oauth, pape, ui, user_links,
};
use oauth_proto::{Error, Refused, Step, Timestamp, Unsupported};
use world::*;

#[test]
fn a_user_signs_in_by_each_way_of_discovery() {
    let world = World::default();
    let document = user_document(ENDPOINT, Some(JANE), &[]);
    let links = user_links(ENDPOINT, Some(JANE));
    world.page("https://doc.example/", xrds(&document));
    for name in ["header", "meta", "broken-header", "negotiated"] {
        world.page(&format!("https://{name}.example/"), html(&format!("<html><head>{links}</head></html>")));
    }
    let mut header = html("<html></html>");
    header.headers_mut().insert("x-xrds-location", "https://doc.example/".parse().unwrap());
    world.page("https://header.example/", header.clone());
    let meta = "<html><head><meta http-equiv=X-XRDS-Location content='https://doc.example/'></head></html>";
    world.page("https://meta.example/", html(meta));
    *header.body_mut() = format!("<html><head>{links}</head></html>").into_bytes();
    header.headers_mut().insert("x-xrds-location", "/nowhere".parse().unwrap());
    world.page("https://broken-header.example/", header);
    for claimed in ["doc", "header", "meta", "broken-header", "negotiated"] {
        let claimed = format!("https://{claimed}.example/");
        let assertion = world.sign_in(&claimed).unwrap();
        assert_eq!(
            (assertion.claimed_id.as_deref(), assertion.local_id.as_deref()),
            (Some(claimed.as_str()), Some(JANE))
        );
    }
}

#[test]
fn what_is_typed_without_a_scheme_has_tls_unless_that_is_waived() {
    let world = World::default();
    assert_eq!(world.sign_in("jane.example").unwrap().claimed_id.as_deref(), Some("https://jane.example/"));
    let plain = World::new(Options::dangerous_allow_http, |options| options);
    plain.page("http://jane.example/", xrds(&user_document(ENDPOINT, Some(JANE), &[])));
    assert_eq!(plain.sign_in("jane.example").unwrap().claimed_id.as_deref(), Some("http://jane.example/"));
}

#[test]
fn redirects_lead_to_the_identifier_that_counts() {
    let world = World::default();
    world.page("http://jane.example/", redirect("https://jane.example/#top"));
    assert_eq!(world.sign_in("http://jane.example").unwrap().claimed_id.as_deref(), Some("https://jane.example/"));

    for hop in 0..6 {
        world.page(&format!("https://hop{hop}.example/"), redirect(&format!("https://hop{}.example/", hop + 1)));
    }
    world.page("https://hop6.example/", xrds(&user_document(ENDPOINT, None, &[])));
    assert_eq!(world.discover("https://hop1.example/").unwrap().claimed_id.as_deref(), Some("https://hop6.example/"));
    let error = world.discover("https://hop0.example/").unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::Identifier { .. })), "{error}");
    assert!(error.response().is_some());
    world.page("https://loop.example/", redirect("/"));
    assert!(world.discover("https://loop.example/").is_err());
}

#[test]
fn an_op_identifier_lets_the_provider_say_who_it_is() {
    let world = World::default();
    let discovered = world.discover("https://op.example/").unwrap();
    assert_eq!((discovered.claimed_id.as_deref(), discovered.local_id.as_deref()), (None, None));
    let assertion = world.sign_in("https://op.example/").unwrap();
    assert_eq!(assertion.claimed_id.as_deref(), Some(JANE));
    assert_eq!(assertion.endpoint, ENDPOINT);

    // Another of the user's identifiers, which names the provider itself.
    let authorization = world.begin(world.asking("https://op.example/"));
    let callback =
        world.approve(&authorization.url().unwrap(), |approval| approval.claimed_id("https://jane.example/"));
    assert_eq!(
        world.verify(authorization.pending, &callback).unwrap().claimed_id.as_deref(),
        Some("https://jane.example/")
    );
}

#[test]
fn a_fragment_tells_owners_apart_and_is_not_shown() {
    let world = World::default();
    let authorization = world.begin(world.asking(JANE));
    let with_fragment = format!("{JANE}#second");
    let callback = world.approve(&authorization.url().unwrap(), |approval| approval.claimed_id(&with_fragment));
    let assertion = world.verify(authorization.pending, &callback).unwrap();
    assert_eq!(assertion.claimed_id.as_deref(), Some(with_fragment.as_str()));
    assert_eq!(assertion.display_id(), Some(JANE));
}

#[test]
fn what_names_no_provider_is_said_so() {
    let world = World::default();
    world.page("https://plain.example/", html("<html><head><title>Jane</title></head><body>hello</body></html>"));
    world.page(
        "https://other.example/",
        xrds("<x:XRDS xmlns:x='xri://$xrds'><XRD xmlns='xri://$xrd*($v*2.0)'/></x:XRDS>"),
    );
    for identifier in ["https://plain.example/", "=jane", ""] {
        let error = world.discover(identifier).unwrap_err();
        assert!(matches!(error, Error::Unsupported(Unsupported::Identifier { .. })), "{identifier}: {error}");
    }
    let error = world.discover("https://nowhere.example/").unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::Identifier { .. })), "{error}");
    assert_eq!(error.response().unwrap().status, 404);
    assert!(world.discover("jane@example.com").unwrap_err().to_string().contains("an address"));
    // A document without a service: the page is fetched for its links.
    world.sent.borrow_mut().clear();
    assert!(world.discover("https://other.example/").is_err());
    assert_eq!(world.sent.borrow().len(), 2);
}

#[test]
fn a_document_of_any_type_of_xml_is_one_if_it_is_one() {
    let world = World::default();
    let of_type = |media_type: &str, body: &str| {
        http::Response::builder().header("content-type", media_type).body(body.as_bytes().to_vec()).unwrap()
    };
    let document = user_document(ENDPOINT, None, &[]);
    for media_type in ["text/xml", "application/xml; charset=utf-8", "Text/XML", "application/xrds+xml"] {
        world.page("https://typed.example/", of_type(media_type, &document));
        assert_eq!(world.discover("https://typed.example/").unwrap().endpoint(), ENDPOINT, "{media_type}");
    }
    // A page in XHTML has such a type, too.
    let page = format!("<html><head>{}</head></html>", user_links(ENDPOINT, None));
    world.page("https://typed.example/", of_type("application/xml", &page));
    assert_eq!(world.discover("https://typed.example/").unwrap().endpoint(), ENDPOINT);
    for media_type in ["text/html", "text/plain", "application/json"] {
        world.page("https://typed.example/", of_type(media_type, &document));
        world.discover("https://typed.example/").unwrap_err();
    }
}

#[test]
fn the_reason_why_an_identifier_cannot_be_used_is_the_right_one() {
    let world = World::default();
    let service = |kind: &str, inside: &str| {
        xrds(&format!(
            "<x:XRDS xmlns:x='xri://$xrds'><XRD xmlns='xri://$xrd*($v*2.0)'><Service><Type>{kind}</Type>{inside}\
             </Service></XRD></x:XRDS>"
        ))
    };
    const SIGNON: &str = "http://specs.openid.net/auth/2.0/signon";
    const FIRST: &str = "http://openid.net/signon/1.1";
    let link = |rel: &str, to: &str| html(&format!("<head><link rel='{rel}' href='{to}'></head>"));
    for (page, reason) in [
        (html("<head></head>"), "no link to a provider"),
        (link("openid2.provider", "http://op.example/"), "has no TLS (`dangerous_allow_http`"),
        (link("openid2.provider", "https://10.0.0.1/"), "`dangerous_allow_internal_hosts`"),
        (link("openid2.provider", "/endpoint"), "no absolute http or https URL"),
        (link("openid.server", ENDPOINT), "OpenID 1 alone (`allow_openid1`"),
        (service(SIGNON, "<URI>http://op.example/</URI>"), "has no TLS (`dangerous_allow_http`"),
        (service(SIGNON, "<URI>https://localhost/</URI>"), "`dangerous_allow_internal_hosts`"),
        (service(SIGNON, ""), "names no endpoint"),
        (service(FIRST, &format!("<URI>{ENDPOINT}</URI>")), "OpenID 1 alone (`allow_openid1`"),
        (service("http://other.example/", "<URI>https://x.example/</URI>"), "no service of OpenID"),
        (xrds("<x:XRDS"), "cannot be read"),
        (
            http::Response::builder().header("x-xrds-location", "https://nowhere.example/x").body(Vec::new()).unwrap(),
            "cannot be had",
        ),
        (service(SIGNON, &format!("<URI>{ENDPOINT}</URI><LocalID>{}</LocalID>", "x".repeat(3000))), "local identifier"),
    ] {
        world.page("https://odd.example/", page);
        let error = world.discover("https://odd.example/").unwrap_err();
        assert!(matches!(error, Error::Unsupported(Unsupported::Identifier { .. })), "{error}");
        assert!(error.to_string().contains(reason), "{reason}: {error}");
    }
}

#[test]
fn an_association_checks_answers_without_asking() {
    let world = World::default();
    for kind in [
        AssociationKind::DhSha256,
        AssociationKind::DhSha1,
        AssociationKind::NoEncryptionSha256,
        AssociationKind::NoEncryptionSha1,
    ] {
        let party = RelyingParty::new(REALM, Options::default().associations([kind])).unwrap();
        let discovered = world.discover("https://jane.example/").unwrap();
        let association = world.run(party.associate(&discovered, world.moment())).unwrap().unwrap();
        let short = matches!(kind, AssociationKind::DhSha1 | AssociationKind::NoEncryptionSha1);
        assert_eq!(association.association_type == AssociationType::HmacSha1, short);
        assert_eq!(association.expires_at, Timestamp::from_secs(NOW + 24 * 3600));
        let stored: Association = serde_json::from_str(&serde_json::to_string(&association).unwrap()).unwrap();
        assert_eq!(association, stored);
        world.associations.borrow_mut().push(association);

        let authorize = Authorize::new(&discovered, RETURN_TO).association(stored);
        let authorization = world.party.authorize(authorize, world.moment()).unwrap();
        let callback = world.approve(&authorization.url().unwrap(), |approval| approval);
        world.sent.borrow_mut().clear();
        world.verify(authorization.pending, &callback).unwrap();
        assert!(world.sent.borrow().is_empty(), "{kind:?}");
    }
}

#[test]
fn a_provider_names_the_kind_that_it_grants() {
    let sha1 = AssociationKind::DhSha1;
    let world = World::new(|options| options, |options| options.associations([sha1]));
    let discovered = world.discover(JANE).unwrap();
    let association = world.associate(&discovered).unwrap().unwrap();
    assert_eq!(association.association_type, AssociationType::HmacSha1);
    assert_eq!(world.sent.borrow().iter().filter(|sent| sent.starts_with("POST")).count(), 2);

    let none = World::new(|options| options, |options| options.associations([]));
    assert_eq!(none.associate(&none.discover(JANE).unwrap()).unwrap(), None);
    none.sign_in(JANE).unwrap();
}

#[test]
fn an_association_that_is_over_is_replaced_by_asking() {
    let world = World::default();
    let discovered = world.discover(JANE).unwrap();
    let association = world.associate(&discovered).unwrap().unwrap();
    let handle = association.handle.clone();
    let authorize = Authorize::new(&discovered, RETURN_TO)
        .association(association)
        .lifetime(std::time::Duration::from_secs(1 << 20));
    let authorization = world.party.authorize(authorize, world.moment()).unwrap();
    world.now.set(NOW + 24 * 3600);
    let callback = world.approve(&authorization.url().unwrap(), |approval| approval);
    let assertion = world.verify(authorization.pending, &callback).unwrap();
    assert_eq!(assertion.invalidated_handle.as_deref(), Some(handle.as_str()));
}

#[test]
fn attributes_and_registration_come_as_they_were_asked_for() {
    let world = World::default();
    let movie = "http://example.com/schema/favourite_movie";
    let fetch = FetchRequest {
        required: vec![Attribute::new("email", ax::EMAIL)],
        if_available: vec![Attribute { count: Count::AtMost(2), ..Attribute::new("movie", movie) }],
        update_url: Some("https://rp.example/update".into()),
    };
    let registration =
        sreg::Request { required: vec![Field::Nickname], optional: vec![Field::Country], ..sreg::Request::default() };
    let authorize = world
        .asking(JANE)
        .extension(fetch.clone())
        .extension(registration.clone())
        .extension(ui::Request { languages: vec!["da".into()], mode: Some("popup".into()), icon: false })
        .extension(pape::Request { preferred: vec![pape::MULTI_FACTOR.into()], ..pape::Request::default() })
        .extension(oauth::Request { consumer: "rp.example".into(), scope: Some("feeds".into()) });
    let authorization = world.begin(authorize);
    let url = authorization.url().unwrap();
    let check_id = world.check_id(&url).unwrap();
    assert_eq!(check_id.extension::<FetchRequest>(), Some(fetch.clone()));
    assert_eq!(check_id.extension::<sreg::Request>(), Some(registration.clone()));
    assert_eq!(check_id.extension::<ui::Request>().unwrap().languages, ["da"]);
    assert_eq!(check_id.extension::<pape::Request>().unwrap().preferred, [pape::MULTI_FACTOR]);
    assert_eq!(check_id.extension::<oauth::Request>().unwrap().consumer, "rp.example");

    let mut values = ax::FetchResponse::default()
        .attribute(ax::EMAIL, ["jane@example.com"])
        .attribute(movie, ["Æon", "b=&\"'<%41>", "third"])
        .attribute(ax::LANGUAGE, ["da"]);
    values.update_url = Some("https://rp.example/update".into());
    let registered = sreg::Response::default().value(Field::Nickname, "jane").value(Field::Dob, "1970-01-01");
    let callback = world.approve(&url, |approval| {
        approval
            .extension(values.only(&fetch))
            .extension(registered.only(&registration))
            .extension(pape::Response { policies: vec![pape::MULTI_FACTOR.into()], ..pape::Response::default() })
            .extension(oauth::Response { request_token: "hh5s93j4hdidpola".into(), scope: None })
    });
    let assertion = world.verify(authorization.pending, &callback).unwrap();
    let attributes = assertion.extension::<ax::FetchResponse>().unwrap();
    assert_eq!(attributes.values[movie], ["Æon", "b=&\"'<%41>"]);
    assert_eq!(attributes.first(ax::EMAIL), Some("jane@example.com"));
    assert_eq!(attributes.first(ax::LANGUAGE), None);
    assert_eq!(attributes.update_url.as_deref(), Some("https://rp.example/update"));
    let registered: Vec<_> = assertion.extension::<sreg::Response>().unwrap().values.into_keys().collect();
    assert_eq!(registered, [Field::Nickname]);
    assert_eq!(assertion.extension::<pape::Response>().unwrap().policies, [pape::MULTI_FACTOR]);
    assert_eq!(assertion.extension::<oauth::Response>().unwrap().request_token, "hh5s93j4hdidpola");
}

#[test]
fn the_short_way_asks_and_maps_as_tornado_does() {
    let world = World::default();
    let provider = Discovered::known_provider(ENDPOINT).unwrap();
    let url = |asked: &[ProfileField]| {
        let authorize = Authorize::new(&provider, RETURN_TO).profile(asked.iter().copied());
        world.party.authorize(authorize, world.moment()).unwrap().url().unwrap()
    };
    let all = fields(&url(&ProfileField::ALL));
    assert_eq!(all["openid.ax.required"], "firstname,fullname,lastname,email,language,username");
    assert_eq!(all["openid.ax.type.fullname"], "http://axschema.org/namePerson");
    assert_eq!(all["openid.claimed_id"], "http://specs.openid.net/auth/2.0/identifier_select");
    assert_eq!(all["openid.realm"], REALM);
    assert!(!fields(&url(&[])).contains_key("openid.ns.ax"));

    let profile = |values: &[(&str, &str)]| {
        let authorize = Authorize::new(&provider, RETURN_TO).profile(ProfileField::ALL);
        let authorization = world.party.authorize(authorize, world.moment()).unwrap();
        let values =
            values.iter().fold(ax::FetchResponse::default(), |all, (name, value)| all.attribute(*name, [*value]));
        let callback = world.approve(&authorization.url().unwrap(), |approval| approval.extension(values));
        world.verify(authorization.pending, &callback).unwrap().profile()
    };
    let full = profile(&[
        (ax::FIRST_NAME, "Jane"),
        (ax::LAST_NAME, "Doe"),
        (ax::FULL_NAME, "Dr. Jane Doe"),
        (ax::EMAIL, "j@example.com"),
        (ax::LANGUAGE, "en-US"),
        (ax::USERNAME, "janey"),
    ]);
    assert_eq!(full.claimed_id.as_deref(), Some(JANE));
    assert_eq!((full.first_name.as_deref(), full.last_name.as_deref()), (Some("Jane"), Some("Doe")));
    assert_eq!((full.name.as_deref(), full.email.as_deref()), (Some("Dr. Jane Doe"), Some("j@example.com")));
    assert_eq!((full.locale.as_deref(), full.username.as_deref()), (Some("en-us"), Some("janey")));
    assert_eq!(profile(&[(ax::FIRST_NAME, "Jane"), (ax::LAST_NAME, "Doe")]).name.as_deref(), Some("Jane Doe"));
    assert_eq!(profile(&[(ax::EMAIL, "j@example.com"), (ax::FULL_NAME, "")]).name.as_deref(), Some("j"));
    assert_eq!(profile(&[]).name, None);
}

#[test]
fn a_long_answer_comes_as_a_form() {
    let world = World::default();
    let authorization = world.begin(world.asking(JANE));
    let check_id = world.check_id(&authorization.url().unwrap()).unwrap();
    let biography = "All \"of\" it & <more>.\u{e9} ".repeat(200);
    let approval =
        Approval::new(JANE).extension(ax::FetchResponse::default().attribute("http://x.example/bio", [&*biography]));
    let response = world.approve_request(check_id, approval).unwrap();
    assert_eq!(response.status(), 200);
    let page = String::from_utf8(response.into_body()).unwrap();
    let (action, form) = read_form(&page);
    let callback = Callback::posted(&action, form.as_bytes());
    let checked = world
        .run(world.party.redeem(
            authorization.pending.association(world.associations.borrow().last().cloned()),
            callback,
            world.moment(),
        ))
        .unwrap();
    let assertion = checked.answer(oauth_proto::openid2::OneTimeUse::First).unwrap();
    assert_eq!(
        assertion.extension::<ax::FetchResponse>().unwrap().first("http://x.example/bio"),
        Some(biography.as_str())
    );
}

/// The action and the encoded fields of a page with a form.
fn read_form(page: &str) -> (String, String) {
    let unescape = |text: &str| {
        text.replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    };
    let between = |text: &str, begin: &str| {
        let text = &text[text.find(begin).unwrap() + begin.len()..];
        unescape(&text[..text.find('"').unwrap()])
    };
    let fields = page.split("<input ").skip(1).map(|input| (between(input, "name=\""), between(input, "value=\"")));
    (between(page, "action=\""), oauth_proto::wire::form::encode(fields))
}

#[test]
fn the_request_goes_by_a_form_too() {
    let world = World::default();
    let authorization = world.begin(world.asking(JANE));
    let (action, form) = read_form(&authorization.page());
    assert_eq!(action, ENDPOINT);
    let Dispatched::CheckIdRequest(by_form) = world.dispatch(&post(&form)).unwrap() else { panic!() };
    assert_eq!(*by_form, world.check_id(&authorization.url().unwrap()).unwrap());
    assert_eq!(authorization.fields().count(), 6);
}

#[test]
fn the_user_may_cancel_and_an_immediate_request_may_fail() {
    let world = World::default();
    let end = |authorize: Authorize| {
        let authorization = world.begin(authorize);
        let check_id = world.check_id(&authorization.url().unwrap()).unwrap();
        let callback = location(&world.deny_request(check_id));
        world.verify(authorization.pending, &callback).unwrap_err()
    };
    assert!(matches!(end(world.asking(JANE)), Error::Refused(Refused::Denied { .. })));
    assert_eq!(end(world.asking(JANE).immediate()), Refused::SetupNeeded { url: None }.into());

    let authorization = world.begin(world.asking(JANE).immediate());
    let callback = world.approve(&authorization.url().unwrap(), |approval| approval);
    assert_eq!(world.verify(authorization.pending, &callback).unwrap().claimed_id.as_deref(), Some(JANE));
}

#[test]
fn a_provider_s_error_is_told_to_the_user() {
    let world = World::default();
    let authorization = world.begin(world.asking(JANE));
    let elsewhere = changed(&authorization.url().unwrap(), |fields| {
        fields.insert("openid.claimed_id".into(), "x".into());
    });
    let rejected = world.check_id(&elsewhere).unwrap_err();
    let callback = location(&rejected.response());
    let error = world.verify(authorization.pending, &callback).unwrap_err();
    let message = Some("the field \"claimed_id\" has a value that it cannot have".to_owned());
    assert_eq!(error, Refused::Provider { message, contact: None, reference: None }.into());
}

#[test]
fn an_answer_about_nobody_brings_extensions_alone() {
    let world = World::default();
    let fetch = FetchRequest { required: vec![Attribute::new("email", ax::EMAIL)], ..FetchRequest::default() };
    let authorize = world.asking(JANE).without_identity().extension(fetch);
    let authorization = world.begin(authorize);
    let url = authorization.url().unwrap();
    assert_eq!(world.check_id(&url).unwrap().identity, Identity::None);
    let values = ax::FetchResponse::default().attribute(ax::EMAIL, ["j@example.com"]);
    let callback = world.approve(&url, |approval| approval.extension(values));
    let assertion = world.verify(authorization.pending, &callback).unwrap();
    assert_eq!((assertion.claimed_id.as_deref(), assertion.local_id.as_deref()), (None, None));
    assert_eq!(assertion.extension::<ax::FetchResponse>().unwrap().first(ax::EMAIL), Some("j@example.com"));
}

#[test]
fn openid_1_is_spoken_where_both_allow_it() {
    let world = World::new(Options::allow_openid1, Options::allow_openid1);
    let page = format!(
        "<html><head><link rel=openid.server href={ENDPOINT}><link rel=openid.delegate href={JANE}></head></html>"
    );
    world.page("https://old.example/", html(&page));
    let discovered = world.discover("https://old.example/").unwrap();
    assert_eq!((discovered.version, discovered.local_id.as_deref()), (Version::V1_1, Some(JANE)));
    for association in [None, world.associate(&discovered).unwrap()] {
        let asks = association.is_none();
        let authorize = Authorize::new(&discovered, RETURN_TO)
            .association(association)
            .extension(sreg::Request { required: vec![Field::Email], ..sreg::Request::default() });
        let authorization = world.party.authorize(authorize, world.moment()).unwrap();
        let url = authorization.url().unwrap();
        assert!(!url.contains("openid.ns=") && !url.contains("claimed_id") && url.contains("openid.trust_root"));
        world.sent.borrow_mut().clear();
        let values = sreg::Response::default().value(Field::Email, "j@example.com");
        let callback = world.approve(&url, |approval| approval.extension(values));
        assert!(!callback.contains("op_endpoint"), "{callback}");
        let stored = serde_json::to_string(&authorization.pending).unwrap();
        let assertion = world.verify(authorization.pending, &callback).unwrap();
        assert_eq!(assertion.claimed_id.as_deref(), Some("https://old.example/"));
        assert_eq!(assertion.extension::<sreg::Response>().unwrap().get(Field::Email), Some("j@example.com"));
        assert_eq!(world.sent.borrow().len(), usize::from(asks));
        let again = world.verify(serde_json::from_str(&stored).unwrap(), &callback).unwrap_err();
        assert!(matches!(again, Error::Forged(_)), "{again}");
    }
    let authorization =
        world.party.authorize(Authorize::new(&discovered, RETURN_TO).immediate(), world.moment()).unwrap();
    let check_id = world.check_id(&authorization.url().unwrap()).unwrap();
    let callback = location(&world.deny_request(check_id));
    let Error::Refused(Refused::SetupNeeded { url: Some(url) }) =
        world.verify(authorization.pending, &callback).unwrap_err()
    else {
        panic!("{callback}")
    };
    assert!(!world.check_id(&url).unwrap().immediate);

    let strict = World::default();
    strict.page("https://old.example/", html(&page));
    assert!(strict.discover("https://old.example/").is_err());
    assert!(strict.check_id(&url).is_err());
}

#[test]
fn what_is_stored_comes_back() {
    let world = World::default();
    let discovered = world.discover("https://jane.example/").unwrap();
    let stored: Discovered = serde_json::from_str(&serde_json::to_string(&discovered).unwrap()).unwrap();
    assert_eq!(discovered, stored);
    let association = world.associate(&stored).unwrap();
    let authorize = Authorize::new(&discovered, RETURN_TO).association(association);
    let authorization = world.party.authorize(authorize, world.moment()).unwrap();
    let cookie = serde_json::to_string(&authorization.pending).unwrap();
    assert!(cookie.len() < 1000, "{}", cookie.len());
    let check_id = world.check_id(&authorization.url().unwrap()).unwrap();
    let kept: CheckIdRequest = serde_json::from_str(&serde_json::to_string(&check_id).unwrap()).unwrap();
    assert_eq!(check_id, kept);
    let callback = location(&world.approve_request(kept, Approval::new(JANE)).unwrap());
    let pending: Pending = serde_json::from_str(&cookie).unwrap();
    assert_eq!(pending.expires_at(), Timestamp::from_secs(NOW + 3600));
    assert_eq!(world.verify(pending, &callback).unwrap().claimed_id.as_deref(), Some("https://jane.example/"));
}

#[test]
fn a_provider_looks_at_the_relying_party_s_document() {
    let world = World::default();
    let authorization = world.begin(world.asking(JANE));
    let check_id = world.check_id(&authorization.url().unwrap()).unwrap();
    let lists = || world.run(Ok(world.provider.verify_return_to(&check_id))).unwrap();
    assert!(!lists());
    world.page(REALM, xrds(&relying_party_document(&["https://rp.example/back"])));
    assert!(lists());
    world.page(REALM, xrds(&relying_party_document(&["https://rp.example/other", "https://*.example/"])));
    assert!(!lists());
    world.page("https://rp.example/doc", xrds(&relying_party_document(&["https://rp.example/back"])));
    let mut page = html("<html></html>");
    page.headers_mut().insert("x-xrds-location", "/doc".parse().unwrap());
    world.page(REALM, page);
    assert!(lists());
    world.page(REALM, redirect("https://rp.example/doc"));
    assert!(!lists());
}

/// Attribute Exchange §5.1.
#[test]
fn updated_attributes_are_posted_to_the_relying_party() {
    let world = World::default();
    let update_url = "https://rp.example/update?transaction_id=a6b5c41";
    let mut email = ax::FetchResponse::default().attribute(ax::EMAIL, ["new@example.com"]);
    email.update_url = Some(update_url.into());
    let approval = || Approval::new(JANE).extension(email.clone());
    let request = world.provider.update_attributes(update_url, approval(), world.moment()).unwrap();
    assert_eq!((request.method(), request.uri().to_string()), (&http::Method::POST, update_url.to_owned()));
    let step = world.party.dangerous_redeem_unsolicited(update_url, &request, world.moment());
    let assertion = world.run(step).unwrap().confirm(&world.nonces).unwrap();
    assert_eq!(assertion.claimed_id.as_deref(), Some(JANE));
    assert_eq!(assertion.extension::<ax::FetchResponse>().unwrap().first(ax::EMAIL), Some("new@example.com"));
    assert_eq!(world.sent.borrow().as_slice(), [format!("GET {JANE}"), format!("POST {ENDPOINT}")]);
    for url in [
        "http://rp.example/update",
        "https://10.0.0.1/update",
        "https://[64:ff9b::a00:1]/",
        "https://[64:ff9b:1:a00:0:100:808:808]/",
        "https://home.arpa/",
        "https://rp.internal/",
        "https://rp.example/update#x",
        "rp.example",
    ] {
        let refused = world.provider.update_attributes(url, approval(), world.moment());
        assert_eq!(refused.unwrap_err(), RejectReason::Invalid("update_url"), "{url}");
    }
}

#[test]
fn an_update_url_lies_in_the_realm() {
    let world = World::default();
    let discovered = world.discover(JANE).unwrap();
    let email = || FetchRequest { required: vec![Attribute::new("email", ax::EMAIL)], ..FetchRequest::default() };
    let asked = |update_url: &str| {
        let fetch = FetchRequest { update_url: Some(update_url.into()), ..email() };
        world.party.authorize(Authorize::new(&discovered, RETURN_TO).extension(fetch), world.moment())
    };
    assert!(asked("https://rp.example/update").is_ok());
    let fetch = FetchRequest { update_url: Some("https://rp.example/".into()), ..email() };
    let twice = oauth_proto::openid2::Extension::from(fetch).field("update_url", "https://other.example/");
    let asked_twice = Authorize::new(&discovered, RETURN_TO).extension(twice);
    assert!(world.party.authorize(asked_twice, world.moment()).is_err());
    let error = asked("https://other.example/update").unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::Url { .. })), "{error}");
}

#[test]
fn a_question_for_nothing_is_not_sent() {
    let world = World::default();
    let nothing = world
        .asking(JANE)
        .extension(FetchRequest { update_url: Some("https://rp.example/update".into()), ..FetchRequest::default() })
        .extension(sreg::Request { policy_url: Some("https://rp.example/policy".into()), ..sreg::Request::default() });
    let sent = fields(&world.begin(nothing).url().unwrap());
    assert!(sent.keys().all(|name| !name.contains("ax") && !name.contains("sreg")), "{sent:?}");
}

/// §14.2.1.
#[test]
fn openid_1_is_not_asked_about_nobody() {
    let world = World::new(Options::allow_openid1, Options::allow_openid1);
    world.page("https://old.example/", html("<head><link rel=openid.server href=https://op.example/openid></head>"));
    let discovered = world.discover("https://old.example/").unwrap();
    let asked = Authorize::new(&discovered, RETURN_TO).without_identity();
    let error = world.party.authorize(asked, world.moment()).unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::Unsendable { .. })), "{error}");
}

#[test]
fn an_outage_is_not_a_forgery() {
    let world = World::default();
    let (pending, callback) = world.callback("https://op.example/", true);
    let down = || http::Response::builder().status(503).body(Vec::new()).unwrap();
    world.page(JANE, down());
    let error = world.verify(pending, &callback).unwrap_err();
    let Error::Unsupported(Unsupported::Identifier { identifier, response: Some(answer), .. }) = &error else {
        panic!("{error}")
    };
    assert_eq!((identifier.as_str(), answer.status.as_u16()), (JANE, 503));
}

/// §5.1.2.2.
#[test]
fn a_provider_that_cannot_confirm_says_why() {
    let world = World::default();
    let (pending, callback) = world.callback(JANE, false);
    let step = world.party.redeem(pending, &callback, world.moment()).unwrap();
    let Step::Send(_, sent) = step else { panic!() };
    let body = b"ns:http://specs.openid.net/auth/2.0\nerror:closed for the night\ncontact:op@op.example\n";
    let answer = http::Response::builder().status(400).body(body.to_vec()).unwrap();
    let error = sent.receive(answer, world.moment()).unwrap_err();
    let Error::Refused(Refused::Provider { message, contact, .. }) = &error else { panic!("{error}") };
    assert_eq!((message.as_deref(), contact.as_deref()), (Some("closed for the night"), Some("op@op.example")));
}

#[test]
fn a_local_identifier_that_cannot_be_sent_names_nobody() {
    let world = World::default();
    for (local_id, is_good) in [("x".repeat(2048), true), ("x".repeat(2049), false), ("a\u{1}b".to_owned(), false)] {
        for page in [
            xrds(&user_document(ENDPOINT, Some(&local_id), &[])),
            html(&format!("<head>{}</head>", user_links(ENDPOINT, Some(&local_id)))),
        ] {
            world.page("https://john.example/", page);
            assert_eq!(world.discover("https://john.example/").is_ok(), is_good, "{}", local_id.len());
        }
    }
}

#[test]
fn what_ties_an_answer_to_a_browser_is_in_no_log() {
    let world = World::new(Options::allow_openid1, Options::allow_openid1);
    world.page("https://old.example/", html("<head><link rel=openid.server href=https://op.example/openid></head>"));
    let (pending, callback) = world.callback("https://old.example/", true);
    let state = pending.state().to_owned();
    let association = world.associations.borrow().last().cloned();
    let checked =
        world.run(world.party.redeem(pending.association(association.clone()), &callback, world.moment())).unwrap();
    assert_eq!(checked.query().nonce, state);
    assert!(!format!("{checked:?}").contains(&state));
}

/// §11.2: an OP identifier is nobody's claimed identifier, even where its document would be a user's as well.
#[test]
fn an_op_identifier_is_nobody_s() {
    let world = World::default();
    let both = user_document(ENDPOINT, None, &["http://specs.openid.net/auth/2.0/server"]);
    for (page, is_good) in [(user_document(ENDPOINT, None, &[]), true), (both, false)] {
        let (pending, callback) = world.callback("https://op.example/", true);
        world.page(JANE, xrds(&page));
        assert_eq!(world.verify(pending, &callback).is_ok(), is_good);
    }
}
