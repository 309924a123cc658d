//! The signature base string, RFC 5849 §3.4.1: written piece by piece into whatever signs it.

use hmac::{Hmac, Mac};
use http::Uri;
use http::header::HOST;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::order;
use super::parameters::Parameters;
use super::prepared::Place;
use super::signer::signed_origin;
use crate::wire::percent::{escape, is_unreserved};
use crate::{Error, Unsupported};

/// The signature base string of a signed request: what its signature was computed from.
///
/// It is rarely needed, since [`Signer`](super::Signer) and `Verifier` make their own; but
/// when a service says no more than "invalid signature", comparing base strings finds the difference.
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
/// [`Unsupported`] when the URI is not absolute or the `Authorization: OAuth` header cannot be read.
pub fn base_string<B: AsRef<[u8]>>(request: &http::Request<B>) -> Result<Vec<u8>, Error> {
    let origin = signed_origin(request.uri(), request.headers().get(HOST))?;
    let parameters = Parameters::of(request.uri(), request.headers(), request.body().as_ref())
        .map_err(|_| Unsupported::Unsendable { what: "the Authorization header", reason: "it is malformed" })?;
    let pairs = parameters.signed();
    Ok(Writer::collect(|writer| {
        write_place(writer, (request.method(), &origin, request.uri()));
        write_all(writer, &pairs);
    }))
}

/// What a base string is written into. It comes in chunks whose length is a multiple of 64, but for the last.
pub(super) trait Sink {
    fn absorb(&mut self, chunk: &[u8]);
}

impl Sink for Hmac<Sha1> {
    fn absorb(&mut self, chunk: &[u8]) {
        self.update(chunk);
    }
}

impl Sink for Hmac<Sha256> {
    fn absorb(&mut self, chunk: &[u8]) {
        self.update(chunk);
    }
}

impl Sink for Hmac<Sha512> {
    fn absorb(&mut self, chunk: &[u8]) {
        self.update(chunk);
    }
}

impl Sink for Vec<u8> {
    fn absorb(&mut self, chunk: &[u8]) {
        self.extend_from_slice(chunk);
    }
}

/// A block of SHA-1 and SHA-256, half a block of SHA-512.
const CHUNK: usize = 64;
const ROOM: usize = 1024;
/// The longest escape in the base string: `%25XX`.
const LONGEST: usize = 5;
/// How much is encoded between two looks at the room left.
const RUN: usize = 16;

/// So many parameters are sorted without an allocation.
const FEW: usize = 16;

/// Assembles the base string in a small buffer on the stack and hands whole chunks on as they become complete: a MAC is
/// slow with many small updates, and while it works on one chunk the processor already encodes the next.
pub(super) struct Writer<'s> {
    sink: &'s mut dyn Sink,
    buffer: [u8; ROOM],
    /// Up to here the buffer has been handed on.
    done: usize,
    /// Up to here it is filled.
    filled: usize,
}

/// A byte as it stands in the base string, and the length of that: once encoded in the URI, twice in the parameters.
/// The last element is the length, so that a byte costs one load and one store whatever it is.
type Escapes = [[u8; 8]; 256];

const ONCE: Escapes = escapes(false);
const TWICE: Escapes = escapes(true);

#[expect(clippy::cast_possible_truncation, reason = "the loop ends at 255")]
const fn escapes(twice: bool) -> Escapes {
    let mut table = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let [percent, high, low] = escape(byte as u8);
        table[byte] = match (is_unreserved(byte as u8), twice) {
            (true, _) => [byte as u8, 0, 0, 0, 0, 0, 0, 1],
            (false, false) => [percent, high, low, 0, 0, 0, 0, 3],
            (false, true) => [b'%', b'2', b'5', high, low, 0, 0, 5],
        };
        byte += 1;
    }
    table
}

impl Writer<'_> {
    /// Writes a base string into a sink.
    pub(super) fn write(sink: &mut dyn Sink, write: impl FnOnce(&mut Writer<'_>)) {
        let mut writer = Writer { sink, buffer: [0; ROOM], done: 0, filled: 0 };
        write(&mut writer);
        writer.sink.absorb(&writer.buffer[writer.done..writer.filled]);
    }

    /// A base string as a whole.
    pub(super) fn collect(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        Self::write(&mut bytes, write);
        bytes
    }

    /// Text that is already as it stands in the base string.
    pub(super) fn prepared(&mut self, text: &[u8]) {
        for piece in text.chunks(ROOM / 2) {
            self.make_room(piece.len());
            self.buffer[self.filled..self.filled + piece.len()].copy_from_slice(piece);
            self.filled += piece.len();
        }
        self.hand_on();
    }

    /// Text that is encoded once: the method and the base string URI.
    pub(super) fn once(&mut self, text: &[u8]) {
        self.encoded(text, &ONCE);
    }

    /// Text that is encoded twice: names and values.
    pub(super) fn twice(&mut self, text: &[u8]) {
        self.encoded(text, &TWICE);
    }

    /// One parameter.
    fn pair(&mut self, name: &[u8], value: &[u8]) {
        self.twice(name);
        self.prepared(b"%3D");
        self.twice(value);
    }

    fn encoded(&mut self, text: &[u8], escapes: &Escapes) {
        let (runs, rest) = text.as_chunks::<RUN>();
        for run in runs {
            self.run(run, RUN, escapes);
        }
        if !rest.is_empty() {
            let mut run = [b'a'; RUN];
            run[..rest.len()].copy_from_slice(rest);
            self.run(&run, rest.len(), escapes);
        }
    }

    /// Encodes the first `length` bytes of a run.
    fn run(&mut self, run: &[u8; RUN], length: usize, escapes: &Escapes) {
        self.make_room(RUN * LONGEST + 8);
        if all_unreserved(run) {
            self.buffer[self.filled..self.filled + RUN].copy_from_slice(run);
            self.filled += length;
        } else {
            for byte in &run[..length] {
                let escape = &escapes[usize::from(*byte)];
                self.buffer[self.filled..self.filled + 8].copy_from_slice(escape);
                self.filled += usize::from(escape[7]);
            }
        }
        self.hand_on();
    }

    /// Hands on what fills whole chunks.
    fn hand_on(&mut self) {
        let whole = (self.filled - self.done) / CHUNK * CHUNK;
        if whole > 0 {
            self.sink.absorb(&self.buffer[self.done..self.done + whole]);
            self.done += whole;
        }
    }

    /// Makes sure that so many bytes fit, by moving the unfinished chunk to the front.
    fn make_room(&mut self, length: usize) {
        if self.filled + length > ROOM {
            self.hand_on();
            self.buffer.copy_within(self.done..self.filled, 0);
            self.filled -= self.done;
            self.done = 0;
        }
    }
}

