//! Where settings come from, and what each bad one says.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use didshake_server::{Config, ConfigError, Settings, Source};

fn written(directory: &Path, text: &str) -> std::path::PathBuf {
    let path = directory.join("didshake.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn lifetime(seconds: u64) -> Settings {
    Settings { lifetime: Some(seconds), data: Some("/tmp/x".into()), ..Settings::default() }
}

const FILE: &str = "DIDSHAKE_TEST_FILE";

/// Not a test by itself: a process with an environment of its own.
#[test]
#[ignore = "run by flags_win_over_the_environment_and_that_over_the_file"]
fn child() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let shown = |flags: &Settings| {
        let config = Config::load(flags, Some(file.as_ref())).unwrap();
        let urls: Vec<String> = config.public_urls.iter().map(ToString::to_string).collect();
        println!("\nloaded {} {} {} {}", config.lifetime, config.drain.as_secs(), config.listen, urls.join("|"));
    };
    shown(&Settings::default());
    shown(&Settings { lifetime: Some(3), ..Settings::default() });
    println!("\nunknown {}", didshake_server::unknown_variables().join(" "));
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let text = "lifetime = 1\ndrain_seconds = 1\nlisten = \"127.0.0.1:1\"\ndata = \"/tmp/x\"";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "configuration::child", "--ignored", "--nocapture"])
        .env(FILE, written(directory.path(), text))
        .env("DIDSHAKE_LIFETIME", "2")
        .env("DIDSHAKE_DRAIN_SECONDS", "2")
        .env("DIDSHAKE_PUBLIC_URL", "https://a.example, https://b.example")
        .env("DIDSHAKE_LISTN", "0.0.0.0:1")
        .env("DIDSHAKE_IDENTITIES", "/tmp/identities")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("loaded")).collect();
    let urls = "https://a.example|https://b.example";
    assert_eq!(lines, [format!("loaded 2 2 127.0.0.1:1 {urls}"), format!("loaded 3 2 127.0.0.1:1 {urls}")], "{text}");
    assert!(
        text.contains("unknown DIDSHAKE_LISTN DIDSHAKE_TEST_FILE\n")
            || text.contains("unknown DIDSHAKE_TEST_FILE DIDSHAKE_LISTN\n"),
        "{text}"
    );
}

#[test]
fn each_bad_value_names_its_key_its_source_and_a_remedy() {
    let table = [
        ("listen = \"8400\"", "listen", "no address"),
        ("listen = \"0.0.0.0:8400\"", "public_url", "is needed"),
        ("public_url = \"http://example.com\"", "public_url", "plain http"),
        ("public_url = \"https://example.com/path\"", "public_url", "more than an origin"),
        ("public_url = \"wss://example.com\"", "public_url", "more than an origin"),
        ("public_url = \"example.com\"", "public_url", "no public URL"),
        ("public_url = [\"https://a.example\", \"https://a.example:443\"]", "public_url", "cannot be told apart"),
        ("public_url = \"http://127.0.0.1:1\"\ntls_cert = \"a\"\ntls_key = \"b\"", "public_url", "TLS is on"),
        ("data = \"\"", "data", "empty"),
        ("as = \"../x\"", "as", "no name"),
        ("did_web = \"did:key:z6Mk\"", "did_web", "no did:web"),
        ("did_web = \"did:web:example.com:path\"", "did_web", "whole host"),
        ("did_web = \"example.com\"", "did_web", "no DID"),
        ("default_did = \"both\"", "default_did", "neither"),
        ("default_did = \"web\"", "default_did", "no did:web"),
        ("did_log = \"a\"\ndid_web = \"did:web:example.com\"", "did_log", "no did_web"),
        ("tls_cert = \"a\"", "tls_key", "go together"),
        ("tls_key = \"a\"", "tls_cert", "go together"),
        ("trusted_proxy = \"10.0.0.0/33\"", "trusted_proxy", "no network"),
        ("metrics_allow = [\"everybody\"]", "metrics_allow", "no network"),
        ("lifetime = 0", "lifetime", "not from 1"),
        ("lifetime = 99999999", "lifetime", "not from 1"),
        ("drain_seconds = 601", "drain_seconds", "not from 0"),
        ("recheck_seconds = 604801", "recheck_seconds", "not from 0"),
        ("recheck_seconds = 600\nrecheck_bound_seconds = 599", "recheck_bound_seconds", "not from 600"),
        ("max_sessions = 0", "max_sessions", "not from 1"),
        ("max_connections = 0", "max_connections", "not from 1"),
        ("mailboxes = [\"anyone\", \"did:web:a.example\"]", "mailboxes", "not all of them DIDs"),
        ("mailboxes = \"did:\"", "mailboxes", "is no DID"),
        ("mailbox_bytes = 1000", "mailbox_bytes", "not from 131138"),
        ("rate_deposits = \"many\"", "rate_deposits", "no rate"),
        ("allow_local = \"localhost\"", "allow_local", "needs its port"),
        ("allow_local = \"169.254.169.254:80\"", "allow_local", "not local"),
        ("rate_handshakes = \"60/s\"", "rate_handshakes", "no rate"),
        ("rate_handshakes = \"0/min\"", "rate_handshakes", "no rate"),
        ("rate_handshakes = \"+6/min \"", "rate_handshakes", "no rate"),
        ("application = \"wiki\"", "application", "no public URL"),
        ("application = \"http://wiki.example\"", "application", "plain http"),
        ("application = \"https://wiki.example=\"", "application", "empty"),
        ("application = \"http://127.0.0.1:8490\"", "application", "has a host"),
        ("public_url = \"https://a.example\"\napplication = \"https://a.example:8443\"", "application", "has a host"),
        ("application = [\"https://[::1]:1\", \"https://[::1]\"]", "application", "has a host"),
        ("metrics_listen = \"localhost\"", "metrics_listen", "no address"),
    ];
    let directory = tempfile::tempdir().unwrap();
    for (text, key, says) in table {
        let data = if text.starts_with("data") { "" } else { "data = \"/tmp/x\"\n" };
        let path = written(directory.path(), &format!("{data}{text}"));
        let error = Config::load(&Settings::default(), Some(&path)).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(&format!("`{key}`")) && message.contains(says), "{text}: {message}");
        assert!(!error.remedy().is_empty(), "{text}");
        let named = message.contains(path.to_str().unwrap()) || message.contains("set nowhere");
        assert!(named, "{text}: {message}");
    }
}

