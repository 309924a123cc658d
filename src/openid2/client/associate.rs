//! Requests for associations: OpenID Authentication 2.0 §8.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use zeroize::Zeroizing;

use super::super::association::{Association, AssociationKind, AssociationType, SessionType};
use super::super::diffie_hellman::{Group, KeyPair};
use super::super::direct_request::direct_request;
use super::super::message::{Message, Version};
use super::direct_response::DirectResponse;
use super::discovered::Discovered;
use super::relying_party::RelyingParty;
use crate::core::endpoint::endpoint;
use crate::core::step::Receive;
use crate::wire::is_secure;
use crate::{Error, Misbehaved, Moment, Purpose, Response, ResponseExcerpt, Step, Unsupported};

/// The longest lifetime of an association, even if the provider names a longer one.
const LONGEST: Duration = Duration::from_secs(14 * 24 * 3600);

impl RelyingParty {
    /// Requests an association: a key that is shared with a provider. With it, responses are
    /// checked without a request each time. The result of the step is `None` if the provider grants
    /// no association of a requested kind. Then [`redeem`](Self::redeem) asks the provider about
    /// each response.
    ///
    /// If the provider names another kind, the step requests that kind once (§8.2.4).
    ///
    /// # Errors
    /// [`Unsupported::Url`] or [`Unsupported::PlainHttp`] if the endpoint is not allowed. The step
    /// fails with [`Misbehaved`] if the granted association is not valid. You can continue without
    /// an association, which is as safe.
    pub fn associate(
        &self,
        discovered: &Discovered,
        moment: Moment,
    ) -> Result<Step<Option<Association>>, Error> {
        self.allowed.check_endpoint(discovered.endpoint())?;
        let uri = endpoint(discovered.endpoint())?;
        let version = discovered.version;
        // A key without encryption needs TLS (§8.4.1).
        let is_secure = is_secure(&uri);
        let mut kinds = self.kinds.clone();
        kinds.retain(|kind| (is_secure || kind.hides_key()) && kind.is_in(version));
        match kinds.first().copied() {
            None => Ok(Step::Done(None)),
            Some(kind) => {
                let association_request = AssociationRequest {
                    uri,
                    endpoint: discovered.endpoint().to_owned(),
                    version,
                    kinds,
                };
                Ok(association_request
                    .send(kind, Attempt::First, &moment)?
                    .observed_by(&self.observer))
            }
        }
    }
}

/// The values that both attempts share.
struct AssociationRequest {
    uri: Uri,
    endpoint: String,
    version: Version,
    kinds: Vec<AssociationKind>,
}

/// The number of the attempt: a provider that refuses the first kind can name another one (§8.2.4).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    First,
    Second,
}

impl AssociationRequest {
    fn send(
        self,
        kind: AssociationKind,
        attempt: Attempt,
        moment: &Moment,
    ) -> Result<Step<Option<Association>>, Error> {
        let (association_type, session) = (kind.association_type(), kind.session_type());
        let mut message = Message::new(self.version, "associate");
        message.set("assoc_type", association_type.name());
        // OpenID 1.1 has an empty name for no encryption (§14.2.1).
        let plain = session == SessionType::NoEncryption && self.version == Version::V1_1;
        message.set("session_type", if plain { "" } else { session.name() });
        let mut keys = None;
        if session != SessionType::NoEncryption {
            let unusable = || Unsupported::Unsendable {
                what: "the association's key",
                reason: "the Diffie-Hellman key could not be computed",
            };
            let pair =
                Group::standard().ok_or_else(unusable)?.key_pair(moment.derive("openid dh key"));
            message.set("dh_consumer_public", STANDARD.encode(pair.public().ok_or_else(unusable)?));
            keys = Some(pair);
        }
        let request = direct_request(&self.uri, &message);
        Ok(Step::send(request, AwaitAssociation { request: self, kind, keys, attempt }))
    }
}

/// Waits for an association.
struct AwaitAssociation {
    request: AssociationRequest,
    kind: AssociationKind,
    keys: Option<KeyPair>,
    attempt: Attempt,
}

