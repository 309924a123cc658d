//! python3-openid on loopback, as a provider.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::peer::Peer;

/// A running provider.
#[derive(Debug)]
pub struct TheirProvider {
    peer: Peer,
    /// Its origin, which is its OP identifier except the slash.
    pub origin: String,
}

/// A request that it got.
#[derive(Debug, Deserialize)]
pub struct Asked {
    /// The HTTP method.
    pub method: String,
    /// The path, with a query that does not belong to the protocol.
    pub path: String,
    /// The fields of the message, if it is one, without `openid.`.
    pub openid: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Started {
    port: u16,
}

impl TheirProvider {
    /// Starts one that grants whatever it can.
    pub fn start() -> Self {
        Self::with(&json!({}))
    }

    /// Starts one that is different: see its script.
    pub fn with(knobs: &Value) -> Self {
        let mut peer = Peer::run("openid2_provider.py");
        let Started { port } = peer.ask(knobs);
        Self { peer, origin: format!("http://127.0.0.1:{port}") }
    }

    /// Makes it different from now on.
    pub fn change(&mut self, knobs: &Value) -> Vec<Asked> {
        self.peer.ask(knobs)
    }

    /// The requests since the last call of this function: the mode of a message, the path of a
    /// document.
    pub fn asked(&mut self) -> Vec<String> {
        let asked = self.change(&json!({}));
        asked
            .into_iter()
            .map(|Asked { path, mut openid, .. }| openid.remove("mode").unwrap_or(path))
            .collect()
    }

    /// The endpoint for messages.
    pub fn endpoint(&self) -> String {
        format!("{}/openid", self.origin)
    }

    /// One of Jane's identifiers, by the part after her name.
    pub fn jane(&self, way: &str) -> String {
        format!("{}/id/jane{way}", self.origin)
    }
}
