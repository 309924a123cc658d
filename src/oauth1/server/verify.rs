//! The verification of a signed request: its parameters, its signature and its nonce, RFC 5849
//! §3.2.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::HOST;
use http::uri::Scheme;
use subtle::ConstantTimeEq;

use super::presented::{Bounds, OwnParameters, PresentedRequest, Protocol};
use super::refuse::rejected::RejectReason;
use super::stand_in::StandIn;
use super::store::{
    ClientRecord, FindCredentials, FoundCredentials, NextQuery, OneTimePurpose, RememberOnce,
    ServerStep, TokenHash, TokenRecord,
};
use super::verifier::{Verified, Verifier};
use crate::core::query::PendingQuery;
use crate::oauth1::names::{BODY_HASH, NONCE, TIMESTAMP, TOKEN};
use crate::oauth1::signing::{Key, KeyEncoding, Method, sha1_body_hash, signing_key};
use crate::wire::{Origin, OriginRef, truncated};
use crate::{Moment, OneTimeUse, Timestamp};

/// The time for which a nonce is remembered beyond the window, for requests that reach the store
/// late, and for servers whose clocks differ.
const SLACK: Duration = Duration::from_secs(61);

/// The credentials that a request must be signed with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SignedWith {
    Client,
    Temporary,
    Token,
    ClientOrToken,
}

/// A request with a valid signature and a new nonce.
pub(super) struct VerifiedRequest {
    pub(super) presented: PresentedRequest,
    pub(super) client: Arc<ClientRecord>,
    pub(super) token: Option<Arc<TokenRecord>>,
    pub(super) moment: Moment,
}

/// The parts of a verifier and of a request's method that are needed after storage has answered.
struct Authentication {
    method: Method,
    /// Whether every client has its own key for the method.
    is_keyed: bool,
    signed_with: SignedWith,
    key_encoding: KeyEncoding,
    window: Duration,
    realm: Option<Arc<str>>,
    stand_in: Arc<StandIn>,
}

impl Verifier {
    /// Checks the signature, the timestamp and the nonce of a request for a protected resource (RFC
    /// 5849 §3.2).
    pub fn verify<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<Verified> {
        let signed_with =
            if self.allow_two_legged { SignedWith::ClientOrToken } else { SignedWith::Token };
        self.check(request, signed_with, moment, |checked| {
            let PresentedRequest { client, token, .. } = checked.presented;
            // A record that the store made for this query is moved, and a shared record is copied.
            let approval = |record| match Arc::try_unwrap(record) {
                Ok(TokenRecord { approval, .. }) => approval,
                Err(shared) => shared.approval.clone(),
            };
            ServerStep::Done(Verified {
                client_key: client,
                token,
                approval: checked.token.map(approval),
            })
        })
    }

