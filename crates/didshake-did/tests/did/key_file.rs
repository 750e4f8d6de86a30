//! Key files, read and written by us and by the real OpenSSL.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use didshake::{Algorithm, Did, Fragment, PublicKey, Secret};
use didshake_did::key_file::{self, NewKeyFile};
use didshake_did::{
    IdentityName, IdentityStore, KeyFileError, Passphrase, SecretKey, SigningIdentity, did_jwk, did_key,
};
use rand_core::UnwrapErr;
use tempfile::TempDir;

const ALGORITHMS: [Algorithm; 2] = [Algorithm::Ed25519, Algorithm::Es256];

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }
}

fn rng() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

fn key(algorithm: Algorithm) -> SecretKey {
    SecretKey::new(algorithm, Secret::new([7; 32])).unwrap()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.as_bytes().to_vec()).unwrap()
}

fn create(
    path: &Path,
    did: &Did,
    fragment: &str,
    key: &SecretKey,
    secret: Option<&Passphrase>,
) -> Result<(), KeyFileError> {
    let fragment = Fragment::of(did, fragment).unwrap();
    let new = NewKeyFile { name: None, did, fragment: &fragment, key, passphrase: secret };
    key_file::create(path, &new, &mut rng())
}

/// A did:key identity in a file.
fn create_did_key(path: &Path, algorithm: Algorithm, secret: Option<&Passphrase>) -> Did {
    let key = key(algorithm);
    let did = did_key::encode(&key.public_key().unwrap()).unwrap();
    create(path, &did, "", &key, secret).unwrap();
    did
}

/// Runs OpenSSL, which must be there.
fn openssl(arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).output().expect("these tests need the openssl program");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn assert_signs(identity: &SigningIdentity) {
    let signature = identity.sign(b"text").await.unwrap();
    assert!(identity.public_key().verify(b"text", &signature));
}

#[tokio::test]
async fn written_and_read_again() {
    let place = Place::new();
    let secret = passphrase("correct horse");
    for algorithm in ALGORITHMS {
        for (encrypted, secret) in [(false, None), (true, Some(&secret))] {
            let path = place.path(&format!("{}-{encrypted}.pem", algorithm.name()));
            let did = create_did_key(&path, algorithm, secret);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
            let header = key_file::read_header(&path).unwrap();
            assert_eq!((&header.did, header.encrypted, header.name), (&did, encrypted, None));
            let identity = key_file::load(&path, secret).unwrap();
            assert_eq!(identity.did(), &did);
            assert_signs(&identity).await;
        }
    }
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 4, "no temporary file is left");
}

#[test]
fn openssl_reads_what_we_write() {
    let place = Place::new();
    let longest = "p".repeat(didshake_did::MAX_PASSPHRASE_BYTES);
    for algorithm in ALGORITHMS {
        let (key, path) = (key(algorithm).public_key().unwrap(), place.path("key.pem"));
        let path = path.to_str().unwrap();
        for text in ["correct horse", longest.as_str()] {
            create_did_key(path.as_ref(), algorithm, Some(&passphrase(text)));
            let pass = format!("file:{}", place.write("passphrase", text).display());
            assert_eq!(public_key_by_openssl(&["pkey", "-in", path, "-passin", &pass], &key), key.as_bytes());
            let shown = openssl(&["asn1parse", "-in", path]);
            for part in ["PBES2", "scrypt", "aes-256-cbc"] {
                assert!(shown.contains(part), "{shown}");
            }
            fs::remove_file(path).unwrap();
        }
        create_did_key(path.as_ref(), algorithm, None);
        assert_eq!(public_key_by_openssl(&["pkey", "-in", path, "-check"], &key), key.as_bytes());
        fs::remove_file(path).unwrap();
    }
}

