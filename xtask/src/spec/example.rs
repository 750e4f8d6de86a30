//! The worked examples: computed by the real crates, so that the specification cannot differ from the code.

use anyhow::Result;

use super::Fault;
use crate::process::{self, cargo};

const BEGIN: &str = "<!-- worked-example:begin -->";
const END: &str = "<!-- worked-example:end -->";
/// A handshake, and a signed request.
const VECTORS: [(&str, &str); 2] = [("### 20.1 A handshake", "p-key-ed25519"), ("### 20.2 A signed request", "r-post")];

/// What the program prints for the examples' vectors.
pub(super) fn compute() -> Result<String> {
    let mut parts = Vec::new();
    for (heading, vector) in VECTORS {
        let mut command = cargo();
        command.args(["run", "--quiet", "--release", "--locked", "--bin", "didshake", "--"]);
        let shown = process::output(command.args(["vectors", "show", vector, "--markdown"]))?;
        parts.push(format!("{heading}\n\n{}", shown.trim_end()));
    }
    Ok(parts.join("\n\n") + "\n")
}

/// The text has both marks once, each on a line of its own.
pub(super) fn check(text: &str) -> Option<Fault> {
    let places = |mark: &str| -> Vec<usize> {
        text.lines().enumerate().filter(|(_, line)| *line == mark).map(|(number, _)| number).collect()
    };
    match (places(BEGIN).as_slice(), places(END).as_slice()) {
        ([begin], [end]) if begin < end => None,
        ([first, ..], _) => Some(Fault::in_spec(first + 1, format!("`{BEGIN}` needs one `{END}` after it"))),
        _ => Some(Fault::in_spec(1, format!("needs the lines `{BEGIN}` and `{END}` for the worked example"))),
    }
}

/// The text with the example between the marks; unchanged where the marks are not right.
pub(super) fn fill(text: &str, example: &str) -> String {
    if check(text).is_some() {
        return text.to_owned();
    }
    let mut filled = String::with_capacity(text.len() + example.len());
    let mut inside = false;
    for line in text.lines() {
        inside &= line != END;
        if !inside {
            filled.push_str(line);
            filled.push('\n');
        }
        if line == BEGIN {
            inside = true;
            filled.push_str(example.trim_end());
            filled.push('\n');
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_replaces_what_stood_there() {
        let text = format!("a\n{BEGIN}\nold\nolder\n{END}\nb\n");
        let filled = fill(&text, "new\n\nlines\n\n");
        assert_eq!(filled, format!("a\n{BEGIN}\nnew\n\nlines\n{END}\nb\n"));
        assert_eq!(fill(&filled, "new\n\nlines\n\n"), filled);
    }

    #[test]
    fn wrong_marks_are_a_fault_and_change_nothing() {
        for text in [
            "no marks\n".to_owned(),
            format!("{BEGIN}\n"),
            format!("{END}\n{BEGIN}\n"),
            format!("{BEGIN}\n{END}\n{END}\n"),
            format!("see {BEGIN}\n{END}\n"),
        ] {
            assert!(check(&text).is_some(), "{text}");
            assert_eq!(fill(&text, "new"), text);
        }
    }
}
