//! NATS, which many know: its own server with what Debian ships, and as much of its client as is measured.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use didshake_tests::{Home, free_port};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

const SUBJECT: &str = "mailbox";
/// What may wait for a subscriber: with less, the server cuts off one that is slower than a publisher.
const PENDING: &str = "1GB";

/// A running server; stopped when dropped.
pub struct Nats {
    child: Child,
    address: String,
    _home: Home,
}

/// One that publishes.
pub struct Publisher {
    reader: BufReader<OwnedReadHalf>,
    writer: BufWriter<OwnedWriteHalf>,
}

/// One that is told of everything that is published after it came.
pub struct Subscriber {
    reader: BufReader<OwnedReadHalf>,
    _writer: OwnedWriteHalf,
    line: String,
    payload: Vec<u8>,
}

impl Nats {
    /// Starts it.
    ///
    /// # Panics
    /// Where it is not installed, or does not listen.
    pub async fn start() -> Self {
        let home = Home::new();
        let address = format!("127.0.0.1:{}", free_port());
        let file =
            home.write("nats.conf", format!("listen: \"{address}\"\nmax_pending: {PENDING}\nmax_payload: 1MB\n"));
        let mut command = Command::new("nats-server");
        command.arg("-c").arg(file).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("nats-server is installed: `cargo xtask bench relay` does that");
        let nats = Self { child, address, _home: home };
        for _ in 0..200 {
            if TcpStream::connect(&nats.address).await.is_ok() {
                return nats;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nats-server does not listen")
    }

    /// The number of its process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// A client that publishes.
    ///
    /// # Panics
    /// Where it does not come in.
    pub async fn publisher(&self) -> Publisher {
        let (reader, writer) = self.connect("").await;
        Publisher { reader, writer: BufWriter::with_capacity(1 << 16, writer) }
    }

    /// A client that is told.
    ///
    /// # Panics
    /// Where it does not come in.
    pub async fn subscriber(&self) -> Subscriber {
        let (reader, writer) = self.connect(&format!("SUB {SUBJECT} 1\r\n")).await;
        Subscriber { reader, _writer: writer, line: String::new(), payload: Vec::new() }
    }

    /// Connects, says `first`, and returns when the server has heard it.
    async fn connect(&self, first: &str) -> (BufReader<OwnedReadHalf>, OwnedWriteHalf) {
        let stream = TcpStream::connect(&self.address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let opening = format!("CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\n{first}PING\r\n");
        writer.write_all(opening.as_bytes()).await.expect("a connection");
        wait_for_pong(&mut reader).await;
        (reader, writer)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Publisher {
    /// Publishes; it is on its way when [`flush`](Self::flush) returns.
    ///
    /// # Panics
    /// Where the connection ends.
    pub async fn publish(&mut self, payload: &[u8]) {
        let head = format!("PUB {SUBJECT} {}\r\n", payload.len());
        for part in [head.as_bytes(), payload, b"\r\n"] {
            self.writer.write_all(part).await.expect("a connection");
        }
    }

    /// Sends what was published.
    ///
    /// # Panics
    /// Where the connection ends.
    pub async fn send(&mut self) {
        self.writer.flush().await.expect("a connection");
    }

    /// Sends what was published, and returns when the server has heard it: what a depositor waits for too, but that nothing
    /// is kept.
    ///
    /// # Panics
    /// Where the connection ends.
    pub async fn flush(&mut self) {
        self.writer.write_all(b"PING\r\n").await.expect("a connection");
        self.writer.flush().await.expect("a connection");
        wait_for_pong(&mut self.reader).await;
    }
}

impl Subscriber {
    /// The next message.
    ///
    /// # Panics
    /// Where the connection ends.
    pub async fn next(&mut self) -> &[u8] {
        loop {
            self.line.clear();
            let read = self.reader.read_line(&mut self.line).await.expect("a connection");
            assert!(read > 0, "nats-server cut a subscriber off");
            if self.line.starts_with("MSG ") {
                break;
            }
        }
        let length: usize =
            self.line.trim_end().rsplit(' ').next().and_then(|text| text.parse().ok()).expect("a length");
        self.payload.resize(length + 2, 0);
        self.reader.read_exact(&mut self.payload).await.expect("a message");
        &self.payload[..length]
    }
}

async fn wait_for_pong(reader: &mut BufReader<OwnedReadHalf>) {
    let mut line = String::new();
    while line != "PONG\r\n" {
        assert!(!line.starts_with("-ERR"), "{line}");
        line.clear();
        assert!(reader.read_line(&mut line).await.expect("a connection") > 0, "nats-server ended");
    }
}
