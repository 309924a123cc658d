//! Identity providers: accounts for signing in, and servers that organizations run.

use crate::services::profile::ProfileMapping;
use crate::services::protocol::Oauth2;
use crate::services::service::Service;

/// Google. It issues a refresh token only for the parameter `access_type=offline`, and a second one
/// only for `prompt=consent`. Its APIs have many origins; this row has the common ones.
pub const GOOGLE: Service = Service::oauth2(
    "Google",
    Oauth2::new(
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
    )
    .device_authorization("https://oauth2.googleapis.com/device/code")
    .revocation("https://oauth2.googleapis.com/revoke")
    .issuer("https://accounts.google.com")
    .secret_in_body(),
)
.documentation("https://developers.google.com/identity/protocols/oauth2/web-server")
.api(&[
    "https://www.googleapis.com",
    "https://openidconnect.googleapis.com",
    "https://people.googleapis.com",
    "https://gmail.googleapis.com",
    "https://docs.googleapis.com",
    "https://sheets.googleapis.com",
])
.userinfo("https://openidconnect.googleapis.com/v1/userinfo")
.profile(ProfileMapping::OPENID);

/// The Microsoft identity platform (Entra ID), for accounts of organizations and persons. The
/// instance is a tenant. Default: `common`. The row has no issuer, because the issuer does not
/// follow from the tenant's name. If there is a single tenant, set
/// [`issuer`](crate::oauth2::AuthorizationServer::issuer). Microsoft issues a refresh token for the
/// scope `offline_access`. `email_verified` is `None`, since an administrator can write any address
/// into an account. The URL of the picture needs the token.
pub const MICROSOFT: Service = Service::oauth2(
    "Microsoft",
    Oauth2::new(
        "https://login.microsoftonline.com/{name}/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/{name}/oauth2/v2.0/token",
    )
    .device_authorization("https://login.microsoftonline.com/{name}/oauth2/v2.0/devicecode")
    .secret_in_body(),
)
.documentation("https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow")
.instance_name("tenant", Some("common"))
.api(&["https://graph.microsoft.com"])
.userinfo("https://graph.microsoft.com/oidc/userinfo")
.profile(ProfileMapping { email_verified: None, ..ProfileMapping::OPENID });

/// Sign in with Apple. The secret is a JWT that the caller signs with ES256, valid for at most six
/// months. A request with scopes needs the parameter `response_mode=form_post`. There is no API and
/// no profile: the user's data is in the ID token, and the name is only in the first callback.
pub const APPLE: Service = Service::oauth2(
    "Apple",
    Oauth2::new("https://appleid.apple.com/auth/authorize", "https://appleid.apple.com/auth/token")
        .revocation("https://appleid.apple.com/auth/revoke")
        .issuer("https://appleid.apple.com")
        .secret_in_body(),
)
.documentation("https://developer.apple.com/documentation/signinwithapplerestapi");

/// Login with Amazon, for users with an Amazon account.
pub const AMAZON: Service = Service::oauth2(
    "Amazon",
    Oauth2::new("https://www.amazon.com/ap/oa", "https://api.amazon.com/auth/o2/token")
        .secret_in_body(),
)
.documentation("https://developer.amazon.com/docs/login-with-amazon/authorization-code-grant.html")
.api(&["https://api.amazon.com"])
.userinfo("https://api.amazon.com/user/profile");

/// Yahoo, for users with a Yahoo account.
pub const YAHOO: Service = Service::oauth2(
    "Yahoo",
    Oauth2::new(
        "https://api.login.yahoo.com/oauth2/request_auth",
        "https://api.login.yahoo.com/oauth2/get_token",
    )
    .issuer("https://api.login.yahoo.com"),
)
.documentation("https://developer.yahoo.com/oauth2/guide/")
.api(&["https://api.login.yahoo.com"])
.userinfo("https://api.login.yahoo.com/openid/v1/userinfo")
.profile(ProfileMapping::OPENID);

/// The authorization server of an Okta organization. The
/// [`instance`](crate::services::SignIn::instance) is a URL such as `https://company.okta.com`. Its
/// tokens are for Okta's API.
pub const OKTA: Service = Service::oauth2(
    "Okta",
    Oauth2::new("{base}/oauth2/v1/authorize", "{base}/oauth2/v1/token")
        .device_authorization("{base}/oauth2/v1/device/authorize")
        .revocation("{base}/oauth2/v1/revoke")
        .introspection("{base}/oauth2/v1/introspect")
        .issuer("{base}"),
)
.documentation("https://developer.okta.com/docs/reference/api/oidc/")
.instance_base(None)
.api(&["{base}"])
.userinfo("{base}/oauth2/v1/userinfo");

