//! A message of the Trust Spanning Protocol, by `tsp_sdk`.

use anyhow::{Result, bail};
use tsp_sdk::OwnedVid;
use tsp_sdk::crypto::{open, seal};
use tsp_sdk::definitions::Payload;
use url::Url;

use crate::Messages;

/// From one did:peer to another, Ed25519 and X25519.
pub(crate) struct Tsp {
    alice: OwnedVid,
    bob: OwnedVid,
}

impl Tsp {
    pub(crate) fn new() -> Result<Self> {
        let person = |seed| {
            Ok::<_, anyhow::Error>(OwnedVid::new_did_peer_from_seed(Url::parse("tcp://127.0.0.1:1")?, [seed; 32]))
        };
        Ok(Self { alice: person(1)?, bob: person(2)? })
    }
}

impl Messages for Tsp {
    const NAME: &str = "tsp";

    fn seal(&mut self, text: &str) -> Result<Vec<u8>> {
        Ok(seal(&self.alice, &self.bob, Payload::Content(text.as_bytes()))?)
    }

    fn open(&mut self, mut message: Vec<u8>) -> Result<String> {
        let (payload, _, _) = open(&self.bob, &self.alice, &mut message)?;
        let Payload::Content(text) = payload else { bail!("a message of another kind") };
        Ok(String::from_utf8(text.to_vec())?)
    }
}
