//! TLS 1.3 with rustls and aws-lc-rs, both sides authenticated with Ed25519, X25519, no resumption.

mod raw_keys;

use std::sync::Arc;

use anyhow::{Result, bail};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PKCS_ED25519};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, ConfigBuilder, ConfigSide, RootCertStore, ServerConfig,
    ServerConnection, WantsVerifier,
};

const NAME: &str = "peer.example";

/// Two sides that know whom they trust.
pub struct Tls {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    name: ServerName<'static>,
}

/// Both sides after a handshake, and the bytes that went over the wire.
pub struct Done {
    /// Who began.
    pub client: ClientConnection,
    /// Who answered.
    pub server: ServerConnection,
    /// Of all messages.
    pub wire: usize,
}

impl Tls {
    /// With certificates (X.509), each signed by one authority.
    ///
    /// # Errors
    /// Where rustls refuses them.
    pub fn certificates(suite: CipherSuite) -> Result<Self> {
        let provider = provider(suite);
        let authority = Authority::new()?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate.clone())?;
        let roots = Arc::new(roots);
        let (server, server_key) = authority.sign()?;
        let (client, client_key) = authority.sign()?;
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider)).build()?;
        let server = tls13::<ServerConfig>(ServerConfig::builder_with_provider(Arc::clone(&provider)))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(server, server_key)?;
        let client = tls13::<ClientConfig>(ClientConfig::builder_with_provider(provider))?
            .with_root_certificates(roots)
            .with_client_auth_cert(client, client_key)?;
        Self::of(client, server)
    }

    /// With raw public keys (RFC 7250), each known to the other side.
    ///
    /// # Errors
    /// Where rustls refuses them.
    pub fn raw_keys(suite: CipherSuite) -> Result<Self> {
        let (client, server) = raw_keys::configs(provider(suite))?;
        Self::of(client, server)
    }

    fn of(mut client: ClientConfig, mut server: ServerConfig) -> Result<Self> {
        client.resumption = Resumption::disabled();
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        Ok(Self { client: client.into(), server: server.into(), name: ServerName::try_from(NAME)? })
    }

    /// From the first message until both sides may send.
    ///
    /// # Errors
    /// Where either side refuses.
    pub fn handshake(&self) -> Result<Done> {
        let mut client = ClientConnection::new(Arc::clone(&self.client), self.name.clone())?;
        let mut server = ServerConnection::new(Arc::clone(&self.server))?;
        let (mut wire, mut flight) = (0, Vec::with_capacity(4096));
        while client.is_handshaking() || server.is_handshaking() {
            let before = wire;
            flight.clear();
            wire += client.write_tls(&mut flight)?;
            server.read_tls(&mut flight.as_slice())?;
            server.process_new_packets()?;
            flight.clear();
            wire += server.write_tls(&mut flight)?;
            client.read_tls(&mut flight.as_slice())?;
            client.process_new_packets()?;
            if wire == before {
                bail!("both sides wait");
            }
        }
        if server.peer_certificates().is_none() {
            bail!("the client was not authenticated");
        }
        Ok(Done { client, server, wire })
    }
}

fn provider(suite: CipherSuite) -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|known| known.suite() == suite);
    provider.kx_groups = vec![aws_lc_rs::kx_group::X25519];
    Arc::new(provider)
}

fn tls13<Side: ConfigSide>(
    builder: ConfigBuilder<Side, rustls::WantsVersions>,
) -> Result<ConfigBuilder<Side, WantsVerifier>> {
    Ok(builder.with_protocol_versions(&[&TLS13])?)
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Result<Self> {
        let key = KeyPair::generate_for(&PKCS_ED25519)?;
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key)?.der().clone();
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    fn sign(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let key = KeyPair::generate_for(&PKCS_ED25519)?;
        let certificate = CertificateParams::new(vec![NAME.to_owned()])?.signed_by(&key, &self.issuer)?;
        Ok((vec![certificate.der().clone()], private(&key)))
    }
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn a_peer_with_another_key_is_refused_by_either_side() {
        let suite = CipherSuite::TLS13_CHACHA20_POLY1305_SHA256;
        for make in [Tls::certificates, Tls::raw_keys] {
            let (one, other) = (make(suite).unwrap(), make(suite).unwrap());
            let stranger = Tls { client: one.client, server: Arc::clone(&other.server), name: one.name };
            assert!(stranger.handshake().is_err());
            assert!(other.handshake().is_ok());
        }
    }

    #[test]
    fn both_sides_are_authenticated_and_the_suite_is_the_one_asked_for() {
        for suite in [CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, CipherSuite::TLS13_AES_256_GCM_SHA384] {
            for tls in [Tls::certificates(suite).unwrap(), Tls::raw_keys(suite).unwrap()] {
                let Done { mut client, mut server, wire } = tls.handshake().unwrap();
                assert_eq!(client.negotiated_cipher_suite().unwrap().suite(), suite);
                assert!(client.peer_certificates().is_some() && wire > 500);
                client.writer().write_all(b"text").unwrap();
                let mut sealed = Vec::new();
                client.write_tls(&mut sealed).unwrap();
                server.read_tls(&mut sealed.as_slice()).unwrap();
                server.process_new_packets().unwrap();
                let mut opened = [0; 4];
                server.reader().read_exact(&mut opened).unwrap();
                assert_eq!(&opened, b"text");
            }
        }
    }
}
