//! Whole handshakes over the HTTP and WebSocket bindings, in memory, and a relay at another origin.

use std::sync::Arc;

use didshake::http::{Answer, AttemptError, GaveUp, Request};
use didshake::relay::MailboxUrl;
use didshake::websocket::{
    Awaiting, Frame, RELAY_SUBPROTOCOL, SUBPROTOCOL, check_relay_selected, check_selected, select_relay_subprotocol,
    select_subprotocol,
};
use didshake::{
    Aead, AlertCode, AwaitingHello, AwaitingReply, Binding, Burn, Context, Error, Established, Extensions, Fault,
    Group, HelloRead, Origin, Origins, ReplyRead, Suite,
};

use crate::pair::{Counting, NOW, Pair};
use crate::wire::{Server, URL, attempt, endpoint, site, up_to_finish};

fn same(alice: &Established, bob: &Established) {
    let key = |side: &Established| side.exporter.export(b"test", b"", 32).unwrap();
    assert_eq!(key(alice), key(bob));
    assert_eq!(alice.session_id, bob.session_id);
}

// R-BIND-5, R-BIND-6, R-BIND-7, R-BIND-8, R-BIND-9, R-BIND-12
#[test]
fn over_http_at_either_configured_origin() {
    for (url, host) in [(URL, "login.example"), ("https://other.example:8443/didshake", "Other.example:8443")] {
        let mut server = Server::new(Pair::default(), site(&["https://login.example", "https://other.example:8443"]));
        let mut seen = Vec::new();
        let alice = attempt(&Pair::default(), url, |request| {
            assert_eq!((request.url(), request.method()), (url, "POST"));
            let answer = server.serve(request, host);
            seen.push((request.body()[0], answer.status(), answer.body()[0]));
            answer
        });
        assert_eq!(seen, [(1, 200, 2), (3, 200, 4)]);
        same(&alice.unwrap(), &server.sessions[0]);
        assert_eq!(server.sessions.len(), 1);
    }
}

// R-BIND-9, R-BIND-11, R-RETRY-7
#[test]
fn over_http_with_a_retry() {
    let group = Group::private_use(0xFE00).unwrap();
    let test_suite = Suite::private_use(0xFE01, group, Aead::ChaCha20Poly1305).unwrap();
    let mut pair = Pair::default();
    pair.initiator.suites = vec![Suite::X25519_CHACHA20_POLY1305, test_suite];
    let mut server = Server::new(Pair::default(), site(&["https://login.example"]));
    server.pair.responder.suites = vec![test_suite];
    let mut seen = Vec::new();
    let alice = attempt(&pair, URL, |request| {
        // No count is kept: the same Hello gets the same Retry.
        let answer = server.serve(request, "login.example");
        let state = answer.headers().filter(|(name, _)| *name == "didshake-state").count();
        seen.push((request.body()[0], answer.status(), answer.body()[0], state));
        if answer.body()[0] == 5 {
            assert_eq!(server.serve(request, "login.example"), answer);
        }
        answer
    });
    assert_eq!(seen, [(1, 200, 5, 0), (1, 200, 2, 1), (3, 200, 4, 0)]);
    same(&alice.unwrap(), &server.sessions[0]);
}

// R-BIND-5, R-BIND-6, R-BIND-7
#[test]
fn a_relay_at_another_origin_fails() {
    // The victim is at the relay's URL; the relay carries every byte to the responder, with the Host that it expects.
    let mut server = Server::new(Pair::default(), site(&["https://login.example"]));
    let relayed =
        attempt(&Pair::default(), "https://relay.example/didshake", |request| server.serve(request, "login.example"));
    assert_eq!(relayed.unwrap_err(), AttemptError::Protocol(Fault::SealedPartNotOpened.into()));
    assert!(server.sessions.is_empty());

    // A relay that lets Host through reaches no origin at all.
    let relayed =
        attempt(&Pair::default(), "https://relay.example/didshake", |request| server.serve(request, "relay.example"));
    assert_eq!(relayed.unwrap_err(), AttemptError::GaveUp(GaveUp::MediaType));

    // Not even from one configured origin to another, and not between http and https of one host.
    let mut server = Server::new(Pair::default(), site(&["https://login.example", "https://other.example"]));
    for (url, host) in
        [("https://other.example/didshake", "login.example"), ("http://login.example/didshake", "login.example")]
    {
        let relayed = attempt(&Pair::default(), url, |request| server.serve(request, host));
        assert_eq!(relayed.unwrap_err(), AttemptError::Protocol(Fault::SealedPartNotOpened.into()));
    }
    assert!(server.sessions.is_empty());
}

// R-BIND-7, R-BIND-12, R-STATE-2
#[test]
fn a_finish_goes_to_the_origin_that_gave_the_reply() {
    let mut server = Server::new(Pair::default(), site(&["https://login.example", "https://other.example"]));
    let (request, _) = up_to_finish(&Pair::default(), URL, |request| server.serve(request, "login.example")).unwrap();
    assert_eq!(server.serve(&request, "other.example"), Answer::alert(AlertCode::Denied));
    assert_eq!(server.serve(&request, "login.example").body()[0], 4);
}

// R-BIND-14, R-ALERT-6
#[test]
fn a_lost_accept_means_a_new_attempt() {
    let mut server = Server::new(Pair::default(), site(&["https://login.example"]));
    let (request, sent) =
        up_to_finish(&Pair::default(), URL, |request| server.serve(request, "login.example")).unwrap();
    assert_eq!(server.serve(&request, "login.example").status(), 200);
    // The response is lost: what is left of the attempt is an error.
    assert_eq!(sent.lost(), AttemptError::GaveUp(GaveUp::AcceptLost));
    assert_eq!(server.serve(&request, "login.example"), Answer::alert(AlertCode::Denied));

    let mut again = Pair::default();
    again.seed += 1;
    let alice = attempt(&again, URL, |request| server.serve(request, "login.example")).unwrap();
    same(&alice, &server.sessions[1]);
}

