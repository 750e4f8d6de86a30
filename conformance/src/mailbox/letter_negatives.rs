//! Letters that a recipient refuses for what only a letter has (steps 4 to 7 of section 3.2, and what is signed).

use super::check::MailboxCheck as Check;
use super::letter::{LetterForm, LetterSigned};
use super::negative::Negative;
use crate::fixed::{NOW, secret};

const DAY: u64 = 86_400;
/// Of the DID of `m-ed25519`, and its length.
const DID_END: usize = 58;
/// Of the padding of `m-ed25519`.
const LETTER_END: usize = 196;

/// Replaces bytes from there on.
fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    bytes.iter_mut().skip(at).zip(new).for_each(|(to, from)| *to = *from);
}

/// The padded letter with a DID of this length, without what 512 bytes do not hold.
fn with_did(plain: &mut Vec<u8>, length: usize) {
    let did = format!("did:key:z{}", "a".repeat(length.saturating_sub(9)));
    let number = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    let rest = plain.get(DID_END..).unwrap_or_default();
    *plain = [&number, did.as_bytes(), rest].concat();
    plain.truncate(512);
}

/// The letter ends so many bytes behind its DID, and its size class with it.
fn cuts() -> Vec<Negative> {
    let cut = |id, change: &str, behind: usize| {
        Negative::plain(id, Check::LetterTruncated, change, move |plain| with_did(plain, 510 - behind))
    };
    let length = |id, change: &str, at: usize, field: &'static [u8]| {
        Negative::plain(id, Check::LetterTruncated, change, move |plain| put(plain, at, field))
    };
    vec![
        Negative::plain("m-letter-cut-did", Check::LetterTruncated, "the DID ends a byte behind the letter", |plain| {
            with_did(plain, 511);
        }),
        length("m-letter-did-over", "a DID of 2,048 bytes that are not there", 0, &[8, 0]),
        cut("m-letter-cut-fragment-length", "nothing behind the DID", 0),
        Negative::plain(
            "m-letter-fragment-over",
            Check::LetterTruncated,
            "a fragment of 255 bytes, and 254",
            |plain| {
                with_did(plain, 255);
                put(plain, 257, &[255]);
            },
        ),
        cut("m-letter-cut-algorithm", "nothing behind the fragment", 1),
        cut("m-letter-cut-signature-whole", "nothing behind the algorithm", 2),
        cut("m-letter-cut-signature", "the signature lacks its last byte", 65),
        cut("m-letter-cut-message-id", "the message id lacks its last byte", 81),
        cut("m-letter-cut-sent", "`sent` lacks its last byte", 89),
        cut("m-letter-cut-expires", "`expires` lacks its last byte", 97),
        cut("m-letter-cut-content-type-length", "nothing behind `expires`", 98),
        cut("m-letter-cut-content-type", "the content type lacks its last byte", 108),
        cut("m-letter-cut-length", "the content's length lacks its last byte", 112),
        cut("m-letter-cut-content", "the content lacks its last byte", 137),
        length("m-letter-content-over", "content of one byte more than the letter has", 167, &[0, 0, 1, 86]),
        length("m-letter-content-over-class", "content of 65,536 bytes that are not there", 167, &[0, 1, 0, 0]),
        length("m-letter-content-over-2-32", "content of 2^32 - 1 bytes that are not there", 167, &[255; 4]),
        length("m-letter-content-over-2-31", "content of 2^31 bytes that are not there", 167, &[128, 0, 0, 0]),
    ]
}

fn contents() -> Vec<Negative> {
    let types = |id, change: &str, bytes: &'static [u8]| {
        let check = if bytes.is_empty() { Check::ContentTypeEmpty } else { Check::ContentTypeCharacters };
        Negative::letter(id, check, change, move |form| form.content_type = bytes.to_vec())
    };
    vec![
        types("m-content-type-empty", "an empty content type", b""),
        types("m-content-type-space", "a space in the content type", b"text/plain; charset=utf-8"),
        types("m-content-type-space-alone", "a content type of one space", b" "),
        types("m-content-type-space-last", "a space behind the content type", b"text/plain "),
        types("m-content-type-delete", "the content type has the byte 0x7F", b"text/plain\x7f"),
        types("m-content-type-not-ascii", "the content type has the byte 0x80", b"text/\x80plain"),
        types("m-content-type-utf-8", "the content type has a letter that is not ASCII", "text/pl\u{e4}in".as_bytes()),
        types("m-content-type-zero", "the content type has a zero byte", b"text/plain\0"),
        types("m-content-type-line", "the content type has a line feed", b"text/plain\nX"),
        Negative::letter("m-content-too-long", Check::ContentLimit, "content of 65,537 bytes", |form| {
            form.content.push(0);
            form.length += 1;
        })
        .on("m-content-longest"),
    ]
}

