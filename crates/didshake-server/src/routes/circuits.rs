//! Both ends of a circuit (spec/relay-1.md, section 5).

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocketUpgrade, close_code};
use axum::extract::{Path, State};
use axum::response::Response;
use didshake::relay::{CircuitId, MAX_CIRCUIT_FRAME_BYTES, RelayCode, SUBPROTOCOL};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::relaying::{Depositor, Owner, RelayApp};
use crate::relay::{ANSWER, Circuits, Meter, Refusal, SessionWatch, pump};

const READ_BUFFER: usize = 4096;

/// Asks the owner of a mailbox for a circuit: a WebSocket, which opens once the owner's end stands.
#[utoipa::path(get, path = "/m/{name}/circuit", tag = "deposits",
    params(("name" = String, Path, description = "The mailbox's name")),
    responses(
        (status = 101, description = "WebSocket, subprotocol `didshake.relay.1`"),
        (status = 400, description = "`malformed`"),
        (status = 401, description = "`token`"),
        (status = 404, description = "`away`: the owner is not here, or does not want to"),
        (status = 429, description = "`rate`"),
        (status = 503, description = "`unavailable`: as many as there may be"),
        (status = 507, description = "`full`: the mailbox, or the token, has as many as it may"),
    ))]
pub(super) async fn ask(
    State(state): State<RelayApp>,
    depositor: Depositor,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let (upgrade, relay) = (accepted(upgrade, MAX_CIRCUIT_FRAME_BYTES)?, state.relay);
    let place = relay.sockets.place().ok_or(RelayCode::Unavailable)?;
    let announce = |id| relay.sockets.announce(&depositor.mailbox, id);
    let mut asked = Circuits::ask(&relay.circuits, depositor.mailbox, depositor.token, announce)?;
    let owner = tokio::select! {
        answer = timeout(ANSWER, &mut asked.answer) => answer.ok().and_then(Result::ok).ok_or(RelayCode::Away)?,
        () = relay.stopped() => return Err(RelayCode::Unavailable.into()),
    };
    let usage = asked.take_usage().ok_or(RelayCode::Unavailable)?;
    let meter = Meter::new(usage, relay.metrics.clone());
    Ok(upgrade.on_upgrade(move |depositor| async move {
        let _place = place;
        // The owner was told that its end stands; if it does not come, this one is closed with it.
        let Ok(Ok((owner, mut watch, _owners_place))) = timeout(ANSWER, owner).await else { return };
        let over = async {
            tokio::select! { () = watch.over() => close_code::POLICY, () = relay.stopped() => close_code::AWAY }
        };
        pump(owner, depositor, &meter, over).await;
    }))
}

/// The owner's end of a circuit that somebody asked for.
#[utoipa::path(get, path = "/v1/mailbox/circuits/{id}", tag = "mailbox",
    params(("id" = String, Path, description = "As the mailbox socket told it, in base64url")),
    responses(
        (status = 101, description = "WebSocket, subprotocol `didshake.relay.1`"),
        (status = 400, description = "`malformed`"),
        (status = 401, description = "Not signed, or refused"),
        (status = 404, description = "`away`: nobody waits for that, or `no_mailbox`"),
        (status = 503, description = "`unavailable`: as many as there may be"),
    ))]
pub(super) async fn answer(
    State(state): State<RelayApp>,
    owner: Owner,
    Path(id): Path<String>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let (upgrade, relay) = (accepted(upgrade, MAX_CIRCUIT_FRAME_BYTES)?, state.relay);
    let place = relay.sockets.place().ok_or(RelayCode::Unavailable)?;
    let id: CircuitId = id.parse().map_err(|_| RelayCode::Away)?;
    let answer = relay.circuits.take(&owner.mailbox.name, &id).ok_or(RelayCode::Away)?;
    let (end, coming) = oneshot::channel();
    answer.send(coming).map_err(|_| RelayCode::Away)?;
    let app = &state.app.0;
    let watch = SessionWatch::new(owner.session, app.sessions.clone(), app.access.clone());
    Ok(upgrade.on_upgrade(move |socket| async move {
        // Whoever asked may have gone; then the socket ends here.
        let _ = end.send((socket, watch, place));
    }))
}

/// The opening request of a WebSocket of ours.
pub(super) fn accepted(
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    longest: usize,
) -> Result<WebSocketUpgrade, Refusal> {
    let upgrade = upgrade.map_err(|_| RelayCode::Malformed)?.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return Err(RelayCode::Malformed.into());
    }
    Ok(upgrade.max_message_size(longest).max_frame_size(longest).read_buffer_size(READ_BUFFER))
}
