//! The user's decision on an authorization request, and the redirect to the client: RFC 6749 §4.1.2
//! and §4.2.2.
//!
//! ```text
//!   approve: FindClient --> still allowed? -- no --> redirect with an error
//!                           |
//!                           v  Redeem, if the request was pushed
//!                         SaveOneTimeRecord --> redirect with a code
//!                         or SaveTokens --> redirect with a token
//!   deny:  FindClient --> Redeem, if the request was pushed --> redirect with access_denied
//! ```

use std::sync::Arc;

use super::authorize::unregistered;
use crate::core::record_format::RecordFormat;
use crate::core::token_hash::TokenHash;
use crate::oauth2::ResponseMode;
use crate::oauth2::common::json_response::is_quotable;
use crate::oauth2::common::names::{AUTHORIZATION_CODE, IMPLICIT};
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::flow::storage::{ask, or_reject};
use crate::oauth2::server::issue::tokens::{IssueParams, IssuedTokens, grant_id};
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::events;
use crate::oauth2::server::refuse::reason::{
    MORE_THAN_ASKED, OTHER_TOKEN_SAVED, RejectReason, USER_MISSING,
};
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::store::queries::{
    FindClient, Redeem, Redemption, SaveOneTimeRecord, SaveTokens, Saved,
};
use crate::oauth2::server::store::records::approval::Approval;
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::consent::{ClientRedirect, Consent, ResponseType};
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::records::one_time_record::{OneTimeContent, OneTimeRecord};
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};
use crate::wire::truncated;
use crate::{Moment, Response};

impl Provider {
    /// Ends an authorization request that the user denies. The response redirects to the client
    /// with `access_denied`.
    ///
    /// The client and its redirect_uri are checked again. A pushed request can be decided once, and
    /// a second decision on it is refused.
    pub fn deny(&self, consent: Consent) -> ServerStep<Response> {
        self.end(consent, RejectReason::Denied, RefusalChannel::redirect)
    }

    /// Ends an authorization request with an error code, without a question to the user. For
    /// example, use `login_required` for a request with `prompt=none` if the user is not signed in.
    /// The response redirects to the client. If the client has registered itself, the response is a
    /// page with a link instead (RFC 9700 §4.11.2).
    ///
    /// An error code with characters that are not allowed (RFC 6749 §4.1.2.1) leads to
    /// [`RejectReason::Misconfigured`].
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::Response;
    /// use oauth_proto::oauth2::server::{Consent, Provider, ServerStep};
    ///
    /// fn without_a_page(provider: &Provider, consent: Consent) -> Option<ServerStep<Response>> {
    ///     (consent.parameter("prompt") == Some("none"))
    ///         .then(|| provider.redirect_with_error(consent, "login_required"))
    /// }
    /// ```
    pub fn redirect_with_error(&self, consent: Consent, code: &str) -> ServerStep<Response> {
        if !is_quotable(code) {
            let reason = RejectReason::Misconfigured(
                "`redirect_with_error` received a code that is empty or has invalid characters: \
                 expected printable ASCII without quotes and backslashes",
            );
            return ServerStep::Reject(reason.reject(&RefusalChannel::page(Endpoint::Authorize)));
        }
        self.end(consent, RejectReason::SentBack(code.to_owned()), RefusalChannel::unasked)
    }

    fn end(
        &self,
        consent: Consent,
        reason: RejectReason,
        channel: fn(Box<ClientRedirect>, &Arc<ClientRecord>) -> RefusalChannel,
    ) -> ServerStep<Response> {
        self.decide_on(consent, move |_, client, consent| {
            let channel = channel(consent.back, &client);
            let ended = move || Ok(ServerStep::Done(reason.reject(&channel).response()));
            use_up(consent.pushed, &client, ended)
        })
    }

    /// Ends an authorization request that the user grants. The response redirects to the client
    /// with a code, or with a token in the implicit grant. Sign the user in before you call this.
    ///
    /// The client, its redirect_uri, the scope and the resources are checked again, since they can
    /// have changed. A pushed request can be decided once, and a second decision on it is refused.
    /// A request that was not pushed could be approved twice, and would get two codes, so delete
    /// the `consent` after the decision.
    pub fn approve(
        &self,
        consent: Consent,
        grant: Approval,
        moment: Moment,
    ) -> ServerStep<Response> {
        self.decide_on(consent, move |provider, client, consent| {
            let channel = RefusalChannel::redirect(consent.back.clone(), &client);
            Ok(or_reject(&channel, provider.granted(&client, consent, grant, moment, &channel)))
        })
    }

    /// Continues if the client still exists and has the redirect_uri.
    fn decide_on(
        &self,
        mut consent: Consent,
        next: impl FnOnce(
            Self,
            Arc<ClientRecord>,
            Consent,
        ) -> Result<ServerStep<Response>, RejectReason>
        + Send
        + 'static,
    ) -> ServerStep<Response> {
        let provider = self.clone();
        let query = FindClient { client_id: consent.client_id.clone() };
        ask(
            NextQuery::FindClient,
            query,
            RefusalChannel::page(Endpoint::Authorize),
            move |client| {
                let client = client
                    .ok_or_else(|| RejectReason::UnknownClient(truncated(&consent.client_id)))?;
                let asked = Some(consent.back.redirect_uri.as_str());
                client
                    .find_redirect_uri(asked, provider.0.any_port())
                    .ok_or_else(|| unregistered(&client, asked))?;
                // A consent can have been changed in the browser.
                consent.back.issuer.clone_from(&provider.0.issuer);
                next(provider, client, consent)
            },
        )
    }

