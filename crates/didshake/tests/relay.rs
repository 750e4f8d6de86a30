//! What goes to a relay and comes from it, as both sides read it: each thing has one form.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use didshake::relay::{
    CircuitId, DEPOSIT_SECONDS, Deposit, DepositFault, DepositName, DepositState, DepositToken, FrameMalformed,
    MAX_ANSWERS, MAX_BATCH_BYTES, MAX_DEPOSITS, MAX_ENVELOPE_BYTES, MailboxName, MailboxUrl, MailboxUrlError,
    OwnerFrame, RelayCode, RelayFrame, TokenMalformed, read_deposits, write_deposits,
};
use didshake::{Secret, UnixTime};
use proptest::prelude::*;

const NOW: UnixTime = UnixTime(1_767_225_600);

fn envelope(class: usize) -> Vec<u8> {
    let mut envelope = vec![0xA5; class + 66];
    envelope[..2].copy_from_slice(&[33, 1]);
    envelope
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Computed with `printf … | sha256sum`, apart from this code.
#[test]
fn hashes_and_names_are_those_of_the_page() {
    let token = DepositToken::from_secret(Secret::new(*b"0123456789abcdef0123456789abcdef"));
    assert_eq!(hex(&token.hash().0), "091ecb4203e392e435e6009e1494a8d2766cfc9c872550ec384cd54e4eaa2da2");
    assert_eq!(token.to_text().as_str(), "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY");
    assert_eq!(hex(&DepositName::of(b"an envelope").0), "2bed366497676accbd4c8c2b7cb11edc");
}

#[test]
fn a_token_is_read_from_one_field_of_one_form() {
    let token = DepositToken::from_secret(Secret::new([0xFF; 32]));
    let text = token.to_text();
    let read = |value: &str| DepositToken::read_authorization(&[value.as_bytes()]);
    assert_eq!(read(&token.authorization()).unwrap(), token);
    assert_eq!(read(&format!("didshake-deposit {}", text.as_str())).unwrap(), token);
    let others = ["Bearer ", "DIDShake-Deposit  ", "DIDShake-Deposit", " DIDShake-Deposit "];
    for before in others {
        assert_eq!(read(&format!("{before}{}", text.as_str())), Err(TokenMalformed), "{before:?}");
    }
    // 43 characters have two bits too many: they are zero.
    let [last_changed, longer, shorter] = [format!("{}9", &text[..42]), format!("{}A", &*text), text[..42].to_owned()];
    for token in [&last_changed, &longer, &shorter, &format!("{}=", &*text)] {
        assert_eq!(read(&format!("DIDShake-Deposit {token}")), Err(TokenMalformed), "{token}");
    }
    let value = token.authorization();
    assert_eq!(DepositToken::read_authorization(&[value.as_bytes(); 2]), Err(TokenMalformed));
    assert_eq!(DepositToken::read_authorization(&[]), Err(TokenMalformed));
}

#[test]
fn a_mailbox_url_has_one_form() {
    let name = "AAAAAAAAAAAAAAAAAAAAAQ";
    for origin in ["https://relay.example", "https://relay.example:8443", "http://127.0.0.1:8080", "https://[::1]"] {
        let url = format!("{origin}/m/{name}");
        assert_eq!(MailboxUrl::parse(&url).unwrap().as_str(), url);
    }
    for (url, error) in [
        (format!("https://Relay.example/m/{name}"), MailboxUrlError::Origin),
        (format!("https://relay.example:443/m/{name}"), MailboxUrlError::Origin),
        (format!("https://relay.example/x/m/{name}"), MailboxUrlError::Origin),
        (format!("http://relay.example/m/{name}"), MailboxUrlError::Origin),
        (format!("https://relay.example/{name}"), MailboxUrlError::Path),
        (format!("https://relay.example/m/{name}/"), MailboxUrlError::Name),
        (format!("https://relay.example/m/{name}?a"), MailboxUrlError::Name),
        (format!("https://{}.example/m/{name}", "a".repeat(250)), MailboxUrlError::Long),
    ] {
        assert_eq!(MailboxUrl::parse(&url), Err(error), "{url}");
    }
    let name: MailboxName = name.parse().unwrap();
    let url = MailboxUrl::parse(&format!("https://relay.example/m/{name}")).unwrap();
    assert_eq!((url.name(), url.path("/key")), (&name, format!("/m/{name}/key")));
}

#[test]
fn a_body_has_one_to_64_deposits_and_not_a_byte_more() {
    let envelope = envelope(512);
    let deposit = Deposit { expires: NOW.plus(1), envelope: &envelope };
    for count in [1, 2, MAX_DEPOSITS] {
        let body = write_deposits(&vec![deposit; count]).unwrap();
        assert_eq!(body.len(), count * (12 + 578));
        assert_eq!(read_deposits(&body).unwrap(), vec![deposit; count]);
    }
    assert_eq!(write_deposits(&[deposit; MAX_DEPOSITS + 1]), Err(DepositFault::Malformed));
    assert_eq!(write_deposits(&[]), Err(DepositFault::Malformed));
    let one = write_deposits(&[deposit]).unwrap();
    assert_eq!(read_deposits(&one.repeat(MAX_DEPOSITS + 1)), Err(DepositFault::Malformed));
    for end in 0..one.len() {
        assert_eq!(read_deposits(&one[..end]), Err(DepositFault::Malformed), "{end}");
    }
    assert_eq!(read_deposits(&[&one[..], &[0]].concat()), Err(DepositFault::Malformed));
    assert_eq!(read_deposits(&vec![0; MAX_BATCH_BYTES + 1]), Err(DepositFault::TooLarge));
    let largest = vec![0; MAX_BATCH_BYTES - 12];
    let whole = [Deposit { expires: NOW, envelope: &largest }];
    assert_eq!(read_deposits(&write_deposits(&whole).unwrap()).unwrap(), whole);
    let longer = vec![0; MAX_BATCH_BYTES - 11];
    let longer = [Deposit { expires: NOW, envelope: &longer }];
    assert_eq!(write_deposits(&longer), Err(DepositFault::TooLarge));
}

#[test]
fn a_relay_looks_at_the_form_of_an_envelope_and_at_its_end() {
    let good = envelope(131_072);
    let check = |envelope: &[u8], expires| Deposit { expires, envelope }.check(NOW);
    assert_eq!(good.len(), MAX_ENVELOPE_BYTES);
    assert_eq!(check(&good, NOW.plus(1)), Ok(()));
    assert_eq!(check(&good, NOW.plus(DEPOSIT_SECONDS)), Ok(()));
    assert_eq!(check(&good, NOW), Err(DepositFault::Expires));
    assert_eq!(check(&good, NOW.plus(DEPOSIT_SECONDS + 1)), Err(DepositFault::Expires));
    assert_eq!(check(&good[1..], NOW), Err(DepositFault::Envelope));
    let mut other_version = good.clone();
    other_version[1] = 2;
    assert_eq!(check(&other_version, NOW.plus(1)), Err(DepositFault::Envelope));
    assert_eq!(DepositFault::Expires.code(), RelayCode::Expires);
}

#[test]
fn frames_have_one_form() {
    let envelope = envelope(512);
    let deposit = RelayFrame::Deposit { sequence: 7, expires: NOW, envelope: &envelope };
    let bytes = deposit.encode();
    assert_eq!((bytes[0], &bytes[1..9], &bytes[17..]), (1, &7_u64.to_be_bytes()[..], &envelope[..]));
    assert_eq!(RelayFrame::decode(&bytes), Ok(deposit));
    assert_eq!(RelayFrame::decode(&bytes[..17]), Err(FrameMalformed));
    let longest = [&bytes[..17], &[0; MAX_ENVELOPE_BYTES]].concat();
    assert!(RelayFrame::decode(&longest).is_ok());
    assert_eq!(RelayFrame::decode(&[&longest[..], &[0]].concat()), Err(FrameMalformed));

    let id = CircuitId([9; 16]);
    let [asked, refused] = [RelayFrame::Circuit(id).encode(), OwnerFrame::NoCircuit(id).encode()];
    assert_eq!((asked[0], refused[0], asked.len()), (2, 6, 17));
    assert_eq!(RelayFrame::decode(&asked), Ok(RelayFrame::Circuit(id)));
    assert_eq!(OwnerFrame::decode(&refused), Ok(OwnerFrame::NoCircuit(id)));
    assert_eq!(OwnerFrame::decode(&refused[..16]), Err(FrameMalformed));
    // What one side sends the other does not.
    assert_eq!(OwnerFrame::decode(&asked), Err(FrameMalformed));
    assert_eq!(RelayFrame::decode(&refused), Err(FrameMalformed));

    let all: Vec<u64> = (0..MAX_ANSWERS as u64).collect();
    let [taken, refused, durable] = [
        OwnerFrame::Taken(all.clone()).encode(),
        OwnerFrame::Refused(vec![1]).encode(),
        RelayFrame::Durable(all.clone()).encode(),
    ];
    assert_eq!((taken[0], refused[0], durable[0]), (3, 4, 5));
    assert_eq!(OwnerFrame::decode(&taken), Ok(OwnerFrame::Taken(all.clone())));
    assert_eq!(OwnerFrame::decode(&refused), Ok(OwnerFrame::Refused(vec![1])));
    assert_eq!(RelayFrame::decode(&durable), Ok(RelayFrame::Durable(all)));
    let too_many = [&taken[..], &[0; 8]].concat();
    for bad in [&too_many[..], &taken[..taken.len() - 1], &taken[..1], &[], &[7, 0]] {
        assert_eq!(OwnerFrame::decode(bad), Err(FrameMalformed));
    }
}

#[test]
fn states_and_codes_are_read_as_they_are_written() {
    for state in ["waiting", "taken", "refused", "expired", "unknown"] {
        assert_eq!(state.parse::<DepositState>().unwrap().as_str(), state);
    }
    assert!("Waiting".parse::<DepositState>().is_err());
    let rows = [("token", 401), ("no_mailbox", 404), ("no_token", 404), ("no_key", 404), ("away", 404)];
    let more = [("not_admitted", 403), ("malformed", 400), ("envelope_malformed", 400), ("expires", 400)];
    let last = [("mailbox_key", 400), ("too_large", 413), ("full", 507), ("rate", 429), ("unavailable", 503)];
    for (code, status) in [&rows[..], &more, &last].concat() {
        let read: RelayCode = code.parse().unwrap();
        assert_eq!((read.as_str(), read.status()), (code, status));
    }
}

proptest! {
    #[test]
    fn what_is_read_is_written_back(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(deposits) = read_deposits(&body) {
            prop_assert_eq!(write_deposits(&deposits), Ok(body.clone()));
        }
        if let Ok(frame) = RelayFrame::decode(&body) {
            prop_assert_eq!(frame.encode(), body.clone());
        }
        if let Ok(frame) = OwnerFrame::decode(&body) {
            prop_assert_eq!(frame.encode(), body);
        }
    }
}
