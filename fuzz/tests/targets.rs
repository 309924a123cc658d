//! Runs every target with a few thousand inputs from a fixed seed, so that a broken target is
//! noticed.

use arbitrary::{Arbitrary, Unstructured};
use oauth_proto_fuzz as fuzz;

/// Runs a target with inputs of many sizes. Half of them are random bytes, and half are texts of
/// special characters.
fn each<T: for<'a> Arbitrary<'a>>(mut run: impl FnMut(T)) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..2_000 {
        let length = usize::try_from(next() % 400).unwrap();
        let alphabet = b"&=%+?#\"\\, oauth_token4f{}:/";
        let bytes: Vec<u8> = (0..length)
            .map(|_| match (round % 2, next().to_le_bytes()) {
                (0, [byte, ..]) => byte,
                (_, [byte, ..]) => alphabet[usize::from(byte) % alphabet.len()],
            })
            .collect();
        if let Ok(input) = T::arbitrary_take_rest(Unstructured::new(&bytes)) {
            run(input);
        }
    }
}

#[test]
fn base_string() {
    each(fuzz::base_string::run);
}

#[test]
fn form() {
    each(|input: Vec<u8>| fuzz::form::run(&input));
}

#[test]
fn sign_verify() {
    each(fuzz::sign_verify::run);
}

#[test]
fn callback() {
    each(fuzz::callback::run);
}

#[test]
fn three_legs() {
    each(fuzz::three_legs::run);
}

#[test]
fn server() {
    each(fuzz::server::run);
}

#[test]
fn redirect() {
    each(fuzz::redirect::run);
}

#[test]
fn token_answer() {
    each(fuzz::token_answer::run);
}

#[test]
fn error_answer() {
    each(fuzz::error_answer::run);
}

#[test]
fn oauth2_callback() {
    each(fuzz::oauth2_callback::run);
}

#[test]
fn metadata() {
    each(fuzz::metadata::run);
}

#[test]
fn session() {
    each(fuzz::session::run);
}

#[test]
fn bearer() {
    each(fuzz::bearer::run);
}

#[test]
fn challenge() {
    each(fuzz::challenge::run);
}

#[test]
fn stored() {
    each(|input: Vec<u8>| fuzz::stored::run(&input));
}

#[test]
fn server_endpoints() {
    each(fuzz::server_endpoints::run);
}

#[test]
fn server_sequence() {
    each(fuzz::server_sequence::run);
}

#[test]
fn openid2_assertion() {
    each(fuzz::openid2_assertion::run);
}

#[test]
fn openid2_association() {
    each(fuzz::openid2_association::run);
}

#[test]
fn openid2_discovery() {
    each(fuzz::openid2_discovery::run);
}

#[test]
fn openid2_key_value() {
    each(|input: Vec<u8>| fuzz::openid2_key_value::run(&input));
}

#[test]
fn openid2_provider() {
    each(fuzz::openid2_provider::run);
}

#[test]
fn openid2_return_to() {
    each(fuzz::openid2_return_to::run);
}

#[test]
fn sign_in() {
    each(fuzz::sign_in::run);
}
