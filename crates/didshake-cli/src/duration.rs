//! Spans of time as people write them.

use std::str::FromStr;

/// A span of time in whole seconds: `90s`, `15m`, `12h`, `7d`, `4w`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Span(pub(crate) u64);

/// A text that is no span of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a time is a whole number from 1 with s, m, h, d or w behind it: 90s, 15m, 12h, 7d, 4w")]
pub(crate) struct SpanFault;

impl FromStr for Span {
    type Err = SpanFault;

    fn from_str(text: &str) -> Result<Self, SpanFault> {
        let unit = match text.chars().next_back() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            _ => return Err(SpanFault),
        };
        let digits = text.get(..text.len().saturating_sub(1)).unwrap_or_default();
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SpanFault);
        }
        let seconds = digits.parse::<u32>().ok().map(|number| u64::from(number) * unit);
        seconds.filter(|seconds| *seconds > 0).map(Self).ok_or(SpanFault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_number_and_a_unit() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("12h", 43_200), ("7d", 604_800), ("4w", 2_419_200)] {
            assert_eq!(text.parse(), Ok(Span(seconds)), "{text}");
        }
        for text in ["", "7", "d", "0s", "-1d", "+1d", "1.5h", "7 d", "1y", "99999999999d", "1ü"] {
            assert_eq!(text.parse::<Span>(), Err(SpanFault), "{text}");
        }
    }
}
