//! `didshake demo`.

use std::io::IsTerminal;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::Global;
use crate::demo::{Attack, Cast, Told, attacks, handshake, heading, login, say};
use crate::failure::{Exit, Failure};
use crate::meeting::runtime;
use crate::output::{self, BAD, GOOD};

/// Time to read, between the scenes, where somebody reads.
const PAUSE: Duration = Duration::from_millis(900);

const AFTER_HELP: &str = "\
Two identities are made in a temporary directory, which is removed at the end. Alice and Bob run in this process and
talk over real TCP on 127.0.0.1; Alice logs in to a service, with its database, on a free port. Exit code 3 if an attack succeeds.";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Demo {
    /// One handshake and one login, without attacks and pauses
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(global: &Global, options: &Demo) -> Result<(), Failure> {
    let told = Told::to(!global.json);
    let runtime = runtime()?;
    let pause = if options.once || global.json || !std::io::stdout().is_terminal() { Duration::ZERO } else { PAUSE };
    let cast = Cast::new()?;
    heading(told, "Alice and Bob, two holders of a DID, meet on this machine");
    cast.introduce(told);
    let shown = runtime.block_on(handshake(&cast, told))?;
    let session = runtime.block_on(login(&cast, told))?;
    let attacks = if options.once { Vec::new() } else { runtime.block_on(run_attacks(&cast, told, pause))? };
    runtime.shutdown_background();
    finish(global, &json!({"handshake": shown, "login": session}), &attacks)
}

async fn run_attacks(cast: &Cast, told: Told, pause: Duration) -> Result<Vec<Attack>, Failure> {
    tokio::time::sleep(pause).await;
    heading(told, "Attacks, each a real handshake");
    let mut outcomes = Vec::new();
    for (title, attempt) in attacks(cast) {
        say(told, &format!("\n{title}"));
        let outcome = attempt.await?;
        outcome.tell(told);
        outcomes.push(outcome);
        tokio::time::sleep(pause).await;
    }
    Ok(outcomes)
}

fn finish(global: &Global, scenes: &Value, attacks: &[Attack]) -> Result<(), Failure> {
    let succeeded: Vec<&Attack> = attacks.iter().filter(|attack| attack.succeeded).collect();
    if global.json {
        let list: Vec<Value> = attacks.iter().map(Attack::as_json).collect();
        let (handshake, login) = (scenes.get("handshake"), scenes.get("login"));
        output::json(&json!({"handshake": handshake, "login": login, "attacks": list}));
    } else if attacks.is_empty() {
        output::line(&format!("\n{GOOD}Both sides know who the other is.{GOOD:#}"));
    } else if succeeded.is_empty() {
        let text = format!("Both sides know who the other is, and {} attacks failed.", attacks.len());
        output::line(&format!("\n{GOOD}{text}{GOOD:#}"));
        output::line("Try it yourself: didshake id new alice; didshake listen --help");
    } else {
        output::line(&format!("\n{BAD}{} of {} attacks SUCCEEDED.{BAD:#}", succeeded.len(), attacks.len()));
    }
    match succeeded.first() {
        None => Ok(()),
        Some(attack) => {
            let message = format!("the attack `{}` succeeded: this program must not be used", attack.name);
            Err(Failure::new(Exit::NotAuthenticated, "attack_succeeded", message))
        }
    }
}
