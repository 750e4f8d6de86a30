//! What is told of a measurement, by every program of the benchmark in the same form.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::measure::{Taken, median, ratios};

/// One number with a name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// What limits and documents name it by: `handshake.floor_ratio`.
    pub id: String,
    /// In words.
    pub what: String,
    /// `µs`, `ratio`, `bytes`, `per second`.
    pub unit: String,
    /// The median of `runs`.
    pub value: f64,
    /// Each run's.
    pub runs: Vec<f64>,
    /// The plot in which it stands, if it stands in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plot: Option<Plot>,
}

/// Where a figure stands in a plot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plot {
    /// The plot's title: figures with one title stand in one plot.
    pub title: String,
    /// The line to which it belongs, and its place on the horizontal axis; without, it is a bar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<(String, f64)>,
}

/// What one part of the benchmark found, in one build.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Part {
    /// `handshake`, `channel`, …
    pub part: String,
    /// The backend: `portable` or `shipped`.
    pub build: String,
    /// All of them.
    pub figures: Vec<Figure>,
    /// What a reader must know besides.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl Figure {
    /// Of several runs.
    ///
    /// # Errors
    /// Where there is no run.
    pub fn new(id: impl Into<String>, what: impl Into<String>, unit: &str, runs: Vec<f64>) -> Result<Self> {
        let value = median(&runs)?;
        Ok(Self { id: id.into(), what: what.into(), unit: unit.to_owned(), value, runs, plot: None })
    }

    /// The same as a bar of a plot.
    #[must_use]
    pub fn bar(mut self, title: impl Into<String>) -> Self {
        self.plot = Some(Plot { title: title.into(), line: None });
        self
    }

    /// The same as a point of a line.
    #[must_use]
    pub fn point(mut self, title: impl Into<String>, line: impl Into<String>, at: f64) -> Self {
        self.plot = Some(Plot { title: title.into(), line: Some((line.into(), at)) });
        self
    }
}

impl Part {
    /// Without figures yet.
    #[must_use]
    pub fn new(part: &str, build: &str) -> Self {
        Self { part: part.to_owned(), build: build.to_owned(), ..Self::default() }
    }

    /// One more figure; it is shown at once.
    pub fn add(&mut self, figure: Figure) {
        eprintln!("    {:<58} {:>12} {}", figure.what, shown(figure.value), figure.unit);
        self.figures.push(figure);
    }

    /// A duration, in microseconds, as a bar of a plot.
    ///
    /// # Errors
    /// Where there is no run.
    pub fn add_time(&mut self, id: &str, taken: &Taken, plot: &str) -> Result<()> {
        let micros = taken.runs.iter().map(|nanos| nanos / 1000.0).collect();
        self.add(Figure::new(format!("{}.{id}", self.part), taken.name.clone(), "µs", micros)?.bar(plot));
        Ok(())
    }

    /// How many times as long `one` takes as `other`, run by run.
    ///
    /// # Errors
    /// Where there is no run.
    pub fn add_ratio(&mut self, id: &str, one: &Taken, other: &Taken) -> Result<()> {
        let what = format!("{} / {}", one.name, other.name);
        self.add(Figure::new(format!("{}.{id}", self.part), what, "ratio", ratios(one, other))?);
        Ok(())
    }
}

/// Three digits that count.
#[must_use]
pub fn shown(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => format!("{value:.0}"),
        middle if middle >= 100.0 => format!("{value:.1}"),
        small if small >= 1.0 || small == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
