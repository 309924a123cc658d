//! The signature base string, which is written piece by piece into the MAC: RFC 5849 §3.4.1.

use http::Uri;

use super::decimal::write_decimal;
use super::mac::{Hash, Mac, MacOutput};
use super::order;
use super::parameters::Parameters;
use super::request_target::{RequestTarget, host, signed_site};
use super::sink::{BUFFER_LEN, CHUNK, Sink};
use crate::wire::WebScheme;
use crate::wire::percent::{self, Escapes, Letters, ONCE};
use crate::{Error, Unsupported};

/// Returns the signature base string of a signed request: the text from which the signature was
/// computed.
///
/// [`Signer`](super::Signer) and [`Verifier`](crate::oauth1::server::Verifier) do not need this
/// function. Use it to find the difference when a service responds only with "invalid signature".
///
/// ```
/// use oauth_proto::oauth1::base_string;
///
/// let request = http::Request::get("http://EXAMPLE.COM:80/r%20v/X?id=123").body("")?;
/// assert_eq!(base_string(&request)?, b"GET&http%3A%2F%2Fexample.com%2Fr%2520v%2FX&id%3D123");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Unsupported`] if the URI is not absolute, or if the `Authorization: OAuth` header cannot be
/// read.
pub fn base_string<B: AsRef<[u8]>>(request: &http::Request<B>) -> Result<Vec<u8>, Error> {
    let host = host(request.headers())?;
    let site = signed_site(request.uri(), host.as_ref())?;
    let parameters = Parameters::of(request.uri(), request.headers(), request.body().as_ref())
        .map_err(|_| Unsupported::Unsendable {
            what: "the Authorization header",
            reason: "expected OAuth and parameters such as oauth_nonce=\"…\" with commas between \
                them",
        })?;
    Ok(collect((request.method(), site, request.uri()), &parameters))
}

/// Returns the base string of a request with this target and these parameters.
pub(crate) fn collect(place: RequestTarget<'_>, parameters: &Parameters<'_>) -> Vec<u8> {
    Writer::collect(|writer| {
        write_place(writer, place);
        if parameters.others_have_oauth || parameters.signed_protocol().next().is_none() {
            return write_all(writer, &parameters.signed());
        }
        let others = &parameters.others;
        let pair = |at: usize| (others[at].0.as_ref(), others[at].1.as_ref());
        write_parameters(writer, others.len(), pair, |writer| {
            for (index, (name, value)) in parameters.signed_protocol().enumerate() {
                if index > 0 {
                    writer.fixed(b"%26");
                }
                writer.prepared(name);
                writer.fixed(b"%3D");
                writer.twice(value);
            }
        });
    })
}

/// The number of bytes of a text that are encoded before the writer makes room for more.
const PIECE: usize = 64;
/// The longest escape in the base string: `%25XX`.
const LONGEST: usize = 5;

/// The number of parameters that are sorted without an allocation.
const FEW: usize = 16;

/// Assembles the base string in a buffer on the stack, and passes it on when the buffer is full.
/// Every call of a compression function has its cost, and hashing block by block during the
/// encoding was not faster.
pub(crate) struct Writer<'s> {
    sink: &'s mut dyn Sink,
    buffer: &'s mut [u8; BUFFER_LEN],
    filled: usize,
}

/// Escapes for parameters. These are encoded twice: as parameters, and as a part of the base
/// string.
const TWICE: Escapes = {
    let mut table = ONCE;
    let mut byte = 0;
    while byte < table.len() {
        if let [b'%', high, low, .., 3] = table[byte].to_le_bytes() {
            table[byte] = u64::from_le_bytes([b'%', b'2', b'5', high, low, 0, 0, 5]);
        }
        byte += 1;
    }
    table
};

/// Escapes for the method, which is signed in upper case (§3.4.1.1).
const METHOD: Escapes = letters(b'a', b'A');

/// Escapes for the host, which is signed in lower case (§3.4.1.2).
const HOST: Escapes = letters(b'A', b'a');

/// Returns escapes that replace the letters from `from` on by those from `to` on.
const fn letters(from: u8, to: u8) -> Escapes {
    let mut table = ONCE;
    let mut letter = 0;
    while letter < 26 {
        table[(from + letter) as usize] = table[(to + letter) as usize];
        letter += 1;
    }
    table
}

