//! The command line as somebody types it, against real nginx and OpenSSL servers on loopback.

#[path = "peer/mod.rs"]
mod peer;

#[path = "cli/run.rs"]
mod run;

#[path = "cli/check.rs"]
mod check;
#[path = "cli/documents.rs"]
mod documents;
#[path = "cli/scan.rs"]
mod scan;
#[path = "cli/workshop.rs"]
mod workshop;
