//! For WASI: the operating system has a clock and randomness.

use oauth_proto::Moment;

fn main() {
    println!("{}", oauth_proto_wasm_program::sign_in(Moment::from_os()));
}
