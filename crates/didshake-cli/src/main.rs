//! The `didshake` program.

mod agent;
mod attempts;
mod browser;
mod cards;
mod certificates;
mod channel;
mod channel_failure;
mod chat;
mod circuits;
mod cli;
mod commands;
mod contact;
mod demo;
mod duration;
mod exec;
mod expected;
mod failure;
mod http_failure;
mod input;
mod invitation;
mod letters;
mod linked;
mod logging;
mod login;
mod meeting;
mod more_methods;
mod offer;
mod output;
mod passphrase;
mod peer_failure;
mod peer_log;
mod progress;
mod qr;
mod reach;
mod refusals;
mod request_parts;
mod resolver;
mod service;
mod sessions;
mod stderr;
mod storage;
mod talk;
mod target;
mod time_words;
mod web_access;
mod web_failures;
mod wire;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::failure::{Exit, Failure};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    // A service tells its operator what it does, asked or not.
    let least = u8::from(matches!(cli.command, Command::Serve(_) | Command::Relay(_)));
    logging::start(cli.global.verbose.max(least), cli.global.log_format);
    let code = match run(&cli).and_then(|()| output::check()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report(cli.global.json);
            failure.exit().into()
        }
    };
    stderr::settle();
    code
}

/// A command line that cannot be read, or a question for help.
fn usage(error: &clap::Error) -> ExitCode {
    // The options were not read: --json counts where it stands before `--`.
    let as_json = std::env::args_os().take_while(|argument| argument != "--").any(|argument| argument == "--json");
    if !error.use_stderr() || !as_json {
        return match error.print() {
            Err(cause) if !error.use_stderr() && cause.kind() != std::io::ErrorKind::BrokenPipe => Exit::Storage.into(),
            _ if error.use_stderr() => Exit::Usage.into(),
            _ => ExitCode::SUCCESS,
        };
    }
    let text = error.render().to_string();
    let message = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
    let failure = Failure::new(Exit::Usage, "usage", message).as_json().to_string();
    stderr::write(format!("{}\n", output::escaped_json(&failure)).as_bytes());
    Exit::Usage.into()
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let global = &cli.global;
    match &cli.command {
        Command::Id(command) => commands::id::run(global, command),
        Command::Did(command) => commands::did::run(global, command),
        Command::Listen(options) => commands::listen::run(global, options),
        Command::Connect(options) => commands::connect::run(global, options),
        Command::Pipe(options) => commands::pipe::run(global, options),
        Command::Login(options) => commands::login::run(global, options),
        Command::Request(options) => commands::request::run(global, options),
        Command::Logout(options) => commands::logout::run(global, options),
        Command::Sessions(options) => commands::sessions::run(global, options),
        Command::Admin(options) => commands::admin::run(global, options),
        Command::Certs(options) => commands::certs::run(global, options),
        Command::Peer(command) => commands::peer::run(global, command),
        Command::Mailbox(command) => commands::mailbox::run(global, command),
        Command::Send(options) => commands::send::run(global, options),
        Command::Chat(options) => commands::chat::run(global, options),
        Command::Outbox(options) => commands::outbox::run(global, options),
        Command::Inbox(options) => commands::inbox::run(global, options),
        Command::Inspect(options) => commands::inspect::run(global, options),
        Command::Vectors(command) => commands::vectors::run(global, command),
        Command::Serve(options) => commands::serve::run(global, options),
        Command::Relay(options) => commands::relay::run(global, options),
        Command::Audit(command) => commands::audit::run(global, command),
        Command::Backup(options) => commands::backup::backup(global, options),
        Command::Restore(options) => commands::backup::restore(global, options),
        Command::Doctor(options) => commands::doctor::run(global, options),
        Command::Demo(options) => commands::demo::run(global, options),
        Command::Completions(options) => commands::generate::completions(options),
        Command::Man(options) => commands::generate::man(options),
    }
}

#[cfg(test)]
mod tests {
    // Nothing else would tell: with the portable backend everything works, in twice the time.
    #[test]
    fn the_program_is_built_with_the_fast_backend() {
        assert_eq!(didshake::BACKEND, "AWS-LC");
    }
}
