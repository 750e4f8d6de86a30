//! One text, several models: a line that ends in `@-name` is left out of the variant `name`, and one that ends in
//! `@+name` is in no other. A line may carry several marks.

use std::collections::BTreeSet;

/// The lines of a variant; those of the protocol as it is for the empty name.
pub(super) fn select(text: &str, variant: &str) -> String {
    text.lines().filter(|line| belongs(line, variant)).flat_map(|line| [line, "\n"]).collect()
}

/// The variants that a text has.
pub(super) fn names(text: &str) -> BTreeSet<&str> {
    text.lines().flat_map(marks).map(|(_, name)| name).collect()
}

fn belongs(line: &str, variant: &str) -> bool {
    let without = marks(line).any(|(sign, name)| sign == '-' && name == variant);
    let mut only = marks(line).filter(|(sign, _)| *sign == '+').peekable();
    !without && (only.peek().is_none() || only.any(|(_, name)| name == variant))
}

fn marks(line: &str) -> impl Iterator<Item = (char, &str)> {
    line.split(['@']).skip(1).filter_map(|mark| {
        let sign = mark.chars().next().filter(|sign| matches!(sign, '+' | '-'))?;
        let mark = mark.get(1..)?;
        let end = mark.find(|character: char| !character.is_ascii_alphanumeric() && character != '-');
        Some((sign, mark.get(..end.unwrap_or(mark.len()))?)).filter(|(_, name)| !name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "both\nas it is (* @-one @-two *)\nother (*@+one*)\nthird # @+two\n";

    #[test]
    fn a_variant_loses_and_gains_lines() {
        assert_eq!(select(TEXT, ""), "both\nas it is (* @-one @-two *)\n");
        assert_eq!(select(TEXT, "one"), "both\nother (*@+one*)\n");
        assert_eq!(select(TEXT, "two"), "both\nthird # @+two\n");
        assert_eq!(names(TEXT), BTreeSet::from(["one", "two"]));
    }

    #[test]
    fn what_is_no_mark_changes_nothing() {
        assert!(names("event(A(x))@i && a@b.example, @ +x @-").is_empty());
    }
}
