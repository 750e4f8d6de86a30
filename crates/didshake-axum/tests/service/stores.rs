//! Stores that fail: nobody gets in, and the client learns no more than ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use didshake::{Burn, Claim, Did, Session, UnixTime, VerifiedPeer};
use didshake_axum::{
    Login, LoginError, LoginStore, MemorySessionStore, Policy, SessionRecord, SessionStore, StoreError, Use,
};
use didshake_did::BoxFuture;
use didshake_peer::{BurnError, BurnStore, MemoryBurnStore};

use crate::client::Client;
use crate::service::{Counting, Service};

/// A store whose database is there or not.
#[derive(Default)]
struct Flaky {
    gone: Arc<AtomicBool>,
    /// Finds that nobody may come in any more.
    refusing: bool,
    kept: MemorySessionStore,
}

impl Flaky {
    fn check(&self) -> Result<(), StoreError> {
        let gone = self.gone.load(Ordering::SeqCst);
        if gone { Err(StoreError::Unavailable("the disk is gone".into())) } else { Ok(()) }
    }
}

impl SessionStore for Flaky {
    fn create(&self, record: SessionRecord) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.check()?;
            if self.refusing {
                return Err(StoreError::Refused);
            }
            self.kept.create(record).await
        })
    }
    fn find<'a>(&'a self, id: &'a [u8; 16]) -> BoxFuture<'a, Result<Option<SessionRecord>, StoreError>> {
        Box::pin(async move {
            self.check()?;
            self.kept.find(id).await
        })
    }
    fn use_once<'a>(
        &'a self,
        id: &'a [u8; 16],
        nonce: &'a [u8; 16],
        until: UnixTime,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<Use, StoreError>> {
        self.kept.use_once(id, nonce, until, now)
    }
    fn of<'a>(&'a self, did: &'a Did, now: UnixTime) -> BoxFuture<'a, Result<Vec<SessionRecord>, StoreError>> {
        self.kept.of(did, now)
    }
    fn end<'a>(&'a self, id: &'a [u8; 16]) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.kept.end(id)
    }
}

struct NoBurns;

impl BurnStore for NoBurns {
    fn burn<'a>(&'a self, _: &'a [u8; 32], _: UnixTime, _: UnixTime) -> BoxFuture<'a, Result<Burn, BurnError>> {
        Box::pin(async { Err(BurnError::Unavailable("the disk is gone".into())) })
    }
}

// R-CHECK-7, R-RESP-8
#[tokio::test]
async fn without_the_stores_nobody_logs_in() {
    let gone = Arc::new(AtomicBool::new(true));
    let flaky = || Arc::new(Flaky { gone: Arc::clone(&gone), ..Flaky::default() });
    let memory = Arc::new(MemoryBurnStore::default());
    let sessions = Service::on(flaky(), memory, Counting::default(), |builder| builder).await;
    let burns = Service::on(Arc::new(MemorySessionStore::default()), Arc::new(NoBurns), Counting::default(), |b| b);
    for (service, code) in [(sessions, "session_store"), (burns.await, "burn_store")] {
        let client = Client::new(1, &service);
        let (finish, _) = client.begin(&service).await;
        service.codes();
        assert!(finish.send(service.address).await.is_alert(49), "{code}");
        assert_eq!(service.codes(), [code]);
        assert_eq!(service.sessions_of(client.identity.did()).await, 0);
    }
}

// R-CHECK-7
#[tokio::test]
async fn whom_the_store_refuses_at_last_is_refused_as_by_the_policy() {
    let flaky = Arc::new(Flaky { refusing: true, ..Flaky::default() });
    let service =
        Service::on(flaky, Arc::new(MemoryBurnStore::default()), Counting::default(), |builder| builder).await;
    let client = Client::new(1, &service);
    let (finish, _) = client.begin(&service).await;
    service.codes();
    assert!(finish.send(service.address).await.is_alert(49));
    assert_eq!(service.codes(), ["policy_refused"]);
}

/// A policy whose database is there or not.
struct Asking(Arc<AtomicBool>);

impl Policy for Asking {
    fn admits(&self, _: &Claim) -> bool {
        true
    }
    fn allows<'a>(&'a self, _: &'a VerifiedPeer) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { self.tell() })
    }
    fn honours<'a>(&'a self, _: &'a Session) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { self.tell() })
    }
}

impl Asking {
    fn tell(&self) -> Result<bool, StoreError> {
        let gone = self.0.load(Ordering::SeqCst);
        if gone { Err(StoreError::Unavailable("the disk is gone".into())) } else { Ok(true) }
    }
}

#[tokio::test]
async fn a_policy_that_cannot_tell_refuses_and_ends_nothing() {
    let gone = Arc::new(AtomicBool::new(false));
    let service = Service::with(|builder| builder.policy(Asking(Arc::clone(&gone)))).await;
    let login = Client::new(1, &service).login(&service).await;
    gone.store(true, Ordering::SeqCst);
    let request = login.request("GET", "/me", b"", service.now());
    assert_eq!(request.send(service.address).await.status, 503);
    gone.store(false, Ordering::SeqCst);
    assert_eq!(request.send(service.address).await.status, 200, "neither the session nor its nonce is gone");

    // It is no policy that refuses.
    let (finish, _) = Client::new(2, &service).begin(&service).await;
    gone.store(true, Ordering::SeqCst);
    service.codes();
    assert!(finish.send(service.address).await.is_alert(49));
    assert_eq!(service.codes(), ["session_store"]);
}

