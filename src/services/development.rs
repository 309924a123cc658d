//! Development: where code lives, is discussed and is run.

use super::Service;
use crate::oauth2::Quirks;

/// GitHub. Answers errors with status 200. Its metadata are a preview. An OAuth app's tokens do not expire; a GitHub
/// App's do. Its API refuses requests without a `User-Agent`.
pub const GITHUB: Service = Service::new(
    "GitHub",
    "https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
    "https://github.com/login/oauth/authorize",
    "https://github.com/login/oauth/access_token",
)
.device("https://github.com/login/device/code")
.userinfo("https://api.github.com/user")
.issuer("https://github.com/login/oauth")
.api(&["https://api.github.com"])
.secret_in_body();

/// GitHub Enterprise Server: the base is an installation's URL. Its ways are those of [`GITHUB`].
pub const GITHUB_ENTERPRISE: Service = Service::new(
    "GitHub Enterprise Server",
    "https://docs.github.com/en/enterprise-server/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
    "{base}/login/oauth/authorize",
    "{base}/login/oauth/access_token",
)
.base(None)
.device("{base}/login/device/code")
.userinfo("{base}/api/v3/user")
.issuer("{base}/login/oauth")
.api(&["{base}"])
.secret_in_body();

/// GitLab: gitlab.com, or an installation.
pub const GITLAB: Service =
    Service::new("GitLab", "https://docs.gitlab.com/api/oauth2/", "{base}/oauth/authorize", "{base}/oauth/token")
        .base(Some("https://gitlab.com"))
        .device("{base}/oauth/authorize_device")
        .revocation("{base}/oauth/revoke")
        .introspection("{base}/oauth/introspect")
        .userinfo("{base}/oauth/userinfo")
        .issuer("{base}")
        .api(&["{base}"])
        .secret_in_body();

/// Bitbucket Cloud. Scopes are those of the consumer; the request cannot name others.
pub const BITBUCKET: Service = Service::new(
    "Bitbucket",
    "https://developer.atlassian.com/cloud/bitbucket/oauth-2/",
    "https://bitbucket.org/site/oauth2/authorize",
    "https://bitbucket.org/site/oauth2/access_token",
)
.userinfo("https://api.bitbucket.org/2.0/user")
.api(&["https://api.bitbucket.org"]);

/// Gitea: gitea.com, or an installation. The issuer is the installation's own URL, whose closing slash differs by
/// version.
pub const GITEA: Service = Service::new(
    "Gitea",
    "https://docs.gitea.com/development/oauth2-service",
    "{base}/login/oauth/authorize",
    "{base}/login/oauth/access_token",
)
.base(Some("https://gitea.com"))
.introspection("{base}/login/oauth/introspect")
.userinfo("{base}/login/oauth/userinfo")
.api(&["{base}"]);

/// Forgejo: an installation, such as Codeberg's `https://codeberg.org`.
pub const FORGEJO: Service = Service::new(
    "Forgejo",
    "https://forgejo.org/docs/latest/user/oauth2-service/",
    "{base}/login/oauth/authorize",
    "{base}/login/oauth/access_token",
)
.base(None)
.introspection("{base}/login/oauth/introspect")
.userinfo("{base}/login/oauth/userinfo")
.api(&["{base}"]);

/// Atlassian: Jira, Confluence and their like (3LO). A refresh token comes with the scope `offline_access`.
pub const ATLASSIAN: Service = Service::new(
    "Atlassian",
    "https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/",
    "https://auth.atlassian.com/authorize",
    "https://auth.atlassian.com/oauth/token",
)
.userinfo("https://api.atlassian.com/me")
.api(&["https://api.atlassian.com"])
.secret_in_body()
.parameters(&[("audience", "api.atlassian.com"), ("prompt", "consent")]);

/// Linear. The API is GraphQL, so the user is queried and not fetched.
pub const LINEAR: Service = Service::new(
    "Linear",
    "https://linear.app/developers/oauth-2-0-authentication",
    "https://linear.app/oauth/authorize",
    "https://api.linear.app/oauth/token",
)
.revocation("https://api.linear.app/oauth/revoke")
.api(&["https://api.linear.app"])
.scopes_by_comma()
.secret_in_body();

/// DigitalOcean.
pub const DIGITALOCEAN: Service = Service::new(
    "DigitalOcean",
    "https://docs.digitalocean.com/reference/api/oauth/",
    "https://cloud.digitalocean.com/v1/oauth/authorize",
    "https://cloud.digitalocean.com/v1/oauth/token",
)
.userinfo("https://api.digitalocean.com/v2/account")
.api(&["https://api.digitalocean.com"])
.secret_in_body();

/// Heroku. The API wants `Accept: application/vnd.heroku+json; version=3`.
pub const HEROKU: Service = Service::new(
    "Heroku",
    "https://devcenter.heroku.com/articles/oauth",
    "https://id.heroku.com/oauth/authorize",
    "https://id.heroku.com/oauth/token",
)
.userinfo("https://api.heroku.com/account")
.api(&["https://api.heroku.com"])
.secret_in_body();

/// Hugging Face.
pub const HUGGING_FACE: Service = Service::new(
    "Hugging Face",
    "https://huggingface.co/docs/hub/oauth",
    "https://huggingface.co/oauth/authorize",
    "https://huggingface.co/oauth/token",
)
.userinfo("https://huggingface.co/oauth/userinfo")
.issuer("https://huggingface.co")
.api(&["https://huggingface.co"]);

/// Stack Exchange, with Stack Overflow. Calls of the API need the application's `key` and a `site` besides the token.
pub const STACK_EXCHANGE: Service = Service::new(
    "Stack Exchange",
    "https://api.stackexchange.com/docs/authentication",
    "https://stackoverflow.com/oauth",
    "https://stackoverflow.com/oauth/access_token/json",
)
.userinfo("https://api.stackexchange.com/2.3/me")
.api(&["https://api.stackexchange.com"])
.scopes_by_comma()
.secret_in_body()
.token_in_query("access_token")
.quirks(Quirks::STRICT.allow_missing_token_type().allow_expires());
