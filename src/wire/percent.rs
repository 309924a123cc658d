//! Percent-encoding with the unreserved set of RFC 3986 §2.3, as RFC 5849 §3.6 wants it.
//!
//! The `percent-encoding` crate computes the same, and tests compare the two. It looks at each byte
//! alone. Signing OAuth 1.0 requests consists mostly of encoding, so the functions here look at
//! eight or sixteen bytes together, and can write into the buffer of a hash. Forms and queries use
//! them as well. The crate uses `percent-encoding` elsewhere.

use std::borrow::Cow;

/// All bytes except the unreserved ones, for the `percent-encoding` crate.
#[cfg(any(feature = "client", test))]
pub(crate) const RESERVED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Returns whether a byte is unreserved: a letter, a digit, `-`, `.`, `_` or `~`.
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Returns a byte's escape in upper-case hexadecimal: `%3D` for `=`.
pub(crate) const fn escape(byte: u8) -> [u8; 3] {
    [b'%', HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]]
}

/// Encodes every byte that is not unreserved.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 4);
    encode_into(&mut out, bytes);
    out
}

/// Returns whether a text has nothing to encode.
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    match (bytes.as_chunks(), bytes.last_chunk()) {
        // The last run overlaps the one before it, so no byte is looked at alone.
        ((runs, _), Some(last)) => runs.iter().all(all_unreserved) && all_unreserved(last),
        _ => bytes.iter().all(|byte| is_unreserved(*byte)),
    }
}

/// The number of bytes that [`all_unreserved`] looks at together.
pub(crate) const RUN: usize = 16;

/// Room for the escapes of a run, and for the rest of a word.
const ESCAPED_RUN: usize = 3 * RUN + 8;

/// Returns whether every byte of a run is unreserved. It has no branches, so it becomes a few
/// vector instructions.
#[inline]
pub(crate) fn all_unreserved(run: &[u8; RUN]) -> bool {
    let reserved = run.iter().fold(0, |reserved, byte| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        let mark = (*byte == b'-') | (*byte == b'.') | (*byte == b'_') | (*byte == b'~');
        reserved | u8::from(!(letter | digit | mark))
    });
    reserved == 0
}

/// The encoded form of every byte. The first character is in the lowest byte of the number, and the
/// length is in the highest byte. So each byte of a text costs one load and one store.
pub(crate) type Escapes = [u64; 256];

/// Returns the length of an escape.
#[inline]
pub(crate) const fn length(escape: u64) -> usize {
    (escape >> 56) as usize
}

/// Escapes for text that is encoded once.
pub(crate) const ONCE: Escapes = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        let [percent, high, low] = escape(byte);
        table[byte as usize] = u64::from_le_bytes(match is_unreserved(byte) {
            true => [byte, 0, 0, 0, 0, 0, 0, 1],
            false => [percent, high, low, 0, 0, 0, 0, 3],
        });
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// The letters that a table of escapes leaves unchanged.
pub(crate) struct Letters;

impl Letters {
    pub(crate) const ANY: u8 = 0;
    pub(crate) const UPPER: u8 = b'A';
    pub(crate) const LOWER: u8 = b'a';
}

/// Writes the escapes of `text` into a buffer from `at` on, and returns where they end. The buffer
/// must have eight bytes more than the escapes take. The function works on eight bytes at a time,
/// and looks up `escapes` only for the bytes that [`special`] marks.
///
/// It is inlined everywhere, since most texts are short, and a call costs as much as a few letters.
#[inline(always)]
pub(crate) fn escape_into<const LETTERS: u8, const N: usize>(
    buffer: &mut [u8; N],
    mut at: usize,
    text: &[u8],
    escapes: &Escapes,
) -> usize {
    let (words, rest) = text.as_chunks();
    for word in words {
        let word = u64::from_le_bytes(*word);
        at = escape_word(buffer, at, word, special::<LETTERS>(word), escapes) + 8;
    }
    if rest.len() < 4 {
        // A whole word costs more than one to three single bytes.
        for byte in rest {
            let escape = escapes[usize::from(*byte)];
            put(buffer, at, escape);
            at += length(escape);
        }
        return at;
    }
    let word = tail(text, rest);
    let known = u64::MAX << (8 * rest.len());
    escape_word(buffer, at, word, special::<LETTERS>(word) & !known, escapes) + rest.len()
}

