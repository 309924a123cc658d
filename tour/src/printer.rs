//! The client that prints photos: a site whose users sign in at the photo service. It calls the API
//! of the service for them.

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
    /// The user is at the photo service.
    Away(Box<Pending>),
    /// The user has come back with a code, and the client has a token.
    SignedIn(SignedIn),
}

#[derive(Clone)]
struct SignedIn {
    /// Renews the token when necessary.
    session: SharedSession,
    /// The token in the sign-out form. Another site cannot post the form with it (CSRF).
    form_token: String,
}

impl Printer {
    /// Makes a client at `origin`, and requests the metadata of `service`.
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
        // If the API fails, the page still has the sign-out form, so that the user can begin again.
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

    /// Redirects to the photo service. The pending value is stored in the session of this browser.
    fn leave(&self, request: &Request) -> Result<Response, Failure> {
        // A signed-in session must not be replaced, because its token could not be revoked later.
        if self.signed_in(request).is_some() {
            return Ok(see_other("/"));
        }
        let authorize = Authorize::scope(SCOPES.map(|(scope, _)| scope));
        let authorization =
            run(self.client.authorize(authorize, Moment::from_os())?, net::transport())?;
        let away = Visit::Away(Box::new(authorization.pending));
        Ok(self.sessions.begin(away, see_other(&authorization.url)))
    }

    /// Handles the callback. Any site can redirect here, so the session must have a pending value.
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
        // The session and its tokens are only in memory.
        let session =
            SharedSession::builder(Session::new(&self.client, &self.service, token)?).build()?;
        let signed_in = SignedIn { session, form_token: random() };
        Ok(self.sessions.begin(Visit::SignedIn(signed_in), see_other("/")))
    }

    /// Deletes the session, and revokes the grant at the service.
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

/// Returns the page for a failure.
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
