//! Whether an agent that runs is connected with its mailboxes.

use std::collections::BTreeMap;
use std::sync::Arc;

use didshake::Origin;
use tokio::sync::watch;

use super::{Agent, AgentError, Inner};

/// The socket to one of our mailboxes, of an agent that [runs](Agent::run).
#[derive(Clone, Debug)]
pub enum Connection {
    /// It is being opened, and was not lost before.
    Connecting,
    /// It is open: letters come as they are deposited.
    Open {
        /// Whether calls come, as others ask for circuits: while somebody takes [`offers`](Agent::offers).
        calls: bool,
    },
    /// It cannot be opened, or is over: why, where it did not end in order. It is opened again after a while.
    Lost(Option<Arc<AgentError>>),
}

/// The sockets of an agent, one for each of its mailboxes; none while it does not run.
///
/// ```no_run
/// # async fn f(agent: didshake_peer::mailbox::Agent, relay: didshake::Origin) -> Result<(), Box<dyn std::error::Error>> {
/// let mut connections = agent.connections();
/// let runs = agent.clone();
/// tokio::spawn(async move { runs.run().await });
/// connections.wait_for(|connections| connections.is_open(&relay)).await?;
/// println!("letters come at once now");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Connections(BTreeMap<Origin, Connection>);

impl Connections {
    /// Whether the socket to our mailbox at this relay is open.
    #[must_use]
    pub fn is_open(&self, relay: &Origin) -> bool {
        matches!(self.0.get(relay), Some(Connection::Open { .. }))
    }

    /// Whether it is open, and whoever calls us through it is heard.
    #[must_use]
    pub fn takes_calls(&self, relay: &Origin) -> bool {
        matches!(self.0.get(relay), Some(Connection::Open { calls: true }))
    }

    /// Whether there are any, and each was opened or cannot be.
    #[must_use]
    pub fn are_settled(&self) -> bool {
        !self.0.is_empty() && !self.0.values().any(|connection| matches!(connection, Connection::Connecting))
    }

    /// All of them, by the relay's origin.
    pub fn iter(&self) -> impl Iterator<Item = (&Origin, &Connection)> {
        self.0.iter()
    }
}

impl Agent {
    /// The sockets to our mailboxes, as [`run`](Self::run) opens and loses them; one `run` at a time tells this.
    #[must_use]
    pub fn connections(&self) -> watch::Receiver<Connections> {
        self.inner.connections.subscribe()
    }
}

impl Inner {
    pub(super) fn is_connected(&self, relay: &Origin, connection: Connection) {
        self.connections.send_modify(|all| drop(all.0.insert(relay.clone(), connection)));
    }

    pub(super) fn is_no_mailbox(&self, relay: &Origin) {
        self.connections.send_modify(|all| drop(all.0.remove(relay)));
    }
}

/// Nothing is connected once this is dropped.
pub(super) struct Running<'a>(pub(super) &'a Inner);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.connections.send_modify(|all| all.0.clear());
    }
}