impl Writer<'_> {
    /// Writes the MAC of a base string into `digits` and returns its length.
    pub(super) fn authenticate<H: Hash>(
        mut mac: Mac<H>,
        digits: &mut MacOutput,
        write: impl FnOnce(&mut Writer<'_>),
    ) -> usize {
        let mut buffer = [0; BUFFER_LEN];
        let mut writer = Writer { sink: &mut mac, buffer: &mut buffer, filled: 0 };
        write(&mut writer);
        writer.make_room(Mac::<H>::PADDING);
        let filled = writer.filled;
        mac.finish(&mut buffer, filled, digits)
    }

    /// Returns a base string as a whole.
    pub(super) fn collect(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut buffer = [0; BUFFER_LEN];
        let mut writer = Writer { sink: &mut bytes, buffer: &mut buffer, filled: 0 };
        write(&mut writer);
        let filled = writer.filled;
        bytes.extend_from_slice(&buffer[..filled]);
        bytes
    }

    /// Writes text that is already encoded for the base string.
    #[inline]
    pub(crate) fn prepared(&mut self, text: &[u8]) {
        if text.len() > BUFFER_LEN - self.filled {
            return self.prepared_in_parts(text);
        }
        self.buffer[self.filled..self.filled + text.len()].copy_from_slice(text);
        self.filled += text.len();
    }

    #[cold]
    fn prepared_in_parts(&mut self, text: &[u8]) {
        for part in text.chunks(CHUNK) {
            self.make_room(CHUNK);
            self.prepared(part);
        }
    }

    /// Writes text that is encoded once: the path.
    #[inline(never)]
    fn once(&mut self, text: &[u8]) {
        self.encoded::<{ Letters::ANY }>(text, &ONCE);
    }

    /// Writes text that is encoded twice: names and values.
    #[inline]
    pub(super) fn twice(&mut self, text: &[u8]) {
        self.encoded::<{ Letters::ANY }>(text, &TWICE);
    }

    /// Writes one parameter.
    #[inline(never)]
    fn pair(&mut self, name: &[u8], value: &[u8]) {
        self.twice(name);
        self.fixed(b"%3D");
        self.twice(value);
    }

    /// Writes text of a length that the compiler knows.
    #[inline]
    fn fixed<const N: usize>(&mut self, text: &[u8; N]) {
        self.make_room(N);
        self.buffer[self.filled..self.filled + N].copy_from_slice(text);
        self.filled += N;
    }

    #[inline(always)]
    fn encoded<const LETTERS: u8>(&mut self, text: &[u8], escapes: &Escapes) {
        if text.len() > PIECE {
            return self.encoded_in_parts::<LETTERS>(text, escapes);
        }
        self.make_room(PIECE * LONGEST + 8);
        self.filled =
            percent::escape_into::<LETTERS, BUFFER_LEN>(self.buffer, self.filled, text, escapes);
    }

    #[inline(never)]
    fn encoded_in_parts<const LETTERS: u8>(&mut self, text: &[u8], escapes: &Escapes) {
        text.chunks(PIECE).for_each(|piece| self.encoded::<LETTERS>(piece, escapes));
    }

    /// Makes sure that `length` bytes fit.
    #[inline]
    fn make_room(&mut self, length: usize) {
        if length > BUFFER_LEN - self.filled {
            self.hand_on();
        }
    }

    /// Passes on all whole chunks.
    #[cold]
    fn hand_on(&mut self) {
        let end = self.filled - self.filled % CHUNK;
        self.sink.absorb(&self.buffer[..end]);
        self.buffer.copy_within(end..self.filled, 0);
        self.filled -= end;
    }
}

/// Writes the method and the base string URI (§3.4.1.2), with the `&` behind each.
pub(super) fn write_place(writer: &mut Writer<'_>, (method, site, uri): RequestTarget<'_>) {
    match method.as_str() {
        "GET" => writer.fixed(b"GET"),
        "POST" => writer.fixed(b"POST"),
        method => writer.encoded::<{ Letters::UPPER }>(method.as_bytes(), &METHOD),
    }
    match site.scheme {
        WebScheme::Https => writer.fixed(b"&https%3A%2F%2F"),
        WebScheme::Http => writer.fixed(b"&http%3A%2F%2F"),
    }
    writer.encoded::<{ Letters::LOWER }>(site.host.as_bytes(), &HOST);
    if let Some(port) = site.explicit_port() {
        writer.fixed(b"%3A");
        let mut digits = [0; 20];
        let start = write_decimal(&mut digits, port.into());
        writer.prepared(&digits[start..]);
    }
    writer.once(path(uri));
    writer.fixed(b"&");
}

