//! [`SignIn::request`] makes requests to the API of a service from their paths.

use super::application::Application;
use super::instance::installation;
use super::paths::{at_one_of, below, is_absolute};
use super::sign_in::SignIn;
use crate::core::endpoint::endpoint;
use crate::wire::without_secrets;
use crate::{ApiRequest, Error, Unsupported};

impl SignIn {
    /// Makes a request to the service's API from its path. Examples: for Facebook `/me/feed`, or
    /// `/v23.0/me/feed` for one version, and for Twitter `/statuses/user_timeline`, without version
    /// and format. The path `/` is the base itself, for example for batches of Facebook. A session
    /// of the [`client`](Self::client) sends the request with credentials.
    ///
    /// The path is below the first URL of the row's [`api`](field@super::Service::api), which
    /// [`instance`](Self::instance) and [`base_url`](Self::base_url) can move. If the service has
    /// an [`api_suffix`](field@super::Service::api_suffix), `path` can also be a whole URL at one
    /// of the API's origins. For other URLs, use [`ApiRequest::new`].
    ///
    /// A request to Facebook with a token has the `appsecret_proof`, which proves that the sender
    /// has the application's secret. The secret itself is not sent. The request has the proof in
    /// its extensions, and the session adds it. So pass this request to the session, not a new one
    /// that is made from its URL, headers and body.
    ///
    /// ```no_run
    /// use oauth_proto::oauth1::Session;
    /// use oauth_proto::services::{Client, SignIn, Tokens, User};
    /// use oauth_proto::{Moment, run};
    /// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
    /// #     unimplemented!()
    /// # }
    ///
    /// # fn example(twitter: SignIn, user: User) -> Result<(), Box<dyn std::error::Error>> {
    /// if let (Client::Oauth1(client), Tokens::Oauth1(token)) = (twitter.client()?, user.tokens) {
    ///     let session = Session::new(&client, token);
    ///     let request = twitter
    ///         .request("/statuses/update")?
    ///         .post([("status", "Testing Tornado Web Server")]);
    ///     let status = run(session.call(&request, Moment::from_os())?, &mut send)?;
    ///     println!("{}", status["id_str"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// ```no_run
    /// use oauth_proto::oauth2::{Session, SharedSession};
    /// use oauth_proto::services::SignIn;
    /// use oauth_proto::{Moment, run};
    /// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
    /// #     unimplemented!()
    /// # }
    ///
    /// # fn example(
    /// #     facebook: SignIn,
    /// #     session: Session,
    /// #     shared: SharedSession,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let both = facebook.request("/")?.argument("ids", "platform,me");
    /// let users = run(session.call(&both, Moment::from_os().now)?, &mut send)?;
    /// println!("{}", users["me"]["name"]);
    ///
    /// let me = facebook.request("/me")?.argument("fields", "id");
    /// let response = shared.fetch(me.request()?, &mut send)?;
    /// println!("{}", me.read(&response)?["id"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::Url`] if the path could leave the API, or if the sign-in is
    /// [custom](Self::custom).
    /// [`RequestError::ForeignOrigin`](crate::oauth2::RequestError::ForeignOrigin) if a URL is at
    /// another origin. [`Unsupported::NoEndpoint`] if the row has no API.
    pub fn request(&self, path: &str) -> Result<ApiRequest, Error> {
        let application = self.application_for(path)?;
        let request = ApiRequest::new(&application.api_url(path)?)?;
        Ok(match application.proof() {
            Some(proof) => request.extension(proof),
            None => request,
        })
    }

    fn application_for(&self, path: &str) -> Result<&Application, Error> {
        let _ = self.parts.client()?;
        self.parts.application().ok_or_else(|| {
            let reason = "a custom sign-in does not know the API's base URL: make the request by \
                 `ApiRequest::new`";
            Unsupported::Url { url: without_secrets(path), reason }.into()
        })
    }
}

impl Application {
    /// Returns the URL of a path of the API.
    fn api_url(&self, path: &str) -> Result<String, Error> {
        let template =
            self.service.api.first().ok_or(Unsupported::NoEndpoint { endpoint: "API" })?;
        let (base, suffix) = (self.url(template)?, self.service.api_suffix);
        if !suffix.is_empty() && is_absolute(path) {
            let origins: Vec<String> =
                self.service.api.iter().map(|url| self.url(url)).collect::<Result<_, _>>()?;
            return at_one_of(path, &origins);
        }
        // If the base URL of the API has no path, its root can be an endpoint.
        let own = self.service.url(template, self.location.instance.as_deref())?;
        if matches!(path, "" | "/") && endpoint(&own)?.path() == "/" {
            return Ok(format!("{}{path}", installation(&base)?));
        }
        below(&base, path.strip_suffix(suffix).unwrap_or(path), suffix)
    }
}
