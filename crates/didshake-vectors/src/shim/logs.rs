//! Logs of did:webvh: `check` of what resolves.

use serde_json::{Value, json};

use super::{Step, Stop, bytes, number, text};
use crate::outcome::Failure;
use crate::webvh::{View, resolve};

pub(super) fn check(request: &Value) -> Step<Value> {
    let seen = Some(text(request, "seen")).filter(|seen| !seen.is_empty()).map(str::to_owned);
    let now = number(request, "now").ok_or_else(|| Failure::format("no time"))?;
    let view = View { did: text(request, "did").to_owned(), now, seen };
    let there = request.get("witness").is_some_and(|witness| !witness.is_null());
    let witness = there.then(|| bytes(request, "witness")).transpose()?;
    let resolution =
        resolve(&view, &bytes(request, "log")?, witness.as_deref())?.map_err(|refusal| Stop::Log(refusal.fault))?;
    Ok(json!(resolution))
}
