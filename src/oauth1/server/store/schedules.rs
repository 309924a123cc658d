//! Key schedules that are kept with the records of a server (RFC 2104 §4), so the request of a
//! known client costs only the blocks of its base string.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Secret;
use crate::oauth1::signing::{Key, KeyEncoding, Method, signing_key};

/// The schedules of one record, one for each method of HMAC. Each is computed when it is first
/// needed.
///
/// They are secret: they are wiped, and `Debug` does not show them. They are not part of the
/// record's value: a clone has none, and a comparison of records ignores them.
#[derive(Default)]
pub(crate) struct Schedules([Mutex<Option<Arc<Schedule>>>; 3]);

/// A key with its schedule, and the secrets from which it was computed.
pub(crate) struct Schedule {
    client: Secret,
    token: Option<Secret>,
    encoding: KeyEncoding,
    pub(crate) key: Key,
}

impl Schedules {
    /// Returns the schedule for these secrets. `None` if the method is not HMAC.
    ///
    /// The fields of a record can be changed. A schedule that was computed from other secrets is
    /// replaced.
    pub(crate) fn get(
        &self,
        method: &Method,
        client: &Secret,
        token: Option<&Secret>,
        encoding: KeyEncoding,
    ) -> Option<Arc<Schedule>> {
        let [sha1, sha256, sha512] = &self.0;
        let kept = match method {
            Method::HmacSha1 => sha1,
            Method::HmacSha256 => sha256,
            Method::HmacSha512 => sha512,
            _ => return None,
        };
        // The value is consistent between two statements, so a thread that panicked has not broken
        // it.
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |kept: &Arc<Schedule>| {
            kept.client == *client && kept.token.as_ref() == token && kept.encoding == encoding
        };
        if !kept.as_ref().is_some_and(fits) {
            let key = Key::new(method, signing_key(client, token, encoding));
            *kept = Some(Arc::new(Schedule {
                client: client.clone(),
                token: token.cloned(),
                encoding,
                key,
            }));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth1::signing::NO_MAC;

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
        let mut digits = NO_MAC;
        let signature = computed
            .sign("", None, &mut digits, |writer| writer.prepared(b"text"))
            .unwrap()
            .value();
        kept.key.verify(signature.as_bytes(), |writer| writer.prepared(b"text"))
    }

    #[test]
    fn a_schedule_is_used_only_for_its_own_secrets() {
        let schedules = Schedules::default();
        for method in [Method::HmacSha1, Method::HmacSha256, Method::HmacSha512] {
            for secrets in
                [("a&", Some("b")), ("a&", Some("c")), ("a&", None), ("d", None), ("a&", Some("b"))]
            {
                for encoding in [KeyEncoding::Encoded, KeyEncoding::Raw, KeyEncoding::Raw] {
                    assert!(fits(&schedules, &method, secrets, encoding), "{method:?} {secrets:?}");
                }
            }
        }
    }

    #[test]
    fn a_schedule_is_computed_once_and_is_not_part_of_a_records_value() {
        let (schedules, secret) = (Schedules::default(), Secret::from("secret"));
        let get = |schedules: &Schedules| {
            schedules.get(&Method::HmacSha1, &secret, None, KeyEncoding::Encoded).unwrap()
        };
        assert!(Arc::ptr_eq(&get(&schedules), &get(&schedules)));
        assert!(!Arc::ptr_eq(&get(&schedules), &get(&schedules.clone())));
        assert_eq!(schedules, Schedules::default());
        assert_eq!(format!("{schedules:?}"), "[redacted]");
        assert!(
            schedules
                .get(&Method::DangerousPlaintext, &secret, None, KeyEncoding::Encoded)
                .is_none()
        );
    }
}
