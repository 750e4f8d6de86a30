//! DID syntax (DID Core §3.1) and the name of a verification method.

use alloc::string::String;
use core::fmt;

use crate::error::Fault;

/// The longest DID that the protocol carries, in bytes (R-LIMIT).
pub const MAX_DID_BYTES: usize = 2048;

/// A Decentralized Identifier, checked against the grammar of DID Core and never normalised: two DIDs are the same
/// exactly if their bytes are.
///
/// ```
/// use didshake::Did;
/// let did = Did::parse("did:web:example.com:agents:alice")?;
/// assert_eq!(did.method(), "web");
/// assert_eq!(did.method_specific_id(), "example.com:agents:alice");
/// assert!(Did::parse("did:web:example.com#key-1").is_err());
/// # Ok::<(), didshake::Fault>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Did {
    text: String,
    method_end: usize,
}

impl Did {
    /// Reads a DID: no path, query or fragment, at most [`MAX_DID_BYTES`].
    ///
    /// # Errors
    /// [`Fault::DidSyntax`] where the text is not exactly a DID.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if text.len() > MAX_DID_BYTES {
            return Err(Fault::DidSyntax);
        }
        let rest = text.strip_prefix("did:").ok_or(Fault::DidSyntax)?;
        let (method, id) = rest.split_once(':').ok_or(Fault::DidSyntax)?;
        let method_ok = !method.is_empty() && method.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !method_ok || id.is_empty() || id.ends_with(':') || !is_method_specific_id(id.as_bytes()) {
            return Err(Fault::DidSyntax);
        }
        Ok(Self { text: String::from(text), method_end: "did:".len() + method.len() })
    }

    /// The DID as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The DID method, `web` in `did:web:example.com`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.text.get("did:".len()..self.method_end).unwrap_or_default()
    }

    /// What follows the method's colon.
    #[must_use]
    pub fn method_specific_id(&self) -> &str {
        self.text.get(self.method_end + 1..).unwrap_or_default()
    }

    /// Whether the DID method defines exactly one verification method, so that a handshake names none (R-ID).
    #[must_use]
    pub fn has_single_method(&self) -> bool {
        matches!(self.method(), "key" | "jwk")
    }

    /// The short form of a did:peer:4: of the long form what comes before its document, of a short form itself; `None` for
    /// every other DID. Two DIDs that resolve and have one short form are one DID, because it is the hash of the document;
    /// that the document is the one of the hash is for resolution to say (R-DID-16).
    ///
    /// ```
    /// use didshake::Did;
    /// assert_eq!(Did::parse("did:peer:4zQmHash:zDocument")?.short_form(), Some("did:peer:4zQmHash"));
    /// assert_eq!(Did::parse("did:web:example.com")?.short_form(), None);
    /// # Ok::<(), didshake::Fault>(())
    /// ```
    #[must_use]
    pub fn short_form(&self) -> Option<&str> {
        let id = self.method_specific_id();
        if self.method() != "peer" || !id.starts_with('4') {
            return None;
        }
        let end = id.find(':').unwrap_or(id.len());
        self.text.get(..self.method_end + 1 + end)
    }

    /// Whether it is such a short form: it says who is meant, and nobody can resolve it (R-DID-20).
    #[must_use]
    pub fn is_short_form(&self) -> bool {
        self.short_form() == Some(self.as_str())
    }

    /// Whether a rule that names this DID is one for `other`: it is that DID, or its short form (R-DID-21).
    ///
    /// ```
    /// use didshake::Did;
    /// let (long, short) = (Did::parse("did:peer:4zQmHash:zDocument")?, Did::parse("did:peer:4zQmHash")?);
    /// assert!(short.names(&long) && long.names(&long));
    /// assert!(!long.names(&short), "who claims a short form is nobody");
    /// # Ok::<(), didshake::Fault>(())
    /// ```
    #[must_use]
    pub fn names(&self, other: &Self) -> bool {
        self == other || (self.is_short_form() && other.short_form() == Some(self.as_str()))
    }
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl core::str::FromStr for Did {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::parse(text)
    }
}

