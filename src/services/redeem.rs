//! The last leg of a sign-in: the code is exchanged for a token, and the profile is fetched with
//! the token.

use http::header::USER_AGENT;
use serde_json::Value;

use super::application::Application;
use super::client::Client;
use super::mapping;
use super::pending::{Pending, PendingLeg};
use super::sign_in::{SignIn, Source};
use super::user::{Tokens, User};
use crate::core::api;
use crate::core::endpoint::origin_of_request;
use crate::core::step::Receive;
use crate::core::then::divided;
use crate::{
    ApiRequest, Callback, Error, Forged, Misbehaved, Moment, Purpose, Refused, Request, Response,
    ResponseExcerpt, Step, oauth1, oauth2,
};

/// The largest profile, in bytes.
const LIMIT: usize = 256 * 1024;

impl SignIn {
    /// Checks the callback, exchanges its code for a token, and fetches the user's profile with the
    /// token. The step sends two requests, or three if the email addresses are not in the profile.
    ///
    /// `callback` is the URI that the user's browser requested: its path and query (axum's
    /// `OriginalUri`), or the whole URI. This URI is compared with the callback URL of
    /// [`SignIn::new`](Self::new).
    ///
    /// A callback can arrive twice. Before you call this function, insert
    /// [`pending.id()`](Pending::id) into your database or into
    /// [`UsedPendingIds`](crate::UsedPendingIds). Continue only if the id was not there yet. This
    /// function consumes `pending`, but not a stored copy of it.
    ///
    /// # Errors
    /// [`Refused::Denied`] if the user did not grant access. [`Forged`] if the callback does not
    /// belong to `pending`, or `pending` does not belong to this client and service.
    /// [`Expired`](crate::Expired) if the user took too long. These errors arise before a request
    /// is sent. The step fails with [`Refused`] if the service refuses the code or the profile, and
    /// with [`Misbehaved`] if a response cannot be used, for example a profile without an
    /// identifier.
    ///
    /// # Security
    /// Give each service its own callback URL, such as `/callback/github` and `/callback/google`.
    /// The URL then proves from which service a callback came. If you pass only the query of the
    /// callback, without a path, it proves nothing. Such a callback is accepted in two cases only:
    /// the service names its issuer in it, or
    /// [`allow_callback_without_place`](field@Self::allow_callback_without_place) is set.
    pub fn redeem<'a>(
        &self,
        pending: Pending,
        callback: impl Into<Callback<'a>>,
        moment: Moment,
    ) -> Result<Step<User>, Error> {
        let client = self.client()?;
        pending.check(&self.parts.fingerprint)?;
        let (moment, next) = divided(moment);
        let fetching = Fetching { sign_in: self.clone(), client };
        let step = match (&fetching.client, pending.leg) {
            (Client::Oauth2(client), PendingLeg::Oauth2(pending)) => {
                let step = client.redeem(pending, callback, moment)?;
                step.then(next, |token, moment| fetching.begin(Tokens::Oauth2(token), moment))
            }
            (Client::Oauth1(client), PendingLeg::Oauth1(pending)) => {
                let step = client.redeem(pending, callback, moment)?;
                step.then(next, |token, moment| fetching.begin(Tokens::Oauth1(token), moment))
            }
            _ => Err(Forged::OtherClient.into()),
        }?;
        Ok(step.observed_by(self.parts.observer()))
    }
}

/// A sign-in that fetches a profile, and its client.
struct Fetching {
    sign_in: SignIn,
    client: Client,
}

impl Fetching {
    /// Sends the request for the profile.
    fn begin(self, tokens: Tokens, moment: Moment) -> Result<Step<User>, Error> {
        let ends = match &tokens {
            Tokens::Oauth1(token) => token.expires_at,
            Tokens::Oauth2(token) => token.expires_at,
        };
        let session_expires = ends.map(|ends| moment.now.until(ends).as_secs());
        let request = match &self.sign_in.parts.source {
            Source::Custom(custom) => (custom.request)(&tokens)?,
            Source::Row(application) => self.profile_request(application)?,
        };
        let step = self.authorized(request, &tokens, moment)?;
        step.and_then(move |request| {
            Ok(Step::send(request, AwaitProfile { fetching: self, tokens, session_expires }))
        })
    }

    fn profile_request(&self, application: &Application) -> Result<Request, Error> {
        let mut call = ApiRequest::new(&application.profile)?;
        let mapping = &application.mapping;
        let replaced = |name: &str| self.sign_in.profile_arguments.contains_key(name);
        for (name, value) in mapping.arguments.iter().filter(|(name, _)| !replaced(name)) {
            call = call.argument(name, value);
        }
        let fields: Vec<&str> = mapping
            .requested_fields
            .iter()
            .copied()
            .chain(self.sign_in.extra_fields.iter().map(String::as_str))
            .collect();
        if !fields.is_empty() && !replaced("fields") {
            call = call.argument("fields", &fields.join(","));
        }
        for (name, value) in &self.sign_in.profile_arguments {
            call = call.argument(name, value);
        }
        let mut request = call.request()?;
        if let Some(proof) = application.proof() {
            request.extensions_mut().insert(proof);
        }
        Ok(request)
    }

