//! Checking requests whose tokens another server has issued.

use std::future::{Future, ready};
use std::sync::Arc;

use http::Request;

use super::access::Access;
use super::admission::{Admission, NotAdmitted};
use super::guard::ResourceServer;
use super::remote::RemoteTokens;
use crate::core::single_flight::block_on;
use crate::core::then::divided;
use crate::core::token_hash::TokenHash;
use crate::oauth2::{HintedToken, Scope};
use crate::{BoxError, Error, Moment, Response, Step};

impl ResourceServer {
    /// Checks a request's token at the authorization server, and returns the [`Access`] of the
    /// request. The token must be valid for the whole scope.
    ///
    /// This call blocks while it or another thread introspects the token. When many requests with
    /// the same token arrive at the same time, one of them introspects the token, and all use the
    /// response. Each request is checked for its own scope. If the introspecting thread panics,
    /// another one takes over.
    ///
    /// `send` performs one HTTP exchange, without following redirects. Set a timeout in it, because
    /// other callers wait during an introspection. `send` must not check the same token, since it
    /// would wait for itself. In an asynchronous program call [`admit_async`](Self::admit_async): a
    /// thread that blocks here runs no tasks, not even the task for which it waits.
    ///
    /// # Errors
    /// - [`NotAdmitted::Rejected`] if the token is not valid for the request.
    /// - [`NotAdmitted::Failed`] if the introspection failed. All callers that waited for it get
    ///   this error; the next request with the token introspects again.
    ///
    /// Both have the [`response`](NotAdmitted::response) to send.
    #[cfg(feature = "os")]
    pub fn admit<B: AsRef<[u8]>, E: Into<BoxError>>(
        &self,
        request: &Request<B>,
        scope: impl Into<Scope>,
        tokens: &RemoteTokens,
        send: impl FnMut(crate::Request) -> Result<Response, E>,
    ) -> Result<Access, NotAdmitted> {
        self.admit_with(request, scope, tokens, send, Moment::from_os)
    }

    /// Checks a request as [`admit`](Self::admit) does, with time and randomness from the caller.
    ///
    /// # Errors
    /// - [`NotAdmitted::Rejected`] if the token is not valid for the request.
    /// - [`NotAdmitted::Failed`] if the introspection failed; the next request with the token
    ///   introspects again.
    ///
    /// Both have the [`response`](NotAdmitted::response) to send.
    pub fn admit_with<B: AsRef<[u8]>, E: Into<BoxError>>(
        &self,
        request: &Request<B>,
        scope: impl Into<Scope>,
        tokens: &RemoteTokens,
        mut send: impl FnMut(crate::Request) -> Result<Response, E>,
        moment: impl FnMut() -> Moment,
    ) -> Result<Access, NotAdmitted> {
        block_on(self.admit_async_with(
            request,
            scope,
            tokens,
            |request| ready(send(request)),
            moment,
        ))
    }

    /// Checks a request as [`admit`](Self::admit) does, over an asynchronous transport. The future
    /// is `Send` if the futures of `send` are. If the future is dropped while others wait for its
    /// introspection, one of them takes over.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::resource::{RemoteTokens, ResourceServer};
    /// use oauth_proto::{Request, Response};
    ///
    /// async fn albums(
    ///     photos: &ResourceServer,
    ///     tokens: &RemoteTokens,
    ///     request: &Request,
    /// ) -> Response {
    ///     # async fn exchange(_: Request) -> Result<Response, std::io::Error> {
    ///     #     Ok(Response::new(Vec::new()))
    ///     # }
    ///     match photos.admit_async(request, "photos.read", tokens, exchange).await {
    ///         Ok(access) => {
    ///             Response::new(format!("the albums of {:?}", access.user()).into_bytes())
    ///         }
    ///         Err(not_admitted) => not_admitted.response(),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// - [`NotAdmitted::Rejected`] if the token is not valid for the request.
    /// - [`NotAdmitted::Failed`] if the introspection failed; the next request with the token
    ///   introspects again.
    ///
    /// Both have the [`response`](NotAdmitted::response) to send.
    #[cfg(feature = "os")]
    pub async fn admit_async<B, E, Sending>(
        &self,
        request: &Request<B>,
        scope: impl Into<Scope>,
        tokens: &RemoteTokens,
        send: impl FnMut(crate::Request) -> Sending,
    ) -> Result<Access, NotAdmitted>
    where
        B: AsRef<[u8]>,
        E: Into<BoxError>,
        Sending: Future<Output = Result<Response, E>>,
    {
        self.admit_async_with(request, scope, tokens, send, Moment::from_os).await
    }

