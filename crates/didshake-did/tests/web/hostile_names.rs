//! What a DID and a name server can try: none of it reaches a socket.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use didshake::Did;
use didshake_did::BoxFuture;
use didshake_did::web::{AddressKind, Location, LocationFault, Lookup, WebFailure, WebResolver};

use crate::attack::{Names, did, good, options, timed};
use crate::server::{Conduct, Server};

/// DIDs that are refused as they are: no name is looked up, nothing connects to a port that would answer.
macro_rules! refused {
    ($($name:ident: $fault:ident, [$($host_and_path:expr),* $(,)?];)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                for id in [$($host_and_path),*] {
                    let names = Names::leading_to(&["127.0.0.1"]);
                    let resolver = WebResolver::with_lookup(&options(), names.clone()).unwrap();
                    let fetched = timed(&resolver, &did(&format!("did:web:{id}"))).await;
                    assert_eq!(fetched.err(), Some(WebFailure::Location(LocationFault::$fault)), "{id}");
                    assert_eq!(names.asked.load(Ordering::SeqCst), 0, "{id}");
                }
            }
        )*
        const LOCATIONS: &[&str] = &[$(stringify!($name)),*];
    };
}

refused! {
    literal_addresses: Literal, [
        "127.0.0.1", "127.0.0.1%3A8443", "0.0.0.0", "10.0.0.1", "192.168.1.1:a", "169.254.169.254:latest", "1.1.1.1", "255.255.255.255",
    ];
    literal_in_other_notations: Number, [
        "2130706433", "0x7f000001", "0X7F000001", "017700000001", "127.1", "127.0.1", "0x7f.1", "0x7f.0.0.1", "0177.0.0.1",
        "127.0.0.01", "127.0.0.256", "1.2.3.4.5", "0", "0x", "example.0x7f", "example.1", "999999999999999999999",
    ];
    literal_ipv6: Host, ["%5B%3A%3A1%5D", "%5B%3A%3Affff%3A127.0.0.1%5D%3A443", "%3A%3A1", "%5B--1%5D"];
    local_names: LocalName, [
        "localhost", "LOCALHOST", "localhost%3A443", "printer", "a.localhost", "a.local", "a.internal", "metadata.google.internal",
        "router.home.arpa", "a.onion", "a.alt", "a.invalid",
    ];
    credentials: Host, ["user%40example.com", "pass%40example.com%3A443", "%40example.com", "a%40b%40example.com"];
    another_authority_in_disguise: Host, [
        "example.com%2F", "example.com%2Fevil", "example.com%5C", "example.com%23", "example.com%3F", "example.com%00", "example.com%0D%0A",
        "example.com%20", "ex%61mple.com", "example%2Ecom", "example.com%E3%80%82evil", "%3A443",
    ];
    names_that_are_none: Host, ["example.com.", ".example.com", "example..com", "-a.example", "a-.example", "a_b.example", "127.0.0.1."];
    ports_that_are_none: Port, [
        "example.com%3A", "example.com%3A0", "example.com%3A65536", "example.com%3A0443", "example.com%3A44a", "example.com%3A-1",
        "example.com%3A443%2F", "example.com%3A443%40evil.example", "example.com%3A443%3A443", "example.com%3A99999999999999999999",
    ];
    paths_that_climb: Path, ["example.com:..:a", "example.com:a:..", "example.com:.", "example.com:a:.:b", "example.com::a", "example.com:a::b"];
    paths_that_hide: Encoding, [
        "example.com:%2e%2e:a", "example.com:%2E%2E", "example.com:.%2e", "example.com:%2f", "example.com:a%2Fb", "example.com:%5c..%5c",
        "example.com:a%3Fb", "example.com:a%23b", "example.com:a%00", "example.com:a%0d%0a", "example.com:a%7F", "example.com:%252e", "example.com:..%3B",
        "example.com:%C0%AE%C0%AE", "example.com:%FF", "example.com:%C3", "example.com:%C3a%A9", "example.com:%61", "example.com:%C2%85",
        "example.com:%22", "example.com:%3C",
    ];
}

/// A server that would answer well, under a name that leads there; the failure and how often it was connected to.
async fn led_to(addresses: &[&str], listed: Option<&str>) -> (Option<WebFailure>, usize) {
    let reserved = Server::reserve().await;
    let text = format!("did:web:rebind.example%3A{}", reserved.port());
    let server = reserved.start(Conduct::Answer(good(&text)), None);
    let mut options = options();
    if let Some(scheme) = listed {
        options = options.allow_local(format!("{scheme}rebind.example:{}", server.port).parse().unwrap());
    }
    let resolver = WebResolver::with_lookup(&options, Names::leading_to(addresses)).unwrap();
    let fetched = timed(&resolver, &did(&text)).await;
    (fetched.err(), server.connections())
}

