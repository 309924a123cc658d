//! Devices: decisions and codes in the wrong hands.

use oauth_proto::Response;
use oauth_proto::oauth2::server::{
    Approval, ClientRecord, DeviceConsent, FoundOneTimeRecord, GrantType, NextQuery, RejectReason, Rejected,
    ServerStep, Store, serve,
};
use serde_json::Value;

use super::world::*;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The codes that a device gets.
struct Codes {
    device: String,
    user: String,
}

fn ask_for_codes(world: &World, (client_id, secret): Who<'_>) -> Result<Response, Rejected> {
    let parameters = [("client_id", client_id), ("client_secret", secret), ("scope", "read")];
    world.post("/device_authorization", &parameters)
}

/// The printer asks for `read`.
fn begin(world: &World) -> Codes {
    let answer: Value = serde_json::from_slice(ask_for_codes(world, PRINTER).unwrap().body()).unwrap();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    Codes { device: text("device_code"), user: text("user_code") }
}

/// What the user sees who enters the code.
fn entered(world: &World, codes: &Codes) -> Result<DeviceConsent, Rejected> {
    serve(world.provider.find_device(&codes.user, world.moment().now), &world.store)
}

fn grant(world: &World, device: DeviceConsent, grant: Approval) -> Result<(), Rejected> {
    serve(world.provider.approve_device(device, grant, world.moment()), &world.store)
}

fn deny(world: &World, device: DeviceConsent) -> Result<(), Rejected> {
    serve(world.provider.deny_device(device, world.moment()), &world.store)
}

fn poll(world: &World, who: Who<'_>, device_code: &str) -> Result<Tokens, Rejected> {
    world.token(who, &[("grant_type", DEVICE_CODE), ("device_code", device_code)])
}

/// A device whose user has said yes.
fn granted(world: &World) -> Codes {
    let codes = begin(world);
    grant(world, entered(world, &codes).unwrap(), Approval::new("jane")).unwrap();
    codes
}

/// Row `device-other-client`.
#[test]
fn a_device_code_brings_another_client_nothing() {
    let world = World::default();
    let (waiting, codes) = (begin(&world), granted(&world));
    for codes in [&waiting, &codes] {
        let reason = refused(poll(&world, SCANNER, &codes.device), 400, "invalid_grant");
        assert_eq!(reason, RejectReason::DeviceUnknown);
    }
    // Its own client does not suffer.
    refused(poll(&world, PRINTER, &waiting.device), 400, "authorization_pending");
    poll(&world, PRINTER, &codes.device).unwrap();
}

#[test]
fn a_device_code_brings_tokens_once() {
    let world = World::default();
    let codes = granted(&world);
    let tokens = poll(&world, PRINTER, &codes.device).unwrap();
    refused(poll(&world, PRINTER, &codes.device), 400, "invalid_grant");
    // A device that asks once more is no thief.
    assert!(world.lives(&tokens.access));
}

/// Row `device-decided-twice`.
#[test]
fn the_first_decision_about_a_device_stays() {
    let world = World::default();
    let codes = begin(&world);
    let device = entered(&world, &codes).unwrap();
    deny(&world, device.clone()).unwrap();
    assert_eq!(paged(grant(&world, device, Approval::new("jane"))), RejectReason::UserCode);
    assert_eq!(paged(entered(&world, &codes)), RejectReason::UserCode);
    refused(poll(&world, PRINTER, &codes.device), 400, "access_denied");

    let codes = begin(&world);
    let device = entered(&world, &codes).unwrap();
    grant(&world, device.clone(), Approval::new("jane")).unwrap();
    assert_eq!(paged(deny(&world, device.clone())), RejectReason::UserCode);
    assert_eq!(paged(grant(&world, device.clone(), Approval::new("mallory"))), RejectReason::UserCode);
    let tokens = poll(&world, PRINTER, &codes.device).unwrap();
    assert_eq!(world.introspect(&tokens.access)["sub"], "jane");
    // Nor is there anything to decide once the tokens are out.
    assert_eq!(paged(deny(&world, device)), RejectReason::UserCode);
}

