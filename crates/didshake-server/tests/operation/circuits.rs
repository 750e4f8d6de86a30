//! Circuits: a depositor and an owner who are both here.

use std::time::{Duration, Instant};

use didshake::Secret;
use didshake::relay::{DepositToken, MAX_CIRCUIT_FRAME_BYTES, OwnerFrame};
use didshake_server::Settings;
use serde_json::json;

use crate::http::ask;
use crate::relay::{Relay, relay_settings};
use crate::service::identity;
use crate::sockets::{Arrived, Socket};

const SOCKET: &str = "/v1/mailbox/socket";

struct Scene {
    relay: Relay,
    token: DepositToken,
    mailbox: Socket,
    _directory: tempfile::TempDir,
}

async fn scene(circuit_bytes: Option<u64>) -> Scene {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings { circuit_bytes, ..relay_settings(directory.path()) };
    let relay = Relay::start(&settings).await;
    let token = relay.token(7, &json!({})).await;
    let mailbox = Socket::of_owner(&relay.owner, SOCKET).await.unwrap();
    Scene { relay, token, mailbox, _directory: directory }
}

impl Scene {
    async fn ask(&self) -> Result<Socket, u16> {
        Socket::of_depositor(self.relay.service.address, &self.relay.path, &self.token).await
    }

    /// Both ends: the depositor's and the owner's.
    async fn circuit(&mut self) -> (Socket, Socket) {
        let (address, path) = (self.relay.service.address, self.relay.path.clone());
        let (depositor, owner) = tokio::join!(Socket::of_depositor(address, &path, &self.token), async {
            let id = self.mailbox.circuit().await;
            Socket::of_owner(&self.relay.owner, &format!("/v1/mailbox/circuits/{id}")).await
        });
        (depositor.unwrap(), owner.unwrap())
    }
}

// R-RLY-11
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_pass_unchanged_and_in_order_both_ways() {
    let mut scene = scene(None).await;
    let (mut depositor, mut owner) = scene.circuit().await;
    let frames: Vec<Vec<u8>> =
        [0, 1, 1000, MAX_CIRCUIT_FRAME_BYTES].map(|length| (0..length).map(|at| (at % 251) as u8).collect()).into();
    for frame in &frames {
        depositor.send(frame.clone()).await;
    }
    for frame in &frames {
        assert_eq!(owner.next().await, Arrived::Binary(frame.clone()));
        owner.send(frame.iter().rev().copied().collect()).await;
    }
    for frame in &frames {
        assert_eq!(depositor.next().await, Arrived::Binary(frame.iter().rev().copied().collect()));
    }
    let metrics = ask(scene.relay.service.address, "GET /metrics", "").await.body;
    let bytes = 2 * (1001 + MAX_CIRCUIT_FRAME_BYTES);
    for line in [format!("didshake_circuit_bytes_total {bytes}"), "didshake_circuits 1".to_owned()] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    // A second one beside it has bytes of its own.
    let (mut second, mut seconds_owner) = scene.circuit().await;
    second.send(vec![2]).await;
    assert_eq!(seconds_owner.next().await, Arrived::Binary(vec![2]));
    owner.send(vec![1]).await;
    assert_eq!(depositor.next().await, Arrived::Binary(vec![1]));
    // Where one side closes, the other is closed.
    depositor.0.close(None).await.unwrap();
    assert_eq!(owner.next().await, Arrived::Closed(Some(1000)));
    drop(seconds_owner);
    assert!(matches!(second.next().await, Arrived::Closed(_)));
    scene.relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_away_or_does_not_want_to_is_away() {
    let mut scene = scene(None).await;
    let begun = Instant::now();
    let (asked, id) =
        tokio::join!(Socket::of_depositor(scene.relay.service.address, &scene.relay.path, &scene.token), async {
            let id = scene.mailbox.circuit().await;
            scene.mailbox.say(&OwnerFrame::NoCircuit(id)).await;
            id
        });
    assert_eq!(asked.err(), Some(404));
    assert!(begun.elapsed() < Duration::from_secs(9), "told at once: {:?}", begun.elapsed());
    let path = format!("/v1/mailbox/circuits/{id}");
    assert_eq!(Socket::of_owner(&scene.relay.owner, &path).await.err(), Some(404), "too late");
    // Nobody answers.
    let begun = Instant::now();
    assert_eq!(scene.ask().await.err(), Some(404));
    assert!(begun.elapsed() >= Duration::from_secs(9), "{:?}", begun.elapsed());
    // Without a mailbox socket nobody is asked.
    scene.mailbox.circuit().await;
    scene.mailbox.0.close(None).await.unwrap();
    assert!(matches!(scene.mailbox.next().await, Arrived::Closed(_)));
    let begun = Instant::now();
    assert_eq!(scene.ask().await.err(), Some(404));
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    scene.relay.service.end().await;
}

// R-RLY-13
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_programs_those_are_asked_that_take_circuits_and_each_speaks_for_itself() {
    let mut scene = scene(None).await;
    let at = scene.relay.service.address;
    let socket = async |query: &str| Socket::of_owner(&scene.relay.owner, &format!("{SOCKET}?circuits={query}")).await;
    assert_eq!(socket("2").await.err(), Some(400));
    let (mut deaf, mut other) = (socket("0").await.unwrap(), socket("1").await.unwrap());
    let asking = Socket::of_depositor(at, &scene.relay.path, &scene.token);
    let (depositor, owner) = tokio::join!(asking, async {
        let id = scene.mailbox.circuit().await;
        scene.mailbox.say(&OwnerFrame::NoCircuit(id)).await;
        assert_eq!(other.circuit().await, id);
        scene.mailbox.heard().await;
        Socket::of_owner(&scene.relay.owner, &format!("/v1/mailbox/circuits/{id}")).await
    });
    drop((depositor.unwrap(), owner.unwrap()));
    // One that was told and is gone holds up nobody.
    let begun = Instant::now();
    let asking = Socket::of_depositor(at, &scene.relay.path, &scene.token);
    let (asked, ()) = tokio::join!(asking, async {
        let id = other.circuit().await;
        drop(other);
        scene.mailbox.circuit().await;
        scene.mailbox.say(&OwnerFrame::NoCircuit(id)).await;
    });
    assert_eq!(asked.err(), Some(404));
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    // Where nobody takes circuits nobody is asked, and who takes none was told of none.
    scene.mailbox.0.close(None).await.unwrap();
    assert!(matches!(scene.mailbox.next().await, Arrived::Closed(_)));
    assert_eq!(scene.ask().await.err(), Some(404));
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    scene.relay.service.ask_to_end();
    assert_eq!(deaf.next().await, Arrived::Closed(Some(1001)));
    scene.relay.service.ended().await;
}

// R-RLY-11, R-RLY-7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circuit_is_the_owners_and_is_answered_once() {
    let mut scene = scene(None).await;
    let at = scene.relay.service.address;
    let bob = scene.relay.service.login(&identity(2)).await.unwrap();
    assert_eq!(bob.bare("PUT", "/v1/mailbox").await.0, 201);
    let stranger = DepositToken::from_secret(Secret::new([0xEE; 32]));
    assert_eq!(Socket::of_depositor(at, &scene.relay.path, &stranger).await.err(), Some(401));
    let fields = format!("authorization: {}\r\n", scene.token.authorization().as_str());
    let no_socket = ask(at, &format!("GET {}/circuit", scene.relay.path), &fields).await;
    assert_eq!((no_socket.status, &no_socket.json()["code"]), (400, &json!("malformed")));

    let (asked, ()) = tokio::join!(Socket::of_depositor(at, &scene.relay.path, &scene.token), async {
        let path = format!("/v1/mailbox/circuits/{}", scene.mailbox.circuit().await);
        assert_eq!(Socket::of_owner(&bob, &path).await.err(), Some(404), "another owner");
        let owner = Socket::of_owner(&scene.relay.owner, &path).await.unwrap();
        assert_eq!(Socket::of_owner(&scene.relay.owner, &path).await.err(), Some(404), "once");
        drop(owner);
    });
    assert!(matches!(asked.unwrap().next().await, Arrived::Closed(_)));
    scene.relay.service.end().await;
}