/// The public key that OpenSSL finds, in our encoding.
fn public_key_by_openssl(arguments: &[&str], like: &PublicKey) -> Vec<u8> {
    let form: &[&str] = if like.algorithm() == Algorithm::Es256 { &["-ec_conv_form", "compressed"] } else { &[] };
    let shown = openssl(&[arguments, &["-noout", "-text_pub"], form].concat());
    let start = shown.find("pub:").expect("a public key") + "pub:".len();
    let bytes = shown[start..].chars().filter(|c| !c.is_whitespace() && *c != ':');
    hex::decode(bytes.take(2 * like.as_bytes().len()).collect::<String>()).unwrap()
}

#[tokio::test]
async fn we_read_what_openssl_writes() {
    let place = Place::new();
    for (algorithm, arguments) in [("ed25519", &[][..]), ("EC", &["-pkeyopt", "ec_paramgen_curve:P-256"])] {
        let plain = openssl(&[&["genpkey", "-algorithm", algorithm], arguments].concat());
        let source = place.write("source.pem", &plain);
        let source = source.to_str().unwrap();
        let web = |pem: &str| format!("# did: did:web:example.com\n# fragment: key-1\n{pem}");
        assert_signs(&key_file::load(&place.write("plain.pem", &web(&plain)), None).unwrap()).await;
        for cipher in [&["-scrypt"][..], &["-v2", "aes-256-cbc"], &["-v2", "aes-128-cbc", "-iter", "600000"]] {
            let encrypted = openssl(&[&["pkcs8", "-topk8", "-in", source, "-passout", "pass:abc"], cipher].concat());
            let path = place.write("encrypted.pem", &web(&encrypted));
            assert_signs(&key_file::load(&path, Some(&passphrase("abc"))).unwrap()).await;
            let refused = key_file::load(&path, Some(&passphrase("abd"))).unwrap_err();
            assert!(matches!(refused, KeyFileError::WrongPassphrase { .. }), "{refused}");
        }
    }
    for arguments in [
        &["genpkey", "-algorithm", "x25519"][..],
        &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        &["genpkey", "-algorithm", "ed448"],
    ] {
        let path = place.write("other.pem", &format!("# did: did:web:a\n# fragment: k\n{}", openssl(arguments)));
        let refused = key_file::load(&path, None).unwrap_err();
        assert!(matches!(refused, KeyFileError::UnsupportedKey { .. }), "{refused}");
    }
}

#[test]
fn unreasonable_costs_are_refused_unpaid() {
    let place = Place::new();
    let path = place.path("source.pem");
    create_did_key(&path, Algorithm::Ed25519, None);
    let encrypted = openssl(&[
        "pkcs8",
        "-topk8",
        "-in",
        path.to_str().unwrap(),
        "-passout",
        "pass:abc",
        "-scrypt",
        "-scrypt_N",
        "1024",
        "-scrypt_p",
        "1000",
    ]);
    let costly = place.write("costly.pem", &format!("# did: did:web:a\n# fragment: k\n{encrypted}"));
    assert!(matches!(key_file::load(&costly, Some(&passphrase("abc"))), Err(KeyFileError::TooCostly { .. })));
}

#[test]
fn a_passphrase_is_asked_for_and_checked() {
    let place = Place::new();
    let path = place.path("a.pem");
    create_did_key(&path, Algorithm::Es256, Some(&passphrase("right")));
    let missing = key_file::load(&path, None).unwrap_err();
    assert!(matches!(missing, KeyFileError::PassphraseNeeded { .. }));
    let wrong = key_file::load(&path, Some(&passphrase("wrong"))).unwrap_err();
    assert!(matches!(wrong, KeyFileError::WrongPassphrase { .. }), "{wrong}");
}

