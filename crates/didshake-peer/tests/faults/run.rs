//! Every fault, some at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::conversation::{LIMIT, Saw};
use crate::frames::Frame;
use crate::judge::{Baseline, Outcome, judge};
use crate::proxy::{Fault, Kind, Passed, Way, carry};

/// Conversations at one time.
const WORKERS: usize = 48;
/// Six steps, each with its own time-out, and what ending may take.
const HANG: u32 = 8;

/// Where a worker's peers meet, again and again.
pub(crate) struct Place {
    /// The initiator connects here, and meets the proxy.
    pub(crate) proxy: TcpListener,
    /// The responder is here.
    pub(crate) responder: TcpListener,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let bind = async || TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        Self { proxy: bind().await, responder: bind().await }
    }

    pub(crate) fn port(&self) -> u16 {
        self.proxy.local_addr().unwrap().port()
    }
}

/// A binding: the two peers of one conversation, and how its bytes are read.
pub(crate) trait Binding: Send + Sync + 'static {
    /// The initiator, at the proxy's port.
    fn initiator(&self, port: u16) -> impl Future<Output = Saw> + Send;
    /// The responder at its listener, which is known by the proxy's port.
    fn responder(&self, listener: &TcpListener, port: u16) -> impl Future<Output = Saw> + Send;
    /// What went one way, as messages.
    fn frames(way: Way, bytes: &[u8]) -> Vec<Frame>;
}

/// One conversation.
async fn converse<B: Binding>(binding: &B, place: &Place, fault: Option<Fault>) -> (Saw, Saw, [Passed; 2]) {
    let carrying = async {
        let (near, _) = place.proxy.accept().await.unwrap();
        let far = tokio::net::TcpStream::connect(place.responder.local_addr().unwrap()).await.unwrap();
        carry(near, far, fault).await
    };
    let port = place.port();
    tokio::join!(binding.initiator(port), binding.responder(&place.responder, port), carrying)
}

async fn one<B: Binding>(binding: &B, place: &Place, baseline: &Baseline, fault: Fault) {
    let talk = timeout(LIMIT * HANG, converse(binding, place, Some(fault))).await;
    let Ok((initiator, responder, [there, back])) = talk else { panic!("{fault:?}: it hangs") };
    let passed = if fault.way == Way::ToResponder { there } else { back };
    assert!(passed.bytes.len() > fault.at, "{fault:?}: the conversation does not come so far");
    let outcome = Outcome { initiator, responder, altered: passed.altered };
    if let Err(why) = judge(fault, baseline, &outcome) {
        panic!("{fault:?}: {why}: {outcome:#?}\n{:#?}", baseline.of(fault.way));
    }
}

/// A conversation without a fault, and then one for each.
pub(crate) async fn every_fault<B: Binding>(binding: B) {
    let place = Place::new().await;
    let (initiator, responder, [there, back]) = converse(&binding, &place, None).await;
    assert_eq!((initiator.code(), responder.code()), (None, None), "without a fault");
    let baseline = Baseline {
        to_responder: B::frames(Way::ToResponder, &there.bytes),
        to_initiator: B::frames(Way::ToInitiator, &back.bytes),
    };
    let mut faults = Vec::new();
    for kind in [Kind::Corrupt, Kind::Duplicate, Kind::Cut, Kind::Delay] {
        for way in [Way::ToResponder, Way::ToInitiator] {
            faults.extend((0..baseline.length(way)).map(|at| Fault { way, at, kind }));
        }
    }
    for way in [Way::ToResponder, Way::ToInitiator] {
        let ends: Vec<usize> = baseline.of(way).iter().map(|frame| frame.end).collect();
        let starts = [0].iter().chain(&ends);
        let again = starts.zip(&ends).filter(|(_, end)| **end < baseline.length(way));
        faults.extend(again.map(|(start, end)| Fault { way, at: *end, kind: Kind::Again(end - start) }));
    }
    let (binding, baseline, faults) = (Arc::new(binding), Arc::new(baseline), Arc::new(faults));
    let next = Arc::new(AtomicUsize::new(0));
    let workers = (0..WORKERS).map(|_| {
        let (binding, baseline, faults, next) = (binding.clone(), baseline.clone(), faults.clone(), next.clone());
        tokio::spawn(async move {
            let place = Place::new().await;
            while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                one(&*binding, &place, &baseline, *fault).await;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
}
