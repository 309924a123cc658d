//! The three endpoints of a server: RFC 5849 §2.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method as HttpMethod, Request, StatusCode};

use super::consent::Consent;
use super::endpoint::{Endpoint, Paths};
use super::presented::name;
use super::refuse::rejected::{RejectReason, form_response};
use super::store::{
    FindTemporary, NextQuery, Redeem, Redemption, SaveTemporary, ServerStep, Stage,
    TemporaryRecord, TokenRecord,
};
use super::verifier::Verifier;
use super::verifier_code::hashed;
use super::verify::{SignedWith, VerifiedRequest};
use crate::core::query::PendingQuery;
use crate::core::record_format::RecordFormat;
use crate::oauth1::names::{CALLBACK, CALLBACK_CONFIRMED, TOKEN, TOKEN_SECRET, VERIFIER, is_oauth};
use crate::oauth1::signing::query;
use crate::wire::hex;
use crate::{Moment, Response, Secret};

/// The three endpoints of a service: for temporary credentials, for the resource owner's decision,
/// and for token credentials.
///
/// It speaks OAuth 1.0a: the callback is in the first request, and the verifier in the last one.
///
/// ```
/// use oauth_proto::oauth1::server::store::MemoryStore;
/// use oauth_proto::oauth1::server::{Dispatched, Provider, Verifier, serve};
/// use oauth_proto::{Moment, Request, Response};
///
/// let provider = Provider::builder(Verifier::new("https://photos.example.net")?).build()?;
/// let store = MemoryStore::default();
///
/// let handle = |request: &Request| -> Response {
///     match serve(provider.dispatch(request, Moment::from_os()), &store) {
///         Ok(Dispatched::Respond(response)) => response,
///         Ok(Dispatched::Consent(consent)) => todo!("a page of the application: {consent:?}"),
///         Ok(_) => todo!("what later versions add"),
///         Err(rejected) => rejected.response(),
///     }
/// };
/// let request = http::Request::post("https://photos.example.net/initiate").body(Vec::new())?;
/// assert_eq!(handle(&request).status(), 401); // it is not signed
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Provider(pub(super) Arc<Config>);

/// The options of a provider.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) verifier: Verifier,
    pub(super) paths: Paths,
    pub(super) temporary_lifetime: Duration,
    pub(super) token_lifetime: Option<Duration>,
    pub(super) get: bool,
}

/// The result of a request to the provider: a response, or a question for the resource owner.
///
/// # Examples
/// ```
/// use oauth_proto::oauth1::server::Dispatched;
///
/// fn is_for_the_user(dispatched: &Dispatched) -> bool {
///     matches!(dispatched, Dispatched::Consent(_))
/// }
/// ```
#[non_exhaustive]
pub enum Dispatched {
    /// Send this response to the client or the browser.
    Respond(Response),
    /// The resource owner has to decide. Show a page with a form, and pass the decision to
    /// [`Provider::approve`] or [`Provider::deny`].
    Consent(Consent),
}

impl fmt::Debug for Dispatched {
    /// A response can have secrets in it, so only its status is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Respond(response) => f.debug_tuple("Respond").field(&response.status()).finish(),
            Self::Consent(consent) => f.debug_tuple("Consent").field(consent).finish(),
        }
    }
}

impl Provider {
    /// Passes a request to the endpoint with its path. A request for another path is refused with
    /// [`RejectReason::NoSuchPath`].
    pub fn dispatch<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<Dispatched> {
        let path = request.uri().path();
        match self.0.paths.find(path) {
            Some(Endpoint::TemporaryCredentials) => self.temporary_credentials(request, moment),
            Some(Endpoint::Authorization) => self.authorization(request, moment),
            Some(Endpoint::TokenCredentials) => self.token_credentials(request, moment),
            None => self.0.verifier.reject(RejectReason::NoSuchPath {
                received: crate::wire::truncated(path),
                expected: self.0.paths.list(),
            }),
        }
    }

    /// Returns the verifier, for the service's protected resources.
    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    /// Responds at the endpoint for temporary credentials (RFC 5849 §2.1).
    fn temporary_credentials<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<Dispatched> {
        if let Err(reason) = self.check_method(request.method()) {
            return self.0.verifier.reject(reason);
        }
        let provider = self.clone();
        self.0.verifier.check(request, SignedWith::Client, moment, move |checked| {
            provider.issue_temporary(checked)
        })
    }

    /// Responds at the endpoint to which the resource owner is sent (RFC 5849 §2.2). Returns the
    /// consent for the application's page, or a refusal. The refusal is shown on a page, since the
    /// server does not know a callback to which it could redirect.
    fn authorization<B>(&self, request: &Request<B>, moment: Moment) -> ServerStep<Dispatched> {
        let mut tokens = query(request.uri()).filter(|(name, _)| **name == *TOKEN.as_bytes());
        let reason = match (tokens.next(), tokens.next()) {
            (None, _) => RejectReason::ParameterMissing(TOKEN),
            (Some(_), Some(_)) => RejectReason::ParameterTwice(TOKEN.to_owned()),
            (Some((_, token)), None) => match name(TOKEN, Some(token)) {
                Ok(token) => return self.pending(token.unwrap_or_default(), moment),
                Err(reason) => reason,
            },
        };
        self.0.verifier.reject(reason)
    }

    /// Responds at the endpoint for token credentials (RFC 5849 §2.3). After a wrong verifier the
    /// temporary credentials cannot be used any more.
    fn token_credentials<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<Dispatched> {
        if let Err(reason) = self.check_method(request.method()) {
            return self.0.verifier.reject(reason);
        }
        let provider = self.clone();
        self.0
            .verifier
            .check(request, SignedWith::Temporary, moment, move |checked| provider.redeem(checked))
    }

