//! The transcript: the running SHA-256 over what both sides saw, th0 to th4 (R-SCHED), and what is signed of it (R-SIG).

use alloc::vec::Vec;

use crate::codec::{length16, put_vec8, put_vec16};
use crate::crypto::{Algorithm, Hash, hash};
use crate::did::{Did, Fragment};
use crate::error::Misuse;
use crate::extension::Extensions;
use crate::relay::MailboxUrl;

/// How messages travel; part of th0, so that a handshake cannot be carried from one binding to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Binding {
    /// TCP, standard input and output, a Unix socket.
    Stream = 1,
    /// One binary frame a message.
    WebSocket = 2,
    /// `POST` as `application/didshake`.
    Http = 3,
    /// Through a relay at which the responder has a mailbox: one binary frame a message.
    Relay = 4,
}

/// What both sides know before the first message: the binding and its prologue (for WebSocket and HTTP the ASCII
/// origin of the endpoint; for a relay the URL of the responder's mailbox; for a stream empty, unless both sides configure
/// one).
///
/// ```
/// use didshake::{Binding, Context};
/// let context = Context::new(Binding::Http, b"https://example.com".to_vec())?;
/// assert_eq!(context.binding(), Binding::Http);
/// # Ok::<(), didshake::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context {
    binding: Binding,
    prologue: Vec<u8>,
}

impl Context {
    /// A context with a prologue of at most 65,535 bytes.
    ///
    /// # Errors
    /// [`Misuse::PrologueTooLong`].
    pub fn new(binding: Binding, prologue: Vec<u8>) -> Result<Self, Misuse> {
        if prologue.len() > usize::from(u16::MAX) {
            Err(Misuse::PrologueTooLong)
        } else {
            Ok(Self { binding, prologue })
        }
    }

    /// A stream without prologue.
    #[must_use]
    pub fn stream() -> Self {
        Self { binding: Binding::Stream, prologue: Vec::new() }
    }

    /// What a handshake through a relay starts from: the initiator has the URL from the responder's card, the responder
    /// from its own record of its mailbox (R-BIND-20).
    ///
    /// ```
    /// use didshake::{Binding, Context, relay::MailboxUrl};
    /// let context = Context::relay(&MailboxUrl::parse("https://relay.example/m/AAAAAAAAAAAAAAAAAAAAAA")?);
    /// assert_eq!(context.binding(), Binding::Relay);
    /// assert_eq!(context.prologue(), b"https://relay.example/m/AAAAAAAAAAAAAAAAAAAAAA");
    /// # Ok::<(), didshake::relay::MailboxUrlError>(())
    /// ```
    #[must_use]
    pub fn relay(mailbox: &MailboxUrl) -> Self {
        Self { binding: Binding::Relay, prologue: mailbox.as_str().as_bytes().to_vec() }
    }

    /// The binding.
    #[must_use]
    pub fn binding(&self) -> Binding {
        self.binding
    }

    /// The prologue.
    #[must_use]
    pub fn prologue(&self) -> &[u8] {
        &self.prologue
    }
}

/// The transcript so far: a SHA-256 value. Each step takes the last one and gives the next.
///
/// ```
/// use didshake::{Context, schedule::Transcript};
/// let th0 = Transcript::start(&Context::stream())?;
/// let th1 = th0.with_message(b"Hello as it was sent");
/// assert_ne!(th0, th1);
/// # Ok::<(), didshake::Misuse>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transcript(Hash);

impl Transcript {
    /// th0 = H("didshake/1" ‖ binding ‖ vec16 prologue).
    ///
    /// # Errors
    /// [`Misuse::TooLong`]; a [`Context`] is never too long.
    pub fn start(context: &Context) -> Result<Self, Misuse> {
        let length = length16(&context.prologue)?;
        Ok(Self(hash(&[b"didshake/1", &[context.binding as u8], &length, &context.prologue])))
    }

    pub(crate) fn from_bytes(bytes: Hash) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// th1 from a Hello, th2 from the clear part of a Reply: messages as they were sent.
    #[must_use]
    pub fn with_message(self, bytes: &[u8]) -> Self {
        Self(hash(&[&self.0, bytes]))
    }

    /// th3 from the Identity of Reply, th4 from that of Finish: plain and padded.
    ///
    /// # Errors
    /// [`Misuse::TooLong`] over 65,535 bytes.
    pub fn with_identity(self, plain: &[u8]) -> Result<Self, Misuse> {
        Ok(Self(hash(&[&self.0, &length16(plain)?, plain])))
    }
}

/// What one side says of itself in an Identity, without the signature.
pub(crate) struct Statement<'a> {
    pub(crate) did: &'a Did,
    pub(crate) fragment: &'a Fragment,
    pub(crate) algorithm: Algorithm,
    pub(crate) extensions: &'a Extensions,
}

/// What the responder signs, over th2. It never covers whom it expects: anyone could test guesses of that.
pub(crate) fn responder_signs(th2: Transcript, own: &Statement<'_>) -> Result<Vec<u8>, Misuse> {
    signed(b"didshake/1 responder", th2, own)
}

/// What the initiator signs, over th3, with the responder's name behind its own.
pub(crate) fn initiator_signs(
    th3: Transcript,
    own: &Statement<'_>,
    responder: &Did,
    responder_fragment: &Fragment,
) -> Result<Vec<u8>, Misuse> {
    let mut input = signed(b"didshake/1 initiator", th3, own)?;
    put_vec16(&mut input, responder.as_str().as_bytes())?;
    put_vec8(&mut input, responder_fragment.as_str().as_bytes())?;
    Ok(input)
}

fn signed(role: &[u8], transcript: Transcript, own: &Statement<'_>) -> Result<Vec<u8>, Misuse> {
    let mut input = role.to_vec();
    input.push(0);
    input.extend_from_slice(&transcript.0);
    put_vec16(&mut input, own.did.as_str().as_bytes())?;
    put_vec8(&mut input, own.fragment.as_str().as_bytes())?;
    input.push(own.algorithm as u8);
    input.extend_from_slice(&own.extensions.encode()?);
    Ok(input)
}
