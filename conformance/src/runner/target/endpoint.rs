//! Where a running peer listens, and what the model is configured with to meet it.

use crate::config::{Admission, Config, Policy};
use crate::fixed;

/// The three bindings of version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Stream,
    WebSocket,
    Http,
}

impl Transport {
    /// The name in case ids.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Transport::Stream => "tcp",
            Transport::WebSocket => "ws",
            Transport::Http => "http",
        }
    }
}

/// A responder that runs: a URL and who answers there.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) transport: Transport,
    /// `host:port`.
    pub(crate) authority: String,
    pub(crate) path: String,
    pub(crate) did: String,
    /// What it serves.
    pub(crate) application_protocol: String,
}

impl Endpoint {
    /// Parses `URL,DID[,APPLICATION PROTOCOL]`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}`: a target is URL,DID[,APPLICATION PROTOCOL], and the URL http://, ws:// or tcp://");
        let mut parts = text.splitn(3, ',');
        let (Some(url), Some(did)) = (parts.next(), parts.next()) else { return Err(wrong()) };
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let (transport, usual) = match scheme {
            "tcp" => (Transport::Stream, "didshake.chat/1"),
            "ws" => (Transport::WebSocket, "didshake.login/1"),
            "http" => (Transport::Http, "didshake.login/1"),
            _ => return Err(wrong()),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !authority.contains(':') || !did.starts_with("did:") {
            return Err(wrong());
        }
        Ok(Endpoint {
            transport,
            authority: authority.to_owned(),
            path: format!("/{path}"),
            did: did.to_owned(),
            application_protocol: parts.next().unwrap_or(usual).to_owned(),
        })
    }

    /// The configuration of a base, moved to this endpoint: its binding, origin and application protocol, nothing that
    /// it would have to be configured with, and a stand-in for its identity. None if the base makes no sense there.
    pub(crate) fn adapt(&self, base: &Config) -> Option<Config> {
        let mut config = base.clone();
        let stand_in = fixed::key_identity(1, "stand-in of an endpoint").ok()?;
        let of_web = |did: &str| did.starts_with("did:web:");
        if of_web(&config.initiator.identity.did) {
            return None;
        }
        (config.binding, config.prologue.0) = match self.transport {
            Transport::Stream => (1, Vec::new()),
            Transport::WebSocket => (2, format!("http://{}", self.authority).into_bytes()),
            Transport::Http => (3, format!("http://{}", self.authority).into_bytes()),
        };
        config.initiator.application_protocol.clone_from(&self.application_protocol);
        config.initiator.expect = Admission::Did { did: stand_in.did.clone() };
        config.initiator.policy = Policy::Allow { allow: true };
        config.responder.identities = vec![stand_in];
        config.responder.default_identity = 0;
        config.responder.application_protocols = vec![self.application_protocol.clone()];
        config.responder.reply_extensions.clear();
        config.responder.accept_extensions.clear();
        config.responder.admit = Admission::Any { any: true };
        config.responder.policy = Policy::Allow { allow: true };
        config.responder.suites = vec![1, 2];
        config.documents.clear();
        Some(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_names_its_binding_and_its_did() -> Result<(), String> {
        let endpoint = Endpoint::parse("http://127.0.0.1:8400/didshake,did:key:z6Mk")?;
        assert_eq!(
            (endpoint.transport, endpoint.authority.as_str(), endpoint.path.as_str()),
            (Transport::Http, "127.0.0.1:8400", "/didshake")
        );
        assert_eq!(Endpoint::parse("tcp://[::1]:7000,did:key:z6Mk,x/1")?.application_protocol, "x/1");
        for wrong in ["https://a:1,did:key:z", "http://a:1", "http://a,did:key:z", "http://a:1,z6Mk", ""] {
            assert!(Endpoint::parse(wrong).is_err(), "{wrong}");
        }
        Ok(())
    }
}
