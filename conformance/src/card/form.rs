//! The card (section 2): how an owner writes and signs it, and its link (section 4).

use super::file::{Contents, Owner};
use crate::bytes::Put;
use crate::check::Stop;
use crate::keys::base64url;
use crate::mailbox::check::Judged;
use crate::mailbox::signing::{Signer, SigningKey};

/// What a card's signature begins with.
pub(crate) const LABEL: &[u8] = b"didshake/1 contact card";

/// Everything before the signature; raw, so that a misbehaving owner can write anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Form {
    pub(crate) kind: u8,
    pub(crate) version: u8,
    pub(crate) issued: u64,
    pub(crate) ends: u64,
    pub(crate) did: Vec<u8>,
    pub(crate) fragment: Vec<u8>,
    pub(crate) algorithm: u8,
    pub(crate) endpoints: Vec<Vec<u8>>,
    pub(crate) name: Vec<u8>,
    pub(crate) mailbox: Vec<u8>,
    pub(crate) token: Vec<u8>,
}

impl Form {
    /// What an honest owner writes.
    pub(crate) fn of(owner: &Owner, contents: &Contents) -> Form {
        Form {
            kind: 34,
            version: 1,
            issued: contents.issued,
            ends: contents.ends,
            did: owner.did.as_bytes().to_vec(),
            fragment: owner.fragment.as_bytes().to_vec(),
            algorithm: owner.algorithm,
            endpoints: contents.endpoints.iter().map(|url| url.as_bytes().to_vec()).collect(),
            name: contents.name.as_bytes().to_vec(),
            mailbox: contents.mailbox.as_bytes().to_vec(),
            token: contents.token.0.clone(),
        }
    }

    pub(crate) fn encode(&self) -> Judged<Vec<u8>> {
        let mut out = vec![self.kind, self.version];
        out.extend_from_slice(&self.issued.to_be_bytes());
        out.extend_from_slice(&self.ends.to_be_bytes());
        out.vec16(&self.did)?;
        out.vec8(&self.fragment)?;
        out.push(self.algorithm);
        out.push(u8::try_from(self.endpoints.len()).map_err(|_| Stop::Broken("too many endpoints to write"))?);
        for endpoint in &self.endpoints {
            out.vec8(endpoint)?;
        }
        out.vec8(&self.name)?;
        out.vec8(&self.mailbox)?;
        out.vec8(&self.token)?;
        Ok(out)
    }
}

/// What the signature covers, and who makes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Signed {
    pub(crate) label: Vec<u8>,
    pub(crate) form: Form,
    pub(crate) by: SigningKey,
}

impl Signed {
    pub(crate) fn of(owner: &Owner, form: Form) -> Signed {
        let by = SigningKey { algorithm: owner.algorithm, secret: owner.signing_key.0.clone() };
        Signed { label: LABEL.to_vec(), form, by }
    }

    pub(crate) fn bytes(&self) -> Judged<Vec<u8>> {
        Ok([self.label.as_slice(), &[0], &self.form.encode()?].concat())
    }
}

/// A card as it left its owner.
pub(crate) struct Made {
    pub(crate) whole: Vec<u8>,
    pub(crate) signed: Signed,
    pub(crate) signer: Signer,
}

/// Signs one thing and sends the other, which are the same for an honest owner.
pub(crate) fn make(form: &Form, signed: Signed) -> Judged<Made> {
    let signer = signed.by.sign(&signed.bytes()?)?;
    let whole = [form.encode()?, signer.signature.clone()].concat();
    Ok(Made { whole, signed, signer })
}

/// `didshake:card/` and the bytes in base64url.
pub(crate) fn link(card: &[u8]) -> String {
    format!("didshake:card/{}", base64url(card))
}
