//! What an admin sees.

use didshake::UnixTime;
use didshake_did::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::cli::Global;
use crate::failure::Failure;
use crate::output::{self, one_line, printable};
use crate::time_words::until;

/// A new invite. The link is all that is printed, so that it can be piped.
pub(super) fn made(global: &Global, made: &Value) -> Result<(), Failure> {
    if global.json {
        output::json(made);
    } else {
        let ends = ends(made);
        output::note(&format!(
            "The link works once, within {ends}; whoever opens it gets the account ({})",
            text(made, "invite_id")
        ));
        output::line(&text(made, "link"));
    }
    Ok(())
}

pub(super) fn done(global: &Global, what: &str, member: &str, id: &str) -> Result<(), Failure> {
    if global.json {
        output::json(&json!({member: id, "outcome": what}));
    } else {
        output::line(&format!("{}: {what}", printable(id)));
    }
    Ok(())
}

/// A list, one line each.
pub(super) fn list(global: &Global, listed: &Value, member: &str) -> Result<(), Failure> {
    if global.json {
        output::json(listed);
        return Ok(());
    }
    let entries = listed.get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() {
        output::note(&format!("no {member}"));
    }
    for entry in entries {
        output::line(&match member {
            "accounts" => account_line(entry),
            "invites" => invite_line(entry),
            "sessions" => session_line(entry),
            _ => format!("{}  {}", text(entry, "did"), text(entry, "reason")),
        });
    }
    Ok(())
}

pub(super) fn account(global: &Global, account: &Value) -> Result<(), Failure> {
    if global.json {
        output::json(account);
        return Ok(());
    }
    output::line(&account_line(account));
    output::line(&format!("  known to applications as  {}", text(account, "subject")));
    for key in account.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
        output::line(&format!("  key  {}  {}", text(key, "did"), text(key, "label")));
    }
    Ok(())
}

fn account_line(account: &Value) -> String {
    let disabled = if account.get("disabled") == Some(&Value::Bool(true)) { "  DISABLED" } else { "" };
    let (id, name, email) = (text(account, "account_id"), text(account, "name"), text(account, "email"));
    format!("{id}  {name}  {email}  groups: {}{disabled}", groups(account))
}

fn invite_line(invite: &Value) -> String {
    let what = match text(invite, "kind").as_str() {
        "key" => format!("a key ({}) of {}", text(invite, "label"), text(invite, "account_id")),
        _ => format!("{}  groups: {}", text(invite, "name"), groups(invite)),
    };
    format!(
        "{}  {what}  ends in {}  claimed by {}",
        text(invite, "invite_id"),
        ends(invite),
        text(invite, "claimed_by")
    )
}

fn session_line(session: &Value) -> String {
    let mark = if session.get("current") == Some(&Value::Bool(true)) { '*' } else { ' ' };
    let (name, did, client) = (text(session, "session_id"), text(session, "did"), text(session, "client"));
    format!("{mark} {name}  {did}  from {client}  ends in {}", ends(session))
}

fn groups(of: &Value) -> String {
    let groups = of.get("groups").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names: Vec<String> = groups.iter().filter_map(Value::as_str).map(one_line).collect();
    if names.is_empty() { "-".into() } else { names.join(",") }
}

fn ends(of: &Value) -> String {
    let expires = of.get("expires").and_then(Value::as_u64);
    expires.map_or_else(|| "?".into(), |time| until(UnixTime(time), SystemClock.now()))
}

fn text(of: &Value, member: &str) -> String {
    of.get(member).and_then(Value::as_str).filter(|text| !text.is_empty()).map_or_else(|| "-".into(), one_line)
}
