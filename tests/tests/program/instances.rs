//! Two instances on one PostgreSQL, behind nginx, which sends a client's requests to them in turn: what one accepted the
//! other refuses, and either may go at any time.

use std::time::{Duration, Instant};

use didshake::Did;
use didshake_test_postgres::Postgres;
use didshake_tests::{Client, Home, Login, Nginx, NginxSite, Outcome, Posted, Service, free_port};

struct Scene {
    instances: [Service; 2],
    // Stopped when the scene is over; a home is removed after its service is gone.
    _nginx: Nginx,
    _homes: [Home; 2],
    client: Client,
    origin: String,
    service: Did,
}

fn scene(store: &str) -> Scene {
    scene_of(store, "100000/min")
}

fn scene_of(store: &str, rate: &str) -> Scene {
    let homes = [Home::new(), Home::new()];
    let _ = homes[0].run(&["certs", "--out", "tls", "localhost"]).expect(0);
    let (front, backs) = (free_port(), [free_port(), free_port()].map(|port| format!("127.0.0.1:{port}")));
    let origin = format!("https://localhost:{front}");
    let start = |at: usize| {
        let rate = ["--rate-handshakes", rate, "--trusted-proxy", "127.0.0.1/32"];
        let own = ["--listen", &backs[at], "--public-url", &origin, "--store", store];
        Service::start(&homes[at], &[&own[..], &rate].concat())
    };
    let first = start(0);
    share_identity(&homes);
    let instances = [first, start(1)];
    assert_eq!(instances[0].did, instances[1].did);
    let sites = [NginxSite { port: front, upstream: &backs.join(","), host: "$http_host" }];
    let nginx = Nginx::start(&homes[0], &homes[0].path("tls/server.pem"), &homes[0].path("tls/server.key"), &sites);
    let client = Client::new([9; 32], &std::fs::read(homes[0].path("tls/root.pem")).unwrap());
    let service = Did::parse(&instances[0].did).unwrap();
    Scene { instances, _nginx: nginx, _homes: homes, client, origin, service }
}

/// As an operator does: the first one's key goes to the others.
fn share_identity(homes: &[Home; 2]) {
    let (from, to) = (homes[0].path("service/identities"), homes[1].path("service/identities"));
    std::fs::create_dir_all(homes[1].path("service")).unwrap();
    let copied = std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(copied.success());
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(homes[1].path("service"), private).unwrap();
}

impl Scene {
    async fn attempt(&self) -> Outcome {
        self.client.log_in(&format!("{}/didshake", self.origin), &self.service).await
    }

    async fn log_in(&self) -> Login {
        match self.attempt().await {
            Outcome::Accepted(login) => *login,
            Outcome::Refused(answer) => panic!("refused: {answer:?}"),
            Outcome::NothingSent | Outcome::Unknown(_) => panic!("the connection failed"),
        }
    }

    fn signed(&self, login: &Login) -> reqwest::Request {
        self.client.signed(login, "GET", &format!("{}/v1/session", self.origin), b"")
    }

    async fn status(&self, login: &Login) -> u16 {
        self.client.send(self.signed(login)).await.unwrap().status
    }

    async fn ready(&self) -> Posted {
        self.client.browse(&format!("{}/readyz", self.origin), &[]).await
    }

    /// How many requests for a path an instance has answered, by its log.
    fn answered(&self, instance: usize, path: &str) -> usize {
        let log = self.instances[instance].log();
        log.lines().filter(|line| line.contains("answered") && line.contains(path)).count()
    }
}

// R-STATE-4, R-STATE-5, R-REQ-8
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_instance_accepted_the_other_refuses() {
    let scene = scene(&didshake_test_postgres::shared().database());
    for _ in 0..10 {
        let login = scene.log_in().await;
        let request = scene.signed(&login);
        let copies: Vec<_> = (0..4).map(|_| request.try_clone().unwrap()).collect();
        assert_eq!(scene.client.send(request).await.unwrap().status, 200);
        for copy in copies {
            assert_eq!(scene.client.send(copy).await.unwrap().status, 401, "a request was taken twice");
        }
        for _ in 0..4 {
            let answer = scene.client.post(&login.finish).await.unwrap();
            assert!(answer.is_denied(), "a Finish was accepted twice: {answer:?}");
        }
        // Ended through one, over at both.
        let end = scene.client.signed(&login, "DELETE", &format!("{}/v1/session", scene.origin), b"");
        assert_eq!(scene.client.send(end).await.unwrap().status, 204);
        for _ in 0..2 {
            assert_eq!(scene.status(&login).await, 401);
        }
    }
    for instance in [0, 1] {
        assert!(scene.answered(instance, "/didshake") > 10 && scene.answered(instance, "/v1/session") > 10);
    }
}

