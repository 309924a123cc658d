//! The allocated bytes for hostile documents and messages. They are at most a few times the size of
//! the input, even if parts of it are nested or repeated.

use crate::pair::*;
use allocation_counter::measure;
use oauth_proto::openid2::ax::{self, FetchRequest};
use oauth_proto::openid2::{ExtensionType, Pending, pape, sreg, ui, user_links};
use oauth_proto::{Response, Step};

/// The allocated bytes for an input of `size` bytes.
#[derive(Clone, Copy, Debug)]
struct Cost {
    size: u64,
    /// The sum of all allocations, including freed ones.
    total: u64,
    /// The highest sum at one time.
    peak: u64,
}

/// The limits per byte of input, at one time and in total.
const AT_ONCE: u64 = 16;
const IN_ALL: u64 = 32;

/// Asserts that the cost is linear: four times the `number` costs at most six times as much.
fn linear(what: &str, number: usize, of: impl Fn(usize) -> Cost) {
    let (less, more) = (of(number), of(4 * number));
    for Cost { size, total, peak } in [less, more] {
        assert!(peak <= AT_ONCE * size + 16_384, "{what:?}: {peak} bytes at once, for {size}");
        assert!(total <= IN_ALL * size + 16_384, "{what:?}: {total} bytes, for {size}");
    }
    assert!(more.total < 6 * less.total, "{what:?}: {less:?}, and then {more:?}");
}

/// Returns the cost of a discovery in which each request has the same response.
fn discovery(answer: &Response) -> Cost {
    let pair = OpenIdPair::default();
    let mut cost = Cost { size: answer.body().len() as u64, total: 0, peak: 0 };
    let mut step = pair.party.discover("https://hostile.example/");
    for _ in 0..MOST {
        let Ok(Step::Send(_, sent)) = step else { return cost };
        let (answer, moment) = (answer.clone(), pair.moment());
        let mut next = None;
        let counted = measure(|| next = Some(sent.receive(answer, moment)));
        cost.total += counted.bytes_total;
        cost.peak = cost.peak.max(counted.bytes_max);
        let Some(received) = next else { return cost };
        step = received;
    }
    assert!(!matches!(step, Ok(Step::Send(..))), "it goes on for ever");
    cost
}

/// Row `html-bomb`.
#[test]
fn a_page_is_read_in_linear_time() {
    let link = user_links(ENDPOINT, None);
    let meta = "<meta http-equiv=x-xrds-location content=/x>";
    for (begin, unit) in [
        ("<head>", "<meta>"),
        ("<head>", meta),
        ("<head>", link.as_str()),
        (
            "<head>",
            "<link rel='openid2.provider openid2.local_id openid.server openid.delegate' href=/>",
        ),
        ("<head><link rel='", "openid2.provider "),
        ("<head>", "<!-- -->"),
        ("<head><!--", "<!--"),
        ("<head><title>", "&amp;"),
        ("<head><script>", "<script>"),
        ("<head><link href='", "&amp;"),
        ("<head><link", " a"),
        ("<head>", "<template>"),
        ("<head>", "<svg></svg>"),
        ("<head>", "<object><object></object>"),
        ("", "<!DOCTYPE html>"),
        ("", "</"),
        ("", "<"),
    ] {
        linear(unit, 200_000 / unit.len(), |number| {
            discovery(&html(&format!("{begin}{}", unit.repeat(number))))
        });
    }
    // Many attributes with different names.
    let many = |number| (0..number).map(|number| format!(" a{number}=b")).collect::<String>();
    linear("attributes", 20_000, |number| {
        discovery(&html(&format!("<head><link{}>", many(number))))
    });
}

/// Row `html-bomb`: the errors of a page are not kept, since there can be one for each of its
/// bytes.
#[test]
fn a_page_of_mistakes_is_read_in_linear_time() {
    for (begin, unit) in [
        ("", "\0"),
        ("", "\u{1}"),
        ("", "\u{fdd0}"),
        ("", "&#0;"),
        ("<head><title>", "\0"),
        ("<head><title>", "&#x110000;"),
        ("<head><script>", "\0"),
        ("<head><!--", "\0"),
        ("<head><!--", "\u{1}"),
        ("<head><link href='", "\0"),
        ("<head><link href='", "&#1"),
        ("<head><link href=a", "\""),
        ("<head><link a", "\0"),
        ("<head><link a", "<"),
        ("<head><link ", "/"),
        ("<head><link ", "a a "),
        ("<head><link", "\0"),
        ("<!DOCTYPE ", "\0"),
        ("<!DOCTYPE a PUBLIC '", "\0"),
        ("<?", "\0"),
    ] {
        linear(unit, 50_000 / unit.len(), |number| {
            discovery(&html(&format!("{begin}{}", unit.repeat(number))))
        });
    }
}

