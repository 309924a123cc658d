//! Token requests, after the client is authenticated: the steps that all grant types have in
//! common.

use std::sync::Arc;

use super::tokens::{IssueParams, IssuedTokens, TokenResponse};
use crate::Moment;
use crate::core::token_hash::TokenHash;
use crate::oauth2::common::names::TOKEN_EXCHANGE;
use crate::oauth2::common::scope::Scope;
use crate::oauth2::server::configure::grant_type::GrantType;
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::flow::parameters::check_resources;
use crate::oauth2::server::flow::storage::{EndpointOutput, ask};
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::events;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::store::attempts::CountAttempt;
use crate::oauth2::server::store::queries::KeyedToken;
use crate::oauth2::server::store::queries::{Revoke, SaveTokens, Saved};
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::grant_record::{GrantId, GrantRecord};
use crate::oauth2::server::store::records::token_record::TokenRecord;
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};

/// A token request, after the client is authenticated and may use the grant type.
pub(crate) struct TokenRequest {
    pub(crate) provider: Provider,
    pub(crate) client: Arc<ClientRecord>,
    /// The client id, for a new grant.
    pub(crate) client_id: String,
    pub(crate) moment: Moment,
    /// The index of the grant type in the provider's list.
    pub(crate) offer: usize,
    pub(crate) scope: Option<Scope>,
    pub(crate) resource: Vec<String>,
    /// The query that counts a wrong password.
    pub(crate) attempt: Option<CountAttempt>,
}

impl TokenRequest {
    /// Returns the channel for refusals.
    pub(crate) fn refusal_channel(&self) -> RefusalChannel {
        RefusalChannel::json(Endpoint::Token).of(&self.client)
    }

    pub(crate) fn grant_type(&self) -> &GrantType {
        &self.provider.0.grant_types[self.offer]
    }

    /// Returns the scope that the request gets. It has only scopes of the grant type that the
    /// client may request.
    pub(crate) fn allowed_scope(&mut self) -> Result<Scope, RejectReason> {
        let asked = self.scope.take();
        self.grant_type().scope_of(asked, self.client.metadata.scope.as_ref())
    }

    /// Returns the requested resources. They must be a part of the granted resources. If no
    /// resource was granted, they must be a part of the server's resources.
    pub(crate) fn allowed_resource(&self, granted: &[String]) -> Result<Vec<String>, RejectReason> {
        match granted {
            [] => self.provider.check_resources(&self.resource)?,
            granted => check_resources(&self.resource, granted)?,
        }
        Ok(self.resource.clone())
    }

    /// Issues the tokens of a grant without a parent token.
    pub(crate) fn issue(
        &self,
        grant: &Arc<GrantRecord>,
        scope: Option<Scope>,
    ) -> Result<IssuedTokens, RejectReason> {
        self.issue_below(grant, scope, None)
    }

    /// Returns a response with an existing reusable token. The application can add members to the
    /// response.
    pub(crate) fn respond_with_reissued<T: EndpointOutput>(
        self,
        KeyedToken { key, record }: KeyedToken,
    ) -> Result<ServerStep<T>, RejectReason> {
        let config = &self.provider.0;
        let mut answer = config.reissue(key, &record, self.moment.now)?;
        answer
            .refresh_token
            .take_if(|_| config.refresh_for(self.grant_type(), &self.client).is_none());
        self.extended(answer, move |work, answer| work.respond(&answer, &record.grant))
    }

    /// Issues tokens of a grant. If they are exchanged for a parent token, they do not expire later
    /// than the parent token.
    fn issue_below(
        &self,
        grant: &Arc<GrantRecord>,
        scope: Option<Scope>,
        parent: Option<&TokenRecord>,
    ) -> Result<IssuedTokens, RejectReason> {
        let offer = self.grant_type();
        let config = &self.provider.0;
        let at_most = parent.and_then(|record| record.expires_at);
        // A token with only a part of the granted scope cannot be reused, since requests are
        // compared by the whole granted scope.
        let reuse = offer.reuse_access_tokens
            && offer.may_reuse_tokens()
            && !self.client.is_public()
            && scope.is_none();
        // A refresh token would live longer than the exchanged parent.
        let refresh = config.refresh_for(offer, &self.client).filter(|_| parent.is_none());
        // A client can request a part of the code's resources (RFC 8707 §2.2).
        let resource = self.allowed_resource(&grant.resource)?;
        let resource = Some(resource).filter(|resource| !resource.is_empty());
        config.issue(
            IssueParams {
                grant: grant.clone(),
                offer,
                scope,
                resource,
                refresh,
                predecessor: None,
                reuse,
                at_most,
            },
            &self.moment,
        )
    }

    /// Issues the first tokens of a new grant. If they have a parent token, the parent must still
    /// exist.
    pub(crate) fn issue_first<T: EndpointOutput>(
        self,
        grant: Arc<GrantRecord>,
        parent: Option<(TokenHash, Arc<TokenRecord>)>,
    ) -> Result<ServerStep<T>, RejectReason> {
        let record = parent.as_ref().map(|(_, record)| &**record);
        let IssuedTokens { tokens, mut answer } = self.issue_below(&grant, None, record)?;
        answer.exchanged = self.grant_type().name == TOKEN_EXCHANGE;
        let parent = parent.map(|(key, _)| key);
        self.extended(answer, move |work, answer| {
            Ok(work.keep_first(IssuedTokens { tokens, answer }, grant, parent))
        })
    }

    fn keep_first<T: EndpointOutput>(
        self,
        issued: IssuedTokens,
        grant: Arc<GrantRecord>,
        parent: Option<TokenHash>,
    ) -> ServerStep<T> {
        let IssuedTokens { tokens, answer } = issued;
        let query = SaveTokens { tokens, parent };
        ask(NextQuery::SaveTokens, query, self.refusal_channel(), move |saved| match saved {
            Saved::New => self.respond(&answer, &grant),
            Saved::Existing(token) => self.respond_with_reissued(token),
            Saved::ParentGone => Err(RejectReason::ParentRevoked),
        })
    }

    /// Ends the request with the token response.
    pub(crate) fn respond<T: EndpointOutput>(
        &self,
        answer: &TokenResponse,
        grant: &GrantRecord,
    ) -> Result<ServerStep<T>, RejectReason> {
        events::issued(grant, &self.grant_type().name);
        Ok(ServerStep::Done(answer.response()?.into()))
    }

    /// Revokes a grant, since an attacker can have one of its codes or tokens.
    pub(crate) fn revoke<T: EndpointOutput>(
        &self,
        grant: GrantId,
        reason: RejectReason,
    ) -> ServerStep<T> {
        events::revoked(grant);
        ask(NextQuery::Revoke, Revoke::Grant(grant), self.refusal_channel(), move |()| Err(reason))
    }
}