    /// Checks a request as [`admit_async`](Self::admit_async) does, with time and randomness from
    /// the caller.
    ///
    /// # Errors
    /// - [`NotAdmitted::Rejected`] if the token is not valid for the request.
    /// - [`NotAdmitted::Failed`] if the introspection failed; the next request with the token
    ///   introspects again.
    ///
    /// Both have the [`response`](NotAdmitted::response) to send.
    pub async fn admit_async_with<B, E, Sending>(
        &self,
        request: &Request<B>,
        scope: impl Into<Scope>,
        tokens: &RemoteTokens,
        mut send: impl FnMut(crate::Request) -> Sending,
        mut moment: impl FnMut() -> Moment,
    ) -> Result<Access, NotAdmitted>
    where
        B: AsRef<[u8]>,
        E: Into<BoxError>,
        Sending: Future<Output = Result<Response, E>>,
    {
        let scope = scope.into();
        let token = match self.token(request) {
            Ok(token) => token,
            Err(reason) => return Err(self.guard.reject(reason, scope).into()),
        };
        let (key, now) = (TokenHash::of(&token), moment().now);
        if let Some(introspection) = tokens.recall(key, now) {
            return Ok(tokens.end(&self.guard, introspection, scope, now)?);
        }
        let introspection =
            tokens.flights.fly(key, || tokens.ask(key, &token, &mut send, &mut moment)).await?;
        Ok(tokens.end(&self.guard, introspection, scope, moment().now)?)
    }

    /// Returns a [`Step`] that checks a request as [`admit`](Self::admit) does. Each of these steps
    /// introspects for itself: requests that arrive at the same time do not share a response.
    ///
    /// # Errors
    /// - [`Unsupported::NoEndpoint`](crate::Unsupported::NoEndpoint) if the authorization server
    ///   has no introspection endpoint.
    /// - [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) if this endpoint is on another
    ///   machine, without TLS.
    ///
    /// Errors in the authorization server's response are returned later, by the step. Respond to
    /// the request with 503 after any error.
    pub fn check_remotely<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        scope: impl Into<Scope>,
        tokens: &RemoteTokens,
        moment: Moment,
    ) -> Result<Step<Admission>, Error> {
        let scope = scope.into();
        let token = match self.token(request) {
            Ok(token) => token,
            Err(reason) => {
                return Ok(Step::Done(Admission::Rejected(self.guard.reject(reason, scope))));
            }
        };
        let key = TokenHash::of(&token);
        if let Some(introspection) = tokens.recall(key, moment.now) {
            return Ok(Step::Done(
                tokens.end(&self.guard, introspection, scope, moment.now).into(),
            ));
        }
        let asked = tokens.remembered.asked(moment.now);
        let (moment, next) = divided(moment);
        let (guard, tokens) = (self.guard.clone(), tokens.clone());
        let step = tokens.client.introspect(HintedToken::AccessToken((&*token).into()), moment)?;
        step.then(next, move |introspection, moment| {
            let (introspection, now) = (Arc::new(introspection), moment.now);
            tokens.remembered.remember(key, &introspection, asked, &tokens.limits(), now);
            Ok(Step::Done(tokens.end(&guard, introspection, scope, now).into()))
        })
    }
}
