//! The base string, compared with the second implementation.

use arbitrary::Arbitrary;
use oauth_proto::oauth1::base_string;

use crate::percent::encoded;
use crate::reference::{self, Pieces};
use crate::requests::Sent;

#[derive(Arbitrary, Debug)]
pub struct Input {
    sent: Sent,
    header: Option<Vec<(Vec<u8>, Vec<u8>)>>,
}

pub fn run(Input { sent, header }: Input) {
    let Some(mut request) = sent.request() else { return };
    // A name in the header cannot be empty, and `realm` is not a parameter.
    let mut header = header.unwrap_or_default();
    header.retain(|(name, _)| !name.is_empty() && !name.eq_ignore_ascii_case(b"realm"));
    let params =
        header.iter().map(|(name, value)| format!("{}=\"{}\"", encoded(name), encoded(value)));
    let params: Vec<String> = params.collect();
    let value = format!("OAuth realm=\"a, b\", {}", params.join(", "));
    request.headers_mut().insert("authorization", value.parse().unwrap());

    let (path, query) = sent.target();
    let expected = reference::base_string(&Pieces {
        method: sent.method(),
        https: sent.https,
        host: sent.host(),
        port: sent.port,
        path: &path,
        query: query.as_deref().map(str::as_bytes),
        header: &header,
        form: sent.form.as_deref(),
    });
    assert_eq!(String::from_utf8(base_string(&request).unwrap()).unwrap(), expected);
}
