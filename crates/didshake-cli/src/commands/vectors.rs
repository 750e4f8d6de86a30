//! `didshake vectors`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use didshake_vectors::{Checked, LoadError, load};
use serde_json::json;

use crate::cli::Global;
use crate::failure::{Exit, Failure, chain};
use crate::output::{self, printable};
use crate::progress;

const AFTER_HELP: &str = "\
Each positive is played in both roles and compared byte for byte, with every intermediate, record and export. Each
negative must be refused by the role, at the message, with the error and the alert that it names. Signed requests are
signed anew and go through the checks of a service; a bad one must be refused with the error that it names.
Exit code 1 if any vector fails.

Examples:
  didshake vectors verify
  didshake vectors verify ./vectors --only n-finish-replayed
  didshake vectors verify --only r-post --only r-replayed
  didshake vectors show p-key-ed25519 --markdown
  didshake vectors show r-post";

#[derive(Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(crate) enum Vectors {
    /// Run vectors through this program's own code
    #[command(after_help = AFTER_HELP)]
    Verify {
        /// The directory with positive/, negative/, request/, mailbox/ and card/
        #[arg(value_name = "DIR", default_value = "vectors")]
        directory: PathBuf,
        /// Run this one alone (repeatable)
        #[arg(long, value_name = "ID")]
        only: Vec<String>,
    },
    /// Show a positive as a worked example, computed anew from its configuration
    Show {
        /// The vector
        id: String,
        /// The directory with positive/, negative/ and request/
        #[arg(long, value_name = "DIR", default_value = "vectors")]
        directory: PathBuf,
        /// As markdown, every message field by field
        #[arg(long)]
        markdown: bool,
    },
}

pub(crate) fn run(global: &Global, command: &Vectors) -> Result<(), Failure> {
    match command {
        Vectors::Verify { directory, only } => verify(global, directory, only),
        Vectors::Show { id, directory, markdown } => show(id, directory, *markdown),
    }
}

fn verify(global: &Global, directory: &Path, only: &[String]) -> Result<(), Failure> {
    let mut vectors = load(directory).map_err(|error| unreadable(&error))?;
    if let Some(absent) = only.iter().find(|id| !vectors.iter().any(|vector| vector.id() == **id)) {
        return Err(absent_vector(absent, directory));
    }
    vectors.retain(|vector| only.is_empty() || only.contains(&vector.id()));
    let bar = progress::bar(vectors.len(), global.json);
    let mut areas: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut results = Vec::new();
    let mut failed = Vec::new();
    for vector in &vectors {
        bar.set_message(printable(&vector.id()));
        let outcome = vector.verify();
        let (good, all) = areas.entry(area(vector)).or_default();
        (*good, *all) = (*good + usize::from(outcome.is_ok()), *all + 1);
        let error = outcome.as_ref().err().map(ToString::to_string);
        results.push(json!({"id": vector.id(), "area": area(vector), "ok": outcome.is_ok(), "error": error}));
        failed.extend(error.map(|error| format!("{}: {error}", vector.id())));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let (total, passed) = (vectors.len(), vectors.len() - failed.len());
    if global.json {
        output::json(&json!({"total": total, "passed": passed, "failed": failed.len(), "vectors": results}));
    } else {
        for (area, (good, all)) in &areas {
            output::line(&format!("{:<12} {good:>4} of {all:>4}", printable(area)));
        }
        output::line(&format!("{:<12} {passed:>4} of {total:>4}", "all"));
        failed.iter().for_each(|line| output::line(&format!("FAILED {}", printable(line))));
    }
    match failed.len() {
        0 => Ok(()),
        _ if global.json => Err(Failure::silent(Exit::Check)),
        count => Err(Failure::new(Exit::Check, "vectors", format!("{count} of {total} vectors fail"))),
    }
}

fn area(vector: &Checked) -> String {
    vector.vector.as_ref().map_or_else(|_| String::from("unreadable"), |vector| vector.area().to_owned())
}

fn show(id: &str, directory: &Path, as_markdown: bool) -> Result<(), Failure> {
    let vectors = load(directory).map_err(|error| unreadable(&error))?;
    let found = vectors.into_iter().find(|vector| vector.id() == id).ok_or_else(|| absent_vector(id, directory))?;
    let shown = found.vector.and_then(|vector| if as_markdown { vector.markdown() } else { vector.text() });
    let shown = shown.map_err(|failure| Failure::new(Exit::Check, "vectors", format!("{id}: {failure}")))?;
    output::text(&printable(&shown));
    Ok(())
}

fn absent_vector(id: &str, directory: &Path) -> Failure {
    Failure::new(Exit::Usage, "no_vector", format!("there is no vector `{id}` in {}", directory.display()))
}

fn unreadable(error: &LoadError) -> Failure {
    Failure::new(Exit::Storage, "vectors", chain(error))
        .remedy("give the directory of the vectors: `didshake vectors verify DIR`")
}
