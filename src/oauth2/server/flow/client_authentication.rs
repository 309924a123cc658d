//! The authentication of a request's client: RFC 6749 §2.3.

use std::borrow::Cow;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request};
use zeroize::Zeroize;

use super::attempts::Caller;
use super::parameters::{self, Parameters};
use super::storage::{ask, ask_back, check_method, or_reject};
use crate::oauth2::server::configure::client_source::{Authentications, Check, IdentifiedClient};
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::store::attempts::CountAttempt;
use crate::oauth2::server::store::find::{Find, Found};
use crate::oauth2::server::store::optional::NotSupported;
use crate::oauth2::server::store::queries::{FindClient, FoundOneTimeRecord};
use crate::oauth2::server::store::records::attempt::{AttemptPurpose, Attempts};
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::client_secret::ClientSecret;
use crate::oauth2::server::store::records::token_record::TokenRecord;
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};
use crate::wire::{auth_param, form, truncated};
use crate::{Secret, Timestamp};

/// The credentials of the client in a request.
pub(crate) struct PresentedCredentials {
    endpoint: Endpoint,
    claim: ClaimedIdentity,
    /// The second reading of HTTP Basic, if it differs from the first one.
    raw: Option<Box<ClaimedIdentity>>,
    /// The sender of the request, if the application names it.
    pub(crate) caller: Option<Box<Caller>>,
}

impl PresentedCredentials {
    /// Returns the client id in the request.
    pub(crate) fn client_id(&self) -> &str {
        &self.claim.client_id
    }
}

/// The client id in a request, and the credential for it.
struct ClaimedIdentity {
    client_id: String,
    proof: Credential,
}

/// The credential of a client.
enum Credential {
    Nothing,
    Secret(Secret),
    Own(Check),
}

impl Credential {
    /// Returns the credential for a secret. An empty secret counts as absent, since clients without
    /// a secret can leave it out or send an empty one (§2.3.1).
    fn of(secret: Secret) -> Self {
        if secret.is_empty() { Self::Nothing } else { Self::Secret(secret) }
    }
}

/// A client id and a secret.
struct Pair {
    client_id: String,
    secret: Secret,
}

/// The two readings of HTTP Basic: both parts encoded as in a form (§2.3.1), and both parts without
/// encoding.
struct Basic {
    encoded: Option<Pair>,
    raw: Option<Pair>,
}

impl Authentications {
    /// Returns the client id in the request, and its credential. A request must not authenticate
    /// with two methods (§2.3).
    pub(crate) fn present<B>(
        &self,
        request: &Request<B>,
        parameters: &Parameters<'_>,
        endpoint: Endpoint,
    ) -> Result<PresentedCredentials, RejectReason> {
        let client_id = parameters.get("client_id");
        let in_body = parameters.get("client_secret");
        let caller = request.extensions().get::<Caller>().cloned().map(Box::new);
        if let Some(claimed) = self.ask_source(request, parameters) {
            let by_basic = has_basic(request.headers());
            if by_basic
                || in_body.is_some()
                || client_id.is_some_and(|named| named != claimed.client_id)
            {
                return Err(RejectReason::TwoAuthentications);
            }
            check_identifier(&claimed.client_id)?;
            let claim = ClaimedIdentity {
                client_id: claimed.client_id,
                proof: Credential::Own(claimed.check),
            };
            return Ok(PresentedCredentials { endpoint, claim, raw: None, caller });
        }
        let Some(basic) = self.basic(request.headers())? else {
            if in_body.is_some() && !self.body {
                return Err(RejectReason::NotAuthenticated);
            }
            let client_id = client_id.ok_or(RejectReason::NotAuthenticated)?.to_owned();
            let proof =
                in_body.map_or(Credential::Nothing, |secret| Credential::Secret(secret.into()));
            return Ok(PresentedCredentials {
                endpoint,
                claim: ClaimedIdentity { client_id, proof },
                raw: None,
                caller,
            });
        };
        if in_body.is_some() {
            return Err(RejectReason::TwoAuthentications);
        }
        let basic = basic.naming(client_id)?;
        if !self.basic {
            return Err(RejectReason::NotAuthenticated);
        }
        basic.present(endpoint, caller)
    }

