//! Members that the application adds to token responses (RFC 6749 §5.1) and introspection responses
//! (RFC 7662 §2.2).

use serde_json::{Map, Value};

use super::token_request::TokenRequest;
use super::tokens::TokenResponse;
use crate::core::query::PendingQuery;
use crate::oauth2::server::flow::storage::{EndpointOutput, or_reject};
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::store::extend_response::{ExtendResponse, ResponseKind};
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};

impl ExtendResponse {
    /// Asks the application for members, and continues with them.
    pub(crate) fn ask<T: 'static, F>(self, channel: RefusalChannel, next: F) -> ServerStep<T>
    where
        F: FnOnce(Map<String, Value>) -> Result<ServerStep<T>, RejectReason> + Send + 'static,
    {
        let kind = self.kind;
        ServerStep::Query(NextQuery::ExtendResponse(PendingQuery::new(self, move |members| {
            let members = members.map_err(RejectReason::DecisionFailed).and_then(|members| {
                match members.keys().any(|member| kind.reserves(member)) {
                    true => Err(RejectReason::Misconfigured(
                        "the application added a member that the server writes itself",
                    )),
                    false => Ok(members),
                }
            });
            or_reject(&channel, members.and_then(next))
        })))
    }
}

impl TokenRequest {
    /// Lets the application add members to the response if the option is set, and continues with
    /// the response.
    pub(crate) fn extended<T: EndpointOutput, F>(
        self,
        mut answer: TokenResponse,
        next: F,
    ) -> Result<ServerStep<T>, RejectReason>
    where
        F: FnOnce(Self, TokenResponse) -> Result<ServerStep<T>, RejectReason> + Send + 'static,
    {
        if !self.provider.0.extend_token_responses {
            return next(self, answer);
        }
        let query = ExtendResponse::about(ResponseKind::Token, &self.client, &answer.record);
        Ok(query.ask(self.refusal_channel(), move |members| {
            answer.members = members;
            next(self, answer)
        }))
    }
}
