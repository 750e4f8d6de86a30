//! Cards and links that a reader refuses for what only a card has.

use super::check::CardCheck as Check;
use super::form::{Form, Signed};
use super::negative::Negative;
use crate::fixed::{NOW, jwk_identity, secret};

const DAY: u64 = 86_400;

fn links() -> Vec<Negative> {
    let link = |id, change: &str, edit: fn(&mut String)| Negative::link(id, Check::Link, change, edit);
    vec![
        link("c-link-empty", "no text", String::clear),
        link("c-link-no-card", "a link without a card", |text| text.truncate("didshake:card/".len())),
        link("c-link-bare", "the base64url alone", |text| drop(text.drain(.."didshake:card/".len()))),
        link("c-link-scheme-case", "the scheme in capitals", |text| text.replace_range(..8, "DIDSHAKE")),
        link("c-link-path-case", "the path in capitals", |text| text.replace_range(9..13, "CARD")),
        link("c-link-other-path", "a link of something else", |text| text.replace_range(9..13, "chat")),
        link("c-link-query", "a question mark for the slash", |text| text.replace_range(13..14, "?")),
        link("c-link-authority", "two slashes behind the scheme", |text| text.insert_str(9, "//")),
        link("c-link-space-before", "a space before", |text| text.insert(0, ' ')),
        link("c-link-line-feed", "a line feed behind", |text| text.push('\n')),
        link("c-link-line-break", "a line feed inside", |text| text.insert(60, '\n')),
        link("c-link-fragment", "a fragment behind", |text| text.push_str("#a")),
        link("c-link-slash", "a slash behind", |text| text.push('/')),
        link("c-link-padding", "base64 padding behind", |text| text.push('=')),
        link("c-link-cut", "cut to a length that base64 does not have", |text| text.truncate(14 + 5)),
        link("c-link-bits", "bits that are not zero at the end", |text| {
            let last = text.pop().and_then(|last| u8::try_from(last).ok()).unwrap_or(b'A');
            text.push(char::from(last + 1));
        }),
        link("c-link-alphabet", "the alphabet of base64, not of base64url", |text| {
            text.replace_range(14.., "IgEA+wAA");
        }),
        link("c-link-percent", "a character in percent-encoding", |text| text.replace_range(14..15, "%49")),
        link("c-link-not-ascii", "a letter that is not ASCII", |text| text.push('\u{e4}')),
        link("c-link-too-long", "three bytes more than a card can have", |text| {
            text.push_str("AAAA");
        })
        .on("c-longest"),
    ]
}

/// Where the fields of `c-ed25519` end: DID of 56 bytes, two endpoints, name, mailbox, token.
fn cuts() -> Vec<Negative> {
    let cut = |id, change: &str, length: usize| {
        Negative::sent(id, Check::Truncated, change, move |wire| wire.truncate(length))
    };
    vec![
        cut("c-cut-empty", "no bytes", 0),
        cut("c-cut-version", "the type alone", 1),
        cut("c-cut-issued", "cut one byte before the end of `issued`", 9),
        cut("c-cut-ends", "cut one byte before the end of `ends`", 17),
        cut("c-cut-did-length", "cut inside the DID's length", 19),
        cut("c-cut-did", "cut one byte before the end of the DID", 75),
        cut("c-cut-fragment-length", "cut behind the DID", 76),
        cut("c-cut-fragment", "cut one byte before the end of the fragment", 45).on("c-web"),
        cut("c-cut-algorithm", "cut behind the fragment", 77),
        cut("c-cut-count", "cut behind the algorithm", 78),
        cut("c-cut-endpoint-length", "cut behind the number of endpoints", 79),
        cut("c-cut-endpoint", "cut inside the first endpoint", 90),
        cut("c-cut-second-endpoint", "cut behind the first endpoint", 104),
        cut("c-cut-name-length", "cut behind the endpoints", 133),
        cut("c-cut-name", "cut inside the name", 136),
        cut("c-cut-mailbox-length", "cut behind the name", 143),
        cut("c-cut-mailbox", "cut inside the mailbox", 160),
        cut("c-cut-token-length", "cut behind the mailbox", 178),
        cut("c-cut-token", "cut inside the token", 200),
        cut("c-cut-signature-whole", "cut behind the token", 211),
        cut("c-cut-signature", "one byte short", 274),
        Negative::sent("c-did-over", Check::Truncated, "a DID of 2,048 bytes that are not there", |wire| {
            wire.iter_mut().skip(18).zip([8, 0]).for_each(|(to, from)| *to = from);
        }),
    ]
}

