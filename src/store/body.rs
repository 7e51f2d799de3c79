//! How JSON is kept: deflated, under its SHA-256, and where only single values differ from what is kept already, as a
//! patch of these values. Pure; where bodies live is `visit`.

use aws_lc_rs::digest;
use miniz_oxide::{deflate::compress_to_vec_zlib, inflate::decompress_to_vec_zlib_with_limit};
use serde_json::Value;

use super::StoreError;
use crate::observation::MAX_BYTES;

/// The most bytes a body may have once inflated.
const LIMIT: usize = 2 * MAX_BYTES;
/// A patch that takes more than this part of the body it patches is not worth it.
const WORTHWHILE: usize = 4;

/// SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec_zlib(bytes, 7)
}

fn unpack(data: &[u8]) -> Result<Vec<u8>, StoreError> {
    decompress_to_vec_zlib_with_limit(data, LIMIT).map_err(|error| {
        StoreError::Corrupt(format!("a stored document does not inflate ({})", error.status as i8))
    })
}

fn parse(bytes: &[u8]) -> Result<Value, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::Corrupt(format!("a stored document: {error}")))
}

/// The JSON of a stored body, held against its SHA-256.
pub(super) fn read(data: &[u8], hash: &[u8]) -> Result<Value, StoreError> {
    let bytes = unpack(data)?;
    if sha256(&bytes) != hash {
        return Err(StoreError::Corrupt("a stored document does not match its SHA-256".to_owned()));
    }
    parse(&bytes)
}

/// The values of `new` that differ from `base`, packed; nothing where the two have not the same shape, or where so
/// much differs that a body of its own is better (`size`: what the base takes).
pub(super) fn patch(base: &Value, new: &Value, size: usize) -> Option<Vec<u8>> {
    let mut changes: Vec<Value> = Vec::new();
    let mut leaf = 0_u64;
    let mut open = vec![(base, new)];
    while let Some((old, new)) = open.pop() {
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => {
                if old.len() != new.len() {
                    return None;
                }
                for (key, value) in old {
                    open.push((value, new.get(key)?));
                }
            }
            (Value::Array(old), Value::Array(new)) => {
                if old.len() != new.len() {
                    return None;
                }
                open.extend(old.iter().zip(new));
            }
            (Value::Object(_) | Value::Array(_), _) | (_, Value::Object(_) | Value::Array(_)) => return None,
            (old, new) => {
                if old != new {
                    changes.push(leaf.into());
                    changes.push(new.clone());
                }
                leaf += 1;
            }
        }
    }
    let packed = pack(&serde_json::to_vec(&changes).ok()?);
    (packed.len() <= size / WORTHWHILE).then_some(packed)
}

/// Puts the values of a patch into the body it was made for.
pub(super) fn apply(base: &mut Value, patch: &[u8]) -> Result<(), StoreError> {
    let damaged = || StoreError::Corrupt("a stored patch does not fit its document".to_owned());
    let Value::Array(changes) = parse(&unpack(patch)?)? else { return Err(damaged()) };
    let mut changes = changes.into_iter();
    let mut next = || -> Result<Option<(u64, Value)>, StoreError> {
        let Some(leaf) = changes.next() else { return Ok(None) };
        Ok(Some((leaf.as_u64().ok_or_else(damaged)?, changes.next().ok_or_else(damaged)?)))
    };
    let mut change = next()?;
    let mut leaf = 0_u64;
    // the same order as in `patch`
    let mut open = vec![base];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => open.extend(map.values_mut()),
            Value::Array(items) => open.extend(items),
            scalar => {
                if let Some((_, new)) = change.take_if(|(at, _)| *at == leaf) {
                    *scalar = new;
                    change = next()?;
                }
                leaf += 1;
            }
        }
    }
    if change.is_some() { Err(damaged()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-zàẹ ]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// The same with some leaves changed.
    fn changed(value: &Value, seed: u64) -> Value {
        let mut value = value.clone();
        let mut open = vec![&mut value];
        let mut state = seed;
        while let Some(next) = open.pop() {
            match next {
                Value::Object(map) => open.extend(map.values_mut()),
                Value::Array(items) => open.extend(items),
                scalar => {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    if state >> 62 == 0 {
                        *scalar = Value::from(state);
                    }
                }
            }
        }
        value
    }

    proptest! {
        #[test]
        fn a_body_comes_back(value in values()) {
            let bytes = serde_json::to_vec(&value).unwrap();
            prop_assert_eq!(read(&pack(&bytes), &sha256(&bytes)).unwrap(), value);
        }

        #[test]
        fn a_patch_leads_to_what_it_was_made_from(base in values(), seed in any::<u64>()) {
            let new = changed(&base, seed);
            let patch = patch(&base, &new, usize::MAX).unwrap();
            let mut result = base;
            apply(&mut result, &patch).unwrap();
            prop_assert_eq!(result, new);
        }

        #[test]
        fn whatever_shapes_meet_nothing_is_lost(base in values(), new in values()) {
            if let Some(patch) = patch(&base, &new, usize::MAX) {
                let mut result = base;
                apply(&mut result, &patch).unwrap();
                prop_assert_eq!(result, new);
            }
        }

        #[test]
        fn damage_is_an_error_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), base in values()) {
            let mut result = base;
            let _ = apply(&mut result, &bytes);
            let _ = apply(&mut result, &pack(&bytes));
            prop_assert!(read(&bytes, &[0; 32]).is_err());
        }
    }

    #[test]
    fn keys_that_change_places_are_the_same_document() {
        let (base, new) = (json!({"a": 1, "b": {"c": 2}}), json!({"b": {"c": 3}, "a": 1}));
        let patch = patch(&base, &new, usize::MAX).unwrap();
        let mut result = base;
        apply(&mut result, &patch).unwrap();
        assert_eq!(result, new);
    }

    #[test]
    fn another_shape_or_too_many_changes_are_a_body_of_their_own() {
        assert!(patch(&json!([1, 2]), &json!([1]), usize::MAX).is_none());
        assert!(patch(&json!({"a": 1}), &json!({"b": 1}), usize::MAX).is_none());
        assert!(patch(&json!({"a": 1}), &json!({"a": [1]}), usize::MAX).is_none());
        assert!(patch(&json!({"a": 1}), &json!({"a": "x".repeat(50)}), 40).is_none());
    }

    #[test]
    fn a_bomb_does_not_inflate() {
        let bomb = pack(&vec![b' '; LIMIT + 1]);
        assert!(bomb.len() < 20_000);
        assert!(matches!(unpack(&bomb), Err(StoreError::Corrupt(_))));
    }
}