/// Returns `rest` as the low bytes of a word. `rest` is the one to seven bytes of a text after its
/// whole words.
#[inline]
fn tail(text: &[u8], rest: &[u8]) -> u64 {
    match (text.last_chunk(), rest.first_chunk(), rest.last_chunk()) {
        // The last eight bytes begin with bytes that are not in `rest`. These are shifted out.
        (Some(last), ..) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
        (None, Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first))
                | u64::from(u32::from_le_bytes(*last)) << (8 * rest.len() - 32)
        }
        _ => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// Writes a word with the escapes of its special bytes. The lowest byte of the word is the first
/// one. In `special`, the highest bit of each special byte is set. Returns `at` plus the number of
/// bytes that the escapes add to the eight bytes of the word.
#[inline]
pub(crate) fn escape_word<const N: usize>(
    buffer: &mut [u8; N],
    mut at: usize,
    word: u64,
    special: u64,
    escapes: &Escapes,
) -> usize {
    put(buffer, at, word);
    if special == 0 {
        return at;
    }
    if special == EACH << 7 {
        return escape_all(buffer, at, word, escapes);
    }
    let mut marks = special >> 7;
    while marks != 0 {
        let bits = marks.trailing_zeros();
        let rest = word >> bits;
        let escape = escapes[usize::from(rest.to_le_bytes()[0])];
        let end = at + bits as usize / 8;
        put(buffer, end, escape);
        put(buffer, end + length(escape), rest >> 8);
        at += length(escape) - 1;
        marks &= marks - 1;
    }
    at
}

/// Does the same as [`escape_word`] if every byte is special, as in a text of another script.
#[cold]
fn escape_all<const N: usize>(
    buffer: &mut [u8; N],
    at: usize,
    word: u64,
    escapes: &Escapes,
) -> usize {
    let mut end = at;
    for byte in word.to_le_bytes() {
        let escape = escapes[usize::from(byte)];
        put(buffer, end, escape);
        end += length(escape);
    }
    end - 8
}

/// Writes a word.
#[inline]
fn put<const N: usize>(buffer: &mut [u8; N], at: usize, word: u64) {
    buffer[at..at + 8].copy_from_slice(&word.to_le_bytes());
}

/// A byte multiplied by this number is a word of eight such bytes.
pub(crate) const EACH: u64 = u64::MAX / 0xFF;

/// Returns marks for the bytes of a word that are neither digits nor unchanged letters
/// ([`Letters`]): the highest bits of these bytes.
#[inline]
fn special<const LETTERS: u8>(word: u64) -> u64 {
    let low = word & (0x7F * EACH);
    // A byte is between two bounds if the two sums differ in the highest bit of that byte.
    let within = |bytes: u64, from: u8, to: u8| {
        let sum = |bound: u8| bytes + u64::from(0x80 - bound) * EACH;
        sum(from) ^ sum(to + 1)
    };
    let letters = match LETTERS {
        Letters::ANY => within(low | (0x20 * EACH), b'a', b'z'),
        from => within(low, from, from + 25),
    };
    let plain = letters | within(low, b'0', b'9');
    (word | !plain) & (0x80 * EACH)
}

/// Returns whether a text is printable ASCII throughout, as nearly all names and identifiers are.
pub(crate) fn is_printable(text: &[u8]) -> bool {
    const HIGH: u64 = EACH << 7;
    // The first of the three finds bytes that are not ASCII, the second finds DEL, and the third
    // finds bytes below the space. Only a byte that the first finds can cause a carry.
    let odd = |word: u64| (word | word.wrapping_add(EACH) | !((word | HIGH) - EACH * 0x20)) & HIGH;
    let (words, rest) = text.as_chunks();
    let any = words.iter().fold(0, |any, word| any | odd(u64::from_le_bytes(*word)));
    // The word has further bytes after the rest. They do not belong to the text.
    let known = || !(u64::MAX << (8 * rest.len()));
    any == 0 && (rest.is_empty() || odd(tail(text, rest)) & known() == 0)
}

