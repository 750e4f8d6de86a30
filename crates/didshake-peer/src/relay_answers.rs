//! What a relay answers, in JSON, as its clients read it: bounded, and nothing is believed that does not have the form of
//! `spec/relay-1.md`. For whoever asks a relay over another HTTP library; `mailbox::relay` uses it. Feature `relay-answers`.
//!
//! ```
//! use didshake::relay::{DepositState, RelayCode};
//! use didshake_peer::relay_answers as answers;
//! let states = answers::read_states(br#"{"deposits": [{"deposit": "AAAAAAAAAAAAAAAAAAAAAA", "state": "taken"}]}"#)?;
//! assert_eq!(states[0].1, DepositState::Taken);
//! assert_eq!(answers::read_refusal(br#"{"status": 507, "code": "full"}"#)?, RelayCode::Full);
//! # Ok::<(), answers::AnswerMalformed>(())
//! ```

use std::fmt;
use std::marker::PhantomData;

use base64ct::{Base64UrlUnpadded, Encoding};
use didshake::UnixTime;
use didshake::mailbox::KeyId;
use didshake::relay::{
    DepositName, DepositState, MAX_ASKED_STATES, MAX_ENVELOPE_BYTES, MailboxUrl, RelayCode, TokenHash,
};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};

/// Bytes of a mailbox object, of a refusal, and of anything that is not listed here, at most.
pub const MAX_ANSWER_BYTES: usize = 16_384;
/// Bytes of the states of 256 deposits, at most.
pub const MAX_STATES_BYTES: usize = 65_536;
/// Bytes of a list of 1,024 tokens, at most.
pub const MAX_TOKENS_BYTES: usize = 524_288;
/// Bytes of a list of deposits, at most: 1 MiB of envelopes in base64url, and what is around them.
pub const MAX_DEPOSITS_BYTES: usize = 1_572_864;
/// Deposits of one list, at most.
pub const MAX_LISTED_DEPOSITS: usize = 256;
/// Tokens of one list, at most.
pub const MAX_LISTED_TOKENS: usize = 1024;

/// The answer has not the form that it must have: the relay's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the relay's answer has not the form of spec/relay-1.md")]
pub struct AnswerMalformed;

/// A mailbox, as its relay describes it to the owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MailboxStatus {
    /// Where depositors come to.
    pub url: MailboxUrl,
    /// Deposits that wait.
    pub waiting: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Deposits that may wait.
    pub most_waiting: u64,
    /// Bytes of them.
    pub most_bytes: u64,
    /// The mailbox key that depositors are given.
    pub key: Option<KeyId>,
    /// When it ends.
    pub key_ends: Option<UnixTime>,
}

/// A deposit that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WaitingDeposit {
    /// Its number in this mailbox.
    pub sequence: u64,
    /// When the relay gives up.
    pub expires: UnixTime,
    /// The envelope.
    pub envelope: Vec<u8>,
}

/// A token, as the relay knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokenStatus {
    /// What the relay keeps of the token.
    pub hash: TokenHash,
    /// From then on it is not taken.
    pub expires: Option<UnixTime>,
    /// Deposits that wait under it.
    pub waiting_now: u64,
    /// Bytes of them.
    pub bytes_now: u64,
}

/// Reads a mailbox object.
///
/// # Errors
/// [`AnswerMalformed`].
pub fn read_mailbox(body: &[u8]) -> Result<MailboxStatus, AnswerMalformed> {
    let object: Object = read(body, MAX_ANSWER_BYTES)?;
    Ok(MailboxStatus {
        url: MailboxUrl::parse(&object.url).map_err(|_| AnswerMalformed)?,
        waiting: object.waiting,
        bytes: object.bytes,
        most_waiting: object.limits.0.waiting,
        most_bytes: object.limits.0.bytes,
        key: object.key.as_deref().map(bytes).transpose()?,
        key_ends: object.key_ends.map(UnixTime),
    })
}

