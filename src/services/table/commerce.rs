//! Services for commerce: shops, payments and accounting.

use crate::oauth2::{Quirks, TokenPlacement};
use crate::services::protocol::Oauth2;
use crate::services::service::Service;

/// Shopify. The [`instance`](crate::services::SignIn::instance) is the name of the shop: `name` in
/// `name.myshopify.com`. This crate does not check the `hmac` parameter of callbacks; check it in
/// your application.
pub const SHOPIFY: Service = Service::oauth2(
    "Shopify",
    Oauth2::new(
        "https://{name}.myshopify.com/admin/oauth/authorize",
        "https://{name}.myshopify.com/admin/oauth/access_token",
    )
    .scopes_by_comma()
    .secret_in_body()
    .token_placement(TokenPlacement::Header("X-Shopify-Access-Token"))
    .quirks(Quirks { allow_missing_token_type: true, ..Quirks::STRICT }),
)
.documentation(
    "https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/\
     authorization-code-grant",
)
.instance_name("shop", None)
.api(&["https://{name}.myshopify.com"]);

/// eBay, in production; the test environment is `api.sandbox.ebay.com`. The redirect URI is a name
/// that eBay gives (RuName).
pub const EBAY: Service = Service::oauth2(
    "eBay",
    Oauth2::new(
        "https://auth.ebay.com/oauth2/authorize",
        "https://api.ebay.com/identity/v1/oauth2/token",
    )
    .quirks(Quirks {
        allow_token_types: &["Application Access Token", "User Access Token"],
        ..Quirks::STRICT
    }),
)
.documentation("https://developer.ebay.com/api-docs/static/oauth-authorization-code-grant.html")
.api(&["https://api.ebay.com", "https://apiz.ebay.com"])
.userinfo("https://apiz.ebay.com/commerce/identity/v1/user/");

/// plentymarkets, now PlentyONE, a shop system. It has no consent page: it issues a token for a
/// user name and a password, outside the grants of OAuth.
pub const PLENTYMARKETS: Service = Service::oauth2(
    "plentymarkets",
    Oauth2::without_users("{base}/rest/login")
        .quirks(Quirks { allow_camel_case: true, ..Quirks::STRICT }),
)
.documentation(
    "https://developers.plentymarkets.com/en-gb/developers/main/rest-api-guides/\
     getting-started.html",
)
.instance_base(None)
.api(&["{base}"]);

/// Stripe Connect. The secret is the platform's secret API key. The scope is `read_write` or
/// `read_only`.
pub const STRIPE: Service = Service::oauth2(
    "Stripe",
    Oauth2::new(
        "https://connect.stripe.com/oauth/authorize",
        "https://connect.stripe.com/oauth/token",
    )
    .secret_in_body(),
)
.documentation("https://docs.stripe.com/connect/oauth-reference")
.api(&["https://api.stripe.com"])
.userinfo("https://api.stripe.com/v1/account");

/// Log in with PayPal, in production; the test environment is `sandbox.paypal.com`. The request for
/// the profile needs the argument `schema=paypalv1.1`.
pub const PAYPAL: Service = Service::oauth2(
    "PayPal",
    Oauth2::new(
        "https://www.paypal.com/signin/authorize",
        "https://api-m.paypal.com/v1/oauth2/token",
    )
    .authorization_parameters(&[("flowEntry", "static")]),
)
.documentation("https://developer.paypal.com/docs/log-in-with-paypal/")
.api(&["https://api-m.paypal.com"])
.userinfo("https://api-m.paypal.com/v1/identity/oauth2/userinfo?schema=paypalv1.1");

/// Square, in production; the test environment is `connect.squareupsandbox.com`. The token response
/// has the expiry as a date, in `expires_at`. A client has either a secret or PKCE.
pub const SQUARE: Service = Service::oauth2(
    "Square",
    Oauth2::new(
        "https://connect.squareup.com/oauth2/authorize",
        "https://connect.squareup.com/oauth2/token",
    )
    .secret_in_body()
    .refuses_pkce(),
)
.documentation("https://developer.squareup.com/docs/oauth-api/overview")
.api(&["https://connect.squareup.com"])
.userinfo("https://connect.squareup.com/v2/merchants/me");

/// Coinbase, for partners only. It issues a refresh token for the scope `offline_access`.
pub const COINBASE: Service = Service::oauth2(
    "Coinbase",
    Oauth2::new(
        "https://login.coinbase.com/oauth2/auth",
        "https://login.coinbase.com/oauth2/token",
    )
    .revocation("https://login.coinbase.com/oauth2/revoke")
    .secret_in_body(),
)
.documentation("https://docs.cdp.coinbase.com/coinbase-app/oauth2-integration/overview")
.api(&["https://api.coinbase.com"])
.userinfo("https://api.coinbase.com/v2/user");

/// Intuit QuickBooks Online. The callback has the identifier of the company as `realmId`. Its
/// revocation endpoint accepts only JSON.
pub const INTUIT: Service = Service::oauth2(
    "Intuit QuickBooks",
    Oauth2::new(
        "https://appcenter.intuit.com/connect/oauth2",
        "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
    ),
)
.documentation(
    "https://developer.intuit.com/app/developer/qbo/docs/develop/\
     authentication-and-authorization/oauth-2.0",
)
.api(&["https://quickbooks.api.intuit.com", "https://accounts.platform.intuit.com"])
.userinfo("https://accounts.platform.intuit.com/v1/openid_connect/userinfo");

/// Xero. API calls need the header `Xero-Tenant-Id`, from `https://api.xero.com/connections`. It
/// issues a refresh token for the scope `offline_access`.
pub const XERO: Service = Service::oauth2(
    "Xero",
    Oauth2::new(
        "https://login.xero.com/identity/connect/authorize",
        "https://identity.xero.com/connect/token",
    )
    .revocation("https://identity.xero.com/connect/revocation")
    .issuer("https://identity.xero.com"),
)
.documentation("https://developer.xero.com/documentation/guides/oauth2/auth-flow/")
.api(&["https://api.xero.com", "https://identity.xero.com"])
.userinfo("https://identity.xero.com/connect/userinfo");