    fn check_method(&self, method: &HttpMethod) -> Result<(), RejectReason> {
        if *method == HttpMethod::POST || (self.0.get && *method == HttpMethod::GET) {
            return Ok(());
        }
        Err(RejectReason::HttpMethod {
            method: method.clone(),
            allowed: if self.0.get { "GET, POST" } else { "POST" },
        })
    }

    fn issue_temporary(self, checked: VerifiedRequest) -> ServerStep<Dispatched> {
        let VerifiedRequest { presented, client, moment, .. } = checked;
        let Some(callback) = presented.callback else {
            return self.0.verifier.reject(RejectReason::ParameterMissing(CALLBACK));
        };
        if !is_acceptable(&callback, &client.callbacks) {
            return self.0.verifier.reject(RejectReason::CallbackRefused);
        }
        let token = identifier(&moment);
        let secret = secret(&moment);
        let answer = [
            (TOKEN, token.clone()),
            (TOKEN_SECRET, secret.clone()),
            (CALLBACK_CONFIRMED, "true".to_owned()),
        ];
        let record = TemporaryRecord {
            format: RecordFormat,
            secret: Secret::new(secret),
            client_key: presented.client,
            callback,
            realm: presented.realm,
            parameters: presented.own,
            expires_at: moment.now.after(self.0.temporary_lifetime),
            stage: Stage::Waiting,
        };
        let query = SaveTemporary { token, record, now: moment.now };
        ServerStep::Query(NextQuery::SaveTemporary(PendingQuery::new(
            query,
            move |saved| match saved {
                Ok(()) => respond(&answer),
                Err(why) => self.0.verifier.reject(RejectReason::StoreFailed(why)),
            },
        )))
    }

    fn pending(&self, token: String, moment: Moment) -> ServerStep<Dispatched> {
        let provider = self.clone();
        let query = FindTemporary { token: token.clone() };
        ServerStep::Query(NextQuery::FindTemporary(PendingQuery::new(query, move |found| {
            let found = match found {
                Ok(found) => found,
                Err(why) => return provider.0.verifier.reject(RejectReason::StoreFailed(why)),
            };
            let waits = |record: &TemporaryRecord| {
                record.stage == Stage::Waiting && record.expires_at > moment.now
            };
            match found.filter(waits) {
                Some(record) => ServerStep::Done(Dispatched::Consent(Consent::new(token, record))),
                None => provider.0.verifier.reject(RejectReason::NothingPending),
            }
        })))
    }

    fn redeem(self, checked: VerifiedRequest) -> ServerStep<Dispatched> {
        let VerifiedRequest { presented, moment, .. } = checked;
        let (Some(temporary), Some(code)) = (presented.token, presented.verifier) else {
            return self.0.verifier.reject(RejectReason::ParameterMissing(VERIFIER));
        };
        let (token, secret) = (identifier(&moment), secret(&moment));
        let query = Redeem {
            temporary,
            client_key: presented.client,
            verifier: hashed(&code),
            token: token.clone(),
            secret: Secret::new(secret.as_str()),
            expires_at: self.0.token_lifetime.map(|lifetime| moment.now.after(lifetime)),
            now: moment.now,
        };
        let lifetime = self
            .0
            .token_lifetime
            .map(|lifetime| ("oauth_expires_in", lifetime.as_secs().to_string()));
        let answer: Vec<_> =
            [(TOKEN, token), (TOKEN_SECRET, secret)].into_iter().chain(lifetime).collect();
        ServerStep::Query(NextQuery::Redeem(PendingQuery::new(query, move |redemption| {
            match redemption {
                Ok(Redemption::Redeemed(TokenRecord { approval, .. })) => {
                    let own = approval
                        .response_parameters
                        .iter()
                        .filter(|(name, _)| !is_oauth(name.as_bytes()));
                    let own = own.map(|(name, value)| (name.as_str(), value.clone()));
                    let parameters: Vec<_> = answer.into_iter().chain(own).collect();
                    respond(&parameters)
                }
                Ok(Redemption::Refused) => self.0.verifier.reject(RejectReason::WrongVerifier),
                Err(why) => self.0.verifier.reject(RejectReason::StoreFailed(why)),
            }
        })))
    }
}

/// Returns a response with a form of these parameters.
fn respond(parameters: &[(&str, String)]) -> ServerStep<Dispatched> {
    ServerStep::Done(Dispatched::Respond(form_response(StatusCode::OK, parameters)))
}

/// Returns whether a client may use a callback. If the client has registered callbacks, the
/// callback must be one of them. If not, it can be `oob`, an http or https URL, or a URI with a
/// private scheme, which has a dot in it (RFC 8252 §7.1). Its query must not have parameters of the
/// protocol, since the client would take them for the server's.
fn is_acceptable(callback: &str, registered: &[String]) -> bool {
    let is_known = registered.iter().any(|known| known == callback);
    if !is_known && !registered.is_empty() {
        return false;
    }
    if callback == "oob" {
        return true;
    }
    let fits = |url: &url::Url| {
        let own = |name: &str| is_oauth(name.as_bytes());
        let is_common = matches!(url.scheme(), "http" | "https") || url.scheme().contains('.');
        (is_known || is_common) && !url.query_pairs().any(|(name, _)| own(&name))
    };
    url::Url::parse(callback).as_ref().is_ok_and(fits)
}

/// Returns an identifier of 128 bits.
fn identifier(moment: &Moment) -> String {
    hex(&moment.derive("oauth1 token")[..16])
}

/// Returns a secret of 256 bits.
fn secret(moment: &Moment) -> String {
    hex(&moment.derive("oauth1 token secret"))
}
