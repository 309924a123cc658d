//! Calls of an API without credentials, and reading its responses. An error in a response can have
//! the format of OAuth 2.0 or of OAuth 1.0a.

use serde_json::Value;

use crate::core::api;
use crate::{ApiRequest, Error, Refused, Response, Step, oauth1, oauth2};

impl ApiRequest {
    /// Calls the API without credentials. The result of the step is the JSON of the response, or
    /// null if the body is empty.
    ///
    /// # Errors
    /// [`Unsupported::Unsendable`](crate::Unsupported::Unsendable) if the URL with its arguments is
    /// too long. The step fails with [`Refused`], which has the API's error code if it sends one,
    /// and with [`Misbehaved`](crate::Misbehaved) if the response is not JSON, is too large, or is
    /// a redirect.
    pub fn call(&self) -> Result<Step<Value>, Error> {
        Ok(api::send(self.request()?, self.limit, refusal))
    }

    /// Returns the JSON of a response, or null if the body is empty. A response with status 200
    /// that has nothing but an error is a refusal.
    ///
    /// # Errors
    /// [`Refused`] with the API's error code, if it sends one. [`Misbehaved`](crate::Misbehaved) if
    /// the response is not JSON, is too large, or is a redirect.
    pub fn read(&self, response: &Response) -> Result<Value, Error> {
        api::json(response, self.limit, refusal)
    }
}

/// Returns the error code and the description of a refusal.
fn refusal(response: &Response) -> Refused {
    match oauth2::client::session::api::api_refusal(response) {
        Refused::Status(_) => oauth1::api_refusal(response),
        refused => refused,
    }
}
