//! Documents that discovery must refuse, and hosts that it must not ask.

use super::pair::*;
use crate::common::with::With;
use oauth_proto::openid2::{Authorize, Discovered, Options, RelyingParty, user_links};
use oauth_proto::{Error, Step, Unsupported};

/// Row `other-page`.
#[test]
fn the_page_of_another_url_is_not_used_for_an_identifier() {
    // The XRDS document names no provider, and the page redirects to another URL. The links in that
    // page belong to another identifier.
    let pair = OpenIdPair::default();
    let links = html(&format!("<head>{}</head>", user_links(ENDPOINT, None)));
    let answers = [xrds("<x/>"), redirect("https://other.example/"), links];
    let mut step = pair.party.discover("https://jane.example/");
    for answer in answers {
        let Ok(Step::Send(_, sent)) = step else { panic!() };
        step = sent.receive(answer, pair.moment());
    }
    assert!(matches!(step.unwrap_err(), Error::Unsupported(Unsupported::Identifier { .. })));
}

/// Row `discovery-internal`.
#[test]
fn discovery_sends_no_request_to_an_internal_host() {
    let pair = OpenIdPair::default();
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
        assert!(
            matches!(pair.discover(identifier).unwrap_err(), Error::Unsupported(_)),
            "{identifier}"
        );
        let host = identifier.trim_start_matches("http://");
        // A redirect from https to http is not followed, so each redirect keeps the scheme.
        for scheme in ["http", "https"] {
            let near = format!("{scheme}://near.example/");
            pair.page(&near, redirect(&format!("{scheme}://{host}")));
            assert!(pair.discover(&near).is_err());
        }
        let mut page = html("<html></html>");
        page.headers_mut().insert("x-xrds-location", format!("https://{host}").parse().unwrap());
        pair.page("https://near.example/", page);
        assert!(pair.discover("https://near.example/").is_err());
        pair.page("https://near.example/", xrds(&user_document(identifier, None, &[])));
        assert!(pair.discover("https://near.example/").is_err());
    }
    let elsewhere = |sent: &String| !sent.contains("://near.example/");
    assert_eq!(pair.sent.borrow().iter().find(|sent| elsewhere(sent)), None);
}

/// Row `no-tls`.
#[test]
fn identifiers_and_providers_without_tls_are_refused() {
    let pair = OpenIdPair::default();
    let document = user_document("http://op.example/openid", None, &[]);
    pair.page("http://plain.example/", xrds(&user_document(ENDPOINT, None, &[])));
    pair.page("https://tls.example/", xrds(&document));
    let error = pair.discover("http://plain.example").unwrap_err();
    assert!(error.to_string().contains("not https"), "{error}");
    assert!(pair.discover("https://tls.example/").is_err());
    let plain = Discovered::known_provider("http://op.example/").unwrap();
    assert!(pair.party.authorize(Authorize::new(&plain, RETURN_TO), pair.moment()).is_err());
    let plain = RelyingParty::new("http://rp.example/", Options::default()).unwrap();
    let discovered = pair.discover(JANE).unwrap();
    let authorize = Authorize::new(&discovered, "http://rp.example/back");
    assert!(plain.authorize(authorize, pair.moment()).is_err());
}

/// Row `no-tls`: an attacker in the network could change the response to the http request, and
/// redirect to any identifier with TLS.
#[test]
fn a_redirect_from_https_to_http_is_never_followed() {
    let pages = |pair: OpenIdPair| {
        pair.page("https://moved.example/", redirect("http://moved.example/there"));
        pair.page("http://moved.example/there", redirect(JANE));
        pair
    };
    let pair = pages(OpenIdPair::default());
    let error = pair.discover("https://moved.example/").unwrap_err();
    assert!(error.to_string().contains("redirects to a URL that is not accepted"), "{error}");
    assert_eq!(*pair.sent.borrow(), ["GET https://moved.example/"]);
    // If the user typed an http URL, its redirects are followed.
    assert!(pair.discover("http://moved.example/there").is_ok());
    let lax = pages(OpenIdPair::new(
        |it| it.with(|it| it.dangerous_allow_http = true),
        |options| options,
    ));
    assert!(lax.discover("https://moved.example/").is_ok());
}
