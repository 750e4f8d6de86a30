//! Responders, and things between, that do not play by the rules. None of them gets an Alert (R-BIND-13).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use didshake::Fault;
use didshake::http::{GaveUp, StateError};
use didshake_peer::{Cause, HandshakeError, HttpFailure, Lost, Step};

use crate::login::{login, options};
use crate::responder::{PATH, Responder};
use crate::server::{Conduct, Incoming, Server, response};

const TYPE: (&str, &str) = ("Content-Type", "application/didshake");

/// A responder whose answers somebody changes; `change` is told which message the request carried.
async fn spoiled(change: impl Fn(u8, Vec<u8>) -> Conduct + Send + Sync + 'static) -> (Arc<Responder>, Server) {
    let (mut made, change) = (None, Arc::new(change));
    let server = Server::start(None, |port| {
        let responder = made.insert(Arc::new(Responder::new(&format!("http://127.0.0.1:{port}")))).clone();
        Arc::new(move |request: Incoming| {
            let (responder, change) = (responder.clone(), change.clone());
            Box::pin(async move { change(request.body[0], responder.serve(&request).await) })
        })
    })
    .await;
    (made.unwrap(), server)
}

async fn failed(server: &Server) -> HandshakeError {
    let error = login(&format!("{}{PATH}", server.origin()), &options()).await.unwrap_err();
    assert_eq!(error.sent, None);
    let finishes = server.requests().iter().filter(|request| request.body.first() == Some(&3)).count();
    let posted = server.requests().iter().all(|request| matches!(request.body.first(), Some(1 | 3)));
    assert!(posted && finishes <= 1, "an alert, or a Finish sent twice");
    error
}

async fn gave_up(conduct: impl Fn() -> Conduct + Send + Sync + 'static) -> HttpFailure {
    let server = Server::answering(conduct).await;
    let error = failed(&server).await;
    assert_eq!(error.step, Step::ReadReply);
    let Cause::Http(failure) = error.cause else { panic!("{error}") };
    failure
}

// R-BIND-10
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = Server::answering(|| Conduct::Answer(response(500, &[], b""))).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/elsewhere", target.origin());
        // The right media type makes it no better.
        let failure =
            gave_up(move || Conduct::Answer(response(status, &[TYPE, ("Location", &location)], &[15, 49]))).await;
        assert_eq!(failure, HttpFailure::Answer { status, why: GaveUp::Redirect, retry_after: None });
    }
    assert_eq!(target.connections(), 0);
}

// R-BIND-10
#[tokio::test]
async fn an_answer_without_a_message_is_told_by_its_status() {
    for (status, said) in [
        (404, "404: there is no didshake endpoint"),
        (421, "421: it does not serve this host name"),
        (429, "429: too many attempts; it says to wait 7 s"),
        (503, "503: it is not available now; it says to wait 7 s"),
        (200, "200: the response is not application/didshake"),
    ] {
        let answer = move || {
            let retry: &[(&str, &str)] = if matches!(status, 429 | 503) { &[("Retry-After", "7")] } else { &[] };
            Conduct::Answer(response(status, &[&[("Content-Type", "text/html")], retry].concat(), b"<html>"))
        };
        let failure = gave_up(answer).await;
        assert!(failure.to_string().contains(said), "{failure}");
    }
    let twice = || Conduct::Answer(response(200, &[TYPE, TYPE], &[15, 49]));
    assert!(matches!(gave_up(twice).await, HttpFailure::Answer { why: GaveUp::MediaType, .. }));
}

// R-BIND-11
#[tokio::test]
async fn a_reply_without_exactly_one_state_is_given_up() {
    for (put, why) in [
        ("", StateError::Missing),
        ("didshake-state: AAAA\r\ndidshake-state: AAAA\r\n", StateError::Several),
        ("didshake-state: AA==\r\n", StateError::Malformed),
    ] {
        let (responder, server) = spoiled(move |_, answer| Conduct::Answer(with_states(&answer, put))).await;
        let error = failed(&server).await;
        let expected = HttpFailure::Answer { status: 200, why: why.into(), retry_after: None };
        assert!(matches!(error.cause, Cause::Http(seen) if seen == expected), "{error}");
        assert!(responder.sessions.lock().unwrap().is_empty());
    }
}

/// The same answer with these fields instead of its state.
fn with_states(answer: &[u8], put: &str) -> Vec<u8> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let (head, body) = answer.split_at(end + 2);
    let head = std::str::from_utf8(head).unwrap();
    let kept: String = head.split_inclusive("\r\n").filter(|line| !line.starts_with("didshake-state")).collect();
    [kept.as_bytes(), put.as_bytes(), body].concat()
}

