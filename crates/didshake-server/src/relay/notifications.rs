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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use didshake::relay::{DepositName, MailboxName, TokenHash};
    use didshake::{Did, UnixTime};

    use super::*;
    use crate::store::{BatchJob, Database, Deposits, MailboxBounds, Mailboxes, NewDeposit, TokenLimits};

    const PATIENCE: Duration = Duration::from_secs(30);

    // R-RLY-2: whoever waits at one relay hears what comes to another.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_deposit_at_another_relay_wakes_who_waits_here() {
        let url = PostgresUrl::parse(&didshake_test_postgres::shared().database()).unwrap();
        let other = Database::connect(&url).await.unwrap();
        let bounds = MailboxBounds { mailboxes: 9, waiting: 9, bytes: 9999, states: 100 };
        let (mailboxes, now) = (Mailboxes::new(other.clone(), bounds), UnixTime(1_767_225_600));
        let owner = Did::parse("did:web:a.example").unwrap();
        let (mailbox, _) = mailboxes.open(&owner, MailboxName([1; 16]), now).await.unwrap();
        let token = TokenHash([7; 32]);
        mailboxes.let_in(&mailbox.name, &token, &TokenLimits::default()).await.unwrap();

        let wakers = Arc::new(Wakers::default());
        let mut waiting = Wakers::listen(&wakers, mailbox.name);
        let listening = tokio::spawn(async move { listen(&url, &wakers).await });
        // Once it listens, everybody looks.
        tokio::time::timeout(PATIENCE, waiting.heard()).await.unwrap();
        let new = NewDeposit { name: DepositName([1; 16]), expires: now.plus(60), envelope: vec![1] };
        let job = (mailbox.name, BatchJob::Deposit(token, vec![new]));
        assert!(Deposits::new(other).commit(vec![job], &bounds, now).await.unwrap()[0].is_ok());
        tokio::time::timeout(PATIENCE, waiting.heard()).await.unwrap();
        listening.abort();
    }
}
