//! The generation of tokens, and the token response: RFC 6749 §5.1.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::core::record_format::RecordFormat;
use crate::core::token_hash::TokenHash;
use crate::oauth2::Scope;
use crate::oauth2::common::json_response;
use crate::oauth2::common::names::REFRESH_TOKEN;
use crate::oauth2::server::configure::builder::ProviderBuilder;
use crate::oauth2::server::configure::generator::{NewToken, is_token};
use crate::oauth2::server::configure::grant_type::GrantType;
use crate::oauth2::server::refuse::reason::{RejectReason, USER_MISSING};
use crate::oauth2::server::store::queries::{KeyedToken, NewTokens};
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::grant_record::{GrantId, GrantRecord};
use crate::oauth2::server::store::records::sealed::Sealed;
use crate::oauth2::server::store::records::secret_hasher;
use crate::oauth2::server::store::records::token_record::{TokenKind, TokenRecord, TokenReuse};
use crate::{Moment, Response, Timestamp};

/// New tokens for the store, and the response with them.
pub(crate) struct IssuedTokens {
    pub(crate) tokens: NewTokens,
    pub(crate) answer: TokenResponse,
}

/// A token response.
pub(crate) struct TokenResponse {
    pub(crate) access_token: String,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) refresh_token: Option<String>,
    /// The record of the access token.
    pub(crate) record: Arc<TokenRecord>,
    pub(crate) separator: char,
    /// If `true`, this is the response to a token exchange (RFC 8693 §2.2.1).
    pub(crate) exchanged: bool,
    /// The members that the application adds.
    pub(crate) members: Map<String, Value>,
    pub(crate) now: Timestamp,
}

/// The parameters of new tokens.
pub(crate) struct IssueParams<'a> {
    pub(crate) grant: Arc<GrantRecord>,
    /// The grant type that sets the lifetime of the access token.
    pub(crate) offer: &'a GrantType,
    pub(crate) scope: Option<Scope>,
    pub(crate) resource: Option<Vec<String>>,
    /// The grant type of the refresh token, if one is issued.
    pub(crate) refresh: Option<&'a GrantType>,
    /// The refresh token that the new one replaces.
    pub(crate) predecessor: Option<TokenHash>,
    pub(crate) reuse: bool,
    /// The time at which the access token expires at the latest.
    pub(crate) at_most: Option<Timestamp>,
}

impl ProviderBuilder {
    fn refresh_offer(&self) -> Option<&GrantType> {
        self.grant_types.iter().find(|own| own.name == REFRESH_TOKEN)
    }

    /// Returns the refresh token grant, if a grant type issues refresh tokens to the client.
    pub(crate) fn refresh_for(
        &self,
        offer: &GrantType,
        client: &ClientRecord,
    ) -> Option<&GrantType> {
        let refresh = self.refresh_offer()?;
        (offer.with_refresh_token && client.may_use_grant_type(REFRESH_TOKEN)).then_some(refresh)
    }

