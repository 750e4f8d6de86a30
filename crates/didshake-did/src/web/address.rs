//! Which addresses are part of the public internet. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an IP address is for, after the special-purpose registries of RFC 6890.
///
/// ```
/// use didshake_did::web::AddressKind;
/// assert_eq!(AddressKind::of("127.0.0.1".parse()?), AddressKind::Loopback);
/// assert_eq!(AddressKind::of("::ffff:10.0.0.1".parse()?), AddressKind::Embedding);
/// assert!(AddressKind::of("1.1.1.1".parse()?).is_public());
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
pub enum AddressKind {
    /// A host on the public internet. `64:ff9b::/96` counts as what it embeds, so that networks with NAT64 work.
    #[error("public")]
    Public,
    /// This machine: `127.0.0.0/8`, `::1`.
    #[error("loopback")]
    Loopback,
    /// `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16`, `fc00::/7` (RFC 1918, RFC 4193).
    #[error("private")]
    Private,
    /// Behind a provider's address translation: `100.64.0.0/10` (RFC 6598).
    #[error("shared")]
    Shared,
    /// `169.254.0.0/16`, `fe80::/10`; clouds answer for their machines' credentials here.
    #[error("link-local")]
    LinkLocal,
    /// `0.0.0.0/8`, `::`; many systems take these for this machine.
    #[error("unspecified")]
    Unspecified,
    /// `224.0.0.0/4`, `ff00::/8`.
    #[error("multicast")]
    Multicast,
    /// For examples and measurements: RFC 5737, RFC 3849, RFC 9637, RFC 2544.
    #[error("for documentation or benchmarks")]
    Documentation,
    /// IPv6 that leads to some IPv4 address: mapped, compatible, NAT64, 6to4, Teredo.
    #[error("an IPv6 form of an IPv4 address")]
    Embedding,
    /// Reserved, or not assigned to hosts.
    #[error("reserved")]
    Reserved,
}

impl AddressKind {
    /// The kind of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }

    /// Whether did:web may connect there without the operator's word.
    #[must_use]
    pub fn is_public(self) -> bool {
        self == Self::Public
    }

    /// Whether the operator may list it: this machine and its network, but not the link-local addresses of clouds.
    #[must_use]
    pub fn is_local(self) -> bool {
        matches!(self, Self::Loopback | Self::Private | Self::Shared)
    }
}

fn of_v4(address: Ipv4Addr) -> AddressKind {
    match address.octets() {
        [0, ..] => AddressKind::Unspecified,
        [127, ..] => AddressKind::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => AddressKind::Private,
        [100, 64..=127, ..] => AddressKind::Shared,
        [169, 254, ..] => AddressKind::LinkLocal,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [198, 18..=19, ..] => AddressKind::Documentation,
        // Protocol assignments, and the relays of 6to4.
        [192, 0, 0, _] | [192, 88, 99, _] => AddressKind::Reserved,
        [224..=239, ..] => AddressKind::Multicast,
        [240..=255, ..] => AddressKind::Reserved,
        _ => AddressKind::Public,
    }
}

fn of_v6(address: Ipv6Addr) -> AddressKind {
    if address.is_unspecified() {
        return AddressKind::Unspecified;
    }
    if address.is_loopback() {
        return AddressKind::Loopback;
    }
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => of_nat64(high, low),
        // Compatible, mapped, translated (RFC 2765), NAT64 within one network (RFC 8215), Teredo, 6to4.
        [0, 0, 0, 0, 0, 0 | 0xffff, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [0x64, 0xff9b, ..]
        | [0x2001, 0, ..]
        | [0x2002, ..] => AddressKind::Embedding,
        [0xfc00..=0xfdff, ..] => AddressKind::Private,
        [0xfe80..=0xfebf, ..] => AddressKind::LinkLocal,
        [0xff00..=0xffff, ..] => AddressKind::Multicast,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => AddressKind::Documentation,
        // Protocol assignments (RFC 2928): benchmarks, ORCHID, anycast of protocols that are not HTTP.
        [0x2001, 0..=0x1ff, ..] => AddressKind::Reserved,
        [0x2000..=0x3fff, ..] => AddressKind::Public,
        _ => AddressKind::Reserved,
    }
}

fn of_nat64(high: u16, low: u16) -> AddressKind {
    let embedded = Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    if of_v4(embedded).is_public() { AddressKind::Public } else { AddressKind::Embedding }
}
