//! Hosts of a test's own: network namespaces of Linux, joined by pairs of virtual cables.

use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, id};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// What every name of ours begins with; the process that made it follows.
const PREFIX: &str = "didshake-";
/// Where `ip netns` keeps what it made.
const NAMES: &str = "/run/netns";

/// A host: network interfaces, routes and ports of its own, the file system of everybody.
#[derive(Clone, Debug)]
pub struct Namespace {
    name: String,
    /// Where the others reach it.
    pub address: Ipv4Addr,
}

/// A host in the middle, and two that are joined with it and with nothing else.
///
/// The middle passes nothing on. All three end, with every process in them, when this is dropped.
#[derive(Debug)]
pub struct Star {
    /// What both reach.
    pub middle: Namespace,
    /// What reach the middle only.
    pub spokes: [Namespace; 2],
}

impl Star {
    /// Makes the hosts. Any number of tests may have one at the same time.
    ///
    /// # Panics
    /// Where that takes a user other than root, or `ip` is missing.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        assert!(rustix::process::geteuid().is_root(), "network namespaces are made by root: run this test as root");
        remove_abandoned();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let host = |role: &str, address: [u8; 4]| Namespace {
            name: format!("{PREFIX}{}-{number}-{role}", id()),
            address: address.into(),
        };
        let star = Self {
            middle: host("middle", [10, 213, 0, 1]),
            spokes: [host("first", [10, 213, 1, 2]), host("second", [10, 213, 2, 2])],
        };
        star.hosts().for_each(Namespace::make);
        // An address that both reach under one name, whatever cable they come by.
        star.middle.configure(&["address", "add", "10.213.0.1/32", "dev", "lo"]);
        star.spokes.iter().zip(1..).for_each(|(spoke, number)| star.middle.join(spoke, number));
        star
    }

    fn hosts(&self) -> impl Iterator<Item = &Namespace> {
        [&self.middle].into_iter().chain(&self.spokes)
    }
}

impl Default for Star {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Star {
    fn drop(&mut self) {
        self.hosts().for_each(|host| remove(&host.name));
    }
}

impl Namespace {
    /// Does something as a thread of this host: sockets that it opens stay there, whoever holds them later.
    ///
    /// # Panics
    /// Where the host is gone, and where `action` panics.
    pub fn enter<T: Send>(&self, action: impl FnOnce() -> T + Send) -> T {
        let file = std::fs::File::open(Path::new(NAMES).join(&self.name)).expect("the host is there");
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || {
                // Of this thread alone, which ends here.
                move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).expect("a network namespace");
                action()
            });
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// The command that runs `program` on this host, in the same process.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(ip_program());
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    fn make(&self) {
        ip(&["netns", "add", &self.name]);
        self.configure(&["link", "set", "lo", "up"]);
        // Else each takes over what the machine has.
        self.enter(|| std::fs::write("/proc/sys/net/ipv4/ip_forward", "0")).expect("the host forwards nothing");
    }

    /// A cable to a spoke, whose every packet for elsewhere comes here.
    fn join(&self, spoke: &Self, number: u8) {
        let (inner, outer, here) = (format!("spoke{number}"), "uplink", format!("10.213.{number}.1"));
        let cable = ["link", "add", &inner, "netns", &self.name, "type", "veth"];
        ip(&[&cable[..], &["peer", "name", outer, "netns", &spoke.name]].concat());
        self.configure(&["address", "add", &format!("{here}/24"), "dev", &inner]);
        spoke.configure(&["address", "add", &format!("{}/24", spoke.address), "dev", outer]);
        self.configure(&["link", "set", &inner, "up"]);
        spoke.configure(&["link", "set", outer, "up"]);
        spoke.configure(&["route", "add", "default", "via", &here]);
    }

    fn configure(&self, arguments: &[&str]) {
        ip(&[&["-netns", &self.name], arguments].concat());
    }

    /// Where this host is reached, at a port.
    #[must_use]
    pub fn at(&self, port: u16) -> (IpAddr, u16) {
        (self.address.into(), port)
    }
}

/// Where `ip` is: programs run without an environment find nothing.
fn ip_program() -> PathBuf {
    let places = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"];
    let found = places.iter().map(PathBuf::from).find(|path| path.exists());
    found.expect("`ip` makes network namespaces and is missing: `cargo xtask setup` installs iproute2")
}

fn ip(arguments: &[&str]) {
    let Output { status, stderr, .. } = Command::new(ip_program()).args(arguments).output().expect("`ip` runs");
    assert!(status.success(), "ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&stderr));
}

/// Ends what runs there and removes it; says nothing where it is gone.
fn remove(name: &str) {
    let run = |arguments: &[&str]| Command::new(ip_program()).args(arguments).output();
    let running = run(&["netns", "pids", name]).map(|output| output.stdout).unwrap_or_default();
    for process in String::from_utf8_lossy(&running).split_whitespace() {
        let process = process.parse().ok().and_then(rustix::process::Pid::from_raw);
        // A thread of this test that is there for a moment counts as a process.
        if let Some(process) = process.filter(|process| *process != rustix::process::getpid()) {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
        }
    }
    let _ = run(&["netns", "delete", name]);
}

/// What a test left behind that was killed.
fn remove_abandoned() {
    for entry in std::fs::read_dir(NAMES).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            remove(&name);
        }
    }
}
