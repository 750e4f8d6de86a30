//! What is refused from the head of a handshake's request, and what of a head has no influence.

use didshake::{Fault, Origin};
use didshake_did::Rate;
use getrandom::SysRng;

use crate::client::{Client, Login};
use crate::service::Service;
use crate::wire::{Answer, Raw};

fn hello(service: &Service) -> Raw {
    Client::new(1, service).hello(&service.origin()).0
}

// R-BIND-7, R-BIND-8, R-BIND-13
#[tokio::test]
async fn what_is_no_request_of_a_handshake_gets_no_alert() {
    let service = Service::start().await;
    let raw = || hello(&service);
    let authority = service.origin().authority().to_owned();
    let absolute = format!("http://evil.example{}", raw().target);
    let cases = [
        ("forged host", raw().set("host", "evil.example"), 421, "host"),
        ("host with another port", raw().set("host", "127.0.0.1:1"), 421, "host"),
        ("two hosts", raw().with("host", &authority), 421, "host"),
        ("an authority that contradicts", Raw { target: absolute, ..raw() }, 421, "host"),
        ("GET", Raw { method: "GET".to_owned(), ..raw() }, 405, "method"),
        ("no media type", raw().without("content-type"), 415, "media_type"),
        ("another media type", raw().set("content-type", "application/json"), 415, "media_type"),
        ("two media types", raw().with("content-type", "application/didshake"), 415, "media_type"),
        ("an Alert", raw().body(&[15, 49]), 400, "peer_alert"),
        ("an Alert of no form", raw().body(&[15, 49, 0]), 400, "malformed_alert"),
        ("an endless Alert", raw().body(&[15; 5000]), 400, "message_too_long"),
    ];
    for (what, raw, status, code) in cases {
        let answer = raw.send(service.address).await;
        assert_eq!((answer.status, answer.body.as_slice()), (status, b"".as_slice()), "{what}");
        assert_eq!(answer.header("www-authenticate"), None, "{what}");
        assert_eq!(answer.header("allow"), (status == 405).then_some("POST"), "{what}");
        assert_eq!(service.codes(), [code], "{what}");
    }
}

// R-BIND-9, R-BIND-18
#[tokio::test]
async fn what_is_no_hello_is_answered_with_its_alert() {
    let service = Service::start().await;
    for (body, alert, code) in [
        (vec![], 50, "message_truncated"),
        (vec![1, 2, 0], 70, "unsupported_version"),
        (vec![2, 0], 10, "unexpected_message"),
        (vec![1; 4097], 50, "message_too_long"),
        (vec![3; 65_536], 50, "message_too_long"),
    ] {
        let answer = hello(&service).body(&body).send(service.address).await;
        assert!(answer.is_alert(alert), "{code}: {answer:?}");
        assert_eq!(service.codes(), [code]);
    }
}

// R-BIND-7
#[tokio::test]
async fn forwarded_headers_do_not_move_the_origin() {
    let service = Service::start().await;
    let client = Client::new(1, &service);
    let forwarded = |raw: Raw| {
        raw.with("x-forwarded-host", "evil.example")
            .with("x-forwarded-proto", "https")
            .with("forwarded", "host=evil.example;proto=https")
            .with("x-host", "evil.example")
    };
    let (hello, sent) = client.hello(&service.origin());
    let reply = forwarded(hello).send(service.address).await;
    let (finish, sent) = client.finish(&reply, sent, &service.origin()).await;
    Login::of(&forwarded(finish).send(service.address).await, sent, &service);
    // Nor do they give a forged Host an origin.
    let forged =
        self::hello(&service).set("host", "evil.example").with("x-forwarded-host", service.origin().authority());
    assert_eq!(forged.send(service.address).await.status, 421);
}

// R-BIND-5, R-BIND-7: what a relay brings from another origin does not open.
#[tokio::test]
async fn a_relay_from_another_origin_fails() {
    let service = Service::start().await;
    let client = Client::new(1, &service);
    let at_relay = Origin::parse("http://127.0.0.1:1").unwrap();
    let (hello, sent) = client.hello(&at_relay);
    let reply = hello.set("host", service.origin().authority()).send(service.address).await;
    assert_eq!(reply.status, 200);
    let headers: Vec<&[u8]> = vec![b"application/didshake"];
    let state = reply.header("didshake-state").unwrap().as_bytes();
    let response = didshake::http::Response { status: 200, content_type: &headers, state: &[state], body: &reply.body };
    let error = sent.read(&response, &mut SysRng).err();
    assert_eq!(error, Some(Fault::SealedPartNotOpened.into()));
}

async fn statuses(service: &Service, count: usize) -> Vec<(u16, Option<String>)> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        let answer: Answer = hello(service).send(service.address).await;
        statuses.push((answer.status, answer.header("retry-after").map(str::to_owned)));
    }
    statuses
}

#[tokio::test]
async fn a_source_that_has_spent_its_budget_waits() {
    let service = Service::with(|builder| builder.handshake_rate(Rate { burst: 1, per_minute: 3 })).await;
    // One handshake is two requests; three a minute is a request in ten seconds.
    let refused = (429, Some("10".to_owned()));
    assert_eq!(statuses(&service, 4).await, [(200, None), (200, None), refused.clone(), refused]);
    assert_eq!(service.codes(), ["replied", "replied", "rate_limited", "rate_limited"]);
    service.advance(10);
    assert_eq!(statuses(&service, 2).await, [(200, None), (429, Some("10".to_owned()))]);
}

#[tokio::test]
async fn who_names_no_origin_spends_nothing() {
    let service = Service::with(|builder| builder.handshake_rate(Rate { burst: 1, per_minute: 1 })).await;
    for _ in 0..5 {
        hello(&service).set("host", "evil.example").send(service.address).await;
    }
    assert_eq!(statuses(&service, 1).await, [(200, None)]);
}
