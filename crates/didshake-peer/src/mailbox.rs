//! Letters to and from agents that are away (`spec/mailbox-1.md`, `spec/relay-1.md`). Feature `mailbox`.

mod receipt;
mod records;
mod sqlite;
mod store;

pub use receipt::{MAX_RECEIPT_IDS, RECEIPT_TYPE};
pub use records::{
    Arrived, Body, Contact, Deposited, GivenToken, InboxLetter, KeptKey, MailboxAddress, NewLetter, OwnMailbox, Sealed,
    SentLetter, SentState, Taken,
};
pub use sqlite::{InboxBounds, SqliteStore};
pub use store::{AgentStore, Change, StoreError, Stored};
