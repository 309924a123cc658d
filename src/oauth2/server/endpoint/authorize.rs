//! The authorization endpoint: RFC 6749 §4.1.1 and §4.2.1, RFC 7636 §4.3, RFC 9126 §4, OAuth 2.1
//! §4.1.
//!
//! ```text
//!   request --> FindClient --> redirect_uri known? -- no --> a page
//!      |                            |
//!      v  request_uri               v  other errors are sent to the client
//!   FindOneTimeRecord ---------------> Consent --> the user decides: Provider::approve or deny
//! ```
//!
//! Other errors are sent to the client with a redirect of the browser, or with a link if the client
//! has registered itself.

use std::time::Duration;

use http::{Method, Request};

use crate::core::token_hash::TokenHash;
use crate::oauth2::ResponseMode;
use crate::oauth2::common::names::{AUTHORIZATION_CODE, IMPLICIT};
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::flow::parameters::{self, Parameters};
use crate::oauth2::server::flow::storage::{ask, check_method, or_reject};
use crate::oauth2::server::grant::code;
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::store::queries::{FindClient, FindOneTimeRecord, FoundOneTimeRecord};
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::code_challenge::CodeChallenge;
use crate::oauth2::server::store::records::consent::{ClientRedirect, Consent, ResponseType};
use crate::oauth2::server::store::records::one_time_record::OneTimeContent;
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};
use crate::wire::{truncated, without_secrets};
use crate::{Moment, Timestamp};

/// The time in which the user must decide.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3600);

/// The parameters that the server uses. All others are passed to the application.
const KNOWN: [&str; 13] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "resource",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "request_uri",
];

impl Provider {
    /// Handles a request to the authorization endpoint, and returns the question for the user. The
    /// response to a refused request is a redirect to the client, or a page if the client or its
    /// redirect_uri is not known: see
    /// [`Rejected::response`](crate::oauth2::server::Rejected::response).
    ///
    /// The method of the request is GET or POST (RFC 6749 §3.1). A POST request has its parameters
    /// in a form, and its query is ignored.
    pub fn authorize<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<Consent> {
        or_reject(
            &RefusalChannel::page(Endpoint::Authorize),
            self.read_authorization_request(request, moment),
        )
    }

