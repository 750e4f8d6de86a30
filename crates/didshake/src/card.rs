//! Contact cards: how an owner says where they are reached, live or by mailbox (`spec/card-1.md`).
//!
//! The owner signs a card and hands it on as a link, a file or a QR code. Reading pauses as a handshake does, for the caller
//! to resolve the DID in it: what was read and not verified is a claim.
//!
//! ```
//! use didshake::card::{CardBytes, CardContents, CardMailbox, CardMailboxUrl, CardName, ClaimedCard, UnsignedCard};
//! use didshake::relay::DepositToken;
//! use didshake::{Admission, LocalIdentity, Secret, SigningKey, UnixTime};
//! # use didshake::{Algorithm, Did, Document, Fault, Fragment, PublicKey};
//! # struct Pinned(Did, PublicKey);
//! # impl Document for Pinned {
//! #     fn authentication_key(&self, did: &Did, _: &Fragment, _: UnixTime) -> Result<PublicKey, Fault> {
//! #         if *did == self.0 { Ok(self.1.clone()) } else { Err(Fault::DocumentIdMismatch) }
//! #     }
//! # }
//! # let bobs_key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([2; 32]))?;
//! # let did = Did::parse("did:web:bob.example")?;
//! # let fragment = Fragment::of(&did, "key-1")?;
//! # let bobs_document = Pinned(did.clone(), bobs_key.public_key());
//! # let bob = LocalIdentity { did, fragment, algorithm: Algorithm::Ed25519 };
//! # let now = UnixTime(1_767_225_600);
//! // Bob makes a card for Alice: the token in it is hers alone.
//! let mailbox = CardMailbox {
//!     url: CardMailboxUrl::parse("https://relay.example/m/AAAAAAAAAAAAAAAAAAAAAA")?,
//!     token: Some(DepositToken::from_secret(Secret::new([7; 32]))),
//! };
//! let name = Some(CardName::parse("Bob")?);
//! let contents = CardContents { issued: now, ends: None, endpoints: vec![], name, mailbox: Some(mailbox) };
//! let unsigned = UnsignedCard::new(&bob, &contents)?;
//! let signature = bobs_key.sign(&unsigned.signature_input())?;
//! let link = unsigned.sign(signature).link();
//!
//! // Alice has the link from Bob himself, so she means whoever it names. She resolves that DID, and knows.
//! let anybody = Admission::policy(|_| true);
//! let claimed = ClaimedCard::read(CardBytes::from_link(&link)?.as_bytes(), &anybody, now)?;
//! assert_eq!(claimed.claim().did(), &bob.did);
//! let card = claimed.verify(&bobs_document, now)?;
//! assert_eq!(card.contents(), &contents);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod contents;
mod fault;
mod link;
mod name;
mod signed;

pub use address::{CardEndpoint, CardMailboxUrl, MAX_URL_BYTES, Reach};
pub use contents::{CardContents, CardMailbox, MAX_ENDPOINTS};
pub use fault::CardFault;
pub use link::{CardBytes, MAX_CARD_BYTES, MAX_LINK_CHARS};
pub use name::{CardName, MAX_NAME_BYTES};
pub use signed::{Card, ClaimedCard, UnsignedCard};
