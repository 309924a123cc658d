//! A client that asks for access, while the user decides; and the way back: RFC 6749 §4.1.2 and §4.2.2, RFC 9207.

use std::collections::BTreeMap;
use std::fmt;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::records::CodeChallenge;
use super::respond;
use super::token_hash::TokenHash;
use crate::oauth2::ResponseMode;
use crate::oauth2::Scope;
use crate::{Response, Timestamp};

/// A client that asks for access, while the user decides.
///
/// Everything that a page needs is here. It is serde, so that it survives a login page. It expires after an hour.
///
/// Each [`approve`](super::Provider::approve) of it makes another code, so delete it after the decision. Only a request that was pushed is
/// decided once.
///
/// # Security
/// It is trusted. Who can change it chooses the client that gets the code, among those with a registered redirect_uri; the proof key,
/// the state and the response mode with which it gets the code; and any scope and resource that this client may ask for, so that
/// the user grants what no page has shown. So keep it on the server's side, or seal it where it travels through the browser. A
/// decision, also to deny, checks the client and its redirect_uri again: whatever was changed leads to no other place than one that
/// the client has registered.
///
/// The page's form posts to a path of the application's own, and needs its usual protection against forged posts, because
/// whoever can make the user's browser post it decides in the user's place. The application answers with
/// [`Provider::approve`](super::Provider::approve) or [`Provider::deny`](super::Provider::deny), or without a page by
/// [`Provider::redirect_with_error`](super::Provider::redirect_with_error), as `prompt=none` wants it.
///
/// ```
/// use oauth_proto::Moment;
/// use oauth_proto::oauth2::server::{Consent, Approval, MemoryStore, Provider, Rejected, serve};
///
/// /// The user has pressed a button on the page that showed `consent.client_name`, `consent.scope` and where they go next.
/// fn decide(provider: &Provider, store: &MemoryStore, consent: Consent, allow: bool) -> oauth_proto::Response {
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
    /// In a box, so that the replies that may end with a consent are not much larger than others: they are moved at each query.
    pub(super) back: Box<ClientRedirect>,
    pub(super) redirect_uri_sent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) challenge: Option<CodeChallenge>,
    /// The request that was pushed, which is used with the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pushed: Option<TokenHash>,
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
            .field("redirect_uri", &crate::wire::without_secrets(&self.redirect_uri))
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

/// The way back to a client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientRedirect {
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) issuer: String,
    pub(super) mode: ResponseMode,
}

impl fmt::Debug for ClientRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Return")
            .field("redirect_uri", &crate::wire::without_secrets(&self.redirect_uri))
            .finish_non_exhaustive()
    }
}

impl ClientRedirect {
    /// Brings the client an error (RFC 6749 §4.1.2.1).
    pub(super) fn error(&self, code: &str, description: Option<&str>) -> Response {
        let description = description.map(respond::printable);
        self.redirect_with(&error_parameters(code, description.as_deref()))
    }

    /// Returns a page with a link, or a button, that brings the client an error.
    pub(super) fn offer(&self, code: &str, description: Option<&str>) -> Response {
        let text = description.map(respond::printable);
        let parameters = error_parameters(code, text.as_deref());
        let way = match self.mode {
            ResponseMode::FormPost => self.form(&self.complete(&parameters)),
            _ => {
                let response = self.redirect_with(&parameters);
                let url = response.headers().get(http::header::LOCATION).and_then(|url| url.to_str().ok());
                let url = respond::escape(url.unwrap_or_default());
                format!("<a rel=\"noreferrer\" href=\"{url}\">Continue</a>")
            }
        };
        let url = url::Url::parse(&self.redirect_uri).ok();
        let place = url.as_ref().and_then(url::Url::host_str).unwrap_or("the application");
        let after = format!("<p>Go back to <b>{}</b> with this answer:</p>{way}", respond::escape(place));
        respond::page_with(StatusCode::BAD_REQUEST, code, description, &after)
    }

    /// Brings parameters to the client, with the state and the issuer.
    pub(super) fn redirect_with(&self, parameters: &[(&str, &str)]) -> Response {
        let parameters = self.complete(parameters);
        let response = match self.mode {
            ResponseMode::FormPost => return self.post(&parameters),
            mode => respond::redirect(&self.redirect_uri, &parameters, mode),
        };
        // It was registered, and is a URI.
        response.unwrap_or_else(|reason| respond::page(StatusCode::INTERNAL_SERVER_ERROR, reason.code(), None))
    }

    fn complete<'p>(&'p self, parameters: &[(&'p str, &'p str)]) -> Vec<(&'p str, &'p str)> {
        let mut parameters = parameters.to_vec();
        parameters.extend(self.state.as_deref().map(|state| ("state", state)));
        parameters.push(("iss", &self.issuer));
        parameters
    }

    /// A page whose form sends itself off. Its script is allowed by its hash.
    fn post(&self, parameters: &[(&str, &str)]) -> Response {
        const SCRIPT: &str = "document.forms[0].submit()";
        const POLICY: &str = "default-src 'none'; script-src 'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='";
        let form = self.form(parameters);
        respond::html(
            StatusCode::OK,
            POLICY,
            format!(
                "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Going back</title>\
                 {form}<script>{SCRIPT}</script></html>"
            ),
        )
    }

    fn form(&self, parameters: &[(&str, &str)]) -> String {
        let inputs = parameters.iter().map(|(name, value)| {
            let value = respond::escape(value);
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        });
        let (inputs, action) = (inputs.collect::<String>(), respond::escape(&self.redirect_uri));
        format!("<form method=\"post\" action=\"{action}\">{inputs}<button>Continue</button></form>")
    }
}

fn error_parameters<'p>(code: &'p str, description: Option<&'p str>) -> Vec<(&'p str, &'p str)> {
    let mut parameters = vec![("error", code)];
    parameters.extend(description.map(|text| ("error_description", text)));
    parameters
}
