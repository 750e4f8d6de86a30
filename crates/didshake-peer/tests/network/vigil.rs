//! Continuous authentication over real did:web documents: what becomes of a channel whose peer's document changes.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use didshake::{AlertCode, Error, Fault, UnixTime};
use didshake_did::StaticDocuments;
use didshake_peer::{
    Admit, ChannelError, Expect, InitiatorOptions, KeyGone, Look, MemoryBurnStore, PeerConnection, ResponderOptions,
    Surroundings, Transport, VerifiedKey, Vigil, Watch, accept, connect, websocket,
};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::document_host::{DocumentHost, Mood};
use crate::login::client;
use crate::peers::{CHAT, did, identity};
use crate::websocket_server::{Listening, listener, origin};

// Longer than anything here takes on a busy machine; nothing waits for it unless the test fails.
const LONG: Duration = Duration::from_secs(60);
const OFTEN: Watch = Watch { every: Duration::from_secs(1), bound: LONG };

/// Alice, whose did:web the host serves, and Bob, who is his key; each can resolve the other.
fn options(host: &DocumentHost) -> (InitiatorOptions, ResponderOptions) {
    let surroundings = Surroundings { resolver: host.resolver(), ..Surroundings::default() };
    let mut alice = InitiatorOptions::new(host.identity(1), CHAT, Expect::Did(did(2)));
    let mut bob = ResponderOptions::new(identity(2), CHAT, Admit::only(host.did.clone()));
    (alice.surroundings, bob.surroundings) = (surroundings.clone(), surroundings);
    (alice, bob)
}

async fn tcp() -> (TcpStream, TcpStream) {
    let (listener, port) = listener().await;
    let (near, far) = tokio::join!(TcpStream::connect(("127.0.0.1", port)), listener.accept());
    (near.unwrap(), far.unwrap().0)
}

struct Met<A: Transport, B: Transport> {
    alice: PeerConnection<A>,
    bob: PeerConnection<B>,
    bobs: Surroundings,
}

async fn met(host: &DocumentHost) -> Met<TcpStream, TcpStream> {
    let (near, far) = tcp().await;
    let (alices, bobs) = options(host);
    let burned = MemoryBurnStore::default();
    let (alice, bob) = tokio::join!(connect(near, &alices), accept(far, &bobs, &burned));
    Met { alice: alice.unwrap(), bob: bob.unwrap(), bobs: bobs.surroundings }
}

fn cause<T: Debug>(outcome: Result<T, ChannelError>) -> KeyGone {
    match outcome.unwrap_err() {
        ChannelError::KeyGone(gone) => gone,
        other => panic!("{other:?}"),
    }
}

fn is_denied<T: Debug>(outcome: &Result<T, ChannelError>) -> bool {
    matches!(outcome, Err(ChannelError::Protocol(Error::Peer(Fault::PeerAlert(AlertCode::Denied)))))
}

type Change = fn(&DocumentHost);

/// Bob watches Alice, talks with her, and then `change` happens at the host. What both sides report of the end.
async fn ended_after(watch: Watch, change: impl FnOnce(&DocumentHost)) -> KeyGone {
    let host = DocumentHost::start(1).await;
    let Met { mut alice, mut bob, bobs } = met(&host).await;
    let watching = tokio::spawn(bob.vigil(&bobs, watch).keep());
    alice.send(b"before").await.unwrap();
    assert_eq!(bob.recv().await.unwrap(), Some(b"before".to_vec()));
    change(&host);
    let (heard, seen) = timeout(LONG, async { tokio::join!(alice.recv(), bob.recv()) }).await.unwrap();
    assert!(is_denied(&heard), "the peer learns that it is denied, and no more: {heard:?}");
    let gone = cause(seen);
    assert_eq!(watching.await.unwrap(), Some(gone));
    assert_eq!(cause(bob.recv().await), gone, "it stays");
    assert_eq!(cause(bob.send(b"after").await), gone);
    gone
}

