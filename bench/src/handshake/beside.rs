//! The handshakes of TLS and Noise.

use std::cell::RefCell;
use std::hint::black_box;

use anyhow::Result;
use rustls::CipherSuite;

use super::measured::BYTES;
use crate::figures::{Figure, Part};
use crate::measure::Candidate;
use crate::peers::noise::Noise;
use crate::peers::tls::Tls;

/// What people use today, ready for handshakes.
pub(super) struct Peers {
    x509: Tls,
    raw_keys: Tls,
    xx: RefCell<Noise>,
    ik: RefCell<Noise>,
}

impl Peers {
    pub(super) fn new() -> Result<Self> {
        let suite = CipherSuite::TLS13_CHACHA20_POLY1305_SHA256;
        Ok(Self {
            x509: Tls::certificates(suite)?,
            raw_keys: Tls::raw_keys(suite)?,
            xx: RefCell::new(Noise::new("Noise_XX_25519_ChaChaPoly_SHA256")?),
            ik: RefCell::new(Noise::new("Noise_IK_25519_ChaChaPoly_SHA256")?),
        })
    }

    pub(super) fn candidates(&self) -> Result<Vec<Candidate<'_>>> {
        let tls = |tls: &Tls| tls.handshake().map(|done| drop(black_box(done)));
        let noise = |noise: &RefCell<Noise>| noise.borrow_mut().handshake().map(|done| drop(black_box(done)));
        Ok(vec![
            Candidate::new("rustls mutual, X.509", move || tls(&self.x509)),
            Candidate::new("rustls mutual, raw public keys", move || tls(&self.raw_keys)),
            Candidate::new("snow XX", move || noise(&self.xx)),
            Candidate::new("snow IK", move || noise(&self.ik)),
        ])
    }

    pub(super) fn wire(&self, part: &mut Part) -> Result<()> {
        let bytes = [
            ("tls_x509", "rustls mutual, X.509", self.x509.handshake()?.wire),
            ("tls_raw_keys", "rustls mutual, raw public keys", self.raw_keys.handshake()?.wire),
            ("snow_xx", "snow XX, no DIDs", self.xx.borrow_mut().handshake()?.wire),
            ("snow_ik", "snow IK, no DIDs", self.ik.borrow_mut().handshake()?.wire),
        ];
        for (id, what, bytes) in bytes {
            part.add(Figure::new(format!("handshake.{id}_bytes"), what, "bytes", vec![bytes as f64])?.bar(BYTES));
        }
        Ok(())
    }
}
