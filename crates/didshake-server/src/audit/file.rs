//! The file itself, and the hash over it.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use didshake::UnixTime;
use didshake_did::SigningIdentity;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::WriteError;
use crate::data::private_file;
use crate::store::StorageError;

pub(super) const FILE: &str = "audit.jsonl";
/// A longer one is set aside at the next start.
const LONGEST: u64 = 256 << 20;

/// What a checkpoint signs: this label, the SHA-256 of every byte of the file before the checkpoint's own line, and, as
/// eight bytes each, the number of those lines and the time.
pub(super) fn signature_input(hash: &[u8; 32], lines: u64, time: UnixTime) -> Vec<u8> {
    [&b"didshake/1 audit checkpoint"[..], hash, &lines.to_be_bytes(), &time.0.to_be_bytes()].concat()
}

/// A log that is open for writing.
pub(super) struct AuditFile {
    file: File,
    /// Bytes of whole lines; what stands behind them is a line that could not be written.
    length: u64,
    torn: bool,
    hash: Sha256,
    lines: u64,
    /// How many lines are signed, the checkpoint with them.
    signed: u64,
}

impl AuditFile {
    pub(super) fn open(directory: &Path) -> Result<Self, StorageError> {
        let path = directory.join(FILE);
        Self::open_file(&path).map_err(|source| StorageError::Directory { path, source })
    }

    fn open_file(path: &Path) -> io::Result<Self> {
        set_aside(path)?;
        drop(private_file(path)?);
        let file = File::options().append(true).open(path)?;
        let mut log = Self { file, length: 0, torn: false, hash: Sha256::new(), lines: 0, signed: 0 };
        let torn = log.take_in(path)?;
        let now = didshake_did::Clock::now(&didshake_did::SystemClock).0;
        log.append(&json!({"event": "start", "time": now, "torn": torn}))?;
        Ok(log)
    }

    /// Hashes what is there. A last line that a crash has cut off is ended: `true`.
    fn take_in(&mut self, path: &Path) -> io::Result<bool> {
        let mut reader = BufReader::new(File::open(path)?);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            if line.last() != Some(&b'\n') {
                self.file.write_all(b"\n")?;
                line.push(b'\n');
                self.count(&line, 1);
                return Ok(true);
            }
            self.count(&line, 1);
            line.clear();
        }
        Ok(false)
    }

    /// Writes a line, or nothing.
    pub(super) fn append(&mut self, entry: &Value) -> io::Result<()> {
        self.append_all(std::slice::from_ref(entry))
    }

    /// Writes lines, all or none: what a full disk takes of them is taken back, before anything else is written at the latest.
    pub(super) fn append_all(&mut self, entries: &[Value]) -> io::Result<()> {
        self.take_back()?;
        let lines: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
        if let Err(error) = self.file.write_all(lines.as_bytes()) {
            self.torn = true;
            // Tried again with the next lines.
            let _ = self.take_back();
            return Err(error);
        }
        self.count(lines.as_bytes(), entries.len());
        Ok(())
    }

    fn take_back(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.length)?;
            self.torn = false;
        }
        Ok(())
    }

    fn count(&mut self, text: &[u8], lines: usize) {
        self.length = self.length.saturating_add(u64::try_from(text.len()).unwrap_or_default());
        self.hash.update(text);
        self.lines = self.lines.saturating_add(u64::try_from(lines).unwrap_or_default());
    }

    pub(super) fn is_signed(&self) -> bool {
        self.signed == self.lines
    }

    /// Signs every line before this one, and makes them last.
    pub(super) async fn checkpoint(&mut self, identity: &SigningIdentity, now: UnixTime) -> Result<(), WriteError> {
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        let signature = identity.sign(&signature_input(&hash, self.lines, now)).await?;
        self.append(&json!({
            "event": "checkpoint",
            "time": now.0,
            "lines": self.lines,
            "hash": Base64UrlUnpadded::encode_string(&hash),
            "did": identity.did().as_str(),
            "fragment": identity.fragment().as_str(),
            "signature": Base64UrlUnpadded::encode_string(&signature),
        }))?;
        self.signed = self.lines;
        Ok(self.file.sync_data()?)
    }
}

/// `audit.jsonl` becomes `audit-1.jsonl`, or the first number that is free.
fn set_aside(path: &Path) -> io::Result<()> {
    if fs::metadata(path).map_or(0, |metadata| metadata.len()) < LONGEST {
        return Ok(());
    }
    let numbered = |number: u32| path.with_file_name(format!("audit-{number}.jsonl"));
    let free: Option<PathBuf> = (1..u32::MAX).map(numbered).find(|path| !path.exists());
    free.map_or(Ok(()), |free| fs::rename(path, free))
}

#[cfg(test)]
mod tests {
    use super::*;

    // As a full disk leaves it.
    #[test]
    fn half_a_line_is_taken_back_before_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = AuditFile::open(directory.path()).unwrap();
        log.append(&json!({"event": "login", "time": 1})).unwrap();
        let before = fs::read(directory.path().join(FILE)).unwrap();
        log.file.write_all(b"{\"event\":\"log").unwrap();
        log.torn = true;
        log.append(&json!({"event": "login", "time": 2})).unwrap();
        let expected = [&before[..], format!("{}\n", json!({"event": "login", "time": 2})).as_bytes()].concat();
        assert_eq!(fs::read(directory.path().join(FILE)).unwrap(), expected);
        assert_eq!((log.lines, &log.hash.clone().finalize()[..]), (3, &Sha256::digest(&expected)[..]));

        // And after a start it goes on from the right length.
        drop(log);
        let mut log = AuditFile::open(directory.path()).unwrap();
        assert_eq!(log.length, fs::metadata(directory.path().join(FILE)).unwrap().len());
        log.file.write_all(b"half").unwrap();
        log.torn = true;
        log.append(&json!({"event": "login", "time": 3})).unwrap();
        let text = fs::read_to_string(directory.path().join(FILE)).unwrap();
        assert!(!text.contains("half") && text.lines().count() == 5, "{text}");
    }

    #[test]
    fn lines_that_are_written_at_once_count_each() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = AuditFile::open(directory.path()).unwrap();
        let entries: Vec<Value> = (1..=3).map(|time| json!({"event": "login", "time": time})).collect();
        log.append_all(&entries).unwrap();
        let text = fs::read_to_string(directory.path().join(FILE)).unwrap();
        assert_eq!((log.lines, text.lines().count()), (4, 4));
        assert_eq!(&log.hash.clone().finalize()[..], &Sha256::digest(&text)[..]);
        drop(log);
        assert_eq!(AuditFile::open(directory.path()).unwrap().lines, 5);
    }
}
