//! The mailbox socket (spec/relay-1.md, section 3.1).

mod session;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::Response;
use didshake::relay::{MAX_ANSWERS, RelayCode};

use self::session::SocketSession;
use super::circuits::accepted;
use super::mailbox_feed::SocketQuery;
use super::relaying::{Owner, RelayApp};
use crate::relay::{Refusal, SessionWatch, Sockets};

/// The longest frame that an owner sends.
const LONGEST: usize = 1 + 8 * MAX_ANSWERS;

/// What waits, as it comes, and the owner's answers, over a WebSocket.
#[utoipa::path(get, path = "/v1/mailbox/socket", tag = "mailbox", params(SocketQuery), responses(
    (status = 101, description = "WebSocket, subprotocol `didshake.relay.1`"),
    (status = 400, description = "`malformed`"),
    (status = 401, description = "Not signed, or refused"),
    (status = 404, description = "`no_mailbox`"),
    (status = 507, description = "`full`: the owner has four, or the relay as many as it may"),
))]
pub(super) async fn open(
    State(state): State<RelayApp>,
    owner: Owner,
    query: Result<SocketQuery, Refusal>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let (upgrade, query, relay) = (accepted(upgrade, LONGEST)?, query?, state.relay);
    let mailbox = owner.mailbox.name;
    let (seat, offers) = Sockets::open(&relay.sockets, mailbox, query.takes_circuits()?).ok_or(RelayCode::Full)?;
    let app = &state.app.0;
    let watch = SessionWatch::new(owner.session, app.sessions.clone(), app.access.clone());
    Ok(upgrade.on_upgrade(move |socket| async move {
        let feed = relay.feed(mailbox, query.after);
        SocketSession::new(relay, seat, socket, feed).run(offers, watch).await;
    }))
}
