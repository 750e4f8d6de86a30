//! Mailboxes and deposits over HTTP, as owners, depositors and strangers meet them.

use std::time::{Duration, Instant};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use didshake::Secret;
use didshake::relay::{DepositToken, MAX_BATCH_BYTES};
use didshake_peer::http::SessionRequest;
use didshake_server::Settings;
use serde_json::{Value, json};

use crate::http::ask;
use crate::relay::{
    Relay, ask_states, body_of, deposit, envelope, mailbox_key, name_of, path_of, post, relay_settings, send_bytes,
    state, states,
};
use crate::service::{Service, identity, now, settings};

fn stranger() -> DepositToken {
    DepositToken::from_secret(Secret::new([0xEE; 32]))
}

// R-RLY-1, R-RLY-2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deposited_waits_in_order_until_it_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let token = relay.token(7, &json!({})).await;
    let all: Vec<Vec<u8>> = (0..5).map(envelope).collect();
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|at| all[at].as_slice());
    assert_eq!(states(&relay.deposit(&token, &[a, b]).await), state("waiting", &[a, b]));
    assert_eq!(states(&relay.deposit(&token, &[c, d, e]).await), state("waiting", &[c, d, e]));

    let shown = relay.waiting("").await;
    assert_eq!(shown.iter().map(|(_, envelope)| envelope.clone()).collect::<Vec<_>>(), all);
    assert!(shown.is_sorted_by(|one, next| one.0 < next.0));
    assert_eq!(relay.waiting("").await, shown, "showing deletes nothing");
    assert_eq!(relay.waiting(&format!("?after={}&limit=2", shown[0].0)).await, shown[1..3]);

    relay.answer(&[shown[0].0, shown[1].0, 999], &[shown[2].0]).await;
    assert_eq!(relay.waiting("").await, shown[3..]);
    let asked = [a, c, d, &envelope(99)].map(name_of);
    let told = states(&ask_states(relay.service.address, &relay.path, &token, &asked).await);
    let told: Vec<&str> = told.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(told, ["taken", "refused", "waiting", "unknown"]);
    let (_, mailbox) = relay.owner.get("/v1/mailbox").await;
    assert_eq!((&mailbox["waiting"], &mailbox["bytes"]), (&json!(2), &json!(2 * 578)));
    // A decision stands.
    relay.answer(&[shown[2].0], &[shown[0].0]).await;
    let again = states(&ask_states(relay.service.address, &relay.path, &token, &asked[..2]).await);
    assert_eq!(again.iter().map(|(_, state)| state.as_str()).collect::<Vec<_>>(), ["taken", "refused"]);
    relay.service.end().await;
}

// R-RLY-6
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_envelope_again_is_the_same_deposit() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let (token, other) = (relay.token(7, &json!({})).await, relay.token(8, &json!({})).await);
    let (a, b) = (envelope(1), envelope(2));
    relay.deposit(&token, &[&a]).await;
    let told = states(&relay.deposit(&token, &[&a, &b, &a]).await);
    assert_eq!(told, state("waiting", &[&a, &b, &a]));
    let shown = relay.waiting("").await;
    assert_eq!(shown.iter().map(|(_, envelope)| envelope).collect::<Vec<_>>(), [&a, &b]);
    relay.answer(&[shown[0].0], &[]).await;
    assert_eq!(states(&relay.deposit(&token, &[&a]).await), state("taken", &[&a]));
    assert_eq!(relay.waiting("").await.len(), 1);
    // Under another token it is another deposit, which nobody can mix up with this one.
    assert_eq!(states(&relay.deposit(&other, &[&a]).await), state("waiting", &[&a]));
    assert_eq!(relay.waiting("").await.len(), 2);
    relay.service.end().await;
}

