//! ProVerif on `spec/formal/proverif/`: everything, for whoever has it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::head::{self, Model};
use super::query::Query;
use super::verdict;
use crate::process::{command, root};

const FOLDER: &str = "spec/formal/proverif";

/// For one model or variant.
const LIMIT: Duration = Duration::from_secs(1800);

pub(super) fn queries() -> Result<Vec<Query>> {
    let mut found = Vec::new();
    for file in files(&root().join(FOLDER))? {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let topic = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let models = head::models(&text).with_context(|| format!("{}", file.display()))?;
        found.extend(models.into_iter().map(|model| query(&topic, model)));
    }
    Ok(found)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        found.push(entry?.path());
    }
    found.retain(|file| file.extension().is_some_and(|extension| extension == "pv"));
    found.sort();
    Ok(found)
}

fn query(topic: &str, model: Model) -> Query {
    let name = format!("ProVerif {topic} {}", model.variant);
    let file = Query::file(name.trim_end());
    Query::new(name.trim_end().into(), model.expected, move |folder| {
        let path = folder.join(format!("{file}.pv"));
        fs::write(&path, &model.text)?;
        let printed = verdict::run(command("proverif").arg(&path), &path.with_extension("out"), LIMIT)?;
        let verdicts = verdict::proverif(&printed)?;
        ensure!(!verdicts.is_empty(), "no verdict: {}", printed.lines().last().unwrap_or("it printed nothing"));
        Ok(verdicts)
    })
}
