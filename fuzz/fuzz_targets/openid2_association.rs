#![no_main]

use oauth_proto_fuzz::openid2_association::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
