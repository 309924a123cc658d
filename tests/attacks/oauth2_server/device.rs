//! The device grant: codes of other clients, repeated codes and changed decisions.

use oauth_proto::Response;
use oauth_proto::oauth2::server::store::{
    ClientRecord, FoundOneTimeRecord, NextQuery, Revoke, Store,
};
use oauth_proto::oauth2::server::{
    Approval, DeviceConsent, GrantType, RejectReason, Rejected, ServerStep, serve,
};
use serde_json::Value;

use super::raw_server::*;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The two codes that a device receives.
struct Codes {
    device: String,
    user: String,
}

fn ask_for_codes(server: &RawServer, (client_id, secret): Who<'_>) -> Result<Response, Rejected> {
    let parameters = [("client_id", client_id), ("client_secret", secret), ("scope", "read")];
    server.post("/device_authorization", &parameters)
}

/// Requests codes as the printer, for the scope `read`.
fn begin(server: &RawServer) -> Codes {
    let answer: Value =
        serde_json::from_slice(ask_for_codes(server, PRINTER).unwrap().body()).unwrap();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    Codes { device: text("device_code"), user: text("user_code") }
}

/// Enters the user code, and returns the consent that the user sees.
fn entered(server: &RawServer, codes: &Codes) -> Result<DeviceConsent, Rejected> {
    serve(server.provider.find_device(&codes.user, &codes.user, server.moment().now), &server.store)
}

fn grant(server: &RawServer, device: DeviceConsent, grant: Approval) -> Result<(), Rejected> {
    serve(server.provider.approve_device(device, grant, server.moment()), &server.store)
}

fn deny(server: &RawServer, device: DeviceConsent) -> Result<(), Rejected> {
    serve(server.provider.deny_device(device, server.moment()), &server.store)
}

fn poll(server: &RawServer, who: Who<'_>, device_code: &str) -> Result<Tokens, Rejected> {
    server.token(who, &[("grant_type", DEVICE_CODE), ("device_code", device_code)])
}

/// Requests codes for a device, and grants its request as the user.
fn granted(server: &RawServer) -> Codes {
    let codes = begin(server);
    grant(server, entered(server, &codes).unwrap(), Approval::new("jane")).unwrap();
    codes
}

/// Row `device-other-client`.
#[test]
fn a_device_code_gives_another_client_no_token() {
    let server = RawServer::default();
    let (waiting, codes) = (begin(&server), granted(&server));
    for codes in [&waiting, &codes] {
        let reason = refused(poll(&server, SCANNER, &codes.device), 400, "invalid_grant");
        assert_eq!(reason, RejectReason::DeviceUnknown);
    }
    // The client of the device code can still use it.
    refused(poll(&server, PRINTER, &waiting.device), 400, "authorization_pending");
    poll(&server, PRINTER, &codes.device).unwrap();
}

/// Row `device-code-replay`.
#[test]
fn a_device_code_gives_tokens_once() {
    let server = RawServer::default();
    let codes = granted(&server);
    let tokens = poll(&server, PRINTER, &codes.device).unwrap();
    refused(poll(&server, PRINTER, &codes.device), 400, "invalid_grant");
    // A repeated poll is not treated as a theft, so it revokes nothing.
    assert!(server.lives(&tokens.access));
}

/// Row `device-decided-twice`.
#[test]
fn the_first_decision_about_a_device_is_final() {
    let server = RawServer::default();
    let codes = begin(&server);
    let device = entered(&server, &codes).unwrap();
    deny(&server, device.clone()).unwrap();
    assert_eq!(paged(grant(&server, device, Approval::new("jane"))), RejectReason::UserCode);
    assert_eq!(paged(entered(&server, &codes)), RejectReason::UserCode);
    refused(poll(&server, PRINTER, &codes.device), 400, "access_denied");

    let codes = begin(&server);
    let device = entered(&server, &codes).unwrap();
    grant(&server, device.clone(), Approval::new("jane")).unwrap();
    assert_eq!(paged(deny(&server, device.clone())), RejectReason::UserCode);
    assert_eq!(
        paged(grant(&server, device.clone(), Approval::new("mallory"))),
        RejectReason::UserCode
    );
    let tokens = poll(&server, PRINTER, &codes.device).unwrap();
    assert_eq!(server.introspect(&tokens.access)["sub"], "jane");
    // After the tokens were issued, a decision is refused as well.
    assert_eq!(paged(deny(&server, device)), RejectReason::UserCode);
}

