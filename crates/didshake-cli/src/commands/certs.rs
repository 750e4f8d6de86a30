//! `didshake certs`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use didshake_did::private_file::{self, Readers};
use didshake_did::{Clock, SystemClock};
use serde_json::json;

use crate::certificates::{Issued, MAX_DAYS, ServerName, issue};
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output;

const AFTER_HELP: &str = "\
For tests, and for HTTPS on this machine or in one's own network. Three files are written, none is overwritten:
  root.pem    the root certificate; clients trust it with --root-cert
  server.pem  the server's certificate and the root's; `didshake serve --tls-cert`
  server.key  the server's key, mode 0600; `didshake serve --tls-key`
The root's key is not kept: nobody can make further certificates of this root. When they expire, make new ones in another
directory.

Examples:
  didshake certs --out ./certs localhost 127.0.0.1 ::1
  didshake serve --listen 127.0.0.1:8443 --public-url https://localhost:8443 \\
      --tls-cert ./certs/server.pem --tls-key ./certs/server.key
  didshake login https://localhost:8443 --as alice --root-cert ./certs/root.pem";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Certs {
    /// The directory for the files; made if need be
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Days for which both certificates are valid
    #[arg(long, default_value_t = MAX_DAYS, value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_DAYS)))]
    days: u16,
    /// The server's host names and IP addresses
    #[arg(value_name = "NAME", required = true, num_args = 1..=100)]
    names: Vec<ServerName>,
}

pub(crate) fn run(global: &Global, options: &Certs) -> Result<(), Failure> {
    let files = ["root.pem", "server.pem", "server.key"].map(|name| options.out.join(name));
    // Said before anything is made, where it can be said.
    if let Some(taken) = files.iter().find(|file| file.symlink_metadata().is_ok()) {
        return Err(exists(taken));
    }
    let issued = issue(&options.names, options.days, SystemClock.now())
        .map_err(|error| Failure::new(Exit::Check, "certs", format!("the certificates cannot be made: {error}")))?;
    private_file::create_directory(&options.out).map_err(|error| unwritable(&options.out, &error))?;
    write(&files, &issued)?;
    show(global, options, &files, &issued);
    Ok(())
}

/// All of them or none.
fn write([root, chain, key]: &[PathBuf; 3], issued: &Issued) -> Result<(), Failure> {
    let texts = [
        (key, issued.key.as_bytes(), Readers::Owner),
        (chain, issued.chain.as_bytes(), Readers::Everyone),
        (root, issued.root.as_bytes(), Readers::Everyone),
    ];
    let mut written: Vec<&PathBuf> = Vec::new();
    for (path, text, readers) in texts {
        if let Err(error) = private_file::create(path, text, readers) {
            written.iter().for_each(|path| drop(std::fs::remove_file(path)));
            return Err(if error.kind() == ErrorKind::AlreadyExists { exists(path) } else { unwritable(path, &error) });
        }
        written.push(path);
    }
    Ok(())
}

fn show(global: &Global, options: &Certs, files: &[PathBuf; 3], issued: &Issued) {
    let [root, chain, key] = files.each_ref().map(|path| path.display().to_string());
    if global.json {
        let names: Vec<&str> = options.names.iter().map(ServerName::as_str).collect();
        output::json(&json!({
            "root": root, "certificate": chain, "key": key, "names": names, "notAfter": issued.not_after.0,
        }));
        return;
    }
    output::line(&format!("root certificate    {root}"));
    output::line(&format!("server certificate  {chain}"));
    output::line(&format!("server key          {key}"));
    let host = options.names.first().map(ServerName::in_url).unwrap_or_default();
    output::note(&format!("Valid for {} days, from yesterday on. To use them:", options.days));
    output::note(&format!("  didshake serve --listen 127.0.0.1:8443 --public-url https://{host}:8443 \\"));
    output::note(&format!("      --tls-cert {chain} --tls-key {key}"));
    output::note(&format!("  didshake login https://{host}:8443 --as NAME --root-cert {root}"));
}

fn exists(path: &Path) -> Failure {
    Failure::new(Exit::Storage, "exists", format!("{} is there already, and is not overwritten", path.display()))
        .remedy("choose another directory with --out, or move the files away")
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Storage, "io", format!("cannot write {}: {error}", path.display()))
}
