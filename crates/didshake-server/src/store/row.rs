//! A session as a row, and back.

use std::net::IpAddr;

use didshake::request::RequestKey;
use didshake::{Algorithm, Did, Fragment, Origin, Secret, Session, SessionParts, UnixTime};
use didshake_axum::SessionRecord;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A row that no session of ours can have become.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a row of the database is no session")]
pub(super) struct Malformed;

/// Times as the database has them. Later than the year 292 billion is never.
pub(super) fn sql_time(time: UnixTime) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

pub(super) fn unix_time(time: i64) -> UnixTime {
    UnixTime(u64::try_from(time).unwrap_or_default())
}

pub(super) fn record(row: &AnyRow) -> Result<SessionRecord, sqlx::Error> {
    let last_used: Option<i64> = row.try_get("last_used")?;
    let client: Option<String> = row.try_get("client")?;
    let key: zeroize::Zeroizing<Vec<u8>> = zeroize::Zeroizing::new(row.try_get("request_key")?);
    let secret = <[u8; 32]>::try_from(key.as_slice()).map_err(malformed)?;
    Ok(SessionRecord {
        session: session(row)?,
        origin: origin(row, "origin")?,
        request_key: RequestKey::from_secret(Secret::new(secret)),
        client: client.map(|text| text.parse::<IpAddr>()).transpose().map_err(malformed)?,
        last_used: last_used.map(unix_time),
    })
}

/// A column of exactly so many bytes.
pub(super) fn bytes<const N: usize>(row: &AnyRow, column: &str) -> Result<[u8; N], sqlx::Error> {
    let bytes: Vec<u8> = row.try_get(column)?;
    bytes.try_into().map_err(malformed)
}

pub(super) fn origin(row: &AnyRow, column: &str) -> Result<Origin, sqlx::Error> {
    Origin::parse(row.try_get(column)?).map_err(malformed)
}

pub(super) fn text(row: &AnyRow, column: &str) -> Result<String, sqlx::Error> {
    row.try_get(column)
}

pub(super) fn did(row: &AnyRow, column: &str) -> Result<Did, sqlx::Error> {
    Did::parse(&text(row, column)?).map_err(malformed)
}

fn session(row: &AnyRow) -> Result<Session, sqlx::Error> {
    let did = did(row, "did")?;
    let fragment = Fragment::of(&did, row.try_get("fragment")?).map_err(malformed)?;
    let number = |column| row.try_get::<i64, _>(column);
    Ok(Session::from_parts(SessionParts {
        id: bytes(row, "id")?,
        did,
        fragment,
        algorithm: algorithm(row)?,
        key: row.try_get("public_key")?,
        accepted: unix_time(number("accepted")?),
        lifetime: u32::try_from(number("lifetime")?).map_err(malformed)?,
        used: number("used")? != 0,
    }))
}

pub(super) fn algorithm(row: &AnyRow) -> Result<Algorithm, sqlx::Error> {
    let number: i64 = row.try_get("algorithm")?;
    u8::try_from(number).ok().and_then(Algorithm::from_byte).ok_or(Malformed).map_err(malformed)
}

pub(super) fn malformed<E>(_: E) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(Malformed))
}
