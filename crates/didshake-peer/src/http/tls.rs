//! Whom TLS trusts: the operating system's roots, read once for all clients that are there.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::options::WebClientError;

/// Sessions that a client can take up again: of as many hosts as one agent asks.
const SESSIONS: usize = 8;

/// The verifier that clients without roots of their own share, while there are any.
static SHARED: Mutex<Weak<Verifier>> = Mutex::new(Weak::new());

/// How a new client speaks TLS. What it remembers of its sessions is its own: a session that another client takes up again would
/// show the other side that both are one (R-RLY-8).
///
/// # Errors
/// [`WebClientError::Tls`].
pub(super) fn config(roots: &[CertificateDer<'static>]) -> Result<ClientConfig, WebClientError> {
    let provider = CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
    let verifier = verifier(roots, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    // What is called dangerous is to choose the verifier; this one does what every browser's does.
    let builder = builder.map_err(|_| WebClientError::Tls)?.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    Ok(config)
}

fn verifier(
    roots: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<Verifier>, WebClientError> {
    if !roots.is_empty() {
        let verifier = Verifier::new_with_extra_roots(roots.iter().cloned(), provider.clone());
        return verifier.map(Arc::new).map_err(|_| WebClientError::Tls);
    }
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(verifier) = shared.upgrade() {
        return Ok(verifier);
    }
    let verifier = Arc::new(Verifier::new(provider.clone()).map_err(|_| WebClientError::Tls)?);
    *shared = Arc::downgrade(&verifier);
    Ok(verifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_read_once_while_somebody_uses_them() {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let (one, other) = (verifier(&[], &provider).unwrap(), verifier(&[], &provider).unwrap());
        assert!(Arc::ptr_eq(&one, &other));
    }
}
