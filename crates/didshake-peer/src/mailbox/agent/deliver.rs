//! Delivery: from the outbox to the recipients' relays, and what became of it.

use std::time::Duration;

use didshake::mailbox::MailboxKey;
use didshake::relay::{
    DEPOSIT_SECONDS, Deposit, DepositState, MAX_ASKED_STATES, MAX_BATCH_BYTES, MAX_DEPOSITS, RelayCode,
};
use didshake::{Did, UnixTime};

use super::{Agent, AgentError, Inner};
use crate::mailbox::records::{Deposited, MailboxAddress, Sealed, SentLetter, SentState};
use crate::mailbox::relay::RelayError;
use crate::mailbox::store::Change;

/// Our clock and the relay's may differ by so much where a letter is to be kept for the longest time.
const SKEW_SECONDS: u64 = 60;
/// Time and length before each envelope in a request.
const FRAMING_BYTES: usize = 12;

/// What a pass over the outbox has done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Delivery {
    /// Letters that a relay has now.
    pub deposited: u64,
    /// Letters of which something else was heard: taken, refused, expired.
    pub heard: u64,
    /// To whom something could not go now, with a word for logs; it stays in the outbox.
    pub trouble: Vec<(Did, &'static str)>,
    /// When the first of these may be tried again, as its relay says.
    pub retry_after: Option<Duration>,
}

impl Agent {
    /// One pass over the outbox: whatever is queued goes to its recipient's relay, in the order of writing, and relays are asked
    /// what became of what they have. Recipients do not wait for each other.
    ///
    /// # Errors
    /// [`AgentError::Store`]; what fails otherwise is in [`Delivery::trouble`] and stays in the outbox.
    pub async fn deliver(&self) -> Result<Delivery, AgentError> {
        let expired = self.inner.store.sweep_outbox(self.inner.now()).await?;
        // A relay may have been wrong, or told wrongly.
        self.inner.store.retry_blocked().await?;
        let mut passes = tokio::task::JoinSet::new();
        for recipient in self.inner.store.recipients().await? {
            let inner = self.inner.clone();
            passes.spawn(async move { inner.deliver_to(&recipient, true).await });
        }
        let mut all = Delivery { heard: expired, ..Delivery::default() };
        while let Some(pass) = passes.join_next().await {
            // A pass that panicked has left everything in the outbox.
            if let Ok(pass) = pass {
                all.add(pass?);
            }
        }
        if all.deposited > 0 || all.heard > 0 {
            self.inner.changed();
        }
        Ok(all)
    }
}

impl Delivery {
    pub(super) fn add(&mut self, other: Self) {
        self.deposited = self.deposited.saturating_add(other.deposited);
        self.heard = self.heard.saturating_add(other.heard);
        self.trouble.extend(other.trouble);
        self.retry_after = match (self.retry_after, other.retry_after) {
            (Some(one), Some(another)) => Some(one.min(another)),
            (one, another) => one.or(another),
        };
    }
}

impl Inner {
    /// Everything that is queued for somebody; and, if asked for, what became of what waits.
    pub(super) async fn deliver_to(&self, to: &Did, ask: bool) -> Result<Delivery, AgentError> {
        let mut delivery = Delivery::default();
        let contact = self.store.contact(to).await?;
        let Some(address) = contact.and_then(|contact| contact.address) else {
            if !self.held.contains(to) {
                self.block(to, "no_address", &mut delivery).await?;
            }
            return Ok(delivery);
        };
        let done = async {
            if ask {
                self.ask_states(to, &address, &mut delivery).await?;
            }
            while !self.held.contains(to) && self.deposit_some(to, &address, &mut delivery).await? {}
            Ok(())
        };
        match done.await {
            Ok(()) => {}
            Err(AgentError::Store(error)) => return Err(error.into()),
            Err(AgentError::Relay(RelayError::Refused { code: RelayCode::Token, .. })) => {
                self.block(to, RelayCode::Token.as_str(), &mut delivery).await?;
            }
            Err(error) => {
                tracing::debug!(code = error.code(), recipient = %to, "letters stay in the outbox: {error}");
                if let AgentError::Relay(RelayError::Refused { retry_after, .. }) = &error {
                    delivery.retry_after = *retry_after;
                }
                self.note_trouble(to, error.code()).await?;
                delivery.trouble.push((to.clone(), error.code()));
            }
        }
        Ok(delivery)
    }

    /// Deposits the next letters in one request; whether there may be more.
    async fn deposit_some(
        &self,
        to: &Did,
        address: &MailboxAddress,
        delivery: &mut Delivery,
    ) -> Result<bool, AgentError> {
        let most = u32::try_from(MAX_DEPOSITS).unwrap_or(1);
        let mut letters = self.store.queued(to, most).await?;
        if letters.is_empty() {
            return Ok(false);
        }
        if letters.iter().any(|letter| letter.sealed.is_none()) {
            let key = self.key_of(to, address, false).await?;
            self.seal_all(&letters, &key).await?;
            // What counts is what the store has: another process may have sealed it before us.
            letters = self.store.queued(to, most).await?;
        }
        let now = self.now();
        let batch = batch(&letters);
        let mut changes = self.deposit(address, &batch, now).await;
        if matches!(&changes, Err(error) if is_of_one(error)) {
            // One of them is at fault: the first goes alone, and only it is refused.
            let (first, _) = batch.split_at(1.min(batch.len()));
            changes = match self.deposit(address, first, now).await {
                Err(AgentError::Relay(RelayError::Refused { code, .. })) if is_fault(code) => {
                    Ok(first.iter().map(|(number, _, _)| refused(*number, code)).collect())
                }
                other => other,
            };
        }
        let changes = changes?;
        self.store.note(&changes, now).await?;
        delivery.deposited = delivery.deposited.saturating_add(changes.len() as u64);
        Ok(!changes.is_empty())
    }

