//! A service that is killed again and again while people log in: no Finish counts twice, no session that was used is
//! lost (R-STATE-5, R-STATE-7, R-REQ-8).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use didshake::Did;
use didshake::http::Request;
use didshake_tests::{Client, Home, Login, Outcome, Service, free_port};
use tokio::sync::Mutex;

const LOGINS: usize = 1000;
const KILLS: usize = 5;
const AT_ONCE: usize = 8;
/// A service keeps a hundred sessions of one DID.
const CLIENTS: u8 = 32;

/// What is known about the service from outside.
struct Scene {
    clients: Vec<Client>,
    origin: String,
    service: Did,
    attempts: AtomicUsize,
    logins: AtomicUsize,
    accepted: Mutex<Vec<(Login, bool)>>,
    unknown: Mutex<Vec<Request>>,
}

impl Scene {
    /// Each in its turn.
    fn client(&self) -> &Client {
        &self.clients[self.attempts.fetch_add(1, Ordering::Relaxed) % self.clients.len()]
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// One login, the first use of its session, and the same Finish at once again.
    async fn log_in(&self) {
        match self.client().log_in(&self.url("/didshake"), &self.service).await {
            Outcome::Accepted(login) => {
                self.logins.fetch_add(1, Ordering::Relaxed);
                self.replay(&login.finish).await;
                let used = self.status(&login, "GET", "/v1/session").await == Some(200);
                self.accepted.lock().await.push((*login, used));
            }
            Outcome::Unknown(finish) => self.unknown.lock().await.push(finish),
            Outcome::NothingSent => tokio::time::sleep(Duration::from_millis(50)).await,
            // A state that was sealed before the service was killed opens no more.
            Outcome::Refused(answer) => assert!(answer.is_denied() || answer.status == 503, "{answer:?}"),
        }
    }

    /// A Finish that was accepted, or may have been, is never accepted again.
    async fn replay(&self, finish: &Request) {
        if let Ok(answer) = self.client().post(finish).await {
            assert!(answer.is_denied() || answer.status == 503, "a Finish was accepted twice: {answer:?}");
        }
    }

    async fn status(&self, login: &Login, method: &str, path: &str) -> Option<u16> {
        let request = self.client().signed(login, method, &self.url(path), b"");
        self.client().send(request).await.ok().map(|answer| answer.status)
    }
}

async fn kill_now_and_then(service: &Mutex<Service>, scene: &Scene) {
    for kill in 1..=KILLS {
        while scene.logins.load(Ordering::Relaxed) < LOGINS * kill / (KILLS + 1) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut service = service.lock().await;
        tokio::task::block_in_place(|| {
            service.kill();
            service.restart();
        });
        // Everything that was accepted before, from the other side of the crash.
        let recorded: Vec<Request> =
            scene.accepted.lock().await.iter().map(|(login, _)| login.finish.clone()).collect();
        for finish in recorded.iter().rev().take(10).chain(scene.unknown.lock().await.iter().rev().take(10)) {
            scene.replay(finish).await;
        }
    }
}

fn start(home: &Home) -> (Service, Scene) {
    let port = free_port().to_string();
    let listen = format!("127.0.0.1:{port}");
    let service = Service::start(home, &["--listen", &listen, "--rate-handshakes", "100000/min"]);
    let scene = Scene {
        clients: (1..=CLIENTS).map(|seed| Client::new([seed; 32], b"")).collect(),
        origin: service.origin.clone(),
        service: Did::parse(&service.did).unwrap(),
        attempts: AtomicUsize::new(0),
        logins: AtomicUsize::new(0),
        accepted: Mutex::default(),
        unknown: Mutex::default(),
    };
    (service, scene)
}

// R-STATE-5, R-STATE-7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_logins_and_five_crashes() {
    let home = Home::new();
    let (service, scene) = start(&home);
    let (service, scene) = (Arc::new(Mutex::new(service)), Arc::new(scene));
    let clients: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let scene = scene.clone();
            tokio::spawn(async move {
                while scene.logins.load(Ordering::Relaxed) < LOGINS {
                    scene.log_in().await;
                }
            })
        })
        .collect();
    kill_now_and_then(&service, &scene).await;
    for client in clients {
        client.await.unwrap();
    }

    let accepted = scene.accepted.lock().await;
    let used: Vec<&Login> = accepted.iter().filter(|(_, used)| *used).map(|(login, _)| login).collect();
    assert!(used.len() >= LOGINS - KILLS * AT_ONCE, "{} sessions were used", used.len());
    for login in &used {
        assert_eq!(scene.status(login, "GET", "/v1/session").await, Some(200), "a used session is lost");
    }
}

// R-STATE-7, R-REQ-7, R-REQ-8
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logout_and_a_crash_reopen_nothing() {
    let home = Home::new();
    let (mut service, scene) = start(&home);
    let Outcome::Accepted(login) = scene.client().log_in(&scene.url("/didshake"), &scene.service).await else {
        panic!("the login failed");
    };
    let request = || scene.client().signed(&login, "GET", &scene.url("/v1/session"), b"");
    let recorded = request();
    let again = recorded.try_clone().unwrap();
    assert_eq!(scene.client().send(recorded).await.unwrap().status, 200);

    tokio::task::block_in_place(|| {
        service.kill();
        service.restart();
    });
    assert_eq!(scene.client().send(again).await.unwrap().status, 401, "a recorded request was taken after the crash");
    assert_eq!(scene.client().send(request()).await.unwrap().status, 200, "the session is lost");
    scene.replay(&login.finish).await;

    assert_eq!(scene.status(&login, "DELETE", "/v1/session").await, Some(204));
    scene.replay(&login.finish).await;
    assert_eq!(scene.client().send(request()).await.unwrap().status, 401, "a session outlived its logout");
}
