//! Columns, and back.

use didshake::relay::{DepositToken, MailboxUrl};
use didshake::{Did, Origin, Secret, UnixTime};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use zeroize::Zeroizing;

use super::Failure;

/// A row that nothing of ours can have become.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a row of the store is malformed")]
pub(super) struct Malformed;

pub(super) fn malformed<E>(_: E) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(Malformed))
}

/// Times as the database has them. Later than the year 292 billion is never.
pub(super) fn sql_time(time: UnixTime) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

pub(super) fn sql_number(number: u64) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| Failure::Bounds)
}

pub(super) fn time(row: &SqliteRow, column: &str) -> Result<UnixTime, sqlx::Error> {
    Ok(UnixTime(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or_default()))
}

pub(super) fn number(row: &SqliteRow, column: &str) -> Result<u64, sqlx::Error> {
    u64::try_from(row.try_get::<i64, _>(column)?).map_err(malformed)
}

pub(super) fn did(row: &SqliteRow, column: &str) -> Result<Did, sqlx::Error> {
    Did::parse(row.try_get(column)?).map_err(malformed)
}

pub(super) fn origin(row: &SqliteRow, column: &str) -> Result<Origin, sqlx::Error> {
    Origin::parse(row.try_get(column)?).map_err(malformed)
}

pub(super) fn url(text: &str) -> Result<MailboxUrl, sqlx::Error> {
    MailboxUrl::parse(text).map_err(malformed)
}

/// A column of exactly so many bytes.
pub(super) fn bytes<const N: usize>(row: &SqliteRow, column: &str) -> Result<[u8; N], sqlx::Error> {
    row.try_get::<&[u8], _>(column)?.try_into().map_err(malformed)
}

/// Such a column where it is not NULL.
pub(super) fn maybe_bytes<const N: usize>(row: &SqliteRow, column: &str) -> Result<Option<[u8; N]>, sqlx::Error> {
    row.try_get::<Option<&[u8]>, _>(column)?.map(|bytes| bytes.try_into().map_err(malformed)).transpose()
}

pub(super) fn secret(row: &SqliteRow, column: &str) -> Result<Secret<32>, sqlx::Error> {
    bytes(row, column).map(Secret::new)
}

pub(super) fn token(row: &SqliteRow, column: &str) -> Result<DepositToken, sqlx::Error> {
    secret(row, column).map(DepositToken::from_secret)
}

pub(super) fn private(row: &SqliteRow, column: &str) -> Result<Zeroizing<Vec<u8>>, sqlx::Error> {
    Ok(Zeroizing::new(row.try_get(column)?))
}
