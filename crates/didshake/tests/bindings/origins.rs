//! Origins: one serialisation, taken from the URL or from the configuration.

use didshake::{Binding, Endpoint, Origin, OriginError, Origins, OriginsError};
use proptest::prelude::*;

fn origin(url: &str) -> Origin {
    Origin::parse(url).unwrap()
}

// R-BIND-5
#[test]
fn serialisation() {
    let cases = [
        ("https://example.com", "https://example.com"),
        ("https://example.com/", "https://example.com"),
        ("https://example.com:443/a?b#c", "https://example.com"),
        ("https://example.com?x@y", "https://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("https://example.com:/", "https://example.com"),
        ("https://example.com:08443/", "https://example.com:8443"),
        ("https://example.com:80", "https://example.com:80"),
        ("http://example.com:80", "http://example.com"),
        ("http://example.com:443", "http://example.com:443"),
        ("wss://example.com:443/chat", "https://example.com"),
        ("ws://example.com:80/chat", "http://example.com"),
        ("ws://example.com:443", "http://example.com:443"),
        ("HTTPS://EXAMPLE.Com", "https://example.com"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://a_b.example.", "https://a_b.example."),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://[2001:DB8:0:0:0:0:0:1]", "https://[2001:db8::1]"),
        ("https://[2001:db8:0:1:1:1:1:1]", "https://[2001:db8:0:1:1:1:1:1]"),
        ("https://[2001:0:0:1:0:0:0:1]", "https://[2001:0:0:1::1]"),
        ("https://[::ffff:192.0.2.1]", "https://[::ffff:c000:201]"),
        ("https://[::192.0.2.1]", "https://[::c000:201]"),
    ];
    for (url, text) in cases {
        assert_eq!(Origin::parse(url).map(|origin| origin.as_str().to_owned()), Ok(text.to_owned()), "{url}");
    }
}

// R-BIND-5
#[test]
fn what_has_no_origin() {
    let cases = [
        (
            OriginError::Scheme,
            &["", "null", "example.com", "ftp://example.com", "file:///a", "https:example.com", "://a"][..],
        ),
        (OriginError::UserInfo, &["https://a@b", "https://a.example:443@evil.example/", "https://@a", "wss://a:b@c"]),
        (
            OriginError::Characters,
            &[
                "https://b\u{fc}cher.example",
                "https://a\\@b",
                "https://a b",
                " https://a",
                "https://a\n",
                "https://a/\t",
            ],
        ),
        (
            OriginError::Host,
            &[
                "https://",
                "https:///a",
                "https://:443",
                "https://a..b",
                "https://.a",
                "https://a%2eb",
                "https://a*b",
                "https://127.1",
                "https://0x7f.0.0.1",
                "https://1",
                "https://a.1",
                "https://127.0.0.1.",
                "https://0177.0.0.1",
                "https://a.0x",
                "https://[::1",
                "https://[]",
                "https://[fe80::1%25eth0]",
                "https://::1",
                "https://[::1]x",
                "https://[1.2.3.4]",
            ],
        ),
        (OriginError::Port, &["https://a:b", "https://a:65536", "https://a:+1", "https://a:-1", "https://a:1:2"]),
    ];
    for (error, urls) in cases {
        for url in urls {
            assert_eq!(Origin::parse(url), Err(error), "{url}");
        }
    }
    assert_eq!(Origin::parse(&format!("https://{}", "a".repeat(64))), Err(OriginError::Host));
    assert_eq!(Origin::parse(&format!("https://{}a", "a.".repeat(127))), Err(OriginError::Host));
}

proptest! {
    // R-BIND-5
    #[test]
    fn a_serialisation_is_its_own_origin(
        secure: bool, web_socket: bool, upper: bool, name in "[a-z][a-z0-9-]{0,20}(\\.[a-z][a-z0-9-]{0,20}){0,3}",
        port: Option<u16>, path in "(/[!-\\[\\]-~]{0,30})?",
    ) {
        let scheme = match (secure, web_socket) {
            (true, true) => "wss", (true, false) => "https", (false, true) => "ws", (false, false) => "http",
        };
        let written = if upper { name.to_uppercase() } else { name.clone() };
        let suffix = port.map(|port| format!(":{port}")).unwrap_or_default();
        let origin = origin(&format!("{scheme}://{written}{suffix}{path}"));
        let shown = port.filter(|port| *port != if secure { 443 } else { 80 });
        let shown = shown.map(|port| format!(":{port}")).unwrap_or_default();
        prop_assert_eq!(origin.as_str(), format!("http{}://{name}{shown}", if secure { "s" } else { "" }));
        prop_assert_eq!(&Origin::parse(origin.as_str()).unwrap(), &origin);
    }

    // R-BIND-5
    #[test]
    fn an_ipv6_address_has_one_form(bits: u128, keep: u8) {
        // Groups of zeros are what the short form is about.
        let mut groups = std::net::Ipv6Addr::from(bits).segments();
        (0..8).filter(|at| keep & (1 << at) == 0).for_each(|at| groups[at] = 0);
        let long = groups.map(|group| format!("{group:04X}")).join(":");
        let short = origin(&format!("https://[{long}]:1"));
        prop_assert_eq!(&origin(short.as_str()), &short);
        prop_assert!(!short.as_str().contains('.'));
        let inside = short.as_str().strip_prefix("https://[").unwrap().strip_suffix("]:1").unwrap();
        prop_assert_eq!(inside.parse::<std::net::Ipv6Addr>().unwrap().segments(), groups);
    }

    #[test]
    fn nothing_makes_the_reader_fail_otherwise(url in ".{0,60}", authority in "[a-z0-9:@.\\[\\]%-]{0,30}") {
        let _ = Origin::parse(&url);
        let _ = Origin::parse(&format!("https://{authority}"));
    }
}

// R-BIND-5, R-BIND-6
#[test]
fn the_url_decides_binding_and_origin() {
    let cases = [
        ("https://example.com/a", Binding::Http, "https://example.com"),
        ("http://[::1]:8080/a", Binding::Http, "http://[::1]:8080"),
        ("wss://example.com/a", Binding::WebSocket, "https://example.com"),
        ("ws://127.0.0.1/a", Binding::WebSocket, "http://127.0.0.1"),
    ];
    for (url, binding, prologue) in cases {
        let endpoint = Endpoint::parse(url).unwrap();
        let context = endpoint.context().unwrap();
        assert_eq!((endpoint.as_str(), context.binding(), context.prologue()), (url, binding, prologue.as_bytes()));
    }
    assert_eq!(origin("https://a.example").http_context().unwrap().binding(), Binding::Http);
    assert_eq!(origin("https://a.example").websocket_context().unwrap().binding(), Binding::WebSocket);
    assert_eq!(origin("https://a.example").websocket_context().unwrap().prologue(), b"https://a.example");
}

// R-BIND-7
#[test]
fn host_selects_among_configured_origins_only() {
    let list = ["https://a.example", "https://b.example:8443", "http://[::1]:8080", "http://a.example:8080"];
    let origins = Origins::new(list.map(origin).to_vec()).unwrap();
    let select = |host: &str| origins.select(&[host.as_bytes()]).map(Origin::as_str);
    assert_eq!(select("a.example"), Some("https://a.example"));
    assert_eq!(select("A.Example:443"), Some("https://a.example"));
    assert_eq!(select("a.example:8080"), Some("http://a.example:8080"));
    assert_eq!(select("b.example:8443"), Some("https://b.example:8443"));
    assert_eq!(select("[0::1]:8080"), Some("http://[::1]:8080"));
    for unknown in [
        "",
        "evil.example",
        "a.example:80",
        "b.example",
        "[::1]",
        "a.example.",
        "x.a.example",
        "a.example@evil.example",
        "evil@a.example",
        "a.example/",
        "https://a.example",
        "a.example, a.example",
        " a.example",
        "a.example:443x",
    ] {
        assert_eq!(select(unknown), None, "{unknown}");
    }
    assert_eq!(origins.select(&[]), None);
    assert_eq!(origins.select(&[b"a.example", b"a.example"]), None);
    assert_eq!(origins.select(&[b"a.example\xff"]), None);
}

// R-BIND-7
#[test]
fn origins_that_host_cannot_tell_apart_are_refused() {
    let origins = |list: &[&str]| Origins::new(list.iter().map(|url| origin(url)).collect()).map(|_| ());
    assert_eq!(origins(&[]), Err(OriginsError::Empty));
    assert_eq!(origins(&["https://a", "https://a:443"]), Err(OriginsError::Ambiguous));
    assert_eq!(origins(&["https://a", "http://a"]), Err(OriginsError::Ambiguous));
    assert_eq!(origins(&["https://a", "http://b", "http://a:443"]), Err(OriginsError::Ambiguous));
    assert_eq!(origins(&["https://a", "https://a:8443", "http://a:8080", "http://b"]), Ok(()));
}

// R-BIND-17
#[test]
fn no_binding_has_a_number_that_version_1_does_not_define() {
    // Without a wildcard: a new binding does not compile here.
    let number = |binding: Binding| match binding {
        Binding::Stream => 1,
        Binding::WebSocket => 2,
        Binding::Http => 3,
        Binding::Relay => 4,
    };
    for binding in [Binding::Stream, Binding::WebSocket, Binding::Http, Binding::Relay] {
        assert_eq!(binding as u8, number(binding));
    }
}