/// Row `device-decision-of-another-client`: what travels through the browser names another client, or another client's code.
#[test]
fn a_decision_about_one_client_is_none_about_another() {
    let world = World::default();
    let codes = begin(&world);
    let mut other_client = entered(&world, &codes).unwrap();
    other_client.client_id = SCANNER.0.to_owned();
    let scanners: Value = serde_json::from_slice(ask_for_codes(&world, SCANNER).unwrap().body()).unwrap();
    let mut other_code = entered(&world, &codes).unwrap();
    other_code.user_code = scanners["user_code"].as_str().unwrap().to_owned();
    for changed in [other_client, other_code] {
        assert_eq!(paged(grant(&world, changed.clone(), Approval::new("jane"))), RejectReason::UserCode, "{changed:?}");
        assert_eq!(paged(deny(&world, changed.clone())), RejectReason::UserCode, "{changed:?}");
    }
    refused(poll(&world, PRINTER, &codes.device), 400, "authorization_pending");
    let scanners = scanners["device_code"].as_str().unwrap();
    refused(poll(&world, SCANNER, scanners), 400, "authorization_pending");
}

/// Row `device-more-than-asked`.
#[test]
fn a_device_is_granted_no_more_than_it_asked_for() {
    let world = World::with(GrantType::device_code().scopes("read write"));
    let codes = begin(&world);
    let device = entered(&world, &codes).unwrap();
    for more in ["read write", "write", "admin"] {
        let rejected = grant(&world, device.clone(), Approval::new("jane").scope(more)).unwrap_err();
        assert!(matches!(rejected.reason, RejectReason::Misconfigured(_)), "{more}: {rejected}");
    }
    // What the browser says of the scope is not what the device asked for.
    let mut changed = device.clone();
    changed.scope = "read write".into();
    grant(&world, changed.clone(), Approval::new("jane").scope("read write")).unwrap_err();
    refused(poll(&world, PRINTER, &codes.device), 400, "authorization_pending");
    grant(&world, changed, Approval::new("jane")).unwrap();
    world.pass(5);
    assert_eq!(poll(&world, PRINTER, &codes.device).unwrap().scope, "read");
}

/// Row `device-user-code-as-device-code`: it is short, and everybody near the device can read it.
#[test]
fn a_user_code_is_no_device_code() {
    let world = World::default();
    let codes = granted(&world);
    refused(poll(&world, PRINTER, &codes.user), 400, "invalid_grant");
    // A store that finds a one-time record by each of its names, whichever was meant.
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
    let ServerStep::Query(NextQuery::FindClient(pending)) = world.provider.token(&request, world.moment()) else {
        panic!("the client is not looked for")
    };
    let client = world.store.find_client(pending.query()).unwrap();
    let ServerStep::Query(NextQuery::FindOneTimeRecord(pending)) = pending.answer(client) else {
        panic!("the record is not looked for")
    };
    let step = pending.answer(Some(record_of_user_code(&world, &codes.user)));
    assert_eq!(refused(serve(step, &world.store), 400, "invalid_grant"), RejectReason::DeviceUnknown);
    poll(&world, PRINTER, &codes.device).unwrap();
}

/// What the store finds for a user.
fn record_of_user_code(world: &World, user_code: &str) -> FoundOneTimeRecord {
    let ServerStep::Query(NextQuery::FindOneTimeRecord(pending)) =
        world.provider.find_device(user_code, world.moment().now)
    else {
        panic!("the record is not looked for")
    };
    world.store.find_one_time_record(pending.query()).unwrap().unwrap()
}

#[test]
fn a_client_that_may_not_use_devices_gets_no_codes() {
    let world = World::default();
    let stats = ("stats", SECRET);
    let record = || ClientRecord::confidential(stats.0, stats.1).unwrap();
    world.store.add_client(record().grant_types(["client_credentials"]));
    let reason = refused(ask_for_codes(&world, stats), 400, "unauthorized_client");
    assert_eq!(reason, RejectReason::NotAllowed(DEVICE_CODE.to_owned()));
    world.store.add_client(record().grant_types([DEVICE_CODE]));
    let answer: Value = serde_json::from_slice(ask_for_codes(&world, stats).unwrap().body()).unwrap();
    // What it lost meanwhile, it has no more.
    world.store.add_client(record().grant_types(["client_credentials"]));
    refused(poll(&world, stats, answer["device_code"].as_str().unwrap()), 400, "unauthorized_client");
}

