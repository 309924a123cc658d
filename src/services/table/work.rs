//! Services for teams: chat, planning, documents, files and sales.

use crate::oauth2::{Quirks, TokenPlacement};
use crate::services::profile::ProfileMapping;
use crate::services::protocol::Oauth2;
use crate::services::service::Service;

/// Slack, for today's applications. The token is that of the bot. If only `user_scope` was
/// requested, there is no bot token, and the user's token is in the member `authed_user`. The row
/// sends no PKCE challenge: an application with PKCE counts as public at Slack, and must not send
/// its secret.
pub const SLACK: Service = Service::oauth2(
    "Slack",
    Oauth2::new("https://slack.com/oauth/v2/authorize", "https://slack.com/api/oauth.v2.access")
        .scopes_by_comma()
        .refuses_pkce()
        .quirks(Quirks { allow_token_types: &["bot", "user"], ..Quirks::STRICT }),
)
.documentation("https://docs.slack.dev/authentication/installing-with-oauth")
.api(&["https://slack.com"])
.userinfo("https://slack.com/api/auth.test");

/// Slack, for classic applications, which can no longer be created. The token is also sent in the
/// parameter `token`, which old methods need. Since parameters are often logged, the other rows of
/// Slack send the token only in the header.
pub const SLACK_LEGACY: Service = Service::oauth2(
    "Slack (classic)",
    Oauth2::new("https://slack.com/oauth/authorize", "https://slack.com/api/oauth.access")
        .scopes_by_comma()
        .refuses_pkce()
        .token_placement(TokenPlacement::AllowBearerAndParameter("token"))
        .quirks(Quirks { allow_missing_token_type: true, ..Quirks::STRICT }),
)
.documentation("https://api.slack.com/docs/oauth")
.api(&["https://slack.com"])
.userinfo("https://slack.com/api/auth.test");

/// Sign in with Slack, at Slack's endpoints for OpenID Connect. The ID token is not checked: the
/// user is read from the profile. The row sends no PKCE challenge, for the reason that [`SLACK`]
/// gives.
pub const SLACK_SIGN_IN: Service = Service::oauth2(
    "Sign in with Slack",
    Oauth2::new(
        "https://slack.com/openid/connect/authorize",
        "https://slack.com/api/openid.connect.token",
    )
    .issuer("https://slack.com")
    .refuses_pkce(),
)
.documentation("https://docs.slack.dev/authentication/sign-in-with-slack")
.api(&["https://slack.com"])
.userinfo("https://slack.com/api/openid.connect.userInfo")
.profile(ProfileMapping::OPENID);

/// Zoom. Only private applications can use the device grant.
pub const ZOOM: Service = Service::oauth2(
    "Zoom",
    Oauth2::new("https://zoom.us/oauth/authorize", "https://zoom.us/oauth/token")
        .device_authorization("https://zoom.us/oauth/devicecode")
        .revocation("https://zoom.us/oauth/revoke"),
)
.documentation("https://developers.zoom.us/docs/integrations/oauth/")
.api(&["https://api.zoom.us"])
.userinfo("https://api.zoom.us/v2/users/me");

/// Webex. Its device grant has its own token endpoint.
pub const WEBEX: Service = Service::oauth2(
    "Webex",
    Oauth2::new("https://webexapis.com/v1/authorize", "https://webexapis.com/v1/access_token")
        .secret_in_body(),
)
.documentation("https://developer.webex.com/docs/integrations")
.api(&["https://webexapis.com"])
.userinfo("https://webexapis.com/v1/people/me");

/// Notion. The API needs the header `Notion-Version`. There are no scopes: the user chooses pages.
pub const NOTION: Service = Service::oauth2(
    "Notion",
    Oauth2::new(
        "https://api.notion.com/v1/oauth/authorize",
        "https://api.notion.com/v1/oauth/token",
    )
    .authorization_parameters(&[("owner", "user")]),
)
.documentation("https://developers.notion.com/docs/authorization")
.api(&["https://api.notion.com"])
.userinfo("https://api.notion.com/v1/users/me");