fn forms() -> Vec<Negative> {
    let kind = |id, change: &str, kind| Negative::form(id, Check::Type, change, move |form| form.kind = kind);
    let version =
        |id, change: &str, version| Negative::form(id, Check::Version, change, move |form| form.version = version);
    let trailing = |id, change: &str, edit: fn(&mut Vec<u8>)| Negative::sent(id, Check::Trailing, change, edit);
    let count = |id, change: &str, count: usize| {
        Negative::form(id, Check::EndpointCount, change, move |form| form.endpoints = vec![b"a:".to_vec(); count])
    };
    vec![
        kind("c-type-1", "type 1, of Hello", 1),
        kind("c-type-32", "type 32, of a mailbox key", 32),
        kind("c-type-33", "type 33, of an envelope", 33),
        version("c-version-0", "version 0", 0),
        version("c-version-2", "version 2", 2),
        count("c-endpoints-nine", "nine endpoints", 9),
        count("c-endpoints-255", "255 endpoints", 255),
        trailing("c-trailing", "a zero byte behind the signature", |wire| wire.push(0)),
        trailing("c-trailing-long", "the card twice, one behind the other", |wire| wire.extend(wire.clone())),
    ]
}

fn endpoints() -> Vec<Negative> {
    let with = |id, check, change: &str, url: &'static [u8]| {
        Negative::form(id, check, change, move |form| form.endpoints.push(url.to_vec()))
    };
    let scheme = |id, change: &str, url| with(id, Check::EndpointScheme, change, url);
    let characters = |id, change: &str, url| with(id, Check::EndpointCharacters, change, url);
    vec![
        scheme("c-endpoint-empty", "an empty endpoint", b""),
        scheme("c-endpoint-no-scheme", "an endpoint without a scheme", b"owner.example"),
        scheme("c-endpoint-colon-first", "an endpoint that begins with a colon", b"://owner.example"),
        scheme("c-endpoint-scheme-case", "a scheme in capitals", b"WSS://owner.example"),
        scheme("c-endpoint-scheme-digit", "a scheme that begins with a digit", b"9p://owner.example"),
        scheme("c-endpoint-scheme-line", "an underscore in the scheme", b"a_b://owner.example"),
        scheme("c-endpoint-scheme-slash", "a slash before the colon", b"owner/a:b"),
        scheme("c-endpoint-scheme-semicolon", "a semicolon in the scheme", b"w;s://owner.example"),
        characters("c-endpoint-space", "a space", b"wss://owner.example/a b"),
        characters("c-endpoint-line-feed", "a line feed", b"wss://owner.example/\n"),
        characters("c-endpoint-zero", "a zero byte", b"wss://owner.example/\0"),
        characters("c-endpoint-delete", "the byte 0x7F", b"wss://owner.example/\x7f"),
        characters("c-endpoint-not-ascii", "a letter that is not ASCII", b"wss://owner.ex\xc3\xa4mple"),
        characters("c-endpoint-not-utf-8", "a byte that is not UTF-8", b"wss://owner.example/\xff"),
    ]
}

fn names() -> Vec<Negative> {
    let with = |id, check, change: &str, name: &'static [u8]| {
        Negative::form(id, check, change, move |form| form.name = name.to_vec())
    };
    let unseen = |id, change: &str, name: &'static str| with(id, Check::NameSeen, change, name.as_bytes());
    vec![
        with("c-name-65", Check::NameLength, "a name of 65 bytes", &[b'n'; 65]),
        with("c-name-255", Check::NameLength, "a name of 255 bytes", &[b'n'; 255]),
        with("c-name-not-utf-8", Check::NameUtf8, "a name that is not UTF-8", b"a\xffb"),
        with("c-name-overlong", Check::NameUtf8, "a letter in an overlong form", b"a\xc1\xa1"),
        with("c-name-surrogate", Check::NameUtf8, "half of a surrogate pair", b"a\xed\xa0\x80"),
        with("c-name-space-first", Check::NameSpace, "a space before the name", b" a"),
        with("c-name-space-last", Check::NameSpace, "a space behind the name", b"a "),
        with("c-name-space-alone", Check::NameSpace, "a space for a name", b" "),
        unseen("c-name-line-feed", "a line feed", "a\nb"),
        unseen("c-name-zero", "a zero byte", "a\0"),
        unseen("c-name-delete", "U+007F", "a\u{7f}b"),
        unseen("c-name-next-line", "U+0085, a control character", "a\u{85}b"),
        unseen("c-name-no-break", "U+00A0, a blank that is no space", "a\u{a0}b"),
        unseen("c-name-soft-hyphen", "U+00AD, a soft hyphen", "a\u{ad}b"),
        unseen("c-name-em-space", "U+2003, a blank that is no space", "a\u{2003}b"),
        unseen("c-name-zero-width", "U+200B, a space without width", "a\u{200b}b"),
        unseen("c-name-joiner", "U+200D, a joiner", "a\u{200d}b"),
        unseen("c-name-right-to-left", "U+202E, which turns the direction of writing", "a\u{202e}b"),
        unseen("c-name-isolate", "U+2066, which turns the direction of writing", "a\u{2066}b"),
        unseen("c-name-braille-blank", "U+2800, a blank", "a\u{2800}b"),
        unseen("c-name-ideographic-space", "U+3000, a blank that is no space", "a\u{3000}b"),
        unseen("c-name-filler", "U+3164, a filler", "\u{3164}"),
        unseen("c-name-variation", "U+FE0F, a variation selector", "a\u{fe0f}"),
        unseen("c-name-mark", "U+FEFF, a byte order mark", "\u{feff}a"),
        unseen("c-name-tag", "U+E0041, a tag", "a\u{e0041}"),
        unseen("c-name-private", "U+10FFFF", "a\u{10ffff}"),
    ]
}

