//! A fetch in a thread and on a runtime of its own. All that the HTTP client started for it ends with it: a host that
//! keeps a connection busy after the deadline (with interim responses, which the client drops as they come) keeps nobody
//! else from working, and not for long.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use reqwest::Client;
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::failure::WebFailure;
use super::fetch::{self, Wanted};

/// Who fetches with which limits.
#[derive(Clone)]
pub(super) struct Confined {
    places: Arc<Semaphore>,
    deadline: Duration,
}

impl Confined {
    /// At most 64 fetches at one time, each within `deadline`, the wait for its turn included.
    pub(super) fn new(deadline: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(64)), deadline }
    }

    pub(super) async fn fetch(&self, client: &Client, url: String, wanted: Wanted) -> Result<Vec<u8>, WebFailure> {
        let fetching = async {
            let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| WebFailure::Connect)?;
            let (client, deadline) = (client.clone(), self.deadline);
            let (sender, answer) = oneshot::channel();
            let run = move || {
                // Given back when the runtime is gone, not when the caller is.
                let _place = place;
                alone(fetch::fetch(&client, &url, wanted), deadline, sender);
            };
            thread::Builder::new().name("did-web".into()).spawn(run).map_err(|_| WebFailure::Connect)?;
            answer.await.unwrap_or(Err(WebFailure::Connect))
        };
        timeout(self.deadline, fetching).await.unwrap_or(Err(WebFailure::Deadline))
    }
}

type Answer = Result<Vec<u8>, WebFailure>;

fn alone(fetching: impl Future<Output = Answer>, deadline: Duration, mut answer: oneshot::Sender<Answer>) {
    // An interval of 1: the deadline is looked at after every turn of the connection.
    let Ok(runtime) = Builder::new_current_thread().enable_all().event_interval(1).build() else { return };
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = timeout(deadline, fetching) => Some(outcome.unwrap_or(Err(WebFailure::Deadline))),
            () = answer.closed() => None,
        }
    });
    // Not waiting for a lookup of a name, which cannot be interrupted.
    runtime.shutdown_background();
    if let Some(outcome) = outcome {
        // Whoever asked may be gone.
        let _gone = answer.send(outcome);
    }
}
