//! Calling the services' APIs by path, as tornado.auth's `…_request` methods do.

use std::fmt;

use serde_json::Value;

use super::paths::{at_one_of, below, is_absolute};
use super::proof::proof_parameter;
use crate::oauth2::TokenPlacement;
use crate::services::instance::installation;
use crate::{Error, Request, Response, Secret, Step, Timestamp, oauth1, oauth2};

const TWITTER: &str = "https://api.twitter.com/1.1";
/// Where Twitter's API is, and where media are uploaded, by both names.
const TWITTER_ORIGINS: &[&str] =
    &["https://api.twitter.com", "https://api.x.com", "https://upload.twitter.com", "https://upload.x.com"];
const DROPBOX_V1: &str = "https://api.dropbox.com/1";
const FACEBOOK: &str = "https://graph.facebook.com";

/// A request to Twitter's API by its path, without version and format: `/statuses/user_timeline`. A path that begins with
/// `http:` or `https:` is a URL and taken as it is, as long as it is Twitter's: at `api` or `upload` of `twitter.com` or
/// `x.com`. For any other URL there is [`oauth1::ApiRequest::new`], which signs for whatever place it is given. Signed by a
/// session of [`SignIn::oauth1_client`](super::SignIn::oauth1_client), or unsigned.
///
/// ```no_run
/// use oauth_proto::sign_in::{SignIn, User, twitter_request};
/// use oauth_proto::{Moment, run};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
///
/// # fn example(sign_in: SignIn, user: User) -> Result<(), Box<dyn std::error::Error>> {
/// if let (Some(client), Some(token)) = (sign_in.oauth1_client(), user.tokens.oauth1()) {
///     let session = client.session(token.clone());
///     let request = twitter_request("/statuses/update")?.post([("status", "Testing Tornado Web Server")]);
///     let status = run(request.call(&session, Moment::from_os())?, &mut send)?;
///     println!("{}", status["id_str"]);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unsupported::Url`](crate::Unsupported::Url) when the path could leave the API,
/// [`Unsupported::ForeignOrigin`](crate::Unsupported::ForeignOrigin) when a URL is not Twitter's.
pub fn twitter_request(path: &str) -> Result<oauth1::ApiRequest, Error> {
    twitter(TWITTER, TWITTER_ORIGINS, path)
}

/// As [`twitter_request`], with another base: a double of the service's. A URL has to be at the base's origin.
///
/// ```
/// use oauth_proto::sign_in::twitter_request_at;
///
/// let request = twitter_request_at("http://127.0.0.1:8080/1.1", "statuses/home_timeline")?.request()?;
/// assert_eq!(request.uri(), "http://127.0.0.1:8080/1.1/statuses/home_timeline.json");
/// # Ok::<(), oauth_proto::Error>(())
/// ```
///
/// # Errors
/// As [`twitter_request`], and when the base is no https URL and not on this machine.
pub fn twitter_request_at(base: &str, path: &str) -> Result<oauth1::ApiRequest, Error> {
    twitter(base, &[base], path)
}

fn twitter(base: &str, origins: &[&str], path: &str) -> Result<oauth1::ApiRequest, Error> {
    let url = if is_absolute(path) {
        at_one_of(path, origins)?
    } else {
        below(base, path.strip_suffix(".json").unwrap_or(path), ".json")?
    };
    oauth1::ApiRequest::new(&url)
}

/// A request to version 1 of Dropbox's API by its path: `/account/info`.
///
/// ```
/// use oauth_proto::sign_in::dropbox_request;
///
/// let request = dropbox_request("/account/info")?.request()?;
/// assert_eq!(request.uri(), "https://api.dropbox.com/1/account/info");
/// # Ok::<(), oauth_proto::Error>(())
/// ```
///
/// # Errors
/// [`Unsupported::Url`](crate::Unsupported::Url) when the path could leave the API.
pub fn dropbox_request(path: &str) -> Result<oauth1::ApiRequest, Error> {
    dropbox_request_at(DROPBOX_V1, path)
}

/// As [`dropbox_request`], with another base: a server that took the service's place, or a double.
///
/// # Errors
/// As [`dropbox_request`], and when the base is no https URL and not on this machine.
pub fn dropbox_request_at(base: &str, path: &str) -> Result<oauth1::ApiRequest, Error> {
    oauth1::ApiRequest::new(&below(base, path, "")?)
}

