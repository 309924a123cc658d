//! The three endpoints of RFC 5849 §2 on the server's side.

use std::time::Duration;

use http::{Method as HttpMethod, Request, StatusCode};

use super::consent::Consent;
use super::presented::name;
use super::queries::{FindTemporary, Redeem, Redemption, SaveTemporary};
use super::records::{Stage, TemporaryRecord, TokenRecord, hashed};
use super::rejected::{RejectReason, form_response};
use super::store::{NextQuery, ServerStep};
use super::verifier::{SignedWith, VerifiedRequest, Verifier, hex};
use crate::oauth1::parameters;
use crate::oauth1::parameters::{CALLBACK, CALLBACK_CONFIRMED, TOKEN, TOKEN_SECRET, VERIFIER};
use crate::{Error, Moment, PendingQuery, Response, Secret, Unsupported};

/// The endpoints of a service: for temporary credentials, for the resource owner's authorization, for token credentials.
///
/// It speaks OAuth 1.0a: a callback with the first request, a verifier with the last.
///
/// ```
/// use oauth_proto::oauth1::server::{MemoryStore, Provider, Verifier, serve};
/// use oauth_proto::{Moment, Request, Response};
///
/// let provider = Provider::new(Verifier::new("https://photos.example.net")?)?;
/// let store = MemoryStore::default();
///
/// // Behind the paths /initiate and /token; /authorize needs a page of the application's.
/// let handle = |request: &Request| -> Response {
///     let moment = Moment::from_os();
///     let step = match request.uri().path() {
///         "/initiate" => provider.temporary_credentials(request, moment),
///         _ => provider.token_credentials(request, moment),
///     };
///     serve(step, &store).unwrap_or_else(|rejected| rejected.response())
/// };
/// let request = http::Request::post("https://photos.example.net/initiate").body(Vec::new())?;
/// assert_eq!(handle(&request).status(), 401); // it is not signed
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Provider {
    verifier: Verifier,
    temporary_lifetime: Duration,
    token_lifetime: Option<Duration>,
    get: bool,
}

impl Provider {
    /// Endpoints whose requests are checked by that verifier.
    ///
    /// # Errors
    /// [`Unsupported::PlainHttp`] when one of the verifier's origins is neither https nor this machine: the answers
    /// hold secrets (RFC 5849 §2.1).
    pub fn new(verifier: Verifier) -> Result<Self, Error> {
        if !verifier.is_secure() {
            let option = Some("Provider::dangerous_over_http");
            return Err(Unsupported::PlainHttp { url: "the origin".to_owned(), option }.into());
        }
        Ok(Self::dangerous_over_http(verifier))
    }

    /// Endpoints that may be reached without TLS.
    ///
    /// What this gives away: whoever is on the way reads every token's secret.
    pub fn dangerous_over_http(verifier: Verifier) -> Self {
        Self { verifier, temporary_lifetime: Duration::from_secs(3600), token_lifetime: None, get: false }
    }

    /// How long the resource owner may take. An hour unless said otherwise.
    pub fn temporary_lifetime(mut self, lifetime: Duration) -> Self {
        self.temporary_lifetime = lifetime;
        self
    }

