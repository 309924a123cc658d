//! Sign-ins with a service that is a script. The script sends its responses in order, and returns
//! the requests that it received.

use std::collections::VecDeque;
use std::convert::Infallible;

use oauth_proto::services::{self, Authorization, Client, Pending, Service, SignIn, Tokens, User};
use oauth_proto::{
    DriveError, Error, Moment, Request, Response, Step, Timestamp, oauth1, oauth2, run_with,
};

use super::oauth2::{bearer, json, moment, parameter, query, response};
use super::with::With;

pub const CALLBACK: &str = "https://app.example/callback";
pub const TOKEN: &str = concat!(
    r#"{"access_token":"at-5f3a","token_type":"Bearer","expires_in":3600,"#,
    r#""refresh_token":"rt-91c2"}"#,
);
pub const REQUEST_TOKEN: &str =
    "oauth_token=rqt&oauth_token_secret=rqs&oauth_callback_confirmed=true";
pub const ACCESS_TOKEN: &str = "oauth_token=at-5f3a&oauth_token_secret=ats&user_id=38895958";

pub fn form(body: &str) -> Response {
    response(200, &[("content-type", "application/x-www-form-urlencoded")], body)
}

/// Drives a step with one response for each request. Returns the result and the requests. Panics if
/// the step succeeds and a response is left over.
pub fn drive<T>(
    step: Result<Step<T>, Error>,
    answers: Vec<Response>,
) -> (Result<T, Error>, Vec<Request>) {
    let (mut answers, mut sent, mut count) = (VecDeque::from(answers), Vec::new(), 0);
    let send = |request: Request| {
        sent.push(request);
        Ok::<_, Infallible>(answers.pop_front().expect("an answer for each request"))
    };
    let moments = || {
        count += 1;
        Moment::new(Timestamp::from_secs(super::oauth2::NOW), [count; 32])
    };
    let result =
        step.map_err(DriveError::from).and_then(|step| run_with(step, send, moments, |_| ()));
    let result = result.map_err(|error| match error {
        DriveError::Protocol { error, .. } => error,
        error => panic!("{error}"),
    });
    assert!(result.is_err() || answers.is_empty(), "an answer that nobody asked for");
    (result, sent)
}

/// A value that belongs to one of the two protocols.
pub trait Half {
    type Oauth1;
    type Oauth2;

    fn oauth1(&self) -> Option<Self::Oauth1>;
    fn oauth2(&self) -> Option<Self::Oauth2>;
}

impl Half for SignIn {
    type Oauth1 = oauth1::Client;
    type Oauth2 = oauth2::Client;

    fn oauth1(&self) -> Option<oauth1::Client> {
        self.client().ok().and_then(|client| {
            if let Client::Oauth1(client) = client { Some(client) } else { None }
        })
    }

    fn oauth2(&self) -> Option<oauth2::Client> {
        self.client().ok().and_then(|client| {
            if let Client::Oauth2(client) = client { Some(client) } else { None }
        })
    }
}

impl Half for Tokens {
    type Oauth1 = oauth1::Token;
    type Oauth2 = oauth2::Token;

    fn oauth1(&self) -> Option<oauth1::Token> {
        if let Self::Oauth1(token) = self { Some(token.clone()) } else { None }
    }

    fn oauth2(&self) -> Option<oauth2::Token> {
        if let Self::Oauth2(token) = self { Some(token.clone()) } else { None }
    }
}

/// Runs the first leg, and returns the authorization and the requests.
pub fn begin(sign_in: &SignIn) -> (Authorization, Vec<Request>) {
    let oauth1 = sign_in.oauth1().is_some();
    let answers = if oauth1 { vec![form(REQUEST_TOKEN)] } else { Vec::new() };
    let (authorization, sent) = drive(sign_in.authorize(moment()), answers);
    (authorization.unwrap(), sent)
}