/// Whether a run needs no escape. Without branches, so that it becomes a few vector instructions.
fn all_unreserved(run: &[u8; RUN]) -> bool {
    let reserved = run.iter().fold(0, |reserved, byte| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        let mark = (*byte == b'-') | (*byte == b'.') | (*byte == b'_') | (*byte == b'~');
        reserved | u8::from(!(letter | digit | mark))
    });
    reserved == 0
}

/// The method and the base string URI (§3.4.1.2), with the `&` behind each.
pub(super) fn write_place(writer: &mut Writer<'_>, (method, origin, uri): Place<'_>) {
    // Standard methods are upper-case already, and of others the RFC wants the upper case too.
    if method.as_str().bytes().any(|byte| byte.is_ascii_lowercase()) {
        writer.once(method.as_str().to_ascii_uppercase().as_bytes());
    } else {
        writer.once(method.as_str().as_bytes());
    }
    writer.prepared(if origin.is_https() { b"&https%3A%2F%2F" } else { b"&http%3A%2F%2F" });
    writer.once(origin.host().as_bytes());
    if let Some(port) = origin.explicit_port() {
        writer.once(format!(":{port}").as_bytes());
    }
    writer.once(path(uri));
    writer.prepared(b"&");
}

/// The path as it will be sent: an empty one is `/` (RFC 9110 §4.2.3).
fn path(uri: &Uri) -> &[u8] {
    match uri.path() {
        "" => b"/",
        path => path.as_bytes(),
    }
}

/// Writes parameters in their order (§3.4.1.3.2), `&` between them, when no name among them begins with `oauth_`:
/// `block` writes all that do.
pub(super) fn write_parameters<'p>(
    writer: &mut Writer<'_>,
    count: usize,
    pair: impl Fn(usize) -> (&'p [u8], &'p [u8]),
    block: impl FnOnce(&mut Writer<'_>),
) {
    let mut few = [(0, 0); FEW];
    let mut many = Vec::new();
    let order = sorted(count, &pair, &mut few, &mut many);
    let nth = |at: usize| pair(order.map_or(at, |order| order[at].1));
    let before = (0..count).take_while(|at| order::compare(nth(*at).0, b"oauth_").is_lt()).count();
    for at in 0..before {
        let (name, value) = nth(at);
        writer.pair(name, value);
        writer.prepared(b"%26");
    }
    block(writer);
    for at in before..count {
        let (name, value) = nth(at);
        writer.prepared(b"%26");
        writer.pair(name, value);
    }
}

/// Writes all parameters in their order.
pub(super) fn write_all(writer: &mut Writer<'_>, pairs: &[(&[u8], &[u8])]) {
    let mut many = Vec::new();
    let order = sorted(pairs.len(), &|at| pairs[at], &mut [], &mut many);
    for at in 0..pairs.len() {
        if at > 0 {
            writer.prepared(b"%26");
        }
        let (name, value) = pairs[order.map_or(at, |order| order[at].1)];
        writer.pair(name, value);
    }
}

/// The order of the parameters, in one of the two buffers; `None` where they are in order already.
fn sorted<'p, 'b>(
    count: usize,
    pair: &impl Fn(usize) -> (&'p [u8], &'p [u8]),
    few: &'b mut [(u64, usize)],
    many: &'b mut Vec<(u64, usize)>,
) -> Option<&'b [(u64, usize)]> {
    if (1..count).all(|at| order::compare_pairs(pair(at - 1), pair(at)).is_le()) {
        return None;
    }
    let order = if count <= few.len() {
        &mut few[..count]
    } else {
        many.resize(count, (0, 0));
        many
    };
    for (at, slot) in order.iter_mut().enumerate() {
        *slot = (order::prefix(pair(at).0), at);
    }
    order.sort_unstable_by(|left, right| {
        left.0.cmp(&right.0).then_with(|| order::compare_pairs(pair(left.1), pair(right.1)))
    });
    Some(order)
}
