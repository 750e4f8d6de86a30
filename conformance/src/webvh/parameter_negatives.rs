//! Logs whose parameters are refused.

use super::check::WebvhCheck as Check;
use super::edits::{at, second};
use super::negative::Negative;
use super::owner::Plan;
use super::positives::witness_list;

pub(super) fn all() -> Vec<Negative> {
    [parameters(), values(), witness_values()].into_iter().flatten().collect()
}

/// One more parameter in the first entry.
fn first(plan: &mut Plan, more: &str) {
    at(plan, 0, |entry| {
        let end = entry.parameters.len().saturating_sub(1);
        entry.parameters.truncate(end);
        entry.parameters += &format!(",{more}}}");
    });
}

fn parameters() -> Vec<Negative> {
    use Negative as N;
    let (unknown, method) = (Check::ParameterUnknown, Check::Method);
    vec![
        N::plan("w-parameter-unknown", unknown, "a parameter that is none", |plan| {
            second(plan, r#"{"prerotation":true}"#)
        }),
        N::plan("w-parameter-case", unknown, "`updatekeys`", |plan| second(plan, r#"{"updatekeys":[]}"#)),
        N::plan("w-method-version", method, "did:webvh:1.1", |plan| {
            at(plan, 0, |entry| entry.parameters = entry.parameters.replace("webvh:1.0", "webvh:1.1"))
        }),
        N::plan("w-method-old", method, "did:webvh:0.5", |plan| {
            at(plan, 0, |entry| entry.parameters = entry.parameters.replace("webvh:1.0", "webvh:0.5"))
        }),
        N::plan("w-method-later", method, "another version in the second entry", |plan| {
            second(plan, r#"{"method":"did:webvh:2.0"}"#)
        }),
        N::plan("w-method-null", method, "null", |plan| second(plan, r#"{"method":null}"#)),
        N::plan("w-method-missing", Check::MethodMissing, "no method in the first entry", |plan| {
            at(plan, 0, |entry| entry.parameters = entry.parameters.replace(r#""method":"did:webvh:1.0","#, ""))
        }),
        N::plan("w-scid-later", Check::ScidLate, "`scid` in the second entry", |plan| {
            second(plan, r#"{"scid":"{SCID}"}"#)
        }),
        N::plan("w-portable-later", Check::PortableLate, "`portable` begins in the second entry", |plan| {
            second(plan, r#"{"portable":true}"#)
        }),
        N::plan("w-portable-again", Check::PortableLate, "`portable` is set once more", |plan| {
            second(plan, r#"{"portable":true}"#)
        })
        .on("w-moved"),
    ]
}

fn values() -> Vec<Negative> {
    use Negative as N;
    let value = Check::ParameterValue;
    vec![
        N::plan("w-value-keys", value, "`updateKeys` is a text", |plan| second(plan, r#"{"updateKeys":"z"}"#)),
        N::plan("w-value-keys-null", value, "`updateKeys` is null", |plan| second(plan, r#"{"updateKeys":null}"#)),
        N::plan("w-value-keys-number", value, "a number among the `updateKeys`", |plan| {
            second(plan, r#"{"updateKeys":[1]}"#)
        }),
        N::plan("w-value-keys-many", value, "33 `updateKeys`", |plan| {
            second(plan, format!(r#"{{"updateKeys":[{}]}}"#, vec![r#""z""#; 33].join(",")))
        }),
        N::plan("w-value-key-long", value, "a key of 2,049 bytes", |plan| {
            second(plan, format!(r#"{{"updateKeys":["{}"]}}"#, "z".repeat(2049)))
        }),
        N::plan("w-value-hashes", value, "`nextKeyHashes` is an object", |plan| {
            second(plan, r#"{"nextKeyHashes":{}}"#)
        }),
        N::plan("w-value-watchers", value, "`watchers` is null", |plan| second(plan, r#"{"watchers":null}"#)),
        N::plan("w-value-portable", value, "`portable` is a text", |plan| second(plan, r#"{"portable":"false"}"#)),
        N::plan("w-value-deactivated", value, "`deactivated` is 1", |plan| second(plan, r#"{"deactivated":1}"#)),
        N::plan("w-value-ttl-text", value, "`ttl` is a text", |plan| second(plan, r#"{"ttl":"3600"}"#)),
        N::plan("w-value-ttl-negative", value, "`ttl` is negative", |plan| second(plan, r#"{"ttl":-1}"#)),
        N::plan("w-value-ttl-large", value, "`ttl` is 2^31 + 1", |plan| second(plan, r#"{"ttl":2147483649}"#)),
        N::plan("w-value-first", value, "`ttl` is null, in the first entry", |plan| first(plan, r#""ttl":null"#)),
    ]
}

fn witness_values() -> Vec<Negative> {
    use Negative as N;
    let value = Check::ParameterValue;
    vec![
        N::plan("w-value-witness", value, "`witness` is null", |plan| second(plan, r#"{"witness":null}"#)),
        N::plan("w-value-witness-list", value, "`witness` is a list", |plan| second(plan, r#"{"witness":[]}"#)),
        N::plan("w-value-witness-none", value, "a threshold of 1 and no witness", |plan| {
            second(plan, r#"{"witness":{"threshold":1,"witnesses":[]}}"#)
        }),
        N::plan("w-value-witness-alone", value, "a threshold without witnesses", |plan| {
            second(plan, r#"{"witness":{"threshold":1}}"#)
        }),
        N::plan("w-value-threshold-zero", value, "a threshold of 0", |plan| second(plan, witness(0, &["witness 1"]))),
        N::plan("w-value-threshold-over", value, "a threshold over the number of witnesses", |plan| {
            second(plan, witness(3, &["witness 1", "witness 2"]))
        }),
        N::plan("w-value-threshold-text", value, "a threshold that is a text", |plan| {
            second(plan, witness(1, &["witness 1"]).replace(":1,", ":\"1\","))
        }),
        N::plan("w-value-witness-twice", value, "one witness twice", |plan| {
            second(plan, witness(1, &["witness 1", "witness 1"]))
        }),
        N::plan("w-value-witness-bare", value, "a witness by its multikey alone", |plan| {
            second(plan, witness(1, &["witness 1"]).replace("did:key:", ""))
        }),
        N::plan("w-value-witness-web", value, "a witness that is a did:web", |plan| {
            second(plan, r#"{"witness":{"threshold":1,"witnesses":[{"id":"did:web:witness.example"}]}}"#)
        }),
        N::plan("w-value-witness-p256", value, "a witness with a P-256 key", |plan| {
            second(
                plan,
                r#"{"witness":{"threshold":1,"witnesses":[{"id":"did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"}]}}"#,
            );
        }),
        N::plan("w-value-witness-weight", value, "a witness with a weight", |plan| {
            second(plan, witness(1, &["witness 1"]).replace("\"}]", "\",\"weight\":1}]"))
        }),
    ]
}

fn witness(threshold: u64, names: &[&str]) -> String {
    format!(r#"{{"witness":{}}}"#, witness_list(threshold, names).unwrap_or_default())
}
