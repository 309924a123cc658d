//! The requests to the pages of the photo service: sign-in, consent and devices.

use std::collections::HashMap;

use http::Method;
use oauth_proto::oauth2::Scope;
use oauth_proto::oauth2::server::{
    Approval, Consent, DeviceConsent, Dispatched, RejectReason, Rejected,
};
use oauth_proto::{Moment, Request, Response, Secret, Timestamp};

use crate::oauth2_server::{Photos, SCOPES};
use crate::pages;
use crate::sessions::{Sessions, field, html, random, see_other};

/// The only user.
pub const USER: &str = "jane";
/// The password of the user. A real service would store a hash, and limit the attempts.
pub const PASSWORD: &str = "correct horse";

/// The most waiting questions of one browser.
const MOST_WAITING: usize = 20;

pub struct SignIn {
    photos: Photos,
    sessions: Sessions<Visit>,
}

/// The session of a browser.
struct Visit {
    user: Option<String>,
    /// The token in each form. Another site cannot post a form with it (CSRF).
    form_token: String,
    waiting: HashMap<String, Question>,
    /// The error that the next page shows.
    problem: Option<&'static str>,
}

/// A question to the user. It is stored at the server, and the browser has only its random name.
#[derive(Clone)]
enum Question {
    Consent(Box<Consent>),
    /// Asks for the code that the device shows. The text is filled into the field.
    Code(String),
    Device(Box<DeviceConsent>),
}

impl SignIn {
    pub fn new(photos: Photos) -> Self {
        let sessions = Sessions::new("photos_session", |visit: &Visit| visit.user.is_some());
        Self { photos, sessions }
    }

    pub fn handle(&self, request: &Request) -> Response {
        let response = match (request.method(), request.uri().path()) {
            (&Method::GET, "/device") => {
                Ok(self.begin(request, Question::Code(user_code(request))))
            }
            (&Method::GET, "/question") => Ok(self.question(request)),
            (&Method::POST, "/question") => self.answer(request),
            (&Method::GET, "/connected") => Ok(html(pages::message(
                "Your device is connected",
                "Go back to your device: it continues in a moment.",
            ))),
            (&Method::GET, "/not-connected") => Ok(html(pages::message(
                "Your device is not connected",
                "Your device will say that access was denied.",
            ))),
            (_, "/albums") => self.photos.albums(request),
            _ => self.photos.dispatch(request).map(|end| match end {
                Dispatched::Respond(response) => response,
                Dispatched::Consent(consent) => {
                    self.begin(request, Question::Consent(Box::new(consent)))
                }
                _ => self.begin(request, Question::Code(String::new())),
            }),
        };
        response.unwrap_or_else(|rejected| rejected.response())
    }

    /// Stores a question, and redirects to its page.
    fn begin(&self, request: &Request, question: Question) -> Response {
        let name = random();
        let response = see_other(&format!("/question?name={name}"));
        let asked = self.sessions.with(request, |visit| visit.ask(&name, question.clone()));
        match asked {
            Some(()) => response,
            None => {
                let mut visit = Visit {
                    user: None,
                    form_token: random(),
                    waiting: HashMap::new(),
                    problem: None,
                };
                visit.ask(&name, question);
                self.sessions.begin(visit, response)
            }
        }
    }

    /// Returns the page of a question, or the login page if no user is signed in.
    fn question(&self, request: &Request) -> Response {
        let name = named(request);
        let page = self.sessions.with(request, |visit| {
            let problem = visit.problem.take();
            Some(visit.page(visit.waiting.get(&name)?, &name, problem))
        });
        page.flatten().map_or_else(expired, html)
    }

    /// Asks the same question again, with an error.
    fn again(&self, request: &Request, problem: &'static str) -> Response {
        self.sessions.with(request, |visit| visit.problem = Some(problem));
        back_to_question(request)
    }

    /// Handles a posted form.
    fn answer(&self, request: &Request) -> Result<Response, Rejected> {
        let [token, password, username, code, decision] =
            ["form_token", "password", "username", "user_code", "decision"]
                .map(|name| field(request.body(), name));
        let name = named(request);
        let known = self.sessions.with(request, |visit| {
            let ours = Secret::new(token) == Secret::new(visit.form_token.as_str());
            visit
                .waiting
                .get(&name)
                .filter(|_| ours)
                .map(|question| (question.clone(), visit.user.clone()))
        });
        Ok(match known.flatten() {
            None => expired(),
            Some((_, None)) => self.sign_in(request, &username, password),
            Some((Question::Code(_), Some(user))) => self.find_device(request, &user, code),
            Some((question, Some(user))) => {
                self.sessions.with(request, |visit| visit.waiting.remove(&name));
                self.decide(question, user, decision == "allow")?
            }
        })
    }

