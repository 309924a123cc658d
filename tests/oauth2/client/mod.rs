//! Our client and its sessions, with the other side as a script.

mod grants;
mod management;
mod outages;
#[cfg(feature = "os")]
mod processes;
mod quirks;
mod remote_authentication;
mod session;
mod shared_session;
