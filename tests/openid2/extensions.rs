//! Extensions: attributes, simple registration and the profile.

use crate::pair::*;
use oauth_proto::openid2::ax::{self, Attribute, FetchRequest};
use oauth_proto::openid2::server::{Approval, Identity, RejectReason};
use oauth_proto::openid2::sreg::{self, Field};
use oauth_proto::openid2::{Authorize, Discovered, ProfileField, oauth, pape, ui};
use oauth_proto::{Error, Unsupported};

#[test]
fn attributes_and_registration_are_returned_as_requested() {
    let pair = OpenIdPair::default();
    let movie = "http://example.com/schema/favourite_movie";
    let fetch = FetchRequest {
        required: vec![Attribute::new("email", ax::AttributeType::Email)],
        if_available: vec![Attribute { count: Some(2), ..Attribute::new("movie", movie) }],
        update_url: Some("https://rp.example/update".into()),
    };
    let registration = sreg::Request {
        required: vec![Field::Nickname],
        optional: vec![Field::Country],
        ..sreg::Request::default()
    };
    let authorize = pair
        .asking(JANE)
        .extension(fetch.clone())
        .extension(registration.clone())
        .extension(ui::Request {
            languages: vec!["da".into()],
            mode: Some("popup".into()),
            icon: false,
        })
        .extension(pape::Request {
            preferred: vec![pape::Policy::MultiFactor.into()],
            ..pape::Request::default()
        })
        .extension(oauth::Request { consumer: "rp.example".into(), scope: Some("feeds".into()) });
    let authorization = pair.begin(authorize);
    let url = authorization.url().unwrap();
    let check_id = pair.check_id(&url).unwrap();
    assert_eq!(check_id.extension::<FetchRequest>(), Some(fetch.clone()));
    assert_eq!(check_id.extension::<sreg::Request>(), Some(registration.clone()));
    assert_eq!(check_id.extension::<ui::Request>().unwrap().languages, ["da"]);
    assert_eq!(
        check_id.extension::<pape::Request>().unwrap().preferred,
        [pape::Policy::MultiFactor.as_ref()]
    );
    assert_eq!(check_id.extension::<oauth::Request>().unwrap().consumer, "rp.example");

    let mut values = ax::FetchResponse::default()
        .attribute(ax::AttributeType::Email, ["jane@example.com"])
        .attribute(movie, ["Æon", "b=&\"'<%41>", "third"])
        .attribute(ax::AttributeType::Language, ["da"]);
    values.update_url = Some("https://rp.example/update".into());
    let registered = sreg::Response {
        values: [(Field::Nickname, "jane".into()), (Field::Dob, "1970-01-01".into())].into(),
    };
    let callback = pair.approve(&url, |approval| {
        approval
            .extension(values.only(&fetch))
            .extension(registered.only(&registration))
            .extension(pape::Response {
                policies: vec![pape::Policy::MultiFactor.into()],
                ..pape::Response::default()
            })
            .extension(oauth::Response { request_token: "hh5s93j4hdidpola".into(), scope: None })
    });
    let assertion = pair.verify(authorization.pending, &callback).unwrap();
    let attributes = assertion.extension::<ax::FetchResponse>().unwrap();
    assert_eq!(attributes.values[movie], ["Æon", "b=&\"'<%41>"]);
    assert_eq!(attributes.first(ax::AttributeType::Email), Some("jane@example.com"));
    assert_eq!(attributes.first(ax::AttributeType::Language), None);
    assert_eq!(attributes.update_url.as_deref(), Some("https://rp.example/update"));
    let registered: Vec<_> =
        assertion.extension::<sreg::Response>().unwrap().values.into_keys().collect();
    assert_eq!(registered, [Field::Nickname]);
    assert_eq!(
        assertion.extension::<pape::Response>().unwrap().policies,
        [pape::Policy::MultiFactor.as_ref()]
    );
    assert_eq!(assertion.extension::<oauth::Response>().unwrap().request_token, "hh5s93j4hdidpola");
}

const EVERYTHING: [ProfileField; 4] =
    [ProfileField::Name, ProfileField::Email, ProfileField::Language, ProfileField::Username];

#[test]
fn the_short_form_requests_and_maps_as_tornado_does() {
    let pair = OpenIdPair::default();
    let provider = Discovered::known_provider(ENDPOINT).unwrap();
    let url = |asked: &[ProfileField]| {
        let authorize = Authorize::new(&provider, RETURN_TO).profile(asked.iter().copied());
        pair.party.authorize(authorize, pair.moment()).unwrap().url().unwrap()
    };
    let all = fields(&url(&EVERYTHING));
    assert_eq!(all["openid.ax.required"], "firstname,fullname,lastname,email,language,username");
    assert_eq!(all["openid.ax.type.fullname"], "http://axschema.org/namePerson");
    assert_eq!(all["openid.claimed_id"], "http://specs.openid.net/auth/2.0/identifier_select");
    assert_eq!(all["openid.realm"], REALM);
    assert!(!fields(&url(&[])).contains_key("openid.ns.ax"));

    let profile = |values: &[(&str, &str)]| {
        let authorize = Authorize::new(&provider, RETURN_TO).profile(EVERYTHING);
        let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
        let values = values.iter().fold(ax::FetchResponse::default(), |all, (name, value)| {
            all.attribute(*name, [*value])
        });
        let callback =
            pair.approve(&authorization.url().unwrap(), |approval| approval.extension(values));
        pair.verify(authorization.pending, &callback).unwrap().profile()
    };
    let full = profile(&[
        (ax::AttributeType::FirstName.as_ref(), "Jane"),
        (ax::AttributeType::LastName.as_ref(), "Doe"),
        (ax::AttributeType::FullName.as_ref(), "Dr. Jane Doe"),
        (ax::AttributeType::Email.as_ref(), "j@example.com"),
        (ax::AttributeType::Language.as_ref(), "en-US"),
        (ax::AttributeType::Username.as_ref(), "janey"),
    ]);
    assert_eq!(full.claimed_id.as_deref(), Some(JANE));
    assert_eq!(
        (full.first_name.as_deref(), full.last_name.as_deref()),
        (Some("Jane"), Some("Doe"))
    );
    assert_eq!(
        (full.name.as_deref(), full.email.as_deref()),
        (Some("Dr. Jane Doe"), Some("j@example.com"))
    );
    assert_eq!((full.locale.as_deref(), full.username.as_deref()), (Some("en-us"), Some("janey")));
    assert_eq!(
        profile(&[
            (ax::AttributeType::FirstName.as_ref(), "Jane"),
            (ax::AttributeType::LastName.as_ref(), "Doe")
        ])
        .name
        .as_deref(),
        Some("Jane Doe")
    );
    assert_eq!(
        profile(&[
            (ax::AttributeType::Email.as_ref(), "j@example.com"),
            (ax::AttributeType::FullName.as_ref(), "")
        ])
        .name
        .as_deref(),
        Some("j")
    );
    assert_eq!(profile(&[]).name, None);
}

