//! The options of a sign-in.

use super::instance::installation;
use super::sign_in::SignIn;
use crate::oauth2::Scope;
use crate::{Error, Event};

impl SignIn {
    /// Asks for that scope instead of [the row's](super::ProfileMapping::scope): what the
    /// application wants to do besides, and what makes the profile come. Default: the row's scope.
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

    /// Adds a parameter to the URL that users are sent to: `prompt`, `access_type`, `login_hint`,
    /// `force_login`, … It replaces the row's of that name. One that belongs to the protocol is
    /// refused by [`authorize`](Self::authorize).
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, parameters) = (name.into(), &mut self.parts().parameters);
        parameters.retain(|(own, _)| *own != name);
        parameters.push((name, value.into()));
        self
    }

    /// Chooses the installation of the service: the URL of a GitLab, a tenant of Microsoft's, as
    /// the row's [`instance`](field@super::Service::instance) says. Default: the row's own default,
    /// if it has one.
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
    /// [`Unsupported::Url`](crate::Unsupported::Url) when the row does not take this instance, and
    /// for a [custom](Self::custom) sign-in, whose client has its URLs.
    /// [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) when the instance is a URL that is
    /// neither https nor on this machine.
    pub fn instance(mut self, instance: impl Into<String>) -> Result<Self, Error> {
        let instance = instance.into();
        self.parts().relocate(&instance.clone(), |application| {
            application.location.instance = Some(instance);
        })?;
        Ok(self)
    }

    /// Moves every endpoint, and the API, below that URL, each with its own path: for a double of
    /// the service in tests, or a gateway. The row's issuer is dropped, since the installation has
    /// another one: [`issuer`](field@Self::issuer) says which, if it names one. Default: the row's
    /// URLs stay as they are.
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
    /// [`Unsupported::Url`](crate::Unsupported::Url) when it is not an absolute https URL without
    /// user information, query and fragment;
    /// [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) when it is http and not on this
    /// machine. `Url` also for a [custom](Self::custom) sign-in, whose client has its URLs.
    pub fn base_url(mut self, url: &str) -> Result<Self, Error> {
        let url = installation(url)?;
        self.parts()
            .relocate(url, |application| application.location.base_url = Some(url.to_owned()))?;
        Ok(self)
    }

    /// Runs a function on each [`Event`] of this sign-in, and of the sessions of its client.
    /// Functions run in the order in which they were registered, after those of a client that was
    /// given to [`custom`](Self::custom).
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
