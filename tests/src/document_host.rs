//! A host of one did:web document, in plain HTTP on this machine, as `--allow-local` lets programs ask it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Serves until the process ends.
pub struct DocumentHost {
    /// Where it is, for `--allow-local`.
    pub address: String,
    /// The DID whose document it serves.
    pub did: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    document: Mutex<Option<String>>,
    asked: AtomicUsize,
}

impl DocumentHost {
    /// Starts it on a free port, without a document yet.
    ///
    /// # Panics
    /// Where there is no port.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let did = format!("did:web:{}", address.replace(':', "%3A"));
        let state = Arc::new(State::default());
        let serving = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&serving);
                std::thread::spawn(move || answer(&stream, &state));
            }
        });
        Self { address, did, state }
    }

    /// Serves a document with one key, a JWK, under this fragment.
    ///
    /// # Panics
    /// Never, but where another thread has.
    pub fn serve(&self, fragment: &str, jwk: &Value) {
        let (did, id) = (&self.did, format!("#{fragment}"));
        let method = json!({"id": id, "type": "JsonWebKey", "controller": did, "publicKeyJwk": jwk});
        let document = json!({"id": did, "verificationMethod": [method], "authentication": [id]});
        *self.state.document.lock().unwrap() = Some(document.to_string());
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }
}

fn answer(stream: &TcpStream, state: &State) {
    let _ = read_head(stream);
    state.asked.fetch_add(1, Ordering::SeqCst);
    respond(stream, state.document.lock().unwrap().clone());
}

fn read_head(mut stream: &TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        head.extend(byte);
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn respond(mut stream: &TcpStream, document: Option<String>) {
    let (status, body) = match document {
        Some(document) => ("200 OK", document),
        None => ("404 Not Found", String::new()),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/did+json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes());
}

/// A host of the log in a directory and of its witness proofs, as an owner's web server would be.
pub struct LogHost {
    /// Where it is, for `--allow-local`.
    pub address: String,
    directory: Arc<Mutex<PathBuf>>,
}

impl LogHost {
    /// Starts it on a free port; it has nothing yet.
    ///
    /// # Panics
    /// Where there is no port.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let directory = Arc::new(Mutex::new(PathBuf::from("/nonexistent")));
        let serving = Arc::clone(&directory);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = read_head(&stream);
                let name = if asked.contains("did-witness.json") { "did-witness.json" } else { "did.jsonl" };
                let file = serving.lock().unwrap().join(name);
                respond(&stream, std::fs::read_to_string(file).ok());
            }
        });
        Self { address, directory }
    }

    /// From here on it serves what is in this directory.
    ///
    /// # Panics
    /// Never, but where another thread has.
    pub fn serve(&self, directory: &Path) {
        *self.directory.lock().unwrap() = directory.to_owned();
    }
}

/// Waits until something is so.
///
/// # Panics
/// Where it is not within a minute.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
