//! Commerce: shops, payments and the books.

use super::Service;
use crate::oauth2::Quirks;

/// Shopify, by the shop's name: `name` in `name.myshopify.com`. Check the `hmac` of a callback, which this crate does
/// not.
pub const SHOPIFY: Service = Service::new(
    "Shopify",
    "https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant",
    "https://{name}.myshopify.com/admin/oauth/authorize",
    "https://{name}.myshopify.com/admin/oauth/access_token",
)
.name("shop", None)
.api(&["https://{name}.myshopify.com"])
.scopes_by_comma()
.secret_in_body()
.token_in_header("X-Shopify-Access-Token")
.quirks(Quirks::STRICT.allow_missing_token_type());

/// eBay, in production; the test environment is `api.sandbox.ebay.com`. The redirect URI is a name that eBay gives
/// (RuName).
pub const EBAY: Service = Service::new(
    "eBay",
    "https://developer.ebay.com/api-docs/static/oauth-authorization-code-grant.html",
    "https://auth.ebay.com/oauth2/authorize",
    "https://api.ebay.com/identity/v1/oauth2/token",
)
.userinfo("https://apiz.ebay.com/commerce/identity/v1/user/")
.api(&["https://api.ebay.com", "https://apiz.ebay.com"])
.quirks(Quirks::STRICT.allow_token_types(&["Application Access Token", "User Access Token"]));

/// plentymarkets, now PlentyONE: a shop's system. There is nobody to ask for consent: a token is had for a user's name
/// and password, outside the grants of OAuth.
pub const PLENTYMARKETS: Service = Service::without_users(
    "plentymarkets",
    "https://developers.plentymarkets.com/en-gb/developers/main/rest-api-guides/getting-started.html",
    "{base}/rest/login",
)
.base(None)
.api(&["{base}"])
.quirks(Quirks::STRICT.allow_camel_case());

/// Stripe Connect. The secret is the platform's secret API key. The scope is `read_write` or `read_only`.
pub const STRIPE: Service = Service::new(
    "Stripe",
    "https://docs.stripe.com/connect/oauth-reference",
    "https://connect.stripe.com/oauth/authorize",
    "https://connect.stripe.com/oauth/token",
)
.userinfo("https://api.stripe.com/v1/account")
.api(&["https://api.stripe.com"])
.secret_in_body();

/// Log in with PayPal, in production; the test environment is `sandbox.paypal.com`. The profile wants the parameter
/// `schema=paypalv1.1`.
pub const PAYPAL: Service = Service::new(
    "PayPal",
    "https://developer.paypal.com/docs/log-in-with-paypal/",
    "https://www.paypal.com/signin/authorize",
    "https://api-m.paypal.com/v1/oauth2/token",
)
.userinfo("https://api-m.paypal.com/v1/identity/oauth2/userinfo?schema=paypalv1.1")
.api(&["https://api-m.paypal.com"])
.parameters(&[("flowEntry", "static")]);

/// Square, in production; the test environment is `connect.squareupsandbox.com`. A token's end comes as a date, in
/// `expires_at`. A client either has a secret or sends a proof key.
pub const SQUARE: Service = Service::new(
    "Square",
    "https://developer.squareup.com/docs/oauth-api/overview",
    "https://connect.squareup.com/oauth2/authorize",
    "https://connect.squareup.com/oauth2/token",
)
.userinfo("https://connect.squareup.com/v2/merchants/me")
.api(&["https://connect.squareup.com"])
.secret_in_body()
.refuses_pkce();

/// Coinbase. It admits partners only. A refresh token comes with the scope `offline_access`.
pub const COINBASE: Service = Service::new(
    "Coinbase",
    "https://docs.cdp.coinbase.com/coinbase-app/oauth2-integration/overview",
    "https://login.coinbase.com/oauth2/auth",
    "https://login.coinbase.com/oauth2/token",
)
.revocation("https://login.coinbase.com/oauth2/revoke")
.userinfo("https://api.coinbase.com/v2/user")
.api(&["https://api.coinbase.com"])
.secret_in_body();

/// Intuit: QuickBooks Online. The company's identifier comes with the callback, as `realmId`. Revocation takes JSON
/// only.
pub const INTUIT: Service = Service::new(
    "Intuit QuickBooks",
    "https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0",
    "https://appcenter.intuit.com/connect/oauth2",
    "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
)
.userinfo("https://accounts.platform.intuit.com/v1/openid_connect/userinfo")
.api(&["https://quickbooks.api.intuit.com", "https://accounts.platform.intuit.com"]);

/// Xero. Calls need the header `Xero-Tenant-Id`, from `https://api.xero.com/connections`. A refresh token comes with
/// the scope `offline_access`.
pub const XERO: Service = Service::new(
    "Xero",
    "https://developer.xero.com/documentation/guides/oauth2/auth-flow/",
    "https://login.xero.com/identity/connect/authorize",
    "https://identity.xero.com/connect/token",
)
.revocation("https://identity.xero.com/connect/revocation")
.userinfo("https://identity.xero.com/connect/userinfo")
.issuer("https://identity.xero.com")
.api(&["https://api.xero.com", "https://identity.xero.com"]);
