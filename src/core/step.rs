//! A conversation as a value: [`Step`], its states, and the drivers [`run`] and [`run_async`].

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;

use super::event::Observer;
use crate::{
    BoxError, DriveError, Error, Event, Leg, Moment, Purpose, Request, Response, Timestamp,
};

/// The next thing to do in one leg of a conversation: send a request, wait, or nothing more.
///
/// [`run`] and [`run_async`] do what the steps say until one is `Done`. A program that needs more
/// control matches the steps itself:
///
/// ```
/// use oauth_proto::{Error, Moment, Request, Response, Step};
///
/// fn drive<T>(
///     mut step: Step<T>,
///     mut send: impl FnMut(Request) -> Response,
///     mut sleep_until: impl FnMut(oauth_proto::Timestamp),
/// ) -> Result<T, Error> {
///     loop {
///         step = match step {
///             Step::Send(request, sent) => sent.receive(send(request), Moment::from_os())?,
///             Step::Wait(until, asleep) => {
///                 sleep_until(until);
///                 asleep.wake(Moment::from_os())?
///             }
///             Step::Done(value) => return Ok(value),
///         }
///     }
/// }
/// ```
#[allow(
    clippy::large_enum_variant,
    reason = "a step is moved only a few times in a conversation, and callers match on it"
)]
#[must_use = "a step does nothing until it is driven: see `run` and `run_async`"]
pub enum Step<T> {
    /// Send this request, then pass the response to [`Sent::receive`]. Do not follow redirects: the
    /// flow checks them.
    Send(Request, Sent<T>),
    /// Wait until this time, then call [`Asleep::wake`].
    Wait(Timestamp, Asleep<T>),
    /// The leg is finished. The value is its result.
    Done(T),
}

/// A leg whose request was sent, and which waits for the response. The response can be passed only
/// once.
///
/// ```
/// use oauth_proto::oauth1::Token;
/// use oauth_proto::{Error, Moment, Response, Sent, Step};
///
/// fn went_through(sent: Sent<Token>, response: Response) -> Result<bool, Error> {
///     let next: Step<Token> = sent.receive(response, Moment::from_os())?;
///     Ok(matches!(next, Step::Done(_)))
/// }
/// ```
#[must_use = "the conversation continues only when the response is given to `receive`"]
pub struct Sent<T> {
    state: Box<dyn Receive<T>>,
    /// The URI of the request, for errors. It is in an `Arc`, since a step is moved often.
    uri: Arc<Uri>,
    observer: Observer,
}

/// A leg that waits until a point in time, for example before the next poll.
///
/// ```
/// use oauth_proto::{Asleep, Error, Moment, Step};
///
/// fn go_on<T>(asleep: Asleep<T>) -> Result<Step<T>, Error> {
///     asleep.wake(Moment::from_os())
/// }
/// ```
#[must_use = "the conversation continues only when `wake` is called"]
pub struct Asleep<T> {
    state: Box<dyn Wake<T>>,
    observer: Observer,
}

/// A state of a leg that waits for a response. Its `Debug` output has the purpose only.
pub(crate) trait Receive<T>: Send + Sync {
    fn receive(self: Box<Self>, response: Response, moment: Moment) -> Result<Step<T>, Error>;

    /// Returns the purpose of the request that was sent.
    fn purpose(&self) -> Purpose;
}

impl<T> dyn Receive<T> {
    /// Continues with the response of an endpoint. Errors name the endpoint.
    #[inline]
    fn receive_at(
        self: Box<Self>,
        uri: &Uri,
        response: Response,
        moment: Moment,
    ) -> Result<Step<T>, Error> {
        let purpose = self.purpose();
        match self.receive(response, moment) {
            Err(error) => Err(error.in_leg(&Leg::new(purpose, uri))),
            next => next,
        }
    }
}

impl Observer {
    /// Reports the result of a response, and keeps observing the leg.
    fn follow<T>(
        &self,
        next: &mut Result<Step<T>, Error>,
        purpose: Purpose,
        uri: &Uri,
        status: http::StatusCode,
    ) {
        match next {
            Err(error) => self.failed(purpose, uri, error),
            Ok(step) if step.purpose() == Some(purpose) => self.continued(purpose, uri, status),
            Ok(_) => self.answered(purpose, uri, status),
        }
        if let Ok(step) = next {
            step.observe(self);
        }
    }
}

