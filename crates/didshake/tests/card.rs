//! Contact cards, as owners, readers and whoever is in between use them. The bytes are the vectors' to hold.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use didshake::card::{
    Card, CardBytes, CardContents, CardEndpoint, CardFault, CardMailbox, CardMailboxUrl, CardName, ClaimedCard,
    MAX_CARD_BYTES, MAX_LINK_CHARS, Reach, UnsignedCard,
};
use didshake::relay::DepositToken;
use didshake::{
    Admission, Algorithm, Did, Document, Fault, Fragment, LocalIdentity, Misuse, PublicKey, Secret, SigningKey,
    UnixTime,
};
use proptest::prelude::*;

const NOW: UnixTime = UnixTime(1_767_225_600);
const TOKEN: [u8; 32] = *b"a token that only Alice may see.";

struct Person {
    identity: LocalIdentity,
    key: SigningKey,
}

impl Document for Person {
    fn authentication_key(&self, did: &Did, fragment: &Fragment, _: UnixTime) -> Result<PublicKey, Fault> {
        let is_it = *did == self.identity.did && *fragment == self.identity.fragment;
        if is_it { Ok(self.key.public_key()) } else { Err(Fault::DocumentIdMismatch) }
    }
}

fn person(name: &str, algorithm: Algorithm) -> Person {
    let did = Did::parse(&format!("did:web:{name}.example")).unwrap();
    let fragment = Fragment::of(&did, "key-1").unwrap();
    let secret = Secret::new([name.as_bytes()[0]; 32]);
    Person {
        identity: LocalIdentity { did, fragment, algorithm },
        key: SigningKey::from_secret(algorithm, &secret).unwrap(),
    }
}

fn bob() -> Person {
    person("bob", Algorithm::Ed25519)
}

fn mailbox() -> CardMailbox {
    CardMailbox {
        url: CardMailboxUrl::parse("https://relay.example/mailbox/4f2a").unwrap(),
        token: Some(DepositToken::from_secret(Secret::new(TOKEN))),
    }
}

fn contents() -> CardContents {
    CardContents {
        issued: NOW,
        ends: Some(NOW.plus(86_400)),
        endpoints: ["tcp://bob.example:4000", "wss://bob.example/ds"]
            .map(|url| CardEndpoint::parse(url).unwrap())
            .into(),
        name: Some(CardName::parse("Bob Ω").unwrap()),
        mailbox: Some(mailbox()),
    }
}

fn empty() -> CardContents {
    CardContents { issued: NOW, ends: None, endpoints: vec![], name: None, mailbox: None }
}

fn made(owner: &Person, contents: &CardContents) -> CardBytes {
    let unsigned = UnsignedCard::new(&owner.identity, contents).unwrap();
    let signature = owner.key.sign(&unsigned.signature_input()).unwrap();
    unsigned.sign(signature)
}

fn anybody() -> Admission {
    Admission::policy(|_| true)
}

fn read(bytes: &[u8], owner: &Person, now: UnixTime) -> Result<Card, CardFault> {
    ClaimedCard::read(bytes, &anybody(), now)?.verify(owner, now)
}

// R-CARD-1, R-CARD-2
#[test]
fn a_card_comes_to_its_reader_and_says_whose_it_is() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Es256] {
        let bob = person("bob", algorithm);
        for contents in [contents(), empty(), CardContents { mailbox: None, ..contents() }] {
            let link = made(&bob, &contents).link();
            let bytes = CardBytes::from_link(&link).unwrap();
            let claimed = ClaimedCard::read(bytes.as_bytes(), &anybody(), NOW).unwrap();
            assert_eq!(claimed.claim().did(), &bob.identity.did);
            let card = claimed.verify(&bob, NOW).unwrap();
            assert_eq!((card.owner().did(), card.owner().key()), (&bob.identity.did, &bob.key.public_key()));
            assert_eq!(card.into_contents(), contents);
        }
    }
}

