//! Reads `spec/formal/handshake.model`: two roles, each a list of statements; some of them are goals.

use anyhow::{Context, Result, bail};

use super::term::{Term, name};

#[derive(Debug)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) statement: Statement,
    /// The comment: which requirement the line stands for.
    pub(super) stands_for: String,
}

#[derive(Debug)]
pub(super) enum Statement {
    /// Chosen by the attacker, as configurations are.
    Config(Vec<String>),
    /// Fresh random values.
    New(Vec<String>),
    Let(String, Term),
    /// A fresh value that also records what its sender believes. For a goal that does not read it, it is a constant.
    Mark(String, Term),
    /// The peer's mark, of whatever kind and content; likewise.
    Note(Term, Term),
    Send(Term),
    /// Found by the attacker when everything is over.
    Later(Term),
    Receive(Term),
    /// The value has to have this form, which binds the names in it.
    Check {
        value: Term,
        pattern: Term,
    },
    /// The key of a method; `sign(m, key)` is what verifies under it.
    Resolve {
        did: Term,
        method: Term,
        key: String,
    },
    Goal(Goal),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Goal {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The peer, which has to be honest and not corrupted yet for the goal to say anything.
    pub(super) peer: Term,
    /// The variants in which it falls, and other ones in which it stands.
    pub(super) attack: Vec<String>,
    pub(super) holds: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nobody else finds the value, even with every long-term key in hand later.
    Secret(Term),
    /// The value is the peer's mark, and says what we believe.
    Agree { value: Term, pattern: Term },
    /// A run gets there: not a property but a test of the model.
    Reach,
}

pub(super) fn parse(text: &str) -> Result<Vec<Role>> {
    let mut roles: Vec<Role> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let (code, comment) = line.split_once('#').unwrap_or((line, ""));
        let code = code.trim();
        match (code.strip_prefix("role "), roles.last_mut()) {
            _ if code.is_empty() => {}
            (Some(role), _) => roles.push(Role { name: role.trim().into(), lines: Vec::new() }),
            (None, Some(role)) => {
                let statement = statement(code).with_context(|| format!("line {}: `{code}`", number + 1))?;
                role.lines.push(Line { statement, stands_for: comment.trim().into() });
            }
            (None, None) => bail!("line {}: a statement before the first role", number + 1),
        }
    }
    Ok(roles)
}

impl Role {
    pub(super) fn goals(&self) -> impl Iterator<Item = &Goal> {
        self.lines.iter().filter_map(|line| match &line.statement {
            Statement::Goal(goal) => Some(goal),
            _ => None,
        })
    }
}

fn statement(code: &str) -> Result<Statement> {
    let (word, rest) = code.split_once(' ').unwrap_or((code, ""));
    Ok(match word {
        "config" => Statement::Config(words(rest)),
        "new" => Statement::New(words(rest)),
        "mark" => definition(rest).map(|(name, term)| Statement::Mark(name, term))?,
        "note" => terms(rest, " as ").map(|(own, mark)| Statement::Note(own, mark))?,
        "send" => Statement::Send(Term::parse(rest)?),
        "later" => Statement::Later(Term::parse(rest)?),
        "receive" => Statement::Receive(Term::parse(rest)?),
        "check" => {
            let (value, pattern) = terms(rest, " as ")?;
            Statement::Check { value, pattern }
        }
        "resolve" => resolve(rest)?,
        "secret" | "agree" | "reach" => Statement::Goal(goal(word, rest)?),
        _ => definition(code).map(|(name, term)| Statement::Let(name, term))?,
    })
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn definition(text: &str) -> Result<(String, Term)> {
    match terms(text, " = ")? {
        (Term::Name(name), term) => Ok((name, term)),
        _ => bail!("`name = term` expected"),
    }
}

fn terms(text: &str, between: &str) -> Result<(Term, Term)> {
    let (left, right) = text.split_once(between).with_context(|| format!("`{between}` is missing"))?;
    Ok((Term::parse(left)?, Term::parse(right)?))
}

fn resolve(text: &str) -> Result<Statement> {
    match words(text).as_slice() {
        [did, method, key] => Ok(Statement::Resolve { did: name(did), method: name(method), key: key.clone() }),
        _ => bail!("`resolve did method key` expected"),
    }
}

/// `name [value [is pattern]] with peer | attack variants | holds variants`
fn goal(word: &str, text: &str) -> Result<Goal> {
    let mut parts = text.split('|');
    let (claim, peer) = parts.next().and_then(|part| part.split_once(" with ")).context("`with peer` is missing")?;
    let (goal, claim) = claim.trim().split_once(' ').unwrap_or((claim.trim(), ""));
    let kind = match word {
        "secret" => Kind::Secret(Term::parse(claim)?),
        "agree" => terms(claim, " is ").map(|(value, pattern)| Kind::Agree { value, pattern })?,
        _ => Kind::Reach,
    };
    let mut goal = Goal { name: goal.into(), kind, peer: Term::parse(peer)?, attack: Vec::new(), holds: Vec::new() };
    for part in parts {
        let mut variants = words(part).into_iter();
        match variants.next().as_deref() {
            Some("attack") => goal.attack.extend(variants),
            Some("holds") => goal.holds.extend(variants),
            _ => bail!("`attack` or `holds` expected in `{part}`"),
        }
    }
    Ok(goal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_statements_and_goals_are_read() {
        let text = "# nothing\nrole one\n  new e n # R-SEC-1\n  secret key h(e) with did | attack a b | holds c\n";
        let roles = parse(text).unwrap();
        assert_eq!((roles[0].name.as_str(), roles[0].lines.len()), ("one", 2));
        assert_eq!(roles[0].lines[0].stands_for, "R-SEC-1");
        let goal = roles[0].goals().next().unwrap();
        assert_eq!((goal.attack.as_slice(), goal.holds.as_slice()), (words("a b").as_slice(), words("c").as_slice()));
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        for line in ["x", "f(x) = y", "check x", "resolve a b", "secret k x", "reach a with b | maybe c", "send f("] {
            assert!(parse(&format!("role r\n  {line}\n")).is_err(), "{line}");
        }
        assert!(parse("new e\n").is_err());
    }
}
