//! Changes that a user or another provider might make to assertions of python3-openid's provider.
//! Our relying party detects all of them.

use interop::with::With;
use std::time::Duration;

use interop::exchange::Clock;
use interop::openid2_site::{RETURN_TO, Site, Visit, options};
use interop::their_openid2_provider::TheirProvider;
use oauth_proto::openid2::AssertionError;
use oauth_proto::openid2::ax::{self, Attribute, FetchRequest};
use oauth_proto::openid2::sreg::{self, Field};
use oauth_proto::openid2::{Association, Authorize, Discovered, ExtensionType, Version, oauth};
use oauth_proto::{Error, Forged, Unsupported};

/// Returns a request whose assertion has fields of every kind.
fn authorize(found: &Discovered, key: Option<&Association>) -> Authorize {
    let emails =
        Attribute { count: None, ..Attribute::new("email", ax::AttributeType::Email.as_ref()) };
    let fetch = FetchRequest {
        required: vec![emails, Attribute::new("name", ax::AttributeType::FullName.as_ref())],
        ..FetchRequest::default()
    };
    let registration = sreg::Request { required: vec![Field::Email], ..sreg::Request::default() };
    Authorize::new(found, RETURN_TO)
        .with(|it| it.association = key.cloned())
        .extension(fetch)
        .extension(registration)
}

/// A site, the discovered provider, and the association if there is one.
struct KnownProvider {
    site: Site,
    found: Discovered,
    key: Option<Association>,
}

impl KnownProvider {
    /// Runs a check with and without an association, for each kind of identifier.
    fn each(check: impl Fn(&Self)) {
        for with_key in [true, false] {
            for way in ["/id/jane", "/", "/id/jane/openid1"] {
                let op = TheirProvider::start();
                let site = Site::new(options().with(|it| it.allow_openid1 = true));
                let found = site.discover(&format!("{}{way}", op.origin)).unwrap();
                let key =
                    with_key.then(|| site.associate(&found).unwrap().expect("an association"));
                check(&Self { site, found, key });
            }
        }
    }

    fn visit(&self) -> Visit {
        self.site.visit(authorize(&self.found, self.key.as_ref()), "")
    }

    fn refuse(&self, visit: &Visit) -> Forged {
        match self.site.verify(visit) {
            Err(Error::Forged(forged)) => forged,
            other => panic!("{other:?} {visit:?}"),
        }
    }
}

#[test]
fn an_answer_is_accepted_once() {
    KnownProvider::each(|known| {
        let visit = known.visit();
        assert!(known.site.verify(&visit).is_ok());
        // Without an association, the provider refuses to confirm the assertion again.
        let expected = if known.key.is_some() {
            Forged::OpenId2(AssertionError::Replayed)
        } else {
            Forged::OpenId2(AssertionError::Signature)
        };
        assert_eq!(known.refuse(&visit), expected);
    });
}

#[test]
fn no_signed_field_can_be_changed_or_removed() {
    KnownProvider::each(|known| {
        let visit = known.visit();
        let signed = visit.signed();
        assert!(signed.iter().any(|name| name == "ax.value.email.3"), "{signed:?}");
        assert!(signed.iter().any(|name| name == "sreg.email"), "{signed:?}");
        for name in &signed {
            let value = visit.field(name).expect("what is signed is there");
            // The provider checks an assertion only once, so each try needs a new one.
            for other in [Some(format!("{value}x")), Some(String::new()), None] {
                let visit = known.visit();
                known.refuse(&visit.with_argument(name, other.as_deref()));
            }
        }
        assert!(known.site.verify(&visit).is_ok());
    });
}

#[test]
fn no_field_can_be_declared_unsigned() {
    KnownProvider::each(|known| {
        let signed = known.visit().signed();
        for name in &signed {
            let rest: Vec<_> =
                signed.iter().filter(|own| *own != name).map(String::as_str).collect();
            known.refuse(&known.visit().with_argument("signed", Some(&rest.join(","))));
        }
        let visit = known.visit();
        for (name, value) in
            [("sig", Some("")), ("sig", None), ("signed", None), ("assoc_handle", Some("x"))]
        {
            known.refuse(&visit.with_argument(name, value));
        }
        let mut signature = visit.field("sig").unwrap();
        signature.replace_range(..1, if signature.starts_with('A') { "B" } else { "A" });
        known.refuse(&visit.with_argument("sig", Some(&signature)));
    });
}

#[test]
fn unsigned_values_are_not_reported() {
    KnownProvider::each(|known| {
        let visit = known.site.visit(
            Authorize::new(&known.found, RETURN_TO).with(|it| it.association = known.key.clone()),
            "",
        );
        let forged = [
            ("ns.ax", ExtensionType::AttributeExchange.as_ref()),
            ("ax.mode", "fetch_response"),
            ("ax.type.e", ax::AttributeType::Email.as_ref()),
            ("ax.value.e", "other@example.com"),
            ("ns.sreg", ExtensionType::SimpleRegistration.as_ref()),
            ("sreg.email", "other@example.com"),
            ("ns.oauth", ExtensionType::OAuth.as_ref()),
            ("oauth.request_token", "other"),
        ];
        let visit = forged
            .iter()
            .fold(visit, |visit, (name, value)| visit.with_argument(name, Some(value)));
        let assertion = known.site.verify(&visit).unwrap();
        assert_eq!(
            (assertion.extension::<ax::FetchResponse>(), assertion.extension::<sreg::Response>()),
            (None, None)
        );
        assert_eq!(
            (
                assertion.extension::<oauth::Response>(),
                assertion.raw_extension(ExtensionType::SimpleRegistration.as_ref())
            ),
            (None, None)
        );
    });
}

