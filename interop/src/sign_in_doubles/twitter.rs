//! Twitter: the three legs, and a small part of version 1.1 of the API.

use crate::with::With;
use http::Method;
use oauth_proto::oauth1::server::store::MemoryStore;
use oauth_proto::oauth1::server::{
    AfterConsent, Approval, Dispatched, Endpoint, Provider, Verifier, serve,
};
use oauth_proto::{Moment, Request};
use serde_json::{Value, json};

use super::{Answer, Service, answer, fields, query, refusal, store};

pub(super) struct Twitter {
    provider: Provider,
    store: MemoryStore,
}

impl Twitter {
    pub(super) fn new(origin: &str) -> Self {
        let verifier = Verifier::new(origin)
            .expect("an origin")
            .with(|it| it.realm = Some("Twitter API".into()));
        let provider = Provider::builder(verifier)
            .path(Endpoint::TemporaryCredentials, "/oauth/request_token")
            .path(Endpoint::Authorization, "/oauth/authorize")
            .path(Endpoint::TokenCredentials, "/oauth/access_token");
        Self { provider: provider.build().expect("loopback is secure"), store: store() }
    }
}

impl Service for Twitter {
    // The three legs: <https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a>,
    // "Obtaining user access tokens". The user: "GET account/verify_credentials" of
    // <https://developer.x.com/en/docs/twitter-api/v1/accounts-and-users/manage-account-settings>.
    fn respond(&self, request: &Request) -> Answer {
        let moment = Moment::from_os;
        let unauthorized = || {
            refusal(
                401,
                json!({ "errors": [{ "code": 32, "message": "Could not authenticate you." }] }),
            )
        };
        let verified = || serve(self.provider.verifier().verify(request, moment()), &self.store);
        match (request.method(), request.uri().path()) {
            (_, "/oauth/request_token" | "/oauth/access_token") => {
                match serve(self.provider.dispatch(request, moment()), &self.store) {
                    Ok(Dispatched::Respond(response)) => Ok(response),
                    _ => Err(unauthorized()),
                }
            }
            (_, "/oauth/authenticate" | "/oauth/authorize") => {
                let consent = match serve(
                    self.provider.dispatch(&at_authorize(request), moment()),
                    &self.store,
                ) {
                    Ok(Dispatched::Consent(consent)) => consent,
                    _ => return Err(unauthorized()),
                };
                let approval = Approval::new("jane").with(|it| {
                    it.response_parameters.insert("user_id".into(), "38895958".into());
                    it.response_parameters.insert("screen_name".into(), "janedoe".into());
                });
                match serve(self.provider.approve(consent, approval, moment()), &self.store) {
                    Ok(AfterConsent::Redirect(response)) => Ok(response),
                    _ => Err(unauthorized()),
                }
            }
            (&Method::GET, "/1.1/account/verify_credentials.json") => {
                verified().map_err(|_| unauthorized())?;
                let wants_email =
                    query(request).get("include_email").is_some_and(|wants| wants == "true");
                Ok(answer(credentials(wants_email)))
            }
            (&Method::POST, "/1.1/statuses/update.json") => {
                verified().map_err(|_| unauthorized())?;
                let text = &fields(request.body())["status"];
                Ok(answer(json!({
                    "created_at": "Wed Oct 10 20:19:24 +0000 2018",
                    "id": 1_050_118_621_198_921_728_u64,
                    "id_str": "1050118621198921728",
                    "text": text,
                    "truncated": false,
                    "user": { "id": 38_895_958, "id_str": "38895958", "screen_name": "janedoe" },
                })))
            }
            _ => Err(refusal(
                404,
                json!({
                    "errors": [{ "code": 34, "message": "Sorry, that page does not exist." }],
                }),
            )),
        }
    }
}

fn credentials(with_email: bool) -> Value {
    let mut jane = json!({
        "contributors_enabled": true,
        "created_at": "Sat May 09 17:58:22 +0000 2009",
        "default_profile": false,
        "default_profile_image": false,
        "description": "I am in no recording.",
        "favourites_count": 588,
        "follow_request_sent": null,
        "followers_count": 10625,
        "following": null,
        "friends_count": 1181,
        "geo_enabled": true,
        "id": 38_895_958,
        "id_str": "38895958",
        "is_translator": false,
        "lang": "en",
        "listed_count": 190,
        "location": "San Francisco",
        "name": "Jane Doe",
        "notifications": null,
        "profile_background_color": "1A1B1F",
        "profile_image_url": "http://a0.twimg.com/profile_images/1751506047/jane_normal.JPG",
        "profile_image_url_https":
            "https://si0.twimg.com/profile_images/1751506047/jane_normal.JPG",
        "protected": false,
        "screen_name": "janedoe",
        "show_all_inline_media": true,
        "status": {
            "created_at": "Tue Aug 28 05:44:24 +0000 2012",
            "id_str": "240323931419062272",
            "retweeted": false,
        },
        "statuses_count": 2609,
        "time_zone": "Pacific Time (US & Canada)",
        "url": null,
        "utc_offset": -28800,
        "verified": true,
    });
    if with_email {
        jane["email"] = "jane@example.com".into();
    }
    jane
}

/// Moves a request to the provider's authorization path. The service has two paths for users, and
/// the provider has one.
fn at_authorize(request: &Request) -> Request {
    let mut request = request.clone();
    let target = request.uri().to_string().replacen("/oauth/authenticate", "/oauth/authorize", 1);
    *request.uri_mut() = target.parse().expect("it was one before");
    request
}
