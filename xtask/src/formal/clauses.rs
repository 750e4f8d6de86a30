//! The description as Horn clauses: what the attacker can get a party to say, and what would break a goal. The clauses
//! have a model exactly if no number of parties and sessions leads to the attack.

use anyhow::{Result, ensure};

use super::attacker;
use super::description::{Goal, Kind, Line, Role, Statement};
use super::term::{Bindings, Term, call, name, unify};

pub(super) struct Clause {
    pub(super) stands_for: String,
    pub(super) hypotheses: Vec<Term>,
    /// `None`: the hypotheses together are the attack.
    pub(super) conclusion: Option<Term>,
}

impl Clause {
    pub(super) fn new(stands_for: &str, hypotheses: Vec<Term>, conclusion: Term) -> Self {
        Self { stands_for: stands_for.into(), hypotheses, conclusion: Some(conclusion) }
    }

    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        self.hypotheses.iter().chain(&self.conclusion)
    }
}

/// The clauses for one goal, as TPTP.
pub(super) fn problem(roles: &[Role], goal: &Goal) -> Result<String> {
    let mut clauses = Vec::new();
    for role in roles {
        clauses.extend(Party::new(&role.name).run(&role.lines, goal)?);
    }
    attacker::complete(&mut clauses, goal);
    Ok(tptp(&clauses))
}

fn tptp(clauses: &[Clause]) -> String {
    let mut text = String::from("cnf(dh, axiom, (dh(exp(V_x),V_y) = dh(exp(V_y),V_x))). % R-SUITE-11\n");
    for (number, clause) in clauses.iter().enumerate() {
        let hypotheses = clause.hypotheses.iter().map(|term| format!("~{term}"));
        let literals: Vec<String> = hypotheses.chain(clause.conclusion.iter().map(Term::to_string)).collect();
        text.push_str(&format!("cnf(c{number}, axiom, ({})). % {}\n", literals.join(" | "), clause.stands_for));
    }
    text
}

/// A party in the middle of its role: what it knows, and what had to happen before.
struct Party<'a> {
    role: &'a str,
    bindings: Bindings,
    hypotheses: Vec<Term>,
    clauses: Vec<Clause>,
}

impl<'a> Party<'a> {
    fn new(role: &'a str) -> Self {
        let bindings = Bindings::from([
            ("me".into(), call("holder", [name("holder")])),
            ("fragment".into(), call("public", [name("fragment_number")])),
            ("sign_key".into(), call("sk", [name("me"), name("fragment")])),
            ("session".into(), call(role, [name("me"), name("count")])),
        ]);
        Self { role, bindings, hypotheses: Vec::new(), clauses: Vec::new() }
    }

    fn run(mut self, lines: &[Line], goal: &Goal) -> Result<Vec<Clause>> {
        for line in lines {
            self.step(line, goal)?;
        }
        Ok(self.clauses)
    }

    fn step(&mut self, line: &Line, goal: &Goal) -> Result<()> {
        match &line.statement {
            Statement::Config(names) => {
                for own in names {
                    self.bind(own, call("public", [name(format!("{own}_number"))]))?;
                }
            }
            Statement::New(names) => {
                for own in names {
                    let fresh = call(&format!("new_{own}_{}", self.role), [name("session")]);
                    self.bind(own, self.now(&fresh))?;
                }
            }
            Statement::Let(own, term) => self.bind(own, self.now(term))?,
            Statement::Mark(own, term) if is_asked_for(term, goal) => self.bind(own, self.now(term))?,
            Statement::Mark(own, _) => self.bind(own, call("l_mark", []))?,
            Statement::Note(_, mark) if is_asked_for(mark, goal) => {}
            Statement::Note(own, _) => {
                unify(own, &call("l_mark", []), &mut self.bindings);
            }
            Statement::Send(term) => self.say("att", term, &line.stands_for),
            Statement::Later(term) if matches!(goal.kind, Kind::Secret(_)) => self.say("later", term, &line.stands_for),
            Statement::Later(_) => {}
            Statement::Receive(pattern) => self.hypotheses.extend(parts(pattern).map(|part| known(part.clone()))),
            Statement::Check { value, pattern } => {
                ensure!(unify(value, pattern, &mut self.bindings), "{pattern} never fits");
            }
            Statement::Resolve { did, method, key } => {
                let public = call("pk", [name(key)]);
                self.hypotheses.push(call("resolves", [did.clone(), method.clone(), public]));
            }
            Statement::Goal(own) if own.name == goal.name => self.attack(own)?,
            Statement::Goal(_) => {}
        }
        Ok(())
    }

