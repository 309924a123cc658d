//! An OpenID provider on loopback that is built on python3-openid.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::peer::Peer;

/// A running provider.
#[derive(Debug)]
pub struct TheirProvider {
    peer: Peer,
    /// The origin of the provider. With a slash at the end, it is the OP identifier.
    pub origin: String,
}

/// A request that the provider has received.
#[derive(Debug, Deserialize)]
pub struct Asked {
    /// The HTTP method.
    pub method: String,
    /// The path, with the parameters of the query that are not OpenID parameters.
    pub path: String,
    /// The fields of the message, without `openid.`. Empty if the request is not a message.
    pub openid: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Started {
    port: u16,
}

impl TheirProvider {
    /// Starts a provider with the default settings.
    pub fn start() -> Self {
        Self::with(&json!({}))
    }

    /// Starts a provider with these settings, which its script describes.
    pub fn with(knobs: &Value) -> Self {
        let mut peer = Peer::run("openid2_provider.py");
        let Started { port } = peer.ask(knobs);
        Self { peer, origin: format!("http://127.0.0.1:{port}") }
    }

    /// Changes the settings. Returns the requests since the last change.
    pub fn change(&mut self, knobs: &Value) -> Vec<Asked> {
        self.peer.ask(knobs)
    }

    /// Returns the requests since the last call of this function: the mode of each message, and the
    /// path of each document.
    pub fn asked(&mut self) -> Vec<String> {
        let asked = self.change(&json!({}));
        asked
            .into_iter()
            .map(|Asked { path, mut openid, .. }| openid.remove("mode").unwrap_or(path))
            .collect()
    }

    /// Returns the URL of the OpenID endpoint.
    pub fn endpoint(&self) -> String {
        format!("{}/openid", self.origin)
    }

    /// Returns one of Jane's identifiers. `way` is the part after her name.
    pub fn jane(&self, way: &str) -> String {
        format!("{}/id/jane{way}", self.origin)
    }
}
