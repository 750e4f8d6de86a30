//! Whose word counts about where a request comes from: that of the proxies which the operator trusts, and nobody else's.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// Addresses in `X-Forwarded-For` that are looked at, from the end.
const MAX_HOPS: usize = 32;
const MAX_REQUEST_ID: usize = 128;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED: &str = "forwarded";
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// The proxies that are trusted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(crate) fn new(trusted: Vec<IpNet>) -> Self {
        Self(trusted)
    }

    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client: the TCP peer, or, where that is a trusted proxy, the last address of `X-Forwarded-For` that is none.
    /// What stands left of that was written by the client.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return client;
        }
        let lines: Vec<&str> =
            headers.get_all(FORWARDED_FOR).iter().map(|value| value.to_str().unwrap_or_default()).collect();
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')).take(MAX_HOPS) {
            // What is no address ends it: the hop that told us is the last one known.
            let Some(address) = address(hop.trim()) else { break };
            client = address;
            if !self.trusts(client) {
                break;
            }
        }
        client
    }

    /// The id that a trusted proxy gave the request.
    pub(crate) fn request_id<'a>(&self, peer: IpAddr, headers: &'a HeaderMap) -> Option<&'a str> {
        let id = headers.get(REQUEST_ID)?.to_str().ok()?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let usable = (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(plain);
        (self.trusts(peer) && usable).then_some(id)
    }
}

/// Whether a proxy, trusted or not, says that it passed a request on.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    let says_so = |name: &HeaderName| {
        let name = name.as_str();
        name == FORWARDED || name.starts_with("x-forwarded-") || matches!(name, "via" | "x-real-ip")
    };
    headers.keys().any(says_so)
}

/// An address, with or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    let plain = text.parse::<IpAddr>().ok().or_else(bracketed);
    let address = plain.or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies() -> Proxies {
        Proxies::new(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8:1::/48".parse().unwrap()])
    }

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        headers
    }

    fn client(peer: &str, lines: &[&str]) -> String {
        proxies().client(peer.parse().unwrap(), &headers(lines)).to_string()
    }

    #[test]
    fn only_a_trusted_peer_is_believed() {
        assert_eq!(client("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_counts() {
        let table: [(&[&str], &str); 8] = [
            (&["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            (&["1.1.1.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            (&["1.1.1.1", "203.0.113.9,10.0.0.2"], "203.0.113.9"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&["1.1.1.1, unknown, 10.0.0.2"], "10.0.0.2"),
            (&["1.1.1.1, "], "10.0.0.1"),
            (&["[2001:db8::7]:4711, 2001:db8:1::1"], "2001:db8::7"),
            (&["203.0.113.9:4711"], "203.0.113.9"),
        ];
        for (lines, expected) in table {
            assert_eq!(client("10.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn no_more_hops_than_the_limit_are_looked_at() {
        let line = format!("203.0.113.9{}", ", 10.0.0.2".repeat(MAX_HOPS));
        assert_eq!(client("10.0.0.1", &[&line]), "10.0.0.2");
    }

    #[test]
    fn an_id_comes_from_a_trusted_peer_and_is_plain() {
        let id = |peer: &str, id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, id.parse().unwrap());
            proxies().request_id(peer.parse().unwrap(), &headers).map(str::to_owned)
        };
        assert_eq!(id("10.0.0.1", "a-1_b.c").as_deref(), Some("a-1_b.c"));
        assert_eq!(id("192.0.2.1", "a-1"), None);
        for bad in ["", "a b", "a\"b", &"a".repeat(129)] {
            assert_eq!(id("10.0.0.1", bad), None, "{bad}");
        }
    }
}
