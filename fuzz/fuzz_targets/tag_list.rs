//! Tag lists of TXT records.
#![no_main]

use khien::wire::tag_list::TagList;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let list = TagList::parse(&text);
    assert!(list.tags.iter().all(|tag| !tag.name.contains('=') && !tag.value.contains(';')));
});
