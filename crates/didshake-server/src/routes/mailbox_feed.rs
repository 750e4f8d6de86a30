//! What waits, for the owner; and the owner's answers (spec/relay-1.md, section 3).

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Query, State};
use axum::response::Response;
use didshake::relay::{MAX_ANSWERS, RelayCode};
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use super::held;
use super::mailbox_json::{AnswersJson, DepositJson, DepositsJson};
use super::relaying::{Owner, RelayApp, object};
use crate::relay::Refusal;
use crate::store::{Answers, BatchJob};

const MOST_LISTED: usize = 256;
const LISTED: usize = 64;
const LISTED_BYTES: u64 = 1_048_576;
const LONGEST_WAIT: u64 = 30;
/// For an owner to take a list.
const LONGEST_TAKING: Duration = Duration::from_secs(60);

/// From where on, how much, and for how long to wait.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Deposits above this sequence number; 0 if left out.
    #[serde(default)]
    after: u64,
    /// So many at most, 1 to 256; 64 if left out.
    #[serde(default = "listed")]
    limit: usize,
    /// Seconds to wait until there is one, 0 to 30; 0 if left out.
    #[serde(default)]
    wait: u64,
}

fn listed() -> usize {
    LISTED
}

/// From where on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FromQuery {
    /// Deposits above this sequence number; 0 if left out.
    #[serde(default)]
    pub(super) after: u64,
}

/// From where on, and what else is told.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SocketQuery {
    /// Deposits above this sequence number; 0 if left out.
    #[serde(default)]
    pub(super) after: u64,
    /// 1 where circuits are taken on this socket, as if left out; else 0.
    #[serde(default = "taken")]
    circuits: u8,
}

fn taken() -> u8 {
    1
}

impl SocketQuery {
    /// Whether the owner takes circuits here.
    ///
    /// # Errors
    /// `malformed` where it is neither said nor denied.
    pub(super) fn takes_circuits(&self) -> Result<bool, Refusal> {
        match self.circuits {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(RelayCode::Malformed.into()),
        }
    }
}

impl FromRequestParts<RelayApp> for SocketQuery {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &RelayApp) -> Result<Self, Refusal> {
        let query = Query::<Self>::from_request_parts(parts, state).await;
        query.map(|Query(query)| query).map_err(|_| RelayCode::Malformed.into())
    }
}

impl FromRequestParts<RelayApp> for FromQuery {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &RelayApp) -> Result<Self, Refusal> {
        let query = Query::<Self>::from_request_parts(parts, state).await;
        query.map(|Query(query)| query).map_err(|_| RelayCode::Malformed.into())
    }
}

/// The deposits that wait, ascending; a long poll.
#[utoipa::path(get, path = "/v1/mailbox/deposits", tag = "mailbox", params(ListQuery), responses(
    (status = 200, description = "Those that wait, perhaps none", body = DepositsJson),
    (status = 400, description = "`malformed`"),
    (status = 401, description = "Not signed, or refused"),
    (status = 404, description = "`no_mailbox`"),
    (status = 503, description = "`unavailable`: too many lists were asked for and not taken"),
))]
pub(super) async fn list(
    State(state): State<RelayApp>,
    owner: Owner,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Refusal> {
    let Ok(Query(query)) = query else { return Err(RelayCode::Malformed.into()) };
    if !(1..=MOST_LISTED).contains(&query.limit) || query.wait > LONGEST_WAIT {
        return Err(RelayCode::Malformed.into());
    }
    let mut feed = state.relay.feed(owner.mailbox.name, query.after);
    let mut page = feed.next_now(query.limit, LISTED_BYTES).await?;
    if page.is_empty() && query.wait > 0 {
        page = tokio::select! {
            page = feed.next(query.limit, LISTED_BYTES) => page?,
            () = tokio::time::sleep(Duration::from_secs(query.wait)) => page,
            () = state.relay.stopped() => page,
        };
    }
    let list = DepositsJson { deposits: page.iter().map(DepositJson::of).collect() };
    let bytes = serde_json::to_vec(&list).map_err(|_| RelayCode::Unavailable)?;
    let mut room = state.relay.lists.begin(owner.mailbox.name);
    if !room.take(bytes.len()) {
        return Err(RelayCode::Unavailable.into());
    }
    Ok(held::json(bytes, room, LONGEST_TAKING))
}

/// Answers deposits: their envelopes are deleted. What does not wait is ignored.
#[utoipa::path(post, path = "/v1/mailbox/answers", tag = "mailbox", request_body = AnswersJson, responses(
    (status = 204, description = "That is durable"),
    (status = 400, description = "`malformed`"),
    (status = 401, description = "Not signed, or refused"),
    (status = 404, description = "`no_mailbox`"),
))]
pub(super) async fn answer(State(state): State<RelayApp>, owner: Owner, body: Bytes) -> Result<StatusCode, Refusal> {
    let answers: AnswersJson = object(&body)?;
    if answers.taken.len().saturating_add(answers.refused.len()) > MAX_ANSWERS {
        return Err(RelayCode::Malformed.into());
    }
    let answers = Answers { taken: answers.taken, refused: answers.refused };
    state.relay.writer.write(owner.mailbox.name, BatchJob::Answer(answers), None).await?;
    Ok(StatusCode::NO_CONTENT)
}
