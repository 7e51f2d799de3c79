//! The structure of RSA moduli made by Infineon's library before 2017 (ROCA, CVE-2017-15361; Nemec et al., CCS 2017):
//! their primes are k·M + (65537^a mod M) for a product M of small primes, so the modulus is a power of 65537 modulo M.
//! A modulus of another origin is one with a chance of less than 2^-100.

use std::sync::LazyLock;

use x509_parser::num_bigint::BigUint;

/// Longest modulus looked at, in octets.
const LONGEST: usize = 2_048;

/// Every prime up to 167: M of keys of 512 to 960 bits, which divides the M of longer ones.
const PRIMES: [u32; 39] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];
const GENERATOR: u32 = 65_537;

/// M, and the order of the generator modulo M in its prime powers.
struct Group {
    modulus: BigUint,
    order: BigUint,
    powers: Vec<u32>,
}

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    // The order modulo a product of primes is the least common multiple of the orders modulo each.
    let mut powers: Vec<(u32, u32)> = Vec::new();
    for order in PRIMES.iter().map(|prime| order_modulo(*prime)) {
        for (prime, power) in prime_powers(order) {
            match powers.iter_mut().find(|(known, _)| *known == prime) {
                Some((_, known)) => *known = power.max(*known),
                None => powers.push((prime, power)),
            }
        }
    }
    let powers: Vec<u32> = powers.into_iter().map(|(_, power)| power).collect();
    Group {
        modulus: PRIMES.iter().fold(BigUint::from(1_u32), |product, prime| product * *prime),
        order: powers.iter().fold(BigUint::from(1_u32), |product, power| product * *power),
        powers,
    }
});

/// Whether a modulus, big-endian, is a power of the generator modulo M. The group of such powers is cyclic, so it is
/// enough to find the logarithm for each prime power of its order (Pohlig and Hellman).
pub(super) fn has_its_structure(modulus: &[u8]) -> bool {
    let number = BigUint::from_bytes_be(modulus.get(..LONGEST).unwrap_or(modulus));
    let Group { modulus: m, order, powers } = &*GROUP;
    let element = number % m;
    if element.modpow(order, m) != BigUint::from(1_u32) {
        return false;
    }
    let generator = BigUint::from(GENERATOR);
    powers.iter().all(|power| {
        let cofactor = order / *power;
        let (step, wanted) = (generator.modpow(&cofactor, m), element.modpow(&cofactor, m));
        let mut reached = BigUint::from(1_u32);
        (0..*power).any(|_| {
            let found = reached == wanted;
            reached = &reached * &step % m;
            found
        })
    })
}

/// How often the generator must be multiplied with itself to come to 1.
fn order_modulo(prime: u32) -> u32 {
    let step = GENERATOR % prime;
    let mut reached = step % prime;
    let mut order = 1;
    while reached != 1 % prime && order < prime {
        reached = reached * step % prime;
        order += 1;
    }
    order
}

/// (prime, its power) of a number.
fn prime_powers(mut number: u32) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    for prime in PRIMES {
        let mut power = 1;
        while number.is_multiple_of(prime) {
            number /= prime;
            power *= prime;
        }
        if power > 1 {
            found.push((prime, power));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_group_is_the_published_one() {
        // Nemec et al., table 1: for 39 primes the order has 62 bits, and M 220.
        assert_eq!(GROUP.order, BigUint::from(2_454_106_387_091_158_800_u64));
        assert_eq!(GROUP.modulus.bits(), 220);
    }

    /// A number of the structure of such a prime: k·M + 65537^a mod M.
    fn alike(k: &[u8], a: u64) -> BigUint {
        BigUint::from_bytes_be(k) * &GROUP.modulus
            + BigUint::from(GENERATOR).modpow(&BigUint::from(a), &GROUP.modulus)
    }

    proptest! {
        #[test]
        fn products_of_such_primes_are_found(
            k in proptest::collection::vec(1_u8.., 100..101), a in 0_u64..,
            l in proptest::collection::vec(1_u8.., 100..101), b in 0_u64..,
        ) {
            let modulus = (alike(&k, a) * alike(&l, b)).to_bytes_be();
            prop_assert!(has_its_structure(&modulus));
            prop_assert!(has_its_structure(&[&[0], &modulus[..]].concat()));
        }

        #[test]
        fn other_numbers_are_not(number in proptest::collection::vec(0_u8.., 0..300)) {
            prop_assert!(number.iter().all(|octet| *octet == 0) || number == [1] || !has_its_structure(&number));
        }
    }

    #[test]
    fn numbers_without_size() {
        assert!(!has_its_structure(&[]));
        assert!(!has_its_structure(&[0, 0]));
        assert!(!has_its_structure(&vec![0xff; 100_000]));
    }
}
