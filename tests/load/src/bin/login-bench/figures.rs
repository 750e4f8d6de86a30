//! Figures, in the form that `didshake-bench report` reads.

use didshake_load::median;
use serde_json::{Value, json};

pub(crate) struct Part {
    name: &'static str,
    figures: Vec<Value>,
}

impl Part {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, figures: Vec::new() }
    }

    /// One more, as a bar of a plot where it has a title; it is shown at once. Gives its median.
    pub(crate) fn add(&mut self, id: &str, what: &str, unit: &str, runs: &[f64], plot: Option<&str>) -> f64 {
        let value = median(runs.iter().copied());
        eprintln!("    {what:<58} {value:>12.3} {unit}");
        let mut figure =
            json!({"id": format!("{}.{id}", self.name), "what": what, "unit": unit, "value": value, "runs": runs});
        if let Some(title) = plot {
            figure["plot"] = json!({"title": title});
        }
        self.figures.push(figure);
        value
    }

    pub(crate) fn done(self, notes: &[&str]) -> Value {
        json!({"part": self.name, "build": "shipped", "figures": self.figures, "notes": notes})
    }
}
