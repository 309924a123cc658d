//! Assertions that must be refused.

use crate::common::with::With;
use std::time::Duration;

use super::pair::*;
use super::*;
use oauth_proto::openid2::AssertionError;
use oauth_proto::openid2::ax::{self, Attribute, FetchRequest};
use oauth_proto::openid2::server::Approval;
use oauth_proto::openid2::server::store::Store;
use oauth_proto::openid2::sreg::{self, Field};
use oauth_proto::openid2::{
    Authorize, Extension, ExtensionType, Options, Pending, RelyingParty, oauth, pape,
};
use oauth_proto::{Error, Expired, Forged, Misbehaved, Response, Step, Timestamp, Unsupported};

/// §10.1: the signature is valid, but does not cover the fields that are missing in the list of
/// signed fields.
///
/// Row `unsigned-field`.
#[test]
fn an_assertion_with_an_unsigned_field_is_refused() {
    for field in
        ["claimed_id", "identity", "return_to", "op_endpoint", "response_nonce", "assoc_handle"]
    {
        for result in with_signed_change(OpenIdPair::default, "https://jane.example/", |fields| {
            unlisted(fields, field);
        }) {
            assert_eq!(
                forged(result.unwrap_err()),
                Forged::OpenId2(AssertionError::Unsigned { field })
            );
        }
    }
    for field in ["identity", "return_to"] {
        for result in with_signed_change(first_version, OLD, |fields| unlisted(fields, field)) {
            assert_eq!(
                forged(result.unwrap_err()),
                Forged::OpenId2(AssertionError::Unsigned { field })
            );
        }
    }
    // A field that need not be signed may be missing in the list.
    for result in with_signed_change(OpenIdPair::default, JANE, |fields| unlisted(fields, "ns")) {
        assert_eq!(result.unwrap().claimed_id.as_deref(), Some(JANE));
    }
}

/// §7.3.1: `identifier_select` is not a user's identifier.
///
/// Row `select-asserted`.
#[test]
fn identifier_select_cannot_be_asserted() {
    // The URL of `identifier_select` has no TLS. The test serves a document there, and the relying
    // party accepts identifiers without TLS.
    for (claimed_id, identity) in [
        (IDENTIFIER_SELECT, IDENTIFIER_SELECT),
        (IDENTIFIER_SELECT, JANE),
        (JANE, IDENTIFIER_SELECT),
    ] {
        let pair = || {
            let pair = OpenIdPair::new(
                |it| it.with(|it| it.dangerous_allow_http = true),
                |options| options,
            );
            pair.page(claimed_id, xrds(&user_document(ENDPOINT, Some(identity), &[])));
            pair
        };
        for result in with_signed_change(pair, "https://op.example/", |fields| {
            fields.insert("openid.claimed_id".into(), claimed_id.into());
            fields.insert("openid.identity".into(), identity.into());
        }) {
            assert_eq!(
                forged(result.unwrap_err()),
                Forged::ParameterInvalid { name: "openid.claimed_id" }
            );
        }
    }
}

/// Row `field-missing`.
#[test]
fn an_assertion_without_one_of_its_fields_is_refused() {
    for field in [
        "claimed_id",
        "identity",
        "return_to",
        "op_endpoint",
        "response_nonce",
        "assoc_handle",
        "sig",
        "signed",
    ] {
        for error in with_change(|fields| drop(fields.remove(&format!("openid.{field}")))) {
            let missing = matches!(
                forged(error),
                Forged::ParameterMissing { name } if name.starts_with("openid.")
            );
            assert!(missing, "{field}");
        }
    }
    // Both fields are missing: the response contains no identifier, and the request contains one.
    for error in with_change(|fields| {
        fields.remove("openid.claimed_id");
        fields.remove("openid.identity");
    }) {
        assert_eq!(forged(error), Forged::ParameterMissing { name: "openid.claimed_id" });
    }
}