    fn ask_source<B>(
        &self,
        request: &Request<B>,
        parameters: &Parameters<'_>,
    ) -> Option<IdentifiedClient> {
        let source = self.source.as_ref()?;
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = request.method().clone();
        parts.uri = request.uri().clone();
        parts.headers = request.headers().clone();
        parts.extensions = request.extensions().clone();
        source.find(&parts, &parameters.iter().collect::<Vec<_>>())
    }

    /// Reads the client id and secret of HTTP Basic.
    fn basic(&self, headers: &HeaderMap) -> Result<Option<Basic>, RejectReason> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(RejectReason::TwoAuthentications);
        }
        let (scheme, credentials) = auth_param::scheme(value.as_bytes());
        if !scheme.eq_ignore_ascii_case(b"basic") {
            return Err(RejectReason::NotAuthenticated);
        }
        let credentials = credentials.trim_ascii_end();
        // Short credentials are decoded on the stack. The decoded bytes are wiped.
        let mut buffer = [0; 192];
        let basic = if credentials.len() <= 256 {
            let length = BASE64_STANDARD.decode_slice(credentials, &mut buffer).map_err(|_| {
                buffer.zeroize();
                RejectReason::NotAuthenticated
            })?;
            let basic = self.split_basic(&buffer[..length]);
            buffer[..length].zeroize();
            basic
        } else {
            let decoded =
                BASE64_STANDARD.decode(credentials).map_err(|_| RejectReason::NotAuthenticated)?;
            self.split_basic(&zeroize::Zeroizing::new(decoded))
        };
        basic.map(Some).ok_or(RejectReason::NotAuthenticated)
    }

    fn split_basic(&self, decoded: &[u8]) -> Option<Basic> {
        let Ok(text) = std::str::from_utf8(decoded) else {
            return self.split_latin(decoded);
        };
        let colon = memchr::memchr(b':', decoded)?;
        let (name, secret) = (&text[..colon], &text[colon + 1..]);
        let decode = |part: &str| form::decoded_text(part).map(Cow::into_owned);
        let encoded = decode(name).zip(decode(secret));
        let encoded =
            encoded.map(|(client_id, secret)| Pair { client_id, secret: Secret::new(secret) });
        let differs = encoded
            .as_ref()
            .is_none_or(|pair| pair.client_id != name || pair.secret.expose() != secret);
        let raw = (differs && self.raw_basic)
            .then(|| Pair { client_id: name.to_owned(), secret: Secret::new(secret) });
        (encoded.is_some() || raw.is_some()).then_some(Basic { encoded, raw })
    }

    /// Reads credentials that are not UTF-8 as ISO 8859-1. Python's `requests` sends credentials in
    /// this charset, and does not encode them.
    fn split_latin(&self, decoded: &[u8]) -> Option<Basic> {
        let colon = memchr::memchr(b':', decoded).filter(|_| self.raw_basic)?;
        let text = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
        let secret = Secret::new(text(&decoded[colon + 1..]));
        Some(Basic {
            encoded: None,
            raw: Some(Pair { client_id: text(&decoded[..colon]), secret }),
        })
    }

    /// Returns the client if the credential is correct. The check of an unknown client takes as
    /// long as that of a wrong secret.
    fn authenticate(
        &self,
        client_id: &str,
        proof: Credential,
        found: Option<Arc<ClientRecord>>,
        now: Timestamp,
    ) -> Result<Arc<ClientRecord>, RejectReason> {
        let client = found.as_deref();
        let mut has_expired = false;
        let proven = match proof {
            Credential::Nothing => client.is_some_and(ClientRecord::is_public),
            Credential::Own(check) => {
                // With the stand-in, the check of an unknown client takes as long as the check of a
                // known client.
                let stand_in = if client.is_none() {
                    self.source.as_ref().map(|source| source.stand_in())
                } else {
                    None
                };
                let proven = client.or(stand_in.as_ref()).is_some_and(check);
                proven && client.is_some()
            }
            Credential::Secret(secret) => {
                let fitting = self.fitting(&secret, client);
                has_expired = fitting.is_some_and(|secret| secret.has_expired(now));
                fitting.is_some() && client.is_some_and(|client| !client.is_public())
            }
        };
        let Some(client) = found else {
            return Err(RejectReason::UnknownClient(truncated(client_id)));
        };
        if !proven {
            return Err(RejectReason::WrongSecret(client.client_id.clone()));
        }
        if has_expired {
            return Err(RejectReason::SecretExpired(client.client_id.clone()));
        }
        Ok(client)
    }

    /// Returns the client's secret that matches. If no secret matches, two hashes have been
    /// checked, even for an unknown client.
    pub(crate) fn fitting<'c>(
        &self,
        secret: &Secret,
        client: Option<&'c ClientRecord>,
    ) -> Option<&'c ClientSecret> {
        let secrets = client.map_or([None, None], ClientRecord::secrets);
        let fits = |own: &Option<&ClientSecret>| {
            let hash = own.map_or(&*self.stand_in, |own| &own.hash);
            self.hasher.verify(secret, hash) && own.is_some()
        };
        secrets.into_iter().find(fits).flatten()
    }
}

