//! Who waits for deposits in this process, and is woken where some have come. A hint: the table is the truth.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use didshake::relay::MailboxName;
use tokio::sync::watch;

/// One entry for each mailbox that somebody listens to.
#[derive(Debug, Default)]
pub(crate) struct Wakers(Mutex<HashMap<MailboxName, watch::Sender<()>>>);

impl Wakers {
    /// Listens to a mailbox from now on.
    pub(crate) fn listen(wakers: &Arc<Self>, mailbox: MailboxName) -> Listener {
        let receiver = wakers.all().entry(mailbox).or_insert_with(|| watch::channel(()).0).subscribe();
        Listener { wakers: Arc::clone(wakers), mailbox, receiver }
    }

    /// Wakes whoever listens to a mailbox.
    pub(crate) fn wake(&self, mailbox: &MailboxName) {
        if let Some(sender) = self.all().get(mailbox) {
            sender.send_replace(());
        }
    }

    /// Wakes everybody: something may have been missed.
    pub(crate) fn wake_all(&self) {
        self.all().values().for_each(|sender| {
            sender.send_replace(());
        });
    }

    // Whoever panicked elsewhere left no half of an entry.
    fn all(&self) -> MutexGuard<'_, HashMap<MailboxName, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits.
#[derive(Debug)]
pub(crate) struct Listener {
    wakers: Arc<Wakers>,
    pub(crate) mailbox: MailboxName,
    receiver: watch::Receiver<()>,
}

impl Listener {
    /// Waits until something has come since it was last heard.
    pub(crate) async fn heard(&mut self) {
        if self.receiver.changed().await.is_err() {
            // The entry is there as long as we are.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut all = self.wakers.all();
        // Ours is still counted.
        if all.get(&self.mailbox).is_some_and(|sender| sender.receiver_count() <= 1) {
            all.remove(&self.mailbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_listens_is_woken_and_forgotten_at_the_end() {
        let wakers = Arc::new(Wakers::default());
        let [one, other] = [MailboxName([1; 16]), MailboxName([2; 16])];
        let mut listeners = [one, one, other].map(|name| Wakers::listen(&wakers, name));
        wakers.wake(&one);
        let heard = async |listener: &mut Listener| {
            tokio::select! { biased; () = listener.heard() => true, () = std::future::ready(()) => false }
        };
        let [first, second, third] = &mut listeners;
        assert!(heard(first).await && heard(second).await && !heard(third).await);
        assert!(!heard(first).await, "once");
        wakers.wake_all();
        assert!(heard(first).await && heard(third).await);
        drop(listeners);
        assert!(wakers.all().is_empty());
    }
}
