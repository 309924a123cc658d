//! Numbers in decimal, two digits at a time.

/// Writes a number in decimal at the end of `room`, which has at least 20 bytes, and returns where
/// it begins.
#[inline]
pub(super) fn write_decimal(room: &mut [u8], mut number: u64) -> usize {
    let mut start = room.len();
    // Two digits at a time.
    while number > 9 {
        start -= 2;
        room[start..start + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    if number > 0 || start == room.len() {
        start -= 1;
        room[start] = b'0' + (number % 10) as u8;
    }
    start
}

/// The decimal digits of every number below 100.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number: u8 = 0;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_right_at_both_ends() {
        for number in [0, 9, 10, 137_131_200, u64::MAX] {
            let mut room = [0; 20];
            let start = write_decimal(&mut room, number);
            assert_eq!(room[start..], *number.to_string().as_bytes());
        }
    }
}
