//! A responder that keeps nothing between Reply and Finish, as over HTTP: it hands its sealed waiting state out. What
//! was recorded, state and Finish, is sent a second time.

use std::sync::Arc;

use didshake::{
    Admission, AlertCode, AwaitingHello, AwaitingReply, Binding, Context, Error, Extensions, Fault, HelloRead,
    InitiatorConfig, ReplyRead, ResponderConfig, WaitingKeys,
};
use didshake_did::{Clock, MethodRegistry, Resolver, SystemClock};
use didshake_peer::{BurnStore, MemoryBurnStore, Message};
use getrandom::SysRng;
use tokio::net::TcpListener;

use crate::demo::cast::{Cast, dial, incoming, listener, network};
use crate::demo::relay::{read, write};
use crate::failure::{Exit, Failure};
use crate::meeting::CHAT;

const ORIGIN: &[u8] = b"https://bob.example";
const ENDPOINT: &[u8] = b"/didshake";

/// What both tries of one recorded Finish led to: the answer on the wire, and the responder's error if it refused.
pub(crate) struct Tries {
    pub(crate) first: Message,
    pub(crate) second: Message,
    pub(crate) alert: Option<AlertCode>,
    pub(crate) cause: Option<Error>,
}

/// Alice finishes a handshake with Bob; then Mallory sends the same Finish with the same state.
pub(crate) async fn replay(cast: &Cast) -> Result<Tries, Failure> {
    let (listener, address) = listener().await?;
    let bob = Stateless::new(cast)?;
    let serving = tokio::spawn(async move {
        let mut bob = bob;
        bob.answer_hello(&listener).await?;
        bob.answer_finish(&listener).await?;
        bob.answer_finish(&listener).await
    });
    let (state, finish) = record(cast, &address).await?;
    let mut answers = Vec::new();
    for _ in ["Alice", "Mallory"] {
        let mut stream = dial(&address).await?;
        write(&mut stream, &state).await?;
        write(&mut stream, &finish).await?;
        answers.push(read(&mut stream).await?);
    }
    let cause = serving.await.map_err(|error| network(&error))??;
    let [first, second] = answers.as_slice() else {
        return Err(Failure::new(Exit::Check, "demo", "an answer is missing"));
    };
    let alert = if let [15, code] = second.as_slice() { AlertCode::from_byte(*code) } else { None };
    Ok(Tries { first: Message::of(first), second: Message::of(second), alert, cause })
}

/// Alice's side up to Finish: what somebody on the way could record.
async fn record(cast: &Cast, address: &str) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let mut stream = dial(address).await?;
    let config = InitiatorConfig::new(cast.alice.local(), CHAT, Admission::only(cast.bob.did().clone()));
    let (hello, awaiting) = AwaitingReply::start(Arc::new(config), context()?, &mut SysRng).map_err(broken)?;
    write(&mut stream, &hello).await?;
    let (reply, state) = (read(&mut stream).await?, read(&mut stream).await?);
    let ReplyRead::Claimed(claimed) = awaiting.read(&reply, &mut SysRng).map_err(broken)? else {
        return Err(Failure::new(Exit::Check, "demo", "Bob sent a Retry"));
    };
    let document =
        MethodRegistry::offline().resolve(claimed.claim().did()).await.map_err(|fault| broken(fault.into()))?;
    let unsigned = claimed.verify(&document, SystemClock.now()).map_err(broken)?;
    let signature = cast.alice.sign(unsigned.signature_input()).await.map_err(|error| network(&error))?;
    let (finish, _) = unsigned.sign(signature).map_err(broken)?;
    Ok((state, finish))
}

/// Bob as a responder without memory, but for the sealing key and the burned handshakes.
struct Stateless {
    bob: didshake_did::SigningIdentity,
    config: Arc<ResponderConfig>,
    keys: WaitingKeys,
    burned: MemoryBurnStore,
}

impl Stateless {
    fn new(cast: &Cast) -> Result<Self, Failure> {
        let admission = Admission::only(cast.alice.did().clone());
        let config = Arc::new(ResponderConfig::new(cast.bob.local(), CHAT, admission));
        let keys = WaitingKeys::new(SystemClock.now(), &mut SysRng).map_err(broken)?;
        Ok(Self { bob: cast.bob.clone(), config, keys, burned: MemoryBurnStore::default() })
    }

    async fn answer_hello(&mut self, listener: &TcpListener) -> Result<(), Failure> {
        let mut stream = incoming(listener).await?;
        let hello = read(&mut stream).await?;
        let awaiting = AwaitingHello::new(self.config.clone(), context()?).map_err(broken)?;
        let now = SystemClock.now();
        let HelloRead::Unsigned(unsigned) = awaiting.read(&hello, now, &mut SysRng).map_err(broken)? else {
            return Err(Failure::new(Exit::Check, "demo", "Alice's Hello needs a Retry"));
        };
        let signature = self.bob.sign(unsigned.signature_input()).await.map_err(|error| network(&error))?;
        let (reply, waiting) = unsigned.sign(signature).map_err(broken)?;
        let state = self.keys.seal(&waiting, ENDPOINT, now, &mut SysRng).map_err(broken)?;
        write(&mut stream, &reply).await?;
        write(&mut stream, &state).await
    }

    /// Gives the error of a Finish that was refused.
    async fn answer_finish(&mut self, listener: &TcpListener) -> Result<Option<Error>, Failure> {
        let mut stream = incoming(listener).await?;
        let (state, finish) = (read(&mut stream).await?, read(&mut stream).await?);
        match self.judge(&state, &finish).await {
            Ok(accept) => {
                write(&mut stream, &accept).await?;
                Ok(None)
            }
            Err(error) => {
                let delay = didshake_peer::Timeouts::default().denied_delay;
                tokio::time::sleep(delay).await;
                if let Some(alert) = error.alert() {
                    write(&mut stream, &alert.message()).await?;
                }
                Ok(Some(error))
            }
        }
    }

    async fn judge(&self, state: &[u8], finish: &[u8]) -> Result<Vec<u8>, Error> {
        let now = SystemClock.now();
        let context = Context::new(Binding::Http, ORIGIN.to_vec())?;
        let waiting = self.keys.open(state, self.config.clone(), context, ENDPOINT, now)?;
        let claimed = waiting.read(finish, now)?;
        let document = MethodRegistry::offline().resolve(claimed.claim().did()).await?;
        let verified = claimed.verify(&document, now)?;
        let burn = self.burned.burn(verified.th3(), verified.burned_until(), now).await;
        let burn = burn.map_err(|_| Fault::FinishReplayed)?;
        verified.accept(burn, 0, Extensions::default()).map(|(accept, _)| accept)
    }
}

fn context() -> Result<Context, Failure> {
    Context::new(Binding::Http, ORIGIN.to_vec()).map_err(|misuse| broken(misuse.into()))
}

fn broken(error: Error) -> Failure {
    Failure::new(Exit::Check, error.code(), error.to_string())
}
