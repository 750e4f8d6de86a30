use std::io::Write;
use std::os::fd::AsRawFd;

use didshake_did::{MAX_PASSPHRASE_BYTES, Passphrase, PassphraseError};

fn from_bytes(bytes: &[u8]) -> Result<Passphrase, PassphraseError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    Passphrase::from_file(file.path())
}

#[test]
fn one_line_with_or_without_its_end() {
    for good in [&b"abc"[..], b"abc\n", b"abc\r\n", b" a b ", "pässwörd\n".as_bytes(), &[b'x'; MAX_PASSPHRASE_BYTES]]
    {
        assert!(from_bytes(good).is_ok());
    }
    let longest = [vec![b'x'; MAX_PASSPHRASE_BYTES], b"\r\n".to_vec()].concat();
    assert!(from_bytes(&longest).is_ok());
}

#[test]
fn what_openssl_would_read_otherwise_is_refused() {
    for empty in [&b""[..], b"\n", b"\r\n"] {
        assert!(matches!(from_bytes(empty), Err(PassphraseError::Empty)));
    }
    for bad in [&b"a\nb"[..], b"abc\n\n", b"a\0b", b"a\rb", b"abc\r"] {
        assert!(matches!(from_bytes(bad), Err(PassphraseError::ControlCharacter)), "{bad:?}");
    }
    for length in [MAX_PASSPHRASE_BYTES + 1, MAX_PASSPHRASE_BYTES + 3, 1 << 20] {
        assert!(matches!(from_bytes(&vec![b'x'; length]), Err(PassphraseError::TooLong)), "{length}");
    }
    let missing = Passphrase::from_file("/nonexistent/passphrase".as_ref()).unwrap_err();
    assert_eq!(missing.to_string(), "cannot read the passphrase from /nonexistent/passphrase");
}

#[test]
fn from_a_pipe() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"abc\n").unwrap();
    drop(writer);
    assert!(Passphrase::from_fd(reader.as_raw_fd().try_into().unwrap()).is_ok());
    assert!(matches!(Passphrase::from_fd(987_654), Err(PassphraseError::Unreadable { .. })));
}

#[test]
fn debug_shows_nothing() {
    assert_eq!(format!("{:?}", from_bytes(b"hunter2").unwrap()), "Passphrase(redacted)");
    assert!(!format!("{:?}", from_bytes(b"hunter2\nx").unwrap_err()).contains("hunter2"));
}
