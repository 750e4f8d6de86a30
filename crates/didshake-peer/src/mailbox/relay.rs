//! Clients of a relay: of its owners, who prove a session, and of depositors, who prove nothing but a token.

mod depositor;
mod failure;
mod owner;
mod socket;

pub use depositor::Depositor;
pub use failure::RelayError;
pub use owner::{RelayOwner, TokenLimits};
pub use socket::{MailboxSocket, SocketEvent};