/// Returns whether a text has one of two bytes.
#[inline]
pub(crate) fn has_either(text: &[u8], bytes: [u8; 2]) -> bool {
    let (words, rest) = text.as_chunks();
    let any = words.iter().fold(0, |any, word| any | marks_of(u64::from_le_bytes(*word), bytes));
    any != 0 || (!rest.is_empty() && marks_of(tail(text, rest), bytes) != 0)
}

/// Returns a mark for the first byte of a word that is one of two bytes: the highest bit of that
/// byte. Any other marks are on later bytes, and can be wrong.
#[inline]
fn marks_of(word: u64, bytes: [u8; 2]) -> u64 {
    // A byte that is equal becomes zero. The subtraction borrows only above a zero, so the lowest
    // mark is right.
    let zero = |word: u64| word.wrapping_sub(EACH) & !word;
    (zero(word ^ (u64::from(bytes[0]) * EACH)) | zero(word ^ (u64::from(bytes[1]) * EACH)))
        & (EACH << 7)
}

/// Appends the encoding of a text. Tokens, codes and names mostly need none.
pub(crate) fn encode_text_into(out: &mut String, text: &str) {
    if is_plain(text.as_bytes()) { out.push_str(text) } else { encode_into(out, text.as_bytes()) }
}

/// Appends the encoding of `bytes`.
pub(crate) fn encode_into(out: &mut String, bytes: &[u8]) {
    for run in bytes.chunks(RUN) {
        let mut buffer = [0; ESCAPED_RUN];
        let end = escape_into::<{ Letters::ANY }, ESCAPED_RUN>(&mut buffer, 0, run, &ONCE);
        out.push_str(str::from_utf8(&buffer[..end]).unwrap_or_default());
    }
}

/// Decodes every `%` that is followed by two hexadecimal digits. Any other `%` stays as it is.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    decode_beside(bytes, b'%')
}

/// Decodes like [`decode`], and also decodes every `+` to a space, as in forms.
#[inline]
pub(crate) fn decode_form(bytes: &[u8]) -> Cow<'_, [u8]> {
    decode_beside(bytes, b'+')
}

/// Decodes a text. `plus` is `+` if a `+` means a space, and `%` if not.
#[inline]
fn decode_beside(bytes: &[u8], plus: u8) -> Cow<'_, [u8]> {
    // Most texts have nothing to decode.
    if has_either(bytes, [b'%', plus]) { decoded(bytes, plus).into() } else { bytes.into() }
}

/// Returns the decoded text. `plus` is `+` if a `+` means a space, and `%` if not.
#[inline(never)]
fn decoded(bytes: &[u8], plus: u8) -> Vec<u8> {
    // Copies eight bytes at a time, up to the next encoded byte. The text does not become longer,
    // but the last word can go beyond its end.
    let mut out = vec![0; bytes.len() + 8];
    let (mut at, mut rest) = (0, bytes);
    while !rest.is_empty() {
        let word =
            rest.first_chunk().map_or_else(|| tail(rest, rest), |word| u64::from_le_bytes(*word));
        out[at..at + 8].copy_from_slice(&word.to_le_bytes());
        let plain = (marks_of(word, [b'%', plus]).trailing_zeros() as usize / 8).min(rest.len());
        at += plain;
        rest = &rest[plain..];
        if plain == 8 || rest.is_empty() {
            continue;
        }
        (out[at], rest) = match rest {
            [b'%', more @ ..] => escaped(more).unwrap_or((b'%', more)),
            [_, more @ ..] => (b' ', more),
            [] => break,
        };
        at += 1;
    }
    out.truncate(at);
    out
}