/// Asana, tasks of teams.
pub const ASANA: Service = Service::oauth2(
    "Asana",
    Oauth2::new("https://app.asana.com/-/oauth_authorize", "https://app.asana.com/-/oauth_token")
        .revocation("https://app.asana.com/-/oauth_revoke")
        .secret_in_body(),
)
.documentation("https://developers.asana.com/docs/oauth")
.api(&["https://app.asana.com"])
.userinfo("https://app.asana.com/api/1.0/users/me");

/// ClickUp. There are no scopes: the user chooses workspaces. Tokens do not expire.
pub const CLICKUP: Service = Service::oauth2(
    "ClickUp",
    Oauth2::new("https://app.clickup.com/api", "https://api.clickup.com/api/v2/oauth/token")
        .secret_in_body(),
)
.documentation("https://developer.clickup.com/docs/authentication")
.api(&["https://api.clickup.com"])
.userinfo("https://api.clickup.com/api/v2/user");

/// Miro. The scopes are set in the settings of the application. The profile is the context of
/// the token: its user and its team.
pub const MIRO: Service = Service::oauth2(
    "Miro",
    Oauth2::new("https://miro.com/oauth/authorize", "https://api.miro.com/v1/oauth/token")
        .secret_in_body(),
)
.documentation("https://developers.miro.com/docs/getting-started-with-oauth")
.api(&["https://api.miro.com"])
.userinfo("https://api.miro.com/v1/oauth-token");

/// Figma, design documents.
pub const FIGMA: Service = Service::oauth2(
    "Figma",
    Oauth2::new("https://www.figma.com/oauth", "https://api.figma.com/v1/oauth/token")
        .refresh("https://api.figma.com/v1/oauth/refresh"),
)
.documentation("https://developers.figma.com/docs/rest-api/authentication/")
.api(&["https://api.figma.com"])
.userinfo("https://api.figma.com/v1/me");

/// Airtable, tables of teams.
pub const AIRTABLE: Service = Service::oauth2(
    "Airtable",
    Oauth2::new("https://airtable.com/oauth2/v1/authorize", "https://airtable.com/oauth2/v1/token")
        .requires_pkce(),
)
.documentation("https://airtable.com/developers/web/api/oauth-reference")
.api(&["https://api.airtable.com"])
.userinfo("https://api.airtable.com/v0/meta/whoami");

/// Todoist, to-do lists.
pub const TODOIST: Service = Service::oauth2(
    "Todoist",
    Oauth2::new("https://todoist.com/oauth/authorize", "https://todoist.com/oauth/access_token")
        .scopes_by_comma()
        .secret_in_body(),
)
.documentation("https://developer.todoist.com/api/v1/")
.api(&["https://api.todoist.com"])
.userinfo("https://api.todoist.com/api/v1/user");

/// Box (box.com), files of teams.
pub const BOX: Service = Service::oauth2(
    "Box",
    Oauth2::new("https://account.box.com/api/oauth2/authorize", "https://api.box.com/oauth2/token")
        .revocation("https://api.box.com/oauth2/revoke")
        .secret_in_body(),
)
.documentation("https://developer.box.com/guides/authentication/oauth2/")
.api(&["https://api.box.com", "https://upload.box.com"])
.userinfo("https://api.box.com/2.0/users/me");

/// Dropbox, with OAuth 2.0. It issues a refresh token for the parameter
/// `token_access_type=offline`. The profile needs POST and the scope `openid`.
pub const DROPBOX: Service = Service::oauth2(
    "Dropbox",
    Oauth2::new(
        "https://www.dropbox.com/oauth2/authorize",
        "https://api.dropboxapi.com/oauth2/token",
    )
    .issuer("https://www.dropbox.com"),
)
.documentation("https://developers.dropbox.com/oauth-guide")
.api(&["https://api.dropboxapi.com", "https://content.dropboxapi.com"])
.userinfo("https://api.dropboxapi.com/2/openid/userinfo");

