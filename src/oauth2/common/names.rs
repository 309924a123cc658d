//! The names from the specifications that clients and servers use. Each name is defined only here.

/// The grant types of RFC 6749 §4, RFC 8628 §3.4, RFC 8693 §2.1, RFC 7523 §2.1.
pub(crate) const AUTHORIZATION_CODE: &str = "authorization_code";
pub(crate) const IMPLICIT: &str = "implicit";
pub(crate) const PASSWORD: &str = "password";
pub(crate) const CLIENT_CREDENTIALS: &str = "client_credentials";
pub(crate) const REFRESH_TOKEN: &str = "refresh_token";
pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The token types of a token exchange (RFC 8693 §3).
pub(crate) const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
pub(crate) const REFRESH_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:refresh_token";

/// The methods of client authentication (RFC 7591 §2).
pub(crate) const CLIENT_SECRET_BASIC: &str = "client_secret_basic";
pub(crate) const CLIENT_SECRET_POST: &str = "client_secret_post";
pub(crate) const NO_SECRET: &str = "none";

/// The parameters of an authorization request that callers cannot set by name, because the protocol
/// or an option sets them: RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2, RFC 9101 §5, OpenID Connect
/// Core 1.0 §3.1.2.1.
pub(crate) const AUTHORIZATION_PARAMETERS: [&str; 13] = [
    "response_type",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "response_mode",
    "request",
    "request_uri",
    "resource",
];
