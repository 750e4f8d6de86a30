//! Whether the session that something long was begun with still counts.

use std::sync::Arc;
use std::time::Duration;

use didshake_axum::{Authenticated, SessionStore, StoreError};
use didshake_did::{Clock as _, SystemClock};
use tokio::task::JoinHandle;

use crate::access::Access;

const PERIOD: Duration = Duration::from_secs(10);

/// Looks every ten seconds, beside whatever happens meanwhile, until it is dropped.
#[derive(Debug)]
pub(crate) struct SessionWatch(JoinHandle<()>);

impl SessionWatch {
    pub(crate) fn new(session: Authenticated, sessions: Arc<dyn SessionStore>, access: Access) -> Self {
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(PERIOD).await;
                match is_over(&session, &*sessions, &access).await {
                    Ok(true) => return,
                    Ok(false) => {}
                    // What cannot be looked up ends nothing.
                    Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the store failed"),
                }
            }
        }))
    }

    /// Waits until the session is over.
    pub(crate) async fn over(&mut self) {
        // A task that panicked is an end too: nobody looks any more.
        let _ = (&mut self.0).await;
    }
}

impl Drop for SessionWatch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn is_over(session: &Authenticated, sessions: &dyn SessionStore, access: &Access) -> Result<bool, StoreError> {
    let found = sessions.find(session.session_id()).await?;
    if !found.is_some_and(|record| record.session.is_live(SystemClock.now())) {
        return Ok(true);
    }
    Ok(access.of_session(session.did()).await?.is_none())
}
