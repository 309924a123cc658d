//! The authorization code grant: RFC 6749 §4.1.3 and RFC 7636 §4.6.
//!
//! ```text
//!   Find
//!      |
//!      v  is it this client's, and unused? -- no --> Revoke::Grant --> invalid_grant
//!      |
//!      v  redirect_uri and code_verifier fit?
//!      |                -- no --> Redeem without tokens --> invalid_grant
//!      v
//!   Redeem with new tokens --> Redeemed --> tokens
//!                          --> Replayed --> Revoke::Grant --> invalid_grant
//! ```

use std::sync::Arc;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};

use crate::Secret;
use crate::core::secret::same;
use crate::core::token_hash::TokenHash;
use crate::oauth2::server::flow::storage::{EndpointOutput, ask};
use crate::oauth2::server::issue::token_request::TokenRequest;
use crate::oauth2::server::issue::tokens::IssuedTokens;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::store::queries::{FoundOneTimeRecord, Redeem, Redemption};
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::code_challenge::CodeChallenge;
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::records::one_time_record::{DeviceStage, OneTimeContent};
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};
use crate::wire::percent;

/// The kind of the one-time record that is redeemed for tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Redeemed {
    Code,
    Device,
}

impl TokenRequest {
    pub(crate) fn redeem_code<T: EndpointOutput>(
        self,
        found: Option<FoundOneTimeRecord>,
        redirect_uri: Option<&str>,
        verifier: Option<&Secret>,
    ) -> Result<ServerStep<T>, RejectReason> {
        let found =
            found.filter(|found| matches!(found.record.content, OneTimeContent::Code { .. }));
        let found = found.ok_or(RejectReason::CodeUnknown)?;
        let grant_id = found.record.grant_id;
        // If another client has the code, it has leaked, and the tokens of its grant can have
        // leaked, too.
        if found.record.client_id != self.client.client_id {
            let reason = RejectReason::CodeOfAnotherClient(self.client.client_id.clone());
            return Ok(self.revoke(grant_id, reason));
        }
        if found.used {
            return Ok(self.revoke(grant_id, RejectReason::CodeReplayed));
        }
        let (at, now) = (found.record.expires_at, self.moment.now);
        if at <= now {
            return Err(RejectReason::CodeExpired { at, now });
        }
        match check(&found, redirect_uri, verifier, &self.client) {
            Ok(()) => self.use_up(found),
            Err(reason) => Ok(self.use_up_without_tokens(found.key, reason)),
        }
    }

    /// Marks a code as used after a wrong redirect_uri or verifier, so that it cannot be tried
    /// again.
    fn use_up_without_tokens<T: EndpointOutput>(
        &self,
        key: TokenHash,
        reason: RejectReason,
    ) -> ServerStep<T> {
        ask(NextQuery::Redeem, Redeem { key, tokens: None }, self.refusal_channel(), move |_| {
            Err(reason)
        })
    }

    /// Redeems a valid one-time record for tokens.
    pub(crate) fn use_up<T: EndpointOutput>(
        self,
        found: FoundOneTimeRecord,
    ) -> Result<ServerStep<T>, RejectReason> {
        let (kind, grant) = match &found.record.content {
            OneTimeContent::Code { grant, .. } => (Redeemed::Code, grant.clone()),
            OneTimeContent::Device { stage: DeviceStage::Granted(grant), .. } => {
                (Redeemed::Device, grant.clone())
            }
            _ => return Err(RejectReason::CodeUnknown),
        };
        self.check_end(&grant)?;
        let scope = self.remaining_scope(&grant)?;
        let IssuedTokens { tokens, answer } = self.issue(&grant, scope)?;
        let key = found.key;
        self.extended(answer, move |work, answer| {
            Ok(work.redeem(key, kind, IssuedTokens { tokens, answer }, grant))
        })
    }

    fn redeem<T: EndpointOutput>(
        self,
        key: TokenHash,
        kind: Redeemed,
        issued: IssuedTokens,
        grant: Arc<GrantRecord>,
    ) -> ServerStep<T> {
        let IssuedTokens { tokens, answer } = issued;
        let query = Redeem { key, tokens: Some(tokens) };
        ask(NextQuery::Redeem, query, self.refusal_channel(), move |redemption| {
            match (redemption, kind) {
                (Redemption::Redeemed, _) => self.respond(&answer, &grant),
                (Redemption::Existing(token), _) => self.respond_with_reissued(token),
                (Redemption::Replayed(grant), Redeemed::Code) => {
                    Ok(self.revoke(grant, RejectReason::CodeReplayed))
                }
                (Redemption::Unknown, Redeemed::Code) => Err(RejectReason::CodeUnknown),
                (Redemption::Replayed(_) | Redemption::Unknown, Redeemed::Device) => {
                    Err(RejectReason::DeviceUnknown)
                }
            }
        })
    }
}

fn check(
    found: &FoundOneTimeRecord,
    redirect_uri: Option<&str>,
    verifier: Option<&Secret>,
    client: &ClientRecord,
) -> Result<(), RejectReason> {
    let OneTimeContent::Code { redirect_uri: expected, redirect_uri_sent, challenge, .. } =
        &found.record.content
    else {
        return Err(RejectReason::CodeUnknown);
    };
    let redirect_fits = match redirect_uri {
        Some(redirect_uri) => redirect_uri == expected,
        // A client of OAuth 2.1 leaves out the redirect_uri, since the client uses PKCE (OAuth 2.1
        // §10.2).
        None => !redirect_uri_sent || challenge.is_some(),
    };
    if !redirect_fits {
        return Err(RejectReason::RedirectUriChanged);
    }
    match (challenge, verifier) {
        // The client has become public since the request, so it has not authenticated.
        (None, None) if client.is_public() => Err(RejectReason::WrongVerifier),
        (None, None) => Ok(()),
        (None, Some(_)) => Err(RejectReason::VerifierUnasked),
        (Some(challenge), Some(verifier)) if fits(challenge, verifier.expose()) => Ok(()),
        (Some(_), _) => Err(RejectReason::WrongVerifier),
    }
}

/// Returns whether a PKCE verifier matches the challenge. The verifier must have 43 to 128
/// unreserved characters (RFC 7636 §4.1).
fn fits(challenge: &CodeChallenge, verifier: &str) -> bool {
    use sha2::{Digest, Sha256};

    if !is_verifier(verifier) {
        return false;
    }
    match challenge {
        CodeChallenge::S256(hash) => {
            let own = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
            same(own.as_bytes(), hash.as_bytes())
        }
        CodeChallenge::Plain(hash) => same(TokenHash::of(verifier).as_bytes(), hash.as_bytes()),
    }
}

pub(crate) fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(percent::is_unreserved)
}
