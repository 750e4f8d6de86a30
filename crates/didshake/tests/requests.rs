//! Signed requests beyond what the vectors in `vectors/request` show: the order of the checks, their edges, and that no
//! request is taken for another.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failing test panics")]

#[allow(dead_code, reason = "shared with the tests of the protocol, which use more of it")]
#[path = "protocol/pair.rs"]
mod pair;

use didshake::request::{
    ClaimedRequest, MAX_FIELD_BYTES, ReceivedFields, RequestFault, RequestKey, SignatureFields, Target, WINDOW_SECONDS,
};
use didshake::{Error, Internal, Origin, Secret, UnixTime};
use proptest::prelude::*;

use crate::pair::{Counting, NOW, Pair};

const SESSION: [u8; 16] = [0x5a; 16];
const BODY: &[u8] = b"a body";

fn key(seed: u8) -> RequestKey {
    RequestKey::from_secret(Secret::new([seed; 32]))
}

fn origin() -> Origin {
    Origin::parse("https://example.com").unwrap()
}

fn post(origin: &Origin) -> Target<'_> {
    Target { method: "POST", origin, path: "/notes", query: Some("a=1") }
}

fn signed(created: UnixTime, seed: u64) -> SignatureFields {
    key(1).sign(&post(&origin()), BODY, &SESSION, created, &mut Counting(seed)).unwrap()
}

/// The values of `Content-Digest`, `Signature-Input` and `Signature`.
type Values = [Vec<u8>; 3];

fn values(fields: &SignatureFields) -> Values {
    let values: Vec<Vec<u8>> = fields.headers().map(|(_, value)| value.as_bytes().to_vec()).collect();
    values.try_into().unwrap()
}

fn read([digest, input, signature]: &Values) -> Result<ClaimedRequest, RequestFault> {
    ClaimedRequest::read(&ReceivedFields {
        signature_input: &[input],
        signature: &[signature],
        content_digest: &[digest],
    })
}

/// Everything that a service checks before it looks for the nonce.
fn taken(values: &Values, now: UnixTime, target: &Target<'_>, body: &[u8]) -> Result<(), RequestFault> {
    let claimed = read(values)?;
    claimed.check_time(now)?;
    if *claimed.session_id() != SESSION {
        return Err(RequestFault::Session);
    }
    claimed.verify(&key(1), target)?.with_body(body).map(drop)
}

// R-REQ-1
#[test]
fn both_sides_of_a_handshake_have_one_key_that_no_other_handshake_has() {
    let finished = Pair::default().run().unwrap();
    let (alice, bob) =
        (RequestKey::of(&finished.alice.exporter).unwrap(), RequestKey::of(&finished.bob.exporter).unwrap());
    assert_eq!(alice, bob);
    let other = Pair { seed: 8, ..Pair::default() }.run().unwrap();
    assert_ne!(alice, RequestKey::of(&other.alice.exporter).unwrap());
    let exported = finished.bob.exporter.export(b"didshake.login/1 request", b"", 32).unwrap();
    assert_eq!(alice.secret().expose().as_slice(), exported);
}

// R-SEC-4
#[test]
fn a_request_key_does_not_print() {
    let shown = format!("{:?} {:#?}", key(0x5e), key(0x5e));
    assert!(shown.contains("redacted") && !shown.contains("94") && !shown.contains("5e"), "{shown}");
}

// R-REQ-2: a request that is sent again is another one.
#[test]
fn every_request_has_a_nonce_of_its_own() {
    let mut rng = Counting(1);
    let mut sign = || key(1).sign(&post(&origin()), BODY, &SESSION, NOW, &mut rng).unwrap();
    let (one, two) = (values(&sign()), values(&sign()));
    assert_eq!(one[0], two[0], "the same body");
    assert!(one[1] != two[1] && one[2] != two[2]);
}

#[test]
fn nothing_is_signed_without_randomness() {
    struct Broken;
    impl rand_core::TryRng for Broken {
        type Error = std::fmt::Error;
        fn try_next_u32(&mut self) -> Result<u32, std::fmt::Error> {
            Err(std::fmt::Error)
        }
        fn try_next_u64(&mut self) -> Result<u64, std::fmt::Error> {
            Err(std::fmt::Error)
        }
        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), std::fmt::Error> {
            Err(std::fmt::Error)
        }
    }
    impl rand_core::TryCryptoRng for Broken {}
    let refused = key(1).sign(&post(&origin()), BODY, &SESSION, NOW, &mut Broken);
    assert_eq!(refused, Err(Error::from(Internal::Randomness)));
}

// R-REQ-3, R-REQ-4, R-REQ-5, R-REQ-6: the first check that fails decides, however many others would.
#[test]
fn the_first_check_that_fails_decides() {
    let origin = origin();
    let good = values(&signed(NOW, 1));
    let late = UnixTime(NOW.0 + 61);
    let other = Target { method: "GET", ..post(&origin) };
    let malformed = [good[0].clone(), good[1].clone(), b"didshake=:AA==:".to_vec()];
    assert_eq!(taken(&malformed, late, &other, b""), Err(RequestFault::Malformed));
    assert_eq!(taken(&good, late, &other, b""), Err(RequestFault::Time));
    let of_other = key(2).sign(&post(&origin), BODY, &[0; 16], NOW, &mut Counting(1)).unwrap();
    assert_eq!(taken(&values(&of_other), NOW, &other, b""), Err(RequestFault::Session));
    assert_eq!(taken(&good, NOW, &other, b""), Err(RequestFault::Signature));
    assert_eq!(taken(&good, NOW, &post(&origin), b""), Err(RequestFault::Digest));
    assert_eq!(taken(&good, NOW, &post(&origin), BODY), Ok(()));
    // Without the two other fields nobody looks at the third.
    let digest = ReceivedFields { signature_input: &[], signature: &[], content_digest: &[b"x", b"y"] };
    assert_eq!(ClaimedRequest::read(&digest), Err(RequestFault::Unsigned));
}