// R-CARD-2
#[test]
fn whose_it_may_be_is_asked_before_anybody_resolves_and_after_the_times() {
    let (bob, carol) = (bob(), person("carol", Algorithm::Ed25519));
    let card = made(&bob, &contents());
    let only = |person: &Person| Admission::only(person.identity.did.clone());
    let of = |person: &Person, now| ClaimedCard::read(card.as_bytes(), &only(person), now).map(|_| ());
    assert_eq!(of(&bob, NOW), Ok(()));
    assert_eq!(of(&carol, NOW), Err(Fault::NotAdmitted.into()));
    assert_eq!(of(&carol, NOW.plus(86_400)), Err(CardFault::Time));
    assert_eq!(read(card.as_bytes(), &carol, NOW).unwrap_err(), Fault::DocumentIdMismatch.into());
}

// R-CARD-2, R-CARD-3
#[test]
fn a_card_is_good_from_when_it_was_issued_until_it_ends() {
    let bob = bob();
    let card = made(&bob, &contents());
    let ends = NOW.plus(86_400);
    assert!(read(card.as_bytes(), &bob, UnixTime(NOW.0 - 60)).is_ok());
    assert_eq!(read(card.as_bytes(), &bob, UnixTime(NOW.0 - 61)).unwrap_err(), CardFault::Time);
    let kept = read(card.as_bytes(), &bob, UnixTime(ends.0 - 1)).unwrap();
    assert_eq!(read(card.as_bytes(), &bob, ends).unwrap_err(), CardFault::Time);
    assert!(!kept.is_over(UnixTime(ends.0 - 1)) && kept.is_over(ends));
    let forever = read(made(&bob, &empty()).as_bytes(), &bob, UnixTime(u64::MAX)).unwrap();
    assert!(!forever.is_over(UnixTime(u64::MAX)));
}

// R-CARD-4
#[test]
fn only_a_later_card_of_the_same_owner_replaces_one() {
    let (bob, carol) = (bob(), person("carol", Algorithm::Ed25519));
    let card = |owner: &Person, issued| {
        read(made(owner, &CardContents { issued, ..empty() }).as_bytes(), owner, NOW.plus(10)).unwrap()
    };
    let kept = card(&bob, NOW);
    assert!(card(&bob, NOW.plus(1)).replaces(&kept));
    assert!(!card(&bob, NOW).replaces(&kept) && !card(&bob, UnixTime(NOW.0 - 1)).replaces(&kept));
    assert!(!card(&carol, NOW.plus(1)).replaces(&kept));
}

// R-CARD-1
#[test]
fn what_cannot_be_written_is_said_at_once() {
    let bob = bob();
    let new = |contents: &CardContents| UnsignedCard::new(&bob.identity, contents).map(|_| ());
    for ends in [NOW, UnixTime(NOW.0 - 1), UnixTime(0)] {
        assert_eq!(new(&CardContents { ends: Some(ends), ..empty() }), Err(Misuse::CardPeriod));
    }
    let endpoints = |count| vec![CardEndpoint::parse("a:").unwrap(); count];
    assert_eq!(new(&CardContents { endpoints: endpoints(8), ..empty() }), Ok(()));
    for count in [9, 256, 257] {
        assert_eq!(new(&CardContents { endpoints: endpoints(count), ..empty() }), Err(Misuse::CardEndpoints));
    }
    let did = Did::parse("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK").unwrap();
    let keyless = LocalIdentity { did, ..bob.identity.clone() };
    assert_eq!(UnsignedCard::new(&keyless, &empty()).map(|_| ()), Err(Misuse::IdentityFragment));
}

// R-CARD-1
#[test]
fn the_longest_card_is_as_long_as_is_said() {
    let mut bob = bob();
    bob.identity.did = Did::parse(&format!("did:web:{}", "a".repeat(2040))).unwrap();
    bob.identity.fragment = Fragment::of(&bob.identity.did, &"k".repeat(255)).unwrap();
    let long = |start: &str| format!("{start}{}", "a".repeat(255 - start.len()));
    let mailbox = CardMailbox { url: CardMailboxUrl::parse(&long("https://")).unwrap(), ..mailbox() };
    let contents = CardContents {
        endpoints: vec![CardEndpoint::parse(&long("wss://")).unwrap(); 8],
        name: Some(CardName::parse(&"n".repeat(64)).unwrap()),
        mailbox: Some(mailbox),
        ..contents()
    };
    let card = made(&bob, &contents);
    assert_eq!((card.as_bytes().len(), card.link().len()), (MAX_CARD_BYTES, MAX_LINK_CHARS));
    assert!(read(CardBytes::from_link(&card.link()).unwrap().as_bytes(), &bob, NOW).is_ok());
    assert_eq!(CardBytes::from_link(&format!("{}AA", *card.link())), Err(CardFault::Link));
}

