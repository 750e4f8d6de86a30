//! The frames of a mailbox socket (section 3.1).

use alloc::vec::Vec;

use super::{CircuitId, MAX_ENVELOPE_BYTES};
use crate::codec::Reader;
use crate::document::UnixTime;

/// Sequence numbers of one frame at most, and of one request that answers.
pub const MAX_ANSWERS: usize = 1024;

const DEPOSIT: u8 = 1;
const CIRCUIT: u8 = 2;
const TAKEN: u8 = 3;
const REFUSED: u8 = 4;
const DURABLE: u8 = 5;
const NO_CIRCUIT: u8 = 6;

/// What a relay sends to an owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RelayFrame<'a> {
    /// A deposit that waits.
    Deposit {
        /// Its number in this mailbox.
        sequence: u64,
        /// When the relay gives up.
        expires: UnixTime,
        /// The envelope.
        envelope: &'a [u8],
    },
    /// Somebody asks for a circuit.
    Circuit(CircuitId),
    /// The answers to these deposits are durable.
    Durable(Vec<u64>),
}

impl<'a> RelayFrame<'a> {
    /// Reads one.
    ///
    /// # Errors
    /// [`FrameMalformed`]: the relay's fault; the owner ends the socket.
    pub fn decode(frame: &'a [u8]) -> Result<Self, FrameMalformed> {
        let (kind, body) = frame.split_first().ok_or(FrameMalformed)?;
        match *kind {
            DEPOSIT => {
                let mut reader = Reader::new(body);
                let sequence = reader.u64().map_err(|_| FrameMalformed)?;
                let expires = UnixTime(reader.u64().map_err(|_| FrameMalformed)?);
                let envelope = reader.rest();
                let fits = !envelope.is_empty() && envelope.len() <= MAX_ENVELOPE_BYTES;
                if fits { Ok(Self::Deposit { sequence, expires, envelope }) } else { Err(FrameMalformed) }
            }
            CIRCUIT => circuit(body).map(Self::Circuit),
            DURABLE => numbers(body).map(Self::Durable),
            _ => Err(FrameMalformed),
        }
    }

    /// The bytes. Of [`Durable`](Self::Durable) at most [`MAX_ANSWERS`] are read by the owner.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Deposit { sequence, expires, envelope } => {
                [&[DEPOSIT][..], &sequence.to_be_bytes(), &expires.0.to_be_bytes(), envelope].concat()
            }
            Self::Circuit(id) => [&[CIRCUIT][..], &id.0].concat(),
            Self::Durable(sequences) => of_numbers(DURABLE, sequences),
        }
    }
}

/// What an owner sends to a relay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OwnerFrame {
    /// These deposits are durable at the owner's.
    Taken(Vec<u64>),
    /// The owner does not take these.
    Refused(Vec<u64>),
    /// No circuit: the asker is told that the owner is away.
    NoCircuit(CircuitId),
}

impl OwnerFrame {
    /// Reads one.
    ///
    /// # Errors
    /// [`FrameMalformed`]: the owner's fault; the relay ends the socket with 1008.
    pub fn decode(frame: &[u8]) -> Result<Self, FrameMalformed> {
        let (kind, body) = frame.split_first().ok_or(FrameMalformed)?;
        match *kind {
            TAKEN => numbers(body).map(Self::Taken),
            REFUSED => numbers(body).map(Self::Refused),
            NO_CIRCUIT => circuit(body).map(Self::NoCircuit),
            _ => Err(FrameMalformed),
        }
    }

    /// The bytes. A relay reads 1 to [`MAX_ANSWERS`] numbers in one frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Taken(sequences) => of_numbers(TAKEN, sequences),
            Self::Refused(sequences) => of_numbers(REFUSED, sequences),
            Self::NoCircuit(id) => [&[NO_CIRCUIT][..], &id.0].concat(),
        }
    }
}

/// The frame is none of section 3.1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
#[error("the frame is none of a mailbox socket")]
pub struct FrameMalformed;

fn circuit(body: &[u8]) -> Result<CircuitId, FrameMalformed> {
    body.try_into().map(CircuitId).map_err(|_| FrameMalformed)
}

fn numbers(body: &[u8]) -> Result<Vec<u64>, FrameMalformed> {
    let (numbers, rest) = body.as_chunks::<8>();
    if numbers.is_empty() || numbers.len() > MAX_ANSWERS || !rest.is_empty() {
        return Err(FrameMalformed);
    }
    Ok(numbers.iter().copied().map(u64::from_be_bytes).collect())
}

fn of_numbers(kind: u8, numbers: &[u64]) -> Vec<u8> {
    let mut frame = alloc::vec![kind];
    frame.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    frame
}
