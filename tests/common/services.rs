//! Signing in with a service as a script: it answers in turn, and what was sent is looked at
//! afterwards.

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

/// Drives a step, with an answer to each request. All of them must be asked for, unless it fails.
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

/// One protocol's half of what either protocol has.
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

/// The first leg.
pub fn begin(sign_in: &SignIn) -> (Authorization, Vec<Request>) {
    let oauth1 = sign_in.oauth1().is_some();
    let answers = if oauth1 { vec![form(REQUEST_TOKEN)] } else { Vec::new() };
    let (authorization, sent) = drive(sign_in.authorize(moment()), answers);
    (authorization.unwrap(), sent)
}

/// The URL that a user comes back to after granting access.
pub fn callback(pending: &Pending, oauth1: bool) -> String {
    match oauth1 {
        true => format!("{CALLBACK}?oauth_token={}&oauth_verifier=v1", pending.key()),
        false => format!("{CALLBACK}?code=c1&state={}", pending.key()),
    }
}

/// The last leg: the token, and then these answers.
pub fn finish(sign_in: &SignIn, mut answers: Vec<Response>) -> (Result<User, Error>, Vec<Request>) {
    let oauth1 = sign_in.oauth1().is_some();
    let (authorization, _) = begin(sign_in);
    let uri = callback(&authorization.pending, oauth1);
    answers.insert(0, if oauth1 { form(ACCESS_TOKEN) } else { json(TOKEN) });
    drive(sign_in.redeem(authorization.pending, &uri, moment()), answers)
}

/// A user who signs in by a service whose profile is that.
pub fn user(sign_in: &SignIn, profile: &str) -> User {
    finish(sign_in, vec![json(profile)]).0.unwrap()
}

/// The error for a response that is not a profile.
pub fn error(sign_in: &SignIn, profile: Response) -> Error {
    finish(sign_in, vec![profile]).0.unwrap_err()
}

/// A request's method and URL without query.
pub fn place(request: &Request) -> String {
    let uri = request.uri().to_string();
    format!("{} {}", request.method(), uri.split('?').next().unwrap())
}

pub fn argument(url: &str, name: &str) -> String {
    parameter(query(url), name)
}

/// A sign-in at a service.
pub fn of(service: &Service) -> SignIn {
    SignIn::new(service, "id", "secret", CALLBACK).unwrap()
}

/// A sign-in at the one service of the version of 2007.
pub fn dropbox_v1() -> SignIn {
    of(&services::DROPBOX_V1).with(|it| it.dangerous_version_1_0 = true)
}

/// The fields in the order of their declaration, up to `locale`.
pub type Said<'a> = [Option<&'a str>; 8];

pub fn said(user: &User) -> Said<'_> {
    let verified = user.email_verified.map(|verified| if verified { "true" } else { "false" });
    let [name, given, family] =
        [&user.name, &user.given_name, &user.family_name].map(Option::as_deref);
    let [username, email, picture, locale] =
        [&user.username, &user.email, &user.picture, &user.locale].map(Option::as_deref);
    [name, given, family, username, email, verified, picture, locale]
}

/// The URL that a service sends users to, with its parameters, and the requests with the token.
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
