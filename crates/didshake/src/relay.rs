//! What depositors, owners and relays say to each other (`spec/relay-1.md`): names, deposit tokens, bodies and frames, one codec each.
//! No HTTP library, no JSON: both sides of a relay put these into theirs.
//!
//! ```
//! use didshake::relay::{Deposit, DepositName, DepositToken, MailboxUrl, OwnerFrame, RelayFrame, read_deposits, write_deposits};
//! use didshake::{Secret, UnixTime};
//! // The owner draws a token for one contact. The relay is told its hash alone.
//! let token = DepositToken::from_secret(Secret::new([7; 32]));
//! let hash = token.hash();
//!
//! // The contact deposits an envelope.
//! let url = MailboxUrl::parse("https://relay.example/m/AAAAAAAAAAAAAAAAAAAAAA")?;
//! let (now, envelope) = (UnixTime(1_767_225_600), [&[33, 1][..], &[0; 576]].concat());
//! let body = write_deposits(&[Deposit { expires: now.plus(86_400), envelope: &envelope }])?;
//! let authorization = token.authorization();
//! assert_eq!(url.name().to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
//!
//! // The relay reads that, and knows the deposit by its bytes.
//! assert_eq!(DepositToken::read_authorization(&[authorization.as_bytes()])?.hash(), hash);
//! let deposits = read_deposits(&body)?;
//! let [deposit] = deposits.as_slice() else { panic!("there is one") };
//! deposit.check(now)?;
//! assert_eq!(DepositName::of(deposit.envelope), DepositName::of(&envelope));
//!
//! // It shows it on the owner's socket, and the owner takes it.
//! let shown = RelayFrame::Deposit { sequence: 1, expires: deposit.expires, envelope: deposit.envelope }.encode();
//! let RelayFrame::Deposit { sequence, .. } = RelayFrame::decode(&shown)? else { panic!("type 1 is a deposit") };
//! assert_eq!(OwnerFrame::decode(&OwnerFrame::Taken(vec![sequence]).encode())?, OwnerFrame::Taken(vec![1]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod code;
mod frames;
mod names;
mod token;
mod url;

pub use batch::{DEPOSIT_SECONDS, Deposit, DepositFault, MAX_BATCH_BYTES, MAX_DEPOSITS, read_deposits, write_deposits};
pub use code::{DepositState, RelayCode};
pub use frames::{FrameMalformed, MAX_ANSWERS, OwnerFrame, RelayFrame};
pub use names::{CircuitId, DepositName, MailboxName, NameMalformed, TokenHash};
pub use token::{DepositToken, TokenMalformed};
pub use url::{MAX_URL_BYTES, MailboxUrl, MailboxUrlError};

/// The longest envelope, in bytes: the largest size class, and what is around it.
pub const MAX_ENVELOPE_BYTES: usize = 131_138;
/// Media type of a mailbox key.
pub const KEY_MEDIA_TYPE: &str = "application/didshake-mailbox-key";
/// Media type of the body of a deposit.
pub const ENVELOPES_MEDIA_TYPE: &str = "application/didshake-envelopes";
/// Subprotocol of mailbox sockets and circuits.
pub const SUBPROTOCOL: &str = "didshake.relay.1";
/// Deposits that a relay shows on one socket before the owner has answered one of them.
pub const MAX_UNANSWERED: usize = 256;
/// The longest frame of a circuit, in bytes.
pub const MAX_CIRCUIT_FRAME_BYTES: usize = 131_072;
/// Deposits whose states are asked for at once.
pub const MAX_ASKED_STATES: usize = 256;
