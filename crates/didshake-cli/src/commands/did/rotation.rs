//! `didshake id rotate`: the whole of a rotation in one command, gone on with wherever it was cut off.

use std::time::{Duration, Instant};

use clap::Args;
use didshake::UnixTime;
use didshake_did::{SigningIdentity, private_file};
use didshake_peer::{Surroundings, Timeouts};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::kept::{Kept, Whose, now};
use super::keys;
use crate::agent::{Post, of_agent, of_store};
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::meeting::runtime;
use crate::output;
use crate::progress::Waiting;
use crate::resolver::{Documents, Resolution};
use crate::storage;
use crate::time_words;

/// What is kept of a rotation that is under way.
const JOURNAL: &str = "rotation.json";
const MAX_JOURNAL: usize = 1024;
/// So long a rotation at once that failed can be said again without another key.
const RETRY_SECONDS: u64 = 3600;

pub(crate) const HELP: &str = "\
A new key takes the place of the one that this identity signs with:

  1. The document lists both keys; its log is published; once its place serves it, the new key signs.
  2. A new mailbox key, signed with the new key, is shown at the relays of our mailboxes.
  3. After --grace the old key is taken out of the document: channels and sessions that it proved end at their next look.

A service that runs with --did-log follows by itself. What is cut off is gone on with by the same command, and no
further key is made then. With --at-once, where the key in use may be in wrong hands, there is no grace, and a key of a rotation
that was cut off before is replaced too. Contact cards are signed: give out new ones (`didshake id share`).

A did:key, did:jwk or did:peer is its key: make another identity, and tell those who know you. A did:web is changed where its
document is: list the new key beside the old one, use it (`didshake id new NAME --did DID --fragment KEY`), and take the old one out.";

#[derive(Args)]
#[command(after_help = HELP)]
pub(crate) struct RotateIdentity {
    #[command(flatten)]
    whose: Whose,
    /// Seconds for which the old key stays in the document
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(..=604_800))]
    grace: u64,
    /// Take the old key out at once, because it may be in wrong hands; what it signs at this moment fails
    #[arg(long, conflicts_with = "grace")]
    at_once: bool,
    /// Leave the mailbox key as it is: it ends by itself within a week
    #[arg(long)]
    keep_mailbox_key: bool,
    #[command(flatten)]
    documents: Documents,
}

/// A rotation that is under way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Journal {
    begun: u64,
    /// The fragment of the key that is replaced.
    former: String,
    at_once: bool,
    stage: Stage,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case", deny_unknown_fields)]
enum Stage {
    Begun,
    /// The new key signs, since then.
    Signing {
        since: u64,
    },
    /// The relays show a mailbox key that it has signed.
    Shown {
        since: u64,
    },
}

pub(crate) fn run(global: &Global, options: &RotateIdentity) -> Result<(), Failure> {
    let method = storage::identities(global)?.header(&options.whose.name).map(|header| header.did.method().to_owned());
    if let Some(failure) = method.ok().and_then(|method| not_rotated(&method)) {
        return Err(failure);
    }
    let kept = Kept::asking(global, &options.whose, &options.documents.web)?;
    // Two that end each other's journal would both say that they are done.
    let _alone = kept.locked("rotating", Duration::ZERO)?;
    let mut journal = match journal(&kept)? {
        Some(begun) => gone_on_with(global, &kept, begun, options.at_once)?,
        None => begin(&kept, options.at_once)?,
    };
    if journal.stage == Stage::Begun {
        sign_anew(global, &kept, &journal)?;
        journal.stage = write(&kept, &journal, Stage::Signing { since: now().0 })?;
    }
    if let Stage::Signing { since } = journal.stage {
        show_anew(global, options, &kept)?;
        journal.stage = write(&kept, &journal, Stage::Shown { since })?;
    }
    if let (Stage::Shown { since }, false) = (journal.stage, journal.at_once) {
        wait(global, since, options.grace);
    }
    keys::finish(global, &kept)?;
    // Until then peers still take the old key.
    kept.served(global, &kept.log()?)?;
    tell_of_cards(global, &kept, &journal);
    Ok(private_file::remove(&kept.path(JOURNAL))?)
}

fn begin(kept: &Kept, at_once: bool) -> Result<Journal, Failure> {
    let former = kept.header().map(|header| header.fragment.as_str().to_owned()).unwrap_or_default();
    let journal = Journal { begun: now().0, former, at_once, stage: Stage::Begun };
    write(kept, &journal, Stage::Begun)?;
    Ok(journal)
}

/// One that was cut off is gone on with, and it is said what that means. Who wants a key out at once means the one in use: a
/// key that was made before is no answer to that.
fn gone_on_with(global: &Global, kept: &Kept, journal: Journal, at_once: bool) -> Result<Journal, Failure> {
    let has_new_key = journal.stage != Stage::Begun;
    let is_fresh = journal.at_once && now() < UnixTime(journal.begun).plus(RETRY_SECONDS);
    let begins_anew = at_once && has_new_key && !is_fresh;
    let (begun, former) = (time_words::date(UnixTime(journal.begun)), &journal.former);
    if global.json {
        let event = if begins_anew { "superseded" } else { "resumed" };
        output::json(&json!({"event": event, "begun": journal.begun, "former": former, "newKey": has_new_key}));
    }
    let what = match (begins_anew, has_new_key) {
        (true, _) => format!("the rotation that began {begun} is ended, and the key that it brought is replaced too"),
        (false, true) => format!(
            "this ends the rotation that began {begun}, which has replaced #{former}: no further key is made; to replace the key \
             in use now, say the command once more"
        ),
        (false, false) => format!("going on with the rotation that began {begun}"),
    };
    output::warning(&what);
    match begins_anew {
        true => begin(kept, at_once),
        false => Ok(Journal { at_once: journal.at_once || at_once, ..journal }),
    }
}

