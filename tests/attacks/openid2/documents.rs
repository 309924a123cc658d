//! Hostile documents, pages and lists.

use super::pair::*;
use super::*;
use oauth_proto::openid2::AssertionError;
use oauth_proto::openid2::ax::FetchRequest;
use oauth_proto::openid2::sreg::{self, Field};
use oauth_proto::openid2::{ExtensionType, pape, user_links};
use oauth_proto::{Error, Forged, Response};

/// Discovers an identifier whose page is this response. Returns `Ok` if a provider is found.
fn leads_somewhere(pair: &OpenIdPair, answer: Response) -> Result<(), Error> {
    pair.page("https://hostile.example/", answer);
    let discovered = pair.discover("https://hostile.example/")?;
    assert_eq!(discovered.endpoint(), ENDPOINT);
    Ok(())
}

/// The URL that identifies NIST's assurance levels.
const NIST: &str = "http://csrc.nist.gov/publications/nistpubs/800-63/SP800-63V1_0_2.pdf";

/// Row `xrds-entities`.
#[test]
fn a_document_with_entities_is_refused() {
    let laughs = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">\
        <!ENTITY u SYSTEM \"file:///etc/passwd\">]>";
    let document = user_document(ENDPOINT, None, &[]);
    let pair = OpenIdPair::default();
    for hostile in [
        document.replace("?>", &format!("?>{laughs}")),
        document.replace("?>", "?><!DOCTYPE x>"),
        document.replace("<Service>", "<Other>&u;</Other><Service>"),
        document.replace("<Service>", "<Service><Other>&a;</Other>"),
    ] {
        assert_ne!(hostile, document);
        assert!(leads_somewhere(&pair, xrds(&hostile)).is_err(), "{hostile}");
    }
    let harmless = document.replace("<Service>", "<Other>&amp;&#x41;</Other><Service>");
    leads_somewhere(&pair, xrds(&harmless)).unwrap();
}

/// Row `xrds-bomb`.
#[test]
fn a_document_that_is_too_large_or_deep_is_refused() {
    const DOCUMENT: usize = 128 * 1024;
    let pair = OpenIdPair::default();
    let document = user_document(ENDPOINT, None, &[]);
    let bomb = |place: &str, bomb: &str| document.replacen(place, &format!("{bomb}{place}"), 1);
    let deep = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    let comment = |size: usize| format!("<!--{}-->", "x".repeat(size - "<!---->".len()));
    // In each pair, the first document is the largest that is accepted, and the second is refused.
    for (most, more) in [
        (
            bomb("<Service>", &comment(DOCUMENT - document.len())),
            bomb("<Service>", &comment(DOCUMENT + 1 - document.len())),
        ),
        // With the enclosing elements, the first document is 16 levels deep, and the second is 17.
        (bomb("<Service>", &deep(14)), bomb("<Service>", &deep(15))),
        (bomb("<URI>", &deep(13)), bomb("<URI>", &deep(14))),
        (bomb("<Service>", &"<Service/>".repeat(63)), bomb("<Service>", &"<Service/>".repeat(64))),
        (
            bomb("<Type>", &"<Type>x</Type>".repeat(63)),
            bomb("<Type>", &"<Type>x</Type>".repeat(64)),
        ),
        (bomb("<URI>", &"<URI>x</URI>".repeat(63)), bomb("<URI>", &"<URI>x</URI>".repeat(64))),
    ] {
        leads_somewhere(&pair, xrds(&most)).unwrap();
        assert!(leads_somewhere(&pair, xrds(&more)).is_err(), "{} bytes", more.len());
    }
    // Only the first eight endpoints are kept.
    let many = bomb("<URI>", &format!("<URI>{ENDPOINT}</URI>").repeat(50));
    pair.page("https://hostile.example/", xrds(&many));
    let discovered =
        serde_json::to_value(pair.discover("https://hostile.example/").unwrap()).unwrap();
    assert_eq!(discovered["endpoints"].as_array().unwrap().len(), 8);
}

