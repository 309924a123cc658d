//! The page where a user enters a device's code, RFC 8628 §3.3.

use std::fmt;
use std::sync::Arc;

use http::Request;
use serde::{Deserialize, Serialize};

use super::device_authorization::{as_issued, user_code_hash};
use crate::oauth2::Scope;
use crate::oauth2::common::names::DEVICE_CODE;
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::flow::parameters::Parameters;
use crate::oauth2::server::flow::storage::{ask, check_method, or_reject};
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::reason::{MORE_THAN_ASKED, RejectReason};
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::store::queries::{
    FindClient, FindOneTimeRecord, FoundOneTimeRecord, ReplaceOneTimeRecord,
};
use crate::oauth2::server::store::records::approval::Approval;
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::records::one_time_record::{
    DeviceStage, OneTimeContent, OneTimeRecord,
};
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};
use crate::{Moment, Timestamp};

/// A user with a device in hand has come: show a field for its code, once they have signed in, and
/// ask [`Provider::find_device`] about what they enter. Nothing is looked up before, since codes
/// are short, and only users whom the application knows should be able to try them.
///
/// ```
/// use oauth_proto::oauth2::server::DevicePage;
///
/// fn field(page: &DevicePage) -> String {
///     // It is empty, or has the characters of a code alone.
///     format!(
///         r#"<input name="user_code" value="{}">"#,
///         page.user_code.as_deref().unwrap_or_default()
///     )
/// }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DevicePage {
    /// The code in the URL, for the field. The user still has to be asked whether it is the one
    /// that the device shows (§3.3.1).
    pub user_code: Option<String>,
}

impl fmt::Debug for DevicePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevicePage")
    }
}

/// A device that asks for access, while the user decides. It is serde, so that it survives a login
/// page; the advice at [`Consent`](crate::oauth2::server::Consent) about its storage and its form
/// applies here, too.
///
/// A user who tries codes must have signed in, and the application has to bound the number of
/// attempts (§5.1): codes are short.
///
/// ```
/// use oauth_proto::Moment;
/// use oauth_proto::oauth2::server::{Approval, DeviceConsent, Provider, ServerStep};
///
/// fn decide(provider: &Provider, device: DeviceConsent, allow: bool) -> ServerStep<()> {
///     match allow {
///         true => provider.approve_device(device, Approval::new("jane"), Moment::from_os()),
///         false => provider.deny_device(device, Moment::from_os()),
///     }
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeviceConsent {
    /// The client that asks. Nothing proves that it is that one, if it is public.
    pub client_id: String,
    /// Its name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The code that the device shows, to be shown once more.
    pub user_code: String,
    /// The scope that is asked for.
    pub scope: Scope,
    /// The resources that it is for (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// The time until which the decision is awaited.
    pub expires_at: Timestamp,
}

