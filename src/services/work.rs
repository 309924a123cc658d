//! Work: what teams talk, plan, write, store and sell with.

use super::Service;
use crate::oauth2::Quirks;

/// Slack, as it installs applications today. The token is the bot's; where only `user_scope` was asked for, there is
/// none, but the user's inside the member `authed_user`. Web applications must not send a proof key: an application
/// that has switched it on counts as public, and may not send its secret with it.
pub const SLACK: Service = Service::new(
    "Slack",
    "https://docs.slack.dev/authentication/installing-with-oauth",
    "https://slack.com/oauth/v2/authorize",
    "https://slack.com/api/oauth.v2.access",
)
.userinfo("https://slack.com/api/auth.test")
.api(&["https://slack.com"])
.scopes_by_comma()
.refuses_pkce()
.quirks(Quirks::STRICT.allow_token_types(&["bot", "user"]));

/// Slack's classic applications, which can no longer be made. The token goes into the parameter `token` too, which old
/// methods ask for and which puts it into logs; so it does only here.
pub const SLACK_LEGACY: Service = Service::new(
    "Slack (classic)",
    "https://api.slack.com/docs/oauth",
    "https://slack.com/oauth/authorize",
    "https://slack.com/api/oauth.access",
)
.userinfo("https://slack.com/api/auth.test")
.api(&["https://slack.com"])
.scopes_by_comma()
.refuses_pkce()
.token_in_header_and_parameter("token")
.quirks(Quirks::STRICT.allow_missing_token_type());

/// Sign in with Slack: who somebody is at Slack, with OpenID Connect. For proof keys it is as with [`SLACK`].
pub const SLACK_SIGN_IN: Service = Service::new(
    "Sign in with Slack",
    "https://docs.slack.dev/authentication/sign-in-with-slack",
    "https://slack.com/openid/connect/authorize",
    "https://slack.com/api/openid.connect.token",
)
.userinfo("https://slack.com/api/openid.connect.userInfo")
.issuer("https://slack.com")
.api(&["https://slack.com"])
.refuses_pkce();

/// Zoom. Only private applications may use the device grant.
pub const ZOOM: Service = Service::new(
    "Zoom",
    "https://developers.zoom.us/docs/integrations/oauth/",
    "https://zoom.us/oauth/authorize",
    "https://zoom.us/oauth/token",
)
.device("https://zoom.us/oauth/devicecode")
.revocation("https://zoom.us/oauth/revoke")
.userinfo("https://api.zoom.us/v2/users/me")
.api(&["https://api.zoom.us"]);

/// Webex. Its device grant asks for tokens at another endpoint than the rest.
pub const WEBEX: Service = Service::new(
    "Webex",
    "https://developer.webex.com/docs/integrations",
    "https://webexapis.com/v1/authorize",
    "https://webexapis.com/v1/access_token",
)
.userinfo("https://webexapis.com/v1/people/me")
.api(&["https://webexapis.com"])
.secret_in_body();

/// Notion. The API wants the header `Notion-Version`. There are no scopes: people choose pages.
pub const NOTION: Service = Service::new(
    "Notion",
    "https://developers.notion.com/docs/authorization",
    "https://api.notion.com/v1/oauth/authorize",
    "https://api.notion.com/v1/oauth/token",
)
.userinfo("https://api.notion.com/v1/users/me")
.api(&["https://api.notion.com"])
.parameters(&[("owner", "user")]);

/// Asana.
pub const ASANA: Service = Service::new(
    "Asana",
    "https://developers.asana.com/docs/oauth",
    "https://app.asana.com/-/oauth_authorize",
    "https://app.asana.com/-/oauth_token",
)
.revocation("https://app.asana.com/-/oauth_revoke")
.userinfo("https://app.asana.com/api/1.0/users/me")
.api(&["https://app.asana.com"])
.secret_in_body();

/// ClickUp. There are no scopes: people choose workspaces. Tokens do not expire.
pub const CLICKUP: Service = Service::new(
    "ClickUp",
    "https://developer.clickup.com/docs/authentication",
    "https://app.clickup.com/api",
    "https://api.clickup.com/api/v2/oauth/token",
)
.userinfo("https://api.clickup.com/api/v2/user")
.api(&["https://api.clickup.com"])
.secret_in_body();

/// Miro. Scopes are set up with the application. What is read as the profile describes the token, with its user and
/// team.
pub const MIRO: Service = Service::new(
    "Miro",
    "https://developers.miro.com/docs/getting-started-with-oauth",
    "https://miro.com/oauth/authorize",
    "https://api.miro.com/v1/oauth/token",
)
.userinfo("https://api.miro.com/v1/oauth-token")
.api(&["https://api.miro.com"])
.secret_in_body();

/// Figma.
pub const FIGMA: Service = Service::new(
    "Figma",
    "https://developers.figma.com/docs/rest-api/authentication/",
    "https://www.figma.com/oauth",
    "https://api.figma.com/v1/oauth/token",
)
.refresh("https://api.figma.com/v1/oauth/refresh")
.userinfo("https://api.figma.com/v1/me")
.api(&["https://api.figma.com"]);

