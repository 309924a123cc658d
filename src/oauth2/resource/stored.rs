//! Checking requests whose tokens are in the store of this crate's authorization server. No other
//! file of this folder uses the authorization server.

use std::any::Any;

use http::Request;
use serde_json::Value;

use super::access::{Access, AccessToken};
use super::admission::Admission;
use super::guard::{ResourceServer, has};
use super::refuse::ProtectedResource;
use crate::Timestamp;
use crate::core::error::resource::RejectReason;
use crate::core::token_hash::TokenHash;
use crate::oauth2::common::scope::Scope;
use crate::oauth2::server::flow::storage::ask;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::store::queries::FindToken;
use crate::oauth2::server::store::records::token_record::{TokenKind, TokenRecord};
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};

impl ResourceServer {
    /// Checks that a request's token is valid for the whole scope. With an empty scope, any valid
    /// token suffices.
    ///
    /// This call reads the body only if
    /// [`allow_token_in_body`](crate::oauth2::resource::ResourceServerBuilder::allow_token_in_body)
    /// is set. If it is not, you can check a request whose body is a stream:
    /// `http::Request::from_parts(parts, [])`.
    pub fn check<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        scope: impl Into<Scope>,
        now: Timestamp,
    ) -> ServerStep<Admission> {
        let guard = self.guard.clone();
        let scope = scope.into();
        let key = match self.token(request) {
            Ok(token) => TokenHash::of(token.as_ref()),
            Err(reason) => {
                return ServerStep::Done(Admission::Rejected(guard.reject(reason, scope)));
            }
        };
        ask(NextQuery::FindToken, FindToken { key }, RefusalChannel::own(), move |found| {
            let judged = found.ok_or(RejectReason::TokenUnknown).and_then(|record| {
                judge(&guard.guarded, &record, &scope, now)?;
                Ok(record)
            });
            Ok(ServerStep::Done(match judged {
                Ok(record) => Admission::Granted(Access::of(record)),
                Err(reason) => Admission::Rejected(guard.reject(reason, scope)),
            }))
        })
    }
}

impl AccessToken for TokenRecord {
    fn user(&self) -> Option<&str> {
        self.grant.user.as_deref()
    }

    fn client_id(&self) -> Option<&str> {
        Some(&self.grant.client_id)
    }

    fn scope(&self) -> &Scope {
        Self::scope(self)
    }

    fn data(&self, member: &str) -> Option<&Value> {
        self.grant.data.get(member)
    }
}

impl Access {
    /// Returns the token's record in the store; `None` if another server has issued the token.
    pub fn record(&self) -> Option<&TokenRecord> {
        let token: &dyn Any = self.token();
        token.downcast_ref()
    }
}

/// Checks that a token is a valid access token for this resource and for the whole scope.
fn judge(
    guarded: &ProtectedResource,
    record: &TokenRecord,
    scope: &Scope,
    now: Timestamp,
) -> Result<(), RejectReason> {
    if record.kind != TokenKind::Access {
        return Err(RejectReason::TokenKind("refresh_token".to_owned()));
    }
    if let Some(at) = record.expires_at.filter(|at| *at <= now) {
        return Err(RejectReason::TokenExpired { at, now });
    }
    guarded.check_audience(record.resource(), &[])?;
    if has(record.scope(), scope) { Ok(()) } else { Err(RejectReason::ScopeInsufficient) }
}
