//! Server CPU of a login and of a signed request, latencies, and how many logins a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use didshake::Did;
use didshake_tests::{Client, Home, Login, Outcome, Service};
use serde_json::Value;

use crate::echo::Echo;
use crate::figures::Part;
use crate::load::{self, Load};
use crate::{Arguments, SETTINGS, cpu};

const RUNS: usize = 5;
const LOGINS_A_SECOND: f64 = 200.0;
const REQUESTS_A_SECOND: f64 = 500.0;
/// Whose requests are signed.
const SESSIONS: usize = 64;
/// At one time, where as many as possible are made.
const AT_ONCE: usize = 16;
/// After which a client tries again that found the service busy.
const AGAIN: Duration = Duration::from_millis(100);

/// Somebody new for each login: a service counts by DID too.
static NEXT: AtomicU64 = AtomicU64::new(0);

#[derive(Default)]
struct Runs {
    cpu: Vec<f64>,
    quantiles: [Vec<f64>; 4],
}

const QUANTILES: [(f64, &str); 4] = [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9")];

impl Runs {
    fn add(&mut self, micros: f64, load: &Load) {
        self.cpu.push(micros);
        for (runs, (part, _)) in self.quantiles.iter_mut().zip(QUANTILES) {
            runs.push(load.at(part));
        }
    }
}

pub(crate) async fn measure(arguments: &Arguments) -> Value {
    let mut part = Part::new("http");
    let seconds = if arguments.full { 15.0 } else { 2.0 };
    let postgres = didshake_test_postgres::shared().database();
    let first = Client::new([1; 32], b"");
    let echo = Echo::start();
    for (store, url) in [("sqlite", None), ("postgresql", Some(postgres))] {
        let home = Home::new();
        let settings = url.map_or_else(|| SETTINGS.to_owned(), |url| format!("{SETTINGS}store = \"{url}\"\n"));
        let file = home.write("serve.toml", settings);
        let service = Service::start(&home, &["--config", file.to_str().unwrap()]);
        one_store(&mut part, arguments, (store, &service, &echo), &first, seconds).await;
    }
    part.done(&[
        "Server CPU: user and system time of the process, so also what is done after the answer. The load comes from the same machine.",
        "A login is two requests. Its limit: twice the primitives of one side and two echo requests, at the same load: 16 at a time, as many as possible, and 200 a second.",
    ])
}

async fn one_store(
    part: &mut Part,
    arguments: &Arguments,
    (store, service, echo): (&str, &Service, &Echo),
    first: &Client,
    seconds: f64,
) {
    // Warm: connections, prepared statements.
    logins(service, first, 0.5).await;
    let (mut login, mut signed, mut echoed) = (Runs::default(), Runs::default(), Runs::default());
    let mut busy = Busy::default();
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(log_in(place(service), first.another(seed())).await);
    }
    let sessions = Arc::new(sessions);
    for _ in 0..RUNS {
        let process = service.process();
        let (micros, load) = cpu_of(process, LOGINS_A_SECOND * seconds, logins(service, first, seconds)).await;
        login.add(micros, &load);
        let (micros, load) = cpu_of(process, REQUESTS_A_SECOND * seconds, requests(service, &sessions, seconds)).await;
        signed.add(micros, &load);
        let (micros, load) = cpu_of(echo.process(), REQUESTS_A_SECOND * seconds, echoes(echo, first, seconds)).await;
        echoed.add(micros, &load);
        busy.measure(service, echo, first, (LOGINS_A_SECOND * seconds) as usize).await;
    }
    let title = format!("Server CPU, {store}");
    for (what, name, runs) in [
        ("login", "a login", &login),
        ("request", "a signed request", &signed),
        ("echo", "an echo request of axum", &echoed),
    ] {
        let id = format!("{what}_cpu_us.{store}");
        part.add(&id, &format!("{store}: server CPU of {name}"), "µs", &runs.cpu, Some(&title));
        for ((_, quantile), runs) in QUANTILES.iter().zip(&runs.quantiles) {
            let id = format!("{what}_{quantile}_ms.{store}");
            let title = format!("Latency of {name}, {store}, open loop");
            part.add(&id, &format!("{store}: {name}, {quantile}"), "ms", runs, Some(&title));
        }
    }
    busy.add_to(part, store);
    if arguments.crypto_us > 0.0 {
        let what = format!("{store}: CPU of a login / (its primitives + two echoes)");
        for (id, what, logins, echoes) in [
            ("login_cpu_ratio", format!("{what}, {AT_ONCE} at a time"), &busy.login, &busy.echo),
            ("login_cpu_ratio_calm", format!("{what}, {LOGINS_A_SECOND} a second"), &login.cpu, &echoed.cpu),
        ] {
            let floor = |echo: &f64| arguments.crypto_us + 2.0 * echo;
            let ratios: Vec<f64> = logins.iter().zip(echoes).map(|(login, echo)| login / floor(echo)).collect();
            part.add(&format!("{id}.{store}"), &what, "ratio", &ratios, None);
        }
    }
}

/// As many as possible, some at a time: what logins cost while there are many.
#[derive(Default)]
struct Busy {
    per_second: Vec<f64>,
    login: Vec<f64>,
    echo: Vec<f64>,
}