// R-REQ-6
#[test]
fn the_window_is_sixty_seconds_to_both_sides() {
    for created in [NOW, UnixTime(0), UnixTime(999_999_999_999_999)] {
        let claimed = read(&values(&signed(created, 1))).unwrap();
        for apart in [0, 1, WINDOW_SECONDS] {
            assert_eq!(claimed.check_time(UnixTime(created.0 + apart)), Ok(()), "{created:?} + {apart}");
            assert_eq!(claimed.check_time(UnixTime(created.0.saturating_sub(apart))), Ok(()), "{created:?} - {apart}");
        }
        let outside = [created.0 + 61, created.0.checked_sub(61).unwrap_or(u64::MAX), u64::MAX];
        for now in outside {
            assert_eq!(claimed.check_time(UnixTime(now)), Err(RequestFault::Time), "{created:?} at {now}");
        }
    }
}

// R-REQ-8: as long as the window lets a request in, its nonce is burned.
#[test]
fn a_nonce_stays_burned_until_its_window_is_over() {
    let claimed = read(&values(&signed(NOW, 1))).unwrap();
    let proven = claimed.clone().verify(&key(1), &post(&origin())).unwrap().with_body(BODY).unwrap();
    let until = proven.burned_until();
    assert_eq!(claimed.check_time(UnixTime(until.0 - 1)), Ok(()));
    assert_eq!(claimed.check_time(until), Err(RequestFault::Time));
    assert_eq!(proven.session_id(), &SESSION);
}

// R-REQ-4, R-REQ-5
#[test]
fn no_changed_byte_of_a_field_is_taken() {
    let origin = origin();
    let good = values(&signed(NOW, 1));
    for (field, value) in good.iter().enumerate() {
        for at in 0..value.len() {
            for byte in [b'A', b'0', b'=', b' ', b'"', 0, 0xff, value[at] ^ 1, value[at] ^ 0x20] {
                let mut bad = good.clone();
                bad[field][at] = byte;
                let outcome = taken(&bad, NOW, &post(&origin), BODY);
                assert!(outcome.is_err() || byte == value[at], "{field}: {byte} at {at}");
            }
            let mut cut = good.clone();
            cut[field].truncate(at);
            assert_eq!(read(&cut), Err(RequestFault::Malformed), "{field}: cut at {at}");
        }
    }
}

// R-REQ-4
#[test]
fn nothing_may_stand_around_a_field_or_exceed_its_limit() {
    let good = values(&signed(NOW, 1));
    for field in 0..3 {
        for (before, after) in [("", " "), (" ", ""), ("\t", ""), ("", "\r\n"), ("", "\0"), (",", ""), ("", ",")] {
            let mut bad = good.clone();
            bad[field] = [before.as_bytes(), &good[field], after.as_bytes()].concat();
            assert_eq!(read(&bad), Err(RequestFault::Malformed), "{field}: {before:?} {after:?}");
        }
        let mut long = good.clone();
        long[field].resize(MAX_FIELD_BYTES + 1, b'A');
        assert_eq!(read(&long), Err(RequestFault::Malformed));
        assert!(good[field].len() <= MAX_FIELD_BYTES);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    // R-REQ-4: what is read is written back as it was, and nothing else is read.
    #[test]
    fn reading_and_writing_are_inverse(
        created in 0_u64..1_000_000_000_000_000,
        session in any::<[u8; 16]>(),
        seed in any::<u64>(),
        body in proptest::collection::vec(any::<u8>(), 0..64),
        path in "/[a-z/%2F]{0,12}",
    ) {
        let origin = origin();
        let target = Target { method: "PUT", origin: &origin, path: &path, query: None };
        let fields = key(3).sign(&target, &body, &session, UnixTime(created), &mut Counting(seed)).unwrap();
        let claimed = read(&values(&fields)).unwrap();
        prop_assert_eq!(claimed.fields(), fields);
        prop_assert_eq!(claimed.session_id(), &session);
        let base = claimed.signature_base(&target);
        prop_assert!(base.starts_with("\"@method\": PUT\n\"@authority\": example.com\n"));
        let proven = claimed.verify(&key(3), &target).and_then(|head| head.with_body(&body));
        prop_assert!(proven.is_ok());
    }

    #[test]
    fn whatever_is_read_is_written_back(
        input in "didshake=\\(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\"\\);created=[0-9]{1,16};nonce=\"[A-Za-z0-9_-]{21}[AQgwB]\";keyid=\"[A-Za-z0-9_-]{21}[AQgwB]\";alg=\"hmac-sha256\";tag=\"didshake.login/1\"",
        digest in "sha-256=:[A-Za-z0-9+/]{42}[A-Za-z0-9+/=]=:",
        signature in "didshake=:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048=B]=:",
    ) {
        let sent: Values = [digest, input, signature].map(String::into_bytes);
        if let Ok(claimed) = read(&sent) {
            prop_assert_eq!(values(&claimed.fields()), sent);
        }
    }
}
