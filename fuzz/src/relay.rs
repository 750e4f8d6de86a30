//! What a relay reads from strangers, and an owner from a relay.

use didshake::relay::{
    DepositToken, MAX_DEPOSITS, MAX_URL_BYTES, MailboxUrl, OwnerFrame, RelayFrame, read_deposits, write_deposits,
};

use crate::handshake::NOW;

/// The input as the body of a deposit, as a frame of either side, as an `Authorization`, and as a mailbox URL: what is read is
/// written back as it was.
pub(crate) fn relay(input: &[u8]) {
    if let Ok(deposits) = read_deposits(input) {
        assert!(!deposits.is_empty() && deposits.len() <= MAX_DEPOSITS);
        assert_eq!(write_deposits(&deposits).as_deref(), Ok(input));
        let _ = deposits.iter().map(|deposit| deposit.check(NOW)).count();
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
