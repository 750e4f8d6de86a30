//! The owner's mailbox: opening, closing, its key, its tokens (spec/relay-1.md, section 3).

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use didshake::Admission;
use didshake::mailbox::ClaimedMailboxKey;
use didshake::relay::{KEY_MEDIA_TYPE, MailboxUrl, RelayCode, TokenHash};
use didshake_axum::Authenticated;
use didshake_did::{Clock as _, SystemClock};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use super::mailbox_json::{MailboxJson, TokenJson, TokenLimitsJson, TokensJson};
use super::relaying::{Owner, RelayApp, object};
use crate::relay::{Refusal, Relay};
use crate::store::{LetIn, Mailbox, TokenLimits};

/// Opens the mailbox of the DID of this request, or finds it.
#[utoipa::path(put, path = "/v1/mailbox", tag = "mailbox", responses(
    (status = 200, description = "It was open", body = MailboxJson),
    (status = 201, description = "It is open now", body = MailboxJson),
    (status = 401, description = "Not signed, or refused"),
    (status = 403, description = "`not_admitted`: no mailbox for this DID"),
    (status = 507, description = "`full`: there are as many as there may be"),
))]
pub(super) async fn open(
    State(state): State<RelayApp>,
    session: Authenticated,
    body: Bytes,
) -> Result<Response, Refusal> {
    let relay = &state.relay;
    if !body.is_empty() {
        return Err(RelayCode::Malformed.into());
    }
    if !relay.admits(session.did(), &state.app.0.access).await? {
        return Err(RelayCode::NotAdmitted.into());
    }
    let drawn = Relay::draw_name().ok_or(RelayCode::Unavailable)?;
    let (mailbox, is_new) = relay.mailboxes.open(session.did(), drawn, SystemClock.now()).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json(relay, &session, &mailbox)?)).into_response())
}

/// The mailbox of the DID of this request.
#[utoipa::path(get, path = "/v1/mailbox", tag = "mailbox", responses(
    (status = 200, description = "The mailbox", body = MailboxJson),
    (status = 401, description = "Not signed, or refused"),
    (status = 404, description = "`no_mailbox`"),
))]
pub(super) async fn show(State(state): State<RelayApp>, owner: Owner) -> Result<Response, Refusal> {
    Ok(Json(json(&state.relay, &owner.session, &owner.mailbox)?).into_response())
}

/// Closes it: deposits, tokens, key and name are gone for good.
#[utoipa::path(delete, path = "/v1/mailbox", tag = "mailbox", responses(
    (status = 204, description = "Closed"),
    (status = 401, description = "Not signed, or refused"),
    (status = 404, description = "`no_mailbox`"),
))]
pub(super) async fn close(State(state): State<RelayApp>, owner: Owner) -> Result<StatusCode, Refusal> {
    let closed = state.relay.mailboxes.close(&owner.mailbox.name).await?;
    if closed { Ok(StatusCode::NO_CONTENT) } else { Err(RelayCode::NoMailbox.into()) }
}

/// The mailbox key that depositors are given from now on.
#[utoipa::path(put, path = "/v1/mailbox/key", tag = "mailbox",
    request_body(content = Vec<u8>, content_type = "application/didshake-mailbox-key"),
    responses(
        (status = 204, description = "Published"),
        (status = 400, description = "`malformed`, or `mailbox_key`: it fails a check, or is another's"),
        (status = 401, description = "Not signed, or refused"),
        (status = 404, description = "`no_mailbox`"),
    ))]
pub(super) async fn set_key(
    State(state): State<RelayApp>,
    owner: Owner,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    check_media_type(&headers, KEY_MEDIA_TYPE)?;
    let of_owner = Admission::only(owner.session.did().clone());
    let claimed = ClaimedMailboxKey::read(&body, &of_owner, SystemClock.now()).map_err(|_| RelayCode::MailboxKey)?;
    let set = state.relay.mailboxes.set_key(&owner.mailbox.name, &body, &claimed.id(), claimed.ends()).await?;
    if set { Ok(StatusCode::NO_CONTENT) } else { Err(RelayCode::NoMailbox.into()) }
}

