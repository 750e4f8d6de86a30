//! Who may come in: the rules of a file, the first that matches decides.

mod error;
mod file;
mod live;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use didshake::Did;
use didshake_did::web::Location;

pub use error::PolicyError;
pub(crate) use file::is_group;
pub use live::LivePolicy;
pub(crate) use live::{PolicyFileError, Reload, read_file};

/// The longest policy file, in bytes.
pub const MAX_POLICY_BYTES: usize = 1 << 20;

/// Rules over DIDs and the accounts that they belong to. Without any everyone is allowed; with one or more, whoever none of them matches is not.
///
/// ```
/// use didshake::Did;
/// use didshake_server::Policy;
/// let policy = Policy::parse(r#"
///     [groups]
///     staff = ["did:web:example.com:alice"]
///     [[rule]]
///     deny = { domain = "*.evil.example" }
///     [[rule]]
///     allow = { group = "staff" }
/// "#)?;
/// assert!(policy.allows(&Did::parse("did:web:example.com:alice")?));
/// assert!(!policy.allows(&Did::parse("did:web:example.com:bob")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Policy {
    rules: Vec<Rule>,
    groups: BTreeMap<String, Arc<HashSet<Key>>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Rule {
    allow: bool,
    subject: Subject,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Subject {
    Did(Key),
    Domain(Domain),
    Method(String),
    Group {
        name: String,
        members: Arc<HashSet<Key>>,
    },
    /// Whoever has an account.
    Account,
}

/// Whether a subject is a DID's, as far as the file alone can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Match {
    Yes,
    No,
    /// If it has an account, or one of the right group.
    Perhaps,
}

/// What two DIDs have in common that name the same holder. A did:web is what it is fetched from: its host's letters have
/// no case, 443 is its port, and percent-encodings are of one case, or a deny rule could be gone around.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Key(String);

/// The host of a did:web, in lower case, or all names below one.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Domain {
    Exactly(String),
    /// With the dot before it.
    Below(String),
}

impl Policy {
    /// Reads the rules of a TOML text.
    ///
    /// # Errors
    /// [`PolicyError`], a fault of whoever wrote it.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        file::read(text)
    }

    /// Whether a DID without an account may come in.
    #[must_use]
    pub fn allows(&self, did: &Did) -> bool {
        self.allows_with(did, None)
    }

    /// Whether a DID may come in that has an account in these groups, or has none.
    pub(crate) fn allows_with(&self, did: &Did, account: Option<&[String]>) -> bool {
        let key = Key::of(did);
        let first = self.rules.iter().find(|rule| rule.subject.matches(did, &key, account));
        first.map_or(self.rules.is_empty(), |rule| rule.allow)
    }

    /// Whether a DID may come in, as long as nobody has looked for its account: only what the file alone refuses is
    /// refused.
    pub(crate) fn may_allow(&self, did: &Did) -> bool {
        let key = Key::of(did);
        let mut perhaps = false;
        for rule in &self.rules {
            match rule.subject.matches_without_account(did, &key) {
                Match::Yes => return perhaps || rule.allow,
                Match::Perhaps => perhaps |= rule.allow,
                Match::No => {}
            }
        }
        perhaps || self.rules.is_empty()
    }

    /// The groups that a DID is in, by name, in order.
    ///
    /// ```
    /// # use didshake_server::Policy;
    /// let policy = Policy::parse("[groups]\nstaff = [\"did:web:a.example\"]\n[[rule]]\nallow = { group = \"staff\" }")?;
    /// assert_eq!(policy.groups_of(&didshake::Did::parse("did:web:a.example")?), ["staff"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Those of accounts are not among them.
    #[must_use]
    pub fn groups_of(&self, did: &Did) -> Vec<String> {
        let key = Key::of(did);
        self.groups.iter().filter(|(_, members)| members.contains(&key)).map(|(name, _)| name.clone()).collect()
    }

    /// How many rules there are.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.rules.len()
    }
}

impl Key {
    fn of(did: &Did) -> Self {
        if let Some(short) = did.short_form() {
            return Self(short.to_owned());
        }
        let Ok(location) = Location::of(did) else { return Self(did.as_str().to_owned()) };
        let mut key = String::new();
        // Every piece but the first begins with the two digits of an encoding.
        for (at, piece) in location.to_string().split('%').enumerate() {
            let (digits, rest) = if at == 0 { ("", piece) } else { piece.split_at_checked(2).unwrap_or(("", piece)) };
            key.push_str(if at == 0 { "" } else { "%" });
            key.push_str(&digits.to_ascii_uppercase());
            key.push_str(rest);
        }
        Self(key)
    }
}

