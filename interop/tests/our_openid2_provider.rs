//! python3-openid as a consumer at our OpenID provider: discovery, associations, extensions,
//! refusals, and both versions of the protocol.

use interop::exchange::Http;
use interop::loopback::Loopback;
use interop::our_openid2_provider::{BIOGRAPHY, BIOGRAPHY_TYPE, EMAILS, NAME, OurOpenidProvider};
use interop::peer::Peer;
use interop::with::With;
use oauth_proto::openid2::{AssociationKind, XrdsDocument, ax};
use oauth_proto::{Request, Response};
use serde_json::{Value, json};

const REALM: &str = "https://printer.example.com/";
const RETURN_TO: &str = "https://printer.example.com/openid?printer=2";

const UNLIMITED: &str = "unlimited";

/// The number of associations.
const TIMES: usize = 20;

/// A consumer in its own process.
struct Consumer(Peer);

impl Consumer {
    fn start() -> Self {
        Self(Peer::run("openid2_consumer.py"))
    }

    /// Returns the result of a sign-in.
    fn sign_in(&mut self, identifier: &str, told: Value) -> Value {
        let mut task = json!({ "identifier": identifier, "realm": REALM, "return_to": RETURN_TO });
        task.as_object_mut()
            .expect("an object")
            .extend(told.as_object().expect("an object").clone());
        self.0.ask(&task)
    }
}

fn is_jane(answer: &Value, claimed: &str, local: &str) {
    let told = [&answer["status"], &answer["identity"], &answer["local"]];
    assert_eq!(told, [&json!("success"), &json!(claimed), &json!(local)], "{answer:#}");
}

#[test]
fn the_provider_is_found_by_each_of_our_documents() {
    let op = OurOpenidProvider::start();
    let mut consumer = Consumer::start();
    for (way, local) in [
        ("", ""),
        ("/header", "/header"),
        ("/link", "/link"),
        ("/delegated", ""),
        ("/delegated-link", ""),
    ] {
        let answer = consumer.sign_in(&op.jane(way), json!({}));
        is_jane(&answer, &op.jane(way), &op.jane(local));
        assert_eq!(
            (&answer["endpoint"], &answer["openid1"]),
            (&json!(op.endpoint()), &json!(false)),
            "{answer:#}"
        );
    }
}

#[test]
fn the_user_selects_who_they_are() {
    let op = OurOpenidProvider::start();
    let mut consumer = Consumer::start();
    for (select, claimed, local) in [
        (None, "", ""),
        (Some("/id/jane/link"), "/link", "/link"),
        (Some("/id/jane/delegated"), "/delegated", ""),
        (Some("/id/jane/delegated-link"), "/delegated-link", ""),
        (Some("/id/jane#2"), "#2", ""),
    ] {
        let told = select.map_or(json!({}), |select| json!({ "select": select }));
        for associations in [json!([["HMAC-SHA256", "DH-SHA256"]]), Value::Null] {
            let mut told = told.clone();
            told["associations"] = associations;
            is_jane(&consumer.sign_in(&op.origin(), told), &op.jane(claimed), &op.jane(local));
        }
    }
    // The consumer refuses an identifier whose document names another provider.
    let other = OurOpenidProvider::start();
    let answer = consumer.sign_in(&op.origin(), json!({ "select": other.jane("") }));
    assert_eq!(answer["status"], "failure", "{answer:#}");
}

#[test]
fn every_kind_of_key_signs_answers() {
    let op = OurOpenidProvider::start();
    let mut consumer = Consumer::start();
    for (association, session) in [
        ("HMAC-SHA1", "DH-SHA1"),
        ("HMAC-SHA256", "DH-SHA256"),
        ("HMAC-SHA1", "no-encryption"),
        ("HMAC-SHA256", "no-encryption"),
    ] {
        // The consumer uses the same association for the second sign-in.
        for _ in 0..2 {
            let answer =
                consumer.sign_in(&op.jane(""), json!({ "associations": [[association, session]] }));
            is_jane(&answer, &op.jane(""), &op.jane(""));
            assert_eq!(answer["association"], association, "{answer:#}");
        }
    }
    let answer = consumer.sign_in(&op.jane(""), json!({}));
    assert_eq!(answer["association"], "HMAC-SHA1", "{answer:#}");
    let answer = consumer.sign_in(&op.jane(""), json!({ "associations": null }));
    is_jane(&answer, &op.jane(""), &op.jane(""));
    assert_eq!(answer["association"], Value::Null, "{answer:#}");
}