/// A request to Facebook's Graph API by its path: `/me/feed`, `/me/accounts`. The path `/` is for what goes to the base
/// itself: a batch, or several objects by the argument `ids`. Answers are JSON, so a picture (`/btaylor/picture`) wants the
/// argument `redirect=0`, and comes as its URL.
///
/// ```no_run
/// use oauth_proto::oauth2::Token;
/// use oauth_proto::run;
/// use oauth_proto::sign_in::facebook_request;
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
///
/// # let token = Token::bearer("x");
/// let request = facebook_request("/me/feed")?
///     .post([("message", "I am posting from my Tornado application!")])
///     .app_secret("client secret");
/// let entry = run(request.call(Some(&token))?, &mut send)?;
/// println!("{}", entry["id"]);
///
/// let both = facebook_request("/")?.argument("ids", "platform,me").app_secret("client secret");
/// let users = run(both.call(Some(&token))?, &mut send)?;
/// println!("{}", users["me"]["name"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Unsupported::Url`](crate::Unsupported::Url) when the path could leave the API.
pub fn facebook_request(path: &str) -> Result<FacebookRequest, Error> {
    facebook_request_at(FACEBOOK, path)
}

/// As [`facebook_request`], with another base: one that names a version (`https://graph.facebook.com/v23.0`), or a double.
///
/// # Errors
/// As [`facebook_request`], and when the base is no https URL and not on this machine.
pub fn facebook_request_at(base: &str, path: &str) -> Result<FacebookRequest, Error> {
    let url = match path {
        "" | "/" => format!("{}{path}", installation(base)?),
        path => below(base, path, "")?,
    };
    Ok(FacebookRequest { request: oauth2::ApiRequest::new(&url)? })
}

/// A request to Facebook's Graph API: an [`oauth2::ApiRequest`] that can prove the application's secret. It is a GET until
/// it has a form.
///
/// ```
/// use oauth_proto::oauth2::Token;
/// use oauth_proto::sign_in::facebook_request;
/// use oauth_proto::Step;
///
/// let request = facebook_request("/me")?.argument("fields", "id").app_secret("client secret");
/// let Step::Send(request, _) = request.call(Some(&Token::bearer("x")))? else { unreachable!() };
/// assert!(request.uri().query().unwrap().starts_with("fields=id&appsecret_proof="));
/// # Ok::<(), oauth_proto::Error>(())
/// ```
///
/// A [`SharedSession`](oauth2::SharedSession) gives it a token, and with that its proof, also when there is another token
/// the second time:
///
/// ```no_run
/// use oauth_proto::oauth2::SharedSession;
/// use oauth_proto::sign_in::facebook_request;
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
///
/// # fn example(shared: SharedSession) -> Result<(), Box<dyn std::error::Error>> {
/// let request = facebook_request("/me")?.argument("fields", "id").app_secret("client secret");
/// let response = shared.fetch(request.request()?, &mut send)?;
/// println!("{}", request.read(&response)?["id"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FacebookRequest {
    request: oauth2::ApiRequest,
}

impl FacebookRequest {
    /// An argument in the query.
    pub fn argument(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.argument(name, value);
        self
    }

    /// Posts a form, also when there is nothing in it.
    pub fn post<N: AsRef<str>, V: AsRef<str>>(mut self, form: impl IntoIterator<Item = (N, V)>) -> Self {
        self.request = self.request.post(form);
        self
    }

    /// Where the token goes: as [`oauth2::ApiRequest::placement`].
    pub fn placement(mut self, placement: TokenPlacement) -> Self {
        self.request = self.request.placement(placement);
        self
    }

    /// How many bytes an answer may have. 8 MiB unless said otherwise.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.request = self.request.limit(bytes);
        self
    }

    /// Adds the `appsecret_proof`, which applications can be set up to need: that the token is used by who has the
    /// application's secret. The secret itself is not sent.
    pub fn app_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.request = self.request.derived(proof_parameter(secret.into()));
        self
    }

    /// The request, without a token and its proof: to be given both by an [`oauth2::Session`], or by an
    /// [`oauth2::SharedSession`]. What they are to add stands in the request's extensions, so send this one and no copy made
    /// of its parts.
    ///
    /// # Errors
    /// As [`oauth2::ApiRequest::request`].
    pub fn request(&self) -> Result<Request, Error> {
        self.request.request()
    }

    /// Calls the API with a token, or without one, and then without a proof.
    ///
    /// # Errors
    /// As [`oauth2::ApiRequest::call`].
    pub fn call(&self, token: Option<&oauth2::Token>) -> Result<Step<Value>, Error> {
        self.request.call(token)
    }

    /// Calls the API with a session's token and its proof.
    ///
    /// # Errors
    /// As [`oauth2::ApiRequest::call_with`].
    pub fn call_with(&self, session: &oauth2::Session, now: Timestamp) -> Result<Step<Value>, Error> {
        self.request.call_with(session, now)
    }

    /// The JSON of an answer.
    ///
    /// # Errors
    /// As the step of [`call`](Self::call).
    pub fn read(&self, response: &Response) -> Result<Value, Error> {
        self.request.read(response)
    }
}

impl fmt::Debug for FacebookRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}