    fn granted(
        &self,
        client: &Arc<ClientRecord>,
        consent: Consent,
        grant: Approval,
        moment: Moment,
        channel: &RefusalChannel,
    ) -> Result<ServerStep<Response>, RejectReason> {
        let (response_type, grant_type) = match consent.response_type {
            ResponseType::Code => ("code", AUTHORIZATION_CODE),
            ResponseType::Token => ("token", IMPLICIT),
        };
        let (_, offer) = self
            .grant_config(grant_type)
            .ok_or(RejectReason::ResponseTypeUnknown(response_type.to_owned()))?;
        if !client.may_use_response_type(response_type) {
            return Err(RejectReason::NotAllowed(response_type.to_owned()));
        }
        if consent.expires_at <= moment.now {
            return Err(RejectReason::DecidedTooLate);
        }
        // The client can have become public since the request.
        let needs_proof = self.0.require_pkce || client.is_public();
        if consent.response_type == ResponseType::Code && consent.challenge.is_none() && needs_proof
        {
            return Err(RejectReason::ChallengeMissing);
        }
        if consent.response_type == ResponseType::Token && consent.back.mode == ResponseMode::Query
        {
            return Err(RejectReason::ParameterInvalid {
                name: "response_mode",
                why: "a token is never sent in the query: expected fragment or form_post",
            });
        }
        self.check_resources(&consent.resource)?;
        if !offer.may_have(&consent.scope, client.metadata.scope.as_ref()) {
            return Err(RejectReason::ScopeRefused(truncated(consent.scope.as_str())));
        }
        let mut asked = GrantRecord::new(
            grant_id(&moment),
            consent.client_id.clone(),
            grant_type,
            consent.scope.clone(),
            moment.now,
        );
        asked.resource.clone_from(&consent.resource);
        let record = Arc::new(asked.approved(grant).ok_or(MORE_THAN_ASKED)?);
        if offer.reuse_access_tokens
            && record.user.is_none()
            && !client.is_public()
            && grant_type == AUTHORIZATION_CODE
        {
            return Err(USER_MISSING);
        }
        match consent.response_type {
            ResponseType::Code => self.give_code(client, consent, record, &moment, channel),
            ResponseType::Token => {
                let issue = IssueParams {
                    grant: record,
                    offer,
                    scope: None,
                    resource: None,
                    refresh: None,
                    predecessor: None,
                    reuse: false,
                    at_most: None,
                };
                let (issued, channel) = (self.0.issue(issue, &moment)?, channel.clone());
                use_up(consent.pushed, client, move || {
                    Ok(give_token(issued, consent.back, &channel))
                })
            }
        }
    }

    fn give_code(
        &self,
        client: &Arc<ClientRecord>,
        consent: Consent,
        grant: Arc<GrantRecord>,
        moment: &Moment,
        channel: &RefusalChannel,
    ) -> Result<ServerStep<Response>, RejectReason> {
        let expires_at = moment.now.after(self.0.code_lifetime);
        let code = self.0.token(&grant, None, Some(expires_at), moment)?;
        let Consent { back, redirect_uri_sent, challenge, client_id, pushed, .. } = consent;
        let redirect_uri = back.redirect_uri.clone();
        let record = OneTimeRecord {
            format: RecordFormat,
            grant_id: grant.id,
            client_id,
            expires_at,
            content: OneTimeContent::Code { grant, redirect_uri, redirect_uri_sent, challenge },
        };
        let query = SaveOneTimeRecord {
            key: TokenHash::of(&code),
            second_key: None,
            record: Arc::new(record),
            now: moment.now,
        };
        let channel = channel.clone();
        use_up(pushed, client, move || {
            Ok(ask(NextQuery::SaveOneTimeRecord, query, channel, move |_| {
                Ok(ServerStep::Done(back.redirect_with(&[("code", &code)])))
            }))
        })
    }
}

/// Redirects with a token of the implicit grant: RFC 6749 §4.2.2.
fn give_token(
    issued: IssuedTokens,
    back: Box<ClientRedirect>,
    channel: &RefusalChannel,
) -> ServerStep<Response> {
    let IssuedTokens { tokens, answer } = issued;
    let query = SaveTokens { tokens, parent: None };
    ask(NextQuery::SaveTokens, query, channel.clone(), move |saved| {
        if saved != Saved::New {
            return Err(OTHER_TOKEN_SAVED);
        }
        events::issued(&answer.record.grant, IMPLICIT);
        let expires_in = answer.expires_at.map(|at| answer.now.until(at).as_secs().to_string());
        let mut parameters =
            vec![("access_token", answer.access_token.as_str()), ("token_type", "Bearer")];
        parameters.extend(expires_in.as_deref().map(|seconds| ("expires_in", seconds)));
        let scope = answer.scope();
        parameters
            .extend(Some(&*scope).filter(|scope| !scope.is_empty()).map(|scope| ("scope", scope)));
        Ok(ServerStep::Done(back.redirect_with(&parameters)))
    })
}

/// Marks a pushed request as used, so that it is decided once. If it was decided before, the user
/// gets a page, since the client already has a response.
fn use_up(
    pushed: Option<TokenHash>,
    client: &Arc<ClientRecord>,
    next: impl FnOnce() -> Result<ServerStep<Response>, RejectReason> + Send + 'static,
) -> Result<ServerStep<Response>, RejectReason> {
    let Some(key) = pushed else { return next() };
    let channel = RefusalChannel::page(Endpoint::Authorize).of(client);
    let query = Redeem { key, tokens: None };
    Ok(ask(NextQuery::Redeem, query, channel, move |redemption| match redemption {
        Redemption::Redeemed => next(),
        Redemption::Replayed(_) | Redemption::Existing(..) => {
            Err(RejectReason::RequestUri("the user has already decided on this request"))
        }
        Redemption::Unknown => Err(RejectReason::RequestUri("it does not exist any more")),
    }))
}