/// Returns the URL to which the browser is redirected after the user has granted access.
pub fn callback(pending: &Pending, oauth1: bool) -> String {
    match oauth1 {
        true => format!("{CALLBACK}?oauth_token={}&oauth_verifier=v1", pending.key()),
        false => format!("{CALLBACK}?code=c1&state={}", pending.key()),
    }
}

/// Runs all legs. The service sends a token, and then these responses.
pub fn finish(sign_in: &SignIn, mut answers: Vec<Response>) -> (Result<User, Error>, Vec<Request>) {
    let oauth1 = sign_in.oauth1().is_some();
    let (authorization, _) = begin(sign_in);
    let uri = callback(&authorization.pending, oauth1);
    answers.insert(0, if oauth1 { form(ACCESS_TOKEN) } else { json(TOKEN) });
    drive(sign_in.redeem(authorization.pending, &uri, moment()), answers)
}

/// Signs in with a service that sends this profile, and returns the user.
pub fn user(sign_in: &SignIn, profile: &str) -> User {
    finish(sign_in, vec![json(profile)]).0.unwrap()
}

/// Returns the error of a sign-in whose response to the request for the profile is this one.
pub fn error(sign_in: &SignIn, profile: Response) -> Error {
    finish(sign_in, vec![profile]).0.unwrap_err()
}

/// Returns the method of a request, and its URL without the query.
pub fn place(request: &Request) -> String {
    let uri = request.uri().to_string();
    format!("{} {}", request.method(), uri.split('?').next().unwrap())
}

pub fn argument(url: &str, name: &str) -> String {
    parameter(query(url), name)
}

/// Returns the sign-in with a service.
pub fn of(service: &Service) -> SignIn {
    SignIn::new(service, "id", "secret", CALLBACK).unwrap()
}

/// Returns the sign-in with Dropbox's old API, which speaks the OAuth 1.0 of 2007.
pub fn dropbox_v1() -> SignIn {
    of(&services::DROPBOX_V1).with(|it| it.dangerous_version_1_0 = true)
}

/// The fields of a user in the order of their declaration, from `name` to `locale`.
pub type Said<'a> = [Option<&'a str>; 8];

pub fn said(user: &User) -> Said<'_> {
    let verified = user.email_verified.map(|verified| if verified { "true" } else { "false" });
    let [name, given, family] =
        [&user.name, &user.given_name, &user.family_name].map(Option::as_deref);
    let [username, email, picture, locale] =
        [&user.username, &user.email, &user.picture, &user.locale].map(Option::as_deref);
    [name, given, family, username, email, verified, picture, locale]
}

/// Signs in, and returns the user. Checks the authorization URL with its parameters, and the
/// requests for the profile with the token.
#[track_caller]
pub fn walks(
    sign_in: &SignIn,
    endpoint: &str,
    scope: &str,
    profile: &[&str],
    answers: &[&str],
) -> User {
    let (authorization, sent) = begin(sign_in);
    assert_eq!(authorization.url.split('?').next(), Some(endpoint));
    if sign_in.oauth1().is_none() {
        assert!(sent.is_empty());
        assert_eq!(argument(&authorization.url, "redirect_uri"), CALLBACK);
        assert_eq!(argument(&authorization.url, "state"), authorization.pending.key());
        if scope.is_empty() {
            assert!(!authorization.url.contains("scope="), "{}", authorization.url);
        } else {
            assert_eq!(argument(&authorization.url, "scope"), scope);
        }
    }
    let (user, sent) = finish(sign_in, answers.iter().copied().map(json).collect());
    let asked: Vec<String> = sent[1..].iter().map(place).collect();
    assert_eq!(asked, profile);
    if sign_in.oauth1().is_none() {
        assert!(sent[1..].iter().all(|request| bearer(request) == Some("at-5f3a")));
        assert!(
            !sent[0].headers().values().any(|value| value.to_str().unwrap().contains("at-5f3a"))
        );
    }
    let user = user.unwrap();
    assert_eq!(user.raw, serde_json::from_str::<serde_json::Value>(answers[0]).unwrap());
    user
}
