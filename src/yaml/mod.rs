//! Reads a YAML document into typed Rust with line, column and a suggestion for every mistake. Knows no khien type.
