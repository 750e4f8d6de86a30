//! Records of the channel, sealed and opened, beside the AEAD alone and beside TLS and Noise.

#[cfg(feature = "peers")]
mod beside;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::hint::black_box;
use std::rc::Rc;

use anyhow::{Result, bail, ensure};
use didshake::{Opener, RECORD_HEAD_BYTES, RECORD_TAIL_BYTES, Received, Sealer, Suite};

use crate::backend::{BUILD, Cipher};
use crate::figures::{Figure, Part};
use crate::handshake::Peers;
use crate::measure::{Candidate, Taken, interleave, ratios};

/// Bytes of content.
const SIZES: [(usize, &str); 4] = [(64, "64 B"), (1024, "1 KiB"), (16_384, "16 KiB"), (65_535, "64 KiB")];

/// What a record's inside has beside its content: the content type.
const TYPE_BYTE: usize = 1;
const NONCE: [u8; 12] = [7; 12];
const DATA: &[u8] = &[16];

/// Messages that are sealed and wait to be opened.
pub(crate) type Queue = Rc<RefCell<VecDeque<Vec<u8>>>>;

/// Both suites, each size.
///
/// # Errors
/// Where a seal or an open fails.
pub fn measure(rounds: usize) -> Result<Part> {
    let mut part = Part::new("channel", BUILD);
    part.notes.push("64 KiB: 65,535 bytes, the most that one record holds; TLS takes four records, Noise two.".into());
    for (suite, name) in [(Suite::X25519_CHACHA20_POLY1305, "chacha"), (Suite::X25519_AES_256_GCM, "aes")] {
        for (bytes, size) in SIZES {
            one_size(&mut part, suite, name, (bytes, size), rounds)?;
        }
    }
    Ok(part)
}

fn one_size(part: &mut Part, suite: Suite, cipher: &str, (bytes, size): (usize, &str), rounds: usize) -> Result<()> {
    let text = vec![0x5a; bytes];
    let (seal, open) = ours(suite, &text, Call::InPlace)?;
    let (seal_copying, open_copying) = ours(suite, &text, Call::Copying)?;
    let (raw_seal, raw_open) = raw(suite, &text)?;
    #[cfg(feature = "peers")]
    let (peers_seal, peers_open) = beside::candidates(suite, &text)?;
    #[cfg(not(feature = "peers"))]
    let (peers_seal, peers_open) = (Vec::new(), Vec::new());
    let directions =
        [("seal", [seal, raw_seal, seal_copying], peers_seal), ("open", [open, raw_open, open_copying], peers_open)];
    for (direction, ours, peers) in directions {
        let mut candidates = Vec::from(ours);
        candidates.extend(peers);
        let taken = interleave(rounds, &mut candidates)?;
        let [ours, raw, copying, ..] = taken.as_slice() else { continue };
        let title = format!("{direction} {size}, {cipher}");
        for taken in &taken {
            let id = format!("channel.{direction}.{cipher}.{bytes}.{}", taken.name);
            let what = format!("{title}: {}", taken.name);
            let micros = taken.runs.iter().map(|nanos| nanos / 1000.0).collect();
            part.add(Figure::new(id, what, "µs", micros)?.bar(title.clone()));
        }
        speed(part, &format!("{direction}.{cipher}.{bytes}.speed"), &title, raw, ours)?;
        speed(
            part,
            &format!("{direction}.{cipher}.{bytes}.copying_speed"),
            &format!("{title}, copying"),
            raw,
            copying,
        )?;
    }
    Ok(())
}

/// Ours as a part of the speed of the AEAD alone: 1 would be no work but it.
fn speed(part: &mut Part, id: &str, title: &str, raw: &Taken, ours: &Taken) -> Result<()> {
    let what = format!("{title}: speed of the AEAD alone that remains");
    part.add(Figure::new(format!("channel.{id}"), what, "ratio", ratios(raw, ours))?);
    Ok(())
}

/// How the channel is called.
#[derive(Clone, Copy)]
enum Call {
    /// The buffer that holds the content becomes the record, and the record the content.
    InPlace,
    /// Content and record each have their own.
    Copying,
}

impl Call {
    fn name(self) -> &'static str {
        match self {
            Self::InPlace => "didshake",
            Self::Copying => "didshake, copying",
        }
    }
}