fn mailboxes() -> Vec<Negative> {
    let with = |id, check, change: &str, url: &'static [u8]| {
        Negative::form(id, check, change, move |form| form.mailbox = url.to_vec())
    };
    let scheme = |id, change: &str, url| with(id, Check::MailboxScheme, change, url);
    let host = |id, change: &str, url| with(id, Check::MailboxHost, change, url);
    let characters = |id, change: &str, url| with(id, Check::MailboxCharacters, change, url);
    vec![
        scheme("c-mailbox-wss", "a mailbox at wss", b"wss://relay.example/a"),
        scheme("c-mailbox-no-scheme", "a mailbox without a scheme", b"relay.example/a"),
        scheme("c-mailbox-scheme-case", "a scheme in capitals", b"HTTPS://relay.example/a"),
        scheme("c-mailbox-one-slash", "one slash behind the scheme", b"https:/relay.example"),
        host("c-mailbox-no-host", "nothing behind the scheme", b"https://"),
        host("c-mailbox-path-alone", "a path and no host", b"https:///mailbox"),
        characters("c-mailbox-user", "a user name", b"https://user@relay.example/a"),
        characters("c-mailbox-query", "a query", b"https://relay.example/?a"),
        characters("c-mailbox-fragment", "a fragment", b"https://relay.example/#a"),
        characters("c-mailbox-backslash", "a backslash", b"https://relay.example\\a"),
        characters("c-mailbox-space", "a space", b"https://relay.example/a b"),
        characters("c-mailbox-quote", "a quotation mark", b"https://relay.example/\""),
        characters("c-mailbox-not-ascii", "a letter that is not ASCII", b"https://relay.ex\xc3\xa4mple/a"),
        characters("c-mailbox-not-utf-8", "a byte that is not UTF-8", b"https://relay.example/\xff"),
    ]
}

fn tokens() -> Vec<Negative> {
    let length = |id, change: &str, length: usize| {
        Negative::form(id, Check::TokenLength, change, move |form| form.token.resize(length, 7))
    };
    vec![
        length("c-token-1", "a token of one byte", 1),
        length("c-token-31", "a token of 31 bytes", 31),
        length("c-token-33", "a token of 33 bytes", 33),
        length("c-token-255", "a token of 255 bytes", 255),
        Negative::form("c-token-alone", Check::TokenMailbox, "a token and no mailbox", |form| form.mailbox.clear()),
    ]
}

fn times() -> Vec<Negative> {
    let at = |id, check, change: &str, issued: u64, ends: u64| {
        Negative::form(id, check, change, move |form| (form.issued, form.ends) = (issued, ends))
    };
    let now = |id, check, change: &str, now: u64| Negative::view(id, check, change, move |view| view.now = now);
    let never = u64::MAX;
    vec![
        at("c-period-none", Check::Period, "the card ends when it was issued", NOW + 30, NOW + 30),
        at("c-period-negative", Check::Period, "the card ends before it was issued", NOW + 60, NOW + 1),
        at("c-issued-61-ahead", Check::Issued, "issued 61 s from now", NOW + 61, NOW + DAY),
        at("c-issued-61-ahead-for-ever", Check::Issued, "issued 61 s from now, without an end", NOW + 61, 0),
        at("c-issued-far", Check::Issued, "issued at 2^64 - 11", never - 10, never),
        at("c-ends-now", Check::Ends, "the card ends now", NOW - DAY, NOW),
        at("c-ended", Check::Ends, "the card ended a second ago", NOW - DAY, NOW - 1),
        at("c-ended-long-ago", Check::Ends, "the card ended in the first second of time", 0, 1),
        now("c-now-before", Check::Issued, "the reader's clock is 61 s before `issued`", NOW - DAY - 61),
        now("c-now-ends", Check::Ends, "the reader's clock is at `ends`", NOW + 29 * DAY),
    ]
}

