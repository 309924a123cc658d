//! The options of a sign-in.

use super::instance::installation;
use super::sign_in::SignIn;
use crate::oauth2::Scope;
use crate::{Error, Event};

impl SignIn {
    /// Requests a scope instead of [the row's](super::ProfileMapping::scope). Include the scope
    /// that the profile needs, and add scopes for further API calls. Default: the scope of the row.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let sign_in = SignIn::new(
    ///     &services::GOOGLE,
    ///     "client id",
    ///     "client secret",
    ///     "https://app.example/callback",
    /// )?
    /// .scope("openid profile email https://www.googleapis.com/auth/calendar.readonly")
    /// .parameter("access_type", "offline");
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn scope(mut self, scope: impl Into<Scope>) -> Self {
        self.parts().scope = Some(scope.into());
        self
    }

    /// Adds a parameter to the authorization URL, such as `prompt`, `access_type`, `login_hint` or
    /// `force_login`. It replaces the row's parameter of the same name.
    /// [`authorize`](Self::authorize) refuses parameters that belong to the protocol.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, parameters) = (name.into(), &mut self.parts().parameters);
        parameters.retain(|(own, _)| *own != name);
        parameters.push((name, value.into()));
        self
    }

    /// Chooses the installation of the service, such as the URL of a GitLab or a tenant of
    /// Microsoft. The row's [`instance`](field@super::Service::instance) says which kind of value
    /// it is. Default: the default of the row, if it has one.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let (id, secret, callback) = ("client id", "client secret", "https://app.example/callback");
    /// let gitlab = SignIn::new(&services::GITLAB, id, secret, callback)?
    ///     .instance("https://git.example.com")?;
    /// let microsoft =
    ///     SignIn::new(&services::MICROSOFT, id, secret, callback)?.instance("contoso.example")?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) if the row does not accept this instance, and
    /// for a [custom](Self::custom) sign-in, whose client has the URLs.
    /// [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) if the instance is a URL that is
    /// neither https nor on this machine. If the row has no default instance, `redirect_uri` is
    /// checked only here, with the errors of [`SignIn::new`](Self::new).
    pub fn instance(mut self, instance: impl Into<String>) -> Result<Self, Error> {
        let instance = instance.into();
        self.parts().relocate(&instance.clone(), |application| {
            application.location.instance = Some(instance);
        })?;
        Ok(self)
    }

    /// Moves all endpoints and the API below another URL. Each keeps its path. Use this for a
    /// replacement of the service in tests, or for a gateway. The issuer of the row is dropped,
    /// since the replacement has another issuer. If the replacement names its issuer in callbacks,
    /// set [`issuer`](field@Self::issuer). Default: the URLs of the row.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    /// use oauth_proto::{Moment, Step};
    ///
    /// let sign_in = SignIn::new(
    ///     &services::GOOGLE,
    ///     "client id",
    ///     "client secret",
    ///     "https://app.example/callback",
    /// )?
    /// .base_url("http://127.0.0.1:8080")?;
    /// let Step::Done(authorization) = sign_in.authorize(Moment::from_os())? else {
    ///     unreachable!("nothing is pushed")
    /// };
    /// assert!(authorization.url.starts_with("http://127.0.0.1:8080/o/oauth2/v2/auth?"));
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) if `url` is not an absolute URL or has user
    /// information, a query or a fragment, and for a [custom](Self::custom) sign-in, whose client
    /// has the URLs. [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) if `url` is http and
    /// not on this machine.
    pub fn base_url(mut self, url: &str) -> Result<Self, Error> {
        let url = installation(url)?;
        self.parts()
            .relocate(url, |application| application.location.base_url = Some(url.to_owned()))?;
        Ok(self)
    }

    /// Calls a function for each [`Event`] of this sign-in and of the sessions of its client.
    /// Functions are called in the order in which they were added, after the functions of the
    /// client of [`custom`](Self::custom).
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let sign_in = SignIn::new(
    ///     &services::GITHUB,
    ///     "client id",
    ///     "client secret",
    ///     "https://app.example/callback",
    /// )?
    /// .on_event(|event| println!("{event}"));
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn on_event(mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.parts().observe(|observer| observer.push(hook));
        self
    }
}
