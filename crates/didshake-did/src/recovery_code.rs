//! Recovery codes: a key on paper (`spec/recovery-code.md`).

use std::fmt;

use didshake::{Algorithm, Fault, Secret};
use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::secret_key::SecretKey;

/// Crockford's base32.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE: usize = 20;
/// Characters of the code, and behind them of its check.
const WORDS: usize = 32;
const CHECK: usize = 4;
/// No text of a code is longer, whatever stands between its characters.
const MAX_TEXT: usize = 512;

/// 160 random bits that somebody keeps on paper, and the key that comes of them; wiped on drop, never printed by itself.
///
/// ```
/// use didshake_did::{RecoveryCode, RecoveryCodeError, did_key};
/// let code = RecoveryCode::parse("4V8M 4TDT R2FJ NGRJ BHZ3 GQNT N3AV 1GH7 NQ14")?;
/// assert_eq!(&*code.to_text(), "4V8M 4TDT R2FJ NGRJ BHZ3 GQNT N3AV 1GH7 NQ14");
/// let did = did_key::encode(&code.key()?.public_key()?)?;
/// assert_eq!(did.as_str(), "did:key:z6MkrNUR3GdNqsS36vkQN9zRQY8HfR5Q7hFLwtS5opuKpoYx");
/// let slip = RecoveryCode::parse("4V8M 4TDT R2FJ NGRJ BHZ3 GQNT N3AV 1GH7 NQ15");
/// assert_eq!(slip.err(), Some(RecoveryCodeError::Check));
/// assert_eq!(format!("{code:?}"), "RecoveryCode(redacted)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; CODE]);

/// Why a text is no recovery code: a slip of whoever wrote it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum RecoveryCodeError {
    /// Not 36 characters of the alphabet, white space and hyphens apart.
    #[error("a recovery code has 36 letters and digits, in nine groups of four")]
    Form,
    /// The last four characters do not fit the others.
    #[error("there is a slip in the recovery code: compare it with what is on paper")]
    Check,
}

impl RecoveryCode {
    /// A new one.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut code = Self([0; CODE]);
        rng.fill_bytes(&mut code.0);
        code
    }

    /// Reads what somebody typed (section 2 of the page).
    ///
    /// # Errors
    /// [`RecoveryCodeError`].
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeError> {
        if text.len() > MAX_TEXT {
            return Err(RecoveryCodeError::Form);
        }
        let between = |letter: char| letter.is_whitespace() || matches!(letter, '-' | '\u{2010}'..='\u{2015}');
        let digits = text.chars().filter(|letter| !between(*letter)).map(digit);
        let digits = Zeroizing::new(digits.collect::<Option<Vec<u8>>>().ok_or(RecoveryCodeError::Form)?);
        let Some((code, check)) = digits.split_at_checked(WORDS).filter(|(_, check)| check.len() == CHECK) else {
            return Err(RecoveryCodeError::Form);
        };
        let mut read = Self([0; CODE]);
        for (bytes, digits) in read.0.chunks_mut(5).zip(code.chunks(8)) {
            let bits = digits.iter().fold(0_u64, |bits, digit| bits << 5 | u64::from(*digit));
            let whole = Zeroizing::new(bits.to_be_bytes());
            bytes.copy_from_slice(whole.get(3..).unwrap_or_default());
        }
        if read.check().as_slice() == check { Ok(read) } else { Err(RecoveryCodeError::Check) }
    }

    /// The code as it is written down: nine groups of four.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(WORDS + CHECK + 8));
        let digits = Zeroizing::new([self.digits().as_slice(), &self.check()].concat());
        for (at, digit) in digits.iter().enumerate() {
            if at > 0 && at % 4 == 0 {
                text.push(' ');
            }
            text.push(ALPHABET.get(usize::from(*digit)).copied().map_or('0', char::from));
        }
        text
    }

    /// The key (section 3 of the page).
    ///
    /// # Errors
    /// None: every seed is one of Ed25519.
    pub fn key(&self) -> Result<SecretKey, Fault> {
        let mut seed = Zeroizing::new([0; 32]);
        let expanded = Hkdf::<Sha256>::new(None, &self.0).expand(b"didshake/1 recovery", seed.as_mut_slice());
        expanded.map_err(|_| Fault::KeyInvalid)?;
        SecretKey::new(Algorithm::Ed25519, Secret::new(*seed))
    }

    fn digits(&self) -> Zeroizing<Vec<u8>> {
        let group = |bytes: &[u8]| {
            let bits = bytes.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            (0..8).rev().map(move |at| (bits >> (5 * at) & 31) as u8)
        };
        Zeroizing::new(self.0.chunks(5).flat_map(group).collect())
    }

    /// The first 20 bits of the hash.
    fn check(&self) -> [u8; CHECK] {
        let hash: [u8; 32] = Sha256::digest(self.0).into();
        let bits = hash.iter().take(3).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) >> 4;
        [15, 10, 5, 0].map(|at| (bits >> at & 31) as u8)
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(redacted)")
    }
}

fn digit(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        letter => letter,
    };
    ALPHABET.iter().position(|known| char::from(*known) == letter).and_then(|at| u8::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "4V8M 4TDT R2FJ NGRJ BHZ3 GQNT N3AV 1GH7 NQ14";

    #[test]
    fn what_is_generated_is_read_again() {
        for _ in 0..50 {
            let code = RecoveryCode::generate(&mut rand_core::UnwrapErr(getrandom::SysRng));
            assert_eq!(RecoveryCode::parse(&code.to_text()).unwrap().0, code.0);
        }
        assert_eq!(hex::encode(RecoveryCode::parse(TEXT).unwrap().0), "26d14269bac09f2ac3125c7e385ebaa8d5b0c227");
    }

    #[test]
    fn slips_of_the_pen_are_forgiven_or_found() {
        let read = |text: &str| RecoveryCode::parse(text).map(|code| code.0);
        let code = read(TEXT).unwrap();
        for same in [
            TEXT.to_lowercase(),
            TEXT.replace(' ', "-"),
            TEXT.replace(' ', "\u{2013}\n\t"),
            TEXT.replace('1', "l"),
            TEXT.replace('1', "I"),
            TEXT.replace(' ', ""),
        ] {
            assert_eq!(read(&same), Ok(code), "{same}");
        }
        let mut slips = 0;
        for (at, letter) in TEXT.char_indices().filter(|(_, letter)| *letter != ' ') {
            let other = if letter == 'Z' { "Y" } else { "Z" };
            let wrong = format!("{}{other}{}", &TEXT[..at], &TEXT[at + 1..]);
            assert_eq!(read(&wrong), Err(RecoveryCodeError::Check), "{wrong}");
            slips += 1;
        }
        assert_eq!(slips, 36);
        for none in ["", "4V8M", &TEXT[1..], &format!("{TEXT}4"), &TEXT.replace('V', "U"), &" ".repeat(600)] {
            assert_eq!(read(none), Err(RecoveryCodeError::Form), "{none}");
        }
    }
}
