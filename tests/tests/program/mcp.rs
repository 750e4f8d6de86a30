//! `examples/mcp`: rmcp's server behind `didshake listen --exec`, its client before `didshake pipe`, all as processes.

use std::time::{Duration, Instant};

use didshake_tests::{Home, Listener, Output, finish};

/// Bob offers tools to Alice, who is an operator, and to Carol.
struct Scene {
    home: Home,
    listener: Option<Listener>,
    address: String,
    alice: String,
    carol: String,
    bob: String,
}

impl Scene {
    fn new() -> Self {
        let home = Home::new();
        let [alice, carol, bob, _] = ["alice", "carol", "bob", "mallory"].map(|name| home.identity(name));
        let server = home.example("mcp-server", &[]).get_program().to_str().unwrap().to_owned();
        let exec = format!("echo started >> log; exec {server} {alice} 2>> log");
        let allow = ["--as", "bob", "--allow", &alice, "--allow", &carol, "--exec", &exec];
        let listener = Listener::start(&home, &allow);
        let address = listener.address.clone();
        Self { home, listener: Some(listener), address, alice, carol, bob }
    }

    fn client(&self, name: &str, tool: &str, parameters: &str) -> std::process::Child {
        let pipe = ["didshake", "pipe", &self.address, "--as", name, "--expect", &self.bob];
        self.home.example("mcp-client", &[&[tool, parameters], &pipe[..]].concat()).spawn().unwrap()
    }

    fn call(&self, name: &str, tool: &str) -> Output {
        finish(self.client(name, tool, "{}"), b"")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.home.path("log")).unwrap_or_default()
    }
}

#[test]
fn a_tool_sees_who_calls_it_and_is_refused_to_others() {
    let scene = Scene::new();
    assert_eq!(scene.call("alice", "whoami").expect(0).text().trim(), scene.alice);
    assert_eq!(scene.call("carol", "whoami").expect(0).text().trim(), scene.carol);
    assert_eq!(scene.call("alice", "deploy").expect(0).text().trim(), format!("deployed, for {}", scene.alice));
    let refused = scene.call("carol", "deploy").expect(1);
    assert!(refused.stderr.contains(&format!("{} is no operator", scene.carol)), "{}", refused.stderr);
    assert_eq!(refused.text(), "");
}

#[test]
fn nothing_runs_for_a_peer_that_may_not_come_in() {
    let scene = Scene::new();
    let refused = scene.call("mallory", "whoami").expect(1);
    assert_eq!((refused.text().as_str(), scene.log().as_str()), ("", ""), "{}", refused.stderr);
    let _ = scene.call("alice", "whoami").expect(0);
    assert_eq!(scene.log(), "started\n");
}

#[test]
fn a_call_that_is_cut_is_an_error() {
    let mut scene = Scene::new();
    let calling = scene.client("alice", "report", r#"{"seconds": 60}"#);
    let begun = Instant::now();
    while !scene.log().contains("a report for ") {
        assert!(begun.elapsed() < Duration::from_secs(50), "the tool is not called: {}", scene.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(scene.listener.take());
    let cut = finish(calling, b"").expect(1);
    assert_eq!(cut.text(), "", "{}", cut.stderr);
    assert!(cut.stderr.contains("cut"), "{}", cut.stderr);
}
