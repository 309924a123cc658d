//! The refresh token grant, with replacement and replay detection: RFC 6749 §6, OAuth 2.1 §4.3.1.
//!
//! ```text
//!   Find --> of another client, or replaced too long ago --> Revoke::Grant --> invalid_grant
//!            replaced within the grace time, and the successor is not used yet
//!                    --> the same successor, and a new access token
//!                 current --> DecideGrant (with `decide_at_refresh`) --> Rotate --> new tokens
//! ```

use std::sync::Arc;
use std::time::Duration;

use crate::Secret;
use crate::core::token_hash::TokenHash;
use crate::oauth2::Scope;
use crate::oauth2::server::flow::parameters::check_resources;
use crate::oauth2::server::flow::storage::{EndpointOutput, ask};
use crate::oauth2::server::issue::token_request::TokenRequest;
use crate::oauth2::server::issue::tokens::{IssueParams, IssuedTokens};
use crate::oauth2::server::refuse::events;
use crate::oauth2::server::refuse::reason::{MORE_THAN_ASKED, OTHER_TOKEN_SAVED, RejectReason};
use crate::oauth2::server::store::decide_grant::{DecideGrant, Decision, GrantCredential};
use crate::oauth2::server::store::queries::KeyedToken;
use crate::oauth2::server::store::queries::{FindToken, Rotate, Rotation, SaveTokens, Saved};
use crate::oauth2::server::store::records::approval::Approval;
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::records::sealed::Sealed;
use crate::oauth2::server::store::records::token_record::{Replaced, TokenKind, TokenRecord};
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};
use crate::wire::{truncated, without_secrets};

/// The time for which a replaced token that never expires is kept. Only a token that is kept can be
/// detected when it is used again.
const MEMORY: Duration = Duration::from_secs(90 * 24 * 3600);

/// The context of the encryption of the successor. The key is the replaced token.
const SUCCESSOR: &[u8] = b"oauth2 successor";

impl TokenRequest {
    pub(crate) fn refresh<T: EndpointOutput>(
        self,
        key: TokenHash,
        token: Secret,
        found: Option<Arc<TokenRecord>>,
    ) -> Result<ServerStep<T>, RejectReason> {
        let record = found
            .filter(|record| record.kind == TokenKind::Refresh)
            .ok_or(RejectReason::RefreshTokenUnknown)?;
        // If another client has the token, it has leaked, and the other tokens of its grant can
        // have leaked, too.
        if record.grant.client_id != self.client.client_id {
            let reason = RejectReason::RefreshTokenOfAnotherClient(self.client.client_id.clone());
            return Ok(self.revoke(record.grant.id, reason));
        }
        if let Some(replaced) = &record.replaced {
            return Ok(self.refresh_again(&token, &record, replaced));
        }
        self.check_end(&record.grant)?;
        self.check_expiry(&record)?;
        let narrowed = self.narrowed(&record)?;
        self.consult(record, narrowed, move |work, record, narrowed| {
            if work.keeps(&record) {
                let IssuedTokens { tokens, answer } = work.issue_more(&record, narrowed, None)?;
                let save = move |work: Self, answer| {
                    Ok(work.save(IssuedTokens { tokens, answer }, key, record))
                };
                return work.extended(answer, save);
            }
            let IssuedTokens { tokens, answer } = work.issue_more(&record, narrowed, Some(key))?;
            work.extended(answer, move |work, answer| {
                work.rotate(token, key, &record, IssuedTokens { tokens, answer })
            })
        })
    }

    fn check_expiry(&self, record: &TokenRecord) -> Result<(), RejectReason> {
        let now = self.moment.now;
        let expired = record.expires_at.filter(|at| *at <= now);
        expired.map_or(Ok(()), |at| Err(RejectReason::RefreshTokenExpired { at, now }))
    }