impl Busy {
    async fn measure(&mut self, service: &Service, echo: &Echo, first: &Client, count: usize) {
        let (process, begun) = (service.process(), cpu::used(service.process()));
        self.per_second.push(as_many_as_possible(service, first, count).await);
        self.login.push((cpu::used(process) - begun).as_secs_f64() * 1e6 / (count / AT_ONCE * AT_ONCE) as f64);
        let begun = cpu::used(echo.process());
        as_many_echoes(echo, first, 4 * count / AT_ONCE).await;
        let used = cpu::used(echo.process()) - begun;
        self.echo.push(used.as_secs_f64() * 1e6 / (4 * count / AT_ONCE * AT_ONCE) as f64);
    }

    fn add_to(&self, part: &mut Part, store: &str) {
        let what = format!("{store}: logins, {AT_ONCE} at a time");
        part.add(&format!("logins_per_second.{store}"), &what, "per second", &self.per_second, None);
        let title = format!("Server CPU, {store}, {AT_ONCE} at a time");
        for (id, what, runs) in [("login", "a login", &self.login), ("echo", "an echo request of axum", &self.echo)] {
            let what = format!("{store}: server CPU of {what}, {AT_ONCE} at a time");
            part.add(&format!("{id}_cpu_us_busy.{store}"), &what, "µs", runs, Some(&title));
        }
    }
}

/// Microseconds of a process for each of `count`.
pub(crate) async fn cpu_of(process: u32, count: f64, load: impl Future<Output = Load>) -> (f64, Load) {
    let before = cpu::used(process);
    let load = load.await;
    ((cpu::used(process) - before).as_secs_f64() * 1e6 / count, load)
}

pub(crate) fn seed() -> [u8; 32] {
    let mut seed = [5; 32];
    seed[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    seed
}

/// Where to log in, and whom to meet there.
struct Place {
    url: String,
    did: Did,
    /// How many were told to come again.
    busy: AtomicU64,
}

fn place(service: &Service) -> Arc<Place> {
    Arc::new(Place { url: service.url("/didshake"), did: Did::parse(&service.did).unwrap(), busy: AtomicU64::new(0) })
}

/// As long as it takes: whoever is told that the service is busy comes again.
async fn log_in(place: Arc<Place>, client: Client) -> (Client, Login) {
    loop {
        match client.log_in(&place.url, &place.did).await {
            Outcome::Accepted(login) => return (client, *login),
            Outcome::Refused(answer) if answer.status == 503 => {
                place.busy.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(AGAIN).await;
            }
            Outcome::Refused(answer) => panic!("a login was refused: {answer:?}"),
            Outcome::NothingSent | Outcome::Unknown(_) => panic!("a connection failed"),
        }
    }
}

pub(crate) async fn logins(service: &Service, first: &Client, seconds: f64) -> Load {
    at_rate(service, first, LOGINS_A_SECOND, seconds).await.0
}

/// The load, and how many of it were told to come again.
pub(crate) async fn at_rate(service: &Service, first: &Client, rate: f64, seconds: f64) -> (Load, u64) {
    let place = place(service);
    let load = load::open("logins", rate, (rate * seconds) as usize, |_| {
        let (place, client) = (place.clone(), first.another(seed()));
        async move { drop(log_in(place, client).await) }
    })
    .await;
    (load, place.busy.load(Ordering::Relaxed))
}

/// Of each session in turn: a service makes the requests of one wait for each other.
async fn requests(service: &Service, sessions: &Arc<Vec<(Client, Login)>>, seconds: f64) -> Load {
    let url = service.url("/v1/session");
    load::open("signed requests", REQUESTS_A_SECOND, (REQUESTS_A_SECOND * seconds) as usize, |number| {
        let (sessions, url) = (sessions.clone(), url.clone());
        async move {
            let (client, login) = &sessions[number % SESSIONS];
            let answer = client.send(client.signed(login, "GET", &url, b"")).await.unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    })
    .await
}

async fn echoes(echo: &Echo, first: &Client, seconds: f64) -> Load {
    let (client, url) = (Arc::new(first.another(seed())), Arc::new(echo.url.clone()));
    load::open("echo", REQUESTS_A_SECOND, (REQUESTS_A_SECOND * seconds) as usize, |_| {
        let (client, url) = (client.clone(), url.clone());
        async move { ask_echo(&client, &url).await }
    })
    .await
}

async fn ask_echo(client: &Client, url: &str) {
    let mut request = reqwest::Request::new(reqwest::Method::POST, url.parse().unwrap());
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    *request.body_mut() = Some(r#"{"session":"0123456789abcdef","peer":"did:key:z6Mk"}"#.into());
    assert_eq!(client.send(request).await.unwrap().status, 200);
}

/// Closed loop, as the logins.
async fn as_many_echoes(echo: &Echo, first: &Client, each: usize) {
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (client, url) = (first.another(seed()), echo.url.clone());
            tokio::spawn(async move {
                for _ in 0..each {
                    ask_echo(&client, &url).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
}

/// Closed loop: how many logins a second the two of them get through, service and load on one machine.
pub(crate) async fn as_many_as_possible(service: &Service, first: &Client, count: usize) -> f64 {
    let start = std::time::Instant::now();
    let place = place(service);
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (place, clients) =
                (place.clone(), (0..count / AT_ONCE).map(|_| first.another(seed())).collect::<Vec<_>>());
            tokio::spawn(async move {
                for client in clients {
                    drop(log_in(place.clone(), client).await);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    (count / AT_ONCE * AT_ONCE) as f64 / start.elapsed().as_secs_f64()
}
