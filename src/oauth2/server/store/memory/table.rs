//! A table whose operations are all short: many small maps, each behind the lock of its shard.
//!
//! One large map would move all of its entries when it grows, and all threads would wait for that.
//! Here a shard is a row of small maps. When a shard has become too full, one map is split in two;
//! when it has become too empty, two maps are merged. A map has about [`FULL`] entries, so no
//! operation moves more than a few hundred, whatever the table's size. (The scheme is Litwin's
//! linear hashing.)

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The number of shards. Threads seldom wait for each other if there are more shards than cores.
const SHARDS: usize = 16;

/// The average number of entries in a shard's maps at which one of them is split.
const FULL: usize = 64;

/// The average at which two are merged. Far below [`FULL`], so a table does not change back and
/// forth.
const EMPTY: usize = FULL / 4;

/// The number of entries after which a sweep stops, looked at or moved.
const SWEPT: usize = 64;

/// The number of maps after which a sweep stops.
const VISITED: usize = 16;

/// The number of insertions between two sweeps that find little.
const PAUSE: usize = 16;

/// A key that is evenly distributed, because it is a hash or random.
pub(crate) trait Key: Copy + Eq + Hash {
    /// Returns the bits that choose the shard and the map. They must not overlap with the bytes
    /// that [`FirstBytes`] takes.
    fn place(&self) -> u64;
}

/// A table from keys to values.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    shards: [Mutex<Shard<K, V>>; SHARDS],
    sweep: Sweep,
}

/// The place and the time of the next sweep.
#[derive(Debug)]
struct Sweep {
    /// The shard in the lowest bits, and the map above them.
    place: AtomicUsize,
    /// The number of insertions from one sweep to the next.
    pause: AtomicUsize,
    /// The number of insertions that are left until the next sweep.
    left: AtomicUsize,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        let [place, pause, left] = [0, PAUSE, PAUSE].map(AtomicUsize::new);
        Self { shards: Default::default(), sweep: Sweep { place, pause, left } }
    }
}

impl<K: Key, V> Table<K, V> {
    /// Locks the shard to which a key belongs.
    pub(crate) fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K, V>> {
        lock(&self.shards[usize_of(key.place()) % SHARDS])
    }

    /// Returns the number of entries.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len).sum()
    }

    /// Removes some of the entries that have ended, and returns them. The function `is_over` can
    /// change an entry. If it is called at each insertion, it finds all of them in the end.
    ///
    /// Most calls do nothing. After a sweep that finds many entries, the next one comes earlier, so
    /// at most about a quarter of the table has ended and is not dropped yet.
    pub(crate) fn sweep(&self, is_over: impl Fn(&mut V) -> bool) -> Vec<(K, V)> {
        // If two threads overwrite each other's counts, a sweep is early or late.
        let left = self.sweep.left.load(Ordering::Relaxed);
        if left > 0 {
            self.sweep.left.store(left - 1, Ordering::Relaxed);
            return Vec::new();
        }
        let (mut over, mut seen, mut moved, mut len) = (Vec::new(), 0, 0, 0);
        let mut at = self.sweep.place.load(Ordering::Relaxed);
        for _ in 0..VISITED {
            let mut shard = lock(&self.shards[at % SHARDS]);
            let (seen_here, moved_here) = shard.sweep(at / SHARDS, &is_over, &mut over);
            (seen, moved) = (seen + seen_here, moved + moved_here);
            len = shard.len * SHARDS;
            // All maps of a shard are visited before those of the next one.
            let is_last = at / SHARDS + 1 >= shard.maps.len();
            at = if is_last { (at + 1) % SHARDS } else { at + SHARDS };
            if seen + moved >= SWEPT {
                break;
            }
        }
        self.sweep.place.store(at, Ordering::Relaxed);
        let pause = self.sweep.pause.load(Ordering::Relaxed);
        let longest = (len / 256).clamp(PAUSE, 1024);
        let pause = match over.len() {
            much if 2 * much > seen => 1,
            some if 4 * some > seen => (pause / 2).max(1),
            little if 8 * little < seen => (pause * 2).min(longest),
            _ => pause.min(longest),
        };
        self.sweep.pause.store(pause, Ordering::Relaxed);
        self.sweep.left.store(pause - 1, Ordering::Relaxed);
        over
    }

    /// Removes entries that have ended, at most `limit`, and returns them. The function `is_over`
    /// can change an entry. Each map is locked for itself.
    pub(crate) fn purge(&self, is_over: impl Fn(&mut V) -> bool, limit: usize) -> Vec<(K, V)> {
        let mut over = Vec::new();
        for shard in &self.shards {
            // From the last map to the first, because a merge moves entries to an earlier map.
            let mut after = lock(shard).maps.len();
            while after > 0 && over.len() < limit {
                let left = Cell::new(limit - over.len());
                let is_one = |value: &mut V| {
                    let is_one = left.get() > 0 && is_over(value);
                    left.set(left.get() - usize::from(is_one));
                    is_one
                };
                after -= 1;
                lock(shard).sweep(after, is_one, &mut over);
            }
        }
        over
    }

    /// Calls a function with each value. Each shard is locked for itself.
    pub(crate) fn for_each(&self, mut look: impl FnMut(&V)) {
        for shard in &self.shards {
            lock(shard).maps.iter().flat_map(Map::values).for_each(&mut look);
        }
    }
}