    pub(crate) fn read_authorization_request<B: AsRef<[u8]>, T: From<Consent> + 'static>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> Result<ServerStep<T>, RejectReason> {
        check_method(request, "GET, POST")?;
        let text = match *request.method() {
            Method::POST => parameters::form_of(request)?,
            _ => request.uri().query().unwrap_or_default(),
        };
        let parameters = Parameters::parse_doubtful(text)?;
        let client_id = parameters.need("client_id")?.to_owned();
        // If one of these occurs twice, the server cannot decide where to send the user.
        for name in ["client_id", "redirect_uri", "state", "response_mode", "request_uri"] {
            if parameters.is_twice(name) {
                return Err(RejectReason::ParameterTwice(name.to_owned()));
            }
            parameters::check_value(name, parameters.get(name).unwrap_or_default())?;
        }
        let provider = self.clone();
        let query = FindClient { client_id: client_id.clone() };
        if let Some(uri) = parameters.get("request_uri") {
            parameters.check()?;
            return Ok(self.take_pushed(TokenHash::of(uri), client_id, moment.now));
        }
        let text = text.to_owned();
        Ok(ask(
            NextQuery::FindClient,
            query,
            RefusalChannel::page(Endpoint::Authorize),
            move |client| {
                let client =
                    client.ok_or_else(|| RejectReason::UnknownClient(truncated(&client_id)))?;
                let parameters = Parameters::parse_doubtful(&text)?;
                let back = provider.back(&client, &parameters)?;
                let channel = RefusalChannel::unasked(back.clone(), &client);
                let consent = if provider.0.require_pushed_requests {
                    Err(RejectReason::NotPushed)
                } else {
                    provider.consent(&client, &parameters, back, moment.now)
                };
                Ok(or_reject(&channel, consent.map(|consent| ServerStep::Done(consent.into()))))
            },
        ))
    }

    /// Returns the redirect to the client, if the client has registered the redirect_uri.
    pub(crate) fn back(
        &self,
        client: &ClientRecord,
        parameters: &Parameters<'_>,
    ) -> Result<Box<ClientRedirect>, RejectReason> {
        let asked = parameters.get("redirect_uri");
        let redirect_uri = client
            .find_redirect_uri(asked, self.0.any_port())
            .ok_or_else(|| unregistered(client, asked))?;
        let implicit = parameters.get("response_type") == Some("token");
        let mode = match parameters.get("response_mode") {
            None if implicit => ResponseMode::Fragment,
            None => ResponseMode::Query,
            // This refusal cannot be sent with a redirect, because the mode is not known.
            Some(mode) => ResponseMode::from_text(mode).ok_or(RejectReason::ParameterInvalid {
                name: "response_mode",
                why: "expected query, fragment or form_post",
            })?,
        };
        let state = parameters.get("state").map(str::to_owned);
        Ok(Box::new(ClientRedirect { redirect_uri, state, issuer: self.0.issuer.clone(), mode }))
    }

    /// Returns the question for the user, if the request can be granted.
    pub(crate) fn consent(
        &self,
        client: &ClientRecord,
        parameters: &Parameters<'_>,
        back: Box<ClientRedirect>,
        now: Timestamp,
    ) -> Result<Consent, RejectReason> {
        parameters.check()?;
        if parameters.get("request").is_some() {
            return Err(RejectReason::Unsupported("request"));
        }
        let name = parameters.need("response_type")?;
        let (response_type, grant_type) = match name {
            "code" => (ResponseType::Code, AUTHORIZATION_CODE),
            "token" => (ResponseType::Token, IMPLICIT),
            other => return Err(RejectReason::ResponseTypeUnknown(truncated(other))),
        };
        let (_, offer) = self
            .grant_config(grant_type)
            .ok_or_else(|| RejectReason::ResponseTypeUnknown(name.to_owned()))?;
        if !client.may_use_response_type(name) {
            return Err(RejectReason::NotAllowed(grant_type.to_owned()));
        }
        if response_type == ResponseType::Token && back.mode == ResponseMode::Query {
            // The token would appear in logs and in the Referer of everything that the page loads.
            return Err(RejectReason::ParameterInvalid {
                name: "response_mode",
                why: "a token is never sent in the query: expected fragment or form_post",
            });
        }
        let challenge = self.challenge(client, response_type, parameters)?;
        let asked = parameters.scope(self.0.scope_separator);
        let scope = offer.scope_of(asked, client.metadata.scope.as_ref())?;
        let resource = parameters.resources();
        self.check_resources(&resource)?;
        let own = parameters.iter().filter(|(name, _)| !KNOWN.contains(name));
        Ok(Consent {
            client_id: client.client_id.clone(),
            client_name: client.metadata.client_name.clone(),
            redirect_uri: back.redirect_uri.clone(),
            scope,
            resource,
            parameters: own.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            expires_at: now.after(PATIENCE),
            response_type,
            redirect_uri_sent: parameters.get("redirect_uri").is_some(),
            back,
            challenge,
            pushed: None,
        })
    }

    /// Reads the code_challenge (PKCE): RFC 7636 §4.3 and §4.4.1.
    fn challenge(
        &self,
        client: &ClientRecord,
        response_type: ResponseType,
        parameters: &Parameters<'_>,
    ) -> Result<Option<CodeChallenge>, RejectReason> {
        let method = parameters.get("code_challenge_method");
        let Some(challenge) = parameters.get("code_challenge") else {
            if method.is_some() {
                return Err(RejectReason::ParameterMissing("code_challenge"));
            }
            let must =
                response_type == ResponseType::Code && (self.0.require_pkce || client.is_public());
            return if must { Err(RejectReason::ChallengeMissing) } else { Ok(None) };
        };
        let invalid = |name, why| Err(RejectReason::ParameterInvalid { name, why });
        match method.unwrap_or("plain") {
            "S256" => {
                let is_hash = challenge.len() == 43
                    && challenge
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
                if !is_hash {
                    return invalid("code_challenge", "expected the base64url of a SHA-256 hash");
                }
                Ok(Some(CodeChallenge::S256(challenge.to_owned())))
            }
            "plain" if self.0.allow_plain_pkce => {
                if !code::is_verifier(challenge) {
                    return invalid("code_challenge", "expected 43 to 128 unreserved characters");
                }
                Ok(Some(CodeChallenge::Plain(TokenHash::of(challenge))))
            }
            "plain" => invalid(
                "code_challenge_method",
                "expected S256; a request without this parameter means plain",
            ),
            _ => invalid("code_challenge_method", "expected S256"),
        }
    }

    /// Loads a request that was pushed (RFC 9126 §4). The request can be loaded again until the
    /// user has decided, or until it expires.
    fn take_pushed<T: From<Consent> + 'static>(
        &self,
        key: TokenHash,
        client_id: String,
        now: Timestamp,
    ) -> ServerStep<T> {
        let channel = RefusalChannel::page(Endpoint::Authorize);
        ask(NextQuery::FindOneTimeRecord, FindOneTimeRecord { key }, channel, move |found| {
            let refuse = |why| Err(RejectReason::RequestUri(why));
            let Some(FoundOneTimeRecord { key, used, record, .. }) = found else {
                return refuse("it is unknown");
            };
            let OneTimeContent::Pushed { consent, loadable_until } = &record.content else {
                return refuse("it is unknown");
            };
            if record.client_id != client_id {
                return refuse("it belongs to another client");
            }
            if used {
                return refuse("the user has already decided on this request");
            }
            if *loadable_until <= now {
                return refuse("it has expired");
            }
            let mut consent = Consent::clone(consent);
            (consent.expires_at, consent.pushed) = (now.after(PATIENCE), Some(key));
            Ok(ServerStep::Done(consent.into()))
        })
    }
}

/// Returns the refusal of a redirect_uri that the client has not registered.
pub(crate) fn unregistered(client: &ClientRecord, asked: Option<&str>) -> RejectReason {
    RejectReason::RedirectUri {
        client_id: client.client_id.clone(),
        received: asked.map(without_secrets),
    }
}
