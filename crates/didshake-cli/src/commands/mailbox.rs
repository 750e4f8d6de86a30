//! `didshake mailbox`.

mod open;
mod tokens;

use clap::Subcommand;
use didshake::Origin;
use didshake_peer::http::WebClient;
use didshake_peer::mailbox::OwnMailbox;
use didshake_peer::mailbox::relay::RelayOwner;
use serde_json::{Value, json};

use crate::agent::{Online, Post, of_agent, of_relay, of_store};
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::meeting::runtime;
use crate::output;
use crate::progress::Waiting;
use crate::service::ServiceUrl;

const AFTER_HELP: &str = "\
A mailbox at a relay takes letters for us while we are away. The relay proves who it is, and learns our DID; it cannot read
the letters, and is not told whom they are from. Whoever may leave some has a token of ours, in a card: `didshake id share`.

Examples:
  didshake mailbox open https://relay.example     the relay is confirmed once, as with `didshake login`
  didshake id share --for bob                     a card for Bob, with a token of his own
  didshake mailbox tokens                         to whom we gave one
  didshake mailbox revoke bob                     Bob can leave no more letters
  didshake mailbox close                          what waits in it is gone for good";

#[derive(Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(crate) enum Mailbox {
    /// Open a mailbox at a relay, or find the one that is open there
    Open(Box<open::Open>),
    /// Show our mailboxes, and what waits in them
    Show {
        #[command(flatten)]
        online: Box<Online>,
    },
    /// Close a mailbox: what waits in it is gone, and cards with it lead nowhere
    Close {
        /// The relay, where we have mailboxes at several
        #[arg(value_name = "URL")]
        relay: Option<String>,
        /// Also where letters wait
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        online: Box<Online>,
    },
    /// Show to whom we gave a token, so that they can leave letters
    Tokens {
        #[command(flatten)]
        online: Box<Online>,
    },
    /// Take back tokens: whoever has one can leave no more letters
    Revoke {
        /// To whom it was given, or the beginning of its hash (at least 8 characters)
        #[arg(value_name = "NAME|HASH")]
        who: String,
        #[command(flatten)]
        online: Box<Online>,
    },
    /// Make a new mailbox key now; letters that are under way to the old one still open
    Rotate {
        #[command(flatten)]
        online: Box<Online>,
    },
}

pub(crate) fn run(global: &Global, command: &Mailbox) -> Result<(), Failure> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        match command {
            Mailbox::Open(options) => open::open(global, options).await,
            Mailbox::Show { online } => show(global, online).await,
            Mailbox::Close { relay, yes, online } => close(global, relay.as_deref(), *yes, online).await,
            Mailbox::Tokens { online } => tokens::list(global, online).await,
            Mailbox::Revoke { who, online } => tokens::revoke(global, who, online).await,
            Mailbox::Rotate { online } => rotate(global, online).await,
        }
    });
    runtime.shutdown_background();
    outcome
}

async fn show(global: &Global, online: &Online) -> Result<(), Failure> {
    let post = online.open(global, false).await?;
    let mailboxes = post.agent.store().mailboxes().await.map_err(|error| of_store(&error))?;
    if mailboxes.is_empty() && !global.json {
        output::note("no mailbox yet: `didshake mailbox open URL`");
    }
    let mut failed = Ok(());
    for mailbox in &mailboxes {
        let _waiting = Waiting::on(format!("asking {}", mailbox.origin), global.json);
        let status = owner(&post, mailbox)?.status().await;
        let now = status.as_ref().ok();
        let told = json!({
            "relay": mailbox.origin.as_str(),
            "relayDid": mailbox.relay.as_str(),
            "url": mailbox.url.as_str(),
            "opened": mailbox.opened.0,
            "waiting": now.map(|now| now.waiting),
            "bytes": now.map(|now| now.bytes),
            "mostWaiting": now.map(|now| now.most_waiting),
            "mostBytes": now.map(|now| now.most_bytes),
            "key": now.and_then(|now| now.key).map(hex::encode),
            "keyEnds": now.and_then(|now| now.key_ends).map(|ends| ends.0),
        });
        tell(global, &told);
        failed = failed.and(status.map(drop).map_err(|error| of_relay(&error, &post.failures)));
    }
    failed
}

