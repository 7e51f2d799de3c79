//! Exact sums of fractions, so that no rounding can move a score. Knows nothing of rules or weights.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A sum of non-negative fractions. Rounds only when it is read.
#[derive(Clone, Debug, Default)]
pub struct Exact {
    /// Numerators by denominator; each fraction in lowest terms when it was added.
    terms: BTreeMap<u128, u128>,
}

impl Exact {
    /// Adds a fraction; one without a denominator adds nothing.
    pub fn add(&mut self, numerator: u128, denominator: u128) {
        if numerator == 0 || denominator == 0 {
            return;
        }
        let divisor = gcd(numerator, denominator);
        let sum = self.terms.entry(denominator / divisor).or_default();
        *sum = sum.saturating_add(numerator / divisor);
    }

    /// Adds another sum, each fraction times `numerator / denominator`.
    pub fn add_scaled(&mut self, other: &Self, numerator: u128, denominator: u128) {
        for (d, n) in &other.terms {
            self.add(n.saturating_mul(numerator), d.saturating_mul(denominator));
        }
    }

    /// The largest whole number that is not above `scale` times the sum.
    pub fn floor(&self, scale: u32) -> u32 {
        let (numerator, denominator) = self.fraction();
        let scaled = numerator.times(&Natural::from(u128::from(scale)));
        let (mut low, mut high) = (0_u32, u32::MAX);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            match denominator.times(&Natural::from(u128::from(middle))).cmp(&scaled) {
                Ordering::Greater => high = middle - 1,
                _ => low = middle,
            }
        }
        low
    }

    /// The whole number nearest to `scale` times the sum; halves go up.
    pub fn round(&self, scale: u32) -> u32 {
        self.floor(scale.saturating_mul(2)).div_ceil(2)
    }

    /// The sum as one fraction.
    fn fraction(&self) -> (Natural, Natural) {
        let start = (Natural::from(0), Natural::from(1));
        self.terms.iter().fold(start, |(numerator, denominator), (d, n)| {
            let (d, n) = (Natural::from(*d), Natural::from(*n));
            (numerator.times(&d).plus(&n.times(&denominator)), denominator.times(&d))
        })
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Exact {}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        let ((a, b), (c, d)) = (self.fraction(), other.fraction());
        a.times(&d).cmp(&c.times(&b))
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// A natural number of any size: base 2⁶⁴, least first, no zero at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Natural(Vec<u64>);

impl Natural {
    fn from(value: u128) -> Self {
        Self::trimmed(vec![low(value), low(value >> 64)])
    }

    fn trimmed(mut limbs: Vec<u64>) -> Self {
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        Self(limbs)
    }

    fn plus(&self, other: &Self) -> Self {
        let (long, short) = if self.0.len() < other.0.len() { (other, self) } else { (self, other) };
        let mut carry = 0;
        let mut sum: Vec<u64> = Vec::with_capacity(long.0.len() + 1);
        for (index, limb) in long.0.iter().enumerate() {
            let total = u128::from(*limb) + u128::from(short.0.get(index).copied().unwrap_or(0)) + carry;
            sum.push(low(total));
            carry = total >> 64;
        }
        sum.push(low(carry));
        Self::trimmed(sum)
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = Self(Vec::new());
        for (shift, limb) in self.0.iter().enumerate() {
            let mut row = vec![0; shift];
            let mut carry = 0;
            for other in &other.0 {
                let total = u128::from(*limb) * u128::from(*other) + carry;
                row.push(low(total));
                carry = total >> 64;
            }
            row.push(low(carry));
            product = product.plus(&Self::trimmed(row));
        }
        product
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low limb is what is wanted")]
fn low(value: u128) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(terms: &[(u128, u128)]) -> Exact {
        let mut sum = Exact::default();
        for (n, d) in terms {
            sum.add(*n, *d);
        }
        sum
    }

    #[test]
    fn thirds_make_a_whole() {
        let whole = sum(&[(1, 3), (1, 3), (1, 3)]);
        assert_eq!((whole.floor(1), whole.floor(100), whole.round(10)), (1, 100, 10));
        assert_eq!(whole, sum(&[(1, 2), (1, 2)]));
        assert!(sum(&[(1, 3)]) < sum(&[(34, 100)]) && sum(&[(1, 3)]) > sum(&[(33, 100)]));
        assert_eq!((sum(&[]).floor(100), sum(&[(1, 0)]).floor(1)), (0, 0));
        assert_eq!((sum(&[(5, 100)]).round(10), sum(&[(4, 100)]).round(10)), (1, 0));
    }

    proptest! {
        #[test]
        fn agrees_with_one_common_denominator(terms in proptest::collection::vec((0_u128..1000, 1_u128..1000), 0..6)) {
            let denominator: u128 = terms.iter().map(|(_, d)| d).product();
            let numerator: u128 = terms.iter().map(|(n, d)| n * (denominator / d)).sum();
            let exact = sum(&terms);
            prop_assert_eq!(u128::from(exact.floor(100)), 100 * numerator / denominator);
            prop_assert_eq!(u128::from(exact.round(10)), (20 * numerator / denominator).div_ceil(2));
        }

        #[test]
        fn parts_of_a_huge_whole_are_still_the_whole(parts in proptest::collection::vec(1_u64.., 1..40)) {
            let whole: u128 = parts.iter().map(|p| u128::from(*p)).sum();
            let mut exact = Exact::default();
            for part in &parts {
                exact.add(u128::from(*part), whole);
            }
            prop_assert_eq!((exact.floor(1), exact.floor(100)), (1, 100));
        }
    }
}
