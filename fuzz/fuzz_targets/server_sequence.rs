#![no_main]

use oauth_proto_fuzz::server_sequence::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