/// Answers the first questions of two polls from the store, and then lets one after the other go on.
#[test]
fn of_two_polls_at_once_one_brings_tokens_and_the_other_takes_none_away() {
    let world = World::default();
    let codes = granted(&world);
    let own = [("client_id", PRINTER.0), ("client_secret", PRINTER.1), ("grant_type", DEVICE_CODE)];
    let request = posting("/token", &[&own[..], &[("device_code", &codes.device)]].concat());
    let found = || {
        let ServerStep::Query(NextQuery::FindClient(pending)) = world.provider.token(&request, world.moment()) else {
            panic!()
        };
        let client = world.store.find_client(pending.query()).unwrap();
        let ServerStep::Query(NextQuery::FindOneTimeRecord(pending)) = pending.answer(client) else { panic!() };
        let record = world.store.find_one_time_record(pending.query()).unwrap();
        pending.answer(record)
    };
    let (first, second, third) = (found(), found(), found());
    let tokens = Tokens::read(&serve(first, &world.store).unwrap());
    assert_eq!(refused(serve(second, &world.store), 400, "invalid_grant"), RejectReason::DeviceUnknown);
    // A device asks again and again: it has not stolen anything.
    assert!(world.lives(&tokens.access) && world.lives(tokens.refresh_token()));
    let key = oauth_proto::oauth2::server::TokenHash::of(&tokens.access);
    let question = oauth_proto::oauth2::server::FindToken { key };
    let grant = world.store.find_token(&question).unwrap().unwrap().grant.id;
    serve(world.provider.revoke_grant(grant), &world.store).unwrap();
    assert_eq!(refused(serve(third, &world.store), 400, "invalid_grant"), RejectReason::DeviceUnknown);
}

/// RFC 8628 §6.1: user codes are short, so that one may be taken.
#[test]
fn a_user_code_that_is_taken_is_followed_by_others_and_not_for_ever() {
    let world = World::default();
    let own = [("client_id", PRINTER.0), ("client_secret", PRINTER.1), ("scope", "read")];
    let request = posting("/device_authorization", &own);
    for taken in 0..10 {
        let step = world.provider.device_authorization(&request, world.moment());
        let ServerStep::Query(NextQuery::FindClient(pending)) = step else { panic!() };
        let client = world.store.find_client(pending.query()).unwrap();
        let (mut step, mut second_keys) = (pending.answer(client), Vec::new());
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
                assert!(taken >= 8 && count == 8 && matches!(rejected.reason, RejectReason::Misconfigured(_)));
            }
            step @ ServerStep::Query(_) => panic!("{step:?}"),
        }
    }
}

#[test]
fn what_a_link_brings_for_the_field_is_written_as_a_code() {
    let world = World::default();
    for (brought, shown) in
        [("bcdf-ghjk", "BCDF-GHJK"), ("bcdfghjk", "BCDF-GHJK"), ("bcdf", "BCDF"), ("b c<d>f.g", "BCDF-G")]
    {
        let query = oauth_proto::wire::form::encode([("user_code", brought)]);
        let request = http::Request::get(format!("{ISSUER}/device?{query}")).body(Vec::<u8>::new()).unwrap();
        let page = serve(world.provider.device_page(&request), &world.store).unwrap();
        assert_eq!(page.user_code.as_deref(), Some(shown));
    }
}

#[test]
fn a_page_and_a_consent_are_shown_without_the_code_that_lets_a_device_in() {
    let world = World::default();
    let codes = begin(&world);
    let shown = format!("{:?}", entered(&world, &codes).unwrap());
    assert!(shown.contains("printer") && shown.contains("read") && !shown.contains(&codes.user), "{shown}");
    let uri = format!("{ISSUER}/device?user_code={}", codes.user);
    let request = http::Request::get(uri).body(Vec::<u8>::new()).unwrap();
    let page = serve(world.provider.device_page(&request), &world.store).unwrap();
    assert_eq!(format!("{page:?}"), "DevicePage");
}

/// A device that asks while the user decides changes its one-time record: the decision is tried again, and not for ever.
#[test]
fn a_decision_that_a_question_overtakes_is_tried_again() {
    let world = World::default();
    for overtaken in 0..11 {
        let codes = begin(&world);
        let device = entered(&world, &codes).unwrap();
        let (mut step, mut tried) = (world.provider.approve_device(device, Approval::new("jane"), world.moment()), 0);
        let end = loop {
            step = match step {
                ServerStep::Query(NextQuery::FindOneTimeRecord(pending)) => {
                    let record = world.store.find_one_time_record(pending.query()).unwrap();
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
