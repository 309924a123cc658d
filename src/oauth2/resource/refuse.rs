//! The refusal of a request, and the response to it, RFC 6750 §3, RFC 9728 §5.1.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};

use crate::Response;
use crate::core::error::resource::RejectReason;
use crate::oauth2::Scope;
use crate::oauth2::common::bearer::BearerProblem;
use crate::oauth2::common::json_response::{self, is_quotable};
use crate::wire::truncated;

/// The refusal of a request by a [`ResourceServer`](super::ResourceServer).
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::resource::Rejected;
///
/// fn respond(rejected: &Rejected) -> oauth_proto::Response {
///     eprintln!("refused: {rejected}"); // for the operator
///     rejected.response() // for the client
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
#[non_exhaustive]
pub struct Rejected {
    /// The full reason of the refusal, for the operator's log.
    pub reason: RejectReason,
    resource: Box<ProtectedResource>,
}

impl Rejected {
    pub(super) fn new(reason: RejectReason, resource: &ProtectedResource, scope: Scope) -> Self {
        Self {
            reason,
            resource: Box::new(ProtectedResource { scope: Some(scope), ..resource.clone() }),
        }
    }

    /// Returns the response for the client, with the challenge of RFC 6750 §3. The response omits
    /// details of the reason that would help an attacker.
    pub fn response(&self) -> Response {
        let (status, description) = (status(&self.reason), error_description(&self.reason));
        let mut response = json_response::error(status, self.reason.code(), Some(&description));
        if let Ok(challenge) = HeaderValue::try_from(self.resource.challenge(&self.reason)) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

fn status(reason: &RejectReason) -> StatusCode {
    match reason.code() {
        "invalid_token" => StatusCode::UNAUTHORIZED,
        "insufficient_scope" => StatusCode::FORBIDDEN,
        _ if *reason == RejectReason::TokenMissing => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// Returns the description for the client's developer. All invalid tokens get the same description.
fn error_description(reason: &RejectReason) -> String {
    match reason {
        RejectReason::TokenUnknown
        | RejectReason::TokenInactive
        | RejectReason::TokenExpired { .. }
        | RejectReason::TokenNotYetValid { .. }
        | RejectReason::TokenAudience { .. } => {
            "the access token is unknown, expired or revoked, or it is not for this resource"
                .to_owned()
        }
        RejectReason::TokenKind(_) => "the token is not a bearer access token".to_owned(),
        reason => reason.to_string(),
    }
}

impl From<BearerProblem> for RejectReason {
    fn from(problem: BearerProblem) -> Self {
        match problem {
            BearerProblem::Twice(name) => Self::TokenTwice(name),
            BearerProblem::Invalid { name, why } => Self::TokenInvalid { name, why },
        }
    }
}

/// A protected resource, and the tokens that it demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProtectedResource {
    /// The resource identifier.
    pub(super) resource: String,
    /// The URL of the metadata.
    pub(super) metadata: String,
    /// The path of the metadata.
    pub(super) path: String,
    /// The scope that the request needs.
    pub(super) scope: Option<Scope>,
    pub(super) audience: AudienceRule,
}

/// Whether a token has to name its resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum AudienceRule {
    /// A token without a resource is valid for every resource.
    #[default]
    Optional,
    Required,
}

impl ProtectedResource {
    /// Checks that `resources` contains this resource's URL or one of `names`. An empty list is
    /// valid if the audience is optional.
    pub(super) fn check_audience(
        &self,
        resources: &[String],
        names: &[String],
    ) -> Result<(), RejectReason> {
        let is_for_all = resources.is_empty() && self.audience == AudienceRule::Optional;
        if is_for_all || resources.iter().any(|own| *own == self.resource || names.contains(own)) {
            return Ok(());
        }
        Err(RejectReason::TokenAudience {
            received: resources.iter().take(8).map(|own| truncated(own)).collect(),
            expected: std::iter::once(&self.resource).chain(names).cloned().collect(),
        })
    }

    /// Returns the challenge for a refusal (RFC 6750 §3, RFC 9728 §5.1).
    pub(super) fn challenge(&self, reason: &RejectReason) -> String {
        let error = match reason {
            RejectReason::TokenMissing => String::new(),
            reason => format!("error=\"{}\", ", reason.code()),
        };
        let scope = self.scope.as_ref().filter(|scope| is_quotable(scope.as_str()));
        let scope = scope.map(|scope| format!("scope=\"{scope}\", ")).unwrap_or_default();
        format!("Bearer {error}{scope}resource_metadata=\"{}\"", self.metadata)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn every_invalid_token_gets_the_same_answer_and_the_log_distinguishes_them() {
        let (at, now) = (Timestamp::from_secs(1), Timestamp::from_secs(2));
        let reasons = [
            RejectReason::TokenUnknown,
            RejectReason::TokenInactive,
            RejectReason::TokenExpired { at, now },
            RejectReason::TokenNotYetValid { from: at, now },
            RejectReason::TokenAudience { received: vec!["a".into()], expected: vec!["b".into()] },
        ];
        let told =
            |reason: &RejectReason| (reason.code(), status(reason), error_description(reason));
        assert!(reasons.windows(2).all(|pair| told(&pair[0]) == told(&pair[1])));
        let logged: std::collections::BTreeSet<_> =
            reasons.iter().map(ToString::to_string).collect();
        assert_eq!(logged.len(), reasons.len(), "{logged:?}");
    }
}
