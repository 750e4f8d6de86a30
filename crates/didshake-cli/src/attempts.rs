//! Handshakes under way. Who says nothing must not keep others out: the oldest attempt makes room for a new one.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};

use tokio::task::{AbortHandle, JoinSet};

use crate::wire::Caller;

/// At once, from everywhere.
const MAX: usize = 32;
/// At once, from one address.
const MAX_OF_SOURCE: usize = 8;

/// Attempts that end with a `T`.
pub(crate) struct Attempts<T> {
    tasks: JoinSet<T>,
    running: VecDeque<Running>,
}

struct Running {
    from: Caller,
    task: AbortHandle,
    dropped: bool,
}

impl<T: Send + 'static> Attempts<T> {
    pub(crate) fn new() -> Self {
        Self { tasks: JoinSet::new(), running: VecDeque::new() }
    }

    /// Starts one; where its source, or everybody together, has too many, the oldest of them is dropped.
    pub(crate) fn start(&mut self, from: Caller, attempt: impl Future<Output = T> + Send + 'static) {
        let this = source(from.ip());
        self.make_room(MAX_OF_SOURCE, |other| source(other.ip()) == this);
        self.make_room(MAX, |_| true);
        let task = self.tasks.spawn(attempt);
        self.running.push_back(Running { from, task, dropped: false });
    }

    fn make_room(&mut self, limit: usize, counts: impl Fn(Caller) -> bool) {
        let mut counted = self.running.iter_mut().filter(|running| !running.dropped && counts(running.from));
        let oldest = counted.next();
        // The oldest itself, and `limit` - 1 after it.
        if let Some(oldest) = oldest
            && counted.count() + 1 >= limit
        {
            oldest.task.abort();
            oldest.dropped = true;
        }
    }

    /// The next that ends: where it came from, and its outcome unless it was dropped.
    pub(crate) async fn next(&mut self) -> Option<(Caller, Option<T>)> {
        let ended = self.tasks.join_next_with_id().await?;
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, Some(outcome)),
            Err(error) => (error.id(), None),
        };
        let at = self.running.iter().position(|running| running.task.id() == id)?;
        let running = self.running.remove(at)?;
        Some((running.from, outcome))
    }
}

/// Whom an address belongs to: one host has a whole /64 of IPv6.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(from: Caller) -> u16 {
        match from {
            Caller::Address(address) => address.port(),
            Caller::Here | Caller::Relay => 0,
        }
    }

    async fn dropped(sources: &[[u8; 4]]) -> Vec<u16> {
        let mut attempts = Attempts::new();
        for (from, port) in sources.iter().zip(1..) {
            attempts.start(Caller::Address((*from, port).into()), std::future::pending::<()>());
        }
        attempts.start(Caller::Address(([9, 9, 9, 9], 999).into()), async {});
        let mut ports = Vec::new();
        while let Some((from, outcome)) = attempts.next().await {
            match outcome {
                Some(()) => break,
                None => ports.push(port(from)),
            }
        }
        // The one that ends may be told first.
        while let Ok(Some((from, None))) =
            tokio::time::timeout(std::time::Duration::from_millis(20), attempts.next()).await
        {
            ports.push(port(from));
        }
        ports.sort_unstable();
        ports
    }

    #[tokio::test]
    async fn the_oldest_of_the_source_makes_room_then_the_oldest_of_all() {
        assert!(dropped(&[[1, 1, 1, 1]; 8]).await.is_empty());
        assert_eq!(dropped(&[[1, 1, 1, 1]; 10]).await, [1, 2]);
        let mut two: Vec<[u8; 4]> = vec![[1, 1, 1, 1]];
        two.extend([[2, 2, 2, 2]; 9]);
        assert_eq!(dropped(&two).await, [2]);
        let many: Vec<[u8; 4]> = (0..32).map(|last| [1, 1, 1, last]).collect();
        assert_eq!(dropped(&many).await, [1]);
    }

    #[test]
    fn one_host_is_one_source() {
        let same = |one: &str, other: &str| source(one.parse().unwrap()) == source(other.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::ffff:1") && !same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("::ffff:1.2.3.4", "1.2.3.4") && !same("1.2.3.4", "1.2.3.5"));
    }
}
