//! `didshake peer`.

mod add;
mod log;
mod show;

use clap::{Args, Subcommand};
use didshake::Did;
use didshake_did::IdentityName;
use didshake_peer::mailbox::AgentStore;
use didshake_peer::{KnownPeer, PeerName};
use serde_json::{Value, json};

use crate::agent::{Own, of_store, open_store, store_path};
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::meeting::runtime;
use crate::output;
use crate::resolver::Documents;
use crate::{peer_log, storage};

const AFTER_HELP: &str = "\
A known peer is a name or an address with the DID that it must prove. `connect` refuses an address whose DID has
changed; to change an entry, make sure that the new DID is right, then remove the old one and add it again.

A contact is a known peer who has given us a card (`didshake id share`): it says where they are reached, and lets us leave
letters for them. A card holds a secret: `-` reads it from standard input, where nobody else sees it.

Examples:
  didshake peer add bob.example:7007 did:key:z6Mk…
  didshake peer add bob did:key:z6Mk…              then: connect ADDRESS --expect bob
  didshake peer add - --name bob                   paste the link of a card, then Ctrl-D
  didshake peer add bob.didshake-card --name bob   then: send bob hello
  didshake peer show bob
  didshake peer log bob                            when we met, with which keys, on whose word";

#[derive(Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(crate) enum Peer {
    /// Remember the DID of a name or address, or keep the contact card of somebody
    #[command(after_help = AFTER_HELP)]
    Add(Box<Add>),
    /// Show all known peers
    List,
    /// Show one known peer: who it is and where it is reached
    Show {
        /// A name, or HOST:PORT
        #[arg(value_name = "NAME_OR_ADDRESS")]
        name: PeerName,
        #[command(flatten)]
        own: Own,
        #[command(flatten)]
        documents: Documents,
    },
    /// Look back: when we met a peer, with which keys, and on whose word
    Log {
        /// A known peer, or a DID
        #[arg(value_name = "NAME_OR_DID")]
        who: String,
    },
    /// Forget a peer, and where it is reached
    Remove {
        /// A name, or HOST:PORT
        #[arg(value_name = "NAME_OR_ADDRESS")]
        name: PeerName,
    },
}

#[derive(Args)]
pub(crate) struct Add {
    /// A name or HOST:PORT, with a DID; or a card: a link, a file, or `-` for standard input
    #[arg(value_name = "NAME_OR_ADDRESS|CARD")]
    what: String,
    /// The DID that it must prove
    did: Option<Did>,
    /// What we call the owner of the card (asked on a terminal)
    #[arg(long, value_name = "NAME", conflicts_with = "did")]
    name: Option<PeerName>,
    #[command(flatten)]
    own: Own,
    #[command(flatten)]
    documents: Documents,
}

pub(crate) fn run(global: &Global, command: &Peer) -> Result<(), Failure> {
    match command {
        Peer::Add(options) => match &options.did {
            Some(did) => add_did(global, &options.what, did),
            None => add::add_card(global, options),
        },
        Peer::Log { who } => log::log(global, who),
        Peer::Remove { name } => remove(global, name),
        Peer::Show { name, own, documents } => show::show(global, name, own, documents),
        Peer::List => list(global),
    }
}

fn add_did(global: &Global, name: &str, did: &Did) -> Result<(), Failure> {
    let name =
        PeerName::parse(name).map_err(|fault| Failure::new(Exit::Usage, "name", format!("`{name}`: {fault}")))?;
    let did = &storage::in_long_form(global, did)?;
    pin(global, &name, did)?.map_err(|known| {
        Failure::new(Exit::Policy, "peer_differs", format!("{name} is known already, as {}", known.did))
            .remedy(format!("if it really has another DID now: `didshake peer remove {name}` first"))
    })?;
    runtime()?.block_on(peer_log::pinned(global, name.as_str(), did));
    done(global, &format!("{name} is known as {did}"), &json!({"name": name.as_str(), "did": did.as_str()}));
    Ok(())
}

/// Remembers a DID under a name; gives back who is known under it otherwise.
fn pin(global: &Global, name: &PeerName, did: &Did) -> Result<Result<(), KnownPeer>, Failure> {
    let file = storage::known_peers_file(global)?;
    let added =
        file.change(|peers| peers.add(name.clone(), did.clone(), didshake_did::Clock::now(&didshake_did::SystemClock)));
    added.map_err(|error| storage::known_peers_failure(&error))
}

fn remove(global: &Global, name: &PeerName) -> Result<(), Failure> {
    let file = storage::known_peers_file(global)?;
    let removed = file.change(|peers| {
        let peer = peers.remove(name)?;
        let stays = peers.iter().any(|other| other.did == peer.did);
        Some((peer, stays))
    });
    let removed = removed.map_err(|error| storage::known_peers_failure(&error))?;
    let (peer, stays) = removed.ok_or_else(|| unknown(name))?;
    let was_contact = !stays && forget_contact(global, &peer.did)?;
    runtime()?.block_on(peer_log::unpinned(global, name.as_str(), &peer.did));
    let shown = json!({"name": name.as_str(), "did": peer.did.as_str(), "removed": true});
    done(global, &format!("{name} is not known any more (was {})", peer.did), &shown);
    if was_contact && !global.json {
        output::note("letters of it stay; it can leave more until you revoke its token: see `didshake mailbox tokens`");
    }
    Ok(())
}

fn unknown(name: &PeerName) -> Failure {
    Failure::new(Exit::Storage, "unknown_peer", format!("no peer is known as {name}"))
        .remedy("`didshake peer list` shows all")
}

/// Takes somebody off the contacts of all our identities; whether they were one.
fn forget_contact(global: &Global, did: &Did) -> Result<bool, Failure> {
    if !store_path(global)?.exists() {
        return Ok(false);
    }
    let identities = storage::identities(global)?;
    let names = identities.names().map_err(|error| storage::key_file_failure(&error))?;
    let own = |name: &IdentityName| identities.header(name).ok().map(|header| header.did);
    let runtime = runtime()?;
    let mut was = false;
    for own in names.iter().filter_map(own) {
        was |= runtime.block_on(async {
            let store = open_store(global, own).await?;
            let was = store.remove_contact(did).await.map_err(|error| of_store(&error));
            store.close().await;
            was
        })?;
    }
    Ok(was)
}

fn list(global: &Global) -> Result<(), Failure> {
    let peers = storage::known_peers(global)?;
    if global.json {
        let list: Vec<_> = peers
            .iter()
            .map(|peer| json!({"name": peer.name.as_str(), "did": peer.did.as_str(), "added": peer.added}))
            .collect();
        output::json(&json!(list));
    } else if peers.iter().next().is_none() {
        output::note("no peers are known yet: `didshake peer add NAME_OR_ADDRESS DID`, or `didshake peer add CARD`");
    } else {
        peers.iter().for_each(|peer| {
            let added = output::printable(peer.added.as_deref().unwrap_or(""));
            output::line(&format!("{}  {}  {added}", peer.name, peer.did));
        });
    }
    Ok(())
}

fn done(global: &Global, text: &str, value: &Value) {
    if global.json { output::json(value) } else { output::line(text) }
}
