//! Tokens: how they are made and stored, and the responses that bring them.

pub(crate) mod extend;
pub(crate) mod token_request;
pub(crate) mod tokens;