/// Row `device-decision-of-another-client`: in the browser, the consent was changed to another
/// client, or to another client's code.
#[test]
fn a_decision_whose_client_or_code_was_changed_is_refused() {
    let server = RawServer::default();
    let codes = begin(&server);
    let mut other_client = entered(&server, &codes).unwrap();
    other_client.client_id = SCANNER.0.to_owned();
    let scanners: Value =
        serde_json::from_slice(ask_for_codes(&server, SCANNER).unwrap().body()).unwrap();
    let mut other_code = entered(&server, &codes).unwrap();
    other_code.user_code = scanners["user_code"].as_str().unwrap().to_owned();
    for changed in [other_client, other_code] {
        assert_eq!(
            paged(grant(&server, changed.clone(), Approval::new("jane"))),
            RejectReason::UserCode,
            "{changed:?}"
        );
        assert_eq!(paged(deny(&server, changed.clone())), RejectReason::UserCode, "{changed:?}");
    }
    refused(poll(&server, PRINTER, &codes.device), 400, "authorization_pending");
    let scanners = scanners["device_code"].as_str().unwrap();
    refused(poll(&server, SCANNER, scanners), 400, "authorization_pending");
}

/// Row `device-more-than-asked`.
#[test]
fn a_device_is_granted_no_more_than_it_asked_for() {
    let server = RawServer::with(GrantType::device_code().scopes("read write"));
    let codes = begin(&server);
    let device = entered(&server, &codes).unwrap();
    for more in ["read write", "write", "admin"] {
        let rejected =
            grant(&server, device.clone(), Approval::new("jane").scope(more)).unwrap_err();
        assert!(matches!(rejected.reason, RejectReason::Misconfigured(_)), "{more}: {rejected}");
    }
    // A scope that was changed in the browser has no effect.
    let mut changed = device.clone();
    changed.scope = "read write".into();
    grant(&server, changed.clone(), Approval::new("jane").scope("read write")).unwrap_err();
    refused(poll(&server, PRINTER, &codes.device), 400, "authorization_pending");
    grant(&server, changed, Approval::new("jane")).unwrap();
    server.pass(5);
    assert_eq!(poll(&server, PRINTER, &codes.device).unwrap().scope, "read");
}

/// Row `device-user-code-as-device-code`: the user code is short, and everyone near the device can
/// read it.
#[test]
fn a_user_code_in_the_place_of_a_device_code_is_refused() {
    let server = RawServer::default();
    let codes = granted(&server);
    refused(poll(&server, PRINTER, &codes.user), 400, "invalid_grant");
    // The same with a store that finds a one-time record by each of its two codes.
    let (client_id, secret) = PRINTER;
    let request = posting(
        "/token",
        &[
            ("client_id", client_id),
            ("client_secret", secret),
            ("grant_type", DEVICE_CODE),
            ("device_code", &codes.user),
        ],
    );
    let ServerStep::Query(NextQuery::Find(pending)) =
        server.provider.token(&request, server.moment())
    else {
        panic!("expected the query Find")
    };
    let mut found = server.store.find(pending.query()).unwrap();
    found.one_time_record = Some(record_of_user_code(&server, &codes.user));
    let step = pending.answer(found);
    assert_eq!(
        refused(serve(step, &server.store), 400, "invalid_grant"),
        RejectReason::DeviceUnknown
    );
    poll(&server, PRINTER, &codes.device).unwrap();
}

