//! Reading DER elements one by one (X.690), for the places where a parser of whole structures would give up at the
//! first odd element. Owns no meaning of what it reads.

/// One element: its identifier octet, its contents, and what follows it.
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) contents: &'a [u8],
    pub(super) rest: &'a [u8],
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// The first element of `input`; `None` where the input ends early, or has a long-form tag or a length that is
/// indefinite or longer than four octets.
pub(super) fn read(input: &[u8]) -> Option<Element<'_>> {
    let (&tag, input) = input.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&first, mut input) = input.split_first()?;
    let length = match first {
        0..=0x7f => usize::from(first),
        0x81..=0x84 => {
            let (octets, rest) = input.split_at_checked(usize::from(first & 0x7f))?;
            input = rest;
            octets
                .iter()
                .try_fold(0_usize, |sum, octet| sum.checked_mul(256)?.checked_add(usize::from(*octet)))?
        }
        _ => return None,
    };
    let (contents, rest) = input.split_at_checked(length)?;
    Some(Element { tag, contents, rest })
}

/// The contents of the element at the start of `input`, where it has this tag.
pub(super) fn contents(input: &[u8], tag: u8) -> Option<&[u8]> {
    read(input).filter(|element| element.tag == tag).map(|element| element.contents)
}

/// Bits of a positive INTEGER without leading zeros.
pub(super) fn bit_length(integer: &[u8]) -> Option<u32> {
    let zeros = integer.iter().take_while(|octet| **octet == 0).count();
    let significant = integer.get(zeros..)?;
    let bits = significant.len().checked_mul(8)?;
    let first = significant.first().map_or(0, |octet| octet.leading_zeros());
    u32::try_from(bits).ok()?.checked_sub(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_in_short_and_long_form() {
        assert_eq!(
            read(&[0x04, 0x01, 0xaa, 0xbb]).map(|e| (e.tag, e.contents, e.rest)),
            Some((4, &[0xaa][..], &[0xbb][..]))
        );
        assert_eq!(contents(&[0x30, 0x81, 0x02, 1, 2], SEQUENCE), Some(&[1, 2][..]));
        assert_eq!(contents(&[0x30, 0x82, 0x00, 0x01, 7], SEQUENCE), Some(&[7][..]));
        for broken in [
            &[][..],
            &[0x30],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x02, 1],
            &[0x30, 0x85, 0, 0, 0, 0, 1, 1],
            &[0x1f, 1, 1],
        ] {
            assert!(read(broken).is_none(), "{broken:x?}");
        }
    }

    #[test]
    fn bits_of_an_integer() {
        for (integer, bits) in [(&[][..], 0), (&[0], 0), (&[0, 0x80], 8), (&[1, 0], 9), (&[0, 0, 0xff], 8)] {
            assert_eq!(bit_length(integer), Some(bits), "{integer:x?}");
        }
    }
}