    /// Checks a request, and continues with `then`.
    pub(super) fn check<B: AsRef<[u8]>, T: 'static>(
        &self,
        request: &Request<B>,
        signed_with: SignedWith,
        moment: Moment,
        then: impl FnOnce(VerifiedRequest) -> ServerStep<T> + Send + 'static,
    ) -> ServerStep<T> {
        let (mut presented, method) = match self.present(request, signed_with, moment.now) {
            Ok(presented) => presented,
            Err(reason) => return self.reject(reason),
        };
        let authentication = Authentication {
            is_keyed: self.keyed_methods.iter().any(|keyed| keyed.name() == method.name()),
            method,
            signed_with,
            key_encoding: self.key_encoding,
            window: self.window,
            realm: self.realm.clone(),
            stand_in: self.stand_in.clone(),
        };
        // The query is returned with the output, so its texts need not be copied.
        let query = FindCredentials {
            client_key: std::mem::take(&mut presented.client),
            token: presented.token.take(),
            temporary: signed_with == SignedWith::Temporary,
        };
        ServerStep::Query(NextQuery::FindCredentials(PendingQuery::with_query(
            query,
            move |query, found| {
                (presented.client, presented.token) = (query.client_key, query.token);
                let found = match found {
                    Ok(found) => found,
                    Err(why) => return authentication.reject(RejectReason::StoreFailed(why)),
                };
                let found = match signed_with {
                    SignedWith::Temporary => FoundCredentials { token: None, ..found },
                    _ => FoundCredentials { temporary: None, ..found },
                };
                match authentication.check(&presented, found, &moment) {
                    Ok((client, token)) => authentication
                        .refuse_replay(VerifiedRequest { presented, client, token, moment }, then),
                    Err(reason) => authentication.reject(reason),
                }
            },
        )))
    }

    /// Checks everything that needs no storage, and returns the request's parameters and its
    /// signature method.
    fn present<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        signed_with: SignedWith,
        now: Timestamp,
    ) -> Result<(PresentedRequest, Method), RejectReason> {
        let site = self.site(request)?;
        // Only the provider's first endpoint uses the request's other parameters.
        let own = if signed_with == SignedWith::Client {
            OwnParameters::Keep
        } else {
            OwnParameters::Drop
        };
        let in_the_clear = request.uri().scheme() == Some(&Scheme::HTTP) && !site.is_loopback();
        let is_secure = site.is_secure() && !in_the_clear;
        let judge = |protocol: Protocol<'_>| {
            let method = self.judge(&protocol, signed_with, now)?;
            if method.is_plaintext() && !is_secure {
                return Err(RejectReason::PlaintextWithoutTls);
            }
            Ok(method)
        };
        let (presented, method) = PresentedRequest::of(
            request,
            site,
            own,
            Bounds { parameters: self.max_parameters, form: self.max_form_len },
            judge,
        )?;
        self.check_body(&presented, &method, request.body().as_ref())?;
        Ok((presented, method))
    }

    /// Checks the protocol parameters, and returns the signature method.
    fn judge(
        &self,
        protocol: &Protocol<'_>,
        signed_with: SignedWith,
        now: Timestamp,
    ) -> Result<Method, RejectReason> {
        self.check_version(protocol.version)?;
        let wants_token = matches!(signed_with, SignedWith::Token | SignedWith::Temporary);
        if wants_token && !protocol.has_token {
            return Err(RejectReason::ParameterMissing(TOKEN));
        }
        if signed_with == SignedWith::Client && protocol.has_token {
            return Err(RejectReason::ParameterInvalid(TOKEN));
        }
        let method = self.method(&protocol.method)?;
        // RFC 5849 §3.1: only PLAINTEXT needs no timestamp and no nonce.
        if !method.is_plaintext() {
            if protocol.timestamp.is_none() {
                return Err(RejectReason::ParameterMissing(TIMESTAMP));
            }
            if !protocol.has_nonce {
                return Err(RejectReason::ParameterMissing(NONCE));
            }
        }
        self.check_timestamp(protocol.timestamp, now)?;
        Ok(method)
    }

    /// Checks that the version is 1.0, if there is one (RFC 5849 §3.1).
    fn check_version(&self, version: Option<&[u8]>) -> Result<(), RejectReason> {
        match version {
            None | Some(b"1.0") => Ok(()),
            Some(b"1.0a" | b"1.0A") if self.allow_version_1_0a => Ok(()),
            Some(sent) => {
                Err(RejectReason::VersionUnknown(truncated(&String::from_utf8_lossy(sent))))
            }
        }
    }

    /// Returns the origin of the request.
    fn site<B>(&self, request: &Request<B>) -> Result<OriginRef<'_>, RejectReason> {
        if self.allow_any_host {
            return self.origins.first().map(Origin::site).ok_or(RejectReason::WrongHost);
        }
        // The application can read the host from the URI or from any `Host` header, so all of them
        // must name the same origin.
        let (authority, hosts) = (request.uri().authority(), request.headers().get_all(HOST));
        if authority.is_none() && hosts.iter().next().is_none() {
            return Err(RejectReason::WrongHost);
        }
        let named = |origin: &&Origin| {
            authority.is_none_or(|authority| origin.has_host(authority.as_str()))
                && hosts.iter().all(|host| origin.has_host(host.to_str().unwrap_or_default()))
        };
        let scheme = request.uri().scheme();
        let same_scheme = |origin: &&Origin| {
            Some(origin.is_https()) == scheme.map(|scheme| *scheme == Scheme::HTTPS)
        };
        let mut origins = self.origins.iter().filter(named);
        let origin = origins.clone().find(same_scheme).or_else(|| origins.next());
        origin.map(Origin::site).ok_or(RejectReason::WrongHost)
    }

    /// Returns the accepted method with this name. A keyed method has the key for unknown clients.
    fn method(&self, name: &str) -> Result<Method, RejectReason> {
        static PLAINTEXT: Method = Method::DangerousPlaintext;
        // A method without shared secrets would accept its key for every client. PLAINTEXT needs
        // its own option. A key in a key service cannot verify.
        let on_secrets = self.methods.iter().filter(|method| method.uses_secrets());
        let keyed = self.keyed_methods.iter().filter(|method| !method.is_remote());
        let signing = on_secrets.chain(keyed).filter(|method| method.name() != PLAINTEXT.name());
        let method = signing
            .chain(self.dangerous_allow_plaintext.then_some(&PLAINTEXT))
            .find(|method| method.name() == name);
        method
            .cloned()
            .ok_or_else(|| RejectReason::MethodUnsupported(name.chars().take(100).collect()))
    }

    fn check_timestamp(&self, timestamp: Option<u64>, now: Timestamp) -> Result<(), RejectReason> {
        let (earliest, latest) =
            (now.before(self.window).as_secs(), now.after(self.window).as_secs());
        match timestamp {
            Some(timestamp) if !(earliest..=latest).contains(&timestamp) => {
                Err(RejectReason::TimestampRefused { timestamp, earliest, latest })
            }
            _ => Ok(()),
        }
    }

    /// Checks that the body has the hash that is signed (OAuth Request Body Hash 1.0, draft 4,
    /// §3.1).
    fn check_body(
        &self,
        presented: &PresentedRequest,
        method: &Method,
        body: &[u8],
    ) -> Result<(), RejectReason> {
        match &presented.body_hash {
            Some(_) if presented.is_form => Err(RejectReason::ParameterInvalid(BODY_HASH)),
            Some(hash) => {
                let right = hash.as_bytes().ct_eq(method.body_hash(body).as_bytes());
                let sha1 = || self.allow_sha1_body_hash && *hash == sha1_body_hash(body);
                if right.into() || sha1() { Ok(()) } else { Err(RejectReason::WrongBodyHash) }
            }
            None if self.require_body_hash && !presented.is_form && !body.is_empty() => {
                Err(RejectReason::ParameterMissing(BODY_HASH))
            }
            None => Ok(()),
        }
    }
}

