//! Bytes of a circuit, from one end to the other.

use std::sync::Mutex;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use didshake_did::{Clock as _, SystemClock};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::{Usage, lock};
use crate::metrics::Metrics;

const PING: Duration = Duration::from_secs(30);
/// An end that says nothing for as long, or takes nothing, is gone.
const SILENCE: Duration = Duration::from_secs(90);
/// For the close frame.
const FAREWELL: Duration = Duration::from_secs(5);

/// What a circuit counts.
pub(crate) struct Meter {
    usage: Mutex<Usage>,
    metrics: Metrics,
}

impl Meter {
    pub(crate) fn new(usage: Usage, metrics: Metrics) -> Self {
        Self { usage: Mutex::new(usage), metrics }
    }

    fn spend(&self, bytes: usize) -> bool {
        let spent = lock(&self.usage).spend(bytes as u64, SystemClock.now());
        if spent {
            self.metrics.circuit_bytes(bytes);
        }
        spent
    }
}

/// Passes frames until one end closes, or does what it may not, or `over` ends with a close code. Then both are closed.
pub(crate) async fn pump(one: WebSocket, other: WebSocket, meter: &Meter, over: impl Future<Output = u16>) {
    let ((mut to_one, mut from_one), (mut to_other, mut from_other)) = (one.split(), other.split());
    let code = tokio::select! {
        code = pass(&mut from_one, &mut to_other, meter) => code,
        code = pass(&mut from_other, &mut to_one, meter) => code,
        code = over => code,
    };
    let close = || Message::Close(Some(CloseFrame { code, reason: "".into() }));
    let _ = timeout(FAREWELL, async { tokio::join!(to_one.send(close()), to_other.send(close())) }).await;
}

/// One direction; gives the code with which both are closed.
async fn pass(from: &mut SplitStream<WebSocket>, to: &mut SplitSink<WebSocket, Message>, meter: &Meter) -> u16 {
    let mut pings = interval_at(Instant::now() + PING, PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        let message = tokio::select! {
            message = from.next() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Binary(bytes))) if meter.spend(bytes.len()) => Message::Binary(bytes),
                    Some(Ok(Message::Binary(_))) => return close_code::POLICY,
                    Some(Ok(Message::Text(_))) => return close_code::UNSUPPORTED,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_))) | None => return close_code::NORMAL,
                    // What is longer than a frame may be, or no WebSocket.
                    Some(Err(_)) => return close_code::PROTOCOL,
                }
            }
            _ = pings.tick() => {
                if heard.elapsed() > SILENCE {
                    return close_code::AWAY;
                }
                Message::Ping(Vec::new().into())
            }
        };
        if !matches!(timeout(SILENCE, to.send(message)).await, Ok(Ok(()))) {
            return close_code::AWAY;
        }
    }
}
