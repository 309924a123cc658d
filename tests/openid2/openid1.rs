//! OpenID 1.1, which both sides allow by an option.

use crate::pair::*;
use oauth_proto::openid2::ProviderError;
use oauth_proto::openid2::sreg::{self, Field};
use oauth_proto::openid2::{Authorize, Version};
use oauth_proto::{Error, Refused, Unsupported};

#[test]
fn openid_1_is_used_if_both_sides_allow_it() {
    let pair = OpenIdPair::new(
        |it| it.with(|it| it.allow_openid1 = true),
        |it| it.with(|it| it.allow_openid1 = true),
    );
    let page = format!(
        "<html><head><link rel=openid.server href={ENDPOINT}><link rel=openid.delegate href={JANE}>\
         </head></html>"
    );
    pair.page("https://old.example/", html(&page));
    let discovered = pair.discover("https://old.example/").unwrap();
    assert_eq!((discovered.version, discovered.local_id.as_deref()), (Version::V1_1, Some(JANE)));
    for association in [None, pair.associate(&discovered).unwrap()] {
        let asks = association.is_none();
        let authorize = Authorize::new(&discovered, RETURN_TO)
            .with(|it| it.association = association)
            .extension(sreg::Request { required: vec![Field::Email], ..sreg::Request::default() });
        let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
        let url = authorization.url().unwrap();
        assert!(
            !url.contains("openid.ns=")
                && !url.contains("claimed_id")
                && url.contains("openid.trust_root")
        );
        pair.sent.borrow_mut().clear();
        let values = sreg::Response { values: [(Field::Email, "j@example.com".into())].into() };
        let callback = pair.approve(&url, |approval| approval.extension(values));
        assert!(!callback.contains("op_endpoint"), "{callback}");
        let stored = serde_json::to_string(&authorization.pending).unwrap();
        let assertion = pair.verify(authorization.pending, &callback).unwrap();
        assert_eq!(assertion.claimed_id.as_deref(), Some("https://old.example/"));
        assert_eq!(
            assertion
                .extension::<sreg::Response>()
                .unwrap()
                .values
                .get(&Field::Email)
                .map(String::as_str),
            Some("j@example.com")
        );
        assert_eq!(pair.sent.borrow().len(), usize::from(asks));
        let again = pair.verify(serde_json::from_str(&stored).unwrap(), &callback).unwrap_err();
        assert!(matches!(again, Error::Forged(_)), "{again}");
    }
    let authorization = pair
        .party
        .authorize(
            Authorize::new(&discovered, RETURN_TO).with(|it| it.immediate = true),
            pair.moment(),
        )
        .unwrap();
    let check_id = pair.check_id(&authorization.url().unwrap()).unwrap();
    let callback = location(&pair.deny_request(check_id));
    let Error::Refused(Refused::OpenId2(ProviderError::SetupNeeded { url: Some(url) })) =
        pair.verify(authorization.pending, &callback).unwrap_err()
    else {
        panic!("{callback}")
    };
    assert!(!pair.check_id(&url).unwrap().immediate);

    let strict = OpenIdPair::default();
    strict.page("https://old.example/", html(&page));
    assert!(strict.discover("https://old.example/").is_err());
    assert!(strict.check_id(&url).is_err());
}

/// §14.2.1: OpenID 1.1 has no request without an identifier.
#[test]
fn a_request_without_an_identity_is_not_sent_in_openid_1() {
    let pair = OpenIdPair::new(
        |it| it.with(|it| it.allow_openid1 = true),
        |it| it.with(|it| it.allow_openid1 = true),
    );
    pair.page(
        "https://old.example/",
        html("<head><link rel=openid.server href=https://op.example/openid></head>"),
    );
    let discovered = pair.discover("https://old.example/").unwrap();
    let asked = Authorize::new(&discovered, RETURN_TO).with(|it| it.without_identity = true);
    let error = pair.party.authorize(asked, pair.moment()).unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::Unsendable { .. })), "{error}");
}
