//! Which of the kept sessions a command means.

use didshake::Origin;
use didshake_did::IdentityName;

use super::{Found, StoredSession};
use crate::failure::{Exit, Failure};
use crate::output;

/// What the command line says about the session.
pub(crate) struct Wanted<'a> {
    /// Of this origin; `None` where any will do that is the only one.
    pub(crate) origin: Option<&'a Origin>,
    /// Of this identity.
    pub(crate) identity: Option<&'a IdentityName>,
}

/// The one session that is meant. One that cannot be read is told, since it may be the one.
pub(crate) fn choose(found: Found, wanted: &Wanted<'_>) -> Result<StoredSession, Failure> {
    for failure in &found.unreadable {
        output::warning(failure.message());
    }
    let fits = |session: &StoredSession| {
        wanted.origin.is_none_or(|origin| session.origin == *origin)
            && wanted.identity.is_none_or(|name| session.name == *name)
    };
    let mut fitting = found.sessions.into_iter().filter(fits);
    let first = fitting.next().ok_or_else(|| none(wanted))?;
    // The newest of each origin comes first: an older one under the same name is of an identity that was made anew.
    let others: Vec<StoredSession> =
        fitting.filter(|other| (&other.origin, &other.name) != (&first.origin, &first.name)).collect();
    if others.is_empty() { Ok(first) } else { Err(several(&first, &others)) }
}

fn none(wanted: &Wanted<'_>) -> Failure {
    let identity = wanted.identity.map(|name| format!(" as {name}")).unwrap_or_default();
    let (at, url) = match wanted.origin {
        Some(origin) => (format!(" with {origin}"), origin.as_str()),
        None => (String::new(), "URL"),
    };
    let name = wanted.identity.map_or("NAME", IdentityName::as_str);
    Failure::new(Exit::Policy, "no_session", format!("there is no session{at}{identity}"))
        .remedy(format!("log in first: `didshake login {url} --as {name}`"))
}

fn several(first: &StoredSession, others: &[StoredSession]) -> Failure {
    let one_origin = others.iter().all(|other| other.origin == first.origin);
    let mut names: Vec<String> = std::iter::once(first)
        .chain(others)
        .map(|session| if one_origin { session.name.to_string() } else { session.origin.to_string() })
        .collect();
    names.dedup();
    let remedy = if one_origin { "say which with --as NAME" } else { "say which: give its URL" };
    Failure::new(Exit::Usage, "several_sessions", format!("there are several sessions: {}", names.join(", ")))
        .remedy(remedy)
}
