//! What came of a run: files for people and for machines, and a text for the terminal.

mod badge;
pub mod coverage;
mod decode;
mod difference;
pub mod expected;
mod html;
mod junit;
mod layout;
mod page;
mod summary;
mod tally;

#[cfg(test)]
mod made_up;

use std::path::Path;
use std::{fs, io};

use serde::Serialize;

pub use self::coverage::strongest;
pub use self::summary::summary;
pub use self::tally::success;
use crate::runner::case::Run;

/// Writes `results.json`, `junit.xml`, `report.html`, `badge.json` and `coverage.json` into a directory, which is
/// created if it is missing; files of those names are replaced.
///
/// # Errors
///
/// When the directory or a file cannot be written; the message names it.
pub fn write(run: &Run, directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory).map_err(|cause| named(directory, &cause))?;
    let files = [
        ("results.json", pretty(run)?),
        ("junit.xml", junit::text(run)),
        ("report.html", html::text(run)?),
        ("badge.json", pretty(&badge::badge(run))?),
        ("coverage.json", pretty(&run.coverage)?),
    ];
    for (name, text) in files {
        let path = directory.join(name);
        fs::write(&path, text).map_err(|cause| named(&path, &cause))?;
    }
    Ok(())
}

fn named(path: &Path, cause: &io::Error) -> io::Error {
    io::Error::new(cause.kind(), format!("{}: {cause}", path.display()))
}

fn pretty(value: &impl Serialize) -> io::Result<String> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_written_below_a_new_directory() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("a/b");
        write(&made_up::run(), &directory).unwrap();
        for name in ["results.json", "junit.xml", "report.html", "badge.json", "coverage.json"] {
            let text = fs::read_to_string(directory.join(name)).unwrap();
            assert!(text.ends_with('\n'), "{name}");
        }
    }

    #[test]
    fn results_hold_the_case_and_its_outcome_in_one_object() {
        let results = serde_json::to_value(made_up::run()).unwrap();
        let failed = &results["results"][1];
        assert_eq!(failed["id"], "live/hello-version-2");
        assert_eq!(failed["outcome"], "failed");
        assert_eq!(failed["what"], "reply");
        assert_eq!(failed["level"], "MUST");
    }

    #[test]
    fn an_error_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("junit.xml")).unwrap();
        let error = write(&made_up::run(), folder.path()).unwrap_err();
        assert!(error.to_string().contains("junit.xml"), "{error}");
    }
}
