//! What an agent keeps: contacts, mailboxes, keys, letters.

use std::fmt;

use didshake::mailbox::{KeyId, Letter, MailboxSecret, MessageId};
use didshake::relay::{DepositName, DepositToken, MailboxUrl};
use didshake::{Did, Origin, UnixTime};
use zeroize::Zeroizing;

use super::receipt::{self, RECEIPT_TYPE};

/// Somebody whom we write to, or of whom we take letters. It has no name here: names and pins are in the file of
/// [known peers](crate::KnownPeersFile), and nowhere else.
#[derive(Debug)]
pub struct Contact {
    /// Whose it is.
    pub did: Did,
    /// Where they take letters; `None` where we have no card of theirs that says so.
    pub address: Option<MailboxAddress>,
    /// Their card as it came, for whoever reads it again.
    pub card: Option<Zeroizing<Vec<u8>>>,
    /// Since when.
    pub added: UnixTime,
}

/// Where somebody takes letters of ours.
#[derive(PartialEq, Eq, Debug)]
pub struct MailboxAddress {
    /// The mailbox.
    pub url: MailboxUrl,
    /// Lets us deposit there.
    pub token: DepositToken,
}

/// A mailbox of ours at a relay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnMailbox {
    /// The relay's origin.
    pub origin: Origin,
    /// Who the relay has to prove that it is.
    pub relay: Did,
    /// Where depositors come to.
    pub url: MailboxUrl,
    /// When it was opened, by our clock.
    pub opened: UnixTime,
    /// The mailbox key that the relay was last told to show.
    pub shown: Option<KeyId>,
}

/// A mailbox key of ours, with its secret half.
#[derive(Debug)]
pub struct KeptKey {
    /// What envelopes to it are marked with.
    pub id: KeyId,
    /// What opens them; wiped when dropped.
    pub secret: MailboxSecret,
    /// From then on it is good.
    pub begins: UnixTime,
    /// From then on it is not; its secret is destroyed [`GRACE_SECONDS`](didshake::mailbox::GRACE_SECONDS) later.
    pub ends: UnixTime,
    /// The signed key, as it is published.
    pub signed: Vec<u8>,
}

/// A deposit token that we gave to somebody, for a mailbox of ours.
#[derive(Debug)]
pub struct GivenToken {
    /// The token; the relay knows its hash alone.
    pub token: DepositToken,
    /// Of which relay's mailbox.
    pub origin: Origin,
    /// Whom it was given to: a DID, or what the user calls them.
    pub label: String,
    /// When it was drawn.
    pub given: UnixTime,
    /// From then on the relay does not take it; `None`: it does until it is revoked.
    pub expires: Option<UnixTime>,
    /// Whether the relay knows of it.
    pub registered: bool,
    /// Whether it is being revoked: it goes from here once the relay has confirmed that.
    pub revoked: bool,
}

/// A letter of ours that is to be written.
#[derive(Debug)]
pub struct NewLetter {
    /// To whom.
    pub recipient: Did,
    /// Random; the same in every envelope that it goes in.
    pub id: MessageId,
    /// What the content is.
    pub content_type: String,
    /// What is written; wiped when dropped.
    pub content: Zeroizing<Vec<u8>>,
    /// When.
    pub written: UnixTime,
    /// From then on nobody takes it.
    pub expires: UnixTime,
}

/// A letter of ours, and what became of it.
#[derive(Debug)]
pub struct SentLetter {
    /// Ascending in the order of writing, over all recipients.
    pub number: u64,
    /// What was written.
    pub letter: NewLetter,
    /// What became of it.
    pub state: SentState,
    /// Since when it is in this state.
    pub changed: UnixTime,
    /// What went wrong last, a word for logs: of a relay's codes or of the causes of this crate.
    pub trouble: Option<String>,
    /// The envelope that it goes in, while it is under way.
    pub sealed: Option<Sealed>,
}

/// A letter in its envelope.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The bytes for the relay: the same ones as long as nobody said that they arrived.
    pub envelope: Vec<u8>,
    /// The mailbox key that they are sealed to.
    pub key: KeyId,
    /// What the relay calls the deposit.
    pub deposit: DepositName,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({}, {} bytes)", self.deposit, self.envelope.len())
    }
}

/// A letter of ours that waits at a relay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deposited {
    /// The letter.
    pub number: u64,
    /// What the relay calls the deposit.
    pub deposit: DepositName,
    /// The mailbox key that it is sealed to.
    pub key: KeyId,
    /// From then on nobody takes it.
    pub expires: UnixTime,
}

