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
/// By default it accepts HMAC-SHA1, HMAC-SHA256 and HMAC-SHA512, timestamps that differ by up to
/// five minutes, requests for one of the service's origins, up to 1000 parameters, and forms of up
/// to 1 MiB. The `Authorization` header is checked before a form is read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verifier {
    pub(super) origins: Vec<Origin>,
    pub(super) stand_in: Arc<StandIn>,
    /// The realm of the challenge in responses with status 401. Characters that a quoted header
    /// value cannot have are removed. Default: `None`.
    pub realm: Option<Arc<str>>,
    /// The accepted signature methods with shared secrets. Default: HMAC-SHA1, HMAC-SHA256 and
    /// HMAC-SHA512.
    pub methods: Vec<Method>,
    /// The accepted signature methods for which every client has its own key, in its
    /// [record](super::store::ClientRecord::with_key). Give each method a key of the same size as
    /// the clients' keys. This key checks the signature of an unknown client, so the check takes
    /// the same time. If clients have keys of several sizes, the time reveals the size of a
    /// client's key, and so whether the client exists. Default: empty.
    pub keyed_methods: Vec<Method>,
    /// The encoding of the secrets in the signing key. Default: [`KeyEncoding::Encoded`].
    pub key_encoding: KeyEncoding,
    /// The largest accepted difference between a timestamp and the server's time, in both
    /// directions. Nonces are remembered for twice as long. Default: five minutes.
    pub window: Duration,
    /// If `true`, a body that is not a form must be signed by its hash in `oauth_body_hash`. A hash
    /// in the request is always checked. Default: `false`.
    pub require_body_hash: bool,
    /// The largest number of parameters of a request, in its header, query and form together.
    /// A request with more is refused
    /// ([`RejectReason::TooManyParameters`](super::RejectReason::TooManyParameters)).
    /// Default: 1000.
    ///
    /// # Security
    /// Parameters are counted while they are collected, before the client is known. Any sender can
    /// make the server allocate up to 200 bytes for each parameter of a request, and up to eleven
    /// times the size of its query and form.
    pub max_parameters: usize,
    /// The largest size of a form, in bytes. A larger one is refused with status 413
    /// ([`RejectReason::FormTooLarge`](super::RejectReason::FormTooLarge)). A body that is not a
    /// form is not read as parameters, and can have any size. Default: 1 MiB.
    ///
    /// # Security
    /// See [`max_parameters`](field@Self::max_parameters).
    pub max_form_len: usize,
    /// If `true`, every request counts as a request for the first origin, whatever host it names.
    /// Use it for a server behind a proxy that replaces the `Host` header. Default: `false`, a
    /// request for another host is refused.
    ///
    /// # Security
    /// It is safe if requests reach the server only through that proxy. If not, the server accepts
    /// requests that were signed for another host.
    pub allow_any_host: bool,
    /// If `true`, requests of a client without a token are accepted ("two-legged"). Default:
    /// `false`.
    ///
    /// # Security
    /// [`Verified::approval`] is `None` for such a request, since no user has granted access. An
    /// application that does not check this gives every client the access that is meant for users.
    pub allow_two_legged: bool,
    /// If `true`, `oauth_body_hash` can be a SHA-1 hash with every signature method, like in
    /// oauthlib's clients. Default: `false`, the hash function must be that of the signature
    /// method.
    ///
    /// # Security
    /// The body is then only as safe as SHA-1, even if the signature method uses SHA-2.
    pub allow_sha1_body_hash: bool,
    /// If `true`, `oauth_version` can be `1.0a` or `1.0A`. Some clients send that, since the README
    /// of npm's `oauth` has it. Default: `false`.
    ///
    /// # Security
    /// This option weakens nothing. The version is signed like every parameter, and no other
    /// protocol has requests like these.
    pub allow_version_1_0a: bool,
    /// If `true`, PLAINTEXT is accepted at https origins and on this machine. Default: `false`.
    ///
    /// # Security
    /// Every request has the secrets in it, and nothing is signed. The client can leave out the
    /// nonce, and then the request can be replayed.
    pub dangerous_allow_plaintext: bool,
}

/// Requests of usual APIs have fewer parameters.
const MOST_PARAMETERS: usize = 1000;

/// Usual forms are smaller: large data is sent in other bodies.
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
    /// The identifier of the client (`oauth_consumer_key`).
    pub client_key: String,
    /// The identifier of the token (`oauth_token`). `None` if the request has no token.
    pub token: Option<String>,
    /// The approval of the resource owner. `None` if the request has no token.
    pub approval: Option<Approval>,
}

impl Verifier {
    /// Makes a verifier for requests to an origin, such as `https://photos.example.net`. Clients
    /// use this origin in the URLs of their requests.
    ///
    /// A request must name the host of the origin, in its URI or its `Host` header. The path of the
    /// request must be the one that the client requested. If a router or a proxy removes a part of
    /// the path, add it again (in axum, `OriginalUri` has the whole path).
    ///
    /// # Errors
    /// [`Unsupported::Url`] if `origin` is not an http or https origin.
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

    /// Adds another origin of the same service.
    ///
    /// # Errors
    /// [`Unsupported::Url`] if `origin` is not an http or https origin.
    pub fn add_origin(mut self, origin: &str) -> Result<Self, Error> {
        self.origins.push(parse_origin(origin)?);
        Ok(self)
    }

    pub(super) fn reject<T>(&self, reason: RejectReason) -> ServerStep<T> {
        ServerStep::Reject(reason.reject(self.realm.as_deref()))
    }

    /// Returns the first origin that is neither https nor on this machine, if there is one.
    pub(super) fn insecure_origin(&self) -> Option<&Origin> {
        self.origins.iter().find(|origin| !origin.site().is_secure())
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
