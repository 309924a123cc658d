//! Sets options in the middle of a chain of methods.

/// Adds a method that changes a value in a chain of methods.
pub trait With: Sized {
    /// Returns the value after `change` has changed it.
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl<T> With for T {}
