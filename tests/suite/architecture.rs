//! Who may import whom: the table of ARCHITECTURE.md held against every `crate::…` in `src/`.
//! Also: no file without a word about itself, none above the cap, no module with a name that says nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const MOST_LINES: usize = 500;
const EMPTY_NAMES: [&str; 5] = ["utils", "common", "helpers", "manager", "misc"];

fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    files.sort();
    files
}

/// The module a file belongs to: the first folder or file below `src/`.
fn module(path: &Path) -> String {
    let first = path.components().nth(1).unwrap();
    Path::new(&first).file_stem().unwrap().to_string_lossy().into_owned()
}

/// The rows `| module, module | may import |` of the import table in ARCHITECTURE.md.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string("ARCHITECTURE.md").unwrap();
    let words = |cell: &str| -> Vec<String> {
        cell.split(',').map(|w| w.trim().trim_matches('`').to_owned()).filter(|w| !w.is_empty()).collect()
    };
    let mut table = BTreeMap::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("| module | may import |") {
            inside = true;
        } else if inside && line.starts_with('|') && !line.starts_with("|---") {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            for name in words(cells[0]) {
                let allowed: BTreeSet<String> = if cells[1].trim() == "nothing of ours" {
                    BTreeSet::new()
                } else {
                    words(cells[1]).into_iter().collect()
                };
                table.insert(name, allowed);
            }
        } else if inside && !line.starts_with('|') {
            inside = false;
        }
    }
    assert!(table.len() > 8, "ARCHITECTURE.md has no import table");
    table
}

/// The modules that a text names after `crate::`, comments left out.
fn imports(text: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code))
        .collect::<Vec<_>>()
        .join("\n");
    let word = |rest: &str| -> String {
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => drop(found.insert(word(rest))),
            Some(group) => {
                // the first word of each member at depth one
                let mut depth = 1;
                let mut member = String::new();
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        _ => {}
                    }
                    if (c == ',' && depth == 1) || depth == 0 {
                        found.insert(word(member.trim()));
                        member.clear();
                    } else {
                        member.push(c);
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
    }
    found.remove("");
    found
}

#[test]
fn nobody_imports_what_the_table_does_not_allow() {
    let table = table();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let module = module(&path);
        if module == "lib" || module == "main" {
            continue;
        }
        let Some(allowed) = table.get(&module) else {
            wrong.push(format!("{}: module {module} is not in the table", path.display()));
            continue;
        };
        for import in imports(&text) {
            if import != module && !allowed.contains(&import) && table.contains_key(&import) {
                wrong.push(format!("{}: {module} may not import {import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_test_sees_every_way_to_name_a_module() {
    let text = "use crate::net::Lane;\nuse crate::{\n    rule::{Rule, RuleSet},\n    score,\n};\nfn f() { crate::probe::x() } // crate::cli\n";
    let found: Vec<String> = imports(text).into_iter().collect();
    assert_eq!(found, ["net", "probe", "rule", "score"]);
}

#[test]
fn every_file_says_what_it_owns_and_none_is_a_drawer() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let name = path.display();
        let opens = text.starts_with("//!") || text.starts_with("#![doc");
        if !opens {
            wrong.push(format!("{name} opens without a word about itself"));
        }
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&text).lines().count();
        let tests = path.file_stem().is_some_and(|stem| stem.to_string_lossy().contains("test"));
        if code > MOST_LINES && !tests {
            wrong.push(format!("{name} has {code} lines; the cap is {MOST_LINES}"));
        }
        if path
            .components()
            .any(|part| EMPTY_NAMES.contains(&part.as_os_str().to_string_lossy().trim_end_matches(".rs")))
        {
            wrong.push(format!("{name}: a name that says nothing"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_sentences_hold() {
    for (path, text) in sources() {
        let module = module(&path);
        let code = text.split("#[cfg(test)]").next().unwrap_or(&text);
        let name = path.display();
        // the lab's name server listens on UDP; nobody but net opens such a socket to send
        let dials = ["TcpStream::connect", "TcpSocket::new", "UdpSocket::bind"]
            .iter()
            .filter(|call| module != "lab" || !call.starts_with("UdpSocket"))
            .any(|call| code.contains(call));
        assert!(module == "net" || !dials, "{name} dials; only net does");
        let prints = ["println!", "print!(", "eprintln!", "eprint!("].iter().any(|call| code.contains(call));
        assert!(module == "cli" || !prints, "{name} prints; only cli does");
        if module == "probe" {
            assert!(
                !code.contains("Verdict") && !code.contains("Severity"),
                "{name} judges; a probe never does"
            );
        }
        if module == "rule" {
            assert!(!code.contains("tokio"), "{name} knows the network; a rule never does");
        }
    }
}
