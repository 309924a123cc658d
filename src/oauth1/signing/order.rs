//! The order of parameters by their encoded form (RFC 5849 §3.4.1.3.2), computed without encoding
//! them.

use std::cmp::Ordering;

use crate::wire::percent::is_unreserved;

/// The rank of each byte in the order of the encoded bytes. An escape begins with `%`, which sorts
/// before every unreserved character. Escapes sort like their bytes. No encoded byte is the
/// beginning of another one, so comparing the ranks byte by byte has the same result as comparing
/// the encoded texts.
const RANK: [u8; 256] = {
    let mut ranks = [0; 256];
    let mut rank: u8 = 0;
    let mut unreserved = 0;
    while unreserved < 2 {
        let mut byte = 0;
        while byte < 256 {
            #[expect(clippy::cast_possible_truncation, reason = "the loop ends at 255")]
            if is_unreserved(byte as u8) == (unreserved == 1) {
                ranks[byte] = rank;
                rank = rank.wrapping_add(1);
            }
            byte += 1;
        }
        unreserved += 1;
    }
    ranks
};

/// Compares the encodings of two texts.
#[inline]
pub(super) fn compare(left: &[u8], right: &[u8]) -> Ordering {
    match left.iter().zip(right).find(|(left, right)| left != right) {
        Some((left, right)) => RANK[usize::from(*left)].cmp(&RANK[usize::from(*right)]),
        None => left.len().cmp(&right.len()),
    }
}

/// Compares two parameters by encoded name and then by encoded value.
#[inline]
pub(super) fn compare_pairs(left: (&[u8], &[u8]), right: (&[u8], &[u8])) -> Ordering {
    compare(left.0, right.0).then_with(|| compare(left.1, right.1))
}

/// The number of symbols of a parameter that [`prefix`] returns.
pub(super) const TOLD: usize = 5;

/// The number of bits of a prefix: nine for each symbol, since a symbol is one of 256 bytes or an
/// end, which sorts before all bytes.
pub(super) const PREFIX_BITS: u32 = 45;
const _: () = assert!(PREFIX_BITS as usize == 9 * TOLD);

/// Returns [`TOLD`] symbols of a parameter, from `from` on, as one number. The symbols of a
/// parameter are the bytes of its name, an end, and the bytes of its value. If two parameters agree
/// in all symbols before `from` and have different numbers, they are in the order of their numbers.
#[inline]
pub(super) fn prefix((name, value): (&[u8], &[u8]), from: usize) -> u64 {
    let symbol = |byte: &u8| u64::from(RANK[usize::from(*byte)]) + 1;
    // Nearly always the name is long enough.
    if let Some(told) = name.get(from..).and_then(<[u8]>::first_chunk::<TOLD>) {
        return told.iter().fold(0, |key, byte| key << 9 | symbol(byte));
    }
    let add = |(key, left): (u64, usize), text: &[u8]| {
        let told = &text[..text.len().min(left)];
        (told.iter().fold(key, |key, byte| key << 9 | symbol(byte)), left - told.len())
    };
    let (mut key, mut left) = (0, TOLD);
    let value = match name.get(from..) {
        Some(name) => {
            (key, left) = add((key, left), name);
            if left > 0 {
                (key, left) = (key << 9, left - 1);
            }
            value
        }
        None => value.get(from - name.len() - 1..).unwrap_or_default(),
    };
    (key, left) = add((key, left), value);
    key << (9 * left)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::percent::encode;

    proptest! {
        #[test]
        fn parameters_compare_as_their_encodings(left: Vec<u8>, right: Vec<u8>) {
            prop_assert_eq!(compare(&left, &right), encode(&left).cmp(&encode(&right)));
        }

        #[test]
        fn parameters_with_a_common_beginning_compare_as_their_encodings(
            common: Vec<u8>, left in "[ -~]{0,2}", right in "[ -~]{0,2}"
        ) {
            let left = [&common[..], left.as_bytes()].concat();
            let right = [&common[..], right.as_bytes()].concat();
            prop_assert_eq!(compare(&left, &right), encode(&left).cmp(&encode(&right)));
        }

        #[test]
        fn the_order_of_prefixes_never_contradicts_the_order_of_parameters(
            common in "[ab%=]{0,7}",
            left in ("[a-c%=]{0,4}", "[a-c%=]{0,4}"),
            right in ("[a-c%=]{0,4}", "[a-c%=]{0,4}"),
            by_value: bool,
        ) {
            let pair = |(name, value): &(String, String)| match by_value {
                true => (common.clone(), format!("{name}{value}")),
                false => (format!("{common}{name}"), value.clone()),
            };
            let (left, right) = (pair(&left), pair(&right));
            let (left, right) =
                ((left.0.as_bytes(), left.1.as_bytes()), (right.0.as_bytes(), right.1.as_bytes()));
            let from = common.len() + usize::from(by_value);
            let by_prefix = prefix(left, from).cmp(&prefix(right, from));
            prop_assert!(by_prefix.is_eq() || by_prefix == compare_pairs(left, right));
        }
    }

    #[test]
    fn longer_names_and_reserved_characters_sort_as_their_encodings() {
        assert!(compare(b"a", b"a1").is_lt());
        assert!(compare(b":", b"0").is_lt());
        assert!(compare(b"s[p]", b"s1").is_lt());
        assert!(compare(b"~", b"\xff").is_gt());
    }

    #[test]
    fn the_names_of_the_protocol_are_sorted() {
        assert!(
            crate::oauth1::names::PROTOCOL.is_sorted_by(|left, right| compare(
                left.as_bytes(),
                right.as_bytes()
            )
            .is_lt())
        );
    }
}
