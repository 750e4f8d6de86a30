//! Noise, as `snow` does it with the RustCrypto crates. The keys of both sides are there before; IK's initiator knows the
//! responder's, which XX sends.

use anyhow::{Result, ensure};
use snow::params::NoiseParams;
use snow::{Builder, TransportState};

/// The longest message of Noise.
const MAX_MESSAGE: usize = 65_535;

/// Two sides with static keys.
pub struct Noise {
    params: NoiseParams,
    initiator: Vec<u8>,
    responder: Vec<u8>,
    responder_public: Option<Vec<u8>>,
    buffers: (Vec<u8>, Vec<u8>),
}

/// Both sides after a handshake, and the bytes that went over the wire.
pub struct Done {
    /// Who began.
    pub initiator: TransportState,
    /// Who answered.
    pub responder: TransportState,
    /// Of all messages.
    pub wire: usize,
}

impl Noise {
    /// Of a pattern's whole name, `Noise_XX_25519_ChaChaPoly_SHA256`.
    ///
    /// # Errors
    /// Where snow does not know it.
    pub fn new(pattern: &str) -> Result<Self> {
        let params: NoiseParams = pattern.parse()?;
        let initiator = Builder::new(params.clone()).generate_keypair()?;
        let responder = Builder::new(params.clone()).generate_keypair()?;
        let known = pattern.starts_with("Noise_IK");
        Ok(Self {
            params,
            initiator: initiator.private,
            responder: responder.private,
            responder_public: known.then_some(responder.public),
            buffers: (vec![0; MAX_MESSAGE], vec![0; MAX_MESSAGE]),
        })
    }

    /// From the first message to both transports.
    ///
    /// # Errors
    /// Where either side refuses.
    pub fn handshake(&mut self) -> Result<Done> {
        let mut initiator = Builder::new(self.params.clone()).local_private_key(&self.initiator)?;
        if let Some(public) = &self.responder_public {
            initiator = initiator.remote_public_key(public)?;
        }
        let mut sending = initiator.build_initiator()?;
        let mut reading = Builder::new(self.params.clone()).local_private_key(&self.responder)?.build_responder()?;
        let (message, payload) = &mut self.buffers;
        let (mut wire, mut messages) = (0, 0);
        while !sending.is_handshake_finished() {
            let length = sending.write_message(&[], message)?;
            reading.read_message(message.get(..length).unwrap_or_default(), payload)?;
            (wire, messages) = (wire + length, messages + 1);
            std::mem::swap(&mut sending, &mut reading);
        }
        ensure!(reading.is_handshake_finished(), "one side is not ready");
        // After each message the sides change: the initiator stands first after an even number.
        let (initiator, responder) = if messages % 2 == 0 { (sending, reading) } else { (reading, sending) };
        Ok(Done { initiator: initiator.into_transport_mode()?, responder: responder.into_transport_mode()?, wire })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_patterns_come_to_a_transport_that_carries_something() {
        // XX: 32, 96, 64; IK: 96, 48 (Noise specification, section 7.5).
        for (pattern, wire) in [("Noise_XX_25519_ChaChaPoly_SHA256", 192), ("Noise_IK_25519_AESGCM_SHA256", 144)] {
            let Done { mut initiator, mut responder, wire: sent } = Noise::new(pattern).unwrap().handshake().unwrap();
            assert_eq!(sent, wire);
            let (mut sealed, mut opened) = ([0; 64], [0; 64]);
            let length = initiator.write_message(b"text", &mut sealed).unwrap();
            let length = responder.read_message(&sealed[..length], &mut opened).unwrap();
            assert_eq!(&opened[..length], b"text");
        }
    }
}
