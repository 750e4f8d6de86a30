//! What a relay answers.

use serde_json::Value;

use crate::runner::attempt::Try;
use crate::runner::case::Outcome;
use crate::runner::target::http::Response;

/// Status and body of an answer.
pub(super) trait Answer {
    /// The body as JSON, with this status.
    fn json(&self, status: u16) -> Try<Value>;
    /// No body, with this status.
    fn empty(&self, status: u16) -> Try<()>;
    /// A refusal with this status and code.
    fn refused(&self, status: u16, code: &str) -> Try<()>;
    /// For people.
    fn shown(&self) -> String;
}

impl Answer for Response {
    fn json(&self, status: u16) -> Try<Value> {
        let wrong = || Outcome::differs("the answer", format!("{status} with JSON"), self.shown());
        let kind = self.all("content-type").first().is_some_and(|kind| kind.starts_with("application/json"));
        if self.status != status || !kind {
            return Err(wrong());
        }
        serde_json::from_slice(&self.body()?).map_err(|_| wrong())
    }

    fn empty(&self, status: u16) -> Try<()> {
        match self.status == status {
            true => Ok(()),
            false => Err(Outcome::differs("the answer", status.to_string(), self.shown())),
        }
    }

    fn refused(&self, status: u16, code: &str) -> Try<()> {
        let kind = self.all("content-type").first().is_some_and(|kind| kind.starts_with("application/problem+json"));
        let body: Option<Value> = serde_json::from_slice(&self.body()?).ok();
        let named = body.as_ref().and_then(|body| body.get("code")).and_then(Value::as_str) == Some(code);
        match self.status == status && kind && named {
            true => Ok(()),
            false => Err(Outcome::differs("the refusal", format!("{status}, `{code}`"), self.shown())),
        }
    }

    fn shown(&self) -> String {
        let body = self.body().unwrap_or_default();
        let text: String = String::from_utf8_lossy(&body).chars().take(200).collect();
        format!("{} {:?} {text}", self.status, self.all("content-type"))
    }
}