/// Returns the path as it is sent. An empty path is `/` (RFC 9110 §4.2.3).
fn path(uri: &Uri) -> &[u8] {
    match uri.path() {
        "" => b"/",
        path => path.as_bytes(),
    }
}

/// Writes parameters in their order (§3.4.1.3.2), with `&` between them. No name of these
/// parameters may begin with `oauth_`. `block` writes the parameters whose names do.
pub(super) fn write_parameters<'p>(
    writer: &mut Writer<'_>,
    count: usize,
    pair: impl Fn(usize) -> (&'p [u8], &'p [u8]),
    block: impl FnOnce(&mut Writer<'_>),
) {
    if (1..count).all(|at| order::compare_pairs(pair(at - 1), pair(at)).is_le()) {
        return write_sorted(writer, count, pair, block);
    }
    with_order(count, &pair, |order| {
        write_sorted(writer, count, |at| pair(place(order[at])), block);
    });
}

/// Sorts the parameters, and calls `then` with their [places](place) in that order.
fn with_order<'p, R>(
    count: usize,
    pair: &impl Fn(usize) -> (&'p [u8], &'p [u8]),
    then: impl FnOnce(&[u64]) -> R,
) -> R {
    let mut few = [0; FEW];
    let mut many = Vec::new();
    let order = if count <= FEW {
        &mut few[..count]
    } else {
        many.resize(count, 0);
        &mut many
    };
    sort(order, pair);
    then(order)
}

fn write_sorted<'p>(
    writer: &mut Writer<'_>,
    count: usize,
    pair: impl Fn(usize) -> (&'p [u8], &'p [u8]),
    block: impl FnOnce(&mut Writer<'_>),
) {
    let before = partition_point(count, |at| order::compare(pair(at).0, b"oauth_").is_lt());
    for at in 0..before {
        let (name, value) = pair(at);
        writer.pair(name, value);
        writer.fixed(b"%26");
    }
    block(writer);
    for at in before..count {
        let (name, value) = pair(at);
        writer.fixed(b"%26");
        writer.pair(name, value);
    }
}

/// Returns how many of `count` come first, by a binary search. `is_first` returns `true` only for
/// these.
fn partition_point(count: usize, is_first: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut to) = (0, count);
    while from < to {
        let middle = from.midpoint(to);
        if is_first(middle) { from = middle + 1 } else { to = middle }
    }
    from
}

/// Writes all parameters in their order.
pub(super) fn write_all(writer: &mut Writer<'_>, pairs: &[(&[u8], &[u8])]) {
    with_order(pairs.len(), &|at| pairs[at], |order| {
        for (index, slot) in order.iter().enumerate() {
            if index > 0 {
                writer.fixed(b"%26");
            }
            let (name, value) = pairs[place(*slot)];
            writer.pair(name, value);
        }
    });
}

/// Returns the place in a slot as an index. The slot must have no mark.
#[expect(clippy::cast_possible_truncation, reason = "the value is an index of something in memory")]
fn place(slot: u64) -> usize {
    slot as usize
}

/// Fills `order` with the parameters' [places](place) in their order.
fn sort<'p>(order: &mut [u64], pair: &impl Fn(usize) -> (&'p [u8], &'p [u8])) {
    if order.len() > place(PLACE) {
        (0..).zip(&mut *order).for_each(|(at, slot)| *slot = at);
        return order.sort_unstable_by(|left, right| {
            order::compare_pairs(pair(place(*left)), pair(place(*right)))
        });
    }
    // All names share this beginning, so it does not help to sort them.
    let first = if order.is_empty() { &[] } else { pair(0).0 };
    let common = (1..order.len()).fold(first, |common, at| {
        let name = pair(at).0;
        if name.starts_with(common) {
            return common;
        }
        let same = common.iter().zip(name).take_while(|(left, right)| left == right).count();
        &common[..same]
    });
    for (at, slot) in (0..).zip(&mut *order) {
        *slot = order::prefix(pair(place(at)), common.len()) << PLACE_BITS | at;
    }
    settle(order, pair, common.len(), LEVELS);
}

/// The number of bits of a slot that are the place. The bits above them are the mark: some symbols
/// of the parameter. A slot is a number, since numbers sort fast.
const PLACE_BITS: u32 = u64::BITS - order::PREFIX_BITS;
const PLACE: u64 = (1 << PLACE_BITS) - 1;

/// The number of times that [`settle`] compares the next symbols of parameters that begin in the
/// same way. After that, it compares them as a whole.
const LEVELS: u32 = 16;

