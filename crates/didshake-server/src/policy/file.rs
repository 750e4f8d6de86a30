//! The policy file.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use didshake::Did;
use didshake_did::web::Location;
use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

use super::{Domain, Key, MAX_POLICY_BYTES, Policy, PolicyError, Rule, Subject};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    groups: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    rule: Vec<FileRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRule {
    allow: Option<FileSubject>,
    deny: Option<FileSubject>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSubject {
    did: Option<String>,
    domain: Option<String>,
    method: Option<String>,
    group: Option<String>,
    account: Option<bool>,
}

type Groups = BTreeMap<String, Arc<HashSet<Key>>>;

pub(super) fn read(text: &str) -> Result<Policy, PolicyError> {
    if text.len() > MAX_POLICY_BYTES {
        return Err(PolicyError::TooLong);
    }
    let file: File =
        Figment::from(Toml::string(text)).extract().map_err(|error| PolicyError::Syntax(Box::new(error)))?;
    let groups = file.groups.into_iter().map(group).collect::<Result<Groups, _>>()?;
    // A file without rules is one that is being written, or was lost; it must not let everyone in.
    if file.rule.is_empty() {
        return Err(PolicyError::Empty);
    }
    let rules = file.rule.into_iter().zip(1..).map(|(entry, number)| rule(entry, number, &groups));
    let rules = rules.collect::<Result<_, _>>()?;
    Ok(Policy { rules, groups })
}

fn group((name, members): (String, Vec<String>)) -> Result<(String, Arc<HashSet<Key>>), PolicyError> {
    let member = |text: String| {
        Did::parse(&text).map(|did| Key::of(&did)).map_err(|_| PolicyError::Member { name: name.clone(), text })
    };
    if !is_group(&name) {
        return Err(PolicyError::GroupName { name });
    }
    let members = members.into_iter().map(member).collect::<Result<_, _>>()?;
    Ok((name, Arc::new(members)))
}

/// Proxies hand them on in a list with commas.
pub(crate) fn is_group(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.bytes().all(plain)
}

fn rule(entry: FileRule, number: usize, groups: &Groups) -> Result<Rule, PolicyError> {
    let (allow, subject) = match (entry.allow, entry.deny) {
        (Some(subject), None) => (true, subject),
        (None, Some(subject)) => (false, subject),
        _ => return Err(PolicyError::Effect { rule: number }),
    };
    Ok(Rule { allow, subject: read_subject(subject, number, groups)? })
}

fn read_subject(entry: FileSubject, rule: usize, groups: &Groups) -> Result<Subject, PolicyError> {
    match (entry.did, entry.domain, entry.method, entry.group, entry.account) {
        (Some(text), None, None, None, None) => {
            Did::parse(&text).map(|did| Subject::Did(Key::of(&did))).map_err(|_| PolicyError::Did { rule, text })
        }
        (None, Some(text), None, None, None) => {
            domain(&text).map(Subject::Domain).ok_or(PolicyError::Domain { rule, text })
        }
        (None, None, Some(text), None, None) => {
            let known = Did::parse(&format!("did:{text}:x")).is_ok_and(|did| did.method() == text);
            if known { Ok(Subject::Method(text)) } else { Err(PolicyError::Method { rule, text }) }
        }
        (None, None, None, Some(name), None) => match groups.get(&name).cloned() {
            Some(members) => Ok(Subject::Group { name, members }),
            None => Err(PolicyError::Group { rule, name }),
        },
        (None, None, None, None, Some(true)) => Ok(Subject::Account),
        (None, None, None, None, Some(false)) => Err(PolicyError::Account { rule }),
        _ => Err(PolicyError::Subject { rule }),
    }
}

/// A name is one that a did:web can have, so that a rule with a typing error matches nobody silently no more.
fn domain(text: &str) -> Option<Domain> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let did = Did::parse(&format!("did:web:{name}")).ok()?;
    let location = Location::of(&did).ok()?;
    if name.contains([':', '%']) {
        return None;
    }
    let host = location.host().to_owned();
    Some(if name.len() == text.len() { Domain::Exactly(host) } else { Domain::Below(format!(".{host}")) })
}
