//! Tests that compare HMAC over the writer of base strings with vectors and with the `hmac` crate.

use hmac::{Hmac, KeyInit, Mac as _};
use proptest::prelude::*;

use super::base_string::Writer;
use super::mac::{Hash, Mac, NO_MAC, Sha1, Sha256, Sha512};

fn mac<H: Hash>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut digits = NO_MAC;
    let length =
        Writer::authenticate(Mac::<H>::new(key), &mut digits, |writer| writer.prepared(message));
    digits[..length].to_vec()
}

/// RFC 2202 §3, test cases 1, 2 and 6.
#[test]
fn the_vectors_of_rfc_2202() {
    let hex = |bytes: Vec<u8>| crate::wire::hex(&bytes);
    assert_eq!(
        hex(mac::<Sha1>(&[0x0b; 20], b"Hi There")),
        "b617318655057264e28bc0b6fb378c8ef146be00"
    );
    let second = mac::<Sha1>(b"Jefe", b"what do ya want for nothing?");
    assert_eq!(hex(second), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    let sixth = mac::<Sha1>(&[0xaa; 80], b"Test Using Larger Than Block-Size Key - Hash Key First");
    assert_eq!(hex(sixth), "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

#[test]
fn every_length_of_key_and_message_around_the_blocks_agrees_with_the_hmac_crate() {
    let bytes: Vec<u8> = (0..=255).cycle().take(700).collect();
    for length in (0..400).chain([510, 511, 512, 513, 640, 700]) {
        let (key, message) = (&bytes[..length % 150], &bytes[..length]);
        macro_rules! same {
            ($($hash:ident)*) => {$(
                let theirs = Hmac::<sha2_or_1::$hash>::new_from_slice(key).unwrap();
                let theirs = theirs.chain_update(message).finalize().into_bytes();
                assert_eq!(mac::<$hash>(key, message), theirs.as_slice(), "{length}");
            )*};
        }
        same!(Sha1 Sha256 Sha512);
    }
}

mod sha2_or_1 {
    pub(super) use sha1::Sha1;
    pub(super) use sha2::{Sha256, Sha512};
}

proptest! {
    #[test]
    fn agrees_with_the_hmac_crate(key in prop::collection::vec(any::<u8>(), 0..200),
                                  message in prop::collection::vec(any::<u8>(), 0..2000)) {
        let theirs = Hmac::<sha2::Sha512>::new_from_slice(&key).unwrap();
        let theirs = theirs.chain_update(&message).finalize().into_bytes();
        prop_assert_eq!(mac::<Sha512>(&key, &message), theirs.as_slice());
    }
}
