//! How the instances of a service count together what sources have spent of their rate (R-CHECK-3's limits are the service's,
//! and not an instance's).

use std::net::IpAddr;

use didshake::UnixTime;
use didshake_axum::SharedRates;
use didshake_did::Source;

use super::TurnError;
use crate::id::Id;
use crate::store::{Database, SpentRates};

/// In one row of the database.
const MAX_SOURCES: usize = 1000;
/// More than so many sources with their tokens take, in bytes.
const MAX_BYTES: usize = 64 * MAX_SOURCES;

/// What one instance tells, and is told.
pub(super) struct Rates {
    store: SpentRates,
    rates: SharedRates,
    own: Option<Id>,
}

impl Rates {
    pub(super) fn new(database: &Database, rates: SharedRates) -> Self {
        Self { store: SpentRates::new(database.clone()), rates, own: None }
    }

    /// What cannot be told now is forgotten: it is over within a minute, and nothing may pile up.
    pub(super) async fn turn(&mut self, now: UnixTime) -> Result<(), TurnError> {
        let spent = self.rates.take_spent();
        let own = *self.own.get_or_insert(random_id()?);
        self.store.present(own, now).await?;
        for some in spent.chunks(MAX_SOURCES) {
            self.store.tell(own, random_id()?, &written(some)?).await?;
        }
        for text in self.store.take(own).await? {
            match read(&text) {
                Some(spent) => {
                    spent.into_iter().for_each(|(source, tokens)| self.rates.spent_elsewhere(source, tokens))
                }
                None => tracing::warn!("what another instance tells of its rates cannot be read"),
            }
        }
        Ok(())
    }
}

fn random_id() -> Result<Id, TurnError> {
    Id::generate().ok_or(TurnError::Randomness)
}

fn written(spent: &[(Source, u32)]) -> Result<String, TurnError> {
    let spent: Vec<(IpAddr, u32)> = spent.iter().map(|(source, tokens)| (source.address(), *tokens)).collect();
    Ok(serde_json::to_string(&spent)?)
}

fn read(text: &str) -> Option<Vec<(Source, u32)>> {
    let spent: Vec<(IpAddr, u32)> =
        if text.len() <= MAX_BYTES { serde_json::from_str(text).ok()? } else { return None };
    Some(spent.into_iter().map(|(address, tokens)| (Source::of(address), tokens)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_read_again_and_nothing_else() {
        let longest = Source::of("ffff:ffff:ffff:ffff::".parse().unwrap());
        let spent: Vec<_> = (0..MAX_SOURCES).map(|_| (longest, u32::MAX)).collect();
        assert_eq!(read(&written(&spent).unwrap()).unwrap(), spent);
        let spent = [(Source::of("192.0.2.1".parse().unwrap()), 3)];
        assert_eq!(written(&spent).unwrap(), r#"[["192.0.2.1",3]]"#);
        let long = format!("[{}]", " ".repeat(MAX_BYTES));
        for text in ["", "{}", "[[\"192.0.2.1\",-1]]", "[[\"192.0.2.1\",4294967296]]", "[[\"a\",1]]", &long] {
            assert_eq!(read(text), None, "{text:.40}");
        }
    }
}
