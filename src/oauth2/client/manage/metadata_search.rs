//! The search for a metadata document at several URLs, for servers and for resources.

use std::collections::VecDeque;

use http::header::ACCEPT;
use http::{HeaderValue, StatusCode, Uri};

use crate::core::step::Receive;
use crate::oauth2::Quirks;
use crate::oauth2::client::token_response::{self, Document};
use crate::wire::without_secrets;
use crate::{Error, Leg, Misbehaved, Moment, Purpose, Request, Response, Step, Unsupported};

/// A search for one kind of metadata.
pub(crate) trait MetadataSearch: Send + Sync + 'static {
    /// The type of the document.
    type Document: Document;

    /// The purpose of the requests.
    const PURPOSE: Purpose;

    /// Checks that an object is a document of this kind. If not, the search goes on at the next
    /// URL.
    fn recognize(&self, _: &Self::Document) -> Result<(), Error> {
        Ok(())
    }

    /// Checks a document. An error ends the search.
    fn check(&self, document: Self::Document) -> Result<Self::Document, Error>;
}

/// Requests one URL after the other until a response contains the document.
pub(crate) struct AwaitDocument<S> {
    search: S,
    /// The URLs that are left. The first of them is being requested.
    places: VecDeque<Uri>,
    /// The most informative error so far. Of several such errors, it is the first.
    last_failure: Option<(Weight, Error)>,
}

/// The degree to which an error explains why no document was found.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Weight {
    /// The URL does not exist.
    Absent,
    /// The URL has something else: a page, or another document.
    SomethingElse,
    /// The server failed or refused.
    Trouble,
}

impl<S: MetadataSearch> AwaitDocument<S> {
    pub(crate) fn start(search: S, places: Vec<Uri>) -> Result<Step<S::Document>, Error> {
        Self { search, places: places.into(), last_failure: None }.ask()
    }

    /// Requests the next URL. If no URL is left, returns the most informative error.
    fn ask(self) -> Result<Step<S::Document>, Error> {
        let nowhere = || Unsupported::NoEndpoint { endpoint: "metadata" }.into();
        match self.places.front().cloned() {
            Some(place) => Ok(Step::send(get(place), self)),
            None => Err(self.last_failure.map_or_else(nowhere, |(_, error)| error)),
        }
    }
}

impl<S: MetadataSearch> Receive<S::Document> for AwaitDocument<S> {
    fn receive(
        mut self: Box<Self>,
        response: Response,
        _: Moment,
    ) -> Result<Step<S::Document>, Error> {
        let error = match token_response::document::<S::Document>(&response, Quirks::STRICT) {
            Ok(document) => match self.search.recognize(&document) {
                Ok(()) => return self.search.check(document).map(Step::Done),
                Err(error) => error,
            },
            Err(error) if is_no_document(&error) => error,
            Err(error) => return Err(error),
        };
        let weight = match (&error, response.status()) {
            (_, StatusCode::NOT_FOUND) => Weight::Absent,
            (Error::Refused(_), _) => Weight::Trouble,
            (_, status) if status.is_success() => Weight::SomethingElse,
            _ => Weight::Trouble,
        };
        let asked = self.places.pop_front();
        if self.last_failure.as_ref().is_none_or(|(before, _)| *before < weight) {
            // The error belongs to this URL, and not to the URL that is requested last.
            let leg = asked.map(|place| Leg::new(S::PURPOSE, &place));
            let error = leg.iter().fold(error, Error::in_leg);
            self.last_failure = Some((weight, error));
        }
        self.ask()
    }

    fn purpose(&self) -> Purpose {
        S::PURPOSE
    }
}

/// Returns whether an error means that the document may be at another URL: the server refused the
/// request, or the response is a redirect or something else, such as a page for users.
fn is_no_document(error: &Error) -> bool {
    use Misbehaved::{FieldMissing, Redirect, WrongFormat};
    let is_other = |misbehaved: &_| {
        matches!(misbehaved, WrongFormat { .. } | Redirect { .. } | FieldMissing { .. })
    };
    match error {
        Error::Refused(_) => true,
        Error::Misbehaved(misbehaved) => is_other(misbehaved),
        _ => false,
    }
}

fn get(uri: Uri) -> Request {
    let mut request = Request::default();
    *request.uri_mut() = uri;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    request
}

/// Returns the well-known URL that has `/.well-known/` and `name` between host and path (RFC 8414
/// §3.1).
pub(crate) fn inserted(uri: &Uri, name: &str) -> Result<Uri, Unsupported> {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    rebuilt(uri, &format!("/.well-known/{name}{}{query}", uri.path().trim_end_matches('/')))
}

pub(crate) fn rebuilt(uri: &Uri, path: &str) -> Result<Uri, Unsupported> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = path.parse().ok();
    Uri::from_parts(parts).map_err(|_| Unsupported::Url {
        url: without_secrets(&uri.to_string()),
        reason: "a well-known URL for metadata cannot be made from it",
    })
}