/// Returns the record that the store finds by the user code.
fn record_of_user_code(server: &RawServer, user_code: &str) -> FoundOneTimeRecord {
    let ServerStep::Query(NextQuery::CountAttempt(pending)) =
        server.provider.find_device(user_code, "jane", server.moment().now)
    else {
        panic!("expected the query CountAttempt")
    };
    let counted = server.store.count_attempt(pending.query()).unwrap();
    let ServerStep::Query(NextQuery::FindOneTimeRecord(pending)) = pending.answer(counted) else {
        panic!("expected the query FindOneTimeRecord")
    };
    server.store.find_one_time_record(pending.query()).unwrap().unwrap()
}

/// Row `grant-not-allowed`: the grant is checked at the device endpoint, and again when the device
/// polls.
#[test]
fn a_client_that_may_not_use_devices_gets_no_codes() {
    let server = RawServer::default();
    let stats = ("stats", SECRET);
    let record = || ClientRecord::confidential(stats.0, stats.1).unwrap();
    server.store.add_client(record().grant_types(["client_credentials"]));
    let reason = refused(ask_for_codes(&server, stats), 400, "unauthorized_client");
    assert_eq!(reason, RejectReason::NotAllowed(DEVICE_CODE.to_owned()));
    server.store.add_client(record().grant_types([DEVICE_CODE]));
    let answer: Value =
        serde_json::from_slice(ask_for_codes(&server, stats).unwrap().body()).unwrap();
    // The client has lost the grant since it received the codes.
    server.store.add_client(record().grant_types(["client_credentials"]));
    refused(
        poll(&server, stats, answer["device_code"].as_str().unwrap()),
        400,
        "unauthorized_client",
    );
}

/// Row `device-code-replay`: three polls have found the device code before the first of them
/// redeems it.
#[test]
fn one_of_several_simultaneous_polls_gets_tokens_and_the_others_revoke_none() {
    let server = RawServer::default();
    let codes = granted(&server);
    let own = [("client_id", PRINTER.0), ("client_secret", PRINTER.1), ("grant_type", DEVICE_CODE)];
    let request = posting("/token", &[&own[..], &[("device_code", &codes.device)]].concat());
    let found = || {
        let ServerStep::Query(NextQuery::Find(pending)) =
            server.provider.token(&request, server.moment())
        else {
            panic!()
        };
        let found = server.store.find(pending.query()).unwrap();
        pending.answer(found)
    };
    let (first, second, third) = (found(), found(), found());
    let tokens = Tokens::read(&serve(first, &server.store).unwrap());
    assert_eq!(
        refused(serve(second, &server.store), 400, "invalid_grant"),
        RejectReason::DeviceUnknown
    );
    // A device polls repeatedly, so a repeated poll revokes nothing.
    assert!(server.lives(&tokens.access) && server.lives(tokens.refresh_token()));
    let key = oauth_proto::oauth2::server::store::TokenHash::of(&tokens.access);
    let question = oauth_proto::oauth2::server::store::FindToken::new(key);
    let grant = server.store.find_token(&question).unwrap().unwrap().grant.id;
    serve(server.provider.revoke_records(Revoke::Grant(grant)), &server.store).unwrap();
    assert_eq!(
        refused(serve(third, &server.store), 400, "invalid_grant"),
        RejectReason::DeviceUnknown
    );
}

