//! Domain names as SPF handles them: which may be asked for, cutting from the left, reverse names.

use std::net::IpAddr;

/// The longest name, dots between labels counted, trailing dot not (RFC 7208 section 7.3).
const NAME_LIMIT: usize = 253;
const LABEL_LIMIT: usize = 63;

/// Whether a question can be made of it: ASCII, 1 to 63 octets a label, 253 in all. Characters are not looked at
/// otherwise; SPF's names are not host names.
pub(super) fn is_askable(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.is_ascii()
        && name.len() <= NAME_LIMIT
        && name.split('.').all(|label| (1..=LABEL_LIMIT).contains(&label.len()))
}

/// Whether it can be the domain of a check (§4.3): askable, more than one label, no address literal.
pub(super) fn is_domain(name: &str) -> bool {
    is_askable(name)
        && name.strip_suffix('.').unwrap_or(name).contains('.')
        && !name.starts_with('[')
        && name.parse::<IpAddr>().is_err()
}

/// A domain of a mail address or greeting as the DNS has it: A-labels, without a trailing dot. What is no
/// internationalised name stays as it is and is refused later.
pub(super) fn to_ascii(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_ascii() {
        return name.to_owned();
    }
    idna::domain_to_ascii(name).unwrap_or_else(|_| name.to_owned())
}

/// An expanded target: without trailing dot, labels taken off the left until 253 characters are left (§7.3).
pub(super) fn target(expanded: &str) -> String {
    let mut name = expanded.strip_suffix('.').unwrap_or(expanded);
    while name.len() > NAME_LIMIT {
        match name.split_once('.') {
            Some((_, rest)) => name = rest,
            None => break,
        }
    }
    name.to_owned()
}

/// Whether `name` is `domain` or lies below it.
pub(super) fn is_within(name: &str, domain: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let Some(at) = name.len().checked_sub(domain.len()) else { return false };
    let (Some(left), Some(right)) = (name.get(..at), name.get(at..)) else { return false };
    right.eq_ignore_ascii_case(domain) && (left.is_empty() || left.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "a".repeat(64);
        for (name, askable, domain) in [
            ("example.vn", true, true),
            ("example.vn.", true, true),
            ("vn", true, false),
            ("", false, false),
            (".", false, false),
            ("a..vn", false, false),
            (long.as_str(), false, false),
            ("[192.0.2.1]", true, false),
            ("192.0.2.1", true, false),
            ("foo:bar/baz.example", true, true),
            ("tỉnh.vn", false, false),
        ] {
            assert_eq!((is_askable(name), is_domain(name)), (askable, domain), "{name:?}");
        }
        assert!(to_ascii("tỉnh.vn").starts_with("xn--"));
    }

    #[test]
    fn long_targets_lose_labels_on_the_left() {
        let name = "abcdefghi.".repeat(30) + "vn";
        let cut = target(&name);
        assert!(cut.len() <= NAME_LIMIT && cut.len() > NAME_LIMIT - 10 && is_within(&cut, "vn"));
        assert_eq!(target("a.vn."), "a.vn");
        assert_eq!(target(&"a".repeat(300)).len(), 300);
    }

    #[test]
    fn below_means_whole_labels() {
        for (name, domain, expected) in [
            ("a.example.vn", "example.vn", true),
            ("A.Example.VN.", "example.vn", true),
            ("example.vn", "example.vn", true),
            ("badexample.vn", "example.vn", false),
            ("vn", "example.vn", false),
        ] {
            assert_eq!(is_within(name, domain), expected, "{name} {domain}");
        }
    }
}