#[test]
fn a_response_without_an_identity_has_only_extensions() {
    let pair = OpenIdPair::default();
    let fetch = FetchRequest {
        required: vec![Attribute::new("email", ax::AttributeType::Email)],
        ..FetchRequest::default()
    };
    let authorize = pair.asking(JANE).with(|it| it.without_identity = true).extension(fetch);
    let authorization = pair.begin(authorize);
    let url = authorization.url().unwrap();
    assert_eq!(pair.check_id(&url).unwrap().identity, Identity::None);
    let values =
        ax::FetchResponse::default().attribute(ax::AttributeType::Email, ["j@example.com"]);
    let callback = pair.approve(&url, |approval| approval.extension(values));
    let assertion = pair.verify(authorization.pending, &callback).unwrap();
    assert_eq!((assertion.claimed_id.as_deref(), assertion.local_id.as_deref()), (None, None));
    assert_eq!(
        assertion.extension::<ax::FetchResponse>().unwrap().first(ax::AttributeType::Email),
        Some("j@example.com")
    );
}

/// Attribute Exchange §5.1: the `update_url`.
#[test]
fn updated_attributes_are_posted_to_the_relying_party() {
    let pair = OpenIdPair::default();
    let update_url = "https://rp.example/update?transaction_id=a6b5c41";
    let mut email =
        ax::FetchResponse::default().attribute(ax::AttributeType::Email, ["new@example.com"]);
    email.update_url = Some(update_url.into());
    let approval = || Approval::new(JANE).extension(email.clone());
    let request = pair.provider.update_attributes(update_url, approval(), pair.moment()).unwrap();
    assert_eq!(
        (request.method(), request.uri().to_string()),
        (&http::Method::POST, update_url.to_owned())
    );
    let step = pair.party.dangerous_redeem_unsolicited(update_url, &request, pair.moment());
    let assertion = pair.run(step).unwrap().confirm(&pair.nonces).unwrap();
    assert_eq!(assertion.claimed_id.as_deref(), Some(JANE));
    assert_eq!(
        assertion.extension::<ax::FetchResponse>().unwrap().first(ax::AttributeType::Email),
        Some("new@example.com")
    );
    assert_eq!(pair.sent.borrow().as_slice(), [format!("GET {JANE}"), format!("POST {ENDPOINT}")]);
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
        let refused = pair.provider.update_attributes(url, approval(), pair.moment());
        assert_eq!(refused.unwrap_err(), RejectReason::Invalid("update_url"), "{url}");
    }
}

#[test]
fn an_update_url_must_be_inside_the_realm() {
    let pair = OpenIdPair::default();
    let discovered = pair.discover(JANE).unwrap();
    let email = || FetchRequest {
        required: vec![Attribute::new("email", ax::AttributeType::Email)],
        ..FetchRequest::default()
    };
    let asked = |update_url: &str| {
        let fetch = FetchRequest { update_url: Some(update_url.into()), ..email() };
        pair.party.authorize(Authorize::new(&discovered, RETURN_TO).extension(fetch), pair.moment())
    };
    assert!(asked("https://rp.example/update").is_ok());
    let fetch = FetchRequest { update_url: Some("https://rp.example/".into()), ..email() };
    let twice =
        oauth_proto::openid2::Extension::from(fetch).field("update_url", "https://other.example/");
    let asked_twice = Authorize::new(&discovered, RETURN_TO).extension(twice);
    assert!(pair.party.authorize(asked_twice, pair.moment()).is_err());
    let error = asked("https://other.example/update").unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::Url { .. })), "{error}");
}

#[test]
fn an_extension_that_asks_for_nothing_is_not_sent() {
    let pair = OpenIdPair::default();
    let nothing = pair
        .asking(JANE)
        .extension(FetchRequest {
            update_url: Some("https://rp.example/update".into()),
            ..FetchRequest::default()
        })
        .extension(sreg::Request {
            policy_url: Some("https://rp.example/policy".into()),
            ..sreg::Request::default()
        });
    let sent = fields(&pair.begin(nothing).url().unwrap());
    assert!(sent.keys().all(|name| !name.contains("ax") && !name.contains("sreg")), "{sent:?}");
}