/// The smallest group of parameters that gets marks again. Smaller groups are compared as a whole.
const GROUP: usize = 4;

/// Sorts parameters that agree in all symbols before `from`, and removes their marks. A mark is the
/// bits of a slot above its [place]. It has the symbols from `from` on.
fn settle<'p>(
    order: &mut [u64],
    pair: &impl Fn(usize) -> (&'p [u8], &'p [u8]),
    from: usize,
    levels: u32,
) {
    order.sort_unstable();
    // Usually all marks differ.
    if order.windows(2).all(|both| both[0] >> PLACE_BITS != both[1] >> PLACE_BITS) {
        return order.iter_mut().for_each(|slot| *slot &= PLACE);
    }
    for group in order.chunk_by_mut(|left, right| left >> PLACE_BITS == right >> PLACE_BITS) {
        // An empty mark means that all symbols have been compared, so these parameters are
        // equal.
        let are_equal = group[0] <= PLACE;
        group.iter_mut().for_each(|slot| *slot &= PLACE);
        if group.len() == 1 || are_equal {
            continue;
        }
        if levels == 0 || group.len() < GROUP {
            group.sort_unstable_by(|left, right| {
                order::compare_pairs(pair(place(*left)), pair(place(*right)))
            });
            continue;
        }
        for slot in &mut *group {
            *slot |= order::prefix(pair(place(*slot)), from + order::TOLD) << PLACE_BITS;
        }
        settle(group, pair, from + order::TOLD, levels - 1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::percent::encode;

    /// There are more parameters than the bits of a place can count, and their names begin in the
    /// same way.
    #[test]
    fn very_many_parameters_are_sorted_too() {
        let mut order = vec![0; 600_000];
        let names: Vec<_> =
            (0..order.len()).map(|at| format!("name{}", at * 7 % 600_000)).collect();
        sort(&mut order, &|at| (names[at].as_bytes(), b""));
        assert!(order.is_sorted_by(|left, right| names[place(*left)] < names[place(*right)]));
    }

    proptest! {
        #[test]
        fn parameters_are_sorted_by_their_encodings(
            pairs in prop::collection::vec(("[ab%=~]{0,12}", "[ab%=~]{0,12}"), 0..60),
            more in prop::collection::vec("a{0,99}", 0..20),
        ) {
            let pairs: Vec<_> = pairs
                .into_iter()
                .chain(more.into_iter().map(|name| (name, String::new())))
                .collect();
            let mut order = vec![0; pairs.len()];
            sort(&mut order, &|at| (pairs[at].0.as_bytes(), pairs[at].1.as_bytes()));
            let encoded = |at: &u64| {
                let (name, value) = &pairs[place(*at)];
                (encode(name), encode(value))
            };
            prop_assert!(order.is_sorted_by_key(encoded));
            order.sort_unstable();
            prop_assert!((0..).zip(order).all(|(at, slot)| at == slot));
        }

        #[test]
        fn protocol_parameters_are_sorted_among_others(
            own in prop::collection::vec(("(o|oa|oauth|oauti|~)?[a-z%=]{0,3}", "[ -~]{0,5}"), 0..20)
        ) {
            let uri: Uri =
                format!("https://a.example/?{}", crate::wire::form::encode(own)).parse().unwrap();
            let mut headers = http::HeaderMap::new();
            let header = "OAuth oauth_token=\"%20\", oauth_signature=\"s\", oauth_nonce=n";
            headers.insert("authorization", header.parse().unwrap());
            let parameters = Parameters::of(&uri, &headers, b"").unwrap();
            let place = (&http::Method::GET, signed_site(&uri, None).unwrap(), &uri);
            let sorted = Writer::collect(|writer| {
                write_place(writer, place);
                write_all(writer, &parameters.signed());
            });
            prop_assert_eq!(collect(place, &parameters), sorted);
        }

        #[test]
        fn the_output_does_not_depend_on_where_the_buffer_ends(
            before in 0..2 * BUFFER_LEN,
            text in prop::collection::vec(any::<u8>(), 0..3 * PIECE),
            after in 0..2 * BUFFER_LEN,
        ) {
            let (before, after) = (vec![b'b'; before], vec![b'a'; after]);
            let written = Writer::collect(|writer| {
                writer.prepared(&before);
                writer.once(&text);
                writer.fixed(b"%26");
                writer.twice(&text);
                writer.prepared(&after);
            });
            let encoded = encode(&text) + "%26" + &encode(encode(&text));
            prop_assert_eq!(written, [&before, encoded.as_bytes(), &after].concat());
        }
    }
}
