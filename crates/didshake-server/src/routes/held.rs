//! An answer that is long: it takes room in memory until it has gone, and that is not for ever.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::unfold;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use tokio::task::AbortHandle;

use crate::relay::{Room, Whose};

/// Bytes that are given to the connection at once, where no limit of ours counts them.
const PIECE: usize = 16_384;

/// What is left of the answer, and its room; nothing, once it was given up.
type Left<K> = Arc<Mutex<Option<(Bytes, Room<K>)>>>;

/// JSON that takes this room. Who has not taken it within `longest` gets no more of it.
pub(super) fn json<K: Whose>(bytes: Vec<u8>, room: Room<K>, longest: Duration) -> Response {
    let length = HeaderValue::from(bytes.len());
    let left: Left<K> = Arc::new(Mutex::new(Some((Bytes::from(bytes), room))));
    let given_up = Arc::downgrade(&left);
    // A client that does not read is not asked for more, so that nobody but a timer notices.
    let timer = tokio::spawn(async move {
        tokio::time::sleep(longest).await;
        if let Some(left) = given_up.upgrade() {
            lock(&left).take();
        }
    });
    let pieces = unfold((left, Timer(timer.abort_handle())), |(left, timer)| async move {
        let piece = next(&left)?;
        Some((Ok::<Bytes, Infallible>(piece), (left, timer)))
    });
    let mut response = (StatusCode::OK, Body::from_stream(pieces)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, length);
    response
}

fn next<K: Whose>(left: &Left<K>) -> Option<Bytes> {
    let mut left = lock(left);
    let (bytes, _) = left.as_mut()?;
    let piece = bytes.split_to(bytes.len().min(PIECE));
    // A piece of its own: one that waits in the connection is not to keep all of them.
    if piece.is_empty() { None } else { Some(Bytes::copy_from_slice(&piece)) }
}

// Whoever panicked elsewhere left no half of a piece.
fn lock<K: Whose>(left: &Left<K>) -> std::sync::MutexGuard<'_, Option<(Bytes, Room<K>)>> {
    left.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Timer(AbortHandle);

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;
    use crate::relay::Bodies;

    const LONG: Duration = Duration::from_secs(3600);
    const MOST: usize = 16 << 20;

    fn answer(bodies: &Bodies<u8>, longest: Duration) -> Response {
        let mut room = bodies.begin(1);
        assert!(room.take(MOST));
        json(vec![7; MOST], room, longest)
    }

    #[tokio::test]
    async fn an_answer_takes_its_room_until_it_has_gone_or_is_given_up() {
        let bodies = Bodies::new();
        let is_free = || bodies.begin(1).take(1);
        let taken = answer(&bodies, LONG);
        assert!(!is_free() && taken.headers()[CONTENT_LENGTH] == MOST.to_string());
        assert_eq!(to_bytes(taken.into_body(), MOST).await.unwrap(), vec![7; MOST]);
        assert!(is_free());
        drop(answer(&bodies, LONG));
        assert!(is_free());

        let slow = answer(&bodies, Duration::from_millis(20));
        while !is_free() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(to_bytes(slow.into_body(), MOST).await.unwrap().is_empty(), "there is no more of it");
    }
}
