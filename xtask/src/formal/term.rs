//! Terms of the symbolic model, read from the description and written for the provers.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, bail};

/// A name that stands for a term, or a function of terms. A constant is a function of none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Term {
    Name(String),
    Call(String, Vec<Term>),
}

pub(super) type Bindings = BTreeMap<String, Term>;

pub(super) fn name(text: impl Into<String>) -> Term {
    Term::Name(text.into())
}

pub(super) fn call<const N: usize>(function: &str, arguments: [Term; N]) -> Term {
    Term::Call(function.into(), arguments.into())
}

/// Pairs to the right: (a, b, c) = p(a, p(b, c)). Of one element, the element.
pub(super) fn tuple(elements: Vec<Term>) -> Term {
    let pairs = elements.into_iter().rev().reduce(|rest, first| call("p", [first, rest]));
    pairs.unwrap_or_else(|| call("nothing", []))
}

impl Term {
    /// Reads `f(x, ("label", y))`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut rest = text.trim();
        let term = parse(&mut rest)?;
        if !rest.trim().is_empty() {
            bail!("`{rest}` is left over of the term `{text}`");
        }
        Ok(term)
    }

    /// The term with every bound name replaced, also in what is put in.
    pub(super) fn substitute(&self, bindings: &Bindings) -> Self {
        match self {
            Self::Name(own) => bindings.get(own).map_or_else(|| self.clone(), |bound| bound.substitute(bindings)),
            Self::Call(function, arguments) => {
                Self::Call(function.clone(), arguments.iter().map(|term| term.substitute(bindings)).collect())
            }
        }
    }

    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::Name(own) => vec![own],
            Self::Call(_, arguments) => arguments.iter().flat_map(Self::names).collect(),
        }
    }

    /// Every function in the term, with the number of its arguments.
    pub(super) fn functions(&self, into: &mut BTreeMap<String, usize>) {
        if let Self::Call(function, arguments) = self {
            into.insert(function.clone(), arguments.len());
            arguments.iter().for_each(|term| term.functions(into));
        }
    }
}

/// Binds names so that the two terms are one. False: there is no way. (No term here can contain itself, as every name
/// that is bound is new on one of the sides.)
pub(super) fn unify(left: &Term, right: &Term, bindings: &mut Bindings) -> bool {
    match (left.substitute(bindings), right.substitute(bindings)) {
        (left, right) if left == right => true,
        (Term::Name(own), term) | (term, Term::Name(own)) => {
            bindings.insert(own, term);
            true
        }
        (Term::Call(left, of_left), Term::Call(right, of_right)) => {
            left == right
                && of_left.len() == of_right.len()
                && of_left.iter().zip(&of_right).all(|(left, right)| unify(left, right, bindings))
        }
    }
}

fn parse(rest: &mut &str) -> Result<Term> {
    *rest = rest.trim_start();
    if let Some(label) = rest.strip_prefix('"') {
        let Some((label, after)) = label.split_once('"') else { bail!("a label that does not end: `{rest}`") };
        *rest = after;
        return Ok(call(&constant(label), []));
    }
    let end = rest.find(|character: char| !character.is_ascii_alphanumeric() && character != '_').unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after;
    match (word.is_empty(), after.starts_with('(')) {
        (true, true) => Ok(tuple(arguments(rest)?)),
        (false, true) => Ok(Term::Call(word.into(), arguments(rest)?)),
        (false, false) => Ok(name(word)),
        (true, false) => bail!("no term begins with `{rest}`"),
    }
}

fn arguments(rest: &mut &str) -> Result<Vec<Term>> {
    let mut found = Vec::new();
    if let Some(after) = rest.strip_prefix("()") {
        *rest = after;
        return Ok(found);
    }
    loop {
        *rest = rest.get(1..).unwrap_or_default();
        found.push(parse(rest)?);
        *rest = rest.trim_start();
        match rest.chars().next() {
            Some(',') => {}
            Some(')') => break,
            _ => bail!("`,` or `)` expected before `{rest}`"),
        }
    }
    *rest = rest.get(1..).unwrap_or_default();
    Ok(found)
}

/// A label as a constant's name.
fn constant(label: &str) -> String {
    let sane = |character: char| if character.is_ascii_alphanumeric() { character } else { '_' };
    format!("l_{}", label.chars().map(sane).collect::<String>())
}

/// As TPTP: variables begin with a capital letter.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(own) => write!(f, "V_{own}"),
            Self::Call(function, arguments) => {
                write!(f, "{function}")?;
                let arguments: Vec<String> = arguments.iter().map(Self::to_string).collect();
                if arguments.is_empty() { Ok(()) } else { write!(f, "({})", arguments.join(",")) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_and_written() {
        for (text, written) in [
            ("x", "V_x"),
            ("(a, \"i2r\", b)", "p(V_a,p(l_i2r,V_b))"),
            ("mac(h((a, b)), \"\")", "mac(h(p(V_a,V_b)),l_)"),
        ] {
            assert_eq!(Term::parse(text).unwrap().to_string(), written);
        }
        for text in ["", "f(", "f(a", "(a b)", "a)", "\"open"] {
            assert!(Term::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn unification_binds_or_fails() {
        let mut bindings = Bindings::new();
        let [left, right] = ["p(x, h(y))", "p(h(y), h(z))"].map(|text| Term::parse(text).unwrap());
        assert!(unify(&left, &right, &mut bindings));
        assert_eq!(left.substitute(&bindings), right.substitute(&bindings));
        assert!(!unify(&Term::parse("h(x)").unwrap(), &Term::parse("exp(x)").unwrap(), &mut Bindings::new()));
    }
}
