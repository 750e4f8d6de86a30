//! What holds for the vectors of mailboxes as a whole, and HPKE against answers from elsewhere.

use std::collections::BTreeSet;
use std::path::Path;

use super::case::{Misbehaviour, Positive};
use super::check::{Checks, Halt, MailboxCheck, Named};
use super::envelope;
use super::file::Stage;
use super::hpke::{Hpke, derive_key_pair};
use super::key;
use super::letter::{CLASSES, class_of};
use super::negative::Negative;
use crate::check::Check;
use crate::primitives::x25519;
use crate::vector::Kind;
use crate::vectors_test::all;

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

/// RFC 9180, appendix A.2.1: base mode, with the encryptions of A.2.1.1.
#[test]
fn hpke_as_in_rfc_9180() {
    let ephemeral =
        derive_key_pair(&bytes("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b")).unwrap();
    assert_eq!(hex::encode(&ephemeral.secret), "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600");
    assert_eq!(hex::encode(&ephemeral.public), "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
    let recipient =
        derive_key_pair(&bytes("1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df")).unwrap();
    assert_eq!(hex::encode(&recipient.secret), "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb");
    assert_eq!(hex::encode(&recipient.public), "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
    let dh = x25519(&ephemeral.secret, &recipient.public).unwrap();
    assert_eq!(dh, x25519(&recipient.secret, &ephemeral.public).unwrap());
    let mut hpke = Hpke::base(b"Ode on a Grecian Urn");
    let keys = hpke.keys(&dh, &ephemeral.public, &recipient.public).unwrap();
    let shared_secret = "0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7";
    assert_eq!(hex::encode(&keys.shared_secret), shared_secret);
    assert_eq!(hex::encode(&keys.key), "ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91");
    assert_eq!(hex::encode(&keys.base_nonce), "5c4d98150661b848853b547f");
    for (sequence, sealed) in [
        (0, "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"),
        (1, "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c"),
        (2, "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b"),
        (256, "7a4a13e9ef23978e2c520fd4d2e757514ae160cd0cd05e556ef692370ca53076214c0c40d4c728d6ed9e727a5b"),
    ] {
        hpke.sequence = sequence;
        let data = format!("Count-{sequence}");
        let plain = b"Beauty is truth, truth beauty";
        assert_eq!(hex::encode(hpke.seal(&keys, data.as_bytes(), plain).unwrap()), sealed, "{sequence}");
        let opened = hpke.open(&keys, data.as_bytes(), &bytes(sealed)).unwrap();
        assert!(opened.genuine && opened.plain == plain);
    }
}

fn base(id: &str) -> Positive {
    super::positives().unwrap().into_iter().find(|positive| positive.id == id).unwrap()
}

#[test]
fn there_are_enough_and_every_check_has_a_negative() {
    let mailboxes = &all().mailboxes;
    let of = |kind| mailboxes.iter().filter(|vector| vector.kind == kind).count();
    assert!(of(Kind::Positive) >= 12, "{}", of(Kind::Positive));
    assert!(of(Kind::Negative) >= 60, "{}", of(Kind::Negative));
    let tested: BTreeSet<&str> =
        mailboxes.iter().filter_map(|vector| Some(vector.mutation.as_ref()?.check.as_str())).collect();
    let names: BTreeSet<&str> = MailboxCheck::ALL.iter().map(|check| check.name()).collect();
    assert_eq!(names.len(), MailboxCheck::ALL.len());
    assert!(names.is_subset(&tested), "{:?}", names.difference(&tested));
    // A name means one check.
    assert!(Check::ALL.iter().all(|check| !names.contains(check.name())));
}

#[test]
fn every_requirement_and_code_is_one_of_the_specification() {
    let read =
        |name: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec").join(name)).unwrap();
    let (page, registry) = (read("mailbox-1.md"), read("didshake-1.md"));
    let known = |id: &str| page.contains(&format!("**{id}**"));
    for vector in &all().mailboxes {
        assert!(vector.id.starts_with("m-") && !vector.requirements.is_empty(), "{}", vector.id);
        assert!(vector.requirements.iter().all(|id| known(id)), "{}", vector.id);
        let Some(fails) = &vector.fails else { continue };
        let code = format!("`{}`", fails.error);
        assert!(page.contains(&code) || registry.contains(&format!("| {code} |")), "{}: {code}", vector.id);
    }
    assert!(MailboxCheck::ALL.iter().all(|check| known(check.requirement())));
    let held: BTreeSet<&str> =
        all().mailboxes.iter().flat_map(|vector| vector.requirements.iter().map(String::as_str)).collect();
    assert_eq!(held.len(), 6, "{held:?}");
}

#[test]
fn every_size_class_is_used_and_the_smallest_that_fits() {
    let mut used = BTreeSet::new();
    for vector in &all().mailboxes {
        let Some(intermediates) = &vector.intermediates else { continue };
        let class = intermediates.letter.0.len();
        assert_eq!(vector.envelope.as_ref().unwrap().0.len(), class + 66, "{}", vector.id);
        used.insert(class);
    }
    assert_eq!(used, BTreeSet::from(CLASSES));
    for class in CLASSES {
        assert_eq!((class_of(class), class_of(class - 1)), (Some(class), Some(class)));
    }
    assert_eq!((class_of(513), class_of(131_073)), (Some(1024), None));
}

/// The largest letter of the specification: it fits, so that no letter is too long for every class.
#[test]
fn the_longest_letter_fits_the_largest_class() {
    let longest: usize = (2 + 2048) + (1 + 255) + 1 + 64 + 16 + 8 + 8 + (1 + 255) + (4 + 65_536);
    assert_eq!(class_of(longest), Some(131_072));
}

#[test]
fn the_fault_of_a_negative_is_where_it_says() {
    for vector in &all().mailboxes {
        let Some(fails) = &vector.fails else { continue };
        let base = all().mailboxes.iter().find(|base| Some(&base.id) == vector.base.as_ref()).unwrap();
        assert_eq!(vector.owner, base.owner, "{}", vector.id);
        match fails.step {
            Stage::MailboxKey => assert!(
                vector.mailbox_key != base.mailbox_key || vector.sender_view != base.sender_view,
                "{}",
                vector.id
            ),
            Stage::Letter => {
                assert_eq!((&vector.mailbox_key, &vector.sender_view), (&base.mailbox_key, &base.sender_view));
                let bytes = vector.envelope != base.envelope;
                assert!(bytes != (vector.recipient_view != base.recipient_view), "{}", vector.id);
            }
        }
    }
}

#[test]
fn two_faults_are_not_taken_for_one() {
    let base = base("m-ed25519");
    let two = Negative::letter("m-two", MailboxCheck::ContentTypeEmpty, "no content type, for ever", |form| {
        form.content_type.clear();
        form.expires = u64::MAX;
    });
    assert_eq!(two.vector(&base).unwrap_err(), Halt::SecondFault(MailboxCheck::LetterLifetime.into()));
    let none = Negative::sent("m-none", MailboxCheck::SealTag, "nothing", |_| ());
    assert_eq!(none.vector(&base).unwrap_err(), Halt::Broken("the model accepts the fault"));
    let other = Negative::key("m-other", MailboxCheck::KeyType, "the version", |form| form.version = 2);
    assert_eq!(other.vector(&base).unwrap_err(), Halt::Refused(MailboxCheck::KeyVersion.into()));
    // Two parts of a signature input at once: the one that is off does not make it hold.
    let parts = Negative::letter_signed("m-parts", MailboxCheck::SignedSent, "two parts", |signed| {
        signed.form.sent += 1;
        signed.form.expires += 1;
    });
    assert_eq!(parts.vector(&base).unwrap_err(), Halt::SecondFault(Check::Signature.into()));
}

/// Nothing of a mailbox key or of an envelope is without meaning.
#[test]
fn every_changed_byte_and_every_cut_is_refused() {
    let base = base("m-web");
    let made = base.key().unwrap();
    let judge = |wire: &[u8]| key::judge(Checks::all(), &base.sender_view, wire, &made);
    for at in 0..made.whole.len() {
        assert!(matches!(judge(&made.whole[..at]), Err(Halt::Refused(Named::Mailbox(MailboxCheck::KeyTruncated)))));
        let mut wire = made.whole.clone();
        wire[at] ^= 1;
        assert!(matches!(judge(&wire), Err(Halt::Refused(_))), "{at}");
    }
    let made = base.envelope(&Misbehaviour::none()).unwrap();
    let judge = |wire: &[u8]| envelope::judge(Checks::all(), &base.recipient_view, &base.owner, wire, &made);
    assert!(judge(&made.whole).is_ok());
    for at in 0..made.whole.len() {
        let cut = judge(&made.whole[..at]);
        assert_eq!(cut, Err(Halt::Refused(MailboxCheck::EnvelopeLength.into())));
        let mut wire = made.whole.clone();
        wire[at] ^= 1;
        assert!(matches!(judge(&wire), Err(Halt::Refused(_))), "{at}");
    }
}
