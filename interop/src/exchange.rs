//! Real HTTP under our client: single exchanges, and its legs from their first step to their last.

use std::cell::RefCell;
use std::sync::Mutex;
use std::time::Duration;

use oauth_proto::{DriveError, Error, Moment, Request, Response, Step, Timestamp, run, run_with};

/// A leg that sends more is one without an end.
const MOST: usize = 300;

/// A transport that follows no redirects, keeps no cookies and takes every status for an answer.
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
    /// One exchange.
    ///
    /// # Errors
    /// The errors of the transport.
    pub fn exchange(&self, request: Request) -> Result<Response, ureq::Error> {
        let (head, mut body) = self.0.run(request)?.into_parts();
        Ok(Response::from_parts(head, body.read_to_vec()?))
    }

    /// One exchange, which succeeds as such.
    pub fn send(&self, request: Request) -> Response {
        self.exchange(request).unwrap_or_else(|error| panic!("{error}"))
    }

    /// A page.
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

    /// Drives a leg that waits, by its own clock: before each of its pauses ends, `meanwhile` is
    /// told how long it is.
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

/// A clock that moves when it is told to, so that tests do not wait.
#[derive(Debug)]
pub struct Clock(Mutex<Timestamp>);

impl Default for Clock {
    /// It begins with the present time, since the other side goes by that.
    fn default() -> Self {
        Self(Mutex::new(Timestamp::from_os()))
    }
}

impl Clock {
    /// That much later.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().expect("no panic");
        *now = now.after(by);
    }

    /// Its time, with fresh randomness.
    pub fn moment(&self) -> Moment {
        let mut moment = Moment::from_os();
        moment.now = *self.0.lock().expect("no panic");
        moment
    }
}
