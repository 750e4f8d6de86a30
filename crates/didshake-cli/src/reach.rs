//! Where somebody is reached live: as their card says, or else their DID document.

use didshake::Did;
use didshake::card::{CardContents, CardEndpoint};
use didshake_did::Resolver;
use didshake_did::discovery::listed_endpoints;

use crate::resolver::Resolution;

/// Who says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    Card,
    Document,
}

impl Source {
    /// A word for scripts.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Document => "document",
        }
    }
}

/// The endpoints of the card; where it lists none, those of the `DIDShake` services of the owner's document.
pub(crate) async fn endpoints(
    did: &Did,
    card: Option<&CardContents>,
    resolution: &Resolution,
) -> (Source, Vec<CardEndpoint>) {
    if let Some(card) = card.filter(|card| !card.endpoints.is_empty()) {
        return (Source::Card, card.endpoints.clone());
    }
    // A document that cannot be had lists nothing.
    let listed = match resolution.resolver.resolve(did).await {
        Ok(resolved) if !resolved.is_deactivated() => listed_endpoints(resolved.document()),
        _ => Vec::new(),
    };
    let listed = listed.iter().filter_map(|endpoint| CardEndpoint::parse(endpoint.as_str()).ok());
    (Source::Document, listed.collect())
}
