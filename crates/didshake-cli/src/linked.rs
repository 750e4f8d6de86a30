//! The origins that a DID and the web vouch for together (domain linkage), for whoever meets somebody for the first time.

use std::fmt::Write as _;
use std::time::Duration;

use didshake::{Did, Origin};
use didshake_did::web::{LinkageFailure, WebOptions, WebResolver};
use didshake_did::{Clock, Resolved, Resolver, SystemClock, linkage};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::failure::Failure;
use crate::web_access::WebAccess;

/// All of one DID's origins together: somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(6);

/// Who looks for the origins of DIDs.
pub(crate) struct Linkages(WebOptions);

/// An origin that a document lists, and what the origin says to that.
pub(crate) struct Link {
    origin: Origin,
    outcome: Result<(), LinkageFailure>,
}

impl Linkages {
    pub(crate) fn new(web: &WebAccess) -> Result<Self, Failure> {
        Ok(Self(web.options()?))
    }

    /// What the document of `did` lists: nothing where there is none, for this adds to what a handshake has proved, and
    /// keeps nobody from it.
    pub(crate) async fn of(&self, did: &Did, resolver: &dyn Resolver) -> Vec<Link> {
        let looked = async { Some(self.of_document(&resolver.resolve(did).await.ok()?).await) };
        timeout(PATIENCE, looked).await.ok().flatten().unwrap_or_default()
    }

    /// What a document lists: each origin asked once, side by side.
    pub(crate) async fn of_document(&self, resolved: &Resolved) -> Vec<Link> {
        let origins = linkage::claimed_origins(resolved.document());
        // Its root certificates are read only where somebody is to be asked.
        let web = if origins.is_empty() { None } else { WebResolver::new(&self.0).ok() };
        let Some(web) = web else { return Vec::new() };
        join_all(origins.into_iter().map(|origin| ask(&web, resolved, origin))).await
    }
}

async fn ask(web: &WebResolver, resolved: &Resolved, origin: Origin) -> Link {
    let outcome = web.linkage(&origin, resolved, SystemClock.now()).await;
    Link { origin, outcome }
}

/// Lines that say what was found; empty where nothing was.
pub(crate) fn lines(links: &[Link]) -> String {
    let mut text = String::new();
    for Link { origin, outcome } in links {
        // Writing to a text cannot fail.
        let _ = match outcome {
            Ok(()) => writeln!(text, "  linked origin        {origin} (it names this DID, and the DID names it)"),
            Err(failure) => writeln!(text, "  NOT linked           {origin}: the DID names it, but {failure}"),
        };
    }
    text
}

/// The same as JSON.
pub(crate) fn json(links: &[Link]) -> Value {
    let link = |Link { origin, outcome }: &Link| json!({"origin": origin.as_str(), "linked": outcome.is_ok(), "error": outcome.as_ref().err().map(|it| it.code())});
    links.iter().map(link).collect()
}
