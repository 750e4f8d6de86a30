//! What everybody can do: the attacker's clauses, the DIDs, and when two terms differ.

use std::collections::BTreeMap;

use super::clauses::Clause;
use super::description::{Goal, Kind};
use super::term::{Term, call, name};

/// What the attacker can compute.
const FUNCTIONS: [(&str, usize); 9] =
    [("exp", 1), ("dh", 2), ("h", 1), ("extract", 2), ("expand", 2), ("aead", 3), ("pk", 1), ("sign", 2), ("p", 2)];

/// Adds everything but the roles.
pub(super) fn complete(clauses: &mut Vec<Clause>, goal: &Goal) {
    clauses.extend(holders());
    clauses.extend(computes("att", clauses));
    if matches!(goal.kind, Kind::Secret(_)) {
        clauses.extend(computes("later", clauses));
        clauses.push(Clause::new(
            "what is known stays known",
            vec![call("att", [name("x")])],
            call("later", [name("x")]),
        ));
        let key = call("sk", [name("x"), name("y")]);
        clauses.push(Clause::new("all long-term keys leak when all is over", vec![], call("later", [key])));
    }
    clauses.extend(other_functions(clauses));
    if predicates(clauses).contains_key("differ") {
        clauses.extend(differences(&functions(clauses)));
    }
}

/// R-ID-6: a method of a DID leads to one key, and everybody finds the same. `holder` is the DID of somebody honest, with
/// any number of methods; `adv` one that the attacker has made; `public` a name that everybody knows.
fn holders() -> Vec<Clause> {
    let [x, y, z] = ["x", "y", "z"].map(name);
    let attacker = |term: &Term| call("att", [term.clone()]);
    let key = |holder: &Term| call("sk", [holder.clone(), y.clone()]);
    let holder = call("holder", [x.clone()]);
    let stolen = key(&call("holder", [call("bad", [x.clone()])]));
    let own = call("adv", [x.clone()]);
    let public = call("pk", [key(&holder)]);
    vec![
        Clause::new("a DID of somebody honest", vec![], attacker(&holder)),
        Clause::new("whose keys are public", vec![], attacker(&public)),
        Clause::new("and can be resolved", vec![], call("resolves", [holder, y.clone(), public])),
        Clause::new("keys that were stolen before", vec![], attacker(&stolen)),
        Clause::new("a DID of the attacker's", vec![], attacker(&own)),
        Clause::new("claims any key, an honest one too", vec![attacker(&z)], call("resolves", [own, y.clone(), z])),
        Clause::new("names that everybody knows", vec![], attacker(&call("public", [x]))),
    ]
}

/// What can be computed from what is known, and what can be taken apart.
fn computes(knows: &str, so_far: &[Clause]) -> Vec<Clause> {
    let known = |term: Term| call(knows, [term]);
    let mut clauses = Vec::new();
    for (function, arity) in FUNCTIONS {
        let hypotheses = arguments("x", arity).into_iter().map(known).collect();
        clauses.push(Clause::new("computed", hypotheses, known(applied("x", function, arity))));
    }
    for (label, _) in functions(so_far).iter().filter(|(function, _)| function.starts_with("l_")) {
        clauses.push(Clause::new("a label", vec![], known(call(label, []))));
    }
    let [x, y, z] = ["x", "y", "z"].map(name);
    let pair = known(call("p", [x.clone(), y.clone()]));
    let sealed = known(call("aead", [x.clone(), y.clone(), z.clone()]));
    clauses.push(Clause::new("taken apart", vec![known(call("p", [x.clone(), y.clone()]))], known(x.clone())));
    clauses.push(Clause::new("taken apart", vec![pair], known(y.clone())));
    clauses.push(Clause::new("opened with the key", vec![sealed, known(x.clone())], known(z)));
    clauses.push(Clause::new("a signature hides nothing", vec![known(call("sign", [x.clone(), y]))], known(x)));
    clauses
}

