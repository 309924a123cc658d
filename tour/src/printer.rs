//! The client that prints photos: a site that signs its users in at the photo service, and calls
//! the API in their name.

use http::Method;
use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, Client, Discovery, Pending, Session, SharedSession,
};
use oauth_proto::{DriveError, Error, Moment, Refused, Request, Response, Secret, run};

use crate::oauth2_server::{CLIENT, CLIENT_SECRET, SCOPES};
use crate::sessions::{Sessions, field, html, random, see_other};
use crate::{net, pages};

/// The path of the form that signs out.
const SIGN_OUT: &str = "/sign-out";

type Failure = oauth_proto::BoxError;

pub struct Printer {
    client: Client,
    service: String,
    sessions: Sessions<Visit>,
}

/// The session of a browser.
enum Visit {
    /// It is at the photo service.
    Away(Box<Pending>),
    /// It is back.
    SignedIn(SignedIn),
}

#[derive(Clone)]
struct SignedIn {
    /// Renews the token when that is due.
    session: SharedSession,
    /// The token in the form that signs out: another site that makes the browser post a form does
    /// not know it.
    form_token: String,
}

impl Printer {
    /// A client at that address, of the service at the other, whose metadata it reads.
    pub fn new(origin: &str, service: &str) -> Result<Self, Failure> {
        let metadata = run(Discovery::new(service)?.start()?, net::transport())?;
        let client = Client::new(AuthorizationServer::from_metadata(&metadata)?, CLIENT)
            .secret(CLIENT_SECRET)
            .redirect_uri(format!("{origin}/callback"))?;
        let service = service.to_owned();
        let sessions =
            Sessions::new("printer_session", |visit| matches!(visit, Visit::SignedIn(_)));
        Ok(Self { client, service, sessions })
    }

    pub fn handle(&self, request: &Request) -> Response {
        let response = match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => Ok(self.home(request)),
            (&Method::GET, "/sign-in") => self.leave(request),
            (&Method::GET, "/callback") => self.come_back(request),
            (&Method::POST, SIGN_OUT) => self.sign_out(request),
            _ => Ok(html(pages::client_problem("This page does not exist", ""))),
        };
        response.unwrap_or_else(|failure| html(problem(&*failure)))
    }

    fn home(&self, request: &Request) -> Response {
        let Some(SignedIn { session, form_token }) = self.signed_in(request) else {
            return html(pages::client_home("/sign-in"));
        };
        let hidden = [("form_token", form_token.as_str())];
        // Who is signed in can sign out whatever the service says, and nothing else leads to
        // another sign-in.
        let failed =
            |failure: Failure| pages::client_failed(SIGN_OUT, &hidden, &failure.to_string());
        html(self.albums(&session, &hidden).unwrap_or_else(failed))
    }

    fn signed_in(&self, request: &Request) -> Option<SignedIn> {
        let signed_in = self.sessions.with(request, |visit| match visit {
            Visit::SignedIn(signed_in) => Some(signed_in.clone()),
            Visit::Away(_) => None,
        });
        signed_in.flatten()
    }

    /// Calls the API with the user's token.
    fn albums(&self, session: &SharedSession, hidden: &[(&str, &str)]) -> Result<String, Failure> {
        let request = http::Request::get(format!("{}/albums", self.service)).body(Vec::new())?;
        let answer = session.fetch(request, net::transport())?;
        let json: serde_json::Value = serde_json::from_slice(answer.body())?;
        let session = session.session();
        let scope = session.token().and_then(|token| token.scope.clone()).unwrap_or_default();
        let scopes: Vec<_> = scope.iter().collect();
        let user = json["user"].as_str().unwrap_or_default();
        Ok(pages::client_signed_in(
            SIGN_OUT,
            hidden,
            user,
            &scopes,
            &serde_json::to_string_pretty(&json)?,
        ))
    }

    /// To the photo service. The pending value is kept for this browser alone.
    fn leave(&self, request: &Request) -> Result<Response, Failure> {
        // A new visit would replace one that is signed in, and its token could not be revoked any
        // more.
        if self.signed_in(request).is_some() {
            return Ok(see_other("/"));
        }
        let authorize = Authorize::scope(SCOPES.map(|(scope, _)| scope));
        let authorization =
            run(self.client.authorize(authorize, Moment::from_os())?, net::transport())?;
        let away = Visit::Away(Box::new(authorization.pending));
        Ok(self.sessions.begin(away, see_other(&authorization.url)))
    }

    /// Back from there. Any site can lead here, so that only who is away is awaited.
    fn come_back(&self, request: &Request) -> Result<Response, Failure> {
        let away = self.sessions.end_if(request, |visit| matches!(visit, Visit::Away(_)));
        let Some(Visit::Away(pending)) = away else {
            return Ok(html(pages::client_problem(
                "No sign-in was started",
                "Your sign-in took too long, or was finished before. Go back to the start, and \
                 sign in again.",
            )));
        };
        let token =
            run(self.client.redeem(*pending, request, Moment::from_os())?, net::transport())?;
        // The session is in memory, and its tokens with it: none of them is stored.
        let session =
            SharedSession::builder(Session::new(&self.client, &self.service, token)?).build()?;
        let signed_in = SignedIn { session, form_token: random() };
        Ok(self.sessions.begin(Visit::SignedIn(signed_in), see_other("/")))
    }

    /// Nothing is left here, nor at the service.
    fn sign_out(&self, request: &Request) -> Result<Response, Failure> {
        let posted = Secret::new(field(request.body(), "form_token"));
        let ours = |visit: &Visit| match visit {
            Visit::SignedIn(own) => posted == Secret::new(&*own.form_token),
            _ => false,
        };
        if let Some(Visit::SignedIn(own)) = self.sessions.end_if(request, ours)
            && let Some(token) = own.session.session().token()
        {
            run(self.client.revoke_grant(token, Moment::from_os())?, net::transport())?;
        }
        Ok(see_other("/"))
    }
}

/// The text for the user.
fn problem(failure: &(dyn std::error::Error + 'static)) -> String {
    let error = failure.downcast_ref::<Error>();
    let error = error.or_else(|| failure.downcast_ref::<DriveError>()?.protocol());
    match error {
        Some(Error::Refused(Refused::Denied { .. })) => pages::client_problem(
            "Access was denied",
            "You did not allow it, so there is nothing to print.",
        ),
        _ => pages::client_problem(pages::DID_NOT_WORK, &failure.to_string()),
    }
}
