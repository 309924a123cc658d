//! Facebook: the token endpoint and a small part of the Graph API.

use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use oauth_proto::{Request, Response};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    Answer, Codes, FACEBOOK_TOKEN, SECRET, Service, answer, bearer, fields, query, refusal, typed,
};

pub(super) struct Facebook {
    codes: Codes,
    /// Whether token responses are forms, as before March 2017.
    old: bool,
}

impl Service for Facebook {
    // <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow>
    // (the token),
    // <https://developers.facebook.com/docs/graph-api/batch-requests>,
    // <https://developers.facebook.com/docs/graph-api/guides/error-handling>.
    fn respond(&self, request: &Request) -> Answer {
        match request.uri().path() {
            "/dialog/oauth" => self.codes.authorize(request),
            "/oauth/access_token" => {
                self.codes
                    .redeem(request)
                    .map_err(|wrong| graph_error(wrong, "OAuthException", 100))?;
                Ok(match self.old {
                    true => typed(
                        "text/plain; charset=UTF-8",
                        format!("access_token={FACEBOOK_TOKEN}&expires=5183999"),
                    ),
                    false => answer(json!({
                        "access_token": FACEBOOK_TOKEN,
                        "token_type": "bearer",
                        "expires_in": 5_183_944,
                    })),
                })
            }
            path => {
                Self::check(request)?;
                Self::graph(request, path)
            }
        }
    }
}

impl Facebook {
    pub(super) fn new(old: bool) -> Self {
        Self { codes: Codes::default(), old }
    }

    /// Checks the token and the `appsecret_proof` of a call.
    fn check(request: &Request) -> Result<(), Response> {
        if bearer(request) != Some(FACEBOOK_TOKEN) {
            return Err(graph_error("Invalid OAuth access token.", "OAuthException", 190));
        }
        let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
        let proof = mac.chain_update(FACEBOOK_TOKEN).finalize().into_bytes();
        let proof: String = proof.iter().map(|byte| format!("{byte:02x}")).collect();
        match query(request).get("appsecret_proof") {
            Some(own) if *own == proof => Ok(()),
            Some(_) => {
                let message = "Invalid appsecret_proof provided in the API argument";
                Err(graph_error(message, "GraphMethodException", 100))
            }
            None => {
                let message = "API calls from the server require an appsecret_proof argument";
                Err(graph_error(message, "GraphMethodException", 100))
            }
        }
    }

    fn graph(request: &Request, path: &str) -> Answer {
        let jane = json!({
            "id": "10150000000000001",
            "name": "Jane Doe",
            "first_name": "Jane",
            "last_name": "Doe",
            "locale": "en_US",
            "link": "https://www.facebook.com/app_scoped_user_id/10150000000000001/",
            "email": "jane@example.com",
            "birthday": "01/02/1980",
            "picture": { "data": {
                "height": 50,
                "is_silhouette": false,
                "url": "https://platform-lookaside.fbsbx.com/platform/profilepic/\
                    ?asid=10150000000000001",
                "width": 50,
            } },
        });
        let (asked, posted) = (query(request), fields(request.body()));
        // The response has only the requested fields of the object.
        let some = |fields: &str| -> Value {
            let named = fields
                .split(',')
                .filter_map(|name| Some((name.to_owned(), jane.get(name)?.clone())));
            Value::Object(named.collect())
        };
        let default = "id,name".to_owned();
        let wanted = asked.get("fields").unwrap_or(&default);
        match (request.method(), path) {
            (&Method::GET, "/me") => Ok(answer(some(wanted))),
            (&Method::GET, "/") if asked.contains_key("ids") => {
                let each = asked["ids"].split(',').map(|id| (id.to_owned(), some(wanted)));
                Ok(answer(Value::Object(each.collect())))
            }
            (&Method::POST, "/") => {
                let batch: Vec<Value> = serde_json::from_str(&posted["batch"]).expect("a list");
                let body = |one: &Value| {
                    some(if one["relative_url"] == "me" { "id,name" } else { "" }).to_string()
                };
                let all = batch.iter().map(|one| json!({ "code": 200, "body": body(one) }));
                Ok(answer(all.collect()))
            }
            (&Method::POST, "/me/feed") if posted.contains_key("message") => {
                Ok(answer(json!({ "id": "10150000000000001_10150000000000002" })))
            }
            _ => Err(graph_error("Unsupported request", "GraphMethodException", 100)),
        }
    }
}

fn graph_error(message: &str, kind: &str, code: u32) -> Response {
    refusal(
        400,
        json!({
            "error": {
                "message": message,
                "type": kind,
                "code": code,
                "fbtrace_id": "EJplcsCHuLu",
            },
        }),
    )
}