impl Authentication {
    fn reject<T>(&self, reason: RejectReason) -> ServerStep<T> {
        ServerStep::Reject(reason.reject(self.realm.as_deref()))
    }

    /// Checks the signature, and returns the client and the token if it is right.
    ///
    /// For an unknown client or token, and for another client's token, the same work is done with a
    /// random secret. So neither the response nor its time reveals which of them was wrong.
    fn check(
        &self,
        presented: &PresentedRequest,
        found: FoundCredentials,
        moment: &Moment,
    ) -> Result<(Arc<ClientRecord>, Option<Arc<TokenRecord>>), RejectReason> {
        let FoundCredentials { client, token, temporary } = found;
        let wants_token = presented.token.is_some();
        let (method, keyed) = (&self.method, self.is_keyed);

        let own_key = client
            .as_ref()
            .and_then(|client| client.keys.iter().find(|key| key.name() == method.name()));
        let client_secret = client.as_ref().and_then(|client| client.secret.as_ref());
        let has_key = if keyed { own_key.is_some() } else { client_secret.is_some() };
        let (token_secret, owner, expires_at) = match (&token, &temporary) {
            (Some(token), _) => (Some(&token.secret), Some(&token.client_key), token.expires_at),
            (None, Some(record)) => {
                (Some(&record.secret), Some(&record.client_key), Some(record.expires_at))
            }
            (None, None) => (None, None, None),
        };
        let has_token = owner.is_some();
        let is_owner = owner.map_or(!wants_token, |owner| *owner == presented.client);

        let unguessable = self.stand_in.secret(moment);
        let stand_in = self.stand_in.of(presented.token.as_deref());
        // Temporary credentials sign only one request, so it is not useful to keep a schedule for
        // them.
        let keeps = self.signed_with != SignedWith::Temporary;
        let (client_secret, token_secret, schedules) = match (client_secret, &client, &token) {
            (Some(secret), _, Some(token)) if is_owner => {
                (secret, token_secret, stand_in.known(token, &token.schedules))
            }
            (Some(secret), Some(client), None) if is_owner => {
                let schedules =
                    if keeps { stand_in.known(client, &client.schedules) } else { None };
                (secret, token_secret, schedules)
            }
            _ => (
                unguessable,
                wants_token.then_some(unguessable),
                stand_in.unknown().filter(|_| keeps),
            ),
        };
        let (method, encoding) = (own_key.filter(|_| keyed).unwrap_or(method), self.key_encoding);
        let verify = |key: &Key| {
            key.verify(presented.signature.as_bytes(), |writer| {
                writer.prepared(&presented.base_string);
            })
        };
        let right = match schedules
            .and_then(|kept| kept.get(method, client_secret, token_secret, encoding))
        {
            Some(schedule) => verify(&schedule.key),
            None => verify(&Key::new(method, signing_key(client_secret, token_secret, encoding))),
        };

        let Some(client) = client.filter(|_| has_key) else {
            return Err(RejectReason::UnknownClient(truncated(&presented.client)));
        };
        if !is_owner && !has_token {
            return Err(RejectReason::UnknownToken);
        }
        if !is_owner {
            return Err(RejectReason::TokenOfAnotherClient(truncated(&presented.client)));
        }
        if !right {
            return Err(RejectReason::WrongSignature);
        }
        if expires_at.is_some_and(|expires_at| expires_at <= moment.now) {
            return Err(RejectReason::TokenExpired);
        }
        Ok((client, token))
    }