impl Basic {
    /// Keeps the readings with the client id of the body, if the body has a client id.
    fn naming(self, named: Option<&str>) -> Result<Self, RejectReason> {
        let fits = |pair: &Pair| named.is_none_or(|named| named == pair.client_id);
        let (encoded, raw) = (self.encoded.filter(fits), self.raw.filter(fits));
        if encoded.is_none() && raw.is_none() {
            return Err(RejectReason::TwoAuthentications);
        }
        Ok(Self { encoded, raw })
    }

    fn present(
        self,
        endpoint: Endpoint,
        caller: Option<Box<Caller>>,
    ) -> Result<PresentedCredentials, RejectReason> {
        let (first, raw) =
            if self.encoded.is_some() { (self.encoded, self.raw) } else { (self.raw, None) };
        let first = first.ok_or(RejectReason::NotAuthenticated)?;
        let raw = raw.and_then(|raw| raw.claim().ok()).map(Box::new);
        Ok(PresentedCredentials { endpoint, claim: first.claim()?, raw, caller })
    }
}

impl Pair {
    /// Returns the claim, if client id and secret have only allowed characters.
    fn claim(self) -> Result<ClaimedIdentity, RejectReason> {
        check_identifier(&self.client_id)?;
        parameters::check_value("client_secret", self.secret.expose())?;
        Ok(ClaimedIdentity { client_id: self.client_id, proof: Credential::of(self.secret) })
    }
}

/// Checks that a client id has only characters that RFC 6749 §A.1 allows. Some databases refuse
/// other characters.
fn check_identifier(client_id: &str) -> Result<(), RejectReason> {
    parameters::check_value("client_id", client_id)
}

fn has_basic(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    values.any(|value| auth_param::scheme(value.as_bytes()).0.eq_ignore_ascii_case(b"basic"))
}

impl Provider {
    /// Returns the step, or a refusal as a step. The refusal has the client id of the request for
    /// the log.
    pub(crate) fn or_reject_with_client<B: AsRef<[u8]>, T>(
        &self,
        request: &Request<B>,
        endpoint: Endpoint,
        result: Result<ServerStep<T>, RejectReason>,
    ) -> ServerStep<T> {
        result.unwrap_or_else(|reason| {
            ServerStep::Reject(
                reason.reject_claim(&RefusalChannel::json(endpoint), self.claimed(request)),
            )
        })
    }

