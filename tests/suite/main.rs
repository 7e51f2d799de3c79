//! Every test that is more than one module's own: one binary, so that it is linked once.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    reason = "tests fail by panicking, and their peers listen on loopback"
)]

mod architecture;
mod certificate;
mod cli;
mod clients;
mod dns_oracles;
mod dns_world;
mod fixes;
mod golden;
mod html;
mod lab;
mod mail;
mod net;
mod oracles;
mod peer;
mod peers;
mod probe_dns;
mod probe_dns_world;
mod probe_http;
mod probe_tls;
mod render;
mod score;
mod shelf;
mod spf_suite;
mod store;
mod target;
mod tls_behaviour;
mod tls_failures;
mod tls_intrusive;
mod tls_negotiation;
mod tls_odd;
mod web_lab;
mod web_oracles;
