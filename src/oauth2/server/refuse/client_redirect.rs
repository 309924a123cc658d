//! The redirect of the user's browser to a client, with a code, a token or an error: RFC 6749
//! §4.1.2 and §4.2.2, RFC 9207, OAuth 2.0 Form Post Response Mode.

use http::StatusCode;

use super::respond;
use crate::Response;
use crate::oauth2::common::json_response;
use crate::oauth2::common::response_mode::ResponseMode;
use crate::oauth2::server::store::records::consent::ClientRedirect;

impl ClientRedirect {
    /// Returns a redirect with an error (RFC 6749 §4.1.2.1).
    pub(crate) fn error(&self, code: &str, description: Option<&str>) -> Response {
        let description = description.map(json_response::printable);
        self.redirect_with(&error_parameters(code, description.as_deref()))
    }

    /// Returns a page with a link or a button that sends an error to the client.
    pub(crate) fn offer(&self, code: &str, description: Option<&str>) -> Response {
        let text = description.map(json_response::printable);
        let parameters = error_parameters(code, text.as_deref());
        let way = match self.mode {
            ResponseMode::FormPost => self.form(&self.complete(&parameters)),
            _ => {
                let response = self.redirect_with(&parameters);
                let url = response
                    .headers()
                    .get(http::header::LOCATION)
                    .and_then(|url| url.to_str().ok());
                let url = respond::escape(url.unwrap_or_default());
                format!("<a rel=\"noreferrer\" href=\"{url}\">Continue</a>")
            }
        };
        let url = url::Url::parse(&self.redirect_uri).ok();
        let place = url.as_ref().and_then(url::Url::host_str).unwrap_or("the application");
        let after =
            format!("<p>Return to <b>{}</b> with this answer:</p>{way}", respond::escape(place));
        respond::page_with(StatusCode::BAD_REQUEST, code, description, &after)
    }

    /// Returns a redirect with parameters, the state and the issuer.
    pub(crate) fn redirect_with(&self, parameters: &[(&str, &str)]) -> Response {
        let parameters = self.complete(parameters);
        let response = match self.mode {
            ResponseMode::FormPost => return self.post(&parameters),
            mode => respond::redirect(&self.redirect_uri, &parameters, mode),
        };
        // A registered redirect_uri is a URI, so this is unlikely to fail.
        response.unwrap_or_else(|reason| {
            respond::page(StatusCode::INTERNAL_SERVER_ERROR, reason.code(), None)
        })
    }

    fn complete<'p>(&'p self, parameters: &[(&'p str, &'p str)]) -> Vec<(&'p str, &'p str)> {
        let mut parameters = parameters.to_vec();
        parameters.extend(self.state.as_deref().map(|state| ("state", state)));
        parameters.push(("iss", &self.issuer));
        parameters
    }

    /// Returns a page whose form submits itself. The content security policy allows the script by
    /// its hash.
    fn post(&self, parameters: &[(&str, &str)]) -> Response {
        const SCRIPT: &str = "document.forms[0].submit()";
        const POLICY: &str =
            "default-src 'none'; script-src 'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='";
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
        format!(
            "<form method=\"post\" action=\"{action}\">{inputs}<button>Continue</button></form>"
        )
    }
}

fn error_parameters<'p>(code: &'p str, description: Option<&'p str>) -> Vec<(&'p str, &'p str)> {
    let mut parameters = vec![("error", code)];
    parameters.extend(description.map(|text| ("error_description", text)));
    parameters
}