/// Row `changed-value`.
#[test]
fn an_assertion_with_a_changed_value_is_refused() {
    for error in with_change(|fields| drop(fields.insert("openid.sig".into(), "AAAA".into()))) {
        assert_eq!(forged(error), Forged::OpenId2(AssertionError::Signature));
    }
    for error in with_change(|fields| {
        drop(fields.insert("openid.claimed_id".into(), "https://john.example/".into()));
    }) {
        assert_eq!(forged(error), Forged::OpenId2(AssertionError::Signature));
    }
    for error in
        with_change(|fields| drop(fields.insert("openid.claimed_id".into(), "=jane".into())))
    {
        assert_eq!(forged(error), Forged::ParameterInvalid { name: "openid.claimed_id" });
    }
    for error in with_change(|fields| {
        drop(fields.insert("openid.ns".into(), "http://openid.net/signon/1.1".into()));
    }) {
        assert_eq!(forged(error), Forged::OpenId2(AssertionError::VersionMismatch));
    }
    for error in with_change(|fields| drop(fields.remove("openid.ns"))) {
        assert_eq!(forged(error), Forged::OpenId2(AssertionError::VersionMismatch));
    }
}

/// Row `field-twice`.
#[test]
fn an_assertion_with_a_field_twice_is_refused() {
    let pair = OpenIdPair::default();
    let (pending, callback) = pair.callback("https://jane.example/", true);
    for twice in [
        "openid.claimed_id=https%3A%2F%2Fjohn.example%2F",
        "openid.ns.x=a&openid.ns.y=a",
        "openid.ns.mode=a",
    ] {
        let error = pair.verify(stored(&pending), &format!("{callback}&{twice}")).unwrap_err();
        assert!(
            matches!(forged(error), Forged::OpenId2(AssertionError::FieldsUnclear { .. })),
            "{twice}"
        );
    }
    pair.verify(pending, &callback).unwrap();
}

fn approved_with_extensions(pair: &OpenIdPair, association: bool) -> (Pending, String) {
    let discovered = pair.discover(JANE).unwrap();
    let association = association.then(|| pair.associate(&discovered).unwrap()).flatten();
    let fetch = FetchRequest {
        required: vec![Attribute::new("email", ax::AttributeType::Email)],
        ..FetchRequest::default()
    };
    let authorize = Authorize::new(&discovered, RETURN_TO)
        .with(|it| it.association = association)
        .extension(fetch);
    let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
    let callback = pair.approve(&authorization.url().unwrap(), |approval| {
        approval
            .extension(
                ax::FetchResponse::default().attribute(ax::AttributeType::Username, ["jane"]),
            )
            .extension(sreg::Response { values: [(Field::Nickname, "jane".into())].into() })
    });
    (authorization.pending, callback)
}

/// Row `unsigned-extension`.
#[test]
fn a_field_of_an_extension_that_is_not_signed_is_not_reported() {
    for association in [true, false] {
        let pair = OpenIdPair::default();
        let (pending, callback) = approved_with_extensions(&pair, association);
        let added = changed(&callback, |fields| {
            for (name, value) in [
                ("openid.ax.type.evil", ax::AttributeType::Email.as_ref()),
                ("openid.ax.value.evil", "boss@example.com"),
                ("openid.sreg.email", "boss@example.com"),
                ("openid.ns.more", "http://specs.openid.net/extensions/pape/1.0"),
                (
                    "openid.more.auth_policies",
                    "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
                ),
                ("openid.ns.o", "http://specs.openid.net/extensions/oauth/1.0"),
                ("openid.o.request_token", "evil"),
            ] {
                fields.insert(name.into(), value.into());
            }
        });
        let assertion = pair.verify(pending, &added).unwrap();
        let attributes = assertion.extension::<ax::FetchResponse>().unwrap();
        assert_eq!(
            (
                attributes.first(ax::AttributeType::Username),
                attributes.first(ax::AttributeType::Email)
            ),
            (Some("jane"), None)
        );
        let registration = assertion.extension::<sreg::Response>().unwrap();
        assert_eq!(
            (
                registration.values.get(&Field::Nickname).map(String::as_str),
                registration.values.get(&Field::Email).map(String::as_str)
            ),
            (Some("jane"), None)
        );
        assert_eq!(assertion.extension::<pape::Response>(), None);
        assert_eq!(assertion.extension::<oauth::Response>(), None);
        assert_eq!(assertion.profile().email, None);
        assert_eq!(assertion.raw_extension(ExtensionType::AuthenticationPolicy.as_ref()), None);
    }
}

