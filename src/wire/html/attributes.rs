//! How many attributes a tag may turn out to have, counted before it is read: what compares them does so with each one
//! before.

/// Whether the tag that `piece` begins with may have more attributes than this. An estimate from above: what stands
/// between blanks and slashes outside of quotes.
pub(super) fn are_too_many(piece: &str, limit: usize) -> bool {
    // an attribute takes two octets at least
    if piece.len() < limit * 2 {
        return false;
    }
    let (mut words, mut quote, mut before) = (0, None, b' ');
    for octet in piece.bytes() {
        match quote {
            Some(mark) if octet == mark => {
                quote = None;
                words += 1;
            }
            Some(_) => continue,
            None => match octet {
                b'>' => break,
                b'"' | b'\'' if before == b'=' => quote = Some(octet),
                b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/' | b'"' | b'\'' => words += 1,
                _ => {}
            },
        }
        if !octet.is_ascii_whitespace() {
            before = octet;
        }
    }
    words > limit
}

#[cfg(test)]
mod tests {
    use super::are_too_many;

    #[test]
    fn a_long_value_is_not_many() {
        let image = format!("<img alt=x src=\"data:image/png;base64,{}\">", "a/b ".repeat(50_000));
        assert!(!are_too_many(&image, 1_000));
        assert!(!are_too_many(&format!("<p> {}", "word ".repeat(50_000)), 1_000));
        assert!(are_too_many(&format!("<p {}>", "a ".repeat(5_000)), 1_000));
        assert!(are_too_many(&format!("<p {}>", "a/".repeat(5_000)), 1_000));
        assert!(are_too_many(&format!("<p {}>", "a=''".repeat(5_000)), 1_000));
        assert!(are_too_many(&format!("<p {}>", "b=\"\"".repeat(5_000)), 1_000));
    }
}
