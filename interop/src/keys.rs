//! RSA keys for the tests: the key of a client, and another key.

use std::sync::LazyLock;

use oauth_proto::oauth1::{Method, RsaKey};

/// The client's private key, in PEM.
pub const CLIENT: &str = include_str!("../keys/client.pem");
/// The client's public key, in PEM.
pub const CLIENT_PUBLIC: &str = include_str!("../keys/client.pub.pem");
/// A public key that does not belong to the client, in PEM.
pub const STRANGER_PUBLIC: &str = include_str!("../keys/stranger.pub.pem");

/// Returns the key for one of the PEM texts in this module.
pub fn key(pem: &'static str) -> RsaKey {
    // Keys are read once: reading checks the key, which takes longer than signing.
    static KEYS: LazyLock<[(&str, RsaKey); 3]> = LazyLock::new(|| {
        [CLIENT, CLIENT_PUBLIC, STRANGER_PUBLIC]
            .map(|pem| (pem, RsaKey::from_pem(pem).expect("an RSA key")))
    });
    KEYS.iter().find(|(known, _)| *known == pem).expect("a key from here").1.clone()
}

/// Returns the signature method of this name, with this key if it is an RSA method.
pub fn method(name: &str, pem: &'static str) -> Method {
    match name {
        "HMAC-SHA1" => Method::HmacSha1,
        "HMAC-SHA256" => Method::HmacSha256,
        "HMAC-SHA512" => Method::HmacSha512,
        "RSA-SHA1" => Method::RsaSha1(key(pem)),
        "RSA-SHA256" => Method::RsaSha256(key(pem)),
        "RSA-SHA512" => Method::RsaSha512(key(pem)),
        "PLAINTEXT" => Method::DangerousPlaintext,
        name => panic!("no method {name}"),
    }
}
