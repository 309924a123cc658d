//! The sessions of a site. Each browser has one session, whose random name is in a cookie.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{COOKIE, LOCATION, SET_COOKIE};
use oauth_proto::wire::form;
use oauth_proto::{Moment, Request, Response, Timestamp};

const LIFETIME: Duration = Duration::from_secs(3600);
/// The most sessions, so that an attacker cannot fill the memory.
const MOST: usize = 1000;

pub struct Sessions<V> {
    cookie: &'static str,
    has_user: fn(&V) -> bool,
    visits: Mutex<HashMap<String, (Timestamp, V)>>,
}

impl<V> Sessions<V> {
    /// Makes an empty store. Sites on the same host need different cookie names, because browsers
    /// ignore the port. If there are too many sessions, those without a user are deleted first.
    pub fn new(cookie: &'static str, has_user: fn(&V) -> bool) -> Self {
        Self { cookie, has_user, visits: Mutex::default() }
    }

    /// Calls `look` with the session of the request.
    pub fn with<T>(&self, request: &Request, look: impl FnOnce(&mut V) -> T) -> Option<T> {
        let name = self.name(request)?;
        let mut visits = self.visits();
        let (until, visit) = visits.get_mut(name)?;
        (Timestamp::from_os() < *until).then(|| look(visit))
    }

    /// Deletes the session of the request, and returns it.
    pub fn end(&self, request: &Request) -> Option<V> {
        self.end_if(request, |_| true)
    }

    /// Deletes and returns the session of the request if `may_end` returns `true`.
    pub fn end_if(&self, request: &Request, may_end: impl FnOnce(&V) -> bool) -> Option<V> {
        let name = self.name(request)?;
        let mut visits = self.visits();
        visits.get(name).filter(|(_, visit)| may_end(visit))?;
        let (until, visit) = visits.remove(name)?;
        (Timestamp::from_os() < until).then_some(visit)
    }

    /// Stores a session under a new name, and sets the name as a cookie in the response. After a
    /// sign-in, the old name must not be used, because an attacker may know it.
    pub fn begin(&self, visit: V, mut response: Response) -> Response {
        let (name, now) = (random(), Timestamp::from_os());
        let mut visits = self.visits();
        visits.retain(|_, (until, _)| now < *until);
        if visits.len() >= MOST {
            self.drop_one(&mut visits);
        }
        // Over https, the cookie should also be `Secure`, with a name that begins with `__Host-`.
        let cookie = format!("{}={name}; Path=/; HttpOnly; SameSite=Lax", self.cookie);
        visits.insert(name, (now.after(LIFETIME), visit));
        if let Ok(cookie) = cookie.parse() {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// Deletes the oldest session. Sessions without a user are deleted first, since an attacker can
    /// begin many of them.
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

/// Returns 256 random bits in hexadecimal.
pub fn random() -> String {
    Moment::from_os().entropy.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns the value of a field in a form or a query, or an empty text.
pub fn field(form: &[u8], name: &str) -> String {
    let value =
        form::pairs(form).find(|(own, _)| **own == *name.as_bytes()).map(|(_, value)| value);
    String::from_utf8_lossy(&value.unwrap_or_default()).into_owned()
}

/// Returns a page that is not cached or framed and runs no script. The policy has no `form-action`,
/// because browsers would also apply it to the redirect back to the client.
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

/// Returns a redirect that the browser follows by GET.
pub fn see_other(location: &str) -> Response {
    let response = http::Response::builder().status(303).header(LOCATION, location);
    response.header("cache-control", "no-store").body(Vec::new()).unwrap_or_default()
}
