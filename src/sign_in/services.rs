//! The services by name.

use super::{SignIn, sites};
use crate::{Error, Secret};

/// A constructor for each row: with what the service gave the application, and the URL that users come back to.
macro_rules! services {
    ($($(#[$about:meta])* $name:ident => $site:ident;)+) => {
        impl SignIn {
            $(
                $(#[$about])*
                ///
                /// `callback` is the URL that users come back to, as it is registered with the service.
                ///
                /// # Errors
                /// [`Unsupported::Url`](crate::Unsupported::Url) when the callback is no URL for that,
                /// [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp).
                pub fn $name(
                    client_id: impl Into<String>,
                    secret: impl Into<Secret>,
                    callback: impl Into<String>,
                ) -> Result<Self, Error> {
                    Self::new(&sites::$site, client_id, secret, callback)
                }
            )+
        }
    };
}

services! {
    /// Signing in by Google.
    google => GOOGLE;
    /// Signing in by Facebook, whose requests carry the `appsecret_proof`. An address comes, and nothing that says whether
    /// it was verified.
    facebook => FACEBOOK;
    /// Signing in by Twitter, with OAuth 1.0a: the consumer key and secret are the client's. An address comes after
    /// [`include_email`](Self::include_email).
    twitter => TWITTER;
    /// Signing in by GitHub. The address is the primary one, if it was verified.
    github => GITHUB;
    /// Signing in by GitLab: gitlab.com, or an installation by [`place`](Self::place).
    gitlab => GITLAB;
    /// Signing in by LinkedIn.
    linkedin => LINKEDIN;
    /// Signing in by Microsoft: every account, or a tenant's by [`place`](Self::place). Nothing is said about an address's
    /// being verified, since an organization can write any into its accounts.
    microsoft => MICROSOFT;
    /// Signing in by Bitbucket. The address is the primary one, if it was confirmed.
    bitbucket => BITBUCKET;
    /// Signing in by Discord.
    discord => DISCORD;
    /// Signing in by Spotify. Its addresses are not verified.
    spotify => SPOTIFY;
    /// Signing in by Twitch.
    twitch => TWITCH;
    /// Signing in by Slack.
    slack => SLACK;
    /// Signing in by Yahoo.
    yahoo => YAHOO;
}

impl SignIn {
    /// Signing in by version 1 of Dropbox's API, with OAuth 1.0 of 2007.
    ///
    /// What this gives away: nothing ties the user who comes back to the one who granted access, so an attacker can sign in
    /// as a user whom they had grant access. The service was retired in 2017; this is for recordings, tests and servers that
    /// took its place.
    ///
    /// # Errors
    /// As [`google`](Self::google).
    pub fn dangerous_dropbox_v1(
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
        callback: impl Into<String>,
    ) -> Result<Self, Error> {
        Self::dangerous_new_2007(&sites::DROPBOX_V1, client_id, secret, callback)
    }
}
