//! Identity: the accounts that people sign in with, and servers that organizations run.

use super::Service;

/// Google. A refresh token comes only with the parameter `access_type=offline`, and again only with `prompt=consent`.
/// Its APIs have many origins; these are the common ones.
pub const GOOGLE: Service = Service::new(
    "Google",
    "https://developers.google.com/identity/protocols/oauth2/web-server",
    "https://accounts.google.com/o/oauth2/v2/auth",
    "https://oauth2.googleapis.com/token",
)
.device("https://oauth2.googleapis.com/device/code")
.revocation("https://oauth2.googleapis.com/revoke")
.userinfo("https://openidconnect.googleapis.com/v1/userinfo")
.issuer("https://accounts.google.com")
.api(&[
    "https://www.googleapis.com",
    "https://openidconnect.googleapis.com",
    "https://people.googleapis.com",
    "https://gmail.googleapis.com",
    "https://docs.googleapis.com",
    "https://sheets.googleapis.com",
])
.secret_in_body();

/// Microsoft's identity platform (Entra ID): accounts of organizations and of persons, by tenant. The metadata of
/// `common`, `organizations` and `consumers` have `{tenantid}` in the issuer instead of that name, and those of a tenant
/// its identifier, so that no issuer follows from the name: add it by
/// [`issuer`](crate::oauth2::AuthorizationServer::issuer) where there is one tenant. A refresh token comes with the scope
/// `offline_access`.
pub const MICROSOFT: Service = Service::new(
    "Microsoft",
    "https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow",
    "https://login.microsoftonline.com/{name}/oauth2/v2.0/authorize",
    "https://login.microsoftonline.com/{name}/oauth2/v2.0/token",
)
.name("tenant", Some("common"))
.device("https://login.microsoftonline.com/{name}/oauth2/v2.0/devicecode")
.userinfo("https://graph.microsoft.com/oidc/userinfo")
.api(&["https://graph.microsoft.com"])
.secret_in_body();

/// Sign in with Apple. The secret is a JWT that the caller makes: signed with ES256, for six months at the most. Scopes
/// ask for the parameter `response_mode=form_post`. There is no API: what Apple says of the user is in the ID token,
/// and the name comes once, with the first authorization response.
pub const APPLE: Service = Service::new(
    "Apple",
    "https://developer.apple.com/documentation/signinwithapplerestapi",
    "https://appleid.apple.com/auth/authorize",
    "https://appleid.apple.com/auth/token",
)
.revocation("https://appleid.apple.com/auth/revoke")
.issuer("https://appleid.apple.com")
.secret_in_body();

/// Login with Amazon.
pub const AMAZON: Service = Service::new(
    "Amazon",
    "https://developer.amazon.com/docs/login-with-amazon/authorization-code-grant.html",
    "https://www.amazon.com/ap/oa",
    "https://api.amazon.com/auth/o2/token",
)
.userinfo("https://api.amazon.com/user/profile")
.api(&["https://api.amazon.com"])
.secret_in_body();

/// Yahoo.
pub const YAHOO: Service = Service::new(
    "Yahoo",
    "https://developer.yahoo.com/oauth2/guide/",
    "https://api.login.yahoo.com/oauth2/request_auth",
    "https://api.login.yahoo.com/oauth2/get_token",
)
.userinfo("https://api.login.yahoo.com/openid/v1/userinfo")
.issuer("https://api.login.yahoo.com")
.api(&["https://api.login.yahoo.com"]);

/// An Okta organization's own authorization server: the base is `https://company.okta.com`. Its tokens are for Okta's
/// API.
pub const OKTA: Service = Service::new(
    "Okta",
    "https://developer.okta.com/docs/reference/api/oidc/",
    "{base}/oauth2/v1/authorize",
    "{base}/oauth2/v1/token",
)
.base(None)
.device("{base}/oauth2/v1/device/authorize")
.revocation("{base}/oauth2/v1/revoke")
.introspection("{base}/oauth2/v1/introspect")
.userinfo("{base}/oauth2/v1/userinfo")
.issuer("{base}")
.api(&["{base}"]);

