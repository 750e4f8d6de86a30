//! The syntax of DIDs and fragments.

/// Longest DID in bytes.
pub(crate) const DID_LIMIT: usize = 2048;

fn percent_encoded(bytes: &[u8]) -> bool {
    matches!(bytes, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// True if every character is allowed or part of a percent-encoded byte.
fn made_of(mut bytes: &[u8], allowed: impl Fn(u8) -> bool) -> bool {
    while let Some((first, rest)) = bytes.split_first() {
        if percent_encoded(bytes) {
            bytes = bytes.get(3..).unwrap_or_default();
        } else if allowed(*first) {
            bytes = rest;
        } else {
            return false;
        }
    }
    true
}

fn is_idchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// DID Core's `did` production, exactly.
pub(crate) fn is_did(did: &str) -> bool {
    let Some((method, id)) = did.strip_prefix("did:").and_then(|rest| rest.split_once(':')) else { return false };
    let method_ok = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let last_ok = id.rsplit(':').next().is_some_and(|last| !last.is_empty());
    method_ok && last_ok && made_of(id.as_bytes(), |byte| byte == b':' || is_idchar(byte))
}

/// The method name of a DID.
pub(crate) fn method(did: &str) -> &str {
    did.split(':').nth(1).unwrap_or_default()
}

/// What follows the method name.
pub(crate) fn specific(did: &str) -> &str {
    did.splitn(3, ':').nth(2).unwrap_or_default()
}

/// RFC 3986's `fragment` production.
pub(crate) fn is_fragment(fragment: &[u8]) -> bool {
    made_of(fragment, |byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte))
}

/// A DID URL: a DID, then optionally a path, a query and a fragment.
pub(crate) fn is_did_url(url: &str) -> bool {
    let end = url.find(['/', '?', '#']).unwrap_or(url.len());
    let (did, rest) = url.split_at_checked(end).unwrap_or_default();
    let (before, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    is_did(did) && is_fragment(before.as_bytes()) && is_fragment(fragment.as_bytes())
}
