//! A walk through the protocols, with a real server and a real client on loopback. Each chapter is a module.

mod net;
mod oauth1;
mod oauth2;
mod oauth2_server;
mod show;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    oauth1::chapter()?;
    oauth2::chapters()
}
