//! What is promised (issue 8), in one table, and how figures stand to it.

use crate::figures::{Figure, Part};

/// On which side of a number a figure has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Not above.
    AtMost(f64),
    /// Not below.
    AtLeast(f64),
}

/// A promise.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The [`Figure::id`].
    pub figure: &'static str,
    /// What it has to be.
    pub bound: Bound,
    /// Whether it is promised of the shipped build only.
    pub shipped_only: bool,
}

/// A limit and a figure that it is about.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// What was promised.
    pub limit: Limit,
    /// The build that was measured.
    pub build: &'a str,
    /// What came out; `None`: it was not measured.
    pub figure: Option<&'a Figure>,
}

const fn at_most(figure: &'static str, bound: f64) -> Limit {
    Limit { figure, bound: Bound::AtMost(bound), shipped_only: false }
}

const fn at_least(figure: &'static str, bound: f64) -> Limit {
    Limit { figure, bound: Bound::AtLeast(bound), shipped_only: false }
}

const fn shipped(limit: Limit) -> Limit {
    Limit { shipped_only: true, ..limit }
}

/// All of them.
pub const LIMITS: [Limit; 24] = [
    at_most("handshake.floor_ratio", 1.10),
    shipped(at_most("handshake.tls_x509_ratio", 0.55)),
    shipped(at_most("handshake.tls_raw_keys_ratio", 0.80)),
    shipped(at_most("handshake.snow_xx_ratio", 0.35)),
    at_least("channel.seal.chacha.65535.speed", 0.95),
    at_least("channel.open.chacha.65535.speed", 0.95),
    at_least("channel.seal.aes.65535.speed", 0.95),
    at_least("channel.open.aes.65535.speed", 0.95),
    at_least("channel.seal.chacha.64.speed", 0.70),
    at_least("channel.open.chacha.64.speed", 0.70),
    at_least("channel.seal.aes.64.speed", 0.70),
    at_least("channel.open.aes.64.speed", 0.70),
    at_most("resolution.fetches_of_1000_waiters", 1.0),
    shipped(at_most("http.login_cpu_ratio.sqlite", 2.0)),
    shipped(at_most("http.login_cpu_ratio.postgresql", 2.0)),
    shipped(at_most("http.login_cpu_ratio_calm.sqlite", 2.0)),
    shipped(at_most("http.login_cpu_ratio_calm.postgresql", 2.0)),
    at_most("storm.p99_ratio", 2.0),
    at_most("storm.memory_ratio", 1.10),
    at_most("memory.channel_bytes", 4096.0),
    at_most("sessions.sqlite.p50_ratio_1m", 1.10),
    at_most("sessions.postgresql.p50_ratio_1m", 1.10),
    at_most("sessions.sqlite.p50_ratio_10m", 1.10),
    at_most("sessions.postgresql.p50_ratio_10m", 1.10),
];

impl Bound {
    /// Whether a number keeps to it.
    #[must_use]
    pub fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    /// In signs.
    #[must_use]
    pub fn shown(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {most}"),
            Self::AtLeast(least) => format!("≥ {least}"),
        }
    }
}

impl Judged<'_> {
    /// `None`: it was not measured.
    #[must_use]
    pub fn is_met(&self) -> Option<bool> {
        self.figure.map(|figure| self.limit.bound.is_met(figure.value))
    }

    /// `met`, `NOT MET`, `not measured`.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        match self.is_met() {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "not measured",
        }
    }
}

/// Each limit with each build that it is about. Of the shipped build's, others are judged only where that one was not measured.
#[must_use]
pub fn judge(parts: &[Part]) -> Vec<Judged<'_>> {
    let mut judged = Vec::new();
    for limit in LIMITS {
        let measured = |part: &&Part| part.figures.iter().any(|figure| figure.id == limit.figure);
        let about: Vec<&Part> = parts.iter().filter(measured).collect();
        let has_shipped = about.iter().any(|part| part.build == "shipped");
        for part in about.iter().filter(|part| !limit.shipped_only || !has_shipped || part.build == "shipped") {
            let figure = part.figures.iter().find(|figure| figure.id == limit.figure);
            judged.push(Judged { limit, build: &part.build, figure });
        }
        if about.is_empty() {
            judged.push(Judged { limit, build: "", figure: None });
        }
    }
    judged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(build: &str, id: &str, value: f64) -> Part {
        let mut part = Part::new("handshake", build);
        part.figures.push(Figure::new(id, id, "ratio", vec![value]).unwrap());
        part
    }

    #[test]
    fn a_figure_at_its_limit_is_met_and_one_beyond_is_not() {
        let parts = [part("portable", "handshake.floor_ratio", 1.10), part("shipped", "handshake.floor_ratio", 1.11)];
        let judged = judge(&parts);
        let floor: Vec<_> = judged.iter().filter(|judged| judged.limit.figure == "handshake.floor_ratio").collect();
        assert_eq!(floor.iter().map(|judged| judged.is_met()).collect::<Vec<_>>(), [Some(true), Some(false)]);
        assert!(Bound::AtLeast(0.7).is_met(0.7) && !Bound::AtLeast(0.7).is_met(0.69));
    }

    #[test]
    fn what_is_promised_of_the_shipped_build_is_asked_of_no_other_beside_it() {
        let id = "handshake.snow_xx_ratio";
        let both = [part("portable", id, 0.6), part("shipped", id, 0.3)];
        let of = |parts: &[Part]| {
            let judged = judge(parts);
            judged.iter().filter(|judged| judged.limit.figure == id).map(Judged::is_met).collect::<Vec<_>>()
        };
        assert_eq!(of(&both), [Some(true)]);
        assert_eq!(of(&both[..1]), [Some(false)]);
        assert_eq!(of(&[]), [None]);
    }

    // A figure of another name would be "not measured" for ever, and no failure.
    #[cfg(feature = "peers")]
    #[test]
    fn what_is_measured_here_has_a_figure_for_each_of_its_limits() {
        let parts = [crate::handshake::measure(1).unwrap(), crate::channel::measure(1).unwrap()];
        for judged in judge(&parts) {
            let (part, _) = judged.limit.figure.split_once('.').unwrap();
            let is_here = parts.iter().any(|measured| measured.part == part);
            assert_eq!(judged.figure.is_some(), is_here, "{}", judged.limit.figure);
        }
    }
}