/// A literal that says that a value does not have this form, and the clauses that define it. The leaves of the form are
/// names; those that stand for nothing fit everything.
pub(super) fn another(form: &Term, value: Term, leaf: impl Fn(&str) -> Option<Term>) -> (Vec<Clause>, Term) {
    let names = form.names();
    let leaves: Vec<(&str, Term)> = names.iter().filter_map(|own| leaf(own).map(|term| (*own, term))).collect();
    let own: Vec<&str> = leaves.iter().map(|(own, _)| *own).collect();
    let mut clauses = Vec::new();
    forms(form, &own, &mut clauses);
    let stands_for = leaves.into_iter().map(|(_, term)| term);
    (clauses, Term::Call(predicate(form), std::iter::once(value).chain(stands_for).collect()))
}

/// One predicate for each function of the form.
fn forms(form: &Term, leaves: &[&str], clauses: &mut Vec<Clause>) {
    let Term::Call(function, parts) = form else { return };
    let leaf_names = || leaves.iter().map(|leaf| name(format!("leaf_{leaf}")));
    let holds =
        |value: Term, of: &Term| Term::Call(predicate(of), std::iter::once(value).chain(leaf_names()).collect());
    let whole = applied("x", function, parts.len());
    for (number, part) in parts.iter().enumerate() {
        let argument = name(format!("x{number}"));
        let hypothesis = match part {
            Term::Name(own) if leaves.contains(&own.as_str()) => {
                call("differ", [argument, name(format!("leaf_{own}"))])
            }
            Term::Name(_) => continue,
            Term::Call(..) => {
                forms(part, leaves, clauses);
                holds(argument, part)
            }
        };
        clauses.push(Clause::new("says something else", vec![hypothesis], holds(whole.clone(), form)));
    }
}

fn predicate(form: &Term) -> String {
    match form {
        Term::Call(function, _) => format!("not_{function}"),
        Term::Name(own) => own.clone(),
    }
}

/// A value of another function has another form.
fn other_functions(clauses: &[Clause]) -> Vec<Clause> {
    let mut found = Vec::new();
    for (predicate, arity) in predicates(clauses) {
        let Some(function) = predicate.strip_prefix("not_") else { continue };
        for (other, of_other) in functions(clauses).iter().filter(|(other, _)| *other != function) {
            let value = applied("x", other, *of_other);
            let leaves = arguments("leaf", arity.saturating_sub(1));
            let literal = Term::Call(predicate.clone(), std::iter::once(value).chain(leaves).collect());
            found.push(Clause::new("is something else", vec![], literal));
        }
    }
    found
}

/// When two terms differ: the functions do, or one pair of arguments. Of `dh`, whose arguments may change places, only the
/// former is said: two terms that differ only inside of it count as one.
fn differences(functions: &BTreeMap<String, usize>) -> Vec<Clause> {
    let differ = |left: Term, right: Term| call("differ", [left, right]);
    let mut clauses = Vec::new();
    for (left, arity) in functions {
        for (right, other) in functions.iter().filter(|(right, _)| *right != left) {
            clauses.push(Clause::new("", vec![], differ(applied("x", left, *arity), applied("y", right, *other))));
        }
        for (x, y) in arguments("x", *arity).into_iter().zip(arguments("y", *arity)).filter(|_| left != "dh") {
            let whole = differ(applied("x", left, *arity), applied("y", left, *arity));
            clauses.push(Clause::new("", vec![differ(x, y)], whole));
        }
    }
    clauses
}

fn functions(clauses: &[Clause]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for literal in clauses.iter().flat_map(Clause::terms) {
        if let Term::Call(_, arguments) = literal {
            arguments.iter().for_each(|term| term.functions(&mut found));
        }
    }
    found
}

fn predicates(clauses: &[Clause]) -> BTreeMap<String, usize> {
    let head = |literal: &Term| match literal {
        Term::Call(predicate, arguments) => Some((predicate.clone(), arguments.len())),
        Term::Name(_) => None,
    };
    clauses.iter().flat_map(Clause::terms).filter_map(head).collect()
}

fn arguments(prefix: &str, arity: usize) -> Vec<Term> {
    (0..arity).map(|number| name(format!("{prefix}{number}"))).collect()
}

fn applied(prefix: &str, function: &str, arity: usize) -> Term {
    Term::Call(function.into(), arguments(prefix, arity))
}
