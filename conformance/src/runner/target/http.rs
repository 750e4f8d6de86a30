//! One HTTP/1.1 request a connection, by hand: what is sent has to be exactly what a case says.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::endpoint::Endpoint;
use super::link::{connect, network};
use crate::runner::attempt::Try;
use crate::runner::case::Outcome;

/// Longest response that is read.
const RESPONSE_LIMIT: u64 = 256 * 1024;
/// Longest waiting state (R-BIND-11).
const STATE_LIMIT: usize = 4_096;

pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A message as R-BIND-8 has it sent.
    pub(crate) fn post(endpoint: &Endpoint, message: &[u8]) -> Self {
        Self {
            method: "POST",
            path: endpoint.path.clone(),
            headers: vec![("Host", endpoint.authority.clone()), ("Content-Type", "application/didshake".to_owned())],
            body: message.to_vec(),
        }
    }

    pub(crate) fn state(mut self, state: Option<&str>) -> Self {
        self.headers.extend(state.map(|state| ("DIDShake-State", state.to_owned())));
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", self.body.len()));
        [head.as_bytes(), &self.body].concat()
    }

    pub(crate) fn exchange(&self, endpoint: &Endpoint) -> Try<Response> {
        let mut stream = connect(endpoint)?;
        // A server may answer and end before it has read everything.
        let _ = stream.write_all(&self.bytes());
        Response::read(&mut stream)
    }
}

impl Response {
    pub(crate) fn read(stream: &mut TcpStream) -> Try<Self> {
        let mut bytes = Vec::new();
        let read = stream.take(RESPONSE_LIMIT).read_to_end(&mut bytes);
        if let Err(cause) = read.map_err(|cause| cause.to_string())
            && bytes.is_empty()
        {
            return Err(network("reading", &cause));
        }
        let malformed = || Outcome::differs("the response", "HTTP/1.1", String::from_utf8_lossy(&bytes).into_owned());
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(malformed)?;
        let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let body = bytes.get(end + 4..).unwrap_or_default().to_vec();
        Ok(Self { status: status.ok_or_else(malformed)?, headers, body })
    }

    /// The body, whose chunks are put together where it came in chunks.
    pub(crate) fn body(&self) -> Try<Vec<u8>> {
        if self.all("transfer-encoding") != ["chunked"] {
            return Ok(self.body.clone());
        }
        let wrong = || Outcome::differs("the chunks of the body", "whole ones", hex::encode(&self.body));
        let (mut rest, mut body) = (self.body.as_slice(), Vec::new());
        loop {
            let end = rest.windows(2).position(|two| two == b"\r\n").ok_or_else(wrong)?;
            let (line, after) = rest.split_at(end);
            let size =
                String::from_utf8_lossy(line).split(';').next().map(|size| usize::from_str_radix(size.trim(), 16));
            let size = size.and_then(Result::ok).ok_or_else(wrong)?;
            let chunk = after.get(2..).and_then(|after| after.split_at_checked(size)).ok_or_else(wrong)?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(chunk.0);
            rest = chunk.1.get(2..).ok_or_else(wrong)?;
        }
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect()
    }

    /// `DIDShake-State`, in the form of R-BIND-11.
    pub(crate) fn state(&self) -> Try<Option<String>> {
        let states = self.all("didshake-state");
        match states.as_slice() {
            [] => Ok(None),
            [state] if well_formed(state) => Ok(Some((*state).to_owned())),
            _ => Err(Outcome::differs(
                "`DIDShake-State`",
                "one, of 1 to 4,096 characters of base64url",
                states.join(" | "),
            )),
        }
    }

    /// The message that the body is, with the status and the headers that belong to it (R-BIND-9). None: no message.
    pub(crate) fn message(&self) -> Try<Option<Vec<u8>>> {
        if self.status >= 500 || !self.all("transfer-encoding").is_empty() {
            let actual = format!("{} {:?}", self.status, self.headers);
            return Err(Outcome::differs("the response", "no failure of the server, and a Content-Length", actual));
        }
        if self.all("content-type") != ["application/didshake"] {
            return Ok(None);
        }
        let alert = self.body.first() == Some(&crate::wire::ALERT);
        let challenge = self.all("www-authenticate").iter().any(|value| value.starts_with("DIDShake"));
        let (status, wants) = if alert { (401, "401 with `WWW-Authenticate: DIDShake`") } else { (200, "200") };
        if self.status != status || alert && !challenge {
            return Err(Outcome::differs(
                "the status (R-BIND-9)",
                wants,
                format!("{} {:?}", self.status, self.headers),
            ));
        }
        let credentials: Vec<_> = ["set-cookie", "authorization"].iter().flat_map(|name| self.all(name)).collect();
        if !credentials.is_empty() {
            return Err(Outcome::differs("credentials (R-BIND-15)", "none", credentials.join(" | ")));
        }
        let replies = self.body.first() == Some(&crate::wire::REPLY);
        if replies && self.all("didshake-state").len() != 1 {
            return Err(Outcome::differs("`DIDShake-State` of Reply (R-BIND-11)", "one", "none"));
        }
        Ok(Some(self.body.clone()))
    }
}

fn well_formed(state: &str) -> bool {
    let character = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=STATE_LIMIT).contains(&state.len()) && state.bytes().all(character)
}