#[test]
fn a_repeated_field_is_refused() {
    KnownProvider::each(|known| {
        let twice = known.visit().twice("identity");
        assert_eq!(
            known.refuse(&twice),
            Forged::OpenId2(AssertionError::FieldsUnclear { field: "identity".into() })
        );
    });
}

#[test]
fn an_answer_is_accepted_only_in_the_browser_that_asked() {
    KnownProvider::each(|known| {
        let (ours, attackers) = (known.visit(), known.visit());
        assert_eq!(known.refuse(&ours.with_answer_of(&attackers)), Forged::StateMismatch);
    });
}

#[test]
fn an_answer_is_accepted_only_at_its_return_to() {
    KnownProvider::each(|known| {
        let visit = known.visit();
        for (part, other) in
            [("https://", "http://"), ("/openid?", "/other?"), ("printer=2", "printer=3")]
        {
            let elsewhere = visit.at(&visit.url().replacen(part, other, 1));
            assert!(
                matches!(
                    known.refuse(&elsewhere),
                    Forged::OpenId2(AssertionError::ReturnToMismatch { .. })
                ),
                "{part}"
            );
        }
    });
}

#[test]
fn an_old_answer_is_refused() {
    KnownProvider::each(|known| {
        let visit = known.visit();
        let clock = Clock::default();
        clock.advance(Duration::from_secs(600));
        match (known.found.version, known.site.verify_at(&visit, clock.moment())) {
            // Assertions of OpenID 1 contain no time.
            (Version::V1_1, answer) => assert!(answer.is_ok()),
            (_, answer) => assert_eq!(answer.unwrap_err(), AssertionError::NonceTime.into()),
        }
    });
}

#[test]
fn a_provider_asserts_only_identifiers_that_name_it() {
    let (op, other) = (TheirProvider::start(), TheirProvider::start());
    let site = Site::new(options().with(|it| it.allow_openid1 = true));
    let found = site.discover(&op.origin).unwrap();
    for key in [site.associate(&found).unwrap(), None] {
        for (select, claimed) in [
            // A user of another provider.
            (other.jane(""), other.jane("")),
            (other.jane("/delegated-link"), other.jane("/delegated-link")),
            // Identifiers without a user, of another version, or that redirect to another
            // identifier.
            (op.jane("/nothing"), op.jane("/nothing")),
            (op.jane("/openid1"), op.jane("/openid1")),
            (op.jane("/redirect"), op.jane("/redirect")),
        ] {
            let authorize =
                Authorize::new(&found, RETURN_TO).with(|it| it.association = key.clone());
            let visit = site.visit(authorize, &format!("select={select}"));
            assert_eq!(visit.field("claimed_id"), Some(claimed.clone()));
            let expected = Forged::OpenId2(AssertionError::NotDiscovered {
                claimed_id: claimed,
                endpoint: op.endpoint(),
            });
            assert_eq!(site.verify(&visit).unwrap_err(), expected.into(), "{select}");
        }
        // An identifier whose document cannot be requested.
        let authorize = Authorize::new(&found, RETURN_TO).with(|it| it.association = key);
        let visit = site.visit(authorize, &format!("select={}", op.jane("/nowhere")));
        let error = site.verify(&visit).unwrap_err();
        let Error::Unsupported(Unsupported::Identifier { response: Some(answer), .. }) = &error
        else {
            panic!("{error}")
        };
        assert_eq!(answer.status, 404);
    }
}

#[test]
fn an_answer_of_another_provider_is_refused() {
    let (op, other) = (TheirProvider::start(), TheirProvider::start());
    let site = Site::default();
    let found = site.discover(&op.origin).unwrap();
    let visit = site.visit(Authorize::new(&found, RETURN_TO), "");
    // The browser visits the other provider with the state of this request.
    let asked = site.ask(Authorize::new(&found, RETURN_TO));
    let url = asked.url().unwrap().replace(&op.endpoint(), &other.endpoint());
    let foreign = site.come_back(asked, &url);
    let expected = Forged::OpenId2(AssertionError::ForeignProvider {
        expected: op.endpoint(),
        received: other.endpoint(),
    });
    assert_eq!(site.verify(&foreign).unwrap_err(), expected.into());
    // The endpoint in the assertion does not decide which provider confirms it.
    let forged = visit.with_argument("op_endpoint", Some(&other.endpoint()));
    let expected = Forged::OpenId2(AssertionError::ForeignProvider {
        expected: op.endpoint(),
        received: other.endpoint(),
    });
    assert_eq!(site.verify(&forged).unwrap_err(), expected.into());
}
