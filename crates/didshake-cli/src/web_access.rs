//! How the web is asked, for did:web and for services: what the options add to the public internet.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use didshake_did::web::{LocalHost, WebOptions};

use crate::failure::{Exit, Failure};

const MAX_ROOT_BYTES: u64 = 1 << 20;

#[derive(Args)]
pub(crate) struct WebAccess {
    /// Let did:web lead to this host of this machine or network, in plain HTTP unless it begins with https:// (repeatable)
    #[arg(long, value_name = "HOST:PORT", global = true)]
    pub(crate) allow_local: Vec<LocalHost>,
    /// Trust the root certificates in this PEM file, beside those of the system (repeatable)
    #[arg(long = "root-cert", value_name = "FILE", global = true)]
    root_certs: Vec<PathBuf>,
}

impl WebAccess {
    /// The files of `--root-cert`, read.
    pub(crate) fn roots(&self) -> Result<Vec<Vec<u8>>, Failure> {
        let read = |path: &PathBuf| {
            read_up_to(path, MAX_ROOT_BYTES).map_err(|why| {
                Failure::new(Exit::Storage, "root_cert", format!("cannot read {}: {why}", path.display()))
            })
        };
        self.root_certs.iter().map(read).collect()
    }

    /// For did:web.
    pub(crate) fn options(&self) -> Result<WebOptions, Failure> {
        let mut options = WebOptions::default();
        for host in &self.allow_local {
            options = options.allow_local(host.clone());
        }
        for (pem, path) in self.roots()?.iter().zip(&self.root_certs) {
            options = options.with_roots(pem).map_err(|_| no_certificate(path))?;
        }
        Ok(options)
    }
}

/// The whole of a file, if it has no more bytes than that.
fn read_up_to(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    let is_short = bytes.len() as u64 <= limit;
    is_short.then_some(bytes).ok_or_else(|| io::Error::other(format!("it is longer than {limit} bytes")))
}

fn no_certificate(path: &Path) -> Failure {
    Failure::new(Exit::Usage, "root_cert", format!("{} holds no PEM certificate", path.display()))
        .remedy("it must have -----BEGIN CERTIFICATE-----; `didshake certs` writes such a file as root.pem")
}
