//! Records: what is refused, and what the counters do.

use crate::pair::Pair;
use didshake::{
    AlertCode, Error, Established, Fault, MAX_CONTENT_BYTES, MAX_RECORD_BYTES, Misuse, RECORDS_PER_SECRET, Received,
};

fn both() -> (Established, Established) {
    let finished = Pair::default().run().unwrap();
    (finished.alice, finished.bob)
}

// R-CHAN-4, R-CHAN-8
#[test]
fn the_largest_record() {
    let (mut alice, mut bob) = both();
    let content = vec![7; MAX_CONTENT_BYTES];
    let record = alice.channel.sealer().data(&content, 0).unwrap();
    assert_eq!(record.len(), MAX_RECORD_BYTES);
    assert_eq!(bob.channel.opener().open(&record), Ok(Received::Data(content)));
    let padded = alice.channel.sealer().data(b"x", MAX_CONTENT_BYTES - 1).unwrap();
    assert_eq!(padded.len(), MAX_RECORD_BYTES);
    assert_eq!(bob.channel.opener().open(&padded), Ok(Received::Data(b"x".to_vec())));
    assert_eq!(alice.channel.sealer().data(&[0; MAX_CONTENT_BYTES], 1), Err(Misuse::TooLong.into()));
    assert_eq!(alice.channel.sealer().data(b"", usize::MAX), Err(Misuse::TooLong.into()));
    let mut longer = padded;
    longer.push(0);
    assert_eq!(bob.channel.opener().open(&longer), Err(Fault::RecordTooLong.into()));
    assert!(alice.channel.sealer().data(b"", 0).is_ok());
}

// R-CHAN-2, R-CHAN-5, R-CHAN-17
#[test]
fn order_and_direction_are_bound() {
    let (mut alice, mut bob) = both();
    let first = alice.channel.sealer().data(b"1", 0).unwrap();
    let second = alice.channel.sealer().data(b"2", 0).unwrap();
    assert!(bob.channel.opener().open(&first).is_ok());
    assert_eq!(bob.channel.opener().open(&first), Err(Fault::RecordNotOpened.into()));
    // Every error is fatal: what would have opened no longer does.
    assert_eq!(bob.channel.opener().open(&second), Err(Fault::RecordNotOpened.into()));
    assert_eq!(both().1.channel.opener().open(&second), Err(Fault::RecordNotOpened.into()));
    assert_eq!(alice.channel.opener().open(&first), Err(Fault::RecordNotOpened.into()));
    for forged in [&[16; 17][..], &[16; 16], &[16]] {
        assert_eq!(both().1.channel.opener().open(forged), Err(Fault::RecordNotOpened.into()));
    }
}

// R-CHAN-9
#[test]
fn key_update_changes_one_direction() {
    let (mut alice, mut bob) = both();
    for round in 0..3u8 {
        let update = alice.channel.sealer().key_update().unwrap();
        assert_eq!(bob.channel.opener().open(&update), Ok(Received::KeyUpdate));
        let record = alice.channel.sealer().data(&[round], 0).unwrap();
        assert_eq!(bob.channel.opener().open(&record), Ok(Received::Data(vec![round])));
        let back = bob.channel.sealer().data(&[round], 0).unwrap();
        assert_eq!(alice.channel.opener().open(&back), Ok(Received::Data(vec![round])));
    }
    assert_eq!(bob.channel.opener().open(&alice.channel.sealer().key_update().unwrap()), Ok(Received::KeyUpdate));
}

// R-CHAN-10: the sender refuses to seal anything else in that place, and goes on after the key_update.
#[test]
fn the_last_record_under_a_secret_is_a_key_update() {
    let (mut alice, mut bob) = both();
    for _ in 0..RECORDS_PER_SECRET - 1 {
        let record = alice.channel.sealer().data(b"", 0).unwrap();
        bob.channel.opener().open(&record).unwrap();
    }
    assert!(alice.channel.sealer().key_update_due());
    let due: Error = Misuse::KeyUpdateDue.into();
    assert_eq!(alice.channel.sealer().data(b"", 0), Err(due));
    assert_eq!(alice.channel.sealer().close(), Err(due));
    assert_eq!(alice.channel.sealer().alert(AlertCode::Internal), Err(due));
    let update = alice.channel.sealer().key_update().unwrap();
    assert_eq!(bob.channel.opener().open(&update), Ok(Received::KeyUpdate));
    assert!(!alice.channel.sealer().key_update_due());
    let record = alice.channel.sealer().data(b"on", 0).unwrap();
    assert_eq!(bob.channel.opener().open(&record), Ok(Received::Data(b"on".to_vec())));
}

// R-CHAN-11, R-CHAN-12, R-CHAN-15
#[test]
fn close_ends_one_direction() {
    let (mut alice, mut bob) = both();
    assert_eq!(bob.channel.opener().end(), Err(Fault::Truncated.into()));
    let close = alice.channel.sealer().close().unwrap();
    assert_eq!(bob.channel.opener().open(&close), Ok(Received::Close));
    assert_eq!(bob.channel.opener().end(), Ok(()));
    assert_eq!(bob.channel.opener().open(&close), Err(Fault::RecordAfterClose.into()));
    assert_eq!(alice.channel.sealer().data(b"", 0), Err(Misuse::Closed.into()));
    assert_eq!(alice.channel.sealer().key_update(), Err(Misuse::Closed.into()));
    let still = bob.channel.sealer().data(b"still", 0).unwrap();
    assert_eq!(alice.channel.opener().open(&still), Ok(Received::Data(b"still".to_vec())));
}

// R-CHAN-12, R-CHAN-15, R-ALERT-2
#[test]
fn an_alert_ends_both_directions_and_is_no_orderly_end() {
    let (mut alice, mut bob) = both();
    let late = alice.channel.sealer().data(b"late", 0).unwrap();
    let alert = bob.channel.sealer().alert(AlertCode::Internal).unwrap();
    assert_eq!(bob.channel.opener().open(&late), Err(Fault::RecordAfterAlert.into()));
    assert_eq!(bob.channel.sealer().alert(AlertCode::Internal), Err(Misuse::Closed.into()));
    assert_eq!(alice.channel.opener().open(&alert), Ok(Received::Alert(AlertCode::Internal)));
    assert_eq!(alice.channel.opener().open(&alert), Err(Fault::RecordAfterAlert.into()));
    assert_eq!(Fault::RecordAfterAlert.alert(), None, "no alert is answered");
    assert_eq!(alice.channel.sealer().data(b"", 0), Err(Misuse::Closed.into()));
    assert_eq!(alice.channel.opener().end(), Err(Fault::Truncated.into()));
}

// R-CHAN-14
#[test]
fn what_is_no_record_is_a_truncation() {
    for message in [&[][..], &AlertCode::Denied.message(), &[15], &[17; 40]] {
        let refused = both().1.channel.opener().open(message).unwrap_err();
        assert_eq!((refused, refused.alert()), (Fault::NotARecord.into(), None));
    }
}

// R-CHAN-5: every single bit of a record.
#[test]
fn any_single_bit_flip_in_a_record_fails() {
    let (mut alice, mut bob) = both();
    let record = alice.channel.sealer().data(b"a message", 5).unwrap();
    for bit in 0..record.len() * 8 {
        let mut flipped = record.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(both().1.channel.opener().open(&flipped).is_err(), "bit {bit}");
    }
    assert!(bob.channel.opener().open(&record).is_ok());
}
