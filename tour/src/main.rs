//! A tour of the protocols, with servers and clients on loopback. Each chapter is a module. With
//! `--serve`, an OAuth 2.0 server and a client wait for a browser instead. `--port` sets the port
//! of the client.

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