// R-RLY-4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circuit_ends_at_its_bounds() {
    let mut scene = scene(Some(1000)).await;
    let (mut depositor, mut owner) = scene.circuit().await;
    depositor.send(vec![1; 600]).await;
    assert_eq!(owner.next().await, Arrived::Binary(vec![1; 600]));
    owner.send(vec![2; 401]).await;
    assert_eq!(depositor.next().await, Arrived::Closed(Some(1008)));
    assert_eq!(owner.next().await, Arrived::Closed(Some(1008)));

    let (mut depositor, mut owner) = scene.circuit().await;
    owner.send_text().await;
    assert_eq!(depositor.next().await, Arrived::Closed(Some(1003)));
    assert_eq!(owner.next().await, Arrived::Closed(Some(1003)));

    let (mut depositor, mut owner) = scene.circuit().await;
    depositor.send(vec![1; MAX_CIRCUIT_FRAME_BYTES + 1]).await;
    assert!(matches!(owner.next().await, Arrived::Closed(_)));
    scene.relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circuit_ends_with_the_owners_session_and_with_the_service() {
    let mut scene = scene(None).await;
    let (mut depositor, mut owner) = scene.circuit().await;
    assert_eq!(scene.relay.owner.delete("/v1/session").await, 204);
    assert_eq!(depositor.next().await, Arrived::Closed(Some(1008)));
    assert_eq!(owner.next().await, Arrived::Closed(Some(1008)));

    scene.relay.owner = scene.relay.service.login(&identity(1)).await.unwrap();
    scene.mailbox = Socket::of_owner(&scene.relay.owner, SOCKET).await.unwrap();
    let (mut depositor, mut owner) = scene.circuit().await;
    scene.relay.service.ask_to_end();
    assert_eq!(depositor.next().await, Arrived::Closed(Some(1001)));
    assert_eq!(owner.next().await, Arrived::Closed(Some(1001)));
    scene.relay.service.ended().await;
}
