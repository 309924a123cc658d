//! The public functions of a conformance kit, which are the same for all protocols.

/// Defines `check`, `check_async` and `Check`. A module needs the traits of its stores, `Kit`, the
/// functions `one_by_one` and `at_once`, and `make`, which asks one query of a race.
macro_rules! check_functions {
    (
        $(#[$check_doc:meta])* check;
        $(#[$async_doc:meta])* check_async;
        $(#[$options_doc:meta])* options;
    ) => {
        $(#[$check_doc])*
        #[track_caller]
        pub fn check<S: Store + Sync + ?Sized>(store: &S, now: $crate::Timestamp) {
            Check::at(now).run(store);
        }

        $(#[$async_doc])*
        #[track_caller]
        pub fn check_async<S: AsyncStore + ?Sized>(
            store: &S,
            now: $crate::Timestamp,
        ) -> impl Future<Output = ()> {
            Check::at(now).run_async(store)
        }

        $(#[$options_doc])*
        #[derive(Clone, Copy, Debug)]
        #[must_use = "nothing is checked until `run` or `run_async` is called"]
        pub struct Check($crate::core::conformance::rules::Options);

        impl Check {
            /// Returns a check at this time.
            pub const fn at(now: $crate::Timestamp) -> Self {
                Self($crate::core::conformance::rules::Options::at(now))
            }

            /// Sets the seed. Checks with the same seed ask the same queries, in the same order
            /// within each race. The seed is also a part of all names and keys, so two checks of
            /// one store can have the same time if their seeds differ. Default: 0.
            pub const fn seed(mut self, seed: u64) -> Self {
                self.0.seed = seed;
                self
            }

            /// Sets the number of rounds of each race. Default: 1,000.
            pub const fn rounds(mut self, rounds: u64) -> Self {
                self.0.rounds = rounds;
                self
            }

            /// Checks a blocking store. Its races run on threads.
            ///
            /// # Panics
            /// If the store fails, or does not do what its trait requires.
            #[track_caller]
            pub fn run<S: Store + Sync + ?Sized>(self, store: &S) {
                let caller = std::panic::Location::caller();
                let asked = Blocking(store);
                let kit = Kit::new(&asked, self.0);
                $crate::core::server_queries::at_once(async {
                    one_by_one(&kit).await;
                    kit.finish(caller);
                    at_once(&kit, async |rounds| {
                        $crate::core::conformance::crowd::threads(rounds, |one| {
                            $crate::core::server_queries::at_once(make(&Blocking(store), one))
                        })
                    })
                    .await;
                });
                kit.finish(caller);
            }

            /// Checks an asynchronous store. Its futures are polled in turn on the caller's task,
            /// so they overlap where they wait. Check a store that never waits with
            /// [`run`](Self::run).
            ///
            /// # Panics
            /// If the store fails, or does not do what its trait requires.
            #[track_caller]
            pub fn run_async<S: AsyncStore + ?Sized>(
                self,
                store: &S,
            ) -> impl Future<Output = ()> {
                let caller = std::panic::Location::caller();
                async move {
                    let kit = Kit::new(store, self.0);
                    one_by_one(&kit).await;
                    kit.finish(caller);
                    at_once(&kit, async |rounds| {
                        let ask = async |one| make(store, one).await;
                        $crate::core::conformance::crowd::tasks(rounds, ask).await
                    })
                    .await;
                    kit.finish(caller);
                }
            }
        }
    };
}

pub(crate) use check_functions;
