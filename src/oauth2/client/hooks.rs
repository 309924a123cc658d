//! The caller's functions that see responses before they are read, and requests before they are
//! sent.

use std::fmt;
use std::sync::Arc;

use super::attach_token::ProtectedRequest;
use crate::{Purpose, Response};

type OnResponse = Arc<dyn Fn(Purpose, &mut Response) + Send + Sync>;
type OnRequest = Arc<dyn Fn(&mut ProtectedRequest<'_>) + Send + Sync>;

#[derive(Clone)]
pub(crate) enum Hook {
    TokenResponse(OnResponse),
    ProtectedRequest(OnRequest),
}

/// The functions in the order in which they were registered.
#[derive(Clone, Default)]
pub(crate) struct Hooks(Vec<Hook>);

impl Hooks {
    pub(crate) fn push(&mut self, hook: Hook) {
        self.0.push(hook);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn token_response(&self, purpose: Purpose, response: &mut Response) {
        for hook in &self.0 {
            if let Hook::TokenResponse(hook) = hook {
                hook(purpose, response);
            }
        }
    }

    pub(crate) fn protected_request(&self, request: &mut ProtectedRequest<'_>) {
        for hook in &self.0 {
            if let Hook::ProtectedRequest(hook) = hook {
                hook(request);
            }
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hooks", self.0.len())
    }
}
