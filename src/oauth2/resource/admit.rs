//! Letting requests in by what another server says of their tokens.

use std::future::{Future, ready};
use std::sync::Arc;

use http::Request;

use super::access::Access;
use super::admission::{Admission, NotAdmitted};
use super::guard::ResourceServer;
use super::remote::RemoteTokens;
use crate::core::single_flight::block_on;
use crate::core::then::divided;
use crate::oauth2::common::token_hash::TokenHash;
use crate::oauth2::{HintedToken, Scope};
use crate::{BoxError, Error, Moment, Response, Step};

impl ResourceServer {
    /// Asks the authorization server, over the transport `send`, whether the request's token is
    /// good for the whole scope. Returns the [`Access`] of an accepted request. Blocks while it or
    /// another thread asks.
    ///
    /// When many requests come with one token at the same time, one of them asks, and all get its
    /// answer. Each is judged for its own scope. If the thread that asks panics, another one asks.
    ///
    /// `send` performs one HTTP exchange without following redirects, and with a timeout: while it
    /// asks, others wait. It must not check the same token, since it would wait for itself. In an
    /// asynchronous program call [`admit_async`](Self::admit_async): a thread that waits here runs
    /// no tasks, and the one that it waits for may be among them.
    ///
    /// # Errors
    /// [`NotAdmitted::Rejected`] when the token is not good for the request.
    /// [`NotAdmitted::Failed`] when the server cannot be asked, for all who waited for this; the
    /// next request with the token asks again. Either has the [`response`](NotAdmitted::response)
    /// to send.
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

    /// Checks as [`admit`](Self::admit) does, with time and randomness from the caller.
    ///
    /// # Errors
    /// [`NotAdmitted::Rejected`] when the token is not good for the request.
    /// [`NotAdmitted::Failed`] when the server cannot be asked; the next request with the token
    /// asks again. Either has the [`response`](NotAdmitted::response) to send.
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

    /// Checks as [`admit`](Self::admit) does, over an asynchronous transport. The future is `Send`
    /// when the transport's is. If it is dropped while it asks for others, another one asks.
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
    /// [`NotAdmitted::Rejected`] when the token is not good for the request.
    /// [`NotAdmitted::Failed`] when the server cannot be asked; the next request with the token
    /// asks again. Either has the [`response`](NotAdmitted::response) to send.
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

    /// Checks as [`admit_async`](Self::admit_async) does, with time and randomness from the caller.
    ///
    /// # Errors
    /// [`NotAdmitted::Rejected`] when the token is not good for the request.
    /// [`NotAdmitted::Failed`] when the server cannot be asked; the next request with the token
    /// asks again. Either has the [`response`](NotAdmitted::response) to send.
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

    /// Checks as [`admit`](Self::admit) does, step by step, for those who drive it by hand. Each of
    /// these asks for itself.
    ///
    /// # Errors
    /// [`Unsupported`](crate::Unsupported) when the server cannot be asked, since it has no
    /// introspection endpoint, or one without TLS. The step reports errors of the server's answer.
    /// Answer the request with 503 then.
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
