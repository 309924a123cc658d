//! A client's request for access on which the user has to decide, and the redirect back to the
//! client: RFC 6749 §4.1.2 and §4.2.2, RFC 9207.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::code_challenge::CodeChallenge;
use crate::Timestamp;
use crate::core::token_hash::TokenHash;
use crate::oauth2::{ResponseMode, Scope};
use crate::wire::without_secrets;

/// A client's request for access, on which the user has to decide.
///
/// The type has everything that your consent page shows. The type implements serde's `Serialize`
/// and `Deserialize`, so you can store it while the user signs in. A consent expires after one
/// hour.
///
/// Every call of [`approve`](crate::oauth2::server::Provider::approve) issues a new code, so delete
/// the consent after the decision. Only for pushed requests does the server refuse a second
/// decision.
///
/// # Security
/// The server trusts this value. So keep it on the server, or encrypt and authenticate it if it is
/// sent through the browser. An attacker who can change it can choose another client with a
/// registered redirect_uri, the PKCE challenge, the state and the response mode, and any scope and
/// resource that this client may request. The user would then grant access that no page showed.
/// `approve` and `deny` check the client and its redirect_uri again, so the user is only redirected
/// to a registered URI.
///
/// Protect the form of the consent page against CSRF, since an attacker who makes the user's
/// browser submit the form decides for the user. Pass the decision to
/// [`Provider::approve`](crate::oauth2::server::Provider::approve) or
/// [`Provider::deny`](crate::oauth2::server::Provider::deny). If no page may be shown
/// (`prompt=none`), call
/// [`Provider::redirect_with_error`](crate::oauth2::server::Provider::redirect_with_error).
///
/// ```
/// use oauth_proto::Moment;
/// use oauth_proto::oauth2::server::{Consent, Approval, Provider, Rejected, serve};
/// use oauth_proto::oauth2::server::store::MemoryStore;
///
/// /// The user has pressed a button on the page that showed `consent.client_name`, `consent.scope`
/// /// and where they go next.
/// fn decide(
///     provider: &Provider,
///     store: &MemoryStore,
///     consent: Consent,
///     allow: bool,
/// ) -> oauth_proto::Response {
///     let step = match allow {
///         true => provider.approve(consent, Approval::new("jane"), Moment::from_os()),
///         false => provider.deny(consent),
///     };
///     serve(step, store).unwrap_or_else(|rejected| rejected.response())
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Consent {
    /// The client id. If the request was not pushed, the client is not authenticated; only the
    /// redirect_uri is known to belong to it.
    pub client_id: String,
    /// The name of the client, for the page. If the client registered itself, it chose this name,
    /// so do not trust the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The URI to which the user is redirected after the decision. Show its host on the page.
    pub redirect_uri: String,
    /// The requested scope.
    pub scope: Scope,
    /// The requested resources (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// All other parameters of the request, such as `login_hint`, `prompt`, `max_age`, `ui_locales`
    /// and `nonce`. They are not verified.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// The time at which the consent expires.
    pub expires_at: Timestamp,
    pub(crate) response_type: ResponseType,
    /// In a box, so a result with a consent is not much larger than others: results are moved at
    /// each query.
    pub(crate) back: Box<ClientRedirect>,
    pub(crate) redirect_uri_sent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) challenge: Option<CodeChallenge>,
    /// The pushed request, which is used up by the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pushed: Option<TokenHash>,
}

impl Consent {
    /// Returns a parameter of the request, such as `login_hint` or `prompt`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Consent {
    /// Shows only the names of parameters, since the values can be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consent")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &without_secrets(&self.redirect_uri))
            .field("scope", &self.scope)
            .field("resource", &self.resource)
            .field("parameters", &self.parameters.keys().collect::<Vec<_>>())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The credentials that the client gets through the browser: a code or a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ResponseType {
    #[serde(rename = "code")]
    Code,
    #[serde(rename = "token")]
    Token,
}

/// The redirect back to a client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientRedirect {
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) issuer: String,
    pub(crate) mode: ResponseMode,
}

impl fmt::Debug for ClientRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Return")
            .field("redirect_uri", &without_secrets(&self.redirect_uri))
            .finish_non_exhaustive()
    }
}
