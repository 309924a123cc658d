//! placeholder
#![forbid(unsafe_code)]

mod error;
mod moment;
pub mod oauth1;
mod secret;
mod step;
pub mod wire;

pub use error::{Error, Expired, Forged, Misbehaved, Refused, Unsupported};
pub use moment::{Moment, Timestamp};
pub use secret::Secret;
pub use step::{Asleep, DriveError, Request, Response, Sent, Step, run_async_with, run_with};
#[cfg(feature = "os")]
pub use step::{run, run_async};
