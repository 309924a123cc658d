//! An application at one service: what it is known by there, and what it wants to know of its users.

use std::fmt;
use std::sync::Arc;

use http::header::USER_AGENT;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::custom::{Client, Custom};
use super::table::Table;
use super::{Protocol, Site};
use crate::callback::Leniency;
use crate::mark::Mark;
use crate::oauth2::{Known, Scope};
use crate::wire::bare;
use crate::{Error, Secret, Unsupported, oauth1, oauth2};

/// Signing in at one service: made once, and used for every user. Cheap to clone.
///
/// ```no_run
/// use oauth_proto::sign_in::SignIn;
/// use oauth_proto::{Moment, run};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
///
/// let sign_in = SignIn::github("client id", "client secret", "https://app.example/callback")?;
///
/// let start = run(sign_in.start(Moment::from_os())?, &mut send)?;
/// println!("go to {}", start.url);
///
/// # let uri = "";
/// let user = run(sign_in.callback(start.pending, uri, Moment::from_os())?, &mut send)?;
/// println!("{} is {:?}", user.id, user.username);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SignIn(pub(super) Arc<Parts>);

#[derive(Clone)]
pub(super) struct Parts {
    pub(super) client: Client,
    pub(super) callback: String,
    pub(super) profile: Profile,
    /// What pending values are known by.
    pub(super) mark: Mark,
    pub(super) scope: Option<Scope>,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) arguments: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) fields: Vec<String>,
    pub(super) always_authorize: bool,
    pub(super) place: Leniency,
    pub(super) issuer: Known,
}

/// Where the profile is, and how it becomes a user.
#[derive(Clone)]
pub(super) enum Profile {
    /// As a row says.
    Table(Box<Table>),
    /// As functions of the caller's say.
    Custom(Custom),
}

impl Profile {
    pub(super) fn table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            Self::Custom(_) => None,
        }
    }
}

impl SignIn {
    /// Signing in at a service of the table, or at one of your own: with what the service gave the application, and the URL
    /// that users come back to. A client without a secret has the empty text.
    ///
    /// # Errors
    /// [`Unsupported`] when a URL is none, is neither https nor on this machine, or when the service has many places and no
    /// default: see [`new_at`](Self::new_at). [`Unsupported::VersionOf2007`] for OAuth 1.0 of 2007:
    /// see [`dangerous_new_2007`](Self::dangerous_new_2007).
    pub fn new(
        site: &Site,
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
        callback: impl Into<String>,
    ) -> Result<Self, Error> {
        of_1_0a(site)?;
        Self::of_table(Table::new(site, client_id.into(), secret.into(), None), callback.into())
    }

    /// As [`new`](Self::new), at a service that speaks OAuth 1.0 of 2007.
    ///
    /// What this gives away: nothing ties the user who comes back to the one who granted access, so an attacker can sign in
    /// as a user whom they had grant access.
    ///
    /// # Errors
    /// As [`new`](Self::new), but for the version.
    pub fn dangerous_new_2007(
        site: &Site,
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
        callback: impl Into<String>,
    ) -> Result<Self, Error> {
        Self::of_table(Table::new(site, client_id.into(), secret.into(), None), callback.into())
    }