#[test]
fn nothing_is_ever_replaced() {
    let place = Place::new();
    let path = place.path("a.pem");
    create_did_key(&path, Algorithm::Ed25519, None);
    let before = fs::read(&path).unwrap();
    let other = SecretKey::generate(Algorithm::Es256, &mut rng()).unwrap();
    let did = did_jwk::encode(&other.public_key().unwrap()).unwrap();
    let refused = create(&path, &did, "", &other, None).unwrap_err();
    assert!(matches!(refused, KeyFileError::AlreadyExists { .. }), "{refused}");
    symlink(place.path("nowhere"), place.path("b.pem")).unwrap();
    let refused = create(&place.path("b.pem"), &did, "", &other, None).unwrap_err();
    assert!(matches!(refused, KeyFileError::AlreadyExists { .. }), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 2, "no temporary file is left");
}

#[test]
fn files_open_to_others_are_refused_with_the_remedy() {
    let place = Place::new();
    let path = place.path("a.pem");
    let did = create_did_key(&path, Algorithm::Ed25519, None);
    for mode in [0o640, 0o604, 0o620, 0o601, 0o644, 0o777] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let remedy = format!("chmod 600 '{}'", path.display());
        for refused in [key_file::load(&path, None).err(), key_file::read_header(&path).err()] {
            let refused = refused.unwrap();
            assert!(matches!(refused, KeyFileError::OpenToOthers { .. }));
            assert!(refused.to_string().contains(&remedy), "{refused}");
        }
    }
    for mode in [0o600, 0o400] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert_eq!(key_file::load(&path, None).unwrap().did(), &did);
    }
    symlink(&path, place.path("link.pem")).unwrap();
    assert!(key_file::load(&place.path("link.pem"), None).is_ok());
}

#[test]
fn the_did_above_must_be_the_keys() {
    let place = Place::new();
    let path = place.path("a.pem");
    let did = create_did_key(&path, Algorithm::Ed25519, None);
    let text = fs::read_to_string(&path).unwrap();
    let other_key = SecretKey::new(Algorithm::Ed25519, Secret::new([8; 32])).unwrap();
    for other in [did_key::encode(&other_key.public_key().unwrap()), did_jwk::encode(&other_key.public_key().unwrap())]
    {
        let edited = place.write("edited.pem", &text.replace(did.as_str(), other.as_ref().unwrap().as_str()));
        assert!(matches!(key_file::load(&edited, None), Err(KeyFileError::DidMismatch { .. })));
        let refused = create(&place.path("new.pem"), &other.unwrap(), "", &key(Algorithm::Ed25519), None);
        assert!(matches!(refused, Err(KeyFileError::DidMismatch { .. })));
    }
    assert!(!place.path("new.pem").exists());
}

#[test]
fn other_files_are_no_key_files() {
    let place = Place::new();
    let path = place.path("a.pem");
    let did = create_did_key(&path, Algorithm::Ed25519, None);
    let good = fs::read_to_string(&path).unwrap();
    let line = format!("# did: {did}\n");
    for bad in [
        String::new(),
        good.replace(&line, ""),
        good.replace(&line, &line.repeat(2)),
        good.replace(&line, "# did: did:key\n"),
        good.replace(&line, &format!("{line}# fragment: x\n")),
        good.replace(&line, "# did: did:web:a\n"),
        good.replace(&line, &format!("{line}# name: ../x\n")),
        good.replace(&line, &format!("{line}no comment\n")),
        good.replace("PRIVATE KEY", "PUBLIC KEY"),
        good.replace("PRIVATE KEY", "EC PRIVATE KEY"),
        good.replace("-----END", "----END"),
        format!("{good}{good}"),
        format!("{good}more"),
        good.replace("MC", "MD"),
    ] {
        let refused = key_file::load(&place.write("bad.pem", &bad), None).unwrap_err();
        assert!(matches!(refused, KeyFileError::NotAKeyFile { .. }), "{refused} {bad}");
    }
    let ignored = good.replace(&line, &format!("{line}# note: did: x\n#\n\n# anything\n"));
    assert!(key_file::load(&place.write("good.pem", &ignored), None).is_ok());
    let crlf = good.replace('\n', "\r\n");
    assert!(key_file::load(&place.write("crlf.pem", &crlf), None).is_ok());
    let large = place.write("large.pem", &good.replace(&line, &format!("{line}# {}\n", "x".repeat(20_000))));
    assert!(matches!(key_file::load(&large, None), Err(KeyFileError::TooLarge { .. })));
    assert!(matches!(key_file::load(place.0.path(), None), Err(KeyFileError::NotAKeyFile { .. })));
    assert!(matches!(key_file::load(&place.path("none"), None), Err(KeyFileError::Unreadable { .. })));
}