fn padding() -> Vec<Negative> {
    let set = |id, change: &str, at: usize| {
        Negative::plain(id, Check::PaddingZero, change, move |plain| put(plain, at, &[1]))
    };
    let class = |id, change: &str, length: usize| {
        Negative::plain(id, Check::PaddingClass, change, move |plain| plain.resize(length, 0))
    };
    vec![
        set("m-padding-first", "the first byte of the padding is 1", LETTER_END),
        set("m-padding-middle", "a byte of the padding is 1", 400),
        set("m-padding-last", "the last byte of the padding is 1", 511),
        set("m-padding-only", "padding that is not zero, in the next class", 1023).on("m-class-513"),
        class("m-padding-class-1024", "padded to 1,024 bytes where 512 hold the letter", 1024),
        class("m-padding-class-2048", "padded to 2,048 bytes where 512 hold the letter", 2048),
        class("m-padding-class-full", "512 zeros behind a letter that fills 512 bytes", 1024).on("m-class-512"),
        class("m-padding-class-4096", "padded to 4,096 bytes where 2,048 hold the letter", 4096).on("m-class-2048"),
    ]
}

fn times() -> Vec<Negative> {
    let at = |id, check, change: &str, sent: u64, expires: u64| {
        Negative::letter(id, check, change, move |form| (form.sent, form.expires) = (sent, expires))
    };
    let now =
        |id, check, change: &str, now: u64| Negative::recipient_view(id, check, change, move |view| view.now = now);
    // The recipient's clock in the base.
    let opened = NOW + 3600;
    let never = u64::MAX;
    vec![
        at("m-letter-life-none", Check::LetterOrder, "the letter expires when it was sent", opened + 60, opened + 60),
        at("m-letter-life-negative", Check::LetterOrder, "the letter expires a second before", opened + 3, opened + 2),
        at("m-letter-life-31-days", Check::LetterLifetime, "30 days and one second", NOW, NOW + 30 * DAY + 1),
        at("m-letter-life-for-ever", Check::LetterLifetime, "the letter expires at 2^64 - 1", NOW, never),
        at("m-letter-life-from-zero", Check::LetterLifetime, "the letter was sent at 0", 0, opened + 1),
        at("m-letter-sent-61-ahead", Check::LetterSent, "the letter is sent 61 s from now", opened + 61, opened + DAY),
        at("m-letter-sent-far", Check::LetterSent, "the letter is sent at 2^64 - 11", never - 10, never),
        at("m-letter-expires-now", Check::LetterExpired, "the letter expires now", NOW, opened),
        at("m-letter-expired", Check::LetterExpired, "the letter expired a second ago", NOW, opened - 1),
        at("m-letter-expired-long-ago", Check::LetterExpired, "the letter expired in the first second of time", 0, 1),
        now("m-letter-now-sent", Check::LetterSent, "the recipient's clock is 61 s before `sent`", NOW - 61),
        now("m-letter-now-expires", Check::LetterExpired, "the recipient's clock is at `expires`", NOW + 7 * DAY),
        now(
            "m-letter-now-late",
            Check::LetterExpired,
            "the recipient's clock is 59 s after `expires`",
            NOW + 7 * DAY + 59,
        ),
    ]
}

fn admitted() -> Vec<Negative> {
    let admits = |id, change: &str, list: &'static [&'static str]| {
        Negative::recipient_view(id, Check::LetterAdmitted, change, move |view| {
            view.admits = Some(list.iter().map(|did| (*did).to_owned()).collect());
        })
    };
    vec![
        admits("m-letter-nobody-admitted", "the recipient takes letters of nobody", &[]),
        admits("m-letter-not-admitted", "the recipient takes letters of another", &["did:web:other.example"]),
        admits(
            "m-letter-not-admitted-case",
            "the DID that is admitted has a capital",
            &["did:web:Sender.example:alice"],
        )
        .on("m-web"),
        admits("m-letter-not-admitted-shorter", "the DID that is admitted is shorter", &["did:web:sender.example"])
            .on("m-web"),
        admits(
            "m-letter-not-admitted-longer",
            "the DIDs that are admitted are longer",
            &["did:web:sender.example:alice:", "did:web:sender.example:alice#key-1", "did:web:sender.example:alice2"],
        )
        .on("m-web"),
    ]
}

