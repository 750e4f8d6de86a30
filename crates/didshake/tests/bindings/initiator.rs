//! What the initiator makes of a response.

use std::sync::Arc;

use didshake::http::{AttemptError, FinishSent, GaveUp, HelloAnswer, HelloSent, Response, ResponseBody, StateError};
use didshake::{AlertCode, Fault};

use crate::pair::{Counting, NOW, Pair};
use crate::wire::{Server, URL, endpoint, response, site, up_to_finish};

const STATE: &[&[u8]] = &[b"c2VhbGVk"];

fn hello_sent() -> (Vec<u8>, HelloSent) {
    let mut server = Server::new(Pair::default(), site(&["https://login.example"]));
    let config = Arc::new(Pair::default().initiator);
    let (request, state) = HelloSent::start(config, &endpoint(URL), &mut Counting(7)).unwrap();
    (server.serve(&request, "login.example").into_body(), state)
}

/// How the initiator takes a response with a good Reply as its body; `None` where it goes on.
fn with_reply(change: impl Fn(&mut Response<'_>)) -> Option<AttemptError> {
    let (reply, state) = hello_sent();
    let mut response = response(200, STATE, &reply);
    change(&mut response);
    state.read(&response, &mut Counting(8)).err()
}

fn finish_sent() -> (Vec<u8>, FinishSent) {
    let mut server = Server::new(Pair::default(), site(&["https://login.example"]));
    let (request, sent) =
        up_to_finish(&Pair::default(), URL, |request| server.serve(request, "login.example")).unwrap();
    (server.serve(&request, "login.example").into_body(), sent)
}

/// How it takes a response to Finish with a good Accept as its body.
fn with_accept(change: impl Fn(&mut Response<'_>)) -> Option<AttemptError> {
    let (accept, sent) = finish_sent();
    let mut response = response(200, &[], &accept);
    change(&mut response);
    sent.read(&response).err()
}

// R-BIND-10
#[test]
fn the_body_decides_whatever_the_status() {
    for status in [200, 201, 204, 400, 401, 404, 500, 503, 299, 199, 999] {
        assert_eq!(with_reply(|response| response.status = status), None, "{status}");
        assert_eq!(with_accept(|response| response.status = status), None, "{status}");
    }
    let alert = |response: &mut Response<'_>| response.body = &[15, 49];
    let refused = Some(AttemptError::Protocol(Fault::PeerAlert(AlertCode::Denied).into()));
    assert_eq!(with_reply(alert), refused);
    assert_eq!(with_accept(alert), refused);
    assert_eq!(with_reply(|response| response.body = &[]), Some(Fault::MessageTruncated.into()));
    assert_eq!(with_reply(|response| response.body = &[4, 0, 0]), Some(Fault::UnexpectedMessage.into()));
}

// R-BIND-10
#[test]
fn a_redirect_is_not_followed() {
    for status in [300, 301, 302, 303, 304, 307, 308, 399] {
        assert_eq!(with_reply(|response| response.status = status), Some(GaveUp::Redirect.into()));
        assert_eq!(with_accept(|response| response.status = status), Some(GaveUp::Redirect.into()));
    }
}

// R-BIND-10
#[test]
fn another_media_type_is_no_answer() {
    let foreign: [&[&[u8]]; 5] = [
        &[],
        &[b"text/html"],
        &[b"application/octet-stream"],
        &[b"application/didshake+json"],
        &[b"application/didshake", b"text/html"],
    ];
    for content_type in foreign {
        assert_eq!(with_reply(|response| response.content_type = content_type), Some(GaveUp::MediaType.into()));
        assert_eq!(with_accept(|response| response.content_type = content_type), Some(GaveUp::MediaType.into()));
        let alert = |response: &mut Response<'_>| (response.content_type, response.body) = (content_type, &[15, 49]);
        assert_eq!(with_reply(alert), Some(GaveUp::MediaType.into()));
    }
    assert_eq!(with_reply(|response| response.content_type = &[b"APPLICATION/DIDSHAKE;a=b"]), None);
}

// R-BIND-11
#[test]
fn a_reply_without_exactly_one_state_is_given_up() {
    let over = [b'A'; 4100];
    let cases: [(&[&[u8]], StateError); 9] = [
        (&[], StateError::Missing),
        (&[b"AAAA", b"AAAA"], StateError::Several),
        (&[b"AAAA", b""], StateError::Several),
        (&[b""], StateError::Malformed),
        (&[b"AA=="], StateError::Malformed),
        (&[b"AA+/"], StateError::Malformed),
        (&[b"AAAA,AAAA"], StateError::Malformed),
        (&[b"AAAA "], StateError::Malformed),
        (&[&over], StateError::Malformed),
    ];
    for (state, error) in cases {
        assert_eq!(reply_with_state(state), Some(GaveUp::State(error).into()), "{error}");
    }
    assert_eq!(reply_with_state(&[&[b'A'; 4096]]), None);
}

fn reply_with_state(state: &[&[u8]]) -> Option<AttemptError> {
    let (reply, sent) = hello_sent();
    sent.read(&response(200, state, &reply), &mut Counting(8)).err()
}

// R-BIND-10, R-BIND-11
#[test]
fn a_state_anywhere_but_with_reply_is_ignored() {
    for state in [&[][..], STATE, &[b"="], &[b"A", b"B"]] {
        let (accept, sent) = finish_sent();
        assert!(sent.read(&response(200, state, &accept)).is_ok());
        let (_, sent) = hello_sent();
        let error = sent.read(&response(401, state, &[15, 40]), &mut Counting(8)).err();
        assert_eq!(error, Some(Fault::PeerAlert(AlertCode::NoCommonSuite).into()));
    }
}

// R-BIND-12
#[test]
fn the_state_goes_back_as_it_came() {
    for state in ["A-_w", "AA", &"A".repeat(4096)] {
        let (reply, sent) = hello_sent();
        let answer = sent.read(&response(200, &[state.as_bytes()], &reply), &mut Counting(8)).unwrap();
        let HelloAnswer::Claimed { responder, finish } = answer else { panic!("a Reply was read as a Retry") };
        let pair = Pair::default();
        let unsigned = responder.verify(&pair.bob, NOW).unwrap();
        let signature = pair.alice.sign(unsigned.signature_input());
        let (request, _) = finish.sign(unsigned, signature).unwrap();
        let fields: Vec<_> = request.headers().filter(|(name, _)| *name == "didshake-state").collect();
        assert_eq!(fields, [("didshake-state", state)]);
    }
}

// R-BIND-13
#[test]
fn what_fails_at_the_initiator_leaves_nothing_to_send() {
    // An error is all that is left, and it is plain data: no request, no message.
    let AttemptError::Protocol(error) = with_reply(|response| response.body = &[2, 0, 1]).unwrap() else { panic!() };
    assert_eq!(error, Fault::MessageTruncated.into());
    let AttemptError::Protocol(error) = with_accept(|response| response.body = &[4, 0, 0]).unwrap() else { panic!() };
    assert_eq!(error, Fault::SealedPartNotOpened.into());
    assert_copy::<AttemptError>();
}

// Copy: no room for a message.
fn assert_copy<T: Copy>() {}

// R-BIND-6
#[test]
fn the_origin_is_the_one_of_the_url_that_is_asked() {
    // Without `..`: a response has no field that could name an origin.
    let Response { status: _, content_type: _, state: _, body: _ } = response(200, &[], &[]);
    let config = || Arc::new(Pair::default().initiator);
    for url in ["wss://login.example/didshake", "ws://127.0.0.1/didshake"] {
        let refused = HelloSent::start(config(), &endpoint(url), &mut Counting(7)).err();
        assert_eq!(refused, Some(AttemptError::NotHttp));
    }
    let (request, _) = HelloSent::start(config(), &endpoint(URL), &mut Counting(7)).unwrap();
    assert_eq!(request.url(), URL);
}

// R-WIRE-2, R-LIMIT-1
#[test]
fn a_response_is_bounded() {
    let mut body = ResponseBody::default();
    body.push(&[1; 65_000]).unwrap();
    assert_eq!(body.push(&[1; 536]), Err(Fault::MessageTooLong));
    body.push(&[1; 535]).unwrap();
    assert_eq!(body.as_bytes().len(), 65_535);
    let long = vec![2; 65_536];
    let (_, sent) = hello_sent();
    let error = sent.read(&response(200, STATE, &long), &mut Counting(8)).err();
    assert_eq!(error, Some(Fault::MessageTooLong.into()));
}
