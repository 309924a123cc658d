//! The verifier of signed requests and its options, RFC 5849 §3.2.

use std::sync::Arc;
use std::time::Duration;

use super::refuse::rejected::RejectReason;
use super::stand_in::StandIn;
use super::store::ServerStep;
use super::store::approval::Approval;
use crate::oauth1::signing::{KeyEncoding, Method};
use crate::wire::{Origin, without_secrets};
use crate::{Error, Unsupported};

/// Checks signed requests of one service.
///
/// ```
/// use oauth_proto::oauth1::server::{Approval, Verifier, serve};
/// use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore, TokenRecord};
/// use oauth_proto::oauth1::{ClientCredentials, Scheme, Signer, TokenCredentials};
/// use oauth_proto::Moment;
///
/// let store = MemoryStore::default();
/// store.add_client("dpf43f3p2l4k3l03", ClientRecord::with_secret("kd94hf93k423kf44")?);
/// # let token = TokenRecord::new("pfkkdhi9sl3r4s00", "dpf43f3p2l4k3l03", Approval::new("jane"));
/// # store.add_token("nnch734d00sl2jdk", token);
///
/// let mut verifier = Verifier::new("https://photos.example.net")?;
/// verifier.realm = Some("Photos".into());
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
/// Accepted are HMAC-SHA1, HMAC-SHA256 and HMAC-SHA512, timestamps up to five minutes old or ahead,
/// and requests that name one of the service's origins, have up to 1000 parameters and, where the
/// body is a form, up to 1 MiB of it. The `Authorization` header is judged before a form is read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verifier {
    pub(super) origins: Vec<Origin>,
    pub(super) stand_in: Arc<StandIn>,
    /// The realm of the challenge in a 401. Characters that a quoted header value cannot have are
    /// left out. Default: none.
    pub realm: Option<Arc<str>>,
    /// The methods on shared secrets that are accepted. Default: the three of HMAC.
    pub methods: Vec<Method>,
    /// The accepted methods for which every client has its own key, in its
    /// [record](super::store::ClientRecord::with_key). Each has a key here of the same size as the
    /// clients' keys: the signature of an unknown client is checked with it, so that checking takes
    /// the same time. If clients have keys of several sizes, that time tells the size of a client's
    /// key, and so whether the client exists. Default: none.
    pub keyed_methods: Vec<Method>,
    /// The encoding of the secrets in the signing key. Default: [`KeyEncoding::Encoded`].
    pub key_encoding: KeyEncoding,
    /// The largest difference between a timestamp and the server's time, in both directions. Nonces
    /// must be remembered for twice as long. Default: five minutes.
    pub window: Duration,
    /// Refuses bodies that are not forms and not signed by their hash in `oauth_body_hash`. A hash
    /// that is present is checked in any case. Default: accepts them.
    pub require_body_hash: bool,
    /// The most parameters that a request may have, in its header, query and form together. A
    /// request with more is refused
    /// ([`RejectReason::TooManyParameters`](super::RejectReason::TooManyParameters)).
    /// Default: 1000.
    ///
    /// # Security
    /// Parameters are counted while they are collected, before the client is known. A stranger can
    /// make this server allocate up to two hundred bytes for each parameter of a request, and up to
    /// eleven times the size of its query and form.
    pub max_parameters: usize,
    /// The most bytes that a form may have. A larger one is refused with status 413
    /// ([`RejectReason::FormTooLarge`](super::RejectReason::FormTooLarge)). Bodies that are not
    /// forms are not read as parameters, and may have any size. Default: 1 MiB.
    ///
    /// # Security
    /// See [`max_parameters`](field@Self::max_parameters).
    pub max_form_len: usize,
    /// Takes the first origin for the one that was asked for, whatever the request says: for a
    /// server behind a proxy that puts its own `Host` in. Default: a request that names another
    /// host is refused.
    ///
    /// # Security
    /// This is safe as long as requests reach the server only through that proxy. Otherwise a
    /// request that was signed for another host is accepted here.
    pub allow_any_host: bool,
    /// Accepts requests of a client for itself, without a token. Default: refuses them.
    ///
    /// # Security
    /// [`Verified::approval`] is `None` for such a request: no user has granted anything. An
    /// application that does not look at it gives every client what it gives to users.
    pub allow_two_legged: bool,
    /// Accepts SHA-1 in `oauth_body_hash` with every signature method, as oauthlib's clients send
    /// it. Default: accepts the hash function of the signature method alone.
    ///
    /// # Security
    /// Under a method on SHA-2, the body is only as safe as SHA-1 is.
    pub allow_sha1_body_hash: bool,
    /// Accepts `oauth_version` with the value `1.0a` or `1.0A`, as some clients send it: the README
    /// of npm's `oauth` has it. Default: refuses it.
    ///
    /// # Security
    /// This weakens nothing. The version is signed like every parameter, and no other protocol has
    /// requests that could be confused with these.
    pub allow_version_1_0a: bool,
    /// Accepts PLAINTEXT at an https origin, or on this machine. Default: refuses it.
    ///
    /// # Security
    /// The secrets themselves are in every request, and nothing in it is signed; without a nonce,
    /// which the client may leave out, it can be replayed.
    pub dangerous_allow_plaintext: bool,
}

