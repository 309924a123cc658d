//! Revocation of tokens by clients (RFC 7009), and of grants by the application that runs the
//! server.

use http::{Request, StatusCode};

use crate::core::token_hash::TokenHash;
use crate::oauth2::common::json_response;
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::flow::client_authentication::AuthenticatedClient;
use crate::oauth2::server::flow::storage::{EndpointOutput, ask};
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::events;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::store::find::Find;
use crate::oauth2::server::store::queries::Revoke;
use crate::oauth2::server::store::records::token_record::TokenKind;
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};
use crate::{Moment, Response};

impl Provider {
    /// Handles a request to the revocation endpoint (RFC 7009). If the token is a refresh token,
    /// all tokens of its grant are revoked. If it is an access token, only this token is revoked.
    /// For an unknown token the response is a success (RFC 7009 §2.2).
    pub fn revoke<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<Response> {
        self.or_reject_with_client(request, Endpoint::Revoke, self.read_revocation(request, moment))
    }

    pub(crate) fn read_revocation<B: AsRef<[u8]>, T: EndpointOutput>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> Result<ServerStep<T>, RejectReason> {
        let (parameters, presented) = self.posted(request, Endpoint::Revoke)?;
        let key = TokenHash::of(parameters.need("token")?);
        Ok(self.with_client(presented, Find::token(key), moment.now, move |_, authenticated| {
            let AuthenticatedClient { client, token: found, .. } = authenticated;
            let channel = RefusalChannel::json(Endpoint::Revoke).of(&client);
            let Some(record) = found else { return done() };
            if record.grant.client_id != client.client_id {
                return Err(RejectReason::TokenOfAnotherClient);
            }
            events::revoked(record.grant.id);
            let query = match record.kind {
                TokenKind::Access => Revoke::Token(key),
                TokenKind::Refresh => Revoke::Grant(record.grant.id),
            };
            Ok(ask(NextQuery::Revoke, query, channel, |()| done()))
        }))
    }

    /// Revokes what the application names: a grant on a page where users see what they have
    /// granted, or all grants of a user whose password has changed.
    ///
    /// ```
    /// use oauth_proto::oauth2::server::store::{MemoryStore, Revoke};
    /// use oauth_proto::oauth2::server::{Provider, serve};
    ///
    /// fn password_changed(provider: &Provider, store: &MemoryStore, user: &str) {
    ///     let step = provider.revoke_records(Revoke::User(user.into()));
    ///     if let Err(rejected) = serve(step, store) {
    ///         eprintln!("not revoked: {rejected}");
    ///     }
    /// }
    /// ```
    pub fn revoke_records(&self, what: Revoke) -> ServerStep<()> {
        events::revoked_records(&what);
        ask(NextQuery::Revoke, what, RefusalChannel::own(), |()| Ok(ServerStep::Done(())))
    }
}

fn done<T: EndpointOutput>() -> Result<ServerStep<T>, RejectReason> {
    Ok(ServerStep::Done(json_response::json(StatusCode::OK, b"{}".to_vec()).into()))
}