/// Repeated, since random numbers may begin with a zero byte, or with a bit that could be read as a
/// sign.
#[test]
fn both_sides_compute_the_same_key_for_all_numbers() {
    let op = OurOpenidProvider::start();
    let mut consumer = Consumer::start();
    for kind in [["HMAC-SHA1", "DH-SHA1"], ["HMAC-SHA256", "DH-SHA256"]] {
        for times in 1..=TIMES {
            // Each list has its own store, so that a new association is made.
            let answer =
                consumer.sign_in(&op.jane(""), json!({ "associations": vec![kind; times] }));
            assert_eq!(
                (&answer["status"], &answer["association"]),
                (&json!("success"), &json!(kind[0])),
                "{answer:#}"
            );
        }
    }
}

#[test]
fn a_refusal_of_a_kind_of_association_names_another_kind() {
    let kinds = [AssociationKind::DhSha256];
    let op =
        OurOpenidProvider::with(|options| options.with(|it| it.associations = Some(kinds.into())));
    let mut consumer = Consumer::start();
    for (associations, granted) in [
        (json!([["HMAC-SHA1", "DH-SHA1"], ["HMAC-SHA256", "DH-SHA256"]]), json!("HMAC-SHA256")),
        // The consumer refuses the type that our provider offers.
        (json!([["HMAC-SHA1", "DH-SHA1"]]), Value::Null),
    ] {
        let answer = consumer.sign_in(&op.jane(""), json!({ "associations": associations }));
        is_jane(&answer, &op.jane(""), &op.jane(""));
        assert_eq!(answer["association"], granted, "{answer:#}");
    }
}

#[test]
fn without_an_association_the_consumer_asks_the_provider() {
    let op =
        OurOpenidProvider::with(|options| options.with(|it| it.associations = Some([].into())));
    let answer = Consumer::start().sign_in(&op.jane(""), json!({}));
    is_jane(&answer, &op.jane(""), &op.jane(""));
    assert_eq!(answer["association"], Value::Null, "{answer:#}");
}

#[test]
fn a_request_may_be_sent_as_a_form() {
    let op = OurOpenidProvider::start();
    let mut consumer = Consumer::start();
    let told = json!({ "posts": true, "sreg": ["email"] });
    let answer = consumer.sign_in(&op.jane(""), told.clone());
    is_jane(&answer, &op.jane(""), &op.jane(""));
    assert_eq!(answer["sreg"], json!({ "email": EMAILS[0] }));
    let mut told = told;
    told["jane"] = json!("denies");
    assert_eq!(consumer.sign_in(&op.jane(""), told)["status"], "cancel");
}

#[test]
fn attributes_have_the_requested_values() {
    let op = OurOpenidProvider::start();
    let mut consumer = Consumer::start();
    for (count, emails) in
        [(json!(1), &EMAILS[..1]), (json!(2), &EMAILS[..2]), (json!(UNLIMITED), &EMAILS[..])]
    {
        let none = "http://axschema.org/no/such/thing";
        let asked = json!([
            [ax::AttributeType::Email.as_ref(), "email", count],
            [ax::AttributeType::FullName.as_ref(), null, 1],
            [none, "none", 1]
        ]);
        let answer = consumer.sign_in(&op.jane(""), json!({ "ax": asked }));
        is_jane(&answer, &op.jane(""), &op.jane(""));
        let expected = json!({
            ax::AttributeType::Email.as_ref(): emails,
            ax::AttributeType::FullName.as_ref(): [NAME],
        });
        assert_eq!(answer["ax"], expected, "{answer:#}");
        assert_eq!(answer["by_form"], false);
    }
    let answer = consumer.sign_in(&op.jane(""), json!({}));
    assert_eq!((&answer["ax"], &answer["sreg"]), (&Value::Null, &Value::Null), "{answer:#}");
}

