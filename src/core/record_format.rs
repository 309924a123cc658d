//! The version of the stored form of records.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde::ser::{Serialize, Serializer};

/// The version of the stored form, in the member `v` of each record. A record without the member
/// has version 1. All later versions of this crate read version 1.
///
/// A member that is added later does not change the version, since older programs ignore it. The
/// version is only raised if an older program would understand a record wrongly. Such a program
/// then refuses the record, and does not lose what it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecordFormat;

/// The version that this crate writes.
const CURRENT: u64 = 1;

impl Serialize for RecordFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(CURRENT)
    }
}

impl<'de> Deserialize<'de> for RecordFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            CURRENT => Ok(Self),
            other => Err(Error::invalid_value(
                Unexpected::Unsigned(other),
                &"a record of version 1 (a later version of this crate has written this record: \
                  update the program that reads it)",
            )),
        }
    }
}
