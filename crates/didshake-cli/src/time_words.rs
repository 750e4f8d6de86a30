//! Spans of time in words, for people.

use didshake::UnixTime;
use didshake_did::rfc3339;

/// From `now` until `then`: the two largest units. What is over is `0 s`.
pub(crate) fn until(then: UnixTime, now: UnixTime) -> String {
    let seconds = then.0.saturating_sub(now.0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, hours, _) => format!("1 day {hours} h"),
        (days, hours, _) => format!("{days} days {hours} h"),
    }
}

/// How long ago something was: the largest unit.
pub(crate) fn since(then: UnixTime, now: UnixTime) -> String {
    let seconds = now.0.saturating_sub(then.0);
    match seconds {
        0..60 => "just now".to_owned(),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// A time as it stands in a list: the day and the minute, in UTC.
pub(crate) fn date(at: UnixTime) -> String {
    let text = rfc3339::text(at).unwrap_or_else(|| "after 9999".to_owned());
    text.get(..16).map_or(text.clone(), |minute| minute.replace('T', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_largest_units() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (43_200, "12 h 0 min"),
            (86_399, "23 h 59 min"),
            (90_000, "1 day 1 h"),
            (864_000, "10 days 0 h"),
        ] {
            assert_eq!(until(UnixTime(1_000 + seconds), UnixTime(1_000)), words);
        }
        assert_eq!(until(UnixTime(1), UnixTime(1_000)), "0 s");
    }

    #[test]
    fn the_largest_unit_of_what_was() {
        for (seconds, words) in
            [(0, "just now"), (59, "just now"), (60, "1 min ago"), (7_199, "1 h ago"), (200_000, "2 days ago")]
        {
            assert_eq!(since(UnixTime(1_000), UnixTime(1_000 + seconds)), words);
        }
        // Another clock is ahead.
        assert_eq!(since(UnixTime(2_000), UnixTime(1_000)), "just now");
    }
}