/// A custom authorization server at Okta. The [`instance`](crate::services::SignIn::instance) is
/// its issuer, such as `https://company.okta.com/oauth2/default`. Its tokens are for your own APIs.
pub const OKTA_CUSTOM: Service = Service::oauth2(
    "Okta custom authorization server",
    Oauth2::new("{base}/v1/authorize", "{base}/v1/token")
        .device_authorization("{base}/v1/device/authorize")
        .revocation("{base}/v1/revoke")
        .introspection("{base}/v1/introspect")
        .issuer("{base}"),
)
.documentation("https://developer.okta.com/docs/concepts/auth-servers/")
.instance_base(None)
.api(&["{base}"])
.userinfo("{base}/v1/userinfo");

/// Auth0. The [`instance`](crate::services::SignIn::instance) is the URL of a tenant, such as
/// `https://company.eu.auth0.com`. Tokens for your own API need the parameter `audience`. The
/// issuer has a slash at the end.
pub const AUTH0: Service = Service::oauth2(
    "Auth0",
    Oauth2::new("{base}/authorize", "{base}/oauth/token")
        .device_authorization("{base}/oauth/device/code")
        .revocation("{base}/oauth/revoke")
        .issuer("{base}/")
        .secret_in_body(),
)
.documentation("https://auth0.com/docs/api/authentication")
.instance_base(None)
.api(&["{base}"])
.userinfo("{base}/userinfo");

/// Keycloak. The [`instance`](crate::services::SignIn::instance) is the URL of a realm, such as
/// `https://id.example.com/realms/staff`. Older installations have `/auth` before `/realms`.
pub const KEYCLOAK: Service = Service::oauth2(
    "Keycloak",
    Oauth2::new("{base}/protocol/openid-connect/auth", "{base}/protocol/openid-connect/token")
        .device_authorization("{base}/protocol/openid-connect/auth/device")
        .revocation("{base}/protocol/openid-connect/revoke")
        .introspection("{base}/protocol/openid-connect/token/introspect")
        .issuer("{base}"),
)
.documentation("https://www.keycloak.org/securing-apps/oidc-layers")
.instance_base(None)
.api(&["{base}"])
.userinfo("{base}/protocol/openid-connect/userinfo");

/// authentik. The [`instance`](crate::services::SignIn::instance) is the URL of an installation.
/// Each application has its own issuer, by default `{base}/application/o/<slug>/`, with a slash at
/// the end.
pub const AUTHENTIK: Service = Service::oauth2(
    "authentik",
    Oauth2::new("{base}/application/o/authorize/", "{base}/application/o/token/")
        .device_authorization("{base}/application/o/device/")
        .revocation("{base}/application/o/revoke/")
        .introspection("{base}/application/o/introspect/"),
)
.documentation("https://docs.goauthentik.io/add-secure-apps/providers/oauth2/")
.instance_base(None)
.api(&["{base}"])
.userinfo("{base}/application/o/userinfo/");

/// ZITADEL. The [`instance`](crate::services::SignIn::instance) is the URL of an installation.
pub const ZITADEL: Service = Service::oauth2(
    "ZITADEL",
    Oauth2::new("{base}/oauth/v2/authorize", "{base}/oauth/v2/token")
        .device_authorization("{base}/oauth/v2/device_authorization")
        .revocation("{base}/oauth/v2/revoke")
        .introspection("{base}/oauth/v2/introspect")
        .issuer("{base}"),
)
.documentation("https://zitadel.com/docs/apis/openidoauth/endpoints")
.instance_base(None)
.api(&["{base}"])
.userinfo("{base}/oidc/v1/userinfo");

/// Ory. The [`instance`](crate::services::SignIn::instance) is the URL of a project,
/// `https://<slug>.projects.oryapis.com`, or of an Ory Hydra. The operator of a Hydra chooses its
/// issuer, which can have a slash at the end.
pub const ORY: Service = Service::oauth2(
    "Ory",
    Oauth2::new("{base}/oauth2/auth", "{base}/oauth2/token")
        .revocation("{base}/oauth2/revoke")
        .issuer("{base}"),
)
.documentation("https://www.ory.com/docs/oauth2-oidc/authorization-code-flow")
.instance_base(None)
.api(&["{base}"])
.userinfo("{base}/userinfo");

/// Amazon Cognito. The [`instance`](crate::services::SignIn::instance) is the URL of a user pool,
/// such as `https://name.auth.eu-west-1.amazoncognito.com`. The issuer is another URL, below
/// `https://cognito-idp.<region>.amazonaws.com/`.
pub const COGNITO: Service = Service::oauth2(
    "Amazon Cognito",
    Oauth2::new("{base}/oauth2/authorize", "{base}/oauth2/token")
        .revocation("{base}/oauth2/revoke"),
)
.documentation(
    "https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html",
)
.instance_base(None)
.api(&["{base}"])
.userinfo("{base}/oauth2/userInfo");