/// What became of a letter of ours.
///
/// ```
/// use didshake_peer::mailbox::SentState;
/// assert!(SentState::Waiting.is_under_way() && !SentState::Taken.is_under_way());
/// assert_eq!(SentState::Blocked.as_str(), "blocked");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum SentState {
    /// Durable here, and not yet at a relay.
    Queued,
    /// It cannot go: there is no address, or the relay takes our token no more. It goes on with a new address; where there is
    /// one, it is also tried again by [`Agent::deliver`](super::Agent::deliver), with the next letter, and every hour.
    Blocked,
    /// Durable at the relay; the recipient has not come.
    Waiting,
    /// The recipient has it, durably.
    Taken,
    /// The recipient says that it was read.
    Read,
    /// The recipient did not take it.
    Refused,
    /// Nobody took it in time.
    Expired,
    /// Its time is over, and the relay no longer knows what became of it.
    Unknown,
}

impl SentState {
    const ALL: [(Self, i64); 8] = [
        (Self::Queued, 0),
        (Self::Blocked, 1),
        (Self::Waiting, 2),
        (Self::Taken, 16),
        (Self::Read, 17),
        (Self::Refused, 18),
        (Self::Expired, 19),
        (Self::Unknown, 20),
    ];

    /// Whether something may become of it yet.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Queued | Self::Blocked | Self::Waiting)
    }

    /// A word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Blocked => "blocked",
            Self::Waiting => "waiting",
            Self::Taken => "taken",
            Self::Read => "read",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }

    pub(super) fn number(self) -> i64 {
        Self::ALL.into_iter().find_map(|(state, number)| (state == self).then_some(number)).unwrap_or_default()
    }

    pub(super) fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(state, of)| (of == number).then_some(state))
    }
}

/// A letter that came, opened and verified, on its way into the store.
#[derive(Debug)]
pub struct Arrived {
    /// Who signed it: verified.
    pub sender: Did,
    /// The verification method that did, as a DID URL.
    pub method: String,
    /// What tells it from others of this sender.
    pub id: MessageId,
    /// When it was sent, by the sender's clock.
    pub sent: UnixTime,
    /// Until then it could come again.
    pub expires: UnixTime,
    /// What it says.
    pub body: Body,
}

impl Arrived {
    /// A letter whose sender was verified, by whatever way it came.
    pub(super) fn of(letter: &Letter, sender: &Did, method: String) -> Self {
        let body = if letter.content_type() == RECEIPT_TYPE {
            // One of a kind that we do not know says nothing to us.
            Body::Read(receipt::read(letter.content()).unwrap_or_default())
        } else {
            let content = Zeroizing::new(letter.content().to_vec());
            Body::Letter { content_type: letter.content_type().to_owned(), content }
        };
        let (id, sent, expires) = (*letter.id(), letter.sent(), letter.expires());
        Self { sender: sender.clone(), method, id, sent, expires, body }
    }
}

/// What a letter says: something to read, or that something was read.
#[derive(Debug)]
pub enum Body {
    /// A letter for the application.
    Letter {
        /// What the content is.
        content_type: String,
        /// What was written; wiped when dropped.
        content: Zeroizing<Vec<u8>>,
    },
    /// The sender has read these letters of ours; it goes to no application.
    Read(Vec<MessageId>),
}

/// What the store made of a letter that came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It is new; its number in the inbox.
    New(u64),
    /// It had come before; nothing was changed.
    Again,
    /// A receipt, noted.
    Noted,
}

/// A letter in the inbox.
#[derive(Debug)]
pub struct InboxLetter {
    /// Ascending in the order of taking, over all senders; never given twice. An application that keeps the last number that
    /// it has handled, in the transaction in which it handles it, handles each letter exactly once.
    pub number: u64,
    /// Who signed it: verified when it was taken.
    pub sender: Did,
    /// The verification method that did, as a DID URL.
    pub method: String,
    /// What tells it from others of this sender.
    pub id: MessageId,
    /// What the content is, as the sender says.
    pub content_type: String,
    /// What was written; wiped when dropped.
    pub content: Zeroizing<Vec<u8>>,
    /// When it was sent, by the sender's clock.
    pub sent: UnixTime,
    /// When it was taken, by ours.
    pub taken: UnixTime,
    /// Whether it was marked as read.
    pub read: bool,
}
