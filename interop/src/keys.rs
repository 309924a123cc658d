//! RSA keys, for tests alone: a client's, and one that belongs to no party here.

use std::sync::LazyLock;

use oauth_proto::oauth1::{Method, RsaKey};

/// The client's private key, in PEM.
pub const CLIENT: &str = include_str!("../keys/client.pem");
/// The client's public key, in PEM.
pub const CLIENT_PUBLIC: &str = include_str!("../keys/client.pub.pem");
/// Another party's public key, in PEM.
pub const STRANGER_PUBLIC: &str = include_str!("../keys/stranger.pub.pem");

/// The key in a PEM text from here.
pub fn key(pem: &'static str) -> RsaKey {
    // Reading one checks it, which takes longer than to sign.
    static KEYS: LazyLock<[(&str, RsaKey); 3]> = LazyLock::new(|| {
        [CLIENT, CLIENT_PUBLIC, STRANGER_PUBLIC]
            .map(|pem| (pem, RsaKey::from_pem(pem).expect("an RSA key")))
    });
    KEYS.iter().find(|(known, _)| *known == pem).expect("a key from here").1.clone()
}

/// The signature method of that name, with that key if it needs one.
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
