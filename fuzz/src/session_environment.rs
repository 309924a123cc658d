//! The environment of a shared session: a clock, requests whose responses the fuzzer chooses, a
//! token store, and checks of the requests.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use oauth_proto::oauth2::{ConditionalWrite, StoredToken, Token, WriteOutcome};
use oauth_proto::{Moment, Request, Response, Timestamp};

use crate::requests::moment;

pub const TOKEN_ENDPOINT: &str = "https://a.example/token";
pub const API: &str = "https://api.example";

/// A value that can be changed through a shared reference. It is `Send`, as the functions of a
/// session require.
#[derive(Default)]
pub struct Cell<T>(Mutex<T>);

impl<T> Cell<T> {
    pub fn borrow(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }

    pub fn get(&self) -> T
    where
        T: Copy,
    {
        *self.borrow()
    }

    pub fn set(&self, value: T) {
        *self.borrow() = value;
    }
}

impl<T: fmt::Debug> fmt::Debug for Cell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.borrow().fmt(f)
    }
}

pub type Outcome<T> = Result<T, &'static str>;

/// The result of a request.
#[derive(arbitrary::Arbitrary, Clone, Copy, Debug)]
pub enum Answer {
    /// Success. A new token has this lifetime.
    Good(Option<u16>),
    /// 401 of an API, a refusal of the token endpoint, or a failure to save.
    Refused(u8),
    Failed,
    Garbage,
}

#[derive(Default)]
pub struct SessionEnvironment {
    pub now: Cell<u64>,
    moments: Cell<u8>,
    issued: Cell<u32>,
    /// The number of times that the user has granted access.
    grant: Cell<u32>,
    /// Tokens of earlier grants.
    outdated: Cell<BTreeSet<String>>,
    pub saved: Cell<BTreeSet<String>>,
    /// The state that several processes share.
    pub row: Cell<Option<StoredToken>>,
    /// Renewed tokens of the session that are not saved yet.
    pub unsaved: Cell<Vec<String>>,
    renewing: Cell<u32>,
    waiting: Cell<Vec<Arc<Slot>>>,
    /// Whether the session has no function for saving. Tokens then count as saved when they are
    /// received.
    pub reports: Cell<bool>,
    /// Whether an API accepts only the newest token.
    pub strict: Cell<bool>,
}

/// A request for whose result a future waits.
#[derive(Default)]
struct Slot {
    answer: Cell<Option<Answer>>,
    waker: Cell<Option<Waker>>,
    gone: Cell<bool>,
}

/// The number of requests in one fetch.
#[derive(Default)]
pub struct Count {
    pub api: Cell<u32>,
    pub renewals: Cell<u32>,
}

/// A future that is ready when the fuzzer has chosen the result.
struct Awaited(Arc<Slot>);

impl Future for Awaited {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        *self.0.waker.borrow() = Some(context.waker().clone());
        self.0.answer.get().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.0.gone.set(true);
    }
}

/// Marks a renewal as running until it is dropped.
struct Renewing<'a>(&'a SessionEnvironment);

impl Drop for Renewing<'_> {
    fn drop(&mut self) {
        self.0.renewing.set(self.0.renewing.get() - 1);
    }
}

impl SessionEnvironment {
    pub fn moment(&self) -> Moment {
        self.moments.set(self.moments.get().wrapping_add(1));
        moment(self.now.get(), self.moments.get())
    }

    /// Records that the user has granted access again, and that the new token is saved.
    pub fn grant(&self, token: &Token) {
        self.grant.set(self.grant.get() + 1);
        self.unsaved.borrow().clear();
        let mut saved = self.saved.borrow();
        self.outdated.borrow().append(
            &mut (1..=self.issued.get()).map(|number| format!("access-{number}")).collect(),
        );
        saved.insert(token.access_token.expose().to_owned());
    }

    fn wait(&self) -> Awaited {
        let slot = Arc::new(Slot::default());
        self.waiting.borrow().push(slot.clone());
        Awaited(slot)
    }

