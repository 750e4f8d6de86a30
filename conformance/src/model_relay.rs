//! The model as a relay (spec/relay-1.md): whole, or with one thing wrong that the runner has to catch. In memory, and
//! without sockets, events and circuits.

mod deposits;
mod http;
mod login;
mod mailboxes;
mod wrong;

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::check::Step;
use http::{Answered, Asked};
use login::Logins;
use mailboxes::Mailbox;
use wrong::Wrong;

/// How often a request that waits looks again.
const LOOK: Duration = Duration::from_millis(50);

/// Everything that the relay knows.
struct State {
    wrong: Option<Wrong>,
    origin: String,
    logins: Logins,
    mailboxes: Vec<Mailbox>,
    /// The name of the mailbox that was closed last.
    closed: Option<String>,
}

/// Answers at this listener until the process ends; with one thing wrong, if there is a name. Gives the relay's DID.
///
/// # Errors
/// If nothing wrong has that name, or the listener has no address.
pub fn relay(listener: TcpListener, wrong: Option<&str>) -> Result<String, String> {
    let unknown = |name: &str| format!("nothing wrong has the name `{name}`");
    let wrong = wrong.map(|name| Wrong::named(name).ok_or_else(|| unknown(name))).transpose()?;
    let address = listener.local_addr().map_err(|cause| cause.to_string())?;
    let origin = format!("http://{address}");
    let logins = Logins::new(&origin).map_err(|stop| format!("the model's own configuration: {stop:?}"))?;
    let did = logins.did().to_owned();
    let state = Arc::new(Mutex::new(State { wrong, origin, logins, mailboxes: Vec::new(), closed: None }));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let state = Arc::clone(&state);
            thread::spawn(move || {
                let mut stream = stream;
                if let Some(asked) = Asked::read(&mut stream) {
                    answer(&state, &asked).write(&mut stream);
                }
            });
        }
    });
    Ok(did)
}

/// What [`relay`] knows to do wrong: each name, and the id of the case that has to catch it.
pub fn relay_wrongs() -> impl Iterator<Item = (&'static str, &'static str)> {
    Wrong::ALL.iter().map(|(_, name, case, _)| (*name, *case))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// So many random bytes, up to 32.
fn draw(length: usize) -> Step<Vec<u8>> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| crate::check::Stop::Broken("no randomness"))?;
    Ok(bytes.into_iter().take(length).collect())
}

/// A request that waits for deposits is asked again until it has some, or its time is over.
fn answer(state: &Mutex<State>, asked: &Asked) -> Answered {
    let begun = Instant::now();
    let mut owner = None;
    loop {
        let mut locked = state.lock().unwrap_or_else(PoisonError::into_inner);
        let own = asked.path.starts_with("/v1/");
        if own && owner.is_none() {
            owner = locked.who(asked);
        }
        let answered = locked.answer(asked, owner.as_deref());
        drop(locked);
        match answered.wait {
            Some(longest) if begun.elapsed() < longest => thread::sleep(LOOK),
            _ => return answered,
        }
    }
}

impl State {
    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == Some(wrong)
    }

    /// Whose signed request it is.
    fn who(&mut self, asked: &Asked) -> Option<String> {
        let anybody = self.is(Wrong::NotSigned).then(|| self.mailboxes.last().map(|mailbox| mailbox.did.clone()));
        self.logins.who(asked, now()).or_else(|| anybody.flatten())
    }

    fn answer(&mut self, asked: &Asked, owner: Option<&str>) -> Answered {
        if asked.path == "/didshake" {
            return self.logins.message(asked, now());
        }
        if let Some(rest) = asked.path.strip_prefix("/m/") {
            return self.for_any_page(asked, rest);
        }
        match (asked.path.strip_prefix("/v1/mailbox"), owner) {
            (Some(rest), Some(did)) => self.owner(asked, rest, did),
            (Some(_), None) => Answered::problem(401, "request"),
            (None, _) => Answered::problem(404, "not_found"),
        }
    }

    /// The depositor's requests, also of pages of other origins.
    fn for_any_page(&mut self, asked: &Asked, rest: &str) -> Answered {
        let answered = if asked.method == "OPTIONS" && !self.is(Wrong::NoPreflight) {
            Answered::empty(204).with("Access-Control-Allow-Headers", "Authorization, Content-Type")
        } else {
            self.depositor(asked, rest)
        };
        if self.is(Wrong::WithCredentials) {
            return answered
                .with("Access-Control-Allow-Origin", &asked.one("origin").unwrap_or_default())
                .with("Access-Control-Allow-Credentials", "true");
        }
        answered.with("Access-Control-Allow-Origin", "*")
    }
}
