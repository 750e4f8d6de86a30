//! Contact cards, as people hand them over: a link, a file, or standard input.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use didshake::card::{Card, CardBytes, CardFault, ClaimedCard, MAX_LINK_CHARS};
use didshake::{Admission, Fault, UnixTime};
use didshake_did::{Clock, Resolver, SystemClock};
use didshake_peer::mailbox::Contact;
use zeroize::Zeroizing;

use crate::failure::{Exit, Failure};
use crate::resolver::Resolution;

/// White space that a pasted link may have around it.
const AROUND: u64 = 1024;
/// Where in a card stands when it was issued (section 2 of spec/card-1.md).
const ISSUED: std::ops::Range<usize> = 2..10;
/// And from when on it is good no more; 0 where it does not end.
const ENDS: std::ops::Range<usize> = 10..18;

/// The card that is meant: a link, `-` for standard input, or a file.
pub(crate) fn given(text: &str) -> Result<CardBytes, Failure> {
    let link = match text {
        "-" => read(&mut std::io::stdin().lock()).map_err(|error| unreadable("standard input", &error))?,
        text if text.starts_with("didshake:") => Zeroizing::new(text.to_owned()),
        path => {
            let file = File::open(Path::new(path)).map_err(|error| no_card(path, &error))?;
            read(&mut &file).map_err(|error| unreadable(path, &error))?
        }
    };
    CardBytes::from_link(link.trim()).map_err(of_fault)
}

/// Checks a card of whoever it is of, as section 3 of spec/card-1.md has it.
pub(crate) async fn verify(bytes: &CardBytes, resolution: &Resolution) -> Result<Card, Failure> {
    let now = SystemClock.now();
    // The user brings it and means whoever it names.
    let claimed = ClaimedCard::read(bytes.as_bytes(), &Admission::policy(|_| true), now).map_err(of_fault)?;
    let claim = claimed.claim();
    let refused =
        |fault: Fault| resolution.failures.failure(Some(claim.did()), fault).unwrap_or_else(|| of_fault(fault.into()));
    let resolved = resolution.resolver.resolve_method(claim.did(), claim.fragment()).await.map_err(refused)?;
    claimed.verify(&resolved, now).map_err(of_fault)
}

/// The card that is kept of a contact, looked at again: it may be over, or its method revoked. `None` where there is none.
pub(crate) async fn kept(contact: &Contact, resolution: &Resolution) -> Option<Result<Card, Failure>> {
    let bytes = CardBytes::new(contact.card.as_ref()?.to_vec());
    Some(verify(&bytes, resolution).await)
}

/// When the card that is kept of a contact was issued. It was verified when it was kept.
pub(crate) fn issued(contact: &Contact) -> Option<UnixTime> {
    time(contact, ISSUED)
}

/// Whether the card that is kept of a contact has ended.
pub(crate) fn is_over(contact: &Contact, now: UnixTime) -> bool {
    time(contact, ENDS).is_some_and(|ends| ends.0 != 0 && now >= ends)
}

fn time(contact: &Contact, at: std::ops::Range<usize>) -> Option<UnixTime> {
    let bytes = contact.card.as_ref()?.get(at)?.try_into().ok()?;
    Some(UnixTime(u64::from_be_bytes(bytes)))
}

fn read(from: &mut impl Read) -> std::io::Result<Zeroizing<String>> {
    let limit = MAX_LINK_CHARS as u64 + AROUND;
    let mut text = Zeroizing::new(String::new());
    from.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

fn no_card(path: &str, error: &std::io::Error) -> Failure {
    let message = format!("`{path}` is neither a link nor a file that can be read: {error}");
    Failure::new(Exit::Usage, "card_link", message)
        .remedy("a card is a link that begins with didshake:card/, a file with one, or `-` for standard input")
}

fn unreadable(what: &str, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Usage, "card_link", format!("{what} holds no contact card: {error}"))
}

/// Why a card is refused.
pub(crate) fn of_fault(fault: CardFault) -> Failure {
    let exit = match fault {
        CardFault::Identity(Fault::DidMethodUnsupported | Fault::DidNotFound | Fault::DidResolutionFailed) => {
            Exit::Resolution
        }
        CardFault::Link => Exit::Usage,
        _ => Exit::NotAuthenticated,
    };
    let message = match fault {
        CardFault::Link => fault.to_string(),
        fault => format!("the contact card is refused: {fault} ({})", fault.code()),
    };
    let failure = Failure::new(exit, fault.code(), message);
    match fault {
        CardFault::Link => failure,
        CardFault::Time => failure.remedy("ask its owner for a new one: `didshake id share`; is this clock right?"),
        CardFault::Identity(Fault::DidMethodUnsupported) => failure.remedy("give its document with --documents FILE"),
        _ => failure.remedy("ask its owner for it again, by another way: this one was changed, or is damaged"),
    }
}
