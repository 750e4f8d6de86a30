//! What a relay can know: everything that it has on disk, in memory and on its wires is searched for what was said, and for
//! who said it.

mod people;

use std::collections::BTreeSet;

use didshake_tests::{Capture, Captured, Home, Needle, Service, Star, Stream, files_below, memory_of, position};

use people::{Person, Rows, rows};

/// What Alice writes while Bob is away, and what he answers.
const LETTERS: [&str; 3] = [
    "the first thing that Alice has to say to Bob alone",
    "a second thing, of which nobody else shall know",
    "and the third, which is none of the relay's business",
];
const ANSWER: &str = "Bob has read all of it and says that he agrees";
/// What they say live.
const CALL: [&str; 2] = ["are you there now, and does nobody hear us?", "I am, and whoever passes this on hears noise"];

/// A relay in the middle.
struct Relay {
    home: Home,
    service: Service,
}

impl Relay {
    /// With TLS, for hosts; or in the clear, where everybody is on one host.
    fn start(star: &Star, tls: bool) -> Self {
        let home = Home::at(&star.middle);
        let _ = home.run(&["certs", "--out", "certs", "10.213.0.1"]).expect(0);
        let settings = "mailboxes = [\"anyone\"]\nrate_deposits = \"100000/min\"\n";
        let file = home.write("relay.toml", settings);
        // It says as much as it can: what must not be said is said at no level.
        let mut arguments = vec!["-vvv", "--config", file.to_str().unwrap()];
        if tls {
            arguments.extend(["--listen", "10.213.0.1:8443", "--public-url", "https://10.213.0.1:8443"]);
            arguments.extend(["--tls-cert", "certs/server.pem", "--tls-key", "certs/server.key"]);
        }
        let service = Service::start(&home, &arguments);
        Self { home, service }
    }

    fn root(&self) -> Vec<u8> {
        std::fs::read(self.home.path("certs/root.pem")).unwrap()
    }

    /// What the service keeps, row by row.
    fn rows(&self) -> Rows {
        let files = files_below(&self.home.path("service"));
        let database = files.into_iter().find(|(_, bytes)| bytes.starts_with(b"SQLite format 3\0"));
        rows(&database.unwrap().0)
    }

    fn memory(&self) -> Vec<u8> {
        memory_of(self.service.process())
    }

    /// Nowhere on its disk, in its memory, in its log.
    fn knows_nothing_of(&self, needles: &[Needle]) {
        let memory = self.memory();
        let mut places: Vec<_> = files_below(self.home.path("").as_path());
        places.push(("its memory".into(), memory));
        places.push(("its log".into(), self.service.log().into_bytes()));
        for (place, bytes) in &places {
            let found = needles.iter().find_map(|needle| needle.found_in(bytes));
            assert_eq!(found, None, "in {}", place.display());
        }
    }
}

/// Everything that would say, beside a deposit, that it is hers.
fn traces_of(person: &Person, rows: &Rows) -> Vec<Needle> {
    let mut traces = vec![Needle::new("the DID", person.did()), Needle::new("the key", person.public_key())];
    for (table, key) in [("sessions", "did"), ("mailboxes", "owner")] {
        let values = rows.values_where(table, key, person.did());
        assert!(!values.is_empty(), "{} is not in {table}", person.did());
        traces.extend(values.into_iter().map(|(column, value)| Needle::new(&format!("{table}.{column}"), value)));
    }
    traces
}

fn plain(texts: &[&str]) -> Vec<Needle> {
    texts.iter().map(|text| Needle::new(text, text)).collect()
}

fn first_found(needles: &[Needle], bytes: &[u8]) -> Option<String> {
    needles.iter().find_map(|needle| needle.found_in(bytes))
}