// R-BIND-14
#[test]
fn nothing_of_an_unanswered_attempt_can_be_kept() {
    // Ambiguous, so that it does not compile, where the type is Clone.
    trait NotClone<Marker> {
        fn holds() {}
    }
    impl<T> NotClone<()> for T {}
    impl<T: Clone> NotClone<u8> for T {}
    <didshake::http::HelloSent as NotClone<_>>::holds();
    <didshake::http::FinishSlot as NotClone<_>>::holds();
    <didshake::http::FinishSent as NotClone<_>>::holds();
}

/// A handshake over WebSocket: every message in a frame, each side with the context that it has by itself.
fn over_websocket(initiator: Context, responder: Context) -> Result<(Established, Established), Error> {
    let pair = Pair::default();
    let mut rng = Counting(7);
    let carry = |state: Awaiting, message| state.read(Frame::carrying(message)).unwrap();
    let (hello, alice) = AwaitingReply::start(Arc::new(pair.initiator.clone()), initiator, &mut rng)?;
    let bob = AwaitingHello::new(Arc::new(pair.responder.clone()), responder)?;
    let HelloRead::Unsigned(unsigned) = bob.read(&carry(Awaiting::Hello, hello), NOW, &mut rng)? else { panic!() };
    let signature = pair.bob.sign(unsigned.signature_input());
    let (reply, bob) = unsigned.sign(signature)?;
    let ReplyRead::Claimed(claimed) = alice.read(&carry(Awaiting::Message, reply), &mut rng)? else { panic!() };
    let unsigned = claimed.verify(&pair.bob, NOW)?;
    let signature = pair.alice.sign(unsigned.signature_input());
    let (finish, alice) = unsigned.sign(signature)?;
    let verified = bob.read(&carry(Awaiting::Message, finish), NOW)?.verify(&pair.alice, NOW)?;
    let (accept, bob) = verified.accept(Burn::First, 0, Extensions::default())?;
    Ok((alice.read(&carry(Awaiting::Message, accept)).map_err(|refused| refused.error)?, bob))
}

// R-BIND-3, R-BIND-4, R-BIND-5, R-BIND-6, R-BIND-7
#[test]
fn over_websocket_and_through_a_relay() {
    let selected = select_subprotocol(&[SUBPROTOCOL.as_bytes()]).unwrap();
    check_selected(&[selected.as_bytes()]).unwrap();
    let origins = Origins::new(vec![Origin::parse("https://login.example").unwrap()]).unwrap();
    let responder = || origins.select(&[b"login.example"]).unwrap().websocket_context().unwrap();
    let (alice, bob) = over_websocket(endpoint("wss://login.example/chat").context().unwrap(), responder()).unwrap();
    same(&alice, &bob);
    for other in ["wss://relay.example/chat", "ws://login.example/chat", "https://login.example/chat"] {
        let refused = over_websocket(endpoint(other).context().unwrap(), responder());
        assert_eq!(refused.unwrap_err(), Fault::SealedPartNotOpened.into(), "{other}");
    }
    assert_eq!(responder().binding(), Binding::WebSocket);
}

// R-BIND-20, R-BIND-21
#[test]
fn through_a_relay_both_mean_one_mailbox_byte_for_byte() {
    let selected = select_relay_subprotocol(&[RELAY_SUBPROTOCOL.as_bytes()]).unwrap();
    check_relay_selected(&[selected.as_bytes()]).unwrap();
    let relay = |url: &str| Context::relay(&MailboxUrl::parse(url).unwrap());
    let own = || relay("https://relay.example/m/AAAAAAAAAAAAAAAAAAAAAA");
    let (alice, bob) = over_websocket(own(), own()).unwrap();
    same(&alice, &bob);
    let direct = Context::new(Binding::WebSocket, own().prologue().to_vec()).unwrap();
    let others = [
        "https://relay.example/m/AAAAAAAAAAAAAAAAAAAAAQ",
        "https://relay.example:444/m/AAAAAAAAAAAAAAAAAAAAAA",
        "http://127.0.0.1/m/AAAAAAAAAAAAAAAAAAAAAA",
    ];
    for other in others.map(relay).into_iter().chain([direct]) {
        let refused = over_websocket(other.clone(), own());
        assert_eq!(refused.unwrap_err(), Fault::SealedPartNotOpened.into(), "{other:?}");
    }
}

// R-BIND-8, R-BIND-12, R-BIND-13
#[test]
fn an_attempt_posts_hello_and_finish_and_nothing_else() {
    let mut server = Server::new(Pair::default(), site(&["https://login.example"]));
    let (mut requests, mut states): (Vec<Request>, Vec<String>) = Default::default();
    let _ = attempt(&Pair::default(), URL, |request| {
        requests.push(request.clone());
        let answer = server.serve(request, "login.example");
        states.extend(answer.headers().filter(|field| field.0 == "didshake-state").map(|field| field.1.to_owned()));
        answer
    });
    let headers = |request: &Request| -> Vec<String> {
        request.headers().map(|(name, value)| format!("{name}: {value}")).collect()
    };
    assert_eq!(states.len(), 1);
    assert_eq!(headers(&requests[0]), ["content-type: application/didshake"]);
    let state = format!("didshake-state: {}", states[0]);
    assert_eq!(headers(&requests[1]), ["content-type: application/didshake", &state]);
    assert_eq!(requests.iter().map(|request| request.body()[0]).collect::<Vec<_>>(), [1, 3]);
}