/// Burns and keeps in one step; whoever is not meant may not come in.
struct AtOnce {
    meant: Did,
    burned: MemoryBurnStore,
    sessions: Arc<MemorySessionStore>,
}

impl LoginStore for AtOnce {
    fn log_in<'a>(&'a self, login: Login<'a>) -> BoxFuture<'a, Result<Burn, LoginError>> {
        Box::pin(async move {
            if *login.peer.did() != self.meant || *login.record.session.did() != self.meant {
                return Err(StoreError::Refused.into());
            }
            let burn = self.burned.burn(login.th3, login.burned_until, login.now).await?;
            if burn == Burn::First {
                self.sessions.create(login.record).await?;
            }
            Ok(burn)
        })
    }
}

// R-RESP-8, R-STATE-5: neither the policy's `allows` nor the other burns are asked then.
#[tokio::test]
async fn a_store_that_takes_logins_at_once_is_the_one_that_is_asked() {
    let sessions = Arc::new(MemorySessionStore::default());
    let meant = Client::new(1, &Service::start().await).identity.did().clone();
    let at_once = AtOnce { meant, burned: MemoryBurnStore::default(), sessions: Arc::clone(&sessions) };
    let gone = Arc::new(AtomicBool::new(false));
    let service = Service::on(sessions, Arc::new(NoBurns), Counting::default(), |builder| {
        builder.logins(Arc::new(at_once)).policy(Asking(Arc::clone(&gone)))
    })
    .await;
    gone.store(true, Ordering::SeqCst);
    let (finish, _) = Client::new(2, &service).begin(&service).await;
    service.codes();
    assert!(finish.send(service.address).await.is_alert(49));
    assert_eq!(service.codes(), ["policy_refused"]);
    let (finish, _) = Client::new(1, &service).begin(&service).await;
    service.codes();
    assert_eq!(finish.send(service.address).await.status, 200);
    assert!(finish.send(service.address).await.is_alert(49));
    assert_eq!(service.codes(), ["accepted", "finish_replayed"]);
    gone.store(false, Ordering::SeqCst);
    let login = Client::new(1, &service).login(&service).await;
    assert_eq!(login.request("GET", "/me", b"", service.now()).send(service.address).await.status, 200);
}

// R-STATE-6
#[tokio::test]
async fn whom_the_policy_refuses_burns_nothing() {
    let refusing = Arc::new(AtomicBool::new(true));
    let service = Service::with(|builder| builder.policy(Refusing(Arc::clone(&refusing)))).await;
    let (finish, _) = Client::new(1, &service).begin(&service).await;
    assert!(finish.send(service.address).await.is_alert(49));
    refusing.store(false, Ordering::SeqCst);
    assert_eq!(finish.send(service.address).await.status, 200, "the same Finish, once the policy lets it in");
}

/// Refuses whoever is verified, for a time.
struct Refusing(Arc<AtomicBool>);

impl Policy for Refusing {
    fn admits(&self, _: &Claim) -> bool {
        true
    }
    fn allows<'a>(&'a self, _: &'a VerifiedPeer) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { Ok(!self.0.load(Ordering::SeqCst)) })
    }
}

#[tokio::test]
async fn a_request_whose_session_cannot_be_looked_up_is_not_served() {
    let gone = Arc::new(AtomicBool::new(false));
    let flaky = Arc::new(Flaky { gone: Arc::clone(&gone), ..Flaky::default() });
    let burned = Arc::new(MemoryBurnStore::default());
    let service = Service::on(flaky, burned, Counting::default(), |builder| builder).await;
    let login = Client::new(1, &service).login(&service).await;
    service.codes();
    gone.store(true, Ordering::SeqCst);
    let request = login.request("GET", "/me", b"", service.now());
    let answer = request.send(service.address).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert!(!answer.text().contains("disk"), "{}", answer.text());
    gone.store(false, Ordering::SeqCst);
    assert_eq!(request.send(service.address).await.status, 200, "nothing was burned");
    assert_eq!(service.codes(), ["session_store", "proven"]);
}

#[tokio::test]
async fn a_full_store_refuses_new_sessions_and_keeps_the_old() {
    let sessions = Arc::new(MemorySessionStore::with_capacity(1));
    let burned = Arc::new(MemoryBurnStore::default());
    let service = Service::on(sessions, burned, Counting::default(), |builder| builder).await;
    let login = Client::new(1, &service).login(&service).await;
    let (finish, _) = Client::new(2, &service).begin(&service).await;
    assert!(finish.send(service.address).await.is_alert(49));
    assert_eq!(login.request("GET", "/me", b"", service.now()).send(service.address).await.status, 200);
}
