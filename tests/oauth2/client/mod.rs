//! The client and its sessions. The servers are scripts.

mod grants;
mod management;
mod outages;
#[cfg(feature = "os")]
mod processes;
mod quirks;
mod remote_authentication;
mod session;
mod shared_session;
