#![no_main]

use oauth_proto_fuzz::openid_return_to::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