    fn sign_in(&self, request: &Request, username: &str, password: String) -> Response {
        if username != USER || Secret::new(password) != Secret::new(PASSWORD) {
            return self.again(request, "The user name or the password is wrong.");
        }
        let Some(mut visit) = self.sessions.end(request) else { return expired() };
        visit.user = Some(username.to_owned());
        visit.form_token = random();
        self.sessions.begin(visit, back_to_question(request))
    }

    fn find_device(&self, request: &Request, user: &str, code: String) -> Response {
        let now = Timestamp::from_os();
        match self.photos.serve(self.photos.provider.find_device(&code, user, now)) {
            Ok(device) => {
                let question = Question::Device(Box::new(device));
                self.sessions.with(request, |visit| visit.waiting.insert(named(request), question));
                back_to_question(request)
            }
            Err(rejected) if rejected.reason == RejectReason::UserCode => self.again(
                request,
                "No device is waiting with this code. Check the code, or start \
                    again on your device.",
            ),
            Err(rejected) if matches!(rejected.reason, RejectReason::TooManyAttempts { .. }) => {
                self.again(request, "You have tried too many codes. Try again in ten minutes.")
            }
            Err(rejected) => rejected.response(),
        }
    }

    fn decide(&self, question: Question, user: String, allow: bool) -> Result<Response, Rejected> {
        let (provider, grant, moment) =
            (&self.photos.provider, Approval::new(user), Moment::from_os());
        match (question, allow) {
            (Question::Consent(consent), true) => {
                self.photos.serve(provider.approve(*consent, grant, moment))
            }
            (Question::Consent(consent), false) => self.photos.serve(provider.deny(*consent)),
            (Question::Device(device), true) => {
                self.photos.serve(provider.approve_device(*device, grant, moment))?;
                Ok(see_other("/connected"))
            }
            (Question::Device(device), false) => {
                self.photos.serve(provider.deny_device(*device, moment))?;
                Ok(see_other("/not-connected"))
            }
            (Question::Code(_), _) => Ok(expired()),
        }
    }
}

impl Visit {
    fn ask(&mut self, name: &str, question: Question) {
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.clear();
        }
        self.waiting.insert(name.to_owned(), question);
    }

    fn page(&self, question: &Question, name: &str, problem: Option<&str>) -> String {
        let action = format!("/question?name={name}");
        let hidden = [("form_token", self.form_token.as_str())];
        let (client, scopes) = match question {
            Question::Consent(consent) => {
                (client_name(&consent.client_name, &consent.client_id), said(&consent.scope))
            }
            Question::Device(device) => {
                (client_name(&device.client_name, &device.client_id), said(&device.scope))
            }
            Question::Code(_) => ("", Vec::new()),
        };
        match (&self.user, question) {
            (None, _) => pages::login(&action, &hidden, client, problem),
            (Some(user), Question::Consent(consent)) => pages::consent(
                &action,
                &hidden,
                client,
                user,
                &scopes,
                &destination(&consent.redirect_uri),
            ),
            (Some(_), Question::Code(prefilled)) => {
                pages::user_code(&action, &hidden, problem, prefilled)
            }
            (Some(_), Question::Device(device)) => {
                pages::device_consent(&action, &hidden, client, &device.user_code, &scopes)
            }
        }
    }
}

fn client_name<'a>(name: &'a Option<String>, id: &'a str) -> &'a str {
    name.as_deref().unwrap_or(id)
}

/// Returns the place to which the browser returns, for the consent page: the host of a web URL, or
/// the whole URI of an app. In a URI with a custom scheme, the part in the place of a host does not
/// identify the app.
fn destination(redirect_uri: &str) -> String {
    let uri = redirect_uri.parse::<http::Uri>().ok();
    let web = uri.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
    let host = web.as_ref().and_then(|uri| uri.authority()).map(ToString::to_string);
    host.unwrap_or_else(|| redirect_uri.to_owned())
}

/// Returns the description of a scope for users.
fn said(scope: &Scope) -> Vec<(&str, &str)> {
    let text = |word| SCOPES.iter().find(|(known, _)| *known == word).map_or("", |(_, text)| text);
    scope.iter().map(|word| (word, text(word))).collect()
}

fn user_code(request: &Request) -> String {
    query(request, "user_code")
}

/// Returns the name of the question in the URL.
fn named(request: &Request) -> String {
    query(request, "name")
}

fn back_to_question(request: &Request) -> Response {
    see_other(&format!("/question?name={}", named(request)))
}

fn query(request: &Request, name: &str) -> String {
    field(request.uri().query().unwrap_or_default().as_bytes(), name)
}

fn expired() -> Response {
    html(pages::message(
        "This page has expired",
        "Go back to the application that sent you here, and start again.",
    ))
}
