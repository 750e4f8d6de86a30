//! What is sealed: records of the channel, and the waiting state. The input is sealed with the right key, so that it
//! reaches the parser behind; it is also given as it is.

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use didshake::{Context, Error, Fault, MAX_RECORD_BYTES, Received, WaitingKeys, WaitingResponder};
use rand_core::TryRng;

use crate::handshake::{BOB, Counter, NOW, established};

const RECORD: u8 = 16;

/// The inside of a record.
pub(crate) fn record(input: &[u8]) {
    let (mut established, secret) = established();
    let opener = established.channel.opener();
    let key = ChaCha20Poly1305::new(secret.key().expect("a key").expose().into());
    let nonce = (*secret.iv().expect("an iv").expose()).into();
    let sealed = key.encrypt(&nonce, Payload { msg: input, aad: &[RECORD] }).expect("within the AEAD's limit");
    let record = [&[RECORD][..], &sealed].concat();
    let opened = opener.open(&record);
    assert_ne!(opened, Err(Error::Peer(Fault::RecordNotOpened)), "the seal is not the channel's");
    assert_eq!(record.len() > MAX_RECORD_BYTES, opened == Err(Error::Peer(Fault::RecordTooLong)));
    match opened {
        Ok(Received::Data(content)) => {
            let padding = input.strip_prefix(content.as_slice()).and_then(|rest| rest.strip_prefix(&[1]));
            assert!(padding.is_some_and(|padding| padding.iter().all(|byte| *byte == 0)));
        }
        Ok(_) => {}
        Err(error) => assert!(!error.code().is_empty()),
    }
    assert!(opener.open(input).is_err(), "a record that nobody sealed");
    assert!(opener.open(&record).is_err(), "nothing opens after an error, and nothing twice");
}

/// The inside of a waiting state's token.
pub(crate) fn waiting_state(input: &[u8]) {
    let keys = WaitingKeys::new(NOW, &mut Counter(0)).expect("randomness");
    assert!(open(&keys, input).is_err(), "a token that nobody sealed");
    if let Ok(waiting) = open(&keys, &token(input)) {
        assert!(waiting.read(&[], NOW).is_err());
    }
}

fn open(keys: &WaitingKeys, token: &[u8]) -> Result<WaitingResponder, Error> {
    keys.open(token, BOB.responder(), Context::stream(), b"", NOW)
}

/// A token with this inside: key id, nonce, sealed. The id and the key are the first that [`Counter`] gives.
fn token(inside: &[u8]) -> Vec<u8> {
    let (mut random, mut id, mut key) = (Counter(0), [0; 8], [0; 32]);
    let (Ok(()), Ok(())) = (random.try_fill_bytes(&mut id), random.try_fill_bytes(&mut key));
    let nonce = [0; 12];
    let payload = Payload { msg: inside, aad: b"didshake/1 waiting\x01\0\0\0\0" };
    let sealed = ChaCha20Poly1305::new(&key.into()).encrypt(&nonce.into(), payload).expect("within the AEAD's limit");
    [&id[..], &nonce, &sealed].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::replied;

    /// What a genuine token holds: without it, the target would never get behind the seal.
    #[test]
    fn a_genuine_inside_opens_under_our_seal() {
        let mut keys = WaitingKeys::new(NOW, &mut Counter(0)).unwrap();
        let genuine = keys.seal(&replied().bob, b"", NOW, &mut Counter(100)).unwrap();
        let (nonce, sealed) = genuine[8..].split_first_chunk::<12>().unwrap();
        let (mut random, mut id, mut key) = (Counter(0), [0; 8], [0; 32]);
        let (Ok(()), Ok(())) = (random.try_fill_bytes(&mut id), random.try_fill_bytes(&mut key));
        let payload = Payload { msg: sealed, aad: b"didshake/1 waiting\x01\0\0\0\0" };
        let inside = ChaCha20Poly1305::new(&key.into()).decrypt(&(*nonce).into(), payload).unwrap();
        assert!(open(&keys, &token(&inside)).is_ok());
        assert!(open(&keys, &token(&inside[1..])).is_err());
    }
}
