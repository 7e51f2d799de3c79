//! Runs the program with a clean environment and keeps what it said.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

/// What a run said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program, ready for more arguments.
pub(crate) fn khien() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_khien"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    command
}

pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Said {
    run_in(Path::new("."), arguments)
}

pub(crate) fn run_in<S: AsRef<std::ffi::OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Said {
    let output = khien().args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

impl Said {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The verdicts of the only site, by rule.
    pub(crate) fn verdicts(&self) -> BTreeMap<String, String> {
        let report = self.json();
        let findings = report.pointer("/units/0/sites/0/findings").and_then(Value::as_array).unwrap();
        findings
            .iter()
            .map(|f| (f["rule"].as_str().unwrap().to_owned(), f["verdict"].as_str().unwrap().to_owned()))
            .collect()
    }

    /// The failed rules of a category.
    pub(crate) fn failed(&self, categories: &[&str]) -> Vec<String> {
        let of = |rule: &str| categories.iter().any(|c| rule.starts_with(&format!("{c}-")));
        self.verdicts()
            .into_iter()
            .filter(|(rule, v)| v == "fail" && of(rule))
            // told only, and of every server that keeps what OpenSSL has by default
            .filter(|(rule, _)| rule != "tls-cipher-cbc-offered")
            .map(|(rule, _)| rule)
            .collect()
    }
}
