//! A list of notes: anybody reads it, and who logs in with a DID writes to it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use didshake::{Origin, Origins};
use didshake_axum::{Anyone, Authenticated, Didshake, MemorySessionStore};
use didshake_did::SigningIdentity;
use didshake_peer::MemoryBurnStore;

const MAX_NOTES: usize = 100;
const MAX_NOTE_CHARS: usize = 280;

/// The last notes, the newest at the end.
type Notes = Arc<Mutex<VecDeque<String>>>;

/// The app at one origin, in the memory of this process. It needs a running tokio runtime.
///
/// # Errors
/// Those of the configuration.
pub fn app(identity: SigningIdentity, origin: Origin) -> Result<Router, Box<dyn std::error::Error>> {
    let (sessions, burned) = (Arc::new(MemorySessionStore::default()), Arc::new(MemoryBurnStore::default()));
    let didshake = Didshake::builder(identity, Origins::new(vec![origin])?, sessions, burned).policy(Anyone).build()?;
    let notes = Router::new().route("/notes", get(read).post(write)).route("/me", get(me)).with_state(Notes::default());
    Ok(notes.layer(didshake.layer()).merge(didshake.routes()))
}

async fn me(session: Authenticated) -> String {
    format!("{}\n", session.did())
}

async fn read(State(notes): State<Notes>) -> String {
    notes.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|note| format!("{note}\n")).collect()
}

async fn write(State(notes): State<Notes>, session: Authenticated, text: String) -> StatusCode {
    let text: String = text.chars().filter(|char| !char.is_control()).take(MAX_NOTE_CHARS).collect();
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    if notes.len() >= MAX_NOTES {
        notes.pop_front();
    }
    notes.push_back(format!("{}: {text}", session.did()));
    StatusCode::NO_CONTENT
}
