//! Logs whose proofs are refused, and logs whose witnesses are.

use super::canonical::{with, without};
use super::check::WebvhCheck as Check;
use super::judge::Sent;
use super::negative::Negative;
use super::owner::{Plan, Planned, multikey};
use crate::json::Json;

pub(super) fn all() -> Vec<Negative> {
    [suites(), shapes(), values(), signers(), files(), witnesses()].into_iter().flatten().collect()
}

fn second(plan: &mut Plan, edit: impl FnOnce(&mut Planned)) {
    if let Some(entry) = plan.entries.get_mut(1) {
        edit(entry);
    }
}

fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

fn suites() -> Vec<Negative> {
    use Negative as N;
    let (count, suite) = (Check::ProofCount, Check::Cryptosuite);
    vec![
        N::plan("w-proof-none", count, "no proof", |plan| second(plan, |entry| entry.signers.clear())),
        N::plan("w-proof-many", count, "33 proofs", |plan| second(plan, |entry| entry.signers = vec!["update 1"; 33])),
        N::plan("w-suite-rdfc", suite, "eddsa-rdfc-2022", |plan| {
            second(plan, |entry| entry.options = |options| with(&options, "cryptosuite", text("eddsa-rdfc-2022")))
        }),
        N::plan("w-suite-ecdsa", suite, "ecdsa-jcs-2019", |plan| {
            second(plan, |entry| entry.options = |options| with(&options, "cryptosuite", text("ecdsa-jcs-2019")))
        }),
        N::plan("w-suite-missing", suite, "no cryptosuite", |plan| {
            second(plan, |entry| entry.options = |options| without(&options, "cryptosuite"))
        }),
        N::plan("w-suite-first", suite, "eddsa-rdfc-2022, in the first entry", |plan| {
            plan.entries
                .iter_mut()
                .take(1)
                .for_each(|entry| entry.options = |options| with(&options, "cryptosuite", text("eddsa-rdfc-2022")));
        }),
    ]
}

fn shapes() -> Vec<Negative> {
    use Negative as N;
    let shape = Check::ProofShape;
    vec![
        N::plan("w-proof-text", shape, "a proof that is a text", |plan| {
            second(plan, |entry| entry.proof = |_| text("proof"))
        }),
        N::plan("w-proof-type", shape, "another type", |plan| {
            second(plan, |entry| entry.options = |options| with(&options, "type", text("Ed25519Signature2020")))
        }),
        N::plan("w-proof-purpose", shape, "`authentication`", |plan| {
            second(plan, |entry| entry.options = |options| with(&options, "proofPurpose", text("authentication")))
        }),
        N::plan("w-proof-purpose-missing", shape, "no purpose", |plan| {
            second(plan, |entry| entry.options = |options| without(&options, "proofPurpose"))
        }),
        N::plan("w-proof-created", shape, "a time that cannot be read", |plan| {
            second(plan, |entry| entry.options = |options| with(&options, "created", text("yesterday")))
        }),
        N::plan("w-proof-expires", shape, "a proof that expires", |plan| {
            second(plan, |entry| entry.options = |options| with(&options, "expires", text("2030-01-01T00:00:00Z")))
        }),
        N::plan("w-proof-context", shape, "a context of its own", |plan| {
            second(plan, |entry| entry.options = |options| with(&options, "@context", Json::List(Vec::new())))
        }),
        N::plan("w-proof-domain", shape, "a domain", |plan| {
            second(plan, |entry| entry.options = |options| with(&options, "domain", text("log.example")))
        }),
    ]
}

fn method(options: Json, edit: impl Fn(&str) -> String) -> Json {
    let method = options.member("verificationMethod").and_then(Json::text).unwrap_or_default().to_owned();
    with(&options, "verificationMethod", Json::Text(edit(&method)))
}