    /// Checks that the grant has not ended. The operator can have set an end after the token was
    /// issued.
    pub(crate) fn check_end(&self, grant: &GrantRecord) -> Result<(), RejectReason> {
        let (_, offer) = self
            .provider
            .grant_config(&grant.grant_type)
            .ok_or(RejectReason::RefreshTokenUnknown)?;
        match self.provider.0.end_of(offer, grant) {
            Some(end) if end <= self.moment.now => Err(RejectReason::GrantEnded),
            _ => Ok(()),
        }
    }

    /// Returns the scope and resources of the new access token: those of the grant, or a requested
    /// part (RFC 6749 §6, RFC 8707 §2.2). Scopes and resources that the client, the grant type or
    /// the server no longer has are left out.
    fn narrowed(&self, record: &TokenRecord) -> Result<Downscoped, RejectReason> {
        let granted = &record.grant.scope;
        let asked = self.scope.as_ref().filter(|scope| !scope.is_empty());
        if let Some(asked) = asked.filter(|scope| scope.missing_from(granted).next().is_some()) {
            return Err(RejectReason::scope_refused(asked.missing_from(granted)));
        }
        let grant_type = &*record.grant.grant_type;
        if !self.client.may_use_grant_type(grant_type) {
            return Err(RejectReason::NotAllowed(grant_type.to_owned()));
        }
        let scope = match asked {
            None => self.remaining_scope(&record.grant)?,
            Some(asked) => {
                let (_, offer) = self
                    .provider
                    .grant_config(grant_type)
                    .ok_or(RejectReason::RefreshTokenUnknown)?;
                let allowed = self.client.metadata.scope.as_ref();
                // The words stay in the order of the granted scope, each once.
                let stays =
                    |word: &&str| asked.contains(word) && offer.may_have_word(word, allowed);
                let scope: Scope = granted.iter().filter(stays).collect();
                if scope.is_empty() {
                    return Err(RejectReason::scope_refused(asked.iter()));
                }
                Some(scope)
            }
        };
        Ok(Downscoped { scope, resource: self.remaining_resource(&record.grant.resource)? })
    }

    /// Returns the part of a granted scope that the client and the grant type still have. `None` if
    /// they still have the whole scope.
    pub(crate) fn remaining_scope(
        &self,
        grant: &GrantRecord,
    ) -> Result<Option<Scope>, RejectReason> {
        let (_, offer) = self
            .provider
            .grant_config(&grant.grant_type)
            .ok_or(RejectReason::RefreshTokenUnknown)?;
        let allowed = self.client.metadata.scope.as_ref();
        if offer.may_have(&grant.scope, allowed) {
            return Ok(None);
        }
        let scope: Scope =
            grant.scope.iter().filter(|word| offer.may_have_word(word, allowed)).collect();
        let is_lost = scope.is_empty() && !grant.scope.is_empty();
        if is_lost {
            Err(RejectReason::ScopeWithdrawn(truncated(grant.scope.as_str())))
        } else {
            Ok(Some(scope))
        }
    }

    /// Returns the resources of the new access token. `None` if they are those of the grant.
    fn remaining_resource(&self, granted: &[String]) -> Result<Option<Vec<String>>, RejectReason> {
        let known = &self.provider.0.resources;
        let asked = self.allowed_resource(granted)?;
        if !asked.is_empty() {
            check_resources(&asked, known)?;
            return Ok(Some(asked));
        }
        if granted.iter().all(|own| known.contains(own)) {
            return Ok(None);
        }
        let remaining: Vec<_> = granted.iter().filter(|own| known.contains(own)).cloned().collect();
        // A token without a resource would be valid for all resources.
        let lost = granted.first().filter(|_| remaining.is_empty());
        lost.map_or(Ok(Some(remaining)), |lost| {
            Err(RejectReason::ResourceRefused(without_secrets(lost)))
        })
    }

