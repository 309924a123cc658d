//! The device grant at the token endpoint: RFC 8628 §3.4 and §3.5.

use std::sync::Arc;

use crate::core::token_hash::TokenHash;
use crate::oauth2::server::flow::storage::{EndpointOutput, ask};
use crate::oauth2::server::issue::token_request::TokenRequest;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::store::queries::{FoundOneTimeRecord, ReplaceOneTimeRecord};
use crate::oauth2::server::store::records::one_time_record::{
    DeviceStage, OneTimeContent, OneTimeRecord,
};
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};

impl TokenRequest {
    /// Handles a request of a device that polls for the user's decision (§3.4). `key` is the hash
    /// of the device code.
    pub(crate) fn poll_device<T: EndpointOutput>(
        self,
        key: TokenHash,
        found: Option<FoundOneTimeRecord>,
    ) -> Result<ServerStep<T>, RejectReason> {
        let ours = |found: &FoundOneTimeRecord| {
            // The user code finds the one-time record, too, but must not be accepted as a device
            // code.
            found.key == key && !found.used && found.record.client_id == self.client.client_id
        };
        let found = found.filter(ours).ok_or(RejectReason::DeviceUnknown)?;
        let OneTimeContent::Device { stage, .. } = &found.record.content else {
            return Err(RejectReason::DeviceUnknown);
        };
        if found.record.expires_at <= self.moment.now {
            return Err(RejectReason::DeviceExpired);
        }
        match stage {
            DeviceStage::Waiting => Ok(self.note_question(&found)),
            DeviceStage::Denied => Err(RejectReason::Denied),
            DeviceStage::Granted(_) => self.use_up(found),
        }
    }

    /// Refuses the request because the user has not decided yet. A device that polls too often must
    /// wait longer from then on (§3.5).
    fn note_question<T: EndpointOutput>(self, found: &FoundOneTimeRecord) -> ServerStep<T> {
        let now = self.moment.now;
        let mut record = OneTimeRecord::clone(&found.record);
        let mut reason = RejectReason::DevicePending;
        if let OneTimeContent::Device { interval, asked_at, .. } = &mut record.content {
            let wait = std::time::Duration::from_secs(*interval);
            if asked_at.is_some_and(|before| before.after(wait) > now) {
                *interval = interval.saturating_add(5);
                reason = RejectReason::DeviceTooFast;
            }
            *asked_at = Some(now);
        }
        let query = ReplaceOneTimeRecord {
            key: found.key,
            version: found.version,
            record: Arc::new(record),
        };
        // If the one-time record has changed in between, the next request of the device sees the
        // change.
        ask(NextQuery::ReplaceOneTimeRecord, query, self.refusal_channel(), move |_| Err(reason))
    }
}