/// Row `xrds-bomb`.
#[test]
fn a_document_is_read_in_linear_time() {
    let document = user_document(ENDPOINT, None, &[]);
    let before =
        |place: &str, more: &str| xrds(&document.replacen(place, &format!("{more}{place}"), 1));
    for (place, unit) in [
        ("<Service>", "<a>"),
        ("<Service>", "<a/>"),
        ("<Service>", "<Service/>"),
        ("<Service>", "</XRD><XRD>"),
        ("<Service>", "<!-- -->"),
        ("<Service>", "<?a b?>"),
        ("<Service>", "text"),
        ("<Service>", "&amp;"),
        ("<Service>", "&a;"),
        ("<Service>", "<![CDATA[x]]>"),
        ("<Type>", "<Type>x</Type>"),
        ("<Type>", "<LocalID>x</LocalID>"),
        ("<URI>", "<URI>https://op.example/openid</URI>"),
        ("</URI>", "&#x41;"),
        ("</URI>", "a"),
        ("</Type>", "<x/>"),
        ("</xrds:XRDS>", "<XRD><Service><Type>x</Type></Service></XRD>"),
    ] {
        linear(unit, 28_000 / unit.len(), |number| discovery(&before(place, &unit.repeat(number))));
    }
    for attribute in [" a", " xmlns:a", " priority=\"1\" b"] {
        let many = |number| {
            (0..number).map(|number| format!("{attribute}{number}=\"x\"")).collect::<String>()
        };
        let answer = |number| {
            xrds(&document.replacen("<Service>", &format!("<Service{}>", many(number)), 1))
        };
        linear(attribute, 1_200, |number| discovery(&answer(number)));
    }
    // Up to 64 services are kept, each with up to 64 types and endpoints.
    let service = |inside: &str| {
        document.split("<XRD>").nth(1).unwrap().split("</XRD>").next().unwrap().replacen(
            "<Type>",
            &format!("{inside}<Type>"),
            1,
        )
    };
    for inside in ["", &"<Type>x</Type>".repeat(63), &format!("<URI>{ENDPOINT}</URI>").repeat(40)] {
        let service = service(inside);
        let most = (120_000 / service.len()).min(63);
        linear("services", most / 4, |number| {
            discovery(&before("<Service>", &service.repeat(number)))
        });
    }
}

#[test]
fn a_relying_partys_document_is_read_in_linear_time() {
    let pair = OpenIdPair::default();
    let authorization = pair.begin(pair.asking(JANE));
    let check_id = pair.check_id(&authorization.url().unwrap()).unwrap();
    let looked = |answer: Response| {
        let size = answer.body().len() as u64;
        let Step::Send(_, sent) = pair.provider.verify_return_to(&check_id) else { panic!() };
        let moment = pair.moment();
        let counted = measure(|| drop(sent.receive(answer, moment)));
        Cost { size, total: counted.bytes_total, peak: counted.bytes_max }
    };
    let document = relying_party_document(&["https://rp.example/other"]);
    for unit in [
        "<URI>https://rp.example/other</URI>",
        "<URI>https://*.example/</URI>",
        "<Type>x</Type>",
        "<a>",
    ] {
        linear(unit, 28_000 / unit.len(), |number| {
            looked(xrds(&document.replacen("<URI>", &format!("{}<URI>", unit.repeat(number)), 1)))
        });
        linear(unit, 200_000 / unit.len(), |number| looked(html(&unit.repeat(number))));
    }
}

/// Row `list-bomb`: a short list may name a long field again and again.
#[test]
fn a_callback_is_read_in_linear_time() {
    let pair = OpenIdPair::default();
    let (pending, callback) = pair.callback(JANE, true);
    let stored = serde_json::to_string(&pending).unwrap();
    let associations = pair.associations.borrow();
    for (name, unit) in
        [("openid.signed", ",long"), ("openid.signed", ",mode"), ("openid.x", ",long")]
    {
        linear(name, 1_500, |number| {
            let bomb = changed(&callback, |fields| {
                fields.entry(name.into()).or_default().push_str(&unit.repeat(number));
                fields.insert("openid.long".into(), "x".repeat(unit.len() * number));
            });
            let (pending, moment): (Pending, _) =
                (serde_json::from_str(&stored).unwrap(), pair.moment());
            let counted = measure(|| {
                drop(pair.party.redeem(
                    pending.with(|it| it.association = associations.last().cloned()),
                    &bomb,
                    moment,
                ));
            });
            Cost { size: bomb.len() as u64, total: counted.bytes_total, peak: counted.bytes_max }
        });
    }
}

/// Row `list-bomb`: what a relying party asks for.
#[test]
fn a_request_is_read_in_linear_time() {
    let pair = OpenIdPair::default();
    let fetch = FetchRequest {
        required: vec![ax::Attribute::new("email", ax::AttributeType::Email)],
        ..FetchRequest::default()
    };
    let authorization = pair.begin(pair.asking(JANE).extension(fetch));
    let url = authorization.url().unwrap();
    for (name, entry) in [
        ("openid.ax.required", "long,"),
        ("openid.ax.if_available", "long,"),
        ("openid.sreg.required", "long,"),
        ("openid.ui.lang", "long,"),
        ("openid.pape.preferred_auth_policies", "long "),
        ("openid.pape.preferred_auth_level_types", "long "),
    ] {
        linear(name, 700, |number| {
            let bomb = changed(&url, |fields| {
                fields.insert(name.into(), entry.repeat(number));
                for named in ["openid.ax.type.long", "openid.pape.auth_level.ns.long"] {
                    fields.insert(named.into(), "x".repeat(5 * number));
                }
                fields.insert(
                    "openid.ns.sreg".into(),
                    ExtensionType::SimpleRegistration.as_ref().into(),
                );
                fields.insert("openid.ns.ui".into(), ExtensionType::UserInterface.as_ref().into());
                fields.insert(
                    "openid.ns.pape".into(),
                    ExtensionType::AuthenticationPolicy.as_ref().into(),
                );
            });
            let check_id = pair.check_id(&bomb).unwrap();
            let read = || {
                (
                    check_id.extension::<FetchRequest>(),
                    check_id.extension::<sreg::Request>(),
                    check_id.extension::<pape::Request>(),
                    check_id.extension::<ui::Request>(),
                )
            };
            let counted = measure(|| drop(read()));
            Cost { size: bomb.len() as u64, total: counted.bytes_total, peak: counted.bytes_max }
        });
    }
}
