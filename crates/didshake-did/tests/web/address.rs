//! Which addresses are public: every block at its edges, and what holds for all.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use didshake_did::web::AddressKind;
use proptest::prelude::*;

fn kind(text: &str) -> AddressKind {
    AddressKind::of(text.parse().unwrap())
}

#[test]
fn blocks_of_v4_at_their_edges() {
    use AddressKind::{Documentation, LinkLocal, Loopback, Multicast, Private, Reserved, Shared, Unspecified};
    for (before, first, last, after, expected) in [
        ("", "0.0.0.0", "0.255.255.255", "1.0.0.0", Unspecified),
        ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", Private),
        ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", Shared),
        ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", Loopback),
        ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0", LinkLocal),
        ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", Private),
        ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0", Reserved),
        ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", Documentation),
        ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0", Reserved),
        ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0", Private),
        ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0", Documentation),
        ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", Documentation),
        ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0", Documentation),
        ("223.255.255.255", "224.0.0.0", "239.255.255.255", "", Multicast),
        ("", "240.0.0.0", "255.255.255.255", "", Reserved),
    ] {
        assert_eq!((kind(first), kind(last)), (expected, expected), "{first}");
        for outside in [before, after].into_iter().filter(|text| !text.is_empty()) {
            assert!(kind(outside).is_public(), "{outside}");
        }
    }
}

#[test]
fn blocks_of_v6() {
    use AddressKind::{
        Documentation, Embedding, LinkLocal, Loopback, Multicast, Private, Public, Reserved, Unspecified,
    };
    for (address, expected) in [
        ("::", Unspecified),
        ("::1", Loopback),
        ("::2", Embedding),
        ("::127.0.0.1", Embedding),
        ("::ffff:127.0.0.1", Embedding),
        ("::ffff:1.1.1.1", Embedding),
        ("::ffff:0:127.0.0.1", Embedding),
        ("64:ff9b::127.0.0.1", Embedding),
        ("64:ff9b::a9fe:a9fe", Embedding),
        ("64:ff9b::1.1.1.1", Public),
        ("64:ff9b:1::1.1.1.1", Embedding),
        ("100::1", Reserved),
        ("1fff:ffff::", Reserved),
        ("2000::", Public),
        ("2001::1", Embedding),
        ("2001:2::1", Reserved),
        ("2001:1ff:ffff::", Reserved),
        ("2001:200::", Public),
        ("2001:db7:ffff::", Public),
        ("2001:db8::1", Documentation),
        ("2001:db9::", Public),
        ("2002:101:101::", Embedding),
        ("2003::", Public),
        ("2606:4700:4700::1111", Public),
        ("3ffe:ffff::", Public),
        ("3fff:fff:ffff::", Documentation),
        ("3fff:1000::", Public),
        ("4000::", Reserved),
        ("5f00::1", Reserved),
        ("fbff::", Reserved),
        ("fc00::", Private),
        ("fdff:ffff::", Private),
        ("fe00::", Reserved),
        ("fe80::", LinkLocal),
        ("febf:ffff::", LinkLocal),
        ("fec0::1", Reserved),
        ("ff02::1", Multicast),
    ] {
        assert_eq!(kind(address), expected, "{address}");
    }
}

#[test]
fn what_an_operator_may_list() {
    for local in ["127.0.0.1", "10.1.1.1", "100.64.0.1", "::1", "fd00::1"] {
        assert!(kind(local).is_local(), "{local}");
    }
    for other in ["1.1.1.1", "169.254.169.254", "fe80::1", "0.0.0.0", "::ffff:127.0.0.1", "224.0.0.1"] {
        assert!(!kind(other).is_local(), "{other}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    // The standard library's own words, where it has any.
    #[test]
    fn no_v4_that_the_standard_library_calls_special_is_public(bits: u32) {
        let address = Ipv4Addr::from(bits);
        let special = address.is_loopback() || address.is_private() || address.is_link_local() || address.is_multicast()
            || address.is_broadcast() || address.is_documentation() || address.is_unspecified();
        prop_assert!(!(special && AddressKind::of(IpAddr::V4(address)).is_public()), "{}", address);
    }

    // An IPv6 form of an IPv4 address is never more public than that.
    #[test]
    fn no_embedding_opens_a_way(v4 in any::<u32>(), local in any::<bool>()) {
        let bits = if local { 0x7f00_0000 | (v4 & 0x00ff_ffff) } else { v4 };
        let is_public = AddressKind::of(IpAddr::V4(Ipv4Addr::from(bits))).is_public();
        let bits = u128::from(bits);
        let forms = [0_u128, 0xffff << 32, 0xffff_0000 << 32, 0x64_ff9b << 96, (0x64_ff9b << 96) | (1 << 80), 0x2002 << 112];
        for (form, at) in forms.into_iter().zip([0, 0, 0, 0, 0, 80]) {
            let address = Ipv6Addr::from(form | (bits << at));
            let kind = AddressKind::of(IpAddr::V6(address));
            prop_assert!(!kind.is_public() || is_public, "{}", address);
            prop_assert!(!kind.is_local() || address.is_loopback(), "{}", address);
        }
        let teredo = Ipv6Addr::from((0x2001_u128 << 112) | (!bits & 0xffff_ffff));
        prop_assert!(!AddressKind::of(IpAddr::V6(teredo)).is_public());
    }

    #[test]
    fn only_global_unicast_v6_is_public(bits: u128) {
        let address = Ipv6Addr::from(bits);
        if AddressKind::of(IpAddr::V6(address)).is_public() {
            prop_assert!(bits >> 125 == 1 || bits >> 32 == 0x64_ff9b << 64, "{}", address);
        }
    }
}