/// The same text for all DIDs that name the same holder, and for no other.
pub(crate) fn holder(did: &Did) -> String {
    Key::of(did).0
}

impl Subject {
    fn matches(&self, did: &Did, key: &Key, account: Option<&[String]>) -> bool {
        match (self.matches_without_account(did, key), self) {
            (Match::Perhaps, Self::Group { name, .. }) => account.is_some_and(|groups| groups.contains(name)),
            (Match::Perhaps, _) => account.is_some(),
            (known, _) => known == Match::Yes,
        }
    }

    fn matches_without_account(&self, did: &Did, key: &Key) -> Match {
        let matches = match self {
            Self::Did(exact) => exact == key,
            Self::Method(method) => method == did.method(),
            Self::Group { members, .. } if !members.contains(key) => return Match::Perhaps,
            Self::Group { .. } => true,
            Self::Account => return Match::Perhaps,
            // `Location` has the host in lower case, as the name is looked up.
            Self::Domain(domain) => Location::of(did).is_ok_and(|location| domain.matches(location.host())),
        };
        if matches { Match::Yes } else { Match::No }
    }
}

impl Domain {
    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exactly(name) => name == host,
            Self::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // R-DID-21
    #[test]
    fn both_forms_of_a_did_peer_are_one_holder() {
        let did = |text: &str| Did::parse(text).unwrap();
        let (long, short) = (did("did:peer:4zA:zB"), did("did:peer:4zA"));
        assert_eq!(holder(&long), holder(&short));
        assert_ne!(holder(&long), holder(&did("did:peer:4zC:zB")));
        assert_ne!(holder(&did("did:peer:2.Vz2.Vz2")), holder(&did("did:peer:2.Vz2")));
        let text = format!(
            "[groups]\nout = [\"{short}\"]\n[[rule]]\ndeny = {{ group = \"out\" }}\n[[rule]]\nallow = {{ method = \"peer\" }}"
        );
        let policy = Policy::parse(&text).unwrap();
        assert!(!policy.allows(&long) && !policy.may_allow(&long) && policy.allows(&did("did:peer:4zC:zB")));
    }

    #[test]
    fn a_rule_for_accounts_is_decided_once_the_account_is_known() {
        let groups = "[groups]\nstaff = [\"did:web:a.example\"]\nout = []\n";
        let rules = |rules: &[&str]| {
            let rules = rules.iter().map(|rule| format!("[[rule]]\n{rule}\n")).collect::<String>();
            Policy::parse(&format!("{groups}{rules}")).unwrap()
        };
        let (staff, account) = ("allow = { group = \"staff\" }", "allow = { account = true }");
        let (out, key) = ("deny = { group = \"out\" }", "allow = { method = \"key\" }");
        let (a, b, k) = ("did:web:a.example", "did:web:b.example", "did:key:z6Mkother");
        // Before anybody looks; then without an account, with one in no group, in `staff`, in `out`.
        for (rule_list, did, before, decided) in [
            (&[staff][..], a, true, [true, true, true, true]),
            (&[staff], b, true, [false, false, true, false]),
            (&[account], b, true, [false, true, true, true]),
            (&[key], b, false, [false; 4]),
            (&[out, key], k, true, [true, true, true, false]),
            (&[out, key], b, false, [false; 4]),
            (&["deny = { account = true }", key], k, true, [true, false, false, false]),
            (&["deny = { method = \"web\" }", account], b, false, [false; 4]),
        ] {
            let (policy, did) = (rules(rule_list), Did::parse(did).unwrap());
            assert_eq!(policy.may_allow(&did), before, "{rule_list:?} {did}");
            let accounts = [None, Some(vec![]), Some(vec!["staff".to_owned()]), Some(vec!["out".to_owned()])];
            for (account, expected) in accounts.iter().zip(decided) {
                assert_eq!(policy.allows_with(&did, account.as_deref()), expected, "{rule_list:?} {did} {account:?}");
            }
        }
        assert!(Policy::default().may_allow(&Did::parse(b).unwrap()));
    }
}