/// The fragment, without `#`, of the verification method that signs: empty for `did:key` and `did:jwk`, 1 to 255
/// bytes of RFC 3986 fragment characters for every other DID method. Compared byte for byte.
///
/// ```
/// use didshake::{Did, Fragment};
/// let web = Did::parse("did:web:example.com")?;
/// assert_eq!(Fragment::of(&web, "key-1")?.as_str(), "key-1");
/// assert!(Fragment::of(&web, "").is_err());
/// # Ok::<(), didshake::Fault>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fragment(String);

impl Fragment {
    /// Checks a fragment against the rule of its DID.
    ///
    /// # Errors
    /// [`Fault::FragmentRule`] where it is present and must not be, is missing and must not be, is longer than 255
    /// bytes, or holds a character that no fragment may hold.
    pub fn of(did: &Did, text: &str) -> Result<Self, Fault> {
        let present_as_ruled = did.has_single_method() == text.is_empty();
        if !present_as_ruled || text.len() > 255 || !is_fragment(text.as_bytes()) {
            return Err(Fault::FragmentRule);
        }
        Ok(Self(String::from(text)))
    }

    /// The fragment as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_method_specific_id(bytes: &[u8]) -> bool {
    all_or_percent(bytes, |b| b.is_ascii_alphanumeric() || b".-_:".contains(&b))
}

// RFC 3986: fragment = *( pchar / "/" / "?" ).
fn is_fragment(bytes: &[u8]) -> bool {
    all_or_percent(bytes, |b| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&b))
}

fn all_or_percent(mut bytes: &[u8], allowed: impl Fn(u8) -> bool) -> bool {
    loop {
        bytes = match bytes {
            [] => return true,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [byte, rest @ ..] if allowed(*byte) => rest,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn grammar_of_did_core() {
        for good in ["did:a:b", "did:web:x%3A8443:a", "did:example::a", "did:0:A.-_1", "did:example:a::b"] {
            assert!(Did::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "did",
            "did:",
            "did:a",
            "did:a:",
            "did:A:b",
            "DID:a:b",
            "did:a:b:",
            "did:a:b/",
            "did:a:b?c",
            "did:a:b#c",
            "did::b",
            "did:a:b%",
            "did:a:b%4",
            "did:a:b%4g",
            "did:a:é",
            "did:a:b c",
            " did:a:b",
            "did:a-b:c",
        ] {
            assert_eq!(Did::parse(bad), Err(Fault::DidSyntax), "{bad}");
        }
    }

    #[test]
    fn longest_did() {
        let longest = format!("did:a:{}", "b".repeat(MAX_DID_BYTES - 6));
        assert!(Did::parse(&longest).is_ok());
        assert!(Did::parse(&format!("{longest}b")).is_err());
    }

    // R-DID-21
    #[test]
    fn a_short_form_names_its_long_form_and_nothing_else() {
        let did = |text: &str| Did::parse(text).unwrap();
        let (short, long) = (did("did:peer:4zA"), did("did:peer:4zA:zB"));
        assert!(short.is_short_form() && !long.is_short_form());
        assert!(short.names(&long) && short.names(&short));
        for (rule, other) in [
            (&long, &did("did:peer:4zA:zC")),
            (&long, &short),
            (&short, &did("did:peer:4zAA:zB")),
            (&short, &did("did:peer:4z:zB")),
            (&did("did:peer:2zA"), &did("did:peer:2zA:zB")),
            (&did("did:peer:2.Vz2"), &did("did:peer:2.Vz2.Vz2")),
            (&did("did:web:4zA"), &did("did:web:4zA:zB")),
        ] {
            assert!(!rule.names(other), "{rule} {other}");
        }
    }

    #[test]
    fn fragment_rule() {
        let key = Did::parse("did:key:z6Mk").unwrap();
        let web = Did::parse("did:web:a").unwrap();
        assert!(Fragment::of(&key, "").is_ok());
        assert!(Fragment::of(&key, "a").is_err());
        assert!(Fragment::of(&web, "a/b?c%20").is_ok());
        for bad in ["", "#a", "a b", "a%2", "é", "a[", &"a".repeat(256)] {
            assert_eq!(Fragment::of(&web, bad), Err(Fault::FragmentRule), "{bad}");
        }
    }
}
