//! Who may need whom: an app that embeds didshake brings neither our database nor our service along.

use anyhow::{Result, bail};

use crate::process::{self, cargo};

/// A package, and what must not come with it.
const APART: [(&str, &[&str]); 1] = [("didshake-axum", &["sqlx", "sqlx-core", "libsqlite3-sys", "didshake-server"])];

pub(crate) fn run() -> Result<()> {
    for (package, unwanted) in APART {
        let mut command = cargo();
        command.args(["tree", "--locked", "--package", package, "--edges", "normal,build", "--prefix", "none"]);
        let tree = process::output(&mut command)?;
        if let Some(found) = first_of(unwanted, &tree) {
            bail!("{package} needs {found}: an app that embeds it would have to build that");
        }
    }
    Ok(())
}

/// The first line of a tree without prefixes that is one of these packages.
fn first_of<'a>(unwanted: &[&'a str], tree: &str) -> Option<&'a str> {
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    unwanted.iter().copied().find(|package| names.contains(package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_found_by_its_whole_name() {
        let tree = "didshake-axum v0.1.0 (/x)\naxum v0.8.9\nsqlx-core v0.9.0\n";
        assert_eq!(first_of(&["sqlx", "sqlx-core"], tree), Some("sqlx-core"));
        assert_eq!(first_of(&["sqlx", "didshake-server"], tree), None);
    }
}
