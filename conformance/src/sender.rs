//! What the sender of a message really had: the model borrows from here what a check that is off no longer decides.

use crate::bytes::Put;
use crate::check::Step;
use crate::schedule::Inputs;

/// The fields that a signature covers, apart, so that each can be wrong by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Signed {
    pub(crate) label: Vec<u8>,
    pub(crate) th: Vec<u8>,
    pub(crate) did: Vec<u8>,
    pub(crate) fragment: Vec<u8>,
    pub(crate) algorithm: u8,
    pub(crate) extensions: Vec<u8>,
    /// The responder's DID and fragment; only in the initiator's signature.
    pub(crate) peer: Option<(Vec<u8>, Vec<u8>)>,
}

impl Signed {
    pub(crate) fn bytes(&self) -> Step<Vec<u8>> {
        let mut out = self.label.clone();
        out.push(0);
        out.extend_from_slice(&self.th);
        out.vec16(&self.did)?;
        out.vec8(&self.fragment)?;
        out.push(self.algorithm);
        out.vec16(&self.extensions)?;
        if let Some((did, fragment)) = &self.peer {
            out.vec16(did)?;
            out.vec8(fragment)?;
        }
        Ok(out)
    }
}

/// A public key that can verify a handshake.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PublicKey {
    Ed25519(Vec<u8>),
    /// SEC1, compressed or not.
    P256(Vec<u8>),
}

impl PublicKey {
    pub(crate) fn algorithm(&self) -> u8 {
        match self {
            PublicKey::Ed25519(_) => 1,
            PublicKey::P256(_) => 2,
        }
    }
}

/// The sender's side of one message, before anything was changed after signing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sender {
    pub(crate) whole: Vec<u8>,
    pub(crate) suites: Vec<u16>,
    pub(crate) protocol: Vec<u8>,
    pub(crate) share: Vec<u8>,
    pub(crate) suite: u16,
    pub(crate) inputs: Inputs,
    pub(crate) nonce: Vec<u8>,
    pub(crate) associated_data: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
    /// The Identity or Accept's plain text.
    pub(crate) plain: Vec<u8>,
    pub(crate) signed: Signed,
    pub(crate) signature: Vec<u8>,
    pub(crate) key: Option<PublicKey>,
}
