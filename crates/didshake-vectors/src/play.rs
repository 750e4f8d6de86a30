//! The good run: both roles from the configuration alone, message for message.

use didshake::{
    AwaitingHello, AwaitingReply, Binding, Burn, ClaimedInitiator, Established, HelloRead, ReplyRead, UnsignedReply,
    VerifiedPeer, WaitingKeys, WaitingResponder,
};

use crate::config::{self, Holder};
use crate::documents::Documents;
use crate::format::{Config, Message, Side, Vector};
use crate::outcome::{Failure, same};
use crate::rng::FixedRng;

/// The endpoint that every waiting state is made for.
pub(crate) const ENDPOINT: &[u8] = b"/didshake";

/// What both sides made of a configuration.
pub(crate) struct Played {
    /// Side, name, bytes.
    pub(crate) messages: Vec<(Side, &'static str, Vec<u8>)>,
    pub(crate) reply_signature_input: Vec<u8>,
    pub(crate) finish_signature_input: Vec<u8>,
    pub(crate) reply_signature: [u8; 64],
    pub(crate) finish_signature: [u8; 64],
    pub(crate) responder_identity: Holder,
    pub(crate) th3: [u8; 32],
    pub(crate) initiator: Established,
    pub(crate) responder: Established,
}

/// Runs the handshake. With a vector's messages every one that is made is compared with its.
pub(crate) fn play(config: &Config, script: Option<&[Message]>) -> Result<Played, Failure> {
    let mut messages = Vec::new();
    let mut say = |from: Side, name: &'static str, wire: &[u8]| {
        if let Some(script) = script {
            compare(script, messages.len(), from, name, wire)?;
        }
        messages.push((from, name, wire.to_vec()));
        Ok::<(), Failure>(())
    };
    let documents = Documents::new(config)?;
    let now = config::now(config);
    let mut rng = config::initiator_rng(config);
    let refused = |at: &'static str| move |error: didshake::Error| Failure::refused(at, error);

    let (claimed, unsigned_reply) = {
        let start = AwaitingReply::start(config::initiator(config)?, config::context(config)?, &mut rng);
        let (hello, awaiting) = start.map_err(refused("hello"))?;
        say(Side::Initiator, "hello", &hello)?;
        meet(config, hello, awaiting, &mut rng, &mut say)?
    };
    let responder_identity = answering(config, &unsigned_reply)?;
    let reply_signature_input = unsigned_reply.signature_input().to_vec();
    let reply_signature = responder_identity.key.sign(&reply_signature_input)?;
    let (reply, waiting) = unsigned_reply.sign(reply_signature).map_err(refused("reply"))?;
    say(Side::Responder, "reply", &reply)?;

    let ReplyRead::Claimed(responder) = claimed.read(&reply, &mut rng).map_err(refused("reply"))? else {
        return Err(Failure::format("a Reply was read as a Retry"));
    };
    let document = documents.resolve(&responder.claim()).map_err(|fault| Failure::refused("reply", fault))?;
    let unsigned_finish = responder.verify(&document, now).map_err(refused("reply"))?;
    allowed(&config.initiator.policy, unsigned_finish.responder(), "reply")?;
    let finish_signature_input = unsigned_finish.signature_input().to_vec();
    let finish_signature = config::holder(&config.initiator.identity)?.key.sign(&finish_signature_input)?;
    let (finish, awaiting_accept) = unsigned_finish.sign(finish_signature).map_err(refused("finish"))?;
    say(Side::Initiator, "finish", &finish)?;

    let claimed: ClaimedInitiator = through_token(config, &waiting)?.read(&finish, now).map_err(refused("finish"))?;
    let document = documents.resolve(&claimed.claim()).map_err(|fault| Failure::refused("finish", fault))?;
    let verified = claimed.verify(&document, now).map_err(refused("finish"))?;
    allowed(&config.responder.policy, verified.initiator(), "finish")?;
    let th3 = *verified.th3();
    let accepted = verified.accept(Burn::First, config.responder.lifetime, config::accept_extensions(config)?);
    let (accept, responder) = accepted.map_err(refused("accept"))?;
    say(Side::Responder, "accept", &accept)?;
    let initiator = awaiting_accept.read(&accept).map_err(|error| Failure::refused("accept", error.error))?;

