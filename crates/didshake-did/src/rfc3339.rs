//! Times as DID documents write them (RFC 3339, narrowed by R-DOC-11).

use didshake::UnixTime;

/// The instant of `YYYY-MM-DDTHH:MM:SS[.1–9 digits](Z|±hh:mm)`, its fraction dropped; a time before 1970 reads as 0,
/// which is in the past as well. No leap second, no 24:00, no small letters.
pub(crate) fn parse(text: &str) -> Option<UnixTime> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    let month = after(&mut rest, b'-')?;
    let day = after(&mut rest, b'-')?;
    let hour = after(&mut rest, b'T')?;
    let minute = after(&mut rest, b':')?;
    let second = after(&mut rest, b':')?;
    skip_fraction(&mut rest)?;
    let offset = offset_seconds(rest)?;
    let date_ok = (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    if !date_ok || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(UnixTime(u64::try_from(seconds).unwrap_or(0)))
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

fn skip_fraction(rest: &mut &[u8]) -> Option<()> {
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *rest = fraction.get(count..)?;
        return (1..=9).contains(&count).then_some(());
    }
    Some(())
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
