//! A client that asks for access, while the user decides; and the way back: RFC 6749 §4.1.2 and §4.2.2, RFC 9207.

use std::collections::BTreeMap;
use std::fmt;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::records::Challenge;
use super::respond;
use crate::oauth2::Scope;
use crate::{Response, Timestamp};

/// A client that asks for access, while the user decides.
///
/// Everything that a page needs is here. It is serde, so that it survives a login page. It is trusted: who can change it
/// chooses the proof key and the state for which a code is given, and any scope that the client may ask for. So keep it on the
/// server's side, or sign it where it travels through the browser. It can be granted as often as it is there, until it expires:
/// forget it when it was decided.
///
/// The page's form posts to a path of the application's own, and needs its usual protection against forged posts, because
/// whoever can make the user's browser post it decides in the user's place. The application answers with
/// [`Provider::grant`](super::Provider::grant) or [`Provider::deny`](super::Provider::deny).
///
/// ```
/// use oauth_proto::Moment;
/// use oauth_proto::oauth2::server::{Consent, Grant, MemoryStore, Provider, Rejected, serve};
///
/// /// The user has pressed a button on the page that showed `consent.client_name`, `consent.scope` and where they go next.
/// fn decide(provider: &Provider, store: &MemoryStore, consent: Consent, allow: bool) -> oauth_proto::Response {
///     if !allow {
///         return provider.deny(&consent);
///     }
///     let reply = provider.grant(consent, Grant::new("jane"), Moment::from_os());
///     serve(reply, store).unwrap_or_else(|rejected| rejected.response())
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
    /// Where the user goes afterwards. Show the host.
    pub redirect_uri: String,
    /// What is asked for.
    pub scope: Scope,
    /// The resources that it is for (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// Every other parameter: `login_hint`, `prompt`, `max_age`, `ui_locales`, `nonce` and whatever the client sends along.
    /// Nothing of it is verified.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Until when the decision is awaited.
    pub expires_at: Timestamp,
    pub(super) response_type: ResponseType,
    /// In a box, so that the replies that may end with a consent are not much larger than others: they are moved at each question.
    pub(super) back: Box<Return>,
    pub(super) redirect_uri_sent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) challenge: Option<Challenge>,
}

impl Consent {
    /// A parameter of the request: `login_hint`, `prompt`, …
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Consent {
    /// Of the parameters the names are shown: nobody knows what a client sends along.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consent")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &crate::wire::bare(&self.redirect_uri))
            .field("scope", &self.scope)
            .field("resource", &self.resource)
            .field("parameters", &self.parameters.keys().collect::<Vec<_>>())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What the client gets by way of the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ResponseType {
    #[serde(rename = "code")]
    Code,
    #[serde(rename = "token")]
    Token,
}

/// How the browser brings it (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    #[serde(rename = "query")]
    Query,
    #[serde(rename = "fragment")]
    Fragment,
    #[serde(rename = "form_post")]
    FormPost,
}

/// The way back to a client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Return {
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) issuer: String,
    pub(super) mode: Mode,
}

impl fmt::Debug for Return {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Return").field("redirect_uri", &crate::wire::bare(&self.redirect_uri)).finish_non_exhaustive()
    }
}

impl Return {
    /// An error (RFC 6749 §4.1.2.1).
    pub(super) fn error(&self, code: &str, description: Option<&str>) -> Response {
        let description = description.map(respond::printable);
        let mut parameters = vec![("error", code)];
        parameters.extend(description.as_deref().map(|text| ("error_description", text)));
        self.bring(&parameters)
    }

    /// Brings parameters to the client, with the state and the issuer.
    pub(super) fn bring(&self, parameters: &[(&str, &str)]) -> Response {
        let mut parameters = parameters.to_vec();
        parameters.extend(self.state.as_deref().map(|state| ("state", state)));
        parameters.push(("iss", &self.issuer));
        let response = match self.mode {
            Mode::FormPost => return self.post(&parameters),
            mode => respond::redirect(&self.redirect_uri, &parameters, mode == Mode::Fragment),
        };
        // It was registered, and is a URI.
        response.unwrap_or_else(|reason| respond::page(StatusCode::INTERNAL_SERVER_ERROR, reason.code(), None))
    }

    /// A page whose form sends itself off. Its script is allowed by its hash.
    fn post(&self, parameters: &[(&str, &str)]) -> Response {
        const SCRIPT: &str = "document.forms[0].submit()";
        const POLICY: &str = "default-src 'none'; script-src 'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='";
        let inputs = parameters.iter().map(|(name, value)| {
            let value = respond::escape(value);
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        });
        let (inputs, action) = (inputs.collect::<String>(), respond::escape(&self.redirect_uri));
        respond::html(
            StatusCode::OK,
            POLICY,
            format!(
                "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Going back</title>\
                 <form method=\"post\" action=\"{action}\">{inputs}<button>Continue</button></form>\
                 <script>{SCRIPT}</script></html>"
            ),
        )
    }
}
