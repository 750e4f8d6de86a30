//! One HTTP/1.1 request a connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

/// Longest request that is read.
const LIMIT: usize = 5_000_000;

/// A request as it came.
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Option<String>,
    fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What goes back.
pub(super) struct Answered {
    status: u16,
    fields: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// There is nothing yet, and whoever asked waits so long for it.
    pub(super) wait: Option<Duration>,
}

impl Asked {
    /// None: no request.
    pub(super) fn read(stream: &mut TcpStream) -> Option<Self> {
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        let mut bytes = Vec::new();
        let mut piece = [0; 16_384];
        loop {
            if let Some(asked) = Self::parse(&bytes) {
                return Some(asked);
            }
            let read = stream.read(&mut piece).ok()?;
            if read == 0 || bytes.len() > LIMIT {
                return None;
            }
            bytes.extend_from_slice(piece.get(..read)?);
        }
    }

    /// None: it is not whole yet.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?);
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let fields = lines.filter_map(|line| line.split_once(':'));
        let fields: Vec<_> = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let length = fields.iter().find(|(name, _)| name == "content-length").map_or("0", |(_, value)| value);
        let body = bytes.get(end + 4..)?.get(..length.parse().ok()?)?.to_vec();
        Some(Self { method, path: path.to_owned(), query: query.map(str::to_owned), fields, body })
    }

    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.fields.iter().filter(|(other, _)| other == name).map(|(_, value)| value.clone()).collect()
    }

    /// The one field of this name.
    pub(super) fn one(&self, name: &str) -> Option<String> {
        <[String; 1]>::try_from(self.all(name)).ok().map(|[value]| value)
    }

    /// The whole number of a query, or what it is where it is left out. None: it is no number.
    pub(super) fn number(&self, name: &str, left_out: u64) -> Option<u64> {
        let pairs = self.query.as_deref().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(other, _)| *other == name).map(|(_, value)| value.parse().ok());
        values.next().unwrap_or(Some(left_out))
    }
}

impl Answered {
    fn new(status: u16, kind: &str, body: Vec<u8>) -> Self {
        Self { status, fields: vec![("Content-Type", kind.to_owned())], body, wait: None }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string().into_bytes())
    }

    pub(super) fn bytes(kind: &str, body: Vec<u8>) -> Self {
        Self::new(200, kind, body)
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, fields: Vec::new(), body: Vec::new(), wait: None }
    }

    pub(super) fn problem(status: u16, code: &str) -> Self {
        let body = json!({ "type": "about:blank", "status": status, "code": code });
        Self::new(status, "application/problem+json", body.to_string().into_bytes())
    }

    pub(super) fn malformed() -> Self {
        Self::problem(400, "malformed")
    }

    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.to_owned()));
        self
    }

    pub(super) fn waiting(mut self, seconds: u64) -> Self {
        self.wait = Some(Duration::from_secs(seconds));
        self
    }

    pub(super) fn write(&self, stream: &mut TcpStream) {
        let mut head =
            format!("HTTP/1.1 {} -\r\nContent-Length: {}\r\nConnection: close\r\n", self.status, self.body.len());
        for (name, value) in &self.fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        // Whoever has gone needs no answer.
        let _ = stream.write_all(&[head.as_bytes(), b"\r\n", &self.body].concat());
    }
}