#[test]
fn a_long_answer_is_sent_as_a_form() {
    let op = OurOpenidProvider::start();
    let mut consumer = Consumer::start();
    for associations in [json!([["HMAC-SHA256", "DH-SHA256"]]), Value::Null] {
        let asked = json!([
            [BIOGRAPHY_TYPE, "life", 1],
            [ax::AttributeType::Email.as_ref(), "email", UNLIMITED]
        ]);
        let answer =
            consumer.sign_in(&op.jane(""), json!({ "ax": asked, "associations": associations }));
        is_jane(&answer, &op.jane(""), &op.jane(""));
        let expected = json!({
            BIOGRAPHY_TYPE: [BIOGRAPHY.repeat(150)],
            ax::AttributeType::Email.as_ref(): EMAILS,
        });
        assert_eq!((&answer["ax"], &answer["by_form"]), (&expected, &json!(true)), "{answer:#}");
    }
}

#[test]
fn simple_registration_is_answered_in_both_versions() {
    let op = OurOpenidProvider::with(|it| it.with(|it| it.allow_openid1 = true));
    let mut consumer = Consumer::start();
    for way in ["", "/openid1"] {
        let answer = consumer
            .sign_in(&op.jane(way), json!({ "sreg": ["email", "fullname", "dob", "postcode"] }));
        is_jane(&answer, &op.jane(way), &op.jane(way));
        let expected = json!({ "email": EMAILS[0], "fullname": NAME, "dob": "1970-01-01" });
        assert_eq!(answer["sreg"], expected, "{answer:#}");
    }
}

#[test]
fn openid_1_is_used_if_it_is_allowed() {
    let op = OurOpenidProvider::with(|it| it.with(|it| it.allow_openid1 = true));
    let mut consumer = Consumer::start();
    for (way, local) in [("/openid1", "/openid1"), ("/openid1-delegated", "")] {
        for (associations, used) in [
            (json!([["HMAC-SHA1", "DH-SHA1"]]), json!("HMAC-SHA1")),
            (json!([["HMAC-SHA1", "no-encryption"]]), json!("HMAC-SHA1")),
            (Value::Null, Value::Null),
        ] {
            for posts in [false, true] {
                let told = json!({ "associations": associations, "posts": posts });
                let answer = consumer.sign_in(&op.jane(way), told);
                is_jane(&answer, &op.jane(way), &op.jane(local));
                assert_eq!(
                    (&answer["openid1"], &answer["association"]),
                    (&json!(true), &used),
                    "{answer:#}"
                );
            }
        }
    }
    let answer = consumer.sign_in(&op.jane("/openid1"), json!({ "jane": "denies" }));
    assert_eq!(answer["status"], "cancel", "{answer:#}");

    let op = OurOpenidProvider::start();
    let answer = consumer.sign_in(&op.jane("/openid1"), json!({}));
    let told = json!(
        "the version of OpenID is not supported: expected http://specs.openid.net/auth/2.0 in \
         openid.ns"
    );
    assert_eq!((&answer["status"], &answer["message"]), (&json!("failure"), &told), "{answer:#}");
}

#[test]
fn a_user_who_has_answered_before_is_not_asked() {
    let op = OurOpenidProvider::with(|it| it.with(|it| it.allow_openid1 = true));
    let mut consumer = Consumer::start();
    for way in ["", "/openid1"] {
        let answer = consumer.sign_in(&op.jane(way), json!({ "immediate": true }));
        is_jane(&answer, &op.jane(way), &op.jane(way));
        let answer =
            consumer.sign_in(&op.jane(way), json!({ "immediate": true, "jane": "is_away" }));
        assert_eq!(answer["status"], "setup_needed", "{answer:#}");
        // OpenID 1 has a URL for the setup. It leads to the same question.
        let Some(url) = answer["setup_url"].as_str() else {
            assert_eq!(way, "");
            continue;
        };
        let page = Http::default().get(url);
        let location = page.headers()["location"].to_str().unwrap();
        assert!(
            location.starts_with(RETURN_TO) && location.contains("openid.mode=id_res"),
            "{location}"
        );
        assert!(!location.contains("user_setup_url"), "{location}");
    }
}