// R-LIMIT-1
#[tokio::test]
async fn a_body_over_the_limit_is_not_read() {
    let server = Server::answering(|| Conduct::Answer(response(200, &[TYPE], &vec![2; 65_536]))).await;
    assert_eq!(failed(&server).await.fault(), Some(Fault::MessageTooLong));
    // Without a length it ends at the same byte: what follows never comes.
    let endless = || {
        let head =
            b"HTTP/1.1 200 x\r\nContent-Type: application/didshake\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n";
        Conduct::Stall([&head[..], &vec![2; 65_536]].concat())
    };
    assert_eq!(failed(&Server::answering(endless).await).await.fault(), Some(Fault::MessageTooLong));
}

// R-LIMIT-2
#[tokio::test]
async fn a_slow_body_has_a_deadline_as_a_whole() {
    let drip = || {
        let head = response(200, &[TYPE], &[0; 500]);
        let (head, body) = head.split_at(head.len() - 500);
        Conduct::Drip(head.to_vec(), body.to_vec(), Duration::from_millis(20))
    };
    let server = Server::answering(drip).await;
    let mut options = options();
    options.surroundings.timeouts.message = Duration::from_millis(300);
    let begun = Instant::now();
    let error = login(&format!("{}{PATH}", server.origin()), &options).await.unwrap_err();
    let limit = options.surroundings.timeouts.message;
    assert!(matches!(error.cause, Cause::Http(HttpFailure::TimedOut(seen)) if seen == limit), "{error}");
    assert_eq!(error.step, Step::ReadReply);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

// R-BIND-14
#[tokio::test]
async fn a_lost_accept_is_a_lost_attempt() {
    type Loss = fn(Vec<u8>) -> Conduct;
    let losses: [Loss; 3] = [
        |_| Conduct::Drop(Vec::new()),
        |answer| Conduct::Drop(answer[..answer.len() - 1].to_vec()),
        |answer| Conduct::Stall(answer[..answer.len() - 1].to_vec()),
    ];
    for loss in losses {
        let (responder, server) =
            spoiled(move |message, answer| if message == 3 { loss(answer) } else { Conduct::Answer(answer) }).await;
        let mut options = options();
        options.surroundings.timeouts.message = Duration::from_millis(1500);
        let url = format!("{}{PATH}", server.origin());
        let error = login(&url, &options).await.unwrap_err();
        let lost = matches!(error.cause, Cause::Http(HttpFailure::AcceptLost(Lost::Broken | Lost::TimedOut(_))));
        assert!(lost && error.step == Step::ReadAccept, "{error}");
        // The responder has a session, but nobody has its key; Finish went out once.
        assert_eq!(responder.sessions.lock().unwrap().len(), 1);
        assert_eq!(server.requests().iter().map(|request| request.body[0]).collect::<Vec<_>>(), [1, 3]);
    }
}

// R-BIND-14
#[tokio::test]
async fn after_a_lost_accept_a_new_attempt_is_made_from_the_start() {
    let finishes = AtomicUsize::new(0);
    let (responder, server) = spoiled(move |message, answer| {
        let first = message == 3 && finishes.fetch_add(1, Ordering::SeqCst) == 0;
        if first { Conduct::Drop(Vec::new()) } else { Conduct::Answer(answer) }
    })
    .await;
    let url = format!("{}{PATH}", server.origin());
    login(&url, &options()).await.unwrap_err();
    let agreed = login(&url, &options()).await.unwrap();
    let sessions = responder.sessions.lock().unwrap();
    assert_eq!((sessions.len(), sessions[1].session_id), (2, agreed.session_id));
    assert_eq!(server.requests().iter().map(|request| request.body[0]).collect::<Vec<_>>(), [1, 3, 1, 3]);
}

#[tokio::test]
async fn what_is_no_http_and_what_breaks_is_told_apart_from_a_refusal() {
    for garbage in [&b"SSH-2.0-x\r\n"[..], b"", b"HTTP/1.1 200 x\r\nContent-Type: application/didshake\r\nContent-Le"] {
        let failure = gave_up(move || Conduct::Drop(garbage.to_vec())).await;
        assert_eq!(failure, HttpFailure::Broken);
    }
}

// R-BIND-10
#[tokio::test]
async fn changed_bytes_are_found_whatever_the_status() {
    let (_, server) = spoiled(|message, mut answer| {
        if message == 3 {
            *answer.last_mut().unwrap() ^= 1;
        }
        Conduct::Answer(answer)
    })
    .await;
    let error = failed(&server).await;
    assert_eq!((error.fault(), error.step), (Some(Fault::SealedPartNotOpened), Step::ReadAccept));

    // A Reply in a 401 is a Reply.
    let (_, server) = spoiled(|_, answer| {
        let text = [&b"HTTP/1.1 401"[..], &answer[b"HTTP/1.1 200".len()..]].concat();
        Conduct::Answer(text)
    })
    .await;
    login(&format!("{}{PATH}", server.origin()), &options()).await.unwrap();
}
