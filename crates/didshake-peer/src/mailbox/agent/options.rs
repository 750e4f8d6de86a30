//! What an agent's user decides.

use std::fmt;

use crate::http::WebClientOptions;
use crate::options::{Admit, Surroundings};

/// What an agent's user decides. The default takes letters of contacts, and tells them when theirs were read.
///
/// ```
/// use didshake_peer::Admit;
/// use didshake_peer::mailbox::AgentOptions;
/// let discreet = AgentOptions { receipts: false, ..AgentOptions::default() };
/// let open = AgentOptions { admit: Some(Admit::anyone()), ..AgentOptions::default() };
/// assert!(open.receipts && !discreet.receipts && discreet.admit.is_none());
/// ```
#[derive(Clone)]
pub struct AgentOptions {
    /// How relays are asked: which hosts over plain http, roots, time-outs.
    pub web: WebClientOptions,
    /// Resolver, clock, time-outs of steps. The policy is asked about relays, its observer sees logins at them.
    pub surroundings: Surroundings,
    /// Of whom letters are taken; `None`: of contacts. Whoever deposits has a token of ours; this is about whom the letter
    /// claims to be from, before anything is resolved.
    pub admit: Option<Admit>,
    /// Whether senders are told that their letters were read.
    pub receipts: bool,
}

impl Default for AgentOptions {
    fn default() -> Self {
        Self { web: WebClientOptions::default(), surroundings: Surroundings::default(), admit: None, receipts: true }
    }
}

impl fmt::Debug for AgentOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { web, admit, receipts, .. } = self;
        let mut debug = f.debug_struct("AgentOptions");
        debug.field("web", web).field("admit", admit).field("receipts", receipts).finish_non_exhaustive()
    }
}
