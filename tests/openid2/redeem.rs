//! Callbacks that contain no assertion, and assertions that the provider has to confirm.

use crate::pair::*;
use oauth_proto::openid2::Authorize;
use oauth_proto::openid2::ProviderError;
use oauth_proto::{Error, Refused, Step, Unsupported};

#[test]
fn the_user_may_cancel_and_an_immediate_request_may_fail() {
    let pair = OpenIdPair::default();
    let end = |authorize: Authorize| {
        let authorization = pair.begin(authorize);
        let check_id = pair.check_id(&authorization.url().unwrap()).unwrap();
        let callback = location(&pair.deny_request(check_id));
        pair.verify(authorization.pending, &callback).unwrap_err()
    };
    assert!(matches!(end(pair.asking(JANE)), Error::Refused(Refused::Denied { .. })));
    assert_eq!(
        end(pair.asking(JANE).with(|it| it.immediate = true)),
        ProviderError::SetupNeeded { url: None }.into()
    );

    let authorization = pair.begin(pair.asking(JANE).with(|it| it.immediate = true));
    let callback = pair.approve(&authorization.url().unwrap(), |approval| approval);
    assert_eq!(
        pair.verify(authorization.pending, &callback).unwrap().claimed_id.as_deref(),
        Some(JANE)
    );
}

#[test]
fn a_providers_error_is_reported() {
    let pair = OpenIdPair::default();
    let authorization = pair.begin(pair.asking(JANE));
    let elsewhere = changed(&authorization.url().unwrap(), |fields| {
        fields.insert("openid.claimed_id".into(), "x".into());
    });
    let rejected = pair.check_id(&elsewhere).unwrap_err();
    let callback = location(&rejected.response());
    let error = pair.verify(authorization.pending, &callback).unwrap_err();
    let message = Some(
        "the field \"claimed_id\" cannot be used: expected an absolute http or https URL of at \
         most 2048 bytes"
            .to_owned(),
    );
    assert_eq!(error, ProviderError::Failed { message, contact: None, reference: None }.into());
}

#[test]
fn an_outage_is_not_a_forgery() {
    let pair = OpenIdPair::default();
    let (pending, callback) = pair.callback("https://op.example/", true);
    let down = || http::Response::builder().status(503).body(Vec::new()).unwrap();
    pair.page(JANE, down());
    let error = pair.verify(pending, &callback).unwrap_err();
    let Error::Unsupported(Unsupported::Identifier { identifier, response: Some(answer), .. }) =
        &error
    else {
        panic!("{error}")
    };
    assert_eq!((identifier.as_str(), answer.status.as_u16()), (JANE, 503));
}

/// §5.1.2.2: the error message of a direct response.
#[test]
fn a_provider_that_cannot_confirm_says_why() {
    let pair = OpenIdPair::default();
    let (pending, callback) = pair.callback(JANE, false);
    let step = pair.party.redeem(pending, &callback, pair.moment()).unwrap();
    let Step::Send(_, sent) = step else { panic!() };
    let body =
        b"ns:http://specs.openid.net/auth/2.0\nerror:closed for the night\ncontact:op@op.example\n";
    let answer = http::Response::builder().status(400).body(body.to_vec()).unwrap();
    let error = sent.receive(answer, pair.moment()).unwrap_err();
    let Error::Refused(Refused::OpenId2(ProviderError::Failed { message, contact, .. })) = &error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (message.as_deref(), contact.as_deref()),
        (Some("closed for the night"), Some("op@op.example"))
    );
}

#[test]
fn debug_output_hides_what_ties_an_answer_to_a_browser() {
    let pair = OpenIdPair::new(
        |it| it.with(|it| it.allow_openid1 = true),
        |it| it.with(|it| it.allow_openid1 = true),
    );
    pair.page(
        "https://old.example/",
        html("<head><link rel=openid.server href=https://op.example/openid></head>"),
    );
    let (pending, callback) = pair.callback("https://old.example/", true);
    let state = pending.state().to_owned();
    let association = pair.associations.borrow().last().cloned();
    let pending = pending.with(|it| it.association = association);
    let checked = pair.run(pair.party.redeem(pending, &callback, pair.moment())).unwrap();
    let (pending, callback) = pair.callback("https://old.example/", true);
    let association = pair.associations.borrow().last().cloned();
    let pending = pending.with(|it| it.association = association);
    let other = pair.run(pair.party.redeem(pending, &callback, pair.moment())).unwrap();
    assert_ne!(checked.query.key, other.query.key);
    assert!(!format!("{checked:?}").contains(&state));
}

/// §11.2: a provider's identifier is not accepted as a claimed identifier, even if its document
/// also names a user's provider.
#[test]
fn an_op_identifier_is_not_accepted_as_a_claimed_identifier() {
    let pair = OpenIdPair::default();
    let both = user_document(ENDPOINT, None, &["http://specs.openid.net/auth/2.0/server"]);
    for (page, is_good) in [(user_document(ENDPOINT, None, &[]), true), (both, false)] {
        let (pending, callback) = pair.callback("https://op.example/", true);
        pair.page(JANE, xrds(&page));
        assert_eq!(pair.verify(pending, &callback).is_ok(), is_good);
    }
}
