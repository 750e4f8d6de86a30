//! The floor: the primitives that one handshake cannot do without, called one after the other with nothing between.
//!
//! Suite 1, did:key with Ed25519 on both sides. Keys are parsed and resolution is done before, as in the handshake.

use std::hint::black_box;

use anyhow::{Result, anyhow};
use didshake::Aead;
use hkdf::Hkdf;
use sha2::{Digest, Sha256};

use crate::backend::{Cipher, KeyShare, Signer, Verifier};

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

/// Keys that are there before a handshake.
pub struct Floor {
    signer: Signer,
    verifier: Verifier,
    round: u8,
}

impl Floor {
    /// With a key for both sides: what it costs is the same.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn new() -> Result<Self> {
        let seed = [7; 32];
        Ok(Self { signer: Signer::new(seed)?, verifier: Verifier::new(seed), round: 0 })
    }

    /// Everything that both sides do, once.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn both_sides(&mut self) -> Result<()> {
        let round = self.next_round();
        let (ours, theirs) = (KeyShare::generate([round; 32])?, KeyShare::generate([round ^ 0x55; 32])?);
        let shared = ours.diffie_hellman(&theirs.public)?;
        black_box(theirs.diffie_hellman(&ours.public)?);
        for length in [RESPONDER_SIGNS, INITIATOR_SIGNS] {
            let message = &[round; INITIATOR_SIGNS];
            let message = message.get(..length).unwrap_or(message);
            self.verifier.verify(message, &self.signer.sign(message)?)?;
        }
        for _side in 0..2 {
            HASHED.iter().for_each(|length| transcript(*length, round));
            schedule(&shared)?;
        }
        SEALED.iter().try_for_each(|length| seal_and_open(*length, &shared, true))
    }

    /// What one side does, once: a share, a Diffie-Hellman, a signature made and one verified, the transcript, the keys,
    /// three seals or opens.
    ///
    /// # Errors
    /// Where the backend fails.
    pub fn one_side(&mut self) -> Result<()> {
        let round = self.next_round();
        let ours = KeyShare::generate([round; 32])?;
        // Of a secret that is not ours; any point costs the same.
        let shared = ours.diffie_hellman(&ours.public)?;
        let message = &[round; INITIATOR_SIGNS];
        self.verifier.verify(message, &self.signer.sign(message)?)?;
        HASHED.iter().for_each(|length| transcript(*length, round));
        schedule(&shared)?;
        SEALED.iter().try_for_each(|length| seal_and_open(*length, &shared, false))
    }

    fn next_round(&mut self) -> u8 {
        self.round = self.round.wrapping_add(1);
        self.round
    }
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

/// One side seals what the other opens; alone it does either, which cost the same.
fn seal_and_open(length: usize, key: &[u8; 32], other_too: bool) -> Result<()> {
    let mut buffer = [0x5a; 128];
    let text = buffer.get_mut(..length).unwrap_or_default();
    let tag = Cipher::new(Aead::ChaCha20Poly1305, key)?.seal([0; 12], key, text)?;
    if other_too {
        Cipher::new(Aead::ChaCha20Poly1305, key)?.open([0; 12], key, text, tag)?;
    }
    black_box((text, tag));
    Ok(())
}
