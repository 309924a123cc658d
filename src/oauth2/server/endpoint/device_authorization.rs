//! The device authorization endpoint, for devices without a browser: RFC 8628 §3.1 and §3.2.

use std::sync::Arc;

use http::{Request, StatusCode};

use crate::core::record_format::RecordFormat;
use crate::core::token_hash::TokenHash;
use crate::oauth2::common::names::DEVICE_CODE;
use crate::oauth2::common::pkce::Unguessable;
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::flow::storage::{EndpointOutput, ask};
use crate::oauth2::server::issue::tokens::grant_id;
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::refuse::respond;
use crate::oauth2::server::store::find::Find;
use crate::oauth2::server::store::queries::SaveOneTimeRecord;
use crate::oauth2::server::store::records::one_time_record::{
    DeviceStage, OneTimeContent, OneTimeRecord,
};
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};
use crate::{Moment, Response};

/// Consonants that are easy to distinguish and do not form words (§6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

impl Provider {
    /// Handles a request to the device authorization endpoint (RFC 8628 §3.1). The response
    /// contains a device code and a user code.
    pub fn device_authorization<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<Response> {
        self.or_reject_with_client(
            request,
            Endpoint::DeviceAuthorization,
            self.read_device_request(request, moment),
        )
    }

    pub(crate) fn read_device_request<B: AsRef<[u8]>, T: EndpointOutput>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> Result<ServerStep<T>, RejectReason> {
        let (parameters, presented) = self.posted(request, Endpoint::DeviceAuthorization)?;
        let (at, _) = self
            .grant_config(DEVICE_CODE)
            .ok_or_else(|| RejectReason::GrantTypeUnknown(DEVICE_CODE.to_owned()))?;
        let asked = parameters.scope(self.0.scope_separator);
        let resource = parameters.resources();
        self.check_resources(&resource)?;
        Ok(self.with_client(presented, Find::default(), moment.now, move |provider, found| {
            let client = found.client;
            if !client.may_use_grant_type(DEVICE_CODE) {
                return Err(RejectReason::NotAllowed(DEVICE_CODE.to_owned()));
            }
            let scope =
                provider.0.grant_types[at].scope_of(asked, client.metadata.scope.as_ref())?;
            let content = OneTimeContent::Device {
                scope,
                resource,
                stage: DeviceStage::Waiting,
                interval: provider.0.device_interval.as_secs(),
                asked_at: None,
            };
            let record = OneTimeRecord {
                format: RecordFormat,
                grant_id: grant_id(&moment),
                client_id: client.client_id.clone(),
                expires_at: moment.now.after(provider.0.device_lifetime),
                content,
            };
            let channel = RefusalChannel::json(Endpoint::DeviceAuthorization).of(&client);
            Ok(provider.begin_device(Arc::new(record), moment, channel, 0))
        }))
    }

    /// Saves the one-time record of the device. Tries another user code if the first one is already
    /// in use.
    fn begin_device<T: EndpointOutput>(
        self,
        record: Arc<OneTimeRecord>,
        moment: Moment,
        channel: RefusalChannel,
        attempt: u8,
    ) -> ServerStep<T> {
        let device_code = Unguessable::new(&moment, "oauth2 device code");
        let user_code = user_code(&moment, attempt);
        let query = SaveOneTimeRecord {
            key: TokenHash::of(device_code.as_str()),
            second_key: Some(user_code_hash(&user_code)),
            record: record.clone(),
            now: moment.now,
        };
        ask(NextQuery::SaveOneTimeRecord, query, channel.clone(), move |saved| {
            if !saved {
                return match attempt {
                    // A moment gives only eight user codes.
                    0..7 => Ok(self.begin_device(record, moment, channel, attempt + 1)),
                    _ => Err(RejectReason::Misconfigured(
                        "the store did not save a device code in eight attempts",
                    )),
                };
            }
            let verification_uri = self.0.paths.url(Endpoint::Device);
            let complete = self
                .0
                .allow_verification_uri_complete
                .then(|| format!("{verification_uri}?user_code={user_code}"));
            let mut answer = serde_json::json!({
                "device_code": device_code.as_str(),
                "user_code": user_code,
                "verification_uri": verification_uri,
                "expires_in": self.0.device_lifetime.as_secs(),
                "interval": self.0.device_interval.as_secs(),
            });
            if let Some(complete) = complete {
                answer["verification_uri_complete"] = complete.into();
            }
            Ok(ServerStep::Done(respond::to_json(StatusCode::OK, &answer)?.into()))
        })
    }
}

/// Returns eight letters with a dash in the middle. The 34 bits are enough, since the code lives
/// for minutes and only users who have signed in can try it (§5.1).
fn user_code(moment: &Moment, attempt: u8) -> String {
    let bytes = moment.derive(
        ["user code 0", "user code 1", "user code 2", "user code 3"][usize::from(attempt % 4)],
    );
    let at = if attempt < 4 { 0 } else { 16 };
    let letters: Vec<_> = bytes[at..at + 16]
        .as_chunks::<2>()
        .0
        .iter()
        // 65 536 is not a multiple of 20, so some letters are more likely than others. The
        // difference of 1 in 3 000 does not help an attacker.
        .map(|pair| char::from(LETTERS[usize::from(u16::from_be_bytes(*pair)) % 20]))
        .collect();
    letters.iter().take(4).chain(&['-']).chain(letters.iter().skip(4)).collect()
}

/// Returns the user code that a user has entered, in the form in which it was issued (§6.1).
pub(crate) fn as_issued(entered: &str) -> String {
    let letters = entered
        .chars()
        .map(|letter| letter.to_ascii_uppercase())
        .filter(char::is_ascii_alphanumeric);
    let mut code: String = letters.take(9).collect();
    if code.len() > 4 {
        code.insert(4, '-');
    }
    code
}

/// Returns the second key of a device's one-time record.
pub(crate) fn user_code_hash(user_code: &str) -> TokenHash {
    TokenHash::of_all(["user code", user_code])
}