    /// Sets the result for one of the waiting futures. Returns `false` if no future waits.
    pub fn answer(&self, which: usize, answer: Answer) -> bool {
        let mut waiting = self.waiting.borrow();
        waiting.retain(|slot| !slot.gone.get() && slot.answer.get().is_none());
        if waiting.is_empty() {
            return false;
        }
        let which = which % waiting.len();
        let slot = waiting.remove(which);
        slot.answer.set(Some(answer));
        let waker = slot.waker.borrow().take();
        drop(waiting);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    pub async fn send(&self, request: Request, count: &Count, withheld: bool) -> Outcome<Response> {
        if request.uri() == TOKEN_ENDPOINT {
            return self.renew(count).await;
        }
        self.checked(&request, withheld);
        count.api.set(count.api.get() + 1);
        assert!(count.api.get() <= 2, "a request is sent more than twice");
        let newest = format!("access-{}", self.issued.get());
        let takes = !self.strict.get() || withheld || tokens(&request).contains(&newest);
        match self.wait().await {
            Answer::Good(_) if takes => Ok(Response::new(Vec::new())),
            Answer::Failed => Err("no connection"),
            Answer::Refused(challenge) => Ok(refusal(challenge)),
            Answer::Good(_) | Answer::Garbage => Ok(refusal(0)),
        }
    }

    async fn renew(&self, count: &Count) -> Outcome<Response> {
        count.renewals.set(count.renewals.get() + 1);
        assert!(
            count.renewals.get() <= 2 || self.row.borrow().is_some(),
            "a fetch renews more than twice"
        );
        assert_eq!(self.renewing.get(), 0, "two renewals at a time");
        assert!(self.unsaved.borrow().is_empty(), "renewed while {:?} is not saved", self.unsaved);
        self.renewing.set(1);
        let renewing = Renewing(self);
        let grant = self.grant.get();
        let answer = self.wait().await;
        drop(renewing);
        match answer {
            Answer::Failed => Err("no connection"),
            Answer::Refused(_) => Ok(json(400, r#"{"error":"invalid_grant"}"#)),
            Answer::Garbage => Ok(json(200, "{}")),
            Answer::Good(lifetime) => {
                let number = self.issued.get() + 1;
                self.issued.set(number);
                let expires = lifetime
                    .map(|seconds| format!(r#","expires_in":{seconds}"#))
                    .unwrap_or_default();
                let names = format!(
                    r#""access_token":"access-{number}","refresh_token":"refresh-{number}""#
                );
                if grant != self.grant.get() {
                    // The user has granted access again meanwhile, so the renewed token must not be
                    // used.
                    self.outdated.borrow().insert(format!("access-{number}"));
                } else if self.reports.get() {
                    self.saved.borrow().insert(format!("access-{number}"));
                } else {
                    self.unsaved.borrow().push(format!("access-{number}"));
                }
                Ok(json(200, &format!(r#"{{{names},"token_type":"Bearer"{expires}}}"#)))
            }
        }
    }

    pub async fn save(&self, token: Token) -> Outcome<()> {
        assert!(!self.reports.get());
        match self.wait().await {
            Answer::Good(_) => {
                let token = token.access_token.expose().to_owned();
                self.unsaved.borrow().retain(|unsaved| *unsaved != token);
                self.saved.borrow().insert(token);
                Ok(())
            }
            _ => Err("disk full"),
        }
    }

    pub async fn load(&self) -> Outcome<Option<StoredToken>> {
        match self.wait().await {
            Answer::Good(_) => Ok(self.row.borrow().clone()),
            _ => Err("no database"),
        }
    }

    pub async fn store_if_unchanged(&self, write: ConditionalWrite) -> Outcome<WriteOutcome> {
        let Answer::Good(_) = self.wait().await else { return Err("no database") };
        let mut row = self.row.borrow();
        let token = write.stored.token.as_ref().map(|token| token.access_token.expose().to_owned());
        if row.as_ref().map(|stored| &stored.version) != write.expected.as_ref() {
            self.unsaved.borrow().retain(|unsaved| Some(unsaved) != token.as_ref());
            return Ok(WriteOutcome::Conflict);
        }
        match token {
            Some(token) => {
                self.unsaved.borrow().retain(|unsaved| *unsaved != token);
                self.saved.borrow().insert(token);
            }
            None => assert!(row.is_some(), "nothing has ended"),
        }
        *row = Some(write.stored);
        Ok(WriteOutcome::Stored)
    }

    /// Renews the stored token as another process, if there is one. Tokens that this process has
    /// renewed but not saved become invalid.
    pub fn renew_elsewhere(&self, lifetime: Option<u16>) {
        let mut row = self.row.borrow();
        if row.as_ref().is_none_or(|stored| stored.token.is_none()) {
            return;
        }
        let number = self.issued.get() + 1;
        self.issued.set(number);
        let mut token = Token::bearer(format!("access-{number}"));
        token.refresh_token = Some(format!("refresh-{number}").into());
        token.expires_at = lifetime.map(|seconds| {
            Timestamp::from_secs(self.now.get()).after(Duration::from_secs(seconds.into()))
        });
        self.unsaved.borrow().clear();
        self.saved.borrow().insert(format!("access-{number}"));
        *row = Some(StoredToken::new(token));
    }

    /// Returns whether a renewed token is neither stored nor replaced with a newer one, although
    /// the user is signed in.
    pub fn is_lost(&self) -> bool {
        let number = |token: &str| token.trim_start_matches("access-").parse::<u32>().ok();
        let stored = self
            .row
            .borrow()
            .as_ref()
            .and_then(|stored| number(stored.token.as_ref()?.access_token.expose()));
        stored.is_some_and(|stored| {
            self.unsaved.borrow().iter().any(|token| number(token) > Some(stored))
        })
    }

    /// Asserts that a request to an API is sent to its origin, with a single token that was saved
    /// before.
    fn checked(&self, request: &Request, withheld: bool) {
        let tokens = tokens(request);
        if withheld {
            return assert!(tokens.is_empty(), "{request:?}");
        }
        assert_eq!(request.uri().authority().unwrap(), "api.example", "a token goes elsewhere");
        assert_eq!(request.uri().scheme_str(), Some("https"));
        assert_eq!(tokens.len(), 1, "{request:?}");
        assert!(tokens.is_disjoint(&self.outdated.borrow()), "{tokens:?} is of an older grant");
        assert!(tokens.is_subset(&self.saved.borrow()), "{tokens:?} is used before it is saved");
    }
}

/// Returns the tokens in all parts of a request.
pub fn tokens(request: &Request) -> BTreeSet<String> {
    let headers = request
        .headers()
        .values()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let mut places: Vec<String> = headers.collect();
    places.push(request.uri().to_string());
    places.push(String::from_utf8_lossy(request.body()).into_owned());
    let mut tokens = BTreeSet::new();
    for place in places {
        for (at, _) in place.match_indices("access-") {
            let digits = place[at + 7..].chars().take_while(char::is_ascii_digit);
            tokens.insert(format!("access-{}", digits.collect::<String>()));
        }
    }
    tokens
}

pub fn json(status: u16, body: &str) -> Response {
    let builder =
        http::Response::builder().status(status).header("content-type", "application/json");
    builder.body(body.as_bytes().to_vec()).unwrap()
}

/// Returns the response of an API that refuses a token, in one of several forms.
pub fn refusal(challenge: u8) -> Response {
    let challenges = [
        "Bearer",
        "Bearer error=\"invalid_token\"",
        "Bearer error=\"insufficient_scope\"",
        "Basic, Bearer error=\"insufficient_user_authentication\"",
        "Bearer error=\"",
    ];
    let challenge = challenges[usize::from(challenge) % challenges.len()];
    http::Response::builder()
        .status(401)
        .header("www-authenticate", challenge)
        .body(Vec::new())
        .unwrap()
}

/// A task, and whether it was woken.
pub struct Task<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    flag: Arc<Flag>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<T> Task<T> {
    pub fn new(future: impl Future<Output = T> + 'static) -> Self {
        Self { future: Box::pin(future), flag: Arc::new(Flag(AtomicBool::new(true))) }
    }

    pub fn is_woken(&self) -> bool {
        self.flag.0.load(Ordering::SeqCst)
    }

    pub fn poll(&mut self) -> Option<T> {
        // Only the waker of the last poll must wake the task, so each poll has a new one.
        self.flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(self.flag.clone());
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }
}
