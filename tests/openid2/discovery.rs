//! Discovery: from an identifier to its provider.

use crate::pair::*;
use oauth_proto::openid2::user_links;
use oauth_proto::{Error, Unsupported};

#[test]
fn a_user_signs_in_by_each_way_of_discovery() {
    let pair = OpenIdPair::default();
    let document = user_document(ENDPOINT, Some(JANE), &[]);
    let links = user_links(ENDPOINT, Some(JANE));
    pair.page("https://doc.example/", xrds(&document));
    for name in ["header", "meta", "broken-header", "negotiated"] {
        pair.page(
            &format!("https://{name}.example/"),
            html(&format!("<html><head>{links}</head></html>")),
        );
    }
    let mut header = html("<html></html>");
    header.headers_mut().insert("x-xrds-location", "https://doc.example/".parse().unwrap());
    pair.page("https://header.example/", header.clone());
    let meta = "<html><head>\
        <meta http-equiv=X-XRDS-Location content='https://doc.example/'></head></html>";
    pair.page("https://meta.example/", html(meta));
    *header.body_mut() = format!("<html><head>{links}</head></html>").into_bytes();
    header.headers_mut().insert("x-xrds-location", "/nowhere".parse().unwrap());
    pair.page("https://broken-header.example/", header);
    for claimed in ["doc", "header", "meta", "broken-header", "negotiated"] {
        let claimed = format!("https://{claimed}.example/");
        let assertion = pair.sign_in(&claimed).unwrap();
        assert_eq!(
            (assertion.claimed_id.as_deref(), assertion.local_id.as_deref()),
            (Some(claimed.as_str()), Some(JANE))
        );
    }
}

#[test]
fn an_identifier_without_a_scheme_is_https_unless_the_option_allows_http() {
    let pair = OpenIdPair::default();
    assert_eq!(
        pair.sign_in("jane.example").unwrap().claimed_id.as_deref(),
        Some("https://jane.example/")
    );
    let plain =
        OpenIdPair::new(|it| it.with(|it| it.dangerous_allow_http = true), |options| options);
    plain.page("http://jane.example/", xrds(&user_document(ENDPOINT, Some(JANE), &[])));
    assert_eq!(
        plain.sign_in("jane.example").unwrap().claimed_id.as_deref(),
        Some("http://jane.example/")
    );
}

#[test]
fn the_target_of_redirects_is_the_identifier() {
    let pair = OpenIdPair::default();
    pair.page("http://jane.example/", redirect("https://jane.example/#top"));
    assert_eq!(
        pair.sign_in("http://jane.example").unwrap().claimed_id.as_deref(),
        Some("https://jane.example/")
    );

    for hop in 0..6 {
        pair.page(
            &format!("https://hop{hop}.example/"),
            redirect(&format!("https://hop{}.example/", hop + 1)),
        );
    }
    pair.page("https://hop6.example/", xrds(&user_document(ENDPOINT, None, &[])));
    assert_eq!(
        pair.discover("https://hop1.example/").unwrap().claimed_id.as_deref(),
        Some("https://hop6.example/")
    );
    let error = pair.discover("https://hop0.example/").unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::Identifier { .. })), "{error}");
    assert!(error.response().is_some());
    pair.page("https://loop.example/", redirect("/"));
    assert!(pair.discover("https://loop.example/").is_err());
}

#[test]
fn an_op_identifier_lets_the_provider_choose_the_identifier() {
    let pair = OpenIdPair::default();
    let discovered = pair.discover("https://op.example/").unwrap();
    assert_eq!((discovered.claimed_id.as_deref(), discovered.local_id.as_deref()), (None, None));
    let assertion = pair.sign_in("https://op.example/").unwrap();
    assert_eq!(assertion.claimed_id.as_deref(), Some(JANE));
    assert_eq!(assertion.endpoint, ENDPOINT);

    // The user may choose another identifier whose document names the same provider.
    let authorization = pair.begin(pair.asking("https://op.example/"));
    let callback = pair.approve(&authorization.url().unwrap(), |approval| {
        approval.with(|it| it.claimed_id = Some("https://jane.example/".into()))
    });
    assert_eq!(
        pair.verify(authorization.pending, &callback).unwrap().claimed_id.as_deref(),
        Some("https://jane.example/")
    );
}

#[test]
fn a_fragment_distinguishes_owners_and_is_not_shown() {
    let pair = OpenIdPair::default();
    let authorization = pair.begin(pair.asking(JANE));
    let with_fragment = format!("{JANE}#second");
    let callback = pair.approve(&authorization.url().unwrap(), |approval| {
        approval.with(|it| it.claimed_id = Some(with_fragment.clone()))
    });
    let assertion = pair.verify(authorization.pending, &callback).unwrap();
    assert_eq!(assertion.claimed_id.as_deref(), Some(with_fragment.as_str()));
}

