//! The parser of header parameters: any bytes, and back from what it wrote.

use oauth_proto::wire::auth_param;

pub fn run(input: &[u8]) {
    let (_, list) = auth_param::scheme(input);
    let params: Vec<_> = auth_param::parse(list).collect();
    assert!(params.len() <= list.len());
    // After an error there is nothing.
    assert!(params.iter().rev().skip(1).all(Result::is_ok));

    let Ok(params) = params.into_iter().collect::<Result<Vec<_>, _>>() else { return };
    let mut written = Vec::new();
    for (name, value) in &params {
        if !written.is_empty() {
            written.extend_from_slice(b" ,, ");
        }
        written.extend_from_slice(name);
        written.extend_from_slice(b" = \"");
        for byte in value.iter() {
            if matches!(byte, b'"' | b'\\') {
                written.push(b'\\');
            }
            written.push(*byte);
        }
        written.push(b'"');
    }
    let again: Vec<_> = auth_param::parse(&written).collect::<Result<_, _>>().unwrap();
    assert_eq!(again, params);
}
