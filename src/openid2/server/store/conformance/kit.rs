//! A store that is checked.

use std::ops::Deref;

use crate::OneTimeUse;
use crate::core::conformance::rules::{Options, Rules, answered};
use crate::core::one_time::RememberOnce;
use crate::openid2::server::queries::AsyncStore;

/// A store that is checked.
pub(crate) struct Kit<'s, S: ?Sized> {
    store: &'s S,
    rules: Rules,
}

impl<S: ?Sized> Deref for Kit<'_, S> {
    type Target = Rules;

    fn deref(&self) -> &Rules {
        &self.rules
    }
}

impl<'s, S: AsyncStore + ?Sized> Kit<'s, S> {
    pub(crate) fn new(store: &'s S, options: Options) -> Self {
        Self { store, rules: Rules::new(options) }
    }

    pub(crate) async fn remember_once(&self, query: RememberOnce) -> OneTimeUse {
        answered("RememberOnce", self.store.remember_once(&query).await)
    }
}
