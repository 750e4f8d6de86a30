//! Which DID belongs to a name or an address: what was seen and confirmed once is not asked again, and what changed
//! is not taken.

use std::fmt;

use didshake::{Did, UnixTime};
use didshake_did::rfc3339;

/// The most peers that a list holds.
pub const MAX_PEERS: usize = 10_000;

const MAX_LINE_BYTES: usize = 4096;

/// A name or an address (`host:port`) of a peer: 1 to 255 printable ASCII characters, without `#`, not beginning with
/// `did:`. Capital letters are made small, as in host names.
///
/// ```
/// use didshake_peer::PeerName;
/// assert_eq!(PeerName::parse("Example.COM:4433")?.as_str(), "example.com:4433");
/// assert!(PeerName::parse("two words").is_err());
/// # Ok::<(), didshake_peer::NameFault>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PeerName(String);

/// A text that is no name of a peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a name or address is 1 to 255 printable ASCII characters without spaces and `#`, and does not begin with `did:`"
)]
pub struct NameFault;

impl PeerName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NameFault`].
    pub fn parse(text: &str) -> Result<Self, NameFault> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        let name = text.to_ascii_lowercase();
        if !printable || text.is_empty() || text.len() > 255 || name.starts_with("did:") {
            return Err(NameFault);
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for PeerName {
    type Err = NameFault;

    fn from_str(text: &str) -> Result<Self, NameFault> {
        Self::parse(text)
    }
}

/// A peer that is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownPeer {
    /// Its name or address.
    pub name: PeerName,
    /// The DID that it must prove.
    pub did: Did,
    /// The day on which it was added, `2026-11-22`, if the list says so.
    pub added: Option<String>,
}

/// The known peers, as a text of one line each: `name-or-address DID [# added YYYY-MM-DD]`. Empty lines, and lines that
/// begin with `#`, are kept as they are.
///
/// ```
/// use didshake_peer::{KnownPeers, PeerName};
/// let peers = KnownPeers::parse("bob.example:4433 did:web:bob.example # added 2026-11-22\n")?;
/// let bob = peers.find(&PeerName::parse("bob.example:4433").unwrap()).unwrap();
/// assert_eq!(bob.did.as_str(), "did:web:bob.example");
/// # Ok::<(), (usize, didshake_peer::LineFault)>(())
/// ```
#[derive(Clone, Default, Debug)]
pub struct KnownPeers {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
enum Line {
    Kept(String),
    Peer(KnownPeer),
}

/// What is wrong with a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LineFault {
    /// Over 4,096 bytes.
    #[error("the line is longer than {MAX_LINE_BYTES} bytes")]
    TooLong,
    /// Not two words, or something else than `# added YYYY-MM-DD` behind them.
    #[error("expected `NAME-OR-ADDRESS DID [# added YYYY-MM-DD]`")]
    Form,
    /// The first word is no name.
    #[error(transparent)]
    Name(#[from] NameFault),
    /// The second word is no DID.
    #[error("the second word is not a DID")]
    Did,
    /// The DID is the short form of a did:peer:4, which nobody can resolve.
    #[error("the DID is the short form of a did:peer:4: write its long form, with `:z…` behind it")]
    ShortForm,
    /// The name is on an earlier line already.
    #[error("the name is on an earlier line already")]
    Duplicate,
    /// More than [`MAX_PEERS`].
    #[error("more than {MAX_PEERS} peers")]
    TooMany,
}

impl KnownPeers {
    /// Reads the text.
    ///
    /// # Errors
    /// The number of the first bad line, from 1, and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, (usize, LineFault)> {
        let mut peers = Self::default();
        let mut names = std::collections::HashSet::new();
        for (line, number) in text.lines().zip(1_usize..) {
            let line = parse_line(line).map_err(|fault| (number, fault))?;
            if let Line::Peer(peer) = &line {
                if names.len() >= MAX_PEERS {
                    return Err((number, LineFault::TooMany));
                }
                if !names.insert(peer.name.clone()) {
                    return Err((number, LineFault::Duplicate));
                }
            }
            peers.lines.push(line);
        }
        Ok(peers)
    }

    /// The peers, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &KnownPeer> {
        self.lines.iter().filter_map(|line| if let Line::Peer(peer) = line { Some(peer) } else { None })
    }

    /// The peer of this name or address.
    #[must_use]
    pub fn find(&self, name: &PeerName) -> Option<&KnownPeer> {
        self.iter().find(|peer| peer.name == *name)
    }

    /// Adds a peer. One that is known stays as it is: to change it, remove it first.
    ///
    /// # Errors
    /// The peer that is known under this name, where its DID is another one.
    pub fn add(&mut self, name: PeerName, did: Did, now: UnixTime) -> Result<(), KnownPeer> {
        match self.find(&name) {
            Some(known) if known.did != did => Err(known.clone()),
            Some(_) => Ok(()),
            None => {
                self.lines.push(Line::Peer(KnownPeer { name, did, added: day(now) }));
                Ok(())
            }
        }
    }

    /// Takes a peer off the list.
    pub fn remove(&mut self, name: &PeerName) -> Option<KnownPeer> {
        let at = self.lines.iter().position(|line| matches!(line, Line::Peer(peer) if peer.name == *name))?;
        match self.lines.remove(at) {
            Line::Peer(peer) => Some(peer),
            Line::Kept(_) => None,
        }
    }
}

