//! Something that moves while people wait.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A spinner on standard error, if that is a terminal; it goes away when dropped.
pub(crate) struct Waiting(ProgressBar);

impl Waiting {
    pub(crate) fn on(text: String, silent: bool) -> Self {
        if silent || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner().with_message(text);
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// Makes room for a question.
    pub(crate) fn pause(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar on standard error, if that is a terminal.
pub(crate) fn bar(length: usize, silent: bool) -> ProgressBar {
    let target = if silent { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(u64::try_from(length).ok(), target);
    bar.with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}").unwrap_or(ProgressStyle::default_bar()))
}
