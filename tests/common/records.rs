//! Reading the committed files of stored records.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads the records of a kind, checks that nothing of them is lost, and returns them. Also checks
/// records without a version, with a later version, and with a member that is added later.
#[track_caller]
pub fn read<T: Serialize + DeserializeOwned>(file: &str, kind: &str) -> Vec<T> {
    let all: Value = serde_json::from_str(file).unwrap();
    let written = |stored: Value| {
        let record: T = serde_json::from_value(stored).unwrap();
        serde_json::to_value(&record).unwrap()
    };
    let read = |stored: &Value| {
        assert_eq!(written(stored.clone()), *stored);
        let mut old = stored.clone();
        old.as_object_mut().unwrap().remove("v").unwrap();
        assert_eq!(written(old), *stored, "a record without a version");
        let mut extended = stored.clone();
        extended["a_later_member"] = 7.into();
        assert_eq!(written(extended), *stored, "a later member");
        let mut later = stored.clone();
        later["v"] = 2.into();
        let error = serde_json::from_value::<T>(later).err().unwrap().to_string();
        assert!(error.contains("expected a record of version 1"), "{error}");
        serde_json::from_value(stored.clone()).unwrap()
    };
    all[kind].as_array().unwrap().iter().map(read).collect()
}