/// Airtable.
pub const AIRTABLE: Service = Service::new(
    "Airtable",
    "https://airtable.com/developers/web/api/oauth-reference",
    "https://airtable.com/oauth2/v1/authorize",
    "https://airtable.com/oauth2/v1/token",
)
.userinfo("https://api.airtable.com/v0/meta/whoami")
.api(&["https://api.airtable.com"])
.requires_pkce();

/// Todoist.
pub const TODOIST: Service = Service::new(
    "Todoist",
    "https://developer.todoist.com/api/v1/",
    "https://todoist.com/oauth/authorize",
    "https://todoist.com/oauth/access_token",
)
.userinfo("https://api.todoist.com/api/v1/user")
.api(&["https://api.todoist.com"])
.scopes_by_comma()
.secret_in_body();

/// Box.
pub const BOX: Service = Service::new(
    "Box",
    "https://developer.box.com/guides/authentication/oauth2/",
    "https://account.box.com/api/oauth2/authorize",
    "https://api.box.com/oauth2/token",
)
.revocation("https://api.box.com/oauth2/revoke")
.userinfo("https://api.box.com/2.0/users/me")
.api(&["https://api.box.com", "https://upload.box.com"])
.secret_in_body();

/// Dropbox, with OAuth 2.0. A refresh token comes with the parameter `token_access_type=offline`. The profile takes
/// POST, and the scope `openid`.
pub const DROPBOX: Service = Service::new(
    "Dropbox",
    "https://developers.dropbox.com/oauth-guide",
    "https://www.dropbox.com/oauth2/authorize",
    "https://api.dropboxapi.com/oauth2/token",
)
.userinfo("https://api.dropboxapi.com/2/openid/userinfo")
.issuer("https://www.dropbox.com")
.api(&["https://api.dropboxapi.com", "https://content.dropboxapi.com"]);

/// Nextcloud. There are no scopes: a token may do what its user may. OCS calls want the header `OCS-APIRequest: true`.
pub const NEXTCLOUD: Service = Service::new(
    "Nextcloud",
    "https://docs.nextcloud.com/server/latest/admin_manual/configuration_server/oauth2.html",
    "{base}/apps/oauth2/authorize",
    "{base}/apps/oauth2/api/v1/token",
)
.base(None)
.userinfo("{base}/ocs/v2.php/cloud/user?format=json")
.api(&["{base}"]);

/// Docusign eSignature, in production; the test environment is `account-d.docusign.com`. The API's origin is in the
/// profile, as `base_uri`.
pub const DOCUSIGN: Service = Service::new(
    "Docusign",
    "https://developers.docusign.com/platform/auth/authcode/",
    "https://account.docusign.com/oauth/auth",
    "https://account.docusign.com/oauth/token",
)
.userinfo("https://account.docusign.com/oauth/userinfo")
.api(&["https://account.docusign.com"]);

/// Salesforce: everybody's login, or an organization's domain, `https://company.my.salesforce.com`. The API's origin
/// comes with the token, as `instance_url`.
pub const SALESFORCE: Service = Service::new(
    "Salesforce",
    "https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm",
    "{base}/services/oauth2/authorize",
    "{base}/services/oauth2/token",
)
.base(Some("https://login.salesforce.com"))
.revocation("{base}/services/oauth2/revoke")
.introspection("{base}/services/oauth2/introspect")
.userinfo("{base}/services/oauth2/userinfo")
.issuer("{base}")
.api(&["{base}"])
.secret_in_body();

/// HubSpot. Versions of its token endpoint are dates, and old ones are given up: version 1 in 2027.
pub const HUBSPOT: Service = Service::new(
    "HubSpot",
    "https://developers.hubspot.com/docs/api-reference/latest/authentication/manage-oauth-tokens",
    "https://app.hubspot.com/oauth/authorize",
    "https://api.hubapi.com/oauth/2026-03/token",
)
.introspection("https://api.hubapi.com/oauth/2026-03/token/introspect")
.api(&["https://api.hubapi.com"])
.secret_in_body();

/// Mailchimp. There are no scopes, and tokens do not expire. The API's origin comes from the profile, as
/// `api_endpoint`.
pub const MAILCHIMP: Service = Service::new(
    "Mailchimp",
    "https://mailchimp.com/developer/marketing/guides/access-user-data-oauth-2/",
    "https://login.mailchimp.com/oauth2/authorize",
    "https://login.mailchimp.com/oauth2/token",
)
.userinfo("https://login.mailchimp.com/oauth2/metadata")
.api(&["https://login.mailchimp.com"])
.secret_in_body()
.token_in_scheme("OAuth")
.quirks(Quirks::STRICT.allow_null_members().allow_zero_expiry());

/// Zendesk, by the subdomain of an account.
pub const ZENDESK: Service = Service::new(
    "Zendesk",
    "https://support.zendesk.com/hc/en-us/articles/4408845965210",
    "https://{name}.zendesk.com/oauth/authorizations/new",
    "https://{name}.zendesk.com/oauth/tokens",
)
.name("subdomain", None)
.userinfo("https://{name}.zendesk.com/api/v2/users/me.json")
.api(&["https://{name}.zendesk.com"])
.secret_in_body();