    /// Asks the application whether the grant continues, if the option is set.
    fn consult<T: EndpointOutput>(
        self,
        record: Arc<TokenRecord>,
        narrowed: Downscoped,
        next: impl FnOnce(Self, Arc<TokenRecord>, Downscoped) -> Result<ServerStep<T>, RejectReason>
        + Send
        + 'static,
    ) -> Result<ServerStep<T>, RejectReason> {
        if !self.grant_type().decide_at_refresh {
            return next(self, record, narrowed);
        }
        let query = DecideGrant {
            client: self.client.clone(),
            scope: narrowed.scope.as_ref().unwrap_or(&record.grant.scope).clone(),
            resource: narrowed.resource.as_ref().unwrap_or(&record.grant.resource).clone(),
            credential: GrantCredential::Refresh(record.grant.clone()),
        };
        Ok(self.ask_application(query, move |work, decision, query| {
            let (record, narrowed) = continued(decision, &query, record, narrowed)?;
            next(work, record, narrowed)
        }))
    }

    /// Returns whether the token is kept when it is used. Several processes of a client can have a
    /// copy of a reusable token, and the second use of a replaced token would revoke the grant.
    fn keeps(&self, record: &TokenRecord) -> bool {
        let is_reusable = self
            .provider
            .grant_config(&record.grant.grant_type)
            .is_some_and(|(_, offer)| offer.reuse_access_tokens);
        (self.grant_type().allow_refresh_token_reuse || is_reusable) && !self.client.is_public()
    }

    fn issue_more(
        &self,
        record: &TokenRecord,
        narrowed: Downscoped,
        predecessor: Option<TokenHash>,
    ) -> Result<IssuedTokens, RejectReason> {
        let config = &self.provider.0;
        let grant = record.grant.clone();
        // The access token has the lifetime that the original grant type sets, not the refresh
        // token grant.
        let (_, offer) = self
            .provider
            .grant_config(&grant.grant_type)
            .ok_or(RejectReason::RefreshTokenUnknown)?;
        // A new refresh token is only made if it replaces a predecessor.
        let refresh = predecessor.map(|_| self.grant_type());
        let Downscoped { scope, resource } = narrowed;
        let issue = IssueParams {
            grant,
            offer,
            scope,
            resource,
            refresh,
            predecessor,
            reuse: false,
            at_most: None,
        };
        config.issue(issue, &self.moment)
    }

    /// Saves the new access token of a refresh token that is kept.
    fn save<T: EndpointOutput>(
        self,
        issued: IssuedTokens,
        parent: TokenHash,
        record: Arc<TokenRecord>,
    ) -> ServerStep<T> {
        let IssuedTokens { tokens, answer } = issued;
        let query = SaveTokens { tokens, parent: Some(parent) };
        ask(NextQuery::SaveTokens, query, self.refusal_channel(), move |saved| match saved {
            Saved::New => self.respond(&answer, &record.grant),
            Saved::Existing(..) => Err(OTHER_TOKEN_SAVED),
            Saved::ParentGone => Err(RejectReason::RefreshTokenRevoked),
        })
    }