/// A state of a leg that waits for a time.
pub(crate) trait Wake<T>: Send + Sync {
    fn wake(self: Box<Self>, moment: Moment) -> Result<Step<T>, Error>;

    /// Returns the purpose of the next request.
    fn purpose(&self) -> Purpose;
}

impl<T> Step<T> {
    pub(crate) fn send(request: Request, state: impl Receive<T> + 'static) -> Self {
        Self::send_observed(request, state, &Observer::default())
    }

    /// Returns a step that sends the request, with an observer. Unlike
    /// [`observed_by`](Self::observed_by), this function does not move the request a second time.
    pub(crate) fn send_observed(
        request: Request,
        state: impl Receive<T> + 'static,
        observer: &Observer,
    ) -> Self {
        let uri = Arc::new(request.uri().clone());
        Self::send_to(uri, request, state, observer)
    }

    /// Returns the same step as [`send_observed`](Self::send_observed), for a caller that has the
    /// URI already.
    pub(crate) fn send_to(
        uri: Arc<Uri>,
        request: Request,
        state: impl Receive<T> + 'static,
        observer: &Observer,
    ) -> Self {
        Self::Send(request, Sent { state: Box::new(state), uri, observer: observer.clone() })
    }

    pub(crate) fn wait(until: Timestamp, state: impl Wake<T> + 'static) -> Self {
        Self::Wait(until, Asleep { state: Box::new(state), observer: Observer::default() })
    }

    /// Calls a function for each [`Event`] of this leg. Use it for calls without a client, such as
    /// discovery and [`ApiRequest::call`](crate::ApiRequest::call), or for a single call. The
    /// functions of the client are called before it.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::{Discovery, Metadata};
    /// use oauth_proto::{DriveError, Request, Response, run};
    ///
    /// fn discover(
    ///     send: impl FnMut(Request) -> Result<Response, std::io::Error>,
    /// ) -> Result<Metadata, DriveError> {
    ///     run(
    ///         Discovery::new("https://auth.example.com")?
    ///             .start()?
    ///             .on_event(|event| println!("{event}")),
    ///         send,
    ///     )
    /// }
    /// ```
    pub fn on_event(mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        match &mut self {
            Self::Send(_, Sent { observer, .. }) | Self::Wait(_, Asleep { observer, .. }) => {
                observer.push(hook);
            }
            Self::Done(_) => {}
        }
        self
    }

    /// Returns the step with an observer, which the leg keeps until its end.
    pub(crate) fn observed_by(mut self, by: &Observer) -> Self {
        self.observe(by);
        self
    }

    fn observe(&mut self, by: &Observer) {
        match self {
            Self::Send(_, Sent { observer, .. }) | Self::Wait(_, Asleep { observer, .. }) => {
                observer.clone_from(by);
            }
            Self::Done(_) => {}
        }
    }

    /// Returns the purpose of the next request, if there is one.
    fn purpose(&self) -> Option<Purpose> {
        match self {
            Self::Send(_, sent) => Some(sent.purpose()),
            Self::Wait(_, asleep) => Some(asleep.purpose()),
            Self::Done(_) => None,
        }
    }
}

impl<T> Sent<T> {
    /// Continues with the response to the request, and returns the next step.
    ///
    /// # Errors
    /// Any [`Error`] of the flow: if the server refused, if the response breaks the protocol, or if
    /// it does not belong to this conversation. [`Error::leg`] has the purpose and the endpoint of
    /// the request.
    pub fn receive(self, response: Response, moment: Moment) -> Result<Step<T>, Error> {
        let Self { state, uri, observer } = self;
        if observer.is_idle() {
            return state.receive_at(&uri, response, moment);
        }
        let (purpose, status) = (state.purpose(), response.status());
        let mut next = state.receive_at(&uri, response, moment);
        observer.follow(&mut next, purpose, &uri, status);
        next
    }

    /// Continues like [`receive`](Self::receive), but reports no event, since the leg around this
    /// one reports it.
    pub(crate) fn receive_unreported(
        self,
        response: Response,
        moment: Moment,
    ) -> Result<Step<T>, Error> {
        let Self { state, uri, .. } = self;
        state.receive_at(&uri, response, moment)
    }

