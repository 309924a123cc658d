//! Diffie-Hellman Key Exchange for associations, OpenID Authentication 2.0 §4.2, §8.4.2 and
//! appendix B.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use zeroize::Zeroizing;

/// The default modulus (appendix B).
const MODULUS: &str = "DCF93A0B883972EC0E19989AC5A2CE310E1D37717E8D9571BB7623731866E61E\
                       F75A2E27898B057F9891C2E27A639C3F29B60814581CD3B2CA3986D268370557\
                       7D45C2E7E52DC81C7A171876E5CEA74B1448BFDFAF18828EFD2519F14E45E382\
                       6634AF1949E5B535CC829A483B8A76223E5D490A257F05BDFF16F2FB22C583AB";

/// The default generator (§8.1.2).
pub(crate) const GENERATOR: [u8; 1] = [2];

/// The accepted sizes of a modulus, in bits: shorter ones are insecure, and longer ones cost the
/// server too much (§15.5).
const SIZES: std::ops::RangeInclusive<usize> = 1024..=2048;

/// A modulus and a generator.
pub(crate) struct Group {
    params: BoxedMontyParams,
    generator: BoxedUint,
}

/// The key pair of one side.
pub(crate) struct KeyPair {
    group: Group,
    private: Zeroizing<[u8; 32]>,
}

impl Group {
    /// Returns the default modulus and generator. It is never `None`.
    pub(crate) fn standard() -> Option<Self> {
        Self::standard_with(&GENERATOR)
    }

    /// Returns the default modulus with another generator. `None` if the generator cannot be used.
    pub(crate) fn standard_with(generator: &[u8]) -> Option<Self> {
        let modulus: Vec<u8> = MODULUS
            .as_bytes()
            .chunks(2)
            .filter_map(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
            .collect();
        Self::new(&modulus, generator)
    }

    /// Returns a group from big-endian numbers. `None` if it cannot be used.
    pub(crate) fn new(modulus: &[u8], generator: &[u8]) -> Option<Self> {
        let modulus = trimmed(modulus);
        if !SIZES.contains(&(modulus.len() * 8)) {
            return None;
        }
        let modulus = BoxedUint::from_be_slice(modulus, bits(modulus)?).ok()?;
        let params = BoxedMontyParams::new_vartime(Odd::new(modulus).into_option()?);
        let generator = number(&params, generator)?;
        Some(Self { params, generator })
    }

    /// Makes a key pair from 32 unguessable bytes. An exponent in a group of this size does not
    /// need more.
    pub(crate) fn key_pair(self, private: [u8; 32]) -> KeyPair {
        KeyPair { group: self, private: Zeroizing::new(private) }
    }
}

impl KeyPair {
    /// Returns the public value: `btwoc(g ^ x mod p)`.
    pub(crate) fn public(&self) -> Option<Vec<u8>> {
        self.raise(&self.group.generator)
    }

    /// Returns the shared secret: `btwoc(g ^ (xa * xb) mod p)`. `None` if the public value of the
    /// other side would reveal the secret: the powers of 0, 1 and p - 1 are trivial.
    pub(crate) fn agree(&self, other: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let other = number(&self.group.params, other)?;
        self.raise(&other).map(Zeroizing::new)
    }

    fn raise(&self, base: &BoxedUint) -> Option<Vec<u8>> {
        let exponent = BoxedUint::from_be_slice(&*self.private, 256).ok()?;
        let power = BoxedMontyForm::new(base.clone(), &self.group.params).pow(&exponent);
        Some(btwoc(&power.retrieve().to_be_bytes()))
    }
}

/// Reads a number. `None` if it is not between 2 and p - 2.
fn number(params: &BoxedMontyParams, bytes: &[u8]) -> Option<BoxedUint> {
    let precision = params.bits_precision();
    let number = BoxedUint::from_be_slice(trimmed(bytes), precision).ok()?;
    let one = BoxedUint::one_with_precision(precision);
    let last = params.modulus().as_ref().wrapping_sub(&one);
    (number > one && number < last).then_some(number)
}

/// Returns the bits of precision that a number needs, in whole words.
fn bits(bytes: &[u8]) -> Option<u32> {
    u32::try_from(bytes.len().div_ceil(8) * 64).ok()
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

/// Returns the shortest big-endian two's complement of a number that is not negative (§4.2).
fn btwoc(bytes: &[u8]) -> Vec<u8> {
    let bytes = trimmed(bytes);
    let zero = bytes.first().is_none_or(|byte| *byte >= 0x80);
    let mut out = Vec::with_capacity(bytes.len() + 1);
    out.extend(zero.then_some(0));
    out.extend_from_slice(bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// §4.2's table.
    #[test]
    fn integers_are_written_as_the_specification_shows() {
        for (number, bytes) in [
            (0_u32, &b"\x00"[..]),
            (127, b"\x7f"),
            (128, b"\x00\x80"),
            (255, b"\x00\xff"),
            (32768, b"\x00\x80\x00"),
        ] {
            assert_eq!(btwoc(&number.to_be_bytes()), bytes, "{number}");
        }
    }

    #[test]
    fn both_sides_compute_the_same_number() {
        let one = Group::standard().unwrap().key_pair([3; 32]);
        let other = Group::standard().unwrap().key_pair([9; 32]);
        let shared = one.agree(&other.public().unwrap()).unwrap();
        assert_eq!(shared, other.agree(&one.public().unwrap()).unwrap());
        assert_ne!(shared, one.agree(&one.public().unwrap()).unwrap());
    }

    /// Small enough to be known: 2 to the power of 5.
    #[test]
    fn powers_are_computed_correctly() {
        let mut five = [0; 32];
        five[31] = 5;
        assert_eq!(Group::standard().unwrap().key_pair(five).public().unwrap(), [32]);
    }

    #[test]
    fn numbers_that_reveal_the_secret_are_refused() {
        let keys = Group::standard().unwrap().key_pair([3; 32]);
        let modulus = keys.group.params.modulus().as_ref().to_be_bytes();
        let mut last = modulus.clone();
        last[127] -= 1;
        for public in [&[][..], &[0], &[1], &[0, 0, 1], &last, &modulus, &[0xff; 300]] {
            assert_eq!(keys.agree(public), None, "{public:?}");
        }
    }

    #[test]
    fn an_even_or_small_or_huge_modulus_is_refused() {
        let odd = |length: usize| vec![0xff; length];
        assert!(Group::new(&odd(128), &[2]).is_some());
        assert!(Group::new(&[vec![0], odd(130)].concat(), &[2]).is_some());
        for modulus in
            [vec![], vec![7], odd(127), odd(257), odd(100_000), [odd(127), vec![0xfe]].concat()]
        {
            assert!(Group::new(&modulus, &[2]).is_none(), "{} bytes", modulus.len());
        }
        assert!(
            Group::new(&odd(128), &[1]).is_none() && Group::new(&odd(128), &odd(129)).is_none()
        );
    }
}
