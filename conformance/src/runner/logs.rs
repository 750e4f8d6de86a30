//! Logs of did:webvh, resolved from their bytes (tier 1).

use serde_json::json;

use super::statics::{Expected, Question, check, result};
use crate::webvh::WebvhVector;

/// The log of a vector, as a resolver gets it.
pub(crate) fn of_log(vector: &WebvhVector) -> Question {
    let WebvhVector { view, witness, .. } = vector;
    let log = vector.log.replace('\n', &format!("{}\n", " ".repeat(vector.line_spaces)));
    let inputs = json!({
        "did": view.did, "now": view.now, "seen": view.seen, "log": hex::encode(log),
        "witness": witness.as_ref().map(hex::encode),
    });
    let expected = match (&vector.fails, &vector.resolution) {
        (None, Some(resolution)) => result(json!(resolution)),
        (fails, _) => {
            let (error, cause) =
                fails.as_ref().map(|fails| (fails.error.clone(), fails.cause.clone())).unwrap_or_default();
            Expected::RefusedFor { error, cause }
        }
    };
    check(format!("webvh/{}", vector.id), vector.requirements.clone(), &vector.about, "webvh", inputs, expected)
}

#[cfg(test)]
#[path = "logs_test.rs"]
mod tests;
