//! Calling an API without credentials, and reading what an API answers: in the words of either
//! protocol.

use serde_json::Value;

use crate::core::api;
use crate::{ApiRequest, Error, Refused, Response, Step, oauth1, oauth2};

impl ApiRequest {
    /// Calls the API without credentials, where it takes such calls. The step ends in the JSON of
    /// the response; null for an empty one.
    ///
    /// # Errors
    /// [`Unsupported::Unsendable`](crate::Unsupported::Unsendable) when the URL becomes too long.
    /// From the step: [`Refused`] with the API's own code if it gives one, and
    /// [`Misbehaved`](crate::Misbehaved) when the response is not JSON, is too long, or is a
    /// redirect.
    pub fn call(&self) -> Result<Step<Value>, Error> {
        Ok(api::send(self.request()?, self.limit, refusal))
    }

    /// Returns the JSON of a response; null for an empty one. A response on status 200 that holds
    /// nothing but an error is a refusal.
    ///
    /// # Errors
    /// [`Refused`] with the API's own code if it gives one, and [`Misbehaved`](crate::Misbehaved)
    /// when the response is not JSON, is too long, or is a redirect.
    pub fn read(&self, response: &Response) -> Result<Value, Error> {
        api::json(response, self.limit, refusal)
    }
}

/// Returns what the API said when it refused.
fn refusal(response: &Response) -> Refused {
    match oauth2::client::session::api::api_refusal(response) {
        Refused::Status(_) => oauth1::api_refusal(response),
        refused => refused,
    }
}
