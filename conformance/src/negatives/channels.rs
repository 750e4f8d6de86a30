//! Records.

use super::flip;
use crate::channel::{ALERT, CLOSE, DATA, INNER_LIMIT, KEY_UPDATE, inner};
use crate::check::Check;
use crate::negative::{Negative, negative};
use crate::positive::Say;
use crate::vector::Role::{Initiator, Responder};

const DATA_ONLY: &str = "p-channel-data";

fn data() -> Say {
    Say::data(Initiator, b"bad")
}

fn envelope() -> Vec<Negative> {
    let base = |id, check| negative(id, DATA_ONLY, check);
    vec![
        base("n-record-too-long", Check::RecordLength).record(1, data(), "a record of 65,554 bytes", |sealing| {
            sealing.inner = inner(DATA, &vec![0; INNER_LIMIT], 0);
        }),
        base("n-record-not-a-record", Check::IsRecord)
            .record_wire(1, data(), "a Hello in the channel", |wire| flip_kind(wire, 1)),
        base("n-record-clear-alert", Check::IsRecord)
            .record_wire(1, data(), "a clear alert in the channel", |wire| *wire = vec![15, 10])
            .also(&["R-ALERT-5"]),
        base("n-record-type-17", Check::IsRecord)
            .record_wire(1, data(), "a message of type 17", |wire| flip_kind(wire, 17)),
        base("n-record-empty", Check::IsRecord).record_wire(1, data(), "an empty message", Vec::clear),
        base("n-record-type-only", Check::RecordTagPresent)
            .record_wire(1, data(), "a type byte alone", |wire| wire.truncate(1)),
        base("n-record-short", Check::RecordTagPresent)
            .record_wire(1, data(), "15 bytes of cipher text", |wire| wire.truncate(16)),
        base("n-record-tag", Check::RecordTag).record_wire(1, data(), "a bit of the tag", |wire| flip_last(wire)),
        base("n-record-tag-responder", Check::RecordTag).record_wire(
            1,
            Say::data(Responder, b"bad"),
            "a bit of the tag",
            |wire| flip_last(wire),
        ),
        negative("n-record-tag-suite-2", "p-suite-2", Check::RecordTag).record_wire(
            1,
            data(),
            "a bit of AES-256-GCM's tag",
            |wire| flip_last(wire),
        ),
        base("n-record-associated-data", Check::RecordAssociatedData).record(
            1,
            data(),
            "no associated data",
            |sealing| sealing.associated_data.clear(),
        ),
    ]
}

fn flip_kind(wire: &mut [u8], kind: u8) {
    if let Some(first) = wire.first_mut() {
        *first = kind;
    }
}

fn flip_last(wire: &mut [u8]) {
    let last = wire.len().saturating_sub(1);
    flip(wire, last);
}

fn order() -> Vec<Negative> {
    let replayed = |sealing: &mut crate::channel::Sealing| sealing.sequence = 0;
    vec![
        negative("n-record-replay", DATA_ONLY, Check::RecordSequence).record(
            1,
            Say::data(Initiator, b"one"),
            "the first record again",
            replayed,
        ),
        negative("n-record-swapped", DATA_ONLY, Check::RecordSequence).record(
            1,
            Say::data(Initiator, b"three"),
            "the third record before the second",
            |sealing| sealing.sequence = 2,
        ),
        negative("n-record-lost", DATA_ONLY, Check::RecordSequence).record(
            0,
            Say::data(Initiator, b"two"),
            "the second record first: the first was suppressed",
            |sealing| sealing.sequence = 1,
        ),
        negative("n-record-sequence-reset", "p-channel-key-updates", Check::RecordSequence).record(
            2,
            data(),
            "the sequence starts again after a key_update",
            |sealing| sealing.sequence = 0,
        ),
        negative("n-record-reflected", DATA_ONLY, Check::RecordDirection).record(
            0,
            data(),
            "a record of the other direction, sent back",
            |sealing| sealing.direction = Responder,
        ),
        negative("n-record-reflected-responder", DATA_ONLY, Check::RecordDirection).record(
            0,
            Say::data(Responder, b"one"),
            "a record of the other direction, sent back",
            |sealing| {
                sealing.direction = Initiator;
            },
        ),
        negative("n-record-old-generation", "p-channel-key-updates", Check::RecordGeneration).record(
            2,
            data(),
            "a record under the secret before the key_update",
            |sealing| sealing.generation -= 1,
        ),
        negative("n-record-next-generation", "p-channel-key-updates", Check::RecordGeneration).record(
            0,
            data(),
            "a record under the next secret without a key_update",
            |sealing| sealing.generation += 1,
        ),
        negative("n-record-other-direction-updated", "p-channel-key-updates", Check::RecordGeneration).record(
            3,
            Say::data(Responder, b"bad"),
            "the other direction's key_update changed this one's secret too",
            |sealing| {
                sealing.generation = 2;
            },
        ),
    ]
}

