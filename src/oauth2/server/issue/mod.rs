//! The generation of tokens, their storage, and token responses.

pub(crate) mod extend;
pub(crate) mod token_request;
pub(crate) mod tokens;
