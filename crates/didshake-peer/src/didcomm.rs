//! DIDComm v2 plaintext messages as a content, of a letter or on a live channel (`spec/didcomm-1.md`). Feature `didcomm`.
//!
//! Nothing of DIDComm's own encryption is here: the channel or the envelope has proved who it is from, and `from` and `to` are
//! held against that. What a message says of itself is never believed over it.
//!
//! ```
//! use didshake::{Did, UnixTime};
//! use didshake_peer::didcomm::{DidcommFault, DidcommMessage};
//! # use serde_json::json;
//! let alice = Did::parse("did:key:z6MkfGcPpyGnSEWHAs3fTFXhRVqEAi5pQ64xG9wXNQynkWh2")?;
//! let (bob, mallory) = (Did::parse("did:web:bob.example")?, Did::parse("did:web:mallory.example")?);
//!
//! let mut ask = DidcommMessage::new(&alice, &bob, "https://work.example/task/1.0/propose")?;
//! ask.body.insert("price".to_owned(), json!(12));
//! let content = ask.write()?; // goes into a letter, or over a channel
//!
//! let now = UnixTime(1_790_000_000);
//! let read = DidcommMessage::read(&content, &alice, &bob, now)?; // alice: whom the channel or the envelope has verified
//! assert_eq!(read.body["price"], 12);
//! assert_eq!(read.answer("https://work.example/task/1.0/accept")?.thread(), ask.id);
//! assert_eq!(DidcommMessage::read(&content, &mallory, &bob, now), Err(DidcommFault::From));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod json;

use didshake::{Did, Internal, UnixTime};
use didshake_did::JsonFault;
use getrandom::SysRng;
use rand_core::TryRng;
pub use serde_json::{Map, Value};

use self::json::Written;

/// The content type of a letter that holds such a message.
pub const CONTENT_TYPE: &str = "application/didcomm-plain+json";
/// The application protocol of channels with streams (`spec/streams-1.md`), each message of which is such a message.
pub const PROTOCOL: &[u8] = b"didshake.didcomm/1";
/// The longest message, in bytes: what fits into a letter.
pub const MAX_BYTES: usize = 65_536;
/// The longest `id` and `thid`, in bytes.
pub const MAX_ID_BYTES: usize = 128;
/// The longest `type`, in bytes.
pub const MAX_TYPE_BYTES: usize = 255;
/// Recipients of one message, at most.
pub const MAX_RECIPIENTS: usize = 64;

/// Bytes of a random id; twice as many characters.
const RANDOM_ID_BYTES: usize = 16;

/// A plaintext message. Members that are not here (`attachments`, say) are ignored where one is read.
#[derive(Clone, PartialEq, Debug)]
pub struct DidcommMessage {
    /// What tells it from others of its sender: 1 to [`MAX_ID_BYTES`] of the characters that a URI need not escape.
    pub id: String,
    /// The message type, a URI of 1 to [`MAX_TYPE_BYTES`] visible ASCII characters. On the wire: `type`.
    pub kind: String,
    /// Who wrote it; of one that was read: whom the channel or the envelope has verified.
    pub from: Did,
    /// For whom it is: 1 to [`MAX_RECIPIENTS`]; of one that was read: we are among them.
    pub to: Vec<Did>,
    /// The thread that it belongs to, where that does not begin with it; formed as an id.
    pub thid: Option<String>,
    /// When it was written, by the sender's word.
    pub created_time: Option<UnixTime>,
    /// From then on the sender takes it for void.
    pub expires_time: Option<UnixTime>,
    /// What it says; JSON of its own, whose meaning the type gives.
    pub body: Map<String, Value>,
}

impl DidcommMessage {
    /// A message that begins a thread, with a random id and an empty body.
    ///
    /// # Errors
    /// [`Internal::Randomness`].
    pub fn new(from: &Did, to: &Did, kind: &str) -> Result<Self, Internal> {
        let mut id = [0; RANDOM_ID_BYTES];
        SysRng.try_fill_bytes(&mut id).map_err(|_| Internal::Randomness)?;
        Ok(Self {
            id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
            kind: kind.to_owned(),
            from: from.clone(),
            to: vec![to.clone()],
            thid: None,
            created_time: None,
            expires_time: None,
            body: Map::new(),
        })
    }

    /// An answer in the same thread, to the sender, in the name of the first recipient. Where there are several, set
    /// [`from`](Self::from) to whom we are.
    ///
    /// # Errors
    /// [`Internal::Randomness`].
    pub fn answer(&self, kind: &str) -> Result<Self, Internal> {
        let answer = Self::new(self.to.first().unwrap_or(&self.from), &self.from, kind)?;
        Ok(Self { thid: Some(self.thread().to_owned()), ..answer })
    }