/// Locks, also after a panic: every statement leaves the maps consistent, so the lock of a thread
/// that panicked can be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[allow(clippy::cast_possible_truncation, reason = "only the low bits are needed")]
fn usize_of(bits: u64) -> usize {
    bits as usize
}

type Map<K, V> = HashMap<K, V, BuildHasherDefault<FirstBytes>>;

/// A part of a table, with its own lock.
#[derive(Debug)]
pub(crate) struct Shard<K, V> {
    maps: Vec<Map<K, V>>,
    len: usize,
}

impl<K, V> Default for Shard<K, V> {
    fn default() -> Self {
        Self { maps: Vec::new(), len: 0 }
    }
}

impl<K: Key, V> Shard<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.maps.get(self.map_of(key))?.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let at = self.map_of(key);
        self.maps.get_mut(at)?.get_mut(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        if self.len >= self.maps.len() * FULL {
            self.split();
        }
        let at = self.map_of(&key);
        let map = &mut self.maps[at];
        #[cfg(test)]
        let (capacity, len) = (map.capacity(), map.len());
        let before = map.insert(key, value);
        #[cfg(test)]
        moved::count(if map.capacity() == capacity { 0 } else { len });
        self.len += usize::from(before.is_none());
        before
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let at = self.map_of(key);
        let value = self.maps.get_mut(at)?.remove(key)?;
        self.len -= 1;
        self.merge();
        Some(value)
    }

    /// Removes a value if a function returns `true` for it.
    pub(crate) fn remove_if(&mut self, key: &K, is_one: impl FnOnce(&V) -> bool) -> Option<V> {
        self.get(key).is_some_and(is_one).then(|| self.remove(key)).flatten()
    }

    /// Returns the map to which a key belongs: the low bits of the key, as many as the maps need.
    /// If that map has not been added yet, one bit fewer: the map that it will be split from.
    fn map_of(&self, key: &K) -> usize {
        let bits = usize_of(key.place()) / SHARDS;
        let all = self.maps.len().next_power_of_two();
        let at = bits & (all - 1);
        if at < self.maps.len() { at } else { at & (all / 2).saturating_sub(1) }
    }

    /// Adds a map, and moves to it its share of the one map that it is split from.
    fn split(&mut self) {
        let added = self.maps.len();
        self.maps.push(Map::default());
        if added == 0 {
            return;
        }
        let mut divided = std::mem::take(&mut self.maps[buddy(added)]);
        let moving: Vec<_> = divided.extract_if(|key, _| self.map_of(key) == added).collect();
        #[cfg(test)]
        moved::count(moving.len());
        self.maps[buddy(added)] = divided;
        self.maps[added].reserve(moving.len());
        self.maps[added].extend(moving);
    }

    /// Removes the last map and puts its entries back into the map that it was split from, if there
    /// is too much room. Returns how many entries it moved.
    fn merge(&mut self) -> usize {
        if self.maps.len() < 2 || self.len >= self.maps.len() * EMPTY {
            return 0;
        }
        let Some(last) = self.maps.pop() else { return 0 };
        let moved = last.len();
        let at = buddy(self.maps.len());
        let joined = &mut self.maps[at];
        #[cfg(test)]
        let (capacity, len) = (joined.capacity(), joined.len() + last.len());
        #[cfg(test)]
        moved::count(last.len());
        joined.extend(last);
        if joined.capacity() > 4 * FULL {
            joined.shrink_to(FULL);
        }
        #[cfg(test)]
        moved::count(if joined.capacity() == capacity { 0 } else { len });
        if self.maps.capacity() > 4 * self.maps.len() {
            self.maps.shrink_to(2 * self.maps.len());
        }
        moved
    }

    /// Removes the ended entries from one of the maps. Returns the number of entries that it looked
    /// at, and that it moved.
    fn sweep(
        &mut self,
        at: usize,
        is_over: impl Fn(&mut V) -> bool,
        over: &mut Vec<(K, V)>,
    ) -> (usize, usize) {
        let Some(map) = self.maps.get_mut(at) else { return (0, 0) };
        let (seen, before) = (map.len(), over.len());
        over.extend(map.extract_if(|_, value| is_over(value)));
        let dropped = over.len() - before;
        #[cfg(test)]
        moved::count(dropped);
        self.len -= dropped;
        // Twice, so the row of maps shrinks faster than sweeps walk along it.
        let moved = self.merge() + self.merge();
        (seen, moved)
    }
}