    /// Returns the client id in a request, even if other parts of the request are wrong.
    fn claimed<B: AsRef<[u8]>>(&self, request: &Request<B>) -> Option<String> {
        let basic = self.0.authentications.basic(request.headers()).ok().flatten();
        let by_basic =
            basic.and_then(|basic| basic.encoded.or(basic.raw)).map(|pair| pair.client_id);
        let in_body = || {
            let form = parameters::form_of(request).ok()?;
            Some(Parameters::parse_doubtful(form).ok()?.get("client_id")?.to_owned())
        };
        by_basic.or_else(in_body).map(|client_id| truncated(&client_id))
    }

    /// Returns the parameters of a POST request, and the credentials of its client.
    pub(crate) fn posted<'r, B: AsRef<[u8]>>(
        &self,
        request: &'r Request<B>,
        endpoint: Endpoint,
    ) -> Result<(Parameters<'r>, PresentedCredentials), RejectReason> {
        check_method(request, "POST")?;
        let parameters = Parameters::of_body(request)?;
        let presented = self.0.authentications.present(request, &parameters, endpoint)?;
        Ok((parameters, presented))
    }

    /// Finds the client of a request with the records that the request names, authenticates the
    /// client, and continues with all of them.
    ///
    /// The records are found before the client is authenticated, since one trip to the storage is
    /// then enough. They are checked only after the authentication.
    pub(crate) fn with_client<T: 'static>(
        &self,
        presented: PresentedCredentials,
        records: Find,
        now: Timestamp,
        next: impl FnOnce(Self, AuthenticatedClient) -> Result<ServerStep<T>, RejectReason>
        + Send
        + 'static,
    ) -> ServerStep<T> {
        let PresentedCredentials { endpoint, claim, raw, caller } = presented;
        let counted = match caller {
            Some(caller) => self.attempts_of(&claim, raw.as_deref(), &caller, now),
            None => Vec::new(),
        };
        if let Some(raw) = raw {
            return self.with_client_of_two(claim, raw, endpoint, counted, records, now, next);
        }
        let ClaimedIdentity { client_id, proof } = claim;
        let provider = self.clone();
        let mut query = Find { client: Some(FindClient { client_id }), ..records };
        query.attempts.extend(counted.iter().map(CountAttempt::find));
        let channel = RefusalChannel::json(endpoint);
        ask_back(NextQuery::Find, query, channel, move |query, found| {
            let client_id = query.client.map(|query| query.client_id).unwrap_or_default();
            let Found { client, one_time_record, token, attempts, .. } = found;
            let attempts = check_attempts(&counted, attempts)?;
            let client = itself(client, &client_id);
            let authentications = &provider.0.authentications;
            let client = match authentications.authenticate(&client_id, proof, client, now) {
                Ok(client) => client,
                Err(reason) => return refuse_attempts(counted, endpoint, reason),
            };
            let channel = RefusalChannel::json(endpoint).of(&client);
            let client =
                AuthenticatedClient { client, client_id, one_time_record, token, attempts };
            Ok(or_reject(&channel, next(provider, client)))
        })
    }

    /// Returns the queries that count a wrong secret of a request: one for each client that it is
    /// tried for, and none without a secret.
    fn attempts_of(
        &self,
        claim: &ClaimedIdentity,
        raw: Option<&ClaimedIdentity>,
        caller: &Caller,
        now: Timestamp,
    ) -> Vec<CountAttempt> {
        let other = raw.filter(|raw| raw.client_id != claim.client_id);
        let claims = [claim].into_iter().chain(other);
        let tries = claims.filter(|claim| !matches!(claim.proof, Credential::Nothing));
        let purpose = AttemptPurpose::ClientSecret;
        tries
            .filter_map(|claim| self.0.attempt(purpose, Some(caller), &claim.client_id, now))
            .collect()
    }

    /// Does the same as [`with_client`](Self::with_client) if HTTP Basic has two readings. Both
    /// readings are always checked, so an attacker cannot find out by the response time which
    /// client id exists.
    #[allow(clippy::too_many_arguments, reason = "it is the rest of one function")]
    fn with_client_of_two<T: 'static>(
        &self,
        encoded: ClaimedIdentity,
        raw: Box<ClaimedIdentity>,
        endpoint: Endpoint,
        counted: Vec<CountAttempt>,
        records: Find,
        now: Timestamp,
        next: impl FnOnce(Self, AuthenticatedClient) -> Result<ServerStep<T>, RejectReason>
        + Send
        + 'static,
    ) -> ServerStep<T> {
        let provider = self.clone();
        let is_one_client = encoded.client_id == raw.client_id;
        let query = |client_id: &String| FindClient { client_id: client_id.clone() };
        let mut query = Find {
            client: Some(query(&encoded.client_id)),
            other_client: (!is_one_client).then(|| query(&raw.client_id)),
            ..records
        };
        query.attempts.extend(counted.iter().map(CountAttempt::find));
        ask(NextQuery::Find, query, RefusalChannel::json(endpoint), move |found| {
            let Found { client, other_client, one_time_record, token, attempts } = found;
            let attempts = check_attempts(&counted, attempts)?;
            let by_encoded = itself(client, &encoded.client_id);
            let by_raw = if is_one_client {
                by_encoded.clone()
            } else {
                itself(other_client, &raw.client_id)
            };
            let authentications = &provider.0.authentications;
            let by_encoded =
                authentications.authenticate(&encoded.client_id, encoded.proof, by_encoded, now);
            let by_raw = authentications.authenticate(&raw.client_id, raw.proof, by_raw, now);
            let client = by_encoded.or_else(|reason| {
                // If the client of only one reading exists, the reason of this reading is more
                // exact.
                let is_unknown = matches!(reason, RejectReason::UnknownClient(_));
                by_raw.map_err(|other| if is_unknown { other } else { reason })
            });
            let client = match client {
                Ok(client) => client,
                Err(reason) => return refuse_attempts(counted, endpoint, reason),
            };
            let channel = RefusalChannel::json(endpoint).of(&client);
            let client_id = client.client_id.clone();
            let client =
                AuthenticatedClient { client, client_id, one_time_record, token, attempts };
            Ok(or_reject(&channel, next(provider, client)))
        })
    }
}