fn values() -> Vec<Negative> {
    use Negative as N;
    let shape = Check::ProofShape;
    vec![
        N::plan("w-method-body", shape, "the key of the fragment is active, that of the DID signs", |plan| {
            second(plan, |entry| {
                entry.signers = vec!["update 9"];
                entry.options = |options| {
                    let active = multikey("update 1").unwrap_or_default();
                    method(options, |method| format!("{}#{active}", method.split('#').next().unwrap_or_default()))
                };
            })
        }),
        N::plan("w-method-fragment", shape, "no fragment", |plan| {
            second(plan, |entry| {
                entry.options =
                    |options| method(options, |method| method.split('#').next().unwrap_or_default().to_owned())
            })
        }),
        N::plan("w-method-bare", shape, "the multikey alone", |plan| {
            second(plan, |entry| {
                entry.options =
                    |options| method(options, |method| method.rsplit('#').next().unwrap_or_default().to_owned())
            })
        }),
        N::plan("w-method-own", shape, "a method of the document", |plan| {
            second(plan, |entry| {
                entry.options = |options| with(&options, "verificationMethod", text("did:webvh:log.example#key-1"))
            })
        }),
        N::plan("w-value-missing", shape, "no `proofValue`", |plan| {
            second(plan, |entry| entry.proof = |proof| without(&proof, "proofValue"))
        }),
        N::plan("w-value-base64", shape, "a value in another base", |plan| {
            second(plan, |entry| entry.proof = |proof| with(&proof, "proofValue", text("uAAAA")))
        }),
        N::plan("w-value-short", shape, "a value of 63 bytes", |plan| {
            second(plan, |entry| {
                entry.proof =
                    |proof| with(&proof, "proofValue", Json::Text(format!("z{}", bs58::encode([7; 63]).into_string())));
            })
        }),
        N::plan("w-value-long", shape, "a value of 65 bytes", |plan| {
            second(plan, |entry| {
                entry.proof =
                    |proof| with(&proof, "proofValue", Json::Text(format!("z{}", bs58::encode([7; 65]).into_string())));
            })
        }),
    ]
}

