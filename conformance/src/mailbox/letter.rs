//! The letter (section 3.1): how a sender writes and signs it, and how a recipient reads it.

use super::check::{Checks, Halt, Judged, MailboxCheck as Check};
use super::claim::{Claim, Fields};
use super::file::{Owner, Sender};
use super::signing::{Signer, SigningKey};
use crate::bytes::Put;
use crate::primitives::x25519_public;

/// A letter is padded to one of these lengths.
pub(crate) const CLASSES: [usize; 9] = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072];

/// The longest content.
const CONTENT_LIMIT: u32 = 65_536;

/// The smallest class that holds so many bytes.
pub(crate) fn class_of(length: usize) -> Option<usize> {
    CLASSES.into_iter().find(|class| length <= *class)
}

/// The fields of a letter but for its signature; raw, so that a misbehaving sender can write anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LetterForm {
    pub(crate) did: Vec<u8>,
    pub(crate) fragment: Vec<u8>,
    pub(crate) algorithm: u8,
    pub(crate) message_id: Vec<u8>,
    pub(crate) sent: u64,
    pub(crate) expires: u64,
    pub(crate) content_type: Vec<u8>,
    /// What is written before the content, whatever that has.
    pub(crate) length: u32,
    pub(crate) content: Vec<u8>,
}

impl LetterForm {
    /// What an honest sender writes.
    pub(crate) fn of(sender: &Sender) -> Judged<LetterForm> {
        Ok(LetterForm {
            did: sender.did.as_bytes().to_vec(),
            fragment: sender.fragment.as_bytes().to_vec(),
            algorithm: sender.algorithm,
            message_id: sender.message_id.0.clone(),
            sent: sender.sent,
            expires: sender.expires,
            content_type: sender.content_type.as_bytes().to_vec(),
            length: u32::try_from(sender.content.0.len()).map_err(|_| Halt::Broken("content over 4 GiB"))?,
            content: sender.content.0.clone(),
        })
    }

    fn signer(&self) -> Judged<Vec<u8>> {
        let mut out = Vec::new();
        out.vec16(&self.did)?;
        out.vec8(&self.fragment)?;
        out.push(self.algorithm);
        Ok(out)
    }

    /// From the message id on.
    fn message(&self) -> Judged<Vec<u8>> {
        let mut out = self.message_id.clone();
        out.extend_from_slice(&self.sent.to_be_bytes());
        out.extend_from_slice(&self.expires.to_be_bytes());
        out.vec8(&self.content_type)?;
        out.extend_from_slice(&self.length.to_be_bytes());
        out.extend_from_slice(&self.content);
        Ok(out)
    }

    /// The letter without padding.
    pub(crate) fn encode(&self, signature: &[u8]) -> Judged<Vec<u8>> {
        Ok([self.signer()?.as_slice(), signature, &self.message()?].concat())
    }
}

/// Adds zeros to the smallest class.
pub(crate) fn padded(mut letter: Vec<u8>) -> Judged<Vec<u8>> {
    let class = class_of(letter.len()).ok_or(Halt::Broken("a letter that no class holds"))?;
    letter.resize(class, 0);
    Ok(letter)
}

/// What the signature covers, and who makes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LetterSigned {
    pub(crate) label: Vec<u8>,
    pub(crate) recipient: Vec<u8>,
    pub(crate) mailbox_key: Vec<u8>,
    pub(crate) enc: Vec<u8>,
    pub(crate) form: LetterForm,
    pub(crate) by: SigningKey,
}

impl LetterSigned {
    pub(crate) fn of(sender: &Sender, owner: &Owner, enc: &[u8], form: LetterForm) -> Judged<LetterSigned> {
        let mailbox_key = x25519_public(&owner.mailbox_secret.0)?;
        Ok(Self::to(sender, owner.did.as_bytes().to_vec(), mailbox_key, enc, form))
    }

    /// The same, to whoever has this DID and this key.
    pub(crate) fn to(sender: &Sender, recipient: Vec<u8>, mailbox_key: Vec<u8>, enc: &[u8], form: LetterForm) -> Self {
        let by = SigningKey { algorithm: sender.algorithm, secret: sender.signing_key.0.clone() };
        LetterSigned { label: b"didshake/1 envelope".to_vec(), recipient, mailbox_key, enc: enc.to_vec(), form, by }
    }

    pub(crate) fn bytes(&self) -> Judged<Vec<u8>> {
        let mut out = [self.label.as_slice(), &[0], &self.form.signer()?].concat();
        out.vec16(&self.recipient)?;
        out.extend_from_slice(&self.mailbox_key);
        out.extend_from_slice(&self.enc);
        out.extend_from_slice(&self.form.message()?);
        Ok(out)
    }
}

/// A letter as its sender wrote it, with padding.
pub(crate) struct MadeLetter {
    pub(crate) whole: Vec<u8>,
    pub(crate) signed: LetterSigned,
    pub(crate) signer: Signer,
}

/// Signs one thing and writes the other, which are the same for an honest sender.
pub(crate) fn make(form: &LetterForm, signed: LetterSigned) -> Judged<MadeLetter> {
    let signer = signed.by.sign(&signed.bytes()?)?;
    let whole = padded(form.encode(&signer.signature)?)?;
    Ok(MadeLetter { whole, signed, signer })
}

/// Step 4 of section 3.2. `any_class`: the length of the envelope is not looked at.
pub(crate) fn decode(checks: Checks, plain: &[u8], any_class: bool) -> Judged<(LetterForm, Claim)> {
    let mut fields = Fields::new(plain, Check::LetterTruncated);
    let claim = fields.claim(checks)?;
    let message_id = fields.take(16)?;
    let (sent, expires) = (fields.number(8)?, fields.number(8)?);
    let content_type = fields.vec8()?;
    checks.need(Check::ContentTypeEmpty, !content_type.is_empty())?;
    let visible = content_type.iter().all(|byte| (0x21..=0x7e).contains(byte));
    checks.need(Check::ContentTypeCharacters, visible)?;
    let length = fields.u32()?;
    let content = fields.take(usize::try_from(length).map_err(|_| Halt::Broken("u32"))?)?;
    checks.need(Check::ContentLimit, length <= CONTENT_LIMIT)?;
    checks.need(Check::PaddingZero, fields.rest().iter().all(|byte| *byte == 0))?;
    let no_class = any_class && !CLASSES.contains(&plain.len());
    checks.need(Check::PaddingClass, class_of(fields.at()) == Some(plain.len()) || no_class)?;
    let Claim { did, fragment, algorithm, .. } = claim.clone();
    let form = LetterForm { did, fragment, algorithm, message_id, sent, expires, content_type, length, content };
    Ok((form, claim))
}