/// A sealer for what is timed, and a pair for what is opened: openers want each record once and in order.
fn ours<'a>(suite: Suite, text: &'a [u8], call: Call) -> Result<(Candidate<'a>, Candidate<'a>)> {
    let mut sealing = Peers::new(suite)?.handshake()?.initiator.channel.split().0;
    let mut record = [&[0; RECORD_HEAD_BYTES], text, &[0; RECORD_TAIL_BYTES]].concat();
    let seal = move || {
        due(&mut sealing)?;
        match call {
            Call::InPlace => {
                // The last turn's record stands for content that was read to here.
                record.truncate(RECORD_HEAD_BYTES + text.len());
                sealing.data_in_place(black_box(&mut record), 0)?;
            }
            Call::Copying => drop(black_box(sealing.data(black_box(text), 0)?)),
        }
        Ok(())
    };
    let done = Peers::new(suite)?.handshake()?;
    let (mut sender, mut opener) = (done.initiator.channel.split().0, done.responder.channel.split().1);
    let sealed = Queue::default();
    let queue = Rc::clone(&sealed);
    let prepare = move |calls| {
        for _ in 0..calls {
            queue.borrow_mut().extend(due(&mut sender)?);
            queue.borrow_mut().push_back(sender.data(text, 0)?);
        }
        Ok(())
    };
    let open = move || {
        while !opens(&mut opener, sealed.borrow_mut().pop_front().unwrap_or_default(), call, text.len())? {}
        Ok(())
    };
    Ok((Candidate::new(call.name(), seal), Candidate::prepared(call.name(), prepare, open)))
}

/// Whether the record held data, of that length, and not a key_update.
fn opens(opener: &mut Opener, mut record: Vec<u8>, call: Call, length: usize) -> Result<bool> {
    let opened = match call {
        Call::InPlace => match opener.open_in_place(black_box(&mut record))? {
            Received::Data(content) => Some(black_box(content).len()),
            Received::KeyUpdate => None,
            other => bail!("not data: {other:?}"),
        },
        Call::Copying => match opener.open(black_box(&record))? {
            Received::Data(content) => Some(black_box(content).len()),
            Received::KeyUpdate => None,
            other => bail!("not data: {other:?}"),
        },
    };
    ensure!(opened.is_none_or(|opened| opened == length));
    Ok(opened.is_some())
}

/// The key_update that must come before the next record, where one must.
fn due(sealer: &mut Sealer) -> Result<Option<Vec<u8>>> {
    Ok(sealer.key_update_due().then(|| sealer.key_update()).transpose()?)
}

/// The AEAD of the backend alone, in a buffer that is there: no allocation, no copy, no counters.
fn raw<'a>(suite: Suite, text: &'a [u8]) -> Result<(Candidate<'a>, Candidate<'a>)> {
    let inner = [text, &[1; TYPE_BYTE]].concat();
    let cipher = Rc::new(Cipher::new(suite.aead(), &[9; 32])?);
    let mut sealed = inner.clone();
    let tag = cipher.seal(NONCE, DATA, &mut sealed)?;
    let (sealing, mut buffer) = (Rc::clone(&cipher), inner);
    let seal = move || {
        black_box(sealing.seal(NONCE, DATA, black_box(&mut buffer))?);
        Ok(())
    };
    let queue = Queue::default();
    let filling = Rc::clone(&queue);
    let prepare = move |calls| {
        filling.borrow_mut().extend((0..calls).map(|_| sealed.clone()));
        Ok(())
    };
    let open = move || {
        let mut text = queue.borrow_mut().pop_front().unwrap_or_default();
        cipher.open(NONCE, DATA, black_box(&mut text), tag)?;
        black_box(text);
        Ok(())
    };
    Ok((Candidate::new("AEAD", seal), Candidate::prepared("AEAD", prepare, open)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_opens_and_is_the_text() {
        for suite in Suite::ALL {
            let text = [3; 100];
            let (seal, open) = ours(suite, &text, Call::InPlace).unwrap();
            let (seal_copying, open_copying) = ours(suite, &text, Call::Copying).unwrap();
            let (raw_seal, raw_open) = raw(suite, &text).unwrap();
            let taken = interleave(1, &mut [seal, open, seal_copying, open_copying, raw_seal, raw_open]).unwrap();
            assert!(taken.iter().all(|taken| taken.runs.iter().all(|nanos| *nanos > 0.0)));
        }
    }

    // One turn may go over the end of a secret: as long as its records last, what was sealed is opened.
    #[test]
    fn a_secret_that_ends_in_the_middle_of_a_turn_is_followed_by_the_next() {
        let over = u32::try_from(didshake::RECORDS_PER_SECRET).unwrap() + 1;
        for call in [Call::InPlace, Call::Copying] {
            let (mut seal, mut open) = ours(Suite::X25519_CHACHA20_POLY1305, &[3], call).unwrap();
            seal.turn(over).unwrap();
            open.turn(over).unwrap();
        }
    }
}