/// A custom authorization server at Okta: the base is its issuer, such as `https://company.okta.com/oauth2/default`.
/// The APIs that take its tokens are the caller's own.
pub const OKTA_CUSTOM: Service = Service::new(
    "Okta custom authorization server",
    "https://developer.okta.com/docs/concepts/auth-servers/",
    "{base}/v1/authorize",
    "{base}/v1/token",
)
.base(None)
.device("{base}/v1/device/authorize")
.revocation("{base}/v1/revoke")
.introspection("{base}/v1/introspect")
.userinfo("{base}/v1/userinfo")
.issuer("{base}")
.api(&["{base}"]);

/// Auth0: the base is the tenant's domain, `https://company.eu.auth0.com`. Tokens for an API of the caller's ask for
/// the parameter `audience`. The issuer has a closing slash.
pub const AUTH0: Service =
    Service::new("Auth0", "https://auth0.com/docs/api/authentication", "{base}/authorize", "{base}/oauth/token")
        .base(None)
        .device("{base}/oauth/device/code")
        .revocation("{base}/oauth/revoke")
        .userinfo("{base}/userinfo")
        .issuer("{base}/")
        .api(&["{base}"])
        .secret_in_body();

/// Keycloak: the base includes the realm, `https://id.example.com/realms/staff`; older installations have `/auth`
/// before `/realms`.
pub const KEYCLOAK: Service = Service::new(
    "Keycloak",
    "https://www.keycloak.org/securing-apps/oidc-layers",
    "{base}/protocol/openid-connect/auth",
    "{base}/protocol/openid-connect/token",
)
.base(None)
.device("{base}/protocol/openid-connect/auth/device")
.revocation("{base}/protocol/openid-connect/revoke")
.introspection("{base}/protocol/openid-connect/token/introspect")
.userinfo("{base}/protocol/openid-connect/userinfo")
.issuer("{base}")
.api(&["{base}"]);

/// authentik. Each application there has its own issuer, by default `{base}/application/o/<slug>/`, with a closing
/// slash.
pub const AUTHENTIK: Service = Service::new(
    "authentik",
    "https://docs.goauthentik.io/add-secure-apps/services/oauth2/",
    "{base}/application/o/authorize/",
    "{base}/application/o/token/",
)
.base(None)
.device("{base}/application/o/device/")
.revocation("{base}/application/o/revoke/")
.introspection("{base}/application/o/introspect/")
.userinfo("{base}/application/o/userinfo/")
.api(&["{base}"]);

/// ZITADEL: the base is an instance's domain.
pub const ZITADEL: Service = Service::new(
    "ZITADEL",
    "https://zitadel.com/docs/apis/openidoauth/endpoints",
    "{base}/oauth/v2/authorize",
    "{base}/oauth/v2/token",
)
.base(None)
.device("{base}/oauth/v2/device_authorization")
.revocation("{base}/oauth/v2/revoke")
.introspection("{base}/oauth/v2/introspect")
.userinfo("{base}/oidc/v1/userinfo")
.issuer("{base}")
.api(&["{base}"]);

/// Ory: a project of the Ory Network, `https://<slug>.projects.oryapis.com`, or an Ory Hydra. A Hydra's issuer is what
/// its operator configured, perhaps with a closing slash.
pub const ORY: Service = Service::new(
    "Ory",
    "https://www.ory.com/docs/oauth2-oidc/authorization-code-flow",
    "{base}/oauth2/auth",
    "{base}/oauth2/token",
)
.base(None)
.revocation("{base}/oauth2/revoke")
.userinfo("{base}/userinfo")
.issuer("{base}")
.api(&["{base}"]);

/// Amazon Cognito: the base is a user pool's domain, `https://name.auth.eu-west-1.amazoncognito.com`. The issuer is
/// elsewhere, below `https://cognito-idp.<region>.amazonaws.com/`.
pub const COGNITO: Service = Service::new(
    "Amazon Cognito",
    "https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html",
    "{base}/oauth2/authorize",
    "{base}/oauth2/token",
)
.base(None)
.revocation("{base}/oauth2/revoke")
.userinfo("{base}/oauth2/userInfo")
.api(&["{base}"]);
