//! What other relays on the same PostgreSQL tell: that something waits. Nobody relies on it.

use std::time::Duration;

use sqlx::postgres::PgListener;

use super::wakers::Wakers;
use crate::config::PostgresUrl;
use crate::store::CHANNEL;

/// Before it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Listens until it is dropped. A failure is told once, and so is its end.
pub(crate) async fn listen(url: &PostgresUrl, wakers: &Wakers) {
    let mut failing = false;
    loop {
        let Err(error) = hear(url, wakers, &mut failing).await;
        if !std::mem::replace(&mut failing, true) {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "other relays are not heard: what comes to them is found a little later");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn hear(url: &PostgresUrl, wakers: &Wakers, failing: &mut bool) -> Result<std::convert::Infallible, sqlx::Error> {
    let mut listener = PgListener::connect(url.expose()).await?;
    listener.listen(CHANNEL).await?;
    if std::mem::take(failing) {
        tracing::info!("other relays are heard again");
    }
    // Something may have come in between.
    wakers.wake_all();
    loop {
        match listener.try_recv().await? {
            Some(notification) => {
                if let Ok(mailbox) = notification.payload().parse() {
                    wakers.wake(&mailbox);
                }
            }
            // The connection was lost, and something with it.
            None => wakers.wake_all(),
        }
    }
}