    /// Continues like [`receive`](Self::receive) if this leg has its own hooks or client, and like
    /// [`receive_unreported`](Self::receive_unreported) if not. Use it in a leg around this one
    /// that belongs to another client.
    pub(crate) fn receive_within(
        self,
        response: Response,
        moment: Moment,
    ) -> Result<Step<T>, Error> {
        if self.observer.is_default() {
            self.receive_unreported(response, moment)
        } else {
            self.receive(response, moment)
        }
    }

    /// Returns the purpose and the endpoint of the request, for logs and for errors of the
    /// transport.
    pub fn leg(&self) -> Leg {
        Leg::new(self.purpose(), &self.uri)
    }

    /// Returns the purpose of the request.
    pub(crate) fn purpose(&self) -> Purpose {
        self.state.purpose()
    }

    /// Returns the URI of the request and the observer, for a leg around this one.
    pub(crate) fn place(&self) -> (Arc<Uri>, Observer) {
        (self.uri.clone(), self.observer.clone())
    }
}

impl<T> Asleep<T> {
    /// Continues after the wait. If it is called too early, the next step is to wait again.
    ///
    /// # Errors
    /// [`Expired`](crate::Expired) if the time for the whole leg is over.
    /// [`Unsupported`](crate::Unsupported) if the next request cannot be made.
    pub fn wake(self, moment: Moment) -> Result<Step<T>, Error> {
        let Self { state, observer } = self;
        Ok(state.wake(moment)?.observed_by(&observer))
    }

    /// Returns the purpose of the next request.
    pub(crate) fn purpose(&self) -> Purpose {
        self.state.purpose()
    }

    /// Returns the observer, for a leg around this one.
    pub(crate) fn observer(&self) -> Observer {
        self.observer.clone()
    }
}

impl<T> fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Headers, query and body can all have credentials, so only method and path are shown.
            Self::Send(request, sent) => f
                .debug_tuple("Send")
                .field(&format_args!("{} {}", request.method(), request.uri().path()))
                .field(sent)
                .finish(),
            Self::Wait(until, asleep) => f.debug_tuple("Wait").field(until).field(asleep).finish(),
            // The value can have secrets in it.
            Self::Done(_) => f.write_str("Done(..)"),
        }
    }
}

impl<T> fmt::Debug for Sent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sent({:?})", self.purpose())
    }
}

impl<T> fmt::Debug for Asleep<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asleep({:?})", self.purpose())
    }
}

/// Drives a leg to its end over a blocking transport, with the operating system's clock, randomness
/// and sleep.
///
/// `send` is the transport: it sends one request, returns the response whatever its status is, and
/// follows no redirect.
///
/// ```
/// use oauth_proto::{Request, Response, Step, run};
///
/// let mut send = |_request: Request| -> Result<Response, std::io::Error> {
///     Ok(Response::new(Vec::new()))
/// };
/// assert_eq!(run(Step::Done("token"), &mut send).unwrap(), "token");
/// ```
///
/// # Errors
/// [`DriveError`] with the error of `send`, or with the error of the conversation.
#[cfg(feature = "os")]
pub fn run<T, E: Into<BoxError>>(
    step: Step<T>,
    send: impl FnMut(Request) -> Result<Response, E>,
) -> Result<T, DriveError> {
    run_with(step, send, Moment::from_os, std::thread::sleep)
}

/// Drives a leg to its end like [`run`], with the caller's functions for time, randomness and
/// sleep. `sleep` must wait by the same clock that `moment` reads. If it returns too early, it is
/// called again.
///
/// # Errors
/// [`DriveError`] with the error of `send`, or with the error of the conversation.
pub fn run_with<T, E: Into<BoxError>>(
    mut step: Step<T>,
    mut send: impl FnMut(Request) -> Result<Response, E>,
    mut moment: impl FnMut() -> Moment,
    mut sleep: impl FnMut(Duration),
) -> Result<T, DriveError> {
    loop {
        step = match step {
            Step::Send(request, sent) => {
                let exchanged = send(request).map_err(Into::into);
                received(sent, exchanged, &mut moment)?
            }
            Step::Wait(until, asleep) => {
                sleep(moment().now.until(until));
                asleep.wake(moment())?
            }
            Step::Done(value) => return Ok(value),
        }
    }
}

