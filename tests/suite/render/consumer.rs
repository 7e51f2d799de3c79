//! The programs that read our formats outside: Microsoft's SARIF Multitool, Python's junitparser, xmllint. `tests/run`
//! installs them; without them these tests fail.

use std::{path::PathBuf, process::Command};

fn installed(path: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/consumers").join(path);
    assert!(path.exists(), "{} is not there; tests/run installs it", path.display());
    path
}

/// What a program says about a file, and whether it is content.
pub(super) fn says(mut command: Command) -> (bool, String) {
    let output =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; tests/run installs it"));
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// The SARIF Multitool, ready for a subcommand.
pub(super) fn multitool() -> Command {
    Command::new(installed("node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"))
}

/// Python with junitparser, ready for a program.
pub(super) fn python(program: &str) -> Command {
    let mut command = Command::new(installed("python/bin/python3"));
    command.args(["-I", "-c", program]);
    command
}

/// xmllint without network and entities.
pub(super) fn xmllint() -> Command {
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--nonet"]);
    command
}
