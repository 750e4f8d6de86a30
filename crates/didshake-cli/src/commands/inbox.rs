//! `didshake inbox`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use didshake_did::{Clock, SystemClock, private_file};
use didshake_peer::mailbox::InboxLetter;
use serde_json::json;

use crate::agent::{Online, Post, of_agent, of_store};
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::letters::{content_lines, file_name, inbox_json};
use crate::meeting::runtime;
use crate::output::{self, one_line};
use crate::progress::Waiting;
use crate::time_words::since;

/// Letters that are read from the store at once.
const PAGE: u32 = 64;
/// Another program may have taken letters into the same store: it is looked at this often.
const LOOK: Duration = Duration::from_secs(2);

const AFTER_HELP: &str = "\
Fetches what waits in our mailboxes, and shows letters that were not read yet. Each was signed by whom it says it is from,
and is taken once, however often a relay shows it. Whoever wrote a letter that was shown is told that it was read, unless
--peek. Letters of those who are no known peers are refused, unless --from-anyone.

A letter has a number that only ascends. A script that handles letters keeps the last number with what it did, and asks for
what comes after it: each letter once, whatever is killed between. --json prints one letter a line.

Where no relay can be reached, what is here already is shown, and the exit code is 5.

Examples:
  didshake inbox
  didshake inbox --follow
  didshake inbox --json --after 41 --limit 10
  didshake inbox --save ./letters            keep each letter's content in a file
  didshake inbox --forget 17                 remove a letter";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Inbox {
    /// Go on, and show letters as they come
    #[arg(long)]
    follow: bool,
    /// Show letters above this number, read or not
    #[arg(long, value_name = "N")]
    after: Option<u64>,
    /// Mark nothing as read, and tell nobody
    #[arg(long)]
    peek: bool,
    /// So many letters, the oldest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Show only what is here already: ask no relay
    #[arg(long, conflicts_with = "follow")]
    offline: bool,
    /// Write each letter's content to a file in this directory
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Take letters of those who are no known peers too
    #[arg(long)]
    from_anyone: bool,
    /// Remove a letter, and show nothing (repeatable)
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["follow", "after", "save"])]
    forget: Vec<u64>,
    #[command(flatten)]
    online: Online,
}

pub(crate) fn run(global: &Global, options: &Inbox) -> Result<(), Failure> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(inbox(global, options));
    runtime.shutdown_background();
    outcome
}

async fn inbox(global: &Global, options: &Inbox) -> Result<(), Failure> {
    let post = options.online.open(global, options.from_anyone).await?;
    if !options.forget.is_empty() {
        return forget(global, options, &post).await;
    }
    let mut reader = Reader { global, options, post: &post, after: options.after.unwrap_or_default(), shown: 0 };
    if options.follow {
        return reader.follow().await;
    }
    let fetched = if options.offline { Ok(()) } else { fetch(global, &post).await };
    reader.show_all().await?;
    if !options.offline {
        // Receipts too: what cannot go now goes with the next run.
        post.agent.deliver().await.map_err(|error| of_agent(&error, &post.failures))?;
    }
    if reader.shown == 0 && fetched.is_ok() && !global.json {
        output::note(if options.after.is_some() { "no letters after that" } else { "no new letters" });
    }
    fetched
}

/// Takes what waits.
async fn fetch(global: &Global, post: &Post) -> Result<(), Failure> {
    let mailboxes = post.agent.store().mailboxes().await.map_err(|error| of_store(&error))?;
    if mailboxes.is_empty() {
        return Err(Failure::new(Exit::Policy, "no_mailbox", "this identity has no mailbox: nobody can leave letters")
            .remedy("open one at a relay: `didshake mailbox open URL`"));
    }
    let waiting = Waiting::on("fetching letters".to_owned(), global.json);
    let fetched = post.agent.fetch(0).await;
    waiting.pause();
    fetched.map(drop).map_err(|error| of_agent(&error, &post.failures))
}

async fn forget(global: &Global, options: &Inbox, post: &Post) -> Result<(), Failure> {
    for number in &options.forget {
        let gone = post.agent.store().forget(*number).await.map_err(|error| of_store(&error))?;
        if !gone {
            return Err(Failure::new(Exit::Usage, "no_letter", format!("there is no letter {number} in the inbox")));
        }
        let told = json!({"event": "forgotten", "number": number});
        if global.json { output::json(&told) } else { output::line(&format!("letter {number} is removed")) }
    }
    Ok(())
}

struct Reader<'a> {
    global: &'a Global,
    options: &'a Inbox,
    post: &'a Post,
    after: u64,
    shown: u64,
}

impl Reader<'_> {
    async fn follow(&mut self) -> Result<(), Failure> {
        let mut changes = self.post.agent.changes();
        let mut running = self.post.runs();
        loop {
            self.show_all().await?;
            if self.is_done() {
                return Ok(());
            }
            tokio::select! {
                ended = running.over() => return Err(of_agent(&ended, &self.post.failures)),
                _ = changes.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    fn is_done(&self) -> bool {
        self.options.limit.is_some_and(|limit| self.shown >= limit)
    }

    /// Shows what was not shown yet, each before it is marked as read.
    async fn show_all(&mut self) -> Result<(), Failure> {
        loop {
            let letters = self.page().await?;
            if letters.is_empty() {
                return Ok(());
            }
            for letter in letters {
                if self.is_done() {
                    return Ok(());
                }
                self.after = letter.number;
                self.show(&letter)?;
                self.shown += 1;
                if !self.options.peek && !letter.read {
                    let marked = self.post.agent.mark_read(std::slice::from_ref(&letter)).await;
                    marked.map_err(|error| of_agent(&error, &self.post.failures))?;
                }
            }
        }
    }

    async fn page(&self) -> Result<Vec<InboxLetter>, Failure> {
        let store = self.post.agent.store();
        let page = match self.options.after {
            Some(_) => store.inbox(self.after, PAGE).await,
            None => store.unread(self.after, PAGE).await,
        };
        page.map_err(|error| of_store(&error))
    }

    fn show(&self, letter: &InboxLetter) -> Result<(), Failure> {
        let saved = self.options.save.as_ref().map(|directory| save(directory, letter)).transpose()?;
        let name = self.post.name_of(&letter.sender);
        if self.global.json {
            let mut told = inbox_json(letter, name);
            if let (Some(told), Some(path)) = (told.as_object_mut(), &saved) {
                told.insert("file".to_owned(), json!(path.display().to_string()));
            }
            output::json(&told);
            return output::check();
        }
        let from = match name {
            Some(name) => format!("{name} ({})", letter.sender),
            None => format!("{}, who is no known peer", letter.sender),
        };
        let when = since(letter.sent, SystemClock.now());
        let head = format!("{}  from {from}  {when}", letter.number);
        output::line(&format!("{}{head}{:#}", output::BOLD, output::BOLD));
        match &saved {
            Some(path) => output::line(&format!("  ({} in {})", one_line(&letter.content_type), path.display())),
            None => content_lines(&letter.content_type, &letter.content).iter().for_each(|line| output::line(line)),
        }
        output::check()
    }
}

fn save(directory: &std::path::Path, letter: &InboxLetter) -> Result<PathBuf, Failure> {
    let path = directory.join(file_name(letter));
    let kept = private_file::create_directory(directory).and_then(|()| private_file::replace(&path, &letter.content));
    kept.map_err(|error| Failure::new(Exit::Storage, "save", format!("cannot write {}: {error}", path.display())))?;
    Ok(path)
}
