//! Verifying a signed request, RFC 5849 §3.2.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::HOST;
use http::uri::Scheme;
use subtle::ConstantTimeEq;

use super::presented::{Bounds, PresentedRequest, Protocol};
use super::queries::{FindCredentials, FoundCredentials, RememberNonce};
use super::records::{Approval, ClientRecord, TokenRecord};
use super::rejected::RejectReason;
use super::schedules::StandIn;
use super::store::{NextQuery, ServerStep};
use crate::oauth1::key::Key;
use crate::oauth1::method::{KeyEncoding, Method, sha1_body_hash, signing_key};
use crate::oauth1::parameters::{BODY_HASH, NONCE, TIMESTAMP, TOKEN};
use crate::wire::{Origin, OriginRef, truncated, without_secrets};
use crate::{Error, Moment, OneTimeUse, PendingQuery, Timestamp, Unsupported};

/// Checks signed requests of one service.
///
/// ```
/// use oauth_proto::oauth1::server::{ClientRecord, Approval, MemoryStore, TokenRecord, Verifier, serve};
/// use oauth_proto::oauth1::{ClientCredentials, Scheme, Signer, TokenCredentials};
/// use oauth_proto::Moment;
///
/// let store = MemoryStore::default();
/// store.add_client("dpf43f3p2l4k3l03", ClientRecord::with_secret("kd94hf93k423kf44")?);
/// # let token = TokenRecord::new("pfkkdhi9sl3r4s00", "dpf43f3p2l4k3l03", Approval::new("jane"));
/// # store.add_token("nnch734d00sl2jdk", token);
///
/// let verifier = Verifier::new("https://photos.example.net")?.realm("Photos");
///
/// # let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
/// # let token = TokenCredentials::new("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00");
/// # let signer = Signer::new(&Scheme::default(), &client, Some(&token));
/// # let mut request = http::Request::get("https://photos.example.net/photos").body(Vec::new())?;
/// # signer.sign(&mut request, Moment::from_os())?;
/// // In the handler of a protected resource:
/// match serve(verifier.verify(&request, Moment::from_os()), &store) {
///     Ok(verified) => assert_eq!(verified.approval.unwrap().user, "jane"),
///     Err(rejected) => println!("{rejected}: {:?}", rejected.response()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Accepted are HMAC-SHA1, HMAC-SHA256 and HMAC-SHA512, timestamps up to five minutes old or ahead, and requests that
/// name one of the service's origins, have up to 1000 parameters and, where the body is a form, up to 1 MiB of it. What the
/// `Authorization` header says is judged before a form is read.
#[derive(Clone, Debug)]
pub struct Verifier(Arc<Config>);

#[derive(Clone, Debug)]
struct Config {
    origins: Vec<Origin>,
    realm: Option<String>,
    methods: Vec<Method>,
    /// Methods for which each client has its own key, and a key that stands in for that of an unknown client.
    keyed: Vec<Method>,
    window: Duration,
    key_encoding: KeyEncoding,
    any_host: bool,
    two_legged: bool,
    plaintext: bool,
    body_hash_required: bool,
    sha1_body_hash: bool,
    version_1_0a: bool,
    bounds: Bounds,
    stand_in: StandIn,
}

/// More parameters are in no request of a usual API.
const MOST_PARAMETERS: usize = 1000;

/// Larger forms are hardly sent: what is large goes into other bodies.
const LARGEST_FORM: usize = 1024 * 1024;

/// How much longer than the window a nonce is remembered: for requests that were judged in time and come late to the store,
/// and for servers whose clocks differ.
const SLACK: Duration = Duration::from_secs(61);

/// Who made a request.
///
/// ```
/// use oauth_proto::oauth1::server::Verified;
///
/// fn greeting(verified: &Verified) -> String {
///     match &verified.approval {
///         Some(approval) => format!("{} on behalf of {}", verified.client_key, approval.user),
///         None => verified.client_key.clone(),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The client's identifier.
    pub client_key: String,
    /// The token's identifier; `None` where the client acts for itself.
    pub token: Option<String>,
    /// What the resource owner granted.
    pub approval: Option<Approval>,
}

/// Which credentials a request must be signed with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SignedWith {
    Client,
    Temporary,
    Token,
    ClientOrToken,
}