/// The client of a request, after it is authenticated, and the records that the request names.
pub(crate) struct AuthenticatedClient {
    pub(crate) client: Arc<ClientRecord>,
    /// The client id, for a new grant.
    pub(crate) client_id: String,
    pub(crate) one_time_record: Option<FoundOneTimeRecord>,
    pub(crate) token: Option<Arc<TokenRecord>>,
    /// The counts of attempts that the request names besides that of its secret.
    pub(crate) attempts: Vec<Option<Attempts>>,
}

/// Refuses a request if there were too many wrong secrets before it. Their counts are the last
/// ones. Returns the other counts.
fn check_attempts(
    counted: &[CountAttempt],
    found: Result<Vec<Option<Attempts>>, NotSupported>,
) -> Result<Vec<Option<Attempts>>, RejectReason> {
    let mut found = found?;
    for attempt in counted.iter().rev() {
        attempt.check(found.pop())?;
    }
    Ok(found)
}

/// Refuses a request. A wrong secret is counted first, for each client that it was tried for.
fn refuse_attempts<T>(
    mut counted: Vec<CountAttempt>,
    endpoint: Endpoint,
    reason: RejectReason,
) -> Result<ServerStep<T>, RejectReason> {
    // A secret that has expired is not a guess.
    let is_guess = !matches!(reason, RejectReason::SecretExpired(_));
    match counted.pop().filter(|_| is_guess) {
        Some(attempt) => Ok(attempt.count_first(RefusalChannel::json(endpoint), move || {
            refuse_attempts(counted, endpoint, reason)
        })),
        None => Err(reason),
    }
}

/// Returns the client if it has this client id. A store that ignores case could return a client
/// for other spellings.
fn itself(found: Option<Arc<ClientRecord>>, client_id: &str) -> Option<Arc<ClientRecord>> {
    found.filter(|client| client.client_id == client_id)
}