impl Receive<Option<Association>> for AwaitAssociation {
    fn receive(
        self: Box<Self>,
        response: Response,
        moment: Moment,
    ) -> Result<Step<Option<Association>>, Error> {
        // Some providers refuse with status 200, so only the fields count. A provider without
        // associations can respond with anything.
        let Some(direct) = DirectResponse::of(&response) else {
            return Ok(Step::Done(None));
        };
        if direct.get("error_code") == Some("unsupported-type") {
            return self.try_another(&direct, &moment);
        }
        if direct.get("assoc_handle").is_none() || !response.status().is_success() {
            return Ok(Step::Done(None));
        }
        match self.read(&direct, &moment) {
            Ok(association) => Ok(Step::Done(association)),
            Err((field, reason)) => Err(Misbehaved::FieldInvalid {
                field,
                reason,
                option: None,
                response: Box::new(ResponseExcerpt::of(&response)),
            }
            .into()),
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Associating
    }
}

impl AwaitAssociation {
    /// Requests the kind that the provider names (§8.2.4), if the options have it.
    fn try_another(
        self: Box<Self>,
        direct: &DirectResponse,
        moment: &Moment,
    ) -> Result<Step<Option<Association>>, Error> {
        let association = direct.get("assoc_type").and_then(AssociationType::of);
        let session = direct.get("session_type").and_then(SessionType::of);
        let kind = AssociationKind::of(association, session)
            .filter(|kind| *kind != self.kind && self.request.kinds.contains(kind));
        match kind {
            Some(kind) if self.attempt == Attempt::First => {
                self.request.send(kind, Attempt::Second, moment)
            }
            _ => Ok(Step::Done(None)),
        }
    }

    /// Returns the association, if it has the requested kind (§8.2.1). Errors name the wrong field.
    fn read(
        &self,
        direct: &DirectResponse,
        moment: &Moment,
    ) -> Result<Option<Association>, (&'static str, &'static str)> {
        let (association_type, session) = (self.kind.association_type(), self.kind.session_type());
        if direct.get("assoc_type") != Some(association_type.name()) {
            return Err(("assoc_type", "not the one that was asked for"));
        }
        let received = match (direct.get("session_type"), self.request.version) {
            (None | Some(""), Version::V1_1) => SessionType::NoEncryption,
            (name, _) => name.and_then(SessionType::of).ok_or(("session_type", "unknown"))?,
        };
        if received == session {
            return self.finish(direct, received, moment);
        }
        // In OpenID 1.1 a provider can send the key without encryption (§14.2.2), which is not safe
        // without TLS.
        match (self.request.version, received) {
            (Version::V1_1, SessionType::NoEncryption) if !is_secure(&self.request.uri) => Ok(None),
            (Version::V1_1, SessionType::NoEncryption) => self.finish(direct, received, moment),
            _ => Err(("session_type", "not the one that was asked for")),
        }
    }

    fn finish(
        &self,
        direct: &DirectResponse,
        session: SessionType,
        moment: &Moment,
    ) -> Result<Option<Association>, (&'static str, &'static str)> {
        let decoded = |name: &'static str| {
            let value = direct.get(name).ok_or((name, "missing"))?;
            STANDARD.decode(value).map(Zeroizing::new).map_err(|_| (name, "not base64"))
        };
        let key = match (session, &self.keys) {
            (SessionType::NoEncryption, _) | (_, None) => decoded("mac_key")?,
            (_, Some(keys)) => {
                let public = decoded("dh_server_public")?;
                let shared =
                    keys.agree(&public).ok_or(("dh_server_public", "not a valid public key"))?;
                session
                    .hide(&shared, &decoded("enc_mac_key")?)
                    .ok_or(("enc_mac_key", "of the wrong length"))?
            }
        };
        let lifetime = direct.get("expires_in").ok_or(("expires_in", "missing"))?;
        let digits = lifetime.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = lifetime
            .parse()
            .ok()
            .filter(|_| digits)
            .ok_or(("expires_in", "not a number of seconds"))?;
        let expires_at = moment.now.after(Duration::from_secs(seconds).min(LONGEST));
        let handle = direct.get("assoc_handle").unwrap_or_default();
        Association::new(
            &self.request.endpoint,
            handle,
            self.kind.association_type(),
            &key,
            expires_at,
        )
        .map(Some)
        .ok_or((
            "assoc_handle",
            "not 1 to 255 visible ASCII characters, or its key does not have \
            the length of assoc_type",
        ))
    }
}
