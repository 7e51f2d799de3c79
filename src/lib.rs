#![doc = include_str!("../ARCHITECTURE.md")]

pub mod language;
pub mod yaml;

pub mod target;
pub mod wire;

pub mod observation;

pub mod net;
pub mod probe;
pub mod scan;

pub mod lab;

pub mod rule;

pub mod client;
pub mod profile;

pub mod score;

pub mod render;
pub mod report;
pub mod store;

pub mod cli;
