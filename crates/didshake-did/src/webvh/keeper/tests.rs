use super::super::author::{first_entry, following, witness_proof};
use super::super::parameters::Witnesses;
use super::*;
use crate::json::Object;
use crate::rfc3339;

const NOW: UnixTime = UnixTime(1_767_225_600);

/// A log that goes on with one key, in a directory of its own.
struct Kept {
    directory: tempfile::TempDir,
    keeper: LogKeeper,
    key: SigningKey,
}

fn kept() -> Kept {
    kept_with(None)
}

fn kept_with(witnesses: Option<Witnesses>) -> Kept {
    let directory = tempfile::tempdir().unwrap();
    let keeper = LogKeeper::at(directory.path().join("log"));
    let name = keeper.new_key(None, &mut rng()).unwrap();
    let key = keeper.key(&name, None).unwrap();
    let change = Change { update_keys: Some(vec![name]), witnesses: witnesses.map(Some), ..Change::default() };
    let line = first_entry(br#"{"id":"did:webvh:{SCID}:example.com"}"#, &change, &key, NOW).unwrap();
    keeper.begin(&line, NOW).unwrap();
    Kept { directory, keeper, key }
}

fn rng() -> impl CryptoRng {
    rand_core::UnwrapErr(getrandom::SysRng)
}

fn ttl(seconds: u32) -> Change {
    Change { ttl_seconds: Some(seconds), ..Change::default() }
}

impl Kept {
    fn log(&self) -> Log {
        self.keeper.log(LATER).unwrap()
    }

    fn extend(&self, from: &Log, change: Change) -> Result<Log, KeeperError> {
        self.keeper.extend(from, None, change, None, LATER, &mut rng())
    }
}

/// After all entries that are made here.
const LATER: UnixTime = UnixTime(NOW.0 + 100_000);

#[test]
fn a_change_of_a_log_that_has_changed_is_refused() {
    let kept = kept();
    let before = kept.log();
    kept.extend(&before, ttl(1)).unwrap();
    assert!(matches!(kept.extend(&before, ttl(2)), Err(KeeperError::Changed { .. })));
    assert_eq!(kept.log().ttl_seconds(), 1);
    kept.extend(&kept.log(), ttl(2)).unwrap();
    assert_eq!(kept.log().ttl_seconds(), 2);
}

#[test]
fn the_last_entry_of_all_is_kept_for_the_deactivation() {
    let kept = kept();
    let (mut lines, mut before) =
        (vec![kept.keeper.read(LOG, MAX_LOG_BYTES).unwrap().to_vec()], kept.log().versions()[0].clone());
    let state = kept.log().state().clone();
    for number in 2..MAX_ENTRIES {
        let time = rfc3339::text(NOW.plus(number as u64)).unwrap();
        let line = following(&before, number, &time, (Object::new(), state.clone()), &kept.key).unwrap();
        before = line.split('"').find(|text| text.starts_with(&format!("{number}-Qm"))).unwrap().to_owned();
        lines.push(format!("{line}\n").into_bytes());
    }
    private_file::replace(&kept.keeper.path(LOG), &lines.concat()).unwrap();
    let log = kept.log();
    assert_eq!(log.versions().len(), MAX_ENTRIES - 1);
    assert!(matches!(kept.extend(&log, ttl(1)), Err(KeeperError::Full { .. })));
    let ended = kept.extend(&log, Change { deactivated: true, ..Change::default() }).unwrap();
    assert_eq!((ended.versions().len(), ended.is_deactivated()), (MAX_ENTRIES, true));
}

#[test]
fn proofs_of_witnesses_do_not_pile_up() {
    let one = SigningKey::from_secret(didshake::Algorithm::Ed25519, &didshake::Secret::new([1; 32])).unwrap();
    let two = SigningKey::from_secret(didshake::Algorithm::Ed25519, &didshake::Secret::new([2; 32])).unwrap();
    let names = [&one, &two].map(|key| multikey(&key.public_key())).to_vec();
    let kept = kept_with(Witnesses::new(2, names));
    let (out, proofs) = (kept.directory.path().join("out"), || kept.keeper.proofs().unwrap().unwrap());
    for ttl_seconds in 1..12 {
        let version = kept.log().versions().last().unwrap().clone();
        for key in [&one, &two, &one] {
            kept.keeper.add_proof(witness_proof(&version, key, LATER).unwrap().as_bytes(), LATER).unwrap();
        }
        // What is published already has enough proofs in the file that comes before the new log.
        if let Ok(published) = fs::read(out.join(LOG)) {
            UnwitnessedLog::read(&published, None, LATER).unwrap().witnessed(Some(&proofs())).unwrap();
        }
        kept.keeper.publish(&out, LATER).unwrap();
        kept.extend(&kept.log(), ttl(ttl_seconds)).unwrap();
    }
    assert_eq!(String::from_utf8(proofs()).unwrap().matches("proofValue").count(), 6);
}
