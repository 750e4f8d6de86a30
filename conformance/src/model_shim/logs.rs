//! Logs of did:webvh: `check` of what resolves.

use serde_json::{Value, json};

use crate::webvh::{Checks, Halt, Judged, View, alone};

/// The answer to a `check`. None: another kind.
pub(crate) fn check(checks: Checks, inputs: &Value) -> Option<Value> {
    if inputs.get("kind").and_then(Value::as_str) != Some("webvh") {
        return None;
    }
    Some(resolution(checks, inputs).unwrap_or_else(halted))
}

fn resolution(checks: Checks, inputs: &Value) -> Judged<Value> {
    let text = |name: &str| inputs.get(name).and_then(Value::as_str).map(str::to_owned);
    let view = View {
        did: text("did").ok_or(Halt::Broken("no DID"))?,
        now: inputs.get("now").and_then(Value::as_u64).ok_or(Halt::Broken("no time"))?,
        seen: text("seen"),
    };
    let bytes = |name: &str| {
        let read = |text: String| hex::decode(text).map_err(|_| Halt::Broken("a member that is no hexadecimal"));
        text(name).map(read).transpose()
    };
    let (log, witness) = (bytes("log")?.ok_or(Halt::Broken("no log"))?, bytes("witness")?);
    let found = alone::resolve(checks, &view, &log, witness.as_deref())?;
    serde_json::to_value(found).map_err(|_| Halt::Broken("a resolution that is no JSON"))
}

fn halted(halt: Halt) -> Value {
    match halt {
        Halt::Refused(check) | Halt::SecondFault(check) => json!({ "error": check.error(), "cause": check.code() }),
        Halt::TooMuch(cause) => json!({ "error": "document_limits", "cause": cause }),
        Halt::Broken(what) => json!({ "crash": what }),
    }
}
