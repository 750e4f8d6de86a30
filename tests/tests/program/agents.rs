//! `examples/agents`: its two programs, each with a home of its own, over TCP and through the real relay.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use didshake_tests::{Home, Service, finish};

/// Alice buys and Bob sells; both have mailboxes at one relay, and a card of the other.
struct Market {
    alice: Home,
    bob: Home,
    alice_did: String,
    _relay: (Service, Home),
}

/// A program that goes on, and its lines. Killed when dropped.
struct Going(Child, Receiver<String>);

impl Market {
    fn open() -> Self {
        let relays = Home::new();
        let config = relays.write("relay.toml", "mailboxes = [\"anyone\"]\n");
        let relay = Service::start(&relays, &["--config", config.to_str().unwrap()]);
        let (alice, bob) = (Home::new(), Home::new());
        let (alice_did, _) = (alice.identity("alice"), bob.identity("bob"));
        for home in [&alice, &bob] {
            drop(home.run(&["mailbox", "open", &relay.origin, "--expect", &relay.did]).expect(0));
        }
        for (from, to, from_name, to_name) in [(&alice, &bob, "alice", "bob"), (&bob, &alice, "bob", "alice")] {
            let card = from.run(&["id", "share", "--for", to_name]).expect(0).stdout;
            drop(to.run_with(&["peer", "add", "-", "--name", from_name], &card).expect(0));
        }
        Self { alice, bob, alice_did, _relay: (relay, relays) }
    }

    /// Bob, who wants 10 at least, and where he listens.
    fn seller(&self) -> (Going, String) {
        let seller = Going::start(&self.bob, "seller", &["bob", "127.0.0.1:0", "10"]);
        let listening = seller.next();
        (seller, listening.strip_prefix("listening on ").unwrap().to_owned())
    }

    fn buyer(&self, address: &str, price: &str, limit: &str) -> Going {
        Going::start(&self.alice, "buyer", &["alice", "bob", address, price, limit])
    }
}

impl Going {
    fn start(home: &Home, program: &str, arguments: &[&str]) -> Self {
        let mut child = home.example(program, arguments).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self(child, lines)
    }

    fn next(&self) -> String {
        self.1.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    /// Its exit code and standard error, once it has ended.
    fn ends(mut self) -> (i32, String) {
        let mut stderr = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.0.wait().unwrap().code().unwrap(), stderr)
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn agents_agree_live_and_each_knows_with_whom() {
    let market = Market::open();
    let (seller, address) = market.seller();
    for (price, agreed) in [("5", 10), ("12", 12)] {
        let buyer = market.buyer(&address, price, "12");
        assert_eq!(buyer.next(), format!("agreed on {agreed}, live"));
        assert_eq!(seller.next(), format!("agreed with {} on {agreed}, live", market.alice_did));
        assert_eq!(buyer.ends().0, 0);
    }
    let (code, stderr) = market.buyer(&address, "5", "9").ends();
    assert!(code == 1 && stderr.contains("over the limit of 9"), "{stderr}");
}

#[test]
fn agents_agree_by_letters_where_one_is_away() {
    let market = Market::open();
    // A port where nobody listens.
    let buyer = market.buyer("127.0.0.1:1", "5", "12");
    assert!(buyer.next().starts_with("the seller is away"));
    let (seller, _) = market.seller();
    assert_eq!(buyer.next(), "agreed on 10, by letter");
    assert_eq!(seller.next(), format!("agreed with {} on 10, by letter", market.alice_did));
    assert_eq!(buyer.ends().0, 0);
}

#[test]
fn nobody_sells_to_a_stranger() {
    let market = Market::open();
    let (seller, address) = market.seller();
    let carol = Home::new();
    let _ = carol.identity("carol");
    let bob = market.bob.run(&["id", "show", "bob", "--json"]).expect(0).json();
    drop(carol.run(&["peer", "add", "bob", bob["did"].as_str().unwrap()]).expect(0));
    let buying = carol.example("buyer", &["carol", "bob", &address, "100", "100"]).spawn().unwrap();
    assert_eq!(finish(buying, b"").expect(1).text(), "");
    // He goes on, and has said nothing of it.
    assert_eq!(market.buyer(&address, "11", "12").next(), "agreed on 11, live");
    assert_eq!(seller.next(), format!("agreed with {} on 11, live", market.alice_did));
}
