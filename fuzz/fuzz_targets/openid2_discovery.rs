#![no_main]

use oauth_proto_fuzz::openid2_discovery::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
