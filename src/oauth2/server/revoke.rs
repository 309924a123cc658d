//! Revoking a token, RFC 7009; and a grant, for the application's own pages.

use http::{Request, StatusCode};

use super::paths::Endpoint;
use super::provider::{EndpointOutput, Provider, ask};
use super::queries::{FindToken, Revoke};
use super::reason::RejectReason;
use super::records::{GrantId, TokenKind};
use super::refusal_channel::RefusalChannel;
use super::respond;
use super::store::{NextQuery, ServerStep};
use super::token_hash::TokenHash;
use crate::{Moment, Response};

impl Provider {
    /// The revocation endpoint. A refresh token goes with all that came of its grant; an access token goes alone. What is not
    /// there is as good as revoked (RFC 7009 §2.2).
    pub fn revoke<B: AsRef<[u8]>>(&self, request: &Request<B>, moment: Moment) -> ServerStep<Response> {
        self.or_reject_with_client(request, Endpoint::Revoke, self.read_revocation(request, moment))
    }

    pub(super) fn read_revocation<B: AsRef<[u8]>, T: EndpointOutput>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> Result<ServerStep<T>, RejectReason> {
        let (parameters, presented) = self.posted(request, Endpoint::Revoke)?;
        let key = TokenHash::of(parameters.need("token")?);
        Ok(self.with_client(presented, moment.now, move |_, client, _| {
            let channel = RefusalChannel::json(Endpoint::Revoke).of(&client);
            Ok(ask(NextQuery::FindToken, FindToken { key }, channel.clone(), move |found| {
                let Some(record) = found else { return done() };
                if record.grant.client_id != client.client_id {
                    return Err(RejectReason::TokenOfAnotherClient);
                }
                super::events::revoked(record.grant.id);
                let query = match record.kind {
                    TokenKind::Access => Revoke::Token(key),
                    TokenKind::Refresh => Revoke::Grant(record.grant.id),
                };
                Ok(ask(NextQuery::Revoke, query, channel, |()| done()))
            }))
        }))
    }

    /// Revokes a grant with all that came of it: for a page where a user sees what was granted, or for an operator.
    ///
    /// ```
    /// use oauth_proto::oauth2::server::{MemoryStore, Provider, TokenRecord, serve};
    ///
    /// fn forget(provider: &Provider, store: &MemoryStore, record: &TokenRecord) {
    ///     if let Err(rejected) = serve(provider.revoke_grant(record.grant.id), store) {
    ///         eprintln!("not revoked: {rejected}");
    ///     }
    /// }
    /// ```
    pub fn revoke_grant(&self, grant: GrantId) -> ServerStep<()> {
        super::events::revoked(grant);
        ask(NextQuery::Revoke, Revoke::Grant(grant), RefusalChannel::own(), |()| Ok(ServerStep::Done(())))
    }
}

fn done<T: EndpointOutput>() -> Result<ServerStep<T>, RejectReason> {
    Ok(ServerStep::Done(respond::json(StatusCode::OK, b"{}".to_vec()).into()))
}
