//! The way of a request through its endpoint: queries to storage, and what follows from their
//! outputs.

use http::{Method, Request};

use crate::Response;
use crate::core::query::{PendingQuery, ServerQuery};
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};

/// The result with which the replies of endpoints that answer by themselves end: the response, or
/// what [`Provider::dispatch`] makes of it. The functions behind the endpoints are generic over it,
/// since mapping a step costs a box for each query.
pub(crate) trait EndpointOutput: From<Response> + 'static {}

impl<T: From<Response> + 'static> EndpointOutput for T {}

/// Checks that a request has the method of its endpoint.
pub(crate) fn check_method<B>(
    request: &Request<B>,
    allowed: &'static str,
) -> Result<(), RejectReason> {
    if request.method() == allowed || allowed.split(", ").any(|method| request.method() == method) {
        return Ok(());
    }
    Err(RejectReason::HttpMethod { method: Method::clone(request.method()), allowed })
}

/// Makes a step of a query and of the function that continues with its answer. If the next step is
/// a refusal, or storage fails, the other side is told so.
pub(crate) fn ask<Q: ServerQuery, T>(
    pending: fn(PendingQuery<Q, ServerStep<T>>) -> NextQuery<T>,
    query: Q,
    channel: RefusalChannel,
    next: impl FnOnce(Q::Output) -> Result<ServerStep<T>, RejectReason> + Send + 'static,
) -> ServerStep<T> {
    ask_back(pending, query, channel, move |_, answer| next(answer))
}

/// Does the same for a function that needs the query back.
pub(crate) fn ask_back<Q: ServerQuery, T>(
    pending: fn(PendingQuery<Q, ServerStep<T>>) -> NextQuery<T>,
    query: Q,
    channel: RefusalChannel,
    next: impl FnOnce(Q, Q::Output) -> Result<ServerStep<T>, RejectReason> + Send + 'static,
) -> ServerStep<T> {
    ServerStep::Query(pending(PendingQuery::with_query(query, move |query, answer| {
        let end = answer.map_err(RejectReason::StoreFailed).and_then(|answer| next(query, answer));
        or_reject(&channel, end)
    })))
}

/// Returns the step, or the refusal as a step.
pub(crate) fn or_reject<T>(
    channel: &RefusalChannel,
    result: Result<ServerStep<T>, RejectReason>,
) -> ServerStep<T> {
    result.unwrap_or_else(|reason| ServerStep::Reject(reason.reject(channel)))
}