/// Row `unsigned-namespace`.
#[test]
fn an_extension_whose_namespace_is_not_signed_is_not_reported() {
    // The provider has signed values under the alias `x`. An attacker then changes the namespace of
    // this alias.
    let pair = OpenIdPair::default();
    let authorization = pair.begin(pair.asking(JANE));
    let extension = Extension::new("http://e.example/", "x")
        .field("mode", "fetch_response")
        .field("type.a", ax::AttributeType::Email)
        .field("value.a", "boss@example.com");
    let callback =
        pair.approve(&authorization.url().unwrap(), |approval| approval.extension(extension));
    let error = pair
        .verify(
            stored(&authorization.pending),
            &changed(&callback, |fields| {
                drop(fields.insert(
                    "openid.ns.x".into(),
                    ExtensionType::AttributeExchange.as_ref().into(),
                ));
            }),
        )
        .unwrap_err();
    assert_eq!(forged(error), Forged::OpenId2(AssertionError::Signature));
    assert_eq!(
        pair.verify(authorization.pending, &callback).unwrap().extension::<ax::FetchResponse>(),
        None
    );
}

/// Row `return-to-mismatch`.
#[test]
fn an_assertion_that_arrives_at_another_url_is_refused() {
    let pair = OpenIdPair::default();
    let (pending, callback) = pair.callback("https://jane.example/", true);
    for (from, to) in [
        ("https://rp.example/", "http://rp.example/"),
        ("https://rp.example/", "https://evil.example/"),
        ("https://rp.example/", "https://rp.example:8443/"),
        ("/back?", "/other?"),
        ("?x=1&", "?x=2&"),
        ("?x=1&", "?"),
        ("?x=1&", "?x=1&x=1&"),
    ] {
        let elsewhere = callback.replacen(from, to, 1);
        assert_ne!(elsewhere, callback);
        let error = pair.verify(stored(&pending), &elsewhere).unwrap_err();
        assert!(
            matches!(forged(error), Forged::OpenId2(AssertionError::ReturnToMismatch { .. })),
            "{elsewhere}"
        );
    }
    // The signed `return_to` belongs to another session of this site.
    let (_, other) = pair.callback("https://jane.example/", true);
    let state = fields(&callback)["rp_state"].clone();
    let spliced = changed(&other, |fields| drop(fields.insert("rp_state".into(), state)));
    assert!(matches!(
        forged(pair.verify(stored(&pending), &spliced).unwrap_err()),
        Forged::OpenId2(AssertionError::ReturnToMismatch { .. })
    ));
    pair.verify(pending, &callback).unwrap();
}

/// Row `other-session`.
#[test]
fn an_assertion_for_another_session_is_refused() {
    let pair = OpenIdPair::default();
    let (pending, _) = pair.callback("https://jane.example/", true);
    let (_, other) = pair.callback("https://jane.example/", true);
    assert_eq!(forged(pair.verify(stored(&pending), &other).unwrap_err()), Forged::StateMismatch);
    let without = changed(&other, |fields| drop(fields.remove("rp_state")));
    assert_eq!(
        forged(pair.verify(stored(&pending), &without).unwrap_err()),
        Forged::ParameterMissing { name: "rp_state" }
    );
    // A cancellation without the state of this session is not accepted either.
    let cancelled = format!("{RETURN_TO}&openid.mode=cancel");
    let missing = Forged::ParameterMissing { name: "rp_state" };
    assert_eq!(forged(pair.verify(pending, &cancelled).unwrap_err()), missing);
    let mut other_site = OpenIdPair::default();
    other_site.party = RelyingParty::new("https://rp.example/back", Options::default()).unwrap();
    let (pending, callback) = pair.callback("https://jane.example/", true);
    assert_eq!(forged(other_site.verify(pending, &callback).unwrap_err()), Forged::OtherClient);
}

