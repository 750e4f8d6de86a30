//! Hosts of a test's own, and what is looked for on them: that the proofs which rest on these can fail.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Stdio;
use std::time::Duration;

use didshake_tests::{Capture, Home, Namespace, Needle, Service, Star, files_below, memory_of, position};

const PATIENCE: Duration = Duration::from_millis(1500);

fn listens(host: &Namespace) -> (TcpListener, SocketAddr) {
    let listener = host.enter(|| TcpListener::bind(host.at(0)).unwrap());
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn reaches(host: &Namespace, address: SocketAddr) -> bool {
    host.enter(|| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
}

#[test]
fn who_is_at_the_edge_reaches_the_middle_and_nobody_else() {
    let star = Star::new();
    let [first, second] = &star.spokes;
    let (_middle, middle_address) = listens(&star.middle);
    let machine = TcpListener::bind("127.0.0.1:0").unwrap();
    for (here, there) in [(first, second), (second, first)] {
        let (_there, address) = listens(there);
        assert!(reaches(here, middle_address));
        // It listens, and the cable carries.
        assert!(reaches(&star.middle, address));
        assert!(!reaches(here, address));
        assert!(!reaches(here, machine.local_addr().unwrap()));
        // Of nobody: where this machine has a way out, that is not theirs.
        assert!(!reaches(here, SocketAddr::from(([192, 0, 2, 1], 80))));
    }
}

#[test]
fn a_host_ends_with_what_runs_on_it_also_where_a_test_fails() {
    let mut running = None;
    let failed = catch_unwind(AssertUnwindSafe(|| {
        let star = Star::new();
        let home = Home::at(&star.spokes[0]);
        let mut child = home.command(&["listen", "127.0.0.1:0", "--as", "nobody"]);
        let _ = home.identity("nobody");
        let child = child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let names = [&star.middle, &star.spokes[0], &star.spokes[1]].map(|host| format!("{host:?}"));
        running = Some((child, names));
        panic!("a test that fails");
    }));
    assert!(failed.is_err());
    let (mut child, names) = running.unwrap();
    // It would listen for ever.
    assert!(!child.wait().unwrap().success());
    let left = std::fs::read_dir("/run/netns").unwrap().flatten();
    let left: Vec<_> = left.map(|entry| format!("{:?}", entry.file_name())).collect();
    assert!(left.iter().all(|name| names.iter().all(|host| !host.contains(name))), "{left:?}");
}

#[test]
fn a_word_that_two_packets_share_is_seen() {
    let star = Star::new();
    let capture = Capture::start(&star.middle);
    let (listener, address) = listens(&star.middle);
    let mut sending = star.spokes[1].enter(|| TcpStream::connect(address)).unwrap();
    sending.set_nodelay(true).unwrap();
    let mut receiving = listener.accept().unwrap().0;
    for half in ["one word in ", "two packets"] {
        sending.write_all(half.as_bytes()).unwrap();
        // The next packet begins when this one has arrived.
        receiving.read_exact(&mut vec![0; half.len()]).unwrap();
    }
    drop((sending, receiving));
    let captured = capture.stop();
    let word = Needle::new("the word", "one word in two packets");
    assert!(word.found_in(&captured.bytes()).is_none(), "it is in one packet");
    let streams = captured.streams();
    let holding: Vec<_> = streams.iter().filter(|stream| word.found_in(&stream.bytes).is_some()).collect();
    assert_eq!(holding.len(), 1, "{streams:?}");
    assert_eq!(
        (IpAddr::from(*holding[0].from.ip()), holding[0].to.to_string()),
        (star.spokes[1].at(0).0, address.to_string())
    );
}

#[test]
fn every_form_of_a_needle_is_found() {
    let needle = Needle::new("it", "did:key:z6Mk?>~ÿÿ");
    for (haystack, form) in [
        ("xxdid:key:z6Mk?>~ÿÿ", "bytes"),
        ("6469643a6b65793a7a364d6b3f3e7ec3bfc3bf", "hexadecimal"),
        ("6469643A6B65793A7A364D6B3F3E7EC3BFC3BF", "HEXADECIMAL"),
        ("?id=did%3Akey%3Az6Mk%3F%3E~%C3%BF%C3%BF&", "URL"),
        // What `base64` makes of it, with nothing, `a` and `ab` before it.
        ("ZGlkOmtleTp6Nk1rPz5+w7/Dvw==", "base64"),
        ("YWRpZDprZXk6ejZNaz8+fsO/w78=", "base64"),
        ("YWJkaWQ6a2V5Ono2TWs/Pn7Dv8O/", "base64"),
        ("YWRpZDprZXk6ejZNaz8-fsO_w78", "base64url"),
    ] {
        assert_eq!(needle.found_in(haystack.as_bytes()), Some(format!("it as {form}")), "{haystack}");
    }
    assert!(needle.found_in(b"did:key:z6Mk?>~").is_none());
    assert_eq!(position(b"aaab", b"aab"), Some(1));
}

#[test]
fn a_login_from_a_host_to_another_is_seen_where_it_may_be_and_nowhere_else() {
    let star = Star::new();
    let capture = Capture::start(&star.middle);
    let (relay, user) = (Home::at(&star.middle), Home::at(&star.spokes[0]));
    let _ = relay.run(&["certs", "--out", "certs", "10.213.0.1"]).expect(0);
    let root = user.write("root.pem", std::fs::read(relay.path("certs/root.pem")).unwrap());
    let (listen, url) = ("10.213.0.1:8443", "https://10.213.0.1:8443");
    let tls = ["--public-url", url, "--tls-cert", "certs/server.pem", "--tls-key", "certs/server.key"];
    let service = Service::start(&relay, &[&["--listen", listen], &tls[..]].concat());
    let did = Needle::new("the user's DID", user.identity("user"));
    let login = ["login", url, "--as", "user", "--expect", &service.did, "--root-cert", root.to_str().unwrap()];
    let _ = user.run(&login).expect(0);

    let memory = memory_of(service.process());
    assert!(did.found_in(&memory).is_some(), "a search of memory finds nothing");
    let files = files_below(&relay.path("service"));
    assert!(files.iter().any(|(_, bytes)| did.found_in(bytes).is_some()), "a search of the disk finds nothing");
    let captured = capture.stop();
    let to_service: usize =
        captured.streams().iter().filter(|stream| stream.to.port() == 8443).map(|stream| stream.bytes.len()).sum();
    assert!(to_service > 1000, "{to_service} bytes of a login");
    assert_eq!(did.found_in(&captured.bytes()), None);
}
