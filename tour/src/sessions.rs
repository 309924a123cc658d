//! The sessions of a site: one for each browser, under a random name that the browser keeps in a
//! cookie.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{COOKIE, LOCATION, SET_COOKIE};
use oauth_proto::wire::form;
use oauth_proto::{Moment, Request, Response, Timestamp};

const LIFETIME: Duration = Duration::from_secs(3600);
/// An attacker cannot fill the memory with sessions.
const MOST: usize = 1000;

pub struct Sessions<V> {
    cookie: &'static str,
    has_user: fn(&V) -> bool,
    visits: Mutex<HashMap<String, (Timestamp, V)>>,
}

impl<V> Sessions<V> {
    /// Two sites on one machine need two names, since a browser tells cookies apart by the host
    /// alone. When there are too many, visits without a user are dropped first.
    pub fn new(cookie: &'static str, has_user: fn(&V) -> bool) -> Self {
        Self { cookie, has_user, visits: Mutex::default() }
    }

    /// Looks at what is remembered of the browser that sent this request.
    pub fn with<T>(&self, request: &Request, look: impl FnOnce(&mut V) -> T) -> Option<T> {
        let name = self.name(request)?;
        let mut visits = self.visits();
        let (until, visit) = visits.get_mut(name)?;
        (Timestamp::from_os() < *until).then(|| look(visit))
    }

    /// Forgets the browser that sent this request.
    pub fn end(&self, request: &Request) -> Option<V> {
        self.end_if(request, |_| true)
    }

    /// The same, but only if what is remembered may end.
    pub fn end_if(&self, request: &Request, may_end: impl FnOnce(&V) -> bool) -> Option<V> {
        let name = self.name(request)?;
        let mut visits = self.visits();
        visits.get(name).filter(|(_, visit)| may_end(visit))?;
        let (until, visit) = visits.remove(name)?;
        (Timestamp::from_os() < until).then_some(visit)
    }

    /// Stores a session under a new name, which the response sets as a cookie. A name from before
    /// the sign-in is not used any more: an attacker may know it.
    pub fn begin(&self, visit: V, mut response: Response) -> Response {
        let (name, now) = (random(), Timestamp::from_os());
        let mut visits = self.visits();
        visits.retain(|_, (until, _)| now < *until);
        if visits.len() >= MOST {
            self.drop_one(&mut visits);
        }
        // Over https it would be `Secure`, too, and its name begin with `__Host-`.
        let cookie = format!("{}={name}; Path=/; HttpOnly; SameSite=Lax", self.cookie);
        visits.insert(name, (now.after(LIFETIME), visit));
        if let Ok(cookie) = cookie.parse() {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// The oldest goes. One without a user is dropped first, since an attacker can begin a thousand
    /// of them.
    fn drop_one(&self, visits: &mut HashMap<String, (Timestamp, V)>) {
        let oldest =
            visits.iter().min_by_key(|(_, (until, visit))| ((self.has_user)(visit), *until));
        if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
            visits.remove(&oldest);
        }
    }

    fn name<'r>(&self, request: &'r Request) -> Option<&'r str> {
        let cookies = request
            .headers()
            .get_all(COOKIE)
            .into_iter()
            .filter_map(|cookies| cookies.to_str().ok());
        let mut cookies = cookies.flat_map(|cookies| cookies.split("; "));
        cookies.find_map(|cookie| cookie.strip_prefix(self.cookie)?.strip_prefix('='))
    }

    fn visits(&self) -> MutexGuard<'_, HashMap<String, (Timestamp, V)>> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 256 bits that cannot be guessed.
pub fn random() -> String {
    Moment::from_os().entropy.iter().fold(String::new(), |mut text, byte| {
        // A text takes whatever is written to it.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns the value of that field in a form or a query. It is empty if there is no cookie.
pub fn field(form: &[u8], name: &str) -> String {
    let value =
        form::pairs(form).find(|(own, _)| **own == *name.as_bytes()).map(|(_, value)| value);
    String::from_utf8_lossy(&value.unwrap_or_default()).into_owned()
}

/// A page that is not cached or framed, and that runs no script. Forms may lead anywhere: browsers
/// would stop the redirect that brings the user back to a client.
pub fn html(page: String) -> Response {
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
    let response = http::Response::builder()
        .header("content-type", "text/html; charset=utf-8")
        .header("content-security-policy", policy)
        .header("referrer-policy", "same-origin")
        .header("cache-control", "no-store");
    response.body(page.into_bytes()).unwrap_or_default()
}

/// Sends the browser on, by GET.
pub fn see_other(location: &str) -> Response {
    let response = http::Response::builder().status(303).header(LOCATION, location);
    response.header("cache-control", "no-store").body(Vec::new()).unwrap_or_default()
}
