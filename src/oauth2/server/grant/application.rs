//! Grant types on which the application decides without a page: passwords (RFC 6749 §4.3), token
//! exchange (RFC 8693) and extension grants (RFC 6749 §4.5).

use std::sync::Arc;

use super::grant_parameters::ExchangeParameters;
use crate::Secret;
use crate::core::query::PendingQuery;
use crate::core::token_hash::TokenHash;
use crate::oauth2::Scope;
use crate::oauth2::common::names::PASSWORD;
use crate::oauth2::server::flow::storage::{EndpointOutput, or_reject};
use crate::oauth2::server::issue::token_request::TokenRequest;
use crate::oauth2::server::issue::tokens::grant_id;
use crate::oauth2::server::refuse::reason::{MORE_THAN_ASKED, RejectReason};
use crate::oauth2::server::store::decide_grant::{
    DecideGrant, Decision, Exchange, GrantCredential,
};
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::records::token_record::{TokenKind, TokenRecord};
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};

/// The highest number of exchanges between a grant of a user or a client and a token. A store looks
/// at all tokens in between to see whether a token was revoked.
const MOST_EXCHANGES: u8 = 16;

impl TokenRequest {
    pub(crate) fn check_password<T: EndpointOutput>(
        mut self,
        username: String,
        password: Secret,
    ) -> Result<ServerStep<T>, RejectReason> {
        let scope = self.allowed_scope()?;
        self.decide(GrantCredential::Password { username, password }, scope, None)
    }

    pub(crate) fn extend<T: EndpointOutput>(
        mut self,
        parameters: Vec<(String, Secret)>,
    ) -> Result<ServerStep<T>, RejectReason> {
        let scope = self.allowed_scope()?;
        let grant_type = self.grant_type().name.clone();
        self.decide(GrantCredential::Extension { grant_type, parameters }, scope, None)
    }

    /// Handles a token exchange. `found` is the subject token, if this server issued it.
    pub(crate) fn exchange<T: EndpointOutput>(
        self,
        ExchangeParameters { exchange, subject }: ExchangeParameters,
        found: Option<Arc<TokenRecord>>,
    ) -> Result<ServerStep<T>, RejectReason> {
        let Some((key, kind)) = subject else { return self.exchange_with(exchange, None) };
        let now = self.moment.now;
        let lives = |record: &Arc<TokenRecord>| {
            record.kind == kind && record.replaced.is_none() && !record.has_expired(now)
        };
        if let Some(record) = found.as_ref().filter(|record| record.kind == TokenKind::Refresh)
            && record.grant.client_id != self.client.client_id
        {
            // As in the refresh token grant: if another client has the token, it has leaked.
            let reason = RejectReason::RefreshTokenOfAnotherClient(self.client.client_id.clone());
            return Ok(self.revoke(record.grant.id, reason));
        }
        let subject = found.filter(lives);
        if subject.as_ref().is_some_and(|subject| subject.grant.exchanges() >= MOST_EXCHANGES) {
            return Err(RejectReason::ExchangedTooOften(MOST_EXCHANGES));
        }
        self.exchange_with(exchange, subject.map(|record| (key, record)))
    }

    /// Asks the application about the exchange of a token. If this server issued the token, the new
    /// token has no scopes and resources that the exchanged token does not have.
    fn exchange_with<T: EndpointOutput>(
        mut self,
        mut exchange: Box<Exchange>,
        subject: Option<(TokenHash, Arc<TokenRecord>)>,
    ) -> Result<ServerStep<T>, RejectReason> {
        let scope = match &subject {
            Some((_, subject)) if self.scope.as_ref().is_none_or(Scope::is_empty) => {
                self.common_scope(subject)
            }
            Some((_, subject)) => {
                let scope = self.allowed_scope()?;
                if scope.missing_from(subject.scope()).next().is_some() {
                    return Err(RejectReason::scope_refused(scope.missing_from(subject.scope())));
                }
                scope
            }
            None => self.allowed_scope()?,
        };
        exchange.subject = subject.as_ref().map(|(_, record)| record.clone());
        self.decide(GrantCredential::Exchange(exchange), scope, subject)
    }

    /// Returns the part of a token's scope that the client may request.
    fn common_scope(&self, subject: &TokenRecord) -> Scope {
        let offered = self.grant_type().scopes.as_ref();
        let allowed = self.client.metadata.scope.as_ref();
        let may = |word: &&str| {
            offered.is_some_and(|own| own.contains(word))
                && allowed.is_none_or(|allowed| allowed.contains(word))
        };
        subject.scope().iter().filter(may).collect()
    }

    fn decide<T: EndpointOutput>(
        self,
        credential: GrantCredential,
        scope: Scope,
        parent: Option<(TokenHash, Arc<TokenRecord>)>,
    ) -> Result<ServerStep<T>, RejectReason> {
        let bounds = parent.as_ref().map(|(_, subject)| subject.resource()).unwrap_or_default();
        let mut resource = self.allowed_resource(bounds)?;
        if resource.is_empty() {
            resource = bounds.to_vec();
        }
        let query = DecideGrant { client: self.client.clone(), scope, resource, credential };
        if let Some(handler) = &self.grant_type().handler {
            let decision = handler.handle(&query, self.moment.now);
            return self.decided(decision, query.scope, query.resource, parent);
        }
        Ok(self.ask_application(query, |work, decision, query| {
            work.decided(decision, query.scope, query.resource, parent)
        }))
    }

    /// Asks the application, and continues with its decision and the query.
    pub(crate) fn ask_application<T: EndpointOutput>(
        self,
        query: DecideGrant,
        next: impl FnOnce(Self, Decision, DecideGrant) -> Result<ServerStep<T>, RejectReason>
        + Send
        + 'static,
    ) -> ServerStep<T> {
        let channel = self.refusal_channel();
        ServerStep::Query(NextQuery::DecideGrant(PendingQuery::with_query(
            query,
            move |query, decision| {
                let decided = decision.map_err(RejectReason::DecisionFailed);
                or_reject(&channel, decided.and_then(|decision| next(self, decision, query)))
            },
        )))
    }

    fn decided<T: EndpointOutput>(
        self,
        decision: Decision,
        asked: Scope,
        resource: Vec<String>,
        parent: Option<(TokenHash, Arc<TokenRecord>)>,
    ) -> Result<ServerStep<T>, RejectReason> {
        let approval = decision.granted().map_err(|reason| match reason {
            // A wrong password can be a guess of an attacker, so the log distinguishes it.
            RejectReason::GrantDenied if self.grant_type().name == PASSWORD => {
                RejectReason::PasswordDenied
            }
            reason => reason,
        });
        let approval = match (approval, &self.attempt) {
            (Ok(approval), _) => approval,
            (Err(reason @ RejectReason::PasswordDenied), Some(attempt)) => {
                return Ok(attempt.clone().count_failed(self.refusal_channel(), reason));
            }
            (Err(reason), _) => return Err(reason),
        };
        let (client_id, grant_type) =
            (self.client.client_id.clone(), self.grant_type().name.clone());
        let mut asked =
            GrantRecord::new(grant_id(&self.moment), client_id, grant_type, asked, self.moment.now);
        asked.exchanged = parent.as_ref().map(|(key, subject)| subject.grant.exchange(*key));
        asked.resource = resource;
        let grant = Arc::new(asked.approved(approval).ok_or(MORE_THAN_ASKED)?);
        self.issue_first(grant, parent)
    }
}