#[test]
fn a_user_who_denies_is_sent_back() {
    let op = OurOpenidProvider::start();
    let mut consumer = Consumer::start();
    let answer = consumer.sign_in(&op.jane(""), json!({ "jane": "denies" }));
    assert_eq!(answer["status"], "cancel", "{answer:#}");
    // Jane is signed in, so she cannot sign in with John's identifier.
    let answer = consumer.sign_in(&format!("{}/id/john", op.origin()), json!({}));
    assert_eq!(answer["status"], "cancel", "{answer:#}");
}

#[test]
fn an_answer_is_confirmed_once() {
    let op = OurOpenidProvider::with(|it| it.with(|it| it.allow_openid1 = true));
    let mut consumer = Consumer::start();
    for way in ["", "/openid1"] {
        // A consumer without a store relies on the provider to detect a replay.
        let answer =
            consumer.sign_in(&op.jane(way), json!({ "associations": null, "replays": true }));
        is_jane(&answer, &op.jane(way), &op.jane(way));
        assert_eq!(answer["replayed"]["status"], "failure", "{answer:#}");
        assert!(
            answer["replayed"]["message"].as_str().unwrap().contains("Server denied"),
            "{answer:#}"
        );
    }
    let answer = consumer.sign_in(&op.jane(""), json!({ "replays": true }));
    assert_eq!(answer["replayed"]["status"], "failure", "{answer:#}");
}

#[test]
fn a_changed_answer_is_not_confirmed() {
    let op = OurOpenidProvider::start();
    let mut consumer = Consumer::start();
    for associations in [json!([["HMAC-SHA256", "DH-SHA256"]]), Value::Null] {
        for (name, value) in [
            ("openid.identity", op.jane("/link")),
            ("openid.ax.value.email", "other@example.com".to_owned()),
            ("openid.sig", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned()),
            ("openid.assoc_handle", "other".to_owned()),
            ("openid.response_nonce", "2005-05-15T17:11:51Zother".to_owned()),
        ] {
            let told = json!({
                "associations": associations,
                "ax": [[ax::AttributeType::Email.as_ref(), "email", 1]],
                "tampers": { name: value },
            });
            let answer = consumer.sign_in(&op.jane(""), told);
            assert_eq!(answer["status"], "failure", "{name} {answer:#}");
            // With another identity, the consumer may find another error before the signature.
            let message = answer["message"].as_str().unwrap();
            let signature = message.contains("Bad signature") || message.contains("Server denied");
            assert!(signature || name == "openid.identity", "{name} {message}");
        }
    }
}

#[test]
fn a_site_is_known_by_its_document() {
    let op = OurOpenidProvider::start();
    let site = Loopback::start(|origin| {
        let return_to =
            ["/openid", "/moved/openid", "/elsewhere/openid"].map(|path| format!("{origin}{path}"));
        let return_to = return_to.each_ref().map(String::as_str);
        let document = XrdsDocument::RelyingParty { return_to: &return_to, icons: &[] }.to_string();
        move |request: &Request| {
            let mut response = Response::default();
            match request.uri().path() {
                // A redirect could let another site list its URLs for this realm.
                "/moved/" => {
                    *response.status_mut() = http::StatusCode::FOUND;
                    response.headers_mut().insert("location", "/".parse().expect("a URL"));
                }
                "/elsewhere/" => {
                    response.headers_mut().insert("x-xrds-location", "/".parse().expect("a URL"));
                }
                _ => {
                    *response.body_mut() = document.clone().into_bytes();
                    let media_type = "application/xrds+xml".parse().expect("a media type");
                    response.headers_mut().insert("content-type", media_type);
                }
            }
            response
        }
    });
    let mut consumer = Consumer::start();
    for (realm, return_to, status) in [
        ("/", "/openid?printer=2", "success"),
        ("/", "/openid/below", "success"),
        ("/", "/other", "cancel"),
        ("/moved/", "/moved/openid", "cancel"),
        ("/elsewhere/", "/elsewhere/openid", "success"),
        ("/elsewhere/", "/elsewhere/other", "cancel"),
    ] {
        let [realm, return_to] = [realm, return_to].map(|path| format!("{}{path}", site.origin()));
        let told = json!({ "realm": realm, "return_to": return_to, "jane": "is_careful" });
        assert_eq!(consumer.sign_in(&op.jane(""), told)["status"], status, "{realm} {return_to}");
    }
}
