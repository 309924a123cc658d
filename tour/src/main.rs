//! A walk through the protocols, with a real server and a real client on loopback. Each chapter is
//! a module. With `--serve` the server of OAuth 2.0 waits for a browser instead, and a client
//! beside it; `--port` is the client's.

mod key_service;
#[path = "../../examples/loopback/net.rs"]
mod net;
mod oauth1;
mod oauth2;
mod oauth2_server;
mod openid2;
mod pages;
mod printer;
mod serve;
mod sessions;
mod show;
mod sign_in;
mod sign_in_with;

fn main() -> Result<(), oauth_proto::BoxError> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => [
            oauth1::chapter,
            oauth2::chapters,
            openid2::chapter,
            sign_in_with::chapter,
            key_service::chapter,
        ]
        .into_iter()
        .try_for_each(|chapter| chapter()),
        ["--serve"] => serve::forever(0),
        ["--serve", "--port", port] => serve::forever(port.parse()?),
        _ => Err("usage: oauth-proto-tour [--serve [--port <number>]]".into()),
    }
}
