//! Records, both directions, after the handshake.

use crate::check::{Check, Checks, Step, Stop};
use crate::primitives::{self, TAG, expand};
use crate::registry::KNOWN_ALERTS;
use crate::schedule::Labels;
use crate::vector::Role;

/// The type byte of a record.
pub(crate) const RECORD: u8 = 16;
/// Longest inner text.
pub(crate) const INNER_LIMIT: usize = 65_536;
/// Longest record.
pub(crate) const RECORD_LIMIT: usize = 1 + INNER_LIMIT + TAG;
/// The number of records under one secret, the closing key_update included.
pub(crate) const RECORDS_PER_SECRET: u64 = 1 << 20;

/// Content types.
pub(crate) const DATA: u8 = 1;
pub(crate) const CLOSE: u8 = 2;
pub(crate) const KEY_UPDATE: u8 = 3;
pub(crate) const ALERT: u8 = 4;

/// What the sender of a record really used; the receiver borrows from it what a check that is off no longer decides.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sealing {
    pub(crate) direction: Role,
    pub(crate) generation: u64,
    pub(crate) sequence: u64,
    pub(crate) associated_data: Vec<u8>,
    pub(crate) labels: Labels,
    pub(crate) inner: Vec<u8>,
    /// The whole record, before it was changed on its way.
    pub(crate) whole: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
struct Direction {
    generation: u64,
    sequence: u64,
    under_secret: u64,
    closed: bool,
}

/// Both directions of a channel, as an observer who holds all keys follows them.
#[derive(Clone)]
pub(crate) struct Channel {
    suite: u16,
    ms: Vec<u8>,
    i2r: Direction,
    r2i: Direction,
    alerted: bool,
}

/// The inner text of a record.
pub(crate) fn inner(kind: u8, content: &[u8], padding: usize) -> Vec<u8> {
    [content, &[kind], &vec![0; padding]].concat()
}

impl Channel {
    pub(crate) fn new(suite: u16, ms: &[u8]) -> Self {
        let (i2r, r2i) = (Direction::default(), Direction::default());
        Self { suite, ms: ms.to_vec(), i2r, r2i, alerted: false }
    }

    fn direction(&self, of: Role) -> &Direction {
        match of {
            Role::Initiator => &self.i2r,
            Role::Responder => &self.r2i,
        }
    }

    fn direction_mut(&mut self, of: Role) -> &mut Direction {
        match of {
            Role::Initiator => &mut self.i2r,
            Role::Responder => &mut self.r2i,
        }
    }

    /// How an honest sender seals its next record.
    pub(crate) fn next(&self, from: Role, inner: Vec<u8>) -> Sealing {
        let state = self.direction(from);
        Sealing {
            direction: from,
            generation: state.generation,
            sequence: state.sequence,
            associated_data: vec![RECORD],
            labels: Labels::default(),
            inner,
            whole: Vec::new(),
        }
    }

    /// Key and nonce of a record.
    fn key(&self, of: &Sealing) -> Step<(Vec<u8>, Vec<u8>)> {
        let label = if of.direction == Role::Initiator { of.labels.i2r } else { of.labels.r2i };
        let mut secret = expand(&self.ms, label.as_bytes(), 32)?;
        for _ in 0..of.generation {
            secret = expand(&secret, of.labels.update.as_bytes(), 32)?;
        }
        let key = expand(&secret, of.labels.key.as_bytes(), 32)?;
        let mut nonce = expand(&secret, of.labels.iv.as_bytes(), 12)?;
        nonce.iter_mut().skip(4).zip(of.sequence.to_be_bytes()).for_each(|(byte, mask)| *byte ^= mask);
        Ok((key, nonce))
    }

    /// Seals a record; fills in `whole`.
    pub(crate) fn seal(&self, of: &mut Sealing) -> Step<()> {
        let (key, nonce) = self.key(of)?;
        let mut record = vec![RECORD];
        record.extend(primitives::seal(self.suite, &key, &nonce, &of.associated_data, &of.inner)?);
        of.whole = record;
        Ok(())
    }

