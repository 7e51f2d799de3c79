//! Units that refer to units in a circle: parents, successors. Owns how a circle is found and told.

use std::collections::{BTreeMap, HashSet};

use super::load::Ids;
use super::read::Reader;
use super::{UnitId, raw};
use crate::language::{Text, text};
use crate::yaml::Location;

/// Follows one kind of reference from every unit; each circle is told once, at its first unit in the file.
pub(super) fn check_circles(
    reader: &mut Reader<'_>,
    units: &[raw::Unit],
    ids: &Ids,
    key: &str,
    reference: fn(&raw::Unit) -> Option<&raw::Text>,
) {
    let mut next: BTreeMap<UnitId, (UnitId, Location)> = BTreeMap::new();
    for unit in units {
        let Some(written) = reference(unit) else { continue };
        if let (Ok(from), Ok(to)) = (UnitId::parse(&unit.id), UnitId::parse(written))
            && ids.contains_key(&to)
        {
            next.entry(from).or_insert((to, written.at));
        }
    }
    // Units from which the walk is known to end, or whose circle has been told.
    let mut settled: HashSet<&UnitId> = HashSet::new();
    for unit in units {
        let Ok(start) = UnitId::parse(&unit.id) else { continue };
        let mut path: Vec<&UnitId> = Vec::new();
        let mut on_path: HashSet<&UnitId> = HashSet::new();
        let mut current = next.get_key_value(&start);
        while let Some((id, (to, at))) = current {
            if settled.contains(id) {
                break;
            }
            if !on_path.insert(id) {
                let circle: Vec<&str> = path
                    .iter()
                    .skip_while(|on| **on != id)
                    .map(|on| on.as_str())
                    .chain([id.as_str()])
                    .collect();
                let shown = if circle.len() > 8 {
                    text!("{count} đơn vị", "{count} units", count = circle.len() - 1)
                } else {
                    Text::same(circle.join(" → "))
                };
                let message = text!("`{key}` nối thành vòng tròn: {shown}", "`{key}` leads in a circle: {shown}"; shown = shown);
                reader.error(*at, message);
                break;
            }
            path.push(id);
            current = next.get_key_value(to);
        }
        settled.extend(path);
    }
}
