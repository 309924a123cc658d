//! Records for the checks, and queries whose failure ends the check.

use std::sync::Arc;
use std::time::Duration;

use crate::OneTimeUse;
use crate::Timestamp;
use crate::core::conformance::kit::kit;
use crate::core::conformance::rules::answered;
use crate::core::one_time::RememberOnce;
use crate::core::record_format::RecordFormat;
use crate::core::token_hash::TokenHash;
use crate::for_each_oauth2_query;
use crate::oauth2::server::store::attempts::{CountAttempt, FindAttempts};
use crate::oauth2::server::store::find::{Find, Found};
use crate::oauth2::server::store::lists::{ClientPage, GrantPage, ListClients, ListGrants};
use crate::oauth2::server::store::optional::{NotSupported, OptionalQuery};
use crate::oauth2::server::store::purge::{Purge, Purged};
use crate::oauth2::server::store::queries::{
    FindClient, FindOneTimeRecord, FindToken, FoundOneTimeRecord, KeyedToken, NewTokens, Redeem,
    Redemption, RemoveClient, ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient,
    SaveOneTimeRecord, SaveTokens, Saved,
};
use crate::oauth2::server::store::records::attempt::Attempts;
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::code_challenge::CodeChallenge;
use crate::oauth2::server::store::records::grant_record::{GrantId, GrantRecord};
use crate::oauth2::server::store::records::one_time_record::{
    DeviceStage, OneTimeContent, OneTimeRecord,
};
use crate::oauth2::server::store::records::sealed::Sealed;
use crate::oauth2::server::store::records::token_record::{
    Replaced, TokenKind, TokenRecord, TokenReuse,
};
use crate::oauth2::server::store::traits::{AsyncStore, find_in_turn_async};

/// The client of most grants.
const CLIENT: &str = "conformance client";

/// The client of exchanged tokens.
pub(crate) const OTHER_CLIENT: &str = "other conformance client";

/// The lifetime of records and tokens that must not expire during the check.
const LIFE: Duration = Duration::from_secs(3600);

/// Changes the records of new tokens.
pub(crate) fn change(tokens: &mut NewTokens, change: impl Fn(&mut TokenRecord)) {
    for token in [&mut tokens.access].into_iter().chain(&mut tokens.refresh) {
        change(Arc::make_mut(&mut token.record));
    }
}

/// Returns the refresh token, of tokens that have one.
pub(crate) fn refresh(tokens: &NewTokens) -> KeyedToken {
    tokens.refresh.clone().unwrap_or_else(|| tokens.access.clone())
}

for_each_oauth2_query! { kit! {} }