    pub(crate) fn issue(
        &self,
        issue: IssueParams<'_>,
        moment: &Moment,
    ) -> Result<IssuedTokens, RejectReason> {
        let IssueParams { grant, offer, scope, resource, refresh, predecessor, reuse, at_most } =
            issue;
        let now = moment.now;
        let end = self.end_of(offer, &grant);
        let until = |lifetime: Option<Duration>| {
            lifetime.map(|lifetime| now.after(lifetime)).into_iter().chain(end).min()
        };
        let expires_at = until(offer.lifetime()).into_iter().chain(at_most).min();
        let access = self.token(&grant, Some(TokenKind::Access), expires_at, moment)?;
        let refresh = refresh.map(|kind| until(kind.lifetime()));
        let refresh = refresh.map(|expires_at| -> Result<_, RejectReason> {
            let token = self.token(&grant, Some(TokenKind::Refresh), expires_at, moment)?;
            Ok((token, expires_at))
        });
        let refresh = refresh.transpose()?;
        let key = TokenHash::of(&access);
        let record = |kind, expires_at| TokenRecord {
            format: RecordFormat,
            kind,
            grant: grant.clone(),
            narrowed_scope: None,
            narrowed_resource: None,
            issued_at: now,
            expires_at,
            reuse: None,
            replaced: None,
            predecessor: None,
        };
        let reuse = if reuse {
            let resource = resource.as_ref().unwrap_or(&grant.resource);
            Some(self.reuse(
                &grant,
                resource,
                (&access, key),
                refresh.as_ref().map(|(token, _)| token),
                now,
            )?)
        } else {
            None
        };
        let access_record = TokenRecord {
            narrowed_scope: scope.filter(|scope| *scope != grant.scope),
            narrowed_resource: resource.filter(|resource| *resource != grant.resource),
            reuse: reuse.map(Box::new),
            ..record(TokenKind::Access, expires_at)
        };
        let access_record = Arc::new(access_record);
        let refresh_record = refresh.as_ref().map(|(token, expires_at)| {
            let record = TokenRecord { predecessor, ..record(TokenKind::Refresh, *expires_at) };
            KeyedToken::new(TokenHash::of(token), Arc::new(record))
        });
        Ok(IssuedTokens {
            tokens: NewTokens {
                access: KeyedToken::new(key, access_record.clone()),
                refresh: refresh_record,
                now,
            },
            answer: TokenResponse {
                access_token: access,
                expires_at,
                refresh_token: refresh.map(|(token, _)| token),
                record: access_record,
                separator: self.scope_separator,
                exchanged: false,
                members: Map::new(),
                now,
            },
        })
    }

    /// Returns the time at which all tokens of a grant expire, if an option sets it.
    pub(crate) fn end_of(&self, offer: &GrantType, grant: &GrantRecord) -> Option<Timestamp> {
        let lifetimes =
            [offer.grants_end_after, self.refresh_offer().and_then(|own| own.grants_end_after)];
        lifetimes.into_iter().flatten().min().map(|lifetime| grant.granted_at.after(lifetime))
    }

    /// Returns a code or token from the generator.
    pub(crate) fn token(
        &self,
        grant: &GrantRecord,
        kind: Option<TokenKind>,
        expires_at: Option<Timestamp>,
        moment: &Moment,
    ) -> Result<String, RejectReason> {
        let label = match kind {
            None => "oauth2 code",
            Some(TokenKind::Access) => "oauth2 access token",
            Some(TokenKind::Refresh) => "oauth2 refresh",
        };
        let token = NewToken { kind, grant, issued_at: moment.now, expires_at };
        let text = self.generator.generate(&token, moment.derive(label));
        if is_token(&text) {
            Ok(text)
        } else {
            Err(RejectReason::Misconfigured(
                "`ProviderBuilder::token_generator` made a text that is not a token: expected \
                 letters, digits or -._~+/=",
            ))
        }
    }

    /// Returns the current key of reusable tokens. Of the keys that have not ended, it is the key
    /// that ends first. `build` ensures that one key has no end.
    fn unique_key(&self, now: Timestamp) -> Result<&str, RejectReason> {
        let living =
            self.token_reuse_keys.iter().filter(|own| own.ends_at.is_none_or(|at| at > now));
        let key = living.min_by_key(|own| own.ends_at.map_or(u64::MAX, Timestamp::as_secs));
        key.map(|own| own.key.expose()).ok_or(RejectReason::Misconfigured(
            "the last key of reusable tokens has ended: set `ProviderBuilder::token_reuse_key`",
        ))
    }

    fn reuse(
        &self,
        grant: &GrantRecord,
        resource: &[String],
        (access, access_hash): (&str, TokenHash),
        refresh: Option<&String>,
        now: Timestamp,
    ) -> Result<TokenReuse, RejectReason> {
        let secret = self.unique_key(now)?;
        let key = secret.as_bytes();
        let user = grant.user.as_deref().ok_or(USER_MISSING)?;
        let seal = |token: &str, hash: TokenHash| Sealed::new(token, key, hash.as_bytes());
        let mut words: Vec<_> = grant.scope.iter().collect();
        words.sort_unstable();
        let scope = words.join(" ");
        let mut resources: Vec<_> = resource.iter().map(String::as_str).collect();
        resources.sort_unstable();
        resources.dedup();
        let GrantRecord { acr, auth_time, session_id, data, .. } = grant;
        let details = canonical(&json!([data, acr, auth_time, session_id]));
        // The operator's key is included, so that clients cannot choose the key of the record.
        let of = [secret, grant.client_id.as_str(), user, &grant.grant_type, &scope, &details]
            .into_iter()
            .chain(resources);
        Ok(TokenReuse {
            key: TokenHash::of_all(of),
            access: seal(access, access_hash),
            refresh: refresh.map(|token| {
                let hash = TokenHash::of(token);
                (hash, seal(token, hash))
            }),
        })
    }

