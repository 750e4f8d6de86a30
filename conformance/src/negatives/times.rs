//! Times of the named method: those that cannot be read, and those that have come.

use crate::check::Check;
use crate::negative::{Negative, negative};

const BASE: &str = "p-web-expires-later";

fn expires(id: &'static str, check: Check, change: &str, time: &str) -> Negative {
    negative(id, BASE, check).replace(change, r#""2026-01-01T00:00:01Z""#, time)
}

fn revoked(id: &'static str, check: Check, change: &str, time: &str) -> Negative {
    negative(id, BASE, check).replace(change, r#""2026-01-01T01:00:00.000+00:59""#, time)
}

fn unreadable() -> Vec<Negative> {
    let expires = |id, change: &str, time: &str| expires(id, Check::MethodTime, change, time);
    let revoked = |id, change: &str, time: &str| revoked(id, Check::MethodTime, change, time);
    vec![
        expires("n-method-expires-text", "expires is no time", r#""never""#),
        expires("n-method-expires-number", "expires is a number", "1893456000"),
        expires("n-method-expires-null", "expires is null", "null"),
        expires("n-method-expires-date", "expires is a date", r#""2030-01-01""#),
        expires("n-method-expires-case", "expires with a small t", r#""2030-01-01t00:00:00Z""#),
        expires("n-method-expires-zone", "expires without a zone", r#""2030-01-01T00:00:00""#),
        expires("n-method-expires-leap", "expires in a leap second", r#""2030-12-31T23:59:60Z""#),
        expires("n-method-expires-hour", "expires at 24:00", r#""2030-01-01T24:00:00Z""#),
        expires("n-method-expires-day", "expires on 29 February of no leap year", r#""2030-02-29T00:00:00Z""#),
        expires(
            "n-method-expires-fraction",
            "expires with a fraction of ten digits",
            r#""2030-01-01T00:00:00.1234567890Z""#,
        ),
        revoked("n-method-revoked-text", "revoked is false", "false"),
        revoked("n-method-revoked-offset", "revoked with an offset without a colon", r#""2030-01-01T00:00:00+0100""#),
    ]
}

/// Dates, clock times and offsets that do not exist.
fn no_instants() -> Vec<Negative> {
    let expires = |id, change: &str, time: &str| expires(id, Check::MethodTime, change, &format!("\"{time}\""));
    vec![
        expires("n-method-expires-month-0", "expires in month 00", "2030-00-01T00:00:00Z"),
        expires("n-method-expires-month-13", "expires in month 13", "2030-13-01T00:00:00Z"),
        expires("n-method-expires-day-0", "expires on day 00", "2030-01-00T00:00:00Z"),
        expires("n-method-expires-day-31", "expires on 31 April", "2030-04-31T00:00:00Z"),
        expires("n-method-expires-leap-1900", "expires on 29 February 1900", "1900-02-29T00:00:00Z"),
        expires("n-method-expires-leap-2100", "expires on 29 February 2100", "2100-02-29T00:00:00Z"),
        expires("n-method-expires-minute", "expires at minute 60", "2030-01-01T00:60:00Z"),
        expires("n-method-expires-offset-hour", "expires with the offset +24:00", "2030-01-01T00:00:00+24:00"),
        expires("n-method-expires-offset-minute", "expires with the offset +00:60", "2030-01-01T00:00:00+00:60"),
        expires("n-method-expires-fraction-empty", "expires with a point and no fraction", "2030-01-01T00:00:00.Z"),
        expires("n-method-expires-zone-case", "expires with a small z", "2030-01-01T00:00:00z"),
        expires("n-method-expires-space", "expires with a space instead of T", "2030-01-01 00:00:00Z"),
    ]
}

fn come() -> Vec<Negative> {
    vec![
        expires("n-method-expired", Check::MethodExpired, "expires is now", r#""2026-01-01T00:00:00Z""#),
        expires(
            "n-method-expired-fraction",
            Check::MethodExpired,
            "expires later in this second",
            r#""2026-01-01T00:00:00.999Z""#,
        ),
        expires(
            "n-method-expired-offset",
            Check::MethodExpired,
            "expires is now, written with an offset",
            r#""2026-01-01T05:30:00+05:30""#,
        ),
        expires("n-method-expired-long-ago", Check::MethodExpired, "expires long ago", r#""1969-12-31T23:59:59Z""#),
        revoked("n-method-revoked", Check::MethodRevoked, "revoked is now", r#""2026-01-01T00:00:00Z""#),
        revoked(
            "n-method-revoked-before",
            Check::MethodRevoked,
            "revoked a year ago",
            r#""2025-01-01T00:00:00-12:00""#,
        ),
        negative("n-method-expired-later", "p-web-expires-later", Check::MethodExpired)
            .reply()
            .config("now is a second later", |config| config.now += 1),
        expires(
            "n-method-expired-year-0",
            Check::MethodExpired,
            "expires at the first instant that can be written",
            r#""0000-01-01T00:00:00+23:59""#,
        ),
        negative("n-method-expired-leap-2000", "p-web-time-2000", Check::MethodExpired)
            .reply()
            .config("now is a second later: 29 February 2000 has begun", |config| config.now += 1),
    ]
}

pub(super) fn all() -> Vec<Negative> {
    [unreadable(), no_instants(), come()].into_iter().flatten().collect()
}