/// Row `nonce-replay`.
#[test]
fn an_assertion_is_not_accepted_twice() {
    let pair = OpenIdPair::default();
    for association in [true, false] {
        let (pending, callback) = pair.callback("https://jane.example/", association);
        let again = stored(&pending);
        pair.verify(pending, &callback).unwrap();
        let error = forged(pair.verify(again, &callback).unwrap_err());
        // Without an association, the provider prevents the replay: it confirms no assertion twice.
        assert_eq!(
            error,
            if association {
                Forged::OpenId2(AssertionError::Replayed)
            } else {
                Forged::OpenId2(AssertionError::Signature)
            }
        );
    }
    // If the provider confirms an assertion twice, the nonce prevents the replay.
    let (pending, callback) = pair.callback("https://jane.example/", false);
    confirming(&pair, ENDPOINT);
    pair.verify(stored(&pending), &callback).unwrap();
    assert_eq!(
        forged(pair.verify(pending, &callback).unwrap_err()),
        Forged::OpenId2(AssertionError::Replayed)
    );
}

/// §14: OpenID 1.1 has no nonce, so the state is accepted only once, for as long as a stored copy
/// of the pending value is valid.
///
/// Row `first-version-replay`.
#[test]
fn an_assertion_of_openid_1_is_not_accepted_twice() {
    let pair = first_version();
    let discovered = pair.discover(OLD).unwrap();
    let association = pair.associate(&discovered).unwrap();
    let authorize = Authorize::new(&discovered, RETURN_TO).with(|it| {
        it.association = association;
        it.lifetime = Duration::from_secs(900);
    });
    let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
    let callback = pair.approve(&authorization.url().unwrap(), |approval| approval);
    let pending = || stored(&authorization.pending);

    let step = pair.party.redeem(
        pending().with(|it| it.association = pair.associations.borrow().last().cloned()),
        &callback,
        pair.moment(),
    );
    let checked = pair.run(step).unwrap();
    // A callback that is verified in time may reach the store late, so the store remembers the
    // state for longer.
    assert!(checked.query.expires_at > pending().expires_at());
    let Ok(one_time_use) = pair.nonces.remember_once(&checked.query);
    checked.answer(one_time_use).unwrap();
    for later in [1, 450, 899] {
        pair.now.set(NOW + later);
        assert_eq!(
            forged(pair.verify(pending(), &callback).unwrap_err()),
            Forged::OpenId2(AssertionError::Replayed),
            "{later}"
        );
    }
    pair.now.set(NOW + 900);
    assert_eq!(pair.verify(pending(), &callback).unwrap_err(), Expired::Pending.into());
}

/// Row `nonce-old`.
#[test]
fn an_assertion_with_an_old_nonce_is_refused() {
    let pair = OpenIdPair::default();
    let (pending, callback) = pair.callback("https://jane.example/", true);
    for now in [NOW + 301, NOW - 301] {
        pair.now.set(now);
        assert_eq!(
            forged(pair.verify(stored(&pending), &callback).unwrap_err()),
            Forged::OpenId2(AssertionError::NonceTime)
        );
    }
    pair.now.set(NOW + 300);
    let checked = pair
        .run(pair.party.redeem(
            stored(&pending).with(|it| it.association = pair.associations.borrow().last().cloned()),
            &callback,
            pair.moment(),
        ))
        .unwrap();
    // The nonce is remembered for as long as its time is accepted.
    assert!(checked.query.expires_at > Timestamp::from_secs(NOW + 300));
    for error in
        with_change(|fields| drop(fields.insert("openid.response_nonce".into(), "unique".into())))
    {
        assert_eq!(forged(error), Forged::OpenId2(AssertionError::NonceTime));
    }
}

