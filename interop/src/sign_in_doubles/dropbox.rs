//! Version 1 of Dropbox's API: the three legs of 2007, and a small part of the API.

use crate::with::With;
use std::cell::Cell;

use http::Method;
use http::header::AUTHORIZATION;
use oauth_proto::oauth1::KeyEncoding;
use oauth_proto::oauth1::server::store::{MemoryStore, TokenRecord};
use oauth_proto::oauth1::server::{Approval, Verified, Verifier, serve};
use oauth_proto::{Moment, Request, Response};
use serde_json::json;

use super::{Answer, CLIENT, Service, answer, fields, query, redirect, refusal, store, typed};

pub(super) struct Dropbox {
    verifier: Verifier,
    store: MemoryStore,
    granted: Cell<bool>,
}

/// The user of a request token, before a user has decided.
const NOBODY: &str = "nobody yet";

impl Service for Dropbox {
    // <https://www.dropbox.com/developers-v1/core/docs>.
    fn respond(&self, request: &Request) -> Answer {
        match request.uri().path() {
            "/1/oauth/request_token" => {
                // In this version, the client sends the callback with the user's browser, not in
                // this request.
                let told = request.headers()[AUTHORIZATION]
                    .to_str()
                    .is_ok_and(|header| header.contains("oauth_callback"));
                if self.verified(request)?.token.is_some() || told {
                    return Err(refusal(400, json!({ "error": "Bad OAuth request." })));
                }
                Ok(self.give(NOBODY, "mh7an9dkrg59", "b9q1n5il4lcc", ""))
            }
            "/1/oauth/authorize" => {
                let asked = query(request);
                self.granted.set(asked["oauth_token"] == "mh7an9dkrg59");
                Ok(redirect(&format!(
                    "{}&uid=12345678&oauth_token={}",
                    asked["oauth_callback"], asked["oauth_token"]
                )))
            }
            "/1/oauth/access_token" => {
                let verified = self.verified(request)?;
                let waits = verified.approval.is_some_and(|grant| grant.user == NOBODY);
                if !waits || !self.granted.get() || !self.store.remove_token("mh7an9dkrg59") {
                    return Err(refusal(
                        401,
                        json!({ "error": "Request token not found, or not authorized." }),
                    ));
                }
                Ok(self.give("12345678", "ccl4li5n1q9b", "95grkd9na7hm", "&uid=12345678"))
            }
            path => {
                let verified = self.verified(request)?;
                if verified.approval.is_none_or(|grant| grant.user == NOBODY) {
                    return Err(refusal(401, json!({ "error": "Access token not found." })));
                }
                Self::api(request, path)
            }
        }
    }
}

impl Dropbox {
    pub(super) fn new(origin: &str) -> Self {
        let verifier = Verifier::new(origin).expect("an origin").with(|it| {
            it.key_encoding = KeyEncoding::Raw;
            it.allow_two_legged = true;
        });
        Self { verifier, store: store(), granted: Cell::new(false) }
    }

    fn verified(&self, request: &Request) -> Result<Verified, Response> {
        let verified = serve(self.verifier.verify(request, Moment::from_os()), &self.store);
        verified.map_err(|_| {
            refusal(401, json!({ "error": "Invalid signature. Expected signature base string." }))
        })
    }

    fn give(&self, user: &str, token: &str, secret: &str, more: &str) -> Response {
        let grant = Approval::new(user);
        let record = TokenRecord::new(secret, CLIENT, grant);
        self.store.add_token(token, record);
        typed("text/plain", format!("oauth_token_secret={secret}&oauth_token={token}{more}"))
    }

    fn api(request: &Request, path: &str) -> Answer {
        match (request.method(), path) {
            (&Method::GET, "/1/account/info") => Ok(answer(json!({
                "referral_link": "https://www.dropbox.com/referrals/r1a2n3d4m5s6t7",
                "display_name": "Jane P. Doe",
                "uid": 12_345_678,
                "team": { "name": "Acme Inc.", "team_id": "dbtid:1234abcd" },
                "country": "US",
                "locale": "en",
                "email": "jane@example.com",
                "email_verified": false,
                "is_paired": false,
                "quota_info": {
                    "shared": 253_738_410_565_u64,
                    "quota": 107_374_182_400_000_u64,
                    "normal": 680_031_877_871_u64,
                },
                "name_details": { "familiar_name": "Jane", "given_name": "Jane", "surname": "Doe" },
            }))),
            (&Method::POST, "/1/fileops/create_folder") => {
                let sent = fields(request.body());
                Ok(answer(json!({
                    "size": "0 bytes",
                    "bytes": 0,
                    "path": sent["path"],
                    "root": sent["root"],
                    "is_dir": true,
                })))
            }
            (_, path) => {
                let path = path.trim_start_matches("/1/metadata/auto");
                Err(refusal(404, json!({ "error": format!("Path '{path}' not found") })))
            }
        }
    }
}
