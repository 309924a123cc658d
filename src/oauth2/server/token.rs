//! The token endpoint, RFC 6749 §3.2.

use std::borrow::Cow;
use std::sync::Arc;

use http::Request;

use super::client_record::ClientRecord;
use super::grant_type::{DEVICE_CODE, GrantType, TOKEN_EXCHANGE};
use super::issue::{IssueParams, IssuedTokens, TokenResponse, grant_id};
use super::parameters::{Parameters, check_resources};
use super::paths::Endpoint;
use super::provider::{EndpointOutput, Provider, ask};
use super::queries::{Revoke, SaveTokens, Saved};
use super::reason::RejectReason;
use super::records::{GrantId, GrantRecord, TokenRecord};
use super::refusal_channel::RefusalChannel;
use super::store::{NextQuery, ServerStep};
use super::token_hash::TokenHash;
use crate::oauth2::Scope;
use crate::{Moment, Response, Secret};

/// A token request whose client is authenticated and may use the grant.
pub(super) struct TokenRequest {
    pub(super) provider: Provider,
    pub(super) client: Arc<ClientRecord>,
    /// The client's identifier, for the grant that comes of it.
    client_id: String,
    pub(super) moment: Moment,
    /// Where the grant type is in the provider's list.
    offer: usize,
    pub(super) scope: Option<Scope>,
    pub(super) resource: Vec<String>,
}

/// What a client shows for tokens.
enum GrantParameters {
    Code { key: TokenHash, redirect_uri: Option<String>, verifier: Option<Secret> },
    Refresh(Secret),
    Device(TokenHash),
    Client,
    Password { username: String, password: Secret },
    Exchange(super::decide::ExchangeParameters),
    Extension(Vec<(String, Secret)>),
}

impl Provider {
    /// The token endpoint. See [`Serve::decide_grant`](super::Serve::decide_grant) where the application has a say.
    pub fn token<B: AsRef<[u8]>>(&self, request: &Request<B>, moment: Moment) -> ServerStep<Response> {
        self.or_reject_with_client(request, Endpoint::Token, self.read_token_request(request, moment))
    }

    pub(super) fn read_token_request<B: AsRef<[u8]>, T: EndpointOutput>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> Result<ServerStep<T>, RejectReason> {
        let (mut parameters, presented) = self.posted(request, Endpoint::Token)?;
        let name = parameters.need("grant_type")?;
        let (offer, grant_type) =
            self.grant_config(name).filter(|(_, offer)| offer.name != "implicit").ok_or_else(|| unknown(name))?;
        let shown = GrantParameters::read(grant_type, &parameters)?;
        let resource = parameters.resources();
        let scope = parameters.take("scope").map(|scope| Scope::separated(scope, self.0.scope_separator));
        Ok(self.with_client(presented, moment.now, move |provider, client, client_id| {
            let work = TokenRequest { provider, client, client_id, moment, offer, scope, resource };
            let name = &work.grant_type().name;
            if !work.client.may_use_grant_type(name) {
                return Err(RejectReason::NotAllowed(name.clone()));
            }
            match shown {
                GrantParameters::Code { key, redirect_uri, verifier } => {
                    Ok(work.redeem_code(key, redirect_uri, verifier))
                }
                GrantParameters::Refresh(token) => Ok(work.refresh(token)),
                GrantParameters::Device(key) => Ok(work.poll_device(key)),
                GrantParameters::Client => work.grant_client(),
                GrantParameters::Password { username, password } => work.check_password(username, password),
                GrantParameters::Exchange(exchanged) => work.exchange(exchanged),
                GrantParameters::Extension(parameters) => work.extend(parameters),
            }
        }))
    }
}

fn unknown(grant_type: &str) -> RejectReason {
    RejectReason::GrantTypeUnknown(crate::wire::truncated(grant_type))
}

impl GrantParameters {
    fn read(grant_type: &GrantType, parameters: &Parameters<'_>) -> Result<Self, RejectReason> {
        let owned = |name| parameters.get(name).map(str::to_owned);
        Ok(match grant_type.name.as_str() {
            "authorization_code" => Self::Code {
                key: TokenHash::of(parameters.need("code")?),
                redirect_uri: owned("redirect_uri"),
                verifier: parameters.get("code_verifier").map(Secret::new),
            },
            "refresh_token" => Self::Refresh(Secret::new(parameters.need("refresh_token")?)),
            DEVICE_CODE => Self::Device(TokenHash::of(parameters.need("device_code")?)),
            "client_credentials" => Self::Client,
            "password" => Self::Password {
                username: parameters.need("username")?.to_owned(),
                password: Secret::new(parameters.need("password")?),
            },
            TOKEN_EXCHANGE => Self::Exchange(super::decide::ExchangeParameters::read(parameters)?),
            _ => Self::Extension(super::decide::own_parameters(parameters)),
        })
    }
}

impl TokenRequest {
    /// Who is told of a refusal.
    pub(super) fn refusal_channel(&self) -> RefusalChannel {
        RefusalChannel::json(Endpoint::Token).of(&self.client)
    }

