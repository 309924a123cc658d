//! What a token is, for those who may know: RFC 7662.

use http::{Request, StatusCode};

use super::commands::FindToken;
use super::provider::{End, Provider, ask, reply};
use super::records::{TokenKind, TokenRecord};
use super::rejected::{Reason, Voice};
use super::respond;
use super::store::{Question, Reply};
use super::token_hash::TokenHash;
use crate::oauth2::Introspection;
use crate::{Moment, Response};

impl Provider {
    /// The introspection endpoint. A confidential client learns of its own tokens, and one that
    /// [`introspects_all`](super::ClientRecord::introspects_all) of every access token; of all others that they are not
    /// active, whatever they are.
    pub fn introspect<B: AsRef<[u8]>>(&self, request: &Request<B>, moment: Moment) -> Reply<Response> {
        reply(&Voice::Json, self.read_introspection(request, moment))
    }

    pub(super) fn read_introspection<B: AsRef<[u8]>, T: End>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> Result<Reply<T>, Reason> {
        let (parameters, presented) = self.posted(request)?;
        let key = TokenHash::of(parameters.need("token")?);
        Ok(self.with_client(presented, moment.now, move |provider, client, _| {
            if client.is_public() {
                return Err(Reason::MayNotIntrospect);
            }
            Ok(ask(Question::FindToken, FindToken { key }, Voice::Json, move |found| {
                let told = |record: &TokenRecord| {
                    let lives = !record.has_expired(moment.now) && record.replaced.is_none();
                    // A refresh token is no resource server's business: it must not let anybody in.
                    let may_see_all = client.introspects_all && record.kind == TokenKind::Access;
                    lives && (may_see_all || record.grant.client_id == client.client_id)
                };
                let answer = found.filter(|record| told(record)).map(|record| provider.explain(&record));
                Ok(Reply::Done(respond::to_json(StatusCode::OK, &answer.unwrap_or_default())?.into()))
            }))
        }))
    }

    fn explain(&self, record: &TokenRecord) -> Introspection {
        let scope = record.scope();
        Introspection {
            active: true,
            scope: (!scope.is_empty()).then(|| scope.joined(self.0.scope_separator).into()),
            client_id: Some(record.grant.client_id.clone()),
            token_type: Some(match record.kind {
                TokenKind::Access => "Bearer".to_owned(),
                // Not to be shown to a resource server (RFC 8693 §2.2.1), as a client that is one itself has to know.
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