/// RFC 8628 §6.1: user codes are short, so a new code may already be in use.
#[test]
fn a_user_code_that_is_in_use_is_replaced_at_most_seven_times() {
    let server = RawServer::default();
    let own = [("client_id", PRINTER.0), ("client_secret", PRINTER.1), ("scope", "read")];
    let request = posting("/device_authorization", &own);
    for taken in 0..10 {
        let step = server.provider.device_authorization(&request, server.moment());
        let ServerStep::Query(NextQuery::Find(pending)) = step else { panic!() };
        let found = server.store.find(pending.query()).unwrap();
        let (mut step, mut second_keys) = (pending.answer(found), Vec::new());
        while let ServerStep::Query(NextQuery::SaveOneTimeRecord(pending)) = step {
            second_keys.push(pending.query().second_key.unwrap());
            let is_free = second_keys.len() > taken;
            step = pending.answer(is_free);
        }
        let count = second_keys.len();
        second_keys.sort_unstable();
        second_keys.dedup();
        assert_eq!(second_keys.len(), count, "one was tried twice");
        match step {
            ServerStep::Done(_) => assert!(taken < 8 && count == taken + 1, "{taken}"),
            ServerStep::Reject(rejected) => {
                assert!(
                    taken >= 8
                        && count == 8
                        && matches!(rejected.reason, RejectReason::Misconfigured(_))
                );
            }
            step @ ServerStep::Query(_) => panic!("{step:?}"),
        }
    }
}

/// Row `text-on-a-page`: the field on the device page shows only characters that a user code can
/// have.
#[test]
fn a_user_code_in_a_link_is_shown_in_the_form_of_a_user_code() {
    let server = RawServer::default();
    for (brought, shown) in [
        ("bcdf-ghjk", "BCDF-GHJK"),
        ("bcdfghjk", "BCDF-GHJK"),
        ("bcdf", "BCDF"),
        ("b c<d>f.g", "BCDF-G"),
    ] {
        let query = oauth_proto::wire::form::encode([("user_code", brought)]);
        let request =
            http::Request::get(format!("{ISSUER}/device?{query}")).body(Vec::<u8>::new()).unwrap();
        let page = serve(server.provider.device_page(&request), &server.store).unwrap();
        assert_eq!(page.user_code.as_deref(), Some(shown));
    }
}

/// Row `token-in-log`: the user code is not in debug output.
#[test]
fn the_debug_output_of_a_page_and_a_consent_hides_the_user_code() {
    let server = RawServer::default();
    let codes = begin(&server);
    let shown = format!("{:?}", entered(&server, &codes).unwrap());
    assert!(
        shown.contains("printer") && shown.contains("read") && !shown.contains(&codes.user),
        "{shown}"
    );
    let uri = format!("{ISSUER}/device?user_code={}", codes.user);
    let request = http::Request::get(uri).body(Vec::<u8>::new()).unwrap();
    let page = serve(server.provider.device_page(&request), &server.store).unwrap();
    assert_eq!(format!("{page:?}"), "DevicePage");
}

/// A device that polls during the decision changes its one-time record, so the decision is tried
/// again, up to nine times.
#[test]
fn a_decision_that_polls_overtake_is_tried_at_most_nine_times() {
    let server = RawServer::default();
    for overtaken in 0..11 {
        let codes = begin(&server);
        let device = entered(&server, &codes).unwrap();
        let (mut step, mut tried) =
            (server.provider.approve_device(device, Approval::new("jane"), server.moment()), 0);
        let end = loop {
            step = match step {
                ServerStep::Query(NextQuery::FindOneTimeRecord(pending)) => {
                    let record = server.store.find_one_time_record(pending.query()).unwrap();
                    pending.answer(record)
                }
                ServerStep::Query(NextQuery::ReplaceOneTimeRecord(pending)) => {
                    tried += 1;
                    pending.answer(tried > overtaken)
                }
                ServerStep::Query(question) => panic!("{question:?}"),
                ServerStep::Done(()) => break Ok(()),
                ServerStep::Reject(rejected) => break Err(rejected.reason),
            }
        };
        let expected = if overtaken < 9 { Ok(()) } else { Err(RejectReason::UserCode) };
        assert_eq!((end, tried), (expected, (overtaken + 1).min(9)), "{overtaken}");
    }
}
