//! Honest handshakes, stopped before a step.

use std::sync::Arc;

use didshake::{
    AwaitingAccept, AwaitingHello, AwaitingReply, Context, HelloRead, ReplyRead, UnsignedFinish, VerifiedInitiator,
    WaitingResponder,
};

use crate::pair::{Counting, NOW, Pair};

/// Both sides up to the point where the initiator has to sign Finish.
pub(crate) fn before_finish(pair: &Pair) -> (UnsignedFinish, WaitingResponder) {
    let mut rng = Counting(5);
    let (hello, alice) = AwaitingReply::start(Arc::new(pair.initiator.clone()), Context::stream(), &mut rng).unwrap();
    let bob = AwaitingHello::new(Arc::new(pair.responder.clone()), Context::stream()).unwrap();
    let HelloRead::Unsigned(unsigned) = bob.read(&hello, NOW, &mut rng).unwrap() else { panic!("no Reply") };
    let signature = pair.bob.sign(unsigned.signature_input());
    let (reply, waiting) = unsigned.sign(signature).unwrap();
    let ReplyRead::Claimed(claimed) = alice.read(&reply, &mut rng).unwrap() else { panic!("no claim") };
    (claimed.verify(&pair.bob, NOW).unwrap(), waiting)
}

/// The Finish that the initiator sends, and who waits for what then.
pub(crate) fn finish(pair: &Pair) -> (Vec<u8>, AwaitingAccept, WaitingResponder) {
    let (unsigned, waiting) = before_finish(pair);
    let signature = pair.alice.sign(unsigned.signature_input());
    let (finish, alice) = unsigned.sign(signature).unwrap();
    (finish, alice, waiting)
}

/// Both sides up to the point where the responder burns th3.
pub(crate) fn before_accept(pair: &Pair) -> (AwaitingAccept, VerifiedInitiator) {
    let (finish, alice, waiting) = finish(pair);
    (alice, waiting.read(&finish, NOW).unwrap().verify(&pair.alice, NOW).unwrap())
}
