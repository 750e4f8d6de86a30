//! The same bytes through TLS and Noise.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::{Read, Write};
use std::rc::Rc;

use anyhow::{Result, ensure};
use didshake::{Aead, Suite};
use rustls::CipherSuite;

use super::Queue;
use crate::measure::Candidate;
use crate::peers::noise::{self, Noise};
use crate::peers::tls::{self, Tls};

/// The most that a message of Noise holds.
const NOISE_CONTENT: usize = 65_535 - 16;

type Both<'a> = (Vec<Candidate<'a>>, Vec<Candidate<'a>>);

/// Seals and opens of both.
pub(super) fn candidates<'a>(suite: Suite, text: &'a [u8]) -> Result<Both<'a>> {
    let (tls_seal, tls_open) = over_tls(suite, text)?;
    let (noise_seal, noise_open) = over_noise(suite, text)?;
    Ok((vec![tls_seal, noise_seal], vec![tls_open, noise_open]))
}

fn over_tls<'a>(suite: Suite, text: &'a [u8]) -> Result<(Candidate<'a>, Candidate<'a>)> {
    let suite = match suite.aead() {
        Aead::ChaCha20Poly1305 => CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        Aead::Aes256Gcm => CipherSuite::TLS13_AES_256_GCM_SHA384,
    };
    let tls = Tls::raw_keys(suite)?;
    let (mut sealing, mut record) = (tls.handshake()?.client, Vec::with_capacity(2 * text.len() + 256));
    sealing.set_buffer_limit(None);
    let seal = move || {
        sealing.writer().write_all(black_box(text))?;
        record.clear();
        while sealing.wants_write() {
            sealing.write_tls(&mut record)?;
        }
        black_box(&record);
        Ok(())
    };
    let tls::Done { mut client, server, .. } = tls.handshake()?;
    client.set_buffer_limit(None);
    let (queue, server) = (Queue::default(), Rc::new(RefCell::new(server)));
    let filling = Rc::clone(&queue);
    let prepare = move |calls| {
        for _ in 0..calls {
            client.writer().write_all(text)?;
            let mut record = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut record)?;
            }
            filling.borrow_mut().push_back(record);
        }
        Ok(())
    };
    let mut content = vec![0; text.len()];
    let open = move || {
        let record = queue.borrow_mut().pop_front().unwrap_or_default();
        let (mut server, mut left, mut read) = (server.borrow_mut(), record.as_slice(), 0);
        while !left.is_empty() {
            server.read_tls(&mut left)?;
            server.process_new_packets()?;
            while let Some(space) = content.get_mut(read..).filter(|space| !space.is_empty()) {
                match server.reader().read(space) {
                    Ok(count @ 1..) => read += count,
                    _ => break,
                }
            }
        }
        ensure!(read == content.len(), "{read} bytes");
        black_box(&content);
        Ok(())
    };
    Ok((Candidate::new("rustls", seal), Candidate::prepared("rustls", prepare, open)))
}

fn over_noise<'a>(suite: Suite, text: &'a [u8]) -> Result<(Candidate<'a>, Candidate<'a>)> {
    let cipher = match suite.aead() {
        Aead::ChaCha20Poly1305 => "ChaChaPoly",
        Aead::Aes256Gcm => "AESGCM",
    };
    let mut noise = Noise::new(&format!("Noise_XX_25519_{cipher}_SHA256"))?;
    let (mut sealing, mut message) = (noise.handshake()?.initiator, vec![0; 65_535]);
    let seal = move || {
        for piece in black_box(text).chunks(NOISE_CONTENT) {
            black_box(sealing.write_message(piece, &mut message)?);
        }
        Ok(())
    };
    let noise::Done { mut initiator, mut responder, .. } = noise.handshake()?;
    let queue = Queue::default();
    let filling = Rc::clone(&queue);
    let prepare = move |calls| {
        for piece in (0..calls).flat_map(|_| text.chunks(NOISE_CONTENT)) {
            let mut message = vec![0; piece.len() + 16];
            initiator.write_message(piece, &mut message)?;
            filling.borrow_mut().push_back(message);
        }
        Ok(())
    };
    let mut content = vec![0; 65_535];
    let open = move || {
        let mut read = 0;
        for _ in 0..text.len().div_ceil(NOISE_CONTENT) {
            let message = queue.borrow_mut().pop_front().unwrap_or_default();
            read += responder.read_message(black_box(&message), &mut content)?;
        }
        ensure!(read == text.len());
        black_box(&content);
        Ok(())
    };
    Ok((Candidate::new("snow", seal), Candidate::prepared("snow", prepare, open)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_come_through_whole() {
        let text = vec![3; 65_535];
        for suite in Suite::ALL {
            let (seals, opens) = candidates(suite, &text).unwrap();
            let mut all: Vec<_> = seals.into_iter().chain(opens).collect();
            crate::measure::interleave(1, &mut all).unwrap();
        }
    }
}