// R-CARD-5
#[test]
fn a_link_has_one_form() {
    let link = made(&bob(), &contents()).link();
    let text = link.strip_prefix("didshake:card/").unwrap();
    assert!(CardBytes::from_link(&link).is_ok());
    let others = [
        String::new(),
        text.to_owned(),
        String::from("didshake:card/"),
        format!("didshake:card?{text}"),
        format!("didshake://card/{text}"),
        format!("DIDSHAKE:card/{text}"),
        format!("didshake:Card/{text}"),
        format!(" {}", *link),
        format!("{}\n", *link),
        format!("{}=", *link),
        format!("{}#", *link),
        format!("{}/", *link),
        format!("didshake:card/{}\n{}", &text[..40], &text[40..]),
    ];
    for other in others {
        assert_eq!(CardBytes::from_link(&other), Err(CardFault::Link), "{other}");
    }
    for bad in ["A", "IgF", "Ig=", "Ig==", "+w", "/w", "Ié"] {
        assert_eq!(CardBytes::from_link(&format!("didshake:card/{bad}")), Err(CardFault::Link), "{bad}");
    }
    assert_eq!(CardBytes::from_link("didshake:card/_w").unwrap().as_bytes(), [255]);
}

// R-CARD-6
#[test]
fn an_endpoint_is_reached_as_its_scheme_says_or_ignored() {
    let reach = |url: &str| CardEndpoint::parse(url).unwrap().reach();
    let stream = |host: &str, port| Reach::Stream { host: host.into(), port };
    assert_eq!(reach("tcp://Bob.example:1"), stream("bob.example", 1));
    assert_eq!(reach("tcp://[::1]:65535"), stream("[::1]", 65_535));
    for nowhere in ["tcp://bob.example", "tcp://bob.example:0", "tcp://b:1/", "tcp://b:65536", "tcp://a@b:1", "tcp:b:1"]
    {
        assert_eq!(reach(nowhere), Reach::Unknown, "{nowhere}");
    }
    for web in ["https://bob.example/ds", "wss://bob.example", "ws://127.0.0.1:80/", "http://[::1]/"] {
        assert!(matches!(reach(web), Reach::Web(endpoint) if endpoint.as_str() == web), "{web}");
    }
    for clear in ["http://bob.example/", "ws://192.0.2.1/", "http://localhost/"] {
        assert!(matches!(reach(clear), Reach::ClearWeb(endpoint) if endpoint.as_str() == clear), "{clear}");
    }
    for other in ["quic://bob.example", "a:", "https:bob", "https://a@b/", "wss://127.1/", "x+y-z.1:"] {
        assert_eq!(reach(other), Reach::Unknown, "{other}");
    }
    for none in
        ["", ":", "bob", "1a:b", "A:b", "aB:b", "a b:c", "a:b c", "a:é", "a_b:c", &format!("a:{}", "b".repeat(254))]
    {
        assert_eq!(CardEndpoint::parse(none), Err(CardFault::Endpoint), "{none}");
    }
}

