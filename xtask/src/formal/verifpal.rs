//! Verifpal on `spec/formal/handshake.vp`: a search that ends, and that knows no more than one session at a time.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::head::{self, Model};
use super::query::Query;
use super::verdict::{self, Verdict};
use crate::process::command;

pub(super) const MODEL: &str = "spec/formal/handshake.vp";

const LIMIT: Duration = Duration::from_secs(240);

pub(super) fn queries(text: &str) -> Result<Vec<Query>> {
    Ok(head::models(text).context(MODEL)?.into_iter().map(query).collect())
}

fn query(model: Model) -> Query {
    let name = format!("Verifpal handshake {}", model.variant);
    let file = Query::file(name.trim_end());
    Query::new(name.trim_end().into(), model.expected, move |folder| {
        let path = folder.join(format!("{file}.vp"));
        fs::write(&path, &model.text)?;
        let mut command = command("verifpal");
        command.args(["verify", "--sessions", "1", "--format", "json", "--fail-on-attack"]).arg(&path);
        verdicts(&verdict::run(&mut command, &path.with_extension("json"), LIMIT)?)
    })
}

/// One verdict for each query: an attack, or a search that came to its end.
fn verdicts(printed: &str) -> Result<Vec<Verdict>> {
    let report: Value = serde_json::from_str(printed).context("not the report of Verifpal")?;
    if let Some(error) = report.pointer("/models/0/error").and_then(Value::as_str) {
        bail!("{error}");
    }
    ensure!(report.get("ok") == Some(&Value::Bool(true)), "it did not come to an end");
    let queries = report.pointer("/models/0/analysis/queries").and_then(Value::as_array);
    queries.context("a report without queries")?.iter().map(verdict).collect()
}

fn verdict(query: &Value) -> Result<Verdict> {
    let exhausted = query.pointer("/envelope/exhausted").and_then(Value::as_bool);
    match (query.get("resolved").and_then(Value::as_bool), exhausted) {
        (Some(true), _) => Ok(Verdict::Attack),
        (Some(false), Some(true)) => Ok(Verdict::Holds),
        _ => bail!("the search did not come to its end: {}", query.get("query").unwrap_or(&Value::Null)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(query: &str) -> String {
        format!(r#"{{"ok":true,"models":[{{"analysis":{{"queries":[{query}]}}}}]}}"#)
    }

    #[test]
    fn a_search_that_was_cut_short_is_no_verdict() {
        let query = |resolved, exhausted| {
            report(&format!(r#"{{"query":"q","resolved":{resolved},"envelope":{{"exhausted":{exhausted}}}}}"#))
        };
        assert_eq!(verdicts(&query(false, true)).unwrap(), [Verdict::Holds]);
        assert_eq!(verdicts(&query(true, false)).unwrap(), [Verdict::Attack]);
        assert!(verdicts(&query(false, false)).is_err());
        assert!(verdicts(&report(r#"{"query":"q"}"#)).is_err());
        assert!(verdicts("").is_err());
        assert!(verdicts(&query(false, true).replace("true,\"models", "false,\"models")).is_err());
    }
}