/// Nextcloud. The [`instance`](crate::services::SignIn::instance) is the URL of an installation.
/// There are no scopes: a token allows everything that its user may do. OCS calls need the header
/// `OCS-APIRequest: true`.
pub const NEXTCLOUD: Service = Service::oauth2(
    "Nextcloud",
    Oauth2::new("{base}/apps/oauth2/authorize", "{base}/apps/oauth2/api/v1/token"),
)
.documentation(
    "https://docs.nextcloud.com/server/latest/admin_manual/configuration_server/oauth2.html",
)
.instance_base(None)
.api(&["{base}"])
.userinfo("{base}/ocs/v2.php/cloud/user?format=json");

/// Docusign eSignature, in production; the test environment is `account-d.docusign.com`. The
/// profile has the origin of the API as `base_uri`.
pub const DOCUSIGN: Service = Service::oauth2(
    "Docusign",
    Oauth2::new(
        "https://account.docusign.com/oauth/auth",
        "https://account.docusign.com/oauth/token",
    ),
)
.documentation("https://developers.docusign.com/platform/auth/authcode/")
.api(&["https://account.docusign.com"])
.userinfo("https://account.docusign.com/oauth/userinfo");

/// Salesforce. The [`instance`](crate::services::SignIn::instance) is the URL of an organization,
/// such as `https://company.my.salesforce.com`. Default: the login for all organizations. The token
/// response has the origin of the API as `instance_url`.
pub const SALESFORCE: Service = Service::oauth2(
    "Salesforce",
    Oauth2::new("{base}/services/oauth2/authorize", "{base}/services/oauth2/token")
        .revocation("{base}/services/oauth2/revoke")
        .introspection("{base}/services/oauth2/introspect")
        .issuer("{base}")
        .secret_in_body(),
)
.documentation(
    "https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm",
)
.instance_base(Some("https://login.salesforce.com"))
.api(&["{base}"])
.userinfo("{base}/services/oauth2/userinfo");

/// HubSpot. New versions of its token endpoint are named by dates. The old version 1 ends in 2027.
pub const HUBSPOT: Service = Service::oauth2(
    "HubSpot",
    Oauth2::new(
        "https://app.hubspot.com/oauth/authorize",
        "https://api.hubapi.com/oauth/2026-03/token",
    )
    .introspection("https://api.hubapi.com/oauth/2026-03/token/introspect")
    .secret_in_body(),
)
.documentation(
    "https://developers.hubspot.com/docs/api-reference/latest/authentication/manage-oauth-tokens",
)
.api(&["https://api.hubapi.com"]);

/// Mailchimp. There are no scopes, and tokens do not expire. The profile has the origin of the API
/// as `api_endpoint`.
pub const MAILCHIMP: Service = Service::oauth2(
    "Mailchimp",
    Oauth2::new(
        "https://login.mailchimp.com/oauth2/authorize",
        "https://login.mailchimp.com/oauth2/token",
    )
    .secret_in_body()
    .token_placement(TokenPlacement::Scheme("OAuth"))
    .quirks(Quirks { allow_null_members: true, allow_zero_expiry: true, ..Quirks::STRICT }),
)
.documentation("https://mailchimp.com/developer/marketing/guides/access-user-data-oauth-2/")
.api(&["https://login.mailchimp.com"])
.userinfo("https://login.mailchimp.com/oauth2/metadata");

/// Zendesk. The [`instance`](crate::services::SignIn::instance) is the subdomain of an account.
pub const ZENDESK: Service = Service::oauth2(
    "Zendesk",
    Oauth2::new(
        "https://{name}.zendesk.com/oauth/authorizations/new",
        "https://{name}.zendesk.com/oauth/tokens",
    )
    .secret_in_body(),
)
.documentation("https://support.zendesk.com/hc/en-us/articles/4408845965210")
.instance_name("subdomain", None)
.api(&["https://{name}.zendesk.com"])
.userinfo("https://{name}.zendesk.com/api/v2/users/me.json");