fn labels() -> Vec<Negative> {
    let base = |id, check| negative(id, DATA_ONLY, check);
    vec![
        base("n-record-label-i2r", Check::LabelDirection).record(
            0,
            data(),
            "i2r_0 is derived under another label",
            |sealing| sealing.labels.i2r = "didshake/1 I2R",
        ),
        base("n-record-label-r2i", Check::LabelDirection).record(
            0,
            Say::data(Responder, b"bad"),
            "r2i_0 is derived under another label",
            |sealing| sealing.labels.r2i = "r2i",
        ),
        base("n-record-label-key", Check::LabelKey).record(
            0,
            data(),
            "the key is derived under another label",
            |sealing| sealing.labels.key = "key",
        ),
        base("n-record-label-iv", Check::LabelIv).record(
            0,
            data(),
            "the iv is derived under another label",
            |sealing| sealing.labels.iv = "iv",
        ),
        negative("n-record-label-update", "p-channel-key-updates", Check::LabelUpdate).record(
            1,
            data(),
            "the next secret is derived under another label",
            |sealing| sealing.labels.update = "update",
        ),
    ]
}

fn inners() -> Vec<Negative> {
    let with = |id, check, change: &str, inner: Vec<u8>| {
        negative(id, DATA_ONLY, check).record(2, data(), change, move |sealing| sealing.inner.clone_from(&inner))
    };
    let content = Check::RecordContent;
    vec![
        with("n-record-inner-empty", Check::RecordZeros, "an empty inner text", Vec::new()),
        with("n-record-zeros", Check::RecordZeros, "an inner text of zeros only", vec![0; 16]),
        with("n-record-one-zero", Check::RecordZeros, "an inner text of one zero", vec![0]),
        with("n-record-type-5", Check::RecordType, "content type 5", inner(5, b"what", 0)),
        with("n-record-type-255", Check::RecordType, "content type 255, padded", inner(255, b"", 7)),
        with("n-record-close-content", content, "a close with content", inner(CLOSE, b"bye", 0)),
        with("n-record-key-update-content", content, "a key_update with content", inner(KEY_UPDATE, &[0], 0)),
        with("n-record-alert-empty", content, "an alert without a code", inner(ALERT, b"", 0)),
        with("n-record-alert-long", content, "an alert of two bytes", inner(ALERT, &[80, 80], 3)),
        with(
            "n-record-alert-unknown",
            Check::RecordAlertKnown,
            "an alert of the unknown code 41",
            inner(ALERT, &[41], 0),
        ),
    ]
}

fn ends() -> Vec<Negative> {
    let forced = "p-channel-forced-key-update";
    let after = Check::RecordAfterClose;
    let alerted = Check::RecordAfterAlert;
    let due = Check::KeyUpdateDue;
    let honest = |_: &mut crate::channel::Sealing| ();
    vec![
        negative("n-record-after-close", "p-channel-half-close", after).record(
            2,
            Say::data(Responder, b"more"),
            "data after close",
            honest,
        ),
        negative("n-record-close-twice", "p-channel-half-close", after).record(
            2,
            Say::new(Responder, CLOSE, b""),
            "a second close",
            honest,
        ),
        negative("n-record-alert-after-close", "p-channel-half-close", after).record(
            2,
            Say::new(Responder, ALERT, &[80]),
            "an alert after close",
            honest,
        ),
        negative("n-record-after-alert", "p-channel-alert", alerted).record(
            2,
            Say::data(Responder, b"more"),
            "data after an alert",
            honest,
        ),
        negative("n-record-other-after-alert", "p-channel-alert", alerted).record(
            2,
            data(),
            "data in the other direction after an alert",
            honest,
        ),
        negative("n-record-key-update-overdue", forced, due).record(
            1,
            Say::data(Initiator, b""),
            "data as record 2^20 of a secret",
            honest,
        ),
        negative("n-record-close-overdue", forced, due).record(
            1,
            Say::new(Initiator, CLOSE, b""),
            "close as record 2^20 of a secret",
            honest,
        ),
        negative("n-record-alert-overdue", forced, due).record(
            1,
            Say::new(Initiator, ALERT, &[80]),
            "an alert as record 2^20 of a secret",
            honest,
        ),
        negative("n-record-key-update-overdue-again", forced, due).record(
            4,
            Say::data(Initiator, b""),
            "data as record 2^20 of the second secret",
            honest,
        ),
    ]
}

pub(super) fn all() -> Vec<Negative> {
    [envelope(), order(), labels(), inners(), ends()].into_iter().flatten().collect()
}