/// Returns the byte of the two digits after a `%`, and the rest after them.
fn escaped(digits: &[u8]) -> Option<(u8, &[u8])> {
    let (&[high, low], rest) = digits.split_first_chunk()?;
    Some((hex(high)? << 4 | hex(low)?, rest))
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5849 §3.6: only ALPHA, DIGIT, `-`, `.`, `_` and `~` stay as they are.
    #[test]
    fn all_except_unreserved_characters_are_encoded_in_upper_case() {
        let encoded = encode((0..=255).collect::<Vec<u8>>());
        let plain: String = encoded.split('%').skip(1).map(|piece| &piece[2..]).collect();
        assert_eq!(plain, "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");
        assert!(encoded.starts_with("%00%01") && encoded.ends_with("%FE%FF"));
        assert_eq!(encode("Ladies + Gentlemen ☃"), "Ladies%20%2B%20Gentlemen%20%E2%98%83");
    }

    #[test]
    fn a_percent_sign_without_two_digits_is_kept() {
        for text in ["%", "%4", "%zz", "100%", "%%", "%4%"] {
            assert_eq!(*decode(text.as_bytes()), *text.as_bytes());
        }
        assert_eq!(*decode(b"%%34"), *b"%4");
        assert_eq!(*decode(b"%C3%a9+100%"), *"é+100%".as_bytes());
    }

    #[test]
    fn each_of_two_bytes_is_found_at_every_position() {
        for byte in 0..=255 {
            for length in 0..20 {
                for place in 0..length {
                    let mut text = vec![byte ^ 0x80; length];
                    text[place] = byte;
                    let is_there = |byte: u8| text.contains(&byte);
                    assert_eq!(
                        has_either(&text, *b"%+"),
                        is_there(b'%') || is_there(b'+'),
                        "{text:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn decoding_is_not_repeated() {
        assert_eq!(*decode(b"%2541"), *b"%41");
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        assert!(matches!(decode(b"plain+text"), Cow::Borrowed(_)));
    }

    #[test]
    fn each_byte_is_encoded_alike_at_every_position() {
        for byte in 0..=255 {
            for length in 1..20 {
                for place in 0..length {
                    let mut text = vec![b'a'; length];
                    text[place] = byte;
                    let alone: String = text.iter().map(|byte| encode([*byte])).collect();
                    assert_eq!(encode(&text), alone);
                }
            }
        }
    }

    #[test]
    fn printable_ascii_is_recognized_at_every_position() {
        for length in 0..20 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = vec![b'a'; length];
                    text[at] = byte;
                    assert_eq!(is_printable(&text), matches!(byte, b' '..=b'~'), "{text:?}");
                }
            }
        }
        assert!(is_printable(b"") && !is_printable(&[0x1f; 9]) && !is_printable(&[0xff; 16]));
    }

    proptest::proptest! {
        #[test]
        fn encoding_and_decoding_agree_with_the_percent_encoding_crate(
            bytes: Vec<u8>,
            text in "([a-z+]|%[0-9a-fA-F]{0,2}){0,60}",
        ) {
            for text in [&bytes, text.as_bytes()] {
                let encoded = percent_encoding::percent_encode(text, RESERVED).to_string();
                proptest::prop_assert_eq!(encode(text), encoded);
                let decoded: Vec<u8> = percent_encoding::percent_decode(text).collect();
                proptest::prop_assert_eq!(&*decode(text), &*decoded);
            }
        }

        #[test]
        fn a_text_is_encoded_byte_by_byte(bytes: Vec<u8>, text in "[a-z /%~]{0,100}") {
            for text in [&bytes, text.as_bytes()] {
                let alone: String = text.iter().map(|byte| encode([*byte])).collect();
                proptest::prop_assert_eq!(encode(text), alone);
            }
        }

        #[test]
        fn decode_undoes_encode(bytes: Vec<u8>) {
            let encoded = encode(&bytes);
            proptest::prop_assert_eq!(&*decode(encoded.as_bytes()), &*bytes);
        }
    }
}
