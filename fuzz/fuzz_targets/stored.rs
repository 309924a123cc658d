#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| oauth_proto_fuzz::stored::run(input));
