//! A caller of a protected resource. It records the paths of its requests and the renewed tokens.

use std::sync::{Mutex, PoisonError};

use oauth_proto::oauth2::{SharedSession, Token};
use oauth_proto::{DriveError, Request, Response};

use crate::exchange::Http;

/// The result of a call.
pub type Fetched = Result<Response, DriveError>;

/// Calls one resource with one session. It can be used from many threads.
#[derive(Debug)]
pub struct Caller<'a> {
    http: &'a Http,
    session: &'a SharedSession,
    url: String,
    renewed: Mutex<Vec<Token>>,
    sent: Mutex<Vec<String>>,
}

impl<'a> Caller<'a> {
    /// Returns a caller of this URL.
    pub fn new(http: &'a Http, session: &'a SharedSession, url: impl Into<String>) -> Self {
        Self { http, session, url: url.into(), renewed: Mutex::default(), sent: Mutex::default() }
    }

    /// Returns a request for the resource.
    pub fn request(&self) -> Request {
        http::Request::get(&self.url).body(Vec::new()).expect("a URL")
    }

    /// Calls the resource.
    ///
    /// # Errors
    /// [`DriveError`].
    pub fn call(&self) -> Fetched {
        self.fetch(self.request())
    }

    /// Sends another request.
    ///
    /// # Errors
    /// [`DriveError`].
    pub fn fetch(&self, request: Request) -> Fetched {
        let send = |request: Request| {
            push(&self.sent, request.uri().path().to_owned());
            self.http.exchange(request)
        };
        let before = self.session.session();
        let fetched = self.session.fetch(request, send);
        if let Some(token) =
            self.session.session().token().filter(|token| before.token() != Some(token))
        {
            let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
            if renewed.last() != Some(token) {
                renewed.push(token.clone());
            }
        }
        fetched
    }

    /// Returns the paths of the requests since the last call of this function.
    pub fn sent(&self) -> Vec<String> {
        take(&self.sent)
    }

    /// Returns the renewed tokens since the last call of this function.
    pub fn renewed(&self) -> Vec<Token> {
        take(&self.renewed)
    }
}

fn push<T>(list: &Mutex<Vec<T>>, item: T) {
    list.lock().unwrap_or_else(PoisonError::into_inner).push(item);
}

fn take<T>(list: &Mutex<Vec<T>>) -> Vec<T> {
    std::mem::take(&mut list.lock().unwrap_or_else(PoisonError::into_inner))
}