// R-RLY-3, R-RLY-7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_no_token_that_counts_learns_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let at = relay.service.address;
    let (token, revoked) = (relay.token(7, &json!({})).await, relay.token(8, &json!({})).await);
    let expired = relay.token(9, &json!({"expires": now().0 - 1})).await;
    let (a, nowhere) = (envelope(1), "/m/AAAAAAAAAAAAAAAAAAAAAA");
    for token in [&token, &revoked] {
        relay.deposit(token, &[&a]).await;
    }
    assert_eq!(relay.owner.delete(&format!("/v1/mailbox/tokens/{}", revoked.hash())).await, 204);
    assert_eq!(relay.owner.delete(&format!("/v1/mailbox/tokens/{}", revoked.hash())).await, 404);
    assert_eq!(relay.waiting("").await.len(), 2, "what waits under it stays");

    for (path, token) in [
        (relay.path.as_str(), &revoked),
        (&relay.path, &expired),
        (&relay.path, &stranger()),
        (nowhere, &token),
        ("/m/x", &token),
    ] {
        let deposited = deposit(at, path, token, &[&a]).await;
        let asked = ask_states(at, path, token, &[name_of(&a)]).await;
        let fields = format!("authorization: {}\r\n", token.authorization().as_str());
        let key = ask(at, &format!("GET {path}/key"), &fields).await;
        for answer in [&deposited, &asked, &key] {
            assert_eq!((answer.status, &answer.json()["code"]), (401, &json!("token")), "{path} {}", answer.body);
            assert_eq!(answer.header("www-authenticate"), Some("DIDShake-Deposit"));
        }
        assert_eq!((&deposited.body, &asked.body), (&key.body, &key.body), "all are one answer");
    }
    for fields in ["", "authorization: Bearer x\r\n", "authorization: DIDShake-Deposit x\r\n"] {
        assert_eq!(ask(at, &format!("GET {}/key", relay.path), fields).await.status, 401, "{fields}");
    }
    // Deposits of another token are unknown.
    let other = relay.token(10, &json!({})).await;
    assert_eq!(states(&ask_states(at, &relay.path, &other, &[name_of(&a)]).await), state("unknown", &[&a]));
    // Somebody else has no mailbox, and sees none.
    let bob = relay.service.login(&identity(2)).await.unwrap();
    for path in ["/v1/mailbox", "/v1/mailbox/tokens", "/v1/mailbox/deposits"] {
        let (status, told) = bob.get(path).await;
        assert_eq!((status, &told["code"]), (404, &json!("no_mailbox")), "{path}");
        assert_eq!(ask(at, &format!("GET {path}"), "").await.status, 401, "{path}");
    }
    relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_depositor_that_says_who_it_is_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let token = relay.token(7, &json!({})).await;
    let authorization = format!("authorization: {}\r\n", token.authorization().as_str());
    for field in ["cookie: a=b\r\n", "signature: x\r\n", "signature-input: x\r\n"] {
        let request = format!("GET {}/key", relay.path);
        let answer = ask(relay.service.address, &request, &format!("{authorization}{field}")).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("malformed")), "{field}");
    }
    let (token, path) = (token.authorization(), format!("{}/key", relay.path));
    let signed = SessionRequest { headers: &[("authorization", token.as_bytes())], ..SessionRequest::get(&path) };
    assert_eq!(relay.owner.ask(&signed).await.0, 400);
    relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mailbox_key_is_the_owners_and_depositors_get_its_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let (at, token) = (relay.service.address, relay.token(7, &json!({})).await);
    let fields = format!("authorization: {}\r\n", token.authorization().as_str());
    let before = ask(at, &format!("GET {}/key", relay.path), &fields).await;
    assert_eq!((before.status, &before.json()["code"]), (404, &json!("no_key")));

    let (key, secret) = mailbox_key(&identity(1), now()).await;
    let (of_other, _) = mailbox_key(&identity(2), now()).await;
    let (over, _) = mailbox_key(&identity(1), didshake::UnixTime(now().0 - 8 * 86_400)).await;
    let put = async |body: &[u8], media_type: &str| {
        let headers = [("content-type", media_type.as_bytes())];
        let put = SessionRequest { method: "PUT", headers: &headers, body, ..SessionRequest::get("/v1/mailbox/key") };
        relay.owner.ask(&put).await
    };
    for wrong in [&of_other, &over, &key[1..].to_vec(), &vec![]] {
        let (status, told) = put(wrong, "application/didshake-mailbox-key").await;
        assert_eq!((status, &told["code"]), (400, &json!("mailbox_key")));
    }
    assert_eq!(put(&key, "application/json").await.1["code"], "malformed");
    assert_eq!(put(&key, "application/didshake-mailbox-key").await.0, 204);
    let fetched = ask(at, &format!("GET {}/key", relay.path), &fields).await;
    assert_eq!(fetched.header("content-type"), Some("application/didshake-mailbox-key"));
    assert_eq!(fetched.header("content-length"), Some(key.len().to_string().as_str()));
    let (_, mailbox) = relay.owner.get("/v1/mailbox").await;
    assert_eq!(mailbox["key"], Base64UrlUnpadded::encode_string(&secret.id().unwrap()));
    assert!(mailbox["key_ends"].as_u64().unwrap() > now().0);
    relay.service.end().await;
}