/// Returns the map that an added one was split from: its number without the highest bit.
fn buddy(added: usize) -> usize {
    added - (added.next_power_of_two() >> usize::from(!added.is_power_of_two()))
}

/// Hashes by the first bytes of a key that is evenly distributed already. The keys are random, or
/// hashes of a secret, so attackers cannot choose them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u128(&mut self, number: u128) {
        self.write(&number.to_ne_bytes());
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }

    /// Ignores the length, since all keys have the same length.
    fn write_usize(&mut self, _: usize) {}
}

/// Counts the entries that a thread has moved or dropped.
#[cfg(test)]
pub(crate) mod moved {
    use std::cell::Cell;

    thread_local!(static MOVED: Cell<usize> = const { Cell::new(0) });

    pub(crate) fn count(entries: usize) {
        MOVED.set(MOVED.get() + entries);
    }
    /// Returns the count and resets it.
    pub(in crate::oauth2::server) fn take() -> usize {
        MOVED.take()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;

    impl Key for u128 {
        fn place(&self) -> u64 {
            (*self >> 64) as u64
        }
    }

    /// Returns an evenly distributed key.
    fn key(number: u32) -> u128 {
        let digest: [u8; 32] = Sha256::digest(number.to_be_bytes()).into();
        u128::from_ne_bytes(*digest.first_chunk().unwrap())
    }

    #[derive(Clone, Debug)]
    enum Action {
        Insert(u32),
        Remove(u32),
        Sweep(u32),
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            6 => (0..4_000_u32).prop_map(Action::Insert),
            3 => (0..4_000_u32).prop_map(Action::Remove),
            1 => (0..4_000_u32).prop_map(Action::Sweep),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_table_holds_what_a_map_holds(actions in prop::collection::vec(action(), 0..6_000)) {
            let table = Table::default();
            let mut model = HashMap::new();
            for action in actions {
                match action {
                    Action::Insert(number) => {
                        let before = table.shard(&key(number)).insert(key(number), number);
                        prop_assert_eq!(before, model.insert(key(number), number));
                    }
                    Action::Remove(number) => {
                        prop_assert_eq!(
                            table.shard(&key(number)).remove(&key(number)),
                            model.remove(&key(number))
                        );
                    }
                    Action::Sweep(below) => {
                        for (_, number) in table.sweep(|number| *number < below) {
                            prop_assert!(number < below);
                            prop_assert_eq!(model.remove(&key(number)), Some(number));
                        }
                    }
                }
            }
            prop_assert_eq!(table.len(), model.len());
            for number in 0..4_000 {
                let kept = table.shard(&key(number)).get(&key(number)).copied();
                prop_assert_eq!(kept, model.get(&key(number)).copied());
            }
        }
    }

    #[test]
    fn a_table_shrinks_again() {
        let table = Table::default();
        let room = |table: &Table<u128, u32>| -> usize {
            let room = |shard: &Shard<_, _>| {
                shard.maps.iter().map(Map::capacity).sum::<usize>() + shard.maps.capacity()
            };
            table.shards.iter().map(|shard| room(&lock(shard))).sum()
        };
        for number in 0..100_000 {
            table.shard(&key(number)).insert(key(number), number);
        }
        assert!(room(&table) < 300_000, "{}", room(&table));
        for _ in 0..100_000 {
            table.sweep(|number| *number >= 100);
        }
        assert_eq!(table.len(), 100);
        assert!(room(&table) < 16 * 8 * FULL, "{}", room(&table));
    }
}
