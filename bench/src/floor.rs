//! The floor: the primitives that one handshake cannot do without, called one after the other with nothing between.
//!
//! Suite 1, did:key with Ed25519 on both sides. Keys are parsed and resolution is done before, as in the handshake.

use std::hint::black_box;

use anyhow::{Result, anyhow};
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};

/// Bytes hashed for th0 to th4: 13; then 32 and Hello (94), Reply's clear part (69), each Identity with its length (130).
const HASHED: [usize; 5] = [13, 126, 101, 162, 162];

/// Bytes signed: role, zero, transcript, DID (56), fragment, algorithm, extensions; the initiator adds the other's name.
const RESPONDER_SIGNS: usize = 20 + 1 + 32 + 58 + 1 + 1 + 2;
const INITIATOR_SIGNS: usize = RESPONDER_SIGNS + 58 + 1;

/// Plain bytes of the three sealed parts: two Identities, Accept's body.
const SEALED: [usize; 3] = [128, 128, 6];

/// Expands from `hs`: reply, finish, derived.
const FROM_HANDSHAKE_SECRET: usize = 3;
/// Expands from `ms` to 32 bytes: accept, both directions, exporter. The session id is one more, of 16 bytes.
const FROM_MASTER_SECRET: usize = 4;
/// Each direction's key and iv.
const DIRECTIONS: usize = 2;

pub(crate) struct Floor {
    signing: SigningKey,
    verifying: VerifyingKey,
}

impl Floor {
    pub(crate) fn new() -> Self {
        let signing = SigningKey::from_bytes(&[7; 32]);
        let verifying = signing.verifying_key();
        Self { signing, verifying }
    }

    /// Everything that both sides do, once.
    pub(crate) fn run(&self, round: u8) -> Result<()> {
        let shared = exchange(round);
        self.sign_and_verify(&[round; RESPONDER_SIGNS])?;
        self.sign_and_verify(&[round; INITIATOR_SIGNS])?;
        for _side in 0..2 {
            HASHED.iter().for_each(|length| transcript(*length, round));
            schedule(&shared)?;
        }
        SEALED.iter().try_for_each(|length| seal_and_open(*length, &shared))
    }

    fn sign_and_verify(&self, message: &[u8]) -> Result<()> {
        let signature = self.signing.sign(black_box(message));
        self.verifying.verify_strict(black_box(message), &signature)?;
        Ok(())
    }
}

fn exchange(round: u8) -> [u8; 32] {
    let (ours, theirs) = (StaticSecret::from([round; 32]), StaticSecret::from([round ^ 0x55; 32]));
    let (our_share, their_share) = (PublicKey::from(&ours), PublicKey::from(&theirs));
    let one = ours.diffie_hellman(&black_box(their_share));
    let other = theirs.diffie_hellman(&black_box(our_share));
    black_box(other);
    one.to_bytes()
}

fn transcript(length: usize, round: u8) {
    let text = [round; 162];
    black_box(Sha256::digest(text.get(..length).unwrap_or(&text)));
}

fn schedule(shared: &[u8; 32]) -> Result<()> {
    let mut key = [0; 32];
    let (_, handshake) = Hkdf::<Sha256>::extract(Some(shared), shared);
    for _ in 0..FROM_HANDSHAKE_SECRET {
        expand(&handshake, b"didshake/1 finish", &mut key)?;
    }
    let (_, master) = Hkdf::<Sha256>::extract(Some(shared), &key);
    for _ in 0..FROM_MASTER_SECRET {
        expand(&master, b"didshake/1 exporter", &mut key)?;
    }
    expand(&master, b"didshake/1 session", &mut [0; 16])?;
    for _ in 0..DIRECTIONS {
        let direction = Hkdf::<Sha256>::from_prk(&key).map_err(|error| anyhow!("from_prk: {error}"))?;
        expand(&direction, b"didshake/1 iv", &mut [0; 12])?;
        expand(&direction, b"didshake/1 key", &mut key)?;
    }
    Ok(())
}

fn expand(secret: &Hkdf<Sha256>, label: &[u8], out: &mut [u8]) -> Result<()> {
    secret.expand(black_box(label), out).map_err(|error| anyhow!("expand: {error}"))?;
    black_box(out);
    Ok(())
}

fn seal_and_open(length: usize, key: &[u8; 32]) -> Result<()> {
    let mut buffer = [0x5a; 128];
    let text = buffer.get_mut(..length).unwrap_or_default();
    let failed = |error| anyhow!("AEAD: {error}");
    let nonce = [0; 12];
    let sealing = ChaCha20Poly1305::new(black_box(key).into());
    let tag = sealing.encrypt_inout_detached(&nonce.into(), key, InOutBuf::from(&mut *text)).map_err(failed)?;
    let opening = ChaCha20Poly1305::new(black_box(key).into());
    opening.decrypt_inout_detached(&nonce.into(), key, InOutBuf::from(&mut *text), &tag).map_err(failed)?;
    black_box(text);
    Ok(())
}
