//! `didshake connect`.

use std::sync::Arc;

use clap::Args;
use tokio::sync::Mutex;

use crate::chat::{Manner, chat};
use crate::cli::Global;
use crate::failure::Failure;
use crate::input::Lines;
use crate::meeting::{runtime, tell_connected};
use crate::target::{Attempt, Target};
use crate::{exec, output};

const AFTER_HELP: &str = "\
Lines typed here appear on the other side. Ctrl-D ends our side and waits for the other's. Pipes work:
  echo hello | didshake connect 127.0.0.1:7007 --as alice --expect bob
On a terminal each line of the peer begins with `< `. When the peer ends its side, ours stays open until Ctrl-D or the
end of the input; a connection that breaks ends it too (exit code 5). Typed at the beginning of a line, /verify shows
the words of --verify.

Whom we meet is never left open: --expect says it, or the address is a known peer, or (on a terminal) you are
asked after the peer has proved its DID and before it learns yours. A script is refused instead: exit code 4.

A known peer whose card we have is met by its NAME: at the endpoints of the card, and where nobody answers there, through the
relay of its mailbox, while it runs `didshake listen --relay`. The relay passes bytes that it cannot read or change.
  didshake connect bob --as alice
Exit code 5 where it is not there now; `didshake send bob` leaves a letter.

The peer need not be on the network. With --exec a command leads to it:
  didshake connect --exec 'ssh bob.example didshake listen --stdio --as bob --allow-known --exec CMD' --as alice --expect bob
With --stdio our own standard input and output lead to it, for a program that starts us; --run is what talks then. Notes
and --json events go to standard error. A command of --run finds who the peer is in its environment, as with `listen
--exec`.

For bytes that are no lines, and long ones, there is `didshake pipe`.";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Connect {
    #[command(flatten)]
    target: Target,
    /// Our own standard input and output lead to the peer
    #[arg(long, requires = "run", conflicts_with_all = ["target", "exec"])]
    stdio: bool,
    /// Run this (`sh -c CMD`) with the channel as its input and output, in place of lines from here
    #[arg(long, value_name = "CMD")]
    run: Option<String>,
}

pub(crate) fn run(global: &Global, options: &Connect) -> Result<(), Failure> {
    if options.stdio {
        output::events_to_stderr();
    }
    let attempt = options.target.attempt(global, options.stdio, !options.stdio)?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(meet(global, options, attempt));
    runtime.shutdown_background();
    outcome
}

async fn meet(global: &Global, options: &Connect, attempt: Attempt<'_>) -> Result<(), Failure> {
    let verify = options.target.meeting().verify;
    if options.stdio {
        let (channel, after) = attempt.meet(None).await?.apart();
        let outcome = exec::run(channel, options.run.as_deref().unwrap_or_default(), global.json, verify).await;
        after.end().await;
        return outcome;
    }
    let lines = Arc::new(Mutex::new(Lines::of_stdin()));
    let (channel, after) = attempt.meet(Some(&lines)).await?.apart();
    let outcome = match &options.run {
        Some(command) => exec::run(channel, command, global.json, verify).await,
        None => {
            tell_connected(channel.agreed(), global.json, verify)?;
            let mut lines = lines.lock().await;
            chat(channel, &mut lines, Manner { as_json: global.json, ends_with_peer: false }).await
        }
    };
    after.end().await;
    outcome
}