    /// As [`new`](Self::new), at a place of the service's: the URL of an installation, or a tenant. What it is for which
    /// service is said by [`Instance`](crate::services::Instance).
    ///
    /// ```
    /// use oauth_proto::sign_in::{SignIn, sites};
    ///
    /// let (id, secret, callback) = ("client id", "client secret", "https://app.example/callback");
    /// let sign_in = SignIn::new_at(&sites::GITHUB_ENTERPRISE, "https://git.example.com", id, secret, callback)?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn new_at(
        site: &Site,
        place: &str,
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
        callback: impl Into<String>,
    ) -> Result<Self, Error> {
        of_1_0a(site)?;
        let place = Some(place.to_owned());
        Self::of_table(Table::new(site, client_id.into(), secret.into(), place), callback.into())
    }

    fn of_table(mut table: Table, callback: String) -> Result<Self, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in table.site.headers {
            let (name, value) = header(name, value)?;
            headers.insert(name, value);
        }
        let client = table.build()?;
        let mut sign_in = Self::with(client, callback, Profile::Table(Box::new(table)))?;
        sign_in.parts().headers = headers;
        Ok(sign_in)
    }

    pub(super) fn with(client: Client, callback: String, profile: Profile) -> Result<Self, Error> {
        let client = client.returning_to(&callback).map_err(|error| match (error, &profile) {
            // A row has no option for that.
            (Error::Unsupported(Unsupported::PlainHttp { url, .. }), Profile::Table(_)) => {
                Unsupported::PlainHttp { url, option: None }.into()
            }
            (error, _) => error,
        })?;
        Ok(Self(Arc::new(Parts {
            mark: mark(&client, &callback, &profile),
            client,
            callback,
            profile,
            scope: None,
            parameters: Vec::new(),
            arguments: Vec::new(),
            headers: HeaderMap::new(),
            fields: Vec::new(),
            always_authorize: false,
            place: Leniency::default(),
            issuer: Known::default(),
        })))
    }

    /// The service, as its row describes it; `None` for a [custom](Self::custom) one, which has no row.
    pub fn site(&self) -> Option<&Site> {
        self.0.profile.table().map(|table| &table.site)
    }

    /// The client at an OAuth 1.0 service, for sessions with the [`Tokens`](super::Tokens) of a user.
    pub fn oauth1_client(&self) -> Option<&oauth1::Client> {
        match &self.0.client {
            Client::Oauth1(client) => Some(client),
            Client::Oauth2(_) => None,
        }
    }

    /// The client at an OAuth 2.0 service, for sessions with the [`Tokens`](super::Tokens) of a user.
    pub fn oauth2_client(&self) -> Option<&oauth2::Client> {
        match &self.0.client {
            Client::Oauth2(client) => Some(client),
            Client::Oauth1(_) => None,
        }
    }

    /// The parts, to be changed while it is built.
    pub(super) fn parts(&mut self) -> &mut Parts {
        Arc::make_mut(&mut self.0)
    }

    /// Takes callbacks as those are taken, too.
    pub(super) fn with_place(mut self, place: Leniency) -> Self {
        let parts = self.parts();
        parts.place = parts.place.or(place);
        parts.client = parts.client.clone().with_place(place);
        self
    }

    /// Knows the server by that issuer.
    pub(super) fn with_issuer(mut self, issuer: Known) -> Self {
        let parts = self.parts();
        parts.client = parts.client.clone().with_issuer(issuer.clone());
        parts.issuer = issuer;
        self
    }

    /// With its row's URLs elsewhere, and all that follows from them made anew.
    pub(super) fn moved(mut self, url: &str, change: impl FnOnce(&mut Table)) -> Result<Self, Error> {
        let parts = self.parts();
        let Profile::Table(table) = &mut parts.profile else {
            let reason = "a custom sign-in has the URLs of the client that it was given: give it another client";
            return Err(Unsupported::Url { url: bare(url), reason }.into());
        };
        change(table);
        let observer = parts.client.observer().clone();
        parts.client = table.build()?.returning_to(&parts.callback)?.with_place(parts.place);
        parts.client = parts.client.clone().with_issuer(parts.issuer.clone()).with_observer(observer);
        parts.mark = mark(&parts.client, &parts.callback, &parts.profile);
        Ok(self)
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("site", &self.site().map(Site::name))
            .field("client_id", &self.0.client.id())
            .field("callback", &self.0.callback)
            .finish_non_exhaustive()
    }
}

/// A header of the caller's.
pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let unsendable = |reason| Unsupported::Unsendable { what: "a header of the profile's request", reason };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unsendable("its name is none"))?;
    let mut value = HeaderValue::from_str(value).map_err(|_| unsendable("its value cannot stand in a header"))?;
    // It may be a key; an application's own name is none.
    value.set_sensitive(name != USER_AGENT);
    Ok((name, value))
}

/// Refuses OAuth 1.0 of 2007, which has doors of its own.
fn of_1_0a(site: &Site) -> Result<(), Unsupported> {
    match &site.service {
        Protocol::Oauth1(row) if row.version_2007 => Err(Unsupported::VersionOf2007),
        _ => Ok(()),
    }
}

/// A client, where codes go that are its, where users come back to, and whose profile comes.
fn mark(client: &Client, callback: &str, profile: &Profile) -> Mark {
    let (kind, token) = client.endpoint();
    // Functions have no name to be told apart by. A table's profile is never empty.
    let profile = profile.table().map_or("", |table| &table.profile);
    Mark::of(&[kind, &token.to_string(), callback, profile, client.id()])
}