/// Row `foreign-op`.
#[test]
fn a_provider_cannot_assert_an_identifier_that_names_another_one() {
    let pair = OpenIdPair::default();
    // The provider asserts an identifier whose document names another provider.
    pair.page(
        "https://john.example/",
        xrds(&user_document("https://other.example/openid", None, &[])),
    );
    for association in [true, false] {
        let discovered = pair.discover("https://op.example/").unwrap();
        let association = association.then(|| pair.associate(&discovered).unwrap()).flatten();
        let authorize =
            Authorize::new(&discovered, RETURN_TO).with(|it| it.association = association);
        let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
        let url = authorization.url().unwrap();
        let callback = pair.approve(&url, |approval| {
            approval.with(|it| it.claimed_id = Some("https://john.example/".into()))
        });
        let expected = Forged::OpenId2(AssertionError::NotDiscovered {
            claimed_id: "https://john.example/".into(),
            endpoint: ENDPOINT.into(),
        });
        assert_eq!(forged(pair.verify(authorization.pending, &callback).unwrap_err()), expected);
    }
    // The identifier of a provider cannot be a user's claimed identifier.
    let authorization = pair.begin(pair.asking("https://op.example/"));
    let check_id = pair.check_id(&authorization.url().unwrap()).unwrap();
    let approval = Approval::new("https://op.example/");
    let callback = location(&pair.approve_request(check_id, approval).unwrap());
    let error = forged(pair.verify(authorization.pending, &callback).unwrap_err());
    assert!(matches!(error, Forged::OpenId2(AssertionError::NotDiscovered { .. })), "{error}");
    // The document of this identifier names a user and a provider.
    let both = user_document(ENDPOINT, Some(JANE), &[]);
    let server = "<Service><Type>http://specs.openid.net/auth/2.0/server</Type>\
        <URI>https://op.example/openid</URI></Service>";
    pair.page("https://both.example/", xrds(&both.replace("</XRD>", &format!("{server}</XRD>"))));
    // These identifiers redirect or delegate to the identifier of another user.
    pair.page("https://moved.example/", redirect(JANE));
    pair.page("https://delegated.example/", xrds(&user_document(ENDPOINT, Some(JOHN), &[])));
    for claimed in ["https://both.example/", "https://moved.example/", "https://delegated.example/"]
    {
        let authorization = pair.begin(pair.asking("https://op.example/"));
        let callback = pair.approve(&authorization.url().unwrap(), |approval| {
            approval.with(|it| it.claimed_id = Some(claimed.into()))
        });
        let error = forged(pair.verify(authorization.pending, &callback).unwrap_err());
        assert!(
            matches!(error, Forged::OpenId2(AssertionError::NotDiscovered { .. })),
            "{claimed}: {error}"
        );
    }
}

/// Row `other-local-id`.
#[test]
fn another_user_of_the_same_provider_cannot_assert_an_identifier() {
    // John also has an account at Jane's provider, and lets the provider assert her identifier with
    // his local id.
    for association in [true, false] {
        let pair = OpenIdPair::default();
        let discovered = pair.discover("https://jane.example/").unwrap();
        let association = association.then(|| pair.associate(&discovered).unwrap()).flatten();
        let authorize =
            Authorize::new(&discovered, RETURN_TO).with(|it| it.association = association);
        let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
        let anybody = changed(&authorization.url().unwrap(), |fields| {
            for name in ["openid.claimed_id", "openid.identity"] {
                fields.insert(
                    name.into(),
                    "http://specs.openid.net/auth/2.0/identifier_select".into(),
                );
            }
        });
        let check_id = pair.check_id(&anybody).unwrap();
        let approval =
            Approval::new(JOHN).with(|it| it.claimed_id = Some("https://jane.example/".into()));
        let callback = location(&pair.approve_request(check_id, approval).unwrap());
        let error = forged(pair.verify(authorization.pending, &callback).unwrap_err());
        assert!(matches!(error, Forged::OpenId2(AssertionError::NotDiscovered { .. })), "{error}");
    }
}