fn meant() -> Vec<Negative> {
    let means = |id, change: &str, did: &str| {
        let did = did.to_owned();
        Negative::view(id, Check::Meant, change, move |view| view.means = Some(did.clone()))
    };
    vec![
        means("c-not-meant", "the card of another DID is meant", "did:web:other.example"),
        means("c-not-meant-case", "the DID that is meant has a capital", "did:web:Owner.example").on("c-web"),
        means("c-not-meant-longer", "the DID that is meant is longer", "did:web:owner.example:a").on("c-web"),
        Negative::form("c-not-meant-jwk", Check::Meant, "the did:jwk of the key whose did:key is meant", |form| {
            if let Ok(identity) = jwk_identity(1, "card owner ed25519", "") {
                form.did = identity.did.into_bytes();
            }
        }),
    ]
}

fn labels() -> Vec<Negative> {
    let label = |id, change: &str, label: &'static str| {
        Negative::signed(id, Check::SignedLabel, change, move |signed| label.as_bytes().clone_into(&mut signed.label))
    };
    vec![
        label("c-signed-mailbox-key", "signed under the label of mailbox keys", "didshake/1 mailbox key"),
        label("c-signed-responder", "signed under the label of a responder", "didshake/1 responder"),
        label("c-signed-zeros", "two zero bytes behind the label", "didshake/1 contact card\0"),
        label("c-signed-no-label", "signed without the label", ""),
    ]
}

fn signed() -> Vec<Negative> {
    let part = |id, check, change: &str, edit: fn(&mut Form)| {
        Negative::signed(id, check, change, move |signed: &mut Signed| edit(&mut signed.form))
    };
    vec![
        part("c-signed-type", Check::SignedType, "another type is signed", |form| form.kind = 32),
        part("c-signed-version", Check::SignedVersion, "another version is signed", |form| form.version = 2),
        part("c-signed-issued", Check::SignedIssued, "`issued` is signed one second later", |form| form.issued += 1),
        part("c-signed-ends", Check::SignedEnds, "`ends` is signed one second earlier", |form| form.ends -= 1),
        part("c-signed-did", Check::SignedDid, "another DID is signed", |form| {
            form.did = b"did:web:other.example".to_vec();
        }),
        part("c-signed-fragment", Check::SignedFragment, "another fragment is signed", |form| {
            form.fragment = b"cart".to_vec();
        })
        .on("c-web"),
        part("c-signed-algorithm", Check::SignedAlgorithm, "another algorithm byte is signed", |form| {
            form.algorithm = 2;
        }),
        part("c-signed-endpoint", Check::SignedEndpoints, "another endpoint is signed", |form| {
            form.endpoints.iter_mut().take(1).for_each(|url| *url = b"tcp://owner.example:4001".to_vec());
        }),
        part("c-signed-endpoint-order", Check::SignedEndpoints, "the endpoints are signed in another order", |form| {
            form.endpoints.reverse();
        }),
        part("c-signed-no-endpoints", Check::SignedEndpoints, "no endpoints are signed", |form| form.endpoints.clear()),
        part("c-signed-name", Check::SignedName, "another name is signed", |form| form.name = b"Zoe".to_vec()),
        part("c-signed-mailbox", Check::SignedMailbox, "another mailbox is signed", |form| form.mailbox.push(b'/')),
        part("c-signed-token", Check::SignedToken, "another token is signed", |form| {
            form.token = secret("other token")
        }),
        part("c-signed-no-token", Check::SignedToken, "no token is signed", |form| form.token.clear()),
    ]
}

/// What somebody in between could do with a good card: nothing.
fn altered() -> Vec<Negative> {
    let flip = |id, check, change: &str, at: usize| {
        Negative::sent(id, check, change, move |wire| {
            wire.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
        })
    };
    vec![
        flip("c-altered-ends", Check::SignedEnds, "`ends` is changed", 17),
        flip("c-altered-endpoint", Check::SignedEndpoints, "the port of an endpoint is changed", 103),
        flip("c-altered-token", Check::SignedToken, "the token is changed", 200),
    ]
}

pub(crate) fn all() -> Vec<Negative> {
    let read = [links(), cuts(), forms(), endpoints(), names(), mailboxes(), tokens(), times(), meant()];
    read.into_iter().chain([labels(), signed(), altered()]).flatten().collect()
}