// R-CONT-1, R-CONT-2, R-CONT-3, R-CONT-4
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_gone_ends_the_channel_with_its_cause() {
    let cases: [(KeyGone, Change); 9] = [
        (KeyGone::Removed, |host| host.serve(host.document_of("key-2", 1, "authentication", ""))),
        (KeyGone::Replaced, |host| host.serve(host.document(3, ""))),
        (KeyGone::NotForAuthentication, |host| host.serve(host.document_of("key-1", 1, "assertionMethod", ""))),
        (KeyGone::Revoked, |host| host.serve(host.document(1, r#","revoked":"1999-12-31T23:59:59Z""#))),
        (KeyGone::Expired, |host| host.serve(host.document(1, r#","expires":"1999-12-31T23:59:59Z""#))),
        (KeyGone::NoDocument, |host| host.set(Mood::Status(404))),
        (KeyGone::NoDocument, |host| host.set(Mood::Status(410))),
        (KeyGone::Unusable(Fault::MethodTime), |host| host.serve(host.document(1, r#","expires":"soon""#))),
        (KeyGone::Unusable(Fault::MethodController), |host| {
            let text = host.document(1, "");
            host.serve(text.replace(r#""controller":"did:web"#, r#""controller":"did:web:elsewhere.example:"#));
        }),
    ];
    let cases = cases.map(|(expected, change)| (expected, tokio::spawn(ended_after(OFTEN, change))));
    for (expected, ended) in cases {
        assert_eq!(ended.await.unwrap(), expected);
    }
}

// R-CONT-3
#[tokio::test]
async fn a_deactivated_did_has_no_key_that_stands() {
    let host = DocumentHost::start(1).await;
    let (key, text) = (VerifiedKey::of(met(&host).await.bob.peer()), host.document(1, ""));
    for (deactivated, expected) in [(false, Look::Stands(UnixTime(7))), (true, Look::Gone(KeyGone::Deactivated))] {
        let mut documents = StaticDocuments::new();
        documents.insert(host.did.clone(), text.as_bytes(), deactivated).unwrap();
        assert_eq!(key.look(&documents, &|| UnixTime(7), UnixTime(7), LONG).await, expected);
    }
}

// R-CONT-5
#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_be_seen_ends_it_only_past_the_bound() {
    let short = Watch { bound: Duration::from_secs(3), ..OFTEN };
    let moods = [
        (Mood::Down, Fault::DidResolutionFailed),
        (Mood::Status(503), Fault::DidResolutionFailed),
        (Mood::Document("not a document".to_owned()), Fault::DocumentJson),
    ];
    let ended = moods.map(|(mood, fault)| (fault, tokio::spawn(ended_after(short, move |host| host.set(mood)))));
    for (fault, ended) in ended {
        assert_eq!(ended.await.unwrap(), KeyGone::Unseen(fault));
    }
}

// R-CONT-5
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_down_and_comes_back_within_the_bound_changes_nothing() {
    let host = DocumentHost::start(1).await;
    let Met { mut alice, mut bob, bobs } = met(&host).await;
    let good = host.document(1, "");
    for mood in [Mood::Down, Mood::Document("{}".to_owned())] {
        host.set(mood);
        let watching = tokio::spawn(bob.vigil(&bobs, OFTEN).keep());
        timeout(LONG, host.asked_times(host.asked() + 2)).await.unwrap();
        host.serve(good.clone());
        timeout(LONG, host.asked_times(host.asked() + 2)).await.unwrap();
        alice.send(b"still there").await.unwrap();
        assert_eq!(bob.recv().await.unwrap(), Some(b"still there".to_vec()));
        assert!(!watching.is_finished());
        watching.abort();
    }
    // The watch goes on after all that.
    let watching = tokio::spawn(bob.vigil(&bobs, OFTEN).keep());
    host.serve(host.document(3, ""));
    assert_eq!(timeout(LONG, watching).await.unwrap().unwrap(), Some(KeyGone::Replaced));
}

// R-CONT-1
#[tokio::test]
async fn a_look_on_demand_goes_past_the_cache_and_ends_the_channel() {
    let host = DocumentHost::start(1).await;
    let Met { mut alice, bob, bobs } = met(&host).await;
    let mut vigil: Vigil<TcpStream> = bob.vigil(&bobs, Watch::default());
    assert!(matches!(vigil.look().await, Look::Stands(_)));
    host.set(Mood::Down);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(vigil.look().await, Look::Unseen(Fault::DidResolutionFailed), "within the bound");
    host.serve(host.document(3, ""));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let (mut send, mut receive) = bob.split();
    assert_eq!(vigil.look().await, Look::Gone(KeyGone::Replaced));
    assert_eq!(cause(send.send(b"x").await), KeyGone::Replaced);
    assert_eq!(cause(receive.recv().await), KeyGone::Replaced);
    assert!(is_denied(&alice.recv().await));
}

/// What came before the end and was not taken yet is not taken after it (R-CONT-6), and a sender whose peer takes
/// nothing lets go.
// R-CONT-6
#[tokio::test]
async fn nothing_is_taken_from_a_peer_whose_key_is_gone() {
    let host = DocumentHost::start(1).await;
    let Met { mut alice, bob, bobs } = met(&host).await;
    let mut vigil = bob.vigil(&bobs, Watch::default());
    let (mut send, mut receive) = bob.split();
    alice.send(b"too late").await.unwrap();
    let stuck = tokio::spawn(async move {
        loop {
            if let Err(error) = send.send(&[7; 65_000]).await {
                return error;
            }
        }
    });
    host.set(Mood::Status(410));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(vigil.look().await, Look::Gone(KeyGone::NoDocument));
    assert_eq!(cause(receive.recv().await), KeyGone::NoDocument);
    assert_eq!(cause::<()>(Err(timeout(LONG, stuck).await.unwrap().unwrap())), KeyGone::NoDocument);
}

// R-CONT-1
#[tokio::test]
async fn who_is_his_key_is_never_looked_up_and_a_watch_ends_with_its_channel() {
    let host = DocumentHost::start(1).await;
    let (near, far) = tcp().await;
    let (alices, bobs) = options(&host);
    let burned = MemoryBurnStore::default();
    let (alice, bob) = tokio::join!(connect(near, &alices), accept(far, &bobs, &burned));
    let (alice, mut bob) = (alice.unwrap(), bob.unwrap());
    let asked = host.asked();
    host.set(Mood::Silent);
    let mut on_demand = alice.vigil(&alices.surroundings, OFTEN);
    assert!(matches!(on_demand.look().await, Look::Stands(_)));
    let watching = tokio::spawn(alice.vigil(&alices.surroundings, OFTEN).keep());
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(!watching.is_finished());
    assert_eq!(host.asked(), asked, "did:key is looked up nowhere");
    // A vigil that is still held keeps no channel open.
    drop(alice);
    assert_eq!(timeout(LONG, watching).await.unwrap().unwrap(), None);
    assert!(timeout(LONG, bob.recv()).await.unwrap().unwrap_err().is_truncation());
    drop(on_demand);
}

/// Twenty channels with one peer, and few questions to its host.
// R-CONT-2
#[tokio::test(flavor = "multi_thread")]
async fn many_channels_with_one_peer_share_their_looks() {
    let host = Arc::new(DocumentHost::start(1).await);
    let resolver = host.resolver();
    let mut channels = Vec::new();
    for _ in 0..20 {
        let (near, far) = tcp().await;
        let (mut alices, mut bobs) = options(&host);
        alices.surroundings.resolver = Arc::clone(&resolver);
        bobs.surroundings.resolver = Arc::clone(&resolver);
        let burned = MemoryBurnStore::default();
        let (alice, bob) = tokio::join!(connect(near, &alices), accept(far, &bobs, &burned));
        let bob = bob.unwrap();
        let watch = Watch { every: Duration::from_secs(4), ..OFTEN };
        channels.push((tokio::spawn(bob.vigil(&bobs.surroundings, watch).keep()), alice.unwrap(), bob));
    }
    assert_eq!(host.asked(), 1, "one handshake fetched, the others and the first looks did not");
    host.serve(host.document(3, ""));
    for (watching, ..) in channels {
        assert_eq!(timeout(LONG, watching).await.unwrap().unwrap(), Some(KeyGone::Replaced));
    }
    assert!(host.asked() <= 5, "{} questions", host.asked());
}

// R-CONT-3, R-CONT-4
#[tokio::test]
async fn over_a_websocket_it_is_the_same_and_the_initiator_watches_too() {
    let host = DocumentHost::start(2).await;
    let surroundings = Surroundings { resolver: host.resolver(), ..Surroundings::default() };
    // This time the responder's document is on the web.
    let responder = ResponderOptions::new(host.identity(2), CHAT, Admit::only(did(1)));
    let mut initiator = InitiatorOptions::new(identity(1), CHAT, Expect::Did(host.did.clone()));
    initiator.surroundings = surroundings;
    let mut listening = Listening::start(responder, origin).await;
    let endpoint = didshake::Endpoint::parse(&format!("ws://127.0.0.1:{}/didshake", listening.port)).unwrap();
    let mut near = websocket::connect(&client(), &endpoint, &initiator).await.unwrap();
    let mut far = listening.outcome().await.unwrap();
    let watching = tokio::spawn(near.vigil(&initiator.surroundings, OFTEN).keep());
    host.serve(host.document(3, ""));
    let (seen, heard) = timeout(LONG, async { tokio::join!(near.recv(), far.recv()) }).await.unwrap();
    assert_eq!((cause(seen), watching.await.unwrap()), (KeyGone::Replaced, Some(KeyGone::Replaced)));
    assert!(is_denied(&heard), "{heard:?}");
}