/// Reads a list of deposits that wait: at most 256, ascending.
///
/// # Errors
/// [`AnswerMalformed`].
pub fn read_deposits(body: &[u8]) -> Result<Vec<WaitingDeposit>, AnswerMalformed> {
    let list: Deposits = read(body, MAX_DEPOSITS_BYTES)?;
    if list.deposits.len() > MAX_LISTED_DEPOSITS {
        return Err(AnswerMalformed);
    }
    let ascends = list.deposits.windows(2).all(|pair| matches!(pair, [one, next] if one.0.sequence < next.0.sequence));
    if !ascends {
        return Err(AnswerMalformed);
    }
    let deposits = list.deposits.iter().map(|Strict(deposit)| {
        let envelope = Base64UrlUnpadded::decode_vec(&deposit.envelope).map_err(|_| AnswerMalformed)?;
        if envelope.len() > MAX_ENVELOPE_BYTES {
            return Err(AnswerMalformed);
        }
        Ok(WaitingDeposit { sequence: deposit.sequence, expires: UnixTime(deposit.expires), envelope })
    });
    deposits.collect()
}

/// Reads what became of deposits: at most 256.
///
/// # Errors
/// [`AnswerMalformed`].
pub fn read_states(body: &[u8]) -> Result<Vec<(DepositName, DepositState)>, AnswerMalformed> {
    let list: States = read(body, MAX_STATES_BYTES)?;
    if list.deposits.len() > MAX_ASKED_STATES {
        return Err(AnswerMalformed);
    }
    let states = list.deposits.iter().map(|Strict(one)| Ok((one.deposit.parse()?, one.state.parse()?)));
    states.collect::<Result<_, didshake::relay::NameMalformed>>().map_err(|_| AnswerMalformed)
}

/// Reads the list of tokens: at most 1,024.
///
/// # Errors
/// [`AnswerMalformed`].
pub fn read_tokens(body: &[u8]) -> Result<Vec<TokenStatus>, AnswerMalformed> {
    let list: Tokens = read(body, MAX_TOKENS_BYTES)?;
    if list.tokens.len() > MAX_LISTED_TOKENS {
        return Err(AnswerMalformed);
    }
    let tokens = list.tokens.iter().map(|Strict(one)| {
        let hash = one.hash.parse().map_err(|_| AnswerMalformed)?;
        let expires = one.expires.map(UnixTime);
        Ok(TokenStatus { hash, expires, waiting_now: one.waiting_now, bytes_now: one.bytes_now })
    });
    tokens.collect()
}

/// Reads why the relay refuses.
///
/// # Errors
/// [`AnswerMalformed`], also where the code is none of the table.
pub fn read_refusal(body: &[u8]) -> Result<RelayCode, AnswerMalformed> {
    read::<Refusal>(body, MAX_ANSWER_BYTES)?.code.parse().map_err(|_| AnswerMalformed)
}

#[derive(Deserialize)]
struct Object {
    url: String,
    waiting: u64,
    bytes: u64,
    limits: Strict<Limits>,
    key: Option<String>,
    key_ends: Option<u64>,
}

#[derive(Deserialize)]
struct Limits {
    waiting: u64,
    bytes: u64,
}

#[derive(Deserialize)]
struct Deposits {
    deposits: Vec<Strict<OneDeposit>>,
}

#[derive(Deserialize)]
struct OneDeposit {
    sequence: u64,
    expires: u64,
    envelope: String,
}

#[derive(Deserialize)]
struct States {
    deposits: Vec<Strict<OneState>>,
}

#[derive(Deserialize)]
struct OneState {
    deposit: String,
    state: String,
}

#[derive(Deserialize)]
struct Tokens {
    tokens: Vec<Strict<OneToken>>,
}

#[derive(Deserialize)]
struct OneToken {
    hash: String,
    expires: Option<u64>,
    waiting_now: u64,
    bytes_now: u64,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
}

/// An object, and nothing else: serde would take a list for one too, member by member.
struct Strict<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Strict<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Strict<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Strict)
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }
}

fn read<T: DeserializeOwned>(body: &[u8], most: usize) -> Result<T, AnswerMalformed> {
    if body.len() > most {
        return Err(AnswerMalformed);
    }
    serde_json::from_slice::<Strict<T>>(body).map(|Strict(value)| value).map_err(|_| AnswerMalformed)
}

fn bytes(text: &str) -> Result<KeyId, AnswerMalformed> {
    let decoded = Base64UrlUnpadded::decode_vec(text).map_err(|_| AnswerMalformed)?;
    decoded.try_into().map_err(|_| AnswerMalformed)
}
