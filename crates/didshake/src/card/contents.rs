//! What a card says beside whose it is, and how that is written and read (section 2 of the page).

use alloc::vec::Vec;

use super::{CardEndpoint, CardFault, CardMailboxUrl, CardName};
use crate::codec::{Reader, put_vec8};
use crate::document::UnixTime;
use crate::error::Misuse;
use crate::relay::DepositToken;
use crate::secret::Secret;

/// How many endpoints a card lists at most.
pub const MAX_ENDPOINTS: usize = 8;

/// What a card says beside whose it is.
///
/// ```
/// use didshake::card::{CardContents, CardEndpoint, CardMailbox, CardMailboxUrl};
/// use didshake::relay::DepositToken;
/// use didshake::{Secret, UnixTime};
/// let contents = CardContents {
///     issued: UnixTime(1_767_225_600),
///     ends: None,
///     endpoints: vec![CardEndpoint::parse("wss://agent.example/ds")?],
///     name: None,
///     mailbox: Some(CardMailbox {
///         url: CardMailboxUrl::parse("https://relay.example/m/AAAAAAAAAAAAAAAAAAAAAA")?,
///         token: Some(DepositToken::from_secret(Secret::new([7; 32]))),
///     }),
/// };
/// assert!(format!("{contents:?}").contains("DepositToken(redacted)"));
/// # Ok::<(), didshake::card::CardFault>(())
/// ```
#[derive(PartialEq, Eq, Debug)]
pub struct CardContents {
    /// When it was made: of two cards of one owner the later one counts.
    pub issued: UnixTime,
    /// From then on it is good no more; `None` where it does not end.
    pub ends: Option<UnixTime>,
    /// Where the owner answers, in their order of preference; at most 8.
    pub endpoints: Vec<CardEndpoint>,
    /// What the owner calls themselves.
    pub name: Option<CardName>,
    /// Where letters are left for them.
    pub mailbox: Option<CardMailbox>,
}

/// Where letters are left for the owner of a card.
#[derive(PartialEq, Eq, Debug)]
pub struct CardMailbox {
    /// The mailbox at the relay.
    pub url: CardMailboxUrl,
    /// With what the relay takes letters for it; `None` where it takes them without.
    pub token: Option<DepositToken>,
}

impl CardContents {
    /// Whether it ends after it was issued, where it ends.
    pub(super) fn has_period(&self) -> bool {
        self.ends.is_none_or(|ends| ends > self.issued)
    }

    /// The two times.
    pub(super) fn put_times(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.issued.0.to_be_bytes());
        out.extend_from_slice(&self.ends.map_or(0, |ends| ends.0).to_be_bytes());
    }

    /// Everything from the endpoints to the token.
    pub(super) fn put_addresses(&self, out: &mut Vec<u8>) -> Result<(), Misuse> {
        let count = self.endpoints.len();
        let count = u8::try_from(count).ok().filter(|_| count <= MAX_ENDPOINTS).ok_or(Misuse::CardEndpoints)?;
        out.push(count);
        for endpoint in &self.endpoints {
            put_vec8(out, endpoint.as_str().as_bytes())?;
        }
        put_vec8(out, self.name.as_ref().map_or(&[], |name| name.as_str().as_bytes()))?;
        put_vec8(out, self.mailbox.as_ref().map_or(&[], |mailbox| mailbox.url.as_str().as_bytes()))?;
        let token = self.mailbox.as_ref().and_then(|mailbox| mailbox.token.as_ref());
        put_vec8(out, token.map_or(&[], |token| token.secret().expose()))
    }

    /// The two times; 0 stands for no end.
    pub(super) fn read_times(reader: &mut Reader<'_>) -> Result<(UnixTime, Option<UnixTime>), CardFault> {
        let malformed = |_| CardFault::Malformed;
        let issued = reader.u64().map_err(malformed)?;
        let ends = reader.u64().map_err(malformed)?;
        Ok((UnixTime(issued), (ends != 0).then_some(UnixTime(ends))))
    }

    /// Everything from the endpoints to the token.
    pub(super) fn read_addresses(
        reader: &mut Reader<'_>,
        (issued, ends): (UnixTime, Option<UnixTime>),
    ) -> Result<Self, CardFault> {
        let count = reader.u8().map_err(|_| CardFault::Malformed)?;
        if usize::from(count) > MAX_ENDPOINTS {
            return Err(CardFault::Malformed);
        }
        let endpoints = (0..count).map(|_| read_text(reader, CardFault::Endpoint).and_then(CardEndpoint::parse));
        let endpoints = endpoints.collect::<Result<_, _>>()?;
        let name = read_text(reader, CardFault::Name)?;
        let name = if name.is_empty() { None } else { Some(CardName::parse(name)?) };
        let url = read_text(reader, CardFault::Mailbox)?;
        let url = if url.is_empty() { None } else { Some(CardMailboxUrl::parse(url)?) };
        let token = reader.vec8().map_err(|_| CardFault::Malformed)?;
        let mailbox = match (url, token) {
            (None, []) => None,
            (Some(url), []) => Some(CardMailbox { url, token: None }),
            (Some(url), token) => {
                let token = token.try_into().map_err(|_| CardFault::Token)?;
                Some(CardMailbox { url, token: Some(DepositToken::from_secret(Secret::new(token))) })
            }
            (None, _) => return Err(CardFault::Token),
        };
        Ok(Self { issued, ends, endpoints, name, mailbox })
    }
}

fn read_text<'a>(reader: &mut Reader<'a>, not_utf8: CardFault) -> Result<&'a str, CardFault> {
    let bytes = reader.vec8().map_err(|_| CardFault::Malformed)?;
    core::str::from_utf8(bytes).map_err(|_| not_utf8)
}
