#![no_main]

use oauth_proto_fuzz::sign_in::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
