//! A client that asks for access, while the user decides; and the way back: RFC 6749 §4.1.2 and
//! §4.2.2, RFC 9207.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::code_challenge::CodeChallenge;
use crate::Timestamp;
use crate::oauth2::common::token_hash::TokenHash;
use crate::oauth2::{ResponseMode, Scope};
use crate::wire::without_secrets;

/// A client that asks for access, while the user decides.
///
/// Everything that a page needs is here. It is serde, so that it survives a login page. It expires
/// after an hour.
///
/// Each [`approve`](crate::oauth2::server::Provider::approve) of it makes another code, so delete
/// it after the decision. Only a request that was pushed is decided once.
///
/// # Security
/// It is trusted. An attacker who can change it chooses the client that gets the code, among those
/// with a registered redirect_uri; the proof key, the state and the response mode with which it
/// gets the code; and any scope and resource that this client may ask for, so that the user grants
/// what no page has shown. So keep it on the server's side, or seal it if it travels through the
/// browser. A decision, also to deny, checks the client and its redirect_uri again: whatever was
/// changed, the user is only sent to a place that the client has registered.
///
/// The page's form posts to a path of the application, and needs its usual protection against
/// forged posts, because an attacker who can make the user's browser post it decides in the user's
/// place. The application answers with
/// [`Provider::approve`](crate::oauth2::server::Provider::approve) or
/// [`Provider::deny`](crate::oauth2::server::Provider::deny), or without a page by
/// [`Provider::redirect_with_error`](crate::oauth2::server::Provider::redirect_with_error), as
/// `prompt=none` wants it.
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
    /// The client that asks, proven as far as its redirect_uri is one that it registered.
    pub client_id: String,
    /// Its name, for people: its own words, if it registered by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The URI to which the user is sent afterwards. Show the host.
    pub redirect_uri: String,
    /// The scope that is asked for.
    pub scope: Scope,
    /// The resources that it is for (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// Every other parameter: `login_hint`, `prompt`, `max_age`, `ui_locales`, `nonce` and whatever
    /// the client sends along. Nothing of it is verified.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// The time until which the decision is awaited.
    pub expires_at: Timestamp,
    pub(crate) response_type: ResponseType,
    /// In a box, so that the replies that may end with a consent are not much larger than others:
    /// they are moved at each query.
    pub(crate) back: Box<ClientRedirect>,
    pub(crate) redirect_uri_sent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) challenge: Option<CodeChallenge>,
    /// The request that was pushed, which is used with the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pushed: Option<TokenHash>,
}

impl Consent {
    /// Returns a parameter of the request: `login_hint`, `prompt`, …
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Consent {
    /// Shows only the names of parameters: the values may be secret.
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

/// The credentials that the client gets through the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ResponseType {
    #[serde(rename = "code")]
    Code,
    #[serde(rename = "token")]
    Token,
}

/// The way back to a client.
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
