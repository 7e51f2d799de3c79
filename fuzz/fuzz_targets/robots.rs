//! A robots.txt with a path on its first line, and the same octets as a sitemap.
#![no_main]

use khien::wire::{
    field,
    robots::{PAGE_LIMIT, Robots, Sitemap},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = field::text(input);
    Robots::parse(input).allows("khien", text.lines().next().unwrap_or_default());
    assert!(Sitemap::parse(input).pages.len() <= PAGE_LIMIT);
});