fn around() -> Vec<Negative> {
    let part = |id, check, change: &str, edit: fn(&mut LetterSigned)| Negative::letter_signed(id, check, change, edit);
    vec![
        part("m-signed-label-key", Check::SignedLabel, "signed under the label of mailbox keys", |signed| {
            signed.label = b"didshake/1 mailbox key".to_vec();
        }),
        part("m-signed-label-initiator", Check::SignedLabel, "signed under the label of an initiator", |signed| {
            signed.label = b"didshake/1 initiator".to_vec();
        }),
        part("m-signed-label-zeros", Check::SignedLabel, "two zero bytes behind the label", |signed| {
            signed.label.push(0);
        }),
        part("m-signed-recipient", Check::SignedRecipient, "signed for another recipient", |signed| {
            signed.recipient = b"did:web:other.example".to_vec();
        }),
        part("m-signed-recipient-none", Check::SignedRecipient, "signed for no recipient", |signed| {
            signed.recipient.clear();
        }),
        part("m-signed-mailbox-key", Check::SignedKey, "signed for another mailbox key", |signed| {
            signed.mailbox_key = secret("other public key");
        }),
        part("m-signed-mailbox-key-id", Check::SignedKey, "signed for the mailbox key's id", |signed| {
            signed.mailbox_key = super::key::key_id(&signed.mailbox_key);
        }),
        part("m-signed-enc", Check::SignedEnc, "signed for another envelope", |signed| {
            signed.enc = secret("other ephemeral key");
        }),
        part("m-signed-enc-none", Check::SignedEnc, "signed without `enc`", |signed| signed.enc.clear()),
    ]
}

fn signed() -> Vec<Negative> {
    let part = |id, check, change: &str, edit: fn(&mut LetterForm)| {
        Negative::letter_signed(id, check, change, move |signed| edit(&mut signed.form))
    };
    vec![
        part("m-signed-did", Check::SignedDid, "another DID is signed", |form| {
            form.did = b"did:web:other.example".to_vec();
        }),
        part("m-signed-fragment", Check::SignedFragment, "another fragment is signed", |form| {
            form.fragment = b"key-2".to_vec();
        })
        .on("m-web"),
        part("m-signed-fragment-empty", Check::SignedFragment, "no fragment is signed", |form| form.fragment.clear())
            .on("m-web"),
        part("m-signed-algorithm", Check::SignedAlgorithm, "another algorithm byte is signed", |form| {
            form.algorithm = 2;
        }),
        part("m-signed-message-id", Check::SignedId, "another message id is signed", |form| {
            form.message_id.iter_mut().take(1).for_each(|byte| *byte ^= 1);
        }),
        part("m-signed-sent", Check::SignedSent, "`sent` is signed one second later", |form| form.sent += 1),
        part("m-signed-expires", Check::SignedExpires, "`expires` is signed one second later", |form| {
            form.expires += 1;
        }),
        part("m-signed-content-type", Check::SignedContentType, "another content type is signed", |form| {
            form.content_type = b"text/plaim".to_vec();
        }),
        part("m-signed-content-type-case", Check::SignedContentType, "a capital in the signed content type", |form| {
            form.content_type = b"Text/plain".to_vec();
        }),
        part("m-signed-length", Check::SignedLength, "another length of the content is signed", |form| {
            form.length += 1;
        }),
        part("m-signed-length-zero", Check::SignedLength, "a length of 0 is signed", |form| form.length = 0),
        part("m-signed-content", Check::SignedContent, "other content is signed", |form| {
            form.content.iter_mut().take(1).for_each(|byte| *byte ^= 1);
        }),
        part("m-signed-content-none", Check::SignedContent, "the content is not signed", |form| form.content.clear()),
    ]
}

/// What a recipient could do with a good letter before it shows it to somebody else: nothing.
fn altered() -> Vec<Negative> {
    let flip = |id, check, change: &str, at: usize| {
        Negative::plain(id, check, change, move |plain| {
            plain.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
        })
    };
    vec![
        flip("m-letter-altered-message-id", Check::SignedId, "the message id is changed", 124),
        flip("m-letter-altered-sent", Check::SignedSent, "`sent` is changed", 147),
        flip("m-letter-altered-expires", Check::SignedExpires, "`expires` is changed", 155),
        flip("m-letter-altered-content-type", Check::SignedContentType, "the content type is changed", 157),
        flip("m-letter-altered-content", Check::SignedContent, "the content is changed", 171),
    ]
}

pub(crate) fn all() -> Vec<Negative> {
    let all = [cuts(), contents(), padding(), times(), admitted(), around(), signed(), altered()];
    all.into_iter().flatten().collect()
}
