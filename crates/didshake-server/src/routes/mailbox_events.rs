//! Server-sent events of a mailbox, for browsers (spec/relay-1.md, section 3.2).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use didshake::relay::RelayCode;
use futures_util::stream::unfold;
use tokio::time::Instant;

use super::mailbox_feed::FromQuery;
use super::mailbox_json::DepositJson;
use super::relaying::{Owner, RelayApp};
use crate::relay::{Feed, Refusal, Relay, Seat, SessionWatch, Sockets};
use crate::store::Waiting;

const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// The owner comes again then.
const LONGEST: Duration = Duration::from_secs(600);
const AHEAD: usize = 64;
const AHEAD_BYTES: u64 = 262_144;

/// What waits, as it comes, as server-sent events: `deposit`, with the sequence number as id and a deposit as data.
#[utoipa::path(get, path = "/v1/mailbox/events", tag = "mailbox", params(FromQuery), responses(
    (status = 200, description = "Events, for at most 600 s", content_type = "text/event-stream"),
    (status = 400, description = "`malformed`"),
    (status = 401, description = "Not signed, or refused"),
    (status = 404, description = "`no_mailbox`"),
    (status = 507, description = "`full`: the owner has four, or the relay as many as it may"),
))]
pub(super) async fn open(
    State(state): State<RelayApp>,
    owner: Owner,
    from: Result<FromQuery, Refusal>,
) -> Result<Response, Refusal> {
    let (from, relay) = (from?, state.relay);
    let seat = Sockets::open_stream(&relay.sockets, owner.mailbox.name).ok_or(RelayCode::Full)?;
    let app = &state.app.0;
    let events = Events {
        feed: relay.feed(owner.mailbox.name, from.after),
        watch: SessionWatch::new(owner.session, app.sessions.clone(), app.access.clone()),
        relay,
        ahead: VecDeque::new(),
        end: Instant::now() + LONGEST,
        _seat: seat,
    };
    let stream = unfold(events, |mut events| async {
        let event = events.next().await?;
        Some((Ok::<Event, Infallible>(event), events))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

struct Events {
    relay: Arc<Relay>,
    feed: Feed,
    watch: SessionWatch,
    ahead: VecDeque<Waiting>,
    end: Instant,
    _seat: Seat,
}

impl Events {
    /// `None`: it ends here.
    async fn next(&mut self) -> Option<Event> {
        while self.ahead.is_empty() {
            let page = tokio::select! {
                biased;
                () = self.relay.stopped() => return None,
                () = self.watch.over() => return None,
                () = tokio::time::sleep_until(self.end) => return None,
                page = self.feed.next(AHEAD, AHEAD_BYTES) => page,
            };
            self.ahead.extend(page.ok()?);
        }
        let waiting = self.ahead.pop_front()?;
        Event::default().event("deposit").id(waiting.sequence.to_string()).json_data(DepositJson::of(&waiting)).ok()
    }
}
