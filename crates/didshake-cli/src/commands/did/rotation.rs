//! `didshake id rotate`: the whole of a rotation in one command, gone on with wherever it was cut off.

use std::time::Duration;

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

/// What is kept of a rotation that is under way.
const JOURNAL: &str = "rotation.json";
const MAX_JOURNAL: usize = 1024;

pub(crate) const HELP: &str = "\
A new key takes the place of the one that this identity signs with:

  1. The document lists both keys; its log is published; once its place serves it, the new key signs.
  2. A new mailbox key, signed with the new key, is shown at the relays of our mailboxes.
  3. After --grace the old key is taken out of the document: channels and sessions that it proved end at their next look.

A service that runs with --did-log follows by itself. What is cut off is gone on with by the same command. With --at-once, where
the old key may be in wrong hands, there is no grace.

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

/// How far a rotation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case", deny_unknown_fields)]
enum Stage {
    /// The log had so many entries before.
    Begun { entries: usize },
    /// The new key signs, since then.
    Signing { since: u64 },
    /// The relays show a mailbox key that it has signed.
    Shown { since: u64 },
}

pub(crate) fn run(global: &Global, options: &RotateIdentity) -> Result<(), Failure> {
    let method = storage::identities(global)?.header(&options.whose.name).map(|header| header.did.method().to_owned());
    if let Some(failure) = method.ok().and_then(|method| not_rotated(&method)) {
        return Err(failure);
    }
    let kept = Kept::asking(global, &options.whose, &options.documents.web)?;
    let stage = match journal(&kept)? {
        Some(stage) => stage,
        None => write(&kept, Stage::Begun { entries: kept.log()?.versions().len() })?,
    };
    let stage = match stage {
        Stage::Begun { entries } => sign_anew(global, &kept, options.at_once, entries)?,
        further => further,
    };
    let stage = match stage {
        Stage::Signing { since } => show_anew(global, options, &kept, since)?,
        further => further,
    };
    if let Stage::Shown { since } = stage {
        wait(global, UnixTime(since).plus(if options.at_once { 0 } else { options.grace }));
    }
    keys::finish(global, &kept, &kept.log()?)?;
    // Until then peers still take the old key.
    kept.served(global, &kept.log()?)?;
    Ok(std::fs::remove_file(kept.path(JOURNAL))?)
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

/// The log gets its entry and is published, and the new key signs. It is done where the log has grown and no key waits.
fn sign_anew(global: &Global, kept: &Kept, at_once: bool, entries: usize) -> Result<Stage, Failure> {
    let is_done = kept.log()?.versions().len() > entries && !kept.waiting().exists();
    if !is_done {
        keys::rotate_once(global, kept, at_once)?;
    }
    write(kept, Stage::Signing { since: now().0 })
}

fn show_anew(global: &Global, options: &RotateIdentity, kept: &Kept, since: u64) -> Result<Stage, Failure> {
    if !options.keep_mailbox_key {
        let identity = kept.identity()?;
        let runtime = runtime()?;
        let shown = runtime.block_on(show_mailbox_key(global, options, identity));
        runtime.shutdown_background();
        shown?;
    }
    write(kept, Stage::Shown { since })
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

fn wait(global: &Global, until: UnixTime) {
    let waiting =
        Waiting::on("waiting before the old key goes (Ctrl-C: the same command goes on)".to_owned(), global.json);
    while now() < until {
        let left = until.0.saturating_sub(now().0);
        waiting.at(format!("the old key goes in {left} s (Ctrl-C: the same command goes on)"));
        std::thread::sleep(Duration::from_secs(left.min(1)));
    }
}

fn journal(kept: &Kept) -> Result<Option<Stage>, Failure> {
    let path = kept.path(JOURNAL);
    if !path.exists() {
        return Ok(None);
    }
    let stage = private_file::read(&path, MAX_JOURNAL).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    stage.map(Some).ok_or_else(|| {
        Failure::new(Exit::Storage, "rotation_journal", format!("{} is damaged", path.display())).remedy(
            "look at the document with `didshake did resolve`; `didshake did rotate NAME --finish` takes the old keys out; then \
             remove the file",
        )
    })
}

fn write(kept: &Kept, stage: Stage) -> Result<Stage, Failure> {
    let text = serde_json::to_vec(&stage)
        .map_err(|error| Failure::new(Exit::Storage, "rotation_journal", error.to_string()))?;
    private_file::replace(&kept.path(JOURNAL), &text)?;
    Ok(stage)
}