/// A request whose signature is right and which is not a replay.
pub(super) struct VerifiedRequest {
    pub(super) presented: PresentedRequest,
    pub(super) client: Arc<ClientRecord>,
    pub(super) token: Option<Arc<TokenRecord>>,
    pub(super) moment: Moment,
}

impl Verifier {
    /// A verifier for requests to that origin, as clients see it: `https://photos.example.net`.
    ///
    /// A request must name this host, in its URI or its `Host` header. Its path must be the one that the client asked
    /// for: behind a router or a proxy that takes a part of the path away, put it back first (in axum, `OriginalUri` has it).
    ///
    /// # Errors
    /// [`Unsupported::Url`] when it is not an http or https origin.
    pub fn new(origin: &str) -> Result<Self, Error> {
        Ok(Self(Arc::new(Config {
            origins: vec![parse_origin(origin)?],
            realm: None,
            methods: vec![Method::HMAC_SHA1, Method::HMAC_SHA256, Method::HMAC_SHA512],
            keyed: Vec::new(),
            window: Duration::from_secs(300),
            key_encoding: KeyEncoding::Encoded,
            any_host: false,
            two_legged: false,
            plaintext: false,
            body_hash_required: false,
            sha1_body_hash: false,
            version_1_0a: false,
            bounds: Bounds { parameters: MOST_PARAMETERS, form: LARGEST_FORM },
            stand_in: StandIn::default(),
        })))
    }

    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// A further origin of the same service.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when it is not an http or https origin.
    pub fn add_origin(self, origin: &str) -> Result<Self, Error> {
        let origin = parse_origin(origin)?;
        Ok(self.with(|config| config.origins.push(origin)))
    }

    /// Takes the first origin for the one that was asked for, whatever the request says: for a server behind a proxy
    /// that puts its own `Host` in.
    ///
    /// What this gives away: nothing, as long as requests reach the server only through that proxy.
    pub fn allow_any_host(self) -> Self {
        self.with(|config| config.any_host = true)
    }

    /// The realm of the challenge in a 401. Characters that cannot stand in a quoted header value are left out.
    pub fn realm(self, realm: &str) -> Self {
        let fits = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        self.with(|config| config.realm = Some(realm.chars().filter(fits).collect()))
    }

    /// The methods on shared secrets that are accepted, in place of the three of HMAC.
    pub fn methods(self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.with(|config| config.methods = methods.into_iter().collect())
    }

    /// Accepts a method for which every client has a key of its own, in its
    /// [record](super::ClientRecord::with_key). `stand_in` is the method with a key of the size that the clients' keys have:
    /// the signature of an unknown client is checked with it, so that checking takes the same time. Where clients have keys
    /// of several sizes, that time tells which size an identifier's key has, and so whether there is one.
    pub fn add_keyed(self, stand_in: Method) -> Self {
        self.with(|config| config.keyed.push(stand_in))
    }

    /// How far a timestamp may be from the server's time, in both directions. Nonces must be remembered for twice as
    /// long.
    pub fn window(self, window: Duration) -> Self {
        self.with(|config| config.window = window)
    }

    /// How clients put the secrets into the signing key.
    pub fn key_encoding(self, key_encoding: KeyEncoding) -> Self {
        self.with(|config| config.key_encoding = key_encoding)
    }

    /// Accepts requests of a client for itself, without a token.
    pub fn allow_two_legged(self) -> Self {
        self.with(|config| config.two_legged = true)
    }

    /// Accepts PLAINTEXT at an https origin, or on this machine.
    ///
    /// What this gives away: the secrets themselves are in every request, and nothing in it is signed; without a
    /// nonce, which is the client's to leave out, it can be replayed.
    pub fn dangerous_allow_plaintext(self) -> Self {
        self.with(|config| config.plaintext = true)
    }

    /// Refuses bodies that are not forms and not signed by their hash in `oauth_body_hash`. Where a hash is there, it
    /// is checked in any case.
    pub fn require_body_hash(self) -> Self {
        self.with(|config| config.body_hash_required = true)
    }

    /// Takes SHA-1 in `oauth_body_hash` whatever the signature method, as oauthlib's clients send it.
    ///
    /// What this gives away: under a method on SHA-2, the body is only as safe as SHA-1 is.
    pub fn allow_sha1_body_hash(self) -> Self {
        self.with(|config| config.sha1_body_hash = true)
    }

