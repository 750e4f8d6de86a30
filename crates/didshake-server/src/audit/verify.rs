//! Whether an audit log is as it was written.

use std::io::{BufRead, Read as _};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use didshake::{PublicKey, Signature, UnixTime};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::file::signature_input;

/// So long is no line of ours.
const MAX_LINE: u64 = 64 * 1024;

/// What a log says, as far as its signatures go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AuditReport {
    /// Entries, checkpoints not counted.
    pub entries: u64,
    /// Checkpoints, each with a good signature.
    pub checkpoints: u64,
    /// Entries after the last checkpoint: nobody can tell whether they are all, and as they were.
    pub unsigned: u64,
    /// The time of the last checkpoint.
    pub signed_until: Option<UnixTime>,
}

/// Who signed a checkpoint, as it says.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the fields say themselves what they are")]
pub struct CheckpointKey {
    pub did: String,
    /// Of the verification method, without `#`; empty for did:key.
    pub fragment: String,
}

/// Why a log is not as it was written: in which line, and what is wrong.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {fault}")]
#[allow(missing_docs, reason = "the fields say themselves what they are")]
pub struct AuditError {
    pub line: u64,
    #[source]
    pub fault: AuditFault,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum AuditFault {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Unreadable(#[from] std::io::Error),
    /// No JSON object of at most 64 KiB, and not the last line before a crash.
    #[error("this is no entry")]
    NoEntry,
    /// A checkpoint lacks something.
    #[error("this is no whole checkpoint")]
    NoCheckpoint,
    /// Lines before this checkpoint were changed, added or taken out.
    #[error("the lines before this checkpoint are not those that were signed")]
    Changed,
    /// Signed by somebody whose key is not known.
    #[error("this checkpoint is signed by another service")]
    OtherSigner,
    /// The signature is not one of the key over this checkpoint.
    #[error("the signature of this checkpoint is wrong")]
    Signature,
}

/// Reads an audit log and checks each of its signatures. `key` gives the key of whoever a checkpoint names, if that is who
/// is meant.
///
/// ```
/// use didshake_server::verify_audit;
/// let report = verify_audit(&mut &b"{\"event\":\"start\",\"time\":1767225600,\"torn\":false}\n"[..], |_| None)?;
/// assert_eq!((report.entries, report.unsigned, report.signed_until), (1, 1, None));
/// # Ok::<(), didshake_server::AuditError>(())
/// ```
///
/// # Errors
/// [`AuditError`], at the first line that is wrong.
pub fn verify_audit(
    input: &mut impl BufRead,
    key: impl Fn(&CheckpointKey) -> Option<PublicKey>,
) -> Result<AuditReport, AuditError> {
    let mut log = Log::default();
    let mut line = Vec::new();
    loop {
        let failed = |fault| AuditError { line: log.lines + 1, fault };
        line.clear();
        match input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(0) if log.torn => return Err(AuditError { line: log.lines, fault: AuditFault::NoEntry }),
            Ok(0) => return Ok(log.report),
            Ok(_) => {}
            Err(error) => return Err(failed(error.into())),
        }
        let taken = log.take(&line, &key);
        taken.map_err(|fault| AuditError { line: log.lines + 1, fault })?;
        log.hash.update(&line);
        log.lines += 1;
    }
}

/// What was read so far.
#[derive(Default)]
struct Log {
    hash: Sha256,
    lines: u64,
    /// The line before was cut off; only a start can follow.
    torn: bool,
    report: AuditReport,
}

impl Log {
    fn take(&mut self, line: &[u8], key: impl Fn(&CheckpointKey) -> Option<PublicKey>) -> Result<(), AuditFault> {
        let entry = serde_json::from_slice::<Value>(line).ok().filter(|_| line.last() == Some(&b'\n'));
        let Some(entry) = entry.filter(Value::is_object) else {
            return if std::mem::replace(&mut self.torn, true) { Err(AuditFault::NoEntry) } else { Ok(()) };
        };
        let is = |event: &str| entry.get("event").is_some_and(|member| member == event);
        if std::mem::take(&mut self.torn) && !(is("start") && entry.get("torn") == Some(&Value::Bool(true))) {
            return Err(AuditFault::NoEntry);
        }
        if is("checkpoint") {
            self.check(&entry, key)?;
            self.report.checkpoints += 1;
            self.report.unsigned = 0;
        } else {
            self.report.entries += 1;
            self.report.unsigned += 1;
        }
        Ok(())
    }

