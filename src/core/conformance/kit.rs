//! The store that is checked, with its queries.

/// Defines `Kit`, whose methods ask the queries of a protocol, and end the check if the store
/// fails. A module needs the trait `AsyncStore` of its stores, and the types of the queries.
macro_rules! kit {
    ($($method:ident: $Query:ident -> $Output:ty $(, $default:ident)*;)*) => {
        /// A store that is checked.
        pub(crate) struct Kit<'s, S: ?Sized> {
            store: &'s S,
            rules: $crate::core::conformance::rules::Rules,
        }

        impl<S: ?Sized> std::ops::Deref for Kit<'_, S> {
            type Target = $crate::core::conformance::rules::Rules;

            fn deref(&self) -> &Self::Target {
                &self.rules
            }
        }

        impl<'s, S: AsyncStore + ?Sized> Kit<'s, S> {
            pub(crate) fn new(
                store: &'s S,
                options: $crate::core::conformance::rules::Options,
            ) -> Self {
                Self { store, rules: $crate::core::conformance::rules::Rules::new(options) }
            }

            $(pub(crate) async fn $method(&self, query: $Query) -> $Output {
                $crate::core::conformance::rules::answered(
                    stringify!($Query),
                    self.store.$method(&query).await,
                )
            })*
        }
    };
}

pub(crate) use kit;