/// Lets a deposit token in, by its hash, or changes what it is good for.
#[utoipa::path(put, path = "/v1/mailbox/tokens/{hash}", tag = "mailbox", request_body = TokenLimitsJson,
    params(("hash" = String, Path, description = "H(\"didshake/1 deposit token\" ‖ token), in base64url")),
    responses(
        (status = 200, description = "Changed"),
        (status = 201, description = "Let in"),
        (status = 400, description = "`malformed`"),
        (status = 401, description = "Not signed, or refused"),
        (status = 404, description = "`no_mailbox`"),
        (status = 507, description = "`full`: there are as many as there may be"),
    ))]
pub(super) async fn let_in(
    State(state): State<RelayApp>,
    owner: Owner,
    Path(hash): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let hash: TokenHash = hash.parse().map_err(|_| RelayCode::Malformed)?;
    let limits: TokenLimitsJson = object(&body)?;
    let limits = TokenLimits {
        ends: limits.expires.map(didshake::UnixTime),
        waiting: limits.waiting.map(u64::from),
        bytes: limits.bytes,
    };
    match state.relay.mailboxes.let_in(&owner.mailbox.name, &hash, &limits).await? {
        LetIn::New => Ok(StatusCode::CREATED),
        LetIn::Changed => Ok(StatusCode::OK),
        LetIn::Full => Err(RelayCode::Full.into()),
    }
}

/// Revokes a deposit token; what waits under it stays.
#[utoipa::path(delete, path = "/v1/mailbox/tokens/{hash}", tag = "mailbox",
    params(("hash" = String, Path, description = "Of the token, in base64url")),
    responses(
        (status = 204, description = "Revoked"),
        (status = 401, description = "Not signed, or refused"),
        (status = 404, description = "`no_token`, or `no_mailbox`"),
    ))]
pub(super) async fn revoke(
    State(state): State<RelayApp>,
    owner: Owner,
    Path(hash): Path<String>,
) -> Result<StatusCode, Refusal> {
    let hash: TokenHash = hash.parse().map_err(|_| RelayCode::NoToken)?;
    let revoked = state.relay.mailboxes.revoke(&owner.mailbox.name, &hash).await?;
    if revoked { Ok(StatusCode::NO_CONTENT) } else { Err(RelayCode::NoToken.into()) }
}

/// The deposit tokens that were let in.
#[utoipa::path(get, path = "/v1/mailbox/tokens", tag = "mailbox", responses(
    (status = 200, description = "All of them", body = TokensJson),
    (status = 401, description = "Not signed, or refused"),
    (status = 404, description = "`no_mailbox`"),
))]
pub(super) async fn tokens(State(state): State<RelayApp>, owner: Owner) -> Result<Json<TokensJson>, Refusal> {
    let tokens = state.relay.mailboxes.tokens(&owner.mailbox.name).await?;
    Ok(Json(TokensJson { tokens: tokens.iter().map(TokenJson::of).collect() }))
}

/// Refuses a body of another type.
pub(super) fn check_media_type(headers: &HeaderMap, media_type: &str) -> Result<(), Refusal> {
    let values: Vec<&[u8]> = headers.get_all(CONTENT_TYPE).iter().map(http::HeaderValue::as_bytes).collect();
    let fits = didshake::http::is_media_type(&values, media_type);
    if fits { Ok(()) } else { Err(RelayCode::Malformed.into()) }
}

/// Where the mailbox is, at the origin of the session that asks.
fn json(relay: &Relay, session: &Authenticated, mailbox: &Mailbox) -> Result<MailboxJson, Refusal> {
    let url = MailboxUrl::new(session.origin(), &mailbox.name).map_err(|_| RelayCode::Unavailable)?;
    Ok(MailboxJson::of(mailbox, &url, relay.mailboxes.bounds()))
}
