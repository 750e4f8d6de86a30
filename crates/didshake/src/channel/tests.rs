//! Records made and opened, and the limits that no test of the whole channel reaches.

use alloc::format;
use alloc::vec::Vec;

use super::*;
use crate::error::{Fault, Misuse};
use crate::wire::RECORD;

fn direction() -> Direction {
    let secret = crate::schedule::DirectionSecret::for_direction(Secret::new([1; 32]));
    Direction::new(Suite::X25519_CHACHA20_POLY1305, secret).unwrap()
}

fn pair(make: impl Fn() -> Direction) -> (Sealer, Opener) {
    let ended = Arc::new(AtomicBool::new(false));
    let sealer = Sealer { direction: make(), closed: false, ended: ended.clone() };
    (sealer, Opener { direction: make(), inbound: Inbound::Open, ended })
}

// R-CHAN-3
#[test]
fn the_number_is_xored_into_the_end_of_the_iv() {
    let mut direction = direction();
    let iv = *direction.iv.expose();
    assert_eq!(direction.nonce(), Ok(iv));
    direction.sequence = Some(0x0102_0304_0506_0708);
    let mut expected = iv;
    expected.iter_mut().skip(4).zip(1..=8).for_each(|(byte, number)| *byte ^= number);
    assert_eq!(direction.nonce(), Ok(expected));
}

// R-CHAN-9: the number goes on where the secret is new.
#[test]
fn a_key_update_has_a_new_secret_and_counts_on() {
    let mut direction = direction();
    let iv = *direction.iv.expose();
    direction.count();
    direction.count();
    assert_eq!((direction.sequence, direction.under_secret), (Some(2), 2));
    direction.next_secret().unwrap();
    assert_eq!((direction.sequence, direction.under_secret), (Some(2), 0));
    assert_ne!(*direction.iv.expose(), iv);
}

// R-CHAN-10, two records before the end of a secret; a test of the whole channel counts up to it.
#[test]
fn nothing_but_a_key_update_is_last_under_a_secret() {
    let late = || Direction { under_secret: RECORDS_PER_SECRET - 2, ..direction() };
    let (mut sealer, mut opener) = pair(late);
    assert!(!sealer.key_update_due());
    let last_but_one = sealer.data(b"x", 0).unwrap();
    assert_eq!(opener.open(&last_but_one), Ok(Received::Data(b"x".to_vec())));
    assert!(sealer.key_update_due());
    assert_eq!(sealer.data(b"x", 0), Err(Misuse::KeyUpdateDue.into()));
    assert_eq!(sealer.data_in_place(&mut Vec::new(), 0), Err(Misuse::KeyUpdateDue.into()));
    let forbidden = sealer.record(DATA, b"x", 0).unwrap();
    assert_eq!(opener.open(&forbidden), Err(Fault::KeyUpdateOverdue.into()));
}

// The same bytes either way, R-CHAN-1, R-CHAN-8; and a buffer that is refused is as it was.
#[test]
fn in_place_is_the_same_record() {
    let ((mut copying, mut opener), (mut sealer, mut opens_in_place)) = (pair(direction), pair(direction));
    for (content, padding) in [(&b""[..], 0), (b"x", 0), (b"some text", 7), (&[9; MAX_CONTENT_BYTES - 3], 3)] {
        let mut record = [&[0xEE][..], content].concat();
        sealer.data_in_place(&mut record, padding).unwrap();
        assert_eq!(record, copying.data(content, padding).unwrap());
        assert_eq!(opener.open(&record), Ok(Received::Data(content.to_vec())));
        assert_eq!(opens_in_place.open_in_place(&mut record), Ok(Received::Data(&mut content.to_vec()[..])));
    }
    let mut empty = Vec::new();
    sealer.data_in_place(&mut empty, 0).unwrap();
    assert_eq!(empty, copying.data(b"", 0).unwrap());
    assert_eq!(opens_in_place.open_in_place(&mut empty), Ok(Received::Data(&mut [][..])));

    let long = alloc::vec![RECORD; 1 + MAX_CONTENT_BYTES];
    for (mut record, padding) in [(long.clone(), 1), ([&long[..], &[RECORD]].concat(), 0), (long, usize::MAX)] {
        let before = record.clone();
        assert_eq!(sealer.data_in_place(&mut record, padding), Err(Misuse::TooLong.into()));
        assert_eq!(record, before);
    }
    let closed = sealer.close().unwrap();
    assert_eq!(sealer.data_in_place(&mut Vec::new(), 0), Err(Misuse::Closed.into()));
    assert_eq!(opens_in_place.open_in_place(&mut closed.clone()), Ok(Received::Close));
}

// R-CHAN-16: the order of faults is that of `open`, and every one of them is final.
#[test]
fn in_place_refuses_in_the_same_order() {
    let refused = |message: &[u8]| {
        let (mut sealer, mut opener) = pair(direction);
        let mut copying = pair(direction).1;
        let refused = opener.open_in_place(&mut message.to_vec()).map(|_| ());
        assert_eq!(refused, copying.open(message).map(|_| ()));
        let mut good = sealer.data(b"x", 0).unwrap();
        assert_eq!(copying.open(&good), Err(Fault::RecordNotOpened.into()));
        assert_eq!(opener.open_in_place(&mut good), Err(Fault::RecordNotOpened.into()));
        refused.unwrap_err()
    };
    assert_eq!(refused(&[]), Fault::NotARecord.into());
    assert_eq!(refused(&[RECORD + 1, 0]), Fault::NotARecord.into());
    assert_eq!(refused(&[RECORD]), Fault::RecordNotOpened.into());
    assert_eq!(refused(&[RECORD; 17]), Fault::RecordNotOpened.into());
    assert_eq!(refused(&alloc::vec![RECORD; MAX_RECORD_BYTES + 1]), Fault::RecordTooLong.into());
    let mut unknown = pair(direction).0;
    assert_eq!(refused(&unknown.record(9, b"x", 0).unwrap()), Fault::RecordUnknownContentType.into());
    let mut zeros = pair(direction).0;
    assert_eq!(refused(&zeros.record(0, b"", 5).unwrap()), Fault::RecordZerosOnly.into());
}

// R-SEC-4
#[test]
fn both_ends_print_their_number_alone() {
    let (sealer, opener) = pair(direction);
    assert_eq!(format!("{sealer:?}"), "Sealer(redacted, sequence Some(0))");
    assert_eq!(format!("{opener:?}"), "Opener(redacted, sequence Some(0))");
}

// R-CHAN-3: number 2^64 − 1 is the last, in each direction.
#[test]
fn the_sequence_is_never_wrapped() {
    let (mut sealer, mut opener) = pair(|| Direction { sequence: Some(u64::MAX), ..direction() });
    let last = sealer.data(b"last", 0).unwrap();
    assert_eq!(opener.open(&last), Ok(Received::Data(b"last".to_vec())));
    assert_eq!(sealer.data(b"one more", 0), Err(Internal::SequenceExhausted.into()));
    assert_eq!(opener.open(&last), Err(Internal::SequenceExhausted.into()));
}
