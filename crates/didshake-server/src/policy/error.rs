//! Why a policy file is refused.

/// Why rules cannot be read, always a fault of whoever wrote them. Rules count from 1.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the number of the rule and what stands there")]
pub enum PolicyError {
    /// No TOML, or keys that a policy has not.
    #[error("it is no TOML of a policy: {0}")]
    Syntax(#[source] Box<figment::Error>),
    /// Longer than [`MAX_POLICY_BYTES`](super::MAX_POLICY_BYTES).
    #[error("it is longer than {} bytes", super::MAX_POLICY_BYTES)]
    TooLong,
    /// No rule: a file that is being written, or was lost. Everyone would come in.
    #[error("it has no rule")]
    Empty,
    /// A rule that neither allows nor denies, or does both.
    #[error("rule {rule} has not exactly one of `allow` and `deny`")]
    Effect { rule: usize },
    /// A rule with no or several subjects.
    #[error("rule {rule} has not exactly one of `did`, `domain`, `method`, `group` and `account`")]
    Subject { rule: usize },
    /// `account = false`, which would match nobody or everybody.
    #[error("rule {rule}: `account` can only be true")]
    Account { rule: usize },
    /// Not a DID.
    #[error("rule {rule}: `{text}` is no DID")]
    Did { rule: usize, text: String },
    /// Not a host name, with or without `*.`.
    #[error("rule {rule}: `{text}` is no domain")]
    Domain { rule: usize, text: String },
    /// Not the name of a DID method.
    #[error("rule {rule}: `{text}` is no DID method")]
    Method { rule: usize, text: String },
    /// A group that is not defined.
    #[error("rule {rule}: there is no group `{name}`")]
    Group { rule: usize, name: String },
    /// The name of a group has other characters than letters, digits and `-_.`.
    #[error("`{name}` is no name of a group")]
    GroupName { name: String },
    /// A member of a group is no DID.
    #[error("group `{name}`: `{text}` is no DID")]
    Member { name: String, text: String },
}

impl PolicyError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "see deploy/policy.toml for an example",
            Self::Empty => "write rules; to let everyone in take the `policy` setting away",
            Self::TooLong => "use groups and domains, or a directory service of your own",
            Self::Effect { .. } => "write allow = { … } or deny = { … }; two rules for both",
            Self::Subject { .. } => {
                "write one of { did = \"…\" }, { domain = \"…\" }, { method = \"…\" }, { group = \"…\" }, \
                 { account = true }"
            }
            Self::Account { .. } => "write { account = true }; to keep out who has none, let nothing below allow them",
            Self::Did { .. } | Self::Member { .. } => "write a DID: did:key:z6Mk… or did:web:example.com:alice",
            Self::GroupName { .. } => "use letters, digits, `-`, `_` and `.`",
            Self::Domain { .. } => "write a host name, example.com, or *.example.com for the names below it",
            Self::Method { .. } => "write the method's name alone: key, web",
            Self::Group { .. } => "define it under [groups]: name = [\"did:key:…\"], or name = [] for accounts alone",
        }
    }
}