fn tell(global: &Global, told: &Value) {
    if global.json {
        output::json(told);
        return;
    }
    let text = |member: &str| told.get(member).and_then(Value::as_str).unwrap_or_default();
    let number = |member: &str| told.get(member).and_then(Value::as_u64);
    output::line(&format!("relay    {} ({})", text("relay"), text("relayDid")));
    output::line(&format!("mailbox  {}", text("url")));
    match (number("waiting"), number("bytes"), number("mostWaiting")) {
        (Some(waiting), Some(bytes), Some(most)) => {
            output::line(&format!("waiting  {waiting} of {most} letters, {bytes} bytes"));
        }
        _ => output::line("waiting  not known: the relay does not answer"),
    }
}

async fn close(global: &Global, relay: Option<&str>, yes: bool, online: &Online) -> Result<(), Failure> {
    let post = online.open(global, false).await?;
    let mailbox = one(&post, relay).await?;
    let status = owner(&post, &mailbox)?.status().await.map_err(|error| of_relay(&error, &post.failures))?;
    if status.waiting > 0 && !yes {
        let message = format!("{} letters wait in the mailbox, and would be gone for good", status.waiting);
        return Err(Failure::new(Exit::Policy, "letters_wait", message)
            .remedy("fetch them first: `didshake inbox`; or close it all the same with --yes"));
    }
    let closed = post.agent.close_mailbox(&mailbox.origin).await;
    closed.map_err(|error| of_agent(&error, &post.failures))?;
    done(
        global,
        &format!("the mailbox at {} is closed", mailbox.origin),
        &json!({
            "relay": mailbox.origin.as_str(), "closed": true,
        }),
    );
    Ok(())
}

async fn rotate(global: &Global, online: &Online) -> Result<(), Failure> {
    let post = online.open(global, false).await?;
    let key = post.agent.rotate_key().await.map_err(|error| of_agent(&error, &post.failures))?;
    let key = hex::encode(key);
    done(global, &format!("the mailbox key is now {key}"), &json!({"key": key}));
    Ok(())
}

/// The mailbox at this relay, or the only one.
pub(super) async fn one(post: &Post, relay: Option<&str>) -> Result<OwnMailbox, Failure> {
    let origin = relay.map(ServiceUrl::parse).transpose()?.map(|url| url.origin);
    let mut mailboxes = post.agent.store().mailboxes().await.map_err(|error| of_store(&error))?;
    mailboxes.retain(|mailbox| origin.as_ref().is_none_or(|origin| mailbox.origin == *origin));
    let several = mailboxes.len() > 1;
    match mailboxes.pop() {
        Some(_) if several => {
            Err(Failure::new(Exit::Usage, "several_mailboxes", "there are mailboxes at several relays")
                .remedy("say which: give the relay's URL"))
        }
        Some(mailbox) => Ok(mailbox),
        None => {
            let at = origin.as_ref().map(|origin| format!(" at {origin}")).unwrap_or_default();
            let url = origin.as_ref().map_or("URL", Origin::as_str);
            Err(Failure::new(Exit::Policy, "no_mailbox", format!("this identity has no mailbox{at}"))
                .remedy(format!("open one: `didshake mailbox open {url}`")))
        }
    }
}

fn owner(post: &Post, mailbox: &OwnMailbox) -> Result<RelayOwner, Failure> {
    let client = WebClient::new(&post.web);
    let client = client.map_err(|error| Failure::new(Exit::Usage, "web_client", error.to_string()))?;
    let (origin, relay) = (mailbox.origin.clone(), mailbox.relay.clone());
    Ok(RelayOwner::new(client, post.agent.identity().clone(), origin, relay, post.surroundings.clone()))
}

fn done(global: &Global, text: &str, value: &Value) {
    if global.json { output::json(value) } else { output::line(text) }
}