impl fmt::Display for KnownPeers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            match line {
                Line::Kept(text) => writeln!(f, "{text}")?,
                Line::Peer(KnownPeer { name, did, added: None }) => writeln!(f, "{name} {did}")?,
                Line::Peer(KnownPeer { name, did, added: Some(day) }) => writeln!(f, "{name} {did} # added {day}")?,
            }
        }
        Ok(())
    }
}

fn parse_line(line: &str) -> Result<Line, LineFault> {
    if line.len() > MAX_LINE_BYTES {
        return Err(LineFault::TooLong);
    }
    if line.trim().is_empty() || line.starts_with('#') {
        return Ok(Line::Kept(line.to_owned()));
    }
    let mut words = line.split_ascii_whitespace();
    let (Some(name), Some(did)) = (words.next(), words.next()) else {
        return Err(LineFault::Form);
    };
    let name = PeerName::parse(name)?;
    let did = Did::parse(did).map_err(|_| LineFault::Did)?;
    if did.is_short_form() {
        return Err(LineFault::ShortForm);
    }
    let added = match (words.next(), words.next(), words.next(), words.next()) {
        (None, ..) => None,
        (Some("#"), Some("added"), Some(day), None) if is_day(day) => Some(day.to_owned()),
        _ => return Err(LineFault::Form),
    };
    Ok(Line::Peer(KnownPeer { name, did, added }))
}

fn is_day(text: &str) -> bool {
    let mut parts = text.split('-').map(|part| (part.len(), part.bytes().all(|byte| byte.is_ascii_digit())));
    [4, 2, 2].into_iter().all(|length| parts.next() == Some((length, true))) && parts.next().is_none()
}

/// The day of a time, `YYYY-MM-DD` in UTC; none after the year 9999.
fn day(time: UnixTime) -> Option<String> {
    let text = rfc3339::text(time)?;
    text.split_once('T').map(|(day, _)| day.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PeerName {
        PeerName::parse(text).unwrap()
    }

    fn did(text: &str) -> Did {
        Did::parse(text).unwrap()
    }

    #[test]
    fn text_survives_and_names_are_found() {
        let text = "# mine\n\nbob did:web:bob # added 2026-11-22\nHOST:1 did:key:z6Mk\n";
        let peers = KnownPeers::parse(text).unwrap();
        assert_eq!(peers.to_string(), text.replace("HOST", "host"));
        assert_eq!(peers.find(&name("host:1")).unwrap().did, did("did:key:z6Mk"));
        assert!(peers.find(&name("host:2")).is_none());
    }

    #[test]
    fn bad_lines_are_named() {
        for (line, fault) in [
            ("bob", LineFault::Form),
            ("bob did:web:bob x", LineFault::Form),
            ("bob did:web:bob # added", LineFault::Form),
            ("bob did:web:bob # added 2026-1-22", LineFault::Form),
            ("bob did:web:bob # added 2026-11-22 x", LineFault::Form),
            ("bob web:bob", LineFault::Did),
            ("bob did:peer:4zQmHash", LineFault::ShortForm),
            ("did:web:bob bob", LineFault::Name(NameFault)),
            ("ok did:web:bob", LineFault::Duplicate),
        ] {
            let text = format!("OK did:web:a\n{line}\n");
            assert_eq!(KnownPeers::parse(&text).unwrap_err(), (2, fault), "{line}");
        }
        let long = format!("a did:web:{}", "b".repeat(MAX_LINE_BYTES));
        assert_eq!(KnownPeers::parse(&long).unwrap_err(), (1, LineFault::TooLong));
    }

    #[test]
    fn a_pin_is_never_overwritten() {
        let mut peers = KnownPeers::default();
        peers.add(name("bob"), did("did:web:bob"), UnixTime(1_795_305_600)).unwrap();
        peers.add(name("BOB"), did("did:web:bob"), UnixTime(0)).unwrap();
        let known = peers.add(name("bob"), did("did:web:eve"), UnixTime(0)).unwrap_err();
        assert_eq!(known.did, did("did:web:bob"));
        assert_eq!(peers.to_string(), "bob did:web:bob # added 2026-11-22\n");
        assert!(peers.remove(&name("bob")).is_some());
        assert!(peers.remove(&name("bob")).is_none());
        assert_eq!(peers.to_string(), "");
    }
}
