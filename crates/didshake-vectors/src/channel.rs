//! The records and exports of a vector.

use didshake::{AlertCode, Content, Error, Established, Opener, Received, Sealer};

use crate::format::{Export, Fails, Record, RecordKind, Side, Vector};
use crate::outcome::{Failure, same};
use crate::play::Played;
use crate::refuse::judge;

/// One side's ends of the channel.
struct Ends {
    sealer: Sealer,
    opener: Opener,
    /// What the direction of its sealer has carried.
    generation: u64,
    sequence: u64,
}

impl Ends {
    fn new(established: Established) -> Self {
        let (sealer, opener) = established.channel.split();
        Self { sealer, opener, generation: 0, sequence: 0 }
    }
}

/// Checks the exports, then the records in their order.
pub(crate) fn check(vector: &Vector, played: Played) -> Result<(), Failure> {
    exports(&vector.exports, &played)?;
    let mut initiator = Ends::new(played.initiator);
    let mut responder = Ends::new(played.responder);
    for (record, number) in vector.channel.iter().zip(1_usize..) {
        let bad = vector.fails.as_ref().filter(|_| number == vector.channel.len());
        let (sender, receiver) = match record.from {
            Side::Initiator => (&mut initiator, &mut responder),
            Side::Responder => (&mut responder, &mut initiator),
        };
        match bad {
            Some(fails) => refused(record, fails, if fails.role == record.from { sender } else { receiver })?,
            None => good(record, &format!("record {number}"), sender, receiver)?,
        }
    }
    Ok(())
}

fn exports(exports: &[Export], played: &Played) -> Result<(), Failure> {
    for export in exports {
        for side in [&played.initiator, &played.responder] {
            let made = side.exporter.export(export.label.as_bytes(), &export.context.0, export.length);
            let made = made.map_err(|error| Failure::refused("export", error))?;
            same(&format!("export `{}` of {} bytes", export.label, export.length), &export.output.0, &made)?;
        }
    }
    Ok(())
}

/// Seals a record and opens it on the other side.
fn good(record: &Record, name: &str, sender: &mut Ends, receiver: &mut Ends) -> Result<(), Failure> {
    let kind = record.kind.ok_or_else(|| Failure::format(format!("{name} has no type")))?;
    let content = record.content.as_ref().map(|hex| hex.0.as_slice()).unwrap_or_default();
    let padding = record.padding.unwrap_or_default();
    for _ in 0..record.repeat.unwrap_or(1) {
        if record.repeat.is_none() {
            same(&format!("{name} generation"), &number(record.generation, name)?, &sender.generation.to_be_bytes())?;
            same(&format!("{name} sequence"), &number(record.sequence, name)?, &sender.sequence.to_be_bytes())?;
        }
        let sealed = seal(&mut sender.sealer, kind, content, padding);
        let sealed = sealed.map_err(|error| Failure::refused(name, error))?;
        if let Some(wire) = &record.wire {
            same(name, &wire.0, &sealed)?;
        }
        let opened = receiver.opener.open(&sealed).map_err(|error| Failure::refused(name, error))?;
        if opened != expected(kind, content) {
            let (expected, found) = (format!("{kind:?}"), format!("{opened:?}"));
            return Err(Failure::Differs { what: name.to_owned(), expected, found });
        }
        sender.sequence += 1;
        sender.generation += u64::from(kind == RecordKind::KeyUpdate);
    }
    Ok(())
}

fn number(given: Option<u64>, name: &str) -> Result<[u8; 8], Failure> {
    given.map(u64::to_be_bytes).ok_or_else(|| Failure::format(format!("{name} has no generation or sequence")))
}

fn seal(sealer: &mut Sealer, kind: RecordKind, content: &[u8], padding: usize) -> Result<Vec<u8>, Error> {
    let content = match kind {
        RecordKind::Data => Content::Data(content),
        RecordKind::Close => Content::Close,
        RecordKind::KeyUpdate => Content::KeyUpdate,
        RecordKind::Alert => Content::Alert(alert(content)),
    };
    sealer.seal(content, padding)
}

fn expected(kind: RecordKind, content: &[u8]) -> Received {
    match kind {
        RecordKind::Data => Received::Data(content.to_vec()),
        RecordKind::Close => Received::Close,
        RecordKind::KeyUpdate => Received::KeyUpdate,
        RecordKind::Alert => Received::Alert(alert(content)),
    }
}

/// The code of an alert; of a content that is none, one that the record then differs from.
fn alert(content: &[u8]) -> AlertCode {
    content.first().and_then(|code| AlertCode::from_byte(*code)).unwrap_or(AlertCode::Internal)
}

/// The last record of a negative; without bytes, the end of the transport.
fn refused(record: &Record, fails: &Fails, receiver: &mut Ends) -> Result<(), Failure> {
    let outcome = match &record.wire {
        Some(wire) => receiver.opener.open(&wire.0).map(drop),
        None => receiver.opener.end(),
    };
    judge(fails, "record", outcome)
}
