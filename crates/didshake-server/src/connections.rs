//! How many connections there are: at one time, and of one source (an address, or an IPv6 /64), so that nobody holds them all.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum_server::accept::Accept;
use didshake_did::Source;
use tokio::net::TcpStream;
use tower::Service;

use crate::proxies::Proxies;

/// Takes connections while there is room; closes the others at once.
#[derive(Clone)]
pub(crate) struct Bounded(Arc<Room>);

struct Room {
    most: usize,
    most_of_one: usize,
    proxies: Proxies,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    of: HashMap<Source, usize>,
}

impl Bounded {
    /// `most` at one time, an eighth of them of one address. Proxies that are trusted, and this machine, speak for many.
    pub(crate) fn new(most: usize, proxies: Proxies) -> Self {
        let most_of_one = (most / 8).max(16);
        Self(Arc::new(Room { most, most_of_one, proxies, taken: Mutex::default() }))
    }

    /// How many there are now.
    pub(crate) fn count(&self) -> usize {
        self.0.taken().all
    }

    fn seat(&self, address: IpAddr) -> Option<Arc<Seat>> {
        let address = address.to_canonical();
        let speaks_for_many = address.is_loopback() || self.0.proxies.trusts(address);
        let source = Source::of(address);
        let mut taken = self.0.taken();
        let of_one = taken.of.get(&source).copied().unwrap_or_default();
        if taken.all >= self.0.most || (of_one >= self.0.most_of_one && !speaks_for_many) {
            return None;
        }
        taken.all += 1;
        taken.of.insert(source, of_one + 1);
        Some(Arc::new(Seat { room: Arc::clone(&self.0), source }))
    }
}

impl Room {
    // Numbers stay numbers, also after a panic elsewhere.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Given back when the connection's last service is dropped.
struct Seat {
    room: Arc<Room>,
    source: Source,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.room.taken();
        taken.all = taken.all.saturating_sub(1);
        let left = taken.of.get(&self.source).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            taken.of.remove(&self.source);
        } else {
            taken.of.insert(self.source, left);
        }
    }
}

impl<S> Accept<TcpStream, S> for Bounded {
    type Stream = TcpStream;
    type Service = Seated<S>;
    type Future = std::future::Ready<io::Result<(TcpStream, Seated<S>)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let seated = stream.peer_addr().and_then(|peer| {
            stream.set_nodelay(true)?;
            self.seat(peer.ip()).ok_or_else(|| io::Error::from(io::ErrorKind::QuotaExceeded))
        });
        std::future::ready(seated.map(|seat| (stream, Seated { service, _seat: seat })))
    }
}

/// The service of a connection that has a seat.
#[derive(Clone)]
pub(crate) struct Seated<S> {
    service: S,
    _seat: Arc<Seat>,
}

impl<S: Service<R>, R> Service<R> for Seated<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.service.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn one_address_never_has_all_seats() {
        let room = Bounded::new(200, Proxies::new(vec!["192.0.2.9/32".parse().unwrap()]));
        let of_one: Vec<_> = (0..100).filter_map(|_| room.seat(address(1))).collect();
        assert_eq!((of_one.len(), room.count()), (25, 25));
        let of_proxy: Vec<_> = (0..100).filter_map(|_| room.seat(address(9))).collect();
        assert_eq!(of_proxy.len(), 100);
        drop(of_one);
        assert!(room.seat(address(1)).is_some(), "seats come back");
    }

    #[test]
    fn all_seats_together_are_bounded_and_come_back() {
        let room = Bounded::new(20, Proxies::default());
        let mut seats: Vec<_> = (0..30).filter_map(|last| room.seat(address(last))).collect();
        assert_eq!(seats.len(), 20);
        seats.pop();
        assert!(room.seat(address(99)).is_some());
        drop(seats);
        assert_eq!(room.count(), 0);
        assert!(room.0.taken().of.is_empty());
    }
}