/// More parameters are in no request of a usual API.
const MOST_PARAMETERS: usize = 1000;

/// Larger forms are hardly sent: what is large goes into other bodies.
const LARGEST_FORM: usize = 1024 * 1024;

/// The client and the user of a verified request.
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
    /// The approval of the resource owner.
    pub approval: Option<Approval>,
}

impl Verifier {
    /// Makes a verifier for requests to that origin, as clients see it:
    /// `https://photos.example.net`.
    ///
    /// A request must name this host, in its URI or its `Host` header. Its path must be the one
    /// that the client asked for: behind a router or a proxy that takes a part of the path away,
    /// put it back first (in axum, `OriginalUri` has it).
    ///
    /// # Errors
    /// [`Unsupported::Url`] when it is not an http or https origin.
    pub fn new(origin: &str) -> Result<Self, Error> {
        Ok(Self {
            origins: vec![parse_origin(origin)?],
            stand_in: Arc::default(),
            realm: None,
            methods: vec![Method::HmacSha1, Method::HmacSha256, Method::HmacSha512],
            keyed_methods: Vec::new(),
            key_encoding: KeyEncoding::Encoded,
            window: Duration::from_secs(300),
            require_body_hash: false,
            max_parameters: MOST_PARAMETERS,
            max_form_len: LARGEST_FORM,
            allow_any_host: false,
            allow_two_legged: false,
            allow_sha1_body_hash: false,
            allow_version_1_0a: false,
            dangerous_allow_plaintext: false,
        })
    }

    /// Adds a further origin of the same service.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when it is not an http or https origin.
    pub fn add_origin(mut self, origin: &str) -> Result<Self, Error> {
        self.origins.push(parse_origin(origin)?);
        Ok(self)
    }

    pub(super) fn reject<T>(&self, reason: RejectReason) -> ServerStep<T> {
        ServerStep::Reject(reason.reject(self.realm.as_deref()))
    }

    /// Returns whether what travels to and from the service is protected: by TLS, or since it does
    /// not leave this machine.
    pub(super) fn is_secure(&self) -> bool {
        self.origins.iter().all(|origin| origin.site().is_secure())
    }
}

fn parse_origin(origin: &str) -> Result<Origin, Error> {
    let uri = origin
        .parse()
        .ok()
        .filter(|uri: &http::Uri| matches!(uri.path(), "" | "/") && uri.query().is_none());
    let parsed = uri.as_ref().and_then(Origin::of);
    parsed.ok_or_else(|| {
        let reason = "an origin must have the scheme http or https, a host and optionally a port, \
            and nothing else";
        Unsupported::Url { url: without_secrets(origin), reason }.into()
    })
}
