//! The operator's log, on standard error.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::cli::LogFormat;
use crate::stderr;

/// Starts the log of this process.
pub(crate) fn start(verbose: u8, format: LogFormat) {
    let level = match verbose {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let ours = Targets::new().with_target("didshake", level).with_target("didshake_peer", level);
    let layer = match format {
        LogFormat::Text => {
            use std::io::IsTerminal;
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            fmt::layer().with_writer(|| stderr::Log).with_ansi(colour).boxed()
        }
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(|| stderr::Log).boxed(),
    };
    // The first of a process; a second one, which there is not, would be refused.
    let _ = tracing_subscriber::registry().with(layer.with_filter(ours)).try_init();
}
