//! A walk through the protocols, with a real server and a real client on loopback. Each chapter is a module.

mod net;
mod oauth1;
mod show;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    oauth1::chapter()
}
