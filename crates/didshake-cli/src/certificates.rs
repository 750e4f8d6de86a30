//! A root certificate for this machine, and a server's certificate of it: HTTPS for tests and loopback, without anybody
//! else. The root's key is thrown away, so that this root never vouches for anything else.

use std::net::IpAddr;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use didshake::{Origin, UnixTime};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, Error, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use zeroize::Zeroizing;

/// What browsers take at most (CA/Browser Forum, 398 days), and a day less.
pub(crate) const MAX_DAYS: u16 = 397;

const DAY: u64 = 86_400;

/// A name or an address that a server has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ServerName(String);

/// What is no name of a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a server's name is a host name or an IP address: no URL, no port, no wildcard")]
pub(crate) struct NameFault;

impl std::str::FromStr for ServerName {
    type Err = NameFault;

    fn from_str(text: &str) -> Result<Self, NameFault> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.to_string()));
        }
        // The grammar of an origin's host; an origin that is written otherwise had a port, a path or a bracket too many.
        let origin = Origin::parse(&format!("https://{text}")).map_err(|_| NameFault)?;
        let name = text.to_ascii_lowercase();
        if origin.authority() == name && !name.ends_with('.') && !name.contains([':', '[']) {
            Ok(Self(name))
        } else {
            Err(NameFault)
        }
    }
}

impl ServerName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// As it stands in a URL.
    pub(crate) fn in_url(&self) -> String {
        if self.0.contains(':') { format!("[{}]", self.0) } else { self.0.clone() }
    }
}

/// What was issued, in PEM.
pub(crate) struct Issued {
    pub(crate) root: String,
    /// The server's certificate, then the root's.
    pub(crate) chain: String,
    pub(crate) key: Zeroizing<String>,
    pub(crate) not_after: UnixTime,
}

/// Issues both, valid from a day before `now` (clocks differ) for `days` days in all.
pub(crate) fn issue(names: &[ServerName], days: u16, now: UnixTime) -> Result<Issued, Error> {
    let begin = now.0.saturating_sub(DAY);
    let end = begin.saturating_add(u64::from(days.min(MAX_DAYS)) * DAY);
    let root = CertifiedIssuer::self_signed(root(begin, end), KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let server = server(names, begin, end)?.signed_by(&key, &root)?;
    let root = pem("CERTIFICATE", root.der());
    Ok(Issued {
        chain: format!("{}{root}", pem("CERTIFICATE", server.der())),
        root,
        key: Zeroizing::new(pem("PRIVATE KEY", &Zeroizing::new(key.serialize_der()))),
        not_after: UnixTime(end),
    })
}

fn root(begin: u64, end: u64) -> CertificateParams {
    let mut params = valid(CertificateParams::default(), begin, end, "didshake root of this machine");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn server(names: &[ServerName], begin: u64, end: u64) -> Result<CertificateParams, Error> {
    let names: Vec<String> = names.iter().map(|name| name.0.clone()).collect();
    let mut params = valid(CertificateParams::new(names)?, begin, end, "didshake server");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn valid(mut params: CertificateParams, begin: u64, end: u64, name: &str) -> CertificateParams {
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(begin);
    params.not_after = epoch + Duration::from_secs(end);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let text = Zeroizing::new(Base64::encode_string(der));
    let mut pem = String::with_capacity(text.len() + text.len() / 64 + 2 * label.len() + 64);
    pem.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_and_nothing_else() {
        for (text, name, in_url) in [
            ("Example.com", "example.com", "example.com"),
            ("localhost", "localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
            ("0:0::1", "::1", "[::1]"),
        ] {
            let parsed: ServerName = text.parse().unwrap();
            assert_eq!((parsed.as_str(), parsed.in_url().as_str()), (name, in_url));
        }
        let bad =
            ["", "https://a.example", "a.example:8443", "a.example/x", "*.example", "[::1]", "127.1", "ü.example"];
        for text in bad.into_iter().chain(["a b", "user@a.example", "a.example.", "a..b", "a.example:443"]) {
            assert_eq!(text.parse::<ServerName>(), Err(NameFault), "{text}");
        }
    }

    #[test]
    fn texts_are_pem_of_the_right_kind() {
        let names = ["localhost".parse().unwrap()];
        let issued = issue(&names, 1000, UnixTime(1_795_305_600)).unwrap();
        assert_eq!(issued.root.matches("-----BEGIN CERTIFICATE-----").count(), 1);
        assert!(issued.chain.ends_with(&issued.root) && issued.chain.matches("BEGIN CERTIFICATE").count() == 2);
        assert!(issued.key.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(issued.key.lines().all(|line| line.len() <= 64));
        assert_eq!(issued.not_after.0 - 1_795_305_600, 396 * DAY, "397 days in all, whatever is asked for");
    }
}
