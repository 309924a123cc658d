#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| oauth_proto_fuzz::openid2_key_value::run(input));