    Ok(Played {
        messages,
        reply_signature_input,
        finish_signature_input,
        reply_signature,
        finish_signature,
        responder_identity,
        th3,
        initiator,
        responder,
    })
}

/// Hello, and Retry and a second Hello where they are due, up to the Reply that is to be signed.
fn meet(
    config: &Config,
    mut hello: Vec<u8>,
    mut awaiting: AwaitingReply,
    rng: &mut FixedRng,
    say: &mut impl FnMut(Side, &'static str, &[u8]) -> Result<(), Failure>,
) -> Result<(AwaitingReply, UnsignedReply), Failure> {
    let (given, context) = (config::responder(config)?, config::context(config)?);
    let fresh = || AwaitingHello::new(given.clone(), context.clone()).map_err(|error| Failure::refused("hello", error));
    let mut listening = fresh()?;
    let mut responder_rng = config::responder_rng(config);
    loop {
        let read = listening.read(&hello, config::now(config), &mut responder_rng);
        match read.map_err(|error| Failure::refused("hello", error))? {
            HelloRead::Unsigned(unsigned) => return Ok((awaiting, unsigned)),
            HelloRead::Retry { retry, next } => {
                say(Side::Responder, "retry", &retry)?;
                let read = awaiting.read(&retry, rng).map_err(|error| Failure::refused("retry", error))?;
                let ReplyRead::Retry { hello: second, next: awaiting_again } = read else {
                    return Err(Failure::format("a Retry was read as a Reply"));
                };
                say(Side::Initiator, "hello2", &second)?;
                (hello, awaiting) = (second, awaiting_again);
                // HTTP judges each request on its own.
                listening = if context.binding() == Binding::Http { fresh()? } else { next };
            }
        }
    }
}

/// The responder's identity that answers this Hello, with its key.
pub(crate) fn answering(config: &Config, unsigned: &UnsignedReply) -> Result<Holder, Failure> {
    for identity in &config.responder.identities {
        let holder = config::holder(identity)?;
        if holder.identity == *unsigned.identity() {
            return Ok(holder);
        }
    }
    Err(Failure::format("the responder answered as nobody of its configuration"))
}

fn allowed(policy: &crate::format::Policy, peer: &VerifiedPeer, at: &str) -> Result<(), Failure> {
    if config::allows(policy, peer) { Ok(()) } else { Err(Failure::refused(at, didshake::Fault::PolicyRefused)) }
}

/// The waiting state, sealed and opened again, as over HTTP.
fn through_token(config: &Config, waiting: &WaitingResponder) -> Result<WaitingResponder, Failure> {
    let (now, mut rng) = (config::now(config), FixedRng::filler(7));
    let refused = |error| Failure::refused("waiting_state", error);
    let mut keys = WaitingKeys::new(now, &mut rng).map_err(refused)?;
    let token = keys.seal(waiting, ENDPOINT, now, &mut rng).map_err(refused)?;
    keys.open(&token, config::responder(config)?, config::context(config)?, ENDPOINT, now).map_err(refused)
}

/// Compares a message with the vector's at the same place.
pub(crate) fn compare(script: &[Message], at: usize, from: Side, name: &str, wire: &[u8]) -> Result<(), Failure> {
    let message = script.get(at).ok_or_else(|| Failure::format(format!("the vector has no {name}")))?;
    if (message.from, message.message.as_str()) != (from, name) {
        let found = format!("{} from {}", name, from.name());
        let expected = format!("{} from {}", message.message, message.from.name());
        return Err(Failure::Differs { what: format!("message {at}"), expected, found });
    }
    same(name, &message.wire.0, wire)
}

/// A positive: both roles, every message, and nothing after it.
pub(crate) fn positive(vector: &Vector) -> Result<Played, Failure> {
    let played = play(&vector.config, Some(&vector.messages))?;
    match vector.messages.get(played.messages.len()) {
        None => Ok(played),
        Some(extra) => Err(Failure::format(format!("the vector has another message, {}", extra.message))),
    }
}