    /// Sets how many parameters a request may have, in its header, query and form together: 1000 unless said otherwise. A
    /// request with more is refused ([`RejectReason::TooManyParameters`](super::RejectReason::TooManyParameters)).
    ///
    /// # Security
    /// Parameters are counted while they are collected, before anybody knows who asks. What anybody can make this server
    /// allocate for one request is up to two hundred bytes for each of them, and up to eleven times the size of its query and
    /// form.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth1::server::Verifier;
    ///
    /// let verifier = Verifier::new("https://photos.example.net")?.max_parameters(50);
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn max_parameters(self, most: usize) -> Self {
        self.with(|config| config.bounds.parameters = most)
    }

    /// Sets how many bytes a form may have: 1 MiB unless said otherwise. A larger one is refused with status 413
    /// ([`RejectReason::FormTooLarge`](super::RejectReason::FormTooLarge)). Bodies that are not forms are not read as parameters, and
    /// may have any size.
    ///
    /// # Security
    /// See [`max_parameters`](Self::max_parameters).
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth1::server::Verifier;
    ///
    /// let verifier = Verifier::new("https://photos.example.net")?.max_form_len(64 * 1024);
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn max_form_len(self, bytes: usize) -> Self {
        self.with(|config| config.bounds.form = bytes)
    }

    /// Accepts `oauth_version` with the value `1.0a` or `1.0A`, as some clients send it: the README of npm's `oauth` has it.
    ///
    /// # Security
    /// This gives nothing away. The version is signed like every parameter, and there is no other protocol that a request could
    /// be taken for.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth1::server::Verifier;
    ///
    /// let verifier = Verifier::new("https://photos.example.net")?.allow_version_1_0a();
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn allow_version_1_0a(self) -> Self {
        self.with(|config| config.version_1_0a = true)
    }

    /// Checks a request for a protected resource.
    pub fn verify<B: AsRef<[u8]>>(&self, request: &Request<B>, moment: Moment) -> ServerStep<Verified> {
        let signed_with = if self.0.two_legged { SignedWith::ClientOrToken } else { SignedWith::Token };
        self.check(request, signed_with, moment, |checked| {
            let PresentedRequest { client, token, .. } = checked.presented;
            // A record that the store made for this answer is taken apart, another's grant is copied.
            let grant = |record| match Arc::try_unwrap(record) {
                Ok(TokenRecord { approval: grant, .. }) => grant,
                Err(shared) => shared.approval.clone(),
            };
            ServerStep::Done(Verified { client_key: client, token, approval: checked.token.map(grant) })
        })
    }

