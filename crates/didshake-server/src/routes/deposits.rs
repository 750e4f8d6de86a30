//! What depositors do (spec/relay-1.md, section 4).

use std::time::Duration;

use axum::Json;
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use didshake::relay::{
    DepositName, DepositState, ENVELOPES_MEDIA_TYPE, KEY_MEDIA_TYPE, MAX_ASKED_STATES, MAX_BATCH_BYTES, RelayCode,
    read_deposits,
};
use didshake_axum::ClientAddress;
use didshake_did::{Clock as _, Source, SystemClock};
use futures_util::StreamExt as _;
use http::header::CONTENT_TYPE;
use tokio::time::timeout;

use super::mailbox::check_media_type;
use super::mailbox_json::{AskedStatesJson, StateJson, StatesJson};
use super::relaying::{Depositor, RelayApp, object};
use crate::relay::{Refusal, Room};
use crate::store::{BatchJob, NewDeposit, Placed};

/// For the body of a request.
const BODY: Duration = Duration::from_secs(30);
const MAX_STATES_BYTES: usize = 16_384;

/// The mailbox key of the owner.
#[utoipa::path(get, path = "/m/{name}/key", tag = "deposits",
    params(("name" = String, Path, description = "The mailbox's name")),
    responses(
        (status = 200, description = "The mailbox key", content_type = "application/didshake-mailbox-key"),
        (status = 401, description = "`token`"),
        (status = 404, description = "`no_key`"),
        (status = 429, description = "`rate`"),
    ))]
pub(super) async fn key(State(state): State<RelayApp>, depositor: Depositor) -> Result<Response, Refusal> {
    let Depositor { mailbox, token } = depositor;
    let key = state.relay.mailboxes.key(&mailbox, &token, SystemClock.now()).await?;
    let key = key.ok_or(RelayCode::Token)?.ok_or(RelayCode::NoKey)?;
    Ok(([(CONTENT_TYPE, KEY_MEDIA_TYPE)], key).into_response())
}

/// Deposits envelopes: all of them, durably, or none.
#[utoipa::path(post, path = "/m/{name}", tag = "deposits",
    params(("name" = String, Path, description = "The mailbox's name")),
    request_body(content = Vec<u8>, content_type = "application/didshake-envelopes"),
    responses(
        (status = 200, description = "All are durable", body = StatesJson),
        (status = 400, description = "`malformed`, `envelope_malformed` or `expires`"),
        (status = 401, description = "`token`"),
        (status = 413, description = "`too_large`"),
        (status = 429, description = "`rate`"),
        (status = 503, description = "`unavailable`: nothing was kept"),
        (status = 507, description = "`full`"),
    ))]
pub(super) async fn deposit(
    State(state): State<RelayApp>,
    depositor: Depositor,
    request: Request,
) -> Result<Json<StatesJson>, Refusal> {
    let Depositor { mailbox, token } = depositor;
    let relay = &state.relay;
    check_media_type(request.headers(), ENVELOPES_MEDIA_TYPE)?;
    if !relay.disk.has_room() {
        relay.metrics.deposits(RelayCode::Unavailable.as_str(), 1);
        return Err(RelayCode::Unavailable.into());
    }
    let client = request.extensions().get::<ClientAddress>().map(|client| client.0);
    let room = relay.room_for_body(client);
    let (deposits, room) = read(request.into_body(), room).await.inspect_err(|refusal| {
        relay.metrics.deposits(refusal.code.as_str(), 1);
    })?;
    let names: Vec<DepositName> = deposits.iter().map(|deposit| deposit.name).collect();
    match relay.writer.write(mailbox, BatchJob::Deposit(token, deposits), Some(room)).await {
        Ok(Placed { states, new }) => {
            relay.metrics.deposits("kept", new);
            relay.metrics.deposits("there_before", names.len().saturating_sub(new));
            Ok(Json(json(&names, &states)))
        }
        Err(code) => {
            relay.metrics.deposits(code.as_str(), names.len());
            Err(code.into())
        }
    }
}

/// What became of deposits under this token.
#[utoipa::path(post, path = "/m/{name}/states", tag = "deposits",
    params(("name" = String, Path, description = "The mailbox's name")),
    request_body = AskedStatesJson,
    responses(
        (status = 200, description = "In the order in which they were named", body = StatesJson),
        (status = 400, description = "`malformed`"),
        (status = 401, description = "`token`"),
        (status = 429, description = "`rate`"),
    ))]
pub(super) async fn states(
    State(state): State<RelayApp>,
    depositor: Depositor,
    request: Request,
) -> Result<Json<StatesJson>, Refusal> {
    let body = timeout(BODY, to_bytes(request.into_body(), MAX_STATES_BYTES)).await;
    let body = body.map_err(|_| RelayCode::Unavailable)?.map_err(|_| RelayCode::TooLarge)?;
    let asked: AskedStatesJson = object(&body)?;
    if asked.deposits.len() > MAX_ASKED_STATES {
        return Err(RelayCode::Malformed.into());
    }
    let names: Result<Vec<DepositName>, _> = asked.deposits.iter().map(|name| name.parse()).collect();
    let names = names.map_err(|_| RelayCode::Malformed)?;
    let Depositor { mailbox, token } = depositor;
    let states = state.relay.deposits.states(&mailbox, &token, &names, SystemClock.now()).await?;
    Ok(Json(json(&names, &states)))
}

fn json(names: &[DepositName], states: &[DepositState]) -> StatesJson {
    let one =
        |(name, state): (&DepositName, &DepositState)| StateJson { deposit: name.to_string(), state: state.as_str() };
    StatesJson { deposits: names.iter().zip(states).map(one).collect() }
}

/// The deposits of a body, looked at; with the room that they take in memory.
async fn read(body: Body, mut room: Room<Source>) -> Result<(Vec<NewDeposit>, Room<Source>), Refusal> {
    if body.size_hint().lower() > MAX_BATCH_BYTES as u64 {
        return Err(RelayCode::TooLarge.into());
    }
    let body = timeout(BODY, collect(body, &mut room)).await.map_err(|_| RelayCode::Unavailable)??;
    let now = SystemClock.now();
    let mut deposits = Vec::new();
    for deposit in read_deposits(&body).map_err(|fault| fault.code())? {
        deposit.check(now).map_err(|fault| fault.code())?;
        let (name, expires) = (DepositName::of(deposit.envelope), deposit.expires);
        deposits.push(NewDeposit { name, expires, envelope: deposit.envelope.to_vec() });
    }
    Ok((deposits, room))
}

/// The bytes of a body, for each of which there is room.
async fn collect(body: Body, room: &mut Room<Source>) -> Result<Vec<u8>, Refusal> {
    let (mut stream, mut bytes) = (body.into_data_stream(), Vec::new());
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| RelayCode::Malformed)?;
        if bytes.len().saturating_add(piece.len()) > MAX_BATCH_BYTES {
            return Err(RelayCode::TooLarge.into());
        }
        if !room.take(piece.len()) {
            return Err(RelayCode::Unavailable.into());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
