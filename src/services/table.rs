//! The table: every row by its sector, and by its name.

mod commerce;
mod development;
mod identity;
mod media;
mod oauth1;
mod social;
#[cfg(test)]
mod tests;
mod work;

use super::service::Service;

pub use commerce::*;
pub use development::*;
pub use identity::*;
pub use media::*;
pub use oauth1::*;
pub use social::*;
pub use work::*;

/// Finds the row with a name. Case, spaces and punctuation are ignored.
///
/// ```
/// use oauth_proto::services::find;
///
/// assert!(find("git-hub").is_some_and(|service| service.name == "GitHub"));
/// assert!(find("nowhere").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static Service> {
    ALL.iter().copied().find(|service| letters(service.name).eq(letters(name)))
}

/// Returns the characters that distinguish names.
fn letters(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().filter(|char| char.is_alphanumeric()).map(|char| char.to_ascii_lowercase())
}

/// All rows of this crate. Users can sign in only with those that have a
/// [`Service::profile`](field@Service::profile).
pub const ALL: &[&Service] = &[
    // identity
    &GOOGLE,
    &MICROSOFT,
    &APPLE,
    &AMAZON,
    &YAHOO,
    &OKTA,
    &OKTA_CUSTOM,
    &AUTH0,
    &KEYCLOAK,
    &AUTHENTIK,
    &ZITADEL,
    &ORY,
    &COGNITO,
    // development
    &GITHUB,
    &GITHUB_ENTERPRISE,
    &GITLAB,
    &BITBUCKET,
    &GITEA,
    &FORGEJO,
    &ATLASSIAN,
    &LINEAR,
    &DIGITALOCEAN,
    &HEROKU,
    &HUGGING_FACE,
    &STACK_EXCHANGE,
    // social
    &FACEBOOK,
    &INSTAGRAM,
    &LINKEDIN,
    &X,
    &REDDIT,
    &DISCORD,
    &PINTEREST,
    &TUMBLR,
    &MASTODON,
    &MEETUP,
    &LINE,
    &KAKAO,
    &NAVER,
    &YANDEX,
    &VK,
    &WEIBO,
    &DOUBAN,
    // work
    &SLACK,
    &SLACK_LEGACY,
    &SLACK_SIGN_IN,
    &ZOOM,
    &WEBEX,
    &NOTION,
    &ASANA,
    &CLICKUP,
    &MIRO,
    &FIGMA,
    &AIRTABLE,
    &TODOIST,
    &BOX,
    &DROPBOX,
    &NEXTCLOUD,
    &DOCUSIGN,
    &SALESFORCE,
    &HUBSPOT,
    &MAILCHIMP,
    &ZENDESK,
    // commerce
    &SHOPIFY,
    &EBAY,
    &PLENTYMARKETS,
    &STRIPE,
    &PAYPAL,
    &SQUARE,
    &COINBASE,
    &INTUIT,
    &XERO,
    // media
    &SPOTIFY,
    &TWITCH,
    &VIMEO,
    &PATREON,
    &WORDPRESS_COM,
    &STRAVA,
    &FITBIT,
    &OPENSTREETMAP,
    // OAuth 1.0
    &TWITTER,
    &TUMBLR_OAUTH1,
    &FLICKR,
    &DISCOGS,
    &TRELLO,
    &SMUGMUG,
    &BITBUCKET_OAUTH1,
    &DROPBOX_V1,
];