/// Drives a leg to its end over an asynchronous transport, with the operating system's clock and
/// randomness.
///
/// `send` is the transport: it sends one request, returns the response whatever its status is, and
/// follows no redirect. `sleep` is the sleep of the runtime, for example `tokio::time::sleep`; only
/// flows that poll call it. The returned future works with any runtime, and is `Send` if the
/// futures of `send` and `sleep` are.
///
/// ```
/// use oauth_proto::{Request, Response, Step, run_async};
///
/// # pollster::block_on(async {
/// let mut send =
///     |_request: Request| async { Ok::<_, std::io::Error>(Response::new(Vec::new())) };
/// let token = run_async(Step::Done("token"), &mut send, |_pause| async {}).await.unwrap();
/// assert_eq!(token, "token");
/// # });
/// ```
///
/// # Errors
/// [`DriveError`] with the error of `send`, or with the error of the conversation.
#[cfg(feature = "os")]
pub async fn run_async<T, E, Sending, Sleeping>(
    step: Step<T>,
    send: impl FnMut(Request) -> Sending,
    sleep: impl FnMut(Duration) -> Sleeping,
) -> Result<T, DriveError>
where
    E: Into<BoxError>,
    Sending: Future<Output = Result<Response, E>>,
    Sleeping: Future,
{
    run_async_with(step, send, Moment::from_os, sleep).await
}

/// Drives a leg to its end like [`run_async`], with the caller's function for time and randomness.
/// `sleep` must wait by the same clock that `moment` reads. If it returns too early, it is called
/// again.
///
/// # Errors
/// [`DriveError`] with the error of `send`, or with the error of the conversation.
pub async fn run_async_with<T, E, Sending, Sleeping>(
    mut step: Step<T>,
    mut send: impl FnMut(Request) -> Sending,
    mut moment: impl FnMut() -> Moment,
    mut sleep: impl FnMut(Duration) -> Sleeping,
) -> Result<T, DriveError>
where
    E: Into<BoxError>,
    Sending: Future<Output = Result<Response, E>>,
    Sleeping: Future,
{
    loop {
        step = match step {
            Step::Send(request, sent) => {
                let exchanged = send(request).await.map_err(Into::into);
                received(sent, exchanged, &mut moment)?
            }
            Step::Wait(until, asleep) => {
                sleep(moment().now.until(until)).await;
                asleep.wake(moment())?
            }
            Step::Done(value) => return Ok(value),
        }
    }
}

/// An asynchronous transport. Private functions use this trait, so they do not repeat its bounds.
pub(crate) trait Transport {
    type Error: Into<BoxError>;
    type Sending: Future<Output = Result<Response, Self::Error>>;

    fn send(&mut self, request: Request) -> Self::Sending;
}

impl<F, E, Sending> Transport for F
where
    F: FnMut(Request) -> Sending,
    E: Into<BoxError>,
    Sending: Future<Output = Result<Response, E>>,
{
    type Error = E;
    type Sending = Sending;

    fn send(&mut self, request: Request) -> Sending {
        self(request)
    }
}