#[test]
fn a_wrong_type_and_a_wrong_key_are_told_with_what_is_right() {
    let directory = tempfile::tempdir().unwrap();
    let load = |text: &str| {
        let path = written(directory.path(), text);
        Config::load(&Settings::default(), Some(&path)).unwrap_err()
    };
    let error = load("lifetime = \"long\"");
    assert!(matches!(&error, ConfigError::Type { given, .. } if given.key == "lifetime"), "{error:?}");
    assert!(error.to_string().contains("didshake.toml"), "{error}");

    let error = load("listn = \"127.0.0.1:1\"");
    let ConfigError::UnknownKey { given, nearest } = &error else { panic!("{error:?}") };
    assert_eq!((given.key.as_str(), *nearest), ("listn", "listen"));
    assert!(matches!(given.source, Source::File(_)), "{given:?}");

    assert!(matches!(load("public_url = 3"), ConfigError::Type { .. }));
    assert!(matches!(load("listen = \"127.0.0.1:1"), ConfigError::Syntax { .. }));
    let missing = Config::load(&Settings::default(), Some(Path::new("/nowhere/didshake.toml"))).unwrap_err();
    assert!(matches!(missing, ConfigError::Unreadable { .. }));
}

#[test]
fn a_bad_flag_is_named_as_a_flag() {
    let error = Config::of(&lifetime(0)).unwrap_err();
    assert_eq!(error.to_string(), "--lifetime (`0`) is not from 1 to 2592000");
    assert_eq!(Config::of(&lifetime(2_592_000)).unwrap().lifetime, 2_592_000);
}

#[test]
fn the_example_is_a_configuration() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/didshake.toml");
    let config = Config::load(&Settings::default(), Some(&example)).unwrap();
    assert_eq!(config.public_urls[0].as_str(), "https://example.com");
    // What is commented out is what counts without.
    let text = std::fs::read_to_string(&example).unwrap();
    let all: String = text
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|line| line.contains(" = ")).unwrap_or(line))
        // A service has one of the two.
        .filter(|line| !line.starts_with("listen") && !line.starts_with("did_log"))
        .map(|line| format!("{line}\n"))
        .collect();
    let directory = tempfile::tempdir().unwrap();
    let config = Config::load(&Settings::default(), Some(&written(directory.path(), &all))).unwrap();
    let default = Config::of(&Settings { data: Some("/tmp/x".into()), ..Settings::default() }).unwrap();
    assert_eq!((config.lifetime, config.drain), (default.lifetime, default.drain));
    assert_eq!((config.max_sessions, config.max_connections), (default.max_sessions, default.max_connections));
    assert_eq!((config.recheck, default.recheck), (default.recheck, Some(didshake_peer::Watch::default())));
    assert_eq!(config.rate_handshakes, didshake_did::web::Rate { burst: 30, per_minute: 60 });
    assert_eq!(default.rate_handshakes, config.rate_handshakes);
    let relay = Config::of(&Settings {
        mailboxes: Some(vec!["anyone".into()]),
        data: Some("/tmp/x".into()),
        ..Settings::default()
    });
    assert_eq!((config.relay, default.relay), (relay.unwrap().relay, None));
}

#[test]
fn zero_seconds_look_at_no_document_again_and_a_long_interval_has_its_own_bound() {
    let recheck = |seconds| {
        let data = Some("/tmp/x".into());
        Config::of(&Settings { data, recheck_seconds: Some(seconds), ..Settings::default() }).unwrap().recheck
    };
    assert_eq!(recheck(0), None);
    let hour = Duration::from_secs(3600);
    assert_eq!(recheck(3600), Some(didshake_peer::Watch { every: hour, bound: hour }));
}

#[tokio::test]
async fn files_that_are_named_are_looked_into() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "nothing of that kind").unwrap();
    let (there, missing) = (file.to_str().unwrap().to_owned(), "/nowhere/file".to_owned());
    let base = Settings { data: Some("/tmp/x".into()), ..Settings::default() };
    for path in [&there, &missing] {
        let one = || Some(vec![path.clone()]);
        let (cert, key) = (Some(path.clone()), Some(path.clone()));
        for (what, settings) in [
            ("policy", Settings { policy: Some(path.clone()), ..base.clone() }),
            ("mailboxes", Settings { mailboxes: one(), ..base.clone() }),
            ("root-cert", Settings { root_cert: one(), ..base.clone() }),
            ("documents", Settings { documents: one(), ..base.clone() }),
            ("tls-cert", Settings { tls_cert: cert, tls_key: key, ..base.clone() }),
        ] {
            let error = Config::of(&settings).unwrap().check_files().await.unwrap_err();
            let named = error.to_string().contains(path.as_str()) && error.to_string().contains(&format!("--{what}"));
            // A key that others can read is told before what is in it.
            assert!(named || error.to_string().contains("--tls-key"), "{what}: {error}");
        }
    }
}
