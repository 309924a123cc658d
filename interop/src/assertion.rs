//! Assertions (RFC 7523) that authenticate a client, made as an application would make them.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use oauth_proto::oauth2::{AuthenticateClient, ClientAuthentication, RequestCredentials};
use rsa::PrivateKey;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pkcs8::DecodePrivateKey;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Returns the authentication method `client_secret_jwt`, with HS256.
pub fn client_secret_jwt(secret: &str) -> ClientAuthentication {
    ClientAuthentication::Custom(std::sync::Arc::new(Assertion::Secret(secret.to_owned())))
}

/// Returns the authentication method `private_key_jwt`, with RS256 and a key in PEM.
pub fn private_key_jwt(pem: &str) -> ClientAuthentication {
    ClientAuthentication::Custom(std::sync::Arc::new(Assertion::Key(Box::new(
        PrivateKey::from_pkcs8_pem(pem).expect("a private key"),
    ))))
}

enum Assertion {
    Secret(String),
    Key(Box<PrivateKey>),
}

impl Assertion {
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Secret(_) => "HS256",
            Self::Key(_) => "RS256",
        }
    }

    fn signature(&self, message: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Secret(secret) => {
                let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
                    .map_err(|error| error.to_string())?;
                Ok(mac.chain_update(message).finalize().into_bytes().to_vec())
            }
            Self::Key(key) => {
                // RFC 8017 §9.2, note 1: `DigestInfo` up to the digest.
                let prefix =
                    b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
                let padding = Pkcs1v15Sign { hash_len: Some(32), prefix: (*prefix).into() };
                key.sign(padding, &Sha256::digest(message)).map_err(|error| error.to_string())
            }
        }
    }
}

impl AuthenticateClient for Assertion {
    fn authenticate(&self, credentials: &mut RequestCredentials) -> Result<(), String> {
        let base64url = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let header = serde_json::json!({ "alg": self.algorithm(), "typ": "JWT" }).to_string();
        let message = [header, credentials.claims().to_string()]
            .map(|part| base64url(part.as_bytes()))
            .join(".");
        let assertion = format!("{message}.{}", base64url(&self.signature(&message)?));
        credentials.parameter(
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        );
        credentials.parameter("client_assertion", &assertion);
        Ok(())
    }
}

/// Returns the claims of a JWT, without verification.
pub fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).expect("a JWT has three parts");
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&payload).expect("JSON")
}
