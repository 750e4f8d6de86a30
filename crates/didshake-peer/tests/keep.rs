//! What a responder agreed on is kept before Accept leaves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test panics"
)]

mod peers;

use std::sync::{Arc, Mutex};

use didshake::{AlertCode, Fault};
use didshake_did::BoxFuture;
use didshake_peer::{Agreed, Cause, Event, KeepAgreed, KeepError, Message, Observer, Step};
use peers::{did, meet, options};

/// Notes in which order things happen; keeps, or fails to.
struct Store {
    works: bool,
    order: Mutex<Vec<&'static str>>,
}

impl Store {
    fn new(works: bool) -> Arc<Self> {
        Arc::new(Self { works, order: Mutex::default() })
    }

    fn note(&self, what: &'static str) {
        self.order.lock().unwrap().push(what);
    }
}

impl KeepAgreed for Store {
    fn keep<'a>(&'a self, agreed: &'a Agreed) -> BoxFuture<'a, Result<(), KeepError>> {
        Box::pin(async move {
            assert_eq!((agreed.peer.did(), agreed.lifetime), (&did(1), 60));
            self.note("kept");
            if self.works { Ok(()) } else { Err(KeepError("the disk is full".into())) }
        })
    }
}

impl Observer for Store {
    fn observe(&self, event: &Event<'_>) {
        match event {
            Event::Burned => self.note("burned"),
            Event::Sent { message: Message::Accept, .. } => self.note("accept"),
            _ => {}
        }
    }
}

async fn met(store: &Arc<Store>) -> (peers::Outcome, peers::Outcome) {
    let (initiator, mut responder) = options();
    responder.lifetime = 60;
    responder.keep = Some(store.clone());
    responder.surroundings.observer = Some(store.clone());
    meet(initiator, responder).await
}

// R-STATE-5
#[tokio::test]
async fn kept_after_the_burn_and_before_accept() {
    let store = Store::new(true);
    let (near, far) = met(&store).await;
    assert_eq!(near.unwrap().agreed().session_id, far.unwrap().agreed().session_id);
    assert_eq!(*store.order.lock().unwrap(), ["burned", "kept", "accept"]);
}

// R-CHECK-7
#[tokio::test]
async fn what_cannot_be_kept_is_denied() {
    let store = Store::new(false);
    let (near, far) = met(&store).await;
    assert_eq!(near.unwrap_err().fault(), Some(Fault::PeerAlert(AlertCode::Denied)));
    let error = far.unwrap_err();
    assert!(matches!(error.cause, Cause::Keep(_)), "{error}");
    assert_eq!((error.step, error.code(), error.sent), (Step::Keep, "keep", Some(AlertCode::Denied)));
    assert_eq!(*store.order.lock().unwrap(), ["burned", "kept"]);
}
