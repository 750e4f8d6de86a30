//! Something that moves while people wait.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is over sooner needs nothing that moves.
const PATIENCE: Duration = Duration::from_secs(1);

/// A spinner on standard error, if that is a terminal, once it takes more than a second; it goes away when dropped.
pub(crate) struct Waiting(ProgressBar);

impl Waiting {
    pub(crate) fn on(text: String, silent: bool) -> Self {
        let bar = ProgressBar::hidden().with_style(ProgressStyle::default_spinner()).with_message(text);
        if !silent && std::io::stderr().is_terminal() {
            let shown = bar.clone();
            std::thread::spawn(move || {
                std::thread::sleep(PATIENCE);
                if !shown.is_finished() {
                    shown.set_draw_target(ProgressDrawTarget::stderr());
                    shown.enable_steady_tick(Duration::from_millis(120));
                }
            });
        }
        Self(bar)
    }

    /// What is waited for now.
    pub(crate) fn at(&self, text: String) {
        self.0.set_message(text);
    }

    /// Makes room for a question, or for the outcome.
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
