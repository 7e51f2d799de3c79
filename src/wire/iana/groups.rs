//! The TLS supported groups registry, as data: names, kind, size. Judges nothing.

/// A known named group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedGroup {
    /// The code point.
    pub code: u16,
    /// IANA's name (`x25519`, `X25519MLKEM768`); withdrawn experiments carry the name of their draft.
    pub name: &'static str,
    /// What kind of mathematics.
    pub kind: GroupKind,
}

/// The kinds of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupKind {
    /// An elliptic curve over a binary field (`sect…`, all deprecated by RFC 8422).
    BinaryCurve,
    /// An elliptic curve over a prime field, Weierstrass, Montgomery or Edwards.
    PrimeCurve,
    /// A finite-field Diffie-Hellman group (RFC 7919).
    FiniteField,
    /// A post-quantum key encapsulation alone.
    PostQuantum,
    /// A curve and a post-quantum key encapsulation together.
    Hybrid,
    /// A placeholder by which the server sends its own curve (deprecated by RFC 8422).
    ExplicitCurve,
}

impl NamedGroup {
    /// Whether recorded traffic resists a quantum computer: post-quantum alone or in a hybrid.
    pub fn is_post_quantum(&self) -> bool {
        matches!(self.kind, GroupKind::PostQuantum | GroupKind::Hybrid)
    }

    /// Bits of the field (curves) or of the prime (finite field), read from the name; `None` where the notion
    /// does not apply (post-quantum, hybrids, explicit curves).
    pub fn field_bits(&self) -> Option<u16> {
        match (self.kind, self.name) {
            (GroupKind::PostQuantum | GroupKind::Hybrid | GroupKind::ExplicitCurve, _) => None,
            (_, "curveSM2") => Some(256),
            (_, "x25519") => Some(255),
            (_, name) => {
                let digits: String = name
                    .trim_start_matches(|c: char| !c.is_ascii_digit())
                    .chars()
                    .take_while(char::is_ascii_digit)
                    .collect();
                digits.parse().ok()
            }
        }
    }
}

/// Looks a code up.
pub fn named_group(code: u16) -> Option<NamedGroup> {
    named_groups().find(|group| group.code == code)
}

/// Every known group in ascending order.
pub fn named_groups() -> impl Iterator<Item = NamedGroup> {
    GROUPS.iter().map(|&(code, name, kind)| NamedGroup { code, name, kind })
}

use GroupKind::{BinaryCurve, ExplicitCurve, FiniteField, Hybrid, PostQuantum, PrimeCurve};

#[rustfmt::skip]
const GROUPS: &[(u16, &str, GroupKind)] = &[
    (0x0001, "sect163k1", BinaryCurve), (0x0002, "sect163r1", BinaryCurve), (0x0003, "sect163r2", BinaryCurve),
    (0x0004, "sect193r1", BinaryCurve), (0x0005, "sect193r2", BinaryCurve), (0x0006, "sect233k1", BinaryCurve),
    (0x0007, "sect233r1", BinaryCurve), (0x0008, "sect239k1", BinaryCurve), (0x0009, "sect283k1", BinaryCurve),
    (0x000a, "sect283r1", BinaryCurve), (0x000b, "sect409k1", BinaryCurve), (0x000c, "sect409r1", BinaryCurve),
    (0x000d, "sect571k1", BinaryCurve), (0x000e, "sect571r1", BinaryCurve),
    (0x000f, "secp160k1", PrimeCurve), (0x0010, "secp160r1", PrimeCurve), (0x0011, "secp160r2", PrimeCurve),
    (0x0012, "secp192k1", PrimeCurve), (0x0013, "secp192r1", PrimeCurve), (0x0014, "secp224k1", PrimeCurve),
    (0x0015, "secp224r1", PrimeCurve), (0x0016, "secp256k1", PrimeCurve), (0x0017, "secp256r1", PrimeCurve),
    (0x0018, "secp384r1", PrimeCurve), (0x0019, "secp521r1", PrimeCurve),
    (0x001a, "brainpoolP256r1", PrimeCurve), (0x001b, "brainpoolP384r1", PrimeCurve),
    (0x001c, "brainpoolP512r1", PrimeCurve), (0x001d, "x25519", PrimeCurve), (0x001e, "x448", PrimeCurve),
    (0x001f, "brainpoolP256r1tls13", PrimeCurve), (0x0020, "brainpoolP384r1tls13", PrimeCurve),
    (0x0021, "brainpoolP512r1tls13", PrimeCurve),
    (0x0022, "GC256A", PrimeCurve), (0x0023, "GC256B", PrimeCurve), (0x0024, "GC256C", PrimeCurve),
    (0x0025, "GC256D", PrimeCurve), (0x0026, "GC512A", PrimeCurve), (0x0027, "GC512B", PrimeCurve),
    (0x0028, "GC512C", PrimeCurve), (0x0029, "curveSM2", PrimeCurve),
    (0x0100, "ffdhe2048", FiniteField), (0x0101, "ffdhe3072", FiniteField), (0x0102, "ffdhe4096", FiniteField),
    (0x0103, "ffdhe6144", FiniteField), (0x0104, "ffdhe8192", FiniteField),
    (0x0200, "MLKEM512", PostQuantum), (0x0201, "MLKEM768", PostQuantum), (0x0202, "MLKEM1024", PostQuantum),
    (0x11eb, "SecP256r1MLKEM768", Hybrid), (0x11ec, "X25519MLKEM768", Hybrid),
    (0x11ed, "SecP384r1MLKEM1024", Hybrid), (0x11ee, "curveSM2MLKEM768", Hybrid),
    (0x4138, "CECPQ2", Hybrid), (0x6399, "X25519Kyber768Draft00", Hybrid),
    (0x639a, "SecP256r1Kyber768Draft00", Hybrid),
    (0xff01, "arbitrary_explicit_prime_curves", ExplicitCurve),
    (0xff02, "arbitrary_explicit_char2_curves", ExplicitCurve),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique() {
        assert!(GROUPS.windows(2).all(|w| w[0].0 < w[1].0));
        let mut names: Vec<_> = named_groups().map(|g| g.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), GROUPS.len());
    }

    #[test]
    fn kinds_and_sizes_agree_with_every_name() {
        for group in named_groups() {
            let n = group.name;
            assert_eq!(group.kind == GroupKind::BinaryCurve, n.starts_with("sect"), "{n}");
            assert_eq!(group.kind == GroupKind::FiniteField, n.starts_with("ffdhe"), "{n}");
            assert_eq!(
                group.is_post_quantum(),
                ["MLKEM", "Kyber", "CECPQ"].iter().any(|t| n.contains(t)),
                "{n}"
            );
            let sized = !group.is_post_quantum() && group.kind != GroupKind::ExplicitCurve;
            assert_eq!(group.field_bits().is_some_and(|bits| (160..=8192).contains(&bits)), sized, "{n}");
        }
        let bits = |code| named_group(code).and_then(|g| g.field_bits());
        assert_eq!(
            [bits(0x17), bits(0x1d), bits(0x1e), bits(0x20), bits(0x100), bits(0x11ec)],
            [Some(256), Some(255), Some(448), Some(384), Some(2048), None]
        );
    }
}