#[test]
fn a_store_of_identities() {
    let place = Place::new();
    let store = IdentityStore::at(place.path("share/didshake/identities"));
    assert_eq!(store.names().unwrap(), []);
    let key = key(Algorithm::Ed25519);
    let web = Did::parse("did:web:example.com").unwrap();
    let fragment = Fragment::of(&web, "key-1").unwrap();
    let new = NewKeyFile { name: None, did: &web, fragment: &fragment, key: &key, passphrase: None };
    for name in ["bob", "Alice.2"] {
        let name = IdentityName::parse(name).unwrap();
        store.create(&name, &new, &mut rng()).unwrap();
        assert!(matches!(store.create(&name, &new, &mut rng()), Err(KeyFileError::AlreadyExists { .. })));
        assert_eq!(store.header(&name).unwrap().name, Some(name.clone()));
        assert_eq!(store.load(&name, None).unwrap().fragment(), &fragment);
    }
    for directory in ["share", "share/didshake", "share/didshake/identities"] {
        assert_eq!(fs::metadata(place.path(directory)).unwrap().permissions().mode() & 0o7777, 0o700);
    }
    fs::write(store.directory().join("notes.txt"), "x").unwrap();
    let names: Vec<_> = store.names().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["Alice.2", "bob"]);

    fs::set_permissions(store.directory(), Permissions::from_mode(0o770)).unwrap();
    let refused = store.create(&IdentityName::parse("carol").unwrap(), &new, &mut rng()).unwrap_err();
    assert!(refused.to_string().contains("chmod 700"), "{refused}");
}

#[test]
fn the_store_of_a_user() {
    assert!(IdentityStore::of_user().unwrap().directory().ends_with("didshake/identities"));
    println!("store: {}", IdentityStore::of_user().unwrap().directory().display());
}

#[test]
fn the_store_of_a_user_follows_xdg() {
    // A process of its own, because the environment of this one belongs to all tests.
    let run = |variables: &[(&str, &str)]| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "key_file::the_store_of_a_user", "--nocapture"]);
        command.env_remove("XDG_DATA_HOME").envs(variables.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(run(&[("XDG_DATA_HOME", "/data")]).contains("store: /data/didshake/identities\n"));
    assert!(run(&[("HOME", "/home/a")]).contains("store: /home/a/.local/share/didshake/identities\n"));
}

#[test]
fn names_are_no_paths() {
    for good in ["a", "A-1", "alice@home".split('@').next().unwrap(), "a.b_c", "9", &"x".repeat(64)] {
        assert!(IdentityName::parse(good).is_ok(), "{good}");
    }
    for bad in ["", ".", "..", ".a", "-a", "_a", "a/b", "a\\b", "a b", "a\0", "ä", "a\n", &"x".repeat(65)] {
        assert!(IdentityName::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn no_secret_is_shown() {
    let key = SecretKey::new(Algorithm::Ed25519, Secret::new([0xA7; 32])).unwrap();
    assert_eq!(format!("{key:?}"), "SecretKey(Ed25519, redacted)");
    let place = Place::new();
    let path = place.path("a.pem");
    create_did_key(&path, Algorithm::Ed25519, Some(&passphrase("hunter2")));
    let refused = key_file::load(&path, Some(&passphrase("hunter3"))).unwrap_err();
    assert!(!format!("{refused:?} {refused}").contains("hunter"));
}
