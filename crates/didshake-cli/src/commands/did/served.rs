//! Whether the place of a did:webvh serves what was put into its directory.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use didshake_did::SystemClock;
use didshake_did::web::{Location, WebFailure, WebOptions, WebvhFailure, WebvhResolver};
use didshake_did::webvh::{Log, MemoryLogHistory};

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::meeting::runtime;
use crate::progress::Waiting;
use crate::web_failures::log_remedy;

/// Between two looks; each time twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How the place of a log is asked, and for how long.
pub(super) struct Looking {
    pub(super) web: WebOptions,
    /// No time: it is not looked at all.
    pub(super) longest: Duration,
}

/// What is there in place of the newest version.
enum Found {
    /// An earlier state of the log.
    Older(String),
    /// A log of the same DID that is none of ours.
    Other,
    Nothing(WebvhFailure),
}

impl Looking {
    /// Waits until the place serves the last version of a log that was written to `out`.
    pub(super) fn until_served(&self, global: &Global, log: &Log, out: &Path) -> Result<(), Failure> {
        if self.longest.is_zero() {
            return Ok(());
        }
        let place =
            Location::of_log(log.did()).map_err(|fault| Failure::new(Exit::Usage, "place", fault.to_string()))?;
        let newest = log.versions().last().cloned().unwrap_or_default();
        let _waiting = Waiting::on(
            format!("waiting until {place} serves version {newest} (Ctrl-C: nothing is lost)"),
            global.json,
        );
        let runtime = runtime()?;
        let found = runtime.block_on(self.look(log, &newest));
        runtime.shutdown_background();
        let Some(found) = found? else { return Ok(()) };
        let message = format!("{place} does not serve version {newest}: {found}");
        let failure = Failure::new(Exit::Network, "not_served", message);
        Err(failure.remedy(match &found {
            Found::Nothing(failure) if is_final(failure) => {
                format!("{}; or do not look, with --wait 0. Nothing is lost: say the same command again", log_remedy(failure, Some(&place)))
            }
            _ => format!(
                "nothing is lost, and the key in use stays until then: see that what is in {} gets there, and say the same command \
                 again; --wait SECONDS looks for longer, --wait 0 does not look",
                out.display()
            ),
        }))
    }

    /// Nothing once the newest version is there; what is there instead when the time is over, or looking again is of no use.
    async fn look(&self, log: &Log, newest: &String) -> Result<Option<Found>, Failure> {
        let resolver = WebvhResolver::new(&self.web, Arc::new(MemoryLogHistory::default()), SystemClock)
            .map_err(|fault| Failure::new(Exit::Network, "tls", fault.to_string()))?;
        let (begun, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            let found = match resolver.fetch(log.did()).await {
                Ok(served) if served.versions().contains(newest) => return Ok(None),
                Ok(served) if log.versions().starts_with(served.versions()) => {
                    Found::Older(served.versions().last().cloned().unwrap_or_default())
                }
                Ok(_) => Found::Other,
                Err(failure) => Found::Nothing(failure),
            };
            let left = self.longest.saturating_sub(begun.elapsed());
            if left.is_zero() || matches!(&found, Found::Nothing(failure) if is_final(failure)) {
                return Ok(Some(found));
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// A place that this program never asks.
fn is_final(failure: &WebvhFailure) -> bool {
    matches!(failure, WebvhFailure::Fetch(WebFailure::Location(_) | WebFailure::Address(_)))
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Older(version) => write!(f, "it serves version {version} still"),
            Self::Other => f.write_str("it serves another log of this DID"),
            Self::Nothing(failure) => failure.fmt(f),
        }
    }
}
