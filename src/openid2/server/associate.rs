//! Responses to requests for associations: OpenID Authentication 2.0 §8.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;

use super::super::association::{AssociationKind, AssociationType, SessionType};
use super::super::diffie_hellman::{GENERATOR, Group};
use super::super::message::{Message, Version};
use super::association_handle::Sharing;
use super::dispatched::Dispatched;
use super::provider::Provider;
use super::queries::ServerStep;
use super::reject_reason::RejectReason;
use super::rejected::Rejected;
use super::responses::direct;
use crate::{Moment, Response};

impl Provider {
    pub(super) fn associate(
        &self,
        message: &Message,
        version: Version,
        moment: &Moment,
    ) -> ServerStep<Dispatched> {
        match self.granted(message, version, moment) {
            Ok(response) => ServerStep::Done(Dispatched::Respond(response)),
            Err(rejected) => ServerStep::Reject(rejected),
        }
    }

    fn granted(
        &self,
        message: &Message,
        version: Version,
        moment: &Moment,
    ) -> Result<Response, Rejected> {
        let kind = self.kind(message, version)?;
        let (association_type, session) = (kind.association_type(), kind.session_type());
        let unavailable = || {
            RejectReason::StoreFailed("the association could not be created".to_owned())
                .direct(version, &[])
        };
        let handle = self
            .handles
            .issue(association_type, Sharing::Shared, self.association_lifetime, moment)
            .ok_or_else(unavailable)?;
        let mut answer = Message::answer(version);
        answer.set("assoc_handle", &handle.text);
        answer.set("assoc_type", association_type.name());
        answer.set("expires_in", moment.now.until(handle.expires_at).as_secs().to_string());
        if session == SessionType::NoEncryption {
            // OpenID 1.1 has no name for the missing encryption (§14.2.2).
            if version == Version::V2_0 {
                answer.set("session_type", session.name());
            }
            answer.set("mac_key", STANDARD.encode(&*handle.mac_key));
            return Ok(direct(StatusCode::OK, &answer));
        }
        answer.set("session_type", session.name());
        let decoded = |name: &'static str| {
            let value = message.get(name).map(|value| STANDARD.decode(value));
            value.transpose().map_err(|_| RejectReason::Invalid(name).direct(version, &[]))
        };
        let missing = || RejectReason::Missing("dh_consumer_public").direct(version, &[]);
        let public = decoded("dh_consumer_public")?.ok_or_else(missing)?;
        let generator = decoded("dh_gen")?.unwrap_or(GENERATOR.to_vec());
        let group = match decoded("dh_modulus")? {
            None => Group::standard_with(&generator),
            Some(modulus) => Group::new(&modulus, &generator),
        };
        let group =
            group.ok_or_else(|| RejectReason::Invalid("dh_modulus").direct(version, &[]))?;
        let keys = group.key_pair(moment.derive("openid dh key"));
        let shared = keys
            .agree(&public)
            .ok_or_else(|| RejectReason::Invalid("dh_consumer_public").direct(version, &[]))?;
        let hidden = session.hide(&shared, &handle.mac_key).ok_or_else(unavailable)?;
        answer.set("dh_server_public", STANDARD.encode(keys.public().ok_or_else(unavailable)?));
        answer.set("enc_mac_key", STANDARD.encode(&*hidden));
        Ok(direct(StatusCode::OK, &answer))
    }

    /// Returns the requested kind, if the options have it. If not, the refusal names a kind that
    /// they have (§8.2.4).
    fn kind(&self, message: &Message, version: Version) -> Result<AssociationKind, Rejected> {
        let granted =
            |kind: &AssociationKind| (self.is_secure || kind.hides_key()) && kind.is_in(version);
        let association = match (message.get("assoc_type"), version) {
            (None, Version::V1_1) => Some(AssociationType::HmacSha1),
            (name, _) => AssociationType::of(
                name.ok_or_else(|| RejectReason::Missing("assoc_type").direct(version, &[]))?,
            ),
        };
        let session = match (message.get("session_type"), version) {
            (None | Some(""), Version::V1_1) => Some(SessionType::NoEncryption),
            (name, _) => SessionType::of(
                name.ok_or_else(|| RejectReason::Missing("session_type").direct(version, &[]))?,
            ),
        };
        let asked = AssociationKind::of(association, session);
        if let Some(kind) = self.kinds.iter().find(|kind| granted(kind) && Some(**kind) == asked) {
            return Ok(*kind);
        }
        let mut fields = vec![("error_code", "unsupported-type")];
        if let Some(kind) = self.kinds.iter().find(|kind| granted(kind)) {
            fields.push(("assoc_type", kind.association_type().name()));
            fields.push(("session_type", kind.session_type().name()));
        }
        Err(RejectReason::UnsupportedType.direct(version, &fields))
    }
}
