//! Facebook's `appsecret_proof`, which proves that the sender of a request has the application's
//! secret.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Secret;
use crate::oauth2::Token;
use crate::oauth2::client::attach_token::TokenParameter;
use crate::wire::hex;

/// Returns the proof, as a parameter of requests that get a token.
pub(super) fn proof_parameter(secret: Secret) -> TokenParameter {
    TokenParameter::new("appsecret_proof", move |token: &Token| {
        appsecret_proof(&secret, &token.access_token)
    })
}

/// Returns the HMAC-SHA256 of the access token with the application's secret as the key, in
/// hexadecimal. The proof is not secret, since it is of no use without the token.
fn appsecret_proof(secret: &Secret, access_token: &Secret) -> String {
    // HMAC accepts a key of any length, and has no other error.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
        return String::new();
    };
    let digest = mac.chain_update(access_token.expose().as_bytes()).finalize().into_bytes();
    hex(&digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_an_hmac_of_the_token() {
        let proof =
            appsecret_proof(&"key".into(), &"The quick brown fox jumps over the lazy dog".into());
        assert_eq!(proof, "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
    }
}