/// Continues with the result of the transport.
fn received<T>(
    sent: Sent<T>,
    exchanged: Result<Response, BoxError>,
    moment: &mut impl FnMut() -> Moment,
) -> Result<Step<T>, DriveError> {
    match exchanged {
        Ok(response) => {
            let (purpose, uri) = (sent.purpose(), sent.uri.clone());
            let failed = |error| DriveError::Protocol { error, leg: Some(Leg::new(purpose, &uri)) };
            sent.receive(response, moment()).map_err(failed)
        }
        Err(error) => {
            sent.observer.unsent(&sent.leg(), &error);
            Err(DriveError::transport(sent.leg(), error))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Poll, Wake as WakeTask, Waker};

    use super::*;

    /// A leg of three rounds: it sends, waits ten seconds and sends again. Its result is the list
    /// of statuses.
    struct Polling {
        seen: Vec<u16>,
    }

    impl Polling {
        fn start() -> Step<Vec<u16>> {
            Step::send(Request::default(), Self { seen: Vec::new() })
        }
    }

    impl Receive<Vec<u16>> for Polling {
        fn receive(
            mut self: Box<Self>,
            response: Response,
            moment: Moment,
        ) -> Result<Step<Vec<u16>>, Error> {
            self.seen.push(response.status().as_u16());
            Ok(match self.seen.len() {
                1 => Step::wait(moment.now.after(Duration::from_secs(10)), *self),
                _ => Step::Done(self.seen),
            })
        }

        fn purpose(&self) -> Purpose {
            Purpose::PollingForToken
        }
    }

    impl Wake<Vec<u16>> for Polling {
        fn wake(self: Box<Self>, _: Moment) -> Result<Step<Vec<u16>>, Error> {
            Ok(Step::send(Request::default(), *self))
        }

        fn purpose(&self) -> Purpose {
            Purpose::PollingForToken
        }
    }

    fn moment() -> Moment {
        Moment::new(Timestamp::from_secs(100), [1; 32])
    }

    fn answer(status: u16) -> Response {
        http::Response::builder().status(status).body(Vec::new()).unwrap()
    }

    /// Is pending once. A driver that does not really suspend would hang or lose its place.
    async fn suspend() {
        let mut suspended = false;
        std::future::poll_fn(|context| {
            if suspended {
                return Poll::Ready(());
            }
            suspended = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// The smallest executor there is: polls, and spins until woken.
    fn block_on<F: Future>(future: F) -> F::Output {
        struct Flag(AtomicBool);
        impl WakeTask for Flag {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(flag.clone());
        let mut future = pin!(future);
        loop {
            if flag.0.swap(false, Ordering::SeqCst)
                && let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return value;
            }
            std::thread::yield_now();
        }
    }

    async fn drive_async(slept: &mut Vec<u64>) -> Vec<u16> {
        let mut statuses = [202, 200].into_iter();
        let send = |_: Request| {
            let status = statuses.next().unwrap();
            async move {
                suspend().await;
                Ok::<_, std::io::Error>(answer(status))
            }
        };
        let sleep = |pause: Duration| {
            slept.push(pause.as_secs());
            suspend()
        };
        run_async_with(Polling::start(), send, moment, sleep).await.unwrap()
    }

    #[test]
    fn the_blocking_driver_sends_sleeps_and_returns_the_value() {
        let mut statuses = [202, 200].into_iter();
        let mut slept = Vec::new();
        let send = |_: Request| Ok::<_, std::io::Error>(answer(statuses.next().unwrap()));
        let seen =
            run_with(Polling::start(), send, moment, |pause| slept.push(pause.as_secs())).unwrap();
        assert_eq!((seen, slept), (vec![202, 200], vec![10]));
    }

    #[test]
    fn the_async_driver_works_under_a_hand_written_executor() {
        let mut slept = Vec::new();
        assert_eq!(block_on(drive_async(&mut slept)), [202, 200]);
        assert_eq!(slept, [10]);
    }

    #[test]
    fn the_async_driver_works_under_pollster() {
        let mut slept = Vec::new();
        assert_eq!(pollster::block_on(drive_async(&mut slept)), [202, 200]);
        assert_eq!(slept, [10]);
    }

    #[test]
    fn the_async_drivers_future_can_move_to_another_thread() {
        fn is_send<T: Send>(value: T) -> T {
            value
        }
        let send = |_: Request| async { Ok::<_, std::io::Error>(answer(200)) };
        let future = is_send(run_async_with(Polling::start(), send, moment, |_| suspend()));
        let seen = std::thread::spawn(move || block_on(future)).join().unwrap().unwrap();
        assert_eq!(seen, [200, 200]);
    }

    #[test]
    fn a_failed_transport_is_reported_as_such() {
        let send = |_: Request| {
            Err::<Response, _>(std::io::Error::from(std::io::ErrorKind::ConnectionRefused))
        };
        let error = run_with(Polling::start(), send, moment, |_| ()).unwrap_err();
        assert!(matches!(error, DriveError::Transport { .. }), "{error}");
    }

    #[test]
    fn debug_names_the_state_and_hides_the_request() {
        let mut request = Request::default();
        *request.uri_mut() = "https://a.example/token?secret=hunter2".parse().unwrap();
        let step = Step::send(request, Polling { seen: Vec::new() });
        assert_eq!(format!("{step:?}"), "Send(GET /token, Sent(PollingForToken))");
    }
}
