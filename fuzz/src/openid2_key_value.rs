//! Key-Value form: read exactly as a slow reading by the specification has it, and written back as it was.

use std::collections::BTreeMap;

use oauth_proto::openid2::key_value::{encode, parse};

pub fn run(body: &[u8]) {
    let read = parse(body);
    assert_eq!(read, reference(body));
    let Some(message) = read else { return };
    let written = encode(message.iter().map(|(key, value)| (key.as_str(), value.as_str()))).unwrap();
    assert_eq!(parse(written.as_bytes()), Some(message));
}

fn reference(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut message = BTreeMap::new();
    let mut rest = body.to_vec();
    if rest.last() != Some(&b'\n') {
        rest.push(b'\n');
    }
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = rest.drain(..=end).collect();
        let colon = line.iter().position(|byte| *byte == b':')?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let (key, value) = (text(&line[..colon])?, text(&line[colon + 1..end])?);
        if message.insert(key, value).is_some() {
            return None;
        }
    }
    Some(message)
}
