//! The token endpoint: RFC 6749 §3.2.

use http::Request;

use crate::oauth2::Scope;
use crate::oauth2::common::names::IMPLICIT;
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::flow::client_authentication::AuthenticatedClient;
use crate::oauth2::server::flow::storage::EndpointOutput;
use crate::oauth2::server::grant::grant_parameters::GrantParameters;
use crate::oauth2::server::issue::token_request::TokenRequest;
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::store::attempts::CountAttempt;
use crate::oauth2::server::store::records::attempt::AttemptPurpose;
use crate::oauth2::server::store::traits::ServerStep;
use crate::wire::truncated;
use crate::{Moment, Response};

impl Provider {
    /// Handles a request to the token endpoint (RFC 6749 §3.2). If the application decides on a
    /// grant type, drive the request with
    /// [`Serve::decide_grant`](crate::oauth2::server::Serve::decide_grant).
    pub fn token<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<Response> {
        self.or_reject_with_client(
            request,
            Endpoint::Token,
            self.read_token_request(request, moment),
        )
    }

    pub(crate) fn read_token_request<B: AsRef<[u8]>, T: EndpointOutput>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> Result<ServerStep<T>, RejectReason> {
        let (mut parameters, presented) = self.posted(request, Endpoint::Token)?;
        let caller = presented.caller.as_deref();
        let name = parameters.need("grant_type")?;
        let (offer, grant_type) = self
            .grant_config(name)
            .filter(|(_, offer)| offer.name != IMPLICIT)
            .ok_or_else(|| unknown(name))?;
        let shown = GrantParameters::read(grant_type, &parameters)?;
        let resource = parameters.resources();
        let scope =
            parameters.take("scope").map(|scope| Scope::separated(scope, self.0.scope_separator));
        let mut records = shown.records();
        let attempt = match &shown {
            GrantParameters::Password { username, .. } => {
                // Applications often ignore case and white space in names.
                let user = username.trim().to_lowercase();
                self.0.attempt(AttemptPurpose::Password, caller, &user, moment.now)
            }
            _ => None,
        };
        records.attempts.extend(attempt.as_ref().map(CountAttempt::find));
        Ok(self.with_client(presented, records, moment.now, move |provider, authenticated| {
            let AuthenticatedClient { client, client_id, one_time_record, token: found, attempts } =
                authenticated;
            let work = TokenRequest {
                provider,
                client,
                client_id,
                moment,
                offer,
                scope,
                resource,
                attempt,
            };
            let name = &work.grant_type().name;
            if !work.client.may_use_grant_type(name) {
                return Err(RejectReason::NotAllowed(name.clone()));
            }
            match shown {
                GrantParameters::Code { redirect_uri, verifier, .. } => {
                    work.redeem_code(one_time_record, redirect_uri.as_deref(), verifier.as_ref())
                }
                GrantParameters::Refresh { key, token } => work.refresh(key, token, found),
                GrantParameters::Device(key) => work.poll_device(key, one_time_record),
                GrantParameters::Client => work.grant_client(),
                GrantParameters::Password { username, password } => {
                    if let Some(attempt) = &work.attempt {
                        attempt.check(attempts.into_iter().next())?;
                    }
                    work.check_password(username, password)
                }
                GrantParameters::Exchange(exchanged) => work.exchange(exchanged, found),
                GrantParameters::Extension(parameters) => work.extend(parameters),
            }
        }))
    }
}

fn unknown(grant_type: &str) -> RejectReason {
    RejectReason::GrantTypeUnknown(truncated(grant_type))
}
