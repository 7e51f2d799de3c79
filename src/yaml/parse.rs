//! Text into values: the options under which serde-saphyr runs. Owns the limits; the sentences are in `message`.

use serde::de::DeserializeOwned;
use serde_saphyr::{MergeKeyPolicy, Options, alias_limits, budget, options};

use super::{Diagnostic, Source, message};

/// Lists and mappings may lie this deep in each other; an inventory needs 5, a rule's examples about 12.
pub(super) const MAX_DEPTH: usize = 32;
/// Values a file may hold. 5,000 units with 20,000 sites written out in full have about 400,000.
pub(super) const MAX_NODES: usize = 600_000;
/// Uses of an anchor (`*name`) in a file.
pub(super) const MAX_ALIASES: usize = 1_000;
/// Values that aliases may add together.
pub(super) const MAX_REPLAYED: usize = 50_000;

/// Parses one YAML document: booleans are `true` and `false` only, keys are unique, merge keys (`<<`), unknown
/// tags, a second document, includes and interpolation are refused, and aliases cannot blow a file up.
pub fn parse<T: DeserializeOwned>(source: &Source) -> Result<T, Diagnostic> {
    serde_saphyr::from_str_with_options(source.text(), limits())
        .map_err(|error| message::explain(source, &error))
}

fn limits() -> Options {
    options! {
        strict_booleans: true,
        with_snippet: false,
        merge_keys: MergeKeyPolicy::Error,
        reject_unsupported_tags: true,
        reject_tagged_field_names: true,
        alias_limits: alias_limits! {
            max_total_replayed_events: MAX_REPLAYED,
            max_replay_stack_depth: 8,
            max_alias_expansions_per_anchor: MAX_ALIASES,
        },
        budget: budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_documents: 2,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
            max_recorded_anchor_events: MAX_REPLAYED,
            max_recorded_anchor_bytes: super::MAX_BYTES,
            max_total_scalar_bytes: 2 * super::MAX_BYTES,
            enforce_alias_anchor_ratio: false,
        },
    }
}
