//! Key schedules that are kept with the records of a server (RFC 2104 §4), so that a known client's request costs no more
//! blocks than its base string has.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::verifier::hex;
use crate::oauth1::key::Key;
use crate::oauth1::method::{KeyEncoding, Kind, Method, signing_key};
use crate::{Moment, Secret};

/// The schedules that belong to one record: one for each method of HMAC, computed when it is first needed.
///
/// They are secrets. They are wiped like secrets, no `Debug` shows them, and they are no part of the record's value: a clone
/// begins without them, and they make no difference to whether two records are equal.
#[derive(Default)]
pub(super) struct Schedules([Mutex<Option<Arc<Schedule>>>; 3]);

/// A key with its schedule, and what it was computed from.
pub(super) struct Schedule {
    client: Secret,
    token: Option<Secret>,
    encoding: KeyEncoding,
    pub(super) key: Key,
}

impl Schedules {
    /// Returns the schedule that belongs to these secrets; `None` where the method is not HMAC.
    ///
    /// The fields of a record can be changed, and so can its client's secret. A schedule of other secrets is replaced.
    pub(super) fn get(
        &self,
        method: &Method,
        client: &Secret,
        token: Option<&Secret>,
        encoding: KeyEncoding,
    ) -> Option<Arc<Schedule>> {
        let [sha1, sha256, sha512] = &self.0;
        let kept = match method.0 {
            Kind::HmacSha1 => sha1,
            Kind::HmacSha256 => sha256,
            Kind::HmacSha512 => sha512,
            Kind::Plaintext | Kind::Custom(_) => return None,
        };
        // It is whole between two statements, so a thread that panicked has not broken it.
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let fits =
            |kept: &Arc<Schedule>| kept.client == *client && kept.token.as_ref() == token && kept.encoding == encoding;
        if !kept.as_ref().is_some_and(fits) {
            let key = Key::new(method, signing_key(client, token, encoding));
            *kept = Some(Arc::new(Schedule { client: client.clone(), token: token.cloned(), encoding, key }));
        }
        kept.clone()
    }
}

impl Clone for Schedules {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Schedules {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Schedules {}

impl fmt::Debug for Schedules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What takes the place of an unknown client's or token's secrets and schedules, so that checking the signature takes the
/// same work.
///
/// Only the first request with a record that has no schedule yet takes longer, and once is too seldom to be measured.
#[derive(Default)]
pub(super) struct StandIn {
    secret: OnceLock<Secret>,
    alone: Standing,
    with_token: Standing,
}

impl StandIn {
    /// Returns a random secret, which is made from the first moment that is there when it is needed.
    pub(super) fn secret(&self, moment: &Moment) -> &Secret {
        // Two of them make a key that is no longer than a block, as those of usual secrets are.
        self.secret.get_or_init(|| Secret::new(hex(&moment.derive("oauth1 stand-in")[..15])))
    }

    /// Returns what stands in for a client, with or without a token.
    pub(super) fn of(&self, with_token: bool) -> &Standing {
        if with_token { &self.with_token } else { &self.alone }
    }
}

/// Schedules that stand in for those of unknown records, where known records have some.
#[derive(Default)]
pub(super) struct Standing {
    schedules: Schedules,
    /// Whether the store makes its records anew for each answer, so that they have no schedules.
    anew: AtomicBool,
}

impl Standing {
    /// Returns the schedules for an unknown record.
    pub(super) fn unknown(&self) -> Option<&Schedules> {
        (!self.anew.load(Ordering::Relaxed)).then_some(&self.schedules)
    }

    /// Returns a known record's schedules, unless the record was made anew for this answer, so that keeping any in it would be
    /// of no use. Unknown records are treated alike from now on.
    pub(super) fn known<'s, T>(&self, record: &Arc<T>, schedules: &'s Schedules) -> Option<&'s Schedules> {
        let anew = Arc::strong_count(record) == 1;
        // It is nearly always as it was, and writing would slow other threads down.
        if self.anew.load(Ordering::Relaxed) != anew {
            self.anew.store(anew, Ordering::Relaxed);
        }
        (!anew).then_some(schedules)
    }
}

impl Clone for StandIn {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the key that the schedules have for these secrets signs as theirs does.
    fn fits(
        schedules: &Schedules,
        method: &Method,
        (client, token): (&str, Option<&str>),
        encoding: KeyEncoding,
    ) -> bool {
        let (client, token) = (Secret::from(client), token.map(Secret::from));
        let kept = schedules.get(method, &client, token.as_ref(), encoding).unwrap();
        let computed = Key::new(method, signing_key(&client, token.as_ref(), encoding));
        let mut digits = [0; _];
        let signature = computed.sign("", &mut digits, |writer| writer.prepared(b"text")).unwrap().value();
        kept.key.verify(signature.as_bytes(), |writer| writer.prepared(b"text"))
    }

    #[test]
    fn a_schedule_counts_for_its_own_secrets_only() {
        let schedules = Schedules::default();
        for method in [Method::HMAC_SHA1, Method::HMAC_SHA256, Method::HMAC_SHA512] {
            for secrets in [("a&", Some("b")), ("a&", Some("c")), ("a&", None), ("d", None), ("a&", Some("b"))] {
                for encoding in [KeyEncoding::Encoded, KeyEncoding::Raw, KeyEncoding::Raw] {
                    assert!(fits(&schedules, &method, secrets, encoding), "{method:?} {secrets:?}");
                }
            }
        }
    }

    #[test]
    fn a_schedule_is_computed_once_and_no_part_of_a_records_value() {
        let (schedules, secret) = (Schedules::default(), Secret::from("secret"));
        let get =
            |schedules: &Schedules| schedules.get(&Method::HMAC_SHA1, &secret, None, KeyEncoding::Encoded).unwrap();
        assert!(Arc::ptr_eq(&get(&schedules), &get(&schedules)));
        assert!(!Arc::ptr_eq(&get(&schedules), &get(&schedules.clone())));
        assert_eq!(schedules, Schedules::default());
        assert_eq!(format!("{schedules:?}"), "[redacted]");
        assert!(schedules.get(&Method::dangerous_plaintext(), &secret, None, KeyEncoding::Encoded).is_none());
    }
}
