//! A message of DIDComm v2, authcrypt, by `didcomm`.

use anyhow::{Context, Result, anyhow, ensure};
use didcomm::did::resolvers::ExampleDIDResolver;
use didcomm::secrets::resolvers::ExampleSecretsResolver;
use didcomm::test_vectors::{
    ALICE_DID, ALICE_DID_DOC, ALICE_SECRETS, BOB_DID, BOB_DID_DOC, BOB_SECRET_KEY_AGREEMENT_KEY_X25519_1, BOB_SECRETS,
};
use didcomm::{Message, PackEncryptedOptions, UnpackOptions};
use futures_executor::block_on;
use serde_json::json;

use crate::Messages;

/// From Alice of its test vectors to one X25519 key of Bob.
pub(crate) struct DidComm {
    documents: ExampleDIDResolver,
    alice: ExampleSecretsResolver,
    bob: ExampleSecretsResolver,
}

impl DidComm {
    pub(crate) fn new() -> Self {
        Self {
            documents: ExampleDIDResolver::new(vec![ALICE_DID_DOC.clone(), BOB_DID_DOC.clone()]),
            alice: ExampleSecretsResolver::new(ALICE_SECRETS.clone()),
            bob: ExampleSecretsResolver::new(BOB_SECRETS.clone()),
        }
    }
}

impl Messages for DidComm {
    const NAME: &str = "didcomm";

    fn seal(&mut self, text: &str) -> Result<Vec<u8>> {
        let message = Message::build("1".into(), "https://example.com/text".into(), json!({"text": text}));
        let message = message.from(ALICE_DID.into()).to(BOB_DID.into()).finalize();
        let options = PackEncryptedOptions { forward: false, ..PackEncryptedOptions::default() };
        let to = &BOB_SECRET_KEY_AGREEMENT_KEY_X25519_1.id;
        let packed = message.pack_encrypted(to, Some(ALICE_DID), None, &self.documents, &self.alice, &options);
        let (packed, _) = block_on(packed).map_err(|error| anyhow!("pack: {error}"))?;
        Ok(packed.into_bytes())
    }

    fn open(&mut self, message: Vec<u8>) -> Result<String> {
        let message = String::from_utf8(message)?;
        let options = UnpackOptions::default();
        let unpacked = block_on(Message::unpack(&message, &self.documents, &self.bob, &options));
        let (message, how) = unpacked.map_err(|error| anyhow!("unpack: {error}"))?;
        ensure!(how.authenticated, "not authenticated");
        Ok(message.body.get("text").and_then(|text| text.as_str()).context("no text")?.to_owned())
    }
}
