//! The authorization endpoint: RFC 6749 §4.1.1 and §4.2.1, RFC 7636 §4.3, RFC 9126 §4, OAuth 2.1 §4.1.
//!
//! ```text
//!   request --> FindClient --> redirect_uri proven? -- no --> a page
//!      |                            |
//!      v  request_uri               v  all else is told to the client, by the browser
//!   FindTicket, Redeem          Consent --> the user decides --> Provider::grant --> SaveTicket --> redirect with a code
//!                                                            --> Provider::deny  --> redirect with access_denied
//! ```

use std::sync::Arc;
use std::time::Duration;

use http::Request;

use super::client_record::ClientRecord;
use super::commands::{FindClient, FindTicket, FoundTicket, Redeem, Redemption, SaveTicket, SaveTokens, Saved};
use super::consent::{Consent, Mode, ResponseType, Return};
use super::issue::{Issue, Issued, grant_id};
use super::parameters::{self, Parameters, check_resources};
use super::provider::{Provider, ask, check_method, reply};
use super::records::{Challenge, Grant, GrantRecord, PendingTicket, Ticket};
use super::rejected::{Reason, Voice};
use super::store::{Question, Reply};
use super::token_hash::TokenHash;
use crate::{Moment, Response, Timestamp};

/// How long the user may take.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Parameters that have a meaning of their own; all others are for the application to look at.
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
    /// The authorization endpoint: what the user has to decide, or a refusal, whose response is a redirect where the client and
    /// its redirect_uri are proven, and a page where they are not.
    pub fn authorize<B>(&self, request: &Request<B>, moment: Moment) -> Reply<Consent> {
        reply(&Voice::Page, self.read_authorization_request(request, moment))
    }

    pub(super) fn read_authorization_request<B, T: From<Consent> + 'static>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> Result<Reply<T>, Reason> {
        check_method(request, "GET")?;
        let query = request.uri().query().unwrap_or_default();
        let parameters = Parameters::parse_doubtful(query)?;
        let client_id = parameters.need("client_id")?.to_owned();
        // Where one of these is there twice, nobody knows where to send the user, or with what.
        for name in ["client_id", "redirect_uri", "state", "response_mode", "request_uri"] {
            if parameters.is_twice(name) {
                return Err(Reason::ParameterTwice(name.to_owned()));
            }
            parameters::check_value(name, parameters.get(name).unwrap_or_default())?;
        }
        let provider = self.clone();
        let command = FindClient { client_id: client_id.clone() };
        if let Some(uri) = parameters.get("request_uri") {
            return Ok(self.take_pushed(TokenHash::of(uri), client_id, moment.now));
        }
        let query = query.to_owned();
        Ok(ask(Question::FindClient, command, Voice::Page, move |client| {
            let client = client.ok_or_else(|| Reason::UnknownClient(crate::wire::shortened(&client_id)))?;
            let parameters = Parameters::parse_doubtful(&query)?;
            let back = provider.back(&client, &parameters)?;
            let voice = Voice::Redirect(back.clone());
            let consent = if provider.0.only_pushed {
                Err(Reason::NotPushed)
            } else {
                provider.consent(&client, &parameters, back, moment.now)
            };
            Ok(reply(&voice, consent.map(|consent| Reply::Done(consent.into()))))
        }))
    }

    /// Where answers go, once it is known to be the client's own place.
    pub(super) fn back(&self, client: &ClientRecord, parameters: &Parameters<'_>) -> Result<Box<Return>, Reason> {
        let asked = parameters.get("redirect_uri");
        let redirect_uri = client.find_redirect_uri(asked, self.0.any_port).ok_or(Reason::RedirectUri)?;
        let implicit = parameters.get("response_type") == Some("token");
        let mode = match parameters.get("response_mode") {
            None if implicit => Mode::Fragment,
            None => Mode::Query,
            Some("query") => Mode::Query,
            Some("fragment") => Mode::Fragment,
            Some("form_post") => Mode::FormPost,
            // There is no other way to tell that there is no such way.
            Some(_) => return Err(Reason::ParameterInvalid { name: "response_mode", why: "it is not supported" }),
        };
        let state = parameters.get("state").map(str::to_owned);
        Ok(Box::new(Return { redirect_uri, state, issuer: self.0.issuer.clone(), mode }))
    }

    /// What the user has to decide, if the request is one that can be granted.
    pub(super) fn consent(
        &self,
        client: &ClientRecord,
        parameters: &Parameters<'_>,
        back: Box<Return>,
        now: Timestamp,
    ) -> Result<Consent, Reason> {
        parameters.check()?;
        if parameters.get("request").is_some() {
            return Err(Reason::Unsupported("request"));
        }
        let name = parameters.need("response_type")?;
        let (response_type, grant_type) = match name {
            "code" => (ResponseType::Code, "authorization_code"),
            "token" => (ResponseType::Token, "implicit"),
            other => return Err(Reason::ResponseTypeUnknown(crate::wire::shortened(other))),
        };
        let (_, offer) = self.offer(grant_type).ok_or_else(|| Reason::ResponseTypeUnknown(name.to_owned()))?;
        if !client.may_respond(name) {
            return Err(Reason::NotAllowed(grant_type.to_owned()));
        }
        if response_type == ResponseType::Token && back.mode == Mode::Query {
            // It would stand in logs and in the Referer of whatever the page loads.
            return Err(Reason::ParameterInvalid { name: "response_mode", why: "a token never stands in a query" });
        }
        let challenge = self.challenge(client, response_type, parameters)?;
        let asked = parameters.scope(self.0.scope_separator);
        let scope = offer.scope_of(asked, client.metadata.scope.as_ref())?;
        let resource = parameters.resources();
        check_resources(&resource, &self.0.resources)?;
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
        })
    }

    /// RFC 7636 §4.3 and §4.4.1.
    fn challenge(
        &self,
        client: &ClientRecord,
        response_type: ResponseType,
        parameters: &Parameters<'_>,
    ) -> Result<Option<Challenge>, Reason> {
        let method = parameters.get("code_challenge_method");
        let Some(challenge) = parameters.get("code_challenge") else {
            if method.is_some() {
                return Err(Reason::ParameterMissing("code_challenge"));
            }
            let must = response_type == ResponseType::Code && (self.0.pkce_for_all || client.is_public());
            return if must { Err(Reason::ChallengeMissing) } else { Ok(None) };
        };
        let invalid = |name, why| Err(Reason::ParameterInvalid { name, why });
        match method.unwrap_or("plain") {
            "S256" => {
                let is_hash = challenge.len() == 43
                    && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
                if !is_hash {
                    return invalid("code_challenge", "it is no SHA-256 in base64url");
                }
                Ok(Some(Challenge::S256(challenge.to_owned())))
            }
            "plain" if self.0.plain_pkce => {
                if !super::code::is_verifier(challenge) {
                    return invalid("code_challenge", "it is no code_verifier");
                }
                Ok(Some(Challenge::Plain(TokenHash::of(challenge))))
            }
            "plain" => invalid("code_challenge_method", "S256 is demanded"),
            _ => invalid("code_challenge_method", "it is not supported"),
        }
    }

    /// A request that was pushed is taken once (RFC 9126 §4).
    fn take_pushed<T: From<Consent> + 'static>(&self, key: TokenHash, client_id: String, now: Timestamp) -> Reply<T> {
        ask(Question::FindTicket, FindTicket { key }, Voice::Page, move |found| {
            let lives = |found: &FoundTicket| {
                !found.spent && found.ticket.expires_at > now && found.ticket.client_id == client_id
            };
            let found = found.filter(lives).ok_or(Reason::RequestUri)?;
            let PendingTicket::Pushed(consent) = &found.ticket.pending else { return Err(Reason::RequestUri) };
            let mut consent = Consent::clone(consent);
            consent.expires_at = now.after(PATIENCE);
            let command = Redeem { key: found.key, tokens: None };
            Ok(ask(Question::Redeem, command, Voice::Page, move |redemption| match redemption {
                Redemption::Redeemed => Ok(Reply::Done(consent.into())),
                _ => Err(Reason::RequestUri),
            }))
        })
    }

    /// The user does not grant it: the response that leads back to the client.
    pub fn deny(&self, consent: &Consent) -> Response {
        self.send_back(consent, "access_denied")
    }

    /// The user is sent back with another error, such as `login_required` for a request with `prompt=none`.
    pub fn send_back(&self, consent: &Consent, code: &str) -> Response {
        let reason = if code == "access_denied" { Reason::Denied } else { Reason::SentBack(code.to_owned()) };
        reason.reject(&Voice::Redirect(consent.back.clone())).response()
    }

    /// The user grants it: the response that leads back to the client, with a code or, in the implicit grant, a token. Call it
    /// only after the application knows who the user is. The client is looked at once more, for the case that it has changed.
    pub fn grant(&self, consent: Consent, grant: Grant, moment: Moment) -> Reply<Response> {
        let provider = self.clone();
        let command = FindClient { client_id: consent.client_id.clone() };
        ask(Question::FindClient, command, Voice::Page, move |client| {
            let client = client.ok_or_else(|| Reason::UnknownClient(consent.client_id.clone()))?;
            client
                .find_redirect_uri(Some(&consent.back.redirect_uri), provider.0.any_port)
                .ok_or(Reason::RedirectUri)?;
            let voice = Voice::Redirect(consent.back.clone());
            Ok(reply(&voice, provider.granted(&client, consent, grant, moment, &voice)))
        })
    }

    fn granted(
        &self,
        client: &ClientRecord,
        consent: Consent,
        grant: Grant,
        moment: Moment,
        voice: &Voice,
    ) -> Result<Reply<Response>, Reason> {
        let (response_type, grant_type) = match consent.response_type {
            ResponseType::Code => ("code", "authorization_code"),
            ResponseType::Token => ("token", "implicit"),
        };
        let (_, offer) = self.offer(grant_type).ok_or(Reason::ResponseTypeUnknown(response_type.to_owned()))?;
        if !client.may_respond(response_type) {
            return Err(Reason::NotAllowed(response_type.to_owned()));
        }
        if consent.expires_at <= moment.now {
            return Err(Reason::DecidedTooLate);
        }
        // The client may have become a public one meanwhile.
        if consent.response_type == ResponseType::Code && consent.challenge.is_none() && client.is_public() {
            return Err(Reason::ChallengeMissing);
        }
        if !offer.may_have(&consent.scope, client.metadata.scope.as_ref()) {
            return Err(Reason::ScopeRefused(crate::wire::shortened(consent.scope.as_str())));
        }
        let scope = grant.scope.unwrap_or_else(|| consent.scope.clone());
        if scope.missing_from(&consent.scope).next().is_some() {
            return Err(Reason::Misconfigured("more was granted than was asked"));
        }
        let record = Arc::new(GrantRecord {
            id: grant_id(&moment),
            client_id: consent.client_id.clone(),
            user: grant.user,
            scope,
            grant_type: grant_type.into(),
            resource: consent.resource.clone(),
            data: grant.data,
            granted_at: moment.now,
        });
        if offer.unique && record.user.is_none() && !client.is_public() && grant_type == "authorization_code" {
            return Err(Reason::Misconfigured("unique tokens need the user's name"));
        }
        match consent.response_type {
            ResponseType::Code => self.give_code(consent, record, &moment, voice),
            ResponseType::Token => {
                let issue = Issue {
                    grant: record,
                    offer,
                    scope: None,
                    resource: None,
                    refresh: None,
                    predecessor: None,
                    unique: false,
                    at_most: None,
                };
                Ok(give_token(self.0.issue(issue, &moment)?, consent.back, voice))
            }
        }
    }

    fn give_code(
        &self,
        consent: Consent,
        grant: Arc<GrantRecord>,
        moment: &Moment,
        voice: &Voice,
    ) -> Result<Reply<Response>, Reason> {
        let expires_at = moment.now.after(self.0.code_lifetime);
        let code = self.0.token(&grant, None, Some(expires_at), moment)?;
        let Consent { back, redirect_uri_sent, challenge, client_id, .. } = consent;
        let redirect_uri = (back.redirect_uri.clone(), redirect_uri_sent);
        let ticket = Ticket {
            grant_id: grant.id,
            client_id,
            expires_at,
            pending: PendingTicket::Code { grant, redirect_uri, challenge },
        };
        let command = SaveTicket { key: TokenHash::of(&code), alias: None, ticket: Arc::new(ticket), now: moment.now };
        Ok(ask(Question::SaveTicket, command, voice.clone(), move |_| Ok(Reply::Done(back.bring(&[("code", &code)])))))
    }
}

/// RFC 6749 §4.2.2.
fn give_token(issued: Issued, back: Box<Return>, voice: &Voice) -> Reply<Response> {
    let Issued { tokens, answer } = issued;
    let command = SaveTokens { tokens, parent: None };
    ask(Question::SaveTokens, command, voice.clone(), move |saved| {
        if saved != Saved::New {
            return Err(Reason::Misconfigured("the store answers with another token"));
        }
        let expires_in = answer.expires_at.map(|at| answer.now.until(at).as_secs().to_string());
        let mut parameters = vec![("access_token", answer.access_token.as_str()), ("token_type", "Bearer")];
        parameters.extend(expires_in.as_deref().map(|seconds| ("expires_in", seconds)));
        let scope = answer.scope();
        parameters.extend(Some(&*scope).filter(|scope| !scope.is_empty()).map(|scope| ("scope", scope)));
        Ok(Reply::Done(back.bring(&parameters)))
    })
}
