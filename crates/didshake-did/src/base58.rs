//! base58btc of texts as long as a DID: five characters at a time, because a peer that proved nothing may make us decode one.

/// The bytes of a base58btc text. Decoding is exact: each text has its own bytes, a leading `1` a leading zero.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut limbs: Vec<u32> = Vec::with_capacity(text.len() / 5 + 1);
    for group in text.as_bytes().chunks(5) {
        let (mut value, mut factor) = (0, 1);
        for character in group {
            value = value * 58 + u64::from(digit(*character)?);
            factor *= 58;
        }
        multiply_add(&mut limbs, factor, value);
    }
    let zeros = text.bytes().take_while(|character| *character == b'1').count();
    let number = limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).skip_while(|byte| *byte == 0);
    Some(std::iter::repeat_n(0, zeros).chain(number).collect())
}

/// Whether a text has nothing but characters of base58btc, so that it has bytes.
pub(crate) fn is_text(text: &str) -> bool {
    text.bytes().all(|character| digit(character).is_some())
}

// The least significant limb comes first; factor and value are at most 58^5, so that nothing overflows.
fn multiply_add(limbs: &mut Vec<u32>, factor: u64, value: u64) {
    let mut carry = value;
    for limb in limbs.iter_mut() {
        let product = u64::from(*limb) * factor + carry;
        *limb = low(product);
        carry = product >> 32;
    }
    if carry > 0 {
        limbs.push(low(carry));
    }
}

fn low(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'1'..=b'9' => Some(character - b'1'),
        b'A'..=b'H' => Some(character - b'A' + 9),
        b'J'..=b'N' => Some(character - b'J' + 17),
        b'P'..=b'Z' => Some(character - b'P' + 22),
        b'a'..=b'k' => Some(character - b'a' + 33),
        b'm'..=b'z' => Some(character - b'm' + 44),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn leading_ones_are_zeros_and_other_characters_are_none() {
        assert_eq!(decode(""), Some(vec![]));
        assert_eq!(decode("111"), Some(vec![0, 0, 0]));
        assert_eq!(decode("z"), Some(vec![57]));
        for bad in ["0", "O", "I", "l", "z z", "é", "+"] {
            assert!(decode(bad).is_none() && !is_text(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn it_is_what_another_implementation_says(bytes in proptest::collection::vec(any::<u8>(), 0..400), zeros in 0..4usize) {
            let bytes = [vec![0; zeros], bytes].concat();
            let text = bs58::encode(&bytes).into_string();
            prop_assert!(is_text(&text));
            prop_assert_eq!(decode(&text), Some(bytes));
        }
    }
}
