//! Google: the token endpoint and both profile URLs.

use http::StatusCode;
use oauth_proto::Request;
use serde_json::json;

use super::{Answer, Codes, GOOGLE_TOKEN, Service, answer, bearer, refusal, status};

#[derive(Default)]
pub(super) struct Google(Codes);

impl Service for Google {
    // <https://developers.google.com/identity/protocols/oauth2/web-server> (the token),
    // <https://developers.google.com/identity/openid-connect/openid-connect> (the claims),
    // <https://googleapis.github.io/google-api-python-client/docs/dyn/oauth2_v2.userinfo.html>
    // (version 2).
    fn respond(&self, request: &Request) -> Answer {
        match request.uri().path() {
            "/o/oauth2/v2/auth" => self.0.authorize(request),
            "/token" => match self.0.redeem(request) {
                Ok(()) => Ok(answer(json!({
                    "access_token": GOOGLE_TOKEN,
                    "expires_in": 3920,
                    "refresh_token": "1//xEoDL4iW3cxlI7yDbSRFYNG01kVKM2C-259HOF2aQbI",
                    "scope": "openid https://www.googleapis.com/auth/userinfo.profile \
                        https://www.googleapis.com/auth/userinfo.email",
                    "token_type": "Bearer",
                }))),
                Err(wrong) => Err(refusal(
                    400,
                    json!({ "error": "invalid_grant", "error_description": wrong }),
                )),
            },
            "/v1/userinfo" if bearer(request) == Some(GOOGLE_TOKEN) => Ok(answer(json!({
                "sub": "110169484474386276334",
                "name": "Jane Doe",
                "given_name": "Jane",
                "family_name": "Doe",
                "profile": "https://plus.google.com/110169484474386276334",
                "picture": "https://lh3.googleusercontent.com/a-/AOh14Gg=s96-c",
                "email": "jane@example.com",
                "email_verified": true,
                "locale": "en",
                "hd": "example.com",
            }))),
            "/v1/userinfo" => Err(refusal(
                401,
                json!({ "error": "invalid_request", "error_description": "Invalid Credentials" }),
            )),
            "/oauth2/v2/userinfo" if bearer(request) == Some(GOOGLE_TOKEN) => Ok(answer(json!({
                "id": "110169484474386276334",
                "email": "jane@example.com",
                "verified_email": true,
                "name": "Jane Doe",
                "given_name": "Jane",
                "family_name": "Doe",
                "link": "https://plus.google.com/110169484474386276334",
                "picture": "https://lh3.googleusercontent.com/a-/AOh14Gg=s96-c",
                "gender": "female",
                "locale": "en",
                "hd": "example.com",
            }))),
            "/oauth2/v2/userinfo" => Err(refusal(
                401,
                json!({
                    "error": {
                        "code": 401,
                        "message": "Invalid Credentials",
                        "status": "UNAUTHENTICATED",
                    },
                }),
            )),
            _ => Err(status(StatusCode::NOT_FOUND)),
        }
    }
}