    /// Returns the request with its headers and the token.
    fn authorized(
        &self,
        mut request: Request,
        tokens: &Tokens,
        moment: Moment,
    ) -> Result<Step<Request>, Error> {
        for (name, value) in &self.sign_in.profile_headers {
            let mut value = value.clone();
            // A header can have a key in it. Only `User-Agent` is not secret: it has the name of
            // the application.
            value.set_sensitive(name != USER_AGENT);
            request.headers_mut().insert(name, value);
        }
        match (&self.client, tokens) {
            (Client::Oauth2(client), Tokens::Oauth2(token)) => {
                let session =
                    oauth2::Session::new(client, &request.uri().to_string(), token.clone())?;
                let _ = session.attach_renewed_token(&mut request)?;
            }
            (Client::Oauth1(client), Tokens::Oauth1(token)) => {
                origin_of_request(request.uri(), request.headers())?;
                client.server().check_secure(request.uri())?;
                return oauth1::Session::new(client, token.clone()).sign_remotely(request, moment);
            }
            _ => return Err(Forged::OtherClient.into()),
        }
        Ok(Step::Done(request))
    }

    /// Returns the JSON of a response that has no error in it.
    fn read(&self, response: &Response) -> Result<Value, Error> {
        let value = api::json(response, LIMIT, self.refusal())?;
        // Slack sends all responses with status 200.
        if value.get("ok") == Some(&Value::Bool(false)) {
            return Err(self.refusal()(response).into());
        }
        Ok(value)
    }

    /// Returns the function that reads a refusal of the service.
    fn refusal(&self) -> fn(&Response) -> Refused {
        match &self.client {
            Client::Oauth1(_) => oauth1::api_refusal,
            Client::Oauth2(_) => oauth2::client::session::api::api_refusal,
        }
    }

    fn user(&self, profile: &Value, tokens: Tokens, response: &Response) -> Result<User, Error> {
        let user = match &self.sign_in.parts.source {
            Source::Row(application) => mapping::user(&application.mapping, profile, tokens),
            Source::Custom(custom) => (custom.map)(profile, tokens),
        };
        if let Some(user) = user.filter(|user| !user.id.is_empty()) {
            return Ok(user);
        }
        // GraphQL responses have `errors`.
        if ["error", "errors"]
            .iter()
            .any(|name| profile.get(name).is_some_and(|error| !error.is_null()))
        {
            return Err(self.refusal()(response).into());
        }
        let answer = Box::new(ResponseExcerpt::of(response));
        Err(match &self.sign_in.parts.source {
            Source::Row(application) => Misbehaved::FieldMissing {
                field: application.mapping.id,
                option: None,
                response: answer,
            },
            Source::Custom(_) => Misbehaved::WrongFormat {
                expected: "a profile with an identifier",
                option: None,
                response: answer,
            },
        }
        .into())
    }
}

/// Waits for the profile.
struct AwaitProfile {
    fetching: Fetching,
    tokens: Tokens,
    session_expires: Option<u64>,
}

impl Receive<User> for AwaitProfile {
    fn receive(self: Box<Self>, response: Response, moment: Moment) -> Result<Step<User>, Error> {
        let Self { fetching, tokens, session_expires } = *self;
        let profile = fetching.read(&response)?;
        let mut user = fetching.user(&profile, tokens, &response)?;
        user.raw = profile;
        user.session_expires = session_expires;
        let application = fetching.sign_in.parts.application();
        let Some(emails) = application.and_then(|application| application.emails.as_deref()) else {
            return Ok(Step::Done(user));
        };
        let request =
            fetching.authorized(ApiRequest::new(emails)?.request()?, &user.tokens, moment)?;
        request.and_then(|request| Ok(Step::send(request, AwaitEmails { fetching, user })))
    }

    fn purpose(&self) -> Purpose {
        Purpose::ReadingProfile
    }
}

/// Waits for the email addresses.
struct AwaitEmails {
    fetching: Fetching,
    user: User,
}

impl Receive<User> for AwaitEmails {
    fn receive(self: Box<Self>, response: Response, _: Moment) -> Result<Step<User>, Error> {
        let Self { fetching, mut user } = *self;
        // The application did not request the addresses, or the user did not grant access to them.
        // Then the user has no address.
        if matches!(response.status().as_u16(), 403 | 404) {
            return Ok(Step::Done(user));
        }
        let answer = fetching.read(&response)?;
        let emails =
            fetching.sign_in.parts.application().and_then(|application| application.mapping.emails);
        let list = emails.and_then(|emails| mapping::verified_email(&emails, &answer));
        let email = list.ok_or_else(|| {
            let answer = Box::new(ResponseExcerpt::of(&response));
            Misbehaved::WrongFormat {
                expected: "a list of addresses",
                option: None,
                response: answer,
            }
        })?;
        user.email_verified = email.is_some().then_some(true);
        user.email = email;
        Ok(Step::Done(user))
    }

    fn purpose(&self) -> Purpose {
        Purpose::ReadingEmails
    }
}
