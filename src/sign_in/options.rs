//! What an application may want otherwise.

use super::SignIn;
use super::client::header;
use crate::callback::Leniency;
use crate::oauth2::{Known, Scope};
use crate::services::instance::installation;
use crate::{Error, Event};

impl SignIn {
    /// Asks for that scope instead of [the row's](super::Site::scope): what the application wants to do besides, and what
    /// makes the profile come.
    ///
    /// ```
    /// use oauth_proto::sign_in::SignIn;
    ///
    /// let sign_in = SignIn::google("client id", "client secret", "https://app.example/callback")?
    ///     .scope("openid profile email https://www.googleapis.com/auth/calendar.readonly")
    ///     .parameter("access_type", "offline");
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn scope(mut self, scope: impl Into<Scope>) -> Self {
        self.parts().scope = Some(scope.into());
        self
    }

    /// A parameter of the URL that users are sent to: `prompt`, `access_type`, `login_hint`, `force_login`, … It replaces
    /// the row's of that name. One that belongs to the protocol is refused by [`start`](Self::start).
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, parameters) = (name.into(), &mut self.parts().parameters);
        parameters.retain(|(own, _)| *own != name);
        parameters.push((name, value.into()));
        self
    }

    /// At that place of the service's: an installation's URL for GitLab, a tenant for Microsoft.
    ///
    /// ```
    /// use oauth_proto::sign_in::SignIn;
    ///
    /// let (id, secret, callback) = ("client id", "client secret", "https://app.example/callback");
    /// let sign_in = SignIn::gitlab(id, secret, callback)?.place("https://git.example.com")?;
    /// let sign_in = SignIn::microsoft(id, secret, callback)?.place("contoso.example")?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Service::url`](crate::services::Service::url), and
    /// [`Unsupported::Url`](crate::Unsupported::Url) for a [custom](Self::custom) sign-in, whose client has its URLs.
    pub fn place(self, place: impl Into<String>) -> Result<Self, Error> {
        let place = place.into();
        self.moved(&place.clone(), |table| table.place = Some(place))
    }

    /// With every endpoint below that URL, each with its own path: a double of the service in tests, or a gateway. The row's
    /// issuer is forgotten, since another one stands there: [`issuer`](Self::issuer) says which, if it names one.
    ///
    /// ```
    /// use oauth_proto::sign_in::SignIn;
    /// use oauth_proto::{Moment, Step};
    ///
    /// let sign_in = SignIn::google("client id", "client secret", "https://app.example/callback")?
    ///     .endpoints_at("http://127.0.0.1:8080")?;
    /// let Step::Done(start) = sign_in.start(Moment::from_os())? else { unreachable!("Google wants no request pushed") };
    /// assert!(start.url.starts_with("http://127.0.0.1:8080/o/oauth2/v2/auth?"));
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) when it is not an absolute https URL without user information, query and
    /// fragment; [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) when it is http and not on this machine.
    /// `Url` also for a [custom](Self::custom) sign-in, whose client has its URLs.
    pub fn endpoints_at(self, base: &str) -> Result<Self, Error> {
        let base = installation(base)?;
        self.moved(base, |table| table.base = Some(base.to_owned()))
    }

    /// Fields of the profile to read besides [the row's](super::Site::asked), at services where one has to say: Facebook's
    /// `birthday`, `hometown`, … They come in [`User::raw`](super::User::raw), where the scope has them, too.
    ///
    /// ```
    /// use oauth_proto::sign_in::SignIn;
    ///
    /// let sign_in = SignIn::facebook("app id", "app secret", "https://app.example/callback")?
    ///     .scope("public_profile email user_birthday") // in the place of the row's
    ///     .fields(["birthday"]);
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn fields<F: Into<String>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.parts().fields.extend(fields.into_iter().map(Into::into));
        self
    }

    /// An argument of the request for the profile. It replaces the row's of that name.
    pub fn profile_argument(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, arguments) = (name.into(), &mut self.parts().arguments);
        arguments.retain(|(own, _)| *own != name);
        arguments.push((name, value.into()));
        self
    }

    /// Asks Twitter for the address, which an application needs a permission for.
    ///
    /// ```
    /// use oauth_proto::sign_in::SignIn;
    ///
    /// let sign_in = SignIn::twitter("consumer key", "consumer secret", "https://app.example/callback")?.include_email();
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn include_email(self) -> Self {
        self.profile_argument("include_email", "true")
    }

    /// A header of the requests for the profile and the addresses. It replaces the row's of that name: GitHub wants to see
    /// the application's name in `User-Agent`.
    ///
    /// ```
    /// use oauth_proto::sign_in::SignIn;
    ///
    /// let sign_in = SignIn::github("client id", "client secret", "https://app.example/callback")?
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

    /// Runs a function on each [`Event`] of this sign-in, and of the sessions of its client. Functions run in the order in which they
    /// were registered, after those of a client that was given to [`custom`](Self::custom).
    ///
    /// ```
    /// use oauth_proto::sign_in::SignIn;
    ///
    /// let sign_in = SignIn::github("client id", "client secret", "https://app.example/callback")?
    ///     .on_event(|event| println!("{event}"));
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn on_event(mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        let parts = self.parts();
        let mut observer = parts.client.observer().clone().named(parts.client.id());
        observer.push(hook);
        parts.client = parts.client.clone().with_observer(observer);
        self
    }

    /// Sends users to the page where access is granted, also at a service that has another one for signing in, which sends
    /// those straight back who have granted it before (Twitter).
    pub fn always_authorize(mut self) -> Self {
        self.parts().always_authorize = true;
        self
    }

    /// Says which issuer the service names in its callbacks (`iss`, RFC 9207), where the row does not: that of a Microsoft tenant, or
    /// that of the service behind a gateway. It counts in any order, and not at OAuth 1.0 services, which name none.
    ///
    /// ```
    /// use oauth_proto::sign_in::SignIn;
    ///
    /// let sign_in = SignIn::github("client id", "client secret", "https://app.example/callback")?
    ///     .endpoints_at("https://gateway.example")?
    ///     .issuer("https://github.com/login/oauth");
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        self.with_issuer(Known::As(issuer.into()))
    }

    /// Takes callbacks that name an issuer although nothing says which is the service's. [`issuer`](Self::issuer) is better.
    ///
    /// ```
    /// use oauth_proto::sign_in::SignIn;
    ///
    /// let sign_in = SignIn::microsoft("client id", "client secret", "https://app.example/callback")?.allow_unknown_issuer();
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Security
    /// What this gives away: a callback that says it comes from another service is taken, and its code is sent to this one (a
    /// mix-up, RFC 9700 §4.4), unless the services have callback URLs of their own.
    pub fn allow_unknown_issuer(self) -> Self {
        self.with_issuer(Known::Unknown)
    }

    /// Compares the path alone of a callback that is handed over as a whole URI: for an application behind a proxy that changes
    /// scheme and host, whose framework knows no other. If it knows path and query, hand those over instead. A prefix that the proxy
    /// removed from the path has to be put back in any case.
    ///
    /// ```
    /// use oauth_proto::sign_in::SignIn;
    ///
    /// let sign_in = SignIn::github("client id", "client secret", "https://app.example/callback/github")?
    ///     .allow_callback_at_any_origin(); // http://10.0.0.5:8080/callback/github
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Security
    /// What this gives away: two services whose callback URLs differ by the host alone are not told apart by it.
    pub fn allow_callback_at_any_origin(self) -> Self {
        self.with_place(Leniency { any_origin: true, ..Leniency::default() })
    }

    /// Takes callbacks that do not say where the user came to: a query alone.
    ///
    /// ```
    /// use oauth_proto::sign_in::SignIn;
    ///
    /// let sign_in = SignIn::github("client id", "client secret", "https://app.example/callback/github")?
    ///     .allow_callback_without_place(); // code=SplxlOBeZQQYbYS6WxSbIA&state=…
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Security
    /// What this gives away: at a service that does not name itself in its callbacks, nothing tells another service's code from
    /// this one's, so that a malicious service is shown codes of an honest one (a mix-up, RFC 9700 §4.4). It is harmless where the
    /// application has one service, or none that an attacker may choose.
    pub fn allow_callback_without_place(self) -> Self {
        self.with_place(Leniency { no_place: true, ..Leniency::default() })
    }
}