    fn check(&mut self, entry: &Value, key: impl Fn(&CheckpointKey) -> Option<PublicKey>) -> Result<(), AuditFault> {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).ok_or(AuditFault::NoCheckpoint);
        let number = |name: &str| entry.get(name).and_then(Value::as_u64).ok_or(AuditFault::NoCheckpoint);
        let bytes = |name: &str| Base64UrlUnpadded::decode_vec(text(name)?).map_err(|_| AuditFault::NoCheckpoint);
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        if bytes("hash")? != hash || number("lines")? != self.lines {
            return Err(AuditFault::Changed);
        }
        let signer = CheckpointKey { did: text("did")?.to_owned(), fragment: text("fragment")?.to_owned() };
        let key = key(&signer).ok_or(AuditFault::OtherSigner)?;
        let time = UnixTime(number("time")?);
        let signature = Signature::try_from(bytes("signature")?).map_err(|_| AuditFault::NoCheckpoint)?;
        if !key.verify(&signature_input(&hash, self.lines, time), &signature) {
            return Err(AuditFault::Signature);
        }
        self.report.signed_until = Some(time);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use didshake::{Algorithm, Secret, SigningKey};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn signing() -> SigningKey {
        SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([7; 32])).unwrap()
    }

    /// Two checkpoints, and an entry after each.
    fn log() -> Vec<u8> {
        let mut log = b"{\"event\":\"start\",\"time\":1,\"torn\":false}\n".to_vec();
        for (lines, time) in [(1, 2), (3, 4)] {
            let hash: [u8; 32] = Sha256::digest(&log).into();
            let signature = signing().sign(&signature_input(&hash, lines, UnixTime(time))).unwrap();
            let (hash, signature) =
                (Base64UrlUnpadded::encode_string(&hash), Base64UrlUnpadded::encode_string(&signature));
            let checkpoint = json!({"event": "checkpoint", "time": time, "lines": lines, "hash": hash, "did": "did:x:y",
                "fragment": "", "signature": signature});
            log.extend(format!("{checkpoint}\n{}\n", json!({"event": "login", "time": time})).into_bytes());
        }
        log
    }

    fn verified(log: &[u8]) -> Result<AuditReport, AuditError> {
        verify_audit(&mut &log[..], |signer| (signer.did == "did:x:y").then(|| signing().public_key()))
    }

    #[test]
    fn a_log_is_as_it_was_signed() {
        let report = verified(&log()).unwrap();
        assert_eq!((report.entries, report.checkpoints, report.unsigned), (3, 2, 1));
        assert_eq!(report.signed_until, Some(UnixTime(4)));
    }

    proptest! {
        #[test]
        fn whatever_it_is_it_is_read_to_its_end_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let whole = [&bytes[..], b"\n", &log(), &bytes].concat();
            prop_assert!(verified(&bytes).is_ok_and(|report| report.checkpoints == 0) || verified(&bytes).is_err());
            prop_assert!(verified(&whole).is_err(), "lines before a checkpoint");
        }

        // After the last checkpoint nobody can tell; before it, everything shows.
        #[test]
        fn a_changed_byte_shows(at in any::<prop::sample::Index>(), change in 1..=255_u8) {
            let (log, unsigned) = (log(), json!({"event": "login", "time": 4}).to_string().len() + 1);
            let mut changed = log.clone();
            let at = at.index(log.len() - unsigned);
            changed[at] ^= change;
            let report = verified(&changed);
            prop_assert!(report.is_err() || report.is_ok_and(|report| report.checkpoints < 2), "{at}");
        }
    }
}