    /// Counts records that were sealed and opened without being listed: data only, none of them the last of a secret.
    pub(crate) fn skip(&mut self, from: Role, records: u64) -> Step<()> {
        let state = self.direction_mut(from);
        state.sequence += records;
        state.under_secret += records;
        if state.under_secret >= RECORDS_PER_SECRET {
            return Err(Stop::Broken("data where a key_update is due"));
        }
        Ok(())
    }

    /// Receives a message in the channel from that side; gives content type and content, or None if ignored.
    pub(crate) fn receive(
        &mut self,
        checks: Checks,
        from: Role,
        wire: &[u8],
        sender: &Sealing,
    ) -> Step<Option<(u8, Vec<u8>)>> {
        checks.need(Check::RecordLength, wire.len() <= RECORD_LIMIT)?;
        let Some((RECORD, sealed)) = wire.split_first().map(|(kind, rest)| (*kind, rest)) else {
            checks.need(Check::IsRecord, false)?;
            return Ok(None);
        };
        checks.need(Check::RecordAfterAlert, !self.alerted)?;
        checks.need(Check::RecordAfterClose, !self.direction(from).closed)?;
        checks.need(Check::RecordTagPresent, sealed.len() >= TAG)?;
        let sealed = if sealed.len() < TAG { sender.whole.get(1..).unwrap_or_default() } else { sealed };
        let expected = self.borrow(checks, from, sender);
        let (key, nonce) = self.key(&expected)?;
        let opened = primitives::open(self.suite, &key, &nonce, &expected.associated_data, sealed)?;
        checks.need(Check::RecordTag, opened.genuine)?;
        let last = opened.plain.iter().rposition(|byte| *byte != 0);
        checks.need(Check::RecordZeros, last.is_some())?;
        let (content, rest) = opened.plain.split_at_checked(last.unwrap_or(0)).unwrap_or_default();
        let kind = rest.first().copied().filter(|_| last.is_some()).unwrap_or(DATA);
        checks.need(Check::RecordType, matches!(kind, DATA | CLOSE | KEY_UPDATE | ALERT))?;
        let due = self.direction(from).under_secret == RECORDS_PER_SECRET - 1;
        checks.need(Check::KeyUpdateDue, !due || kind == KEY_UPDATE)?;
        let length_ok = match kind {
            CLOSE | KEY_UPDATE => content.is_empty(),
            ALERT => content.len() == 1,
            _ => true,
        };
        checks.need(Check::RecordContent, length_ok)?;
        if kind == ALERT {
            checks.need(Check::RecordAlertKnown, content.iter().all(|code| KNOWN_ALERTS.contains(code)))?;
        }
        self.advance(from, kind);
        Ok(Some((kind, content.to_vec())))
    }

    /// How the receiver expects the record to be sealed, with what a check that is off takes from the sender.
    fn borrow(&self, checks: Checks, from: Role, sender: &Sealing) -> Sealing {
        let mut own = self.next(from, Vec::new());
        let off = |check| !checks.on(check);
        if off(Check::RecordDirection) {
            own.direction = sender.direction;
        } else if off(Check::RecordGeneration) {
            own.generation = sender.generation;
        } else if off(Check::RecordSequence) {
            own.sequence = sender.sequence;
        } else if off(Check::RecordAssociatedData) {
            own.associated_data.clone_from(&sender.associated_data);
        }
        own.labels.borrow(checks, &sender.labels);
        own
    }

    fn advance(&mut self, from: Role, kind: u8) {
        let state = self.direction_mut(from);
        state.sequence += 1;
        state.under_secret += 1;
        match kind {
            KEY_UPDATE => {
                state.generation += 1;
                state.under_secret = 0;
            }
            CLOSE => state.closed = true,
            ALERT => self.alerted = true,
            _ => (),
        }
    }
}