#[test]
fn an_identifier_that_names_no_provider_is_refused() {
    let pair = OpenIdPair::default();
    pair.page(
        "https://plain.example/",
        html("<html><head><title>Jane</title></head><body>hello</body></html>"),
    );
    pair.page(
        "https://other.example/",
        xrds("<x:XRDS xmlns:x='xri://$xrds'><XRD xmlns='xri://$xrd*($v*2.0)'/></x:XRDS>"),
    );
    for identifier in ["https://plain.example/", "=jane", ""] {
        let error = pair.discover(identifier).unwrap_err();
        assert!(
            matches!(error, Error::Unsupported(Unsupported::Identifier { .. })),
            "{identifier}: {error}"
        );
    }
    let error = pair.discover("https://nowhere.example/").unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::Identifier { .. })), "{error}");
    assert_eq!(error.response().unwrap().status, 404);
    assert!(
        pair.discover("jane@example.com").unwrap_err().to_string().contains("an email address")
    );
    // After a document without a service, the page is requested too, because it may have links.
    pair.sent.borrow_mut().clear();
    assert!(pair.discover("https://other.example/").is_err());
    assert_eq!(pair.sent.borrow().len(), 2);
}

#[test]
fn a_document_is_read_if_its_media_type_is_an_xml_type() {
    let pair = OpenIdPair::default();
    let of_type = |media_type: &str, body: &str| {
        http::Response::builder()
            .header("content-type", media_type)
            .body(body.as_bytes().to_vec())
            .unwrap()
    };
    let document = user_document(ENDPOINT, None, &[]);
    for media_type in
        ["text/xml", "application/xml; charset=utf-8", "Text/XML", "application/xrds+xml"]
    {
        pair.page("https://typed.example/", of_type(media_type, &document));
        assert_eq!(
            pair.discover("https://typed.example/").unwrap().endpoint(),
            ENDPOINT,
            "{media_type}"
        );
    }
    // An XHTML page has an XML type, too.
    let page = format!("<html><head>{}</head></html>", user_links(ENDPOINT, None));
    pair.page("https://typed.example/", of_type("application/xml", &page));
    assert_eq!(pair.discover("https://typed.example/").unwrap().endpoint(), ENDPOINT);
    for media_type in ["text/html", "text/plain", "application/json"] {
        pair.page("https://typed.example/", of_type(media_type, &document));
        pair.discover("https://typed.example/").unwrap_err();
    }
}

#[test]
fn the_reason_why_an_identifier_cannot_be_used_is_the_right_one() {
    let pair = OpenIdPair::default();
    let service = |kind: &str, inside: &str| {
        xrds(&format!(
            "<x:XRDS xmlns:x='xri://$xrds'><XRD xmlns='xri://$xrd*($v*2.0)'><Service><Type>{kind}\
             </Type>{inside}\
             </Service></XRD></x:XRDS>"
        ))
    };
    const SIGNON: &str = "http://specs.openid.net/auth/2.0/signon";
    const FIRST: &str = "http://openid.net/signon/1.1";
    let link = |rel: &str, to: &str| html(&format!("<head><link rel='{rel}' href='{to}'></head>"));
    for (page, reason) in [
        (html("<head></head>"), "no link to a provider"),
        (link("openid2.provider", "http://op.example/"), "is not https (`dangerous_allow_http`"),
        (link("openid2.provider", "https://10.0.0.1/"), "`dangerous_allow_internal_hosts`"),
        (link("openid2.provider", "/endpoint"), "not an absolute http or https URL"),
        (link("openid.server", ENDPOINT), "OpenID 1 only (`allow_openid1`"),
        (service(SIGNON, "<URI>http://op.example/</URI>"), "is not https (`dangerous_allow_http`"),
        (service(SIGNON, "<URI>https://localhost/</URI>"), "`dangerous_allow_internal_hosts`"),
        (service(SIGNON, ""), "names no endpoint"),
        (service(FIRST, &format!("<URI>{ENDPOINT}</URI>")), "OpenID 1 only (`allow_openid1`"),
        (service("http://other.example/", "<URI>https://x.example/</URI>"), "no service of OpenID"),
        (xrds("<x:XRDS"), "cannot be read"),
        (
            http::Response::builder()
                .header("x-xrds-location", "https://nowhere.example/x")
                .body(Vec::new())
                .unwrap(),
            "could not be fetched",
        ),
        (
            service(
                SIGNON,
                &format!("<URI>{ENDPOINT}</URI><LocalID>{}</LocalID>", "x".repeat(3000)),
            ),
            "local identifier",
        ),
    ] {
        pair.page("https://odd.example/", page);
        let error = pair.discover("https://odd.example/").unwrap_err();
        assert!(matches!(error, Error::Unsupported(Unsupported::Identifier { .. })), "{error}");
        assert!(error.to_string().contains(reason), "{reason}: {error}");
    }
}

#[test]
fn a_local_identifier_that_cannot_be_sent_is_refused() {
    let pair = OpenIdPair::default();
    for (local_id, is_good) in
        [("x".repeat(2048), true), ("x".repeat(2049), false), ("a\u{1}b".to_owned(), false)]
    {
        for page in [
            xrds(&user_document(ENDPOINT, Some(&local_id), &[])),
            html(&format!("<head>{}</head>", user_links(ENDPOINT, Some(&local_id)))),
        ] {
            pair.page("https://john.example/", page);
            assert_eq!(
                pair.discover("https://john.example/").is_ok(),
                is_good,
                "{}",
                local_id.len()
            );
        }
    }
}
