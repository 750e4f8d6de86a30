//! What an invite leads to. One to a further key makes our DID one with somebody's account there: never without a word.

use std::io::Write as _;
use std::sync::Arc;

use didshake::Did;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::failure::{Exit, Failure};
use crate::input::Lines;
use crate::output::one_line;

/// The account that our DID would be a further key of, as the proved service says.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Offer {
    name: String,
    /// Its first DID.
    subject: String,
}

impl Offer {
    /// `None` where the invite makes a new account.
    pub(crate) fn of(told: &Value) -> Option<Self> {
        let text = |member: &str| told.get(member).and_then(Value::as_str).map(one_line).unwrap_or_default();
        (text("kind") != "account").then(|| Self { name: text("name"), subject: text("subject") })
    }

    /// Whether the account is the one that was meant, with `--join`.
    pub(crate) fn is_said(&self, said: &Did) -> Result<(), Failure> {
        if self.subject == said.as_str() {
            return Ok(());
        }
        let message = format!("the invite is to a further key of {self}, and not of {said}");
        Err(Failure::new(Exit::Policy, "invite_of_another_account", message).remedy("ask whoever gave you the invite"))
    }

    /// The invite makes an account, where a further key of one was meant.
    pub(crate) fn is_new(said: &Did) -> Failure {
        let message =
            format!("the invite makes an account of its own, and you mean to be a further key of that of {said}");
        Failure::new(Exit::Policy, "invite_of_another_account", message).remedy("ask whoever gave you the invite")
    }

    /// Nobody can be asked.
    pub(crate) fn unasked(&self) -> Failure {
        let message = format!("the invite would make you a further key of {self}, and nobody can be asked here");
        Failure::new(Exit::Policy, "invite_needs_consent", message)
            .remedy(format!("if that account is yours: --join {}", self.subject))
    }

    /// Asks at the terminal; what was typed before is no answer.
    pub(crate) async fn ask(&self, me: &Did, lines: &Arc<Mutex<Lines>>) -> Result<(), Failure> {
        let mut lines = lines.lock().await;
        lines.drop_typed().await;
        let mut out = anstream::stderr().lock();
        let shown = writeln!(out, "This invite makes {me} a further key of\n\n    {self}\n")
            .and_then(|()| {
                writeln!(out, "Whoever has one of its keys then counts as you there, and takes you out again.")
            })
            .and_then(|()| write!(out, "Is that account yours? [yes/no] "))
            .and_then(|()| out.flush());
        drop(out);
        let answer = if shown.is_ok() { lines.next().await.unwrap_or_default() } else { Vec::new() };
        if matches!(answer.trim_ascii().to_ascii_lowercase().as_slice(), b"yes" | b"y") {
            return Ok(());
        }
        let message = format!("you refused to be a further key of {self}; the session is not kept");
        Err(Failure::new(Exit::Policy, "refused_by_user", message))
    }
}

impl std::fmt::Display for Offer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.name.as_str(), self.subject.as_str()) {
            (_, "") => f.write_str("an account that the service does not name"),
            ("", subject) => write!(f, "the account of {subject}"),
            (name, subject) => write!(f, "the account \"{name}\" ({subject})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_new_account_is_somebodys() {
        assert_eq!(Offer::of(&json!({"kind": "account", "name": "Bob"})), None);
        let offer = Offer::of(&json!({"kind": "key", "name": "A\nB", "subject": "did:web:a.example"})).unwrap();
        assert_eq!(offer.to_string(), "the account \"A B\" (did:web:a.example)");
        assert!(offer.is_said(&Did::parse("did:web:a.example").unwrap()).is_ok());
        assert!(offer.is_said(&Did::parse("did:web:b.example").unwrap()).is_err());
        for told in [json!({}), json!({"kind": "key"}), json!(null), json!({"kind": 1, "subject": 2})] {
            let offer = Offer::of(&told).unwrap();
            assert_eq!(offer.to_string(), "an account that the service does not name");
            assert!(offer.is_said(&Did::parse("did:web:a.example").unwrap()).is_err());
        }
    }
}
