//! The options of a sign-in.

use super::instance::installation;
use super::sign_in::{SignIn, header};
use crate::core::callback::Leniency;
use crate::oauth2::Scope;
use crate::oauth2::client::client::Known;
use crate::{Error, Event};

impl SignIn {
    /// Asks for that scope instead of [the row's](super::ProfileMapping::scope): what the application wants to do
    /// besides, and what makes the profile come.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let sign_in = SignIn::new(&services::GOOGLE, "client id", "client secret", "https://app.example/callback")?
    ///     .scope("openid profile email https://www.googleapis.com/auth/calendar.readonly")
    ///     .parameter("access_type", "offline");
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn scope(mut self, scope: impl Into<Scope>) -> Self {
        self.parts().scope = Some(scope.into());
        self
    }

    /// A parameter of the URL that users are sent to: `prompt`, `access_type`, `login_hint`, `force_login`, … It
    /// replaces the row's of that name. One that belongs to the protocol is refused by [`authorize`](Self::authorize).
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, parameters) = (name.into(), &mut self.parts().parameters);
        parameters.retain(|(own, _)| *own != name);
        parameters.push((name, value.into()));
        self
    }

    /// Chooses the installation of the service: the URL of a GitLab, a tenant of Microsoft's, as the row's
    /// [`instance`](field@super::Service::instance) says.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let (id, secret, callback) = ("client id", "client secret", "https://app.example/callback");
    /// let gitlab = SignIn::new(&services::GITLAB, id, secret, callback)?.instance("https://git.example.com")?;
    /// let microsoft = SignIn::new(&services::MICROSOFT, id, secret, callback)?.instance("contoso.example")?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Service::url`](super::Service::url), and [`Unsupported::Url`](crate::Unsupported::Url) for a
    /// [custom](Self::custom) sign-in, whose client has its URLs.
    pub fn instance(mut self, instance: impl Into<String>) -> Result<Self, Error> {
        let instance = instance.into();
        self.parts().relocate(&instance.clone(), |application| application.location.instance = Some(instance))?;
        Ok(self)
    }

    /// Moves every endpoint, and the API, below that URL, each with its own path: for a double of the service in tests,
    /// or a gateway. The row's issuer is forgotten, since another one stands there: [`issuer`](Self::issuer) says
    /// which, if it names one.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    /// use oauth_proto::{Moment, Step};
    ///
    /// let sign_in = SignIn::new(&services::GOOGLE, "client id", "client secret", "https://app.example/callback")?
    ///     .base_url("http://127.0.0.1:8080")?;
    /// let Step::Done(authorization) = sign_in.authorize(Moment::from_os())? else { unreachable!("nothing is pushed") };
    /// assert!(authorization.url.starts_with("http://127.0.0.1:8080/o/oauth2/v2/auth?"));
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) when it is not an absolute https URL without user information,
    /// query and fragment; [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) when it is http and not on this
    /// machine. `Url` also for a [custom](Self::custom) sign-in, whose client has its URLs.
    pub fn base_url(mut self, url: &str) -> Result<Self, Error> {
        let url = installation(url)?;
        self.parts().relocate(url, |application| application.location.base_url = Some(url.to_owned()))?;
        Ok(self)
    }

    /// Reads these fields of the profile besides [the row's](super::ProfileMapping::requested_fields), at services
    /// where a request has to name them: Facebook's `birthday`, `hometown`, … They come in
    /// [`User::raw`](super::User::raw), where the scope has them, too.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let sign_in = SignIn::new(&services::FACEBOOK, "app id", "app secret", "https://app.example/callback")?
    ///     .scope("public_profile email user_birthday") // in the place of the row's
    ///     .extra_fields(["birthday"]);
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn extra_fields<F: Into<String>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.parts().extra_fields.extend(fields.into_iter().map(Into::into));
        self
    }

    /// Adds an argument to the request for the profile. It replaces the row's of that name.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// // Twitter tells the address to applications with a permission for it.
    /// let sign_in = SignIn::new(&services::TWITTER, "consumer key", "consumer secret", "https://app.example/callback")?
    ///     .profile_argument("include_email", "true");
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn profile_argument(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, arguments) = (name.into(), &mut self.parts().arguments);
        arguments.retain(|(own, _)| *own != name);
        arguments.push((name, value.into()));
        self
    }

    /// A header of the requests for the profile and the addresses. It replaces the row's of that name: GitHub wants to
    /// see the application's name in `User-Agent`.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let sign_in = SignIn::new(&services::GITHUB, "client id", "client secret", "https://app.example/callback")?
    ///     .profile_header("user-agent", "printer.example.com")?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::Unsendable`](crate::Unsupported::Unsendable) when that is no header.
    pub fn profile_header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        let (name, value) = header(name, value)?;
        self.parts().headers.insert(name, value);
        Ok(self)
    }

    /// Runs a function on each [`Event`] of this sign-in, and of the sessions of its client. Functions run in the order
    /// in which they were registered, after those of a client that was given to [`custom`](Self::custom).
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let sign_in = SignIn::new(&services::GITHUB, "client id", "client secret", "https://app.example/callback")?
    ///     .on_event(|event| println!("{event}"));
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn on_event(mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.parts().observe(|observer| observer.push(hook));
        self
    }

    /// Sends users to the page where access is granted, also at a service that has another one for signing in, which
    /// sends those straight back who have granted it before (Twitter).
    pub fn always_authorize(mut self) -> Self {
        self.parts().always_authorize = true;
        self
    }

    /// Says which issuer the service names in its callbacks (`iss`, RFC 9207), where the row does not: that of a
    /// Microsoft tenant, or that of the service behind a gateway. It counts in any order, and not at OAuth 1.0
    /// services, which name none.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let sign_in = SignIn::new(&services::GITHUB, "client id", "client secret", "https://app.example/callback")?
    ///     .base_url("https://gateway.example")?
    ///     .issuer("https://github.com/login/oauth");
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.parts().know_issuer(Known::As(issuer.into()));
        self
    }

    /// Takes callbacks that name an issuer although nothing says which is the service's. [`issuer`](Self::issuer) is
    /// better.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let sign_in = SignIn::new(&services::MICROSOFT, "client id", "client secret", "https://app.example/callback")?
    ///     .allow_unknown_issuer();
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Security
    /// A callback that says it comes from another service is taken, and its code is sent to this
    /// one (a mix-up, RFC 9700 §4.4), unless the services have callback URLs of their own.
    pub fn allow_unknown_issuer(mut self) -> Self {
        self.parts().know_issuer(Known::Unknown);
        self
    }

    /// Compares the path alone of a callback that is handed over as a whole URI: for an application behind a proxy that
    /// changes scheme and host, whose framework knows no other. If it knows path and query, hand those over instead. A
    /// prefix that the proxy removed from the path has to be put back in any case.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let sign_in = SignIn::new(&services::GITHUB, "client id", "client secret", "https://app.example/callback/github")?
    ///     .allow_callback_at_any_origin(); // http://10.0.0.5:8080/callback/github
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Security
    /// Two services whose callback URLs differ by the host alone are not told apart by it.
    pub fn allow_callback_at_any_origin(mut self) -> Self {
        self.parts().be_lenient(Leniency { any_origin: true, ..Leniency::default() });
        self
    }

    /// Takes callbacks that do not say where the user came to: a query alone.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let sign_in = SignIn::new(&services::GITHUB, "client id", "client secret", "https://app.example/callback/github")?
    ///     .allow_callback_without_place(); // code=SplxlOBeZQQYbYS6WxSbIA&state=…
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Security
    /// At a service that does not name itself in its callbacks, nothing tells another service's
    /// code from this one's, so that a malicious service is shown codes of an honest one (a mix-up, RFC 9700 §4.4). It
    /// is harmless where the application has one service, or none that an attacker may choose.
    pub fn allow_callback_without_place(mut self) -> Self {
        self.parts().be_lenient(Leniency { no_place: true, ..Leniency::default() });
        self
    }
}
