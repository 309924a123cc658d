#![no_main]

use oauth_proto_fuzz::oauth2_callback::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
