//! How a session id is written: in `keyid`, in JSON, in logs.

use base64ct::{Base64UrlUnpadded, Encoding};

/// A session id as text: 22 characters of unpadded base64url. It is a name and no credential.
///
/// ```
/// use didshake_axum::{parse_session_name, session_name};
/// assert_eq!(session_name(&[0; 16]), "AAAAAAAAAAAAAAAAAAAAAA");
/// assert_eq!(parse_session_name("AAAAAAAAAAAAAAAAAAAAAA"), Some([0; 16]));
/// assert_eq!(parse_session_name("AAAAAAAAAAAAAAAAAAAAAB"), None);
/// ```
#[must_use]
pub fn session_name(id: &[u8; 16]) -> String {
    Base64UrlUnpadded::encode_string(id)
}

/// The session id that a text names; `None` unless it is the one text of 16 bytes.
#[must_use]
pub fn parse_session_name(text: &str) -> Option<[u8; 16]> {
    let mut id = [0; 16];
    let decoded = if text.len() == 22 { Base64UrlUnpadded::decode(text, &mut id) } else { return None };
    decoded.is_ok_and(|bytes| bytes.len() == 16).then_some(id)
}
