//! HTTP for our client: single exchanges and complete legs.

use std::cell::RefCell;
use std::sync::Mutex;
use std::time::Duration;

use oauth_proto::{DriveError, Error, Moment, Request, Response, Step, Timestamp, run, run_with};

/// The most requests of a leg. A leg with more requests does not end.
const MOST: usize = 300;

/// A transport that follows no redirects, keeps no cookies, and returns responses of every status.
#[derive(Clone, Debug)]
pub struct Http(ureq::Agent);

impl Default for Http {
    fn default() -> Self {
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)));
        Self(config.build().into())
    }
}

impl Http {
    /// Sends a request and returns the response.
    ///
    /// # Errors
    /// The errors of the transport.
    pub fn exchange(&self, request: Request) -> Result<Response, ureq::Error> {
        let (head, mut body) = self.0.run(request)?.into_parts();
        Ok(Response::from_parts(head, body.read_to_vec()?))
    }

    /// Sends a request and returns the response. Panics if the transport fails.
    pub fn send(&self, request: Request) -> Response {
        self.exchange(request).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Sends a GET request.
    pub fn get(&self, url: &str) -> Response {
        self.send(http::Request::get(url).body(Vec::new()).expect("a URL"))
    }

    /// Drives a leg.
    ///
    /// # Errors
    /// The error of the leg.
    pub fn run<T>(&self, step: Result<Step<T>, Error>) -> Result<T, Error> {
        run(step?, |request| self.exchange(request)).map_err(protocol)
    }

    /// Drives a leg that waits, with a test clock. `meanwhile` is called with the length of each
    /// pause, before the clock advances.
    ///
    /// # Errors
    /// The error of the leg.
    pub fn run_waiting<T>(
        &self,
        clock: &Clock,
        step: Result<Step<T>, Error>,
        meanwhile: impl FnMut(Duration),
    ) -> Result<T, Error> {
        let meanwhile = RefCell::new(meanwhile);
        let sleep = |pause| {
            meanwhile.borrow_mut()(pause);
            clock.advance(pause);
        };
        let mut sent = 0;
        let send = |request| {
            sent += 1;
            assert!(sent <= MOST, "{sent} requests, and it is {}", clock.moment().now);
            self.exchange(request)
        };
        run_with(step?, send, || clock.moment(), sleep).map_err(protocol)
    }
}

fn protocol(error: DriveError) -> Error {
    match error {
        DriveError::Protocol { error, .. } => error,
        error => panic!("{error}"),
    }
}

/// A test clock, so that tests do not wait.
#[derive(Debug)]
pub struct Clock(Mutex<Timestamp>);

impl Default for Clock {
    /// Returns a clock at the present time, since the other side uses the system clock.
    fn default() -> Self {
        Self(Mutex::new(Timestamp::from_os()))
    }
}

impl Clock {
    /// Advances the clock.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().expect("no panic");
        *now = now.after(by);
    }

    /// Returns a moment with the clock's time and fresh randomness.
    pub fn moment(&self) -> Moment {
        let mut moment = Moment::from_os();
        moment.now = *self.0.lock().expect("no panic");
        moment
    }
}
