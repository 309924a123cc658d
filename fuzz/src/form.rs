//! The form decoder, compared with the second implementation, and the encoder.

use oauth_proto::wire::form;

use crate::reference;

pub fn run(input: &[u8]) {
    let pairs: Vec<_> =
        form::pairs(input).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    assert_eq!(pairs, reference::decode_form(input));
    let encoded = form::encode(pairs.iter().map(|(name, value)| (name, value)));
    let again: Vec<_> = form::pairs(encoded.as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    assert_eq!(again, pairs);
}