    /// The thread that it belongs to: `thid`, or its own id where it begins one.
    #[must_use]
    pub fn thread(&self) -> &str {
        self.thid.as_deref().unwrap_or(&self.id)
    }

    /// The bytes to send: the content of a letter of [`CONTENT_TYPE`], or a message on a channel of [`PROTOCOL`].
    ///
    /// # Errors
    /// [`DidcommMisuse`]: no recipient would take it.
    pub fn write(&self) -> Result<Vec<u8>, DidcommMisuse> {
        // Nothing in it fails to serialise; were it so, what comes out is no JSON, and is refused below.
        let content = serde_json::to_vec(&Written::of(self)).unwrap_or_default();
        json::message(&content).map(|_| content).map_err(DidcommMisuse)
    }

    /// Reads what `sender`, verified, sent to `recipient`, who we are: the peer of a channel and the identity that it met
    /// ([`Agreed`](crate::Agreed)), or the sender of a letter and the identity of the agent that took it.
    ///
    /// # Errors
    /// [`DidcommFault`]: the sender's fault. Nothing of it is to be used.
    pub fn read(content: &[u8], sender: &Did, recipient: &Did, now: UnixTime) -> Result<Self, DidcommFault> {
        let message = json::message(content)?;
        if message.from != *sender {
            return Err(DidcommFault::From);
        }
        if !message.to.contains(recipient) {
            return Err(DidcommFault::To);
        }
        if message.expires_time.is_some_and(|expires| now >= expires) {
            return Err(DidcommFault::Expired);
        }
        Ok(message)
    }

    /// Reads the content of a letter that `recipient`, who we are, has taken.
    ///
    /// # Errors
    /// [`DidcommFault::ContentType`] where the letter is another one; those of [`read`](Self::read).
    #[cfg(feature = "mailbox")]
    pub fn of_letter(
        letter: &crate::mailbox::InboxLetter,
        recipient: &Did,
        now: UnixTime,
    ) -> Result<Self, DidcommFault> {
        if letter.content_type != CONTENT_TYPE {
            return Err(DidcommFault::ContentType);
        }
        Self::read(&letter.content, &letter.sender, recipient, now)
    }
}

/// Why a message is not taken: its sender's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DidcommFault {
    /// Over [`MAX_BYTES`].
    #[error("a DIDComm message has at most 65,536 bytes")]
    TooLong,
    /// No JSON as strict as it has to be.
    #[error("a DIDComm message is one JSON object: {0}")]
    Json(#[from] JsonFault),
    /// This member is missing, or has not its form.
    #[error("`{}` is missing, or has not the form that DIDComm gives it", .0.as_str())]
    Member(Member),
    /// `from` is not whom the channel or the envelope has verified.
    #[error("`from` is not the sender that was verified")]
    From,
    /// `to` does not name us.
    #[error("`to` does not name the recipient")]
    To,
    /// Its `expires_time` is over.
    #[error("the message has expired")]
    Expired,
    /// The letter holds something else.
    #[error("the letter is not of the content type {CONTENT_TYPE}")]
    ContentType,
}

impl DidcommFault {
    /// The name for logs.
    ///
    /// ```
    /// assert_eq!(didshake_peer::didcomm::DidcommFault::From.code(), "didcomm_from");
    /// ```
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "didcomm_too_long",
            Self::Json(_) => "didcomm_json",
            Self::Member(_) => "didcomm_member",
            Self::From => "didcomm_from",
            Self::To => "didcomm_to",
            Self::Expired => "didcomm_expired",
            Self::ContentType => "didcomm_content_type",
        }
    }
}

/// What was to be written would be taken by nobody: the caller's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no recipient would take this message: {0}")]
pub struct DidcommMisuse(#[source] pub DidcommFault);

/// A member of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Member {
    /// `typ`, where it is there and names another format.
    Typ,
    /// `id`.
    Id,
    /// `type`.
    Type,
    /// `from`: no DID. A DID URL is none.
    From,
    /// `to`: no list of 1 to [`MAX_RECIPIENTS`] DIDs.
    To,
    /// `thid`.
    Thid,
    /// `created_time`: no integer from 0 to 2^53 − 1.
    CreatedTime,
    /// `expires_time`: the same.
    ExpiresTime,
    /// `body`: no object.
    Body,
}

impl Member {
    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Typ => "typ",
            Self::Id => "id",
            Self::Type => "type",
            Self::From => "from",
            Self::To => "to",
            Self::Thid => "thid",
            Self::CreatedTime => "created_time",
            Self::ExpiresTime => "expires_time",
            Self::Body => "body",
        }
    }
}