// R-RLY-3, R-RLY-5, R-RLY-7
#[test]
fn a_relay_between_two_hosts_learns_neither_what_is_said_nor_who_says_it() {
    let star = Star::new();
    let capture = Capture::start(&star.middle);
    let mut relay = Relay::start(&star, true);
    let alice = Person::at(&star.spokes[0], 1, &relay.root());
    let bob = Person::at(&star.spokes[1], 2, &relay.root());
    // Both have mailboxes there: the relay knows both of them.
    alice.open_mailbox(&relay.service);
    bob.open_mailbox(&relay.service);
    let token = alice.meet(&bob);
    let before = relay.rows();
    let mut traces = traces_of(&alice, &before);
    let address = Needle::new("the address", star.spokes[0].address.to_string());
    let said_before = relay.service.log().len();

    // Bob is away.
    let ids = alice.write_and_deliver(bob.did(), &LETTERS);
    let added: BTreeSet<_> = relay.rows().difference(&before);
    assert_eq!(added.iter().filter(|row| row.starts_with("deposits: ")).count(), LETTERS.len(), "{added:?}");
    let said = relay.service.log().split_off(said_before);
    assert!(!said.is_empty(), "at -vvv it says nothing at all");
    // Whose mailbox it is stands there: a search of rows finds what there is.
    let bobs = traces_of(&bob, &before);
    assert!(added.iter().any(|row| row.starts_with("deposits: ") && first_found(&bobs, row.as_bytes()).is_some()));
    for row in added.iter().map(String::as_str).chain([said.as_str()]) {
        assert_eq!(first_found(&traces, row.as_bytes()).or_else(|| address.found_in(row.as_bytes())), None, "{row}");
    }

    // What waits is there also after a crash.
    relay.service.kill();
    relay.service.restart();
    assert_eq!(bob.fetch(), LETTERS);
    bob.write_and_deliver(alice.did(), &[ANSWER]);
    assert_eq!(alice.fetch(), [ANSWER]);
    // Bob is there: they talk live, both ways round.
    let quiet = relay.rows();
    alice.talk(&bob, CALL[0], CALL[1]);
    bob.talk(&alice, CALL[1], CALL[0]);
    let left: Vec<_> = relay.rows().difference(&quiet).into_iter().filter(|row| row.starts_with("deposit")).collect();
    assert!(left.is_empty(), "a circuit leaves nothing: {left:?}");

    let mut secrets = plain(&[&LETTERS[..], &[ANSWER]].concat());
    secrets.extend(ids.iter().map(|id| Needle::new("a message id", id)));
    let token = Needle::new("the deposit token", token);
    for needle in secrets.iter().chain([&token]) {
        let kept = alice.files().iter().any(|(_, bytes)| needle.found_in(bytes).is_some());
        assert!(kept, "Alice has it: {needle:?}");
    }
    // Nobody keeps what was said live.
    secrets.extend(plain(&CALL));
    relay.knows_nothing_of(&secrets);
    // It was told the token, and keeps a hash.
    let files = files_below(relay.home.path("").as_path());
    assert!(files.iter().all(|(_, bytes)| token.found_in(bytes).is_none()));
    traces.extend(secrets);
    traces.push(token);
    let captured = capture.stop();
    assert!(captured.streams().iter().any(|stream| stream.to.port() == 8443 && stream.bytes.len() > 2000));
    assert_eq!(first_found(&traces, &captured.bytes()), None);
    assert!(captured.streams().iter().all(|stream| first_found(&traces, &stream.bytes).is_none()));
}

/// Both directions of every connection to the relay, together.
fn connections(captured: &Captured, port: u16) -> Vec<Vec<u8>> {
    let streams = captured.streams();
    let asked = streams.iter().filter(|stream| stream.to.port() == port);
    let whole = |asked: &Stream| {
        let answers = streams.iter().filter(|other| (other.from, other.to) == (asked.to, asked.from));
        [asked].into_iter().chain(answers).flat_map(|stream| stream.bytes.iter().copied()).collect()
    };
    asked.map(whole).collect()
}

// R-RLY-5, R-RLY-8
#[test]
fn on_the_connections_that_deposits_come_by_nothing_names_who_deposits() {
    let star = Star::new();
    let capture = Capture::start(&star.middle);
    let relay = Relay::start(&star, false);
    let [alice, bob] = [1, 2].map(|seed| Person::at(&star.middle, seed, &relay.root()));
    alice.open_mailbox(&relay.service);
    bob.open_mailbox(&relay.service);
    let _ = alice.meet(&bob);
    let traces = traces_of(&alice, &relay.rows());
    let _ = alice.write_and_deliver(bob.did(), &LETTERS);
    assert_eq!(bob.fetch(), LETTERS);
    alice.talk(&bob, CALL[0], CALL[1]);

    let port = relay.service.address.rsplit(':').next().unwrap().parse().unwrap();
    let captured = capture.stop();
    let connections = connections(&captured, port);
    let of_depositors: Vec<_> = connections.iter().filter(|bytes| position(bytes, b" /m/").is_some()).collect();
    assert!(of_depositors.iter().any(|bytes| position(bytes, b"POST /m/").is_some()), "no deposit is seen");
    assert!(of_depositors.iter().any(|bytes| position(bytes, b"/circuit HTTP").is_some()), "no circuit is seen");
    for bytes in of_depositors {
        let signed =
            [&b" /v1/"[..], b"signature", b"Signature", b"ookie:"].into_iter().find(|it| position(bytes, it).is_some());
        assert_eq!(signed.map(String::from_utf8_lossy), None, "{}", String::from_utf8_lossy(bytes));
        assert_eq!(first_found(&traces, bytes), None);
    }
    // Where she is the owner she is seen: else nothing was searched.
    assert!(connections.iter().any(|bytes| traces[0].found_in(bytes).is_some()));
    let said = plain(&[&LETTERS[..], &CALL].concat());
    assert!(connections.iter().all(|bytes| first_found(&said, bytes).is_none()));
}
