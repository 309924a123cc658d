//! The parts that the conformance kits of all protocols share.
#![expect(clippy::panic, reason = "a test calls it, and must fail when the store fails")]

pub(crate) mod check;
pub(crate) mod crowd;
pub(crate) mod kit;
pub(crate) mod one_time_values;
pub(crate) mod race;
pub(crate) mod rules;
