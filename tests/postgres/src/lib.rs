//! A PostgreSQL server for tests: Debian's, on a port of 127.0.0.1, in a directory of its own, gone with the process that
//! started it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Of the one user there is.
const PASSWORD: &str = "correct horse";

/// Runs a server until it is told, or whoever would tell it is gone.
const UNTIL_TOLD: &str = r#"
    directory=$1; shift
    "$@" & server=$!
    read -r _; gone=$?
    kill -QUIT $server; wait $server
    [ $gone = 0 ] || rm -rf "$directory"
"#;

/// A server.
#[derive(Debug)]
pub struct Postgres {
    directory: TempDir,
    port: u16,
    databases: AtomicU32,
    /// A shell, which ends the server when we are gone.
    running: Option<Child>,
}

impl Postgres {
    /// Makes and starts one.
    ///
    /// # Panics
    /// Where it does not come to that: `cargo xtask setup` installs what it needs.
    #[must_use]
    pub fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let password = directory.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        if is_root() {
            run(Command::new("chown").arg("-R").arg("postgres:").arg(directory.path()));
        }
        let mut initdb = as_postgres(&program("initdb"));
        initdb.args(["--auth=scram-sha-256", "--username=didshake", "--encoding=UTF8", "--no-sync", "--pwfile"]);
        run(initdb.arg(&password).arg("-D").arg(directory.path().join("data")));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { directory, port, databases: AtomicU32::new(0), running: None };
        server.restart();
        server
    }

    /// The URL of a new, empty database.
    ///
    /// # Panics
    /// Where the server does not run.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run(&format!("CREATE DATABASE {name}"), "postgres");
        format!("postgres://didshake:{}@127.0.0.1:{}/{name}", PASSWORD.replace(' ', "%20"), self.port)
    }

    /// What statements answer, as `psql` prints it without ornament.
    ///
    /// # Panics
    /// Where they fail.
    pub fn run(&self, statements: &str, database: &str) -> String {
        let mut psql = Command::new(program("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "didshake", "-h", "127.0.0.1", "-p"]);
        psql.arg(self.port.to_string()).args(["-d", database, "-c", statements]);
        run(psql.env("PGPASSWORD", PASSWORD))
    }

    /// Ends it at once, as a crash does: what was not durable is lost.
    ///
    /// # Panics
    /// Where it does not end.
    pub fn crash(&mut self) {
        if let Some(mut shell) = self.running.take() {
            // A line has it end the server; the end of its input, without one, has it clean up too.
            shell.stdin.take().unwrap().write_all(b"\n").unwrap();
            shell.wait().unwrap();
        }
    }

    /// Starts it again.
    ///
    /// # Panics
    /// Where it does not answer within half a minute.
    pub fn restart(&mut self) {
        self.crash();
        let server = as_postgres(&program("postgres"));
        let mut shell = Command::new("sh");
        shell.args(["-c", UNTIL_TOLD, "sh"]).arg(self.directory.path());
        shell.arg(server.get_program()).args(server.get_args()).arg("-D").arg(self.directory.path().join("data"));
        shell.args(["-h", "127.0.0.1", "-p"]).arg(self.port.to_string()).arg("-k").arg(self.directory.path());
        shell.args(["-c", "max_connections=200", "-c", "autovacuum=off"]);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.running = Some(shell.spawn().unwrap());
        let begun = Instant::now();
        while !is_ready(self.port) {
            assert!(begun.elapsed() < Duration::from_secs(30), "PostgreSQL does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.crash();
    }
}

/// The server of all tests of this process that break nothing; it ends with the process.
pub fn shared() -> &'static Postgres {
    static SHARED: OnceLock<Postgres> = OnceLock::new();
    SHARED.get_or_init(Postgres::start)
}

fn is_ready(port: u16) -> bool {
    let mut ready = Command::new(program("pg_isready"));
    ready.args(["-q", "-h", "127.0.0.1", "-p"]).arg(port.to_string()).status().unwrap().success()
}

/// Debian has it apart from the path, a directory for each version.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").map(|entries| entries.flatten().map(|entry| entry.path()));
    let found =
        versions.into_iter().flatten().map(|version| version.join("bin").join(name)).filter(|path| path.exists());
    found.max().unwrap_or_else(|| panic!("there is no {name}: run `cargo xtask setup`"))
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// It refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
