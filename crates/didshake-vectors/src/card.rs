//! Contact cards: those of a positive are made anew and compared byte for byte, and every one goes through the checks of
//! whoever reads it.

use didshake::card::{
    Card, CardBytes, CardContents, CardEndpoint, CardFault, CardMailbox, CardMailboxUrl, CardName, ClaimedCard,
    UnsignedCard,
};
use didshake::relay::DepositToken;
use didshake::{Admission, Did, UnixTime};

use crate::card_format::{CardVector, Contents, Fails, Owner, ReaderView, Step};
use crate::config::secret;
use crate::documents::Documents;
use crate::format::{Hex, VectorKind};
use crate::mailbox::holder;
use crate::outcome::{Failure, same};

const FORMAT: &str = "didshake-card-vectors/1";
const CARD: &str = "card";
const LINK: &str = "link";

impl CardVector {
    /// Runs it through the real crate.
    ///
    /// # Errors
    /// The first [`Failure`].
    pub fn verify(&self) -> Result<(), Failure> {
        if self.format != FORMAT {
            return Err(Failure::format(format!("the format is not {FORMAT}")));
        }
        match (self.kind, &self.contents, &self.signed, &self.fails) {
            (VectorKind::Positive, Some(contents), Some(signed), None) => self.positive(contents, signed),
            (VectorKind::Negative, None, None, Some(fails)) => self.negative(fails),
            _ => Err(Failure::format("the members are not those of its kind")),
        }
    }

    fn positive(&self, contents: &Contents, expected: &Hex) -> Result<(), Failure> {
        let (signed, made) = self.make(contents)?;
        same("signed", &expected.0, &signed)?;
        same(CARD, &self.card()?.0, made.as_bytes())?;
        same(LINK, self.link()?.as_bytes(), made.link().as_bytes())?;
        let bytes = CardBytes::from_link(self.link()?).map_err(|fault| refused(LINK, fault))?;
        same("the bytes of the link", &self.card()?.0, bytes.as_bytes())?;
        let taken = self.take(bytes.as_bytes())?.map_err(|fault| refused(CARD, fault))?;
        if *taken.contents() == of(contents)? {
            Ok(())
        } else {
            Err(Failure::format("another card arrives than was made"))
        }
    }

    fn negative(&self, fails: &Fails) -> Result<(), Failure> {
        let (at, fault) = match fails.step {
            Step::Link if self.card.is_none() => (LINK, CardBytes::from_link(self.link()?).err()),
            Step::Card if self.link.is_none() => (CARD, self.take(&self.card()?.0)?.err()),
            _ => return Err(Failure::format("a link that is refused has no card, and a card no link")),
        };
        match fault {
            Some(fault) if fault.code() == fails.error => Ok(()),
            Some(fault) => Err(Failure::Differs {
                what: "the error".into(),
                expected: fails.error.clone(),
                found: fault.code().into(),
            }),
            None => Err(Failure::Accepted { at: at.to_owned(), error: fails.error.clone() }),
        }
    }

    fn card(&self) -> Result<&Hex, Failure> {
        self.card.as_ref().ok_or_else(|| Failure::format("no card"))
    }

    fn link(&self) -> Result<&str, Failure> {
        self.link.as_deref().ok_or_else(|| Failure::format("no link"))
    }

    /// As the reader reads it.
    fn take(&self, bytes: &[u8]) -> Result<Result<Card, CardFault>, Failure> {
        read(&self.reader_view, bytes)
    }

    /// What the owner of a positive signs, and the card.
    fn make(&self, contents: &Contents) -> Result<(Vec<u8>, CardBytes), Failure> {
        make(&self.owner, contents)
    }
}

/// A card, as its reader reads it.
pub(crate) fn read(view: &ReaderView, bytes: &[u8]) -> Result<Result<Card, CardFault>, Failure> {
    let now = UnixTime(view.now);
    let admission = match &view.means {
        Some(did) => Admission::only(Did::parse(did).map_err(|fault| Failure::refused("reader_view", fault))?),
        None => Admission::policy(|_| true),
    };
    let documents = Documents::of(&view.documents)?;
    Ok(ClaimedCard::read(bytes, &admission, now).and_then(|claimed| {
        let document = documents.resolve(&claimed.claim())?;
        claimed.verify(&document, now)
    }))
}

/// What an owner signs, and the card.
pub(crate) fn make(owner: &Owner, contents: &Contents) -> Result<(Vec<u8>, CardBytes), Failure> {
    let who = holder(&owner.did, &owner.fragment, owner.algorithm, &owner.signing_key)?;
    let unsigned = UnsignedCard::new(&who.identity, &of(contents)?).map_err(|misuse| Failure::refused(CARD, misuse))?;
    let signed = unsigned.signature_input().to_vec();
    let card = unsigned.sign(who.key.sign(&signed)?);
    Ok((signed, card))
}

/// The example as markdown.
///
/// # Errors
/// [`Failure`] where the vector is no positive, or cannot be made.
pub(crate) fn markdown(vector: &CardVector) -> Result<String, Failure> {
    Ok(format!("`{}`: {}.\n\n```\n{}```\n", vector.id, vector.about, values(vector)?))
}

/// The same for a terminal.
///
/// # Errors
/// As for [`markdown`].
pub(crate) fn text(vector: &CardVector) -> Result<String, Failure> {
    Ok(format!("{}: {}\n\n{}", vector.id, vector.about, values(vector)?))
}

fn values(vector: &CardVector) -> Result<String, Failure> {
    let contents = vector.contents.as_ref().ok_or_else(|| Failure::format("a negative has no worked example"))?;
    let (signed, card) = vector.make(contents)?;
    let (bytes, link) = (card.as_bytes(), card.link());
    let value = |name, bytes: &[u8]| format!("{name} ({} bytes)\n{}\n", bytes.len(), hex::encode(bytes));
    Ok(format!("{}{}link ({} characters)\n{}\n", value("signed", &signed), value(CARD, bytes), link.len(), *link))
}

fn of(contents: &Contents) -> Result<CardContents, Failure> {
    let bad = |fault| refused("contents", fault);
    let endpoints = contents.endpoints.iter().map(|url| CardEndpoint::parse(url)).collect::<Result<_, _>>();
    let name = (!contents.name.is_empty()).then(|| CardName::parse(&contents.name)).transpose().map_err(bad)?;
    let token = (!contents.token.0.is_empty()).then(|| secret(&contents.token)).transpose()?;
    let token = token.map(DepositToken::from_secret);
    let mailbox = match (contents.mailbox.as_str(), token) {
        ("", None) => None,
        ("", Some(_)) => return Err(refused("contents", CardFault::Token)),
        (url, token) => Some(CardMailbox { url: CardMailboxUrl::parse(url).map_err(bad)?, token }),
    };
    let ends = (contents.ends != 0).then_some(UnixTime(contents.ends));
    Ok(CardContents { issued: UnixTime(contents.issued), ends, endpoints: endpoints.map_err(bad)?, name, mailbox })
}

fn refused(at: &str, fault: CardFault) -> Failure {
    Failure::Refused { at: at.to_owned(), error: format!("{} ({fault})", fault.code()) }
}