/// A DID that is its key has no other; a did:web has its document elsewhere.
fn not_rotated(method: &str) -> Option<Failure> {
    let failure = |message: &str, remedy: &str| Failure::new(Exit::Usage, "not_rotated", message).remedy(remedy);
    match method {
        "key" | "jwk" | "peer" => Some(failure(
            &format!("a did:{method} is its key, and has no other"),
            "make another identity, and tell those who know you; a did:webvh can be rotated: `didshake did create --help`",
        )),
        "webvh" => None,
        _ => Some(failure(
            &format!("the document of a did:{method} is not kept here"),
            "list the new key in it beside the old one, use it with `didshake id new NAME --did DID --fragment KEY`, then take \
             the old one out",
        )),
    }
}

/// The log gets its entry and is published, and the new key signs. It is done where another key than before signs.
fn sign_anew(global: &Global, kept: &Kept, journal: &Journal) -> Result<(), Failure> {
    let is_replaced = || kept.header().is_some_and(|header| header.fragment.as_str() != journal.former);
    if !is_replaced() {
        keys::rotate_once(global, kept, journal.at_once)?;
    }
    if !is_replaced() {
        return Err(Failure::new(Exit::Storage, "not_replaced", format!("#{} still signs", journal.former))
            .remedy("another command has changed the log: say the same command again"));
    }
    // Of one that had begun with a grace: nothing that may fail comes before the old key goes.
    match journal.at_once && !kept.former_methods(&kept.log()?)?.is_empty() {
        true => keys::finish(global, kept),
        false => Ok(()),
    }
}

fn show_anew(global: &Global, options: &RotateIdentity, kept: &Kept) -> Result<(), Failure> {
    if options.keep_mailbox_key {
        return Ok(());
    }
    let identity = kept.identity()?;
    let runtime = runtime()?;
    let shown = runtime.block_on(show_mailbox_key(global, options, identity));
    runtime.shutdown_background();
    shown
}

async fn show_mailbox_key(global: &Global, options: &RotateIdentity, identity: SigningIdentity) -> Result<(), Failure> {
    let Resolution { resolver, failures } = options.documents.resolution()?;
    let limit = Duration::from_secs(30);
    let timeouts = Timeouts { attempt: limit, message: limit, ..Timeouts::default() };
    let surroundings = Surroundings { resolver, timeouts, ..Surroundings::default() };
    let post = Post::open(global, identity, &options.documents.web, (surroundings, failures), false).await?;
    if post.agent.store().mailboxes().await.map_err(|error| of_store(&error))?.is_empty() {
        return Ok(());
    }
    let _waiting = Waiting::on("showing a new mailbox key".to_owned(), global.json);
    let key = hex::encode(post.agent.rotate_key().await.map_err(|error| of_agent(&error, &post.failures))?);
    if global.json {
        output::json(&json!({"event": "mailbox_key", "key": key}));
    } else {
        output::note(&format!("the mailbox key is now {key}"));
    }
    Ok(())
}

/// Waits until the grace is over, by the clock or by the time that has passed, whichever comes first: a clock that was set
/// back would keep an old key for as long as it lies behind.
fn wait(global: &Global, since: u64, grace: u64) {
    let waiting =
        Waiting::on("waiting before the old key goes (Ctrl-C: the same command goes on)".to_owned(), global.json);
    let (begun, until) = (Instant::now(), UnixTime(since).plus(grace));
    loop {
        let left = until.0.saturating_sub(now().0).min(grace.saturating_sub(begun.elapsed().as_secs()));
        if left == 0 {
            return;
        }
        waiting.at(format!("the old key goes in {left} s (Ctrl-C: the same command goes on)"));
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Nobody can sign a card that somebody else keeps.
fn tell_of_cards(global: &Global, kept: &Kept, journal: &Journal) {
    if !global.json {
        output::note(&format!(
            "contact cards that were made before are signed with #{}, and are refused from now on: make new ones with `didshake id \
             share --as {}`; who has our card writes to us as before",
            journal.former, kept.name
        ));
    }
}

fn journal(kept: &Kept) -> Result<Option<Journal>, Failure> {
    let path = kept.path(JOURNAL);
    if !path.exists() {
        return Ok(None);
    }
    let journal = private_file::read(&path, MAX_JOURNAL).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    journal.map(Some).ok_or_else(|| {
        Failure::new(Exit::Storage, "rotation_journal", format!("{} is damaged", path.display())).remedy(
            "look at the document with `didshake did resolve`; `didshake did rotate NAME --finish` takes the old keys out; then \
             remove the file",
        )
    })
}

fn write(kept: &Kept, journal: &Journal, stage: Stage) -> Result<Stage, Failure> {
    let text = serde_json::to_vec(&Journal { stage, ..journal.clone() })
        .map_err(|error| Failure::new(Exit::Storage, "rotation_journal", error.to_string()))?;
    private_file::replace(&kept.path(JOURNAL), &text)?;
    Ok(stage)
}
