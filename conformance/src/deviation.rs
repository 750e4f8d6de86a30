//! How the sender of one message misbehaves. One deviation is one mutation: the type admits no second.

use crate::check::{Step, Stop};
use crate::config::Identity;
use crate::identity::Claim;
use crate::primitives;
use crate::schedule::Inputs;
use crate::sender::{PublicKey, Sender, Signed};
use crate::wire::{Hello, RawExtension, ReplyPrefix, extension_bytes};
use crate::{ed25519, es256};

/// Changes a value in place.
pub(crate) type Edit<T> = Box<dyn Fn(&mut T)>;

/// Makes a signature over a message.
pub(crate) type Sign = Box<dyn Fn(&[u8]) -> Step<Vec<u8>>>;

/// What happens to the waiting state before it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Good,
    Missing,
    Altered,
    Truncated,
    Expired,
    OtherEndpoint,
    OtherKey,
}

impl Token {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Token::Good => "ok",
            Token::Missing => "missing",
            Token::Altered => "altered",
            Token::Truncated => "truncated",
            Token::Expired => "expired",
            Token::OtherEndpoint => "other_endpoint",
            Token::OtherKey => "other_key",
        }
    }
}

/// How a sealed part is sealed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sealing {
    pub(crate) nonce: Vec<u8>,
    pub(crate) associated_data: Vec<u8>,
}

/// Who signs: an identity of the configuration, or one made up.
pub(crate) struct Signer {
    pub(crate) did: String,
    pub(crate) fragment: String,
    pub(crate) key: PublicKey,
    pub(crate) sign: Sign,
}

impl Signer {
    pub(crate) fn of(identity: &Identity) -> Step<Signer> {
        let secret = identity.secret_key.0.clone();
        let (key, sign): (PublicKey, Sign) = match identity.algorithm {
            1 => {
                let key = PublicKey::Ed25519(ed25519::pair(&secret)?.public.to_vec());
                (key, Box::new(move |message| ed25519::sign(&secret, message)))
            }
            2 => {
                let key = PublicKey::P256(es256::public(&secret)?);
                (key, Box::new(move |message| es256::sign(&secret, message)))
            }
            _ => return Err(Stop::Broken("an identity of an unknown algorithm")),
        };
        Ok(Signer { did: identity.did.clone(), fragment: identity.fragment.clone(), key, sign })
    }
}

/// One way to misbehave.
pub(crate) enum Deviation {
    None,
    /// Hello's fields, before it is sent and hashed.
    Hello(Edit<Hello>),
    /// A Retry for this suite, asked for or not.
    Retry(u16),
    /// Reply's fields before its sealed part, before they are hashed.
    Reply(Edit<ReplyPrefix>),
    /// What the sender hashes and derives from.
    Inputs(Edit<Inputs>),
    /// Another identity than the configured one signs.
    Signer(Signer),
    /// The Identity before it is signed.
    Claim(Edit<Claim>),
    /// What the signature covers.
    Signed(Edit<Signed>),
    /// The signature.
    Signature(Edit<Vec<u8>>),
    /// The Identity after it was signed.
    SignedClaim(Edit<Claim>),
    /// Accept's plain text, or the padded Identity, before it is sealed.
    Plain(Edit<Vec<u8>>),
    /// Nonce and associated data of the sealed part.
    Sealing(Edit<Sealing>),
    /// The finished message on its way.
    Wire(Edit<Vec<u8>>),
    /// The waiting state on its way.
    Token(Token),
    /// Finish a second time, after Accept.
    Repeat,
}

impl Deviation {
    pub(crate) fn hello(&self, hello: &mut Hello) {
        if let Deviation::Hello(edit) = self {
            edit(hello);
        }
    }

    pub(crate) fn reply(&self, prefix: &mut ReplyPrefix) {
        if let Deviation::Reply(edit) = self {
            edit(prefix);
        }
    }

    pub(crate) fn inputs(&self, inputs: &mut Inputs) {
        if let Deviation::Inputs(edit) = self {
            edit(inputs);
        }
    }

    pub(crate) fn plain(&self, plain: &mut Vec<u8>) {
        if let Deviation::Plain(edit) = self {
            edit(plain);
        }
    }

    /// The message as it goes out; keeps the whole one for the model.
    pub(crate) fn send(&self, mut wire: Vec<u8>, sender: &mut Sender) -> Vec<u8> {
        sender.whole.clone_from(&wire);
        if let Deviation::Wire(edit) = self {
            edit(&mut wire);
        }
        wire
    }

    /// Builds and signs an Identity; `expected` holds label, hash and peer of the signature input.
    pub(crate) fn identity(
        &self,
        honest: Signer,
        expected: Signed,
        extensions: &[RawExtension],
        sender: &mut Sender,
    ) -> Step<Vec<u8>> {
        let signer = if let Deviation::Signer(other) = self { other } else { &honest };
        let mut claim = Claim {
            did: signer.did.clone().into_bytes(),
            fragment: signer.fragment.clone().into_bytes(),
            algorithm: signer.key.algorithm(),
            signature: Vec::new(),
            extensions: extension_bytes(extensions)?,
        };
        if let Deviation::Claim(edit) = self {
            edit(&mut claim);
        }
        let mut signed = Signed {
            did: claim.did.clone(),
            fragment: claim.fragment.clone(),
            algorithm: claim.algorithm,
            extensions: claim.extensions.clone(),
            ..expected
        };
        if let Deviation::Signed(edit) = self {
            edit(&mut signed);
        }
        claim.signature = (signer.sign)(&signed.bytes()?)?;
        sender.signature.clone_from(&claim.signature);
        sender.signed = signed;
        sender.key = Some(signer.key.clone());
        match self {
            Deviation::Signature(edit) => edit(&mut claim.signature),
            Deviation::SignedClaim(edit) => edit(&mut claim),
            _ => (),
        }
        let mut plain = claim.encode()?;
        sender.plain.clone_from(&plain);
        self.plain(&mut plain);
        Ok(plain)
    }

    /// Seals a plain text under a key of the schedule.
    pub(crate) fn seal(&self, suite: u16, key: &[u8], th: &[u8], plain: &[u8], sender: &mut Sender) -> Step<Vec<u8>> {
        let mut sealing = Sealing { nonce: vec![0; 12], associated_data: th.to_vec() };
        if let Deviation::Sealing(edit) = self {
            edit(&mut sealing);
        }
        let sealed = primitives::seal(suite, key, &sealing.nonce, &sealing.associated_data, plain)?;
        sender.suite = suite;
        sender.nonce = sealing.nonce;
        sender.associated_data = sealing.associated_data;
        sender.sealed.clone_from(&sealed);
        Ok(sealed)
    }
}
