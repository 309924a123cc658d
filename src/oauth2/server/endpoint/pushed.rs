//! Pushed authorization requests: RFC 9126.

use std::sync::Arc;

use http::{Request, StatusCode};

use super::authorize::PATIENCE;
use crate::core::record_format::RecordFormat;
use crate::core::token_hash::TokenHash;
use crate::oauth2::common::pkce::Unguessable;
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::flow::parameters::Parameters;
use crate::oauth2::server::flow::storage::{EndpointOutput, ask};
use crate::oauth2::server::issue::tokens::grant_id;
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::refuse::respond;
use crate::oauth2::server::store::find::Find;
use crate::oauth2::server::store::queries::SaveOneTimeRecord;
use crate::oauth2::server::store::records::one_time_record::{OneTimeContent, OneTimeRecord};
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};
use crate::{Moment, Response};

impl Provider {
    /// Handles a pushed authorization request (RFC 9126 §2). The client sends the parameters, and
    /// the response contains a `request_uri`, or an error if a parameter is wrong. The client then
    /// sends the user's browser to the authorization endpoint with only the `request_uri` and its
    /// client id.
    pub fn push<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<Response> {
        self.or_reject_with_client(
            request,
            Endpoint::PushedRequest,
            self.read_pushed_request(request, moment),
        )
    }

    pub(crate) fn read_pushed_request<B: AsRef<[u8]>, T: EndpointOutput>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> Result<ServerStep<T>, RejectReason> {
        let (parameters, presented) = self.posted(request, Endpoint::PushedRequest)?;
        if parameters.get("request_uri").is_some() {
            return Err(RejectReason::ParameterInvalid {
                name: "request_uri",
                why: "a pushed request must not have this parameter (RFC 9126 section 2.1)",
            });
        }
        let body = String::from_utf8_lossy(request.body().as_ref()).into_owned();
        Ok(self.with_client(presented, Find::default(), moment.now, move |provider, found| {
            let client = found.client;
            let parameters = Parameters::parse(&body)?;
            let back = provider.back(&client, &parameters)?;
            let consent = provider.consent(&client, &parameters, back, moment.now)?;
            let uri = format!(
                "urn:ietf:params:oauth:request_uri:{}",
                Unguessable::new(&moment, "oauth2 request_uri").as_str()
            );
            let lifetime = provider.0.pushed_request_lifetime;
            let loadable_until = moment.now.after(lifetime);
            let record = OneTimeRecord {
                format: RecordFormat,
                grant_id: grant_id(&moment),
                client_id: client.client_id.clone(),
                // The user can still decide on a page that was opened before `loadable_until`.
                expires_at: loadable_until.after(PATIENCE),
                content: OneTimeContent::Pushed { consent: Box::new(consent), loadable_until },
            };
            let query = SaveOneTimeRecord {
                key: TokenHash::of(&uri),
                second_key: None,
                record: Arc::new(record),
                now: moment.now,
            };
            let channel = RefusalChannel::json(Endpoint::PushedRequest).of(&client);
            Ok(ask(NextQuery::SaveOneTimeRecord, query, channel, move |_| {
                let answer =
                    serde_json::json!({ "request_uri": uri, "expires_in": lifetime.as_secs() });
                Ok(ServerStep::Done(respond::to_json(StatusCode::CREATED, &answer)?.into()))
            }))
        }))
    }
}
