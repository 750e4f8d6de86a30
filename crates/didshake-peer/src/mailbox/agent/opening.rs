//! Deposits into letters: opened, admitted, resolved, verified (`spec/mailbox-1.md`, section 3.2).

use std::collections::HashSet;

use didshake::mailbox::{ClaimedLetter, MailboxFault, OwnMailboxKey, VerifiedLetter};
use didshake::{Admission, Claim, Did, Fault};
use didshake_did::Resolver as _;
use tokio::time::timeout;

use super::{AgentError, Inner};
use crate::mailbox::records::Arrived;

/// A deposit that is to be answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Shown {
    pub(super) sequence: u64,
    pub(super) envelope: Vec<u8>,
}

/// What became of deposits that were looked at.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) taken: Vec<u64>,
    pub(super) refused: Vec<u64>,
    /// Whose documents cannot be fetched now: these are looked at again, and what follows of the same sender behind them.
    pub(super) later: Vec<Shown>,
    /// Whether a letter is new.
    pub(super) news: bool,
}

enum Verdict {
    Take(Arrived),
    Refuse(MailboxFault),
    Later(Did),
}

impl Inner {
    /// Looks at deposits in their order and puts what is good into the store, all of it in one transaction, before anything is
    /// answered (R-RLY-9). `waiting` are senders of whom letters wait already, for one that came before.
    pub(super) async fn take(&self, shown: Vec<Shown>, waiting: &mut HashSet<Did>) -> Result<Answers, AgentError> {
        let own = self.identity.did();
        let keys = self.store.keys().await?;
        let keys: Vec<OwnMailboxKey> =
            keys.into_iter().map(|key| OwnMailboxKey::new(key.secret, own.clone(), key.ends)).collect();
        let (mut answers, mut arrived) = (Answers::default(), Vec::new());
        for deposit in shown {
            match self.judge(&deposit.envelope, &keys, waiting).await? {
                Verdict::Take(letter) => {
                    arrived.push(letter);
                    answers.taken.push(deposit.sequence);
                }
                Verdict::Refuse(fault) => {
                    tracing::warn!(code = fault.code(), sequence = deposit.sequence, "a letter is refused: {fault}");
                    answers.refused.push(deposit.sequence);
                }
                Verdict::Later(sender) => {
                    waiting.insert(sender);
                    answers.later.push(deposit);
                }
            }
        }
        if !arrived.is_empty() {
            self.store.take(&arrived, self.now()).await?;
            answers.news = true;
            self.changed();
        }
        Ok(answers)
    }

    async fn judge(
        &self,
        envelope: &[u8],
        keys: &[OwnMailboxKey],
        waiting: &HashSet<Did>,
    ) -> Result<Verdict, AgentError> {
        // Whether it is admitted is asked next, before anything is resolved (R-MBOX-5): contacts are in the store.
        let claimed = match ClaimedLetter::open(envelope, keys, &Admission::policy(|_| true), self.now()) {
            Ok(claimed) => claimed,
            Err(fault) => return Ok(Verdict::Refuse(fault)),
        };
        let claim = claimed.claim();
        if !self.admits(&claim).await? {
            return Ok(Verdict::Refuse(Fault::NotAdmitted.into()));
        }
        if waiting.contains(claim.did()) {
            return Ok(Verdict::Later(claim.did().clone()));
        }
        let surroundings = &self.options.surroundings;
        let resolving = surroundings.resolver.resolve_method(claim.did(), claim.fragment());
        let resolved = timeout(surroundings.timeouts.resolve, resolving).await;
        let resolved = match resolved.unwrap_or(Err(Fault::DidResolutionFailed)) {
            Ok(resolved) => resolved,
            Err(Fault::DidResolutionFailed) => return Ok(Verdict::Later(claim.did().clone())),
            Err(fault) => return Ok(Verdict::Refuse(fault.into())),
        };
        Ok(match claimed.verify(&resolved, self.now()) {
            Ok(letter) => Verdict::Take(arrived(&letter)),
            Err(fault) => Verdict::Refuse(fault),
        })
    }

    async fn admits(&self, claim: &Claim) -> Result<bool, AgentError> {
        match &self.options.admit {
            Some(admit) => Ok(admit.admits(claim)),
            None => Ok(self.store.contact(claim.did()).await?.is_some()),
        }
    }
}

fn arrived(verified: &VerifiedLetter) -> Arrived {
    let sender = verified.sender();
    Arrived::of(verified.letter(), sender.did(), sender.verification_method())
}