    /// Returns the response with an existing reusable token.
    pub(crate) fn reissue(
        &self,
        hash: TokenHash,
        record: &Arc<TokenRecord>,
        now: Timestamp,
    ) -> Result<TokenResponse, RejectReason> {
        let key = self.unique_key(now)?.as_bytes();
        let open = |sealed: &Sealed, hash: TokenHash| sealed.open(key, hash.as_bytes(), hash);
        let lost = RejectReason::Misconfigured(
            "`ProviderBuilder::token_reuse_key` is not the key with which the reusable token was \
             sealed",
        );
        let reuse = record.reuse.as_ref().ok_or(RejectReason::Misconfigured(
            "the store answered with a token that is not reusable",
        ))?;
        let refresh =
            reuse.refresh.as_ref().map(|(hash, sealed)| open(sealed, *hash).ok_or(lost.clone()));
        Ok(TokenResponse {
            access_token: open(&reuse.access, hash).ok_or(lost)?,
            expires_at: record.expires_at,
            refresh_token: refresh.transpose()?,
            record: record.clone(),
            separator: self.scope_separator,
            exchanged: false,
            members: Map::new(),
            now,
        })
    }
}

impl TokenResponse {
    /// Returns the scope with the separator of the server, as responses contain it.
    pub(crate) fn scope(&self) -> Cow<'_, str> {
        match self.separator {
            ' ' => self.record.scope().as_str().into(),
            other => self.record.scope().joined(other).into(),
        }
    }

    /// Returns the response for the client. The texts of tokens need no escapes.
    pub(crate) fn response(&self) -> Result<Response, RejectReason> {
        let scope = self.scope();
        let mut body = Vec::with_capacity(
            192 + self.access_token.len()
                + self.refresh_token.as_ref().map_or(0, String::len)
                + scope.len(),
        );
        body.extend_from_slice(b"{\"access_token\":\"");
        body.extend_from_slice(self.access_token.as_bytes());
        body.extend_from_slice(b"\",\"token_type\":\"Bearer\"");
        if let Some(at) = self.expires_at {
            body.extend_from_slice(b",\"expires_in\":");
            write(&mut body, &self.now.until(at).as_secs())?;
        }
        if let Some(token) = &self.refresh_token {
            body.extend_from_slice(b",\"refresh_token\":\"");
            body.extend_from_slice(token.as_bytes());
            body.push(b'"');
        }
        if !scope.is_empty() {
            body.extend_from_slice(b",\"scope\":");
            write(&mut body, &scope)?;
        }
        if self.exchanged {
            body.extend_from_slice(
                b",\"issued_token_type\":\"urn:ietf:params:oauth:token-type:access_token\"",
            );
        }
        for (name, value) in &self.members {
            body.push(b',');
            write(&mut body, name)?;
            body.push(b':');
            write(&mut body, value)?;
        }
        body.push(b'}');
        Ok(json_response::json(StatusCode::OK, body))
    }
}

fn write(body: &mut Vec<u8>, value: &impl serde::Serialize) -> Result<(), RejectReason> {
    serde_json::to_writer(body, value)
        .map_err(|_| RejectReason::Misconfigured("an answer cannot be written as JSON"))
}

/// Returns the application's data as text, with the members of objects sorted. Equal data give
/// equal texts, with every map type of `serde_json`.
fn canonical(data: &Value) -> String {
    match data {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            let members = members.into_iter().map(|(name, value)| {
                format!("{}:{}", Value::from(name.as_str()), canonical(value))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(values) => {
            format!("[{}]", values.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// Returns the id of a new grant.
pub(crate) fn grant_id(moment: &Moment) -> GrantId {
    let [half, _] = secret_hasher::split(moment.derive("oauth2 grant"));
    GrantId(u128::from_be_bytes(half))
}
