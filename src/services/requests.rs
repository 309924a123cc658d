//! Requests to the service's API by path, as tornado.auth's `…_request` methods make them.

use super::application::Application;
use super::instance::installation;
use super::paths::{at_one_of, below, is_absolute};
use super::protocol::Protocol;
use super::sign_in::SignIn;
use crate::core::endpoint::endpoint;
use crate::wire::without_secrets;
use crate::{Error, Unsupported, oauth1, oauth2};

impl SignIn {
    /// Makes a request to the API of an OAuth 1.0 service by its path, without version and format: at Twitter
    /// `/statuses/user_timeline`. It is signed by a session of the [`oauth1_client`](Self::oauth1_client), or sent
    /// unsigned.
    ///
    /// The path is below the first URL of the row's [`api`](field@super::Service::api), wherever the
    /// [`instance`](Self::instance) and the [`base_url`](Self::base_url) put that. At a service with an
    /// [`api_suffix`](field@super::Service::api_suffix), a path that begins with `http:` or `https:` is a URL and taken
    /// as it is, as long as it is at one of the API's origins. For any other URL there is [`oauth1::ApiRequest::new`].
    ///
    /// ```no_run
    /// use oauth_proto::oauth1::Session;
    /// use oauth_proto::services::{SignIn, User};
    /// use oauth_proto::{Moment, run};
    /// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
    ///
    /// # fn example(twitter: SignIn, user: User) -> Result<(), Box<dyn std::error::Error>> {
    /// if let (Some(client), Some(token)) = (twitter.oauth1_client(), user.tokens.oauth1()) {
    ///     let session = Session::new(client, token.clone());
    ///     let request = twitter.oauth1_request("/statuses/update")?.post([("status", "Testing Tornado Web Server")]);
    ///     let status = run(request.call(&session, Moment::from_os())?, &mut send)?;
    ///     println!("{}", status["id_str"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::Url`] when the path could leave the API, or the sign-in is [custom](Self::custom);
    /// [`Unsupported::ForeignOrigin`] when a URL is not the service's. [`Unsupported::NoEndpoint`] when the row has no
    /// API, or speaks OAuth 2.0.
    pub fn oauth1_request(&self, path: &str) -> Result<oauth1::ApiRequest, Error> {
        let application = self.application_for(path)?;
        let Protocol::Oauth1(_) = &application.service.protocol else {
            return Err(Unsupported::NoEndpoint { endpoint: "OAuth 1.0 API" }.into());
        };
        oauth1::ApiRequest::new(&application.api_url(path)?)
    }

    /// Makes a request to the API of an OAuth 2.0 service by its path: at Facebook `/me/feed`, or `/v23.0/me/feed` for
    /// one version. The path `/` is for what goes to the base itself, such as a batch of Facebook's.
    ///
    /// The path is below the first URL of the row's [`api`](field@super::Service::api), wherever the
    /// [`instance`](Self::instance) and the [`base_url`](Self::base_url) put that. A token goes where the service wants
    /// it, and with it to Facebook the `appsecret_proof`, that its sender has the application's secret; the secret
    /// itself is not sent. For any other URL there is [`oauth2::ApiRequest::new`].
    ///
    /// ```no_run
    /// use oauth_proto::oauth2::Token;
    /// use oauth_proto::run;
    /// use oauth_proto::services::{self, SignIn};
    /// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
    ///
    /// # let token = Token::bearer("x");
    /// let facebook = SignIn::new(&services::FACEBOOK, "app id", "app secret", "https://app.example/callback")?;
    ///
    /// let request = facebook.oauth2_request("/me/feed")?.post([("message", "I am posting from my Tornado application!")]);
    /// let entry = run(request.call(Some(&token))?, &mut send)?;
    /// println!("{}", entry["id"]);
    ///
    /// let both = facebook.oauth2_request("/")?.argument("ids", "platform,me");
    /// let users = run(both.call(Some(&token))?, &mut send)?;
    /// println!("{}", users["me"]["name"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A [`SharedSession`](oauth2::SharedSession) gives it a token, and with that its proof, also when there is another
    /// token the second time. Both are added to the request that it is given, so send that one and no copy made of its
    /// parts:
    ///
    /// ```no_run
    /// use oauth_proto::oauth2::SharedSession;
    /// use oauth_proto::services::SignIn;
    /// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
    ///
    /// # fn example(facebook: SignIn, shared: SharedSession) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = facebook.oauth2_request("/me")?.argument("fields", "id");
    /// let response = shared.fetch(request.request()?, &mut send)?;
    /// println!("{}", request.read(&response)?["id"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`oauth1_request`](Self::oauth1_request), with [`Unsupported::NoEndpoint`] when the row speaks OAuth 1.0.
    pub fn oauth2_request(&self, path: &str) -> Result<oauth2::ApiRequest, Error> {
        let application = self.application_for(path)?;
        let Protocol::Oauth2(oauth2) = &application.service.protocol else {
            return Err(Unsupported::NoEndpoint { endpoint: "OAuth 2.0 API" }.into());
        };
        let request = oauth2::ApiRequest::new(&application.api_url(path)?)?.placement(oauth2.token_placement);
        Ok(match application.proof() {
            Some(proof) => request.derived(proof),
            None => request,
        })
    }

    fn application_for(&self, path: &str) -> Result<&Application, Error> {
        let _ = self.0.client()?;
        self.0.application().ok_or_else(|| {
            let reason =
                "a custom sign-in has no row that says where the API is: make the request by `ApiRequest::new`";
            Unsupported::Url { url: without_secrets(path), reason }.into()
        })
    }
}

impl Application {
    /// Returns the URL of a path of the API.
    fn api_url(&self, path: &str) -> Result<String, Error> {
        let template = self.service.api.first().ok_or(Unsupported::NoEndpoint { endpoint: "API" })?;
        let (base, suffix) = (self.url(template)?, self.service.api_suffix);
        if !suffix.is_empty() && is_absolute(path) {
            let origins: Vec<String> = self.service.api.iter().map(|url| self.url(url)).collect::<Result<_, _>>()?;
            return at_one_of(path, &origins);
        }
        // Where the API has no path of its own, something may be at its root.
        let own = self.service.url(template, self.location.instance.as_deref())?;
        if matches!(path, "" | "/") && endpoint(&own)?.path() == "/" {
            return Ok(format!("{}{path}", installation(&base)?));
        }
        below(&base, path.strip_suffix(suffix).unwrap_or(path), suffix)
    }
}
