//! What a browser keeps and shows again: 32 random bytes, of which we keep the hash.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The cookie that stands for a session. `__Host-` has browsers refuse it from any other host, for a path of its own, and
/// without `Secure` (RFC 6265bis, 4.1.3.2).
pub(crate) const SESSION: &str = "__Host-didshake";
/// The cookie of a browser that is about to log in to an application.
pub(crate) const STATE: &str = "__Host-didshake-state";

const BYTES: usize = 32;
const TEXT_LENGTH: usize = 43;
/// Lax: a link from elsewhere leads in, a form from elsewhere does not. Nothing changes with a GET.
const ATTRIBUTES: &str = "; Path=/; Secure; HttpOnly; SameSite=Lax";

/// The secret of a cookie, or of a code that takes a login elsewhere.
pub(crate) struct CookieSecret(Zeroizing<[u8; BYTES]>);

/// What we know a secret by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SecretHash([u8; 32]);

impl CookieSecret {
    /// `None` where there is no randomness.
    pub(crate) fn generate() -> Option<Self> {
        let mut secret = Zeroizing::new([0; BYTES]);
        getrandom::fill(&mut *secret).ok()?;
        Some(Self(secret))
    }

    /// The one that a request has in the cookie of this name. `None` where there is none, and where several are of that name: which one a browser would
    /// mean is anyone's guess.
    pub(crate) fn of(headers: &HeaderMap, cookie: &str) -> Option<Self> {
        // Others' cookies may hold any bytes.
        let pairs = headers.get_all(COOKIE).iter().flat_map(|field| field.as_bytes().split(|byte| *byte == b';'));
        let value =
            |pair: &'_ [u8]| pair.trim_ascii().strip_prefix(cookie.as_bytes())?.strip_prefix(b"=").map(<[u8]>::to_vec);
        let mut values = pairs.filter_map(value).map(Zeroizing::new);
        let found = values.next()?;
        if values.next().is_none() { Self::from_text(str::from_utf8(&found).ok()?) } else { None }
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        read(text).map(|bytes| Self(Zeroizing::new(bytes)))
    }

    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(Base64UrlUnpadded::encode_string(&*self.0))
    }

    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_slice()).into())
    }

    /// What has a browser keep it in the cookie of this name, for this many seconds.
    pub(crate) fn set_cookie(&self, cookie: &str, seconds: u64) -> Option<HeaderValue> {
        let text = Zeroizing::new(format!("{cookie}={}{ATTRIBUTES}; Max-Age={seconds}", *self.to_text()));
        let mut field = HeaderValue::from_str(&text).ok()?;
        field.set_sensitive(true);
        Some(field)
    }
}

impl SecretHash {
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        read(text).map(Self)
    }

    pub(crate) fn to_text(self) -> String {
        Base64UrlUnpadded::encode_string(&self.0)
    }
}

impl fmt::Debug for CookieSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieSecret(redacted)")
    }
}

/// What has a browser forget the cookie of this name.
pub(crate) fn forget(cookie: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{cookie}={ATTRIBUTES}; Max-Age=0")).ok()
}

/// The one text of 32 bytes.
fn read(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    let decoded = if text.len() == TEXT_LENGTH { Base64UrlUnpadded::decode(text, &mut bytes) } else { return None };
    decoded.is_ok_and(|decoded| decoded.len() == BYTES).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(fields: &[&str]) -> Option<SecretHash> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(COOKIE, HeaderValue::from_bytes(field.as_bytes()).unwrap());
        }
        CookieSecret::of(&headers, SESSION).map(|secret| secret.hash())
    }

    proptest! {
        // Others' cookies may hold any bytes.
        #[test]
        fn a_secret_is_read_whatever_stands_around_it(
            before in proptest::collection::vec(any::<u8>(), 0..40),
            after in proptest::collection::vec(any::<u8>(), 0..40),
            secret in any::<[u8; 32]>(),
        ) {
            let own = format!("{SESSION}={}", Base64UrlUnpadded::encode_string(&secret));
            let field = [&before[..], b"; ", own.as_bytes(), b";", &after].concat();
            let Ok(value) = HeaderValue::from_bytes(&field) else { return Ok(()) };
            let mut headers = HeaderMap::from_iter([(COOKIE, value)]);
            let read = CookieSecret::of(&headers, SESSION).unwrap();
            prop_assert_eq!(*read.0, secret);
            headers.append(COOKIE, HeaderValue::from_str(&own).unwrap());
            prop_assert!(CookieSecret::of(&headers, SESSION).is_none(), "twice");
        }

        #[test]
        fn what_is_no_secret_is_read_as_none(text in "\\PC{0,60}|[A-Za-z0-9_=-]{40,46}") {
            let read = CookieSecret::from_text(&text).map(|secret| secret.to_text().to_string());
            prop_assert!(read.is_none_or(|read| read == text), "one way to write it");
        }
    }

    #[test]
    fn a_cookie_comes_back_as_it_was_set() {
        let secret = CookieSecret::generate().unwrap();
        let set = secret.set_cookie(SESSION, 60).unwrap();
        assert!(set.is_sensitive());
        let (pair, attributes) = set.to_str().unwrap().split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60");
        assert_eq!(of(&[&format!("a=b; {pair};c=d")]), Some(secret.hash()));
        assert_eq!(of(&[&format!("lang=fran\u{e7}ais; {pair}"), "x"]), Some(secret.hash()));
        assert_ne!(CookieSecret::generate().unwrap().hash(), secret.hash());
        assert_eq!(format!("{secret:?}"), "CookieSecret(redacted)");
    }

    #[test]
    fn what_is_not_exactly_one_cookie_is_none() {
        let (good, name) = ("A".repeat(TEXT_LENGTH), SESSION);
        let one = format!("{name}={good}");
        assert!(of(&[&one]).is_some());
        assert!(of(&[&one, &one]).is_none() && of(&[&format!("{one}; {one}")]).is_none());
        let unlike = ["", "=", name, &format!("{name}="), &format!("{name}={}", &good[1..]), &format!("{one}A")];
        assert!(unlike.iter().all(|field| of(&[field]).is_none()));
        // Not canonical, padded, another alphabet, quoted; and another name.
        for value in [
            format!("{}B", &good[1..]),
            format!("{}=", &good[1..]),
            format!("{}+", &good[1..]),
            format!("\"{}\"", &good[2..]),
        ] {
            assert!(of(&[&format!("{name}={value}")]).is_none(), "{value}");
        }
        assert!(of(&[&format!("didshake={good}")]).is_none() && of(&[&format!("__host-didshake={good}")]).is_none());
    }
}
