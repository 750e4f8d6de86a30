//! Records and exports.

use super::positive;
use crate::channel::{ALERT, CLOSE, INNER_LIMIT, KEY_UPDATE, RECORDS_PER_SECRET};
use crate::check::Step;
use crate::positive::{Positive, Say};
use crate::vector::Role::{Initiator, Responder};

fn channel(id: &'static str, about: &'static str, requirements: &[&'static str], script: Vec<Say>) -> Step<Positive> {
    let mut channel = positive(id, "channel", about)?.proves(requirements);
    channel.script = script;
    Ok(channel)
}

fn records() -> Step<Vec<Positive>> {
    Ok(vec![
        channel(
            "p-channel-data",
            "data both ways, interleaved; the directions count apart",
            &["R-CHAN-1", "R-CHAN-2"],
            vec![
                Say::data(Initiator, b"one"),
                Say::data(Initiator, b"two"),
                Say::data(Responder, b"first answer"),
                Say::data(Initiator, b"three"),
                Say::data(Initiator, &[0, 1, 2, 0]),
            ],
        )?,
        channel(
            "p-channel-padding",
            "padding of any length, empty data, content that ends in zeros",
            &["R-CHAN-8"],
            vec![
                Say::data(Initiator, b"").padded(0),
                Say::data(Initiator, b"").padded(255),
                Say::data(Responder, b"padded").padded(1),
                Say::data(Responder, &[0; 8]).padded(8),
            ],
        )?,
        channel(
            "p-channel-maximum",
            "records of 65,553 bytes: all content, and nearly all padding",
            &["R-CHAN-4", "R-CHAN-8"],
            vec![
                Say::data(Initiator, &vec![0x5a; INNER_LIMIT - 1]),
                Say::data(Responder, b"x").padded(INNER_LIMIT - 2),
            ],
        )?,
    ])
}

fn updates() -> Step<Vec<Positive>> {
    let update = |from| Say::new(from, KEY_UPDATE, b"");
    Ok(vec![
        channel(
            "p-channel-key-updates",
            "key_update in either direction, twice in a row and padded; sequence numbers go on",
            &["R-CHAN-2", "R-CHAN-9"],
            vec![
                update(Initiator),
                update(Initiator).padded(40),
                Say::data(Initiator, b"generation 2"),
                Say::data(Responder, b"generation 0"),
                update(Responder),
                Say::data(Responder, b"generation 1"),
                Say::data(Initiator, b"still 2"),
            ],
        )?,
        channel(
            "p-channel-forced-key-update",
            "record 2^20 under a secret is a key_update, and the count starts again",
            &["R-CHAN-2", "R-CHAN-10"],
            vec![
                Say::data(Initiator, b"").repeated(RECORDS_PER_SECRET - 1),
                update(Initiator),
                Say::data(Initiator, b"under the next secret"),
                Say::data(Initiator, b"").repeated(RECORDS_PER_SECRET - 2),
                update(Initiator),
                Say::data(Initiator, b"and the next"),
            ],
        )?,
    ])
}

fn ends() -> Step<Vec<Positive>> {
    Ok(vec![
        channel(
            "p-channel-half-close",
            "close ends one direction; the other goes on, with key_update, until its own close",
            &["R-CHAN-11"],
            vec![
                Say::data(Responder, b"question"),
                Say::new(Responder, CLOSE, b"").padded(3),
                Say::data(Initiator, b"answer"),
                Say::new(Initiator, KEY_UPDATE, b""),
                Say::data(Initiator, b"more"),
                Say::new(Initiator, CLOSE, b""),
            ],
        )?,
        channel(
            "p-channel-alert",
            "an alert in a record",
            &["R-CHAN-12", "R-CHAN-13"],
            vec![Say::data(Initiator, b"before"), Say::new(Responder, ALERT, &[80])],
        )?,
        channel(
            "p-channel-alert-other",
            "an alert in a record after the peer has closed its direction",
            &["R-CHAN-11", "R-CHAN-13"],
            vec![Say::new(Initiator, CLOSE, b""), Say::new(Responder, ALERT, &[10]).padded(5)],
        )?,
    ])
}

fn exports() -> Step<Positive> {
    let mut exports = positive("p-exports", "channel", "exports of 1 to 8,160 bytes, labels of 1 to 255 bytes")?
        .proves(&["R-EXP-1", "R-EXP-2", "R-SCHED-7"]);
    let label = |name: &str| name.to_owned();
    exports.exports = vec![
        (label("a"), Vec::new(), 1),
        (label("a"), Vec::new(), 32),
        (label("a"), vec![0], 32),
        (label("a"), vec![0; 300], 33),
        ("l".repeat(255), b"context".to_vec(), 16),
        (label("didshake cookie"), Vec::new(), 8160),
    ];
    Ok(exports)
}

pub(super) fn all() -> Step<Vec<Positive>> {
    Ok([records()?, updates()?, ends()?, vec![exports()?]].concat())
}