fn signers() -> Vec<Negative> {
    use Negative as N;
    let (key, signature) = (Check::ProofKey, Check::ProofSignature);
    vec![
        N::plan("w-key-other", key, "a key that may not sign", |plan| {
            second(plan, |entry| entry.signers = vec!["update 9"])
        }),
        N::plan("w-key-first", key, "a key that may not sign, in the first entry", |plan| {
            plan.entries.iter_mut().take(1).for_each(|entry| entry.signers = vec!["update 9"])
        }),
        N::plan("w-key-beside", key, "a proof of such a key beside a good one", |plan| {
            second(plan, |entry| entry.signers = vec!["update 1", "update 9"])
        }),
        N::plan("w-key-own", key, "the key that the entry itself introduces", |plan| {
            second(plan, |entry| {
                entry.parameters = format!(
                    r#"{{"updateKeys":["{}","{}"]}}"#,
                    multikey("update 2").unwrap_or_default(),
                    multikey("update 1").unwrap_or_default()
                );
                entry.signers = vec!["update 2"];
            })
        }),
        N::plan("w-key-replaced", key, "the key that the entry before replaced", |plan| {
            plan.entries.iter_mut().skip(2).for_each(|entry| entry.signers = vec!["update 1"])
        })
        .on("w-rotated"),
        N::plan("w-key-none", key, "nobody may sign any more", |plan| {
            second(plan, |entry| entry.parameters = r#"{"updateKeys":[]}"#.to_owned())
        }),
        N::plan("w-signature-zero", signature, "a value of zeros", |plan| {
            second(plan, |entry| {
                entry.proof = |proof| with(&proof, "proofValue", Json::Text(format!("z{}", "1".repeat(64))));
            })
        }),
        N::plan("w-signature-time", signature, "`created` is another than was signed", |plan| {
            second(plan, |entry| entry.proof = |proof| with(&proof, "created", text("2025-12-01T00:00:01Z")))
        }),
        N::plan("w-signature-id", signature, "an `id` that was not signed", |plan| {
            second(plan, |entry| entry.proof = |proof| with(&proof, "id", text("urn:uuid:1")))
        }),
        N::plan("w-signature-other", signature, "a signature of another key", |plan| {
            second(plan, |entry| {
                entry.signers = vec!["update 9"];
                entry.proof = |proof| {
                    let active = multikey("update 1").unwrap_or_default();
                    with(&proof, "verificationMethod", Json::Text(format!("did:key:{active}#{active}")))
                };
            })
        }),
        N::log("w-signature-moved", signature, "the proofs of two entries, exchanged", exchange),
    ]
}

fn exchange(sent: &mut Sent) {
    let proof_of = |line: &str| {
        let rest = line.split("\"proof\":").nth(1).unwrap_or_default();
        rest.split(",\"state\"").next().unwrap_or_default().to_owned()
    };
    let proofs: Vec<String> = sent.log.lines().map(proof_of).collect();
    let others = [0, 2, 1].map(|place| proofs.get(place).cloned().unwrap_or_default());
    let lines = sent.log.lines().zip(proofs.iter().zip(others));
    sent.log = lines.map(|(line, (own, other))| line.replace(own, &other) + "\n").collect();
}

fn witness(sent: &mut Sent, edit: impl FnOnce(&str) -> String) {
    sent.witness = sent.witness.as_deref().map(edit);
}

fn files() -> Vec<Negative> {
    use Negative as N;
    let file = Check::WitnessFile;
    vec![
        N::witness("w-file-json", file, "no JSON", |sent| sent.witness = Some("[".to_owned())),
        N::witness("w-file-object", file, "an object", |sent| sent.witness = Some("{}".to_owned())),
        N::witness("w-file-duplicate", file, "`versionId` twice", |sent| {
            witness(sent, |file| file.replacen("{\"proof\"", "{\"versionId\":\"\",\"proof\"", 1))
        }),
        N::witness("w-file-entry", file, "a text among the objects", |sent| {
            witness(sent, |file| file.replacen('[', "[\"x\",", 1))
        }),
        N::witness("w-file-member", file, "an object with one more member", |sent| {
            witness(sent, |file| file.replacen("{\"proof\"", "{\"note\":1,\"proof\"", 1))
        }),
        N::witness("w-file-proof", file, "`proof` is an object", |sent| {
            witness(sent, |file| file.replacen('[', "[{\"proof\":{},\"versionId\":\"x\"},", 1))
        }),
        N::witness("w-file-version", file, "no `versionId`", |sent| {
            witness(sent, |file| file.replacen('[', "[{\"proof\":[]},", 1))
        }),
    ]
}

fn witnesses() -> Vec<Negative> {
    use Negative as N;
    let (proof, few) = (Check::WitnessProof, Check::WitnessThreshold);
    let (unknown, missing) = (Check::WitnessUnknown, Check::WitnessMissing);
    vec![
        N::witness("w-witness-bad", proof, "one of two proofs was altered", |sent| {
            witness(sent, |file| {
                file.chars()
                    .rev()
                    .collect::<String>()
                    .replacen(
                        &"2025-12-02T00:00:00Z".chars().rev().collect::<String>(),
                        &"2025-12-02T00:00:01Z".chars().rev().collect::<String>(),
                        1,
                    )
                    .chars()
                    .rev()
                    .collect()
            });
        }),
        N::plan("w-witness-few", few, "one witness of two that are needed", |plan| {
            plan.witnessed = vec![(2, vec!["witness 1"])]
        })
        .on("w-witnesses"),
        N::plan("w-witness-earlier", few, "the second witness has approved an earlier entry only", |plan| {
            plan.witnessed = vec![(1, vec!["witness 1", "witness 2"]), (2, vec!["witness 1"])]
        })
        .on("w-witnesses"),
        N::plan("w-witness-repeated", few, "two proofs of one witness", |plan| {
            plan.witnessed = vec![(2, vec!["witness 1", "witness 1"])]
        })
        .on("w-witnesses"),
        N::plan("w-witness-repeated-later", few, "proofs of one witness for two entries", |plan| {
            plan.witnessed = vec![(1, vec!["witness 1"]), (2, vec!["witness 1"])]
        })
        .on("w-witnesses"),
        N::plan("w-witness-beside", few, "one witness, and one that is none", |plan| {
            plan.witnessed = vec![(2, vec!["witness 1", "witness 4"])]
        })
        .on("w-witnesses"),
        N::plan("w-witness-new", unknown, "an entry that changes the witnesses, witnessed by the new ones", |plan| {
            plan.witnessed = vec![(1, vec!["witness 1", "witness 2"]), (2, vec!["witness 4"])]
        })
        .on("w-witnesses-changed-last"),
        N::plan("w-witness-other", unknown, "proofs of keys that are no witnesses", |plan| {
            plan.witnessed = vec![(2, vec!["witness 4", "witness 5"])]
        })
        .on("w-witnesses"),
        N::plan("w-witness-controller", unknown, "the owner witnesses", |plan| {
            plan.witnessed = vec![(2, vec!["update 1"])]
        })
        .on("w-witnesses"),
        N::plan("w-witness-none", missing, "no file", |plan| plan.witness_file = false).on("w-witnesses"),
        N::plan("w-witness-empty", missing, "an empty list", |plan| plan.witnessed.clear()).on("w-witnesses"),
        N::plan("w-witness-unpublished", missing, "the proofs are for an entry that is not there yet", |plan| {
            plan.witnessed = vec![(3, vec!["witness 1", "witness 2", "witness 3"])]
        })
        .on("w-witnesses"),
        N::plan("w-witness-first", missing, "the first entry with witnesses is not witnessed", |plan| {
            plan.witnessed = vec![(0, vec!["witness 1"])]
        })
        .on("w-witnesses-begin"),
        N::plan("w-witness-last", missing, "the entry that ends witnessing is not witnessed", |plan| {
            plan.witnessed = vec![(0, vec!["witness 1", "witness 2"])]
        })
        .on("w-witnesses-end"),
        N::witness("w-witness-suite", missing, "proofs of another cryptosuite", |sent| {
            witness(sent, |file| file.replace("eddsa-jcs-2022", "eddsa-rdfc-2022"))
        }),
        N::witness("w-witness-purpose", missing, "proofs for another purpose", |sent| {
            witness(sent, |file| file.replace("assertionMethod", "authentication"))
        }),
    ]
}
