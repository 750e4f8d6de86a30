//! Budgets bite, forget nothing that matters, and keep little.

use std::net::{IpAddr, Ipv4Addr};

use didshake::{Did, UnixTime};
use didshake_did::{Rate, ResolutionBudget, Source, SourceBudget, Spent, Wait};
use proptest::prelude::*;

const PLENTY: Rate = Rate { burst: 1_000_000, per_minute: 1_000_000 };

fn source(number: u32) -> Source {
    Source::of(IpAddr::V4(Ipv4Addr::from(0x0100_0000 + number)))
}

fn web(host: &str) -> Did {
    Did::parse(&format!("did:web:{host}")).unwrap()
}

fn granted(budget: &mut ResolutionBudget, source: Source, did: &Did, tries: u32, now: u64) -> u32 {
    (0..tries).map(|_| u32::from(budget.spend(source, did, UnixTime(now)).is_ok())).sum()
}

#[test]
fn a_source_has_its_burst_and_then_its_rate() {
    let mut budget = ResolutionBudget::new(Rate { burst: 5, per_minute: 6 }, PLENTY, 10);
    let did = web("example.com");
    assert_eq!(granted(&mut budget, source(1), &did, 20, 1000), 5);
    assert_eq!(budget.spend(source(1), &did, UnixTime(1000)), Err(Spent::BySource));
    assert_eq!(granted(&mut budget, source(1), &did, 20, 1009), 0);
    assert_eq!(granted(&mut budget, source(1), &did, 20, 1010), 1);
    assert_eq!(granted(&mut budget, source(1), &did, 20, 1_000_000), 5);
    assert_eq!(granted(&mut budget, source(2), &did, 20, 1000), 5, "another source has its own");
}

/// The numbers of `spec/resolution.md`, section 4.
#[test]
fn in_an_hour_a_source_and_a_host_get_what_the_page_says_and_no_more() {
    let scid = "QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE";
    let victims = ["did:web:victim.example", "did:web:victim.example:a"].map(str::to_owned);
    let victims = victims.into_iter().chain([format!("did:webvh:{scid}:victim.example")]);
    let victims: Vec<Did> = victims.map(|text| Did::parse(&text).unwrap()).collect();
    let hour = |budget: &mut ResolutionBudget, from: &dyn Fn(u64) -> Source, host: &dyn Fn(u64) -> Did| {
        (0..3_600_u64).map(|second| granted(budget, from(second), &host(second), 5, 1_000 + second)).sum::<u32>()
    };
    let elsewhere = |second: u64| web(&format!("h{second}.example"));
    let mut budget = ResolutionBudget::new(Rate::default(), Rate::default(), 10_000);
    assert_eq!(hour(&mut budget, &|_| source(1), &elsewhere), 20 + 3_599);
    let mut budget = ResolutionBudget::new(Rate::default(), Rate::default(), 10_000);
    let victim = |second: u64| victims[second as usize % victims.len()].clone();
    assert_eq!(hour(&mut budget, &|second| source(second as u32), &victim), 20 + 3_599);
}

#[test]
fn a_target_has_one_budget_whatever_port_path_and_case() {
    let mut budget = ResolutionBudget::new(PLENTY, Rate { burst: 4, per_minute: 60 }, 10);
    for (number, host) in
        ["victim.example", "victim.example%3A8443", "VICTIM.example:a", "victim.example%3a1:b"].into_iter().enumerate()
    {
        assert_eq!(budget.spend(source(number as u32), &web(host), UnixTime(5)), Ok(()), "{host}");
    }
    assert_eq!(budget.spend(source(9), &web("victim.example:c"), UnixTime(5)), Err(Spent::ByTarget));
    assert_eq!(budget.spend(source(9), &web("other.example"), UnixTime(5)), Ok(()));
}

#[test]
fn who_has_spent_its_own_spends_nobody_elses() {
    let mut budget = ResolutionBudget::new(Rate { burst: 1, per_minute: 0 }, Rate { burst: 2, per_minute: 0 }, 10);
    let did = web("victim.example");
    assert_eq!(granted(&mut budget, source(1), &did, 100, 0), 1);
    assert_eq!(budget.spend(source(2), &did, UnixTime(0)), Ok(()));
    assert_eq!(budget.spend(source(3), &did, UnixTime(0)), Err(Spent::ByTarget));
    assert_eq!(budget.spend(source(3), &web("other.example"), UnixTime(0)), Ok(()), "a refused target costs nothing");
}