/// Row `html-bomb`.
#[test]
fn a_page_that_is_too_large_or_deep_ends_quickly() {
    const PAGE: usize = 1024 * 1024;
    let pair = OpenIdPair::default();
    let links = user_links(ENDPOINT, None);
    // The repeated part does not end the head, so only the size limit ends the reading.
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
            format!(
                "{begin}{}{}{end}{links}",
                unit.repeat(room / unit.len()),
                " ".repeat(room % unit.len())
            )
        };
        leads_somewhere(&pair, html(&page(PAGE)))
            .unwrap_or_else(|error| panic!("{begin}{unit}: {error}"));
        let error = leads_somewhere(&pair, html(&page(PAGE + 1))).unwrap_err();
        assert!(error.to_string().contains("its page is too large"), "{begin}{unit}: {error}");
    }
    // After the links follows markup that is never closed. It is read up to the size limit.
    for unit in ["<", "<!--", "<title>", "<a b='"] {
        let page = |size: usize| format!("<head>{links}{}", unit.repeat(size / unit.len()));
        leads_somewhere(&pair, html(&page(PAGE - 1024))).unwrap();
        assert!(leads_somewhere(&pair, html(&page(PAGE))).is_err(), "{unit}");
    }
    let link = |attributes: usize| {
        let more: String = (2..attributes).map(|number| format!(" a{number}=b")).collect();
        format!("<head><link{more} rel=openid2.provider href={ENDPOINT}>")
    };
    leads_somewhere(&pair, html(&link(32))).unwrap();
    leads_somewhere(&pair, html(&link(33))).unwrap_err();
    // The links are in a text that another person could have written.
    for page in [
        format!("<head><!--{links}--></head>"),
        format!("<head></head><body>{links}</body>"),
        format!("<head><script>{links}"),
        format!("<head><title>{links}</title></head>"),
        format!("<head><template>{links}</template></head>"),
        format!("<head><svg></svg>{links}<body></body>"),
        format!("<title>x</title><svg></svg>{links}</head>"),
    ] {
        leads_somewhere(&pair, html(&page)).unwrap_err();
    }
}

/// Row `list-bomb`.
#[test]
fn a_long_list_is_read_once() {
    // The list names a long field 5,000 times.
    let pair = OpenIdPair::default();
    let (pending, callback) = pair.callback(JANE, true);
    let long = "x".repeat(20_000);
    let bomb = changed(&callback, |fields| {
        let signed = format!("{}{}", fields["openid.signed"], ",long".repeat(5_000));
        fields.insert("openid.signed".into(), signed);
        fields.insert("openid.long".into(), long.clone());
    });
    assert_eq!(
        forged(pair.verify(stored(&pending), &bomb).unwrap_err()),
        Forged::OpenId2(AssertionError::Signature)
    );
    // A validly signed list that names one field twice is refused, too.
    let carrying = |more: &str| {
        changed(&callback, |fields| {
            fields.entry("openid.signed".into()).or_default().push_str(more);
        })
    };
    let association = pair.associations.borrow().last().cloned().unwrap();
    let error =
        pair.verify(stored(&pending), &signed(&association, &carrying(",mode,mode"))).unwrap_err();
    assert_eq!(forged(error), Forged::OpenId2(AssertionError::Signature));
    pair.verify(pending, &signed(&association, &carrying(",mode"))).unwrap();

    let authorization = pair.begin(pair.asking(JANE));
    let bomb = changed(&authorization.url().unwrap(), |fields| {
        for (name, value) in [
            ("ns.ax", ExtensionType::AttributeExchange.as_ref()),
            ("ax.mode", "fetch_request"),
            ("ax.type.a", &long),
            ("ax.required", &"a,".repeat(4_000)),
            ("ns.sreg", ExtensionType::SimpleRegistration.as_ref()),
            ("sreg.required", &"email,".repeat(2_000)),
            ("ns.pape", ExtensionType::AuthenticationPolicy.as_ref()),
            ("pape.preferred_auth_level_types", &"a ".repeat(1_000)),
            ("pape.auth_level.ns.a", NIST),
        ] {
            fields.insert(format!("openid.{name}"), value.to_owned());
        }
    });
    let check_id = pair.check_id(&bomb).unwrap();
    assert_eq!(check_id.extension::<FetchRequest>(), None);
    assert_eq!(check_id.extension::<sreg::Request>().unwrap().required, [Field::Email]);
    assert_eq!(check_id.extension::<pape::Request>().unwrap().preferred_levels, [NIST]);
}
