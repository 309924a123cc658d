//! OAuth 1.0a services as they really are, and two of 2007 and after that are gone.

use crate::Error;
use crate::oauth1::Service;

/// An OAuth 1.0 service.
///
/// ```
/// use oauth_proto::oauth1::{Client, ClientCredentials};
/// use oauth_proto::services::FLICKR;
///
/// let client = Client::new(FLICKR.service()?, ClientCredentials::new("key", "secret"));
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Oauth1Service {
    /// Its name, as people write it.
    pub name: &'static str,
    /// Where it documents what the row says.
    pub documentation: &'static str,
    /// The endpoint for temporary credentials (RFC 5849 §2.1).
    pub temporary_credentials: &'static str,
    /// Where people are sent (RFC 5849 §2.2).
    pub authorization: &'static str,
    /// Where people are sent to sign in: back at once, if they have granted access before.
    pub authentication: Option<&'static str>,
    /// The endpoint for token credentials (RFC 5849 §2.3).
    pub token_credentials: &'static str,
    /// The URLs whose origins take its tokens.
    pub api: &'static [&'static str],
    /// Whether it speaks the version of 2007, which lets an attacker fixate a session.
    pub version_2007: bool,
}

impl Oauth1Service {
    /// A service of OAuth 1.0a: its name, where that is documented, its three endpoints, and the URLs whose origins take its
    /// tokens. The other fields are there to be set.
    ///
    /// ```
    /// use oauth_proto::services::Oauth1Service;
    ///
    /// let acme = Oauth1Service::new(
    ///     "Acme",
    ///     "https://acme.example/docs",
    ///     "https://acme.example/request_token",
    ///     "https://acme.example/authorize",
    ///     "https://acme.example/access_token",
    ///     &["https://api.acme.example"],
    /// );
    /// assert!(acme.service().is_ok());
    /// ```
    pub const fn new(
        name: &'static str,
        documentation: &'static str,
        temporary_credentials: &'static str,
        authorization: &'static str,
        token_credentials: &'static str,
        api: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            documentation,
            temporary_credentials,
            authorization,
            authentication: None,
            token_credentials,
            api,
            version_2007: false,
        }
    }

    const fn authentication(mut self, url: &'static str) -> Self {
        self.authentication = Some(url);
        self
    }

    const fn version_2007(mut self) -> Self {
        self.version_2007 = true;
        self
    }

    /// The service, for a [`Client`](crate::oauth1::Client).
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) when a URL of the row is none; the rows here have none such.
    pub fn service(&self) -> Result<Service, Error> {
        let service = Service::new(self.temporary_credentials, self.authorization, self.token_credentials)?;
        let service = match self.authentication {
            Some(url) => service.authentication(url)?,
            None => service,
        };
        Ok(if self.version_2007 { service.dangerous_version_1_0() } else { service })
    }
}

/// X, which was Twitter, with OAuth 1.0a.
pub const TWITTER_OAUTH1: Oauth1Service = Oauth1Service::new(
    "Twitter",
    "https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/obtaining-user-access-tokens",
    "https://api.x.com/oauth/request_token",
    "https://api.x.com/oauth/authorize",
    "https://api.x.com/oauth/access_token",
    &["https://api.x.com"],
)
.authentication("https://api.x.com/oauth/authenticate");

/// Tumblr, with OAuth 1.0a.
pub const TUMBLR_OAUTH1: Oauth1Service = Oauth1Service::new(
    "Tumblr",
    "https://www.tumblr.com/docs/en/api/v2",
    "https://www.tumblr.com/oauth/request_token",
    "https://www.tumblr.com/oauth/authorize",
    "https://www.tumblr.com/oauth/access_token",
    &["https://api.tumblr.com"],
);

/// Flickr. The authorization URL wants the parameter `perms`: `read`, `write` or `delete`.
pub const FLICKR: Oauth1Service = Oauth1Service::new(
    "Flickr",
    "https://www.flickr.com/services/api/auth.oauth.html",
    "https://www.flickr.com/services/oauth/request_token",
    "https://www.flickr.com/services/oauth/authorize",
    "https://www.flickr.com/services/oauth/access_token",
    &["https://api.flickr.com", "https://up.flickr.com"],
);

/// Discogs. Send a `User-Agent` of your own with everything, or be turned away.
pub const DISCOGS: Oauth1Service = Oauth1Service::new(
    "Discogs",
    "https://www.discogs.com/developers",
    "https://api.discogs.com/oauth/request_token",
    "https://www.discogs.com/oauth/authorize",
    "https://api.discogs.com/oauth/access_token",
    &["https://api.discogs.com"],
);

/// Trello. The authorization URL takes `name`, `scope` (with commas) and `expiration`, such as `never`.
pub const TRELLO: Oauth1Service = Oauth1Service::new(
    "Trello",
    "https://developer.atlassian.com/cloud/trello/guides/rest-api/authorization/",
    "https://trello.com/1/OAuthGetRequestToken",
    "https://trello.com/1/OAuthAuthorizeToken",
    "https://trello.com/1/OAuthGetAccessToken",
    &["https://api.trello.com"],
);

/// SmugMug. The authorization URL takes `Access` and `Permissions`.
pub const SMUGMUG: Oauth1Service = Oauth1Service::new(
    "SmugMug",
    "https://api.smugmug.com/api/v2/doc/tutorial/authorization.html",
    "https://api.smugmug.com/services/oauth/1.0a/getRequestToken",
    "https://api.smugmug.com/services/oauth/1.0a/authorize",
    "https://api.smugmug.com/services/oauth/1.0a/getAccessToken",
    &["https://api.smugmug.com", "https://upload.smugmug.com"],
);

/// Bitbucket, with OAuth 1.0a. Retired: it went with version 1.0 of the API, and [`BITBUCKET`](super::BITBUCKET) is
/// what there is. The row is for recordings and tests.
pub const BITBUCKET_OAUTH1: Oauth1Service = Oauth1Service::new(
    "Bitbucket",
    "https://developer.atlassian.com/cloud/bitbucket/",
    "https://bitbucket.org/api/1.0/oauth/request_token",
    "https://bitbucket.org/api/1.0/oauth/authenticate",
    "https://bitbucket.org/api/1.0/oauth/access_token",
    &["https://bitbucket.org", "https://api.bitbucket.org"],
);

/// Version 1 of Dropbox's API, in the manner of 2007: the callback in the authorization URL, and no verifier. Retired
/// in 2017, and [`DROPBOX`](super::DROPBOX) is what there is. The row is for recordings and tests.
pub const DROPBOX_V1: Oauth1Service = Oauth1Service::new(
    "Dropbox (version 1)",
    "https://www.dropbox.com/developers-v1/core/docs",
    "https://api.dropbox.com/1/oauth/request_token",
    "https://www.dropbox.com/1/oauth/authorize",
    "https://api.dropbox.com/1/oauth/access_token",
    &["https://api.dropbox.com", "https://api-content.dropbox.com"],
)
.version_2007();
