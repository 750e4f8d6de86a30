//! RFC 3339 times of documents, as the specification narrows them.

fn number(text: &str, from: usize, to: usize) -> Option<i64> {
    let digits = text.get(from..to)?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let leap_days = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 477;
    (year - 1970) * 365 + leap_days + (1..month).map(|m| days_in(year, m)).sum::<i64>() + day - 1
}

/// Unix seconds of `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±hh:mm)`, or None if it cannot be read.
pub(crate) fn unix_seconds(text: &str) -> Option<i64> {
    let separators = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")];
    if !separators.iter().all(|(at, separator)| text.get(*at..at + 1) == Some(separator)) {
        return None;
    }
    let (year, month, day) = (number(text, 0, 4)?, number(text, 5, 7)?, number(text, 8, 10)?);
    let (hour, minute, second) = (number(text, 11, 13)?, number(text, 14, 16)?, number(text, 17, 19)?);
    let date_ok = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !date_ok || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = text.get(19..)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if !(1..=9).contains(&(fraction.len() - rest.len())) {
            return None;
        }
    }
    let local = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(local - offset(rest)?)
}

/// The fraction of a time that can be read, in nanoseconds.
pub(crate) fn fraction(text: &str) -> u32 {
    let digits = text.split_once('.').map_or("", |(_, rest)| rest);
    let digits: String = digits.chars().take_while(char::is_ascii_digit).chain("000000000".chars()).take(9).collect();
    digits.parse().unwrap_or(0)
}

fn offset(text: &str) -> Option<i64> {
    let sign = match text.get(..1)? {
        "Z" if text.len() == 1 => return Some(0),
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = (number(text, 1, 3)?, number(text, 4, 6)?);
    let ok = text.len() == 6 && text.get(3..4) == Some(":") && hours < 24 && minutes < 60;
    ok.then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::unix_seconds;

    #[test]
    fn reads_what_the_specification_allows() {
        assert_eq!(unix_seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(unix_seconds("2026-01-01T00:00:00Z"), Some(1_767_225_600));
        assert_eq!(unix_seconds("2026-01-01T01:30:00.5+01:30"), Some(1_767_225_600));
        assert_eq!(unix_seconds("2024-02-29T00:00:00Z"), Some(1_709_164_800));
        assert_eq!(unix_seconds("2000-03-01T00:00:00-00:01"), Some(951_868_860));
        assert_eq!(unix_seconds("2000-02-29T00:00:00Z"), Some(951_782_400));
        assert_eq!(unix_seconds("0000-01-01T00:00:00Z"), Some(-62_167_219_200));
        assert_eq!(unix_seconds("9999-12-31T23:59:59Z"), Some(253_402_300_799));
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01 00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+00:60",
            "2026-01-01T24:00:00Z",
            "2026-01-01T23:59:60Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00+01:00Z",
            "2026-01-01T00:00:00ZZ",
        ] {
            assert_eq!(unix_seconds(text), None, "{text}");
        }
    }
}