    pub(super) fn grant_type(&self) -> &GrantType {
        &self.provider.0.grant_types[self.offer]
    }

    /// RFC 6749 §4.4.
    fn grant_client<T: EndpointOutput>(mut self) -> Result<ServerStep<T>, RejectReason> {
        let scope = self.allowed_scope()?;
        let resource = self.allowed_resource(&[])?;
        let grant = Arc::new(GrantRecord {
            id: grant_id(&self.moment),
            client_id: std::mem::take(&mut self.client_id),
            user: None,
            scope,
            grant_type: Cow::Borrowed("client_credentials"),
            resource,
            data: serde_json::Value::Null,
            granted_at: self.moment.now,
        });
        self.issue_first(grant, None)
    }

    /// The scope that is asked for, of what the grant has and the client may ask for.
    pub(super) fn allowed_scope(&mut self) -> Result<Scope, RejectReason> {
        let asked = self.scope.take();
        self.grant_type().scope_of(asked, self.client.metadata.scope.as_ref())
    }

    /// The resources that are asked for: of those that were granted or, where none are named there, of the server's.
    pub(super) fn allowed_resource(&self, granted: &[String]) -> Result<Vec<String>, RejectReason> {
        match granted {
            [] => self.provider.check_resources(&self.resource)?,
            granted => check_resources(&self.resource, granted)?,
        }
        Ok(self.resource.clone())
    }

    /// How the tokens of a new grant are made.
    pub(super) fn issue(&self, grant: &Arc<GrantRecord>, scope: Option<Scope>) -> Result<IssuedTokens, RejectReason> {
        self.issue_below(grant, scope, None)
    }

    /// Answers with a reusable token that was there already, and with what the application adds to that one.
    pub(super) fn respond_with_reissued<T: EndpointOutput>(
        self,
        hash: TokenHash,
        record: Arc<TokenRecord>,
    ) -> Result<ServerStep<T>, RejectReason> {
        let config = &self.provider.0;
        let mut answer = config.reissue(hash, &record, self.moment.now)?;
        answer.refresh_token.take_if(|_| config.refresh_for(self.grant_type(), &self.client).is_none());
        self.extended(answer, move |work, answer| work.respond(&answer, &record.grant))
    }

    /// Issues tokens of a grant. Those that a parent token is exchanged for live no longer than the parent.
    fn issue_below(
        &self,
        grant: &Arc<GrantRecord>,
        scope: Option<Scope>,
        parent: Option<&TokenRecord>,
    ) -> Result<IssuedTokens, RejectReason> {
        let offer = self.grant_type();
        let config = &self.provider.0;
        let at_most = parent.and_then(|record| record.expires_at);
        // A token with less than was granted is not what an equal request is for.
        let reuse = offer.reuse && offer.may_reuse_tokens() && !self.client.is_public() && scope.is_none();
        // What another token was exchanged for lives no longer than that.
        let refresh = config.refresh_for(offer, &self.client).filter(|_| parent.is_none());
        // A code's resources may be narrowed when it is redeemed (RFC 8707 §2.2).
        let resource = self.allowed_resource(&grant.resource)?;
        let resource = Some(resource).filter(|resource| !resource.is_empty());
        config.issue(
            IssueParams { grant: grant.clone(), offer, scope, resource, refresh, predecessor: None, reuse, at_most },
            &self.moment,
        )
    }

    /// Gives out the tokens of a grant that was just made, while what it comes of is there.
    pub(super) fn issue_first<T: EndpointOutput>(
        self,
        grant: Arc<GrantRecord>,
        parent: Option<(TokenHash, Arc<TokenRecord>)>,
    ) -> Result<ServerStep<T>, RejectReason> {
        let record = parent.as_ref().map(|(_, record)| &**record);
        let IssuedTokens { tokens, mut answer } = self.issue_below(&grant, None, record)?;
        answer.exchanged = self.grant_type().name == TOKEN_EXCHANGE;
        let parent = parent.map(|(key, _)| key);
        self.extended(answer, move |work, answer| Ok(work.keep_first(IssuedTokens { tokens, answer }, grant, parent)))
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
            Saved::Existing(hash, record) => self.respond_with_reissued(hash, record),
            Saved::ParentGone => Err(RejectReason::GrantDenied),
        })
    }

    /// The end of it.
    pub(super) fn respond<T: EndpointOutput>(
        &self,
        answer: &TokenResponse,
        grant: &GrantRecord,
    ) -> Result<ServerStep<T>, RejectReason> {
        super::events::issued(grant, &self.grant_type().name);
        Ok(ServerStep::Done(answer.response()?.into()))
    }

    /// Revokes a grant, since something of it is in the wrong hands.
    pub(super) fn revoke<T: EndpointOutput>(&self, grant: GrantId, reason: RejectReason) -> ServerStep<T> {
        super::events::revoked(grant);
        ask(NextQuery::Revoke, Revoke::Grant(grant), self.refusal_channel(), move |()| Err(reason))
    }
}
