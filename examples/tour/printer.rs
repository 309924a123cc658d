//! The client that prints photos: a site that signs its users in at the photo service, and calls the API in their name.

use http::Method;
use oauth_proto::oauth2::{AuthorizationServer, Authorize, Client, Discovery, Pending, Session, SharedSession, Token};
use oauth_proto::{DriveError, Error, Moment, Refused, Request, Response, run};

use crate::oauth2_server::{CLIENT, CLIENT_SECRET, SCOPES};
use crate::sessions::{Sessions, html, see_other};
use crate::{net, pages};

type Failure = Box<dyn std::error::Error>;

pub struct Printer {
    client: Client,
    origin: String,
    service: String,
    sessions: Sessions<Visit>,
}

/// What is remembered of a browser.
enum Visit {
    /// It is at the photo service.
    Away(Box<Pending>),
    /// It is back. Its session renews the token when that is due.
    SignedIn(SharedSession),
}

impl Printer {
    /// A client at that address, of the service at the other, whose metadata it reads.
    pub fn new(origin: &str, service: &str) -> Result<Self, Failure> {
        let metadata = run(Discovery::new(service)?.start()?, net::client())?;
        let client = Client::new(AuthorizationServer::from_metadata(&metadata)?, CLIENT)
            .secret(CLIENT_SECRET)
            .redirect_uri(format!("{origin}/callback"))?;
        let (origin, service) = (origin.to_owned(), service.to_owned());
        Ok(Self { client, origin, service, sessions: Sessions::new("printer_session") })
    }

    pub fn handle(&self, request: &Request) -> Response {
        let response = match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => self.home(request),
            (&Method::GET, "/sign-in") => self.leave(),
            (&Method::GET, "/callback") => self.come_back(request),
            (&Method::GET, "/sign-out") => self.sign_out(request),
            _ => Ok(html(pages::client_problem("There is no such page", ""))),
        };
        response.unwrap_or_else(|failure| html(problem(&*failure)))
    }

    fn home(&self, request: &Request) -> Result<Response, Failure> {
        let signed_in = self.sessions.with(request, |visit| match visit {
            Visit::SignedIn(session) => Some(session.clone()),
            Visit::Away(_) => None,
        });
        match signed_in.flatten() {
            Some(session) => self.albums(&session),
            None => Ok(html(pages::client_home("/sign-in"))),
        }
    }

    /// Calls the API with the user's token.
    fn albums(&self, session: &SharedSession) -> Result<Response, Failure> {
        let request = http::Request::get(format!("{}/albums", self.service)).body(Vec::new())?;
        // The session is in memory, and the new token with it: nothing is left to be saved.
        let answer = session.fetch(request, net::client(), |_: Token| Ok::<_, std::convert::Infallible>(()))?;
        let json: serde_json::Value = serde_json::from_slice(answer.body())?;
        let session = session.session();
        let scope = session.token().and_then(|token| token.scope.clone()).unwrap_or_default();
        let scopes: Vec<_> = scope.iter().collect();
        let user = json["user"].as_str().unwrap_or_default();
        Ok(html(pages::client_signed_in(user, &scopes, &serde_json::to_string_pretty(&json)?, "/sign-out")))
    }

    /// To the photo service. What belongs to the answer is kept for this browser alone.
    fn leave(&self) -> Result<Response, Failure> {
        let authorize = Authorize::scope(SCOPES.map(|(scope, _)| scope));
        let authorization = run(self.client.authorize(authorize, Moment::from_os())?, net::client())?;
        let away = Visit::Away(Box::new(authorization.pending));
        Ok(self.sessions.begin(away, see_other(&authorization.url)))
    }

    /// Back from there.
    fn come_back(&self, request: &Request) -> Result<Response, Failure> {
        let Some(Visit::Away(pending)) = self.sessions.end(request) else {
            return Ok(html(pages::client_problem(
                "Nobody was awaited",
                "Your sign-in has taken too long, or is over.",
            )));
        };
        let callback = format!("{}{}", self.origin, request.uri());
        let token = run(self.client.redeem(*pending, &callback, Moment::from_os())?, net::client())?;
        let session = SharedSession::new(Session::new(&self.client, &self.service, token)?);
        Ok(self.sessions.begin(Visit::SignedIn(session), see_other("/")))
    }

    /// Nothing is left here, nor at the service.
    fn sign_out(&self, request: &Request) -> Result<Response, Failure> {
        if let Some(Visit::SignedIn(session)) = self.sessions.end(request)
            && let Some(token) = session.session().token()
        {
            run(self.client.revoke_grant(token, Moment::from_os())?, net::client())?;
        }
        Ok(see_other("/"))
    }
}

/// What the user is told of it.
fn problem(failure: &(dyn std::error::Error + 'static)) -> String {
    let error = failure.downcast_ref::<Error>();
    let error = error.or_else(|| failure.downcast_ref::<DriveError<ureq::Error>>()?.protocol());
    match error {
        Some(Error::Refused(Refused::Denied { .. })) => {
            pages::client_problem("Access was denied", "You did not allow it, so there is nothing to print.")
        }
        _ => pages::client_problem("That did not work", &failure.to_string()),
    }
}