// R-STATE-3: for longer than a sealing key lives, nearly every Finish comes to the instance that did not reply.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sealing_keys_are_replaced_without_a_refused_login() {
    let scene = scene(&didshake_test_postgres::shared().database());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(75) {
        let login = scene.log_in().await;
        assert_eq!(scene.status(&login).await, 200);
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_instance_takes_nothing_along() {
    let mut scene = scene(&didshake_test_postgres::shared().database());
    let mut used = Vec::new();
    for victim in [0, 1] {
        for _ in 0..10 {
            let login = scene.log_in().await;
            assert_eq!(scene.status(&login).await, 200);
            used.push(login);
        }
        tokio::task::block_in_place(|| scene.instances[victim].kill());
        for login in &used {
            assert_eq!(scene.status(login).await, 200, "a confirmed session is lost");
            assert!(scene.client.post(&login.finish).await.unwrap().is_denied());
        }
        // What the killed one sealed the other opens: it has the key.
        let login = scene.log_in().await;
        assert_eq!(scene.status(&login).await, 200);
        tokio::task::block_in_place(|| scene.instances[victim].restart());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_refuses_and_comes_back_by_itself() {
    let mut postgres = Postgres::start();
    let scene = scene(&postgres.database());
    let login = scene.log_in().await;
    assert_eq!(scene.status(&login).await, 200);
    assert_eq!(scene.ready().await.status, 200);

    tokio::task::block_in_place(|| postgres.crash());
    let refused = match scene.attempt().await {
        Outcome::Refused(answer) => answer.status,
        _ => panic!("a login went on without a database"),
    };
    assert!(refused == 503 || refused == 401, "{refused}");
    assert_eq!(scene.status(&login).await, 503);
    assert_eq!(scene.ready().await.status, 503);

    tokio::task::block_in_place(|| postgres.restart());
    let begun = Instant::now();
    while scene.ready().await.status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not come back");
    }
    assert_eq!(scene.status(&login).await, 200, "a confirmed session is lost");
    // Handshakes that two instances see need keys that were shared again, and go on to be: the crash has emptied the tables.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(70) {
        let login = scene.log_in().await;
        // An odd number of requests: each instance begins handshakes that the other one ends.
        let _ = (scene.status(&login).await, scene.ready().await);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

// A source has one budget, whichever instance it comes to: 20 handshakes at once, and 40 a minute.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_count_a_source_together() {
    let scene = scene_of(&didshake_test_postgres::shared().database(), "40/min");
    let (begun, mut accepted) = (Instant::now(), 0);
    for attempt in 0..45 {
        match scene.attempt().await {
            Outcome::Accepted(_) => accepted += 1,
            Outcome::Refused(answer) if answer.status == 429 => {}
            Outcome::Refused(answer) => panic!("refused: {answer:?}"),
            Outcome::NothingSent | Outcome::Unknown(_) => panic!("the connection failed"),
        }
        if attempt % 5 == 4 {
            // Each tells the others twice a second.
            tokio::time::sleep(Duration::from_millis(1200)).await;
        }
    }
    let flowed_in = begun.elapsed().as_secs() * 40 / 60;
    // Nearly all of them, if each counted for itself; some come before the news.
    assert!((20..=26 + flowed_in).contains(&accepted), "{accepted} after {:?}", begun.elapsed());
    for instance in [0, 1] {
        assert!(scene.answered(instance, "/didshake") > 20, "only one was asked");
    }
}

#[test]
fn a_database_belongs_to_one_service() {
    let store = didshake_test_postgres::shared().database();
    let homes = [Home::new(), Home::new()];
    let service = Service::start(&homes[0], &["--store", &store]);
    let refused = homes[1].run(&["serve", "--data", "data", "--listen", "127.0.0.1:0", "--store", &store]).expect(7);
    assert!(refused.stderr.contains(&service.did) && refused.stderr.contains("--as"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("horse"), "the password is shown");
    let wrong = store.replace("horse", "donkey");
    let refused = homes[1].run(&["serve", "--data", "data", "--listen", "127.0.0.1:0", "--store", &wrong]).expect(7);
    assert!(refused.stderr.contains("password") && !refused.stderr.contains("donkey"), "{}", refused.stderr);
}
