//! Connecting again.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use didshake::{AlertCode, Error, Fault};
use didshake_peer::{
    Backoff, Cause, DialError, Expect, HandshakeError, MemoryBurnStore, Reconnect, Step, accept, connect,
};
use getrandom::SysRng;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::peers::{did, options};

const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(8), attempts: None };

fn refused() -> DialError {
    io::Error::from(io::ErrorKind::ConnectionRefused).into()
}

fn failed(cause: Cause) -> DialError {
    HandshakeError { step: Step::ReadReply, cause, claimed: None, sent: None }.into()
}

#[tokio::test(start_paused = true)]
async fn waits_double_to_their_bound_and_begin_anew_after_a_long_life() {
    let begun = Instant::now();
    let attempts = Cell::new(0);
    let mut reconnect = Reconnect::new(BACKOFF, async || {
        attempts.set(attempts.get() + 1);
        if attempts.get() <= 6 { Err(refused()) } else { Ok(attempts.get()) }
    });
    assert_eq!(reconnect.next(&mut SysRng).await.unwrap(), 7);
    // 1 + 2 + 4 + 8 + 8 + 8 s, of each at least a half.
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_millis(15_500) && waited <= Duration::from_secs(32), "{waited:?}");

    let lost = Instant::now();
    assert_eq!(reconnect.next(&mut SysRng).await.unwrap(), 8);
    assert!(lost.elapsed() >= Duration::from_secs(4), "a connection that is lost at once is no success");
    tokio::time::sleep(Duration::from_secs(9)).await;
    let lost = Instant::now();
    assert_eq!(reconnect.next(&mut SysRng).await.unwrap(), 9);
    assert_eq!(lost.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_stays_as_it_is_is_not_tried_again() {
    let causes = || {
        [
            (Cause::Network(io::ErrorKind::ConnectionReset.into()), true),
            (Cause::Closed, true),
            (Cause::TimedOut(Duration::from_secs(1)), true),
            (Cause::Protocol(Error::Peer(Fault::PeerAlert(AlertCode::Internal))), true),
            (Cause::Protocol(Error::Peer(Fault::DidResolutionFailed)), true),
            (Cause::Protocol(Error::Peer(Fault::PeerAlert(AlertCode::Denied))), false),
            (Cause::Protocol(Error::Peer(Fault::NotAdmitted)), false),
            (Cause::Protocol(Error::Peer(Fault::SignatureInvalid)), false),
        ]
    };
    for at in 0..causes().len() {
        let expected = causes()[at].1;
        let attempts = Cell::new(0);
        let mut reconnect =
            Reconnect::new(Backoff { attempts: Some(3), ..BACKOFF }, async || -> Result<(), DialError> {
                attempts.set(attempts.get() + 1);
                Err(failed(causes().into_iter().nth(at).unwrap().0))
            });
        assert!(reconnect.next(&mut SysRng).await.is_err());
        assert_eq!(attempts.get(), if expected { 3 } else { 1 }, "{:?}", causes()[at].0);
    }
}

/// A listener that is away at first, a peer that is another one: over TCP.
#[tokio::test]
async fn a_peer_that_comes_back_is_met_and_another_one_is_not() {
    let (initiator, responder) = options();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let quick = Backoff { first: Duration::from_millis(20), most: Duration::from_millis(50), attempts: None };
    let serving = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let listener = TcpListener::bind(address).await.unwrap();
        let burned = MemoryBurnStore::default();
        let (first, _) = listener.accept().await.unwrap();
        accept(first, &responder, &burned).await.unwrap().close().await.unwrap();
        let (second, _) = listener.accept().await.unwrap();
        accept(second, &responder, &burned).await.unwrap_err()
    });
    let dial = async || -> Result<_, DialError> { Ok(connect(TcpStream::connect(address).await?, &initiator).await?) };
    let mut met = Reconnect::new(quick, dial).next(&mut SysRng).await.unwrap();
    assert_eq!(met.recv().await.unwrap(), None);
    let mut other = initiator.clone();
    other.expect = Expect::Did(did(9));
    let dial = async || -> Result<_, DialError> { Ok(connect(TcpStream::connect(address).await?, &other).await?) };
    let refused = Reconnect::new(quick, dial).next(&mut SysRng).await.unwrap_err();
    assert!(matches!(refused, DialError::Handshake(error) if error.fault() == Some(Fault::NotAdmitted)));
    serving.await.unwrap();
}