#[test]
fn keys_cost_nothing() {
    let nothing = Rate { burst: 0, per_minute: 0 };
    let mut budget = ResolutionBudget::new(nothing, nothing, 0);
    let key = Did::parse("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK").unwrap();
    assert_eq!(granted(&mut budget, source(1), &key, 100, 0), 100);
    assert_eq!(budget.spend(source(1), &web("a.example"), UnixTime(0)), Err(Spent::BySource));
    assert_eq!(budget.entries(), (0, 0));
}

#[test]
fn one_network_of_v6_is_one_source() {
    let mut budget = ResolutionBudget::new(Rate { burst: 3, per_minute: 0 }, PLENTY, 10);
    let did = web("example.com");
    let sources = (0..100_u16).map(|last| Source::of(IpAddr::from([0x2606, 1, 2, 3, 0, 0, last, last])));
    assert_eq!(sources.map(|source| granted(&mut budget, source, &did, 1, 0)).sum::<u32>(), 3);
    assert_eq!(Source::of("::ffff:1.0.0.1".parse().unwrap()), source(1), "mapped is what it maps to");
}

#[test]
fn a_flood_of_sources_shares_one_bucket_and_little_memory() {
    let mut budget = ResolutionBudget::new(Rate { burst: 2, per_minute: 60 }, PLENTY, 100);
    let did = web("example.com");
    assert_eq!(granted(&mut budget, source(0), &did, 2, 50), 2);
    let flood: u32 = (1..100_000).map(|number| granted(&mut budget, source(number), &did, 1, 50)).sum();
    assert_eq!(flood, 99 + 2, "those that are told apart, then the shared bucket");
    assert_eq!(budget.entries(), (100, 1));
    assert_eq!(budget.spend(source(0), &did, UnixTime(50)), Err(Spent::BySource), "who was there is not forgotten");
    // A full bucket is forgotten, so that there is room again.
    assert_eq!(granted(&mut budget, source(200_000), &did, 3, 60), 2);
    assert_eq!(budget.entries().0, 1);
}

#[test]
fn a_clock_that_is_set_back_gives_nothing() {
    let mut budget = ResolutionBudget::new(Rate { burst: 2, per_minute: 60 }, PLENTY, 10);
    let did = web("example.com");
    assert_eq!(granted(&mut budget, source(1), &did, 5, 10_000), 2);
    assert_eq!(granted(&mut budget, source(1), &did, 5, 100), 0);
    assert_eq!(granted(&mut budget, source(1), &did, 5, 101), 1, "and time flows from there");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    // Nobody gets more than the burst and what flowed in, and no table grows beyond its limit.
    #[test]
    fn never_more_than_the_rate(burst in 0..20_u32, per_minute in 0..200_u32, steps in prop::collection::vec((0..3_u64, 0..6_u32), 1..200)) {
        let mut budget = ResolutionBudget::new(Rate { burst, per_minute }, PLENTY, 3);
        let (mut now, mut first) = (1_000_000, [0_u64; 6]);
        let mut granted_to = [0_u64; 6];
        for (pause, number) in steps {
            now += pause;
            let at = number as usize;
            if first[at] == 0 {
                first[at] = now;
            }
            if budget.spend(source(number), &web("a.example"), UnixTime(now)).is_ok() {
                granted_to[at] += 1;
            }
            let most = u64::from(burst) * 2 + (now - first[at]) * u64::from(per_minute) / 60 * 2 + 2;
            prop_assert!(granted_to[at] <= most);
            prop_assert!(budget.entries().0 <= 3);
        }
    }
}

#[test]
fn a_source_is_told_how_long_to_wait_and_others_are_not_held_up() {
    let mut budget = SourceBudget::new(Rate { burst: 2, per_minute: 7 }, 10);
    for _ in 0..2 {
        assert_eq!(budget.spend(source(1), UnixTime(100)), Ok(()));
    }
    // Seven a minute is one in 8.6 s.
    assert_eq!(budget.spend(source(1), UnixTime(100)), Err(Wait { seconds: 9 }));
    assert_eq!(budget.spend(source(1), UnixTime(108)), Err(Wait { seconds: 1 }));
    assert_eq!(budget.spend(source(2), UnixTime(108)), Ok(()));
    assert_eq!(budget.spend(source(1), UnixTime(109)), Ok(()));
    let mut closed = SourceBudget::new(Rate { burst: 0, per_minute: 60 }, 10);
    assert_eq!(closed.spend(source(1), UnixTime(100)), Err(Wait { seconds: 60 }));
}

#[test]
fn sources_without_room_share_one_bucket_of_handshakes() {
    let mut budget = SourceBudget::new(Rate { burst: 2, per_minute: 1 }, 3);
    let granted = (0..50).filter(|number| budget.spend(source(*number), UnixTime(7)).is_ok()).count();
    assert_eq!((granted, budget.entries()), (5, 3));
}
