//! A page.
#![no_main]

use khien::wire::{
    field,
    html::{FORM_LIMIT, LINK_LIMIT, RESOURCE_LIMIT, read},
    url::HttpUrl,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(url) = HttpUrl::parse("https://x.vn/") else { return };
    let page = read(&field::text(input), &url);
    assert!(page.resources.len() <= RESOURCE_LIMIT && page.links.len() <= LINK_LIMIT);
    assert!(page.forms.len() <= FORM_LIMIT + 1);
});
