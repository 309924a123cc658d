//! A resource that introspects tokens at another server. The resource also checks the content of
//! the response.

use oauth_proto::oauth2::resource::{Access, RejectReason, RemoteTokens, ResourceServer};
use oauth_proto::oauth2::{AuthorizationServer, Client};
use oauth_proto::{Step, Timestamp};
use serde_json::{Value, json};

use super::raw_server::*;

const PHOTOS: &str = "https://photos.example.com/";

/// Returns the decision of the resource about an introspection response.
fn told(mut answer: Value) -> Result<Access, RejectReason> {
    answer["active"] = true.into();
    let authorization_server =
        AuthorizationServer::from_metadata(&RawServer::default().provider.metadata()).unwrap();
    let remote = RemoteTokens::new(Client::new(authorization_server, "photos").secret(SECRET));
    let request =
        http::Request::get(PHOTOS).header("authorization", "Bearer x").body(Vec::new()).unwrap();
    let server = RawServer::default();
    let step = ResourceServer::builder(PHOTOS)
        .build()
        .unwrap()
        .check_remotely(&request, "", &remote, server.moment())
        .unwrap();
    let Step::Send(_, sent) = step else { panic!("{step:?}") };
    let response = http::Response::builder().header("content-type", "application/json");
    let end = sent
        .receive(response.body(answer.to_string().into_bytes()).unwrap(), server.moment())
        .unwrap();
    let Step::Done(end) = end else { panic!("{end:?}") };
    end.into_result().map_err(|rejected| rejected.reason)
}

/// Row `remote-exp`.
#[test]
fn a_token_that_has_expired_is_refused_although_its_server_calls_it_active() {
    told(json!({ "exp": NOW + 1 })).unwrap();
    let (at, now) = (Timestamp::from_secs(NOW), Timestamp::from_secs(NOW));
    assert_eq!(told(json!({ "exp": NOW })).unwrap_err(), RejectReason::TokenExpired { at, now });
}

/// Row `remote-nbf`: a difference of a minute between the clocks is allowed.
#[test]
fn a_token_that_is_not_valid_yet_is_refused_although_its_server_calls_it_active() {
    told(json!({ "nbf": NOW + 60 })).unwrap();
    let (from, now) = (Timestamp::from_secs(NOW + 61), Timestamp::from_secs(NOW));
    assert_eq!(
        told(json!({ "nbf": NOW + 61 })).unwrap_err(),
        RejectReason::TokenNotYetValid { from, now }
    );
}

/// Row `remote-audience`.
#[test]
fn a_token_for_another_resource_is_refused_although_its_server_calls_it_active() {
    for own in [json!(PHOTOS), json!(["https://mail.example.com/", PHOTOS])] {
        told(json!({ "aud": own })).unwrap();
    }
    for other in
        [json!("https://mail.example.com/"), json!(["https://photos.example.com.evil.example/"])]
    {
        let reason = told(json!({ "aud": other })).unwrap_err();
        assert!(matches!(reason, RejectReason::TokenAudience { .. }), "{reason}");
    }
}
