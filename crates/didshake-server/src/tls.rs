//! The certificate of the listener, and a new one without a restart.

use std::path::Path;
use std::{fs, io};

use axum_server::tls_rustls::RustlsConfig;
use didshake_did::private_file::permissions;

use crate::config::{Config, ConfigError, FileFault, TlsFiles};

/// TLS as it is spoken now; clones are the same.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) rustls: RustlsConfig,
    files: TlsFiles,
}

impl Tls {
    /// What the configuration names; `None` where it names nothing.
    pub(crate) async fn load(config: &Config) -> Result<Option<Self>, ConfigError> {
        let Some(files) = &config.tls else { return Ok(None) };
        fs::metadata(&files.certificate).map_err(|source| config.unreadable("tls_cert", &files.certificate, source))?;
        if is_open_to_others(&files.key).map_err(|source| config.unreadable("tls_key", &files.key, source))? {
            return Err(config.refused("tls_key", &files.key, FileFault::KeyOpenToOthers));
        }
        let rustls = RustlsConfig::from_pem_file(&files.certificate, &files.key).await;
        let rustls = rustls.map_err(|_| config.refused("tls_cert", &files.certificate, FileFault::Tls))?;
        Ok(Some(Self { rustls, files: files.clone() }))
    }

    /// Takes the files as they are now for the connections to come; where they are refused, nothing changes.
    pub(crate) async fn reload(&self) {
        let TlsFiles { certificate, key } = &self.files;
        if is_open_to_others(key).unwrap_or(false) {
            tracing::error!(path = %key.display(), "everyone on this machine may read the new TLS key; the old one stays");
            return;
        }
        match self.rustls.reload_from_pem_file(certificate, key).await {
            Ok(()) => tracing::info!(path = %certificate.display(), "the TLS certificate was read again"),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(path = %certificate.display(), error, "the new TLS certificate is refused; the old one stays");
            }
        }
    }
}

fn is_open_to_others(key: &Path) -> io::Result<bool> {
    Ok(permissions(&fs::metadata(key)?) & 0o007 != 0)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_for_its_owner_and_group() {
        let directory = tempfile::tempdir().unwrap();
        let key = directory.path().join("key.pem");
        fs::write(&key, "").unwrap();
        for (mode, open) in [(0o600, false), (0o640, false), (0o604, true), (0o602, true)] {
            fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_open_to_others(&key).unwrap(), open, "{mode:o}");
        }
    }
}
