//! The order of units within a block. Owns who comes before whom, not the blocks.

use std::cmp::Reverse;

use super::{Standing, UnitScore};

/// The rank of each unit of one block, in the order given; `None` for those that are not ranked. By the lower end of
/// the bracket, then the base, then fewer criticals; equal values share a rank, and the next rank is left out.
pub fn ranks(block: &[&UnitScore]) -> Vec<Option<u32>> {
    let key = |unit: &UnitScore| {
        let low = unit.bracket.map(|bracket| bracket.0);
        (unit.standing == Standing::Ranked).then_some((Reverse(low), Reverse(unit.base), unit.criticals))
    };
    let keys: Vec<_> = block.iter().map(|unit| key(unit)).collect();
    let mut sorted: Vec<_> = keys.iter().flatten().collect();
    sorted.sort_unstable();
    let rank = |key: &_| u32::try_from(1 + sorted.partition_point(|other| *other < key)).unwrap_or(u32::MAX);
    keys.iter().map(|key| key.as_ref().map(rank)).collect()
}