/// §14.2.1: the response must be about the identifier in the request.
///
/// Row `first-version-other-identity`.
#[test]
fn another_user_of_the_same_provider_cannot_assert_an_identifier_in_openid_1() {
    // John also has an account at Jane's provider, and changes her request so that the provider
    // asserts his identifier.
    for association in [true, false] {
        let pair = first_version();
        let discovered = pair.discover(OLD).unwrap();
        let association = association.then(|| pair.associate(&discovered).unwrap()).flatten();
        let authorize =
            Authorize::new(&discovered, RETURN_TO).with(|it| it.association = association);
        let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
        let url = authorization.url().unwrap();
        let about_john =
            changed(&url, |fields| drop(fields.insert("openid.identity".into(), JOHN.into())));
        let callback = pair.approve(&about_john, |approval| approval);
        let error = forged(pair.verify(stored(&authorization.pending), &callback).unwrap_err());
        assert!(matches!(error, Forged::OpenId2(AssertionError::NotDiscovered { .. })), "{error}");
        let callback = pair.approve(&url, |approval| approval);
        assert_eq!(
            pair.verify(authorization.pending, &callback).unwrap().claimed_id.as_deref(),
            Some(OLD)
        );
    }
}

/// §11.2: if a document names a provider only for OpenID 1, the provider cannot assert the
/// identifier in version 2.0.
///
/// Row `other-version-discovered`.
#[test]
fn a_document_for_openid_1_allows_no_assertion_in_openid_2() {
    for (rel, accepted) in [("openid.server", false), ("openid2.provider", true)] {
        for association in [true, false] {
            let pair = first_version();
            let links = format!(
                "<link rel={rel} href={ENDPOINT}><link rel=openid.delegate href={JANE}>\
                <link rel=openid2.local_id href={JANE}>"
            );
            pair.page(OLD, html(&format!("<head>{links}</head>")));
            let discovered = pair.discover("https://op.example/").unwrap();
            let association = association.then(|| pair.associate(&discovered).unwrap()).flatten();
            let authorize =
                Authorize::new(&discovered, RETURN_TO).with(|it| it.association = association);
            let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
            let callback = pair.approve(&authorization.url().unwrap(), |approval| {
                approval.with(|it| it.claimed_id = Some(OLD.into()))
            });
            match pair.verify(authorization.pending, &callback) {
                Ok(assertion) => assert!(accepted && assertion.claimed_id.as_deref() == Some(OLD)),
                Err(error) => {
                    assert!(
                        !accepted
                            && matches!(
                                forged(error),
                                Forged::OpenId2(AssertionError::NotDiscovered { .. })
                            )
                    );
                }
            }
        }
    }
}

/// Row `check-authentication-forged`.
#[test]
fn an_assertion_that_the_provider_does_not_confirm_is_refused() {
    // A response that names the attacker's provider is refused, and no request is sent to that
    // provider.
    let pair = OpenIdPair::default();
    confirming(&pair, "https://evil.example/openid");
    let (pending, callback) = pair.callback("https://jane.example/", false);
    let answer = changed(&callback, |fields| {
        fields.insert("openid.op_endpoint".into(), "https://evil.example/openid".into());
        fields.insert("openid.assoc_handle".into(), "evil".into());
    });
    pair.sent.borrow_mut().clear();
    let error = forged(pair.verify(pending, &answer).unwrap_err());
    assert!(matches!(error, Forged::OpenId2(AssertionError::ForeignProvider { .. })), "{error}");
    assert!(pair.sent.borrow().is_empty());

    // The provider for an unsolicited assertion is discovered from the identifier, and not read
    // from the response.
    let answer =
        changed(&answer, |fields| drop(fields.insert("openid.return_to".into(), RETURN_TO.into())));
    let step = pair.party.dangerous_redeem_unsolicited(RETURN_TO, &answer, pair.moment());
    assert!(matches!(
        forged(pair.run(step).unwrap_err()),
        Forged::OpenId2(AssertionError::NotDiscovered { .. })
    ));
    assert_eq!(pair.sent.borrow().as_slice(), ["GET https://jane.example/"]);
}

