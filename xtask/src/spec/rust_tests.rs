//! The tests in a Rust file, and the requirements that the comments above them name.

use super::requirement::{Id, ids_in};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) name: String,
    /// From 1.
    pub(super) line: usize,
    pub(super) requirements: Vec<Id>,
}

const ATTRIBUTES: [&str; 3] = ["#[test]", "#[tokio::test]", "#[tokio::test("];

/// A function is a test when `#[test]` or `#[tokio::test]` stands above it, or when it stands in a `proptest!` block.
pub(super) fn tests_in(text: &str) -> Vec<Test> {
    let mut tests = Vec::new();
    let mut above = Above::default();
    let mut proptest = Proptest::default();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let inside = proptest.read(line);
        if line.starts_with("//") {
            above.requirements.extend(ids_in(line));
        } else if line.starts_with("#[") {
            above.is_test |= ATTRIBUTES.iter().any(|attribute| line.starts_with(attribute));
        } else {
            let Above { is_test, requirements } = std::mem::take(&mut above);
            if let Some(name) = function(line).filter(|_| is_test || inside) {
                tests.push(Test { name: name.to_owned(), line: number + 1, requirements });
            }
        }
    }
    tests
}

/// What the comments and attributes directly above a line say.
#[derive(Default)]
struct Above {
    is_test: bool,
    requirements: Vec<Id>,
}

/// Follows the braces of a `proptest!` block.
#[derive(Default)]
struct Proptest {
    depth: usize,
}

impl Proptest {
    /// Takes the next line; whether it stands directly inside the block.
    fn read(&mut self, line: &str) -> bool {
        if self.depth == 0 && !line.starts_with("proptest!") {
            return false;
        }
        let directly = self.depth == 1;
        let opened = line.matches('{').count();
        self.depth = (self.depth + opened).saturating_sub(line.matches('}').count());
        directly
    }
}

/// The name of the function whose signature begins at a line.
fn function(line: &str) -> Option<&str> {
    let mut rest = line;
    for qualifier in ["pub(crate) ", "pub ", "async ", "fn "] {
        rest = rest.strip_prefix(qualifier).unwrap_or(rest);
    }
    let signature = line.ends_with(rest) && line.len() != rest.len() && line.contains("fn ");
    let name = rest.split(|character: char| !character.is_alphanumeric() && character != '_').next()?;
    (signature && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, usize, Vec<String>)> {
        tests_in(text)
            .into_iter()
            .map(|test| (test.name, test.line, test.requirements.iter().map(Id::to_string).collect()))
            .collect()
    }

    #[test]
    fn tests_of_every_kind_are_found() {
        let text = "
#[test]
fn plain() {}
    /// R-A-1, R-A-2: why
    // R-B-1
    #[tokio::test]
    async fn later() {}
    #[tokio::test(flavor = \"multi_thread\")]
    #[ignore]
    async fn threads() {}
";
        let expected = [("plain", 3, vec![]), ("later", 7, vec!["R-A-1", "R-A-2", "R-B-1"]), ("threads", 10, vec![])];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(name, line, ids)| (name.to_owned(), line, ids.into_iter().map(str::to_owned).collect()))
            .collect();
        assert_eq!(found(text), expected);
    }

    #[test]
    fn a_property_is_a_test() {
        let text = "
proptest! {
    #![proptest_config(ProptestConfig { cases: 9, ..Default::default() })]

    // R-A-1
    fn property(x in 0..9) {
        if x > 3 { fn not_this() {} }
        fn nor_this() {}
    }
}
fn after() {}
";
        assert_eq!(found(text), [("property".to_owned(), 6, vec!["R-A-1".to_owned()])]);
    }

    #[test]
    fn other_functions_are_no_tests() {
        assert_eq!(found("// R-A-1\nfn helper() {}\n#[test]\n\nfn apart() {}\n// a fn in words\nfnord(x)\n"), []);
    }
}
