//! What the routes of mailboxes read and write.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use didshake::relay::{DEPOSIT_SECONDS, MAX_ENVELOPE_BYTES, MailboxUrl};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::{MAX_TOKENS, Mailbox, MailboxBounds, Token, Waiting};

/// A mailbox, as its owner sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct MailboxJson {
    /// Where depositors come to.
    #[schema(example = "https://relay.example/m/AAAAAAAAAAAAAAAAAAAAAA")]
    url: String,
    /// Deposits that wait.
    waiting: u64,
    /// Bytes of their envelopes.
    bytes: u64,
    limits: LimitsJson,
    /// The id of the mailbox key, if there is one.
    key: Option<String>,
    /// When that key ends, in Unix seconds.
    key_ends: Option<u64>,
}

/// How much a mailbox holds at most.
#[derive(Serialize, ToSchema)]
struct LimitsJson {
    /// Deposits that wait.
    waiting: u64,
    /// Bytes of their envelopes.
    bytes: u64,
    /// Bytes of one envelope.
    envelope: u64,
    /// Deposit tokens.
    tokens: u64,
    /// Seconds for which a deposit may wait.
    seconds: u64,
}

impl MailboxJson {
    pub(super) fn of(mailbox: &Mailbox, url: &MailboxUrl, bounds: MailboxBounds) -> Self {
        let limits = LimitsJson {
            waiting: bounds.waiting,
            bytes: bounds.bytes,
            envelope: MAX_ENVELOPE_BYTES as u64,
            tokens: MAX_TOKENS,
            seconds: DEPOSIT_SECONDS,
        };
        Self {
            url: url.as_str().to_owned(),
            waiting: mailbox.waiting,
            bytes: mailbox.bytes,
            limits,
            key: mailbox.key.map(|(id, _)| Base64UrlUnpadded::encode_string(&id)),
            key_ends: mailbox.key.map(|(_, ends)| ends.0),
        }
    }
}

/// What a deposit token is good for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenLimitsJson {
    /// Until when, in Unix seconds; null: for ever.
    #[serde(default)]
    pub(super) expires: Option<u64>,
    /// Deposits that may wait under it; null: a quarter of what the mailbox holds.
    #[serde(default)]
    pub(super) waiting: Option<u32>,
    /// Bytes of their envelopes; null: a quarter of what the mailbox holds.
    #[serde(default)]
    pub(super) bytes: Option<u64>,
}

/// The deposit tokens of a mailbox.
#[derive(Serialize, ToSchema)]
pub(super) struct TokensJson {
    pub(super) tokens: Vec<TokenJson>,
}

/// A deposit token, by its hash.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenJson {
    hash: String,
    expires: Option<u64>,
    waiting: Option<u64>,
    bytes: Option<u64>,
    /// Deposits that wait under it.
    waiting_now: u64,
    bytes_now: u64,
}

impl TokenJson {
    pub(super) fn of(token: &Token) -> Self {
        Self {
            hash: token.hash.to_string(),
            expires: token.limits.ends.map(|ends| ends.0),
            waiting: token.limits.waiting,
            bytes: token.limits.bytes,
            waiting_now: token.waiting,
            bytes_now: token.bytes,
        }
    }
}

/// Deposits that wait, ascending.
#[derive(Serialize, ToSchema)]
pub(super) struct DepositsJson {
    pub(super) deposits: Vec<DepositJson>,
}

/// A deposit that waits.
#[derive(Serialize, ToSchema)]
pub(super) struct DepositJson {
    pub(super) sequence: u64,
    expires: u64,
    /// In unpadded base64url.
    envelope: String,
}

impl DepositJson {
    pub(super) fn of(waiting: &Waiting) -> Self {
        Self {
            sequence: waiting.sequence,
            expires: waiting.expires.0,
            envelope: Base64UrlUnpadded::encode_string(&waiting.envelope),
        }
    }
}

/// What an owner says to deposits: together at most 1,024 sequence numbers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswersJson {
    /// The owner has them, durably.
    #[serde(default)]
    pub(super) taken: Vec<u64>,
    /// The owner does not take them.
    #[serde(default)]
    pub(super) refused: Vec<u64>,
}

/// What became of deposits, in the order in which they were named.
#[derive(Serialize, ToSchema)]
pub(super) struct StatesJson {
    pub(super) deposits: Vec<StateJson>,
}

/// What became of one.
#[derive(Serialize, ToSchema)]
pub(super) struct StateJson {
    pub(super) deposit: String,
    /// `waiting`, `taken`, `refused`, `expired` or `unknown`.
    pub(super) state: &'static str,
}

/// Which states are asked for: at most 256.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedStatesJson {
    pub(super) deposits: Vec<String>,
}