    async fn seal_all(&self, letters: &[SentLetter], key: &MailboxKey) -> Result<(), AgentError> {
        let mut sealed = Vec::new();
        for letter in letters.iter().filter(|letter| letter.sealed.is_none()) {
            sealed.push((letter.number, self.seal(&letter.letter, key).await?));
        }
        Ok(self.store.seal(&sealed).await?)
    }

    async fn deposit(
        &self,
        address: &MailboxAddress,
        batch: &[(u64, UnixTime, &Sealed)],
        now: UnixTime,
    ) -> Result<Vec<Change>, AgentError> {
        let latest = now.plus(DEPOSIT_SECONDS - SKEW_SECONDS);
        let deposits: Vec<Deposit<'_>> = batch
            .iter()
            .map(|(_, expires, sealed)| Deposit { expires: latest.min(*expires), envelope: &sealed.envelope })
            .collect();
        if deposits.is_empty() {
            return Ok(Vec::new());
        }
        let states = self.depositor.deposit(address, &deposits).await?;
        // Whatever else has become of it already, is asked for like that of others.
        let known = batch.iter().zip(states).filter(|(_, state)| *state != DepositState::Unknown);
        Ok(known.map(|((number, _, _), _)| Change::to(*number, SentState::Waiting)).collect())
    }

    /// Asks what became of everything that waits at this relay.
    async fn ask_states(&self, to: &Did, address: &MailboxAddress, delivery: &mut Delivery) -> Result<(), AgentError> {
        let mut after = 0;
        loop {
            let most = u32::try_from(MAX_ASKED_STATES).unwrap_or(1);
            let waiting = self.store.deposited(to, after, most).await?;
            let Some(last) = waiting.last() else { return Ok(()) };
            after = last.number;
            let names: Vec<_> = waiting.iter().map(|deposited| deposited.deposit).collect();
            let states = self.depositor.states(address, &names).await?;
            let mut changes = Vec::new();
            for (deposited, state) in waiting.iter().zip(states) {
                changes.extend(self.heard(to, address, deposited, state).await?);
            }
            self.store.note(&changes, self.now()).await?;
            delivery.heard = delivery.heard.saturating_add(changes.len() as u64);
        }
    }

    async fn heard(
        &self,
        to: &Did,
        address: &MailboxAddress,
        deposited: &Deposited,
        state: DepositState,
    ) -> Result<Option<Change>, AgentError> {
        let number = deposited.number;
        let is_over = self.now() >= deposited.expires;
        Ok(match state {
            DepositState::Waiting => None,
            DepositState::Taken => Some(Change::to(number, SentState::Taken)),
            DepositState::Expired => Some(Change::to(number, SentState::Expired)),
            DepositState::Refused if is_over => Some(Change::to(number, SentState::Refused)),
            DepositState::Refused => {
                // The owner may have lost the secret of an older key: the letter goes once more, to the one that is shown now.
                let key = self.key_of(to, address, true).await?;
                let reseal = (key.id() != deposited.key).then_some(deposited.key);
                let state = if reseal.is_some() { SentState::Queued } else { SentState::Refused };
                Some(Change { reseal, ..Change::to(number, state) })
            }
            DepositState::Unknown if is_over => Some(Change::to(number, SentState::Unknown)),
            // The relay has lost it, or our token is another one: who has it already, knows it by its message id.
            DepositState::Unknown => Some(Change::to(number, SentState::Queued)),
        })
    }

    /// Nothing goes to somebody until they have another address.
    async fn block(&self, to: &Did, why: &'static str, delivery: &mut Delivery) -> Result<(), AgentError> {
        loop {
            let letters = self.store.queued(to, 256).await?;
            if letters.is_empty() {
                break;
            }
            let blocked =
                |letter: &SentLetter| Change { trouble: Some(why), ..Change::to(letter.number, SentState::Blocked) };
            let changes: Vec<Change> = letters.iter().map(blocked).collect();
            self.store.note(&changes, self.now()).await?;
            delivery.heard = delivery.heard.saturating_add(changes.len() as u64);
        }
        delivery.trouble.push((to.clone(), why));
        Ok(())
    }

    async fn note_trouble(&self, to: &Did, why: &'static str) -> Result<(), AgentError> {
        let first = self.store.queued(to, 1).await?;
        let changes: Vec<Change> = first
            .iter()
            .map(|letter| Change { trouble: Some(why), ..Change::to(letter.number, SentState::Queued) })
            .collect();
        Ok(self.store.note(&changes, self.now()).await?)
    }
}

/// The sealed letters that fit one request, in order, without a gap.
fn batch(letters: &[SentLetter]) -> Vec<(u64, UnixTime, &Sealed)> {
    let mut bytes = 0_usize;
    let fits = letters.iter().map_while(|letter| {
        let sealed = letter.sealed.as_ref()?;
        bytes = bytes.saturating_add(FRAMING_BYTES).saturating_add(sealed.envelope.len());
        (bytes <= MAX_BATCH_BYTES).then_some((letter.number, letter.letter.expires, sealed))
    });
    fits.collect()
}

/// What is said of one letter of a request, and refuses all.
fn is_of_one(error: &AgentError) -> bool {
    matches!(error, AgentError::Relay(RelayError::Refused { code, .. }) if is_fault(*code))
}

fn is_fault(code: RelayCode) -> bool {
    matches!(code, RelayCode::EnvelopeMalformed | RelayCode::Expires | RelayCode::Malformed | RelayCode::TooLarge)
}

fn refused(number: u64, code: RelayCode) -> Change {
    Change { trouble: Some(code.as_str()), ..Change::to(number, SentState::Refused) }
}