    /// Remembers the nonce. The signature was checked before, so only the client can use up its
    /// nonces.
    fn refuse_replay<T: 'static>(
        self,
        mut checked: VerifiedRequest,
        then: impl FnOnce(VerifiedRequest) -> ServerStep<T> + Send + 'static,
    ) -> ServerStep<T> {
        let now = checked.moment.now;
        let presented = &mut checked.presented;
        let (Some(nonce), Some(timestamp)) = (presented.nonce.take(), presented.timestamp) else {
            return then(checked);
        };
        let at = Timestamp::from_secs(timestamp);
        // Client, token, timestamp and nonce together must be unique (RFC 5849 §3.3).
        let token = presented.token.as_deref();
        let unique: [&[u8]; 5] = [
            presented.client.as_bytes(),
            &[u8::from(token.is_some())],
            token.unwrap_or_default().as_bytes(),
            &timestamp.to_be_bytes(),
            nonce.as_bytes(),
        ];
        let query = RememberOnce {
            purpose: OneTimePurpose::OAuth1Nonce,
            key: TokenHash::of_all(unique),
            now,
            expires_at: at.after(self.window).after(SLACK),
        };
        ServerStep::Query(NextQuery::RememberOnce(PendingQuery::new(query, move |one_time_use| {
            match one_time_use {
                Ok(OneTimeUse::First) => then(checked),
                Ok(OneTimeUse::Replay) => self.reject(RejectReason::NonceUsed),
                Err(why) => self.reject(RejectReason::StoreFailed(why)),
            }
        })))
    }
}
