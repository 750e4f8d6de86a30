//! `didshake relay`: what it keeps of depositors, two of them on one PostgreSQL, and one that is killed.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use didshake::relay::{Deposit, DepositName, DepositToken, write_deposits};
use didshake::{Did, Secret, UnixTime};
use didshake_did::{Clock as _, SystemClock};
use didshake_test_postgres::Postgres;
use didshake_tests::{Client, Home, Login, Outcome, Service};
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// Where depositors come from, and what they would be known by.
const ADDRESS: &str = "127.77.66.55";
const FORWARDED: &str = "198.51.100.77";
const REQUEST_ID: &str = "id-of-a-proxy-4711";
const AGENT: &str = "agent-of-a-depositor-4712";

struct Owner {
    client: Client,
    login: Login,
    origin: String,
}

impl Owner {
    async fn of(relay: &Service) -> Self {
        let (client, service) = (Client::new([9; 32], b""), Did::parse(&relay.did).unwrap());
        let Outcome::Accepted(login) = client.log_in(&relay.url("/didshake"), &service).await else {
            panic!("the relay refused")
        };
        Self { client, login: *login, origin: relay.origin.clone() }
    }

    /// A signed request.
    async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = self.client.signed(&self.login, method, &format!("{}{path}", self.origin), body.as_bytes());
        let answer = self.client.send(request).await.unwrap();
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// Opens the mailbox, and gives its URL.
    async fn open(&self) -> String {
        let (status, mailbox) = self.ask("PUT", "/v1/mailbox", &Value::Null).await;
        assert!(status == 200 || status == 201, "{mailbox}");
        mailbox["url"].as_str().unwrap().to_owned()
    }

    async fn let_in(&self, token: &DepositToken) {
        let (status, told) = self.ask("PUT", &format!("/v1/mailbox/tokens/{}", token.hash()), &json!({})).await;
        assert!(status == 200 || status == 201, "{told}");
    }

