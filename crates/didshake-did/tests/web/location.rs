//! Where a did:web leads, for good DIDs and for any.

use didshake::Did;
use didshake_did::web::Location;
use proptest::prelude::*;
use reqwest::Url;

fn url(id: &str) -> String {
    Location::of(&Did::parse(&format!("did:web:{id}")).unwrap()).unwrap().to_string()
}

#[test]
fn documents_are_where_the_method_says() {
    assert_eq!(url("example.com"), "https://example.com/.well-known/did.json");
    assert_eq!(url("example.com:user:alice"), "https://example.com/user/alice/did.json");
    assert_eq!(url("example.com%3A3000"), "https://example.com:3000/.well-known/did.json");
    assert_eq!(url("example.com%3a3000:a"), "https://example.com:3000/a/did.json");
    assert_eq!(url("example.com%3A443"), "https://example.com/.well-known/did.json");
    assert_eq!(url("Example.COM:Alice"), "https://example.com/Alice/did.json");
    assert_eq!(url("xn--bcher-kva.example:...:a.b"), "https://xn--bcher-kva.example/.../a.b/did.json");
    assert_eq!(url("example.com:%7Ealice:%40bob"), "https://example.com/%7Ealice/%40bob/did.json");
    assert_eq!(url("example.com:b%C3%BCcher:a%20b"), "https://example.com/b%C3%BCcher/a%20b/did.json");
    assert_eq!(url("1.example"), "https://1.example/.well-known/did.json");
}

#[test]
fn labels_and_names_have_their_lengths() {
    let label = "a".repeat(63);
    assert!(url(&format!("{label}.example")).contains(&label));
    assert!(Location::of(&Did::parse(&format!("did:web:{label}a.example")).unwrap()).is_err());
    let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    assert_eq!(longest.len(), 253);
    assert!(url(&longest).contains(&longest));
    assert!(Location::of(&Did::parse(&format!("did:web:{longest}a")).unwrap()).is_err());
}

/// Ids made of what may matter: dots, encodings, digits, separators.
fn ids() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z0-9.:-]{1,6}",
        2 => "%[0-9A-Fa-f]{2}",
        1 => Just("%3A".to_owned()),
        1 => Just("%2e".to_owned()),
        1 => Just("..".to_owned()),
        1 => Just("0x7f".to_owned()),
        1 => "[A-Z0-9_]{1,4}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn hosts() -> impl Strategy<Value = String> {
    prop_oneof![Just("example.com".to_owned()), "[a-z0-9.x-]{1,12}", "(0x)?[0-9]{1,4}(\\.[0-9]{1,3}){0,3}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    // Two readers, one meaning: what is accepted is, to a parser of the URL Standard, the same host, port and path,
    // with nothing resolved away.
    #[test]
    fn a_second_reader_agrees(host in hosts(), rest in ids()) {
        for id in [format!("{host}:{rest}"), format!("{host}{rest}"), format!("{host}%3A{rest}")] {
            let Ok(did) = Did::parse(&format!("did:web:{id}")) else { continue };
            let Ok(location) = Location::of(&did) else { continue };
            let text = location.to_string();
            let Ok(url) = Url::parse(&text) else {
                // Names in Punycode that decode to nothing: the resolver refuses them for this reason.
                prop_assert!(location.host().contains("xn--"), "{}", text);
                continue;
            };
            prop_assert_eq!(url.as_str(), &text);
            prop_assert_eq!(url.scheme(), "https");
            prop_assert_eq!(url.host_str(), Some(location.host()));
            prop_assert_eq!(url.port_or_known_default(), Some(location.port()));
            prop_assert_eq!(url.path(), location.path());
            prop_assert_eq!((url.username(), url.password(), url.query(), url.fragment()), ("", None, None, None));
            let segments: Vec<&str> = url.path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), location.path().matches('/').count());
            for segment in segments {
                prop_assert!(!segment.is_empty());
                let plain = segment.to_ascii_lowercase().replace("%2e", ".");
                prop_assert!(plain != "." && plain != "..", "{}", text);
                for hidden in ["%2f", "%5c", "%00", "%25", "%3f", "%23", "%0a", "%0d"] {
                    prop_assert!(!plain.contains(hidden), "{}", text);
                }
            }
        }
    }

    #[test]
    fn no_did_panics(id in ids()) {
        if let Ok(did) = Did::parse(&format!("did:web:{id}")) {
            let _ = Location::of(&did);
        }
    }

    // A host that any reader would take for an IPv4 address is one in the only notation that is read, or refused.
    #[test]
    fn numbers_are_addresses_or_nothing(host in "(0[xX])?[0-9a-fA-F]{1,10}(\\.(0[xX])?[0-9a-fA-F]{1,4}){0,4}") {
        let Ok(url) = Url::parse(&format!("https://{host}/")) else { return Ok(()) };
        if let Some(reqwest_host) = url.host_str().filter(|host| host.parse::<std::net::Ipv4Addr>().is_ok()) {
            let location = Location::of(&Did::parse(&format!("did:web:{host}")).unwrap());
            prop_assert!(location.is_err() || reqwest_host == host, "{}", host);
        }
    }
}