/// §11.2: the provider's endpoint in a response is checked before any request is sent.
///
/// Row `unsolicited-inside`.
#[test]
fn an_unsolicited_assertion_causes_no_request_to_an_internal_host() {
    let verify = |endpoint: &str| {
        let pair = OpenIdPair::default();
        let (_, callback) = pair.callback(JANE, false);
        pair.page(JANE, xrds(&user_document(endpoint, None, &[])));
        confirming(&pair, endpoint);
        let answer = changed(&callback, |fields| {
            fields.insert("openid.op_endpoint".into(), endpoint.into());
            fields.insert("openid.return_to".into(), RETURN_TO.into());
        });
        pair.sent.borrow_mut().clear();
        let result =
            pair.run(pair.party.dangerous_redeem_unsolicited(RETURN_TO, &answer, pair.moment()));
        (result.map(drop), pair.sent.take())
    };
    for endpoint in [
        "http://op.example/openid",
        "https://localhost/openid",
        "https://127.0.0.1/openid",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/openid",
        "https://router/openid",
        "ftp://op.example/openid",
        "/openid",
    ] {
        let (result, sent) = verify(endpoint);
        assert!(
            matches!(
                forged(result.unwrap_err()),
                Forged::OpenId2(AssertionError::ForeignProvider { .. })
            ),
            "{endpoint}"
        );
        assert!(sent.is_empty(), "{endpoint}: {sent:?}");
    }
    let (result, sent) = verify("https://other.example/openid");
    assert_eq!((result, sent.len()), (Ok(()), 2));
}

/// Row `is-valid-substring`.
#[test]
fn a_confirmation_is_read_exactly() {
    for body in [
        "not_is_valid:true\n",
        "ns:http://specs.openid.net/auth/2.0\nerror:is_valid:true\n",
        "ns:http://specs.openid.net/auth/2.0\nother:is_valid:true\n",
        "is_valid:false\nx:is_valid:true\n",
        "is_valid:true\nis_valid:false\n",
        "is_valid: true\n",
        "is_valid:true\r\n",
        "is_valid:True\n",
        "IS_VALID:true\n",
        "is_valid:true or not\n",
        "<pre>is_valid:true\n</pre>",
        "",
    ] {
        let pair = OpenIdPair::default();
        let (pending, callback) = pair.callback(JANE, false);
        let step = pair
            .party
            .redeem(
                pending.with(|it| it.association = pair.associations.borrow().last().cloned()),
                &callback,
                pair.moment(),
            )
            .unwrap();
        let Step::Send(_, sent) = step else { panic!() };
        let error =
            sent.receive(Response::new(body.as_bytes().to_vec()), pair.moment()).unwrap_err();
        let no = matches!(
            error,
            Error::Forged(Forged::OpenId2(AssertionError::Signature))
                | Error::Misbehaved(_)
                | Error::Refused(_)
        );
        assert!(no, "{body:?}: {error}");
    }
    // A response with an error, or with another status than 200, is not a confirmation either.
    for (status, body) in
        [(200, "is_valid:true\nerror:no\n"), (500, "is_valid:true\n"), (302, "is_valid:true\n")]
    {
        let pair = OpenIdPair::default();
        let (pending, callback) = pair.callback(JANE, false);
        let failed =
            http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap();
        pair.page(ENDPOINT, failed);
        let error = pair.verify(pending, &callback).unwrap_err();
        assert!(
            matches!(error, Error::Refused(_) | Error::Misbehaved(Misbehaved::WrongFormat { .. })),
            "{error}"
        );
    }
}

/// Row `return-to-of-the-protocol`.
#[test]
fn a_return_to_with_arguments_of_the_protocol_is_refused() {
    // At such a `return_to`, a response could not be distinguished from another one, so the browser
    // is not redirected to the provider.
    let pair = OpenIdPair::default();
    let discovered = pair.discover(JANE).unwrap();
    for return_to in [
        "https://other.example/back",
        "https://rp.example/back#x",
        "https://rp.example/back?rp_state=x",
        "https://rp.example/back?openid.mode=x",
        "/back",
        "https://me@rp.example/back",
    ] {
        let error = pair
            .party
            .authorize(Authorize::new(&discovered, return_to), pair.moment())
            .unwrap_err();
        assert!(
            matches!(error, Error::Unsupported(Unsupported::Url { .. })),
            "{return_to}: {error}"
        );
    }
}

