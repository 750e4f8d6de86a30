//! What a relay reads from strangers, and an owner from a relay.

use didshake::relay::{
    DepositToken, MAX_ASKED_STATES, MAX_DEPOSITS, MAX_ENVELOPE_BYTES, MAX_URL_BYTES, MailboxUrl, OwnerFrame,
    RelayFrame, read_deposits, write_deposits,
};

use didshake_peer::relay_answers::{
    MAX_LISTED_DEPOSITS, MAX_LISTED_TOKENS, read_mailbox, read_refusal, read_states, read_tokens,
};

use crate::handshake::NOW;

/// The input as the body of a deposit, as a frame of either side, as an `Authorization`, and as a mailbox URL: what is read is
/// written back as it was.
pub(crate) fn relay(input: &[u8]) {
    if let Ok(deposits) = read_deposits(input) {
        assert!(!deposits.is_empty() && deposits.len() <= MAX_DEPOSITS);
        assert_eq!(write_deposits(&deposits).as_deref(), Ok(input));
        for deposit in deposits.iter() {
            let _ = deposit.check(NOW);
        }
    }
    if let Ok(frame) = RelayFrame::decode(input) {
        assert_eq!(frame.encode(), input);
    }
    if let Ok(frame) = OwnerFrame::decode(input) {
        assert_eq!(frame.encode(), input);
    }
    if let Ok(token) = DepositToken::read_authorization(&[input]) {
        assert!(token.authorization().as_bytes().eq_ignore_ascii_case(input));
    }
    if let Some(url) = std::str::from_utf8(input).ok().and_then(|text| MailboxUrl::parse(text).ok()) {
        assert!(url.as_str().as_bytes() == input && input.len() <= MAX_URL_BYTES);
    }
}

/// The input as each of the answers that a relay gives in JSON: whatever is read is within its bounds.
pub(crate) fn relay_answers(input: &[u8]) {
    if let Ok(status) = read_mailbox(input) {
        assert!(status.url.as_str().len() <= MAX_URL_BYTES);
    }
    if let Ok(deposits) = didshake_peer::relay_answers::read_deposits(input) {
        assert!(
            deposits.len() <= MAX_LISTED_DEPOSITS && deposits.is_sorted_by(|one, next| one.sequence < next.sequence)
        );
        assert!(deposits.iter().all(|deposit| deposit.envelope.len() <= MAX_ENVELOPE_BYTES));
    }
    assert!(read_states(input).map_or(0, |states| states.len()) <= MAX_ASKED_STATES);
    assert!(read_tokens(input).map_or(0, |tokens| tokens.len()) <= MAX_LISTED_TOKENS);
    if let Ok(code) = read_refusal(input) {
        assert!((400..600).contains(&code.status()));
    }
}
