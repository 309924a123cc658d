//! The steps of a request: queries to storage, and functions that continue with the results.

use http::{Method, Request};

use crate::Response;
use crate::core::query::{PendingQuery, ServerQuery};
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};

/// The result of endpoints that need no page: a response, or
/// [`Dispatched`](crate::oauth2::server::Dispatched). The functions of the endpoints are generic
/// over it, since mapping a step would need a box for each query.
pub(crate) trait EndpointOutput: From<Response> + Send + 'static {}

impl<T: From<Response> + Send + 'static> EndpointOutput for T {}

/// Checks the method of a request. `allowed` is a list as in the `Allow` header.
pub(crate) fn check_method<B>(
    request: &Request<B>,
    allowed: &'static str,
) -> Result<(), RejectReason> {
    if request.method() == allowed || allowed.split(", ").any(|method| request.method() == method) {
        return Ok(());
    }
    Err(RejectReason::HttpMethod { method: Method::clone(request.method()), allowed })
}

/// Returns a step with a query and the function that continues with its result. If the function
/// refuses the request, or storage fails, the step ends in a refusal for the channel.
pub(crate) fn ask<Q: ServerQuery, T>(
    pending: fn(PendingQuery<Q, ServerStep<T>>) -> NextQuery<T>,
    query: Q,
    channel: RefusalChannel,
    next: impl FnOnce(Q::Output) -> Result<ServerStep<T>, RejectReason> + Send + 'static,
) -> ServerStep<T> {
    ask_back(pending, query, channel, move |_, answer| next(answer))
}

/// Does the same as [`ask`] for a function that needs the query.
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

/// Returns the step, or the refusal for the channel as a step.
pub(crate) fn or_reject<T>(
    channel: &RefusalChannel,
    result: Result<ServerStep<T>, RejectReason>,
) -> ServerStep<T> {
    result.unwrap_or_else(|reason| ServerStep::Reject(reason.reject(channel)))
}