// R-CARD-2
#[test]
fn a_mailbox_is_one_url_and_a_name_one_line_that_can_be_seen() {
    for good in ["https://a", "http://[::1]:80/m", "https://a.example/m/4f~-._!$&'()*+,;=:%20"] {
        assert_eq!(CardMailboxUrl::parse(good).unwrap().as_str(), good);
    }
    let long = format!("https://{}", "a".repeat(248));
    for bad in [
        "",
        "https://",
        "https:///a",
        "HTTPS://a",
        "wss://a",
        "https:a",
        "https://a?b",
        "https://a#b",
        "https://u@a",
        "https://a\\b",
        "https://a b",
        "https://ä",
        &long,
    ] {
        assert_eq!(CardMailboxUrl::parse(bad), Err(CardFault::Mailbox), "{bad}");
    }
    for good in ["a", "Zoë O'Neil", "日本", "a  b", &"ö".repeat(32)] {
        assert_eq!(CardName::parse(good).unwrap().as_str(), good);
    }
    let long = "a".repeat(65);
    for bad in [
        "",
        " a",
        "a ",
        "a\nb",
        "a\u{202e}b",
        "a\u{200b}",
        "\u{feff}a",
        "a\u{0}",
        "a\u{a0}b",
        "a\u{3000}b",
        "\u{e0041}",
        "\u{10ffff}",
        &long,
    ] {
        assert_eq!(CardName::parse(bad), Err(CardFault::Name), "{bad:?}");
    }
}

// R-CARD-7
#[test]
fn the_token_is_not_shown() {
    let bob = bob();
    let unsigned = UnsignedCard::new(&bob.identity, &contents()).unwrap();
    let bytes = made(&bob, &contents());
    let claimed = ClaimedCard::read(bytes.as_bytes(), &anybody(), NOW).unwrap();
    let mut shown = format!("{unsigned:?} {bytes:?} {claimed:?}");
    shown += &format!("{:?}", claimed.verify(&bob, NOW).unwrap());
    assert!(shown.contains("did:web:bob.example") && shown.contains("DepositToken(redacted)"));
    assert!(!shown.contains("97, 32, 116") && !shown.contains("a token"), "{shown}");
}

proptest! {
    // Of a good card, no changed byte passes, and no cut one.
    #[test]
    fn a_changed_or_cut_card_is_refused(at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let bob = bob();
        let good = made(&bob, &contents());
        let place = at.index(good.as_bytes().len());
        let mut card = good.as_bytes().to_vec();
        card[place] ^= change;
        prop_assert!(read(&card, &bob, NOW).is_err());
        prop_assert!(read(&good.as_bytes()[..place], &bob, NOW).is_err());
    }

    // Whatever comes in, reading ends; and what is a link is the link of its bytes.
    #[test]
    fn whatever_comes_in_is_judged(rest in prop::collection::vec(any::<u8>(), 0..300), text in "(didshake:card/)?[A-Za-z0-9_=-]{0,40}") {
        let bytes = [&[34, 1][..], &rest].concat();
        let _ = ClaimedCard::read(&bytes, &anybody(), NOW);
        if let Ok(card) = CardBytes::from_link(&text) {
            prop_assert_eq!(&*card.link(), &text);
        }
    }

    #[test]
    fn what_is_written_is_read(
        times in (0..NOW.0, prop::option::of(NOW.0 + 1..u64::MAX)),
        endpoints in prop::collection::vec("[a-z][a-z0-9+.-]{0,9}:[!-~]{0,40}", 0..=8),
        name in prop::option::of("[!-~]{1,20}"),
        mailbox in prop::option::of(("https?://[a-z0-9]{1,20}(/[a-z0-9]{0,9}){0,3}", any::<Option<[u8; 32]>>())),
    ) {
        let bob = bob();
        let contents = CardContents {
            issued: UnixTime(times.0),
            ends: times.1.map(UnixTime),
            endpoints: endpoints.iter().map(|url| CardEndpoint::parse(url).unwrap()).collect(),
            name: name.map(|name| CardName::parse(&name).unwrap()),
            mailbox: mailbox.map(|(url, token)| CardMailbox {
                url: CardMailboxUrl::parse(&url).unwrap(),
                token: token.map(|bytes| DepositToken::from_secret(Secret::new(bytes))),
            }),
        };
        let bytes = CardBytes::from_link(&made(&bob, &contents).link()).unwrap();
        prop_assert_eq!(read(bytes.as_bytes(), &bob, NOW).unwrap().into_contents(), contents);
    }
}
