//! `listen --exec`: a process for each peer that has proved who it is, and for nobody else.

use std::io::Write as _;
use std::time::{Duration, Instant};

use didshake_tests::{Home, Listener, Output, finish};

struct Scene {
    home: Home,
    listener: Listener,
    bob: String,
}

/// Bob runs a command for Alice and for Carol.
fn scene(command: &str) -> Scene {
    let home = Home::new();
    let (alice, bob, carol) = (home.identity("alice"), home.identity("bob"), home.identity("carol"));
    let _ = home.identity("mallory");
    let listener = Listener::start(&home, &["--as", "bob", "--allow", &alice, "--allow", &carol, "--exec", command]);
    Scene { home, listener, bob }
}

impl Scene {
    fn connect(&self, name: &str) -> std::process::Child {
        self.home.spawn(&["connect", &self.listener.address, "--as", name, "--expect", &self.bob])
    }

    fn says(&self, name: &str, input: &[u8]) -> Output {
        finish(self.connect(name), input)
    }
}

#[test]
fn a_process_knows_whom_it_talks_to() {
    let scene = scene("read line; echo \"$DIDSHAKE_PEER_DID says $line, by $DIDSHAKE_PEER_METHOD\"");
    let alice = scene.home.run(&["id", "show", "alice", "--json"]).expect(0).json();
    let did = alice["did"].as_str().unwrap();
    let told = scene.says("alice", b"I am did:web:root.example\nand more\n").expect(0).text();
    assert_eq!(told, format!("{did} says I am did:web:root.example, by {did}\n"));
    // One who is there and says nothing keeps nobody waiting.
    let mut silent = scene.connect("carol");
    let input = silent.stdin.take().unwrap();
    assert!(scene.says("alice", b"hello\n").expect(0).text().contains("says hello"));
    drop(input);
    assert!(finish(silent, b"").expect(0).text().contains("says ,"));
}

#[test]
fn bytes_pass_as_they_are() {
    let scene = scene("cat");
    let bytes: Vec<u8> = (0..300_000_u32).map(|at| (at * 7 % 251).to_le_bytes()[0]).collect();
    assert_eq!(scene.says("alice", &bytes).expect(0).stdout, bytes);
}

/// A connection that is dropped with something unread is reset, and takes along what the process has said.
#[test]
fn what_a_process_said_arrives_although_it_read_nothing() {
    let scene = scene("echo over");
    let told = scene.says("alice", &[b'x'; 4_000_000]).expect(0);
    assert_eq!(told.stdout, b"over\n");
}

#[test]
fn nothing_runs_for_somebody_else() {
    let scene = scene("echo ran >> ran");
    let _ = scene.says("mallory", b"").expect(3);
    let _ = scene.says("alice", b"").expect(0);
    assert_eq!(std::fs::read_to_string(scene.home.path("ran")).unwrap(), "ran\n");
}

#[test]
fn a_process_ends_with_its_peer_and_its_failure_ends_nobody_else() {
    let scene = scene("echo $$ >> pids; echo here; cat > /dev/null; echo over >> over");
    let mut gone = scene.connect("alice");
    let mut input = gone.stdin.take().unwrap();
    input.write_all(b"hello\n").unwrap();
    wait_for(|| scene.home.path("pids").exists());
    gone.kill().unwrap();
    gone.wait().unwrap();
    // Its input has ended.
    wait_for(|| scene.home.path("over").exists());

    let failing = self::scene("exit 3");
    assert_eq!(failing.says("alice", b"").expect(0).text(), "");
    assert_eq!(failing.says("carol", b"").expect(0).text(), "");
}

#[test]
fn a_process_that_does_not_end_is_killed() {
    let scene = scene("exec 1>&-; echo $$ > pid; exec sleep 1000");
    let begun = Instant::now();
    let _ = scene.says("alice", b"").expect(0);
    let pid = std::fs::read_to_string(scene.home.path("pid")).unwrap();
    let running = std::path::PathBuf::from(format!("/proc/{}", pid.trim()));
    wait_for(|| !running.exists());
    assert!(begun.elapsed() >= Duration::from_secs(4), "it has time to end by itself");
}

#[test]
fn a_peer_that_went_away_without_a_word_is_noticed() {
    let scene = scene("cat > /dev/null");
    let mut peer = scene.connect("alice");
    let port = scene.listener.address.rsplit_once(':').unwrap().1.parse::<u16>().unwrap();
    // Both ends of the connection, established, with the timer of keep-alive running.
    let kept_alive = || {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let fields = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let ends = fields.filter(|fields| fields[1..3].iter().any(|end| end.ends_with(&format!(":{port:04X}"))));
        ends.filter(|fields| fields[3] == "01" && fields[5].starts_with("02:")).count()
    };
    wait_for(|| kept_alive() == 2);
    peer.kill().unwrap();
    peer.wait().unwrap();
}

#[test]
fn one_peer_leaves_processes_to_the_others() {
    let scene = scene("echo ran >> ran; echo here; cat > /dev/null");
    let ran = || std::fs::read_to_string(scene.home.path("ran")).map_or(0, |text| text.lines().count());
    let mut peers: Vec<_> = (0..33)
        .map(|at| {
            let mut peer = scene.connect("alice");
            wait_for(|| ran() > at || peer.try_wait().unwrap().is_some());
            peer
        })
        .collect();
    assert_eq!(ran(), 32);
    assert_eq!(scene.says("carol", b"").expect(0).text(), "here\n");
    for peer in &mut peers {
        let _ = peer.kill();
        peer.wait().unwrap();
    }
}

#[test]
fn all_that_a_command_has_started_is_killed_with_it() {
    let scene = scene("sh -c 'echo $$ > pid; exec sleep 1000' | sleep 1000");
    let mut gone = scene.connect("alice");
    wait_for(|| scene.home.path("pid").exists());
    gone.kill().unwrap();
    gone.wait().unwrap();
    let pid = std::fs::read_to_string(scene.home.path("pid")).unwrap();
    // One that nobody has waited for yet runs no more.
    let stat = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    wait_for(|| stat().map_or(true, |stat| stat.contains(") Z ")));
}

fn wait_for(mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not come to that");
        std::thread::sleep(Duration::from_millis(20));
    }
}
