//! What `listen` and `connect` share.

use std::time::Duration;

use clap::Args;
use didshake::{Binding, Context};
use didshake_did::{IdentityName, SigningIdentity};
use didshake_peer::{Agreed, Surroundings, Timeouts, VerifyWords, Watch};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::agent::Post;
use crate::channel::Channel;
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::passphrase::PassphraseSource;
use crate::resolver::{Documents, Resolution};
use crate::storage;
use crate::web_failures::WebFailures;

/// What is spoken over the channel.
pub(crate) const CHAT: &[u8] = b"didshake.chat/1";

#[derive(Args)]
pub(crate) struct Meeting {
    /// Who we are: an identity of ours
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) identity: IdentityName,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseSource,
    #[command(flatten)]
    pub(crate) documents: Documents,
    /// Text that both sides must give alike; binds the handshake to it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    prologue: String,
    /// Seconds that a handshake may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Seconds after which the peer's DID document is looked at again while the channel lives; 0: never
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(..=86_400))]
    recheck: u64,
    /// Show five words of the channel: the peer shows the same ones, to be compared aloud
    #[arg(long)]
    pub(crate) verify: bool,
}

/// Who watches over the key of a peer while a channel to it lives.
#[derive(Clone)]
pub(crate) struct Guard {
    surroundings: Surroundings,
    watch: Option<Watch>,
}

impl Guard {
    /// From now on to the end of the channel.
    pub(crate) fn watch(&self, channel: &Channel) {
        let Some(watch) = self.watch else { return };
        match channel {
            Channel::Stream(connection) => drop(tokio::spawn(connection.vigil(&self.surroundings, watch).keep())),
            Channel::Circuit(connection) => drop(tokio::spawn(connection.vigil(&self.surroundings, watch).keep())),
        }
    }
}

impl Meeting {
    pub(crate) fn load(&self, global: &Global) -> Result<SigningIdentity, Failure> {
        storage::load(global, &self.identity, &self.passphrase)
    }

    /// The contacts and relays of our identity, to meet somebody through them.
    pub(crate) async fn post(
        &self,
        global: &Global,
        identity: SigningIdentity,
        surroundings: Surroundings,
        failures: WebFailures,
    ) -> Result<Post, Failure> {
        if !self.prologue.is_empty() {
            // Its prologue is the URL of the mailbox (binding 4).
            let message = "a circuit through a relay is bound to its mailbox, and takes no --prologue";
            return Err(Failure::new(Exit::Usage, "prologue", message)
                .remedy("leave --prologue out, or meet at an address: HOST:PORT or unix:PATH"));
        }
        Post::open(global, identity, &self.documents.web, (surroundings, failures), false).await
    }

    /// Who watches over peers that were met in these surroundings.
    pub(crate) fn guard(&self, surroundings: &Surroundings) -> Guard {
        let (every, default) = (Duration::from_secs(self.recheck), Watch::default());
        let watch = Watch { every, bound: default.bound.max(every.saturating_mul(3)) };
        Guard { surroundings: surroundings.clone(), watch: (self.recheck > 0).then_some(watch) }
    }

    /// What both sides need, and what will tell why a did:web did not resolve.
    pub(crate) fn surroundings(&self) -> Result<(Surroundings, WebFailures), Failure> {
        let context = Context::new(Binding::Stream, self.prologue.clone().into_bytes());
        let context = context.map_err(|misuse| Failure::new(Exit::Usage, "prologue", misuse.to_string()))?;
        let limit = Duration::from_secs(self.timeout);
        let timeouts = Timeouts { attempt: limit, message: limit, ..Timeouts::default() };
        let Resolution { resolver, failures } = self.documents.resolution()?;
        Ok((Surroundings { context, resolver, timeouts, ..Surroundings::default() }, failures))
    }
}

pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// Says whom we are connected to, and on request the words.
pub(crate) fn tell_connected(agreed: &Agreed, as_json: bool, verify: bool) -> Result<(), Failure> {
    let words = if verify { Some(words(agreed)?) } else { None };
    if as_json {
        output::json(&connected(agreed, words));
        return output::check();
    }
    output::note(&format!("Connected to {}", agreed.peer.verification_method()));
    if let Some(words) = words {
        tell_words(&words);
    }
    output::check()
}

/// The words that both ends of a channel have.
pub(crate) fn words(agreed: &Agreed) -> Result<VerifyWords, Failure> {
    VerifyWords::of(&agreed.exporter).map_err(|error| Failure::new(Exit::Check, error.code(), error.to_string()))
}

pub(crate) fn tell_words(words: &VerifyWords) {
    output::note(&format!(
        "The words of this channel: {words}\n(the peer sees the same ones, or somebody sits between)"
    ));
}

/// The peer of a connection, as JSON events tell it.
fn connected(agreed: &Agreed, words: Option<VerifyWords>) -> Value {
    let mut event = json!({
        "event": "connected",
        "peer": {
            "did": agreed.peer.did().as_str(),
            "verificationMethod": agreed.peer.verification_method(),
            "algorithm": agreed.peer.key().algorithm().name(),
            "publicKey": hex::encode(agreed.peer.key().as_bytes()),
        },
        "suite": agreed.suite.id(),
        "sessionId": hex::encode(agreed.session_id),
    });
    if let (Some(words), Some(event)) = (words, event.as_object_mut()) {
        event.insert("verifyWords".to_owned(), json!(words.words()));
    }
    event
}
