//! `didshake peer`.

use clap::Subcommand;
use didshake::Did;
use didshake_did::{Clock, SystemClock};
use didshake_peer::PeerName;
use serde_json::json;

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::storage;

const AFTER_HELP: &str = "\
A known peer is a name or an address with the DID that it must prove. `connect` refuses an address whose DID has
changed; to change an entry, make sure that the new DID is right, then remove the old one and add it again.

Examples:
  didshake peer add bob.example:7007 did:key:z6Mk…
  didshake peer add bob did:key:z6Mk…              then: connect ADDRESS --expect bob";

#[derive(Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(crate) enum Peer {
    /// Remember the DID of a name or address
    Add {
        /// A name, or HOST:PORT
        #[arg(value_name = "NAME_OR_ADDRESS")]
        name: PeerName,
        /// The DID that it must prove
        did: Did,
    },
    /// Show all known peers
    List,
    /// Forget a peer
    Remove {
        /// A name, or HOST:PORT
        #[arg(value_name = "NAME_OR_ADDRESS")]
        name: PeerName,
    },
}

pub(crate) fn run(global: &Global, command: &Peer) -> Result<(), Failure> {
    let file = storage::known_peers_file(global)?;
    let storage = |error: &_| storage::known_peers_failure(error);
    match command {
        Peer::Add { name, did } => {
            let added = file.change(|peers| peers.add(name.clone(), did.clone(), SystemClock.now()));
            added.map_err(|error| storage(&error))?.map_err(|known| {
                Failure::new(Exit::Policy, "peer_differs", format!("{name} is known already, as {}", known.did))
                    .remedy(format!("if it really has another DID now: `didshake peer remove {name}` first"))
            })?;
            done(global, &format!("{name} is known as {did}"), &json!({"name": name.as_str(), "did": did.as_str()}));
        }
        Peer::Remove { name } => {
            let removed = file.change(|peers| peers.remove(name)).map_err(|error| storage(&error))?;
            let peer = removed.ok_or_else(|| {
                Failure::new(Exit::Storage, "unknown_peer", format!("no peer is known as {name}"))
                    .remedy("`didshake peer list` shows all")
            })?;
            let shown = json!({"name": name.as_str(), "did": peer.did.as_str(), "removed": true});
            done(global, &format!("{name} is not known any more (was {})", peer.did), &shown);
        }
        Peer::List => {
            let peers = file.load().map_err(|error| storage(&error))?;
            if global.json {
                let list: Vec<_> = peers
                    .iter()
                    .map(|peer| json!({"name": peer.name.as_str(), "did": peer.did.as_str(), "added": peer.added}))
                    .collect();
                output::json(&json!(list));
            } else if peers.iter().next().is_none() {
                output::note("no peers are known yet: `didshake peer add NAME_OR_ADDRESS DID`");
            } else {
                peers.iter().for_each(|peer| {
                    output::line(&format!(
                        "{}  {}  {}",
                        peer.name,
                        peer.did,
                        output::printable(peer.added.as_deref().unwrap_or(""))
                    ));
                });
            }
        }
    }
    Ok(())
}

fn done(global: &Global, text: &str, value: &serde_json::Value) {
    if global.json { output::json(value) } else { output::line(text) }
}
