//! Refresh tokens: used, replaced, replayed. RFC 6749 §6, OAuth 2.1 §4.3.1.
//!
//! ```text
//!   FindToken --> another client's, or replaced long ago --> Revoke(Grant) --> invalid_grant
//!                 replaced just now, by one that was not used yet --> the same successor, and a new access token
//!                 living --> Rotate --> new tokens
//! ```

use std::sync::Arc;
use std::time::Duration;

use super::commands::{FindToken, Rotate, Rotation, SaveTokens, Saved};
use super::issue::{Issue, Issued};
use super::provider::{End, ask};
use super::records::{Replaced, TokenKind, TokenRecord};
use super::rejected::{Reason, Voice};
use super::store::{Question, Reply};
use super::token::Work;
use super::token_hash::{Sealed, TokenHash};
use crate::Secret;
use crate::oauth2::Scope;

/// How long a replaced token that would never expire is remembered, so that its use is known for what it is.
const MEMORY: Duration = Duration::from_secs(90 * 24 * 3600);

/// What the successor is sealed with, besides the token that it succeeds.
const SUCCESSOR: &[u8] = b"oauth2 successor";

impl Work {
    pub(super) fn refresh<T: End>(self, token: Secret) -> Reply<T> {
        let key = TokenHash::of(token.expose());
        ask(Question::FindToken, FindToken { key }, Voice::Json, move |found| {
            let record = found.filter(|record| record.kind == TokenKind::Refresh).ok_or(Reason::RefreshTokenUnknown)?;
            // In another client's hands it has leaked, and so may all that came of its grant.
            if record.grant.client_id != self.client.client_id {
                let reason = Reason::RefreshTokenOfAnotherClient(self.client.client_id.clone());
                return Ok(Self::revoke(record.grant.id, reason));
            }
            if let Some(replaced) = &record.replaced {
                return Ok(self.refresh_again(&token, &record, replaced));
            }
            if record.has_expired(self.moment.now) {
                return Err(Reason::RefreshTokenUnknown);
            }
            let narrowed = self.narrowed(&record)?;
            if self.keeps(&record) {
                let issued = self.issue_more(&record, narrowed, false)?;
                return Ok(self.save(issued, key, record));
            }
            self.rotate(token, key, &record, narrowed)
        })
    }

    /// The scope and resources of the new access token: what was granted, or less (RFC 6749 §6, RFC 8707 §2.2).
    fn narrowed(&self, record: &TokenRecord) -> Result<Narrowed, Reason> {
        let asked = self.scope.as_ref().filter(|scope| !scope.is_empty());
        if let Some(other) = asked.and_then(|scope| scope.missing_from(&record.grant.scope).next()) {
            return Err(Reason::ScopeRefused(crate::wire::shortened(other)));
        }
        // In the words of what was granted, each once.
        let scope = asked.map(|asked| record.grant.scope.iter().filter(|word| asked.contains(word)).collect());
        let resource = self.allowed_resource(&record.grant.resource)?;
        Ok(Narrowed { scope, resource: Some(resource).filter(|resource| !resource.is_empty()) })
    }

    /// Whether the token stays when it is used. Of a unique one several hands may have a copy, each of which would be taken for
    /// a thief's.
    fn keeps(&self, record: &TokenRecord) -> bool {
        let is_unique = self.provider.offer(&record.grant.grant_type).is_some_and(|(_, offer)| offer.unique);
        (self.offer().keep || is_unique) && !self.client.is_public()
    }

    fn issue_more(&self, record: &TokenRecord, narrowed: Narrowed, rotates: bool) -> Result<Issued, Reason> {
        let config = &self.provider.0;
        let grant = record.grant.clone();
        // Access tokens live as long as the first one of the grant did.
        let (_, offer) = self.provider.offer(&grant.grant_type).ok_or(Reason::RefreshTokenUnknown)?;
        let refresh = Some(self.offer()).filter(|_| rotates);
        let Narrowed { scope, resource } = narrowed;
        config.issue(Issue { grant, offer, scope, resource, refresh, unique: false, at_most: None }, &self.moment)
    }

    /// New access tokens of a refresh token that stays.
    fn save<T: End>(self, issued: Issued, parent: TokenHash, record: Arc<TokenRecord>) -> Reply<T> {
        let Issued { tokens, answer } = issued;
        let command = SaveTokens { tokens, parent: Some(parent) };
        ask(Question::SaveTokens, command, Voice::Json, move |saved| match saved {
            Saved::New => self.done(&answer, &record.grant),
            Saved::Existing(..) => Err(Reason::Misconfigured("the store answers with another token")),
            Saved::ParentGone => Err(Reason::RefreshTokenUnknown),
        })
    }

    fn rotate<T: End>(
        self,
        token: Secret,
        key: TokenHash,
        record: &TokenRecord,
        narrowed: Narrowed,
    ) -> Result<Reply<T>, Reason> {
        let Issued { tokens, answer } = self.issue_more(record, narrowed, true)?;
        let (Some(successor), Some((by, _))) = (&answer.refresh_token, &tokens.refresh) else {
            return Err(Reason::Misconfigured("no refresh token was made"));
        };
        let sealed = Sealed::new(successor, token.expose().as_bytes(), SUCCESSOR);
        let replaced = TokenRecord {
            replaced: Some(Box::new(Replaced { at: self.moment.now, by: *by, sealed })),
            expires_at: record.expires_at.or(Some(self.moment.now.after(MEMORY))),
            ..record.clone()
        };
        let grant = record.grant.clone();
        let command = Rotate { key, replaced: Arc::new(replaced), tokens };
        Ok(ask(Question::Rotate, command, Voice::Json, move |rotation| match rotation {
            Rotation::Rotated => self.done(&answer, &grant),
            Rotation::Unknown => Err(Reason::RefreshTokenUnknown),
            // Somebody else was faster: this is the second use.
            Rotation::Replaced(record) => match &record.replaced {
                Some(replaced) => Ok(self.refresh_again(&token, &record, replaced)),
                None => Err(Reason::Misconfigured("the store answers with another token")),
            },
        }))
    }

    /// A token that was replaced is used once more: by a client that lost the answer, or by a thief. Within the grace time, and
    /// while nobody has used the successor, it is taken for the former.
    fn refresh_again<T: End>(self, token: &Secret, record: &TokenRecord, replaced: &Replaced) -> Reply<T> {
        let grant_id = record.grant.id;
        let replay = move || Self::revoke(grant_id, Reason::RefreshTokenReplayed);
        let grace = self.offer().grace;
        // Clocks of several servers differ: without any grace, no time is early enough.
        let is_late = grace.is_zero() || replaced.at.after(grace) <= self.moment.now;
        let successor = replaced.sealed.open(token.expose().as_bytes(), SUCCESSOR, replaced.by);
        let Some(successor) = successor.filter(|_| !is_late) else { return replay() };
        let by = replaced.by;
        ask(Question::FindToken, FindToken { key: by }, Voice::Json, move |found| {
            let Some(record) = found.filter(|record| record.replaced.is_none()) else { return Ok(replay()) };
            if record.has_expired(self.moment.now) {
                return Err(Reason::RefreshTokenUnknown);
            }
            let narrowed = self.narrowed(&record)?;
            let mut issued = self.issue_more(&record, narrowed, false)?;
            issued.answer.refresh_token = Some(successor);
            Ok(self.save(issued, by, record))
        })
    }
}

/// What a client asks for of what was granted.
struct Narrowed {
    scope: Option<Scope>,
    resource: Option<Vec<String>>,
}
