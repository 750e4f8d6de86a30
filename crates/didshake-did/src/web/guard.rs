//! What stands between a name and a connection: the addresses that are checked are the ones that are connected to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::AddressKind;
use super::failure::WebFailure;
use super::lookup::Lookup;

/// Connections to one name are tried at this many of its addresses.
const MAX_ADDRESSES: usize = 8;

/// Which addresses a client may connect to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// Those of the public internet.
    Public,
    /// Those of this machine and its network, for hosts that the operator listed.
    Local,
}

/// Looks names up and hands their addresses on only if every one of them is within reach. A name that leads anywhere
/// else as well is somebody's attempt, so that none of its addresses is used.
pub(super) struct Guard {
    lookup: Arc<dyn Lookup>,
    reach: Reach,
}

impl Guard {
    pub(super) fn new(lookup: Arc<dyn Lookup>, reach: Reach) -> Self {
        Self { lookup, reach }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, reach) = (Arc::clone(&self.lookup), self.reach);
        Box::pin(async move {
            let found = lookup.lookup(name.as_str()).await.map_err(|_| WebFailure::Name)?;
            let admitted = admit(found, reach)?;
            // Port 0 stands for the port of the URL.
            let addresses: Addrs = Box::new(admitted.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// The addresses to connect to.
pub(super) fn admit(mut found: Vec<IpAddr>, reach: Reach) -> Result<Vec<IpAddr>, WebFailure> {
    let within = |kind: &AddressKind| match reach {
        Reach::Public => kind.is_public(),
        Reach::Local => kind.is_local(),
    };
    if let Some(kind) = found.iter().map(|address| AddressKind::of(*address)).find(|kind| !within(kind)) {
        return Err(WebFailure::Address(kind));
    }
    found.truncate(MAX_ADDRESSES);
    if found.is_empty() { Err(WebFailure::Name) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::fetch::Wanted;
    use super::*;
    use crate::resolver::BoxFuture;

    /// Answers with the next list at every lookup.
    struct Rebinding(Mutex<Vec<Vec<IpAddr>>>);

    impl Lookup for Rebinding {
        fn lookup<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
            Box::pin(async { Ok(self.0.lock().unwrap().pop().unwrap_or_default()) })
        }
    }

    /// Stands where the guard stands, notes what the connector would have been given, and gives it nothing.
    #[derive(Clone)]
    struct Recorder {
        guard: Arc<Guard>,
        handed_on: Arc<Mutex<Vec<SocketAddr>>>,
    }

    impl Resolve for Recorder {
        fn resolve(&self, name: Name) -> Resolving {
            let (resolving, handed_on) = (self.guard.resolve(name), Arc::clone(&self.handed_on));
            Box::pin(async move {
                let addresses = resolving.await?;
                handed_on.lock().unwrap().extend(addresses);
                Err(WebFailure::Connect.into())
            })
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    async fn asked(answers: &[&[&str]]) -> (Vec<WebFailure>, Vec<IpAddr>) {
        let lists = answers.iter().rev().map(|list| list.iter().map(|text| ip(text)).collect());
        let lookup = Arc::new(Rebinding(Mutex::new(lists.collect())));
        let guard = Arc::new(Guard::new(lookup, Reach::Public));
        let recorder = Recorder { guard, handed_on: Arc::default() };
        let client = super::super::fetch::client(recorder.clone(), &Default::default(), Reach::Public).unwrap();
        let mut failures = Vec::new();
        for _ in answers {
            failures.push(
                super::super::fetch::fetch(&client, "https://name.example/did.json", Wanted::Document)
                    .await
                    .unwrap_err(),
            );
        }
        let handed_on = recorder.handed_on.lock().unwrap().iter().map(SocketAddr::ip).collect();
        (failures, handed_on)
    }

    #[tokio::test]
    async fn the_connector_never_sees_an_address_that_is_not_public() {
        for bad in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:0:a00:1::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            let kind = AddressKind::of(ip(bad));
            let expected = vec![WebFailure::Address(kind)];
            assert_eq!(asked(&[&[bad]]).await, (expected.clone(), vec![]), "{bad}");
            assert_eq!(asked(&[&["1.1.1.1", bad]]).await, (expected, vec![]), "{bad} beside a public address");
        }
    }

    #[tokio::test]
    async fn a_name_that_rebinds_is_refused_when_it_does() {
        let (failures, handed_on) = asked(&[&["1.1.1.1"], &["127.0.0.1"], &["1.1.1.1", "2606:4700::1111"]]).await;
        let refused = WebFailure::Address(AddressKind::Loopback);
        assert_eq!(failures, [WebFailure::Connect, refused, WebFailure::Connect]);
        assert_eq!(handed_on, [ip("1.1.1.1"), ip("1.1.1.1"), ip("2606:4700::1111")]);
    }

    #[tokio::test]
    async fn a_name_without_addresses_is_no_name() {
        assert_eq!(asked(&[&[]]).await, (vec![WebFailure::Name], vec![]));
    }

    #[tokio::test]
    async fn the_public_internet_is_asked_over_tls_only() {
        let lookup = Arc::new(Rebinding(Mutex::new(vec![vec![ip("1.1.1.1")]])));
        let recorder = Recorder { guard: Arc::new(Guard::new(lookup, Reach::Public)), handed_on: Arc::default() };
        let client = super::super::fetch::client(recorder.clone(), &Default::default(), Reach::Public).unwrap();
        assert!(super::super::fetch::fetch(&client, "http://name.example/did.json", Wanted::Document).await.is_err());
        assert!(recorder.handed_on.lock().unwrap().is_empty());
    }

    #[test]
    fn few_addresses_are_tried_and_all_are_checked() {
        let mut many: Vec<IpAddr> = (0..100).map(|last| IpAddr::from([1, 1, 1, last])).collect();
        assert_eq!(admit(many.clone(), Reach::Public).unwrap().len(), MAX_ADDRESSES);
        many.push(ip("127.0.0.1"));
        assert_eq!(admit(many, Reach::Public), Err(WebFailure::Address(AddressKind::Loopback)));
    }

    #[test]
    fn listed_hosts_are_on_this_network() {
        assert!(admit(vec![ip("127.0.0.1"), ip("::1"), ip("192.168.0.1"), ip("fd00::1")], Reach::Local).is_ok());
        for far in ["1.1.1.1", "169.254.169.254", "fe80::1", "0.0.0.0", "::ffff:127.0.0.1"] {
            assert!(admit(vec![ip("127.0.0.1"), ip(far)], Reach::Local).is_err(), "{far}");
        }
    }
}
