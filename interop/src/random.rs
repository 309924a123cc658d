//! Random numbers that are the same in every run with the same seed.

/// A SplitMix64 generator. It is simple, and its numbers never change.
#[derive(Clone, Debug)]
pub struct Random(u64);

/// Returns the seed: `INTEROP_SEED`, or a fixed number.
pub fn seed() -> u64 {
    let given = std::env::var("INTEROP_SEED").ok();
    given.map_or(5849, |seed| seed.parse().expect("INTEROP_SEED is a number"))
}

impl Random {
    /// Returns the generator for `label`. Each test has its own label, so that tests do not depend
    /// on each other.
    pub fn new(label: &str) -> Self {
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(label.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed(), fnv))
    }

    /// Returns the next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number less than `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % end as u64).expect("it is less than a usize")
    }

    /// Returns `true` once in `times` calls on average.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Returns one of the items.
    pub fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}