    /// Everything that waits, as (sequence, envelope).
    async fn all(&self) -> Vec<(u64, Vec<u8>)> {
        let mut all: Vec<(u64, Vec<u8>)> = Vec::new();
        loop {
            let after = all.last().map_or(0, |(sequence, _)| *sequence);
            let page = self.page(&format!("?limit=256&after={after}")).await;
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    async fn page(&self, query: &str) -> Vec<(u64, Vec<u8>)> {
        let (status, told) = self.ask("GET", &format!("/v1/mailbox/deposits{query}"), &Value::Null).await;
        assert_eq!(status, 200, "{told}");
        let one = |deposit: &Value| {
            let envelope = Base64UrlUnpadded::decode_vec(deposit["envelope"].as_str().unwrap()).unwrap();
            (deposit["sequence"].as_u64().unwrap(), envelope)
        };
        told["deposits"].as_array().unwrap().iter().map(one).collect()
    }
}

/// A depositor at an address of its own.
struct Depositor {
    http: reqwest::Client,
    token: DepositToken,
}

impl Depositor {
    fn new(token: DepositToken) -> Self {
        let address: IpAddr = ADDRESS.parse().unwrap();
        let http = reqwest::Client::builder().no_proxy().local_address(address).user_agent(AGENT);
        Self { http: http.timeout(Duration::from_secs(30)).build().unwrap(), token }
    }

    fn request(&self, method: reqwest::Method, url: &str) -> reqwest::RequestBuilder {
        self.http.request(method, url).header("authorization", self.token.authorization().as_str())
    }

    fn deposits(&self, url: &str, envelopes: &[Vec<u8>]) -> reqwest::RequestBuilder {
        let expires = UnixTime(SystemClock.now().0).plus(3600);
        let deposits: Vec<Deposit<'_>> = envelopes.iter().map(|envelope| Deposit { expires, envelope }).collect();
        let request = self.request(reqwest::Method::POST, url);
        request.header("content-type", "application/didshake-envelopes").body(write_deposits(&deposits).unwrap())
    }

    /// Whether all of them were confirmed.
    async fn deposit(&self, url: &str, envelopes: &[Vec<u8>]) -> bool {
        let sent = self.deposits(url, envelopes).send().await;
        sent.is_ok_and(|answer| answer.status() == 200)
    }
}

fn token(seed: u8) -> DepositToken {
    DepositToken::from_secret(Secret::new([seed; 32]))
}

fn envelope(number: u32) -> Vec<u8> {
    let mut envelope = vec![0xA5; 578];
    envelope[..2].copy_from_slice(&[33, 1]);
    envelope[100..104].copy_from_slice(&number.to_be_bytes());
    envelope
}

fn number_of(envelope: &[u8]) -> u32 {
    u32::from_be_bytes(envelope[100..104].try_into().unwrap())
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

// R-RLY-3, R-RLY-5
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_depositor_is_kept_or_logged() {
    let home = Home::new();
    let mut relay = Service::start_relay(&home, &["--trusted-proxy", "127.0.0.0/8", "-vv"]);
    let owner = Owner::of(&relay).await;
    let url = owner.open().await;
    owner.let_in(&token(7)).await;
    let (depositor, stranger) = (Depositor::new(token(7)), Depositor::new(token(8)));
    for who in [&depositor, &stranger] {
        let states = json!({"deposits": [DepositName::of(&envelope(1)).to_string()]}).to_string();
        for request in [
            who.deposits(&url, &[envelope(1)]),
            who.request(reqwest::Method::GET, &format!("{url}/key")),
            who.request(reqwest::Method::GET, &format!("{url}/circuit")),
            who.request(reqwest::Method::POST, &format!("{url}/states")).body(states),
            who.deposits(&url, &[vec![1, 2, 3]]),
        ] {
            // Without a proxy, and as a proxy passes it on that is trusted.
            let passed_on = request.try_clone().unwrap().header("x-request-id", REQUEST_ID);
            let passed_on = passed_on.header("x-forwarded-for", FORWARDED).send().await.unwrap();
            assert_ne!(passed_on.headers()["x-request-id"], REQUEST_ID);
            request.send().await.unwrap();
        }
    }
    assert_eq!(owner.all().await.len(), 1);

    let data = home.path("service");
    let mut kept: Vec<(String, Vec<u8>)> = Vec::new();
    let mut collect = |when: &str| {
        let named = |path: &PathBuf| format!("{when}: {}", path.display());
        kept.extend(files(&data).iter().map(|path| (named(path), fs::read(path).unwrap())));
    };
    collect("running");
    let log = relay.log();
    assert_eq!(relay.stop(), 0);
    collect("ended");
    // It is there, and it is what is searched.
    assert!(kept.iter().any(|(_, bytes)| holds(bytes, &envelope(1))), "the envelope");
    assert!(kept.iter().any(|(_, bytes)| holds(bytes, &depositor.token.hash().0)), "the hash of the token");
    assert!(log.contains("/m/") && log.contains("client=127.0.0.1"), "{log}");
    kept.push(("the log".into(), log.into_bytes()));
    let address: IpAddr = ADDRESS.parse().unwrap();
    let IpAddr::V4(address) = address else { panic!("an IPv4 address") };
    for (place, bytes) in &kept {
        for marker in [ADDRESS, FORWARDED, REQUEST_ID, AGENT, &token(7).to_text(), &token(8).to_text()] {
            assert!(!holds(bytes, marker.as_bytes()), "{place} holds {marker}");
        }
        assert!(!holds(bytes, token(7).secret().expose()), "{place} holds the token");
        assert!(!holds(bytes, &address.octets()), "{place} holds the address");
    }
}

// R-RLY-2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_at_one_relay_is_fetched_from_another() {
    let postgres = Postgres::start();
    let homes = [Home::new(), Home::new()];
    let store = postgres.database();
    let first = Service::start_relay(&homes[0], &["--store", &store]);
    fs::create_dir_all(homes[1].path("service")).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(homes[1].path("service"), private).unwrap();
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([homes[0].path("service/identities"), homes[1].path("service/identities")])
        .status();
    assert!(copied.unwrap().success());
    let second = Service::start_relay(&homes[1], &["--store", &store]);
    assert_eq!(first.did, second.did);

    let [here, there] = [Owner::of(&first).await, Owner::of(&second).await];
    let url = here.open().await;
    here.let_in(&token(7)).await;
    let at_second = there.open().await;
    assert_eq!(url.rsplit_once('/').unwrap().1, at_second.rsplit_once('/').unwrap().1, "one mailbox");
    let depositor = Depositor::new(token(7));
    let mut after = 0;
    for number in 0..10 {
        let query = format!("?wait=30&after={after}");
        let (shown, ()) = tokio::join!(here.page(&query), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(depositor.deposit(&at_second, &[envelope(number)]).await);
        });
        assert_eq!(shown.iter().map(|(_, envelope)| number_of(envelope)).collect::<Vec<_>>(), [number]);
        after = shown[0].0;
    }
    // And answered at the other.
    let all: Vec<u64> = there.all().await.iter().map(|(sequence, _)| *sequence).collect();
    assert_eq!(there.ask("POST", "/v1/mailbox/answers", &json!({"taken": all})).await.0, 204);
    assert!(here.all().await.is_empty());
}

const KILLS: usize = 5;
const DEPOSITORS: u32 = 4;

// R-RLY-1, R-RLY-2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_killed_loses_nothing_that_it_confirmed() {
    let home = Home::new();
    let mut relay = Service::start_relay(&home, &["--rate-deposits", "1000000/min"]);
    let owner = Owner::of(&relay).await;
    let url = owner.open().await;
    owner.let_in(&token(7)).await;
    let (confirmed, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let depositors: Vec<_> = (0..DEPOSITORS)
        .map(|at| {
            let (url, confirmed, over) = (url.clone(), confirmed.clone(), over.clone());
            tokio::spawn(async move {
                let depositor = Depositor::new(token(7));
                let mut next = at * 1_000_000;
                while !over.load(Ordering::Acquire) {
                    let some: Vec<Vec<u8>> = (next..next + 3).map(envelope).collect();
                    // Whoever heard no answer asks again with the same bytes.
                    while !depositor.deposit(&url, &some).await {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    confirmed.lock().await.extend(next..next + 3);
                    next += 3;
                }
            })
        })
        .collect();
    for kill in 1..=KILLS {
        while confirmed.lock().await.len() < kill * 150 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::task::block_in_place(|| {
            relay.kill();
            relay.restart();
        });
    }
    over.store(true, Ordering::Release);
    for depositor in depositors {
        depositor.await.unwrap();
    }
    let shown: Vec<u32> = owner.all().await.iter().map(|(_, envelope)| number_of(envelope)).collect();
    for depositor in 0..DEPOSITORS {
        let of_one = |numbers: &[u32]| -> Vec<u32> {
            numbers.iter().copied().filter(|number| number / 1_000_000 == depositor).collect()
        };
        let (expected, mut got) = (of_one(&confirmed.lock().await), of_one(&shown));
        assert!(got.is_sorted_by(|one, next| one < next), "each once, in order");
        got.truncate(expected.len());
        assert_eq!(got, expected);
    }
}
