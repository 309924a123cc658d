//! Options that are set in the middle of a chain.

/// A change in the middle of a chain.
pub trait With: Sized {
    /// Returns the value with a change.
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl<T> With for T {}
