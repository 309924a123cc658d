//! Responses about signatures, each confirmed once: OpenID Authentication 2.0 §11.4.2.

use std::time::Duration;

use http::StatusCode;

use super::super::association::signature_fits;
use super::super::message::{Message, Version};
use super::super::nonce::remember_nonce;
use super::association_handle::Sharing;
use super::dispatched::Dispatched;
use super::provider::Provider;
use super::queries::{NextQuery, ServerStep};
use super::reject_reason::RejectReason;
use super::responses::direct;
use crate::core::query::PendingQuery;
use crate::{OneTimeUse, Timestamp};

/// The time for which a response is remembered beyond its handle, since clocks differ.
const HANDLE_MARGIN: Duration = Duration::from_secs(60);

impl Provider {
    pub(super) fn check_authentication(
        &self,
        message: &Message,
        version: Version,
        now: Timestamp,
    ) -> ServerStep<Dispatched> {
        let mut answer = Message::answer(version);
        // Only invalid handles are returned (§11.4.2.2).
        if let Some(handle) = message.get("invalidate_handle")
            && !handle.contains('\n')
            && self
                .handles
                .open(handle, now)
                .is_none_or(|handle| handle.sharing == Sharing::Private)
        {
            answer.set("invalidate_handle", handle);
        }
        let end = move |valid: bool| {
            let mut answer = answer;
            answer.set("is_valid", if valid { "true" } else { "false" });
            ServerStep::Done(Dispatched::Respond(direct(StatusCode::OK, &answer)))
        };
        // With a shared key, the relying party could have made the signature itself.
        let handle = message.get("assoc_handle").and_then(|handle| self.handles.open(handle, now));
        let Some(handle) = handle.filter(|handle| {
            handle.sharing == Sharing::Private
                && signature_fits(handle.association_type, &handle.mac_key, message)
        }) else {
            return end(false);
        };
        let until = handle.expires_at.after(HANDLE_MARGIN);
        let query = remember_nonce(&self.endpoint, &handle.text, now, until);
        ServerStep::Query(NextQuery::RememberOnce(PendingQuery::new(query, move |answer| {
            match answer {
                Ok(one_time_use) => end(one_time_use == OneTimeUse::First),
                Err(why) => ServerStep::Reject(RejectReason::StoreFailed(why).direct(version, &[])),
            }
        })))
    }
}
