//! `didshake completions` and `didshake man`.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::{Exit, Failure};
use crate::output;

#[derive(Args)]
#[command(after_help = "Example: didshake completions bash > ~/.local/share/bash-completion/completions/didshake")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  didshake man | man -l -\n  didshake man ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Write a page for each command into this directory
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(crate) fn completions(options: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "didshake", &mut script);
    output::bytes(&script);
    Ok(())
}

pub(crate) fn man(options: &Man) -> Result<(), Failure> {
    match &options.directory {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            output::bytes(&page);
            Ok(())
        }
        Some(directory) => {
            let written =
                std::fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(Cli::command(), directory));
            written.map_err(|error| {
                Failure::new(Exit::Storage, "io", format!("cannot write to {}: {error}", directory.display()))
            })
        }
    }
}