    /// Checks a request for whatever is done with it afterwards.
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
        // The query comes back with the answer, so that its texts need not be copied.
        let query = FindCredentials {
            client_key: std::mem::take(&mut presented.client),
            token: presented.token.take(),
            temporary: signed_with == SignedWith::Temporary,
        };
        let verifier = self.clone();
        ServerStep::Query(NextQuery::FindCredentials(PendingQuery::with_query(query, move |query, found| {
            (presented.client, presented.token) = (query.client_key, query.token);
            let found = match found {
                Ok(found) => found,
                Err(why) => return verifier.reject(RejectReason::StoreFailed(why)),
            };
            let found = match signed_with {
                SignedWith::Temporary => FoundCredentials { token: None, ..found },
                _ => FoundCredentials { temporary: None, ..found },
            };
            match verifier.authenticate(&presented, &method, signed_with, found, &moment) {
                Ok((client, token)) => {
                    verifier.refuse_replay(VerifiedRequest { presented, client, token, moment }, then)
                }
                Err(reason) => verifier.reject(reason),
            }
        })))
    }

    pub(super) fn reject<T>(&self, reason: RejectReason) -> ServerStep<T> {
        ServerStep::Reject(reason.reject(self.0.realm.as_deref()))
    }

    /// Whether what travels to and from the service is private.
    pub(super) fn is_secure(&self) -> bool {
        self.0.origins.iter().all(|origin| origin.site().is_secure())
    }

    /// Judges everything that can be judged without storage, and returns what the request presents and its signature method.
    fn present<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        signed_with: SignedWith,
        now: Timestamp,
    ) -> Result<(PresentedRequest, Method), RejectReason> {
        let site = self.site(request)?;
        // Only the provider's first endpoint has a use for the request's own parameters.
        let wants_own = signed_with == SignedWith::Client;
        let in_the_clear = request.uri().scheme() == Some(&Scheme::HTTP) && !site.is_loopback();
        let is_private = site.is_secure() && !in_the_clear;
        let judge = |protocol: Protocol<'_>| {
            let method = self.judge(&protocol, signed_with, now)?;
            if method.is_plaintext() && !is_private {
                return Err(RejectReason::PlaintextWithoutTls);
            }
            Ok(method)
        };
        let (presented, method) = PresentedRequest::of(request, site, wants_own, self.0.bounds, judge)?;
        self.check_body(&presented, &method, request.body().as_ref())?;
        Ok((presented, method))
    }

    /// Judges the protocol's parameters, and returns the signature method.
    fn judge(&self, protocol: &Protocol<'_>, signed_with: SignedWith, now: Timestamp) -> Result<Method, RejectReason> {
        self.check_version(protocol.version)?;
        let wants_token = matches!(signed_with, SignedWith::Token | SignedWith::Temporary);
        if wants_token && !protocol.has_token {
            return Err(RejectReason::ParameterMissing(TOKEN));
        }
        if signed_with == SignedWith::Client && protocol.has_token {
            return Err(RejectReason::ParameterInvalid(TOKEN));
        }
        let method = self.method(&protocol.method)?;
        // RFC 5849 §3.1: only PLAINTEXT does without timestamp and nonce.
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
            Some(b"1.0a" | b"1.0A") if self.0.version_1_0a => Ok(()),
            Some(sent) => Err(RejectReason::VersionUnknown(truncated(&String::from_utf8_lossy(sent)))),
        }
    }

    /// The origin that the request was made to.
    fn site<B>(&self, request: &Request<B>) -> Result<OriginRef<'_>, RejectReason> {
        if self.0.any_host {
            return self.0.origins.first().map(Origin::site).ok_or(RejectReason::WrongHost);
        }
        // An application behind may read either of them, so all that are there must name the same origin.
        let (authority, hosts) = (request.uri().authority(), request.headers().get_all(HOST));
        if authority.is_none() && hosts.iter().next().is_none() {
            return Err(RejectReason::WrongHost);
        }
        let named = |origin: &&Origin| {
            authority.is_none_or(|authority| origin.has_host(authority.as_str()))
                && hosts.iter().all(|host| origin.has_host(host.to_str().unwrap_or_default()))
        };
        let scheme = request.uri().scheme();
        let same_scheme = |origin: &&Origin| Some(origin.is_https()) == scheme.map(|scheme| *scheme == Scheme::HTTPS);
        let mut origins = self.0.origins.iter().filter(named);
        let origin = origins.clone().find(same_scheme).or_else(|| origins.next());
        origin.map(Origin::site).ok_or(RejectReason::WrongHost)
    }

    /// The accepted method of that name; one that is keyed comes with the key of the stand-in.
    fn method(&self, name: &str) -> Result<Method, RejectReason> {
        static PLAINTEXT: Method = Method::dangerous_plaintext();
        // One that does not rest on the shared secrets would let its key act for every client, and PLAINTEXT is opted in.
        let on_secrets = self.0.methods.iter().filter(|method| method.uses_secrets());
        let signing = on_secrets.chain(&self.0.keyed).filter(|method| method.name() != PLAINTEXT.name());
        let method = signing.chain(self.0.plaintext.then_some(&PLAINTEXT)).find(|method| method.name() == name);
        method.cloned().ok_or_else(|| RejectReason::MethodUnsupported(name.chars().take(100).collect()))
    }

    fn check_timestamp(&self, timestamp: Option<u64>, now: Timestamp) -> Result<(), RejectReason> {
        let (earliest, latest) = (now.before(self.0.window).as_secs(), now.after(self.0.window).as_secs());
        match timestamp {
            Some(timestamp) if !(earliest..=latest).contains(&timestamp) => {
                Err(RejectReason::TimestampRefused { timestamp, earliest, latest })
            }
            _ => Ok(()),
        }
    }

    /// Whether the body is the one whose hash is signed (OAuth Request Body Hash 1.0, draft 4, §3.1).
    fn check_body(&self, presented: &PresentedRequest, method: &Method, body: &[u8]) -> Result<(), RejectReason> {
        match &presented.body_hash {
            Some(_) if presented.is_form => Err(RejectReason::ParameterInvalid(BODY_HASH)),
            Some(hash) => {
                let right = hash.as_bytes().ct_eq(method.body_hash(body).as_bytes());
                let sha1 = || self.0.sha1_body_hash && *hash == sha1_body_hash(body);
                if right.into() || sha1() { Ok(()) } else { Err(RejectReason::WrongBodyHash) }
            }
            None if self.0.body_hash_required && !presented.is_form && !body.is_empty() => {
                Err(RejectReason::ParameterMissing(BODY_HASH))
            }
            None => Ok(()),
        }
    }

    /// Checks the signature, and returns the client and the token if it is right.
    ///
    /// For an unknown client or token, and for another client's token, the same work is done with a random secret,
    /// so that neither the answer nor its time tells which of them was wrong.
    fn authenticate(
        &self,
        presented: &PresentedRequest,
        method: &Method,
        signed_with: SignedWith,
        found: FoundCredentials,
        moment: &Moment,
    ) -> Result<(Arc<ClientRecord>, Option<Arc<TokenRecord>>), RejectReason> {
        let FoundCredentials { client, token, temporary } = found;
        let wants_token = presented.token.is_some();
        let keyed = self.0.keyed.iter().any(|keyed| keyed.name() == method.name());

        let own_key = client.as_ref().and_then(|client| client.keys.iter().find(|key| key.name() == method.name()));
        let client_secret = client.as_ref().and_then(|client| client.secret.as_ref());
        let has_key = if keyed { own_key.is_some() } else { client_secret.is_some() };
        let (token_secret, owner, expires_at) = match (&token, &temporary) {
            (Some(token), _) => (Some(&token.secret), Some(&token.client_key), token.expires_at),
            (None, Some(record)) => (Some(&record.secret), Some(&record.client_key), Some(record.expires_at)),
            (None, None) => (None, None, None),
        };
        let has_token = owner.is_some();
        let is_owner = owner.map_or(!wants_token, |owner| *owner == presented.client);

        let unguessable = self.0.stand_in.secret(moment);
        let stand_in = self.0.stand_in.of(wants_token);
        // Temporary credentials sign one request. Keeping a schedule for it would be of no use, and what it shows of the store
        // says nothing about tokens.
        let keeps = signed_with != SignedWith::Temporary;
        let (client_secret, token_secret, schedules) = match (client_secret, &client, &token) {
            (Some(secret), _, Some(token)) if is_owner => {
                (secret, token_secret, stand_in.known(token, &token.schedules))
            }
            (Some(secret), Some(client), None) if is_owner => {
                let schedules = if keeps { stand_in.known(client, &client.schedules) } else { None };
                (secret, token_secret, schedules)
            }
            _ => (unguessable, wants_token.then_some(unguessable), stand_in.unknown().filter(|_| keeps)),
        };
        let (method, encoding) = (own_key.filter(|_| keyed).unwrap_or(method), self.0.key_encoding);
        let verify =
            |key: &Key| key.verify(presented.signature.as_bytes(), |writer| writer.prepared(&presented.base_string));
        let right = match schedules.and_then(|kept| kept.get(method, client_secret, token_secret, encoding)) {
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

    /// Remembers the nonce, after the signature was checked, so that no one but the client spends its nonces or fills the
    /// store.
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
        let timestamp = Timestamp::from_secs(timestamp);
        let query = RememberNonce {
            client_key: std::mem::take(&mut presented.client),
            token: presented.token.take(),
            timestamp,
            nonce,
            until: timestamp.after(self.0.window).after(SLACK),
            now,
        };
        ServerStep::Query(NextQuery::RememberNonce(PendingQuery::with_query(query, move |query, one_time_use| {
            match one_time_use {
                Ok(OneTimeUse::First) => {
                    let presented = &mut checked.presented;
                    (presented.client, presented.token) = (query.client_key, query.token);
                    then(checked)
                }
                Ok(OneTimeUse::Replay) => self.reject(RejectReason::NonceUsed),
                Err(why) => self.reject(RejectReason::StoreFailed(why)),
            }
        })))
    }
}

fn parse_origin(origin: &str) -> Result<Origin, Error> {
    let uri = origin.parse().ok().filter(|uri: &http::Uri| matches!(uri.path(), "" | "/") && uri.query().is_none());
    let parsed = uri.as_ref().and_then(Origin::of);
    parsed.ok_or_else(|| {
        let reason = "an origin is a scheme, http or https, a host and perhaps a port";
        Unsupported::Url { url: without_secrets(origin), reason }.into()
    })
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
