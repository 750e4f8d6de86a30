//! What the responder answers: status, header fields, body.

use didshake::http::{Answer, AnswerError, Refusal};
use didshake::{AlertCode, Fault, Internal};

fn headers(answer: &Answer) -> Vec<(&str, &str)> {
    answer.headers().collect()
}

const TYPE: (&str, &str) = ("content-type", "application/didshake");
const NO_STORE: (&str, &str) = ("cache-control", "no-store");

// R-BIND-9, R-BIND-11
#[test]
fn messages_go_out_in_a_200_and_alerts_in_a_401() {
    let reply = Answer::reply(vec![2, 7], b"sealed").unwrap();
    assert_eq!((reply.status(), reply.body()), (200, &[2, 7][..]));
    assert_eq!(headers(&reply), [TYPE, ("didshake-state", "c2VhbGVk"), NO_STORE]);
    for answer in [Answer::retry(vec![5, 0, 1]).unwrap(), Answer::accept(vec![4, 7]).unwrap()] {
        assert_eq!(answer.status(), 200);
        assert_eq!(headers(&answer), [TYPE, NO_STORE]);
    }
    for code in AlertCode::ALL {
        let answer = Answer::alert(code);
        assert_eq!((answer.status(), answer.body()), (401, &[15, code as u8][..]));
        assert_eq!(headers(&answer), [TYPE, ("www-authenticate", "DIDShake"), NO_STORE]);
        assert_eq!(answer.clone().into_body(), answer.body());
    }
}

// R-BIND-9
#[test]
fn no_answer_carries_another_message() {
    for kind in (0..=16).map(|kind| vec![kind, 0]).chain([vec![]]) {
        let first = kind.first().copied();
        assert_eq!(Answer::reply(kind.clone(), b"sealed").is_ok(), first == Some(2));
        assert_eq!(Answer::retry(kind.clone()).is_ok(), first == Some(5));
        assert_eq!(Answer::accept(kind).is_ok(), first == Some(4));
    }
    assert_eq!(Answer::accept(vec![2]), Err(AnswerError::MessageType));
}

// R-BIND-11
#[test]
fn no_reply_goes_out_without_a_state_of_the_right_length() {
    assert!(Answer::reply(vec![2], &[0; 3072]).is_ok());
    for state in [&[][..], &[0; 3073]] {
        assert_eq!(Answer::reply(vec![2], state), Err(AnswerError::State));
    }
}

// R-BIND-9, R-BIND-13, R-ALERT-1
#[test]
fn every_fault_has_the_alert_of_the_registry_and_an_alert_has_none() {
    for fault in Fault::ALL.iter().copied().chain(AlertCode::ALL.map(Fault::PeerAlert)) {
        let answer = Answer::error(&fault.into());
        match fault.alert() {
            Some(code) => assert_eq!(answer, Answer::alert(code)),
            None => assert_eq!((answer.status(), answer.body()), (400, &[][..])),
        }
    }
    assert_eq!(Answer::error(&Internal::Randomness.into()), Answer::alert(AlertCode::Internal));
}

// R-BIND-15
#[test]
fn the_header_fields_of_every_answer_are_a_closed_set_without_credentials() {
    let refusals = [Refusal::Host, Refusal::Path, Refusal::Method, Refusal::MediaType];
    let alerts = [Fault::PeerAlert(AlertCode::Denied), Fault::MalformedAlert].map(Refusal::Alert);
    let faults = Fault::ALL.iter().map(|fault| Refusal::Message((*fault).into()));
    let refused = refusals.into_iter().chain(alerts).chain(faults).map(|refusal| Answer::refusal(&refusal));
    let messages = [Answer::reply(vec![2], b"sealed"), Answer::retry(vec![5]), Answer::accept(vec![4])];
    for answer in refused.chain(messages.into_iter().map(Result::unwrap)) {
        for (name, value) in answer.headers() {
            let fixed = match name {
                "content-type" => value == "application/didshake",
                "www-authenticate" => value == "DIDShake",
                "cache-control" => value == "no-store",
                "allow" => value == "POST",
                // The one value that is not fixed is the sealed state of a Reply.
                "didshake-state" => answer.body() == [2] && value == "c2VhbGVk",
                _ => false,
            };
            assert!(fixed, "{name}: {value}");
        }
    }
}