impl fmt::Debug for DeviceConsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceConsent")
            .field("client_id", &self.client_id)
            .field("scope", &self.scope)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Provider {
    /// Answers at the endpoint where a user enters a device's code (§3.3).
    pub fn device_page<B>(&self, request: &Request<B>) -> ServerStep<DevicePage> {
        or_reject(
            &RefusalChannel::page(Endpoint::Device),
            self.read_page_request(request).map(ServerStep::Done),
        )
    }

    pub(crate) fn read_page_request<B>(
        &self,
        request: &Request<B>,
    ) -> Result<DevicePage, RejectReason> {
        check_method(request, "GET")?;
        let parameters = Parameters::parse(request.uri().query().unwrap_or_default())?;
        Ok(DevicePage { user_code: parameters.get("user_code").map(as_issued) })
    }

    /// Finds the device that waits with that code. Upper and lower case are the same, and
    /// characters between the letters are ignored. If there is no such device, the request is
    /// refused with [`RejectReason::UserCode`]; the application then shows the field once more.
    pub fn find_device(&self, user_code: &str, now: Timestamp) -> ServerStep<DeviceConsent> {
        let user_code = as_issued(user_code);
        let key = user_code_hash(&user_code);
        let channel = RefusalChannel::page(Endpoint::Device);
        ask(NextQuery::FindOneTimeRecord, FindOneTimeRecord { key }, channel, move |found| {
            let found = found.filter(|found| waits(found, now)).ok_or(RejectReason::UserCode)?;
            let query = FindClient { client_id: found.record.client_id.clone() };
            Ok(ask(
                NextQuery::FindClient,
                query,
                RefusalChannel::page(Endpoint::Device),
                move |client| {
                    let client = client.ok_or(RejectReason::UserCode)?;
                    let OneTimeContent::Device { scope, resource, .. } = &found.record.content
                    else {
                        return Err(RejectReason::UserCode);
                    };
                    Ok(ServerStep::Done(DeviceConsent {
                        client_id: client.client_id.clone(),
                        client_name: client.metadata.client_name.clone(),
                        user_code,
                        scope: scope.clone(),
                        resource: resource.clone(),
                        expires_at: found.record.expires_at,
                    }))
                },
            ))
        })
    }

    /// Grants the device what it asks, for the user. Call it only after the application knows who
    /// the user is.
    pub fn approve_device(
        &self,
        device: DeviceConsent,
        grant: Approval,
        moment: Moment,
    ) -> ServerStep<()> {
        self.clone().decide_device(device, Some(grant), moment, 0)
    }

    /// Refuses the device what it asks, for the user.
    pub fn deny_device(&self, device: DeviceConsent, moment: Moment) -> ServerStep<()> {
        self.clone().decide_device(device, None, moment, 0)
    }

    /// Notes the decision; once more if the device has asked in between, which changes its one-time
    /// record.
    fn decide_device(
        self,
        device: DeviceConsent,
        grant: Option<Approval>,
        moment: Moment,
        attempt: u8,
    ) -> ServerStep<()> {
        if !self.offers(DEVICE_CODE) {
            return or_reject(
                &RefusalChannel::page(Endpoint::Device),
                Err(RejectReason::GrantTypeUnknown(DEVICE_CODE.to_owned())),
            );
        }
        let key = user_code_hash(&device.user_code);
        let channel = RefusalChannel::page(Endpoint::Device);
        ask(NextQuery::FindOneTimeRecord, FindOneTimeRecord { key }, channel, move |found| {
            let same = |found: &FoundOneTimeRecord| {
                waits(found, moment.now) && found.record.client_id == device.client_id
            };
            let found = found.filter(same).ok_or(RejectReason::UserCode)?;
            let mut record = OneTimeRecord::clone(&found.record);
            let grant_id = record.grant_id;
            let OneTimeContent::Device { scope, resource, stage, .. } = &mut record.content else {
                return Err(RejectReason::UserCode);
            };
            *stage = match grant.clone() {
                None => DeviceStage::Denied,
                Some(approval) => {
                    let client_id = device.client_id.clone();
                    let mut asked = GrantRecord::new(
                        grant_id,
                        client_id,
                        DEVICE_CODE,
                        scope.clone(),
                        moment.now,
                    );
                    asked.resource.clone_from(resource);
                    DeviceStage::Granted(Arc::new(asked.approved(approval).ok_or(MORE_THAN_ASKED)?))
                }
            };
            let query = ReplaceOneTimeRecord {
                key: found.key,
                version: found.version,
                record: Arc::new(record),
            };
            let channel = RefusalChannel::page(Endpoint::Device);
            Ok(ask(NextQuery::ReplaceOneTimeRecord, query, channel, move |replaced| {
                match (replaced, attempt) {
                    (true, _) => Ok(ServerStep::Done(())),
                    (false, 0..8) => Ok(self.decide_device(device, grant, moment, attempt + 1)),
                    (false, _) => Err(RejectReason::UserCode),
                }
            }))
        })
    }
}

/// Returns whether a device waits for a decision.
fn waits(found: &FoundOneTimeRecord, now: Timestamp) -> bool {
    let waiting =
        matches!(&found.record.content, OneTimeContent::Device { stage: DeviceStage::Waiting, .. });
    waiting && !found.used && found.record.expires_at > now
}