#[tokio::test]
async fn rebinding_to_loopback() {
    let refused = (Some(WebFailure::Address(AddressKind::Loopback)), 0);
    assert_eq!(led_to(&["127.0.0.1"], None).await, refused);
    assert_eq!(led_to(&["::1"], None).await, refused);
    assert_eq!(led_to(&["127.0.0.1"], Some("")).await, (None, 1), "the operator's word");
}

#[tokio::test]
async fn rebinding_beside_a_public_address() {
    let refused = (Some(WebFailure::Address(AddressKind::Loopback)), 0);
    assert_eq!(led_to(&["1.1.1.1", "127.0.0.1"], None).await, refused);
    assert_eq!(led_to(&["127.0.0.1", "1.1.1.1"], None).await, refused);
}

#[tokio::test]
async fn rebinding_by_embedding() {
    for address in ["::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::1", "2001::80ff:fffe"] {
        assert_eq!(led_to(&[address], None).await, (Some(WebFailure::Address(AddressKind::Embedding)), 0), "{address}");
    }
}

#[tokio::test]
async fn rebinding_to_private_networks() {
    for address in ["10.0.0.1", "172.16.0.1", "192.168.0.1", "fd00::1"] {
        assert_eq!(led_to(&[address], None).await, (Some(WebFailure::Address(AddressKind::Private)), 0), "{address}");
    }
    for address in ["169.254.169.254", "fe80::1"] {
        let refused = (Some(WebFailure::Address(AddressKind::LinkLocal)), 0);
        assert_eq!(led_to(&[address], None).await, refused, "{address}");
        assert_eq!(led_to(&[address], Some("")).await, refused, "{address}, though listed");
    }
}

#[tokio::test]
async fn a_listed_name_that_leads_out() {
    for scheme in ["", "https://"] {
        let refused = (Some(WebFailure::Address(AddressKind::Public)), 0);
        assert_eq!(
            led_to(&["127.0.0.1", "1.1.1.1"], Some(scheme)).await,
            refused,
            "plain HTTP would cross the internet"
        );
    }
}

#[tokio::test]
async fn no_address_at_all() {
    assert_eq!(led_to(&[], None).await, (Some(WebFailure::Name), 0));
}

#[tokio::test]
async fn another_port_of_a_listed_host() {
    let server = Server::reserve().await.start(Conduct::Answer(Vec::new()), None);
    let resolver = WebResolver::new(&options().allow_local("127.0.0.1:1".parse().unwrap())).unwrap();
    let fetched = timed(&resolver, &did(&format!("did:web:127.0.0.1%3A{}", server.port))).await;
    assert_eq!(fetched.err(), Some(WebFailure::Location(LocationFault::Literal)));
    assert_eq!(server.connections(), 0);
}

/// Never answers.
struct Silence;

impl Lookup for Silence {
    fn lookup<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_name_server_that_stalls() {
    let resolver = WebResolver::with_lookup(&options(), Arc::new(Silence)).unwrap();
    assert_eq!(timed(&resolver, &did("did:web:example.com")).await.err(), Some(WebFailure::Deadline));
}

#[tokio::test]
async fn a_closed_port() {
    let reserved = Server::reserve().await;
    let port = reserved.port();
    drop(reserved);
    let options = options().allow_local(format!("127.0.0.1:{port}").parse().unwrap());
    let resolver = WebResolver::new(&options).unwrap();
    let fetched = timed(&resolver, &did(&format!("did:web:127.0.0.1%3A{port}"))).await;
    assert_eq!(fetched.err(), Some(WebFailure::Connect));
}

const NETWORK: &[&str] = &[
    "rebinding_to_loopback",
    "rebinding_beside_a_public_address",
    "rebinding_by_embedding",
    "rebinding_to_private_networks",
    "a_listed_name_that_leads_out",
    "no_address_at_all",
    "another_port_of_a_listed_host",
    "a_name_server_that_stalls",
    "a_closed_port",
];

pub(crate) fn names() -> impl Iterator<Item = &'static &'static str> {
    LOCATIONS.iter().chain(NETWORK)
}

#[test]
fn other_methods_are_not_ours() {
    let fault = Location::of(&Did::parse("did:webs:example.com").unwrap());
    assert_eq!(fault, Err(LocationFault::Method));
}
