#![no_main]

use oauth_proto_fuzz::bearer::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
