//! The page where a user enters the code of a device: RFC 8628 §3.3.

use std::fmt;
use std::sync::Arc;

use http::Request;
use serde::{Deserialize, Serialize};

use super::device_authorization::{as_issued, user_code_hash};
use crate::oauth2::Scope;
use crate::oauth2::common::names::DEVICE_CODE;
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::flow::attempts::Caller;
use crate::oauth2::server::flow::parameters::Parameters;
use crate::oauth2::server::flow::storage::{ask, check_method, or_reject};
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::reason::{MORE_THAN_ASKED, RejectReason};
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::store::queries::{
    FindClient, FindOneTimeRecord, FoundOneTimeRecord, ReplaceOneTimeRecord,
};
use crate::oauth2::server::store::records::approval::Approval;
use crate::oauth2::server::store::records::attempt::AttemptPurpose;
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::records::one_time_record::{
    DeviceStage, OneTimeContent, OneTimeRecord,
};
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};
use crate::{Moment, Timestamp};

/// The page where a user enters the code of a device (RFC 8628 §3.3). Sign the user in, show the
/// page with a field for the code, and pass the code to [`Provider::find_device`]. Only users who
/// are signed in should be able to try codes, since codes are short.
///
/// ```
/// use oauth_proto::oauth2::server::DevicePage;
///
/// fn field(page: &DevicePage) -> String {
///     // The code has only letters, digits and a dash.
///     format!(
///         r#"<input name="user_code" value="{}">"#,
///         page.user_code.as_deref().unwrap_or_default()
///     )
/// }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DevicePage {
    /// The user code in the URL of the request. Fill it into the input field of the page. Ask the
    /// user whether the device shows the same code (§3.3.1). `None` if the URL has no code.
    pub user_code: Option<String>,
}

impl fmt::Debug for DevicePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevicePage")
    }
}

/// A device's request for access, on which the user has to decide. The type implements serde's
/// `Serialize` and `Deserialize`, so you can store it until the decision. Store it on the server,
/// and protect the form of your page against CSRF: see [`Consent`](crate::oauth2::server::Consent).
///
/// Codes are short, so sign users in before they can try codes. [`Provider::find_device`] limits
/// the number of attempts (§5.1).
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
    /// The client id of the device's program. If the client is public, any other program can use
    /// this client id.
    pub client_id: String,
    /// The name of the client, to show to the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The code that the device shows. Show it on your page, too, so that the user can compare.
    pub user_code: String,
    /// The scope that the client requests.
    pub scope: Scope,
    /// The resources to which the client requests access (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// The time at which the device code expires.
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
    /// Handles a request to the page where a user enters the code of a device (RFC 8628 §3.3).
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

    /// Finds the device that waits with a user code. Upper and lower case count as equal, and all
    /// characters except letters and digits are ignored. If no device waits with the code, the
    /// request is refused with [`RejectReason::UserCode`]. Then show the page with the field again.
    ///
    /// Name the caller by the user who is signed in, or by the session. A caller that tries more
    /// codes than
    /// [`user_code_attempts`](crate::oauth2::server::ProviderBuilder::user_code_attempts) allows is
    /// refused with [`RejectReason::TooManyAttempts`].
    pub fn find_device(
        &self,
        user_code: &str,
        caller: impl Into<Caller>,
        now: Timestamp,
    ) -> ServerStep<DeviceConsent> {
        let user_code = as_issued(user_code);
        let attempt = self.0.attempt(AttemptPurpose::UserCode, Some(&caller.into()), "", now);
        let Some(attempt) = attempt else { return find_device(user_code, now) };
        let channel = RefusalChannel::page(Endpoint::Device);
        attempt.count_first(channel, move || Ok(find_device(user_code, now)))
    }

    /// Stores that the user grants access to the device. Sign the user in before you call this.
    pub fn approve_device(
        &self,
        device: DeviceConsent,
        grant: Approval,
        moment: Moment,
    ) -> ServerStep<()> {
        self.clone().decide_device(device, Some(grant), moment, 0)
    }

    /// Stores that the user denies access to the device.
    pub fn deny_device(&self, device: DeviceConsent, moment: Moment) -> ServerStep<()> {
        self.clone().decide_device(device, None, moment, 0)
    }

    /// Stores the decision. Tries again if a request of the device has changed the one-time record
    /// in between.
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

/// Finds the device that waits with a user code.
fn find_device(user_code: String, now: Timestamp) -> ServerStep<DeviceConsent> {
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
                let OneTimeContent::Device { scope, resource, .. } = &found.record.content else {
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

/// Returns whether a device waits for a decision.
fn waits(found: &FoundOneTimeRecord, now: Timestamp) -> bool {
    let waiting =
        matches!(&found.record.content, OneTimeContent::Device { stage: DeviceStage::Waiting, .. });
    waiting && !found.used && found.record.expires_at > now
}