// R-RLY-4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_refuse_the_whole_request() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = 131_138;
    let settings =
        Settings { mailbox_waiting: Some(5), mailbox_bytes: Some(bytes), ..relay_settings(directory.path()) };
    let relay = Relay::start(&settings).await;
    let all: Vec<Vec<u8>> = (0..8).map(envelope).collect();
    let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    let full = async |token: &DepositToken, envelopes: &[&[u8]]| {
        let answer = relay.deposit(token, envelopes).await;
        let is_full = answer.status == 507;
        if is_full {
            assert_eq!((answer.header("retry-after"), &answer.json()["code"]), (Some("60"), &json!("full")));
        }
        is_full
    };
    let few = relay.token(7, &json!({"waiting": 2})).await;
    let small = relay.token(8, &json!({"bytes": 578 * 2, "waiting": null, "expires": null})).await;
    let free = relay.token(9, &json!({})).await;
    assert!(full(&few, &all[..3]).await && relay.waiting("").await.is_empty(), "all or none");
    assert!(!full(&few, &all[..2]).await);
    assert!(!full(&few, &all[..2]).await, "what is there needs no room");
    assert!(full(&few, &all[1..3]).await);
    assert!(full(&small, &all[..3]).await && !full(&small, &all[..2]).await && full(&small, &all[2..3]).await);
    assert!(full(&free, &all[..2]).await && !full(&free, &all[..1]).await && full(&free, &all[1..2]).await);
    // What is taken makes room, and a limit that changes counts at once.
    let shown = relay.waiting("").await;
    relay.answer(&[shown[0].0], &[]).await;
    assert!(full(&few, &all[5..7]).await && !full(&few, &all[5..6]).await);
    let path = format!("/v1/mailbox/tokens/{}", few.hash());
    assert_eq!(relay.owner.send("PUT", &path, &json!({"waiting": 1})).await.0, 200);
    relay.answer(&shown.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), &[]).await;
    assert!(full(&few, &all[6..7]).await, "one waits under it");
    let (_, tokens) = relay.owner.get("/v1/mailbox/tokens").await;
    let tokens: Vec<&Value> = tokens["tokens"].as_array().unwrap().iter().collect();
    let of_few = tokens.iter().find(|token| token["hash"] == few.hash().to_string()).unwrap();
    assert_eq!((&of_few["waiting_now"], &of_few["bytes_now"], &of_few["waiting"]), (&json!(1), &json!(578), &json!(1)));

    // Bytes of the whole mailbox.
    let mut largest = vec![0; usize::try_from(bytes).unwrap()];
    largest[..2].copy_from_slice(&[33, 1]);
    assert!(full(&free, &[&largest]).await, "578 bytes wait");
    relay.answer(&[relay.waiting("").await[0].0], &[]).await;
    assert!(!full(&free, &[&largest]).await);
    relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_none_is_refused_with_its_code() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let (at, token) = (relay.service.address, relay.token(7, &json!({})).await);
    let a = envelope(1);
    let good = body_of(&[&a], now().plus(3600));
    let mut other_type = a.clone();
    other_type[0] = 32;
    let table = [
        (good[1..].to_vec(), 400, "malformed"),
        (vec![], 400, "malformed"),
        (good.repeat(65), 400, "malformed"),
        (body_of(&[&a, &other_type], now().plus(3600)), 400, "envelope_malformed"),
        (body_of(&[&a[1..]], now().plus(3600)), 400, "envelope_malformed"),
        (body_of(&[&a], now()), 400, "expires"),
        (body_of(&[&a], now().plus(2_592_060)), 400, "expires"),
        (vec![0; MAX_BATCH_BYTES + 1], 413, "too_large"),
    ];
    for (body, status, code) in &table {
        let answer = post(at, &relay.path, &token, body).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (*status, Some(*code)), "{}", body.len());
    }
    let fields = format!("authorization: {}\r\n", token.authorization().as_str());
    let untyped = send_bytes(at, &format!("POST {}", relay.path), &fields, &good).await;
    assert_eq!(untyped.json()["code"], "malformed", "no Content-Type");
    assert!(relay.waiting("").await.is_empty(), "nothing was kept");

    let name = name_of(&a);
    let many = vec![name.clone(); 257];
    for body in [
        json!({"deposits": many}).to_string(),
        json!({"deposits": ["x"]}).to_string(),
        json!({"deposits": [name], "more": 1}).to_string(),
        r#"{"deposits": [], "deposits": []}"#.to_owned(),
        "[]".to_owned(),
    ] {
        let answer = send_bytes(at, &format!("POST {}/states", relay.path), &fields, body.as_bytes()).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("malformed")), "{body:.60}");
    }
    for query in ["?after=x", "?limit=0", "?limit=257", "?wait=31", "?more=1", "?after=-1"] {
        let (status, told) = relay.owner.get(&format!("/v1/mailbox/deposits{query}")).await;
        assert_eq!((status, &told["code"]), (400, &json!("malformed")), "{query}");
    }
    for (path, body) in [
        ("/v1/mailbox/answers", json!({"taken": vec![1; 1000], "refused": vec![2; 25]})),
        ("/v1/mailbox/answers", json!({"more": []})),
        ("/v1/mailbox/answers", json!([[], []])),
    ] {
        assert_eq!(relay.owner.send("POST", path, &body).await.1["code"], "malformed", "{path}");
    }
    for (hash, limits) in [("x", json!({})), (&token.hash().to_string(), json!({"more": 1}))] {
        let (_, told) = relay.owner.send("PUT", &format!("/v1/mailbox/tokens/{hash}"), &limits).await;
        assert_eq!(told["code"], "malformed", "{hash}");
    }
    relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_is_told_at_once_and_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut relay = Relay::start(&relay_settings(directory.path())).await;
    let token = relay.token(7, &json!({})).await;
    let a = envelope(1);
    let begun = Instant::now();
    let (shown, ()) = tokio::join!(relay.waiting("?wait=30"), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        relay.deposit(&token, &[&a]).await;
    });
    assert_eq!(shown.iter().map(|(_, envelope)| envelope).collect::<Vec<_>>(), [&a]);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(relay.waiting(&format!("?wait=1&after={}", shown[0].0)).await.is_empty());

    // A service that ends has nobody wait.
    let owner = relay.service.login(&identity(1)).await.unwrap();
    let path = format!("/v1/mailbox/deposits?wait=30&after={}", shown[0].0);
    let waiting = async { owner.get(&path).await };
    let begun = Instant::now();
    let ((status, _), ()) = tokio::join!(waiting, async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        relay.service.ask_to_end();
    });
    assert_eq!(status, 200);
    relay.service.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_mailbox_is_gone_and_a_new_one_has_another_name() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let token = relay.token(7, &json!({})).await;
    relay.deposit(&token, &[&envelope(1)]).await;
    let (status, found) = relay.owner.bare("PUT", "/v1/mailbox").await;
    assert_eq!((status, path_of(&found, relay.service.address)), (200, relay.path.clone()), "it was open");
    assert_eq!(found["limits"]["envelope"], 131_138);
    assert_eq!(relay.owner.delete("/v1/mailbox").await, 204);
    assert_eq!(relay.owner.delete("/v1/mailbox").await, 404);
    assert_eq!(relay.deposit(&token, &[&envelope(1)]).await.status, 401);
    let (status, opened) = relay.owner.bare("PUT", "/v1/mailbox").await;
    assert_eq!((status, &opened["waiting"]), (201, &json!(0)));
    assert_ne!(path_of(&opened, relay.service.address), relay.path);
    assert!(relay.waiting("").await.is_empty());
    relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_open_a_mailbox_the_operator_says() {
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("owners.toml");
    let rule = format!("[[rule]]\nallow = {{ did = \"{}\" }}\n", identity(1).did());
    std::fs::write(&policy, rule).unwrap();
    let by_policy = policy.to_str().unwrap().to_owned();
    let by_did = identity(1).did().as_str().to_owned();
    for (at, owners) in [vec![by_policy], vec![by_did, "did:web:a.example".into()]].into_iter().enumerate() {
        let data = directory.path().join(at.to_string());
        std::fs::create_dir(&data).unwrap();
        let service = Service::start(&Settings { mailboxes: Some(owners), ..settings(&data) }).await;
        let [alice, bob] = [service.login(&identity(1)).await.unwrap(), service.login(&identity(2)).await.unwrap()];
        assert_eq!(alice.bare("PUT", "/v1/mailbox").await.0, 201);
        let (status, told) = bob.bare("PUT", "/v1/mailbox").await;
        assert_eq!((status, &told["code"]), (403, &json!("not_admitted")));
        service.end().await;
    }
    // A service that is no relay has none of this.
    let service = Service::start(&settings(directory.path())).await;
    let alice = service.login(&identity(1)).await.unwrap();
    assert_eq!(alice.bare("PUT", "/v1/mailbox").await.0, 404);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_relay_holds_as_many_mailboxes_as_it_may_and_counts_what_waits() {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings { max_mailboxes: Some(1), ..relay_settings(directory.path()) };
    let relay = Relay::start(&settings).await;
    let bob = relay.service.login(&identity(2)).await.unwrap();
    let (status, told) = bob.bare("PUT", "/v1/mailbox").await;
    assert_eq!((status, &told["code"]), (507, &json!("full")));
    let token = relay.token(7, &json!({})).await;
    relay.deposit(&token, &[&envelope(1), &envelope(2)]).await;
    relay.deposit(&token, &[&envelope(1)]).await;
    let metrics = ask(relay.service.address, "GET /metrics", "").await.body;
    for line in [
        "didshake_deposits_total{outcome=\"kept\"} 2",
        "didshake_deposits_total{outcome=\"there_before\"} 1",
        "didshake_deposits_waiting 2",
        "didshake_deposits_waiting_bytes 1156",
        "didshake_store_rows{table=\"mailboxes\"} 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    relay.service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn depositors_of_one_address_have_a_rate() {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings { rate_deposits: Some("4/min".into()), ..relay_settings(directory.path()) };
    let relay = Relay::start(&settings).await;
    let token = relay.token(7, &json!({})).await;
    let mut statuses = Vec::new();
    for number in 0..4 {
        let answer = relay.deposit(&token, &[&envelope(number)]).await;
        statuses.push(answer.status);
        if answer.status == 429 {
            assert_eq!(answer.json()["code"], "rate");
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
        }
    }
    assert_eq!(statuses[..2], [200, 200]);
    assert!(statuses.contains(&429), "{statuses:?}");
    relay.service.end().await;
}
