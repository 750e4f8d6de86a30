//! Times as DID documents write them (RFC 3339, narrowed by R-DOC-11).

use didshake::UnixTime;

/// The instant of `YYYY-MM-DDTHH:MM:SS[.1–9 digits](Z|±hh:mm)`, its fraction dropped; a time before 1970 reads as 0,
/// which is in the past as well. No leap second, no 24:00, no small letters.
pub(crate) fn parse(text: &str) -> Option<UnixTime> {
    parse_exactly(text).map(|instant| UnixTime(instant.seconds))
}

/// A time to the nanosecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Instant {
    /// Since 1970; 0 for a time before.
    pub(crate) seconds: u64,
    pub(crate) nanoseconds: u32,
    /// Whether it was written in UTC.
    pub(crate) utc: bool,
}

/// The same with its fraction, and with what its zone was.
pub(crate) fn parse_exactly(text: &str) -> Option<Instant> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    let month = after(&mut rest, b'-')?;
    let day = after(&mut rest, b'-')?;
    let hour = after(&mut rest, b'T')?;
    let minute = after(&mut rest, b':')?;
    let second = after(&mut rest, b':')?;
    let nanoseconds = fraction(&mut rest)?;
    let offset = offset_seconds(rest)?;
    let date_ok = (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    if !date_ok || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(Instant { seconds: u64::try_from(seconds).unwrap_or(0), nanoseconds, utc: offset == 0 })
}

/// The text of an instant, in UTC and to the second: what we write. `None` after the year 9999.
///
/// ```
/// use didshake::UnixTime;
/// assert_eq!(didshake_did::rfc3339::text(UnixTime(1_767_225_600)).as_deref(), Some("2026-01-01T00:00:00Z"));
/// ```
#[must_use]
pub fn text(now: UnixTime) -> Option<String> {
    let seconds = i64::try_from(now.0).ok()?;
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date_of(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    (year <= 9999).then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

fn after(rest: &mut &[u8], mark: u8) -> Option<i64> {
    *rest = rest.strip_prefix(&[mark])?;
    digits(rest, 2)
}

fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    head.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

fn fraction(rest: &mut &[u8]) -> Option<u32> {
    let Some(fraction) = rest.strip_prefix(b".") else { return Some(0) };
    let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, after) = fraction.split_at_checked(count)?;
    *rest = after;
    let value = digits.iter().chain(b"00000000").take(9).fold(0, |value, byte| value * 10 + u32::from(byte - b'0'));
    (1..=9).contains(&count).then_some(value)
}

fn offset_seconds(text: &[u8]) -> Option<i64> {
    let (sign, mut rest) = match text {
        b"Z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let hours = digits(&mut rest, 2)?;
    let minutes = after(&mut rest, b':')?;
    (rest.is_empty() && hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

// Days of the Gregorian calendar, with years that begin in March so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_of_year = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_of_year + 2) / 5 + 1;
    let month = if month_of_year < 10 { month_of_year + 3 } else { month_of_year - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    // R-DOC-11
    #[test]
    fn readable_times() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-01-01T00:00:00Z", 1_767_225_600),
            ("2026-01-01T00:00:00.999999999Z", 1_767_225_600),
            ("2026-01-01T02:30:00+02:30", 1_767_225_600),
            ("2025-12-31T23:00:00-01:00", 1_767_225_600),
            ("2026-01-01T00:00:00-00:00", 1_767_225_600),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2024-02-29T00:00:00Z", 1_709_164_800),
            ("2000-03-01T00:00:00Z", 951_868_800),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("1969-12-31T23:59:59Z", 0),
            ("0000-01-01T00:00:00Z", 0),
        ] {
            assert_eq!(parse(text), Some(UnixTime(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for seconds in
            (0..4_000_000_000).step_by(86_399 * 7).chain([951_782_399, 951_782_400, 951_868_800, 253_402_300_799])
        {
            assert_eq!(parse(&text(UnixTime(seconds)).unwrap()), Some(UnixTime(seconds)));
        }
        assert_eq!(text(UnixTime(1_767_225_600)).unwrap(), "2026-01-01T00:00:00Z");
        assert_eq!(text(UnixTime(253_402_300_800)), None);
        assert_eq!(text(UnixTime(u64::MAX)), None);
    }

    #[test]
    fn fractions_order_instants_of_one_second() {
        let at = |text: &str| parse_exactly(text).unwrap();
        assert_eq!(at("2026-01-01T00:00:00.5Z").nanoseconds, 500_000_000);
        assert!(at("2026-01-01T00:00:00.09Z") < at("2026-01-01T00:00:00.1Z"));
        assert!(at("2026-01-01T00:00:00+00:00").utc && !at("2026-01-01T02:00:00+02:00").utc);
    }

    // R-DOC-11
    #[test]
    fn unreadable_times() {
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01 00:00:00Z",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-00-01T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01T00:00:00,5Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+01:60",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00+01",
            "2026-01-01T00:00:00Z ",
            " 2026-01-01T00:00:00Z",
            "+2026-01-01T00:00:00Z",
            "20260101T000000Z",
            "12026-01-01T00:00:00Z",
            "2026-01-01T00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