    fn now(&self, term: &Term) -> Term {
        term.substitute(&self.bindings)
    }

    fn bind(&mut self, own: &str, term: Term) -> Result<()> {
        ensure!(!self.bindings.contains_key(own) && !term.names().contains(&own), "{own} is defined twice");
        self.bindings.insert(own.into(), term);
        Ok(())
    }

    fn say(&mut self, predicate: &str, term: &Term, stands_for: &str) {
        let term = self.now(term);
        for part in parts(&term) {
            let conclusion = call(predicate, [part.clone()]);
            self.clauses.push(Clause::new(stands_for, needed(self.so_far(), Some(&conclusion)), conclusion));
        }
    }

    /// The hypotheses as they are known by now; of a pair that the attacker knows, it knows both halves.
    fn so_far(&self) -> Vec<Term> {
        let mut found = Vec::new();
        for hypothesis in self.hypotheses.iter().map(|term| self.now(term)) {
            match &hypothesis {
                Term::Call(predicate, arguments) if predicate == "att" => {
                    found.extend(arguments.iter().flat_map(parts).map(|part| known(part.clone())));
                }
                _ => found.push(hypothesis),
            }
        }
        found.dedup();
        found
    }

    fn attack(&mut self, goal: &Goal) -> Result<()> {
        let uncorrupted = call("holder", [call("good", [name("peer_name")])]);
        ensure!(unify(&goal.peer, &uncorrupted, &mut self.bindings), "{} is never honest", goal.peer);
        let mut hypotheses = self.so_far();
        match &goal.kind {
            Kind::Secret(key) => hypotheses.push(call("later", [self.now(key)])),
            Kind::Agree { value, pattern } => {
                let (clauses, other) = attacker::another(pattern, self.now(value), |leaf| {
                    self.bindings.get(leaf).map(|bound| self.now(bound)).or_else(|| self.mentions(leaf))
                });
                self.clauses.extend(clauses);
                hypotheses.push(other);
            }
            Kind::Reach => {}
        }
        let hypotheses = needed(hypotheses, None);
        self.clauses.push(Clause { stands_for: goal.name.clone(), hypotheses, conclusion: None });
        Ok(())
    }

    /// A name that stands for itself, as what the attacker has chosen does; `None` if nothing has it.
    fn mentions(&self, own: &str) -> Option<Term> {
        self.so_far().iter().any(|term| term.names().contains(&own)).then(|| name(own))
    }
}

/// A mark is of use to the goal that reads it; to others it would be a burden.
fn is_asked_for(mark: &Term, goal: &Goal) -> bool {
    match (mark, &goal.kind) {
        (Term::Call(mark, _), Kind::Agree { pattern: Term::Call(wanted, _), .. }) => mark == wanted,
        _ => false,
    }
}

/// The hypotheses without those that say nothing: everybody knows public names, and something for a name that is
/// mentioned nowhere else.
fn needed(hypotheses: Vec<Term>, conclusion: Option<&Term>) -> Vec<Term> {
    let mentions: Vec<String> = hypotheses.iter().chain(conclusion).flat_map(Term::names).map(str::to_owned).collect();
    let says_nothing = |hypothesis: &Term| match hypothesis {
        Term::Call(predicate, arguments) if predicate == "att" => match arguments.as_slice() {
            [Term::Name(own)] => mentions.iter().filter(|mention| *mention == own).count() == 1,
            [Term::Call(function, _)] => function == "public",
            _ => false,
        },
        _ => false,
    };
    hypotheses.into_iter().filter(|hypothesis| !says_nothing(hypothesis)).collect()
}

fn known(term: Term) -> Term {
    call("att", [term])
}

/// The elements of a tuple.
fn parts(term: &Term) -> Box<dyn Iterator<Item = &Term> + '_> {
    match term {
        Term::Call(function, arguments) if function == "p" => Box::new(arguments.iter().flat_map(parts)),
        _ => Box::new(std::iter::once(term)),
    }
}
