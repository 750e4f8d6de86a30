//! What comes in the body of a request: JSON with limits, and members that are what they should be.

use std::ops::RangeInclusive;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use didshake::Did;
use http::StatusCode;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::policy::is_group;
use crate::problem::problem;

const MAX_BODY: usize = 4096;
const MAX_NAME: usize = 64;
/// RFC 5321, 4.5.3.1.3.
const MAX_EMAIL: usize = 254;
const MAX_GROUPS: usize = 64;
const MAX_REASON: usize = 200;

/// The body of a request, as an argument of a handler: 413 where it is too long, 400 where it is something else.
#[derive(Debug)]
pub(crate) struct Posted<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let body = to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| problem(StatusCode::PAYLOAD_TOO_LARGE))?;
        serde_json::from_slice(&body).map(Self).map_err(|_| problem(StatusCode::BAD_REQUEST))
    }
}

/// What people call somebody or something: 1 to 64 characters on one line, with nothing invisible in it.
pub(crate) fn name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    let fits = !text.is_empty() && is_line(&text, MAX_NAME) && text.trim() == text;
    if fits { Ok(text) } else { Err(D::Error::custom("no name")) }
}

pub(crate) fn optional_name<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    name(from).map(Some)
}

pub(crate) fn email<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    if text.as_deref().is_none_or(is_email) { Ok(text) } else { Err(D::Error::custom("no e-mail address")) }
}

/// `Some(None)`: there is to be none.
pub(crate) fn optional_email<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    email(from).map(Some)
}

/// Names of groups, as in a policy.
pub(crate) fn groups<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let mut groups: Vec<String> = Vec::deserialize(from)?;
    groups.sort();
    groups.dedup();
    let fit = groups.len() <= MAX_GROUPS && groups.iter().all(|name| is_group(name) && name.len() <= MAX_NAME);
    if fit { Ok(groups) } else { Err(D::Error::custom("no names of groups")) }
}

pub(crate) fn optional_groups<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    groups(from).map(Some)
}

pub(crate) fn reason<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if is_line(&text, MAX_REASON) { Ok(text) } else { Err(D::Error::custom("no reason")) }
}

pub(crate) fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(from).map(Zeroizing::new)
}

pub(crate) fn did<'de, D: Deserializer<'de>>(from: D) -> Result<Did, D::Error> {
    let text = String::deserialize(from)?;
    Did::parse(&text).map_err(|_| D::Error::custom("no DID"))
}

/// What Unicode calls default ignorable, and what turns the direction of writing, ends a line, or is blank and no space.
const UNSEEN: [RangeInclusive<char>; 20] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{2800}'..='\u{2800}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{13430}'..='\u{1345f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
    '\u{f0000}'..='\u{10ffff}',
];

/// Letters that nobody sees, or that turn the direction of writing, would have one name look like another.
fn is_line(text: &str, longest: usize) -> bool {
    let misleads = |letter: char| UNSEEN.iter().any(|range| range.contains(&letter));
    text.chars().count() <= longest && !text.chars().any(|letter| letter.is_control() || misleads(letter))
}

/// Whether it looks like an address; whether mail arrives there nobody tests here.
fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    parts && text.len() <= MAX_EMAIL && is_line(text, MAX_EMAIL) && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn names_and_labels_are_one_line_of_what_can_be_seen() {
        let reads = |text: &str| name(json!(text)).is_ok();
        assert!(reads("Zoë O'Neil") && reads(&"ö".repeat(64)) && reads("日本"));
        for unseen in
            ["\u{ad}", "\u{34f}", "\u{3164}", "\u{2800}", "\u{115f}", "\u{180e}", "\u{206a}", "\u{e0100}", "\u{fe0f}"]
        {
            assert!(!reads(unseen) && !reads(&format!("ad{unseen}min")), "{unseen:?}");
        }
        for wrong in ["", " a", "a ", "a\nb", "a\u{202e}b", "a\u{200b}", "\u{feff}a", "a\u{0}", &"a".repeat(65)] {
            assert!(!reads(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn addresses_and_groups() {
        let reads = |text: &str| email(json!(text)).is_ok();
        assert!(reads("a@b") && reads("zoë+x@example.com"));
        assert_eq!(email(Value::Null).unwrap(), None);
        for wrong in ["", "a", "@b", "a@", "a b@c", "a@b\r\nx", &format!("{}@b", "a".repeat(253))] {
            assert!(!reads(wrong), "{wrong:?}");
        }
        assert_eq!(groups(json!(["b", "a-1.x_", "b"])).unwrap(), ["a-1.x_", "b"]);
        for wrong in [json!(["a,b"]), json!([""]), json!(["ä"]), json!(["a".repeat(65)]), json!("a")] {
            assert!(groups(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(groups(json!((0..65).map(|number| number.to_string()).collect::<Vec<_>>())).is_err());
    }
}