impl<S: AsyncStore + ?Sized> Kit<'_, S> {
    /// Returns whether the store answers an optional query.
    pub(crate) fn supports(&self, query: OptionalQuery) -> bool {
        self.store.supports(query)
    }

    /// Returns the output of Find by one query after the other.
    pub(crate) async fn find_in_turn(&self, query: &Find) -> Found {
        answered("Find", find_in_turn_async(self.store, query).await)
    }

    /// Notes a broken rule if a token is not there with the record that was stored.
    pub(crate) async fn must_have(&self, KeyedToken { key, record }: &KeyedToken, rule: &str) {
        let received = self.token(*key).await;
        self.must_equal(&received.as_ref(), &Some(record), rule);
    }

    pub(crate) async fn client(&self, client_id: &str) -> Option<Arc<ClientRecord>> {
        self.find_client(FindClient { client_id: client_id.to_owned() }).await
    }

    pub(crate) async fn record(&self, key: TokenHash) -> Option<FoundOneTimeRecord> {
        self.find_one_time_record(FindOneTimeRecord { key }).await
    }

    pub(crate) async fn token(&self, key: TokenHash) -> Option<Arc<TokenRecord>> {
        self.find_token(FindToken { key }).await
    }

    /// Returns whether a token is there with the record that was stored.
    pub(crate) async fn has(&self, KeyedToken { key, record }: &KeyedToken) -> bool {
        self.token(*key).await.is_some_and(|found| found == *record)
    }

    /// Returns whether all of these tokens are absent.
    pub(crate) async fn lacks(&self, tokens: &NewTokens) -> bool {
        let refresh = tokens.refresh.as_ref().map_or(tokens.access.key, |token| token.key);
        self.token(tokens.access.key).await.is_none() && self.token(refresh).await.is_none()
    }

    /// Stores the client of most grants and the client of exchanged tokens, unless they are there
    /// from an earlier run.
    pub(crate) async fn register(&self) {
        self.save(&ClientRecord::public(CLIENT)).await;
        self.save(&ClientRecord::public(OTHER_CLIENT)).await;
    }

    /// Stores a client, unless there is one with this client id.
    pub(crate) async fn save(&self, record: &ClientRecord) {
        let record = Arc::new(record.clone());
        self.save_client(SaveClient { record, replaces: None }).await;
    }

    /// Stores tokens, which the store must accept.
    pub(crate) async fn keep(&self, tokens: &NewTokens) {
        let saved = self.save_tokens(SaveTokens { tokens: tokens.clone(), parent: None }).await;
        self.must(
            saved == Saved::New,
            &format!("SaveTokens of new tokens answers New, not {saved:?}"),
        );
    }

    /// Stores a one-time record, which the store must accept, and returns its key.
    pub(crate) async fn issue(&self, record: OneTimeRecord) -> TokenHash {
        let key = self.key();
        let query =
            SaveOneTimeRecord { key, second_key: None, record: Arc::new(record), now: self.now };
        self.must(
            self.save_one_time_record(query).await,
            "SaveOneTimeRecord without a second key saves the record, and answers true",
        );
        key
    }

    /// Returns the expiry of records that have expired.
    pub(crate) fn past(&self) -> Timestamp {
        self.now.before(LIFE)
    }

    pub(crate) fn grant(&self) -> Arc<GrantRecord> {
        self.grant_to(CLIENT)
    }

    /// Returns a grant of a user.
    pub(crate) fn grant_of(&self, user: &str) -> Arc<GrantRecord> {
        let mut grant = self.grant();
        Arc::make_mut(&mut grant).user = Some(user.to_owned());
        grant
    }

    pub(crate) fn grant_to(&self, client_id: &str) -> Arc<GrantRecord> {
        let mut id = [0; 16];
        id.iter_mut().zip(self.key().as_bytes()).for_each(|(to, from)| *to = *from);
        Arc::new(GrantRecord {
            id: GrantId(u128::from_be_bytes(id)),
            exchanged: None,
            client_id: client_id.to_owned(),
            user: Some("Jäne O'Hara".to_owned()),
            scope: "photos.read photos.write".into(),
            grant_type: "authorization_code".into(),
            resource: vec!["https://photos.example.com/".to_owned()],
            session_id: Some("session of jane".to_owned()),
            auth_time: Some(self.now),
            acr: Some("urn:example:gold".to_owned()),
            data: serde_json::json!({ "tenant": 7, "tags": ["a", "\"b\""] }),
            granted_at: self.now,
        })
    }

    pub(crate) fn row(&self, kind: TokenKind, grant: &Arc<GrantRecord>) -> KeyedToken {
        let record = TokenRecord {
            format: RecordFormat,
            kind,
            grant: grant.clone(),
            narrowed_scope: None,
            narrowed_resource: None,
            issued_at: self.now,
            expires_at: Some(self.now.after(LIFE)),
            reuse: None,
            replaced: None,
            predecessor: None,
        };
        KeyedToken::new(self.key(), Arc::new(record))
    }

    /// Returns new tokens of both kinds.
    pub(crate) fn tokens(&self, grant: &Arc<GrantRecord>) -> NewTokens {
        let refresh = Some(self.row(TokenKind::Refresh, grant));
        NewTokens { access: self.row(TokenKind::Access, grant), refresh, now: self.now }
    }

    /// Returns new tokens with this reuse key and this expiry.
    pub(crate) fn reuse(
        &self,
        grant: &Arc<GrantRecord>,
        reuse: TokenHash,
        expires_at: Option<Timestamp>,
    ) -> NewTokens {
        let mut tokens = self.tokens(grant);
        let sealed = |text: &str| Sealed::new(text, b"key", b"context");
        let refresh = tokens.refresh.as_ref().map(|token| (token.key, sealed("refresh")));
        let record = Arc::make_mut(&mut tokens.access.record);
        record.reuse = Some(Box::new(TokenReuse { key: reuse, access: sealed("access"), refresh }));
        record.expires_at = expires_at;
        tokens
    }

    /// Returns new tokens with this reuse key that have not expired.
    pub(crate) fn living(&self, grant: &Arc<GrantRecord>, reuse: TokenHash) -> NewTokens {
        self.reuse(grant, reuse, Some(self.now.after(LIFE)))
    }

    /// Returns the query that replaces a refresh token with this predecessor.
    pub(crate) fn rotation(
        &self,
        old: &KeyedToken,
        predecessor: Option<TokenHash>,
        new: &NewTokens,
    ) -> Rotate {
        Rotate { key: old.key, replaced: self.replaced(old, new), predecessor, tokens: new.clone() }
    }

    /// Returns the record of a refresh token that was replaced by this token.
    fn replaced(&self, KeyedToken { record, .. }: &KeyedToken, by: &NewTokens) -> Arc<TokenRecord> {
        let by = by.refresh.as_ref().map_or(by.access.key, |token| token.key);
        let replaced = Replaced {
            at: self.now,
            by,
            sealed: Some(Sealed::new("successor", b"key", b"context")),
            sealed_until: Some(self.now.after(LIFE)),
        };
        Arc::new(TokenRecord { replaced: Some(Box::new(replaced)), ..TokenRecord::clone(record) })
    }

    pub(crate) fn code(&self, grant: &Arc<GrantRecord>) -> OneTimeRecord {
        let challenge =
            Some(CodeChallenge::S256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned()));
        let redirect_uri = "https://client.example.com/cb?x=1".to_owned();
        self.of(
            grant,
            OneTimeContent::Code {
                grant: grant.clone(),
                redirect_uri,
                redirect_uri_sent: true,
                challenge,
            },
        )
    }

    pub(crate) fn device(&self, grant: &Arc<GrantRecord>, stage: DeviceStage) -> OneTimeRecord {
        let (scope, resource) = (grant.scope.clone(), grant.resource.clone());
        self.of(
            grant,
            OneTimeContent::Device { scope, resource, stage, interval: 5, asked_at: None },
        )
    }

    fn of(&self, grant: &GrantRecord, pending: OneTimeContent) -> OneTimeRecord {
        let expires_at = self.now.after(LIFE);
        OneTimeRecord {
            format: RecordFormat,
            grant_id: grant.id,
            client_id: grant.client_id.clone(),
            expires_at,
            content: pending,
        }
    }
}
