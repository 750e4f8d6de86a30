//! Raw public keys: no certificate, no authority; each side compares the other's key with the one that it expects.

use std::sync::Arc;

use anyhow::Result;
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData};
use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};

use super::{private, tls13};

/// Of a client and a server.
pub(super) fn configs(provider: Arc<CryptoProvider>) -> Result<(ClientConfig, ServerConfig)> {
    let (client, server) = (Raw::new(&provider)?, Raw::new(&provider)?);
    let algorithms = provider.signature_verification_algorithms;
    let of_server = Arc::new(Expected { key: server.public, algorithms });
    let of_client = Arc::new(Expected { key: client.public, algorithms });
    let server = tls13::<ServerConfig>(ServerConfig::builder_with_provider(Arc::clone(&provider)))?
        .with_client_cert_verifier(of_client)
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(server.certified)));
    let client = tls13::<ClientConfig>(ClientConfig::builder_with_provider(provider))?
        .dangerous()
        .with_custom_certificate_verifier(of_server)
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(client.certified)));
    Ok((client, server))
}

struct Raw {
    public: CertificateDer<'static>,
    certified: Arc<CertifiedKey>,
}

impl Raw {
    fn new(provider: &CryptoProvider) -> Result<Self> {
        let key = KeyPair::generate_for(&PKCS_ED25519)?;
        let signing = provider.key_provider.load_private_key(private(&key))?;
        let public = CertificateDer::from(key.subject_public_key_info());
        let certified = Arc::new(CertifiedKey::new(vec![public.clone()], signing));
        Ok(Self { public, certified })
    }
}

/// The one key that is accepted.
#[derive(Debug)]
struct Expected {
    key: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Expected {
    fn check(&self, key: &CertificateDer<'_>) -> Result<(), Error> {
        if *key == self.key { Ok(()) } else { Err(CertificateError::ApplicationVerificationFailure.into()) }
    }

    fn signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(key.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signed, &self.algorithms)
    }
}

fn only_tls13() -> Result<HandshakeSignatureValid, Error> {
    Err(Error::General("TLS 1.2 is not offered".to_owned()))
}

/// What both verifiers of rustls ask for in the same words.
macro_rules! signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            only_tls13()
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            key: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.signature(message, key, signed)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.algorithms.supported_schemes()
        }

        fn requires_raw_public_keys(&self) -> bool {
            true
        }
    };
}

impl ServerCertVerifier for Expected {
    fn verify_server_cert(
        &self,
        key: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(key).map(|()| ServerCertVerified::assertion())
    }

    signatures!();
}

impl ClientCertVerifier for Expected {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        key: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(key).map(|()| ClientCertVerified::assertion())
    }

    signatures!();
}