    fn rotate<T: EndpointOutput>(
        self,
        token: Secret,
        key: TokenHash,
        record: &TokenRecord,
        issued: IssuedTokens,
    ) -> Result<ServerStep<T>, RejectReason> {
        let IssuedTokens { tokens, answer } = issued;
        let (Some(successor), Some(KeyedToken { key: by, .. })) =
            (&answer.refresh_token, &tokens.refresh)
        else {
            return Err(RejectReason::Misconfigured(
                "no new refresh token was made, although refresh tokens are rotated",
            ));
        };
        // Without a grace time, the encrypted successor is not stored.
        let grace = self.grant_type().grace();
        let sealed_until = (grace.as_secs() > 0).then(|| self.moment.now.after(grace));
        let sealed =
            sealed_until.map(|_| Sealed::new(successor, token.expose().as_bytes(), SUCCESSOR));
        let replaced = TokenRecord {
            replaced: Some(Box::new(Replaced {
                at: self.moment.now,
                by: *by,
                sealed,
                sealed_until,
            })),
            expires_at: record.expires_at.or(Some(self.moment.now.after(MEMORY))),
            ..record.clone()
        };
        let grant = record.grant.clone();
        let query =
            Rotate { key, replaced: Arc::new(replaced), predecessor: record.predecessor, tokens };
        Ok(ask(NextQuery::Rotate, query, self.refusal_channel(), move |rotation| match rotation {
            Rotation::Rotated => self.respond(&answer, &grant),
            Rotation::Unknown => Err(RejectReason::RefreshTokenRevoked),
            // Another request was faster, so this one is the second use.
            Rotation::Replaced(record) => match &record.replaced {
                Some(replaced) => Ok(self.refresh_again(&token, &record, replaced)),
                None => Err(OTHER_TOKEN_SAVED),
            },
        }))
    }

    /// Handles a second use of a replaced token, by the client or by an attacker. Within the grace
    /// time, and until the successor is used, the server assumes that the client did not receive
    /// the response.
    fn refresh_again<T: EndpointOutput>(
        self,
        token: &Secret,
        record: &TokenRecord,
        replaced: &Replaced,
    ) -> ServerStep<T> {
        let grant_id = record.grant.id;
        let grace = self.grant_type().grace();
        // Without a grace time, every second use is late, even if the clocks of servers differ.
        let is_late = grace.is_zero() || replaced.at.after(grace) <= self.moment.now;
        let open = |sealed: &Sealed| sealed.open(token.expose().as_bytes(), SUCCESSOR, replaced.by);
        let successor = replaced.sealed.as_ref().and_then(open);
        let Some(successor) = successor.filter(|_| !is_late) else {
            return self.revoke(grant_id, RejectReason::RefreshTokenReplayed);
        };
        let by = replaced.by;
        ask(NextQuery::FindToken, FindToken { key: by }, self.refusal_channel(), move |found| {
            let Some(record) = found.filter(|record| record.replaced.is_none()) else {
                return Ok(self.revoke(grant_id, RejectReason::RefreshTokenReplayed));
            };
            self.check_end(&record.grant)?;
            self.check_expiry(&record)?;
            let narrowed = self.narrowed(&record)?;
            events::asked_again(&record.grant);
            self.consult(record, narrowed, move |work, record, narrowed| {
                let IssuedTokens { tokens, mut answer } =
                    work.issue_more(&record, narrowed, None)?;
                answer.refresh_token = Some(successor);
                work.extended(answer, move |work, answer| {
                    Ok(work.save(IssuedTokens { tokens, answer }, by, record))
                })
            })
        })
    }
}

/// Returns the token and the scope with which a refresh continues after the application's decision.
fn continued(
    decision: Decision,
    query: &DecideGrant,
    mut record: Arc<TokenRecord>,
    mut narrowed: Downscoped,
) -> Result<(Arc<TokenRecord>, Downscoped), RejectReason> {
    let Approval { user, scope, data, .. } = decision.granted()?;
    if user != record.grant.user {
        return Err(RejectReason::Misconfigured(
            "a refresh was granted for another user: use `Approval::of`",
        ));
    }
    if let Some(scope) = scope {
        if scope.missing_from(&query.scope).next().is_some() {
            return Err(MORE_THAN_ASKED);
        }
        narrowed.scope = Some(scope);
    }
    if data != record.grant.data {
        let grant = GrantRecord { data, ..GrantRecord::clone(&record.grant) };
        record = Arc::new(TokenRecord { grant: Arc::new(grant), ..TokenRecord::clone(&record) });
    }
    Ok((record, narrowed))
}

/// The scope and resources of a new access token. `None` for those of the grant.
struct Downscoped {
    scope: Option<Scope>,
    resource: Option<Vec<String>>,
}
