//! Certificates for HTTPS on this machine, and a login over it.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use didshake_tests::{Home, Service};

fn openssl(home: &Home, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("openssl").args(arguments).current_dir(home.path("certs")).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn others_take_the_certificates_for_these_names_and_no_more() {
    let home = Home::new();
    let made = home.run(&["--json", "certs", "--out", "certs", "Localhost", "127.0.0.1", "::1"]).expect(0).json();
    assert_eq!(made["names"], serde_json::json!(["localhost", "127.0.0.1", "::1"]));
    let verify = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "root.pem"];
    for (name, good) in [
        (["-verify_hostname", "localhost"], true),
        (["-verify_ip", "127.0.0.1"], true),
        (["-verify_ip", "::1"], true),
        (["-verify_hostname", "other.example"], false),
        (["-verify_ip", "127.0.0.2"], false),
        (["-attime", "4102444800"], false),
    ] {
        let (taken, said) = openssl(&home, &[&verify[..], &name, &["server.pem"]].concat());
        assert_eq!(taken, good, "{name:?}: {said}");
    }
    let (_, root) = openssl(&home, &["x509", "-in", "root.pem", "-noout", "-text"]);
    assert!(root.contains("CA:TRUE, pathlen:0") && root.contains("Certificate Sign"), "{root}");
    let (_, server) = openssl(&home, &["x509", "-in", "server.pem", "-noout", "-text"]);
    assert!(server.contains("TLS Web Server Authentication") && server.contains("CA:FALSE"), "{server}");
    // 397 days in all: not valid any more in 398.
    let (valid, _) = openssl(&home, &["x509", "-in", "server.pem", "-noout", "-checkend", &(398 * 86_400).to_string()]);
    assert!(!valid);
}

#[test]
fn the_key_is_private_and_nothing_is_overwritten() {
    let home = Home::new();
    let text = home.run(&["certs", "--out", "certs", "localhost"]).expect(0);
    assert!(text.text().contains("certs/server.key") && text.stderr.contains("--root-cert certs/root.pem"));
    let mode = |name: &str| std::fs::metadata(home.path("certs").join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("server.key"), mode("server.pem"), mode("root.pem")), (0o600, 0o644, 0o644));
    let before = std::fs::read(home.path("certs/server.key")).unwrap();
    let refused = home.run(&["certs", "--out", "certs", "localhost"]).expect(7);
    assert!(refused.stderr.contains("not overwritten"), "{}", refused.stderr);
    std::fs::remove_file(home.path("certs/server.pem")).unwrap();
    let _ = home.run(&["certs", "--out", "certs", "localhost"]).expect(7);
    assert_eq!(std::fs::read(home.path("certs/server.key")).unwrap(), before);
    assert!(!home.path("certs/server.pem").exists());
    for name in ["https://localhost", "localhost:8443", "*.example", "a b"] {
        let _ = home.run(&["certs", "--out", "others", name]).expect(2);
    }
    assert!(!home.path("others").exists());
}

#[test]
fn a_login_over_https_needs_the_root() {
    let home = Home::new();
    let _ = home.identity("alice");
    let _ = home.run(&["certs", "--out", "certs", "localhost", "127.0.0.1"]).expect(0);
    let _ = home.run(&["certs", "--out", "others", "localhost", "127.0.0.1"]).expect(0);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (listen, url) = (format!("127.0.0.1:{port}"), format!("https://localhost:{port}"));
    let tls = ["--public-url", &url, "--tls-cert", "certs/server.pem", "--tls-key", "certs/server.key"];
    let service = Service::start(&home, &[&["--listen", &listen], &tls[..]].concat());
    let login = ["login", &url, "--as", "alice", "--expect", &service.did];
    for root in [&[][..], &["--root-cert", "others/root.pem"]] {
        let refused = home.run(&[&login[..], root].concat()).expect(5);
        assert!(refused.stderr.contains("--root-cert FILE"), "{}", refused.stderr);
    }
    let root = ["--root-cert", "certs/root.pem"];
    let _ = home.run(&[&login[..], &root].concat()).expect(0);
    let session = format!("{url}/v1/session");
    let answer = home.run(&[&["request", "GET", &session, "--fail"], &root[..]].concat()).expect(0).json();
    assert_eq!(answer["origin"], url.as_str());
    let _ = home.run(&[&["logout", &url], &root[..]].concat()).expect(0);
    let no_certificate = home.run(&[&login[..], &["--root-cert", "certs/server.key"]].concat()).expect(2);
    assert!(no_certificate.stderr.contains("no PEM certificate"), "{}", no_certificate.stderr);
}
