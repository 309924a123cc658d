//! Token introspection: RFC 7662.

use std::sync::Arc;

use http::{Request, StatusCode};

use crate::core::token_hash::TokenHash;
use crate::oauth2::Introspection;
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::flow::client_authentication::AuthenticatedClient;
use crate::oauth2::server::flow::storage::EndpointOutput;
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::refuse::{events, respond};
use crate::oauth2::server::store::attempts::CountAttempt;
use crate::oauth2::server::store::extend_response::{ExtendResponse, ResponseKind};
use crate::oauth2::server::store::find::Find;
use crate::oauth2::server::store::records::attempt::AttemptPurpose;
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::token_record::{TokenKind, TokenRecord};
use crate::oauth2::server::store::traits::ServerStep;
use crate::{Moment, Response, Timestamp};

impl Provider {
    /// Handles a request to the introspection endpoint (RFC 7662). A confidential client can
    /// introspect its own tokens. A client with
    /// [`may_introspect_all`](crate::oauth2::server::store::ClientRecord::may_introspect_all) can
    /// also introspect the access tokens of all other clients. For all other tokens the response is
    /// `"active": false`. Public clients are refused.
    pub fn introspect<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<Response> {
        self.or_reject_with_client(
            request,
            Endpoint::Introspect,
            self.read_introspection(request, moment),
        )
    }

    pub(crate) fn read_introspection<B: AsRef<[u8]>, T: EndpointOutput>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> Result<ServerStep<T>, RejectReason> {
        let (parameters, presented) = self.posted(request, Endpoint::Introspect)?;
        let mut records = Find::token(TokenHash::of(parameters.need("token")?));
        let attempt = self.0.attempt(
            AttemptPurpose::Introspection,
            presented.caller.as_deref(),
            presented.client_id(),
            moment.now,
        );
        records.attempts.extend(attempt.as_ref().map(CountAttempt::find));
        Ok(self.with_client(presented, records, moment.now, move |provider, authenticated| {
            let AuthenticatedClient { client, token: found, attempts, .. } = authenticated;
            if client.is_public() {
                return Err(RejectReason::MayNotIntrospect);
            }
            // A resource server introspects the wrong tokens that its own callers send. They must
            // not be able to use up its limit.
            let attempt = attempt.filter(|_| !client.introspects_all);
            if let Some(attempt) = &attempt {
                attempt.check(attempts.into_iter().next())?;
            }
            let channel = RefusalChannel::json(Endpoint::Introspect).of(&client);
            let record = match provider.tells(&client, found, moment.now) {
                Ok(record) => record,
                Err(reason) => {
                    events::inactive(&client, &reason);
                    return match attempt.filter(|_| reason == RejectReason::TokenUnknown) {
                        Some(attempt) => {
                            let inactive = || answer(&Introspection::default());
                            Ok(attempt.count_first(channel, inactive))
                        }
                        None => answer(&Introspection::default()),
                    };
                }
            };
            let mut told = provider.explain(&record);
            if !provider.0.extend_introspection {
                return answer(&told);
            }
            let query = ExtendResponse::about(ResponseKind::Introspection, &client, &record);
            Ok(query.ask(channel, move |members| {
                told.extra.extend(members);
                answer(&told)
            }))
        }))
    }

    /// Returns the token if it is active for the client. Otherwise returns the reason, for the log.
    fn tells(
        &self,
        client: &ClientRecord,
        found: Option<Arc<TokenRecord>>,
        now: Timestamp,
    ) -> Result<Arc<TokenRecord>, RejectReason> {
        let record = found.ok_or(RejectReason::TokenUnknown)?;
        let is_own = record.grant.client_id == client.client_id;
        // A resource server must not accept a refresh token as an access token.
        let may_see_all = client.introspects_all && record.kind == TokenKind::Access;
        if !is_own && !may_see_all {
            return Err(RejectReason::TokenOfAnotherClient);
        }
        if let Some(at) = record.expires_at.filter(|at| *at <= now) {
            return Err(RejectReason::TokenExpired { at, now });
        }
        if record.replaced.is_some() {
            return Err(RejectReason::RefreshTokenReplaced);
        }
        Ok(record)
    }

    fn explain(&self, record: &TokenRecord) -> Introspection {
        let scope = record.scope();
        let told = |member: &String| Some((member.clone(), record.grant.data.get(member)?.clone()));
        Introspection {
            extra: self.0.introspect_data.iter().filter_map(told).collect(),
            active: true,
            scope: (!scope.is_empty()).then(|| scope.joined(self.0.scope_separator).into()),
            client_id: Some(record.grant.client_id.clone()),
            token_type: Some(match record.kind {
                TokenKind::Access => "Bearer".to_owned(),
                // `N_A` says that resource servers do not accept the token (RFC 8693 §2.2.1).
                TokenKind::Refresh => "N_A".to_owned(),
            }),
            exp: record.expires_at,
            iat: Some(record.issued_at),
            sub: record.grant.user.clone(),
            aud: record.resource().to_vec(),
            iss: Some(self.0.issuer.clone()),
            ..Introspection::default()
        }
    }
}

fn answer<T: EndpointOutput>(introspection: &Introspection) -> Result<ServerStep<T>, RejectReason> {
    Ok(ServerStep::Done(respond::to_json(StatusCode::OK, introspection)?.into()))
}
