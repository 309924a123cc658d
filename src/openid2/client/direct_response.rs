//! Responses of direct communication, OpenID Authentication 2.0 §5.1.2: in Key-Value form.

use std::collections::BTreeMap;

use super::super::key_value;
use crate::Response;
use crate::wire::MAX_BODY;

/// The fields of a direct response.
pub(super) struct DirectResponse(BTreeMap<String, String>);

impl DirectResponse {
    /// Reads a response. `None` if it is not in Key-Value form.
    pub(super) fn of(response: &Response) -> Option<Self> {
        if response.body().len() > MAX_BODY {
            return None;
        }
        key_value::parse(response.body()).map(Self)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}
