//! `cargo xtask bench messages`: sealing and opening one message to somebody who is away, beside DIDComm and TSP. Prints
//! figures as JSON. Every DID document is there before, and no side has a socket.

mod didcomm;
mod letter;
mod tsp;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::hint::black_box;
use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use didshake_bench::figures::{Figure, Part};
use didshake_bench::measure::{Candidate, interleave};

/// Bytes of content: text, as each of the three carries it.
const SIZES: [(usize, &str); 3] = [(100, "100 B"), (1024, "1 KiB"), (16_384, "16 KiB")];

/// One way to send a message, with both sides' keys.
trait Messages {
    /// What figures call it.
    const NAME: &str;
    /// The message as it travels.
    fn seal(&mut self, text: &str) -> Result<Vec<u8>>;
    /// What it said; it is verified to be of the sender.
    fn open(&mut self, message: Vec<u8>) -> Result<String>;
}

fn main() -> Result<()> {
    let rounds = std::env::args().nth(1).context("usage: didshake-bench-messages ROUNDS")?.parse()?;
    println!("{}", serde_json::to_string(&[measure(rounds)?])?);
    Ok(())
}

fn measure(rounds: usize) -> Result<Part> {
    let mut part = Part::new("messages", "shipped");
    part.notes.push(
        "didshake: a signed letter, sealed to a mailbox key and padded to its size class. TSP: signed and sealed to a key. \
         DIDComm: authcrypt with X25519, not signed. All documents are there before."
            .into(),
    );
    for (bytes, size) in SIZES {
        let text = "x".repeat(bytes);
        let (seal, open, ours) = candidates(letter::Letters::new()?, &text)?;
        let (tsp_seal, tsp_open, tsp) = candidates(tsp::Tsp::new()?, &text)?;
        let (didcomm_seal, didcomm_open, didcomm) = candidates(didcomm::DidComm::new(), &text)?;
        for (direction, mut three) in
            [("seal", [seal, tsp_seal, didcomm_seal]), ("open", [open, tsp_open, didcomm_open])]
        {
            let taken = interleave(rounds, &mut three)?;
            let title = format!("{direction} a message of {size}");
            for taken in &taken {
                let micros = taken.runs.iter().map(|nanos| nanos / 1000.0).collect();
                let (id, what) =
                    (format!("messages.{direction}.{bytes}.{}", taken.name), format!("{title}: {}", taken.name));
                part.add(Figure::new(id, what, "µs", micros)?.bar(title.clone()));
            }
            if let [ours, others @ ..] = taken.as_slice() {
                for other in others {
                    part.add_ratio(&format!("{direction}.{bytes}.{}_ratio", other.name), ours, other)?;
                }
            }
        }
        let title = format!("Bytes of a message of {size} on the wire");
        for (name, length) in [(letter::Letters::NAME, ours), (tsp::Tsp::NAME, tsp), (didcomm::DidComm::NAME, didcomm)]
        {
            let (id, what) = (format!("messages.bytes.{bytes}.{name}"), format!("{size}: {name}"));
            part.add(Figure::new(id, what, "bytes", vec![length as f64])?.bar(title.clone()));
        }
    }
    Ok(part)
}

/// Sealing, opening what was sealed before, and the length of a message.
fn candidates<'a, M: Messages + 'a>(mut messages: M, text: &'a str) -> Result<(Candidate<'a>, Candidate<'a>, usize)> {
    let message = messages.seal(text)?;
    let length = message.len();
    ensure!(messages.open(message)? == text, "{}: another text came out", M::NAME);
    let messages = Rc::new(RefCell::new(messages));
    let sealing = Rc::clone(&messages);
    let seal = move || {
        black_box(sealing.borrow_mut().seal(black_box(text))?);
        Ok(())
    };
    let queue = Rc::new(RefCell::new(VecDeque::new()));
    let (filling, preparing) = (Rc::clone(&queue), Rc::clone(&messages));
    let prepare = move |calls| {
        for _ in 0..calls {
            filling.borrow_mut().push_back(preparing.borrow_mut().seal(text)?);
        }
        Ok(())
    };
    let open = move || {
        let message = queue.borrow_mut().pop_front().context("nothing to open")?;
        ensure!(messages.borrow_mut().open(message)?.len() == text.len());
        Ok(())
    };
    Ok((Candidate::new(M::NAME, seal), Candidate::prepared(M::NAME, prepare, open), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses_what_was_altered(mut messages: impl Messages) {
        let good = messages.seal("said").unwrap();
        let mut altered = good.clone();
        let middle = altered.len() / 2;
        altered[middle] ^= 1;
        assert!(messages.open(altered).is_err());
        assert_eq!(messages.open(good).unwrap(), "said");
    }

    #[test]
    fn what_is_measured_is_opened_and_verified_by_all_three() {
        refuses_what_was_altered(letter::Letters::new().unwrap());
        refuses_what_was_altered(tsp::Tsp::new().unwrap());
        refuses_what_was_altered(didcomm::DidComm::new());
    }

    #[test]
    fn each_size_has_its_figures() {
        let part = measure(1).unwrap();
        for (bytes, _) in SIZES {
            for direction in ["seal", "open"] {
                let id = format!("messages.{direction}.{bytes}.tsp_ratio");
                assert!(part.figures.iter().any(|figure| figure.id == id && figure.value > 0.0), "{id}");
            }
        }
    }
}