/// Row `token-in-log`.
#[test]
fn debug_shows_no_secret() {
    let pair = OpenIdPair::default();
    let discovered = pair.discover(JANE).unwrap();
    let association = pair.associate(&discovered).unwrap().unwrap();
    let key = serde_json::to_value(&association).unwrap()["key"].as_str().unwrap().to_owned();
    let (pending, callback) = pair.callback(JANE, true);
    let state = pending.state().to_owned();
    let form = "openid.ns=http%3A%2F%2Fspecs.openid.net%2Fauth%2F2.0&openid.mode=associate\
        &openid.assoc_type=HMAC-SHA256&openid.session_type=no-encryption";
    let granted = pair.dispatch(&post(form)).unwrap();
    assert!(!format!("{granted:?}").contains("mac_key"));
    let check_id = pair.check_id(&pair.begin(pair.asking(JANE)).url().unwrap()).unwrap();
    assert!(!format!("{check_id:?}").contains("rp_state"));
    assert!(
        !format!("{:?}", oauth::Response { request_token: "hh5s93j4".into(), scope: None })
            .contains("hh5s93j4")
    );
    let shown = format!("{association:?} {pending:?} {:?} {:?}", pair.provider, pair.party);
    assert!(
        !shown.contains(&key) && !shown.contains(&state) && !shown.contains("0123456789abcdef"),
        "{shown}"
    );
    let checked = pair
        .run(pair.party.redeem(
            pending.with(|it| it.association = pair.associations.borrow().last().cloned()),
            &callback,
            pair.moment(),
        ))
        .unwrap();
    assert!(!format!("{checked:?}").contains(&fields(&callback)["openid.sig"]));
}

/// Row `callback-replay`: the application stores this id to mark the pending value as used.
#[test]
fn the_id_of_a_pending_value_survives_storage_and_is_unique() {
    let pair = OpenIdPair::default();
    let [(one, _), (other, _)] = [(); 2].map(|()| pair.callback(JANE, true));
    assert_eq!(stored(&one).id(), one.id());
    assert_ne!(one.id(), other.id());
    assert!(!one.id().to_string().contains(one.state()));
}

/// Row `control-characters`: the nonce is looked up in the relying party's store, and the
/// identifiers identify its users.
#[test]
fn control_characters_in_an_assertion_are_refused_before_the_nonce_is_looked_up() {
    for control in ["\0", "\r", "\u{7f}", "\u{85}"] {
        let nonces = with_signed_change(OpenIdPair::default, "https://op.example/", |fields| {
            fields.get_mut("openid.response_nonce").unwrap().push_str(control);
        });
        for result in nonces {
            assert_eq!(forged(result.unwrap_err()), Forged::OpenId2(AssertionError::NonceTime));
        }
        let identities = with_signed_change(OpenIdPair::default, "https://op.example/", |fields| {
            fields.get_mut("openid.identity").unwrap().push_str(control);
        });
        for result in identities {
            assert_eq!(
                forged(result.unwrap_err()),
                Forged::ParameterInvalid { name: "openid.identity" }
            );
        }
    }
}

/// Row `identifier-in-another-writing`: an application that compares identifiers as texts would
/// treat another spelling of the URL as another user.
#[test]
fn an_assertion_about_another_spelling_of_an_identifier_is_refused() {
    for writing in [
        "https://OP.example/id/jane",
        "https://op.example:443/id/jane",
        "https://op.example/id/./jane",
    ] {
        let pair = || {
            let pair = OpenIdPair::default();
            pair.page(writing, xrds(&user_document(ENDPOINT, None, &[])));
            pair
        };
        for result in with_signed_change(pair, "https://op.example/", |fields| {
            fields.insert("openid.claimed_id".into(), writing.into());
        }) {
            assert_eq!(
                forged(result.unwrap_err()),
                Forged::ParameterInvalid { name: "openid.claimed_id" },
                "{writing}"
            );
        }
    }
}