    /// How long tokens live. For ever unless said otherwise.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = Some(lifetime);
        self
    }

    /// Answers GET as well as POST, for clients such as Tornado's (RFC 5849 §2.1 lets a server choose).
    pub fn allow_get(mut self) -> Self {
        self.get = true;
        self
    }

    /// The verifier, for the service's protected resources.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The endpoint for temporary credentials (RFC 5849 §2.1).
    pub fn temporary_credentials<B: AsRef<[u8]>>(&self, request: &Request<B>, moment: Moment) -> ServerStep<Response> {
        if let Err(reason) = self.check_method(request.method()) {
            return self.verifier.reject(reason);
        }
        let provider = self.clone();
        self.verifier.check(request, SignedWith::Client, moment, move |checked| provider.issue_temporary(checked))
    }

    /// The endpoint to which the resource owner is sent (RFC 5849 §2.2): what the application's page asks about, or a
    /// refusal, to be shown on a page, since nothing tells where to redirect to.
    pub fn authorization<B>(&self, request: &Request<B>, moment: Moment) -> ServerStep<Consent> {
        let mut tokens = parameters::query(request.uri()).filter(|(name, _)| **name == *TOKEN.as_bytes());
        let reason = match (tokens.next(), tokens.next()) {
            (None, _) => RejectReason::ParameterMissing(TOKEN),
            (Some(_), Some(_)) => RejectReason::ParameterTwice(TOKEN.to_owned()),
            (Some((_, token)), None) => match name(TOKEN, Some(token)) {
                Ok(token) => return self.pending(token.unwrap_or_default(), moment),
                Err(reason) => reason,
            },
        };
        self.verifier.reject(reason)
    }

    /// The endpoint for token credentials (RFC 5849 §2.3). A wrong verifier spends the temporary credentials.
    pub fn token_credentials<B: AsRef<[u8]>>(&self, request: &Request<B>, moment: Moment) -> ServerStep<Response> {
        if let Err(reason) = self.check_method(request.method()) {
            return self.verifier.reject(reason);
        }
        let provider = self.clone();
        self.verifier.check(request, SignedWith::Temporary, moment, move |checked| provider.redeem(checked))
    }

    fn check_method(&self, method: &HttpMethod) -> Result<(), RejectReason> {
        if *method == HttpMethod::POST || (self.get && *method == HttpMethod::GET) {
            return Ok(());
        }
        Err(RejectReason::HttpMethod { method: method.clone(), allowed: if self.get { "GET, POST" } else { "POST" } })
    }

    fn issue_temporary(self, checked: VerifiedRequest) -> ServerStep<Response> {
        let VerifiedRequest { presented, client, moment, .. } = checked;
        let Some(callback) = presented.callback else {
            return self.verifier.reject(RejectReason::ParameterMissing(CALLBACK));
        };
        if !is_acceptable(&callback, &client.callbacks) {
            return self.verifier.reject(RejectReason::CallbackRefused);
        }
        let token = identifier(&moment);
        let secret = secret(&moment);
        let answer = [(TOKEN, token.clone()), (TOKEN_SECRET, secret.clone()), (CALLBACK_CONFIRMED, "true".to_owned())];
        let record = TemporaryRecord {
            secret: Secret::new(secret),
            client_key: presented.client,
            callback,
            realm: presented.realm,
            parameters: presented.own,
            expires_at: moment.now.after(self.temporary_lifetime),
            stage: Stage::Waiting,
        };
        let query = SaveTemporary { token, record, now: moment.now };
        ServerStep::Query(NextQuery::SaveTemporary(PendingQuery::new(query, move |saved| match saved {
            Ok(()) => ServerStep::Done(form_response(StatusCode::OK, &answer)),
            Err(why) => self.verifier.reject(RejectReason::StoreFailed(why)),
        })))
    }

    fn pending(&self, token: String, moment: Moment) -> ServerStep<Consent> {
        let verifier = self.verifier.clone();
        let query = FindTemporary { token: token.clone() };
        ServerStep::Query(NextQuery::FindTemporary(PendingQuery::new(query, move |found| {
            let found = match found {
                Ok(found) => found,
                Err(why) => return verifier.reject(RejectReason::StoreFailed(why)),
            };
            let waits = |record: &TemporaryRecord| record.stage == Stage::Waiting && record.expires_at > moment.now;
            match found.filter(waits) {
                Some(record) => ServerStep::Done(Consent::new(token, record)),
                None => verifier.reject(RejectReason::NothingPending),
            }
        })))
    }

    fn redeem(self, checked: VerifiedRequest) -> ServerStep<Response> {
        let VerifiedRequest { presented, moment, .. } = checked;
        let (Some(temporary), Some(code)) = (presented.token, presented.verifier) else {
            return self.verifier.reject(RejectReason::ParameterMissing(VERIFIER));
        };
        let (token, secret) = (identifier(&moment), secret(&moment));
        let query = Redeem {
            temporary,
            client_key: presented.client,
            verifier: hashed(&code),
            token: token.clone(),
            secret: Secret::new(secret.as_str()),
            expires_at: self.token_lifetime.map(|lifetime| moment.now.after(lifetime)),
            now: moment.now,
        };
        let lifetime = self.token_lifetime.map(|lifetime| ("oauth_expires_in", lifetime.as_secs().to_string()));
        let answer: Vec<_> = [(TOKEN, token), (TOKEN_SECRET, secret)].into_iter().chain(lifetime).collect();
        ServerStep::Query(NextQuery::Redeem(PendingQuery::new(query, move |redemption| match redemption {
            Ok(Redemption::Redeemed(TokenRecord { approval: grant, .. })) => {
                let told = grant.response_parameters.iter().filter(|(name, _)| !parameters::is_oauth(name.as_bytes()));
                let told = told.map(|(name, value)| (name.as_str(), value.clone()));
                let answer: Vec<_> = answer.into_iter().chain(told).collect();
                ServerStep::Done(form_response(StatusCode::OK, &answer))
            }
            Ok(Redemption::Refused) => self.verifier.reject(RejectReason::WrongVerifier),
            Err(why) => self.verifier.reject(RejectReason::StoreFailed(why)),
        })))
    }
}

/// Whether a client may name that callback: a registered one, or, where none is registered, `oob`, an http or https URL, or
/// a URI of a scheme of an application's own, which has a dot in it (RFC 8252 §7.1). A callback that brings parameters of the
/// protocol along would have its reader take those for the answer.
fn is_acceptable(callback: &str, registered: &[String]) -> bool {
    let is_known = registered.iter().any(|known| known == callback);
    if !is_known && !registered.is_empty() {
        return false;
    }
    if callback == "oob" {
        return true;
    }
    let fits = |url: &url::Url| {
        let own = |name: &str| parameters::is_oauth(name.as_bytes());
        let is_common = matches!(url.scheme(), "http" | "https") || url.scheme().contains('.');
        (is_known || is_common) && !url.query_pairs().any(|(name, _)| own(&name))
    };
    url::Url::parse(callback).as_ref().is_ok_and(fits)
}

/// 128 bits.
fn identifier(moment: &Moment) -> String {
    hex(&moment.derive("oauth1 token")[..16])
}

/// 256 bits.
fn secret(moment: &Moment) -> String {
    hex(&moment.derive("oauth1 token secret"))
}
