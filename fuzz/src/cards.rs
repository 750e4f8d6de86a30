//! Contact cards and their links.

use didshake::Admission;
use didshake::card::{CardBytes, ClaimedCard, MAX_CARD_BYTES, MAX_LINK_CHARS};

use crate::handshake::NOW;

/// A card as its reader gets it, and the input as a link.
pub(crate) fn card(input: &[u8]) {
    match ClaimedCard::read(input, &Admission::policy(|_| true), NOW) {
        Ok(claimed) => {
            assert!(input.len() <= MAX_CARD_BYTES && !claimed.claim().did().as_str().is_empty());
            let link = CardBytes::new(input.to_vec()).link();
            let bytes = CardBytes::from_link(&link).expect("the link of a card");
            assert!(link.len() <= MAX_LINK_CHARS && bytes.as_bytes() == input);
        }
        Err(fault) => assert!(!fault.code().is_empty()),
    }
    let Ok(text) = core::str::from_utf8(input) else { return };
    if let Ok(bytes) = CardBytes::from_link(text) {
        assert_eq!(&*bytes.link(), text, "one link for each card");
    }
}
